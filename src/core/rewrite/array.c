/* array.c - a value searched in an array column; the few values that many rows have. */
#include "core/rewrite/private.h"

#include <stdlib.h>

/* ---- value = ANY (column) ---- */

enum { MAX_SEARCHES = 16 };

struct searches {
    Node **slots[MAX_SEARCHES];
    size_t n;
};

static bool see_search(void *ctx, Node **slot)
{
    struct searches *all = ctx;
    Node *n = *slot;
    if (IS(n, RES_TARGET) || IS(n, CASE_EXPR) ||
        (IS(n, BOOL_EXPR) && n->bool_expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR))
        return false;
    if (!IS(n, A_EXPR))
        return true;
    const PgQuery__AExpr *e = n->a_expr;
    if (e->kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY && !strcmp(ast_last(e->n_name, e->name), "=") &&
        ast_column(e->rexpr) && e->lexpr && !ast_first_column(e->lexpr, NULL) &&
        !ast_mentions(e->lexpr, PG_QUERY__NODE__NODE_SUB_LINK) && !ast_volatile(e->lexpr) &&
        all->n < MAX_SEARCHES)
        all->slots[all->n++] = slot;
    return false;
}

static const struct plan_node *searched_in(struct rewriter *r, const char *column, struct plan_scanned *s)
{
    for (size_t i = 0; i < r->plan->n_nodes; i++) {
        const struct plan_node *n = r->plan->nodes[i];
        if (plan_is_scan(n) && !n->index_cond && !n->recheck_cond && n->filter &&
            strstr(n->filter, "= ANY (") && plan_names(n->filter, column) && !n->never_executed &&
            plan_scanned(r->plan, n, r->in->facts, s) && s->read > 0)
            return n;
    }
    return NULL;
}

/* Element type of the column's array as SQL: "_int4" is "int4"; NULL: not known. */
static const char *element_type(struct rewriter *r, Node *column)
{
    struct ast_froms from;
    if (!r->select)
        return NULL;
    ast_froms(r->select, &from);
    const struct ast_from *owner = plan_owner(r, &from, column);
    const struct catalog_column *c = owner ? plan_column(r, owner->table, ast_column(column)) : NULL;
    return c && *c->type == '_' ? say_name(r, c->type + 1) : NULL;
}

/* "'{7}'": it takes the type of the column, whatever that is. NULL: no constant. */
static const char *array_literal(struct rewriter *r, Node *value)
{
    int64_t whole;
    const char *text = ast_string(value);
    Node *bare = IS(value, TYPE_CAST) ? value->type_cast->arg : value;
    if (text && !strpbrk(text, "'\"\\"))
        return SAY("'{\"%s\"}'", text);
    return !text && (IS(bare, A_CONST) || IS(bare, A_EXPR)) && ast_integer(value, &whole)
               ? SAY("'{%lld}'", (long long)whole)
               : NULL;
}

static bool has_gin(const struct rewriter *r, const struct plan_node *n, const char *column)
{
    const struct plan_facts *f = r->in->facts;
    for (size_t i = 0; i < f->n_indexes; i++)
        if (str_eq(f->indexes[i]->table, n->relation) && f->indexes[i]->is_valid != 0 &&
            f->indexes[i]->definition && strstr(f->indexes[i]->definition, " USING gin") &&
            plan_names(f->indexes[i]->columns, column))
            return true;
    return false;
}

static void say_search(struct rewriter *r, struct rewrite *it, Node **slot, const struct plan_scanned *s)
{
    Node *column = (*slot)->a_expr->rexpr, *value = (*slot)->a_expr->lexpr;
    const char *name = ast_text(&r->tree, column), *given = ast_text(&r->tree, value),
               *type = element_type(r, column), *literal = type ? NULL : array_literal(r, value);
    it->evidence = SAY("the array %s of each row of %s is searched: %s rows %s read to keep %s", name,
                       it->node->relation, say_count(r, s->read), r->plan->analyzed ? "were" : "would be",
                       say_count(r, s->kept));
    it->before = ast_text(&r->tree, *slot);
    it->after = type      ? SAY("%s @> ARRAY[%s]::%s[]", name, given, type)
                : literal ? SAY("%s @> %s", name, literal)
                          : SAY("%s @> ARRAY[%s]", name, given);
    it->statement = type || literal ? rewrite_with(r, slot, ast_expr(&r->tree, "%s", it->after)) : NULL;
    it->advice =
        has_gin(r, it->node, ast_column(column))
            ? SAY("Write %s @> ARRAY[value]: the GIN index can be used for that, and none for = ANY.", name)
            : SAY("Write %s @> ARRAY[value], with an index for it: CREATE INDEX CONCURRENTLY ON %s USING gin "
                  "(%s). No index can be used for = ANY.",
                  name, say_name(r, it->node->relation), say_name(r, ast_column(column)));
    it->check = "A Bitmap Index Scan on the GIN index appears.";
    it->caveat =
        type || literal ? NULL : "The array has to have the type of the column, such as ARRAY[$1]::int[].";
}

void find_any_of_column(struct rewriter *r)
{
    struct searches all = {.n = 0};
    ast_walk_slot(&r->tree.stmt, see_search, &all);
    for (size_t i = 0; i < all.n; i++) {
        struct plan_scanned s;
        const struct plan_node *n = searched_in(r, ast_column((*all.slots[i])->a_expr->rexpr), &s);
        double gone = n ? s.read - s.kept : 0;
        struct rewrite *it =
            n ? rewrite_found(r, n, gone / s.read, saving_own(r, n, gone / s.read), gone) : NULL;
        if (it)
            say_search(r, it, all.slots[i], &s);
    }
}

/* ---- DISTINCT of few values ---- */

