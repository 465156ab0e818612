#include "test.h"

#include <slipway/taskdef.h>

/* The changes as one text: "kind container name=value; ...". */
static char *changes_text(const struct sw_changes *changes)
{
    static const char *const kinds[] = {
        [SW_CHANGE_IMAGE] = "image",
        [SW_CHANGE_IMAGE_NAME] = "image-name",
        [SW_CHANGE_IMAGE_TAG] = "tag",
        [SW_CHANGE_ENV] = "env",
        [SW_CHANGE_ENV_REMOVE] = "-env",
        [SW_CHANGE_SECRET] = "secret",
        [SW_CHANGE_SECRET_REMOVE] = "-secret",
        [SW_CHANGE_LABEL] = "label",
        [SW_CHANGE_TAG] = "td-tag",
    };
    struct sw_buf out;
    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    for (size_t i = 0; i < changes->count; i++) {
        const struct sw_change *change = &changes->items[i];
        sw_buf_addf(&out, "%s%s %s %s|%s", i ? "; " : "", kinds[change->kind],
                    change->container ? change->container : "-", change->name ? change->name : "-",
                    change->value ? change->value : "-");
    }
    return sw_buf_take(&out);
}

static void test_update_string__accepts_the_orbs_grammar(void **state)
{
    static const struct {
        enum sw_updates_kind kind;
        const char *text, *changes;
    } cases[] = {
        { SW_UPDATES_IMAGE, "", "" },
        { SW_UPDATES_IMAGE, "  \n", "" },
        { SW_UPDATES_IMAGE, "container=nginx,image-and-tag=host/nginx:abc",
          "image nginx -|host/nginx:abc" },
        { SW_UPDATES_IMAGE, " container = web , image-and-tag = a:1 ,", "image web -|a:1" },
        { SW_UPDATES_IMAGE, "container=a,image=x,container=b,tag=2",
          "image-name a -|x; tag b -|2" },
        { SW_UPDATES_IMAGE, "container=a,image=x,tag=2", "image-name a -|x; tag a -|2" },
        { SW_UPDATES_IMAGE, "container=a,image=x:9", "image a -|x:9" },
        { SW_UPDATES_IMAGE, "container=a,image-and-tag=localhost:5000/x",
          "image a -|localhost:5000/x" },
        { SW_UPDATES_ENV, "container=a,name=N,value=V", "env a N|V" },
        { SW_UPDATES_ENV, "container=a,name=N,value=", "env a N|" },
        { SW_UPDATES_ENV, "container=a,name=N,value=x=y==", "env a N|x=y==" },
        { SW_UPDATES_ENV, "container=a,name=N,value=http://h/?q=1&r=2,container=b,name=M,value= s ",
          "env a N|http://h/?q=1&r=2; env b M|s" },
        { SW_UPDATES_ENV, "container=a,name=N,value=1,name=M,value=2", "env a N|1; env a M|2" },
        { SW_UPDATES_ENV, "container=a,name=N,value='q' \"r\" s", "env a N|'q' \"r\" s" },
        { SW_UPDATES_SECRET,
          "container=a,name=P,valueFrom=arn:aws:secretsmanager:eu-west-1:1:secret:x:key::",
          "secret a P|arn:aws:secretsmanager:eu-west-1:1:secret:x:key::" },
        { SW_UPDATES_LABEL, "container=a,team=shop,container=b,x=1=2",
          "label a team|shop; label b x|1=2" },
        { SW_UPDATES_LABEL, "container=a,key=team,value=shop", "label a team|shop" },
        { SW_UPDATES_LABEL, "container=a,key=x", "label a key|x" },
    };
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("case \"%s\"\n", cases[i].text);
        struct sw_changes changes = { .items = NULL };
        assert_ok(sw_changes_add_updates(&changes, cases[i].kind, "--updates",
                                         sw_str(cases[i].text), &err));
        SW_CLEANUP(sw_free_str) char *text = changes_text(&changes);
        assert_string_equal(text, cases[i].changes);
        sw_changes_release(&changes);
    }
}

