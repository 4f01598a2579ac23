/* by_plan.c - what plan, facts and catalog say about a part of the statement. */
#include "core/sql/statement.h"
#include "core/rewrite/private.h"

#include <ctype.h>
#include <stdlib.h>

#include "core/plans/advice.h"

/* "(hashed SubPlan 1)", "(SubPlan 2).col1", "(InitPlan 1).col1", "(ANY (x = (hashed
 * SubPlan 1).col1))" are no SQL; calls stand in for them. */
static char *as_sql(const char *text)
{
    struct strbuf b = {0};
    strbuf_str(&b, "");
    while (*text) {
        const char *s = *text == '(' ? text + 1 : "";
        static const char *const names[] = {"hashed SubPlan ", "SubPlan ", "alternatives: ", "InitPlan ",
                                            NULL};
        bool stands = false;
        for (size_t i = 0; names[i]; i++)
            stands = stands || str_starts(s, names[i]);
        const char *end = stands ? strchr(s, ')') : NULL;
        if (end) {
            strbuf_str(&b, "subplan()");
            for (text = end + 1;
                 *text == '.' || (text > end + 1 && (isalnum((unsigned char)*text) || *text == '_')); text++)
                ;
        } else if (str_starts(text, "(ANY (") || str_starts(text, "(ALL (")) {
            strbuf_char(&b, '(');
            text += 5;
        } else {
            strbuf_char(&b, *text++);
        }
    }
    return strbuf_detach(&b);
}

Node *plan_condition(struct rewriter *r, const char *text)
{
    if (!text)
        return NULL;
    char *sql = as_sql(text);
    Node *n = ast_expr(&r->tree, "%s", sql);
    free(sql);
    return n;
}

/* varchar is text in all but name; the server writes the cast, an index does not mind. */
static bool harmless(const char *type)
{
    static const char *const types[] = {"text", "varchar", "bpchar", NULL};
    return str_find(types, type) >= 0;
}

struct wrap {
    const char *column;
    bool bare, wrapped;
    char *cast;
};

static Node *uncast(Node *n)
{
    while (IS(n, TYPE_CAST) && harmless(ast_cast(n) ? ast_cast(n) : ""))
        n = n->type_cast->arg;
    return n;
}

static void side(struct wrap *w, Node *n)
{
    n = uncast(n);
    if (IS(n, COLUMN_REF)) {
        w->bare = w->bare || str_eq(ast_column(n), w->column);
        return;
    }
    size_t count;
    const Node *c = ast_first_column(n, &count);
    if (count != 1 || !str_eq(ast_column(c), w->column))
        return;
    w->wrapped = true;
    if (IS(n, TYPE_CAST) && IS(uncast(n->type_cast->arg), COLUMN_REF))
        snprintf(w->cast, 64, "%s", ast_cast(n) ? ast_cast(n) : "");
}

static bool see_comparison(void *ctx, Node **slot)
{
    Node *n = *slot;
    if (!IS(n, A_EXPR) || !n->a_expr->lexpr || !n->a_expr->rexpr)
        return true;
    side(ctx, n->a_expr->lexpr);
    side(ctx, n->a_expr->rexpr);
    return false;
}

bool plan_wraps(Node *condition, const char *column, char cast[64])
{
    struct wrap w = {.column = column, .cast = cast};
    *cast = '\0';
    ast_walk_slot(&condition, see_comparison, &w);
    return w.wrapped && !w.bare;
}

struct as_text {
    const char *column;
    bool found;
};

static bool see_as_text(void *ctx, Node **slot)
{
    struct as_text *w = ctx;
    Node *n = *slot;
    const char *to = ast_cast(n);
    if (to && harmless(to) && str_eq(ast_column(n->type_cast->arg), w->column))
        w->found = true;
    return !w->found;
}

bool plan_as_text(Node *condition, const char *column)
{
    struct as_text w = {.column = column};
    ast_walk_slot(&condition, see_as_text, &w);
    return w.found;
}

bool plan_indexed(const struct rewriter *r, const struct plan_node *n, const char *columns)
{
    const struct plan_facts *f = r->in->facts;
    size_t len = strlen(columns);
    for (size_t i = 0; i < f->n_indexes; i++) {
        const struct sd_index *x = f->indexes[i];
        bool other =
            x->definition && strstr(x->definition, " USING ") && !strstr(x->definition, " USING btree");
        if (!other && str_eq(x->table, n->relation) && x->columns && x->is_valid != 0 && x->is_partial != 1 &&
            !strncmp(x->columns, columns, len) && (!x->columns[len] || x->columns[len] == ','))
            return true;
    }
    return false;
}

