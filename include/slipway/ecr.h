#ifndef SLIPWAY_ECR_H
#define SLIPWAY_ECR_H

/*
 * Amazon ECR: what a registry host name says, login tokens, repositories, and the credentials that
 * a registry client asks for.
 *
 * Wire contract: the ECR API (JSON 1.1, target AmazonEC2ContainerRegistry_V20150921) and the ECR
 * Public API (target SpencerFrontendService, always in us-east-1). A token is a user name and a
 * password for HTTP Basic, good for 12 hours, and carries the caller's rights.
 *
 * A host belongs to a region, and a login is always for the host that will be used: its region,
 * its FIPS and dual-stack form. The proxyEndpoint of AWS's answer is used only when the user named
 * no host.
 */

#include <slipway/aws.h>
#include <slipway/newest.h>
#include <slipway/registry_auth.h>

#include <pthread.h>

enum {
    SW_ECR_ACCOUNT_LEN = 12,
    SW_ECR_REGION_MAX = 32, /* with NUL */
    SW_ECR_REPOSITORY_MIN = 2,
    SW_ECR_REPOSITORY_MAX = 256,
    SW_ECR_PUBLIC_REPOSITORY_MAX = 205,
};
/* Where the ECR Public API lives, whatever region the user works in. */
#define SW_ECR_PUBLIC_REGION "us-east-1"
#define SW_ECR_PUBLIC_HOST   "public.ecr.aws"

enum sw_ecr_kind { SW_ECR_PRIVATE, SW_ECR_PUBLIC };

/* What a registry host name says. Plain data. */
struct sw_ecr_host {
    enum sw_ecr_kind kind;
    char account[SW_ECR_ACCOUNT_LEN + 1]; /* "" for public */
    char region[SW_ECR_REGION_MAX];       /* us-east-1 for public */
    const char *partition;                /* "aws", "aws-cn", ...; static */
    const char *suffix;                   /* DNS suffix of the host: "amazonaws.com", ...; static */
    bool fips;
    bool dualstack;
};

/*
 * Reads an ECR registry host in any of its forms (standard, FIPS, dual-stack; all partitions;
 * public). The whole text must match, region and suffix must belong to one partition; no scheme, no
 * port, no path. False for every other host.
 */
SW_NODISCARD bool sw_ecr_host_parse(struct sw_str host, struct sw_ecr_host *ret);
/* Whether `text` has the form of a region's name: us-east-1. */
SW_NODISCARD bool sw_ecr_is_region(struct sw_str text);
/* Appends the host of the same account, in the same form, in another region. Private hosts only. */
void sw_ecr_host_in_region(const struct sw_ecr_host *host, struct sw_str region,
                           struct sw_buf *out);

/* A login: HTTP Basic user and password. */
struct sw_ecr_token {
    char *user;
    char *password;     /* wiped on release; known to the redactor */
    int64_t expires_ms; /* wall clock; 0 when it is not known */
    char *host;         /* host of the answer's proxyEndpoint; public.ecr.aws for public */
};
void sw_ecr_token_release(struct sw_ecr_token *token);

/*
 * Gets a login token for `host`, with `aws`'s identity but in the host's region and form. NULL
 * `host`: the caller's own private registry in `aws`'s region. `ret` is the caller's on success.
 * A remote that answers nonsense is SW_E_UNAVAILABLE.
 */
SW_NODISCARD enum sw_status sw_ecr_token_get(struct sw_aws *aws, const struct sw_ecr_host *host,
                                             struct sw_ecr_token *ret, struct sw_err *err);

/* Whether `host` ("127.0.0.1:5000", "[::1]:5000") is on this machine. */
bool sw_ecr_is_loopback(const char *host);
/*
 * Whether `host` is a registry that stands in for ECR in tests: it is on this machine, and
 * AWS_ENDPOINT_URL or AWS_ENDPOINT_URL_ECR is set. Such a registry gets the caller's ECR token.
 */
bool sw_ecr_is_stand_in(const struct sw_env *env, const char *host);

