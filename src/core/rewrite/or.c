/* or.c - OR, long lists of constants, UNION. */
#include "core/rewrite/private.h"

#include <stdlib.h>

enum { MAX_ARMS = 4 };

/* The tables a condition names, as bits by position in the FROM; false: some column's is unknown. */
struct naming {
    struct rewriter *r;
    const struct ast_froms *from;
    unsigned tables;
    bool unknown;
};

static bool see_table(void *ctx, Node **slot)
{
    struct naming *w = ctx;
    if (!IS(*slot, COLUMN_REF))
        return true;
    const struct ast_from *owner = plan_owner(w->r, w->from, *slot);
    if (owner)
        w->tables |= 1u << (owner - w->from->items);
    else
        w->unknown = true;
    return false;
}

static unsigned tables_of(struct rewriter *r, const struct ast_froms *from, Node *n, bool *unknown)
{
    struct naming w = {.r = r, .from = from};
    ast_walk_slot(&n, see_table, &w);
    *unknown = w.unknown;
    return w.tables;
}

static bool is_or(const Node *n)
{
    return IS(n, BOOL_EXPR) && n->bool_expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR;
}

static void on_clauses(Node *n, struct ast_parts *out)
{
    if (!IS(n, JOIN_EXPR))
        return;
    if (n->join_expr->jointype == PG_QUERY__JOIN_TYPE__JOIN_INNER && n->join_expr->quals)
        ast_conjuncts(&n->join_expr->quals, out);
    if (n->join_expr->jointype == PG_QUERY__JOIN_TYPE__JOIN_INNER ||
        n->join_expr->jointype == PG_QUERY__JOIN_TYPE__JOIN_LEFT)
        on_clauses(n->join_expr->larg, out);
    if (n->join_expr->jointype == PG_QUERY__JOIN_TYPE__JOIN_INNER)
        on_clauses(n->join_expr->rarg, out);
}

/* The parts of WHERE, and of ON where it may stand in WHERE as well. */
static void parts_of(Select *s, struct ast_parts *out)
{
    out->n = 0;
    if (s->where_clause)
        ast_conjuncts(&s->where_clause, out);
    for (size_t i = 0; i < s->n_from_clause; i++)
        on_clauses(s->from_clause[i], out);
}

/* ---- one SELECT for each side ---- */

static bool divisible(struct rewriter *r, Select *s)
{
    return s && s->op == PG_QUERY__SET_OPERATION__SETOP_NONE && !s->n_distinct_clause &&
           !s->n_locking_clause && !s->n_values_lists && !s->into_clause && !ast_volatile(r->tree.stmt);
}

static bool only_count(const Select *s)
{
    const Node *v = s->n_target_list == 1 && IS(s->target_list[0], RES_TARGET)
                        ? s->target_list[0]->res_target->val
                        : NULL;
    return IS(v, FUNC_CALL) && str_eq(ast_function(v), "count") && v->func_call->agg_star &&
           !v->func_call->over && !v->func_call->agg_filter && !s->n_group_clause && !s->having_clause &&
           !s->n_sort_clause && !s->limit_count && !s->limit_offset;
}

/* Can the ORDER BY stand after a UNION: only columns of the result? */
static bool sorts_by_output(const Select *s)
{
    for (size_t i = 0; i < s->n_sort_clause; i++) {
        const Node *n = IS(s->sort_clause[i], SORT_BY) ? s->sort_clause[i]->sort_by->node : NULL;
        int64_t position;
        bool found = IS(n, A_CONST) && ast_integer(n, &position);
        for (size_t k = 0; k < s->n_target_list && !found; k++) {
            const PgQuery__ResTarget *t =
                IS(s->target_list[k], RES_TARGET) ? s->target_list[k]->res_target : NULL;
            found = t && ast_column(n) && !ast_qualifier(n) &&
                    (*t->name ? str_eq(t->name, ast_column(n)) : str_eq(ast_column(t->val), ast_column(n)));
        }
        if (!found)
            return false;
    }
    return true;
}

