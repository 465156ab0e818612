/* Retry-After: a delay is never negative and never beyond a year. */

#include "fuzz.h"

#include "http/request.h"

#include <slipway/alloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t year_ms = INT64_C(366) * 24 * 3600 * 1000;
    static const int64_t now_ms = INT64_C(1440938160) * 1000;
    char *text = sw_xstrndup((const char *)data, size);
    int64_t delay_ms = -1;
    if (sw_http_parse_retry_after(text, now_ms, &delay_ms)) {
        FUZZ_CHECK(delay_ms >= 0 && delay_ms <= year_ms);
    } else {
        FUZZ_CHECK(delay_ms == -1);
    }
    free(text);
    return 0;
}
