/* The indexes of a table, and the tables of a query or an index. */
#include "view/indexes/indexes.h"
#include "view/indexes/tables.h"

#include "view/shared/linked.h"

#include <stdlib.h>

enum { LISTED_MAX = 10000 };

void indexes_linked(const struct view_ctx *c, const char *what, const char *name, struct link_list *l)
{
    if (!str_eq(what, "table"))
        return;
    struct index_entry *e = mem_array(LISTED_MAX, sizeof *e);
    size_t all = model_indexes(c->model, c->span, c->now, e, LISTED_MAX), n = 0;
    for (size_t i = 0; i < all; i++)
        n += str_eq(e[i].x->table, linked_base(name));
    free(e);
    linked_add(
        l, (struct linked){.label = "indexes", .n = n, .view = "indexes", .filter = linked_word(l, name)});
}

static bool belongs(const struct view_ctx *c, const char *what, const char *name, const char *table)
{
    if (str_eq(what, "index"))
        return false;
    const struct query *q = model_find_query(c->model, name);
    return q && table && linked_mentions(query_text(q), table);
}

/* The table of the index of that name; NULL. */
static const char *table_of(const struct view_ctx *c, const char *name, struct link_list *l)
{
    struct index_entry *e = mem_array(LISTED_MAX, sizeof *e);
    size_t n = model_indexes(c->model, c->span, c->now, e, LISTED_MAX);
    const char *found = NULL;
    for (size_t i = 0; i < n && !found; i++)
        if (str_eq(e[i].x->name, name) && e[i].x->table)
            found = arena_strdup(l->arena, e[i].x->table);
    free(e);
    return found;
}

void tables_linked(const struct view_ctx *c, const char *what, const char *name, struct link_list *l)
{
    if (!str_eq(what, "query") && !str_eq(what, "index"))
        return;
    const char *names[16], *of_index = str_eq(what, "index") ? table_of(c, name, l) : NULL;
    struct table_entry *e = mem_array(LISTED_MAX, sizeof *e);
    size_t all = model_tables(c->model, c->span, c->now, e, LISTED_MAX), n = 0;
    for (size_t i = 0; i < all && n < ARRAY_LEN(names); i++)
        if (str_eq(e[i].t->name, of_index) || belongs(c, what, name, e[i].t->name))
            names[n++] = e[i].t->name;
    linked_add(l, (struct linked){
                      .label = "tables", .n = n, .view = "tables", .filter = linked_filter(l, names, n)});
    free(e);
}
