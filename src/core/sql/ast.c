#include "core/sql/ast.h"

#include <pg_query.h>
#include <stdlib.h>

#include "core/sql/lex.h"

/* ---- reading ---- */

static void *in_arena(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void in_arena_free(void *arena, void *p)
{
    (void)arena;
    (void)p;
}

/* How deep the JSON form nests; both forms nest alike. Strings are skipped. */
static size_t nesting(const char *json)
{
    size_t depth = 0, most = 0;
    for (const char *s = json; *s; s++) {
        if (*s == '"') {
            for (s++; *s && *s != '"'; s++)
                if (*s == '\\' && s[1])
                    s++;
            if (!*s)
                break;
        } else if (*s == '{' || *s == '[') {
            most = MAX(most, ++depth);
        } else if (*s == '}' || *s == ']') {
            depth -= depth > 0;
        }
    }
    return most;
}

static PgQuery__ParseResult *read_tree(struct arena *a, const char *sql)
{
    if (!sql || !sql_bounded(sql))
        return NULL;
    PgQueryParseResult plain = pg_query_parse(sql);
    bool ok = !plain.error && nesting(plain.parse_tree) <= AST_MAX_DEPTH;
    pg_query_free_parse_result(plain);
    if (!ok)
        return NULL;
    PgQueryProtobufParseResult r = pg_query_parse_protobuf(sql);
    ProtobufCAllocator allocator = {in_arena, in_arena_free, a};
    PgQuery__ParseResult *root = r.error ? NULL
                                         : pg_query__parse_result__unpack(&allocator, r.parse_tree.len,
                                                                          (const uint8_t *)r.parse_tree.data);
    pg_query_free_protobuf_parse_result(r);
    return root && root->n_stmts == 1 && root->stmts[0]->stmt ? root : NULL;
}

/* ---- writing ---- */

static const char *write_tree(struct arena *a, PgQuery__ParseResult *root)
{
    PgQueryProtobuf packed;
    packed.len = pg_query__parse_result__get_packed_size(root);
    packed.data = mem_alloc(packed.len + 1);
    pg_query__parse_result__pack(root, (uint8_t *)packed.data);
    PgQueryDeparseResult r = pg_query_deparse_protobuf(packed);
    const char *sql = r.error || !r.query ? NULL : arena_strdup(a, r.query);
    pg_query_free_deparse_result(r);
    free(packed.data);
    return sql;
}

static const char *write_stmt(const struct ast *t, Node *stmt)
{
    PgQuery__RawStmt raw = PG_QUERY__RAW_STMT__INIT;
    PgQuery__RawStmt *list[] = {&raw};
    PgQuery__ParseResult root = PG_QUERY__PARSE_RESULT__INIT;
    raw.stmt = stmt;
    root.version = t->root ? t->root->version : PG_VERSION_NUM;
    root.n_stmts = 1;
    root.stmts = list;
    return write_tree(t->arena, &root);
}

const char *ast_sql(const struct ast *t)
{
    return write_stmt(t, t->stmt);
}

const char *ast_select_text(const struct ast *t, Select *s)
{
    Node node = PG_QUERY__NODE__INIT;
    node.node_case = PG_QUERY__NODE__NODE_SELECT_STMT;
    node.select_stmt = s;
    return write_stmt(t, &node);
}

const char *ast_text(const struct ast *t, Node *n)
{
    PgQuery__ResTarget target = PG_QUERY__RES_TARGET__INIT;
    Select select = PG_QUERY__SELECT_STMT__INIT;
    Node target_node = PG_QUERY__NODE__INIT, *targets[] = {&target_node};
    if (!n)
        return NULL;
    target.val = n;
    target_node.node_case = PG_QUERY__NODE__NODE_RES_TARGET;
    target_node.res_target = &target;
    select.n_target_list = 1;
    select.target_list = targets;
    select.op = PG_QUERY__SET_OPERATION__SETOP_NONE;
    select.limit_option = PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_DEFAULT;
    const char *sql = ast_select_text(t, &select);
    return sql && str_starts(sql, "SELECT ") ? sql + 7 : NULL;
}

const char *ast_closed(const struct ast *t, Node *n)
{
    const char *s = ast_text(t, n);
    bool simple =
        s && n &&
        (n->node_case == PG_QUERY__NODE__NODE_COLUMN_REF || n->node_case == PG_QUERY__NODE__NODE_PARAM_REF ||
         n->node_case == PG_QUERY__NODE__NODE_A_CONST || n->node_case == PG_QUERY__NODE__NODE_FUNC_CALL ||
         n->node_case == PG_QUERY__NODE__NODE_TYPE_CAST);
    return !s || simple ? s : arena_printf(t->arena, "(%s)", s);
}

/* The writer of libpg_query has holes; what it cannot write as it was read is left alone. */
static bool comes_out_again(const struct ast *t, const char *sql)
{
    const char *again = ast_sql(t);
    PgQueryFingerprintResult a = pg_query_fingerprint(sql), b = {0};
    bool same = false;
    if (again && !a.error) {
        b = pg_query_fingerprint(again);
        same = !b.error && a.fingerprint == b.fingerprint;
        pg_query_free_fingerprint_result(b);
    }
    pg_query_free_fingerprint_result(a);
    return same;
}

bool ast_parse(struct arena *a, const char *sql, struct ast *out)
{
    *out = (struct ast){.arena = a, .root = read_tree(a, sql)};
    if (!out->root)
        return false;
    out->stmt = out->root->stmts[0]->stmt;
    return comes_out_again(out, sql);
}

static Select *select_of(struct arena *a, const char *sql)
{
    PgQuery__ParseResult *root = read_tree(a, sql);
    Node *stmt = root ? root->stmts[0]->stmt : NULL;
    return stmt && stmt->node_case == PG_QUERY__NODE__NODE_SELECT_STMT ? stmt->select_stmt : NULL;
}

Select *ast_select(const struct ast *t, const char *fmt, ...)
{
    struct strbuf b = {0};
    va_list ap;
    va_start(ap, fmt);
    strbuf_vprintf(&b, fmt, ap);
    va_end(ap);
    Select *s = select_of(t->arena, b.text);
    strbuf_free(&b);
    return s;
}

Node *ast_expr(const struct ast *t, const char *fmt, ...)
{
    struct strbuf b = {0};
    va_list ap;
    va_start(ap, fmt);
    strbuf_str(&b, "SELECT ");
    strbuf_vprintf(&b, fmt, ap);
    va_end(ap);
    Select *s = select_of(t->arena, b.text);
    strbuf_free(&b);
    if (!s || s->n_target_list != 1 || s->n_from_clause || s->where_clause || s->larg ||
        s->target_list[0]->node_case != PG_QUERY__NODE__NODE_RES_TARGET)
        return NULL;
    return s->target_list[0]->res_target->val;
}

/* ---- walking ---- */

static void walk_message(ProtobufCMessage *m, ast_visit *visit, void *ctx);

static void walk_field(const ProtobufCFieldDescriptor *f, void **slot, ast_visit *visit, void *ctx)
{
    if (!*slot)
        return;
    if (f->descriptor == &pg_query__node__descriptor)
        ast_walk_slot((Node **)slot, visit, ctx);
    else
        walk_message(*slot, visit, ctx);
}

static void walk_message(ProtobufCMessage *m, ast_visit *visit, void *ctx)
{
    for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
        char *base = (char *)m;
        if (f->type != PROTOBUF_C_TYPE_MESSAGE)
            continue;
        if (f->label == PROTOBUF_C_LABEL_REPEATED) {
            size_t n = *(size_t *)(void *)(base + f->quantifier_offset);
            void **items = *(void ***)(void *)(base + f->offset);
            for (size_t k = 0; k < n; k++)
                walk_field(f, &items[k], visit, ctx);
        } else if (!(f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) ||
                   *(uint32_t *)(void *)(base + f->quantifier_offset) == f->id) {
            walk_field(f, (void **)(void *)(base + f->offset), visit, ctx);
        }
    }
}

