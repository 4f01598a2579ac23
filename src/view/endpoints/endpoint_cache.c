/* endpoint_cache.c - the cache in front of an endpoint: what it answers, and what a miss costs. */
#include "view/endpoints/endpoint_cache.h"

#include <stdlib.h>

#include "core/model/caches.h"
#include "core/table.h"

enum { PARTS_MAX = 20000 };

#define ROWS(X)                                                                                              \
    X(cache, "Cache", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, "product and log",                            \
      cell_text(doc_text(d, p->cache)))                                                                      \
    X(hit_ratio, "Hit rate", UNIT_SHARE, COLUMN_BAR, 0, "of its requests that were looked up",               \
      cell_real(all > 0 ? (double)p->hits / all : (double)NAN))                                              \
    X(hits, "Hits", UNIT_COUNT, 0, 1, "answered from the cache, since it is watched", cell_int(p->hits))     \
    X(misses, "Misses", UNIT_COUNT, 0, 1, "answered by what is behind it", cell_int(p->misses))              \
    X(hit_mean_ns, "A hit takes", UNIT_NS, 0, 0, "mean duration", cell_int(p->hit_mean_ns))                  \
    X(miss_mean_ns, "A miss takes", UNIT_NS, 0, 0, "mean duration", cell_int(p->miss_mean_ns))

#define ROW_ENUM(key, title, unit, flags, priority, help, cell) R_##key,
enum { ROWS(ROW_ENUM) R_COLUMNS };
#define ROW_COLUMN(key_, title_, unit_, flags_, priority_, help_, cell)                                      \
    {.key = #key_,                                                                                           \
     .title = title_,                                                                                        \
     .unit = unit_,                                                                                          \
     .flags = flags_,                                                                                        \
     .priority = priority_,                                                                                  \
     .help = help_,                                                                                          \
     .width = ((flags_)&COLUMN_GROW) ? 16 : 0},
static const struct column COLUMNS[R_COLUMNS] = {ROWS(ROW_COLUMN)};

void endpoint_cache_section(struct doc *d, const struct view_ctx *c, const struct endpoint *e)
{
    struct record_entry *parts = mem_array(PARTS_MAX, sizeof *parts);
    size_t n = model_cache_records(c->model, SD_CACHE_PREFIX, c->span, c->now, parts, PARTS_MAX);
    struct section *s = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct sd_cache_prefix *p = parts[i].r;
        if (!str_eq(p->kind, "route") || !str_eq(p->prefix, endpoint_name(e)))
            continue;
        if (!s) {
            s = doc_table(d, "cache", "The cache in front of it", COLUMNS, R_COLUMNS);
            s->kinds = SD_KIND_BIT(SD_CACHE_PREFIX);
        }
        double all = (double)MAX(p->hits, 0) + (double)MAX(p->misses, 0);
        struct row *r = doc_row(d, &s->table);
#define ROW_CELL(key, title, unit, flags, priority, help, cell) r->cells[R_##key] = (cell);
        ROWS(ROW_CELL)
        r->dive = (struct dive){.view = "cache", .arg = doc_text(d, p->cache)};
    }
    free(parts);
}
