#ifndef SLIPWAY_IMAGE_GRPC_H
#define SLIPWAY_IMAGE_GRPC_H

/*
 * The little of gRPC that reading a blob takes: one request message out, and out of the messages
 * that come back the bytes of one field, passed on as they arrive.
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 * https://protobuf.dev/programming-guides/encoding/
 */

#include <slipway/buf.h>
#include <slipway/http.h>

#include <stdint.h>

/* Appends the message { field: text }, framed. The text is shorter than 128 bytes. */
void sw_grpc_request(unsigned field, const char *text, struct sw_buf *out);

/* What is expected next of the answer. */
enum sw_grpc_state {
    SW_GRPC_FRAME,  /* the head of a message */
    SW_GRPC_TAG,    /* a field's number and type */
    SW_GRPC_NUMBER, /* its value */
    SW_GRPC_LENGTH, /* how many bytes it has */
    SW_GRPC_BYTES,
};

struct sw_grpc_answer {
    unsigned field;                  /* whose bytes are wanted */
    const struct sw_http_sink *sink; /* gets them; borrowed */
    enum sw_grpc_state state;
    unsigned head_len; /* bytes that have come of the message's head */
    uint64_t message_left;
    uint64_t number; /* that is being read, and how many of its bits have come */
    unsigned bits;
    bool wanted; /* these are the bytes of the field */
    uint64_t bytes_left;
};

/* Takes a part of the answer, wherever it was cut. SW_E_UNAVAILABLE when it is none. */
SW_NODISCARD enum sw_status sw_grpc_take(struct sw_grpc_answer *answer, const char *data,
                                         size_t len, struct sw_err *err);
/* Whether the answer may end here, between two messages. */
bool sw_grpc_is_whole(const struct sw_grpc_answer *answer);

#endif
