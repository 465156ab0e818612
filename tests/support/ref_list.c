#include "ref_list.h"

#include "test.h"

void ref_list_init(struct ref_list *list, const char *text)
{
    *list = (struct ref_list){ 0 };
    for (struct sw_str rest = sw_str(text); rest.ptr;) {
        struct sw_err err = SW_ERR_INIT;

        assert_true(list->count < REF_LIST_MAX);
        assert_ok(sw_ref_parse(sw_str_cut(&rest, ','), &list->items[list->count++], &err));
    }
}

void ref_list_release(struct ref_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        sw_ref_release(&list->items[i]);
    }
    list->count = 0;
}
