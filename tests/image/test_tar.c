#include "test.h"

#include "tar_file.h"

#include <slipway/tar.h>

enum { BLOCK = 512 };

/* Reads an archive through and prints "TYPE path -> link [content]" lines. */
static enum sw_status list(struct sw_str archive, bool seek, struct sw_buf *out, struct sw_err *err)
{
    static const char *const types[] = { "file", "hard", "sym", "dir", "other" };
    struct sw_memory_part part = { archive.ptr, archive.len };
    struct sw_tar *tar = sw_tar_new(sw_memory_reader(&part));
    const struct sw_tar_entry *entry = NULL;
    enum sw_status status;

    do {
        status = sw_tar_next(tar, &entry, err);
        if (status == SW_OK && entry) {
            sw_buf_addf(out, "%s %s", types[entry->type], entry->path);
            if (entry->link[0]) {
                sw_buf_addf(out, " -> %s", entry->link);
            }
            if (entry->type == SW_TAR_FILE && !seek) {
                const struct sw_reader reader = sw_tar_reader(tar);
                char data[4096];
                size_t len = 0;

                status = sw_reader_fill(&reader, data, sizeof(data), &len, err);
                if (status == SW_OK) {
                    sw_buf_addf(out, " [%.*s]", (int)len, data);
                }
            }
            sw_buf_add_char(out, '\n');
        }
    } while (status == SW_OK && entry);
    sw_tar_free(tar);
    return status;
}

#define LONG50  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LONG150 LONG50 LONG50 LONG50

static void add_pax(struct sw_buf *out, char type, const char *records)
{
    tar_file_header(out, "PaxHeaders/x", type, "", (int64_t)strlen(records));
    tar_file_content(out, sw_str(records));
}

static void build_plain(struct sw_buf *out)
{
    tar_file_header(out, "dir/", '5', "", 0);
    tar_file_add(out, "dir/a", SW_STR("hello"));
    tar_file_add(out, "empty", SW_STR(""));
    tar_file_link(out, "sym", '2', "../dir/a");
    tar_file_link(out, "hard", '1', "dir/a");
    tar_file_header(out, "fifo", '6', "", 0);
    tar_file_end(out);
}

static void build_long_names(struct sw_buf *out)
{
    add_pax(out, 'g', "20 comment=whatever\n");
    add_pax(out, 'x', "160 path=" LONG150 "\n");
    tar_file_add(out, "cut", SW_STR("pax"));
    tar_file_header(out, "././@LongLink", 'L', "", 151);
    tar_file_content(out, sw_str_n(LONG150, 151));
    tar_file_add(out, "cut", SW_STR("gnu"));
    tar_file_header(out, "././@LongLink", 'K', "", 151);
    tar_file_content(out, sw_str_n(LONG150, 151));
    tar_file_link(out, "link", '2', "cut");
    add_pax(out, 'x', "18 linkpath=other\n");
    tar_file_link(out, "link2", '1', "cut");
    tar_file_add(out, "after", SW_STR("x"));
    tar_file_end(out);
}

static void build_pax_size(struct sw_buf *out)
{
    add_pax(out, 'x', "10 size=5\n");
    tar_file_header(out, "a", '0', "", 0);
    tar_file_content(out, SW_STR("12345"));
    tar_file_add(out, "b", SW_STR("x"));
    tar_file_end(out);
}

/* A size in GNU's binary form, a prefix, and the old type of files. */
static void build_forms(struct sw_buf *out)
{
    size_t at = out->len;

    tar_file_header(out, "name", '\0', "", 0);
    memcpy(out->ptr + at + 124, "\x80\0\0\0\0\0\0\0\0\0\0\3", 12);
    memcpy(out->ptr + at + 345, "pre/fix", 7);
    tar_file_sum(out, at);
    tar_file_content(out, SW_STR("abc"));
    tar_file_header(out, "olddir/", '\0', "", 0);
    tar_file_end(out);
}

static void build_one_zero_block(struct sw_buf *out)
{
    tar_file_add(out, "a", SW_STR("x"));
    tar_file_end(out);
    sw_buf_truncate(out, out->len - BLOCK);
}

