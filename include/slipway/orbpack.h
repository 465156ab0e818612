#ifndef SLIPWAY_ORBPACK_H
#define SLIPWAY_ORBPACK_H

/*
 * Packing: an orb's source folder becomes one document.
 *
 *   @orb.yml                      top-level keys (version, description, display, orbs)
 *   commands/NAME.yml  jobs/...   one element per file, named after it; folders inside are
 *   executors/...  examples/...   flattened: commands/aws/login.yml is the command "login"
 *   <<include(scripts/x.sh)>>     in a value of commands, jobs or executors: the file's content,
 *                                 with "<<" written as "\<<" so that it is text, not a template
 *
 * Other folders are left alone, so are files that begin with a dot. Files may use each other's
 * anchors. Refused, always with file:line:column: a missing @orb.yml, a file that holds no map, the
 * same name twice (both files are named), duplicate keys, and an include that is missing or leaves
 * the folder: SW_E_INPUT, and SW_E_TOO_LARGE beyond a limit below or of yaml.h. The result does not
 * depend on the order in which the file system lists names.
 */

#include <slipway/env.h>
#include <slipway/yaml.h>

enum {
    SW_ORB_FILES_MAX = 4096,
    SW_ORB_DEPTH_MAX = 16, /* folders below the root */
};
#define SW_ORB_INCLUDE_MAX ((size_t)4 * 1024 * 1024) /* bytes of one included file */

/*
 * Packs the folder `dir`. *ret lives in the pool. Nodes keep the marks of the files they came from;
 * files are named with `dir` in front. Paths of includes begin at `dir` and may lead anywhere below
 * `include_root`, which is `dir` itself when NULL.
 */
SW_NODISCARD enum sw_status sw_orb_pack(struct sw_yaml_pool *pool, const char *dir,
                                        const char *include_root, struct sw_yaml **ret,
                                        struct sw_err *err);
/* An orb from a packed file, or from a source folder, which is packed. "-" is standard input. Fails
 * as sw_orb_pack() and sw_yaml_load() do. */
SW_NODISCARD enum sw_status sw_orb_load(struct sw_yaml_pool *pool, const char *path,
                                        struct sw_yaml **ret, struct sw_err *err);

#endif
