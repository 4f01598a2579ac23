/* harmless.h - what the two files of the check share; the check itself is in internal.h. */
#ifndef SOURCE_POSTGRES_HARMLESS_H
#define SOURCE_POSTGRES_HARMLESS_H

#include "core/sql/statement.h"
#include "source/postgres/internal.h"

/* One check. Its queries run under search_path = pg_catalog. */
struct harmless {
    struct conn *c;
    /* For EXPLAIN: functions are collected instead of refused, since most of them run not at
     * all, and the bodies of the others are looked at. */
    bool plan;
    int64_t *functions; /* OIDs, each once */
    size_t n, cap;
};

void harmless_add(struct harmless *h, int64_t oid);
/* The functions, operators, types, attributes that are named, in the schemas of `path` (an
 * array literal); then what the relations and types consist of. */
enum sd_result harmless_names(struct harmless *h, const char *path, const struct sql_uses *u,
                              struct sd_error *why);
enum sd_result harmless_parts(struct harmless *h, const char *path, const struct sql_uses *u,
                              struct sd_error *why);

/* ---- harmless_body.c ---- */
/* Pure: reads a function's definition for names, into *u (which the caller frees). NULL, or
 * the word that stands against it (caller frees). */
char *harmless_read(const char *definition, bool plpgsql, struct sql_uses *u);
/* May the planner run the functions collected, and what they call in turn? */
enum sd_result harmless_bodies(struct harmless *h, struct sd_error *why);

#endif