static const struct good_case {
    const char *name;
    void (*build)(struct sw_buf *out);
    const char *listing;
} good_cases[] = {
    { "plain", build_plain,
      "dir dir/\nfile dir/a [hello]\nfile empty []\nsym sym -> ../dir/a\nhard hard -> dir/a\n"
      "other fifo\n" },
    { "long names", build_long_names,
      "file " LONG150 " [pax]\nfile " LONG150 " [gnu]\nsym link -> " LONG150
      "\nhard link2 -> other\nfile after [x]\n" },
    { "size in a pax header", build_pax_size, "file a [12345]\nfile b [x]\n" },
    { "binary size, prefix, old types", build_forms, "file pre/fix/name [abc]\ndir olddir/\n" },
    { "one block of zeros", build_one_zero_block, "file a [x]\n" },
};

static void test_tar__reads_archives(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(good_cases); i++) {
        struct sw_err err = SW_ERR_INIT;
        struct sw_buf archive;
        struct sw_buf out;

        sw_buf_init(&archive, SW_BUF_TEXT_MAX);
        sw_buf_init(&out, SW_BUF_TEXT_MAX);
        good_cases[i].build(&archive);
        print_message("%s\n", good_cases[i].name);
        assert_ok(list(sw_buf_str(&archive), false, &out, &err));
        assert_string_equal(out.ptr, good_cases[i].listing);
        sw_buf_release(&archive);
        sw_buf_release(&out);
    }
}

static void build_bad_sum(struct sw_buf *out)
{
    tar_file_add(out, "a", SW_STR("x"));
    out->ptr[0] = 'b';
    tar_file_end(out);
}

static void build_negative_size(struct sw_buf *out)
{
    tar_file_header(out, "a", '0', "", 0);
    memset(out->ptr + 124, 0xff, 12);
    tar_file_sum(out, 0);
    tar_file_end(out);
}

