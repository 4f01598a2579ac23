/* clause_read.c - the parts of a statement that a node may come from. */
#include "core/plans/clause_private.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <strings.h>

static void statement(struct sql_clause *c, const cJSON *s, int parent, int depth);

static void visit(struct sql_clause *c, const cJSON *node, int scope, int depth);

/* ---- places in the text ---- */

static void bounds(const cJSON *node, size_t *least, size_t *most)
{
    const cJSON *each;
    cJSON_ArrayForEach(each, node)
    {
        if (each->string && !strcmp(each->string, "location")) {
            if (cJSON_IsNumber(each) && each->valuedouble >= 0) {
                *least = MIN(*least, (size_t)each->valuedouble);
                *most = MAX(*most, (size_t)each->valuedouble);
            }
        } else if (each->child) {
            bounds(each, least, most);
        }
    }
}

bool clause_token_is(const struct sql_clause *c, size_t i, const char *word)
{
    const struct token *t = &c->tokens[i];
    return t->end - t->start == strlen(word) && !strncasecmp(c->sql + t->start, word, t->end - t->start);
}

static bool ends_clause(const struct sql_clause *c, size_t i)
{
    static const char *const words[] = {"and",    "or",        "order",     "group",  "having", "limit",
                                        "offset", "union",     "intersect", "except", "fetch",  "for",
                                        "window", "returning", "join",      "left",   "right",  "inner",
                                        "full",   "cross",     "natural",   "where",  "on",     "when",
                                        "then",   "else",      "end",       "from",   "set",    "do"};
    if (clause_token_is(c, i, ",") || clause_token_is(c, i, ";"))
        return true;
    for (size_t k = 0; c->tokens[i].kind == SQL_WORD && k < ARRAY_LEN(words); k++)
        if (clause_token_is(c, i, words[k]))
            return true;
    return false;
}

