#include "cause.h"

#include "ecs.h"

#include <slipway/alloc.h>

/* What a failure is about: the names in AWS's words, and in the commands that mend it. */

/* A name in AWS's words: what stands behind `before` up to one of `until`. */
struct name_rule {
    const char *id; /* the beginning of the class's id */
    const char *before;
    const char *until;
    bool whole; /* the word in which `before` stands is the name */
};
static const struct name_rule name_rules[] = {
    { "image-", "failed to resolve reference \"", "\"", false },
    { "image-", "failed to resolve ref ", " ", false },
    { "image-", "manifest for ", " ", false },
    { "image-", "pull access denied for ", " ,", false },
    { "image-", "cannot pull '", "'", false },
    { "image-", "repository ", " ", false },
    { "registry-", "failed to resolve ref ", " ", false },
    { "registry-", "cannot pull '", "'", false },
    { "secret", "did not contain json key ", " ", false },
    { "secret", ":secretsmanager:", " ,'\"", true },
    { "secret", ":ssm:", " ,'\"", true },
    { "secret", "invalid ssm parameters: ", " ", false },
    { "secret", "invalid parameters: ", " ", false },
    { "role", "assume the role '", "'", false },
    { "role", "iam:PassRole on resource: ", " ", false },
    { "subnet-full", "subnet '", "'", false },
    { "file-system", "fs-", "\". ", true },
    { "log-", ":log-group:", " :", false },
    { "env-file", "with key ", " ", false },
    { "command", "exec: \"", "\"", false },
    { "target-vpc", "target group VPC '", "'", false },
    { "target-", "(target-group ", ")", false },
    { "elb-", "(target-group ", ")", false },
};

enum { OBJECT_MAX = 512 };

/* The name that the rule finds; without bytes when it finds none. */
static struct sw_str find_name(const struct name_rule *rule, const char *words)
{
    const char *found = strstr(words, rule->before);
    const char *begin = found ? found + strlen(rule->before) : NULL;
    if (!found) {
        return (struct sw_str){ NULL, 0 };
    }
    if (rule->whole) {
        begin = found;
        while (begin > words && !strchr(" '\"", begin[-1])) {
            begin--;
        }
    }
    struct sw_str name = sw_str_n(begin, strcspn(begin, rule->until));
    while (name.len > 0 && strchr(".:;", name.ptr[name.len - 1])) {
        name.len--; /* the sentence's, not the name's */
    }
    return name;
}

char *ecs_cause_object(const struct sw_cause_class *klass, const char *words)
{
    for (size_t i = 0; i < SW_COUNT(name_rules); i++) {
        const struct name_rule *rule = &name_rules[i];
        if (strncmp(klass->id, rule->id, strlen(rule->id)) != 0) {
            continue;
        }
        struct sw_str name = find_name(rule, words);
        if (name.len > 0 && name.len <= OBJECT_MAX) {
            return sw_str_dup(name);
        }
    }
    return NULL;
}

/* ---- Commands ---- */

/* What stands in commands for the object, and for which classes. */
static const struct {
    const char *id;
    const char *word;
} object_words[] = {
    { "image-", "IMAGE" },  { "log-group", "GROUP" },         { "role", "ROLE" },
    { "secret", "SECRET" }, { "file-system", "FILE_SYSTEM" }, { "elb-", "ARN" },
};

static void add_word(struct sw_buf *out, const char *name)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "-_./:@+=,";
    if (name[strspn(name, plain)] == '\0') {
        sw_buf_add_cstr(out, name);
    } else {
        sw_buf_add_shell_quoted(out, sw_str(name));
    }
}

/* Puts the name where `word` stands by itself, if it is known. */
static void fill_in(struct sw_buf *command, const char *word, const char *name)
{
    struct sw_buf out SW_CLEANUP(sw_buf_release) = { 0 };
    size_t len = strlen(word);
    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    for (const char *at = command->ptr; name && *at;) {
        bool begins = at > command->ptr && at[-1] == ' ';
        if (begins && strncmp(at, word, len) == 0 && (at[len] == ' ' || at[len] == '\0')) {
            add_word(&out, name);
            at += len;
        } else {
            sw_buf_add_char(&out, *at++);
        }
    }
    if (name) {
        sw_buf_truncate(command, 0);
        sw_buf_add_str(command, sw_buf_str(&out));
    }
}

/* The platform that is wanted is in AWS's words, when an index has no image for it. */
static void fill_in_platform(struct sw_buf *command, const char *words)
{
    static const struct name_rule rules[] = {
        { "platform", "matching platform '", "'", false },
        { "platform", "no matching manifest for ", " ", false },
    };
    for (size_t i = 0; i < SW_COUNT(rules); i++) {
        struct sw_str found = find_name(&rules[i], words);
        if (found.len > 0) {
            char *platform SW_CLEANUP(sw_free_str) = sw_str_dup(found);
            fill_in(command, "linux/amd64", platform);
            return;
        }
    }
}

char *sw_cause_command(const struct sw_causes *causes, const struct sw_cause *cause)
{
    struct sw_buf command;
    if (!cause->klass->command) {
        return NULL;
    }
    sw_buf_init(&command, SW_BUF_TEXT_MAX);
    sw_buf_add_cstr(&command, cause->klass->command);
    fill_in(&command, "CLUSTER", causes->cluster);
    fill_in(&command, "SERVICE", causes->service);
    if (strcmp(cause->klass->id, "platform") == 0) {
        fill_in_platform(&command, cause->example);
    }
    for (size_t i = 0; i < SW_COUNT(object_words); i++) {
        if (cause->object &&
            strncmp(cause->klass->id, object_words[i].id, strlen(object_words[i].id)) == 0) {
            bool role = strcmp(object_words[i].word, "ROLE") == 0;
            fill_in(&command, object_words[i].word,
                    role ? ecs_last_part(cause->object) : cause->object);
        }
    }
    return sw_buf_take(&command);
}
