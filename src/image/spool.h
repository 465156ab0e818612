#ifndef SLIPWAY_IMAGE_SPOOL_H
#define SLIPWAY_IMAGE_SPOOL_H

/*
 * What one thread writes while another reads what is there: a layer is uploaded while it is still
 * being compressed. The writer never waits for the reader. Bytes pass through a window of memory;
 * when the reader falls so far behind that they do not fit, they go to a temporary file from there
 * on, so that memory does not grow.
 */

#include <slipway/attr.h>
#include <slipway/err.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sw_spool;

/*
 * An empty spool, whose file would be in `tmpdir` (NULL: /tmp). The caller's. With `keep` all bytes
 * can be read again until the spool is dropped, by one reader after the other; else what its only
 * reader has taken may be gone.
 */
struct sw_spool *sw_spool_new(const char *tmpdir, bool keep);
void sw_spool_free(struct sw_spool *spool);

/* The writer's side: one thread at a time. */
SW_NODISCARD enum sw_status sw_spool_add(struct sw_spool *spool, const char *data, size_t len,
                                         struct sw_err *err);
int64_t sw_spool_size(struct sw_spool *spool);
/* Nothing more comes; `whole` false: something is missing, and readers fail. */
void sw_spool_end(struct sw_spool *spool, bool whole);

/* How far a spool is. */
enum sw_spool_state { SW_SPOOL_GROWING, SW_SPOOL_WHOLE, SW_SPOOL_BROKEN };
enum sw_spool_state sw_spool_state(struct sw_spool *spool);
/*
 * Reads from `offset` on: where the last reading ended, or at 0 when a reader begins, or starts
 * over after sw_spool_forsake(). Waits up to `wait_ms` for what is to come. *ret_len is 0 at the
 * end, or when nothing came in that time: the state says which.
 */
SW_NODISCARD enum sw_status sw_spool_read(struct sw_spool *spool, int64_t offset, char *data,
                                          size_t size, int wait_ms, size_t *ret_len,
                                          struct sw_err *err);
/*
 * What a reader asks that wants to start over: true when the beginning is gone. Then nobody reads
 * any more, and what is still added is thrown away. Else it is kept until it has been read again.
 */
bool sw_spool_forsake(struct sw_spool *spool);
bool sw_spool_is_forsaken(struct sw_spool *spool);
/* Gives up the content, which is not needed any more. Nobody writes or reads then. */
void sw_spool_drop(struct sw_spool *spool);

#endif
