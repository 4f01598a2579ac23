#include "core/sql/statement.h"
#include "core/indexes/table_use_expr.h"

#define get tree_get

const cJSON *tree_get(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

const char *tree_string(const cJSON *node)
{
    return cJSON_GetStringValue(get(get(node, "String"), "sval"));
}

const char *tree_last(const cJSON *list)
{
    int n = cJSON_GetArraySize(list);
    const char *s = n > 0 ? tree_string(cJSON_GetArrayItem(list, n - 1)) : NULL;
    return s ? s : "";
}

const char *tree_text(const cJSON *node)
{
    const cJSON *cast = get(node, "TypeCast");
    const cJSON *value = get(get(cast ? get(cast, "arg") : node, "A_Const"), "sval");
    const char *s = cJSON_GetStringValue(get(value, "sval"));
    return s ? s : value ? "" : NULL;
}

bool tree_steady(const cJSON *node)
{
    static const char *const volatiles[] = {"random",    "clock_timestamp", "nextval", "gen_random_uuid",
                                            "timeofday", "setval",          NULL};
    const cJSON *each;
    cJSON_ArrayForEach(each, node)
    {
        if (each->string && !strcmp(each->string, "funcname") && str_find(volatiles, tree_last(each)) >= 0)
            return false;
        if (!tree_steady(each))
            return false;
    }
    return true;
}

/* ---- writing ---- */

static void quoted(const char *s, struct strbuf *out)
{
    strbuf_char(out, '\'');
    for (; *s; s++) {
        if (*s == '\'')
            strbuf_char(out, '\'');
        strbuf_char(out, *s);
    }
    strbuf_char(out, '\'');
}

static bool write_constant(const cJSON *c, struct strbuf *out)
{
    const cJSON *ival = get(c, "ival"), *fval = get(c, "fval"), *sval = get(c, "sval"),
                *boolval = get(c, "boolval");
    if (ival) {
        const cJSON *n = get(ival, "ival");
        strbuf_printf(out, "%lld", cJSON_IsNumber(n) ? (long long)n->valuedouble : 0);
    } else if (fval) {
        strbuf_str(out, cJSON_GetStringValue(get(fval, "fval")));
    } else if (sval) {
        const char *s = cJSON_GetStringValue(get(sval, "sval"));
        if (s && strchr(s, '\\'))
            return false;
        quoted(s ? s : "", out);
    } else if (boolval) {
        strbuf_str(out, cJSON_IsTrue(get(boolval, "boolval")) ? "true" : "false");
    } else {
        return false;
    }
    return true;
}

static bool write_list(const struct tree_writer *w, const cJSON *list, struct strbuf *out)
{
    const cJSON *each;
    bool first = true;
    cJSON_ArrayForEach(each, list)
    {
        strbuf_str(out, first ? "" : ", ");
        first = false;
        if (!tree_write(w, each, out))
            return false;
    }
    return true;
}

static bool write_cast(const struct tree_writer *w, const cJSON *cast, struct strbuf *out)
{
    const cJSON *type = get(cast, "typeName");
    if (get(type, "typmods"))
        return false;
    bool simple = get(get(cast, "arg"), "ColumnRef") || get(get(cast, "arg"), "A_Const");
    strbuf_str(out, simple ? "" : "(");
    if (!tree_write(w, get(cast, "arg"), out))
        return false;
    strbuf_str(out, simple ? "::" : ")::");
    sql_quote(tree_last(get(type, "names")), out);
    strbuf_str(out, get(type, "arrayBounds") ? "[]" : "");
    return true;
}

static bool write_operator(const struct tree_writer *w, const cJSON *e, struct strbuf *out)
{
    const char *kind = cJSON_GetStringValue(get(e, "kind")), *op = tree_last(get(e, "name"));
    const cJSON *left = get(e, "lexpr"), *right = get(e, "rexpr");
    if (str_eq(kind, "AEXPR_IN") && !strcmp(op, "=")) {
        if (!left || !tree_write(w, left, out))
            return false;
        strbuf_str(out, " IN (");
        bool ok = write_list(w, get(get(right, "List"), "items"), out);
        strbuf_char(out, ')');
        return ok;
    }
    if (str_eq(kind, "AEXPR_BETWEEN") && left) {
        const cJSON *ends = get(get(right, "List"), "items");
        if (!tree_write(w, left, out))
            return false;
        strbuf_str(out, " BETWEEN ");
        if (!tree_write(w, cJSON_GetArrayItem(ends, 0), out))
            return false;
        strbuf_str(out, " AND ");
        return tree_write(w, cJSON_GetArrayItem(ends, 1), out);
    }
    if ((!str_eq(kind, "AEXPR_OP") && !str_eq(kind, "AEXPR_LIKE") && !str_eq(kind, "AEXPR_ILIKE")) || !left ||
        !right)
        return false;
    /* nested operators keep their order by parentheses */
    for (int side = 0; side < 2; side++) {
        const cJSON *part = side ? right : left;
        bool nested = get(part, "A_Expr") != NULL;
        strbuf_str(out, nested ? "(" : "");
        if (!tree_write(w, part, out))
            return false;
        strbuf_str(out, nested ? ")" : "");
        if (!side)
            strbuf_printf(out, " %s ", op);
    }
    return true;
}

/* cJSON bounds the depth. */
bool tree_write(const struct tree_writer *w, const cJSON *node, struct strbuf *out)
{
    if (get(node, "kind") && get(node, "name")) /* the inside of an A_Expr */
        return write_operator(w, node, out);
    if (get(node, "ColumnRef")) {
        const char *name = w->column(w->ctx, get(node, "ColumnRef"));
        if (name)
            sql_quote(name, out);
        return name != NULL;
    }
    if (get(node, "A_Const"))
        return write_constant(get(node, "A_Const"), out);
    if (get(node, "TypeCast"))
        return write_cast(w, get(node, "TypeCast"), out);
    if (get(node, "A_Expr"))
        return write_operator(w, get(node, "A_Expr"), out);
    if (get(node, "List")) {
        return write_list(w, get(get(node, "List"), "items"), out);
    }
    if (get(node, "A_ArrayExpr")) {
        strbuf_str(out, "ARRAY[");
        bool ok = write_list(w, get(get(node, "A_ArrayExpr"), "elements"), out);
        strbuf_char(out, ']');
        return ok;
    }
    const cJSON *f = get(node, "FuncCall");
    if (f && !get(f, "agg_star") && !get(f, "agg_distinct") && !get(f, "over") && !get(f, "agg_order")) {
        sql_quote(tree_last(get(f, "funcname")), out);
        strbuf_char(out, '(');
        bool ok = write_list(w, get(f, "args"), out);
        strbuf_char(out, ')');
        return ok;
    }
    return false;
}

/* Immutable whatever the types of their arguments are. */
static const char *const IMMUTABLE[] = {"lower",       "upper",
                                        "substring",   "substr",
                                        "left",        "right",
                                        "btrim",       "ltrim",
                                        "rtrim",       "length",
                                        "char_length", "abs",
                                        "md5",         "reverse",
                                        "replace",     "split_part",
                                        "floor",       "ceil",
                                        "round",       "mod",
                                        "to_tsvector", "jsonb_extract_path_text",
                                        NULL};

bool tree_indexable(const struct tree_writer *w, const cJSON *node)
{
    const cJSON *f = get(node, "FuncCall"), *cast = get(node, "TypeCast"), *e = get(node, "A_Expr"), *each;
    if (get(node, "ColumnRef") || get(node, "A_Const"))
        return true;
    if (cast) {
        const char *to = tree_last(get(get(cast, "typeName"), "names"));
        const cJSON *ref = get(get(cast, "arg"), "ColumnRef");
        const char *from = ref ? w->type(w->ctx, ref) : NULL;
        if (get(get(cast, "arg"), "A_Const"))
            return true;
        return from && ((!strcmp(to, "date") && !strcmp(from, "timestamp")) ||
                        ((!strcmp(to, "int4") || !strcmp(to, "int8")) &&
                         (!strcmp(from, "text") || !strcmp(from, "varchar"))) ||
                        (!strcmp(to, "text") &&
                         (!strcmp(from, "int4") || !strcmp(from, "int8") || !strcmp(from, "uuid") ||
                          !strcmp(from, "text") || !strcmp(from, "varchar"))));
    }
    if (f) {
        const char *name = tree_last(get(f, "funcname"));
        if (str_find(IMMUTABLE, name) < 0)
            return false;
        /* only with its configuration named is it immutable */
        if (!strcmp(name, "to_tsvector") && cJSON_GetArraySize(get(f, "args")) != 2)
            return false;
        cJSON_ArrayForEach(each, get(f, "args")) if (!tree_indexable(w, each)) return false;
        return true;
    }
    if (e && str_eq(cJSON_GetStringValue(get(e, "kind")), "AEXPR_OP")) {
        static const char *const ops[] = {"->>", "->", "||", NULL};
        return str_find(ops, tree_last(get(e, "name"))) >= 0 && tree_indexable(w, get(e, "lexpr")) &&
               tree_indexable(w, get(e, "rexpr"));
    }
    return false;
}

const char *tree_type(const cJSON *node)
{
    if (get(node, "TypeCast"))
        return "";
    const char *name = tree_last(get(get(node, "FuncCall"), "funcname"));
    static const char *const numbers[] = {"length", "char_length", "abs", "floor",
                                          "ceil",   "round",       "mod", NULL};
    if (!strcmp(name, "to_tsvector"))
        return "tsvector";
    return *name && str_find(numbers, name) < 0 ? "text" : NULL;
}
