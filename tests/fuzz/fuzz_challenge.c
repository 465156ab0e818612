/* WWW-Authenticate headers: no more comes out than went in. */

#include "fuzz.h"

#include <slipway/challenge.h>

static size_t length(const char *text)
{
    return text ? strlen(text) : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sw_challenges list = { 0 };
    struct sw_err err = SW_ERR_INIT;
    enum sw_status status = sw_challenges_parse(&list, sw_str_n((const char *)data, size), &err);
    size_t total = 0;

    FUZZ_CHECK(status == SW_OK || (status == SW_E_UNAVAILABLE && err.msg[0] != '\0'));
    FUZZ_CHECK(list.count <= SW_CHALLENGES_MAX);
    for (size_t i = 0; i < list.count; i++) {
        const struct sw_challenge *c = &list.items[i];

        FUZZ_CHECK(c->scheme && c->scheme[0]);
        FUZZ_CHECK(sw_challenges_find(&list, c->scheme) != NULL);
        total += length(c->scheme) + length(c->realm) + length(c->service) + length(c->scope) +
                 length(c->error);
    }
    FUZZ_CHECK(total <= size);
    sw_challenges_release(&list);
    return 0;
}
