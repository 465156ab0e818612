#include "test.h"

#include <slipway/subst.h>

#include <unistd.h>

/* The variables of every table below; "unset" and "gone" name none. */
static const struct {
    const char *name;
    const char *value;
} variables[] = {
    { "sha", "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334" },
    { "branch", "feature/login/form" },
    { "tag", "v1.22.333" },
    { "host", "123456789012.dkr.ecr.us-east-1.amazonaws.com" },
    { "empty", "" },
    { "star", "*" },
    { "spaces", "  one  two\tthree " },
    { "mixed", "Hello World" },
    { "uml", "\xC3\xA4x\xC3\xB6y\xE2\x82\xACz\xF0\x9F\x98\x80" }, /* äxöy€z😀 */
    { "n2", "2" },
    { "quotes", "it's \"so\"" },
    { "back", "a\\b\\$c" },
    { "dollar", "$sha ${sha} $(id)" },
    { "xs", "aXbXXcX" },
    { "brackets", "a[b]c" },
    { "line", "one\ntwo" },
};

static void fill(struct test_env *t)
{
    test_env_init(t);
    for (size_t i = 0; i < SW_COUNT(variables); i++) {
        test_env_set(t, variables[i].name, variables[i].value);
    }
}

static const struct sw_subst_options strict = { .unset_is_error = true };
static const struct sw_subst_options lenient = { .unset_is_error = false };

struct text_case {
    const char *text;
    const char *expected;
};

