/* column.c - the column is inside a function or a cast, so that its index is of no use. */
#include "core/rewrite/private.h"

#include <ctype.h>
#include <stdlib.h>

enum { MAX_COMPARISONS = 64, LOOKED_MAX = 32 };
struct comparisons {
    struct rewriter *r;
    struct comparison items[MAX_COMPARISONS];
    size_t n;
};

static const char *turned(const char *op)
{
    static const char *const from[] = {"=", "<", "<=", ">", ">=", NULL}, *const to[] = {"=", ">", ">=", "<",
                                                                                        "<="};
    int i = str_find(from, op);
    return i < 0 ? NULL : to[i];
}

static bool steady(Node *n)
{
    return n && !ast_first_column(n, NULL) && !ast_mentions(n, PG_QUERY__NODE__NODE_SUB_LINK) &&
           !ast_volatile(n);
}

bool holds_for_rows(const Node *n)
{
    return !IS(n, RES_TARGET) && !IS(n, CASE_EXPR) &&
           !(IS(n, BOOL_EXPR) && n->bool_expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR);
}

static bool see(void *ctx, Node **slot)
{
    struct comparisons *all = ctx;
    Node *n = *slot;
    if (!holds_for_rows(n))
        return false;
    if (!IS(n, A_EXPR))
        return true;
    PgQuery__AExpr *e = n->a_expr;
    struct comparison c = {.slot = slot, .wrapped = e->lexpr, .value = e->rexpr};
    const char *op = ast_operator(n);
    if (op && turned(op)) {
        c.op = op;
        if (steady(e->lexpr)) {
            c.wrapped = e->rexpr;
            c.value = e->lexpr;
            c.op = turned(op);
        }
    } else if (e->kind == PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN && IS(e->rexpr, LIST) &&
               e->rexpr->list->n_items == 2) {
        c.op = "between";
    } else {
        return false;
    }
    size_t count;
    c.column = ast_first_column(c.wrapped, &count);
    if (count == 1 && ast_column(c.column) && steady(c.value) && all->n < MAX_COMPARISONS)
        all->items[all->n++] = c;
    return false;
}

static void comparisons(struct rewriter *r, struct comparisons *out)
{
    out->r = r;
    out->n = 0;
    ast_walk_slot(&r->tree.stmt, see, out);
}

/* Partitions are read one by one: all of them together are the table. */
static void with_partitions(struct rewriter *r, const char *column, struct wasted *w)
{
    const struct plan_node *up = w->node->parent;
    w->saved = saving_own(r, w->node, w->share);
    if (!up || !up->type || !str_ends(up->type, "Append"))
        return;
    for (const struct plan_node *n = up->child; n; n = n->next) {
        struct plan_scanned s;
        if (n == w->node || !str_eq(n->type, w->node->type) || n->never_executed ||
            !plan_names(n->filter, column) || !plan_scanned(r->plan, n, r->in->facts, &s) || !(s.read > 0))
            continue;
        struct saving own = saving_own(r, n, (s.read - s.kept) / s.read);
        w->saved = (struct saving){w->saved.ns + own.ns, MIN(1, w->saved.share + own.share),
                                   w->saved.cost + own.cost};
        w->read += s.read;
        w->removed += s.read - s.kept;
        w->parts++;
    }
    w->share = w->removed / w->read;
}

bool column_wasted(struct rewriter *r, const struct comparison *c, struct wasted *out)
{
    const char *column = ast_column(c->column), *table = ast_qualifier(c->column);
    size_t looked = 0; /* thousands of partitions say the same */
    *out = (struct wasted){0};
    for (size_t i = 0; i < r->plan->n_nodes && looked < LOOKED_MAX; i++) {
        const struct plan_node *n = r->plan->nodes[i];
        struct plan_scanned s;
        struct wasted w = {.node = n};
        bool whole =
            str_eq(n->type, "Seq Scan") ||
            ((str_eq(n->type, "Index Only Scan") || str_eq(n->type, "Index Scan")) && !n->index_cond);
        if (!whole || n->never_executed || !plan_names(n->filter, column) ||
            (table && !plan_scans(n, table)) || !plan_scanned(r->plan, n, r->in->facts, &s) || !(s.read > 0))
            continue;
        looked++;
        Node *filter = plan_condition(r, n->filter);
        if (c->as_text ? !plan_as_text(filter, column) : !plan_wraps(filter, column, w.cast))
            continue;
        w.removed = s.read - s.kept;
        w.read = s.read;
        w.lower_bound = s.lower_bound;
        w.share = w.removed / s.read;
        if (!out->node || w.removed > out->removed)
            *out = w;
    }
    if (out->node)
        with_partitions(r, column, out);
    return out->node != NULL;
}

