/* Layers that are sent while they are still being compressed. */

#include "test.h"

#include "fake_registry.h"
#include "image/push_private.h"

#include <slipway/fs.h>
#include <slipway/image.h>
#include <slipway/manifest.h>

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#define HOST "123456789012.dkr.ecr.eu-west-1.amazonaws.com"

enum {
    MIB = 1024 * 1024,
    LAYER_SIZE = 10 * MIB,
    /* What is there before the upload begins: more than the compressor holds. */
    EARLY_SIZE = 8 * MIB,
    /* A layer that packs well: noise, and eight times as much in all. */
    LONG_SIZE = 80 * MIB,
    LONG_NOISE = MIB / 8,
    /* What of it may not have been sent yet: what is in the compressor, or too little to send. */
    LONG_SLACK = 14,
    PATIENCE_S = 60,
};

/*
 * An image of one layer, whose last part is only there once the upload of the first has
 * begun, so that the layer certainly is sent before it is whole.
 */
struct noisy {
    struct sw_image_source source; /* first: sources are cast back */
    struct fake_http fake;
    struct sw_http_transport transport; /* counts, and passes on to the fake */
    struct fake_registry registry;
    struct test_env t;
    pthread_mutex_t lock;   /* guards the two counts */
    pthread_cond_t counted; /* one of them has grown */
    unsigned patches;       /* begun */
    int64_t taken;          /* bytes of the layer that the uploads have taken */
    bool wait;              /* for the first upload */
    bool paced;             /* the layer is not read faster than it is sent */
    bool cut;               /* the first upload of the layer breaks when all of it has been sent */
    struct sw_file_part file; /* where the layer lies as well; fd -1: nowhere */
    int64_t fails_at;         /* the layer cannot be read beyond this; 0: it can */
    int64_t at;
    uint32_t seed;
    char diff_id[SW_DIGEST_SIZE];
    struct sw_buf config;
    struct sw_buf layer;
};

/* A request body, counted. */
struct counted {
    struct noisy *noisy;
    const struct sw_http_body *body;
};

/* Counts; returns how many uploads there were before. */
static unsigned count(struct noisy *noisy, unsigned patches, size_t taken)
{
    unsigned before;

    (void)pthread_mutex_lock(&noisy->lock);
    before = noisy->patches;
    noisy->patches += patches;
    noisy->taken += (int64_t)taken;
    (void)pthread_cond_broadcast(&noisy->counted);
    (void)pthread_mutex_unlock(&noisy->lock);
    return before;
}

/* Waits for so many of both; false: they do not come. */
static bool wait_for(struct noisy *noisy, unsigned patches, int64_t taken)
{
    struct timespec end;
    bool reached;
    int failed = 0;

    (void)clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += PATIENCE_S;
    (void)pthread_mutex_lock(&noisy->lock);
    while (!(reached = noisy->patches >= patches && noisy->taken >= taken) && !failed) {
        failed = pthread_cond_timedwait(&noisy->counted, &noisy->lock, &end);
    }
    (void)pthread_mutex_unlock(&noisy->lock);
    return reached;
}

static enum sw_status counted_read(void *ctx, char *data, size_t size, size_t *ret_len,
                                   struct sw_err *err)
{
    struct counted *counted = ctx;
    enum sw_status status = counted->body->read(counted->body->ctx, data, size, ret_len, err);

    if (status == SW_OK) {
        (void)count(counted->noisy, 0, *ret_len);
    }
    return status;
}

static enum sw_status counted_rewind(void *ctx, struct sw_err *err)
{
    struct counted *counted = ctx;

    return counted->body->rewind(counted->body->ctx, err);
}

static enum sw_status perform_patch(struct noisy *noisy, const struct sw_http_request *request,
                                    struct sw_http_reply *ret_reply, struct sw_err *err)
{
    struct counted counted = { noisy, request->body };
    const struct sw_http_body body = { request->body->length, counted_read, counted_rewind,
                                       &counted };
    struct sw_http_request copy = *request;
    unsigned before = count(noisy, 1, 0);
    enum sw_status status;

