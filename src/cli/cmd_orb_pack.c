#include "commands.h"

#include <slipway/fs.h>
#include <slipway/orbpack.h>

/* slipway orb pack DIR */

struct pack_args {
    struct sw_cli_common common;
    const char *output_file;
    const char *order;
    const char *include_root;
};

static const struct sw_opt pack_opts[] = {
    SW_CLI_COMMON(struct pack_args, common),
    { SW_OPT_STR, "output-file", 'o', offsetof(struct pack_args, output_file), "FILE",
      "write the packed orb here instead of to standard output", 0, NULL, 0, 0, NULL },
    { SW_OPT_ENUM, "order", 0, offsetof(struct pack_args, order), "ORDER",
      "order of keys: sorted by name (the default), or as in the source", 0, "sorted|source", 0, 0,
      NULL },
    { SW_OPT_STR, "include-root", 0, offsetof(struct pack_args, include_root), "FOLDER",
      "allow included files anywhere below this folder instead of below DIR", 0, NULL, 0, 0, NULL },
    { .kind = SW_OPT_END },
};

static enum sw_status run_pack(struct sw_cli *cli, void *data, struct sw_err *err)
{
    const struct pack_args *args = data;
    const char *dir = cli->operands.items[0];
    SW_CLEANUP(sw_yaml_pool_cleanup) struct sw_yaml_pool *pool = sw_yaml_pool_new();
    SW_CLEANUP(sw_buf_release) struct sw_buf text;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    struct sw_yaml *orb = NULL;
    enum sw_status status = sw_orb_pack(pool, dir, args->include_root, &orb, err);
    if (status != SW_OK) {
        return status;
    }
    bool sorted = args->order == NULL || strcmp(args->order, "sorted") == 0;
    status = sw_yaml_emit(sorted ? sw_yaml_sorted(pool, orb) : orb, &text, err);
    if (status != SW_OK) {
        return status;
    }
    if (args->output_file != NULL) {
        status = sw_fs_write_atomic(args->output_file, sw_buf_str(&text), 0644, err);
        if (status == SW_OK) {
            sw_say(cli->env, "packed %s into %s (%zu bytes)", dir, args->output_file, text.len);
        }
        return status;
    }
    (void)fwrite(text.ptr, 1, text.len, cli->out); /* a failure shows when main flushes */
    return SW_OK;
}

const struct sw_command sw_cmd_orb_pack = {
    .name = "orb pack",
    .summary = "pack an orb's source folder into one file",
    .description =
        "Prints the orb whose @orb.yml is in DIR: files below commands/, jobs/, executors/ and\n"
        "examples/ become elements named after them, folders inside these do not matter, and\n"
        "<<include(path)>> in a value is replaced by the file at that path below DIR. The same\n"
        "sources always give the same bytes.",
    .operands = "DIR",
    .operands_min = 1,
    .operands_max = 1,
    .example = "slipway orb pack orb --output-file dist/orb.yml",
    .opts = pack_opts,
    .args_size = sizeof(struct pack_args),
    .run = run_pack,
};
