#include <slipway/compression.h>

#include <slipway/gzip.h>
#include <slipway/str.h>

enum { ZSTD_LEVEL_MAX = 19 };

const struct sw_compression sw_compression_default = { SW_PACKING_GZIP, SW_GZIP_LEVEL_DEFAULT };

static const struct kind {
    const char *name;
    enum sw_packing packing;
    int level_min;
    int level_max;
    int level_default;
} kinds[] = {
    { "gzip", SW_PACKING_GZIP, 0, SW_GZIP_LEVEL_MAX, SW_GZIP_LEVEL_DEFAULT },
    { "zstd", SW_PACKING_ZSTD, 1, ZSTD_LEVEL_MAX, 3 },
    { "none", SW_PACKING_NONE, 0, 0, 0 },
};

static const struct kind *find_kind(const char *name)
{
    for (size_t i = 0; i < SW_COUNT(kinds); i++) {
        if (sw_str_is(sw_str(name), kinds[i].name)) {
            return &kinds[i];
        }
    }
    return NULL;
}

enum sw_status sw_compression_parse(const char *kind_name, const char *level_text,
                                    struct sw_compression *ret, struct sw_err *err)
{
    const struct kind *kind = find_kind(kind_name ? kind_name : "gzip");
    int64_t level = 0;

    if (!kind) {
        return sw_fail(err, SW_E_USAGE,
                       "there is no compression \"%s\"; there are: gzip, zstd, none", kind_name);
    }
    if (!level_text) {
        *ret = (struct sw_compression){ kind->packing, kind->level_default };
        return SW_OK;
    }
    if (kind->packing == SW_PACKING_NONE) {
        return sw_fail(err, SW_E_USAGE, "without compression there is no level; leave \"%s\" out",
                       level_text);
    }
    if (!sw_parse_int(sw_str(level_text), kind->level_min, kind->level_max, &level)) {
        return sw_fail(err, SW_E_USAGE,
                       "\"%s\" is no level of %s, which has %d (fastest) to %d (smallest)",
                       level_text, kind->name, kind->level_min, kind->level_max);
    }
    *ret = (struct sw_compression){ kind->packing, (int)level };
    return SW_OK;
}
