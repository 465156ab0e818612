#ifndef SLIPWAY_DOTENV_H
#define SLIPWAY_DOTENV_H

/*
 * Files of variables, one NAME=VALUE a line, as docker and the dotenv libraries read them. Blank
 * lines and lines that begin with '#' do not count, nor does "export " in front of a name. Blanks
 * around a bare value do not belong to it, nor does a comment (" #...") behind it. A value in
 * single quotes is what stands between them; in double quotes \n \r \t \" \\ and \$ are escapes.
 * Quoted values may have several lines. Nothing is expanded: $NAME stays as it is.
 */

#include <slipway/err.h>
#include <slipway/str.h>

/* Bytes of a file. */
#define SW_DOTENV_MAX ((size_t)1024 * 1024)

/*
 * Calls `each` for every variable, in order; the value is wiped afterwards. A status other than
 * SW_OK ends the reading and is returned. SW_E_INPUT "file:line: ..." for what is no variable,
 * never quoting values; SW_E_INPUT too for what is no UTF-8 text, SW_E_TOO_LARGE beyond
 * SW_DOTENV_MAX. A byte order mark in front is read over.
 */
SW_NODISCARD enum sw_status sw_dotenv_parse(struct sw_str text, const char *file,
                                            enum sw_status (*each)(void *ctx, struct sw_str name,
                                                                   struct sw_str value,
                                                                   struct sw_err *err),
                                            void *ctx, struct sw_err *err);

#endif
