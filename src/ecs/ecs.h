#ifndef SLIPWAY_ECS_PRIVATE_H
#define SLIPWAY_ECS_PRIVATE_H

/* Shared inside src/ecs. */

#include <slipway/aws.h>
#include <slipway/json.h>
#include <slipway/taskdef.h>

/*
 * A copy in which equal meanings are equal texts: sizes as plain numbers, sets of texts sorted, and
 * without what ECS fills in when it is absent. For comparing only. The caller's.
 */
json_t *ecs_taskdef_normal(const json_t *definition);

/*
 * What tells an element of a list apart from the others, e.g. a container's name, or "80/tcp" of a
 * port mapping; the caller's. NULL when nothing does.
 */
char *ecs_item_identity(const json_t *item);
/*
 * The index of the element of that identity; the list's size when there is none. Environment files,
 * whose order counts, are found by their value.
 */
size_t ecs_find_item(const json_t *list, const char *identity);
/* Appends "; it has: a, b": the identities of a list, or the keys of an object. */
void ecs_append_known(json_t *value, struct sw_err *err);

/*
 * Whether the member `key` of what stands under the key `owner` is not to be shown unasked:
 * environment variables, and log options or labels whose names speak of secrets.
 */
bool ecs_is_secret_member(const char *owner, const char *key);

/*
 * The container that a change of an image is for when it names none: the one that runs an image of
 * the same repository, else the only one; borrowed. NULL, with SW_E_INPUT naming the containers,
 * when there is none or more than one.
 */
json_t *ecs_image_owner(const json_t *definition, const struct sw_change *change, const char *label,
                        struct sw_err *err);

/* The change at a pointer, see sw_taskdef_apply(). */
SW_NODISCARD enum sw_status ecs_pointer_set(json_t *definition, const struct sw_change *change,
                                            struct sw_strs *notes, struct sw_err *err);
SW_NODISCARD enum sw_status ecs_pointer_unset(json_t *definition, const struct sw_change *change,
                                              struct sw_strs *notes, struct sw_err *err);

/*
 * The document in a text, JSON or YAML by the ending of `path` and by how it begins; *ret is the
 * caller's.
 */
SW_NODISCARD enum sw_status ecs_taskdef_parse(struct sw_str text, const char *path,
                                              const char *where, json_t **ret, struct sw_err *err);
/* sw_taskdef_from_document() that also tells of members of files that ECS does not document. */
SW_NODISCARD enum sw_status ecs_taskdef_from_document(const json_t *document,
                                                      enum sw_taskdef_origin origin,
                                                      const char *where, struct sw_strs *unknown,
                                                      json_t **ret, struct sw_err *err);

/* One call of the ECS API with `input`, which is consumed. *ret_output as for sw_aws_json. */
SW_NODISCARD enum sw_status ecs_call(struct sw_aws *aws, const char *action, json_t *input,
                                     const struct sw_aws_call_options *options, json_t **ret_output,
                                     struct sw_err *err);

/*
 * DescribeTasks of those that ListTasks gives for `input`, which has the cluster and is consumed;
 * neither call is repeated. *ret is the caller's, NULL when there are none.
 */
SW_NODISCARD enum sw_status ecs_list_tasks(struct sw_aws *aws, json_t *input, json_t **ret,
                                           struct sw_err *err);

/* Whether asking AWS for anything else would end the same way. */
bool ecs_cannot_ask(enum sw_status status);

/* Like sw_service_describe(), but *ret_service is NULL when the service is missing or deleted. */
SW_NODISCARD enum sw_status ecs_service_find(struct sw_aws *aws, const char *cluster,
                                             const char *service, json_t **ret_service,
                                             struct sw_err *err);

/*
 * Adds "; <what>: a, b, c" to *err, from the texts or ARNs that a List action answers under `key`.
 * `input` is consumed. Asked on failure paths only, so its own failure adds nothing.
 */
void ecs_append_names(struct sw_aws *aws, const char *action, json_t *input, const char *key,
                      const char *what, struct sw_err *err);

/*
 * The log stream of a task's container, the caller's, and its driver's options, borrowed from the
 * definition; NULL when its log cannot be read: another driver, or no prefix that tells the stream.
 */
char *ecs_log_stream(const json_t *definition, const char *container, const char *task,
                     const json_t **ret_options);
/* One GetLogEvents call with `input`, which is consumed and gets the group's name; no retries. */
SW_NODISCARD enum sw_status ecs_log_events(struct sw_aws *aws, const json_t *options, json_t *input,
                                           json_t **ret, struct sw_err *err);

/*
 * Adds "; <what>: a, b, c" to *err from a list of texts, ARNs, or objects whose member `key` is the
 * name. `more`: there are others.
 */
void ecs_append_list(const json_t *list, const char *key, const char *what, bool more,
                     struct sw_err *err);
/* "arn:...:task-definition/kim:13" or "kim:13" as family and revision; false when it is neither. */
bool ecs_cut_revision(const char *reference, struct sw_str *ret_family, int64_t *ret_revision);
struct sw_ref;
struct sw_registry;
struct sw_registry_auth;
/*
 * Reads an image reference and makes a client of its registry, with `policy` (NULL: the default).
 * Both are the caller's, to be released in any case.
 */
SW_NODISCARD enum sw_status ecs_image_open(struct sw_aws *aws, const struct sw_registry_auth *auth,
                                           const char *image, const struct sw_retry_policy *policy,
                                           struct sw_ref *ret_ref, struct sw_registry **ret,
                                           struct sw_err *err);
/* The digest that the image's tag has in its registry; the caller's. SW_E_NOT_FOUND without it. */
SW_NODISCARD enum sw_status ecs_image_digest(struct sw_aws *aws,
                                             const struct sw_registry_auth *auth, const char *image,
                                             char **ret_digest, struct sw_err *err);

/* The part of an ARN or path behind the last '/', borrowed. */
const char *ecs_last_part(const char *arn);
/* A sentence of AWS's without its full stop, because more follows, borrowed. */
struct sw_str ecs_without_stop(const char *sentence);

/*
 * A size of the whole task, `key` "cpu" or "memory", as AWS takes it: "256" (CPU units, MiB), or
 * ".25 vCPU" and "0.5 GB". In units or MiB; false for any other text.
 */
bool ecs_task_size(const char *key, const char *text, int64_t *ret);
/* What AWS takes for it: "MiB such as 512, or GB such as 0.5 GB". */
const char *ecs_task_size_forms(const char *key);
/* The same of a definition or override, where it may be a number: 0 when there is none. */
enum { ECS_SIZE_BAD = -1 };
int64_t ecs_task_size_of(const json_t *definition, const char *key);

/* How many tasks a service keeps while it is deployed in steps. */
struct ecs_steps {
    int64_t desired;          /* tasks wanted */
    int64_t minimum, maximum; /* percentages */
    int64_t low, high;        /* tasks that must stay, and that may be, meanwhile */
};
/* False, with all of *ret 0, when the service's numbers are none that ECS has. */
bool ecs_steps_of(const json_t *service, struct ecs_steps *ret);

#endif
