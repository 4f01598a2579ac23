#include "core/sql/statement.h"
#include "core/plans/conditions.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "core/plans/advice.h"
#include "core/sql/lex.h"
#include "core/indexes/table_use_expr.h"

#define get tree_get

void plan_conditions_init(struct plan_conditions *c, const struct plan_node *n, const char *schema,
                          const char *query)
{
    *c = (struct plan_conditions){.query = query};
    c->catalog = db_catalog_new();
    c->rel = db_catalog_add(c->catalog, schema ? schema : "", n->table ? n->table : n->relation, 'r');
    c->alias = n->alias ? n->alias : n->relation;
}

void plan_conditions_free(struct plan_conditions *c)
{
    for (size_t i = 0; i < c->n_uses; i++)
        statement_use_free(&c->uses[i]);
    free(c->uses);
    db_catalog_free(c->catalog);
}

/* ---- EXPLAIN's text as SQL ---- */

/* "?" where a value stands: the constant was hidden. After a name it is an operator. */
static char *with_parameters(const char *text)
{
    struct strbuf b = {0};
    struct sql_token t;
    bool operand = false; /* came last */
    for (const char *p = text; (t = sql_lex(p)).kind != SQL_END; p = t.text + t.len) {
        bool solid = t.kind != SQL_SPACE && t.kind != SQL_COMMENT,
             hidden = t.kind == SQL_OTHER && *t.text == '?' && !operand;
        if (hidden)
            strbuf_str(&b, "$1");
        else
            strbuf_add(&b, t.text, t.len);
        if (solid)
            operand = hidden || t.kind != SQL_OTHER || *t.text == ')' || *t.text == ']';
    }
    return b.text ? strbuf_detach(&b) : mem_strdup("");
}

/* "(hashed SubPlan 1)", "(InitPlan 1).col1" are no SQL: a call or a parameter stands in. */
static char *as_sql(const char *text)
{
    struct strbuf b = {0};
    while (*text) {
        const char *s = *text == '(' ? text + 1 : "";
        if (str_starts(s, "NOT "))
            s += 4;
        if (str_starts(s, "hashed "))
            s += 7;
        bool init = str_starts(s, "InitPlan ");
        if ((init || str_starts(s, "SubPlan ") || str_starts(s, "alternatives: ")) && strchr(s, ')')) {
            strbuf_str(&b, init ? "$0" : "subplan()");
            text = strchr(s, ')') + 1;
            if (str_starts(text, ".col"))
                text += 4 + strspn(text + 4, "0123456789");
        } else {
            strbuf_char(&b, *text++);
        }
    }
    char *sql = with_parameters(strbuf_text(&b));
    strbuf_free(&b);
    return sql;
}

/* The bracket that closes the one at `p`; NULL. */
static const char *closing(const char *p)
{
    int depth = 0;
    struct sql_token t;
    for (; (t = sql_lex(p)).kind != SQL_END; p = t.text + t.len) {
        if (t.kind != SQL_OTHER)
            continue;
        depth += *t.text == '(' ? 1 : *t.text == ')' ? -1 : 0;
        if (depth == 0)
            return t.text;
    }
    return NULL;
}

/* Constants and quoted names left out: what is left can be looked at for words. */
static char *bare(const char *sql)
{
    struct strbuf b = {0};
    struct sql_token t;
    for (const char *p = sql; (t = sql_lex(p)).kind != SQL_END; p = t.text + t.len)
        if (t.kind != SQL_STRING && t.kind != SQL_QUOTED && t.kind != SQL_COMMENT)
            strbuf_add(&b, t.text, t.len);
    return b.text ? strbuf_detach(&b) : mem_strdup("");
}

/* ---- columns and their types ---- */

static struct catalog_column *column_named(struct plan_conditions *c, const cJSON *ref)
{
    static const char *const system[] = {"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", NULL};
    const cJSON *fields = get(ref, "fields");
    int n = cJSON_GetArraySize(fields);
    const char *name = n ? tree_string(cJSON_GetArrayItem(fields, n - 1)) : NULL;
    const char *table = n > 1 ? tree_string(cJSON_GetArrayItem(fields, n - 2)) : NULL;
    if (!name || (table && strcmp(table, c->alias) != 0) || str_find(system, name) >= 0)
        return NULL;
    int at = db_catalog_position(c->rel, name);
    return at >= 0 ? &c->rel->columns[at] : db_catalog_column(c->catalog, c->rel, name, "");
}

