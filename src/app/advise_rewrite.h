/* advise_rewrite.h - the section `rewrites` of slowdive advise: statements that should be
 * written differently, since no index helps them. */
#ifndef APP_ADVISE_REWRITE_H
#define APP_ADVISE_REWRITE_H

#include "core/indexes/db_catalog.h"
#include "core/doc.h"

struct advise_rewrites {
    /* given */
    struct doc *doc;
    const struct catalog *catalog;
    bool show_literals;
    /* private */
    const struct sd_table **tables; /* what the catalog says, as facts of a plan */
    size_t n_tables;
    struct arena *arena;
    size_t place; /* of the section + 1; 0: there is none yet */
};

/* Adds what there is to say of a statement and its plan (JSON; NULL: nothing). */
void advise_rewrites_of(struct advise_rewrites *a, const char *id, const char *sql, const char *plan);
void advise_rewrites_done(struct advise_rewrites *a);

extern const struct column advise_rewrite_columns[];
extern const size_t advise_n_rewrite_columns;

#endif
