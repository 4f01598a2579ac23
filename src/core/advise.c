#include "core/advise.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <pg_query.h>
#include <stdlib.h>

#define NAME_MAX_BYTES 63 /* NAMEDATALEN - 1 */

/* ---- what an index can do for one condition ---- */
enum use { USE_NONE, USE_EQUAL, USE_RANGE };

struct term {
    enum use use;
    const char *column; /* in the parse tree; NULL when use is USE_NONE */
    bool harmless;      /* of no use to an index, but it hardly selects either */
    bool cast;          /* the column was cast to text */
    const char *why;    /* of USE_NONE: what it is */
};

static const cJSON *get(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static const char *sval(const cJSON *node)
{
    return cJSON_GetStringValue(get(get(node, "String"), "sval"));
}

/* The last name of a list, such as an operator's or a type's. */
static const char *last_name(const cJSON *list)
{
    int n = cJSON_GetArraySize(list);
    const char *s = n > 0 ? sval(cJSON_GetArrayItem(list, n - 1)) : NULL;
    return s ? s : "";
}

static const char *cast_type(const cJSON *node)
{
    return last_name(get(get(get(node, "TypeCast"), "typeName"), "names"));
}

/* The column of `c` or `t.c`; a cast to text is what the server writes around a varchar. */
static const char *column_of(const cJSON *node, bool *cast)
{
    *cast = false;
    if (get(node, "TypeCast")) {
        const char *type = cast_type(node);
        if (strcmp(type, "text") != 0 && strcmp(type, "bpchar") != 0)
            return NULL;
        *cast = true;
        node = get(get(node, "TypeCast"), "arg");
    }
    const cJSON *fields = get(get(node, "ColumnRef"), "fields");
    const char *name = last_name(fields);
    static const char *const system[] = {"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", NULL};
    return *name && str_find(system, name) < 0 ? name : NULL;
}

/* Depth is bounded by cJSON's nesting limit. */
static bool mentions(const cJSON *node, const char *kind)
{
    const cJSON *each;
    cJSON_ArrayForEach(each, node)
    {
        if ((each->string && !strcmp(each->string, kind)) || mentions(each, kind))
            return true;
    }
    return false;
}

/* Is the value the same for the whole scan? Volatile functions are not. */
static bool constant(const cJSON *node)
{
    if (!node || mentions(node, "ColumnRef") || mentions(node, "SubLink"))
        return false;
    if (!mentions(node, "FuncCall"))
        return true;
    char *text = cJSON_PrintUnformatted(node);
    static const char *const volatiles[] = {"\"random\"", "\"clock_timestamp\"", "\"nextval\"", "\"gen_random_uuid\"",
                                            "\"timeofday\"", NULL};
    bool steady = text != NULL;
    for (int i = 0; steady && volatiles[i]; i++)
        steady = !strstr(text, volatiles[i]);
    cJSON_free(text);
    return steady;
}

static struct term none(const char *why)
{
    return (struct term){.why = why};
}

static struct term harmless(const char *why)
{
    return (struct term){.why = why, .harmless = true};
}

static struct term on_column(enum use use, const char *column, bool cast)
{
    return (struct term){.use = use, .column = column, .cast = cast};
}

static struct term like(const cJSON *right)
{
    const cJSON *value = get(get(right, "TypeCast"), "arg");
    if (!value)
        value = right;
    const char *pattern = cJSON_GetStringValue(get(get(get(value, "A_Const"), "sval"), "sval"));
    if (pattern && *pattern != '%' && *pattern != '_')
        return none("LIKE with a fixed beginning, which needs an index with text_pattern_ops");
    return none("a pattern that may begin with anything, which needs a trigram index (pg_trgm)");
}

static struct term comparison(const cJSON *e)
{
    const char *kind = cJSON_GetStringValue(get(e, "kind"));
    const char *op = last_name(get(e, "name"));
    const cJSON *left = get(e, "lexpr"), *right = get(e, "rexpr");
    if (!kind)
        return none("a condition that is not understood");
    bool cast, in = !strcmp(kind, "AEXPR_IN") || !strcmp(kind, "AEXPR_OP_ANY");
    const char *column = column_of(left, &cast);
    bool turned = false;
    if (!column && !in && constant(left)) {
        column = column_of(right, &cast);
        turned = column != NULL;
    }
    const cJSON *value = turned ? left : right;
    if (!strcmp(op, "~~") || !strcmp(op, "~~*") || !strcmp(kind, "AEXPR_LIKE") || !strcmp(kind, "AEXPR_ILIKE"))
        return like(right);
    if (!strcmp(op, "<>") || !strcmp(op, "!~~") || !strcmp(kind, "AEXPR_OP_ALL"))
        return harmless("an inequality, which keeps almost everything");
    if (!column) {
        if (mentions(left, "FuncCall") || mentions(right, "FuncCall"))
            return none("a function of the column, which only an index on that expression serves");
        if (mentions(left, "TypeCast") || mentions(right, "TypeCast"))
            return none("a cast of the column, which a plain index does not serve");
        return none("an expression, which only an index on it serves");
    }
    if (!strcmp(kind, "AEXPR_BETWEEN"))
        return constant(value) ? on_column(USE_RANGE, column, cast) : none("a comparison with another column");
    if (!in && strcmp(kind, "AEXPR_OP") != 0)
        return none("a condition no B-tree index serves");
    if (!(in && cJSON_IsArray(value) ? !mentions(value, "ColumnRef") : constant(value)))
        return none("a comparison with another column");
    if (!strcmp(op, "="))
        return on_column(USE_EQUAL, column, cast);
    static const char *const ranges[] = {"<", "<=", ">", ">=", NULL};
    if (!in && str_find(ranges, op) >= 0)
        return on_column(USE_RANGE, column, cast);
    return none("an operator no B-tree index serves");
}

static struct term condition(const cJSON *node)
{
    if (get(node, "A_Expr"))
        return comparison(get(node, "A_Expr"));
    if (get(node, "NullTest")) {
        bool cast, is_null = str_eq(cJSON_GetStringValue(get(get(node, "NullTest"), "nulltesttype")), "IS_NULL");
        const char *column = column_of(get(get(node, "NullTest"), "arg"), &cast);
        if (!is_null)
            return harmless("IS NOT NULL");
        return column ? on_column(USE_EQUAL, column, cast) : none("IS NULL of an expression");
    }
    if (get(node, "BoolExpr")) {
        if (str_eq(cJSON_GetStringValue(get(get(node, "BoolExpr"), "boolop")), "OR_EXPR"))
            return none("an OR, whose sides need an index each");
        return harmless("a negation");
    }
    if (get(node, "ColumnRef") || get(node, "BooleanTest"))
        return harmless("a yes/no column");
    if (get(node, "FuncCall"))
        return none("a function of the column, which only an index on that expression serves");
    if (get(node, "SubLink"))
        return none("a subquery");
    return none("a condition that is not understood");
}

#define MAX_TERMS 64
struct terms {
    struct term items[MAX_TERMS];
    size_t n;
};

static void flatten(const cJSON *node, struct terms *out)
{
    const cJSON *b = get(node, "BoolExpr");
    if (b && str_eq(cJSON_GetStringValue(get(b, "boolop")), "AND_EXPR")) {
        const cJSON *each;
        cJSON_ArrayForEach(each, get(b, "args")) flatten(each, out);
    } else if (out->n < MAX_TERMS) {
        out->items[out->n++] = condition(node);
    }
}

static cJSON *parse(const char *sql)
{
    PgQueryParseResult r = pg_query_parse(sql);
    cJSON *tree = r.error ? NULL : cJSON_Parse(r.parse_tree);
    pg_query_free_parse_result(r);
    return tree;
}

/* "(hashed SubPlan 1)" is no SQL; a call stands in for it. */
static char *as_sql(const char *filter)
{
    struct strbuf b = {0};
    strbuf_str(&b, "SELECT 1 FROM t WHERE ");
    while (*filter) {
        const char *s = *filter == '(' ? filter + 1 : "";
        if (str_starts(s, "NOT "))
            s += 4;
        if (str_starts(s, "hashed "))
            s += 7;
        if ((str_starts(s, "SubPlan ") || str_starts(s, "alternatives: ")) && strchr(s, ')')) {
            strbuf_str(&b, "subplan()");
            filter = strchr(s, ')') + 1;
        } else {
            strbuf_char(&b, *filter++);
        }
    }
    return strbuf_detach(&b);
}

/* ---- writing SQL ---- */

void advise_quote(const char *name, struct strbuf *out)
{
    bool plain = islower((unsigned char)*name) || *name == '_';
    for (const char *s = name; *s && plain; s++)
        plain = islower((unsigned char)*s) || isdigit((unsigned char)*s) || *s == '_';
    if (plain) { /* PostgreSQL's own parser knows the reserved words */
        char *sql = mem_printf("CREATE TABLE %s (%s int)", name, name);
        PgQueryParseResult r = pg_query_parse(sql);
        plain = !r.error;
        pg_query_free_parse_result(r);
        free(sql);
    }
    if (plain) {
        strbuf_str(out, name);
        return;
    }
    strbuf_char(out, '"');
    for (const char *s = name; *s; s++) {
        if (*s == '"')
            strbuf_char(out, '"');
        strbuf_char(out, *s);
    }
    strbuf_char(out, '"');
}

static bool index_named(const struct plan_facts *f, const char *name)
{
    for (size_t i = 0; i < f->n_indexes; i++)
        if (str_eq(f->indexes[i]->name, name))
            return true;
    return false;
}

/* table_a_b_idx, cut to what the server keeps (not inside a character), not taken yet. */
static char *index_name(const struct plan_facts *f, const char *table, const char *const *columns, size_t n)
{
    struct strbuf b = {0};
    strbuf_str(&b, table);
    for (size_t i = 0; i < n; i++)
        strbuf_printf(&b, "_%s", columns[i]);
    for (int k = 0;; k++) {
        char tail[16];
        snprintf(tail, sizeof tail, k ? "_idx%d" : "_idx", k);
        size_t keep = MIN(b.len, NAME_MAX_BYTES - strlen(tail));
        while (keep > 0 && ((unsigned char)b.text[keep] & 0xc0) == 0x80)
            keep--;
        char *name = mem_printf("%.*s%s", (int)keep, b.text, tail);
        if (!index_named(f, name) || k > 99) {
            strbuf_free(&b);
            return name;
        }
        free(name);
    }
}

/* ---- existing indexes ---- */

#define MAX_KEYS 32
static size_t key_columns(const struct sd_index *ix, char (*out)[64])
{
    size_t n = 0;
    const char *s = ix->columns ? ix->columns : "";
    while (*s && n < MAX_KEYS) {
        while (*s == ' ' || *s == ',')
            s++;
        size_t len = strcspn(s, ",");
        while (len && s[len - 1] == ' ')
            len--;
        if (!len)
            break;
        snprintf(out[n++], 64, "%.*s", (int)len, s);
        s += strcspn(s, ",");
    }
    return n;
}

static bool among(const char *name, const char *const *columns, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(columns[i], name))
            return true;
    return false;
}

