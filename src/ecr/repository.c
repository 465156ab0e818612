#include <slipway/ecr.h>

#include <slipway/alloc.h>
#include <slipway/endpoint.h>
#include <slipway/log.h>

#include "ecr_internal.h"

void sw_ecr_repository_release(struct sw_ecr_repository *repository)
{
    free(repository->uri);
    free(repository->arn);
    free(repository->mutability);
    *repository = (struct sw_ecr_repository){ 0 };
}

static bool is_word_char(char c)
{
    return sw_is_digit(c) || (c >= 'a' && c <= 'z');
}

static bool is_separator(char c)
{
    return c == '.' || c == '_' || c == '-';
}

/* `c` as people recognise it in an error text. */
static enum sw_status bad_character(const char *name, size_t at, const char *advice,
                                    struct sw_err *err)
{
    unsigned char c = (unsigned char)name[at];
    if (c > ' ' && c < 0x7f) {
        return sw_fail(err, SW_E_INPUT,
                       "repository name \"%s\": '%c' at position %zu is not allowed%s", name, c,
                       at + 1, advice);
    }
    return sw_fail(err, SW_E_INPUT,
                   "repository name \"%s\": the byte 0x%02x at position %zu is not allowed%s", name,
                   c, at + 1, advice);
}

static enum sw_status check_length(const char *name, enum sw_ecr_kind kind, struct sw_err *err)
{
    size_t max =
        kind == SW_ECR_PUBLIC ? SW_ECR_PUBLIC_REPOSITORY_MAX : (size_t)SW_ECR_REPOSITORY_MAX;
    size_t len = strlen(name);
    if (len >= SW_ECR_REPOSITORY_MIN && len <= max) {
        return SW_OK;
    }
    return sw_fail(err, SW_E_INPUT,
                   "repository name \"%.40s%s\" is %zu long; ECR takes %d to %zu characters", name,
                   len > 40 ? "..." : "", len, SW_ECR_REPOSITORY_MIN, max);
}

/*
 * The grammar of the ECR API model: words of [a-z0-9], joined by one of ". _ -", in parts joined by
 * "/". A separator therefore stands between two word characters.
 */
enum sw_status sw_ecr_repository_check(const char *name, enum sw_ecr_kind kind, struct sw_err *err)
{
    enum sw_status status = check_length(name, kind, err);
    if (status != SW_OK) {
        return status;
    }
    for (size_t i = 0; name[i] != '\0'; i++) {
        char c = name[i];
        if (is_word_char(c)) {
            continue;
        }
        if (c >= 'A' && c <= 'Z') {
            return bad_character(name, i, "; ECR takes lower case only", err);
        }
        if (!is_separator(c) && c != '/') {
            return bad_character(
                name, i, "; ECR takes a-z, 0-9, and between them one of '.', '_', '-', '/'", err);
        }
        if (i == 0 || !is_word_char(name[i - 1]) || !is_word_char(name[i + 1])) {
            return bad_character(name, i, " there; it must stand between letters or digits", err);
        }
    }
    return SW_OK;
}

static void fill(struct sw_ecr_repository *ret, const json_t *repository, bool created)
{
    ret->created = created;
    ret->uri = sw_xstrdup(sw_json_str(repository, "repositoryUri", ""));
    ret->arn = sw_xstrdup(sw_json_str(repository, "repositoryArn", ""));
    ret->mutability = sw_xstrdup(sw_json_str(repository, "imageTagMutability", ""));
}

/* An answer without a URI was no answer about a repository. */
static enum sw_status read_repository(struct sw_ecr_repository *ret, const json_t *repository,
                                      bool created, struct sw_err *err)
{
    if (!sw_json_str(repository, "repositoryUri", NULL)) {
        return sw_fail(err, SW_E_UNAVAILABLE, "AWS's answer has no \"repositoryUri\"");
    }
    fill(ret, repository, created);
    return SW_OK;
}