/* "orders", "orders_1 and 11 more parts" */
const char *say_wasted_where(struct rewriter *r, const struct wasted *w)
{
    const char *name = w->node->relation ? w->node->relation : "the table";
    return w->parts ? SAY("%s and %zu more parts", name, w->parts) : name;
}

const char *say_wasted(struct rewriter *r, const struct wasted *w)
{
    return r->plan->analyzed ? SAY("%s rows were read to keep %s", say_count(r, w->read),
                                   say_count(r, w->read - w->removed))
                             : SAY("%s%s rows would be read to keep %s", w->lower_bound ? "at least " : "",
                                   say_count(r, w->read), say_count(r, w->read - w->removed));
}

/* ---- ranges ---- */

/* What the wrapped column being V means: low <= column < next. */
struct range {
    const char *low, *next;
};

struct shape {
    struct rewriter *r;
    const char *column;
    const char *caveat;
    bool (*range)(struct shape *s, Node *value, struct range *out); /* NULL: no range */
    const char *unit, *format;
};

static const char *as_date(struct shape *s, Node *v)
{
    const char *text = ast_closed(&s->r->tree, v);
    bool dated = str_eq(ast_cast(v), "date") || IS(v, SQLVALUE_FUNCTION);
    if (IS(v, A_EXPR)) { /* CURRENT_DATE - 7 */
        int64_t days;
        Node *left = v->a_expr->lexpr;
        dated = left && (IS(left, SQLVALUE_FUNCTION) || str_eq(ast_cast(left), "date")) &&
                ast_integer(v->a_expr->rexpr, &days) && !IS(v->a_expr->rexpr, TYPE_CAST);
    }
    if (IS(v, SQLVALUE_FUNCTION) &&
        v->sqlvalue_function->op != PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_DATE)
        return NULL;
    if (dated || !text)
        return text;
    return IS(v, PARAM_REF) || IS(v, A_CONST) ? arena_printf(s->r->arena, "%s::date", text) : NULL;
}

static bool day_range(struct shape *s, Node *v, struct range *out)
{
    struct rewriter *r = s->r;
    out->low = as_date(s, v);
    out->next = out->low ? SAY("%s + 1", out->low) : NULL;
    return out->low != NULL;
}

static bool trunc_range(struct shape *s, Node *v, struct range *out)
{
    struct rewriter *r = s->r;
    const char *text = ast_closed(&r->tree, v);
    bool same = IS(v, FUNC_CALL) && str_eq(ast_function(v), "date_trunc") && v->func_call->n_args >= 2 &&
                str_eq(ast_string(v->func_call->args[0]), s->unit);
    if (!text)
        return false;
    if (!same)
        s->caveat = SAY("The value compared must be the beginning of a %s; other values never matched "
                        "before, but would match now.",
                        s->unit);
    out->low = IS(v, A_CONST) || IS(v, PARAM_REF) ? SAY("%s::timestamptz", text) : text;
    out->next =
        SAY("%s + interval '%s'", out->low, !strcmp(s->unit, "quarter") ? "3 months" : SAY("1 %s", s->unit));
    return true;
}

static bool year_range(struct shape *s, Node *v, struct range *out)
{
    struct rewriter *r = s->r;
    int64_t year;
    if (ast_integer(v, &year) && year > 0 && year < 9999) {
        out->low = SAY("'%04lld-01-01'::date", (long long)year);
        out->next = SAY("'%04lld-01-01'::date", (long long)year + 1);
        return true;
    }
    const char *text = ast_closed(&r->tree, v);
    if (!IS(v, PARAM_REF) || !text)
        return false;
    s->caveat = "The year must be a whole number.";
    out->low = SAY("make_date(%s::int, 1, 1)", text);
    out->next = SAY("make_date(%s::int + 1, 1, 1)", text);
    return true;
}

static bool char_range(struct shape *s, Node *v, struct range *out)
{
    struct rewriter *r = s->r;
    const char *text = ast_closed(&r->tree, v);
    if (!text || !ast_is_constant(v))
        return false;
    s->caveat = SAY("The text compared must have the form %s: other text never matched before, but is now an "
                    "error or is read as a date.",
                    s->format);
    out->low = SAY("to_date(%s, '%s')", text, s->format);
    out->next = SAY("%s + interval '1 %s'", out->low, s->unit);
    return true;
}

