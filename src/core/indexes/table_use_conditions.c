/* table_use_conditions.c - conditions of WHERE, ON and HAVING: what of each could be looked up in an index.
 */
#include "core/indexes/table_use_private.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>

/* ---- conditions ---- */

struct pred *use_add_pred(struct walker *w, size_t use, enum pred_kind kind, struct index_key key)
{
    struct table_use *u = use_of(w, use);
    for (size_t i = 0; i < u->n_preds; i++)
        if (u->preds[i].kind == kind && u->preds[i].key.column == key.column &&
            str_eq(u->preds[i].key.expr, key.expr) && kind != PRED_JOIN)
            return &u->preds[i];
    if (u->n_preds == USE_PREDS)
        return NULL;
    struct pred *p = &u->preds[u->n_preds++];
    *p = (struct pred){.kind = kind, .key = key, .other_use = NONE, .other_column = -1, .share = NAN};
    return p;
}

static const char *name_column(void *ctx, const cJSON *column_ref)
{
    struct names *n = ctx;
    struct place p = use_resolve(n->w, n->scope, column_ref);
    return p.use == n->use && p.use != NONE ? use_of(n->w, p.use)->rel->columns[p.column].name : NULL;
}

static const char *type_of_column(void *ctx, const cJSON *column_ref)
{
    struct names *n = ctx;
    struct place p = use_resolve(n->w, n->scope, column_ref);
    return p.use == n->use && p.use != NONE ? use_of(n->w, p.use)->rel->columns[p.column].type : NULL;
}

/* The use and key of a side of a comparison: a column, or an immutable expression of
 * one use's columns. False: neither. */
bool use_key_of(struct walker *w, const struct scope *s, const cJSON *node, size_t *use,
                struct index_key *key)
{
    struct place p = use_column_of(w, s, node);
    *key = (struct index_key){.column = -1};
    if (p.use != NONE) {
        *use = p.use;
        key->column = p.column;
        return true;
    }
    struct refs r = use_refs_of(w, s, node);
    if (r.use == NONE || r.several || r.opaque || r.subquery)
        return false;
    struct names n = {.w = w, .scope = s, .use = r.use};
    struct tree_writer writer = {.column = name_column, .type = type_of_column, .ctx = &n};
    struct strbuf b = {0};
    bool ok = tree_write(&writer, node, &b) && tree_indexable(&writer, node);
    if (ok) {
        bool call = get(node, "FuncCall") != NULL;
        key->expr = arena_printf(w->out->arena, call ? "%s" : "(%s)", b.text);
        key->type = tree_type(node);
    }
    strbuf_free(&b);
    *use = r.use;
    return ok;
}

/* "column op value" as SQL, when the value is a plain constant. */
static const char *condition_sql(struct walker *w, const struct scope *s, size_t use, const cJSON *a_expr)
{
    struct names n = {.w = w, .scope = s, .use = use};
    struct tree_writer writer = {.column = name_column, .type = type_of_column, .ctx = &n};
    struct strbuf b = {0};
    const char *sql = tree_write(&writer, a_expr, &b) ? arena_strdup(w->out->arena, b.text) : NULL;
    strbuf_free(&b);
    return sql;
}

/* The condition for the planner to say what it keeps; further ones of the same kind and
 * key are added to it. */
static void set_text(struct walker *w, const struct scope *s, size_t use, struct pred *p, const cJSON *a_expr)
{
    const char *text = condition_sql(w, s, use, a_expr);
    p->text = !text ? NULL : p->text ? arena_printf(w->out->arena, "%s AND %s", p->text, text) : text;
}

static void like(struct walker *w, const struct scope *s, const cJSON *e, bool insensitive, bool in_or)
{
    size_t use;
    struct index_key key;
    if (!use_key_of(w, s, get(e, "lexpr"), &use, &key))
        return;
    const char *pattern = tree_text(get(e, "rexpr"));
    bool prefix = pattern && *pattern && *pattern != '%' && *pattern != '_' && !insensitive;
    if (!pattern && !use_constant(w, s, get(e, "rexpr")))
        return;
    struct pred *p = NULL;
    if (prefix) {
        bool whole = !strpbrk(pattern, "%_\\");
        p = use_add_pred(w, use, whole ? PRED_EQUAL : PRED_PREFIX, key);
    } else if (!pattern || strlen(pattern) >= 5) { /* a trigram needs three characters */
        p = use_add_pred(w, use, PRED_CONTAINS, key);
    }
    if (p) {
        p->unseen = !pattern;
        p->in_or = in_or;
        set_text(w, s, use, p, e);
    }
}

