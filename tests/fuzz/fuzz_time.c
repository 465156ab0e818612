/* Dates: what was read is read again from what is written of it. */

#include "fuzz.h"

#include <slipway/alloc.h>
#include <slipway/env.h>

/* 10000-01-01T00:00:00Z: years have four digits. */
static const int64_t end_ms = INT64_C(253402300800) * 1000;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = sw_xstrndup((const char *)data, size);
    int64_t first = -1;
    if (sw_time_parse(text, &first) && first >= 0 && first < end_ms) {
        static const enum sw_time_format formats[] = { SW_TIME_AMZ, SW_TIME_ISO };
        for (size_t i = 0; i < SW_COUNT(formats); i++) {
            char written[SW_TIME_TEXT_MAX];
            int64_t second = -1;
            sw_time_format(first, formats[i], written);
            FUZZ_CHECK(sw_time_parse(written, &second));
            FUZZ_CHECK(second == first / 1000 * 1000);
        }
    }
    free(text);
    return 0;
}