static const struct text_case texts[] = {
    /* plain */
    { "", "" },
    { "plain text, {braces} #%&*?[x]~", "plain text, {braces} #%&*?[x]~" },
    { "$sha", "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334" },
    { "${tag}", "v1.22.333" },
    { "x-${tag}-y", "x-v1.22.333-y" },
    { "$tag-$n2.$tag", "v1.22.333-2.v1.22.333" },
    { "$tag$n2", "v1.22.3332" },
    { "$empty|${empty}", "|" },
    { "'$n2'", "'2'" },
    { "$", "$" },
    { "a$", "a$" },
    { "$ $. $% $/ $: $, $= $]", "$ $. $% $/ $: $, $= $]" },
    { "\\$sha", "$sha" },
    { "\\${sha}", "${sha}" },
    { "\\$(id) \\`id\\`", "$(id) `id`" },
    { "$dollar", "$sha ${sha} $(id)" },
    { "$back", "a\\b\\$c" },
    { "$quotes", "it's \"so\"" },
    { "$spaces", "  one  two\tthree " },
    /* defaults and alternatives */
    { "${unset:-dflt}", "dflt" },
    { "${empty:-dflt}", "dflt" },
    { "${tag:-dflt}", "v1.22.333" },
    { "${unset-dflt}", "dflt" },
    { "${empty-dflt}", "" },
    { "${unset:=dflt}", "dflt" },
    { "${unset=dflt}", "dflt" },
    { "${unset:-}", "" },
    { "${unset-}", "" },
    { "${unset:+alt}", "" },
    { "${empty:+alt}", "" },
    { "${tag:+alt}", "alt" },
    { "${unset+alt}", "" },
    { "${empty+alt}", "alt" },
    { "${tag:?must be set}", "v1.22.333" },
    { "${empty?must be set}", "" },
    { "${unset:-a b  c}", "a b  c" },
    { "${unset:-$tag}", "v1.22.333" },
    { "${unset:-${gone:-$n2}}", "2" },
    { "${unset:-${gone:-${tag%%.*}}-x}", "v1-x" },
    { "${unset:-\"a b\"}", "a b" },
    { "${unset:-'a b'}", "'a b'" },
    { "${unset:-\"}\"}", "}" },
    { "${unset:-a\\}b}", "a}b" },
    { "${unset:-\\a\\$\\\"}", "\\a$\"" },
    { "${unset:-{}}", "{}" },
    { "${tag:-${unset}}", "v1.22.333" },
    { "${tag:-${unset:?not asked}}", "v1.22.333" },
    { "${unset:+${gone}}", "" },
    { "${unset:-x\ny}", "x\ny" },
    /* length */
    { "${#sha}", "40" },
    { "${#empty}", "0" },
    { "${#uml}", "7" },
    /* cutting out */
    { "${sha:0:7}", "a1b2c3d" },
    { "${sha:33}", "1122334" },
    { "${sha::4}", "a1b2" },
    { "${sha:4:}", "" },
    { "${sha: -4}", "2334" },
    { "${sha:(-4)}", "2334" },
    { "${sha: -4:2}", "23" },
    { "${sha:0:-33}", "a1b2c3d" },
    { "${sha:40}", "" },
    { "${sha:41}", "" },
    { "${sha: -41}", "" },
    { "${sha:38:10}", "34" },
    { "${sha:$n2:$n2}", "b2" },
    { "${sha: 0 : 3 }", "a1b" },
    { "${sha:1+1:4-2}", "b2" },
    { "${sha:0:${#tag}-2}", "a1b2c3d" },
    { "${uml:0:3}", "\xC3\xA4x\xC3\xB6" },
    { "${uml: -1}", "\xF0\x9F\x98\x80" },
    { "${empty:0:7}", "" },
    /* cutting off */
    { "${tag#v}", "1.22.333" },
    { "${tag#*.}", "22.333" },
    { "${tag##*.}", "333" },
    { "${tag%.*}", "v1.22" },
    { "${tag%%.*}", "v1" },
    { "${branch#*/}", "login/form" },
    { "${branch##*/}", "form" },
    { "${branch%/*}", "feature/login" },
    { "${branch%%/*}", "feature" },
    { "${tag#x}", "v1.22.333" },
    { "${tag%x}", "v1.22.333" },
    { "${tag#}", "v1.22.333" },
    { "${tag%\"3\"}", "v1.22.33" },
    { "${tag#${tag%???}}", "333" },
    { "${tag%$unset}", "v1.22.333" },
    { "${mixed%$star}", "Hello World" },
    { "${mixed%%$star}", "" },
    { "${mixed%%\"$star\"}", "Hello World" },
    { "${mixed#[A-Z]}", "ello World" },
    { "${mixed#[!a-z]}", "ello World" },
    { "${mixed#[^a-z]}", "ello World" },
    { "${mixed##[[:alpha:]]*[[:space:]]}", "World" },
    { "${brackets#a[[]}", "b]c" },
    { "${brackets#*[]]}", "c" },
    { "${brackets#a[}", "b]c" },
    { "${brackets#a\\[b\\]}", "c" },
    { "${back#a\\\\}", "b\\$c" },
    { "${uml#?}", "x\xC3\xB6y\xE2\x82\xACz\xF0\x9F\x98\x80" },
    { "${uml%%\xE2\x82\xAC*}", "\xC3\xA4x\xC3\xB6y" },
    { "${line%%$line}", "" },
    { "${tag%%[0-9.]*}", "v" },
    { "${host%%.*}", "123456789012" },
    { "${unset%%.*}", "" },
    /* replacing */
    { "${branch/\\//-}", "feature-login/form" },
    { "${branch//\\//-}", "feature-login-form" },
    { "${branch////-}", "feature-login-form" },
    { "${branch//'/'/-}", "feature-login-form" },
    { "${branch//\"/\"/-}", "feature-login-form" },
    { "${branch//\\/}", "featureloginform" },
    { "${branch//\\//}", "featureloginform" },
    { "${branch//[^a-z0-9]/_}", "feature_login_form" },
    { "${branch/feature\\/}", "login/form" },
    { "${tag/#v/version-}", "version-1.22.333" },
    { "${tag/#1/x}", "v1.22.333" },
    { "${tag/%3/x}", "v1.22.33x" },
    { "${tag/%.*/x}", "v1x" },
    { "${tag/#/pre-}", "pre-v1.22.333" },
    { "${tag/%/-post}", "v1.22.333-post" },
    { "${tag///x}", "v1.22.333" },
    { "${tag//}", "v1.22.333" },
    { "${xs//X/-}", "a-b--c-" },
    { "${xs//X*/-}", "a-" },
    { "${xs/X/$n2}", "a2bXXcX" },
    { "${xs//X/${unset:-/}}", "a/b//c/" },
    { "${xs//X/a/b}", "aa/bba/ba/bca/b" },
    { "${xs//X/\\}}", "a}b}}c}" },
    { "${xs//X/'}'}", "a}b}}c}" },
    { "${xs//X/\\n}", "anbnncn" },
    { "${xs//?/.}", "......." },
    { "${empty//*/r}", "r" },
    { "${unset//*/r}", "" },
    { "${unset/%/r}", "" },
    { "${unset:0:-2}", "" },
    { "${empty/#*/r}", "r" },
    { "${mixed// /+}", "Hello+World" },
    { "${uml//[\xC3\xA4\xC3\xB6]/o}", "oxoy\xE2\x82\xACz\xF0\x9F\x98\x80" },
    { "${tag//./${branch//\\//-}}", "v1feature-login-form22feature-login-form333" },
    /* case */
    { "${mixed^^}", "HELLO WORLD" },
    { "${mixed,,}", "hello world" },
    { "${branch^}", "Feature/login/form" },
    { "${mixed,}", "hello World" },
    { "${mixed^^[lo]}", "HeLLO WOrLd" },
    { "${mixed,,[H]}", "hello World" },
    { "${branch^x}", "feature/login/form" },
    { "${empty^^}", "" },
};