/* The whole statement with the OR in `slot` divided; NULL when it cannot be. */
static const char *divided(struct rewriter *r, Node **slot)
{
    Select *s = r->select;
    Node *either = *slot;
    size_t n = either->bool_expr->n_args;
    if (!divisible(r, s) || n > MAX_ARMS || s->with_clause)
        return NULL;
    bool counts = only_count(s);
    if (!counts && (ast_aggregates(s) || !sorts_by_output(s)))
        return NULL;
    Node **sort = s->sort_clause, *limit = s->limit_count, *offset = s->limit_offset,
         **targets = s->target_list;
    size_t n_sort = s->n_sort_clause;
    Select *one = ast_select(&r->tree, "SELECT 1");
    struct strbuf b = {0};
    bool ok = one != NULL;
    if (counts && ok)
        s->target_list = one->target_list;
    s->n_sort_clause = 0;
    s->limit_count = s->limit_offset = NULL;
    for (size_t i = 0; i < n && ok; i++) {
        struct strbuf arm = {0};
        const char *text = ast_closed(&r->tree, either->bool_expr->args[i]);
        ok = text != NULL;
        strbuf_str(&arm, ok ? text : "");
        for (size_t k = 0; k < i && ok; k++) {
            text = ast_closed(&r->tree, either->bool_expr->args[k]);
            ok = text != NULL;
            strbuf_printf(&arm, " AND (%s) IS NOT TRUE", ok ? text : "");
        }
        *slot = ok ? ast_expr(&r->tree, "%s", arm.text) : NULL;
        const char *sql = *slot ? ast_select_text(&r->tree, s) : NULL;
        ok = sql != NULL;
        strbuf_printf(&b, "%s%s", i ? " UNION ALL " : "", ok ? sql : "");
        strbuf_free(&arm);
    }
    *slot = either;
    s->target_list = targets;
    s->sort_clause = sort;
    s->n_sort_clause = n_sort;
    s->limit_count = limit;
    s->limit_offset = offset;
    Select *whole = ok ? ast_select(&r->tree, counts ? "SELECT count(*) FROM (%s) u" : "%s", b.text) : NULL;
    strbuf_free(&b);
    if (!whole)
        return NULL;
    if (counts) {
        whole->target_list = s->target_list;
    } else {
        whole->n_sort_clause = n_sort;
        whole->sort_clause = sort;
        whole->limit_count = limit;
        whole->limit_offset = offset;
        if (limit || offset)
            whole->limit_option = s->limit_option;
    }
    return ast_select_text(&r->tree, whole);
}

/* "a.x = b.x UNION ALL a.y = b.y AND (a.x = b.x) IS NOT TRUE" */
static void write_divided(struct rewriter *r, Node **slot, struct rewrite *it)
{
    const PgQuery__BoolExpr *e = (*slot)->bool_expr;
    it->before = ast_text(&r->tree, *slot);
    const char *first = ast_text(&r->tree, e->args[0]), *second = ast_text(&r->tree, e->args[1]);
    const char *closed = ast_closed(&r->tree, e->args[0]);
    if (first && second && closed)
        it->after = SAY("... WHERE %s UNION ALL ... WHERE %s AND (%s) IS NOT TRUE%s", first, second, first,
                        e->n_args > 2 ? " UNION ALL ..." : "");
    it->statement = divided(r, slot);
    if (!it->statement)
        it->caveat = "The statement is not split here: it groups, limits, or sorts by a value that it does "
                     "not return. Do that outside of the UNION ALL.";
}

/* ---- across tables ---- */

static const struct plan_node *either_join(struct rewriter *r, const struct ast_parts *arms, double *share,
                                           double *pairs)
{
    for (size_t i = 0; i < r->plan->n_nodes; i++) {
        const struct plan_node *n = r->plan->nodes[i];
        const char *text = n->join_filter && strstr(n->join_filter, " OR ") ? n->join_filter
                           : n->filter && strstr(n->filter, " OR ")         ? n->filter
                                                                            : NULL;
        if (!plan_is_join(n) || !text || n->never_executed)
            continue;
        bool fits = true;
        for (size_t k = 0; k < arms->n && fits; k++) {
            const Node *c = ast_first_column(*arms->items[k], NULL);
            fits = c && plan_names(text, ast_column(c));
        }
        if (!fits)
            continue;
        if (r->plan->analyzed) {
            double gone = (known_or(n->loop_removed_join, 0) + known_or(n->loop_removed_filter, 0)) *
                          known_or(n->loops, 0);
            *pairs = gone;
            *share = gone / MAX(1, gone + known_or(n->rows, 0));
        } else {
            const struct plan_node *a = n->child, *b = a ? a->next : NULL;
            *pairs = a && b ? known_or(a->plan_rows, 0) * known_or(b->plan_rows, 0) : 0;
            *share = 0.5; /* a warning, not more: nothing was measured */
            if (!str_eq(n->type, "Nested Loop") && n->filter == text)
                *pairs = MAX(known_or(a ? a->plan_rows : 0, 0), known_or(b ? b->plan_rows : 0, 0));
        }
        return n;
    }
    return NULL;
}