static enum sw_status describe(struct sw_aws *aws, const struct sw_ecr_repository_options *options,
                               struct sw_ecr_repository *ret, struct sw_err *err)
{
    json_auto_t *input = json_pack("{s:[s], s:s*}", "repositoryNames", options->name, "registryId",
                                   options->account);
    json_auto_t *answer = NULL;
    enum sw_status status =
        sw_ecr_call(aws, options->kind, "DescribeRepositories", input, &answer, err);
    if (status == SW_OK) {
        status = read_repository(ret, json_array_get(json_object_get(answer, "repositories"), 0),
                                 false, err);
    }
    return status;
}

static bool has_movable(const struct sw_ecr_repository_options *options)
{
    return options->movable && options->movable->count > 0;
}

static void add_mutability(json_t *input, const struct sw_ecr_repository_options *options)
{
    const char *mutability = options->immutable ? "IMMUTABLE" : "MUTABLE";
    if (options->immutable && has_movable(options)) {
        json_t *filters = json_array();
        for (size_t i = 0; i < options->movable->count; i++) {
            (void)json_array_append_new(filters, json_pack("{s:s, s:s}", "filterType", "WILDCARD",
                                                           "filter", options->movable->items[i]));
        }
        (void)json_object_set_new(input, "imageTagMutabilityExclusionFilters", filters);
        mutability = "IMMUTABLE_WITH_EXCLUSION";
    }
    (void)json_object_set_new(input, "imageTagMutability", json_string(mutability));
}

/* The settings that only private repositories have. */
static void add_private_settings(json_t *input, const struct sw_ecr_repository_options *options)
{
    add_mutability(input, options);
    (void)json_object_set_new(input, "imageScanningConfiguration",
                              json_pack("{s:b}", "scanOnPush", (int)options->scan_on_push));
    if (options->encryption) {
        (void)json_object_set_new(input, "encryptionConfiguration",
                                  json_pack("{s:s, s:s*}", "encryptionType", options->encryption,
                                            "kmsKey", options->kms_key));
    }
}

static json_t *tag_list(const struct sw_ecr_tags *tags)
{
    json_t *list = json_array();
    for (size_t i = 0; i < tags->count; i++) {
        const struct sw_ecr_tag *tag = &tags->items[i];
        (void)json_array_append_new(list,
                                    json_pack("{s:s, s:s}", "Key", tag->key, "Value", tag->value));
    }
    return list;
}

static json_t *create_input(const struct sw_ecr_repository_options *options)
{
    json_t *input =
        json_pack("{s:s, s:s*}", "repositoryName", options->name, "registryId", options->account);
    if (options->kind == SW_ECR_PRIVATE) {
        add_private_settings(input, options);
    }
    if (options->tags && options->tags->count > 0) {
        (void)json_object_set_new(input, "tags", tag_list(options->tags));
    }
    return input;
}

static enum sw_status create(struct sw_aws *aws, const struct sw_ecr_repository_options *options,
                             struct sw_ecr_repository *ret, struct sw_err *err)
{
    json_auto_t *input = create_input(options);
    json_auto_t *answer = NULL;
    enum sw_status status =
        sw_ecr_call(aws, options->kind, "CreateRepository", input, &answer, err);
    if (status == SW_OK) {
        status = read_repository(ret, json_object_get(answer, "repository"), true, err);
    } else if (strcmp(err->code, "RepositoryAlreadyExistsException") == 0) {
        fill(ret, NULL, false); /* made by somebody else meanwhile, or not ours to describe */
        status = SW_OK;
    }
    return status;
}

/* Whether a failed look is a reason to create: not there, or not allowed to look. */
static bool may_create(enum sw_status status, const struct sw_err *err)
{
    return strcmp(err->code, "RepositoryNotFoundException") == 0 || status == SW_E_DENIED;
}

static enum sw_status ensure(struct sw_aws *aws, const struct sw_ecr_repository_options *options,
                             struct sw_ecr_repository *ret, struct sw_err *err)
{
    struct sw_err look_err = SW_ERR_INIT;
    enum sw_status status = describe(aws, options, ret, &look_err);
    if (status == SW_OK) {
        return SW_OK;
    }
    if (!may_create(status, &look_err)) {
        *err = look_err;
        return status;
    }
    return create(aws, options, ret, err);
}

