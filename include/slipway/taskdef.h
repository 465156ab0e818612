#ifndef SLIPWAY_TASKDEF_H
#define SLIPWAY_TASKDEF_H

/*
 * Task definitions: read one, change it, compare it, register it.
 *
 * A definition is the request of RegisterTaskDefinition as a JSON object, and stays one all the
 * way: what DescribeTaskDefinition answered, minus the read-only members, plus the tags that stand
 * beside it. Nothing is picked by name, so members that AWS adds tomorrow survive; nothing is
 * re-typed, re-ordered or pruned, so an edit changes what it names and nothing else.
 *
 * In call order: sw_changes_* collect what is wanted, sw_taskdef_describe() or sw_taskdef_read()
 * reads the starting point, sw_taskdef_change() edits it, sw_taskdef_equal() and sw_taskdef_diff()
 * compare, sw_taskdef_register() makes the new revision.
 */

#include <slipway/aws.h>
#include <slipway/json.h>

/* Limits of what users may hand in. */
#define SW_TASKDEF_FILE_MAX ((size_t)1024 * 1024)
#define SW_UPDATES_MAX      ((size_t)256 * 1024) /* bytes of one update string */
enum { SW_CHANGES_MAX = 1000 };

/* ---- Image references as texts: [host[:port]/]path[:tag][@digest] ---- */

/* The parts of an image reference, borrowed from it. */
struct sw_image_parts {
    struct sw_str name;   /* host, port and path */
    struct sw_str tag;    /* without ':'; empty when absent */
    struct sw_str digest; /* without '@'; empty when absent */
};
/* Cuts a reference: the tag's colon is the last one after the last '/' and before '@'. */
struct sw_image_parts sw_image_split(struct sw_str image);
/*
 * Whether `image` can be the image of a container: SW_E_INPUT saying what is wrong with it, e.g.
 * an empty tag, which an unset variable leaves behind.
 */
SW_NODISCARD enum sw_status sw_image_check(struct sw_str image, struct sw_err *err);
/* Whether `tag` is a tag ([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}). SW_E_INPUT when it is none. */
SW_NODISCARD enum sw_status sw_image_check_tag(struct sw_str tag, struct sw_err *err);

/* ---- Changes ---- */

enum sw_change_kind {
    /* Changes of a container. */
    SW_CHANGE_IMAGE,      /* value: the whole new reference */
    SW_CHANGE_IMAGE_NAME, /* value: the new name; the present tag is kept */
    SW_CHANGE_IMAGE_TAG,  /* value: the new tag; a present digest is dropped */
    SW_CHANGE_ENV,        /* name, value */
    SW_CHANGE_ENV_REMOVE, /* name */
    SW_CHANGE_SECRET,     /* name, value: what valueFrom points at */
    SW_CHANGE_SECRET_REMOVE,
    SW_CHANGE_ENV_FILE, /* value: the ARN of an environment file in S3 */
    SW_CHANGE_ENV_FILE_REMOVE,
    SW_CHANGE_LABEL, /* name, value: a docker label */
    SW_CHANGE_LABEL_REMOVE,
    SW_CHANGE_COMMAND,     /* words, or a JSON array */
    SW_CHANGE_ENTRY_POINT, /* likewise */
    SW_CHANGE_CONTAINER_CPU,
    SW_CHANGE_CONTAINER_MEMORY,
    SW_CHANGE_CONTAINER_MEMORY_RESERVATION,
    SW_CHANGE_ESSENTIAL,
    SW_CHANGE_PRIVILEGED,
    SW_CHANGE_PORT, /* [HOST:]PORT[/PROTOCOL]; told apart by port and protocol */
    SW_CHANGE_PORT_REMOVE,
    SW_CHANGE_MOUNT, /* VOLUME:PATH[:ro]; told apart by path */
    SW_CHANGE_MOUNT_REMOVE,
    SW_CHANGE_ULIMIT, /* name, value: SOFT[:HARD] */
    SW_CHANGE_ULIMIT_REMOVE,
    SW_CHANGE_SYSTEM_CONTROL, /* name, value */
    SW_CHANGE_SYSTEM_CONTROL_REMOVE,
    SW_CHANGE_HEALTH_CHECK,  /* a command for a shell, or a JSON array */
    SW_CHANGE_HEALTH_OPTION, /* name: interval, timeout, retries or startPeriod; a number */
    SW_CHANGE_LOG_DRIVER,
    SW_CHANGE_LOG_OPTION, /* name, value */
    SW_CHANGE_LOG_OPTION_REMOVE,
    /* Changes of the task definition. */
    SW_CHANGE_CPU,
    SW_CHANGE_MEMORY,
    SW_CHANGE_TASK_ROLE,
    SW_CHANGE_EXECUTION_ROLE,
    SW_CHANGE_NETWORK_MODE,
    SW_CHANGE_COMPATIBILITIES, /* with commas */
    SW_CHANGE_PLATFORM,        /* OS/ARCHITECTURE */
    SW_CHANGE_EPHEMERAL_STORAGE,
    SW_CHANGE_VOLUME, /* name, value: nothing, a host path, an EFS file system, or JSON */
    SW_CHANGE_VOLUME_REMOVE,
    SW_CHANGE_CONTAINER,        /* name, value: a new container and its image */
    SW_CHANGE_CONTAINER_REMOVE, /* name */
    SW_CHANGE_TAG,              /* name, value: a tag of the task definition */
    SW_CHANGE_TAG_REMOVE,
    SW_CHANGE_STRIP, /* name: a member of the whole that is left out if it is there */
    SW_CHANGE_SET,   /* name: a pointer, see sw_taskdef_apply(); value */
    SW_CHANGE_UNSET, /* name: a pointer */
    SW_CHANGE_KIND_COUNT
};

