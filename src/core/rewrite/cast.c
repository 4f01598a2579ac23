/* cast.c - a column that the user casts to text: compared as what it is, its index can be used. */
#include "core/rewrite/private.h"

#include <ctype.h>
#include <stdlib.h>

enum { MAX_CASTS = 32, MAX_ITEMS = 1000 };

/* "id::text = '5'", "id::text IN (...)", "at::text LIKE '2024-02%'", "left(at::text, 7) = '2024-02'" */
struct text_cast {
    Node **slot;
    Node *column, *wrapped, *value;
    const char *prefix; /* text that the value begins with; NULL: it is the whole value */
    bool unseen;        /* the prefix is a parameter */
};

struct text_casts {
    struct rewriter *r;
    struct text_cast items[MAX_CASTS];
    size_t n;
};

/* The column within "column::text"; NULL. */
static Node *cast_to_text(Node *n)
{
    static const char *const types[] = {"text", "varchar", "bpchar", NULL};
    const char *to = ast_cast(n);
    return to && str_find(types, to) >= 0 && ast_column(n->type_cast->arg) ? n->type_cast->arg : NULL;
}

/* left(column::text, 7), substring(column::text, 1, 7): the column, and the 7. */
static Node *beginning_of(Node *n, int64_t *len)
{
    const char *f = ast_function(n);
    int64_t from = 1;
    size_t args = f ? n->func_call->n_args : 0;
    bool left = str_eq(f, "left") && args == 2;
    bool part = (str_eq(f, "substring") || str_eq(f, "substr")) && args == 3 &&
                ast_integer(n->func_call->args[1], &from) && from == 1;
    return (left || part) && ast_integer(n->func_call->args[args - 1], len)
               ? cast_to_text(n->func_call->args[0])
               : NULL;
}

static bool of_no_row(Node *n)
{
    return n && !ast_first_column(n, NULL) && !ast_mentions(n, PG_QUERY__NODE__NODE_SUB_LINK) &&
           !ast_volatile(n);
}

/* Text before the only %, which is the last character; NULL: another pattern. */
static const char *before_percent(struct rewriter *r, const char *pattern)
{
    size_t len = pattern ? strcspn(pattern, "%_\\") : 0;
    return len && !strcmp(pattern + len, "%") ? arena_printf(r->arena, "%.*s", (int)len, pattern) : NULL;
}

static void add_cast(struct text_casts *all, struct text_cast c)
{
    if (c.column && of_no_row(c.value) && all->n < MAX_CASTS)
        all->items[all->n++] = c;
}

static void see_equality(struct text_casts *all, Node **slot, Node *wrapped, Node *value)
{
    int64_t len = 0;
    struct text_cast c = {.slot = slot, .wrapped = wrapped, .value = value, .column = cast_to_text(wrapped)};
    if (!c.column && (c.column = beginning_of(wrapped, &len))) {
        const char *text = ast_string(value);
        c.prefix = text && (int64_t)strlen(text) == len ? text : NULL;
        c.unseen = !text;
        if (!c.prefix && !c.unseen)
            return;
    }
    add_cast(all, c);
}

static bool see_text_cast(void *ctx, Node **slot)
{
    struct text_casts *all = ctx;
    Node *n = *slot;
    if (!holds_for_rows(n))
        return false;
    if (!IS(n, A_EXPR))
        return true;
    PgQuery__AExpr *e = n->a_expr;
    const char *op = ast_last(e->n_name, e->name);
    bool list =
        e->kind == PG_QUERY__A__EXPR__KIND__AEXPR_IN || e->kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY;
    if (e->kind == PG_QUERY__A__EXPR__KIND__AEXPR_LIKE && !strcmp(op, "~~")) {
        const char *pattern = ast_string(e->rexpr), *prefix = before_percent(all->r, pattern);
        if (prefix || !pattern)
            add_cast(all, (struct text_cast){.slot = slot,
                                             .wrapped = e->lexpr,
                                             .value = e->rexpr,
                                             .column = cast_to_text(e->lexpr),
                                             .prefix = prefix,
                                             .unseen = !pattern});
    } else if (list && !strcmp(op, "=") && !IS(e->rexpr, SUB_LINK)) {
        add_cast(all,
                 (struct text_cast){
                     .slot = slot, .wrapped = e->lexpr, .value = e->rexpr, .column = cast_to_text(e->lexpr)});
    } else if (e->kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP && !strcmp(op, "=")) {
        see_equality(all, slot, e->lexpr, e->rexpr);
        see_equality(all, slot, e->rexpr, e->lexpr);
    }
    return false;
}