void find_or_tables(struct rewriter *r)
{
    struct ast_froms from;
    struct ast_parts parts = {.n = 0};
    if (!r->select || r->select->op != PG_QUERY__SET_OPERATION__SETOP_NONE)
        return;
    ast_froms(r->select, &from);
    if (from.n < 2)
        return;
    parts_of(r->select, &parts);
    for (size_t i = 0; i < parts.n; i++) {
        Node *n = *parts.items[i];
        unsigned named = 0;
        bool unknown = false, any_unknown = false;
        struct ast_parts arms = {.n = 0};
        if (!is_or(n))
            continue;
        for (size_t k = 0; k < n->bool_expr->n_args && k < ARRAY_LEN(arms.items); k++) {
            unsigned t = tables_of(r, &from, n->bool_expr->args[k], &unknown);
            any_unknown = any_unknown || unknown;
            named |= t;
            arms.items[arms.n++] = &n->bool_expr->args[k];
        }
        if (!any_unknown && !(named & (named - 1)))
            continue; /* all of one table */
        double share = 0, pairs = 0;
        const struct plan_node *join = either_join(r, &arms, &share, &pairs);
        if (!join)
            continue;
        const struct plan_node *inner = join->child ? join->child->next : NULL;
        struct saving saved = saving_own(r, join, share);
        if (inner && str_eq(join->type, "Nested Loop")) {
            struct saving below = saving_total(r, inner, share);
            saved = (struct saving){saved.ns + below.ns, MIN(1, saved.share + below.share),
                                    saved.cost + below.cost};
        }
        if (!r->plan->analyzed)
            saved = saving_total(r, join, 1);
        struct rewrite *it = rewrite_found(r, join, share, saved, pairs);
        if (!it)
            continue;
        it->evidence = r->plan->analyzed
                           ? SAY("%s pairs of rows were compared with the OR to keep %s",
                                 say_count(r, pairs + known_or(join->rows, 0)), say_count(r, join->rows))
                           : SAY("about %s pairs of rows would be compared with the OR", say_count(r, pairs));
        it->advice = "Write one SELECT for each side of the OR and combine them with UNION ALL: each can "
                     "then join by equality or use an index.";
        it->check = "Each part joins by Hash Cond, Merge Cond or Index Cond, and few rows are removed.";
        write_divided(r, parts.items[i], it);
        return;
    }
}

/* ---- columns of one table ---- */

static bool named_before(const char *const *names, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (!strcmp(names[i], names[at]))
            return true;
    return false;
}

/* ": CREATE INDEX CONCURRENTLY ON item (owner)" where all sides need the same one. */
static const char *one_index(struct rewriter *r, const struct plan_node *n, const char *const *names,
                             size_t n_names)
{
    for (size_t i = 1; i < n_names; i++)
        if (strcmp(names[i], names[0]) != 0)
            return "";
    return SAY(", which each part needs: CREATE INDEX CONCURRENTLY ON %s (%s)", say_name(r, n->relation),
               say_name(r, names[0]));
}

