#include "core/sql/first_table.h"

#include "core/sql/ast.h"

#define IS(n, CASE) ((n) && (n)->node_case == PG_QUERY__NODE__NODE_##CASE)

struct looked_for {
    const char *schema, *name;
};

static bool is_it(const struct looked_for *l, const Node *n)
{
    const PgQuery__RangeVar *r = IS(n, RANGE_VAR) ? n->range_var : NULL;
    return r && !strcmp(r->relname, l->name) && (!*r->schemaname || str_eq(r->schemaname, l->schema));
}

/* What names what stands left of it cannot change places. */
static bool stays(const Node *n)
{
    if (IS(n, JOIN_EXPR))
        return stays(n->join_expr->larg) || stays(n->join_expr->rarg);
    return !IS(n, RANGE_VAR) && !(IS(n, RANGE_SUBSELECT) && !n->range_subselect->lateral);
}

static bool holds(const struct looked_for *l, const Node *n)
{
    return is_it(l, n) ||
           (IS(n, JOIN_EXPR) && (holds(l, n->join_expr->larg) || holds(l, n->join_expr->rarg)));
}

static const Node *leftmost(const Node *n)
{
    while (IS(n, JOIN_EXPR))
        n = n->join_expr->larg;
    return n;
}

/* The sides of each join on the way to the table. */
static void mirror(const struct looked_for *l, Node *n)
{
    while (IS(n, JOIN_EXPR)) {
        PgQuery__JoinExpr *j = n->join_expr;
        if (!holds(l, j->larg)) {
            Node *side = j->larg;
            j->larg = j->rarg;
            j->rarg = side;
            if (j->jointype == PG_QUERY__JOIN_TYPE__JOIN_LEFT)
                j->jointype = PG_QUERY__JOIN_TYPE__JOIN_RIGHT;
            else if (j->jointype == PG_QUERY__JOIN_TYPE__JOIN_RIGHT)
                j->jointype = PG_QUERY__JOIN_TYPE__JOIN_LEFT;
        }
        n = j->larg;
    }
}

static bool is_cte(const Select *s, const char *name)
{
    for (size_t i = 0; s->with_clause && i < s->with_clause->n_ctes; i++) {
        const Node *c = s->with_clause->ctes[i];
        if (IS(c, COMMON_TABLE_EXPR) && !strcmp(c->common_table_expr->ctename, name))
            return true;
    }
    return false;
}

static bool move(Select *s, const struct looked_for *l)
{
    size_t at = s->n_from_clause;
    if (s->op != PG_QUERY__SET_OPERATION__SETOP_NONE || is_cte(s, l->name))
        return false;
    for (size_t i = s->n_from_clause; i-- > 0;) {
        if (stays(s->from_clause[i]))
            return false;
        if (holds(l, s->from_clause[i]))
            at = i;
    }
    if (at == s->n_from_clause || (at == 0 && is_it(l, leftmost(s->from_clause[0]))))
        return false;
    Node *first = s->from_clause[at];
    memmove(s->from_clause + 1, s->from_clause, at * sizeof(Node *));
    s->from_clause[0] = first;
    mirror(l, first);
    return true;
}

char *sql_first_table(const char *sql, const char *schema, const char *name)
{
    struct ast tree;
    struct arena *a = arena_new();
    const struct looked_for l = {.schema = schema, .name = name};
    const char *moved = NULL;
    if (ast_parse(a, sql, &tree) && IS(tree.stmt, SELECT_STMT) && move(tree.stmt->select_stmt, &l))
        moved = ast_sql(&tree);
    char *out = mem_strdup(moved);
    arena_free(a);
    return out;
}
