#include "meter.h"

#include <slipway/buf.h>
#include <slipway/progress.h>

#include <string.h>

enum { TEXT_MAX = 4096, RATE_AFTER_MS = 500 };

void sw_meter_init(struct sw_meter *meter, const struct sw_env *env)
{
    *meter = (struct sw_meter){ .env = env, .started_ms = -1 };
    (void)pthread_mutex_init(&meter->lock, NULL);
}

void sw_meter_release(struct sw_meter *meter)
{
    (void)pthread_mutex_destroy(&meter->lock);
}

static void add_row(const struct sw_meter_row *row, struct sw_buf *out)
{
    char sent[SW_SIZE_TEXT_MAX];
    char size[SW_SIZE_TEXT_MAX];

    sw_format_size(row->sent, sent);
    sw_format_size(row->size, size);
    sw_buf_addf(out, "%s%s%s  %s%s%s\n", row->kind, row->name[0] ? " " : "", row->name, sent,
                row->size < 0 ? " so far" : " of ", row->size < 0 ? "" : size);
}

/* ", 9.8 MB/s, 4.6 s left", as far as it can be told. */
static void add_rate(const struct sw_meter *meter, int64_t now_ms, struct sw_buf *out)
{
    int64_t took_ms = now_ms - meter->started_ms;
    int64_t left = meter->expected - meter->sent;
    int64_t rate;
    char text[SW_SIZE_TEXT_MAX];

    if (took_ms < RATE_AFTER_MS || meter->sent <= 0) {
        return;
    }
    rate = (int64_t)((double)meter->sent * 1000 / (double)took_ms);
    sw_format_size(rate, text);
    sw_buf_addf(out, ", %s/s", text);
    if (meter->open_ended == 0 && left > 0 && rate > 0) {
        sw_format_duration((int64_t)((double)left * 1000 / (double)rate), text);
        sw_buf_addf(out, ", %s left", text);
    }
}

/* Adds the rows in the order they began. */
static void add_rows(const struct sw_meter *meter, struct sw_buf *out)
{
    const struct sw_meter_row *last = NULL;

    for (;;) {
        const struct sw_meter_row *next = NULL;

        for (size_t i = 0; i < SW_METER_ROWS_MAX; i++) {
            const struct sw_meter_row *row = &meter->rows[i];

            if (row->used && (!last || row->order > last->order) &&
                (!next || row->order < next->order)) {
                next = row;
            }
        }
        if (!next) {
            return;
        }
        add_row(next, out);
        last = next;
    }
}

/* Shows the state when it is time to. The lock is held. */
static void draw(struct sw_meter *meter)
{
    const struct sw_progress *progress = meter->env->progress;
    int64_t now_ms = sw_env_mono_ms(meter->env);
    struct sw_buf SW_CLEANUP(sw_buf_release) text = { 0 };
    char sent[SW_SIZE_TEXT_MAX];
    char expected[SW_SIZE_TEXT_MAX];

    if (!progress || now_ms - meter->drawn_ms < SW_PROGRESS_REDRAW_MS) {
        return;
    }
    meter->drawn_ms = now_ms;
    sw_buf_init(&text, TEXT_MAX);
    if (progress->terminal) {
        add_rows(meter, &text);
    }
    sw_format_size(meter->sent, sent);
    sw_format_size(meter->expected, expected);
    sw_buf_addf(&text, "%s%s%s%s", progress->terminal ? "all  " : "", sent,
                meter->open_ended ? "" : " of ", meter->open_ended ? "" : expected);
    if (!progress->terminal) {
        sw_buf_add_cstr(&text, " sent");
    }
    add_rate(meter, now_ms, &text);
    sw_status_line(meter->env, "%s", text.ptr);
}

/* A free row, or NULL. The lock is held. */
static struct sw_meter_row *free_row(struct sw_meter *meter)
{
    for (size_t i = 0; i < SW_METER_ROWS_MAX; i++) {
        if (!meter->rows[i].used) {
            return &meter->rows[i];
        }
    }
    return NULL;
}

int sw_meter_begin(struct sw_meter *meter, const char *kind, const char *digest, int64_t size)
{
    struct sw_meter_row *row;
    int result = -1;

    (void)pthread_mutex_lock(&meter->lock);
    if (meter->started_ms < 0) {
        meter->started_ms = sw_env_mono_ms(meter->env);
    }
    row = free_row(meter);
    if (row) {
        *row = (struct sw_meter_row){
            .used = true, .kind = kind, .size = size, .order = ++meter->begun
        };
        if (digest[0]) {
            sw_digest_short(digest, row->name);
        }
        meter->expected += size < 0 ? 0 : size;
        meter->open_ended += size < 0;
        result = (int)(row - meter->rows);
    }
    (void)pthread_mutex_unlock(&meter->lock);
    return result;
}

void sw_meter_add(struct sw_meter *meter, int row, int64_t bytes)
{
    if (row < 0) {
        return;
    }
    (void)pthread_mutex_lock(&meter->lock);
    meter->rows[row].sent += bytes;
    meter->sent += bytes;
    if (meter->rows[row].size < 0) {
        meter->expected += bytes;
    }
    draw(meter);
    (void)pthread_mutex_unlock(&meter->lock);
}

void sw_meter_end(struct sw_meter *meter, int row, bool arrived)
{
    struct sw_meter_row *ended;

    if (row < 0) {
        return;
    }
    (void)pthread_mutex_lock(&meter->lock);
    ended = &meter->rows[row];
    if (!arrived) {
        meter->sent -= ended->sent;
        meter->expected -= ended->size < 0 ? ended->sent : ended->size;
    }
    meter->open_ended -= ended->size < 0;
    ended->used = false;
    (void)pthread_mutex_unlock(&meter->lock);
}