/* The new predicate of kind k on `side`, which is compared with a constant. */
static void add_constant(struct walker *w, struct scope *s, const cJSON *e, enum pred_kind k,
                         const cJSON *side, const cJSON *other, bool in_or)
{
    size_t use;
    struct index_key key;
    if (!use_key_of(w, s, side, &use, &key) || !use_constant(w, s, other))
        return;
    struct pred *p = use_add_pred(w, use, k, key);
    if (!p)
        return;
    p->in_or = in_or;
    set_text(w, s, use, p, e);
}

/* c IN (...), c = ANY (...) */
static void in_list(struct walker *w, struct scope *s, const cJSON *e, bool in_or)
{
    size_t use;
    struct index_key key;
    if (!use_key_of(w, s, get(e, "lexpr"), &use, &key))
        return;
    struct refs r = use_refs_of(w, s, get(e, "rexpr"));
    struct pred *p = r.use == NONE && !r.opaque && !r.subquery ? use_add_pred(w, use, PRED_IN, key) : NULL;
    if (!p)
        return;
    p->in_or = in_or;
    p->text = p->sql = condition_sql(w, s, use, e);
}

/* Operators that a GIN or GiST index can look up. */
static bool searched(const char *op, enum pred_kind *kind)
{
    static const char *const json[] = {"@>", "?", "?|", "?&", "&&", "<@", "@?", NULL};
    static const char *const regex[] = {"~", "~*", NULL};
    if (str_find(regex, op) >= 0)
        *kind = PRED_CONTAINS;
    else if (!strcmp(op, "@@"))
        *kind = PRED_SEARCH;
    else if (str_find(json, op) >= 0)
        *kind = PRED_JSON;
    else
        return false;
    return true;
}

static void search(struct walker *w, struct scope *s, const cJSON *e, const char *op, enum pred_kind k,
                   bool in_or)
{
    const cJSON *left = get(e, "lexpr"), *right = get(e, "rexpr");
    bool swapped = !strcmp(op, "<@");
    const char *pattern = k == PRED_CONTAINS ? tree_text(right) : NULL;
    if (pattern && strlen(pattern) < 3) /* there is no trigram in it */
        return;
    add_constant(w, s, e, k, swapped ? right : left, swapped ? left : right, in_or);
}

/* `mine` compared with `other` by = or by an operator of order. */
static void ordered(struct walker *w, struct scope *s, const cJSON *e, const cJSON *mine, const cJSON *other,
                    bool equal, bool in_or)
{
    size_t use;
    struct index_key key;
    if (!use_key_of(w, s, mine, &use, &key))
        return;
    struct refs r = use_refs_of(w, s, other);
    struct place at = use_column_of(w, s, other);
    if (get(other, "ColumnRef"))
        r = (struct refs){.use = at.use, .opaque = at.use == NONE};
    if (r.use == use || r.several)
        return;
    bool fixed = r.use == NONE && !r.opaque;
    if (fixed && !r.subquery && !tree_steady(other))
        return;
    struct pred *p = use_add_pred(w, use, !equal ? PRED_RANGE : fixed ? PRED_EQUAL : PRED_JOIN, key);
    if (!p)
        return;
    p->in_or = in_or;
    if (!fixed && at.use != NONE) {
        p->other_use = at.use;
        p->other_column = at.column;
    }
    if (fixed && !r.subquery)
        set_text(w, s, use, p, e);
    if (fixed && equal && !r.subquery)
        p->sql = condition_sql(w, s, use, e);
}

/* left OP right, with the operator's name */
static void operation(struct walker *w, struct scope *s, const cJSON *e, const char *op, bool in_or)
{
    static const char *const ranges[] = {"<", "<=", ">", ">=", NULL};
    const cJSON *left = get(e, "lexpr"), *right = get(e, "rexpr");
    enum pred_kind kind;
    bool equal = !strcmp(op, "=");
    if (!strcmp(op, "~~") || !strcmp(op, "~~*")) {
        like(w, s, e, !strcmp(op, "~~*"), in_or);
    } else if (searched(op, &kind)) {
        search(w, s, e, op, kind, in_or);
    } else if (equal || str_find(ranges, op) >= 0) { /* each side may be the indexed one */
        ordered(w, s, e, left, right, equal, in_or);
        ordered(w, s, e, right, left, equal, in_or);
    }
}