/* Where the expander differs from a shell on purpose. */
static const struct text_case own_texts[] = {
    { "no dollar: \"quoted\" \\n \\\\ \\\" \\", "no dollar: \"quoted\" \\n \\\\ \\\" \\" },
    { "\"$n2\"", "\"2\"" },
    { "${unset:-it's}", "it's" }, /* bash reads on for the second ' */
    { "${unset:=dflt}${unset-still}", "dfltstill" },
    { "\\\\$n2", "\\2" },
    { "\\\\\\$n2", "\\$n2" },
    { "\\\\x\\$n2", "\\\\x$n2" },
    { "${xs//X/&&}", "a&&b&&&&c&&" },
    { "\xFF${n2}\xC3", "\xFF"
                       "2\xC3" },
    { "${uml^^}", "\xC3\xA4X\xC3\xB6Y\xE2\x82\xACZ\xF0\x9F\x98\x80" },
};

static void check_text(const struct sw_env *env, const struct text_case *c)
{
    struct sw_err err = SW_ERR_INIT;
    struct sw_buf out;
    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    sw_buf_add_cstr(&out, "<");
    enum sw_status status = sw_subst(env, sw_str(c->text), &lenient, "text", &out, &err);
    sw_buf_add_cstr(&out, ">");
    if (status != SW_OK) {
        fail_msg("%s: %s", c->text, err.msg);
    }
    char *expected = sw_xasprintf("<%s>", c->expected);
    if (strcmp(out.ptr, expected) != 0) {
        fail_msg("%s: expected %s, got %s", c->text, expected, out.ptr);
    }
    free(expected);
    sw_buf_release(&out);
}

static void test_subst__expands_every_form(void **state)
{
    struct test_env t;
    (void)state;
    fill(&t);
    for (size_t i = 0; i < SW_COUNT(texts); i++) {
        check_text(&t.env, &texts[i]);
    }
    for (size_t i = 0; i < SW_COUNT(own_texts); i++) {
        check_text(&t.env, &own_texts[i]);
    }
    test_env_release(&t);
}

struct error_case {
    const char *text;
    const char *message;
};

#define RUN_HINT(command) "--tag: " RUN_REFUSAL(command)
#define RUN_REFUSAL(command)                                                                                                \
    "\"" command                                                                                                            \
    "\" is not run: text is never executed, and only date is answered, as in $(date +%F); run it in an earlier step: echo " \
    "\"export NAME='" command "'\" >> \"$BASH_ENV\", and write ${NAME} here "
#define FORMS                                                                                    \
    "is not a form that is known; these are: ${NAME} ${NAME:-text} ${NAME:+text} ${NAME:?text} " \
    "${#NAME} ${NAME:offset:length} ${NAME#pattern} ${NAME%pattern} ${NAME/pattern/text} "       \
    "${NAME//pattern/text} ${NAME^^} ${NAME,,} (\\$ stands for a plain $)"

