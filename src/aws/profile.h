#ifndef SLIPWAY_AWS_PROFILE_H
#define SLIPWAY_AWS_PROFILE_H

/*
 * The shared config and credentials files
 * (https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html). Sections are [default],
 * [profile NAME], [services NAME], [sso-session NAME] in the config file and [NAME] in the
 * credentials file. Both files make one set of profiles; where both have a key, the credentials
 * file wins, whichever is parsed last must be that one. An indented line under "key =" is a part of
 * that key and is kept as "key.part". Lines that start with '#' or ';' are comments, and so is what
 * follows '#' or ';' after a blank.
 *
 * Limits: AWS_FILE_MAX bytes per file, AWS_SECTIONS_MAX sections, AWS_KEYS_MAX keys in one.
 */

#include <slipway/err.h>
#include <slipway/str.h>

enum { AWS_FILE_MAX = 1024 * 1024, AWS_SECTIONS_MAX = 2048, AWS_KEYS_MAX = 256 };

enum aws_section_kind { AWS_SECTION_PROFILE, AWS_SECTION_SERVICES, AWS_SECTION_OTHER };

struct aws_key {
    char *name; /* lower case */
    char *value;
};
struct aws_section {
    enum aws_section_kind kind;
    char *name;
    struct aws_key *keys;
    size_t key_count;
    size_t key_capacity;
};
struct aws_profiles {
    struct aws_section *sections;
    size_t count;
    size_t capacity;
};

/* Frees everything; the set is empty and usable again. */
void aws_profiles_release(struct aws_profiles *profiles);

enum aws_file { AWS_FILE_CONFIG, AWS_FILE_CREDENTIALS };
/*
 * Adds what `text` holds. `path` names the file in errors: SW_E_INPUT with the line number for a
 * line that is neither section, key nor comment, SW_E_TOO_LARGE beyond a limit.
 */
SW_NODISCARD enum sw_status aws_profiles_parse(struct aws_profiles *profiles, enum aws_file file,
                                               const char *path, struct sw_str text,
                                               struct sw_err *err);
/* Reads a file and parses it; a file that does not exist is an empty one. */
SW_NODISCARD enum sw_status aws_profiles_load(struct aws_profiles *profiles, enum aws_file file,
                                              const char *path, struct sw_err *err);

/* The section of that kind and name, borrowed; NULL when there is none. */
const struct aws_section *aws_profiles_find(const struct aws_profiles *profiles,
                                            enum aws_section_kind kind, const char *name);
/* The value of a key, borrowed; NULL when it is absent or empty, or `section` is NULL. */
const char *aws_section_get(const struct aws_section *section, const char *key);

#endif
