/* join.c - DISTINCT over a join that only filters; a CTE that keeps its filter out. */
#include "core/rewrite/private.h"

#include <stdlib.h>

/* ---- DISTINCT ---- */

struct owners {
    struct rewriter *r;
    const struct ast_froms *from;
    unsigned tables;
    bool unknown;
};

static bool see_owner(void *ctx, Node **slot)
{
    struct owners *o = ctx;
    const Node *n = *slot;
    if (IS(n, SUB_LINK)) {
        o->unknown = true;
        return false;
    }
    if (!IS(n, COLUMN_REF))
        return true;
    const struct ast_from *owner = NULL;
    if (ast_column(n)) {
        owner = plan_owner(o->r, o->from, n);
    } else if (n->column_ref->n_fields == 2) { /* o.* */
        for (size_t i = 0; i < o->from->n; i++)
            if (str_eq(o->from->items[i].name, ast_name(n->column_ref->fields[0])))
                owner = &o->from->items[i];
    }
    if (owner)
        o->tables |= 1u << (owner - o->from->items);
    else
        o->unknown = true;
    return false;
}

static void see_owners(struct owners *o, Node *n)
{
    ast_walk_slot(&n, see_owner, o);
}

static void ons(Node *n, struct ast_parts *out)
{
    if (!IS(n, JOIN_EXPR))
        return;
    if (n->join_expr->quals)
        ast_conjuncts(&n->join_expr->quals, out);
    ons(n->join_expr->larg, out);
    ons(n->join_expr->rarg, out);
}

static void add_text(struct strbuf *b, struct rewriter *r, Node *n, const char *between, bool *ok)
{
    const char *text = ast_text(&r->tree, n);
    bool either = IS(n, BOOL_EXPR) && n->bool_expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR;
    strbuf_printf(b, "%s%s%s%s", b->len ? between : "", either ? "(" : "", text ? text : "",
                  either ? ")" : "");
    *ok = *ok && text;
}

static void add_table(struct strbuf *b, struct rewriter *r, const struct ast_from *f)
{
    const PgQuery__RangeVar *t = f->table;
    strbuf_printf(b, "%s%s%s%s%s", b->len ? ", " : "", t->inh ? "" : "ONLY ",
                  *t->schemaname ? say_name(r, t->schemaname) : "", *t->schemaname ? "." : "",
                  say_name(r, t->relname));
    if (t->alias)
        strbuf_printf(b, " %s", say_name(r, t->alias->aliasname));
}

/* Does the result name a unique index of its only table? Then nothing is left to make distinct. */
static bool keyed(struct rewriter *r, const Select *s, const struct ast_from *f)
{
    const char *key = plan_unique(r, f->table);
    if (!key || strchr(key, ','))
        return false;
    for (size_t i = 0; i < s->n_target_list; i++) {
        const Node *v = IS(s->target_list[i], RES_TARGET) ? s->target_list[i]->res_target->val : NULL;
        if (IS(v, COLUMN_REF) && (!ast_column(v) || str_eq(say_name(r, ast_column(v)), key)))
            return true;
    }
    return false;
}

static bool has_null_key(struct rewriter *r, const struct ast_from *f)
{
    const char *key = plan_unique(r, f->table); /* a unique index takes many NULLs */
    const struct catalog_column *c = key ? plan_column(r, f->table, key) : NULL;
    return !c || !c->not_null;
}

