/* table_use_conditions.c - conditions of WHERE, ON and HAVING: what of each could be looked up in an index.
 */
#include "core/indexes/pattern.h"
#include "core/indexes/table_use_private.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>

/* ---- conditions ---- */

struct pred *use_add_pred(struct walker *w, size_t use, enum pred_kind kind, struct index_key key)
{
    struct table_use *u = use_of(w, use);
    w->served++;
    for (size_t i = 0; i < u->n_preds; i++)
        if (u->preds[i].kind == kind && u->preds[i].key.column == key.column &&
            str_eq(u->preds[i].key.expr, key.expr) && str_eq(u->preds[i].key.collation, key.collation) &&
            u->preds[i].arm == w->arm && kind != PRED_JOIN)
            return &u->preds[i];
    if (u->n_preds == USE_PREDS)
        return NULL;
    struct pred *p = &u->preds[u->n_preds++];
    *p = (struct pred){.kind = kind,
                       .key = key,
                       .other_use = NONE,
                       .other_column = -1,
                       .share = NAN,
                       .in_or = w->arm > 0,
                       .arm = w->arm};
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

/* The collation of a COLLATE, as SQL; NULL when it is the column's own. */
static const char *collation_of(struct walker *w, const cJSON *names, struct place p)
{
    const char *own = use_of(w, p.use)->rel->columns[p.column].collation;
    struct strbuf b = {0};
    const cJSON *each;
    cJSON_ArrayForEach(each, names)
    {
        if (str_eq(tree_string(each), "pg_catalog"))
            continue;
        strbuf_str(&b, b.len ? "." : "");
        sql_quote(tree_string(each) ? tree_string(each) : "", &b);
    }
    bool same = str_eq(b.text, own) || str_eq(b.text, "\"default\"");
    const char *name = same ? NULL : arena_strdup(w->out->arena, b.text);
    strbuf_free(&b);
    return name;
}

/* The use and key of a side of a comparison: a column, or an immutable expression of
 * one use's columns. False: neither. */
bool use_key_of(struct walker *w, const struct scope *s, const cJSON *node, size_t *use,
                struct index_key *key)
{
    const cJSON *collate = get(node, "CollateClause");
    struct place p = use_column_of(w, s, collate ? get(collate, "arg") : node);
    *key = (struct index_key){.column = -1};
    if (p.use != NONE) {
        *use = p.use;
        key->column = p.column;
        if (collate)
            key->collation = collation_of(w, get(collate, "collname"), p);
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

/* The pattern as one that an index could be asked for: text that begins alike, or text in the middle. */
static void add_pattern(struct walker *w, const struct scope *s, const cJSON *e, const char *pattern,
                        struct text_pattern form)
{
    size_t use;
    struct index_key key;
    if (!use_key_of(w, s, get(e, "lexpr"), &use, &key))
        return;
    if (!pattern && !use_constant(w, s, get(e, "rexpr")))
        return;
    struct pred *p = NULL;
    if (form.prefix > 0)
        p = use_add_pred(w, use, form.whole ? PRED_EQUAL : PRED_PREFIX, key);
    else if (!pattern || form.trigrams)
        p = use_add_pred(w, use, PRED_CONTAINS, key);
    if (p) {
        p->unseen = !pattern;
        set_text(w, s, use, p, e);
    }
}

static void like(struct walker *w, const struct scope *s, const cJSON *e, bool insensitive)
{
    const char *pattern = tree_text(get(e, "rexpr"));
    add_pattern(w, s, e, pattern, pattern_of_like(pattern, insensitive));
}

/* c ~ '^x' */
static void regex(struct walker *w, const struct scope *s, const cJSON *e, bool insensitive)
{
    const char *pattern = tree_text(get(e, "rexpr"));
    add_pattern(w, s, e, pattern, pattern_of_regex(pattern, insensitive));
}

/* c SIMILAR TO 'x%' */
static void similar(struct walker *w, const struct scope *s, const cJSON *e)
{
    const cJSON *args = get(get(get(e, "rexpr"), "FuncCall"), "args");
    const char *pattern = cJSON_GetArraySize(args) == 1 ? tree_text(cJSON_GetArrayItem(args, 0)) : NULL;
    if (pattern)
        add_pattern(w, s, e, pattern, pattern_of_similar(pattern));
}

/* The new predicate of kind k on `side`, which is compared with a constant. */
static void add_constant(struct walker *w, struct scope *s, const cJSON *e, enum pred_kind k,
                         const cJSON *side, const cJSON *other)
{
    size_t use;
    struct index_key key;
    if (!use_key_of(w, s, side, &use, &key) || !use_constant(w, s, other))
        return;
    struct pred *p = use_add_pred(w, use, k, key);
    if (p)
        set_text(w, s, use, p, e);
}

static const char *leading_index(const struct catalog_relation *r, int column)
{
    for (size_t i = 0; i < r->n_indexes; i++) {
        const struct catalog_index *ix = &r->indexes[i];
        if (ix->is_valid && !ix->predicate && !strcmp(ix->method, "btree") && ix->n_keys &&
            ix->keys[0] == column)
            return ix->name;
    }
    return NULL;
}

/* "id::text = '5'", where id has an index: without the cast it serves, and one on the cast would do
 * the same work again. */
static bool cast_in_the_way(struct walker *w, const struct scope *s, const cJSON *node)
{
    const cJSON *cast = get(node, "TypeCast"), *ref = get(get(cast, "arg"), "ColumnRef");
    struct place p = ref ? use_resolve(w, s, ref) : (struct place){.use = NONE, .column = -1};
    if (p.use == NONE)
        return false;
    const struct catalog_relation *r = use_of(w, p.use)->rel;
    const char *to = tree_last(get(get(cast, "typeName"), "names")), *from = r->columns[p.column].type;
    static const char *const keys[] = {"int2", "int4",      "int8",        "uuid",
                                       "date", "timestamp", "timestamptz", NULL};
    bool as_text = (!strcmp(to, "text") || !strcmp(to, "varchar")) && str_find(keys, from) >= 0;
    bool as_date = !strcmp(to, "date") && str_starts(from, "timestamp");
    const char *index = as_text || as_date ? leading_index(r, p.column) : NULL;
    if (!index)
        return false;
    if (!w->out->hint)
        w->out->hint =
            arena_printf(w->out->arena,
                         "%s is cast to %s, so its index %s is not used: compare the column without "
                         "the cast, with a value of its own type.",
                         r->columns[p.column].name, to, index);
    return true;
}

/* "seen + interval '1 day' > now()", where seen has an index: moved to the other side it serves. */
static bool sum_in_the_way(struct walker *w, const struct scope *s, const cJSON *node)
{
    const cJSON *e = get(node, "A_Expr"), *ref = get(get(e, "lexpr"), "ColumnRef");
    const char *op = e ? tree_last(get(e, "name")) : NULL;
    struct place p = ref && op && strchr("+-", *op) && !op[1] ? use_resolve(w, s, ref)
                                                              : (struct place){.use = NONE, .column = -1};
    const struct catalog_relation *r = p.use == NONE ? NULL : use_of(w, p.use)->rel;
    const char *index = r ? leading_index(r, p.column) : NULL;
    if (!index)
        return false;
    if (!w->out->hint)
        w->out->hint = arena_printf(w->out->arena,
                                    "%s is part of a sum, so its index %s is not used: move the rest of the "
                                    "sum to the other side of the comparison.",
                                    r->columns[p.column].name, index);
    return true;
}

/* c IN (...), c = ANY (...), of constants, of an array that a subquery makes, of another table's array */
static void in_list(struct walker *w, struct scope *s, const cJSON *e)
{
    size_t use;
    struct index_key key;
    if (cast_in_the_way(w, s, get(e, "lexpr")) || !use_key_of(w, s, get(e, "lexpr"), &use, &key))
        return;
    struct refs r = use_refs_of(w, s, get(e, "rexpr"));
    bool constant = r.use == NONE && !r.opaque;
    if (r.use == use || r.several || r.opaque)
        return;
    struct pred *p = use_add_pred(w, use, constant ? PRED_IN : PRED_JOIN, key);
    if (!p)
        return;
    if (!constant)
        p->other_use = r.use;
    else if (!r.subquery)
        p->text = p->sql = condition_sql(w, s, use, e);
}

/* constant = ANY (column): no index can look that up; column @> ARRAY[constant] can. */
static bool any_of_column(struct walker *w, const struct scope *s, const cJSON *e)
{
    struct place p = use_column_of(w, s, get(e, "rexpr"));
    if (p.use == NONE || !use_constant(w, s, get(e, "lexpr")))
        return false;
    const char *name = use_of(w, p.use)->rel->columns[p.column].name;
    if (!w->out->hint)
        w->out->hint =
            arena_printf(w->out->arena,
                         "No index can be used for a value = ANY (%s): written as %s @> ARRAY[value] it can "
                         "use a GIN index on %s.",
                         name, name, name);
    return true;
}

/* (a, b) IN ((1, 2), (3, 4)): the planner makes an OR of ANDs of it, each arm with all columns. */
static void row_list(struct walker *w, struct scope *s, const cJSON *e, const cJSON *columns)
{
    const cJSON *items = get(get(get(e, "rexpr"), "List"), "items"), *each;
    for (int i = 0; i < cJSON_GetArraySize(columns); i++) {
        size_t use;
        struct index_key key;
        bool constant = true;
        cJSON_ArrayForEach(each, items)
        {
            const cJSON *value = cJSON_GetArrayItem(get(get(each, "RowExpr"), "args"), i);
            constant = constant && value && use_constant(w, s, value);
        }
        if (constant && use_key_of(w, s, cJSON_GetArrayItem(columns, i), &use, &key))
            use_add_pred(w, use, PRED_IN, key);
    }
}

/* ---- ranges, geometry, networks ---- */

bool type_of_network(const char *type)
{
    return type && (!strcmp(type, "inet") || !strcmp(type, "cidr"));
}

bool type_of_space(const char *type)
{
    static const char *const types[] = {"point",     "box",  "polygon", "circle", "geometry",
                                        "geography", "cube", "seg",     NULL};
    return type && (str_find(types, type) >= 0 || type_of_network(type) ||
                    (*type != '_' && (str_ends(type, "range") || str_ends(type, "multirange"))));
}

/* Is the side a column of such a type, and the other a constant? */
static bool in_space(struct walker *w, const struct scope *s, const cJSON *side, const cJSON *other,
                     struct place *p)
{
    *p = use_column_of(w, s, side);
    return p->use != NONE && type_of_space(use_of(w, p->use)->rel->columns[p->column].type) &&
           use_constant(w, s, other);
}

/* Either side may be the column. */
static bool space(struct walker *w, const struct scope *s, const cJSON *e, const char *op)
{
    static const char *const ops[] = {"&&",  "@>",  "<@",  "<<",  ">>",  "&<", "&>", "-|-", "~=", "<<|",
                                      "|>>", "&<|", "|&>", "<<=", ">>=", "@",  "~",  "<^",  ">^", NULL};
    const cJSON *left = get(e, "lexpr"), *right = get(e, "rexpr");
    struct place p;
    if (str_find(ops, op) < 0 || (!in_space(w, s, left, right, &p) && !in_space(w, s, right, left, &p)))
        return false;
    struct pred *added = use_add_pred(w, p.use, PRED_SPACE, (struct index_key){.column = p.column});
    if (added)
        set_text(w, s, p.use, added, e);
    return true;
}

void use_nearest(struct walker *w, struct scope *s, const cJSON *node)
{
    const cJSON *e = get(node, "A_Expr");
    const char *op = tree_last(get(e, "name"));
    struct place p;
    if (!e || !str_starts(op, "<") || !str_ends(op, ">") || !strpbrk(op, "-#"))
        return;
    if (in_space(w, s, get(e, "lexpr"), get(e, "rexpr"), &p) ||
        in_space(w, s, get(e, "rexpr"), get(e, "lexpr"), &p))
        use_add_pred(w, p.use, PRED_NEAREST, (struct index_key){.column = p.column});
}

/* Functions of PostGIS that its indexes serve, such as ST_DWithin(place, $1, 500). */
static void space_call(struct walker *w, const struct scope *s, const cJSON *node)
{
    static const char *const calls[] = {"st_dwithin", "st_intersects", "st_contains",     "st_within",
                                        "st_covers",  "st_coveredby",  "st_overlaps",     "st_crosses",
                                        "st_touches", "st_equals",     "st_dfullywithin", NULL};
    const cJSON *f = get(node, "FuncCall"), *args = get(f, "args");
    if (str_find(calls, tree_last(get(f, "funcname"))) < 0)
        return;
    for (int i = 0; i < 2; i++) {
        struct place p;
        if (!in_space(w, s, cJSON_GetArrayItem(args, i), cJSON_GetArrayItem(args, 1 - i), &p))
            continue;
        struct pred *added = use_add_pred(w, p.use, PRED_SPACE, (struct index_key){.column = p.column});
        if (added)
            set_text(w, s, p.use, added, node);
        return;
    }
}

/* ---- operators ---- */

/* Operators that a GIN index can look up. */
static bool searched(const char *op, enum pred_kind *kind)
{
    static const char *const json[] = {"@>", "?", "?|", "?&", "&&", "<@", "@?", NULL};
    if (!strcmp(op, "@@"))
        *kind = PRED_SEARCH;
    else if (str_find(json, op) >= 0)
        *kind = PRED_JSON;
    else
        return false;
    return true;
}

static void search(struct walker *w, struct scope *s, const cJSON *e, const char *op, enum pred_kind k)
{
    const cJSON *left = get(e, "lexpr"), *right = get(e, "rexpr");
    bool swapped = !strcmp(op, "<@") || (!strcmp(op, "&&") && use_constant(w, s, left));
    add_constant(w, s, e, k, swapped ? right : left, swapped ? left : right);
}

/* `mine` compared with `other` by = or by an operator of order. */
static void ordered(struct walker *w, struct scope *s, const cJSON *e, const cJSON *mine, const cJSON *other,
                    bool equal)
{
    size_t use;
    struct index_key key;
    if ((equal && cast_in_the_way(w, s, mine)) || sum_in_the_way(w, s, mine) ||
        !use_key_of(w, s, mine, &use, &key))
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
    if (!fixed && at.use != NONE) {
        p->other_use = at.use;
        p->other_column = at.column;
    }
    if (fixed && !r.subquery)
        set_text(w, s, use, p, e);
    if (fixed && equal && !r.subquery)
        p->sql = condition_sql(w, s, use, e);
}

static bool is_order(const char *op)
{
    static const char *const ranges[] = {"<", "<=", ">", ">=", NULL};
    return str_find(ranges, op) >= 0;
}

/* (a, b) = (1, 2) is an AND; (a, b) > (1, 2) a range of an index that begins with a, b. */
static void rows_compared(struct walker *w, struct scope *s, const cJSON *e, const char *op)
{
    const cJSON *left = get(get(get(e, "lexpr"), "RowExpr"), "args"),
                *right = get(get(get(e, "rexpr"), "RowExpr"), "args");
    int n = cJSON_GetArraySize(left);
    bool equal = !strcmp(op, "=");
    if (n != cJSON_GetArraySize(right) || (!equal && !is_order(op)))
        return;
    for (int i = 0; i < n; i++) {
        const cJSON *a = cJSON_GetArrayItem(left, i), *b = cJSON_GetArrayItem(right, i);
        ordered(w, s, e, a, b, equal);
        ordered(w, s, e, b, a, equal);
    }
}

/* left OP right, with the operator's name */
static void operation(struct walker *w, struct scope *s, const cJSON *e, const char *op)
{
    const cJSON *left = get(e, "lexpr"), *right = get(e, "rexpr");
    enum pred_kind kind;
    bool equal = !strcmp(op, "=");
    if (get(left, "RowExpr")) {
        rows_compared(w, s, e, op);
    } else if (space(w, s, e, op)) {
        ;
    } else if (!strcmp(op, "~~") || !strcmp(op, "~~*")) {
        like(w, s, e, !strcmp(op, "~~*"));
    } else if (!strcmp(op, "~") || !strcmp(op, "~*")) {
        regex(w, s, e, !strcmp(op, "~*"));
    } else if (searched(op, &kind)) {
        search(w, s, e, op, kind);
    } else if (equal || is_order(op)) { /* each side may be the indexed one */
        ordered(w, s, e, left, right, equal);
        ordered(w, s, e, right, left, equal);
    }
}

static void compare(struct walker *w, struct scope *s, const cJSON *e)
{
    const char *kind = cJSON_GetStringValue(get(e, "kind"));
    const char *op = tree_last(get(e, "name"));
    const cJSON *row = get(get(get(e, "lexpr"), "RowExpr"), "args");
    if (!kind || !get(e, "lexpr") || !get(e, "rexpr"))
        return;
    if (!strcmp(kind, "AEXPR_LIKE") || !strcmp(kind, "AEXPR_ILIKE")) {
        if (!strcmp(op, "~~") || !strcmp(op, "~~*"))
            like(w, s, e, !strcmp(kind, "AEXPR_ILIKE"));
    } else if (!strcmp(kind, "AEXPR_SIMILAR")) {
        if (!strcmp(op, "~"))
            similar(w, s, e);
    } else if (!strcmp(kind, "AEXPR_BETWEEN")) {
        add_constant(w, s, e, PRED_RANGE, get(e, "lexpr"), get(e, "rexpr"));
    } else if (!strcmp(kind, "AEXPR_IN") && row) {
        if (!strcmp(op, "="))
            row_list(w, s, e, row);
    } else if (!strcmp(kind, "AEXPR_IN") || !strcmp(kind, "AEXPR_OP_ANY")) {
        bool inside = !strcmp(kind, "AEXPR_OP_ANY") && !strcmp(op, "=") && any_of_column(w, s, e);
        if (!strcmp(op, "=") && !inside)
            in_list(w, s, e);
    } else if (!strcmp(kind, "AEXPR_OP")) {
        operation(w, s, e, op);
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

static void flag(struct walker *w, struct scope *s, const cJSON *node, bool negated)
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
    strbuf_free(&b);
}

static void null_test(struct walker *w, struct scope *s, const cJSON *t)
{
    struct place at = use_column_of(w, s, get(t, "arg"));
    bool is_null = str_eq(cJSON_GetStringValue(get(t, "nulltesttype")), "IS_NULL");
    struct pred *p = at.use == NONE ? NULL
                                    : use_add_pred(w, at.use, is_null ? PRED_NULL : PRED_NOT_NULL,
                                                   (struct index_key){.column = at.column});
    if (!p)
        return;
    struct strbuf sql = {0};
    sql_quote(use_of(w, at.use)->rel->columns[at.column].name, &sql);
    strbuf_str(&sql, is_null ? " IS NULL" : " IS NOT NULL");
    p->sql = arena_strdup(w->out->arena, sql.text);
    strbuf_free(&sql);
}

/* Beside a subquery the planner joins no bitmaps: the whole OR becomes a filter. */
static void hint_or(struct walker *w, const struct scope *s, const cJSON *args)
{
    const cJSON *each;
    bool subquery = false;
    struct place p = {.use = NONE, .column = -1};
    cJSON_ArrayForEach(each, args)
    {
        const cJSON *link = get(each, "SubLink");
        if (!link || p.use != NONE)
            continue;
        subquery = true;
        p = use_column_of(w, s, get(link, "testexpr"));
    }
    if (!subquery || p.use == NONE || w->out->hint)
        return;
    w->out->hint =
        arena_printf(w->out->arena,
                     "One side of the OR is a subquery, so no index can be used for the OR. Written as a "
                     "UNION ALL of its sides, each can use an index, such as one on %s (%s).",
                     use_of(w, p.use)->rel->name, use_of(w, p.use)->rel->columns[p.column].name);
}

/* Each side of an OR, and what is ANDed within it. */
static void either(struct walker *w, struct scope *s, const cJSON *args)
{
    size_t outside = w->arm;
    const cJSON *each;
    hint_or(w, s, args);
    cJSON_ArrayForEach(each, args)
    {
        w->arm = ++w->arms;
        use_condition(w, s, each);
    }
    w->arm = outside;
}

static bool connected(struct walker *w, struct scope *s, const cJSON *b)
{
    const char *op = cJSON_GetStringValue(get(b, "boolop"));
    const cJSON *args = get(b, "args"), *each;
    if (!b)
        return false;
    if (str_eq(op, "NOT_EXPR")) {
        const cJSON *arg = cJSON_GetArrayItem(args, 0);
        flag(w, s, arg, true);
        use_walk(w, s, arg);
    } else if (str_eq(op, "OR_EXPR")) {
        either(w, s, args);
    } else {
        cJSON_ArrayForEach(each, args) use_condition(w, s, each);
    }
    return true;
}

void use_condition(struct walker *w, struct scope *s, const cJSON *node)
{
    size_t served = w->served;
    if (connected(w, s, get(node, "BoolExpr")))
        return;
    if (get(node, "SubLink")) {
        use_sublink(w, s, get(node, "SubLink"));
        return;
    }
    if (get(node, "A_Expr"))
        compare(w, s, get(node, "A_Expr"));
    else if (get(node, "NullTest"))
        null_test(w, s, get(node, "NullTest"));
    else if (get(node, "ColumnRef"))
        flag(w, s, node, false);
    else if (get(node, "FuncCall"))
        space_call(w, s, node);
    w->out->unserved += w->served == served;
    use_walk(w, s, node);
}