static const struct error_case errors[] = {
    { "$CIRCLE_TAG", "--tag: variable \"CIRCLE_TAG\" is not set: only jobs of a tag have it, and "
                     "only with a filter for tags; give a default: ${CIRCLE_TAG:-text}" },
    { "${CIRCLE_BRANCH}",
      "--tag: variable \"CIRCLE_BRANCH\" is not set: only jobs of a branch have "
      "it, those of a tag have CIRCLE_TAG; give a default: "
      "${CIRCLE_BRANCH:-text}" },
    { "$unset",
      "--tag: variable \"unset\" is not set; set it (on CircleCI: in the project or in a context), or give a default: ${unset:-text}" },
    { "a${unset}b",
      "--tag: variable \"unset\" is not set; set it (on CircleCI: in the project or in a context), or give a default: ${unset:-text}" },
    { "${unset:0:7}",
      "--tag: variable \"unset\" is not set; set it (on CircleCI: in the project or in a context), or give a default: ${unset:-text}" },
    { "${unset%%.*}",
      "--tag: variable \"unset\" is not set; set it (on CircleCI: in the project or in a context), or give a default: ${unset:-text}" },
    { "${#unset}",
      "--tag: variable \"unset\" is not set; set it (on CircleCI: in the project or in a context), or give a default: ${unset:-text}" },
    { "${gone:-$unset}",
      "--tag: variable \"unset\" is not set; set it (on CircleCI: in the project or in a context), or give a default: ${unset:-text}" },
    { "${tag//./$unset}",
      "--tag: variable \"unset\" is not set; set it (on CircleCI: in the project or in a context), or give a default: ${unset:-text}" },
    { "${unset:?say which}", "--tag: unset: say which" },
    { "${unset:?}", "--tag: unset: the variable is not set or empty" },
    { "${empty:?}", "--tag: empty: the variable is not set or empty" },
    { "${unset?}", "--tag: unset: the variable is not set" },
    { "${unset:?use $tag}", "--tag: unset: use v1.22.333" },
    { "x-$(git rev-parse HEAD)", RUN_HINT("$(git rev-parse HEAD)") "(\\$ stands for a plain $)" },
    { "`hostname`", RUN_HINT("`hostname`") "(\\` stands for a plain `)" },
    { "value=$(id),name=x", RUN_HINT("$(id)") "(\\$ stands for a plain $)" },
    { "$(cat $(ls -t | head -1)), more",
      RUN_HINT("$(cat $(ls -t | head -1))") "(\\$ stands for a plain $)" },
    { "$(date",
      "--tag: \"$(date\" is not run: text is never executed, and only date is answered, as in $(date +%F); run it in an earlier step: echo "
      "\"export NAME='$(...)'\" >> \"$BASH_ENV\", and write ${NAME} here (\\$ stands for a plain $)" },
    { "$(date; id)", RUN_HINT("$(date; id)") "(\\$ stands for a plain $)" },
    { "$(date +%F; id)", RUN_HINT("$(date +%F; id)") "(\\$ stands for a plain $)" },
    { "$(date +$(id))", RUN_HINT("$(date +$(id))") "(\\$ stands for a plain $)" },
    { "$(date \"+$tag\")", RUN_HINT("$(date \"+$tag\")") "(\\$ stands for a plain $)" },
    { "$(date +%F %T)", RUN_HINT("$(date +%F %T)") "(\\$ stands for a plain $)" },
    { "$(date +\"%F)", RUN_HINT("$(date +\"%F)") "(\\$ stands for a plain $)" },
    { "$(date %F)", RUN_HINT("$(date %F)") "(\\$ stands for a plain $)" },
    { "$(date -d now)", RUN_HINT("$(date -d now)") "(\\$ stands for a plain $)" },
    { "$(date -s 1)", RUN_HINT("$(date -s 1)") "(\\$ stands for a plain $)" },
    { "$(date -ux)", RUN_HINT("$(date -ux)") "(\\$ stands for a plain $)" },
    { "$(dates)", RUN_HINT("$(dates)") "(\\$ stands for a plain $)" },
    { "$()", RUN_HINT("$()") "(\\$ stands for a plain $)" },
    { "``", RUN_HINT("``") "(\\` stands for a plain `)" },
    { "${unset:-$(id)}", RUN_HINT("$(id)") "(\\$ stands for a plain $)" },
    { "${tag:-$(id)}", RUN_HINT("$(id)") "(\\$ stands for a plain $)" },
    { "$((1+1))", "--tag: arithmetic in \"$((1+1))\" is not supported; compute it in an earlier "
                  "step, put it in a variable and write ${NAME}" },
    { "${tag", "--tag: \"${tag\" is not closed: } is missing" },
    { "${", "--tag: \"${\" is not closed: } is missing" },
    { "a${tag:-x", "--tag: \"${tag:-x\" is not closed: } is missing" },
    { "${tag:-${x}", "--tag: \"${tag:-${x}\" is not closed: } is missing" },
    { "${tag:0:7", "--tag: \"${tag:0:7\" is not closed: } is missing" },
    { "${tag/a", "--tag: \"${tag/a\" is not closed: } is missing" },
    { "${#tag", "--tag: \"${#tag\" is not closed: } is missing" },
    { "${tag:-\"x}", "--tag: \"\"x}\" is not closed: the second \" is missing" },
    { "${tag#'x}", "--tag: \"'x}\" is not closed: the second ' is missing" },
    { "${}", "--tag: \"${}\" " FORMS },
    { "${!tag}", "--tag: \"${!tag}\" " FORMS },
    { "${tag@Q}", "--tag: \"${tag@Q}\" " FORMS },
    { "${tag!}", "--tag: \"${tag!}\" " FORMS },
    { "${1}", "--tag: \"${1}\" " FORMS },
    { "${tag:}", "--tag: \"${tag:}\" " FORMS },
    { "${#}", "--tag: \"${#}\" " FORMS },
    { "${tag[0]}", "--tag: \"${tag[0]}\" " FORMS },
    { "costs $5", "--tag: \"$5\" means nothing here; write \\$ for a plain $, or ${NAME}" },
    { "$$tag", "--tag: \"$$\" means nothing here; write \\$ for a plain $, or ${NAME}" },
    { "$@", "--tag: \"$@\" means nothing here; write \\$ for a plain $, or ${NAME}" },
    { "${sha:x}", "--tag: the offset or length in \"${sha:x}\" is not a whole number" },
    { "${sha:0:08}", "--tag: the offset or length in \"${sha:0:08}\" is not a whole number" },
    { "${sha:1 2}", "--tag: the offset or length in \"${sha:1 2}\" is not a whole number" },
    { "${sha:99999999999999999999}",
      "--tag: the offset or length in \"${sha:99999999999999999999}\""
      " is not a whole number" },
    { "${sha:10:-35}", "--tag: \"${sha:10:-35}\" ends before it starts: the value has 40 "
                       "characters" },
};

