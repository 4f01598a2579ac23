#include "core/indexes/db_catalog.h"

#include <math.h>
#include <stdlib.h>

struct catalog *db_catalog_new(void)
{
    struct catalog *c = mem_alloc(sizeof *c);
    c->arena = arena_new();
    c->stats_since = SD_UNKNOWN;
    return c;
}

void db_catalog_free(struct catalog *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->n; i++) {
        free(c->relations[i]->columns);
        free(c->relations[i]->indexes);
        free(c->relations[i]->combined);
    }
    free(c->relations);
    arena_free(c->arena);
    free(c->database);
    free(c);
}

struct catalog_relation *db_catalog_add(struct catalog *c, const char *schema, const char *name, char kind)
{
    struct catalog_relation *r = arena_alloc(c->arena, sizeof *r);
    c->relations = mem_grow(c->relations, c->n, &c->cap, sizeof *c->relations);
    c->relations[c->n++] = r;
    r->schema = arena_strdup(c->arena, schema);
    r->name = arena_strdup(c->arena, name);
    r->kind = kind;
    r->visible = true;
    r->toast_pages = r->all_visible = r->rows = r->pages = r->inserts = r->updates = r->deletes =
        r->hot_updates = NAN;
    r->size_bytes = SD_UNKNOWN;
    return r;
}

/* Types whose equal values may differ in their bytes: 1.0 and 1.00, -0 and 0, trailing
 * blanks (char(n) by what this server's bt_metap says). */
static bool equal_image(const char *type)
{
    static const char *const without[] = {"numeric",  "float4", "float8",   "jsonb",   "bpchar",
                                          "interval", "record", "tsvector", "tsquery", NULL};
    return str_find(without, type) < 0 && *type != '_' && !strstr(type, "range");
}

struct catalog_column *db_catalog_column(struct catalog *c, struct catalog_relation *r, const char *name,
                                         const char *type)
{
    r->columns = mem_grow(r->columns, r->n_columns, &r->cap_columns, sizeof *r->columns);
    struct catalog_column *col = &r->columns[r->n_columns++];
    *col = (struct catalog_column){
        .name = arena_strdup(c->arena, name),
        .type = arena_strdup(c->arena, type),
        .length = -1,
        .align = 4,
        .equal_image = equal_image(type),
        .null_frac = NAN,
        .n_distinct = NAN,
        .avg_width = NAN,
        .correlation = NAN,
        .longest = NAN,
        .most_bytes = NAN,
    };
    return col;
}

struct catalog_index *db_catalog_index(struct catalog *c, struct catalog_relation *r, const char *name)
{
    r->indexes = mem_grow(r->indexes, r->n_indexes, &r->cap_indexes, sizeof *r->indexes);
    struct catalog_index *ix = &r->indexes[r->n_indexes++];
    *ix = (struct catalog_index){.name = arena_strdup(c->arena, name),
                                 .method = "btree",
                                 .is_valid = true,
                                 .size_bytes = SD_UNKNOWN,
                                 .scans = SD_UNKNOWN};
    return ix;
}

const struct catalog_relation *db_catalog_find(const struct catalog *c, const char *schema, const char *name)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct catalog_relation *r = c->relations[i];
        if (!strcmp(r->name, name) && (schema ? !strcmp(r->schema, schema) : r->visible))
            return r;
    }
    return NULL;
}

int db_catalog_position(const struct catalog_relation *r, const char *column)
{
    for (size_t i = 0; i < r->n_columns; i++)
        if (!r->columns[i].dropped && !strcmp(r->columns[i].name, column))
            return (int)i;
    return -1;
}

double db_catalog_distinct(const struct catalog_relation *r, int column)
{
    const struct catalog_column *col = &r->columns[column];
    double d = col->n_distinct, rows = isnan(r->rows) ? 0 : r->rows;
    if (isnan(d))
        return NAN;
    if (d < 0)
        d = -d * rows;
    if (col->null_frac > 0)
        d += 1;
    return MAX(1, rows > 0 ? MIN(d, rows) : d);
}

void db_catalog_shares(struct catalog *c, struct catalog_column *col, const char *array)
{
    size_t n = 0;
    for (const char *s = array; s && *s; s++)
        n += *s == ',' || *s == '{';
    double *v = arena_alloc(c->arena, (n + 1) * sizeof *v);
    size_t k = 0;
    for (const char *s = array; s && *s && k < n;) {
        char *end;
        double share = strtod(s + (*s == '{' || *s == ','), &end);
        if (end == s + 1 || !(share >= 0 && share <= 1))
            break;
        v[k++] = share;
        s = *end == ',' ? end : "";
    }
    col->common = v;
    col->n_common = k;
}