void ast_walk_slot(Node **slot, ast_visit *visit, void *ctx)
{
    if (*slot && visit(ctx, slot) && *slot)
        walk_message(&(*slot)->base, visit, ctx);
}

/* ---- readers ---- */

#define IS(n, CASE) ((n) && (n)->node_case == PG_QUERY__NODE__NODE_##CASE)

const char *ast_name(const Node *n)
{
    return IS(n, STRING) ? n->string->sval : NULL;
}

const char *ast_last(size_t n, Node *const *names)
{
    const char *s = n ? ast_name(names[n - 1]) : NULL;
    return s ? s : "";
}

const char *ast_column(const Node *n)
{
    if (!IS(n, COLUMN_REF) || !n->column_ref->n_fields)
        return NULL;
    return ast_name(n->column_ref->fields[n->column_ref->n_fields - 1]);
}

const char *ast_qualifier(const Node *n)
{
    if (!IS(n, COLUMN_REF) || n->column_ref->n_fields < 2)
        return NULL;
    return ast_name(n->column_ref->fields[n->column_ref->n_fields - 2]);
}

const char *ast_operator(const Node *n)
{
    if (!IS(n, A_EXPR) || n->a_expr->kind != PG_QUERY__A__EXPR__KIND__AEXPR_OP || !n->a_expr->lexpr ||
        !n->a_expr->rexpr)
        return NULL;
    return ast_last(n->a_expr->n_name, n->a_expr->name);
}