static void write_semi(struct rewriter *r, const struct ast_froms *from, unsigned kept, struct rewrite *it)
{
    Select *s = r->select;
    struct ast_parts parts = {.n = 0};
    struct strbuf outer = {0}, inner = {0}, where = {0}, link = {0};
    bool ok = true;
    const struct ast_from *only = NULL;
    size_t n_kept = 0;
    if (s->where_clause)
        ast_conjuncts(&s->where_clause, &parts);
    for (size_t i = 0; i < s->n_from_clause; i++)
        ons(s->from_clause[i], &parts);
    for (size_t i = 0; i < from->n; i++) {
        bool keep = kept & 1u << i;
        ok = ok && !(from->items[i].table->alias && from->items[i].table->alias->n_colnames);
        add_table(keep ? &outer : &inner, r, &from->items[i]);
        n_kept += keep;
        only = keep ? &from->items[i] : only;
    }
    for (size_t i = 0; i < parts.n && ok; i++) {
        struct owners o = {.r = r, .from = from};
        see_owners(&o, *parts.items[i]);
        ok = !o.unknown;
        add_text(o.tables & ~kept ? &link : &where, r, *parts.items[i], " AND ", &ok);
    }
    ok = ok && outer.len && inner.len && parts.n < ARRAY_LEN(parts.items);
    const char *exists = SAY("EXISTS (SELECT 1 FROM %s%s%s)", strbuf_text(&inner), link.len ? " WHERE " : "",
                             strbuf_text(&link));
    Select *semi = ok ? ast_select(&r->tree, "SELECT 1 FROM %s WHERE %s%s%s", outer.text, strbuf_text(&where),
                                   where.len ? " AND " : "", exists)
                      : NULL;
    if (semi) {
        Select *whole = arena_copy(r->arena, s, sizeof *s);
        bool unique = n_kept == 1 && keyed(r, s, only) && !has_null_key(r, only);
        whole->from_clause = semi->from_clause;
        whole->n_from_clause = semi->n_from_clause;
        whole->where_clause = semi->where_clause;
        if (unique)
            whole->n_distinct_clause = 0;
        it->statement = ast_select_text(&r->tree, whole);
        it->before = SAY("SELECT DISTINCT ... FROM %s, %s", outer.text, inner.text);
        it->after = SAY("SELECT %s... FROM %s WHERE %s", unique ? "" : "DISTINCT ", outer.text, exists);
        it->advice = unique ? "Use EXISTS to check whether the other table has a row; each row is then "
                              "returned once, and DISTINCT is not needed."
                            : "Use EXISTS to check whether the other table has a row; DISTINCT then removes "
                              "few duplicates.";
    }
    strbuf_free(&outer);
    strbuf_free(&inner);
    strbuf_free(&where);
    strbuf_free(&link);
}

void find_distinct(struct rewriter *r)
{
    Select *s = r->select;
    struct ast_froms from;
    if (!s || s->op != PG_QUERY__SET_OPERATION__SETOP_NONE || s->n_distinct_clause != 1 ||
        s->distinct_clause[0]->node_case != PG_QUERY__NODE__NODE__NOT_SET || ast_aggregates(s) ||
        s->with_clause || ast_volatile(r->tree.stmt))
        return;
    ast_froms(s, &from);
    struct owners o = {.r = r, .from = &from};
    for (size_t i = 0; i < s->n_target_list; i++)
        see_owners(&o, s->target_list[i]);
    unsigned all = from.n < 32 ? (1u << from.n) - 1 : ~0u;
    if (from.n < 2 || !from.plain || o.unknown || o.tables == all || !o.tables)
        return;
    for (size_t i = 0; i < r->plan->n_nodes; i++) {
        const struct plan_node *n = r->plan->nodes[i], *sort = NULL, *c = n->child;
        bool distinct = str_eq(n->type, "Unique") ||
                        (str_eq(n->type, "Aggregate") && (n->group_key.n || str_eq(n->strategy, "Hashed")));
        while (c && (str_eq(c->type, "Sort") || plan_is_gather(c) || str_eq(c->type, "Unique") ||
                     str_eq(c->type, "Incremental Sort"))) {
            sort = c;
            c = c->child;
        }
        if (!distinct || !c || n->never_executed ||
            (n->parent && !str_eq(n->parent->type, "Limit") && !str_eq(n->parent->type, "Sort")))
            continue;
        double in = r->plan->analyzed ? c->rows : c->plan_rows,
               out = r->plan->analyzed ? n->rows : n->plan_rows;
        bool joins = false;
        for (const struct plan_node *j = c; j && !joins; j = j->child)
            joins = plan_is_join(j);
        if (!joins || !(in > 0))
            continue;
        (void)sort;
        struct rewrite *it =
            rewrite_found(r, n, in / MAX(1, out), saving_total(r, n, 1 - MIN(1, out / in)), in);
        if (!it)
            continue;
        it->evidence =
            SAY("the join %s %s rows, of which DISTINCT %s %s", r->plan->analyzed ? "gave" : "would return",
                say_count(r, in), r->plan->analyzed ? "kept" : "keeps", say_count(r, out));
        it->advice = "Use EXISTS for the table that is joined only to filter.";
        it->check = "The plan shows a Semi Join, or DISTINCT gets few rows.";
        write_semi(r, &from, o.tables, it);
        return;
    }
}

