#ifndef SLIPWAY_BUILD_H
#define SLIPWAY_BUILD_H

/*
 * Building an image with the docker client: what is wrong with the input is said before anything
 * runs, the client gets its words as they are (no shell), and its output passes through unaltered.
 *
 * "docker build" is used as it is: BuildKit where the client has it, the legacy builder where it
 * has not. What only BuildKit can do (secrets, several platforms, cache export and the like) goes
 * to "docker buildx build"; without the buildx plugin that is an error, except for clients before
 * 23, which have a BuildKit of their own. DOCKER_BUILDKIT=1 without the plugin is not passed on:
 * such a client would refuse to build anything.
 *
 * A cache that is named by a reference alone is a tag of a registry; it is written whole, and in
 * the form that Amazon ECR takes.
 *
 * The client's environment has BUILDX_NO_DEFAULT_ATTESTATIONS=1 unless it is set: attestations turn
 * an image into an index with entries that Amazon ECR shows as untagged images.
 */

#include <slipway/buf.h>
#include <slipway/env.h>

struct sw_build {
    const char *dockerfile;           /* from the working directory; NULL: "Dockerfile" */
    const char *context;              /* folder, or an URL for docker; NULL: "." */
    const struct sw_strs *refs;       /* names of the image, checked by the caller */
    const struct sw_strs *args;       /* "K=V", or "K" for the environment's value; may be NULL */
    const struct sw_strs *secrets;    /* docker's --secret texts; may be NULL */
    const struct sw_strs *cache_from; /* references, or type=...; may be NULL */
    const struct sw_strs *cache_to;   /* likewise */
    const struct sw_strs *extra;      /* further words for docker; may be NULL */
    const char *platform;             /* comma list; may be NULL */
    const char *target;               /* stage; may be NULL */
    bool no_cache;
};

/*
 * Adds one secret in docker's form to *ret. `text` is VARIABLE, or fields id=ID, env=VARIABLE and
 * src=FILE between commas; with `expand`, variables in FILE are expanded. The variable must be set
 * and the file be there: docker would build without. What the variable holds goes into no argument,
 * and is known to the redactor. SW_E_INPUT saying what is wrong, never quoting what could be a
 * secret.
 */
SW_NODISCARD enum sw_status sw_build_secret_add(const struct sw_env *env, struct sw_str text,
                                                bool expand, struct sw_strs *ret,
                                                struct sw_err *err);

/* Whether the build asks for something that only BuildKit does; *ret_what says for what. */
bool sw_build_needs_buildkit(const struct sw_build *build, const char **ret_what);

/*
 * Checks that the context is a folder and the Dockerfile a file. SW_E_INPUT names the path and
 * lists the Dockerfiles that are there. Contexts that docker fetches itself are not looked at.
 */
SW_NODISCARD enum sw_status sw_build_check(const struct sw_build *build, struct sw_err *err);

/* The words of the docker client, from "docker" on. `buildx`: for "docker buildx build". */
void sw_build_argv(const struct sw_build *build, bool buildx, struct sw_strs *ret);
/* The words as a line for people, quoted for a shell, with values of build arguments masked. */
void sw_build_line(const struct sw_strs *argv, struct sw_buf *out);

/*
 * Checks, says the command and runs it; the engine is asked before where BuildKit has to be looked
 * for, and when the build fails. SW_E_INPUT as sw_build_check; SW_E_FAILED without a client and
 * when docker's build fails ("docker build failed with exit code N"); SW_E_NETWORK when the engine
 * does not answer, SW_E_DENIED when it may not be asked; SW_E_STOPPED.
 */
SW_NODISCARD enum sw_status sw_build_image(const struct sw_env *env, const struct sw_build *build,
                                           struct sw_err *err);

#endif