const char *ast_function(const Node *n)
{
    return IS(n, FUNC_CALL) ? ast_last(n->func_call->n_funcname, n->func_call->funcname) : NULL;
}

const char *ast_cast(const Node *n)
{
    return IS(n, TYPE_CAST) && n->type_cast->type_name && !n->type_cast->type_name->n_array_bounds
               ? ast_last(n->type_cast->type_name->n_names, n->type_cast->type_name->names)
               : NULL;
}

bool ast_integer(const Node *n, int64_t *out)
{
    bool minus = false;
    while (n) {
        if (IS(n, TYPE_CAST)) {
            n = n->type_cast->arg;
        } else if (IS(n, A_EXPR) && !n->a_expr->lexpr &&
                   !strcmp(ast_last(n->a_expr->n_name, n->a_expr->name), "-")) {
            minus = !minus;
            n = n->a_expr->rexpr;
        } else {
            break;
        }
    }
    if (!IS(n, A_CONST) || n->a_const->isnull)
        return false;
    const char *text = NULL;
    switch (n->a_const->val_case) {
    case PG_QUERY__A__CONST__VAL_IVAL:
        *out = minus ? -(int64_t)n->a_const->ival->ival : n->a_const->ival->ival;
        return true;
    case PG_QUERY__A__CONST__VAL_FVAL:
        text = n->a_const->fval->fval;
        break;
    case PG_QUERY__A__CONST__VAL_SVAL:
        text = n->a_const->sval->sval;
        break;
    default:
        return false;
    }
    char *end;
    double v = text && *text ? strtod(text, &end) : NAN;
    if (!(fabs(v) < 9e15) || *end || floor(v) != v)
        return false;
    *out = (int64_t)(minus ? -v : v);
    return true;
}

const char *ast_string(const Node *n)
{
    if (IS(n, TYPE_CAST))
        n = n->type_cast->arg;
    return IS(n, A_CONST) && !n->a_const->isnull && n->a_const->val_case == PG_QUERY__A__CONST__VAL_SVAL
               ? n->a_const->sval->sval
               : NULL;
}

bool ast_is_constant(const Node *n)
{
    while (IS(n, TYPE_CAST))
        n = n->type_cast->arg;
    return IS(n, A_CONST) || IS(n, PARAM_REF);
}

struct columns {
    Node *first;
    size_t n;
};

static bool see_column(void *ctx, Node **slot)
{
    struct columns *c = ctx;
    if (IS(*slot, SUB_LINK))
        return false;
    if (!IS(*slot, COLUMN_REF))
        return true;
    if (!c->first)
        c->first = *slot;
    c->n++;
    return false;
}

Node *ast_first_column(Node *n, size_t *count)
{
    struct columns c = {0};
    ast_walk_slot(&n, see_column, &c);
    if (count)
        *count = c.n;
    return c.first;
}

struct mention {
    PgQuery__Node__NodeCase kind;
    bool found;
};

static bool see_kind(void *ctx, Node **slot)
{
    struct mention *m = ctx;
    m->found = m->found || (*slot)->node_case == m->kind;
    return !m->found;
}

bool ast_mentions(Node *n, PgQuery__Node__NodeCase kind)
{
    struct mention m = {.kind = kind, .found = false};
    ast_walk_slot(&n, see_kind, &m);
    return m.found;
}