size_t clause_token_at(const struct sql_clause *c, size_t location)
{
    size_t lo = 0, hi = c->n_tokens;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (c->tokens[mid].start < location)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* From the first located token of the tree to where the expression ends: the parser tells
 * where things begin, and brackets, IS NULL, type names and DESC have no place at all. */
static bool range_of(const struct sql_clause *c, const cJSON *node, struct range *out)
{
    size_t least = SIZE_MAX, most = 0;
    bounds(node, &least, &most);
    if (least == SIZE_MAX)
        return false;
    size_t first = clause_token_at(c, least), last = first;
    int depth = 0, base = 0, cases = 0;
    if (first == c->n_tokens || c->tokens[first].start != least)
        return false;
    for (size_t i = first; i < c->n_tokens; i++) {
        bool beyond = c->tokens[i].start > most;
        bool open = clause_token_is(c, i, "(") || clause_token_is(c, i, "["),
             close = clause_token_is(c, i, ")") || clause_token_is(c, i, "]");
        if (beyond && depth <= base && cases == 0 && (close || ends_clause(c, i)))
            break;
        cases += clause_token_is(c, i, "case");
        cases -= cases > 0 && clause_token_is(c, i, "end");
        depth += open;
        depth -= close;
        base = MIN(base, depth);
        last = i;
    }
    if (depth != base)
        return false;
    for (; base < 0; base++) {
        if (first == 0 || !clause_token_is(c, first - 1, "("))
            return false;
        first--;
    }
    *out = (struct range){c->tokens[first].start, c->tokens[last].end};
    return out->end > out->start;
}

/* ---- what the statement says ---- */

static struct spot *add_spot(struct sql_clause *c, enum kind kind, int scope, struct range at)
{
    c->spots = mem_grow(c->spots, c->n_spots, &c->cap_spots, sizeof *c->spots);
    struct spot *s = &c->spots[c->n_spots++];
    *s = (struct spot){.kind = kind, .scope = scope, .at = at};
    return s;
}

static void add_part(struct sql_clause *c, enum kind kind, int scope, const cJSON *node)
{
    struct range at;
    if (!range_of(c, node, &at))
        return;
    struct spot *s = add_spot(c, kind, scope, at);
    terms_read(c->sql + at.start, at.end - at.start, &s->terms);
}

/* x IN (SELECT y ...): planned as x = y. The terms are of both. */
static void add_in_subquery(struct sql_clause *c, int scope, const cJSON *node, const cJSON *link)
{
    struct range at, left, right;
    const cJSON *select = get(get(link, "subselect"), "SelectStmt"), *targets = get(select, "targetList"),
                *in = get(link, "location");
    if (!range_of(c, node, &at))
        return;
    struct spot *s = add_spot(c, KIND_CONDITION, scope, at);
    s->terms.subquery = true;
    if (!get(link, "testexpr") || cJSON_GetArraySize(targets) != 1 ||
        !range_of(c, get(link, "testexpr"), &left) ||
        !range_of(c, get(get(targets->child, "ResTarget"), "val"), &right) || !cJSON_IsNumber(in) ||
        in->valuedouble <= (double)left.start || in->valuedouble >= (double)at.end)
        return;
    left.end = (size_t)in->valuedouble; /* the place of IN */
    char *both = mem_printf("%.*s = %.*s", (int)(left.end - left.start), c->sql + left.start,
                            (int)(right.end - right.start), c->sql + right.start);
    terms_read(both, strlen(both), &s->terms);
    s->terms.subquery = true;
    free(both);
}

static void conditions(struct sql_clause *c, const cJSON *node, int scope, int depth)
{
    const cJSON *b = get(node, "BoolExpr"), *each;
    if (!node || depth > DEPTH_MAX)
        return;
    if (b && str_eq(cJSON_GetStringValue(get(b, "boolop")), "AND_EXPR")) {
        cJSON_ArrayForEach(each, get(b, "args")) conditions(c, each, scope, depth + 1);
        return;
    }
    if (get(node, "SubLink"))
        add_in_subquery(c, scope, node, get(node, "SubLink"));
    else
        add_part(c, KIND_CONDITION, scope, node);
    visit(c, node, scope, depth + 1);
}

static struct from_item *add_item(struct sql_clause *c, int scope, const char *name, const char *table,
                                  const cJSON *location)
{
    c->items = mem_grow(c->items, c->n_items, &c->cap_items, sizeof *c->items);
    struct from_item *f = &c->items[c->n_items++];
    *f = (struct from_item){.scope = scope,
                            .location = cJSON_IsNumber(location) && location->valuedouble >= 0
                                            ? (size_t)location->valuedouble
                                            : SIZE_MAX};
    snprintf(f->name, sizeof f->name, "%s", name ? name : "");
    snprintf(f->table, sizeof f->table, "%s", table ? table : "");
    return f;
}

static void table_item(struct sql_clause *c, const cJSON *r, int scope)
{
    const char *table = cJSON_GetStringValue(get(r, "relname")),
               *alias = cJSON_GetStringValue(get(get(r, "alias"), "aliasname"));
    add_item(c, scope, alias ? alias : table, table, get(r, "location"));
}

/* USING (a, b): its names have no places; the word follows the right side of the join. */
static void using_clause(struct sql_clause *c, const cJSON *join, int scope)
{
    size_t least = SIZE_MAX, most = 0;
    const cJSON *names = get(join, "usingClause"), *each;
    bounds(get(join, "rarg"), &least, &most);
    if (!cJSON_GetArraySize(names) || least == SIZE_MAX)
        return;
    size_t i = clause_token_at(c, most);
    int depth = 0;
    while (i < c->n_tokens && (depth > 0 || !clause_token_is(c, i, "using"))) {
        depth += clause_token_is(c, i, "(");
        depth -= clause_token_is(c, i, ")");
        i++;
    }
    size_t first = i;
    while (i < c->n_tokens && !clause_token_is(c, i, ")"))
        i++;
    if (i >= c->n_tokens)
        return;
    struct spot *s = add_spot(c, KIND_USING, scope, (struct range){c->tokens[first].start, c->tokens[i].end});
    snprintf(s->terms.op, sizeof s->terms.op, "=");
    cJSON_ArrayForEach(each, names)
    {
        const char *name = tree_string(each);
        if (name && s->terms.n_columns < TERMS_MAX)
            snprintf(s->terms.columns[s->terms.n_columns++].name, TERMS_NAME_MAX, "%s", name);
    }
}

static void from(struct sql_clause *c, const cJSON *node, int scope, int depth)
{
    const cJSON *join = get(node, "JoinExpr"), *sub = get(node, "RangeSubselect"),
                *call = get(node, "RangeFunction");
    if (!node || depth > DEPTH_MAX)
        return;
    if (get(node, "RangeVar")) {
        table_item(c, get(node, "RangeVar"), scope);
    } else if (join) {
        from(c, get(join, "larg"), scope, depth + 1);
        from(c, get(join, "rarg"), scope, depth + 1);
        conditions(c, get(join, "quals"), scope, depth + 1);
        using_clause(c, join, scope);
    } else if (sub) {
        add_item(c, scope, cJSON_GetStringValue(get(get(sub, "alias"), "aliasname")), NULL, NULL);
        visit(c, get(sub, "subquery"), scope, depth + 1);
    } else if (call) {
        add_item(c, scope, cJSON_GetStringValue(get(get(call, "alias"), "aliasname")), NULL, NULL);
        visit(c, call, scope, depth + 1);
    } else {
        visit(c, node, scope, depth + 1);
    }
}

/* The expression with the word before it: LIMIT 10. */
static void with_word(struct sql_clause *c, const cJSON *node, int scope, enum kind kind)
{
    struct range at;
    size_t i;
    static const char *const words[] = {"limit", "offset", "fetch", "first", "next", NULL};
    if (!node || !range_of(c, node, &at))
        return;
    i = clause_token_at(c, at.start);
    for (int k = 0; k < 3 && i > 0; k++) { /* FETCH FIRST 10 */
        bool known = false;
        for (size_t w = 0; words[w]; w++)
            known |= clause_token_is(c, i - 1, words[w]);
        if (!known)
            break;
        i--;
    }
    at.start = c->tokens[i].start;
    add_spot(c, kind, scope, at);
}

/* ORDER BY 2, ORDER BY total: what the SELECT list has under that number or name. */
static const cJSON *target_of(const cJSON *select, const cJSON *expression)
{
    const cJSON *targets = get(select, "targetList"), *each;
    const cJSON *number = get(get(get(expression, "A_Const"), "ival"), "ival"),
                *fields = get(get(expression, "ColumnRef"), "fields");
    if (cJSON_IsNumber(number))
        return get(get(cJSON_GetArrayItem(targets, (int)number->valuedouble - 1), "ResTarget"), "val");
    const char *name = cJSON_GetArraySize(fields) == 1 ? tree_string(fields->child) : NULL;
    cJSON_ArrayForEach(each, targets)
    {
        const cJSON *t = get(each, "ResTarget");
        if (name && str_eq(cJSON_GetStringValue(get(t, "name")), name))
            return get(t, "val");
    }
    return NULL;
}

static void keys(struct sql_clause *c, const cJSON *select, const char *list, int scope, enum kind kind)
{
    const cJSON *each;
    cJSON_ArrayForEach(each, get(select, list))
    {
        const cJSON *expression = kind == KIND_ORDER ? get(get(each, "SortBy"), "node") : each;
        const cJSON *target = target_of(select, expression);
        struct range at, meant;
        if (!range_of(c, expression, &at))
            continue;
        struct spot *s = add_spot(c, kind, scope, at);
        if (!target || !range_of(c, target, &meant))
            meant = at;
        terms_read(c->sql + meant.start, meant.end - meant.start, &s->terms);
    }
}

static void distinct(struct sql_clause *c, const cJSON *select, int scope)
{
    size_t least = SIZE_MAX, most = 0;
    if (!get(select, "distinctClause"))
        return;
    bounds(get(select, "distinctClause"), &least, &most); /* ON (...), before the list */
    bounds(get(select, "targetList"), &least, &most);
    if (least == SIZE_MAX)
        return;
    size_t i = clause_token_at(c, least);
    while (i > 0 && !clause_token_is(c, i, "distinct"))
        i--;
    if (clause_token_is(c, i, "distinct"))
        add_spot(c, KIND_DISTINCT, scope, (struct range){c->tokens[i].start, c->tokens[i].end});
}

static int add_scope(struct sql_clause *c, int parent)
{
    c->parents = mem_grow(c->parents, c->n_scopes, &c->cap_scopes, sizeof *c->parents);
    c->parents[c->n_scopes] = parent;
    return (int)c->n_scopes++;
}

static void statement(struct sql_clause *c, const cJSON *s, int parent, int depth)
{
    if (!s || depth > DEPTH_MAX)
        return;
    const cJSON *each;
    int scope = add_scope(c, parent);
    static const char *const tables[] = {"relation", "sourceRelation"};
    visit(c, get(s, "withClause"), scope, depth + 1);
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        const cJSON *t = get(s, tables[i]);
        if (get(t, "relname"))
            table_item(c, t, scope);
        else
            from(c, t, scope, depth + 1);
    }
    cJSON_ArrayForEach(each, get(s, "fromClause")) from(c, each, scope, depth + 1);
    cJSON_ArrayForEach(each, get(s, "usingClause")) from(c, each, scope, depth + 1);
    conditions(c, get(s, "whereClause"), scope, depth + 1);
    conditions(c, get(s, "havingClause"), scope, depth + 1);
    conditions(c, get(s, "joinCondition"), scope, depth + 1);
    keys(c, s, "sortClause", scope, KIND_ORDER);
    keys(c, s, "groupClause", scope, KIND_GROUP);
    distinct(c, s, scope);
    with_word(c, get(s, "limitCount"), scope, KIND_LIMIT);
    with_word(c, get(s, "limitOffset"), scope, KIND_OFFSET);
    static const char *const rest[] = {"targetList",       "sortClause",     "groupClause",
                                       "valuesLists",      "limitCount",     "limitOffset",
                                       "windowClause",     "distinctClause", "onConflictClause",
                                       "mergeWhenClauses", "selectStmt",     "returningList"};
    for (size_t i = 0; i < ARRAY_LEN(rest); i++)
        visit(c, get(s, rest[i]), scope, depth + 1);
    if (get(s, "larg")) /* UNION */
        statement(c, get(s, "larg"), scope, depth + 1);
    if (get(s, "rarg"))
        statement(c, get(s, "rarg"), scope, depth + 1);
}

