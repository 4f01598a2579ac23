#include "core/sql/uses.h"

#include <stdlib.h>

static const cJSON *field(const cJSON *node, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(node, name);
}

static const char *node_text(const cJSON *node, const char *name)
{
    return cJSON_GetStringValue(field(node, name));
}

static void add_use(struct sql_use_list *l, const char *schema, const char *name, int literals)
{
    if (!name)
        return;
    for (size_t i = 0; i < l->n; i++)
        if (str_eq(l->list[i].name, name) && str_eq(l->list[i].schema, schema)) {
            l->list[i].literals = MAX(l->list[i].literals, literals);
            return;
        }
    l->list = mem_grow(l->list, l->n, &l->cap, sizeof *l->list);
    l->list[l->n++] = (struct sql_use){
        .schema = schema ? mem_strdup(schema) : NULL, .name = mem_strdup(name), .literals = literals};
}

/* A list of String nodes: [catalog.][schema.]name */
static void add_list(struct sql_use_list *l, const cJSON *names, int literals)
{
    int n = cJSON_GetArraySize(names);
    if (n < 1)
        return;
    const char *name = node_text(field(cJSON_GetArrayItem(names, n - 1), "String"), "sval");
    const char *schema = n > 1 ? node_text(field(cJSON_GetArrayItem(names, n - 2), "String"), "sval") : NULL;
    add_use(l, schema, name, literals);
}

/* A string or NULL without a cast: its type is whatever the function or operator wants. */
static int literals_in(const cJSON *expr)
{
    int n = 0;
    if (cJSON_IsArray(expr)) {
        for (const cJSON *c = expr->child; c; c = c->next)
            n += literals_in(c);
        return n;
    }
    const cJSON *constant = field(expr, "A_Const");
    if (constant)
        return field(constant, "ival") || field(constant, "fval") || field(constant, "boolval") ? 0 : 1;
    static const char *const wrapped[][2] = {
        {"List", "items"}, {"RowExpr", "args"}, {"SortBy", "node"}, {"NamedArgExpr", "arg"}};
    for (size_t i = 0; i < ARRAY_LEN(wrapped); i++) {
        const cJSON *inner = field(field(expr, wrapped[i][0]), wrapped[i][1]);
        if (inner)
            return literals_in(inner) > 0;
    }
    return 0;
}

/* `key` is the name under which the node stands, or its type: both say what it is. */
static void collect(const char *key, const cJSON *node, struct sql_uses *u)
{
    if (strcmp(key, "RangeVar") == 0 || strcmp(key, "relation") == 0) {
        if (node_text(node, "relname"))
            add_use(&u->relations, node_text(node, "schemaname"), node_text(node, "relname"), 0);
    } else if (strcmp(key, "FuncCall") == 0 || field(node, "funcname")) {
        int literals = literals_in(field(node, "args")) + literals_in(field(node, "agg_order"));
        add_list(&u->functions, field(node, "funcname"), literals);
        add_list(&u->types, field(node, "funcname"), 0); /* text(x) is a cast */
    } else if (strcmp(key, "A_Expr") == 0) {
        int literals = literals_in(field(node, "lexpr")) + literals_in(field(node, "rexpr"));
        static const char *const comparisons[] = {"=", "<>", "<", ">", "<=", ">=", NULL};
        const char *kind = node_text(node, "kind");
        add_list(&u->operators, field(node, "name"), literals);
        if (kind && strstr(kind, "BETWEEN"))
            for (size_t i = 0; comparisons[i]; i++)
                add_use(&u->operators, NULL, comparisons[i], literals);
    } else if (strcmp(key, "CaseExpr") == 0) {
        if (field(node, "arg"))
            add_use(&u->operators, NULL, "=", literals_in(field(node, "arg")) + 1);
    } else if (strcmp(key, "SubLink") == 0) {
        add_use(&u->operators, NULL, "=", literals_in(field(node, "testexpr")));
    } else if (strcmp(key, "ColumnRef") == 0) {
        if (cJSON_GetArraySize(field(node, "fields")) > 1)
            add_list(&u->attributes, field(node, "fields"), 0);
    } else if (strcmp(key, "LockingClause") == 0) {
        u->locks = true;
    } else if (strcmp(key, "RangeTableSample") == 0) {
        add_list(&u->functions, field(node, "method"), 0);
    }
    const cJSON *names = field(node, "names"); /* of a TypeName, wrapped or not */
    if (cJSON_IsArray(names))
        add_list(&u->types, names, 0);
    if (field(node, "operName"))
        add_list(&u->operators, field(node, "operName"), literals_in(field(node, "testexpr")));
    if (field(node, "useOp"))
        add_list(&u->operators, field(node, "useOp"), 0);
    for (const cJSON *c = cJSON_IsArray(field(node, "indirection")) ? field(node, "indirection")->child
                                                                    : NULL;
         c; c = c->next)
        add_use(&u->attributes, NULL, node_text(field(c, "String"), "sval"), 0);
}

/* cJSON refuses more than 1000 levels, so the recursion is bounded. */
static void walk(const cJSON *node, struct sql_uses *u)
{
    for (const cJSON *c = node->child; c; c = c->next) {
        if (cJSON_IsObject(c))
            collect(c->string ? c->string : "", c, u);
        walk(c, u);
    }
}

void sql_uses_collect(const cJSON *tree, struct sql_uses *u)
{
    const cJSON *first = field(tree, "stmts");
    const cJSON *statement = first && first->child ? field(first->child, "stmt") : NULL;
    u->modifies = statement && statement->child && !str_eq(statement->child->string, "SelectStmt");
    add_use(&u->operators, NULL, "=", 0); /* JOIN USING and the like do not name it */
    walk(tree, u);
}

static void list_free(struct sql_use_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        free(l->list[i].schema);
        free(l->list[i].name);
    }
    free(l->list);
    *l = (struct sql_use_list){0};
}

void sql_uses_free(struct sql_uses *u)
{
    list_free(&u->relations);
    list_free(&u->functions);
    list_free(&u->operators);
    list_free(&u->types);
    list_free(&u->attributes);
}
