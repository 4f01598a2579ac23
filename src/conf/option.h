/* option.h - tables of struct sd_option put to work: defaults, parsing, printing.
 * The one parser for source options, settings and command-line values. */
#ifndef CONF_OPTION_H
#define CONF_OPTION_H

#include "base/base.h"

/* A zeroed options struct with every default parsed in. NULL when opts_size is
 * 0. Text and lists are owned by the struct; free with options_free. */
void *options_new(const struct sd_option *table, size_t opts_size);
void options_free(const struct sd_option *table, void *opts);

const struct sd_option *option_find(const struct sd_option *table, const char *name); /* NULL */
/* Parses and range-checks; the error names the option, what was given and what
 * was expected. `opts` is unchanged on failure. */
bool option_set(const struct sd_option *table, void *opts, const char *name, const char *value,
                struct sd_error *err);
/* As a user would write it; secrets as "***". */
void option_print(const struct sd_option *o, const void *opts, struct strbuf *out);
const char *option_type_name(enum sd_option_type t); /* "duration" */

#endif