/* Checks a repository name by ECR's grammar; SW_E_INPUT names the character or the length. */
SW_NODISCARD enum sw_status sw_ecr_repository_check(const char *name, enum sw_ecr_kind kind,
                                                    struct sw_err *err);

/* Resource tags of a repository, owned. */
struct sw_ecr_tag {
    char *key;
    char *value;
};
struct sw_ecr_tags {
    struct sw_ecr_tag *items;
    size_t count;
    size_t capacity;
};
/* AWS's limits for tags. */
enum { SW_ECR_TAGS_MAX = 50, SW_ECR_TAG_KEY_MAX = 128, SW_ECR_TAG_VALUE_MAX = 256 };
/*
 * Appends the tags of `text`, which is "KEY=VALUE", the AWS CLI's shorthand
 * "Key=K,Value=V Key=K2,Value=V2", or its JSON [{"Key": "K", "Value": "V"}] (quotes escaped by
 * backslashes, as other orbs need them, are fine). SW_E_INPUT when it is none, over the limits, or
 * when a key is there already.
 */
SW_NODISCARD enum sw_status sw_ecr_tags_add(struct sw_ecr_tags *tags, const char *text,
                                            struct sw_err *err);
void sw_ecr_tags_release(struct sw_ecr_tags *tags);

/* How many patterns of tags may stay movable. */
enum { SW_ECR_EXCLUSIONS_MAX = 5 };
struct sw_ecr_repository_options {
    const char *name;
    enum sw_ecr_kind kind;
    const char *account;            /* id of the account whose registry it is; NULL: the caller's */
    bool scan_on_push;              /* private only, as is all up to kms_key */
    bool immutable;                 /* tags cannot be moved, except those that match: */
    const struct sw_strs *movable;  /* patterns with '*'; NULL or empty: none */
    const char *encryption;         /* "AES256" or "KMS"; NULL: AWS's default */
    const char *kms_key;            /* with "KMS": key id, ARN or alias; NULL: AWS's own key */
    const struct sw_ecr_tags *tags; /* may be NULL */
};
/* What AWS said about the repository; strings are "" when it said nothing. */
struct sw_ecr_repository {
    bool created; /* false: it was there already, and is left as it is */
    char *uri;
    char *arn;
    char *mutability; /* "MUTABLE", "IMMUTABLE", ... */
};
void sw_ecr_repository_release(struct sw_ecr_repository *repository);

/*
 * Makes sure that the repository exists. It is looked for first, so that no right to create is
 * needed when it does; a right to describe is not needed when it does not. Settings of an existing
 * repository are never changed.
 */
SW_NODISCARD enum sw_status
sw_ecr_repository_ensure(struct sw_aws *aws, const struct sw_ecr_repository_options *options,
                         struct sw_ecr_repository *ret, struct sw_err *err);

/*
 * Sets resource tags of a repository; those of other keys stay. With the id of the `account` it
 * belongs to, nothing but the right to tag is needed; NULL: AWS is asked for its ARN.
 */
SW_NODISCARD enum sw_status sw_ecr_repository_tag(struct sw_aws *aws, enum sw_ecr_kind kind,
                                                  const char *name, const char *account,
                                                  const struct sw_ecr_tags *tags,
                                                  struct sw_err *err);

/*
 * Appends a tag of each of the `max` images of a private repository that were pushed last, the
 * newest first; charts, signatures and the like are left out. `host` NULL: in `aws`'s own registry.
 * At most three calls of DescribeImages, each tried once: beyond 3000 images, which AWS gives in no
 * order, some are not seen. *ret is left alone on failure.
 */
SW_NODISCARD enum sw_status sw_ecr_newest_tags(struct sw_aws *aws, const struct sw_ecr_host *host,
                                               const char *repository, size_t max,
                                               struct sw_strs *ret, struct sw_err *err);

/* Severities of scan findings, in AWS's words and order. */
enum sw_ecr_severity {
    SW_ECR_UNDEFINED, /* and what AWS has not ranked, or ranks in words unknown here */
    SW_ECR_INFORMATIONAL,
    SW_ECR_LOW,
    SW_ECR_MEDIUM,
    SW_ECR_HIGH,
    SW_ECR_CRITICAL,
    SW_ECR_SEVERITY_COUNT
};
const char *sw_ecr_severity_name(enum sw_ecr_severity severity);

