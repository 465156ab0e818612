#include "chain_rows.h"

static void check(const struct row *row)
{
    struct world w;
    world_init(&w, &row->setup);
    const struct sw_credentials *found = NULL;
    enum sw_status status = aws_credentials_get(w.aws, &found, &w.err);
    char *got = status == SW_OK
                    ? sw_xasprintf("%s %s %s %s", found->access_key_id, found->secret_access_key,
                                   found->session_token ? found->session_token : "-", found->source)
                    : sw_xstrdup(w.err.msg);
    if (status != row->status || strcmp(got, row->expected) != 0) {
        fail_msg("%s:\n expected %s \"%s\"\n got      %s \"%s\"", row->name,
                 sw_status_name(row->status), row->expected, sw_status_name(status), got);
    }
    free(got);
    world_done(&w);
}

void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check(&rows[i]);
    }
}