static enum sw_status check_options(const struct sw_ecr_repository_options *options,
                                    struct sw_err *err)
{
    bool private_settings = options->immutable || options->encryption || options->kms_key;
    if (options->kind == SW_ECR_PUBLIC && private_settings) {
        return sw_fail(err, SW_E_INPUT,
                       "a public repository has neither immutable tags nor encryption settings");
    }
    if (has_movable(options) && !options->immutable) {
        return sw_fail(err, SW_E_INPUT, "exceptions from immutable tags need immutable tags");
    }
    if (has_movable(options) && options->movable->count > SW_ECR_EXCLUSIONS_MAX) {
        return sw_fail(err, SW_E_INPUT,
                       "%zu exceptions from immutable tags were given; ECR takes at most %d",
                       options->movable->count, SW_ECR_EXCLUSIONS_MAX);
    }
    if (options->kms_key && (!options->encryption || strcmp(options->encryption, "KMS") != 0)) {
        return sw_fail(err, SW_E_INPUT, "a KMS key needs the encryption \"KMS\"");
    }
    return sw_ecr_repository_check(options->name, options->kind, err);
}

enum sw_status sw_ecr_repository_ensure(struct sw_aws *aws,
                                        const struct sw_ecr_repository_options *options,
                                        struct sw_ecr_repository *ret, struct sw_err *err)
{
    struct sw_ecr_repository found = { 0 };
    enum sw_status status = check_options(options, err);
    if (status != SW_OK) {
        return status;
    }
    status = ensure(aws, options, &found, err);
    if (status != SW_OK) {
        return sw_wrap(err, "cannot create the repository \"%s\"", options->name);
    }
    *ret = found;
    return SW_OK;
}

/* The repository's ARN: made of the account's id when that is given, else asked for. */
static enum sw_status find_arn(struct sw_aws *aws, enum sw_ecr_kind kind, const char *name,
                               const char *account, char **ret, struct sw_err *err)
{
    const struct sw_ecr_repository_options options = { .name = name, .kind = kind };
    struct sw_ecr_repository found = { 0 };
    const char *region = SW_ECR_PUBLIC_REGION;
    enum sw_status status;

    if (!account) {
        status = describe(aws, &options, &found, err);
        if (status == SW_OK) {
            *ret = sw_xstrdup(found.arn);
            sw_ecr_repository_release(&found);
        }
        return status;
    }
    if (strlen(account) != SW_ECR_ACCOUNT_LEN ||
        strspn(account, "0123456789") != SW_ECR_ACCOUNT_LEN) {
        return sw_fail(err, SW_E_INPUT, "\"%s\" is no account id, which has %d digits", account,
                       SW_ECR_ACCOUNT_LEN);
    }
    status = kind == SW_ECR_PUBLIC ? SW_OK : sw_aws_region(aws, &region, err);
    if (status == SW_OK) {
        *ret = sw_xasprintf("arn:%s:%s:%s:%s:repository/%s", sw_partition_of(sw_str(region))->id,
                            kind == SW_ECR_PUBLIC ? "ecr-public" : "ecr",
                            kind == SW_ECR_PUBLIC ? "" : region, account, name);
    }
    return status;
}

enum sw_status sw_ecr_repository_tag(struct sw_aws *aws, enum sw_ecr_kind kind, const char *name,
                                     const char *account, const struct sw_ecr_tags *tags,
                                     struct sw_err *err)
{
    char *SW_CLEANUP(sw_free_str) arn = NULL;
    enum sw_status status = sw_ecr_repository_check(name, kind, err);

    if (status == SW_OK) {
        status = find_arn(aws, kind, name, account, &arn, err);
    }
    if (status == SW_OK) {
        json_auto_t *input = json_pack("{s:s, s:o}", "resourceArn", arn, "tags", tag_list(tags));
        status = sw_ecr_call(aws, kind, "TagResource", input, NULL, err);
    }
    return status == SW_OK ? SW_OK : sw_wrap(err, "cannot tag the repository \"%s\"", name);
}
