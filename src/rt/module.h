/* module.h - loading shared objects; used by the registry alone. */
#ifndef RT_MODULE_H
#define RT_MODULE_H

#include "base/base.h"

enum { MODULE_KINDS_MAX = 64 };

struct module {
    char *path;    /* without symbolic links */
    void *library; /* for dlsym; never closed */
    const struct sd_source_ops *
        *ops; /* its kinds, complete for this host also when it is of an older minor; for ever */
    size_t n; /* 0: it has functions of the program only ("slowdive_part") */
};

/* Checks and loads; false and a sentence when refused, and then *m is empty. */
bool module_load(const char *path, struct module *m, struct sd_error *err);
void module_free(struct module *m); /* of one that is not used; the library stays */

/* False and a sentence when a table makes no sense. Also true for built-in ones. */
bool module_table_is_sane(const struct sd_source_ops *ops, struct sd_error *err);

#endif