/* Statements wherever they are below. */
static void visit(struct sql_clause *c, const cJSON *node, int scope, int depth)
{
    static const char *const statements[] = {"SelectStmt", "UpdateStmt", "DeleteStmt", "InsertStmt",
                                             "MergeStmt"};
    const cJSON *each;
    if (node && node->string)
        for (size_t i = 0; i < ARRAY_LEN(statements); i++)
            if (!strcmp(node->string, statements[i])) {
                statement(c, node, scope, depth + 1);
                return;
            }
    cJSON_ArrayForEach(each, node) if (each->child) visit(c, each, scope, depth);
}

/* ---- reading it ---- */

/* What the normaliser and the hiding of constants leave, so that it parses at the same
 * places: "?" for a constant, and a parameter where the grammar takes a string only. */
static char *parseable(const char *sql)
{
    static const char *const types[] = {"interval", "date", "timestamp", "timestamptz", "time", "timetz"};
    char *copy = mem_strdup(sql);
    struct sql_token t, before = {0};
    for (char *p = copy; (t = sql_lex(p)).kind != SQL_END; p += t.len) {
        bool type = false;
        for (size_t i = 0; before.kind == SQL_WORD && i < ARRAY_LEN(types); i++)
            type |= before.len == strlen(types[i]) && !strncasecmp(before.text, types[i], before.len);
        if (type && t.kind == SQL_PARAM) {
            memset(p, ' ', t.len);
            p[0] = p[t.len - 1] = '\'';
        } else if (t.kind == SQL_OTHER && *p == '?') {
            *p = '0';
        }
        if (t.kind != SQL_SPACE && t.kind != SQL_COMMENT)
            before = t;
    }
    return copy;
}