/* ---- types ---- */

/* Of the catalog, as SQL; NULL: not known. *other: one for which the rewrite is not made. */
static const char *type_of(struct rewriter *r, const struct text_cast *c, bool *dated, bool *other)
{
    static const char *const types[] = {"int2", "int4", "int8",      "oid",         "uuid",
                                        "bool", "date", "timestamp", "timestamptz", NULL},
                             *const names[] = {"smallint", "integer", "bigint",    "oid",        "uuid",
                                               "boolean",  "date",    "timestamp", "timestamptz"};
    struct ast_froms from;
    *other = *dated = false;
    if (!r->select)
        return NULL;
    ast_froms(r->select, &from);
    const struct ast_from *owner = plan_owner(r, &from, c->column);
    const struct catalog_column *known = owner ? plan_column(r, owner->table, ast_column(c->column)) : NULL;
    int at = known ? str_find(types, known->type) : -1;
    *other = known && at < 0;
    *dated = at >= 6;
    return at >= 0 ? names[at] : NULL;
}

/* ---- values ---- */

static Node *without_text(Node *n)
{
    while (IS(n, TYPE_CAST) && IS(n->type_cast->arg, TYPE_CAST))
        n = n->type_cast->arg;
    static const char *const types[] = {"text", "varchar", "bpchar", NULL};
    bool array = IS(n, TYPE_CAST) && n->type_cast->type_name && n->type_cast->type_name->n_array_bounds;
    const char *to = ast_cast(n);
    return (to && str_find(types, to) >= 0) || array ? n->type_cast->arg : n;
}

/* "'5'::bigint", "$1"; NULL: not one constant or parameter. */
static const char *value_of(struct rewriter *r, Node *value, const char *type, bool array)
{
    Node *n = without_text(value);
    if (!IS(n, A_CONST) && !IS(n, PARAM_REF))
        return NULL;
    const char *text = ast_text(&r->tree, n);
    return type && text ? SAY("%s::%s%s", text, type, array ? "[]" : "") : text;
}

static const char *items_of(struct rewriter *r, Node *list, const char *type)
{
    struct strbuf b = {0};
    size_t n = IS(list, LIST) ? list->list->n_items : 0;
    bool ok = n > 0 && n <= MAX_ITEMS;
    for (size_t i = 0; i < n && ok; i++) {
        const char *value = value_of(r, list->list->items[i], type, false);
        ok = value != NULL;
        strbuf_printf(&b, "%s%s", i ? ", " : "", ok ? value : "");
    }
    const char *s = ok ? arena_strdup(r->arena, b.text) : NULL;
    strbuf_free(&b);
    return s;
}

/* The condition without the cast; NULL. */
static const char *equality(struct rewriter *r, const struct text_cast *c, const char *type)
{
    const PgQuery__AExpr *e = (*c->slot)->a_expr;
    const char *name = ast_text(&r->tree, c->column), *value;
    if (e->kind == PG_QUERY__A__EXPR__KIND__AEXPR_IN)
        return (value = items_of(r, c->value, type)) ? SAY("%s IN (%s)", name, value) : NULL;
    bool any = e->kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY;
    value = value_of(r, c->value, type, any);
    return !value ? NULL : any ? SAY("%s = ANY (%s)", name, value) : SAY("%s = %s", name, value);
}