/* ---- CTE ---- */

struct references {
    const char *name;
    size_t n;
};

static bool see_reference(void *ctx, Node **slot)
{
    struct references *f = ctx;
    if (IS(*slot, RANGE_VAR) && !*(*slot)->range_var->schemaname &&
        str_eq((*slot)->range_var->relname, f->name))
        f->n++;
    return true;
}

void find_cte(struct rewriter *r)
{
    Select *s = r->select;
    if (!s || !s->with_clause || s->with_clause->recursive)
        return;
    for (size_t k = 0; k < s->with_clause->n_ctes; k++) {
        PgQuery__CommonTableExpr *cte = IS(s->with_clause->ctes[k], COMMON_TABLE_EXPR)
                                            ? s->with_clause->ctes[k]->common_table_expr
                                            : NULL;
        if (!cte || !IS(cte->ctequery, SELECT_STMT) || ast_volatile(cte->ctequery))
            continue;
        struct references refs = {.name = cte->ctename};
        ast_walk_slot(&r->tree.stmt, see_reference, &refs);
        bool asked = cte->ctematerialized == PG_QUERY__CTEMATERIALIZE__CTEMaterializeAlways;
        if (!asked && (refs.n < 2 || cte->ctematerialized == PG_QUERY__CTEMATERIALIZE__CTEMaterializeNever))
            continue;
        for (size_t i = 0; i < r->plan->n_nodes; i++) {
            const struct plan_node *n = r->plan->nodes[i];
            if (!str_eq(n->type, "CTE Scan") || !str_eq(n->cte, cte->ctename) || !n->filter ||
                n->never_executed)
                continue;
            const struct plan_node *made_by = NULL;
            for (size_t m = 0; m < r->plan->n_nodes && !made_by; m++)
                if (str_eq(plan_cte_name(r->plan->nodes[m]), cte->ctename))
                    made_by = r->plan->nodes[m];
            double kept = r->plan->analyzed ? known_or(n->rows, 0) : n->plan_rows;
            double all = r->plan->analyzed
                             ? kept + known_or(n->loop_removed_filter, 0) * known_or(n->loops, 0)
                         : made_by ? made_by->plan_rows
                                   : NAN;
            if (!(all > 0) || !made_by)
                continue;
            double gone = all - kept;
            struct saving saved = saving_own(r, n, gone / all), below = saving_total(r, made_by, gone / all);
            saved = (struct saving){saved.ns + below.ns, MIN(1, saved.share + below.share),
                                    saved.cost + below.cost};
            struct rewrite *it = rewrite_found(r, n, gone / all, saved, gone);
            if (!it)
                continue;
            it->evidence = SAY("%s %s %s rows, of which the filter outside %s %s", cte->ctename,
                               r->plan->analyzed ? "made" : "would compute", say_count(r, all),
                               r->plan->analyzed ? "removed" : "removes", say_count(r, gone));
            it->advice = refs.n > 1 ? "Let the planner put the filter inside; it is then computed for each "
                                      "reference, which is useful if all of them filter."
                                    : "Let the planner put the filter inside.";
            it->check = "The plan has no CTE Scan, and the condition is at the table or in an Index Cond.";
            it->before = SAY("%s AS %s(...)", say_name(r, cte->ctename), asked ? "MATERIALIZED " : "");
            it->after = SAY("%s AS NOT MATERIALIZED (...)", say_name(r, cte->ctename));
            PgQuery__CTEMaterialize old = cte->ctematerialized;
            cte->ctematerialized = PG_QUERY__CTEMATERIALIZE__CTEMaterializeNever;
            it->statement = ast_sql(&r->tree);
            cte->ctematerialized = old;
            break;
        }
    }
}
