#include "fake_engine.h"

#include "test.h"

#define READ_CALL "/containerd.services.content.v1.Content/Read"

enum { PIECE = 1000, REQUEST_HEAD = 7, ANSWER_MAX = 64 * 1024 * 1024 };

void fake_engine_init(struct fake_engine *engine, struct fake_registry *registry)
{
    *engine = (struct fake_engine){ .registry = registry };
    sw_buf_init(&engine->inspect, SW_BUF_TEXT_MAX);
    sw_buf_init(&engine->details, SW_BUF_TEXT_MAX);
}

void fake_engine_release(struct fake_engine *engine)
{
    for (size_t i = 0; i < engine->answer_count; i++) {
        sw_buf_release(&engine->answers[i]);
    }
    sw_buf_release(&engine->inspect);
    sw_buf_release(&engine->details);
}

static struct fake_engine_blob *find(struct fake_engine *engine, struct sw_str digest)
{
    for (size_t i = 0; i < engine->blob_count; i++) {
        if (sw_str_is(digest, engine->blobs[i].digest)) {
            return &engine->blobs[i];
        }
    }
    return NULL;
}

void fake_engine_add(struct fake_engine *engine, struct sw_str bytes)
{
    struct fake_engine_blob *blob = &engine->blobs[engine->blob_count++];

    assert_true(engine->blob_count <= FAKE_ENGINE_BLOBS_MAX);
    *blob = (struct fake_engine_blob){ .bytes = bytes };
    sw_digest_of(bytes, blob->digest);
}

void fake_engine_remove(struct fake_engine *engine, const char *digest)
{
    struct fake_engine_blob *blob = find(engine, sw_str(digest));

    assert_non_null(blob);
    blob->digest[0] = '\0';
}

unsigned fake_engine_reads(struct fake_engine *engine, const char *digest)
{
    const struct fake_engine_blob *blob = find(engine, sw_str(digest));

    return blob ? blob->reads : 0;
}

void fake_engine_set(struct fake_engine *engine, const char *media_type, const char *digest,
                     const char *architecture)
{
    sw_buf_clear(&engine->inspect);
    sw_buf_addf(&engine->inspect,
                "{\"Id\":\"%s\",\"Descriptor\":{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":1},"
                "\"Os\":\"linux\",\"Architecture\":\"%s\",\"RootFS\":{\"Type\":\"layers\"}}",
                digest, media_type, digest, architecture);
}

void fake_engine_set_available(struct fake_engine *engine, const char *const *digests, size_t count)
{
    sw_buf_clear(&engine->details);
    sw_buf_add_cstr(&engine->details, "{\"Manifests\":[{\"Available\":false,\"Descriptor\":{}}");
    for (size_t i = 0; i < count; i++) {
        sw_buf_addf(&engine->details,
                    ",{\"Available\":true,\"Kind\":\"image\",\"Descriptor\":{\"digest\":\"%s\"}}",
                    digests[i]);
    }
    sw_buf_add_cstr(&engine->details, "]}");
}

static void add_number(struct sw_buf *out, size_t number)
{
    for (; number >= 0x80; number >>= 7) {
        sw_buf_add_char(out, (char)(number | 0x80));
    }
    sw_buf_add_char(out, (char)number);
}

/* One message: { 1: offset, 2: data }. */
static void add_message(struct sw_buf *out, size_t offset, struct sw_str data)
{
    struct sw_buf message;

    sw_buf_init(&message, ANSWER_MAX);
    sw_buf_add_char(&message, 0x08);
    add_number(&message, offset);
    sw_buf_add_char(&message, 0x12);
    add_number(&message, data.len);
    sw_buf_add_str(&message, data);
    sw_buf_add_char(out, 0);
    for (int shift = 24; shift >= 0; shift -= 8) {
        sw_buf_add_char(out, (char)(message.len >> shift));
    }
    sw_buf_add_str(out, sw_buf_str(&message));
    sw_buf_release(&message);
}

static void add_blob(const struct fake_engine *engine, const struct fake_engine_blob *blob,
                     struct sw_buf *out)
{
    const size_t piece = engine->piece ? engine->piece : PIECE;

    for (size_t at = 0; at < blob->bytes.len; at += piece) {
        add_message(out, at, sw_str_first(sw_str_from(blob->bytes, at), piece));
    }
    if (engine->changed && strcmp(engine->changed, blob->digest) == 0) {
        out->ptr[out->len - 1] ^= 1;
    }
    if (engine->cut && strcmp(engine->cut, blob->digest) == 0) {
        sw_buf_truncate(out, out->len - 3);
    }
}

static void answer_read(struct fake_engine *engine, const struct fake_http_request *request,
                        struct fake_http_answer *answer)
{
    struct sw_buf *out = &engine->answers[engine->answer_count++];
    struct fake_engine_blob *blob =
        find(engine, sw_str_from(sw_buf_str(&request->body), REQUEST_HEAD));
    const char *type = fake_http_request_header(request, "Content-Type");

    sw_buf_init(out, ANSWER_MAX);
    if (engine->silent) {
        answer->failure = FAKE_TIMEOUT;
        return;
    }
    if (!type || strcmp(type, "application/grpc") != 0) {
        answer->status = 404;
        return;
    }
    answer->status = engine->status ? engine->status : 200;
    if (blob) {
        blob->reads++;
        add_blob(engine, blob, out);
    }
    answer->headers[0] = (struct sw_http_header){ "grpc-status", blob ? "0" : "5" };
    answer->body = out->ptr ? out->ptr : "";
    answer->body_len = out->len;
}

void fake_engine_answer(void *ctx, const struct fake_http_request *request,
                        struct fake_http_answer *answer)
{
    struct fake_engine *engine = ctx;
    const struct sw_str url = sw_str(request->url);

    if (!sw_str_starts(url, "http://docker/")) {
        fake_registry_answer(engine->registry, request, answer);
    } else if (sw_str_ends(url, READ_CALL)) {
        answer_read(engine, request, answer);
    } else if (sw_str_ends(url, "/json")) {
        answer->body = engine->inspect.ptr;
    } else if (sw_str_ends(url, "/json?manifests=1")) {
        answer->body = engine->details.ptr;
    } else if (sw_str_ends(url, "/get") && engine->archive.ptr) {
        engine->exports++;
        answer->body = engine->archive.ptr;
        answer->body_len = engine->archive.len;
    } else {
        answer->status = 404;
    }
}
