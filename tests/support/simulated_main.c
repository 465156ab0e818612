/*
 * The program in simulated time: slipway_simulated is slipway, but for its clock, which is that of
 * the stand-in at $SLIPWAY_SIMULATION (tests/support/ecs_standin). Sleeping moves that clock, and a
 * signal that the scenario has planned is raised when its time has come. Without the variable the
 * clock is the program's own, and nothing but sleeping moves it.
 */

#include "cli.h"

#include <slipway/alloc.h>

#include <curl/curl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { ANSWER_MAX = 4096 };

struct simulation {
    CURL *curl;
    int64_t begin_ms;
    int64_t now_ms;
    struct sw_buf answer;
};

static size_t keep(char *data, size_t size, size_t count, void *ctx)
{
    struct simulation *simulation = ctx;
    sw_buf_add(&simulation->answer, data, size * count);
    return size * count;
}

static void die(const char *what)
{
    (void)fprintf(stderr, "simulation: %s\n", what);
    exit(99);
}

static void raise_signals(const json_t *names)
{
    size_t index = 0;
    const json_t *name = NULL;
    json_array_foreach(names, index, name)
    {
        (void)raise(strcmp(json_string_value(name), "INT") == 0 ? SIGINT : SIGTERM);
    }
}

/* Lets `millis` go by in the stand-in's world, and reads its clock. */
static void move(struct simulation *simulation, int64_t millis)
{
    SW_CLEANUP(sw_free_str)
    char *url = sw_xasprintf("%s/_sim/sleep", getenv("SLIPWAY_SIMULATION"));
    SW_CLEANUP(sw_free_str) char *body = sw_xasprintf("{\"ms\": %lld}", (long long)millis);
    sw_buf_init(&simulation->answer, ANSWER_MAX);
    (void)curl_easy_setopt(simulation->curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(simulation->curl, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(simulation->curl, CURLOPT_POSTFIELDS, body);
    (void)curl_easy_setopt(simulation->curl, CURLOPT_WRITEFUNCTION, keep);
    (void)curl_easy_setopt(simulation->curl, CURLOPT_WRITEDATA, simulation);
    json_auto_t *answer = NULL;
    struct sw_err err = SW_ERR_INIT;
    if (curl_easy_perform(simulation->curl) != CURLE_OK ||
        sw_json_parse(sw_buf_str(&simulation->answer), "simulation", &answer, &err) != SW_OK) {
        die("the stand-in does not answer");
    }
    simulation->now_ms = sw_json_int(answer, "now_ms", 0);
    sw_buf_release(&simulation->answer);
    raise_signals(sw_json_array(answer, "signals"));
}

static int64_t simulated_wall_ms(void *ctx)
{
    const struct simulation *simulation = ctx;
    return simulation->now_ms;
}

/* Calls take time too, which only the stand-in knows. */
static int64_t simulated_mono_ms(void *ctx)
{
    struct simulation *simulation = ctx;
    move(simulation, 0);
    return simulation->now_ms - simulation->begin_ms;
}

static void simulated_sleep_ms(void *ctx, int64_t millis)
{
    if (!sw_env_stop_requested(NULL)) {
        move(ctx, millis);
    }
}

/* The clock of the program's own. Its threads may sleep at once; each moves it. */

static int64_t own_now_ms(void *ctx)
{
    return atomic_load((_Atomic int64_t *)ctx);
}

static void own_sleep_ms(void *ctx, int64_t millis)
{
    if (!sw_env_stop_requested(NULL)) {
        (void)atomic_fetch_add((_Atomic int64_t *)ctx, millis);
    }
}

static int run_on_own_clock(int argc, char **argv)
{
    /* 2026-11-02 00:00:00 UTC */
    _Atomic int64_t now_ms = 1793577600000;
    const struct sw_clock clock = {
        .wall_ms = own_now_ms, .mono_ms = own_now_ms, .sleep_ms = own_sleep_ms, .ctx = &now_ms
    };
    return sw_cli_process(&clock, argc, argv);
}

static int run_in_simulation(int argc, char **argv)
{
    struct simulation simulation = { .curl = curl_easy_init() };
    const struct sw_clock clock = { .wall_ms = simulated_wall_ms,
                                    .mono_ms = simulated_mono_ms,
                                    .sleep_ms = simulated_sleep_ms,
                                    .ctx = &simulation };
    move(&simulation, 0);
    simulation.begin_ms = simulation.now_ms;
    int exit_code = sw_cli_process(&clock, argc, argv);
    curl_easy_cleanup(simulation.curl);
    return exit_code;
}

int main(int argc, char **argv)
{
    return getenv("SLIPWAY_SIMULATION") ? run_in_simulation(argc, argv)
                                        : run_on_own_clock(argc, argv);
}