static bool see_volatile(void *ctx, Node **slot)
{
    static const char *const volatiles[] = {
        "random",    "clock_timestamp", "nextval",          "gen_random_uuid",
        "timeofday", "setval",          "uuid_generate_v4", "uuid_generate_v1",
        "currval",   "lastval",         "set_config",       "pg_sleep",
        NULL};
    bool *found = ctx;
    const char *f = ast_function(*slot);
    *found = *found || (f && str_find(volatiles, f) >= 0);
    return !*found;
}

bool ast_volatile(Node *n)
{
    bool found = false;
    ast_walk_slot(&n, see_volatile, &found);
    return found;
}

static bool see_aggregate(void *ctx, Node **slot)
{
    static const char *const names[] = {"count",
                                        "sum",
                                        "avg",
                                        "min",
                                        "max",
                                        "array_agg",
                                        "string_agg",
                                        "bool_and",
                                        "bool_or",
                                        "every",
                                        "json_agg",
                                        "jsonb_agg",
                                        "json_object_agg",
                                        "jsonb_object_agg",
                                        "stddev",
                                        "variance",
                                        "stddev_pop",
                                        "stddev_samp",
                                        "var_pop",
                                        "var_samp",
                                        "percentile_cont",
                                        "percentile_disc",
                                        "mode",
                                        "corr",
                                        "bit_and",
                                        "bit_or",
                                        "xmlagg",
                                        "regr_slope",
                                        "any_value",
                                        "range_agg",
                                        NULL};
    bool *found = ctx;
    const char *f = ast_function(*slot);
    if (IS(*slot, SUB_LINK) || IS(*slot, RANGE_SUBSELECT))
        return false;
    if (f && ((*slot)->func_call->over || (*slot)->func_call->agg_star || (*slot)->func_call->agg_filter ||
              (*slot)->func_call->agg_distinct || (*slot)->func_call->n_agg_order || str_find(names, f) >= 0))
        *found = true;
    return !*found;
}

bool ast_aggregates(Select *s)
{
    bool found = s->n_group_clause || s->having_clause || s->n_window_clause;
    for (size_t i = 0; i < s->n_target_list; i++)
        ast_walk_slot(&s->target_list[i], see_aggregate, &found);
    for (size_t i = 0; i < s->n_sort_clause; i++)
        ast_walk_slot(&s->sort_clause[i], see_aggregate, &found);
    return found;
}

void ast_conjuncts(Node **slot, struct ast_parts *out)
{
    Node *n = *slot;
    if (!n)
        return;
    if (IS(n, BOOL_EXPR) && n->bool_expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR) {
        for (size_t i = 0; i < n->bool_expr->n_args; i++)
            ast_conjuncts(&n->bool_expr->args[i], out);
    } else if (out->n < ARRAY_LEN(out->items)) {
        out->items[out->n++] = slot;
    }
}

static void add_from(Node *n, bool optional, struct ast_froms *out)
{
    if (IS(n, JOIN_EXPR)) {
        const PgQuery__JoinExpr *j = n->join_expr;
        bool left = j->jointype == PG_QUERY__JOIN_TYPE__JOIN_LEFT,
             right = j->jointype == PG_QUERY__JOIN_TYPE__JOIN_RIGHT,
             full = j->jointype == PG_QUERY__JOIN_TYPE__JOIN_FULL;
        if (left || right || full || j->is_natural || j->n_using_clause || j->alias)
            out->plain = false;
        add_from(j->larg, optional || right || full, out);
        add_from(j->rarg, optional || left || full, out);
        return;
    }
    struct ast_from f = {.optional = optional};
    if (IS(n, RANGE_VAR)) {
        f.table = n->range_var;
        f.name = f.table->alias ? f.table->alias->aliasname : f.table->relname;
    } else {
        out->plain = false;
        if (IS(n, RANGE_SUBSELECT) && n->range_subselect->alias)
            f.name = n->range_subselect->alias->aliasname;
        else if (IS(n, RANGE_FUNCTION) && n->range_function->alias)
            f.name = n->range_function->alias->aliasname;
    }
    if (out->n < ARRAY_LEN(out->items))
        out->items[out->n++] = f;
    else
        out->plain = false;
}

void ast_froms(Select *s, struct ast_froms *out)
{
    *out = (struct ast_froms){.plain = true};
    for (size_t i = 0; i < s->n_from_clause; i++)
        add_from(s->from_clause[i], false, out);
}