static void build_huge_size(struct sw_buf *out)
{
    tar_file_header(out, "a", '0', "", 0);
    memcpy(out->ptr + 124, "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12);
    tar_file_sum(out, 0);
    tar_file_end(out);
}

static void build_size_of_letters(struct sw_buf *out)
{
    tar_file_header(out, "a", '0', "", 0);
    memcpy(out->ptr + 124, "12x45678901", 11);
    tar_file_sum(out, 0);
    tar_file_end(out);
}

static void build_no_name(struct sw_buf *out)
{
    tar_file_add(out, "", SW_STR("x"));
    tar_file_end(out);
}

static void build_sparse(struct sw_buf *out)
{
    tar_file_header(out, "a", 'S', "", 0);
    tar_file_end(out);
}

static void build_pax_sparse(struct sw_buf *out)
{
    add_pax(out, 'x', "22 GNU.sparse.major=1\n");
    tar_file_add(out, "a", SW_STR("x"));
    tar_file_end(out);
}

static void build_pax_length_lies(struct sw_buf *out)
{
    add_pax(out, 'x', "99 path=x\n");
    tar_file_add(out, "a", SW_STR("x"));
    tar_file_end(out);
}

static void build_pax_without_value(struct sw_buf *out)
{
    add_pax(out, 'x', "8 pathx\n");
    tar_file_add(out, "a", SW_STR("x"));
    tar_file_end(out);
}

static void build_pax_size_negative(struct sw_buf *out)
{
    add_pax(out, 'x', "11 size=-1\n");
    tar_file_add(out, "a", SW_STR("x"));
    tar_file_end(out);
}

static void build_pax_too_long(struct sw_buf *out)
{
    tar_file_header(out, "PaxHeaders/x", 'x', "", 2097152);
    tar_file_end(out);
}

static void build_pax_at_end(struct sw_buf *out)
{
    add_pax(out, 'x', "10 path=x\n");
    tar_file_end(out);
}

static void build_long_name_empty(struct sw_buf *out)
{
    tar_file_header(out, "././@LongLink", 'L', "", 0);
    tar_file_add(out, "a", SW_STR("x"));
    tar_file_end(out);
}

static void build_zeros_between(struct sw_buf *out)
{
    tar_file_add(out, "a", SW_STR("x"));
    tar_file_end(out);
    sw_buf_truncate(out, out->len - BLOCK);
    tar_file_add(out, "b", SW_STR("x"));
    tar_file_end(out);
}

static void build_nothing(struct sw_buf *out)
{
    sw_buf_add_cstr(out, "");
}

static void build_no_end(struct sw_buf *out)
{
    tar_file_add(out, "a", SW_STR("x"));
}

static void build_cut_content(struct sw_buf *out)
{
    tar_file_header(out, "a", '0', "", 5000);
    sw_buf_add_cstr(out, "only this");
}

static void build_cut_header(struct sw_buf *out)
{
    tar_file_add(out, "a", SW_STR("x"));
    sw_buf_truncate(out, 100);
}

static const struct bad_case {
    const char *name;
    void (*build)(struct sw_buf *out);
    const char *message;
} bad_cases[] = {
    { "checksum", build_bad_sum,
      "no valid tar archive: entry 1 before byte 512: its header has a wrong checksum" },
    { "negative size", build_negative_size,
      "no valid tar archive: entry 1 before byte 512: its size is out of range" },
    { "huge size", build_huge_size,
      "no valid tar archive: entry 1 before byte 512: its size is out of range" },
    { "size of letters", build_size_of_letters,
      "no valid tar archive: entry 1 before byte 512: its size is out of range" },
    { "no name", build_no_name, "no valid tar archive: entry 1 before byte 512: it has no name" },
    { "sparse", build_sparse,
      "no valid tar archive: entry 1 before byte 512: it is a sparse file, which is not supported" },
    { "pax sparse", build_pax_sparse,
      "no valid tar archive: entry 1 before byte 1024: it is a sparse file, which is not supported" },
    { "pax length", build_pax_length_lies,
      "no valid tar archive: entry 1 before byte 1024: its extended header is malformed" },
    { "pax without value", build_pax_without_value,
      "no valid tar archive: entry 1 before byte 1024: its extended header is malformed" },
    { "pax size", build_pax_size_negative,
      "no valid tar archive: entry 1 before byte 1024: its size is out of range" },
    { "pax too long", build_pax_too_long,
      "no valid tar archive: entry 1 before byte 512: its extended header is too long" },
    { "pax at end", build_pax_at_end,
      "no valid tar archive: entry 1 before byte 1536: an extended header is followed by nothing" },
    { "empty long name", build_long_name_empty,
      "no valid tar archive: entry 1 before byte 512: its long name is empty or too long" },
    { "zeros between", build_zeros_between,
      "no valid tar archive: entry 1 before byte 1536: a lone block of zeros stands between "
      "entries" },
    { "nothing", build_nothing, "the archive is truncated: it ends at byte 0" },
    { "no end mark", build_no_end, "the archive is truncated: it ends at byte 1024" },
    { "cut content", build_cut_content, "the archive is truncated: it ends at byte 521" },
    { "cut header", build_cut_header, "the archive is truncated: it ends at byte 100" },
};

static void test_tar__refuses_broken_archives(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(bad_cases); i++) {
        for (int seek = 0; seek < 2; seek++) {
            struct sw_err err = SW_ERR_INIT;
            struct sw_buf archive;
            struct sw_buf out;

            sw_buf_init(&archive, SW_BUF_TEXT_MAX);
            sw_buf_init(&out, SW_BUF_TEXT_MAX);
            bad_cases[i].build(&archive);
            print_message("%s\n", bad_cases[i].name);
            assert_fails(list(sw_buf_str(&archive), seek, &out, &err), SW_E_INPUT,
                         bad_cases[i].message);
            sw_buf_release(&archive);
            sw_buf_release(&out);
        }
    }
}

/* Cutting an archive anywhere before its end mark is noticed. */
static void test_tar__notices_every_cut(void **state)
{
    struct sw_buf archive;

    (void)state;
    sw_buf_init(&archive, SW_BUF_TEXT_MAX);
    build_plain(&archive);
    for (size_t len = 0; len < archive.len - BLOCK; len += 37) {
        struct sw_err err = SW_ERR_INIT;
        struct sw_buf out;

        sw_buf_init(&out, SW_BUF_TEXT_MAX);
        if (len < archive.len - (size_t)2 * BLOCK + 1) {
            assert_int_equal(list(sw_str_first(sw_buf_str(&archive), len), len % 2, &out, &err),
                             SW_E_INPUT);
        }
        sw_buf_release(&out);
    }
    sw_buf_release(&archive);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tar__reads_archives),
        cmocka_unit_test(test_tar__refuses_broken_archives),
        cmocka_unit_test(test_tar__notices_every_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
