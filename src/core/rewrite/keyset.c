/* keyset.c - keyset paging written as an OR: "a > 1 OR (a = 1 AND b > 2)" is (a, b) > (1, 2). */
#include "core/rewrite/private.h"

enum { MAX_STEPS = 6, MAX_CONJUNCTS = 8 };

/* One way in which a row comes after the last one: ANDed conditions. */
struct arm {
    Node *items[MAX_CONJUNCTS];
    size_t n;
};

struct arms {
    struct arm items[MAX_STEPS];
    size_t n;
    bool bad;
};

static bool is_bool(const Node *n, PgQuery__BoolExprType kind)
{
    return IS(n, BOOL_EXPR) && n->bool_expr->boolop == kind;
}
#define IS_OR(n)  is_bool(n, PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR)
#define IS_AND(n) is_bool(n, PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR)

/* All ways of an OR, the ORs within its ANDs multiplied out. */
static void expand(Node *n, struct arm with, struct arms *out)
{
    if (IS_OR(n)) {
        for (size_t i = 0; i < n->bool_expr->n_args && !out->bad; i++)
            expand(n->bool_expr->args[i], with, out);
        return;
    }
    Node *inner = NULL, **parts = IS_AND(n) ? n->bool_expr->args : &n;
    size_t n_parts = IS_AND(n) ? n->bool_expr->n_args : 1;
    for (size_t i = 0; i < n_parts; i++) {
        if (IS_OR(parts[i]) && !inner) {
            inner = parts[i];
        } else if (IS_OR(parts[i]) || IS_AND(parts[i]) || with.n == MAX_CONJUNCTS) {
            out->bad = true;
            return;
        } else {
            with.items[with.n++] = parts[i];
        }
    }
    if (inner)
        expand(inner, with, out);
    else if (out->n == MAX_STEPS)
        out->bad = true;
    else
        out->items[out->n++] = with;
}

/* "column op value", turned round where the value is on the left. */
struct compared {
    Node *column, *value;
    char op; /* '=', '<', '>'; 0: none of these */
    bool or_equal;
};

static struct compared read_compared(Node *n)
{
    struct compared c = {.op = 0};
    const char *op = ast_operator(n);
    if (!op || !strchr("=<>", *op) || (op[1] && strcmp(op + 1, "=") != 0))
        return c;
    bool swapped = !ast_column(n->a_expr->lexpr);
    c.column = swapped ? n->a_expr->rexpr : n->a_expr->lexpr;
    c.value = swapped ? n->a_expr->lexpr : n->a_expr->rexpr;
    if (!ast_column(c.column) || !c.value || ast_first_column(c.value, NULL) ||
        ast_mentions(c.value, PG_QUERY__NODE__NODE_SUB_LINK) || ast_volatile(c.value))
        return c;
    c.op = !swapped ? *op : *op == '<' ? '>' : *op == '>' ? '<' : *op;
    c.or_equal = op[1] == '=';
    return c;
}

struct keyset {
    Node *columns[MAX_STEPS], *values[MAX_STEPS];
    const char *names[MAX_STEPS];
    size_t n;
    char op[MAX_STEPS];
    bool or_equal;         /* the last */
    bool other_parameters; /* one value stands as two parameters: that they are equal is not known */
};

/* Is it the value of an earlier step again? */
static bool same_value(struct rewriter *r, struct keyset *k, size_t step, Node *value)
{
    const char *a = ast_text(&r->tree, k->values[step]), *b = ast_text(&r->tree, value);
    bool parameters = ast_is_constant(value) && ast_is_constant(k->values[step]) && a && b &&
                      strchr(a, '$') && strchr(b, '$');
    if (a && b && !strcmp(a, b))
        return true;
    k->other_parameters = k->other_parameters || parameters;
    return parameters;
}

/* The arm with all earlier columns fixed, and one column more that goes on. */
static bool read_step(struct rewriter *r, const struct arm *arm, struct keyset *k)
{
    bool fixed[MAX_STEPS] = {false};
    struct compared next = {.op = 0};
    for (size_t i = 0; i < arm->n; i++) {
        struct compared c = read_compared(arm->items[i]);
        size_t at = 0;
        const char *name = c.op ? ast_text(&r->tree, c.column) : NULL;
        if (!name)
            return false;
        while (at < k->n && strcmp(k->names[at], name) != 0)
            at++;
        if (c.op == '=' && at < k->n && !fixed[at] && same_value(r, k, at, c.value))
            fixed[at] = true;
        else if (c.op != '=' && at == k->n && !next.op)
            next = c;
        else
            return false;
    }
    for (size_t i = 0; i < k->n; i++)
        if (!fixed[i])
            return false;
    if (!next.op || (k->n && k->or_equal))
        return false;
    k->columns[k->n] = next.column;
    k->values[k->n] = next.value;
    k->names[k->n] = ast_text(&r->tree, next.column);
    k->op[k->n] = next.op;
    k->or_equal = next.or_equal;
    k->n++;
    return true;
}