void find_or_columns(struct rewriter *r)
{
    struct ast_parts parts = {.n = 0};
    if (!r->select || r->select->op != PG_QUERY__SET_OPERATION__SETOP_NONE)
        return;
    parts_of(r->select, &parts);
    for (size_t i = 0; i < parts.n; i++) {
        Node *either = *parts.items[i];
        const char *names[MAX_ARMS] = {NULL};
        size_t n_names = 0;
        bool subquery = false, plain = is_or(either) && either->bool_expr->n_args <= MAX_ARMS;
        for (size_t k = 0; plain && k < either->bool_expr->n_args; k++) {
            Node *arm = either->bool_expr->args[k];
            const char *name = NULL;
            if (IS(arm, SUB_LINK) && arm->sub_link->sub_link_type == PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK) {
                subquery = true;
                name = ast_column(arm->sub_link->testexpr);
            } else if (IS(arm, A_EXPR)) {
                size_t count;
                const Node *c = ast_first_column(arm, &count);
                bool column = IS(arm->a_expr->lexpr, COLUMN_REF) || IS(arm->a_expr->rexpr, COLUMN_REF);
                bool sub = ast_mentions(arm, PG_QUERY__NODE__NODE_SUB_LINK);
                name = count == 1 && column && !sub ? ast_column(c) : NULL;
            }
            plain = name != NULL;
            if (plain)
                names[n_names++] = name;
        }
        bool differ = false;
        for (size_t k = 1; k < n_names; k++)
            differ = differ || strcmp(names[0], names[k]) != 0;
        if (!plain || (!differ && !subquery))
            continue;
        for (size_t k = 0; k < r->plan->n_nodes; k++) {
            const struct plan_node *n = r->plan->nodes[k];
            struct plan_scanned s;
            bool fits =
                str_eq(n->type, "Seq Scan") && n->filter && strstr(n->filter, " OR ") && !n->never_executed;
            for (size_t a = 0; a < n_names && fits;
                 a++) /* up to 16 a SubPlan does not say what it compares */
                fits = plan_names(n->filter, names[a]) ||
                       (IS(either->bool_expr->args[a], SUB_LINK) && strstr(n->filter, "SubPlan"));
            if (!fits || !plan_scanned(r->plan, n, r->in->facts, &s) || !(s.read > 0))
                continue;
            double gone = s.read - s.kept;
            /* Of a subquery in an OR the planner takes half of the rows for kept, whatever it is. */
            bool guessed = subquery && !r->plan->analyzed && gone < r->rule->info * s.read;
            if (guessed)
                gone = r->rule->info * s.read;
            struct saving saved =
                guessed ? saving_total(r, n, r->rule->info) : saving_own(r, n, gone / s.read);
            struct rewrite *it = rewrite_found(r, n, gone / s.read, saved, gone);
            if (!it)
                continue;
            struct strbuf missing = {0};
            for (size_t a = 0; a < n_names && r->in->facts->indexes_known; a++)
                if (!plan_indexed(r, n, names[a]) && !named_before(names, a))
                    strbuf_printf(&missing, "%s%s", missing.len ? ", " : "", names[a]);
            it->evidence =
                guessed ? SAY("all %s rows of %s would be read for the OR with a subquery",
                              say_count(r, s.read), n->relation)
                        : SAY("%s of %s rows of %s %s removed by the OR", say_count(r, gone),
                              say_count(r, s.read), n->relation, r->plan->analyzed ? "were" : "would be");
            it->advice = subquery ? SAY("Split it with UNION ALL: the planner cannot combine indexes where "
                                        "one side of the OR is a "
                                        "subquery%s%s%s.",
                                        missing.len ? "; no index begins with " : "", strbuf_text(&missing),
                                        missing.len ? one_index(r, n, names, n_names) : "")
                         : missing.len
                             ? SAY("With an index on each side the planner can combine them (BitmapOr), or "
                                   "use them in the parts of a UNION ALL; no index begins with %s.",
                                   strbuf_text(&missing))
                             : SAY("Split it with UNION ALL, or let the planner combine an index on "
                                   "each side (BitmapOr).");
            it->check = "Index Scans, or a BitmapOr, appear instead of the sequential scan.";
            write_divided(r, parts.items[i], it);
            strbuf_free(&missing);
            break;
        }
    }
}

/* ---- lists of constants ---- */

struct lists {
    Node **slot;
    size_t n;
};

static bool see_list(void *ctx, Node **slot)
{
    struct lists *l = ctx;
    const Node *n = *slot;
    if (!IS(n, A_EXPR) || n->a_expr->kind != PG_QUERY__A__EXPR__KIND__AEXPR_IN ||
        !IS(n->a_expr->rexpr, LIST) || strcmp(ast_last(n->a_expr->n_name, n->a_expr->name), "=") != 0)
        return true;
    if (n->a_expr->rexpr->list->n_items > l->n) {
        l->n = n->a_expr->rexpr->list->n_items;
        l->slot = slot;
    }
    return false;
}