static void test_subst__names_what_is_wrong(void **state)
{
    struct test_env t;
    (void)state;
    fill(&t);
    for (size_t i = 0; i < SW_COUNT(errors); i++) {
        struct sw_err err = SW_ERR_INIT;
        struct sw_buf out;
        sw_buf_init(&out, SW_BUF_TEXT_MAX);
        sw_buf_add_cstr(&out, "before");
        assert_fails(sw_subst(&t.env, sw_str(errors[i].text), &strict, "--tag", &out, &err),
                     SW_E_INPUT, errors[i].message);
        assert_string_equal(out.ptr, "before");
        sw_buf_release(&out);
    }
    test_env_release(&t);
}

static void test_subst__takes_a_bare_name(void **state)
{
    static const struct text_case cases[] = {
        { "tag", "v1.22.333" },  { "unset", "unset" }, { "us-east-1", "us-east-1" },
        { "$tag", "v1.22.333" }, { "empty", "" },      { "dollar", "$sha ${sha} $(id)" },
    };
    const struct sw_subst_options options = { .unset_is_error = true, .bare_name = true };
    struct test_env t;
    (void)state;
    fill(&t);
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_err err = SW_ERR_INIT;
        struct sw_buf out;
        sw_buf_init(&out, SW_BUF_TEXT_MAX);
        assert_ok(sw_subst(&t.env, sw_str(cases[i].text), &options, "--region", &out, &err));
        assert_string_equal(out.ptr, cases[i].expected);
        sw_buf_release(&out);
    }
    test_env_release(&t);
}