static bool read_keyset(struct rewriter *r, Node *either, struct keyset *k)
{
    struct arms arms = {.n = 0};
    expand(either, (struct arm){.n = 0}, &arms);
    *k = (struct keyset){.n = 0};
    if (arms.bad || arms.n < 2)
        return false;
    for (size_t size = 1; size <= arms.n; size++) {
        const struct arm *found = NULL;
        for (size_t i = 0; i < arms.n; i++)
            found = arms.items[i].n == size ? (found ? NULL : &arms.items[i]) : found;
        if (!found || !read_step(r, found, k))
            return false;
    }
    return true;
}

/* "a, b" */
static const char *joined(struct rewriter *r, const struct keyset *k, bool values, const char *by)
{
    struct strbuf b = {0};
    for (size_t i = 0; i < k->n; i++)
        strbuf_printf(&b, "%s%s", i ? by : "", values ? ast_text(&r->tree, k->values[i]) : k->names[i]);
    const char *s = arena_strdup(r->arena, b.text);
    strbuf_free(&b);
    return s;
}

/* One direction: a comparison of rows. Several: at least the first column bounds the index. */
static const char *write_rows(struct rewriter *r, const struct keyset *k, Node *either)
{
    bool mixed = false;
    for (size_t i = 1; i < k->n; i++)
        mixed = mixed || k->op[i] != k->op[0];
    if (mixed)
        return SAY("%s %c= %s AND (%s)", k->names[0], k->op[0], ast_text(&r->tree, k->values[0]),
                   ast_text(&r->tree, either));
    return SAY("(%s) %c%s (%s)", joined(r, k, false, ", "), k->op[0], k->or_equal ? "=" : "",
               joined(r, k, true, ", "));
}

static const struct plan_node *scan_of(struct rewriter *r, const struct keyset *k)
{
    for (size_t i = 0; i < r->plan->n_nodes; i++) {
        const struct plan_node *n = r->plan->nodes[i];
        bool fits = plan_is_scan(n) && n->filter && strstr(n->filter, " OR ") && !n->never_executed;
        for (size_t c = 0; c < k->n && fits; c++)
            fits = plan_names(n->filter, ast_column(k->columns[c]));
        /* a bound on the first column is there already */
        if (fits && !plan_names(n->index_cond, ast_column(k->columns[0])))
            return n;
    }
    return NULL;
}

/* "seen,id": as the facts have an index's columns */
static const char *plain_columns(struct rewriter *r, const struct keyset *k)
{
    struct strbuf b = {0};
    for (size_t i = 0; i < k->n; i++)
        strbuf_printf(&b, "%s%s", i ? "," : "", ast_column(k->columns[i]));
    const char *s = arena_strdup(r->arena, b.text);
    strbuf_free(&b);
    return s;
}

static void say_keyset(struct rewriter *r, struct rewrite *it, const struct keyset *k,
                       const struct plan_scanned *s, Node **slot)
{
    const struct plan_node *n = it->node;
    bool known = r->in->facts->indexes_known && plan_indexed(r, n, plain_columns(r, k));
    bool unqualified = !ast_qualifier(k->columns[0]);
    it->evidence =
        r->plan->analyzed
            ? SAY("%s rows of %s were read and passed over to keep %s", say_count(r, s->read - s->kept),
                  n->relation, say_count(r, s->kept))
            : SAY("%s is read without an Index Cond up to the row after which the page begins", n->relation);
    it->before = ast_text(&r->tree, *slot);
    it->after = write_rows(r, k, *slot);
    it->statement = rewrite_with(r, slot, ast_expr(&r->tree, "%s", it->after));
    it->advice =
        known ? "Compare the columns as one row: an index on them then begins at the page."
        : unqualified
            ? SAY("Compare the columns as one row, with an index on them: CREATE INDEX CONCURRENTLY ON %s "
                  "(%s). The scan then begins at the page.",
                  say_name(r, n->relation), joined(r, k, false, ", "))
            : SAY("Compare the columns as one row, with an index on (%s): the scan then begins at the page.",
                  joined(r, k, false, ", "));
    it->check = "The comparison stands in Index Cond, and few rows are removed by a filter.";
    it->caveat = k->other_parameters ? "Only if the parameters of each column have the same value." : NULL;
}

void find_keyset_or(struct rewriter *r)
{
    struct ast_parts parts = {.n = 0};
    if (!r->select || r->select->op != PG_QUERY__SET_OPERATION__SETOP_NONE || !r->select->where_clause)
        return;
    ast_conjuncts(&r->select->where_clause, &parts);
    for (size_t i = 0; i < parts.n; i++) {
        struct keyset k;
        struct plan_scanned s;
        if (!IS_OR(*parts.items[i]) || !read_keyset(r, *parts.items[i], &k))
            continue;
        const struct plan_node *n = scan_of(r, &k);
        if (!n || !plan_scanned(r->plan, n, r->in->facts, &s) || !(s.read > 0))
            continue;
        /* Without ANALYZE nobody knows how far the page is: it is said, and no more. */
        double share = r->plan->analyzed ? (s.read - s.kept) / s.read : 0.5;
        struct rewrite *it = rewrite_found(r, n, share, saving_own(r, n, r->plan->analyzed ? share : 1),
                                           r->plan->analyzed ? s.read - s.kept : s.read);
        if (it)
            say_keyset(r, it, &k, &s, parts.items[i]);
    }
}
