#ifndef SLIPWAY_CLI_CMD_CREDENTIAL_HELPER_H
#define SLIPWAY_CLI_CMD_CREDENTIAL_HELPER_H

/*
 * The program under the name docker-credential-slipway: the credential helper protocol of
 * docker/docker-credential-helpers. One argument, the request on standard input, the answer or the
 * error text on standard output, exit code 0 or 1.
 *
 * get     an ECR token for an ECR host, by the AWS credentials of the environment
 * store   nothing to keep for an ECR host: success, so that `docker login` works
 * erase   nothing to forget: success
 * list    the hosts for which docker's configuration names this helper
 * version "docker-credential-slipway (slipway) X.Y.Z"
 */

#include <slipway/env.h>

#include <stdio.h>

#define SW_CREDENTIAL_HELPER_NAME "docker-credential-slipway"

/* Runs one request and returns the exit code. */
int sw_credential_helper_main(struct sw_env *env, int argc, char *const *argv, FILE *out,
                              FILE *err);

#endif
