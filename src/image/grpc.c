#include "grpc.h"

#include <string.h>

enum {
    HEAD_LEN = 5,                   /* whether it is compressed, and the length */
    MESSAGE_MAX = 64 * 1024 * 1024, /* engines stay below 16 MiB */
    TYPE_NUMBER = 0,
    TYPE_EIGHT_BYTES = 1,
    TYPE_BYTES = 2,
    TYPE_FOUR_BYTES = 5,
    TYPE_BITS = 3,
};

void sw_grpc_request(unsigned field, const char *text, struct sw_buf *out)
{
    const size_t len = strlen(text);
    const char head[HEAD_LEN] = { [HEAD_LEN - 1] = (char)(len + 2) };

    sw_buf_add(out, head, sizeof(head));
    sw_buf_add_char(out, (char)(field << TYPE_BITS | TYPE_BYTES));
    sw_buf_add_char(out, (char)len);
    sw_buf_add(out, text, len);
}

static enum sw_status odd(const char *what, struct sw_err *err)
{
    return sw_fail(err, SW_E_UNAVAILABLE, "the Docker engine's answer is odd: %s", what);
}

static void await(struct sw_grpc_answer *answer, enum sw_grpc_state state)
{
    answer->state = state;
    answer->number = 0;
    answer->bits = 0;
}

/* After a field, or a head: the next field, or the next message. */
static void go_on(struct sw_grpc_answer *answer)
{
    await(answer, answer->message_left > 0 ? SW_GRPC_TAG : SW_GRPC_FRAME);
    answer->head_len = 0;
}

static enum sw_status take_head(struct sw_grpc_answer *answer, unsigned char byte,
                                struct sw_err *err)
{
    if (answer->head_len++ == 0) {
        answer->message_left = 0;
        return byte == 0 ? SW_OK : odd("it is compressed", err);
    }
    answer->message_left = answer->message_left << 8 | byte;
    if (answer->message_left > MESSAGE_MAX) {
        return odd("a message is too long", err);
    }
    if (answer->head_len == HEAD_LEN) {
        go_on(answer);
    }
    return SW_OK;
}

static enum sw_status begin_bytes(struct sw_grpc_answer *answer, uint64_t count, struct sw_err *err)
{
    if (count > answer->message_left) {
        return odd("a field is longer than its message", err);
    }
    answer->bytes_left = count;
    answer->state = SW_GRPC_BYTES;
    if (count == 0) {
        go_on(answer);
    }
    return SW_OK;
}

static enum sw_status take_tag(struct sw_grpc_answer *answer, uint64_t tag, struct sw_err *err)
{
    answer->wanted = false;
    switch (tag & ((1U << TYPE_BITS) - 1)) {
    case TYPE_NUMBER:
        await(answer, SW_GRPC_NUMBER);
        return SW_OK;
    case TYPE_BYTES:
        answer->wanted = tag >> TYPE_BITS == answer->field;
        await(answer, SW_GRPC_LENGTH);
        return SW_OK;
    case TYPE_EIGHT_BYTES:
        return begin_bytes(answer, 8, err);
    case TYPE_FOUR_BYTES:
        return begin_bytes(answer, 4, err);
    default:
        return odd("a field has no known type", err);
    }
}

/* Takes a byte of a number; seven bits each, the lowest first. */
static enum sw_status take_number(struct sw_grpc_answer *answer, unsigned char byte,
                                  struct sw_err *err)
{
    const uint64_t number = answer->number | (uint64_t)(byte & 0x7f) << answer->bits;

    answer->message_left--;
    if (byte & 0x80) {
        answer->number = number;
        answer->bits += 7;
        return answer->bits < 64 && answer->message_left > 0 ? SW_OK
                                                             : odd("a number does not end", err);
    }
    switch (answer->state) {
    case SW_GRPC_TAG:
        if (answer->message_left == 0) {
            return odd("a field has no value", err);
        }
        return take_tag(answer, number, err);
    case SW_GRPC_LENGTH:
        return begin_bytes(answer, number, err);
    case SW_GRPC_NUMBER:
    case SW_GRPC_FRAME:
    case SW_GRPC_BYTES:
    default:
        go_on(answer);
        return SW_OK;
    }
}

/* Takes bytes of a field, as many as there are. */
static enum sw_status take_bytes(struct sw_grpc_answer *answer, const char *data, size_t len,
                                 struct sw_err *err)
{
    enum sw_status status = SW_OK;

    if (answer->wanted) {
        status = answer->sink->write(answer->sink->ctx, data, len, err);
    }
    answer->bytes_left -= len;
    answer->message_left -= len;
    if (answer->bytes_left == 0) {
        go_on(answer);
    }
    return status;
}

enum sw_status sw_grpc_take(struct sw_grpc_answer *answer, const char *data, size_t len,
                            struct sw_err *err)
{
    enum sw_status status = SW_OK;

    while (status == SW_OK && len > 0) {
        size_t part = 1;

        if (answer->state == SW_GRPC_BYTES) {
            part = answer->bytes_left < len ? (size_t)answer->bytes_left : len;
            status = take_bytes(answer, data, part, err);
        } else if (answer->state == SW_GRPC_FRAME) {
            status = take_head(answer, (unsigned char)*data, err);
        } else {
            status = take_number(answer, (unsigned char)*data, err);
        }
        data += part;
        len -= part;
    }
    return status;
}

bool sw_grpc_is_whole(const struct sw_grpc_answer *answer)
{
    return answer->state == SW_GRPC_FRAME && answer->head_len == 0;
}