static bool user_wrote_cast(const char *query, const char *column)
{
    if (!query)
        return false;
    char *text = mem_printf("%s::", column);
    bool wrote = strcasestr(query, text) != NULL || strcasestr(query, "cast(") || strcasestr(query, "cast (");
    free(text);
    return wrote;
}

static bool is_text(const char *type)
{
    return !strcmp(type, "text") || !strcmp(type, "varchar") || !strcmp(type, "bpchar");
}

/* Every column below, and what a cast around it or a constant beside it says of its type. */
static void find_columns(struct plan_conditions *c, const cJSON *node, const char *type)
{
    const cJSON *each;
    cJSON_ArrayForEach(each, node)
    {
        const char *inner = type;
        if (!each->string) {
            find_columns(c, each, type);
            continue;
        }
        if (!strcmp(each->string, "ColumnRef")) {
            struct catalog_column *col = column_named(c, each);
            bool free_cast = col && type && !strcmp(type, "varchar") && user_wrote_cast(c->query, col->name);
            if (col && type && !*col->type && !free_cast)
                col->type = arena_strdup(c->catalog->arena, type);
            continue;
        }
        if (!strcmp(each->string, "TypeCast")) { /* what the server writes around a varchar */
            inner = is_text(tree_last(get(get(each, "typeName"), "names"))) ? "varchar" : NULL;
            find_columns(c, get(each, "arg"), NULL);
            if (get(get(each, "arg"), "ColumnRef"))
                find_columns(c, get(each, "arg"), inner);
            continue;
        }
        if (!strcmp(each->string, "A_Expr")) {
            const cJSON *cast = get(get(each, "rexpr"), "TypeCast"), *name = get(cast, "typeName");
            const char *to = tree_last(get(name, "names")), *op = tree_last(get(each, "name"));
            char *array = get(name, "arrayBounds") ? mem_printf("_%s", to) : NULL;
            bool same = !strcmp(op, "@>") || !strcmp(op, "&&") || strstr(op, "~");
            bool list = get(each, "kind") && str_eq(cJSON_GetStringValue(get(each, "kind")), "AEXPR_OP_ANY");
            inner = !strcmp(op, "@@") ? "tsvector"
                    : strstr(op, "~") ? "text"
                    : same && array   ? array
                    : *to && !list    ? to
                                      : NULL;
            if (inner && is_text(inner) && !strstr(op, "~"))
                inner = "text";
            if (get(get(each, "lexpr"), "ColumnRef"))
                find_columns(c, get(each, "lexpr"), inner);
            else
                find_columns(c, get(each, "lexpr"), NULL);
            find_columns(c, get(each, "rexpr"), NULL);
            free(array);
            continue;
        }
        find_columns(c, each, !strcmp(each->string, "FuncCall") ? NULL : inner);
    }
}

/* The one statement `SELECT 1 FROM relation alias <rest>`, read. NULL: not understood. */
static struct table_use *use_of(struct plan_conditions *c, const char *rest, const char *type)
{
    struct strbuf b = {0};
    struct sd_error ignored;
    strbuf_str(&b, "SELECT 1 FROM ");
    if (*c->rel->schema) {
        sql_quote(c->rel->schema, &b);
        strbuf_char(&b, '.');
    }
    sql_quote(c->rel->name, &b);
    strbuf_char(&b, ' ');
    sql_quote(c->alias, &b);
    strbuf_printf(&b, " %s", rest);
    struct statement_use u = {0};
    cJSON *tree = sql_parse_tree(b.text);
    const cJSON *stmt = get(get(cJSON_GetArrayItem(get(tree, "stmts"), 0), "stmt"), "SelectStmt");
    bool ok = stmt && cJSON_GetArraySize(get(tree, "stmts")) == 1;
    if (ok) {
        const cJSON *where = get(stmt, "whereClause"), *not = get(get(where, "BoolExpr"), "args");
        bool flag = get(where, "ColumnRef") ||
                    (cJSON_GetArraySize(not ) == 1 && get(cJSON_GetArrayItem(not, 0), "ColumnRef"));
        find_columns(c, where, flag ? "bool" : type);
        find_columns(c, get(stmt, "sortClause"), type);
        ok = statement_use(c->catalog, b.text, &u, &ignored);
    }
    cJSON_Delete(tree);
    strbuf_free(&b);
    if (!ok)
        return NULL;
    c->uses = mem_grow(c->uses, c->n_uses, &c->cap_uses, sizeof *c->uses);
    c->uses[c->n_uses++] = u;
    return &u.items[0];
}