struct sw_ecr_scan_options {
    const char *account; /* id of the account whose registry it is; NULL: the caller's */
    const char *repository;
    const char *tag;    /* used when there is no digest */
    const char *digest; /* NULL: the tag's */
    bool start;         /* start a scan when there is none, instead of waiting for one */
    int64_t timeout_ms;
    int64_t poll_interval_ms;
};
struct sw_ecr_scan {
    char *status; /* "COMPLETE", or "ACTIVE" under continuous scanning */
    int64_t findings[SW_ECR_SEVERITY_COUNT];
};
void sw_ecr_scan_release(struct sw_ecr_scan *scan);
/*
 * Waits until the scan of an image is done and tells how many findings of each severity there are.
 * A private registry only. A scan that does not exist yet is waited for: with scan on push it
 * appears some seconds after the push. SW_E_FAILED when AWS cannot scan the image or the time is
 * up, SW_E_NOT_FOUND when there is no such image, SW_E_STOPPED.
 */
SW_NODISCARD enum sw_status sw_ecr_scan_wait(struct sw_aws *aws,
                                             const struct sw_ecr_scan_options *options,
                                             struct sw_ecr_scan *ret, struct sw_err *err);

/* Limit for a policy as a file, white space included. */
#define SW_ECR_POLICY_FILE_MAX ((size_t)256 * 1024)
enum sw_ecr_policy {
    SW_ECR_ACCESS_POLICY,    /* who may pull and push: at most 10240 bytes */
    SW_ECR_LIFECYCLE_POLICY, /* which images expire: at most 30720 bytes, private only */
};
struct sw_ecr_policy_options {
    const char *repository;
    enum sw_ecr_kind kind;
    enum sw_ecr_policy which;
    const char *account; /* id of the account whose registry it is; NULL: the caller's */
    struct sw_str text;  /* a JSON object */
    const char *where;   /* names the text in errors */
};
/*
 * Sets a policy of a repository, replacing the one it has. What AWS makes of the text is not
 * checked here.
 */
SW_NODISCARD enum sw_status sw_ecr_policy_set(struct sw_aws *aws,
                                              const struct sw_ecr_policy_options *options,
                                              struct sw_err *err);

/*
 * Makes docker find docker-credential-slipway: when it is not on PATH, a link of that name is made
 * beside `program` (this program's own file), if its folder is on PATH. *ret_link is the link
 * made, or NULL when there was nothing to do; the caller's. SW_E_FAILED with the command to type
 * when it cannot be done.
 */
SW_NODISCARD enum sw_status sw_ecr_helper_link(const struct sw_env *env, const char *program,
                                               char **ret_link, struct sw_err *err);

/*
 * Credentials for a registry client. For an ECR host: an ECR token by `aws`'s identity, and only if
 * there are no AWS credentials at all, Docker's configuration. For every other host: Docker's
 * configuration; then, for a registry stand-in on this machine, an ECR token; else SW_E_NOT_FOUND.
 * Tokens are kept, so a second get() for the same host asks nobody. get() may be called by several
 * threads; while it runs, nobody else uses `aws`. `newest` knows the hosts that a token was got
 * for, and only these: whoever signs in otherwise is not asked for AWS credentials.
 *
 *     struct sw_ecr_auth auth;
 *     sw_ecr_auth_init(&auth, aws);
 *     ... sw_registry_... (..., &auth.callback, ...)
 *     sw_ecr_auth_release(&auth);
 */
struct sw_ecr_auth {
    struct sw_registry_auth callback; /* callback.ctx is this struct: do not move it */
    struct sw_newest newest;          /* the same */
    struct sw_aws *aws;               /* borrowed */
    struct sw_ecr_auth_entry *entries;
    size_t count;
    size_t capacity;
    pthread_mutex_t lock;
};
void sw_ecr_auth_init(struct sw_ecr_auth *auth, struct sw_aws *aws);
void sw_ecr_auth_release(struct sw_ecr_auth *auth);

#endif
