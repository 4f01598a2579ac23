/* Indexes for the overview: invalid ones, and what never scanned ones take. Judged without their definitions:
 * this is done whenever something changes. */
#include "view/indexes/indexes.h"

#include "view/shared/common.h"
#include "view/shared/worst.h"

#include <stdlib.h>

/* X(NAME, value, help) */
#define THRESHOLDS(X)                                                                                        \
    X(UNUSED_NS, 7 * 86400e9, "time of counting from which an index without a scan is unused")               \
    X(UNUSED_BYTES, 100e6, "bytes of such indexes together that are worth a line")                           \
    X(INVALID_LINES, 3, "invalid indexes that get a line each")

enum threshold { THRESHOLDS(WORST_ENUM) };
static const double LIMIT[] = {THRESHOLDS(WORST_VALUE)};

enum { INDEXES_MAX = 10000, COMMANDS_MAX = 200 };

bool index_is_built_now(const struct view_ctx *c, const struct index_entry *e)
{
    struct record_entry *p = mem_array(COMMANDS_MAX, sizeof *p);
    size_t n = model_server_records(c->model, SD_PROGRESS, c->span, c->now, p, COMMANDS_MAX);
    char *table = mem_printf("%s.%s", e->x->schema ? e->x->schema : "", e->x->table ? e->x->table : "");
    bool found = false;
    for (size_t i = 0; i < n && !found; i++) {
        const struct sd_progress *x = p[i].r;
        found = str_eq(p[i].origin, e->origin) && str_eq(x->command, "create index") &&
                str_eq(x->relation, table) && str_eq(x->database, e->x->database);
    }
    free(table);
    free(p);
    return found;
}

static bool is_unused(const struct index_entry *e)
{
    const struct sd_index *x = e->x;
    return x->idx_scan == 0 && x->is_unique == 0 && x->is_constraint == 0 && x->is_valid != 0 &&
           (x->since <= 0 || (double)common_age(e->at, x->since) >= LIMIT[T_UNUSED_NS]);
}

void indexes_worst(const struct view_ctx *c, struct worst_list *l)
{
    struct index_entry *e = mem_array(INDEXES_MAX, sizeof *e);
    size_t n = model_indexes(c->model, c->span, c->now, e, INDEXES_MAX), invalid = 0, unused = 0;
    double bytes = 0;
    char a[UNIT_TEXT_MAX];
    for (size_t i = 0; i < n; i++) {
        if (is_unused(&e[i])) {
            unused++;
            bytes += (double)MAX(e[i].x->size_bytes, 0);
        }
        if (e[i].x->is_valid != 0 || (double)invalid >= LIMIT[T_INVALID_LINES] ||
            index_is_built_now(c, &e[i]))
            continue;
        invalid++;
        worst_add(l, (struct worst_item){
                         .what = "index",
                         .severity = SEVERITY_WARN,
                         .share = NAN,
                         .subject = doc_text(l->d, e[i].x->name ? e[i].x->name : "?"),
                         .why = doc_printf(l->d,
                                           "invalid: a build failed; it is written, and no query "
                                           "uses it: drop it, or REINDEX INDEX CONCURRENTLY (table %s)",
                                           e[i].x->table ? e[i].x->table : "?"),
                         .dive = {.view = "indexes"}});
    }
    if (bytes >= LIMIT[T_UNUSED_BYTES])
        worst_add(l,
                  (struct worst_item){
                      .what = "unused",
                      .severity = SEVERITY_INFO,
                      .share = NAN,
                      .subject = doc_printf(l->d, "%zu index%s", unused, unused == 1 ? "" : "es"),
                      .why = doc_printf(l->d, "%s of indexes were never scanned: every write pays for them",
                                        unit_format(UNIT_BYTES, bytes, a)),
                      .dive = {.view = "indexes"}});
    free(e);
}