/* ---- dates ---- */

static int digits(const char **s, int n)
{
    int value = 0;
    for (int i = 0; i < n; i++, ++*s) {
        if (!isdigit((unsigned char)**s))
            return -1;
        value = 10 * value + (**s - '0');
    }
    return value;
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* "2024", "2024-02", "2024-02-07", perhaps with what follows them: "2024-02-". */
static const char *day_range(struct rewriter *r, const char *name, const char *prefix)
{
    const char *s = prefix;
    int year = digits(&s, 4), month = 0, day = 0;
    if (year < 1000)
        return NULL;
    if (*s == '-' && s[1]) {
        s++;
        month = digits(&s, 2);
        if (month < 1 || month > 12)
            return NULL;
        if (*s == '-' && s[1]) {
            s++;
            day = digits(&s, 2);
            if (day < 1 || day > month_days(year, month))
                return NULL;
        }
    }
    if (strcmp(s, "") != 0 && strcmp(s, day ? " " : "-") != 0)
        return NULL;
    int y = year, m = month ? month : 1, d = day ? day : 1;
    if (day && d++ == month_days(year, month)) {
        d = 1;
        m++;
    } else if (month && !day) {
        m++;
    } else if (!month) {
        y++;
    }
    if (m > 12) {
        m = 1;
        y++;
    }
    return SAY("%s >= '%04d-%02d-%02d' AND %s < '%04d-%02d-%02d'", name, year, month ? month : 1,
               day ? day : 1, name, y, m, d);
}

/* ---- the rule ---- */

static void write_cast(struct rewriter *r, struct rewrite *it, const struct text_cast *c, const char *after,
                       bool range)
{
    const char *name = ast_text(&r->tree, c->column);
    it->before = ast_text(&r->tree, *c->slot);
    it->after = after;
    it->statement = after ? rewrite_with(r, c->slot, ast_expr(&r->tree, "%s", after)) : NULL;
    it->advice =
        c->prefix || c->unseen
            ? SAY("Compare %s itself with a range of dates, so that an index on it can be used.", name)
            : SAY("Compare %s itself, with a value of its own type, so that its index can be used.", name);
    it->check = SAY("The condition no longer shows (%s)::text, and an Index Cond on it appears.", name);
    it->caveat = range
                     ? "Only with DateStyle ISO, which is the default."
                     : "Text that is not as the server writes the value (\"0123\") never matched before, but "
                       "would match now; text that is no such value is an error.";
}

void find_text_cast(struct rewriter *r)
{
    struct text_casts *all = mem_alloc(sizeof *all);
    all->r = r;
    all->n = 0;
    ast_walk_slot(&r->tree.stmt, see_text_cast, all);
    for (size_t i = 0; i < all->n; i++) {
        const struct text_cast *c = &all->items[i];
        struct comparison as = {.column = c->column, .as_text = true};
        struct wasted w;
        bool dated, other;
        const char *type = type_of(r, c, &dated, &other), *name = ast_column(c->column);
        if (other || !column_wasted(r, &as, &w))
            continue;
        bool part = c->prefix || c->unseen;
        const char *after = c->unseen   ? NULL
                            : c->prefix ? day_range(r, ast_text(&r->tree, c->column), c->prefix)
                                        : equality(r, c, type);
        /* A text column may be cast as well: where its type is not known, an index that is not used tells. */
        if (part ? (type ? !dated : !after) : !type && !plan_indexed(r, w.node, name))
            continue;
        if (!after && !part)
            continue;
        struct rewrite *it = rewrite_found(r, w.node, w.share, w.saved, w.removed);
        if (!it)
            continue;
        it->evidence = SAY("%s is turned into text for each row of %s: %s", ast_text(&r->tree, c->column),
                           say_wasted_where(r, &w), say_wasted(r, &w));
        write_cast(r, it, c, after, part);
    }
    free(all);
}