static const char *in_range(struct shape *s, const struct comparison *c)
{
    struct rewriter *r = s->r;
    struct range a, b;
    bool between = !strcmp(c->op, "between");
    if (!s->range(s, between ? c->value->list->items[0] : c->value, &a))
        return NULL;
    if (between)
        return s->range(s, c->value->list->items[1], &b)
                   ? SAY("%s >= %s AND %s < %s", s->column, a.low, s->column, b.next)
                   : NULL;
    if (!strcmp(c->op, "="))
        return SAY("%s >= %s AND %s < %s", s->column, a.low, s->column, a.next);
    if (!strcmp(c->op, "<") || !strcmp(c->op, ">="))
        return SAY("%s %s %s", s->column, c->op, a.low);
    return SAY("%s %s %s", s->column, !strcmp(c->op, ">") ? ">=" : "<", a.next);
}

/* ---- other shapes ---- */

static const char *coalesced(struct rewriter *r, const char *column, const struct comparison *c)
{
    const PgQuery__CoalesceExpr *e = c->wrapped->coalesce_expr;
    if (e->n_args != 2 || !IS(e->args[0], COLUMN_REF) || !strcmp(c->op, "between") || !steady(e->args[1]))
        return NULL;
    const char *instead = ast_closed(&r->tree, e->args[1]), *value = ast_closed(&r->tree, c->value);
    int64_t a, b;
    if (!instead || !value)
        return NULL;
    const char *x = ast_string(e->args[1]), *y = ast_string(c->value);
    bool literals = IS(e->args[1], A_CONST) && IS(c->value, A_CONST);
    bool whole = literals && !x && !y && ast_integer(e->args[1], &a) && ast_integer(c->value, &b);
    if (whole) {
        bool holds = !strcmp(c->op, "=")    ? a == b
                     : !strcmp(c->op, "<")  ? a < b
                     : !strcmp(c->op, "<=") ? a <= b
                     : !strcmp(c->op, ">")  ? a > b
                                            : a >= b;
        return holds ? SAY("(%s %s %s OR %s IS NULL)", column, c->op, value, column)
                     : SAY("%s %s %s", column, c->op, value);
    }
    if (literals && x && y && !strcmp(c->op, "=") && !strcmp(x, y))
        return SAY("(%s = %s OR %s IS NULL)", column, value, column);
    return SAY("(%s %s %s OR (%s IS NULL AND %s %s %s))", column, c->op, value, column, instead, c->op,
               value);
}

static const char *moved(struct rewriter *r, const char *column, const struct comparison *c,
                         const char **caveat)
{
    const char *op = ast_operator(c->wrapped);
    Node *left = c->wrapped->a_expr->lexpr, *right = c->wrapped->a_expr->rexpr;
    bool plus = str_eq(op, "+"), minus = str_eq(op, "-");
    if (plus && IS(right, COLUMN_REF)) {
        Node *swap = left;
        left = right;
        right = swap;
    }
    if ((!plus && !minus) || !IS(left, COLUMN_REF) || !strcmp(c->op, "between"))
        return NULL;
    const char *by = ast_closed(&r->tree, right), *value = ast_closed(&r->tree, c->value);
    int64_t whole;
    if (!by || !value)
        return NULL;
    if (IS(right, A_CONST) && ast_integer(right, &whole) && !ast_string(right)) {
        int64_t v;
        if (IS(c->value, A_CONST) && !ast_string(c->value) && ast_integer(c->value, &v))
            return SAY("%s %s %lld", column, c->op, (long long)(plus ? v - whole : v + whole));
        if (IS(c->value, A_CONST) || IS(c->value, TYPE_CAST))
            return NULL; /* of a type that may not go with a whole number */
        return SAY("%s %s %s %s %s", column, c->op, value, plus ? "-" : "+", by);
    }
    if (!str_eq(ast_cast(right), "interval"))
        return NULL;
    const char *text = ast_string(right);
    if (!text || strstr(text, "mon") || strstr(text, "year"))
        *caveat = "Months have different lengths: near the end of a month the two can differ by days.";
    else if (strstr(text, "day") || strstr(text, "week"))
        *caveat = "For timestamps with a time zone the two can differ by an hour where daylight saving time "
                  "changes.";
    if (IS(c->value, A_CONST) || IS(c->value, PARAM_REF))
        value = SAY("%s::timestamptz", value);
    return SAY("%s %s %s %s %s", column, c->op, value, plus ? "-" : "+", by);
}