void find_in_list(struct rewriter *r)
{
    struct lists l = {0};
    const struct plan_node *node = NULL;
    ast_walk_slot(&r->tree.stmt, see_list, &l);
    if (!l.slot || (double)l.n < r->rule->info)
        return;
    const char *column = ast_column((*l.slot)->a_expr->lexpr),
               *left = ast_closed(&r->tree, (*l.slot)->a_expr->lexpr);
    for (size_t i = 0; i < r->plan->n_nodes && column; i++) {
        const struct plan_node *n = r->plan->nodes[i];
        if (plan_is_scan(n) && !n->never_executed &&
            (plan_names(n->filter, column) || plan_names(n->index_cond, column)) &&
            (!node || known_or(n->cost, 0) > known_or(node->cost, 0)))
            node = n;
    }
    if (!node || !left)
        return;
    struct saving saved = saving_own(r, node, 1);
    if (r->plan->timed && r->plan->planning_ns > 0) { /* planning is spared as well */
        saved.ns += r->plan->planning_ns;
        saved.share = MIN(1, saved.ns / (r->plan->elapsed_ns + r->plan->planning_ns));
    }
    struct rewrite *it = rewrite_found(r, node, (double)l.n, saved, (double)l.n);
    if (!it)
        return;
    it->evidence = SAY("the list holds %s constants%s%s", say_count(r, (double)l.n),
                       r->plan->planning_ns > 0 ? "; planning took " : "",
                       r->plan->planning_ns > 0 ? say_time(r, r->plan->planning_ns) : "");
    it->advice =
        "Send the list as one array parameter, or join with unnest($1) or VALUES if it becomes longer.";
    it->check = "The statement has the same text for any number of keys, and planning takes less time.";
    it->before = SAY("%s IN (... %zu constants ...)", left, l.n);
    it->after = SAY("%s = ANY($%d)", left, r->parameters + 1);
    Node *any = ast_expr(&r->tree, "%s", it->after);
    it->statement = rewrite_with(r, l.slot, any);
    if (it->statement && strlen(it->statement) > 20000)
        it->statement = NULL;
}

/* ---- UNION ---- */

struct unions {
    Select *first;
    size_t n;
};

static bool see_union(void *ctx, Node **slot)
{
    struct unions *u = ctx;
    if (IS(*slot, SELECT_STMT) && (*slot)->select_stmt->op == PG_QUERY__SET_OPERATION__SETOP_UNION &&
        !(*slot)->select_stmt->all) {
        u->n++;
        u->first = (*slot)->select_stmt;
    }
    return true;
}

static bool of_union(Select *s, bool *mixed)
{
    if (!s || s->op == PG_QUERY__SET_OPERATION__SETOP_NONE)
        return false;
    if (s->op != PG_QUERY__SET_OPERATION__SETOP_UNION || s->all)
        *mixed = true;
    of_union(s->larg, mixed);
    of_union(s->rarg, mixed);
    return true;
}

static void set_all(Select *s, bool all)
{
    if (!s || s->op != PG_QUERY__SET_OPERATION__SETOP_UNION)
        return;
    s->all = all;
    set_all(s->larg, all);
    set_all(s->rarg, all);
}

void find_union(struct rewriter *r)
{
    struct unions u = {0};
    bool mixed = false;
    ast_walk_slot(&r->tree.stmt, see_union, &u);
    if (u.n != 1 || !r->plan->analyzed || !of_union(u.first, &mixed) || mixed)
        return;
    for (size_t i = 0; i < r->plan->n_nodes; i++) {
        const struct plan_node *n = r->plan->nodes[i], *c = n->child;
        double spent = 0;
        bool compares = str_eq(n->type, "Unique") || str_eq(n->type, "Aggregate");
        const struct plan_node *sort = c && str_eq(c->type, "Sort") ? c : NULL;
        if (sort)
            c = sort->child;
        if (!compares || !c || n->never_executed || !str_eq(c->type, "Append") || !(c->rows > 0))
            continue;
        spent = known_or(n->exclusive_ns, 0) + (sort ? known_or(sort->exclusive_ns, 0) : 0);
        struct saving saved = {spent, r->plan->elapsed_ns > 0 ? spent / r->plan->elapsed_ns : NAN, 0};
        struct rewrite *it = rewrite_found(r, n, n->rows / c->rows, saved, c->rows);
        if (!it)
            continue;
        it->evidence = SAY("%s rows were compared with each other and none removed", say_count(r, c->rows));
        it->advice = "Use UNION ALL if the parts cannot return the same row twice.";
        it->caveat = "There was no duplicate this time; only the data model shows whether there can be one.";
        it->check = "The plan has no node above Append.";
        it->before = "UNION";
        it->after = "UNION ALL";
        set_all(u.first, true);
        it->statement = ast_sql(&r->tree);
        set_all(u.first, false);
        return;
    }
}
