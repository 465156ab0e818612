#ifndef SLIPWAY_REF_LIST_H
#define SLIPWAY_REF_LIST_H

/* Image references from a comma list, for calls that take several. */

#include <slipway/ref.h>
#include <slipway/str.h>

enum { REF_LIST_MAX = 8 };

struct ref_list {
    struct sw_ref items[REF_LIST_MAX];
    size_t count;
};

/* Parses "HOST/REPOSITORY:TAG,..."; a reference that is wrong, or one too many, fails the test. */
void ref_list_init(struct ref_list *list, const char *text);
void ref_list_release(struct ref_list *list);

#endif