static void nested(struct sw_buf *out, int depth)
{
    for (int i = 0; i < depth; i++) {
        sw_buf_add_cstr(out, "${unset:-");
    }
    sw_buf_add_cstr(out, "x");
    for (int i = 0; i < depth; i++) {
        sw_buf_add_cstr(out, "}");
    }
}

static void test_subst__stops_at_the_depth_limit(void **state)
{
    struct test_env t;
    struct sw_err err = SW_ERR_INIT;
    struct sw_buf text;
    struct sw_buf out;
    (void)state;
    fill(&t);
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    nested(&text, SW_SUBST_DEPTH_MAX);
    assert_ok(sw_subst(&t.env, sw_buf_str(&text), &strict, "text", &out, &err));
    assert_string_equal(out.ptr, "x");
    sw_buf_clear(&text);
    nested(&text, SW_SUBST_DEPTH_MAX + 1);
    assert_fails(sw_subst(&t.env, sw_buf_str(&text), &strict, "text", &out, &err), SW_E_INPUT,
                 "text: ${...} are nested deeper than 16");
    sw_buf_release(&text);
    sw_buf_release(&out);
    test_env_release(&t);
}

/* A text of `count` times `part`. */
static char *repeated(const char *part, size_t count)
{
    struct sw_buf buf;
    sw_buf_init(&buf, SW_BUF_TEXT_MAX);
    for (size_t i = 0; i < count; i++) {
        sw_buf_add_cstr(&buf, part);
    }
    return sw_buf_take(&buf);
}

static void test_subst__stays_within_its_limits(void **state)
{
    struct test_env t;
    struct sw_buf out;
    struct sw_buf small;
    struct sw_strs words = { 0 };
    struct sw_err err = SW_ERR_INIT;
    char *big = repeated("a", 100000);
    char *many = repeated("$big", 20);
    char *too_long = repeated("a", SW_SUBST_MAX + 1);
    char *blanks = repeated("a ", SW_SUBST_WORDS_MAX + 1);
    char *pattern = sw_xasprintf("${big#%.5000s}", big);
    (void)state;
    fill(&t);
    test_env_set(&t, "big", big);
    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    sw_buf_init(&small, 5);
    assert_fails(sw_subst(&t.env, sw_str(many), &strict, "text", &out, &err), SW_E_TOO_LARGE,
                 "text: the expanded text is longer than 1048576 bytes");
    assert_fails(sw_subst(&t.env, sw_str("${big//a/$big}"), &strict, "text", &out, &err),
                 SW_E_TOO_LARGE, "text: a result is larger than 1048576 bytes");
    assert_fails(sw_subst(&t.env, sw_str(too_long), &strict, "text", &out, &err), SW_E_TOO_LARGE,
                 "text: the text is longer than 1048576 bytes");
    assert_fails(sw_subst(&t.env, sw_str(pattern), &strict, "text", &out, &err), SW_E_TOO_LARGE,
                 "text: a pattern is longer than 4096 characters");
    assert_fails(sw_subst(&t.env, sw_str("${big//*a*b*a*b/}"), &strict, "text", &out, &err),
                 SW_E_TOO_LARGE, "text: a pattern takes too long on a value of 100000 characters");
    assert_int_equal(out.len, 0);
    assert_int_equal(sw_subst(&t.env, sw_str("$sha"), &strict, "text", &small, &err),
                     SW_E_TOO_LARGE);
    assert_int_equal(small.len, 0);
    assert_fails(sw_subst_words(&t.env, sw_str(blanks), &strict, "words", &words, &err),
                 SW_E_TOO_LARGE, "words: more than 10000 words");
    assert_fails(sw_subst_words(&t.env, sw_str(many), &strict, "words", &words, &err),
                 SW_E_TOO_LARGE, "words: the expanded text is longer than 1048576 bytes");
    assert_int_equal(words.count, 0);
    free(big);
    free(many);
    free(too_long);
    free(blanks);
    free(pattern);
    sw_buf_release(&out);
    sw_buf_release(&small);
    test_env_release(&t);
}

