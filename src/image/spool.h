#ifndef SLIPWAY_IMAGE_SPOOL_H
#define SLIPWAY_IMAGE_SPOOL_H

/*
 * A temporary file that one thread fills while others read what is there: a layer is uploaded while
 * it is still being compressed. The writer never waits for readers; what they have not taken yet
 * lies in the file, so memory does not grow and a reader may start over.
 */

#include <slipway/attr.h>
#include <slipway/err.h>

#include <stddef.h>
#include <stdint.h>

struct sw_spool;

/* An empty spool with its file in `tmpdir` (NULL: /tmp). The caller's. */
SW_NODISCARD enum sw_status sw_spool_new(const char *tmpdir, struct sw_spool **ret,
                                         struct sw_err *err);
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
 * Reads from `offset` on, waiting up to `wait_ms` for what is to come. *ret_len is 0 at the end, or
 * when nothing came in that time: the state says which.
 */
SW_NODISCARD enum sw_status sw_spool_read(struct sw_spool *spool, int64_t offset, char *data,
                                          size_t size, int wait_ms, size_t *ret_len,
                                          struct sw_err *err);
/* Closes the file, which is not needed any more. */
void sw_spool_drop(struct sw_spool *spool);

#endif