/* Does an index serve the filter already: its first columns are ours (the ones compared
 * for equality in any order), or it is unique on some of them? */
static bool serves(const struct sd_index *ix, const char *const *columns, size_t n, size_t n_equal)
{
    char keys[MAX_KEYS][64];
    size_t n_keys = key_columns(ix, keys);
    if (!n_keys || ix->is_partial == 1 || ix->is_valid == 0)
        return false;
    bool hash = ix->definition && strstr(ix->definition, " USING ") && !strstr(ix->definition, " USING btree");
    if (hash)
        return false;
    size_t same = 0;
    while (same < n_keys && same < n_equal && among(keys[same], columns, n_equal))
        same++;
    if (ix->is_unique == 1 && same == n_keys)
        return true;
    return same == n_equal && (n == n_equal || (n_keys > same && !strcmp(keys[same], columns[n_equal])));
}

/* ---- one scan ---- */

static bool user_wrote_cast(const char *query, const char *column)
{
    if (!query)
        return false;
    char *text = mem_printf("%s::", column);
    bool wrote = strcasestr(query, text) != NULL || strcasestr(query, "cast(") || strcasestr(query, "cast (");
    free(text);
    return wrote;
}

struct choice {
    const char *columns[ADVISE_MAX_COLUMNS];
    size_t n, n_equal;
    const char *left_out; /* a second range column, a yes/no column: NULL none */
};

