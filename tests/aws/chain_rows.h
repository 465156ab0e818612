#ifndef SLIPWAY_TEST_CHAIN_ROWS_H
#define SLIPWAY_TEST_CHAIN_ROWS_H

/* Rows of worlds in which credentials are looked for, and what comes of it. */

#include "aws_world.h"

#include "aws/client.h"

/* What a row ends with: these keys from that source, or that failure. */
struct row {
    const char *name;
    struct world_setup setup;
    enum sw_status status;
    const char *expected; /* "KEY SECRET TOKEN source" or the message */
};

#define STS_URL "https://sts.us-east-1.amazonaws.com/"
#define ASSUMED(key)                                                                             \
    "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>" \
    "<Credentials><AccessKeyId>" key "</AccessKeyId><SecretAccessKey>S2</SecretAccessKey>"       \
    "<SessionToken>T2</SessionToken><Expiration>2015-08-30T13:36:00Z</Expiration></Credentials>" \
    "</AssumeRoleResult></AssumeRoleResponse>"
#define ROLE      "arn:aws:iam::123456789012:role/deploy"
#define ROLE_FORM "arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fdeploy"

#define CONTAINER_ANSWER                                                \
    "{\"AccessKeyId\":\"K\",\"SecretAccessKey\":\"S\",\"Token\":\"T\"," \
    "\"Expiration\":\"2015-08-30T18:36:00Z\"}"

#define IMDS       "http://169.254.169.254"
#define IMDS_ROLES IMDS "/latest/meta-data/iam/security-credentials/"

/* Looks for credentials in the world of each row and compares. */
void check_rows(const struct row *rows, size_t count);

#endif
