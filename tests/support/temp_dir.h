#ifndef SLIPWAY_TEST_TEMP_DIR_H
#define SLIPWAY_TEST_TEMP_DIR_H

/*
 * A folder of a test's own under $TMPDIR or /tmp. Cmocka fixtures: *state is the path.
 */

/* Makes the folder; returns its path, the caller's (free). */
char *temp_dir_new(void);
/* Removes the folder with all it holds, and frees the path. */
void temp_dir_free(char *path);
/* The same as setup and teardown functions of cmocka. */
int temp_dir_setup(void **state);
int temp_dir_teardown(void **state);

#endif