/* ---- one condition ---- */

/* A name with its bracket: "f(", but not "ANY (" as EXPLAIN writes it. */
static bool calls(const char *words)
{
    for (const char *p = strchr(words, '('); p; p = strchr(p + 1, '('))
        if (p > words && (p[-1] == '_' || (p[-1] >= '0' && p[-1] <= '9') || (p[-1] >= 'a' && p[-1] <= 'z')))
            return true;
    return false;
}

static struct plan_condition nothing(const char *sql, const struct table_use *u)
{
    char *words = bare(sql);
    bool pattern = strchr(words, '~') != NULL, other = strchr(words, '.') != NULL;
    struct plan_condition it = {.harmless = true};
    for (size_t i = 0; i < u->n_preds; i++)
        if (u->preds[i].in_or)
            it = (struct plan_condition){.why = "an OR, each side of which needs an index"};
    if (it.why)
        ;
    else if (strstr(words, "<>") || strstr(words, "!~"))
        it.why = "an inequality, which keeps almost everything";
    else if (strstr(words, "IS NOT NULL"))
        it.why = "IS NOT NULL";
    else if (strstr(words, "NOT "))
        it.why = "a negation";
    else {
        it.harmless = false;
        it.why = strstr(words, "subplan()") ? "a subquery"
                 : strstr(words, " OR ")    ? "an OR, each side of which needs an index"
                 : pattern                  ? "a pattern that is too short or too general for an index"
                 : strstr(words, "random")  ? "a volatile function, for which no index can be used"
                 : calls(words)         ? "a function of the column, which needs an index on that expression"
                 : strstr(words, ")::") ? "a cast of the column, which a plain index does not support"
                 : strpbrk(words, "+-*/%|") ? "an expression, which needs an index on it"
                 : other ? "a comparison within the table or with something that is not a column"
                         : "a comparison with another column of the table";
    }
    free(words);
    return it;
}

static bool in_arm(const struct table_use *u, size_t arm, const struct index_key *key)
{
    for (size_t i = 0; i < u->n_preds; i++)
        if (u->preds[i].arm == arm && u->preds[i].key.column == key->column &&
            str_eq(u->preds[i].key.expr, key->expr))
            return true;
    return false;
}

/* "((a = 1) AND (b = 2)) OR ((a = 3) AND (b = 4))", which was (a, b) IN (...): one index for all arms.
 * False: the arms compare other columns, or not by =. */
static bool add_arms(struct plan_conditions *c, const char *sql, const struct table_use *u)
{
    size_t first = u->n_preds ? u->preds[0].arm : 0, n = 0, ors = 0;
    char *words = bare(sql);
    for (const char *s = words; (s = strstr(s, " OR ")); s += 4)
        ors++;
    free(words);
    size_t arms = 0, seen = 0;
    for (size_t i = 0; i < u->n_preds; i++) {
        const struct pred *p = &u->preds[i];
        if (!p->in_or || (p->kind != PRED_EQUAL && p->kind != PRED_IN && p->kind != PRED_NULL))
            return false;
        arms += p->arm != seen;
        seen = p->arm;
        n += p->arm == first;
    }
    /* An arm without a predicate is one that no index serves. */
    bool same = ors > 0 && arms == ors + 1 && u->n_preds == n * arms && c->n + n <= PLAN_CONDITIONS;
    for (size_t i = 0; i < u->n_preds && same; i++)
        for (size_t k = 0; k < n && same; k++)
            same = in_arm(u, u->preds[i].arm, &u->preds[k].key);
    for (size_t k = 0; k < n && same; k++) {
        struct plan_condition *it = &c->items[c->n++];
        *it = (struct plan_condition){.pred = u->preds[k]};
        it->pred.kind = PRED_IN;
        it->pred.in_or = false;
    }
    return same;
}