struct sw_change {
    enum sw_change_kind kind;
    char *container; /* owned; NULL for changes of the task definition, and where it is found */
    char *name;      /* owned; NULL where there is none */
    char *value;     /* owned; NULL for removals */
    json_t *json;    /* owned; the value as it goes into the definition; NULL where it is a text */
};

struct sw_changes {
    struct sw_change *items;
    size_t count;
    size_t capacity;
    bool pin; /* sw_taskdef_change(): images by digest */
};
void sw_changes_release(struct sw_changes *changes);
/*
 * Appends a change of an image, a variable, a secret or a label, whose values are texts as they
 * stand; they are copied.
 */
void sw_changes_add(struct sw_changes *changes, enum sw_change_kind kind, struct sw_str container,
                    struct sw_str name, struct sw_str value);

/*
 * Adds the change that one option value stands for. `option` names the option in errors
 * ("--env"). Forms: changes of a container "CONTAINER=VALUE", "CONTAINER:NAME=VALUE" and, for
 * removals, "CONTAINER:NAME"; of an image or a tag also "VALUE", and sw_taskdef_apply() finds the
 * container: the one that runs an image of the repository, or the only one; changes of the task
 * definition "VALUE", "NAME=VALUE" and "NAME". The value is everything behind the first '='.
 * SW_E_INPUT with the form that is expected, never quoting a value that could be secret.
 */
SW_NODISCARD enum sw_status sw_changes_add_option(struct sw_changes *changes,
                                                  enum sw_change_kind kind, const char *option,
                                                  const char *text, struct sw_err *err);
/* Adds a SW_CHANGE_TAG; the key may hold '='. SW_E_INPUT for AWS's own keys. */
SW_NODISCARD enum sw_status sw_changes_add_tag(struct sw_changes *changes, const char *option,
                                               const char *key, const char *value,
                                               struct sw_err *err);
/*
 * Adds a SW_CHANGE_ENV for each variable of a file (dotenv.h); `text` is "CONTAINER=FILE".
 */
SW_NODISCARD enum sw_status sw_changes_add_env_file(struct sw_changes *changes, const char *option,
                                                    const char *text, struct sw_err *err);
/* Adds a SW_CHANGE_SET whose value is the whole content of a file; `text` is "/POINTER=FILE". */
SW_NODISCARD enum sw_status sw_changes_add_set_file(struct sw_changes *changes, const char *option,
                                                    const char *text, struct sw_err *err);
/* Whether the changes hold one of that kind. */
bool sw_changes_has(const struct sw_changes *changes, enum sw_change_kind kind);

