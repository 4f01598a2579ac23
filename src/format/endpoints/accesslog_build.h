/* accesslog_build.h - a format string becomes values and literals: between the accesslog_*.c files only. */
#ifndef FORMAT_ENDPOINTS_ACCESSLOG_BUILD_H
#define FORMAT_ENDPOINTS_ACCESSLOG_BUILD_H

#include "format/endpoints/accesslog_internal.h"

struct variable {
    const char *name;
    enum accesslog_field field;
    int64_t scale;
    int rank;
    bool list;
};

struct builder {
    struct accesslog_format *f;
    struct strbuf literal; /* text since the last value */
};

/* The literal so far, then a value; `v` NULL: one that is skipped over. */
bool accesslog_add_value(struct builder *b, const char *name, const struct variable *v, struct sd_error *err);

/* ---- GoAccess's notation (accesslog_goaccess.c) ---- */
bool accesslog_is_goaccess(const char *text);
bool accesslog_build_goaccess(struct builder *b, const char *text, const char *date, const char *time,
                              struct sd_error *err);
bool accesslog_map_goaccess(struct accesslog_format *f, const char *text, struct sd_error *err);
/* The form that one of its predefined names, in any case, stands for: a name or a format of slowdive's; NULL:
 * it is none. */
const char *accesslog_goaccess_name(const char *name);

#endif