bool plan_names(const char *text, const char *column)
{
    size_t len = column ? strlen(column) : 0;
    for (const char *s = text; s && len && (s = strstr(s, column)); s += len) {
        unsigned char before = s > text ? (unsigned char)s[-1] : ' ', after = (unsigned char)s[len];
        if (!isalnum(before) && before != '_' && !isalnum(after) && after != '_' && after != '(')
            return true;
    }
    return false;
}

bool plan_scans(const struct plan_node *n, const char *name)
{
    return plan_is_scan(n) && (!name || str_eq(n->alias, name) || (!n->alias && str_eq(n->relation, name)));
}

/* ---- facts and catalog ---- */

const struct catalog_relation *plan_relation(const struct rewriter *r, const PgQuery__RangeVar *table)
{
    if (!r->in->catalog || !table)
        return NULL;
    return db_catalog_find(r->in->catalog, *table->schemaname ? table->schemaname : NULL, table->relname);
}

const struct catalog_column *plan_column(const struct rewriter *r, const PgQuery__RangeVar *table,
                                         const char *column)
{
    const struct catalog_relation *rel = plan_relation(r, table);
    int at = rel && column ? db_catalog_position(rel, column) : -1;
    return at >= 0 ? &rel->columns[at] : NULL;
}

const char *say_name(struct rewriter *r, const char *name)
{
    struct strbuf b = {0};
    sql_quote(name, &b);
    const char *s = arena_strdup(r->arena, b.text);
    strbuf_free(&b);
    return s;
}

static const char *unique_of_catalog(struct rewriter *r, const struct catalog_relation *rel)
{
    const struct catalog_index *best = NULL;
    for (size_t i = 0; i < rel->n_indexes; i++) {
        const struct catalog_index *x = &rel->indexes[i];
        if (x->is_unique && x->is_valid && !x->predicate && !x->has_expression && x->n_keys &&
            (!best || x->n_keys < best->n_keys))
            best = x;
    }
    struct strbuf b = {0};
    for (size_t k = 0; best && k < best->n_keys; k++) {
        strbuf_str(&b, k ? ", " : "");
        sql_quote(rel->columns[best->keys[k]].name, &b);
    }
    const char *s = best ? arena_strdup(r->arena, b.text) : NULL;
    strbuf_free(&b);
    return s;
}

const char *plan_unique(struct rewriter *r, const PgQuery__RangeVar *table)
{
    const struct plan_facts *f = r->in->facts;
    const struct catalog_relation *rel = plan_relation(r, table);
    if (rel)
        return unique_of_catalog(r, rel);
    const struct sd_index *best = NULL;
    for (size_t i = 0; table && i < f->n_indexes; i++) {
        const struct sd_index *x = f->indexes[i];
        if (!str_eq(x->table, table->relname) || x->is_unique != 1 || x->is_partial == 1 ||
            x->is_valid == 0 || !x->columns || !*x->columns || strstr(x->columns, ",,") ||
            str_ends(x->columns, ",") || *x->columns == ',')
            continue;
        if (*table->schemaname && x->schema && strcmp(x->schema, table->schemaname) != 0)
            continue;
        if (!best || strlen(x->columns) < strlen(best->columns))
            best = x;
    }
    if (!best)
        return NULL;
    struct strbuf b = {0};
    for (const char *s = best->columns; *s;) {
        size_t len = strcspn(s, ",");
        char *name = mem_strndup(s, len);
        strbuf_str(&b, b.len ? ", " : "");
        sql_quote(name, &b);
        free(name);
        s += len + (s[len] == ',');
    }
    const char *s = arena_strdup(r->arena, b.text);
    strbuf_free(&b);
    return s;
}

const struct ast_from *plan_owner(const struct rewriter *r, const struct ast_froms *f, const Node *column_ref)
{
    const char *table = ast_qualifier(column_ref), *column = ast_column(column_ref);
    const struct ast_from *owner = NULL;
    if (!column)
        return NULL;
    if (!table && f->n == 1)
        return &f->items[0];
    for (size_t i = 0; i < f->n; i++) {
        const struct ast_from *it = &f->items[i];
        bool fits = table ? str_eq(it->name, table) : plan_column(r, it->table, column) != NULL;
        if (!table && (!it->table || !plan_relation(r, it->table)))
            return NULL; /* what it has is not known */
        if (fits && owner)
            return NULL;
        if (fits)
            owner = it;
    }
    return owner;
}

Node **ast_append(struct rewriter *r, Node **items, size_t *n, Node *item)
{
    Node **out = arena_alloc(r->arena, (*n + 1) * sizeof *out);
    for (size_t i = 0; i < *n; i++)
        out[i] = items[i];
    out[(*n)++] = item;
    return out;
}
