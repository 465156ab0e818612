#ifndef SLIPWAY_JSON_FILE_H
#define SLIPWAY_JSON_FILE_H

/* Test data in JSON. */

#include <slipway/json.h>

/* What is in the file, the caller's; the test fails when it cannot be read. */
json_t *json_file_read(const char *path);

#endif
