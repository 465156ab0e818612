/* The summary of a deployment: what it says, and that nothing from outside acts in it. */
#include "test.h"

#include "ecs_facts.h"
#include "ecs_summary.h"
#include "temp_dir.h"

#include <slipway/fs.h>
#include <slipway/log.h>

static char *summary_of(const char *text)
{
    struct sw_err err = SW_ERR_INIT;
    json_auto_t *facts = NULL;
    struct sw_buf out;
    assert_ok(sw_json_parse(sw_str(text), "test", &facts, &err));
    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    sw_cli_ecs_summary(facts, &out);
    return sw_buf_take(&out);
}

static void test_ecs_summary__tells_a_failed_rollout(void **state)
{
    char *text SW_CLEANUP(sw_free_str) = summary_of(
        "{\"cluster\":\"prod\",\"service\":\"web\",\"previousTaskDefinition\":"
        "\"arn:aws:ecs:us-east-1:1:task-definition/web:12\",\"taskDefinition\":"
        "\"arn:aws:ecs:us-east-1:1:task-definition/web:13\",\"startedAt\":\"2026-01-01T00:00:00Z\","
        "\"endedAt\":\"2026-01-01T00:05:00Z\",\"deploymentId\":\"ecs-svc/2\",\"images\":[{"
        "\"container\":\"web\",\"image\":\"r/web:2\",\"previousImage\":\"r/web:1\",\"digest\":"
        "\"sha256:0\"}],\"checks\":[{\"check\":\"load-balancer\",\"level\":\"warn\",\"text\":\"none\","
        "\"advice\":\"attach one\",\"command\":\"aws ecs update-service\"},{\"check\":\"image\","
        "\"level\":\"ok\",\"text\":\"fine\"}],\"rollout\":{\"verdict\":\"failed\",\"desired\":2,"
        "\"running\":0,\"pending\":1,\"failedTasks\":3,\"runs\":\"web:12 with 2 tasks; web:13 "
        "is not live\",\"causes\":[{\"id\":\"exit-code\",\"title\":"
        "\"the container ended with an error\",\"advice\":\"look at the log\",\"count\":3,"
        "\"container\":\"web\",\"exitCode\":1,\"example\":\"Essential container in task exited\","
        "\"log\":\"one\\ntwo\"}],\"events\":[\"00:01:02 has started 1 tasks\"]},\"exitCode\":10,"
        "\"message\":\"the rollout failed\"}");

    (void)state;
    assert_string_equal(text,
                        "## Deployment of web: failed (exit 10)\n"
                        "\n"
                        "the rollout failed\n"
                        "\n"
                        "| | |\n|---|---|\n"
                        "| Cluster | prod |\n"
                        "| Before | web:12 |\n"
                        "| Deployed | web:13 |\n"
                        "| Deployment | ecs-svc/2 |\n"
                        "| Begun | 2026-01-01T00:00:00Z |\n"
                        "| Ended | 2026-01-01T00:05:00Z |\n"
                        "| Verdict | failed |\n"
                        "| Runs now | web:12 with 2 tasks; web:13 is not live |\n"
                        "| Tasks | 0 of 2 running, 1 pending, 3 failed |\n"
                        "\n"
                        "### Images\n"
                        "\n"
                        "| Container | Before | Now | Digest |\n|---|---|---|---|\n"
                        "| web | r/web:1 | r/web:2 | sha256:0 |\n"
                        "\n"
                        "### Checks\n"
                        "\n"
                        "**warn** load-balancer: none. attach one\n"
                        "\n"
                        "    aws ecs update-service\n"
                        "\n"
                        "### Causes\n"
                        "\n"
                        "**3x** container \"web\": the container ended with an error (exit code 1)."
                        " What to do: look at the log.\n"
                        "\n"
                        "AWS says: Essential container in task exited\n"
                        "\n"
                        "Its log ends with:\n"
                        "\n"
                        "    one\n"
                        "    two\n"
                        "\n"
                        "### Last events\n"
                        "\n"
                        "- 00:01:02 has started 1 tasks\n");
}

