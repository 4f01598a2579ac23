/* parts.c - tables that extensions divide into parts of their own. A scan names the part: Citus
 * "hit_102040" below a Task, TimescaleDB "_hyper_3_12_chunk" below a node that names the
 * hypertable. Whoever creates an index does so on the whole. */
#include "core/plans/tree.h"

#include <ctype.h>

#define SHARD_DIGITS_MIN 5 /* Citus numbers shards from 102008 on */

static bool below_task(const struct plan_node *n)
{
    for (n = n->parent; n; n = n->parent)
        if (str_eq(n->type, "Task"))
            return true;
    return false;
}

/* The length of "hit" in "hit_102040"; 0: no shard's name. */
static size_t shard_base(const char *name)
{
    size_t len = strlen(name), digits = 0;
    while (digits < len && isdigit((unsigned char)name[len - digits - 1]))
        digits++;
    return digits >= SHARD_DIGITS_MIN && len > digits + 1 && name[len - digits - 1] == '_' ? len - digits - 1
                                                                                           : 0;
}

/* "_hyper_3_12_chunk", "compress_hyper_4_21_chunk" */
static bool is_chunk(const char *name)
{
    const char *at = strstr(name, "_hyper_");
    if (!at || (at != name && !str_starts(name, "compress_hyper_")) || !str_ends(name, "_chunk"))
        return false;
    return isdigit((unsigned char)at[strlen("_hyper_")]);
}

void plan_tables(struct plan *p)
{
    for (size_t i = 0; i < p->n_nodes; i++) {
        struct plan_node *n = p->nodes[i];
        n->table = n->relation;
        n->table_schema = n->schema;
        n->is_part = false;
        if (!n->relation)
            continue;
        size_t base = below_task(n) ? shard_base(n->relation) : 0;
        if (base) {
            n->is_part = true;
            n->table = arena_printf(p->arena, "%.*s", (int)base, n->relation);
        } else if (is_chunk(n->relation)) {
            const struct plan_node *up = n->parent;
            while (up && (!up->relation || up->is_part))
                up = up->parent;
            n->is_part = true;
            n->table = up ? up->table : NULL;
            n->table_schema = up ? up->table_schema : NULL;
        }
    }
}
