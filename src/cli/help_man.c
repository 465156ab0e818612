#include "help.h"

#include <slipway/alloc.h>

/* Man pages in the macros of man(7), which groff and mandoc both read. */

enum { SOURCE_WIDTH = 72 };

/* Text with what is special to roff escaped. */
static void add_text(struct sw_buf *out, struct sw_str text)
{
    bool line_start = true;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (line_start && (c == '.' || c == '\'')) {
            sw_buf_add_cstr(out, "\\&");
        }
        line_start = c == '\n';
        switch (c) {
        case '\\':
            sw_buf_add_cstr(out, "\\e");
            break;
        case '-':
            sw_buf_add_cstr(out, "\\-");
            break;
        case '\'':
            sw_buf_add_cstr(out, "\\(aq");
            break;
        case '~':
            sw_buf_add_cstr(out, "\\(ti");
            break;
        case '^':
            sw_buf_add_cstr(out, "\\(ha");
            break;
        default:
            sw_buf_add(out, &text.ptr[i], 1);
        }
    }
}

static void add_cstr(struct sw_buf *out, const char *text)
{
    add_text(out, sw_str(text));
}

/* Paragraphs, which are separated by empty lines in the text. */
static void add_paragraphs(struct sw_buf *out, const char *text)
{
    struct sw_buf wrapped SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&wrapped, SW_BUF_TEXT_MAX);
    sw_help_wrap(&wrapped, sw_str(text), 0, SOURCE_WIDTH, false);
    for (struct sw_str lines = sw_str_trim(sw_buf_str(&wrapped)); lines.ptr;) {
        struct sw_str line = sw_str_cut(&lines, '\n');
        if (line.len == 0) {
            sw_buf_add_cstr(out, ".PP");
        } else {
            add_text(out, line);
        }
        sw_buf_add_char(out, '\n');
    }
}

static void add_literal(struct sw_buf *out, const char *text)
{
    sw_buf_add_cstr(out, ".nf\n");
    for (struct sw_str lines = sw_str(text); lines.ptr;) {
        struct sw_str line = sw_str_cut(&lines, '\n');
        add_text(out, line);
        sw_buf_add_char(out, '\n');
    }
    sw_buf_add_cstr(out, ".fi\n");
}

/* ".TH" without a date: the page is the same whenever it is built. */
static void add_title(struct sw_buf *out, const char *name)
{
    sw_buf_add_cstr(out, ".TH \"");
    for (const char *c = name; *c != '\0'; c++) {
        char upper = sw_upper(*c);
        add_text(out, sw_str_n(&upper, 1));
    }
    sw_buf_add_cstr(out, "\" \"1\" \"\" \"slipway " SLIPWAY_VERSION "\" \"Slipway\"\n");
}

static void add_name(struct sw_buf *out, const char *name, const char *summary)
{
    sw_buf_add_cstr(out, ".SH NAME\n");
    add_cstr(out, name);
    sw_buf_add_cstr(out, " \\- ");
    add_cstr(out, summary);
    sw_buf_add_char(out, '\n');
}

/* Options on their way onto a page. */
struct listing {
    struct sw_buf *out;
    const char *section; /* said last */
};

static void add_option(void *ctx, const struct sw_help_option *option)
{
    struct listing *listing = ctx;
    struct sw_buf *out = listing->out;
    if (sw_help_new_section(option, &listing->section)) {
        sw_buf_add_cstr(out, ".SS ");
        add_cstr(out, option->section);
        sw_buf_add_char(out, '\n');
    }
    sw_buf_add_cstr(out, ".TP\n");
    if (option->opt->letter) {
        sw_buf_addf(out, "\\fB\\-%c\\fR, ", option->opt->letter);
    }
    sw_buf_add_cstr(out, "\\fB\\-\\-");
    add_cstr(out, option->name);
    sw_buf_add_cstr(out, "\\fR");
    if (option->value) {
        sw_buf_add_cstr(out, " \\fI");
        add_cstr(out, option->value);
        sw_buf_add_cstr(out, "\\fR");
    }
    sw_buf_add_char(out, '\n');
    add_cstr(out, option->help);
    sw_buf_add_char(out, '\n');
}

char *sw_help_man_name(const struct sw_command *command)
{
    char *name = sw_xasprintf("slipway-%s", command->name);
    for (char *c = name; *c != '\0'; c++) {
        if (*c == ' ') {
            *c = '-';
        }
    }
    return name;
}