/* Whatever AWS or a container says: no markup, no mention, no link, no way out of a block. */
static void test_ecs_summary__shows_texts_as_they_are(void **state)
{
    char *text SW_CLEANUP(sw_free_str) = summary_of(
        "{\"service\":\"<b>*w*</b>\",\"message\":\"see [x](http://evil) | @all `x` www.evil.com #1 "
        "\\u001b[31m & \\\\\",\"rollout\":{\"causes\":[{\"title\":\"t\",\"advice\":\"a\","
        "\"log\":\"```\\n</pre>\\r<script>\\n# no heading\"}]}}");

    (void)state;
    assert_non_null(strstr(text, "## Deployment of &#60;b&#62;&#42;w&#42;&#60;/b&#62;: done\n"));
    assert_non_null(strstr(text, "\nsee &#91;x&#93;(http&#58;//evil) &#124; &#64;all &#96;x&#96; "
                                 "www&#46;evil.com &#35;1  &#91;31m &#38; &#92;\n"));
    assert_non_null(strstr(text, "\n\n    ```\n    </pre> <script>\n    # no heading\n"));
}

static void test_ecs_summary__masks_secrets(void **state)
{
    (void)state;
    sw_redact_add(SW_STR("hunter2hunter2"));
    char *text SW_CLEANUP(sw_free_str) = summary_of(
        "{\"service\":\"web\",\"message\":\"key hunter2hunter2 is wrong\",\"exitCode\":3}");
    assert_null(strstr(text, "hunter2"));
    assert_non_null(strstr(text, "failed (exit 3)"));
    sw_redact_reset();
}

static void test_ecs_summary__has_a_part_per_service(void **state)
{
    char *text SW_CLEANUP(sw_free_str) =
        summary_of("{\"services\":[{\"service\":\"a\",\"state\":\"done\"},{\"service\":\"b\","
                   "\"state\":\"not begun\"},{\"service\":\"c\",\"exitCode\":1}],\"exitCode\":1}");

    (void)state;
    assert_non_null(strstr(text, "## Deployment of a: done\n"));
    assert_non_null(strstr(text, "\n\n## Deployment of b: not begun\n"));
    assert_non_null(strstr(text, "\n\n## Deployment of c: failed (exit 1)\n"));
}

/* What does not fit is no half a document that looks like a whole one. */
static void test_ecs_summary__a_report_that_does_not_fit_is_an_error(void **state)
{
    struct sw_err err = SW_ERR_INIT;
    char *dir = temp_dir_new();
    char *path SW_CLEANUP(sw_free_str) = sw_fs_join(dir, "report.json");
    char *long_text SW_CLEANUP(sw_free_str) = sw_xmalloc(SW_JSON_MAX);

    (void)state;
    memset(long_text, 'x', SW_JSON_MAX - 1);
    long_text[SW_JSON_MAX - 1] = '\0';
    json_auto_t *facts = json_pack("{s:s, s:s}", "a", "b", "log", long_text);
    assert_fails(sw_cli_ecs_write_report(path, facts, &err), SW_E_TOO_LARGE,
                 "--report: the report is larger than 33554432 bytes");
    assert_false(sw_fs_exists(path));
    (void)json_object_del(facts, "log");
    assert_ok(sw_cli_ecs_write_report(path, facts, &err));
    temp_dir_free(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ecs_summary__tells_a_failed_rollout),
        cmocka_unit_test(test_ecs_summary__shows_texts_as_they_are),
        cmocka_unit_test(test_ecs_summary__masks_secrets),
        cmocka_unit_test(test_ecs_summary__has_a_part_per_service),
        cmocka_unit_test(test_ecs_summary__a_report_that_does_not_fit_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
