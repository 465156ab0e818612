#ifndef SLIPWAY_IMAGE_AWAITED_H
#define SLIPWAY_IMAGE_AWAITED_H

/*
 * What is still to come of the wanted image while an archive passes (archive.h). What is awaited is
 * known beforehand, or found out from documents as they pass: an index, a manifest.
 */

#include "archive.h"

struct sw_awaited {
    const struct sw_archive_wish *wish;
    struct sw_intake *intake;
    bool config;                   /* of wish->config: still to come */
    bool *layers;                  /* per item of wish->awaited: it has passed */
    size_t left;                   /* of all these */
    char document[SW_DIGEST_SIZE]; /* of wish->root: the index or manifest to go on with */
    bool lost;                     /* the image is not where that leads: all has to be read */
    struct sw_manifest manifest;   /* found; its parts are awaited */
    bool found;
    bool looked; /* which of its layers the targets have */
};

void sw_awaited_init(struct sw_awaited *awaited, const struct sw_archive_wish *wish,
                     struct sw_intake *intake);
void sw_awaited_release(struct sw_awaited *awaited);
/*
 * Notes that a file has passed; archive->complete is set when it was the last one, and
 * archive->manifest when that was found on the way.
 */
SW_NODISCARD enum sw_status sw_awaited_note(struct sw_awaited *awaited, struct sw_archive *archive,
                                            struct sw_archive_file *file, struct sw_err *err);

#endif
