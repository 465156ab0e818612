#include <slipway/log.h>

#include <slipway/alloc.h>

#include <pthread.h>

/* Known secrets, longest first so that a secret that contains another is masked whole. */
static struct sw_strs secrets;
static pthread_mutex_t secrets_lock = PTHREAD_MUTEX_INITIALIZER;

enum { SECRET_LEN_MIN = 4 };

static const char mask[] = "****";

void sw_redact_add(struct sw_str secret)
{
    size_t at;

    if (secret.len < SECRET_LEN_MIN || sw_str_is(secret, "true") || sw_str_is(secret, "false")) {
        return;
    }
    (void)pthread_mutex_lock(&secrets_lock);
    if (!sw_strs_has(&secrets, secret)) {
        sw_strs_add(&secrets, secret);
        for (at = secrets.count - 1; at > 0 && strlen(secrets.items[at - 1]) < secret.len; at--) {
            char *shorter = secrets.items[at - 1];

            secrets.items[at - 1] = secrets.items[at];
            secrets.items[at] = shorter;
        }
    }
    (void)pthread_mutex_unlock(&secrets_lock);
}

void sw_redact_reset(void)
{
    (void)pthread_mutex_lock(&secrets_lock);
    for (size_t i = 0; i < secrets.count; i++) {
        sw_free_secret(secrets.items[i]);
    }
    free(secrets.items);
    secrets = (struct sw_strs){ 0 };
    (void)pthread_mutex_unlock(&secrets_lock);
}

/* Length of a known secret that starts at s, or 0. The lock is held. */
static size_t known_secret_len(struct sw_str s)
{
    for (size_t i = 0; i < secrets.count; i++) {
        if (sw_str_starts(s, secrets.items[i])) {
            return strlen(secrets.items[i]);
        }
    }
    return 0;
}

/* Where a pattern's secret part ends. */
enum extent {
    TO_LINE_END,  /* header values */
    TO_QUERY_END, /* query parameters */
};

/* Words after which a secret follows, whoever put it there. Matched without regard to case. */
static const struct {
    const char *word;
    enum extent extent;
} markers[] = {
    { "authorization:", TO_LINE_END },
    { "proxy-authorization:", TO_LINE_END },
    { "x-registry-auth:", TO_LINE_END },
    { "set-cookie:", TO_LINE_END },
    { "cookie:", TO_LINE_END },
    { "x-amz-security-token:", TO_LINE_END },
    { "x-aws-ec2-metadata-token:", TO_LINE_END },
    { "x-amz-security-token=", TO_QUERY_END },
    { "x-amz-signature=", TO_QUERY_END },
    { "x-amz-credential=", TO_QUERY_END },
};

static bool ends_secret(char c, enum extent extent)
{
    if (c == '\n' || c == '\r') {
        return true;
    }
    return extent == TO_QUERY_END && (c == '&' || c == ' ' || c == '"' || c == '\'');
}

/* When a marker starts at s: copies it and the mask, and returns the bytes consumed; else 0. */
static size_t redact_marker(struct sw_buf *out, struct sw_str s)
{
    for (size_t i = 0; i < SW_COUNT(markers); i++) {
        struct sw_str word = sw_str(markers[i].word);
        size_t end = word.len;

        if (s.len < word.len || !sw_str_eq_nocase(sw_str_first(s, word.len), word)) {
            continue;
        }
        while (end < s.len && s.ptr[end] == ' ') {
            end++;
        }
        sw_buf_add(out, s.ptr, end);
        sw_buf_add_cstr(out, mask);
        while (end < s.len && !ends_secret(s.ptr[end], markers[i].extent)) {
            end++;
        }
        return end;
    }
    return 0;
}

/* "://user:password@": copies it with the password masked; returns the bytes consumed, else 0. */
static size_t redact_userinfo(struct sw_buf *out, struct sw_str s)
{
    size_t colon = 0;
    size_t i = 3;

    if (!sw_str_starts(s, "://")) {
        return 0;
    }
    for (; i < s.len; i++) {
        char c = s.ptr[i];

        if (c == '@') {
            break;
        }
        if (c == '/' || c == '?' || c == '#' || c == '"' || sw_is_space(c)) {
            return 0;
        }
        if (c == ':' && colon == 0) {
            colon = i;
        }
    }
    if (i == s.len || colon == 0) {
        return 0;
    }
    sw_buf_add(out, s.ptr, colon + 1);
    sw_buf_add_cstr(out, mask);
    return i;
}

void sw_redact(struct sw_buf *out, struct sw_str text)
{
    size_t at = 0;

    (void)pthread_mutex_lock(&secrets_lock);
    while (at < text.len) {
        struct sw_str rest = sw_str_from(text, at);
        size_t used = known_secret_len(rest);

        if (used > 0) {
            sw_buf_add_cstr(out, mask);
        } else {
            used = redact_marker(out, rest);
        }
        if (used == 0) {
            used = redact_userinfo(out, rest);
        }
        if (used == 0) {
            sw_buf_add_char(out, text.ptr[at]);
            used = 1;
        }
        at += used;
    }
    (void)pthread_mutex_unlock(&secrets_lock);
}

/* Whether `name` has `word` at `at`; case does not count, and '-' is '_'. */
static bool has_word(struct sw_str name, size_t at, struct sw_str word)
{
    for (size_t i = 0; i < word.len; i++) {
        if (at + i >= name.len) {
            return false;
        }
        char c = name.ptr[at + i];
        if (sw_upper(c) != word.ptr[i] && !(c == '-' && word.ptr[i] == '_')) {
            return false;
        }
    }
    return true;
}

bool sw_names_secret(struct sw_str name)
{
    static const char *const words[] = { "SECRET",     "TOKEN",   "PASSWORD",   "PASSWD",
                                         "ACCESS_KEY", "API_KEY", "PRIVATE_KEY" };
    static const char *const plain_endings[] = { "_VAR", "_NAME", "_FILE", "_PATH",
                                                 "_DIR", "_URL",  "_ARN" };

    for (size_t i = 0; i < SW_COUNT(plain_endings); i++) {
        struct sw_str ending = sw_str(plain_endings[i]);
        if (name.len >= ending.len && has_word(name, name.len - ending.len, ending)) {
            return false;
        }
    }
    for (size_t at = 0; at < name.len; at++) {
        for (size_t i = 0; i < SW_COUNT(words); i++) {
            if (has_word(name, at, sw_str(words[i]))) {
                return true;
            }
        }
    }
    return false;
}