void sw_help_man_command(const struct sw_command *command, struct sw_buf *out)
{
    static const char *const titles[] = { "OPTIONS", "AWS OPTIONS", "COMMON OPTIONS" };
    char *name SW_CLEANUP(sw_free_str) = sw_help_man_name(command);
    struct listing listing = { .out = out };
    add_title(out, name);
    add_name(out, name, command->summary);
    sw_buf_add_cstr(out, ".SH SYNOPSIS\n.B slipway ");
    add_cstr(out, command->name);
    sw_buf_add_cstr(out, "\n[\\fIOPTIONS\\fR]");
    if (command->operands[0] != '\0') {
        sw_buf_add_char(out, ' ');
        add_cstr(out, command->operands);
    }
    sw_buf_add_cstr(out, "\n.SH DESCRIPTION\n");
    add_paragraphs(out, command->description);
    if (command->json) {
        sw_buf_add_cstr(out, ".SH OUTPUT\nWith \\-\\-output json: ");
        add_paragraphs(out, command->json);
    }
    for (enum sw_help_group group = 0; group < SW_HELP_GROUP_COUNT; group++) {
        if (sw_help_has_group(command, group)) {
            sw_buf_addf(out, ".SH %s\n", titles[group]);
            sw_help_each_option(command, group, add_option, &listing);
        }
    }
    sw_buf_add_cstr(out, ".SH EXAMPLES\n");
    add_literal(out, command->example);
    sw_buf_add_cstr(out, ".SH SEE ALSO\n.BR slipway (1)\n");
}

static void add_item(struct sw_buf *out, const char *name, const char *text)
{
    sw_buf_add_cstr(out, ".TP\n.B ");
    add_cstr(out, name);
    sw_buf_add_char(out, '\n');
    add_cstr(out, text);
    sw_buf_add_char(out, '\n');
}

static const char *const environment[][2] = {
    { "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN", "AWS credentials." },
    { "AWS_REGION, AWS_DEFAULT_REGION", "AWS region, when no option and no host name says it." },
    { "AWS_PROFILE, AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE",
      "Profile and files of the shared AWS configuration." },
    { "AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE, CIRCLE_OIDC_TOKEN, CIRCLE_OIDC_TOKEN_V2",
      "Role to assume, and the web identity token to assume it with." },
    { "AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_ECR, AWS_ENDPOINT_URL_ECS, ...",
      "Where AWS calls go instead of to AWS." },
    { "DOCKER_CONFIG, DOCKER_AUTH_CONFIG", "Docker's configuration and logins." },
    { "DOCKER_HOST", "The Docker engine that images come from." },
    { "SLIPWAY_TRACE", "Subjects to log to standard error, such as http,aws; or all." },
    { "NO_COLOR", "No colours." },
    { "TMPDIR", "Folder for temporary files." },
};

void sw_help_man_overview(struct sw_buf *out)
{
    const struct sw_command *command = NULL;
    size_t at = 0;
    add_title(out, "slipway");
    add_name(out, "slipway", "from a git push to a finished Amazon ECS rollout");
    sw_buf_add_cstr(out, ".SH SYNOPSIS\n.B slipway\n\\fICOMMAND\\fR [\\fIOPTIONS\\fR] "
                         "[\\fIOPERANDS\\fR]\n.SH DESCRIPTION\n");
    add_paragraphs(out,
                   "Builds container images, pushes them to Amazon ECR, writes a new revision of "
                   "an ECS task definition, rolls the service over to it, and says plainly what "
                   "happened. Results go to standard output, words for people to standard "
                   "error.\n\nUnder the name docker-credential-slipway it is a Docker "
                   "credential helper for Amazon ECR; see slipway-ecr-login(1).");
    sw_buf_add_cstr(out, ".SH COMMANDS\nEach has a page of its own: slipway\\-ecs\\-deploy(1).\n");
    while ((command = sw_help_next_command(&at))) {
        add_item(out, command->name, command->summary);
    }
    sw_buf_add_cstr(out, ".SH ENVIRONMENT\n");
    for (size_t i = 0; i < SW_COUNT(environment); i++) {
        add_item(out, environment[i][0], environment[i][1]);
    }
    sw_buf_add_cstr(out, ".SH EXIT STATUS\n");
    for (const struct sw_help_exit *exit = sw_help_exits; exit->meaning; exit++) {
        sw_buf_addf(out, ".TP\n.B %d\n", exit->code);
        add_cstr(out, exit->meaning);
        sw_buf_add_char(out, '\n');
    }
}
