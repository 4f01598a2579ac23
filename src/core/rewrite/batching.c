/* batching.c - one statement for many keys, where an application sends one for each. */
#include "core/rewrite/private.h"

#include "core/sql/statement.h"

static bool is_key(const Node *n)
{
    int64_t ignored;
    return IS(n, PARAM_REF) || (IS(n, TYPE_CAST) && IS(n->type_cast->arg, PARAM_REF)) ||
           (IS(n, A_CONST) && (ast_string(n) || ast_integer(n, &ignored)));
}

/* "id" beats "tenant_id" beats "state": what differs between calls is the key. */
static int rank(const char *column)
{
    return !strcmp(column, "id") || !strcmp(column, "uuid")    ? 3
           : str_ends(column, "_id") || str_ends(column, "Id") ? 2
                                                               : 1;
}

static Node **choose(Node **where, Node **column, Node **value)
{
    struct ast_parts parts = {.n = 0};
    Node **best = NULL;
    int most = 0;
    if (*where)
        ast_conjuncts(where, &parts);
    for (size_t i = 0; i < parts.n; i++) {
        Node *n = *parts.items[i];
        if (!str_eq(ast_operator(n), "="))
            continue;
        Node *a = n->a_expr->lexpr, *b = n->a_expr->rexpr;
        if (!ast_column(a)) {
            Node *swap = a;
            a = b;
            b = swap;
        }
        if (!ast_column(a) || !is_key(b) || rank(ast_column(a)) < most)
            continue;
        most = rank(ast_column(a)); /* of equals the last: tenants and users come first */
        best = parts.items[i];
        *column = a;
        *value = b;
    }
    return best;
}

static bool selects(const Select *s, const char *column)
{
    for (size_t i = 0; i < s->n_target_list; i++) {
        const Node *v = IS(s->target_list[i], RES_TARGET) ? s->target_list[i]->res_target->val : NULL;
        if (IS(v, COLUMN_REF) && (!ast_column(v) || str_eq(ast_column(v), column)))
            return true;
    }
    return false;
}

bool rewrite_batch(struct arena *a, const char *sql, struct rewrite_batch *out)
{
    struct rewrite_list list = {.arena = a};
    struct rewriter of = {.arena = a, .out = &list}, *r = &of;
    Node *column = NULL, *value = NULL;
    *out = (struct rewrite_batch){0};
    if (!ast_parse(a, sql, &r->tree))
        return false;
    Node *stmt = r->tree.stmt;
    Select *s = IS(stmt, SELECT_STMT) ? stmt->select_stmt : NULL;
    if (s && (s->op != PG_QUERY__SET_OPERATION__SETOP_NONE || s->n_values_lists || s->n_group_clause ||
              s->limit_offset || s->n_locking_clause))
        return false;
    Node **where = s ? &s->where_clause : IS(stmt, DELETE_STMT) ? &stmt->delete_stmt->where_clause : NULL;
    Node **slot = where ? choose(where, &column, &value) : NULL;
    const char *name = slot ? ast_text(&r->tree, column) : NULL;
    if (!name)
        return false;
    Node *key = IS(value, TYPE_CAST) ? value->type_cast->arg : value;
    int number = IS(key, PARAM_REF) ? key->param_ref->number : sql_parameters(sql) + 1;
    out->column = ast_column(column);
    out->before = ast_text(&r->tree, *slot);
    out->after = SAY("%s = ANY($%d)", name, number);
    Node *any = ast_expr(&r->tree, "%s", out->after), *saved = *slot;
    if (!any)
        return false;
    *slot = any;
    if (s) {
        /* The rows of several keys come together: each says whose it is, and a limit for
         * one key is none for all of them. */
        bool groups = ast_aggregates(s), given = selects(s, ast_column(column));
        Select *with = ast_select(&r->tree, "SELECT %s GROUP BY %s", name, name);
        if (with && !given)
            s->target_list = ast_append(r, s->target_list, &s->n_target_list, with->target_list[0]);
        if (with && groups) {
            s->group_clause = with->group_clause;
            s->n_group_clause = with->n_group_clause;
        }
        int64_t one;
        bool single = s->limit_count && ast_integer(s->limit_count, &one) && one == 1 && !s->n_sort_clause;
        if (!s->limit_count || single) {
            s->limit_count = NULL;
            s->limit_option = PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_DEFAULT;
            out->statement = ast_sql(&r->tree);
        }
    } else {
        out->statement = ast_sql(&r->tree);
    }
    *slot = saved;
    return true;
}