static const char *beginning(struct rewriter *r, const char *column, const struct comparison *c)
{
    const PgQuery__FuncCall *f = c->wrapped->func_call;
    const char *name = ast_function(c->wrapped), *text = ast_string(c->value);
    int64_t from = 1, len = -1;
    bool left = str_eq(name, "left") && f->n_args == 2;
    bool part = (str_eq(name, "substring") || str_eq(name, "substr")) && f->n_args == 3;
    if ((!left && !part) || !text || strcmp(c->op, "=") != 0 || !IS(c->value, A_CONST) ||
        !IS(f->args[0], COLUMN_REF) || strpbrk(text, "%_\\'"))
        return NULL;
    if (part && !ast_integer(f->args[1], &from))
        return NULL;
    if (!ast_integer(f->args[f->n_args - 1], &len) || from != 1)
        return NULL;
    int64_t chars = 0;
    for (const char *s = text; *s; s++)
        chars += ((unsigned char)*s & 0xc0) != 0x80;
    return chars == len && chars > 0 ? SAY("%s LIKE '%s%%'", column, text) : NULL;
}

static bool is_column(const Node *n)
{
    return IS(n, COLUMN_REF);
}

/* The shape of what is around the column, and the condition without it; NULL: none. */
static const char *without(struct rewriter *r, const struct comparison *c, const char **caveat)
{
    Node *w = c->wrapped;
    const char *column = ast_text(&r->tree, c->column), *f = ast_function(w), *out = NULL;
    struct shape s = {.r = r, .column = column};
    if (IS(w, COALESCE_EXPR))
        return coalesced(r, column, c);
    if (IS(w, A_EXPR))
        return moved(r, column, c, caveat);
    if (str_eq(ast_cast(w), "date") && is_column(w->type_cast->arg)) {
        s.range = day_range;
    } else if (f) {
        size_t n = w->func_call->n_args;
        Node **args = w->func_call->args;
        const char *unit = n == 2 ? ast_string(args[0]) : NULL, *format = n == 2 ? ast_string(args[1]) : NULL;
        if (!strcmp(f, "date") && n == 1 && is_column(args[0])) {
            s.range = day_range;
        } else if (!strcmp(f, "date_trunc") && unit && is_column(args[1])) {
            static const char *const units[] = {"second", "minute",  "hour", "day", "week",
                                                "month",  "quarter", "year", NULL};
            s.unit = unit;
            s.range = str_find(units, unit) >= 0 ? trunc_range : NULL;
        } else if ((!strcmp(f, "extract") || !strcmp(f, "date_part")) && str_eq(unit, "year") &&
                   is_column(args[1])) {
            s.range = year_range;
        } else if (!strcmp(f, "to_char") && format && is_column(args[0])) {
            static const char *const formats[] = {"YYYY-MM-DD", "YYYYMMDD", "YYYY-MM",
                                                  "YYYYMM",     "YYYY",     NULL},
                                     *const steps[] = {"day", "day", "month", "month", "year"};
            int i = str_find(formats, format);
            if (i >= 0) {
                s.format = format;
                s.unit = steps[i];
                s.range = char_range;
            }
        } else {
            return beginning(r, column, c);
        }
    }
    if (s.range)
        out = in_range(&s, c);
    *caveat = s.caveat;
    return out;
}

/* ---- the rules ---- */

static bool immutable(Node *w)
{
    static const char *const names[] = {"lower",       "upper", "btrim", "ltrim",   "rtrim",   "length",
                                        "char_length", "abs",   "md5",   "reverse", "replace", "split_part",
                                        "floor",       "ceil",  "round", "left",    "right",   "substring",
                                        "substr",      "mod",   NULL};
    const char *f = ast_function(w);
    return (f && str_find(names, f) >= 0 && is_column(w->func_call->args ? w->func_call->args[0] : NULL)) ||
           (IS(w, A_EXPR) && ast_operator(w));
}

/* Is a cast the user wrote one that the type makes free? */
static bool free_cast(struct rewriter *r, const struct comparison *c, const struct wasted *w)
{
    const char *to = ast_cast(c->wrapped);
    (void)r;
    return to && is_column(c->wrapped->type_cast->arg) && !*w->cast;
}

/* Of an expression the planner has no statistics: its fixed guess says nothing of how few rows are kept. */
static const char *guess_of(const struct rewriter *r, const struct wasted *w)
{
    return r->plan->analyzed || w->share >= r->rule->warn ? NULL
                                                          : plan_fixed_guess(w->read - w->removed, w->read);
}