/* The one column whose different values are wanted of one table; NULL. */
static Node *only_column(const Select *s)
{
    Node *v = s->n_target_list == 1 && IS(s->target_list[0], RES_TARGET) ? s->target_list[0]->res_target->val
                                                                         : NULL;
    bool distinct =
        s->n_distinct_clause == 1 && s->distinct_clause[0]->node_case == PG_QUERY__NODE__NODE__NOT_SET;
    bool group = s->n_group_clause == 1 && ast_column(s->group_clause[0]) && ast_column(v) &&
                 !strcmp(ast_column(s->group_clause[0]), ast_column(v)) && !s->n_distinct_clause;
    bool plain = s->op == PG_QUERY__SET_OPERATION__SETOP_NONE && !s->having_clause && !s->limit_count &&
                 !s->limit_offset && !s->with_clause && !s->n_window_clause && !s->n_locking_clause &&
                 !s->into_clause && s->n_from_clause == 1 && IS(s->from_clause[0], RANGE_VAR);
    return plain && ast_column(v) && ((distinct && !s->n_group_clause) || group) ? v : NULL;
}

/* Rows in and out of the node that removes duplicates. */
static const struct plan_node *removes_duplicates(struct rewriter *r, double *in, double *out)
{
    for (size_t i = 0; i < r->plan->n_nodes; i++) {
        const struct plan_node *n = r->plan->nodes[i], *c = n->child;
        bool distinct = str_eq(n->type, "Unique") || (str_eq(n->type, "Aggregate") && n->group_key.n);
        while (c && !plan_is_scan(c))
            c = c->child;
        struct plan_scanned s;
        if (!distinct || !c || n->never_executed || !plan_scanned(r->plan, c, r->in->facts, &s))
            continue;
        *in = s.kept;
        *out = r->plan->analyzed ? n->rows : n->plan_rows;
        return n;
    }
    return NULL;
}

/* Each step looks the next value up in the index. NULL comes last, as a value of its own. */
static const char *write_steps(struct rewriter *r, Node *column)
{
    Select *s = r->select;
    const char *name = say_name(r, ast_column(column)),
               *where = s->where_clause ? ast_closed(&r->tree, s->where_clause) : NULL;
    Select *bare = ast_select(&r->tree, "SELECT 1 FROM x");
    bare->from_clause[0] = s->from_clause[0];
    const char *from = ast_select_text(&r->tree, bare);
    from = from && str_starts(from, "SELECT 1 ") ? from + strlen("SELECT 1 ") : NULL;
    if (!from || (s->where_clause && !where))
        return NULL;
    const char *and = where ? SAY(" AND %s", where) : "", *only = ast_text(&r->tree, column);
    const char *sql = SAY(
        "WITH RECURSIVE each_value(%s) AS ((SELECT %s %s WHERE %s IS NOT NULL%s ORDER BY 1 LIMIT 1) UNION "
        "ALL "
        "SELECT (SELECT %s %s WHERE %s > each_value.%s%s ORDER BY 1 LIMIT 1) FROM each_value WHERE "
        "each_value.%s IS NOT "
        "NULL) SELECT %s FROM each_value WHERE %s IS NOT NULL UNION ALL SELECT NULL WHERE EXISTS (SELECT 1 "
        "%s WHERE %s IS NULL%s)",
        name, only, from, only, and, only, from, only, name, and, name, name, name, from, only, and);
    Select *whole = ast_select(&r->tree, "%s", sql);
    if (!whole)
        return NULL;
    if (s->n_sort_clause)
        return SAY("SELECT * FROM (%s) v ORDER BY 1", ast_select_text(&r->tree, whole));
    return ast_select_text(&r->tree, whole);
}

void find_few_values(struct rewriter *r)
{
    Node *column = r->select ? only_column(r->select) : NULL;
    double in, out;
    if (!column || ast_volatile(r->tree.stmt) || ast_mentions(r->tree.stmt, PG_QUERY__NODE__NODE_SUB_LINK) ||
        r->select->n_sort_clause > 1)
        return;
    const struct plan_node *n = removes_duplicates(r, &in, &out);
    if (!n || !(out >= 1))
        return;
    struct rewrite *it = rewrite_found(r, n, in / out, saving_total(r, n, 1 - MIN(1, 20 * out / in)), in);
    if (!it)
        return;
    const struct plan_node *scan = n;
    while (scan && !plan_is_scan(scan))
        scan = scan->child;
    const char *name = say_name(r, ast_column(column));
    bool indexed = r->in->facts->indexes_known && scan && plan_indexed(r, scan, ast_column(column));
    it->evidence = SAY("%s rows %s read for %s different values", say_count(r, in),
                       r->plan->analyzed ? "were" : "would be", say_count(r, out));
    it->advice =
        indexed || !scan
            ? SAY("Look each value up in the index on %s, beginning behind the one before: as many steps as "
                  "there are values.",
                  name)
            : SAY("Look each value up in an index, beginning behind the one before: as many steps as there "
                  "are values. It needs CREATE INDEX CONCURRENTLY ON %s (%s).",
                  say_name(r, scan->relation), name);
    it->check = "The plan shows a Recursive Union with an Index Only Scan of one row for each value.";
    it->before = ast_select_text(&r->tree, r->select);
    const char *steps = write_steps(r, column);
    bool descending = r->select->n_sort_clause && IS(r->select->sort_clause[0], SORT_BY) &&
                      r->select->sort_clause[0]->sort_by->sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_DESC;
    it->after = "WITH RECURSIVE ...: the next value of an index, until there is none";
    it->statement = descending ? NULL : steps;
    if (!it->statement)
        it->caveat = "The statement is not written here: its order or table is of a form that is not known.";
}