static void add_one(struct plan_conditions *c, const char *sql)
{
    if (c->n == PLAN_CONDITIONS)
        return;
    char *rest = mem_printf("WHERE %s", sql);
    struct table_use *u = use_of(c, rest, NULL);
    free(rest);
    if (!u) {
        c->unread = true;
        return;
    }
    if (add_arms(c, sql, u))
        return;
    struct plan_condition *it = &c->items[c->n++];
    *it = (struct plan_condition){.why = NULL};
    const struct pred *best = NULL;
    for (size_t i = 0; i < u->n_preds; i++)
        if (!u->preds[i].in_or && (!best || u->preds[i].kind < best->kind))
            best = &u->preds[i];
    if (best && best->kind == PRED_CONTAINS && strchr(sql, '$'))
        *it = (struct plan_condition){.why = "a pattern that is not known here"};
    else if (best && best->kind == PRED_NOT_NULL)
        *it = (struct plan_condition){.why = "IS NOT NULL", .harmless = true};
    else if (best && best->kind == PRED_TRUE)
        *it = (struct plan_condition){.why = "a boolean column", .harmless = true};
    else if (best)
        it->pred = *best;
    else
        *it = nothing(sql, u);
}

/* Cuts at the ANDs of the outermost level. */
static void split(struct plan_conditions *c, char *sql)
{
    while (*sql == ' ')
        sql++;
    const char *end = *sql == '(' ? closing(sql) : NULL;
    if (end && !end[1 + strspn(end + 1, " ")]) { /* one bracket around all */
        char *inner = mem_printf("%.*s", (int)(end - sql - 1), sql + 1);
        split(c, inner);
        free(inner);
        return;
    }
    int depth = 0;
    struct sql_token t;
    char *begin = sql;
    for (const char *p = sql; (t = sql_lex(p)).kind != SQL_END; p = t.text + t.len) {
        if (t.kind == SQL_OTHER)
            depth += *t.text == '(' ? 1 : *t.text == ')' ? -1 : 0;
        if (depth || t.kind != SQL_WORD || t.len != 3 || memcmp(t.text, "AND", 3) != 0)
            continue;
        char *part = mem_printf("%.*s", (int)(t.text - begin), begin);
        split(c, part);
        free(part);
        begin = sql + (t.text + t.len - sql);
    }
    if (begin != sql)
        split(c, begin);
    else
        add_one(c, sql);
}

#define NESTED 1000

void plan_conditions_add(struct plan_conditions *c, const char *text)
{
    if (!text)
        return;
    char *sql = as_sql(text);
    size_t depth = 0;
    for (const char *p = sql; *p; p++)
        depth += *p == '(';
    if (depth < NESTED && sql_bounded(sql)) /* `split` goes as deep as there are brackets */
        split(c, sql);
    else
        c->unread = true;
    free(sql);
}

bool plan_conditions_order(struct plan_conditions *c, const struct plan_list *keys, struct ordering *out)
{
    struct strbuf b = {0};
    for (size_t i = 0; i < keys->n && i <= INDEX_KEYS; i++) {
        char *key = as_sql(keys->items[i]);
        strbuf_printf(&b, "%s%s", i ? ", " : "ORDER BY ", key);
        free(key);
    }
    strbuf_str(&b, " LIMIT 1");
    struct table_use *u = keys->n && keys->n <= INDEX_KEYS ? use_of(c, b.text, NULL) : NULL;
    strbuf_free(&b);
    if (!u || !u->n_orders || u->orders[0].n != keys->n)
        return false;
    *out = u->orders[0];
    return true;
}