/* NULL when columns were chosen, otherwise why not. */
static const char *choose(struct plan *p, const struct terms *t, const char *query, struct choice *c)
{
    for (int pass = USE_EQUAL; pass <= USE_RANGE; pass++) {
        for (size_t i = 0; i < t->n; i++) {
            const struct term *term = &t->items[i];
            if ((int)term->use != pass || among(term->column, c->columns, c->n))
                continue;
            if (term->cast && user_wrote_cast(query, term->column))
                return "The filter is a cast of the column, which a plain index does not serve.";
            if (c->n == ADVISE_MAX_COLUMNS || (pass == USE_RANGE && c->n > c->n_equal)) {
                c->left_out = arena_strdup(p->arena, term->column);
                continue;
            }
            c->columns[c->n++] = arena_strdup(p->arena, term->column);
            c->n_equal += pass == USE_EQUAL;
        }
    }
    for (size_t i = 0; i < t->n; i++) {
        const struct term *term = &t->items[i];
        if (term->use == USE_NONE && !term->harmless)
            return arena_printf(p->arena, c->n ? "Part of the filter is %s; which part selects the rows cannot be told from the plan."
                                               : "The filter is %s.", term->why);
    }
    if (!c->n)
        return t->n ? arena_printf(p->arena, "The filter is only %s.", t->items[0].why) : "The filter cannot be read.";
    return NULL;
}

