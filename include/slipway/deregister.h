#ifndef SLIPWAY_DEREGISTER_H
#define SLIPWAY_DEREGISTER_H

/*
 * Clearing up task definitions: old revisions of a family are deregistered, and deleted when asked,
 * except those that are in use. In use is what a service of one of the clusters runs or is still
 * deploying, and what a task of the family runs. When that cannot be found out whole, nothing is
 * deregistered. Rules and schedules that name a revision by its number are not looked at.
 */

#include <slipway/aws.h>
#include <slipway/str.h>

struct sw_deregister_options {
    const char *family;
    int64_t keep;                   /* so many of the newest active revisions stay in any case */
    const struct sw_strs *clusters; /* where it is looked for use; empty: all that there are */
    bool delete_inactive;           /* also delete what is inactive, now or since earlier */
    bool dry_run;                   /* only tell what would be done */
};

/* What was, or with dry_run would be, done; revisions as "family:7". */
struct sw_deregister_result {
    struct sw_strs kept;
    struct sw_strs in_use;
    struct sw_strs deregistered;
    struct sw_strs deleted;
    json_t *failures; /* [{"taskDefinition", "reason"}] */
};
void sw_deregister_result_release(struct sw_deregister_result *result);

/*
 * Goes through the family, oldest revisions first; what stays in use is said, with its user.
 * SW_E_NOT_FOUND when the family has no revision; SW_E_FAILED when some could not be deregistered
 * or deleted: the others were. *ret is filled as far as it came and is released by the caller in
 * any case.
 */
SW_NODISCARD enum sw_status sw_taskdef_deregister(struct sw_aws *aws,
                                                  const struct sw_deregister_options *options,
                                                  struct sw_deregister_result *ret,
                                                  struct sw_err *err);

#endif