    copy.body = &body;
    status = noisy->fake.transport.perform(noisy->fake.transport.ctx, &copy, ret_reply, err);
    if (status == SW_OK && noisy->cut && before == 0) {
        sw_http_reply_release(ret_reply);
        err->retryable = true;
        return sw_fail(err, SW_E_NETWORK, "connection reset");
    }
    return status;
}

static enum sw_status perform(void *ctx, const struct sw_http_request *request,
                              struct sw_http_reply *ret_reply, struct sw_err *err)
{
    struct noisy *noisy = ctx;

    if (strcmp(request->method, "PATCH") == 0) {
        return perform_patch(noisy, request, ret_reply, err);
    }
    return noisy->fake.transport.perform(noisy->fake.transport.ctx, request, ret_reply, err);
}

static enum sw_status read_layer(void *ctx, char *data, size_t size, size_t *ret_len,
                                 struct sw_err *err)
{
    struct noisy *noisy = ctx;
    struct sw_str rest = sw_str_from(sw_buf_str(&noisy->layer), (size_t)noisy->at);

    if (noisy->wait && noisy->at >= EARLY_SIZE && !wait_for(noisy, 1, 0)) {
        return sw_fail(err, SW_E_FAILED, "nothing was sent while the layer was being read");
    }
    if (noisy->paced && !wait_for(noisy, 0, (noisy->at / MIB - LONG_SLACK) * LONG_NOISE)) {
        return sw_fail(err, SW_E_FAILED, "the layer was not sent while it was being read");
    }
    if (noisy->fails_at > 0 && noisy->at >= noisy->fails_at) {
        return sw_fail(err, SW_E_INPUT, "the layer is damaged");
    }
    rest = sw_str_first(rest, size);
    if (rest.len > 0) {
        memcpy(data, rest.ptr, rest.len);
    }
    noisy->at += (int64_t)rest.len;
    *ret_len = rest.len;
    return SW_OK;
}

static enum sw_status load(struct sw_image_source *source, struct sw_intake *intake,
                           struct sw_image *ret, struct sw_err *err)
{
    struct noisy *noisy = (struct noisy *)source;
    const struct sw_intake_source layer = { .in = { read_layer, NULL, noisy },
                                            .origin = noisy->file.fd < 0 ? NULL : &noisy->file,
                                            .needed = true };
    struct sw_wanted_layer wanted_layer = { noisy->diff_id, LAYER_SIZE };
    const struct sw_wanted wanted = { .layers = &wanted_layer, .count = 1 };
    struct sw_blob *blob = NULL;
    enum sw_status status;

    sw_buf_add_str(&ret->config, sw_buf_str(&noisy->config));
    status = sw_image_config_parse(sw_buf_str(&noisy->config), "test", &ret->parsed, err);
    ret->config_blob = sw_intake_bytes(intake, sw_buf_str(&noisy->config));
    if (status == SW_OK) {
        status = sw_intake_hand_on(intake, ret->config_blob, err);
    }
    /* As every source does: the images there are asked. */
    if (status == SW_OK) {
        status = sw_intake_learn(intake, &wanted, err);
        blob = sw_intake_learned(intake, noisy->diff_id);
    }
    if (status == SW_OK && !blob) {
        status = sw_intake_layer(intake, &layer, &blob, err);
    }
    if (status != SW_OK) {
        return status;
    }
    ret->layers = sw_xcalloc(1, sizeof(struct sw_blob *));
    ret->layers[ret->layer_count++] = blob;
    return sw_intake_hand_on(intake, blob, err);
}

/* Frees nothing: the source lives in the test. */
static void free_source(SW_UNUSED struct sw_image_source *source)
{
}

/* Makes a layer of so many bytes, with so much noise in each MiB, and zeros. */
static void make_layer(struct noisy *noisy, size_t size, size_t noise)
{
    uint32_t seed = 88172645;

    sw_buf_init(&noisy->layer, size);
    while (noisy->layer.len < size) {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        sw_buf_add(&noisy->layer, noisy->layer.len % MIB < noise ? &seed : &(uint32_t){ 0 },
                   sizeof(seed));
    }
    sw_digest_of(sw_buf_str(&noisy->layer), noisy->diff_id);
    sw_buf_init(&noisy->config, SW_BUF_TEXT_MAX);
    sw_buf_addf(&noisy->config,
                "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\","
                "\"diff_ids\":[\"%s\"]}}",
                noisy->diff_id);
}