static void compare(struct walker *w, struct scope *s, const cJSON *e, bool in_or)
{
    const char *kind = cJSON_GetStringValue(get(e, "kind"));
    const char *op = tree_last(get(e, "name"));
    if (!kind || !get(e, "lexpr") || !get(e, "rexpr"))
        return;
    if (!strcmp(kind, "AEXPR_LIKE") || !strcmp(kind, "AEXPR_ILIKE")) {
        if (!strcmp(op, "~~") || !strcmp(op, "~~*"))
            like(w, s, e, !strcmp(kind, "AEXPR_ILIKE"), in_or);
    } else if (!strcmp(kind, "AEXPR_BETWEEN")) {
        add_constant(w, s, e, PRED_RANGE, get(e, "lexpr"), get(e, "rexpr"), in_or);
    } else if (!strcmp(kind, "AEXPR_IN") || !strcmp(kind, "AEXPR_OP_ANY")) {
        if (!strcmp(op, "="))
            in_list(w, s, e, in_or);
    } else if (!strcmp(kind, "AEXPR_OP")) {
        operation(w, s, e, op, in_or);
    }
}

void use_join_pair(struct walker *w, struct place a, struct place b)
{
    for (int side = 0; side < 2; side++) {
        struct place mine = side ? b : a, other = side ? a : b;
        if (mine.use == NONE || mine.use == other.use)
            continue;
        use_need(w, mine);
        struct pred *p = use_add_pred(w, mine.use, PRED_JOIN, (struct index_key){.column = mine.column});
        if (p) {
            p->other_use = other.use;
            p->other_column = other.column;
        }
    }
}

static void flag(struct walker *w, struct scope *s, const cJSON *node, bool negated, bool in_or)
{
    struct place at = use_column_of(w, s, node);
    if (at.use == NONE || strcmp(use_of(w, at.use)->rel->columns[at.column].type, "bool") != 0)
        return;
    struct pred *p = use_add_pred(w, at.use, PRED_TRUE, (struct index_key){.column = at.column});
    if (!p)
        return;
    struct strbuf b = {0};
    strbuf_str(&b, negated ? "NOT " : "");
    sql_quote(use_of(w, at.use)->rel->columns[at.column].name, &b);
    p->sql = arena_strdup(w->out->arena, b.text);
    p->in_or = in_or;
    strbuf_free(&b);
}

void use_condition(struct walker *w, struct scope *s, const cJSON *node, bool in_or)
{
    const cJSON *b = get(node, "BoolExpr"), *each;
    if (b) {
        const char *op = cJSON_GetStringValue(get(b, "boolop"));
        if (str_eq(op, "NOT_EXPR")) {
            const cJSON *arg = cJSON_GetArrayItem(get(b, "args"), 0);
            flag(w, s, arg, true, in_or);
            use_walk(w, s, arg);
            return;
        }
        cJSON_ArrayForEach(each, get(b, "args")) use_condition(w, s, each, in_or || str_eq(op, "OR_EXPR"));
        return;
    }
    if (get(node, "SubLink")) {
        use_sublink(w, s, get(node, "SubLink"));
        return;
    }
    if (get(node, "A_Expr")) {
        compare(w, s, get(node, "A_Expr"), in_or);
    } else if (get(node, "NullTest")) {
        const cJSON *t = get(node, "NullTest");
        struct place at = use_column_of(w, s, get(t, "arg"));
        bool is_null = str_eq(cJSON_GetStringValue(get(t, "nulltesttype")), "IS_NULL");
        if (at.use != NONE) {
            struct pred *p = use_add_pred(w, at.use, is_null ? PRED_NULL : PRED_NOT_NULL,
                                          (struct index_key){.column = at.column});
            if (p) {
                struct strbuf sql = {0};
                sql_quote(use_of(w, at.use)->rel->columns[at.column].name, &sql);
                strbuf_str(&sql, is_null ? " IS NULL" : " IS NOT NULL");
                p->sql = arena_strdup(w->out->arena, sql.text);
                p->in_or = in_or;
                strbuf_free(&sql);
            }
        }
    } else if (get(node, "ColumnRef")) {
        flag(w, s, node, false, in_or);
    }
    use_walk(w, s, node);
}