/*
 * Update strings: several changes in one text, as the CircleCI aws-ecs orbs take them.
 *
 *   SW_UPDATES_IMAGE   container=C,image-and-tag=IMAGE:TAG | container=C,image=IMAGE |
 *                      container=C,tag=TAG | container=C,image=IMAGE,tag=TAG
 *   SW_UPDATES_ENV     container=C,name=N,value=V
 *   SW_UPDATES_SECRET  container=C,name=N,valueFrom=ARN
 *   SW_UPDATES_LABEL   container=C,KEY=VALUE, or container=C,key=KEY,value=VALUE
 *
 * Items follow each other behind commas; "container=C" holds until the next one. Blanks around
 * keys and values do not count, nor do empty pieces. A value is everything behind the first '=' up
 * to the next comma, byte for byte.
 *
 * A value may hold commas when it is wrapped in double quotes: value="a,b". Inside, \" stands for
 * a quote, \\ for a backslash, and blanks count; any other backslash stands for itself. Only a
 * quote right behind the '=' with its partner right before a comma or the end wraps; other quotes
 * are part of the value.
 *
 * An empty text adds nothing. Every piece has an effect or is an error: SW_E_INPUT naming `what`
 * ("--image-updates"), the place, and the form that was expected. Values are not quoted in errors
 * except images.
 */
enum sw_updates_kind { SW_UPDATES_IMAGE, SW_UPDATES_ENV, SW_UPDATES_SECRET, SW_UPDATES_LABEL };
SW_NODISCARD enum sw_status sw_changes_add_updates(struct sw_changes *changes,
                                                   enum sw_updates_kind kind, const char *what,
                                                   struct sw_str text, struct sw_err *err);

/* ---- Definitions ---- */

/* Where a document came from decides what is done to it. */
enum sw_taskdef_origin {
    SW_TASKDEF_WIRE, /* DescribeTaskDefinition's answer: taken as it is */
    SW_TASKDEF_FILE, /* written by people: null members removed, spelling and types checked, and
                        numbers turned into texts, or texts into numbers, where the API wants it */
};

/*
 * The request for RegisterTaskDefinition from a document: such a request itself, DescribeTask-
 * Definition's answer, or its "taskDefinition" alone. Removes the nine read-only members, moves
 * tags inside, leaves out tags beginning with "aws:" and an empty tag list. `where` names the
 * document in errors. *ret is the caller's. SW_E_INPUT for files that are no definition (with the
 * JSON path, and by name for CloudFormation's and Terraform's spelling), SW_E_UNAVAILABLE for
 * answers that are none.
 */
SW_NODISCARD enum sw_status sw_taskdef_from_document(const json_t *document,
                                                     enum sw_taskdef_origin origin,
                                                     const char *where, json_t **ret,
                                                     struct sw_err *err);

/*
 * Applies the changes in order. `label` names the definition in errors ("kim-app-nginx:12").
 * Unknown containers: SW_E_INPUT naming those that exist. A variable that becomes a secret, or a
 * secret that becomes a variable, leaves its old list. What people should know (a digest dropped,
 * a removal of something absent) is added to `notes`. On failure the definition is half edited.
 *
 * Pointers are JSON pointers (RFC 6901) in which an element of a list may be named instead of
 * counted, by what tells it apart: /containerDefinitions/web/environment/LEVEL/value. "-" appends.
 * Members that ECS documents can be set where they are missing; a value is read as the type that
 * the API wants (a text byte for byte, lists and objects as JSON), and where ECS documents nothing,
 * as JSON if it is some. A pointer to nothing is SW_E_INPUT naming what exists.
 */
SW_NODISCARD enum sw_status sw_taskdef_apply(json_t *definition, const struct sw_changes *changes,
                                             const char *label, struct sw_strs *notes,
                                             struct sw_err *err);

/* The container definition of that name, borrowed; NULL when there is none. */
json_t *sw_taskdef_container(const json_t *definition, const char *name);

/*
 * Whether two definitions mean the same to ECS: lists that are sets may be ordered differently,
 * "0.25 vCPU" equals "256", and members that ECS fills in (cpu 0, empty lists, tcp) may be absent.
 * With `ignore_tags` the tags of the definitions do not count.
 */
bool sw_taskdef_equal(const json_t *a, const json_t *b, bool ignore_tags);