static void init_world(struct noisy *noisy)
{
    *noisy =
        (struct noisy){ .source = { .load = load, .free = free_source }, .file = { .fd = -1 } };
    fake_registry_set_up(&noisy->registry, &noisy->fake, &noisy->t);
    (void)pthread_mutex_init(&noisy->lock, NULL);
    (void)pthread_cond_init(&noisy->counted, NULL);
    noisy->transport = (struct sw_http_transport){ perform, noisy };
    noisy->t.env.http = &noisy->transport;
}

static void noisy_init(struct noisy *noisy)
{
    init_world(noisy);
    noisy->wait = true;
    make_layer(noisy, LAYER_SIZE, MIB);
}

/* A layer that can be read again in its file, and that breaks when it has been sent. */
static void long_init(struct noisy *noisy)
{
    struct sw_err err = SW_ERR_INIT;
    size_t at = 0;

    init_world(noisy);
    noisy->paced = true;
    noisy->cut = true;
    make_layer(noisy, LONG_SIZE, LONG_NOISE);
    assert_ok(sw_fs_temp(NULL, &noisy->file.fd, &err));
    while (at < noisy->layer.len) {
        ssize_t put = write(noisy->file.fd, noisy->layer.ptr + at, noisy->layer.len - at);

        assert_true(put > 0);
        at += (size_t)put;
    }
    noisy->file.end = (int64_t)at;
}

static void noisy_release(struct noisy *noisy)
{
    sw_close_fd(&noisy->file.fd);
    sw_buf_release(&noisy->config);
    sw_buf_release(&noisy->layer);
    (void)pthread_cond_destroy(&noisy->counted);
    (void)pthread_mutex_destroy(&noisy->lock);
    fake_registry_tear_down(&noisy->registry, &noisy->fake, &noisy->t);
}

static enum sw_status push_with(struct noisy *noisy, const struct sw_registry_auth *auth,
                                struct sw_push_result *result, struct sw_err *err)
{
    const struct sw_push_options options = { .auth = auth, .uploads = 2, .workers = 2 };
    struct sw_ref target = { 0 };
    enum sw_status status;

    noisy->at = 0;
    assert_int_equal(sw_ref_parse(SW_STR(HOST "/app:v1"), &target, err), SW_OK);
    status = sw_image_push(&noisy->t.env, &noisy->source, &target, 1, &options, result, err);
    sw_ref_release(&target);
    return status;
}

/* The n-th (from 0) request of that method that has an upload session's address. */
static const struct fake_http_request *find_request(const struct noisy *noisy, const char *method,
                                                    size_t n)
{
    for (size_t i = 0; i < noisy->fake.request_count; i++) {
        const struct fake_http_request *request = &noisy->fake.requests[i];

        if (strcmp(request->method, method) == 0 && strstr(request->url, "/uploads/session") &&
            n-- == 0) {
            return request;
        }
    }
    return NULL;
}

static unsigned patch_count(const struct noisy *noisy)
{
    return noisy->patches;
}

/* The registry has the image, and what is stored unpacks to the layer. */
static void check_stored(const struct noisy *noisy, const struct sw_push_result *result)
{
    const struct fake_registry_item *blob =
        fake_registry_blob(&noisy->registry, "app", result->layers[0].digest);
    struct sw_memory_part part;
    SW_CLEANUP(sw_unpack_cleanup) struct sw_unpack *unpack = NULL;
    SW_CLEANUP(sw_free_str) char *unpacked = sw_xmalloc(noisy->layer.len + 1);
    struct sw_reader reader;
    struct sw_err err = SW_ERR_INIT;
    size_t len = 0;

    assert_non_null(fake_registry_tag(&noisy->registry, "app", "v1"));
    assert_non_null(blob);
    assert_int_equal(blob->bytes.len, result->layers[0].size);
    part = (struct sw_memory_part){ blob->bytes.ptr, blob->bytes.len };
    unpack = sw_unpack_new(SW_PACKING_GZIP, sw_memory_reader(&part));
    reader = sw_unpack_reader(unpack);
    assert_ok(sw_reader_fill(&reader, unpacked, noisy->layer.len + 1, &len, &err));
    assert_int_equal(len, noisy->layer.len);
    assert_memory_equal(unpacked, noisy->layer.ptr, len);
}

