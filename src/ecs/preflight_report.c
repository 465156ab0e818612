#include <slipway/alloc.h>
#include <slipway/preflight.h>

/* What the checks found, for people and programs. */

const char *sw_check_level_name(enum sw_check_level level)
{
    static const char *const names[] = {
        [SW_CHECK_OK] = "ok",
        [SW_CHECK_SKIP] = "skip",
        [SW_CHECK_WARN] = "warn",
        [SW_CHECK_BLOCK] = "block",
    };

    return names[level];
}

size_t sw_check_report_count(const struct sw_check_report *report, enum sw_check_level level)
{
    size_t count = 0;
    for (size_t i = 0; i < report->count; i++) {
        count += report->items[i].level == level ? 1 : 0;
    }
    return count;
}

/* Whether an earlier finding of that level is of the same check. */
static bool named_before(const struct sw_check_report *report, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (report->items[i].level == report->items[at].level &&
            strcmp(report->items[i].check, report->items[at].check) == 0) {
            return true;
        }
    }
    return false;
}

enum sw_status sw_check_verdict(const struct sw_check_report *report, struct sw_err *err)
{
    bool blocked = false;
    for (size_t i = 0; i < report->count; i++) {
        const struct sw_check_finding *found = &report->items[i];
        if (found->level != SW_CHECK_BLOCK || named_before(report, i)) {
            continue;
        }
        if (!blocked) {
            (void)sw_fail(err, SW_E_PREFLIGHT, "the deployment would fail: %s: %s", found->check,
                          found->text);
        } else {
            (void)sw_append(err, "; also: %s", found->check);
        }
        blocked = true;
    }
    return blocked ? SW_E_PREFLIGHT : SW_OK;
}

static void print_level(const struct sw_check_report *report, enum sw_check_level level,
                        struct sw_buf *out)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct sw_check_finding *found = &report->items[i];
        if (found->level != level || found->idle) {
            continue;
        }
        sw_buf_addf(out, "%-5s  %s: %s\n", sw_check_level_name(level), found->check, found->text);
        if (found->advice) {
            sw_buf_addf(out, "         fix: %s\n", found->advice);
        }
        if (found->command) {
            sw_buf_addf(out, "         run: %s\n", found->command);
        }
    }
}

/* What had nothing to look at, in one line. */
static void print_idle(const struct sw_check_report *report, struct sw_buf *out)
{
    bool any = false;
    for (size_t i = 0; i < report->count; i++) {
        if (report->items[i].idle) {
            sw_buf_addf(out, "%s%s",
                        any ? ", " : "ok     nothing to check for: ", report->items[i].check);
            any = true;
        }
    }
    sw_buf_add_cstr(out, any ? "\n" : "");
}

void sw_check_print(const struct sw_check_report *report, bool all, struct sw_buf *out)
{
    if (all) {
        print_level(report, SW_CHECK_OK, out);
        print_idle(report, out);
    }
    for (int level = SW_CHECK_SKIP; level <= SW_CHECK_BLOCK; level++) {
        print_level(report, (enum sw_check_level)level, out);
    }
    size_t blocks = sw_check_report_count(report, SW_CHECK_BLOCK);
    size_t warnings = sw_check_report_count(report, SW_CHECK_WARN);
    sw_buf_addf(out, "%zu block%s, %zu warning%s, %zu skipped, %zu ok\n", blocks,
                blocks == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s",
                sw_check_report_count(report, SW_CHECK_SKIP),
                sw_check_report_count(report, SW_CHECK_OK));
}

json_t *sw_check_facts(const struct sw_check_report *report)
{
    json_t *list = json_array();
    for (size_t i = 0; i < report->count; i++) {
        const struct sw_check_finding *found = &report->items[i];
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:s*, s:s*, s:s*}", "check", found->check, "level",
                            sw_check_level_name(found->level), "text", found->text, "cause",
                            found->cause, "advice", found->advice, "command", found->command));
    }
    return list;
}