static const char *figure(struct plan *p, enum unit u, double v)
{
    char buf[UNIT_TEXT_MAX];
    return arena_strdup(p->arena, unit_format(u, v, buf));
}

static void suggest(struct plan *p, const struct plan_node *n, const struct plan_facts *facts, const char *query,
                    struct advice *a)
{
    const struct sd_table *table = plan_facts_table(facts, n);
    a->schema = n->schema ? n->schema : table ? arena_strdup(p->arena, table->schema) : NULL;
    a->table = n->relation;
    if (str_eq(a->schema, "pg_catalog") || str_eq(a->schema, "information_schema") ||
        (!a->schema && str_starts(n->relation, "pg_"))) {
        a->why = "System catalogs take no further indexes.";
        return;
    }
    struct plan_scanned s;
    if (!plan_scanned(p, n, facts, &s)) {
        a->why = n->never_executed ? "The scan was never executed." : "How selective the filter is cannot be told.";
        return;
    }
    double runs = p->analyzed ? MAX(1, n->loops / MAX(1, n->processes)) : 1, rows = s.read / runs;
    if (s.lower_bound && rows < ADVISE_MIN_ROWS) {
        a->why = arena_printf(p->arena, "The scan is cheap (cost %s): an index would gain nothing worth having.",
                              figure(p, UNIT_COST, n->total_cost));
        return;
    }
    if (rows < ADVISE_MIN_ROWS || (table && sd_known(table->size_bytes) && table->size_bytes < ADVISE_MIN_BYTES)) {
        a->why = arena_printf(p->arena, "The table is small (%s rows%s%s): reading it whole is the best plan.",
                              figure(p, UNIT_COUNT, rows),
                              table && sd_known(table->size_bytes) ? ", " : "",
                              table && sd_known(table->size_bytes) ? figure(p, UNIT_BYTES, (double)table->size_bytes) : "");
        return;
    }
    double selectivity = s.kept / s.read;
    if (selectivity > ADVISE_SELECTIVITY) {
        a->why = s.lower_bound
                     ? "Whether the filter is selective cannot be told: the plan does not say how many rows the table has."
                     : arena_printf(p->arena, "The filter keeps %s of the rows: an index pays below about %.0f %%.",
                                    figure(p, UNIT_SHARE, selectivity), ADVISE_SELECTIVITY * 100);
        return;
    }
    double share = (p->timed ? n->exclusive_share : n->cost_share) * (1 - selectivity);
    if (share < ADVISE_MIN_SHARE) {
        a->why = arena_printf(p->arena, "The scan is only %s of the %s.", figure(p, UNIT_SHARE, share),
                              p->timed ? "time" : "cost");
        return;
    }
    char *sql = as_sql(n->filter);
    cJSON *tree = parse(sql);
    free(sql);
    const cJSON *stmt = get(get(cJSON_GetArrayItem(get(tree, "stmts"), 0), "stmt"), "SelectStmt");
    const cJSON *where = get(stmt, "whereClause");
    struct terms *terms = mem_alloc(sizeof *terms);
    if (where && cJSON_GetArraySize(get(tree, "stmts")) == 1)
        flatten(where, terms);
    struct choice c = {0};
    a->why = choose(p, terms, query, &c);
    free(terms);
    cJSON_Delete(tree);
    if (a->why)
        return;