static void test_update_string__quotes_hold_commas(void **state)
{
    static const struct {
        const char *text, *changes;
    } cases[] = {
        { "container=a,name=N,value=\"1,2\"", "env a N|1,2" },
        { "container=a,name=N,value= \"1,2\" ,container=b,name=M,value=x",
          "env a N|1,2; env b M|x" },
        { "container=a,name=N,value=\" b \"", "env a N| b " },
        { "container=a,name=N,value=\"\"", "env a N|" },
        { "container=a,name=N,value=\"say \\\"hi, you\\\"\"", "env a N|say \"hi, you\"" },
        { "container=a,name=N,value=\"c:\\\\dir\\x\"", "env a N|c:\\dir\\x" },
        /* Not wrapped as a whole: every quote is an ordinary character. */
        { "container=a,name=N,value=\"a\" b", "env a N|\"a\" b" },
        { "container=a,name=N,value=\"a", "env a N|\"a" },
        { "container=a,name=N,value={\"k\":1}", "env a N|{\"k\":1}" },
    };
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("case \"%s\"\n", cases[i].text);
        struct sw_changes changes = { .items = NULL };
        assert_ok(sw_changes_add_updates(&changes, SW_UPDATES_ENV, "--env-updates",
                                         sw_str(cases[i].text), &err));
        SW_CLEANUP(sw_free_str) char *text = changes_text(&changes);
        assert_string_equal(text, cases[i].changes);
        sw_changes_release(&changes);
    }
}

#define IMAGE_FORM                                                                        \
    "expected container=NAME,image-and-tag=IMAGE:TAG (or image=IMAGE, or tag=TAG), e.g. " \
    "container=web,image-and-tag=nginx:1.27"
#define ENV_FORM                                              \
    "expected container=NAME,name=VARIABLE,value=TEXT, e.g. " \
    "container=web,name=LOG_LEVEL,value=info (a value with commas is written in double quotes)"

static void test_update_string__every_piece_counts(void **state)
{
    static const struct {
        enum sw_updates_kind kind;
        const char *text, *message;
    } cases[] = {
        { SW_UPDATES_IMAGE, "nginx:1", "--u: piece 1 has no '='; " IMAGE_FORM },
        { SW_UPDATES_IMAGE, ",,", "--u: nothing but commas; " IMAGE_FORM },
        { SW_UPDATES_IMAGE, "image-and-tag=nginx:1",
          "--u: piece 1 comes before any \"container=\"; " IMAGE_FORM },
        { SW_UPDATES_IMAGE, "container=web",
          "--u: piece 1 names a container but no change; " IMAGE_FORM },
        { SW_UPDATES_IMAGE, "container=web,container=b,tag=1",
          "--u: piece 1 names a container but no change; " IMAGE_FORM },
        { SW_UPDATES_IMAGE, "container=,tag=1",
          "--u: piece 1 has an empty container name; " IMAGE_FORM },
        { SW_UPDATES_IMAGE, "container=web,img=nginx",
          "--u: piece 2 has the unexpected key \"img\"; " IMAGE_FORM },
        { SW_UPDATES_IMAGE,
          "container=web,tag=", "--u: piece 2: the tag is empty; is a variable in it unset?" },
        { SW_UPDATES_IMAGE, "container=web,image-and-tag=/nginx:",
          "--u: piece 2: image \"/nginx:\" has an empty registry or name; is a variable in it "
          "unset?" },
        { SW_UPDATES_IMAGE, "container=web,=x",
          "--u: piece 2 has nothing in front of '='; " IMAGE_FORM },
        { SW_UPDATES_ENV, "container=a,value=V,name=N",
          "--u: piece 2 has an unexpected key; " ENV_FORM },
        { SW_UPDATES_ENV, "container=a,name=N",
          "--u: piece 2 has no \"value=\" behind it; " ENV_FORM },
        { SW_UPDATES_ENV, "container=a,name=,value=1",
          "--u: piece 2 has an empty name; " ENV_FORM },
        { SW_UPDATES_ENV, "container=a,name=N,value=1,2", "--u: piece 4 has no '='; " ENV_FORM },
        { SW_UPDATES_ENV, "container=a,name=N,value=a,secret=b",
          "--u: piece 4 has an unexpected key; " ENV_FORM },
        { SW_UPDATES_ENV, "container=a,name=N,value=\"a,b", "--u: piece 4 has no '='; " ENV_FORM },
        { SW_UPDATES_ENV, "\xff", "--u: the text is not UTF-8" },
    };
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("case \"%s\"\n", cases[i].text);
        struct sw_changes changes = { .items = NULL };
        assert_fails(
            sw_changes_add_updates(&changes, cases[i].kind, "--u", sw_str(cases[i].text), &err),
            SW_E_INPUT, cases[i].message);
        sw_changes_release(&changes);
    }
}