static void test_streaming__sends_a_layer_while_it_is_compressed(void **state)
{
    struct noisy noisy;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;
    const struct fake_http_request *patch;
    const struct fake_http_request *last;

    (void)state;
    noisy_init(&noisy);
    assert_ok(push_with(&noisy, NULL, &result, &err));
    check_stored(&noisy, &result);
    assert_int_equal(patch_count(&noisy), 1);
    patch = find_request(&noisy, "PATCH", 0);
    assert_int_equal(patch->body_length, -1);
    assert_int_equal(patch->body.len, result.layers[0].size);
    assert_string_equal(fake_http_request_header(patch, "Content-Type"),
                        "application/octet-stream");
    /* The first PUT is the configuration's. */
    last = find_request(&noisy, "PUT", 1);
    assert_int_equal(last->body.len, 0);
    assert_non_null(strstr(last->url, result.layers[0].digest));
    assert_true(result.layers[0].sent);
    assert_int_equal(result.bytes_sent, result.layers[0].size + (int64_t)noisy.config.len);
    sw_push_result_release(&result);
    noisy_release(&noisy);
}

/* Answers to a PATCH that registries give, whatever the specification says. */
static const struct patch_case {
    const char *name;
    long status;
    bool unplaced;
} patch_cases[] = {
    { "202 with the session's address", 202, false },
    { "201 as Amazon ECR says", 201, false },
    { "no Location", 202, true },
    { "204 without anything", 204, true },
};

static void test_streaming__takes_every_good_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(patch_cases); i++) {
        struct noisy noisy;
        struct sw_push_result result;
        struct sw_err err = SW_ERR_INIT;

        print_message("%s\n", patch_cases[i].name);
        noisy_init(&noisy);
        noisy.registry.patch_status = patch_cases[i].status;
        noisy.registry.patch_unplaced = patch_cases[i].unplaced;
        assert_ok(push_with(&noisy, NULL, &result, &err));
        check_stored(&noisy, &result);
        sw_push_result_release(&result);
        noisy_release(&noisy);
    }
}

/* A body that is lost is sent again, in a new session and from its start. */
static void test_streaming__starts_over_in_a_new_session(void **state)
{
    struct noisy noisy;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    noisy_init(&noisy);
    noisy.registry.drop_bodies = 3;
    assert_ok(push_with(&noisy, NULL, &result, &err));
    check_stored(&noisy, &result);
    /* Three bodies were dropped, of the configuration or of the layer. */
    assert_int_equal(noisy.registry.sessions, 5);
    assert_int_equal(find_request(&noisy, "PATCH", patch_count(&noisy) - 1)->body.len,
                     result.layers[0].size);
    sw_push_result_release(&result);
    noisy_release(&noisy);
}

/* What was sent is not kept where it can be read again: then it is. */
static void test_streaming__reads_again_what_was_forgotten(void **state)
{
    struct noisy noisy;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;
    const struct fake_http_request *last;

    (void)state;
    long_init(&noisy);
    assert_ok(push_with(&noisy, NULL, &result, &err));
    check_stored(&noisy, &result);
    assert_int_equal(patch_count(&noisy), 1);
    /* Whole now, it goes in one body. The first PUT is the configuration's. */
    last = find_request(&noisy, "PUT", 1);
    assert_int_equal(last->body.len, result.layers[0].size);
    assert_int_equal(noisy.registry.sessions, 3);
    assert_int_equal(noisy.t.sleeps, 1);
    assert_true(result.layers[0].sent);
    assert_int_equal(result.bytes_sent, result.layers[0].size + (int64_t)noisy.config.len);
    sw_push_result_release(&result);
    noisy_release(&noisy);
}

static void test_streaming__notices_that_a_layer_changed(void **state)
{
    struct noisy noisy;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;
    char message[256];

    (void)state;
    long_init(&noisy);
    assert_int_equal(pwrite(noisy.file.fd, "changed", 7, LONG_SIZE / 2), 7);
    (void)snprintf(message, sizeof(message), "layer %s has changed while it was read",
                   noisy.diff_id);
    assert_fails(push_with(&noisy, NULL, &result, &err), SW_E_INPUT, message);
    assert_null(fake_registry_tag(&noisy.registry, "app", "v1"));
    noisy_release(&noisy);
}