    for (size_t i = 0; i < facts->n_indexes; i++) {
        const struct sd_index *ix = facts->indexes[i];
        if (!str_eq(ix->table, n->relation) || (a->schema && ix->schema && !str_eq(ix->schema, a->schema)))
            continue;
        if (serves(ix, c.columns, c.n, c.n_equal)) {
            a->why = arena_printf(p->arena, "The index %s (%s) serves this filter already and was not used: look at the "
                                  "statistics (ANALYZE) and at the types compared.", ix->name, ix->columns);
            return;
        }
    }
    struct strbuf ddl = {0}, columns = {0};
    char *name = index_name(facts, n->relation, c.columns, c.n);
    for (size_t i = 0; i < c.n; i++) {
        if (i)
            strbuf_str(&columns, ", ");
        advise_quote(c.columns[i], &columns);
        a->names[a->n_names++] = c.columns[i];
    }
    strbuf_str(&ddl, "CREATE INDEX CONCURRENTLY ");
    advise_quote(name, &ddl);
    strbuf_str(&ddl, " ON ");
    if (a->schema) {
        advise_quote(a->schema, &ddl);
        strbuf_char(&ddl, '.');
    }
    advise_quote(n->relation, &ddl);
    strbuf_printf(&ddl, " (%s)", strbuf_text(&columns));
    a->ddl = arena_strdup(p->arena, strbuf_text(&ddl));
    a->columns = arena_strdup(p->arena, strbuf_text(&columns));
    strbuf_free(&ddl);
    strbuf_free(&columns);
    free(name);
    a->unproven = !facts->indexes_known;
    a->saves_ns = p->timed ? n->exclusive_ns * (1 - selectivity) : NAN;
    a->saves_share = share;
    a->why = arena_printf(p->arena, "The filter keeps %s of %s%s rows%s%s%s%s.", figure(p, UNIT_COUNT, s.kept / runs),
                          s.lower_bound ? "at least " : "", figure(p, UNIT_COUNT, rows),
                          c.n > 1 && c.n_equal && c.n > c.n_equal ? "; columns compared by = come before the range" : "",
                          c.left_out ? "; a second range adds nothing, so it leaves out " : "", c.left_out ? c.left_out : "",
                          a->unproven ? "; which indexes exist is not known here" : "");
}

static int by_saving(const void *a, const void *b)
{
    const struct advice *x = a, *y = b;
    if (!x->ddl != !y->ddl)
        return x->ddl ? -1 : 1;
    double sx = isnan(x->saves_share) ? 0 : x->saves_share, sy = isnan(y->saves_share) ? 0 : y->saves_share;
    if (sx < sy || sx > sy)
        return sx < sy ? 1 : -1;
    return x->node->id - y->node->id;
}

void advise_plan(struct plan *p, const struct plan_facts *facts, const char *query, struct advice_list *out)
{
    *out = (struct advice_list){0};
    for (size_t i = 0; i < p->n_nodes; i++) {
        const struct plan_node *n = p->nodes[i];
        if (!str_eq(n->type, "Seq Scan") || !n->filter || !n->relation)
            continue;
        struct advice a = {.node = n, .saves_ns = NAN, .saves_share = NAN};
        suggest(p, n, facts, query, &a);
        bool twice = false; /* the same table scanned twice, or by several parts of a UNION */
        for (size_t k = 0; k < out->n && a.ddl && !twice; k++) {
            struct advice *other = &out->items[k];
            if (!(twice = other->ddl && !strcmp(other->ddl, a.ddl)))
                continue;
            other->saves_share = MIN(1, other->saves_share + a.saves_share);
            other->saves_ns += a.saves_ns;
        }
        if (twice)
            continue;
        out->items = mem_grow(out->items, out->n, &out->cap, sizeof *out->items);
        out->items[out->n++] = a;
    }
    if (out->n)
        qsort(out->items, out->n, sizeof *out->items, by_saving);
}

void advise_free(struct advice_list *l)
{
    free(l->items);
    *l = (struct advice_list){0};
}

const struct advice *advise_for(const struct advice_list *l, const struct plan_node *n)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->items[i].node == n)
            return &l->items[i];
    return NULL;
}