void find_function(struct rewriter *r)
{
    struct comparisons *all = mem_alloc(sizeof *all);
    comparisons(r, all);
    for (size_t i = 0; i < all->n; i++) {
        struct comparison *c = &all->items[i];
        struct wasted w;
        const char *caveat = NULL;
        if (is_column(c->wrapped) || !column_wasted(r, c, &w) || free_cast(r, c, &w))
            continue;
        const char *guess = guess_of(r, &w);
        struct rewrite *it = rewrite_found(r, w.node, guess ? r->rule->warn : w.share, w.saved, w.removed);
        if (!it)
            continue;
        const char *shown = ast_text(&r->tree, c->wrapped), *name = ast_text(&r->tree, c->column);
        it->evidence =
            SAY("%s is computed for each row of %s: %s%s%s%s", shown, say_wasted_where(r, &w),
                say_wasted(r, &w), guess ? " (" : "", guess ? guess : "", guess ? " is a fixed guess)" : "");
        it->before = ast_text(&r->tree, *c->slot);
        it->after = without(r, c, &caveat);
        Node *instead = it->after ? ast_expr(&r->tree, "%s", it->after) : NULL;
        if (instead) {
            /* The writer knows where an AND inside of an OR needs its parentheses. */
            it->caveat = caveat;
            it->statement = rewrite_with(r, c->slot, instead);
            it->advice = SAY("Compare %s itself, so that an index on it can be used.", name);
            it->check =
                SAY("An Index Cond or Bitmap Index Scan on %s appears, when an index on it exists.", name);
            continue;
        }
        it->after = NULL;
        it->advice =
            immutable(c->wrapped)
                ? SAY("Compare %s itself, or give the expression an index: CREATE INDEX CONCURRENTLY ON %s "
                      "((%s)).",
                      name, say_name(r, w.node->relation), shown)
                : SAY("Compare %s itself, or store the computed value in a separate column, with an index.",
                      name);
        it->check = "An Index Cond appears instead of the Filter.";
        it->caveat = "The condition is not rewritten here: the rewrite depends on the function.";
    }
    free(all);
}

/* The type the value should have, for a column the server had to cast; NULL: the cast is of no harm. */
static const char *own_type(struct rewriter *r, const struct comparison *c, const struct wasted *w)
{
    struct ast_froms from;
    const struct catalog_column *known = NULL;
    if (r->select) {
        ast_froms(r->select, &from);
        const struct ast_from *owner = plan_owner(r, &from, c->column);
        known = owner ? plan_column(r, owner->table, ast_column(c->column)) : NULL;
    }
    if (known)
        return !strcmp(known->type, w->cast) ? NULL : known->type;
    /* Only whole numbers are cast to numeric, and only they and numeric to double precision. */
    return !strcmp(w->cast, "numeric")                                ? "bigint"
           : !strcmp(w->cast, "float8") || !strcmp(w->cast, "float4") ? "numeric"
                                                                      : NULL;
}

void find_cast(struct rewriter *r)
{
    struct comparisons *all = mem_alloc(sizeof *all);
    comparisons(r, all);
    for (size_t i = 0; i < all->n; i++) {
        struct comparison *c = &all->items[i];
        struct wasted w;
        if (!is_column(c->wrapped) || !strcmp(c->op, "between") || !column_wasted(r, c, &w) || !*w.cast)
            continue;
        const char *type = own_type(r, c, &w), *name = ast_text(&r->tree, c->column),
                   *value = ast_closed(&r->tree, c->value);
        int64_t whole;
        if (!type || !value)
            continue;
        struct rewrite *it = rewrite_found(r, w.node, w.share, w.saved, w.removed);
        if (!it)
            continue;
        bool integral = ast_integer(c->value, &whole);
        Node *bare = c->value;
        while (IS(bare, TYPE_CAST))
            bare = bare->type_cast->arg;
        it->evidence = SAY("%s is cast to %s for each row of %s: %s", name, w.cast, say_wasted_where(r, &w),
                           say_wasted(r, &w));
        it->before = ast_text(&r->tree, *c->slot);
        it->advice = SAY("Pass the value in the type of the column (bind the parameter with that type), so "
                         "that %s is not cast.",
                         name);
        it->check = SAY("The condition no longer shows (%s)::%s, and an index on it is used.", name, w.cast);
        if (integral && !IS(bare, PARAM_REF))
            it->after = SAY("%s %s %lld", name, c->op, (long long)whole);
        else if (IS(bare, PARAM_REF))
            it->after = SAY("%s %s $%d::%s", name, c->op, bare->param_ref->number, type);
        if (!it->after) {
            it->caveat = "The column cannot have this value: it has a fraction.";
            continue;
        }
        Node *instead = ast_expr(&r->tree, "%s", it->after);
        it->statement = rewrite_with(r, c->slot, instead);
        it->caveat = IS(bare, PARAM_REF) && strcmp(type, "numeric") != 0
                         ? "A value with a fraction would be rounded, where before it matched nothing."
                         : NULL;
    }
    free(all);
}