static void test_streaming__gives_up_on_a_refusal(void **state)
{
    struct noisy noisy;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    noisy_init(&noisy);
    noisy.registry.patch_status = 413;
    assert_fails(push_with(&noisy, NULL, &result, &err), SW_E_FAILED,
                 "cannot upload blob that is being made in \"" HOST "/app\": registry \"" HOST
                 "\" answered with HTTP status 413 (DENIED: no such body here)");
    assert_int_equal(patch_count(&noisy), 1);
    assert_null(fake_registry_tag(&noisy.registry, "app", "v1"));
    noisy_release(&noisy);
}

static void test_streaming__tells_why_a_layer_could_not_be_read(void **state)
{
    struct noisy noisy;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    noisy_init(&noisy);
    noisy.fails_at = EARLY_SIZE + 1;
    assert_fails(push_with(&noisy, NULL, &result, &err), SW_E_INPUT, "the layer is damaged");
    assert_null(fake_registry_tag(&noisy.registry, "app", "v1"));
    noisy_release(&noisy);
}

/* Where layers may be there without an image that tells, they are looked for before. */
static void test_streaming__looks_first_where_layers_may_be_there(void **state)
{
    static const char *const names[] = { "after a push that was cut off",
                                         "reading images is not allowed" };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(names); i++) {
        struct noisy noisy;
        struct sw_push_result result;
        struct sw_err err = SW_ERR_INIT;

        print_message("%s\n", names[i]);
        noisy_init(&noisy);
        noisy.wait = false;
        if (i == 0) {
            fake_registry_put_blob(&noisy.registry, "app", sw_buf_str(&noisy.config));
        } else {
            fake_registry_put(&noisy.registry, "app", "latest", "{}");
            noisy.registry.reading_denied = true;
        }
        assert_ok(push_with(&noisy, NULL, &result, &err));
        check_stored(&noisy, &result);
        assert_int_equal(patch_count(&noisy), 0);
        sw_push_result_release(&result);
        noisy_release(&noisy);
    }
}

static enum sw_status give_login(SW_UNUSED void *ctx, SW_UNUSED const char *host, char **ret_user,
                                 char **ret_secret, SW_UNUSED struct sw_err *err)
{
    *ret_user = sw_xstrdup("AWS");
    *ret_secret = sw_xstrdup("very-secret");
    return SW_OK;
}

/* The login is asked for at the first request; a body is never sent to be refused. */
static void test_streaming__logs_in_before_it_sends(void **state)
{
    const struct sw_registry_auth auth = { give_login, NULL };
    struct noisy noisy;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    noisy_init(&noisy);
    noisy.registry.authorization = "Basic QVdTOnZlcnktc2VjcmV0";
    noisy.registry.challenge = "Basic realm=\"https://" HOST "/\",service=\"ecr.amazonaws.com\"";
    assert_ok(push_with(&noisy, &auth, &result, &err));
    check_stored(&noisy, &result);
    assert_int_equal(patch_count(&noisy), 1);
    assert_string_equal(fake_http_request_header(find_request(&noisy, "PATCH", 0), "Authorization"),
                        "Basic QVdTOnZlcnktc2VjcmV0");
    sw_push_result_release(&result);
    noisy_release(&noisy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streaming__sends_a_layer_while_it_is_compressed),
        cmocka_unit_test(test_streaming__takes_every_good_answer),
        cmocka_unit_test(test_streaming__starts_over_in_a_new_session),
        cmocka_unit_test(test_streaming__reads_again_what_was_forgotten),
        cmocka_unit_test(test_streaming__notices_that_a_layer_changed),
        cmocka_unit_test(test_streaming__gives_up_on_a_refusal),
        cmocka_unit_test(test_streaming__tells_why_a_layer_could_not_be_read),
        cmocka_unit_test(test_streaming__looks_first_where_layers_may_be_there),
        cmocka_unit_test(test_streaming__logs_in_before_it_sends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
