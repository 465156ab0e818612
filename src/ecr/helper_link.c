#include <slipway/ecr.h>

#include <slipway/alloc.h>
#include <slipway/fs.h>

#include <errno.h>
#include <unistd.h>

static const char helper_name[] = "docker-credential-slipway";

/* Whether PATH has the folder `dir`; with NULL, whether it has the helper. */
static bool path_has(const struct sw_env *env, const char *dir)
{
    for (struct sw_str rest = sw_str(sw_env_get(env, "PATH")); rest.ptr;) {
        char *folder SW_CLEANUP(sw_free_str) = sw_str_dup(sw_str_cut(&rest, ':'));
        char *file SW_CLEANUP(sw_free_str) = sw_fs_join(folder, helper_name);
        if (dir ? strcmp(folder, dir) == 0 : access(file, X_OK) == 0) {
            return true;
        }
    }
    return false;
}

enum sw_status sw_ecr_helper_link(const struct sw_env *env, const char *program, char **ret_link,
                                  struct sw_err *err)
{
    if (path_has(env, NULL)) {
        *ret_link = NULL;
        return SW_OK;
    }
    char *dir SW_CLEANUP(sw_free_str) = sw_fs_dirname(program);
    char *link SW_CLEANUP(sw_free_str) = sw_fs_join(dir, helper_name);
    if (!path_has(env, dir)) {
        return sw_fail(err, SW_E_FAILED,
                       "docker would not find %s: it is not on PATH, nor is the folder of "
                       "\"%s\"; link it into a folder that is: ln -s %s /usr/local/bin/%s",
                       helper_name, program, program, helper_name);
    }
    if (symlink(program, link) != 0) {
        return sw_fail(err, SW_E_FAILED, "cannot make the link \"%s\" to \"%s\": %s", link, program,
                       strerror(errno));
    }
    *ret_link = SW_TAKE(link);
    return SW_OK;
}