/* Words are joined by "|" for the tables; none at all is "(none)". */
static const struct text_case word_texts[] = {
    { "", "(none)" },
    { "  \t\n ", "(none)" },
    { "--build-arg A=b", "--build-arg|A=b" },
    { "  a\tb  ", "a|b" },
    { "--label 'a b' --label \"c d\"", "--label|a b|--label|c d" },
    { "a'b c'd", "ab cd" },
    { "a\\ b", "a b" },
    { "'' \"\"", "|" },
    { "a '' b", "a||b" },
    { "$empty", "(none)" },
    { "\"$empty\"", "" },
    { "x$empty y", "x|y" },
    { "$spaces", "one|two|three" },
    { "a$spaces", "a|one|two|three" },
    { "\"$spaces\"", "  one  two\tthree " },
    { "x${spaces}y", "x|one|two|three|y" },
    { "'$tag' \"$tag\" $tag", "$tag|v1.22.333|v1.22.333" },
    { "\\$tag", "$tag" },
    { "${unset:-a b}", "a|b" },
    { "${unset:-\"a b\"}", "a b" },
    { "${unset:-'a b' c}", "a b|c" },
    { "\"${unset:-a b}\"", "a b" },
    { "${unset:=\"a b\"}", "a|b" },
    { "${mixed// /_}", "Hello_World" },
    { "${mixed#H}", "ello|World" },
    { "\"${mixed#'H'}\"", "ello World" },
    { "\"a\\\"b\\\\c\\$d\\e\"", "a\"b\\c$d\\e" },
    { "a\\\nb", "ab" },
    { "\"a;b\" 'c|d' e\\&f", "a;b|c|d|e&f" },
    { "$quotes", "it's|\"so\"" },
    { "--build-arg=K=${n2}", "--build-arg=K=2" },
    { "--secret id=npm,src=$HOME_UNSET/.npmrc", "--secret|id=npm,src=/.npmrc" },
};

/* Where words differ from a shell's on purpose. */
static const struct text_case own_word_texts[] = {
    { "a\nb\n", "a|b" },
    { "# no comment", "#|no|comment" },
    { "~ * ?", "~|*|?" },
    { "{a,b}", "{a,b}" },
};

static char *joined(const struct sw_strs *words, const char *separator)
{
    struct sw_buf out;
    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    for (size_t i = 0; i < words->count; i++) {
        sw_buf_add_cstr(&out, i > 0 ? separator : "");
        sw_buf_add_cstr(&out, words->items[i]);
    }
    if (words->count == 0) {
        sw_buf_add_cstr(&out, "(none)");
    }
    return sw_buf_take(&out);
}

static void check_words(const struct sw_env *env, const struct text_case *c)
{
    struct sw_err err = SW_ERR_INIT;
    struct sw_strs words = { 0 };
    assert_ok(sw_subst_words(env, sw_str(c->text), &lenient, "words", &words, &err));
    char *got = joined(&words, "|");
    if (strcmp(got, c->expected) != 0) {
        fail_msg("%s: expected %s, got %s", c->text, c->expected, got);
    }
    free(got);
    sw_strs_release(&words);
}

static void test_subst_words__splits_as_a_shell_does(void **state)
{
    struct test_env t;
    (void)state;
    fill(&t);
    for (size_t i = 0; i < SW_COUNT(word_texts); i++) {
        check_words(&t.env, &word_texts[i]);
    }
    for (size_t i = 0; i < SW_COUNT(own_word_texts); i++) {
        check_words(&t.env, &own_word_texts[i]);
    }
    test_env_release(&t);
}

#define OPERATOR                                                                              \
    "would be an operator of a shell, but text is never executed; put it in quotes if it is " \
    "meant as it stands"