static void read_tokens(struct sql_clause *c)
{
    size_t cap = 0;
    struct sql_token t;
    for (const char *p = c->sql; (t = sql_lex(p)).kind != SQL_END; p += t.len) {
        if (t.kind == SQL_SPACE || t.kind == SQL_COMMENT)
            continue;
        c->tokens = mem_grow(c->tokens, c->n_tokens, &cap, sizeof *c->tokens);
        size_t at = (size_t)(p - c->sql);
        c->tokens[c->n_tokens++] = (struct token){.kind = t.kind, .start = at, .end = at + t.len};
    }
}

struct sql_clause *sql_clause_open(const char *sql)
{
    if (!sql || !sql_bounded(sql))
        return NULL;
    char *text = mem_strdup(sql);
    cJSON *tree = sql_parse_tree(text);
    if (!tree) {
        free(text);
        text = parseable(sql);
        tree = sql_parse_tree(text);
    }
    if (!tree) {
        free(text);
        return NULL;
    }
    struct sql_clause *c = mem_alloc(sizeof *c);
    c->sql = text;
    read_tokens(c);
    int scope = add_scope(c, -1);
    const cJSON *first = cJSON_GetArrayItem(get(tree, "stmts"), 0);
    visit(c, get(first, "stmt"), scope, 0);
    cJSON_Delete(tree);
    return c;
}

void sql_clause_close(struct sql_clause *c)
{
    if (!c)
        return;
    free(c->sql);
    free(c->tokens);
    free(c->spots);
    free(c->items);
    free(c->parents);
    free(c);
}