static void test_update_string__reads_options(void **state)
{
    static const struct {
        enum sw_change_kind kind;
        const char *text, *changes;
    } cases[] = {
        { SW_CHANGE_IMAGE, "web=localhost:5000/x:1", "image web -|localhost:5000/x:1" },
        { SW_CHANGE_IMAGE, "localhost:5000/x:1", "image - -|localhost:5000/x:1" },
        { SW_CHANGE_IMAGE, "nginx:1", "image - -|nginx:1" },
        { SW_CHANGE_IMAGE_TAG, "web=v1", "tag web -|v1" },
        { SW_CHANGE_IMAGE_TAG, "v1", "tag - -|v1" },
        { SW_CHANGE_ENV, "web:A=b=c:d", "env web A|b=c:d" },
        { SW_CHANGE_ENV, "web:A=", "env web A|" },
        { SW_CHANGE_ENV_REMOVE, "web:A", "-env web A|-" },
        { SW_CHANGE_SECRET, "web:A=arn:x", "secret web A|arn:x" },
        { SW_CHANGE_SECRET_REMOVE, "web:A", "-secret web A|-" },
        { SW_CHANGE_TAG, "k:x=v=w", "td-tag - k:x|v=w" },
    };
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("case \"%s\"\n", cases[i].text);
        struct sw_changes changes = { .items = NULL };
        assert_ok(sw_changes_add_option(&changes, cases[i].kind, "--option", cases[i].text, &err));
        SW_CLEANUP(sw_free_str) char *text = changes_text(&changes);
        assert_string_equal(text, cases[i].changes);
        sw_changes_release(&changes);
    }
}

static void test_update_string__bad_options_name_the_form(void **state)
{
    static const struct {
        enum sw_change_kind kind;
        const char *text, *message;
    } cases[] = {
        { SW_CHANGE_IMAGE, "nginx", "--o: expected [CONTAINER=]IMAGE, e.g. web=nginx:1.27" },
        { SW_CHANGE_IMAGE, "", "--o: expected [CONTAINER=]IMAGE, e.g. web=nginx:1.27" },
        { SW_CHANGE_IMAGE, "=nginx:1", "--o: expected [CONTAINER=]IMAGE, e.g. web=nginx:1.27" },
        { SW_CHANGE_IMAGE,
          "nginx:", "--o: image \"nginx:\" has an empty tag; is a variable in it unset?" },
        { SW_CHANGE_IMAGE_TAG, "", "--o: the tag is empty; is a variable in it unset?" },
        { SW_CHANGE_IMAGE, "web=",
          "--o: container \"web\": image \"\" has an empty registry or name; is a variable in it "
          "unset?" },
        { SW_CHANGE_IMAGE_TAG,
          "web=", "--o: container \"web\": the tag is empty; is a variable in it unset?" },
        { SW_CHANGE_SECRET, "web:A=",
          "--o: container \"web\": secret \"A\" has an empty ARN; is a variable in it unset?" },
        { SW_CHANGE_ENV, "web=1", "--o: expected CONTAINER:NAME=VALUE, e.g. web:LOG_LEVEL=info" },
        { SW_CHANGE_ENV, "web:=1", "--o: expected CONTAINER:NAME=VALUE, e.g. web:LOG_LEVEL=info" },
        { SW_CHANGE_ENV, ":A=1", "--o: expected CONTAINER:NAME=VALUE, e.g. web:LOG_LEVEL=info" },
        { SW_CHANGE_ENV_REMOVE, "web", "--o: expected CONTAINER:NAME, e.g. web:LOG_LEVEL" },
        { SW_CHANGE_TAG, "x", "--o: expected KEY=VALUE, e.g. team=shop" },
    };
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("case \"%s\"\n", cases[i].text);
        struct sw_changes changes = { .items = NULL };
        assert_fails(sw_changes_add_option(&changes, cases[i].kind, "--o", cases[i].text, &err),
                     SW_E_INPUT, cases[i].message);
        sw_changes_release(&changes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_update_string__accepts_the_orbs_grammar),
        cmocka_unit_test(test_update_string__quotes_hold_commas),
        cmocka_unit_test(test_update_string__every_piece_counts),
        cmocka_unit_test(test_update_string__reads_options),
        cmocka_unit_test(test_update_string__bad_options_name_the_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