static void test_subst_words__refuses_what_would_run(void **state)
{
    static const struct error_case cases[] = {
        { "a; rm", "--extra-args: \";\" " OPERATOR },
        { "a | b", "--extra-args: \"|\" " OPERATOR },
        { "a && b", "--extra-args: \"&\" " OPERATOR },
        { "a > b", "--extra-args: \">\" " OPERATOR },
        { "a <b", "--extra-args: \"<\" " OPERATOR },
        { "(a)", "--extra-args: \"(\" " OPERATOR },
        { "a)", "--extra-args: \")\" " OPERATOR },
        { "$(id)", "--extra-args: " RUN_REFUSAL("$(id)") "(\\$ stands for a plain $)" },
        { "\"`id`\"", "--extra-args: " RUN_REFUSAL("`id`") "(\\` stands for a plain `)" },
        { "'open", "--extra-args: \"'open\" is not closed: the second ' is missing" },
        { "a \"open", "--extra-args: \"\"open\" is not closed: the second \" is missing" },
        { "$unset",
          "--extra-args: variable \"unset\" is not set; set it (on CircleCI: in the project or in a context), or give a default: "
          "${unset:-text}" },
    };
    struct test_env t;
    (void)state;
    fill(&t);
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_err err = SW_ERR_INIT;
        struct sw_strs words = { 0 };
        sw_strs_add(&words, SW_STR("kept"));
        assert_fails(
            sw_subst_words(&t.env, sw_str(cases[i].text), &strict, "--extra-args", &words, &err),
            SW_E_INPUT, cases[i].message);
        assert_int_equal(words.count, 1);
        sw_strs_release(&words);
    }
    test_env_release(&t);
}

/* The same texts, read by a real shell. */

static char *run_bash(const char *script)
{
    char path[] = "/tmp/slipway-subst-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, script, strlen(script)), strlen(script));
    close(fd);
    char *command = sw_xasprintf("env -i LC_ALL=C.UTF-8 PATH=\"$PATH\" bash %s", path);
    FILE *pipe = popen(command, "r"); /* NOLINT(cert-env33-c): a fixed command */
    assert_non_null(pipe);
    struct sw_buf out;
    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe)) {
        sw_buf_add_char(&out, (char)c);
    }
    int code = pclose(pipe);
    (void)unlink(path);
    free(command);
    if (code != 0) {
        sw_buf_release(&out);
        return NULL;
    }
    return sw_buf_take(&out);
}

static void begin_script(struct sw_buf *script)
{
    sw_buf_init(script, SW_BUF_TEXT_MAX);
    sw_buf_add_cstr(script, "set -f\nf() { test $# -gt 0 || printf '(none)'; local s=; for w; do "
                            "printf '%s%s' \"$s\" \"$w\"; s='|'; done; }\n");
    for (size_t i = 0; i < SW_COUNT(variables); i++) {
        sw_buf_addf(script, "%s=", variables[i].name);
        sw_buf_add_shell_quoted(script, sw_str(variables[i].value));
        sw_buf_add_char(script, '\n');
    }
}

static void compare_with_bash(const struct text_case *cases, size_t count, const char *before,
                              const char *after)
{
    struct sw_buf script;
    begin_script(&script);
    for (size_t i = 0; i < count; i++) {
        /* := of one must not show in the next. */
        sw_buf_addf(&script, "%s%s%s\nprintf '\\001'; unset unset gone\n", before, cases[i].text,
                    after);
    }
    char *output = run_bash(script.ptr);
    sw_buf_release(&script);
    if (!output) {
        print_message("bash is not there: skipped\n");
        skip();
    }
    struct sw_str rest = sw_str(output);
    for (size_t i = 0; i < count; i++) {
        struct sw_str got = sw_str_cut(&rest, '\001');
        if (!sw_str_is(got, cases[i].expected)) {
            fail_msg("%s: the table says %s, bash says %.*s", cases[i].text, cases[i].expected,
                     SW_STR_ARG(got));
        }
    }
    free(output);
}

static void test_subst__agrees_with_bash(void **state)
{
    (void)state;
    compare_with_bash(texts, SW_COUNT(texts), "printf %s \"", "\"");
}

static void test_subst_words__agree_with_bash(void **state)
{
    (void)state;
    compare_with_bash(word_texts, SW_COUNT(word_texts), "f ", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_subst__expands_every_form),
        cmocka_unit_test(test_subst__names_what_is_wrong),
        cmocka_unit_test(test_subst__takes_a_bare_name),
        cmocka_unit_test(test_subst__stops_at_the_depth_limit),
        cmocka_unit_test(test_subst__stays_within_its_limits),
        cmocka_unit_test(test_subst_words__splits_as_a_shell_does),
        cmocka_unit_test(test_subst_words__refuses_what_would_run),
        cmocka_unit_test(test_subst__agrees_with_bash),
        cmocka_unit_test(test_subst_words__agree_with_bash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