/* One difference. */
struct sw_taskdef_change {
    char op;      /* '+' added, '-' removed, '~' changed */
    char *path;   /* owned: "containerDefinitions[nginx].image" */
    json_t *from; /* owned; NULL for '+' */
    json_t *to;   /* owned; NULL for '-' */
    bool secret;  /* a value that is not to be shown: that of an environment variable, or of an
                     option or label whose name speaks of secrets */
};
struct sw_taskdef_diff {
    struct sw_taskdef_change *items;
    size_t count;
    size_t capacity;
};
/*
 * The differences in meaning, in the order of the documents; lists with names are compared by name.
 */
void sw_taskdef_diff(const json_t *from, const json_t *to, struct sw_taskdef_diff *ret);
void sw_taskdef_diff_release(struct sw_taskdef_diff *diff);
/* `value` (the change's from or to) as it may be shown: without secrets unless asked. The caller's.
 */
json_t *sw_taskdef_change_shown(const struct sw_taskdef_change *change, const json_t *value,
                                bool show_values);
/*
 * The differences for people, one line each, values in JSON; what is added or removed and long is
 * written over several. Secret values are shown when asked only. With `color` ANSI colours are
 * used.
 */
void sw_taskdef_diff_print(const struct sw_taskdef_diff *diff, bool show_values, bool color,
                           struct sw_buf *out);

/* A task definition and where it came from. */
struct sw_taskdef {
    json_t *definition; /* the request for RegisterTaskDefinition */
    char *label;        /* "kim-app-nginx:12", or the file's name */
    char *family;
    char *arn;               /* of the revision it was read from; NULL for files */
    bool inactive;           /* that revision is not ACTIVE */
    struct sw_strs problems; /* set by sw_taskdef_change(): rules of ECS that the changes break */
    bool tags_wanted;        /* set by sw_taskdef_change(): the user asked for tags of his own */
};
void sw_taskdef_release(struct sw_taskdef *taskdef);

/*
 * Reads the revision that `reference` names: a family (its newest active revision),
 * family:revision, or an ARN. Tags are asked for; without the right to see them they are not
 * copied, which is said. SW_E_NOT_FOUND names families that exist.
 */
SW_NODISCARD enum sw_status sw_taskdef_describe(struct sw_aws *aws, const char *reference,
                                                struct sw_taskdef *ret, struct sw_err *err);
/*
 * Reads a JSON or YAML file; "-" is standard input. A file is YAML when its name ends in .yaml or
 * .yml, or when it has no .json ending and begins with neither '{' nor '['. With `expand`, ${VAR}
 * in its texts is expanded as sw_subst() does, after parsing. Members that ECS does not document
 * are kept and warned of.
 */
SW_NODISCARD enum sw_status sw_taskdef_read(const struct sw_env *env, const char *path, bool expand,
                                            struct sw_taskdef *ret, struct sw_err *err);

/*
 * Adds to `problems` what ECS would refuse the definition for, one text for each: sizes that
 * Fargate does not offer, names that are there twice, volumes and containers that are named but not
 * there, missing roles, limits. Only rules that ECS is known to enforce.
 */
void sw_taskdef_check(const json_t *definition, struct sw_strs *problems);
/* SW_E_INPUT with the problems of the definition, when it has any. */
SW_NODISCARD enum sw_status sw_taskdef_refuse(const struct sw_taskdef *taskdef, struct sw_err *err);

/*
 * Changes what was read: applies the changes (saying the notes), and pins the images when that is
 * asked for, each to the digest that its tag has in its registry now. SW_E_PREFLIGHT when an image
 * to pin does not exist. Rules of ECS that the result breaks, and the revision that it was read
 * from does not, are listed in taskdef->problems; sw_taskdef_register() refuses those.
 */
SW_NODISCARD enum sw_status sw_taskdef_change(struct sw_aws *aws, struct sw_taskdef *taskdef,
                                              const struct sw_changes *changes, struct sw_err *err);

/*
 * Registers the definition as a new revision; *ret_arn is the caller's. AWS's refusals come with
 * advice. A family that others register at the same time is tried again. A member that AWS itself
 * returned but does not accept is left out with a warning, once; so are copied tags when the right
 * to set them is missing.
 */
SW_NODISCARD enum sw_status sw_taskdef_register(struct sw_aws *aws,
                                                const struct sw_taskdef *taskdef, char **ret_arn,
                                                struct sw_err *err);

/* "family:revision" of a task definition's ARN, borrowed from it; the text itself when it is none.
 */
const char *sw_taskdef_short_name(const char *arn);

#endif
