/* table_use.c - from the parse tree to the conditions and orders on each table.
 *
 * cJSON refuses more than 1000 levels, so walks over one tree are bounded; views and
 * CTEs are entered at most MAX_DEPTH deep. */
#include "core/indexes/table_use_private.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>

static struct result query(struct walker *w, struct scope *parent, const cJSON *select);

struct table_use *use_of(struct walker *w, size_t i)
{
    return &w->out->items[i];
}

/* ---- names ---- */

static struct place in_binding(struct walker *w, const struct binding *b, const char *column, bool *found)
{
    *found = false;
    if (b->use != NONE) {
        int at = db_catalog_position(use_of(w, b->use)->rel, column);
        *found = at >= 0;
        return (struct place){.use = at >= 0 ? b->use : NONE, .column = at};
    }
    for (size_t i = 0; i < b->n; i++)
        if (str_eq(b->outputs[i].name, column)) {
            *found = true;
            return b->outputs[i].place;
        }
    return (struct place){.use = NONE, .column = -1};
}

struct place use_resolve(struct walker *w, const struct scope *s, const cJSON *column_ref)
{
    const cJSON *fields = get(column_ref, "fields");
    int n = cJSON_GetArraySize(fields);
    const char *column = tree_string(cJSON_GetArrayItem(fields, n - 1));
    const char *table = n > 1 ? tree_string(cJSON_GetArrayItem(fields, n - 2)) : NULL;
    for (; s && column; s = s->parent)
        for (const struct binding *b = s->bindings; b; b = b->next) {
            bool found;
            if (table && !str_eq(b->name, table))
                continue;
            struct place p = in_binding(w, b, column, &found);
            if (found)
                return p;
        }
    return (struct place){.use = NONE, .column = -1};
}

/* The column behind an expression, through casts that change nothing. */
struct place use_column_of(struct walker *w, const struct scope *s, const cJSON *node)
{
    const cJSON *cast = get(node, "TypeCast");
    if (cast) {
        struct place p = use_column_of(w, s, get(cast, "arg"));
        const char *type = tree_last(get(get(cast, "typeName"), "names"));
        if (p.use == NONE)
            return p;
        const char *own = use_of(w, p.use)->rel->columns[p.column].type;
        bool text = (!strcmp(type, "text") || !strcmp(type, "varchar")) &&
                    (!strcmp(own, "text") || !strcmp(own, "varchar"));
        return text || !strcmp(type, own) ? p : (struct place){.use = NONE, .column = -1};
    }
    const cJSON *ref = get(node, "ColumnRef");
    return ref ? use_resolve(w, s, ref) : (struct place){.use = NONE, .column = -1};
}

void use_need(struct walker *w, struct place p)
{
    if (p.use != NONE && p.column >= 0)
        use_of(w, p.use)->needed[p.column] += use_of(w, p.use)->needed[p.column] < 255;
}

static void find_refs(struct walker *w, const struct scope *s, const cJSON *node, struct refs *r)
{
    const cJSON *each;
    cJSON_ArrayForEach(each, node)
    {
        if (each->string && !strcmp(each->string, "SubLink")) {
            r->subquery = true;
            continue;
        }
        if (each->string && !strcmp(each->string, "ColumnRef")) {
            struct place p = use_resolve(w, s, each);
            if (p.use == NONE)
                r->opaque = true;
            else if (r->use == NONE)
                r->use = p.use;
            else if (r->use != p.use)
                r->several = true;
            continue;
        }
        find_refs(w, s, each, r);
    }
}

struct refs use_refs_of(struct walker *w, const struct scope *s, const cJSON *node)
{
    struct refs r = {.use = NONE};
    find_refs(w, s, node, &r);
    return r;
}

bool use_constant(struct walker *w, const struct scope *s, const cJSON *node)
{
    struct refs r = use_refs_of(w, s, node);
    return r.use == NONE && !r.several && !r.opaque && !r.subquery && tree_steady(node);
}

void use_sublink(struct walker *w, struct scope *s, const cJSON *link)
{
    const char *kind = cJSON_GetStringValue(get(link, "subLinkType"));
    const cJSON *test = get(link, "testexpr");
    struct result r = query(w, s, get(get(link, "subselect"), "SelectStmt"));
    const cJSON *row = get(get(test, "RowExpr"), "args");
    size_t n = row ? (size_t)cJSON_GetArraySize(row) : 1;
    /* x IN (SELECT y ...) is a join, and so is (x, y) IN (SELECT a, b ...) */
    for (size_t i = 0; test && str_eq(kind, "ANY_SUBLINK") && i < n && n == r.n; i++) {
        struct place mine = use_column_of(w, s, row ? cJSON_GetArrayItem(row, (int)i) : test);
        use_join_pair(w, mine, r.items[i].place);
        w->served++;
    }
    use_walk(w, s, test);
}

/* ---- expressions: every column read, every subquery ---- */

static void add_ordering(struct walker *w, const struct place *at, const struct index_key *keys, size_t n,
                         bool group, bool limit)
{
    size_t same = 0;
    while (same < n && same < INDEX_KEYS && at[same].use == at[0].use)
        same++;
    if (!n || at[0].use == NONE)
        return;
    struct table_use *u = use_of(w, at[0].use);
    if (u->n_orders == USE_ORDERS)
        return;
    struct ordering *o = &u->orders[u->n_orders++];
    *o = (struct ordering){.n = same, .group = group, .limit = limit};
    memcpy(o->keys, keys, same * sizeof *keys);
}

static void sort_key(struct walker *w, struct scope *s, const cJSON *sort_by, const cJSON *node,
                     struct place *at, struct index_key *key)
{
    size_t use;
    bool desc = str_eq(cJSON_GetStringValue(get(sort_by, "sortby_dir")), "SORTBY_DESC");
    const char *nulls = cJSON_GetStringValue(get(sort_by, "sortby_nulls"));
    *at = (struct place){.use = NONE, .column = -1};
    if (!use_key_of(w, s, node, &use, key))
        return;
    *at = (struct place){.use = use, .column = key->column};
    key->desc = desc;
    key->nulls_first = str_eq(nulls, "SORTBY_NULLS_FIRST") || (desc && !str_eq(nulls, "SORTBY_NULLS_LAST"));
}

static void window(struct walker *w, struct scope *s, const cJSON *over)
{
    struct place at[INDEX_KEYS] = {{0}};
    struct index_key keys[INDEX_KEYS] = {{0}};
    size_t n = 0;
    const cJSON *each;
    cJSON_ArrayForEach(each, get(over, "partitionClause")) if (n < INDEX_KEYS)
    {
        sort_key(w, s, NULL, each, &at[n], &keys[n]);
        n++;
    }
    cJSON_ArrayForEach(each, get(over, "orderClause")) if (n < INDEX_KEYS)
    {
        const cJSON *by = get(each, "SortBy");
        sort_key(w, s, by, get(by, "node"), &at[n], &keys[n]);
        n++;
    }
    add_ordering(w, at, keys, n, false, false);
}

void use_call(struct walker *w, struct scope *s, const cJSON *f)
{
    const char *name = tree_last(get(f, "funcname"));
    const cJSON *args = get(f, "args");
    bool max = !strcmp(name, "max");
    if ((max || !strcmp(name, "min")) && cJSON_GetArraySize(args) == 1) {
        struct place at;
        struct index_key key;
        sort_key(w, s, NULL, cJSON_GetArrayItem(args, 0), &at, &key);
        add_ordering(w, &at, &key, 1, false, true);
    }
    if (get(f, "over"))
        window(w, s, get(f, "over"));
}

void use_walk(struct walker *w, struct scope *s, const cJSON *node)
{
    const cJSON *each;
    cJSON_ArrayForEach(each, node)
    {
        if (!each->string) {
            use_walk(w, s, each);
        } else if (!strcmp(each->string, "ColumnRef")) {
            const cJSON *fields = get(each, "fields");
            const cJSON *last = cJSON_GetArrayItem(fields, cJSON_GetArraySize(fields) - 1);
            if (get(last, "A_Star")) {
                const char *table =
                    cJSON_GetArraySize(fields) > 1
                        ? tree_string(cJSON_GetArrayItem(fields, cJSON_GetArraySize(fields) - 2))
                        : NULL;
                for (struct binding *b = s->bindings; b; b = b->next)
                    if (!table || str_eq(table, b->name)) {
                        if (b->use != NONE)
                            use_of(w, b->use)->whole_row = true;
                        for (size_t i = 0; i < b->n; i++)
                            use_need(w, b->outputs[i].place);
                    }
                continue;
            }
            struct place p = use_resolve(w, s, each);
            use_need(w, p);
            if (p.use == NONE && cJSON_GetArraySize(fields) == 1) /* a whole row by its table's name */
                for (struct binding *b = s->bindings; b; b = b->next)
                    if (b->use != NONE && str_eq(b->name, tree_string(last)))
                        use_of(w, b->use)->whole_row = true;
        } else if (!strcmp(each->string, "SubLink")) {
            use_sublink(w, s, each);
        } else if (!strcmp(each->string, "SelectStmt")) {
            query(w, s, each);
        } else {
            if (!strcmp(each->string, "FuncCall"))
                use_call(w, s, each);
            use_walk(w, s, each);
        }
    }
}

/* ---- FROM ---- */

static struct binding *bind(struct walker *w, struct scope *s, const char *name)
{
    struct binding *b = arena_alloc(w->out->arena, sizeof *b);
    b->name = arena_strdup(w->out->arena, name);
    b->use = NONE;
    struct binding **end = &s->bindings;
    while (*end)
        end = &(*end)->next;
    *end = b;
    return b;
}

static size_t new_use(struct walker *w, const struct catalog_relation *rel)
{
    if (w->out->n >= MAX_USES)
        return NONE;
    w->out->items = mem_grow(w->out->items, w->out->n, &w->out->cap, sizeof *w->out->items);
    struct table_use *u = &w->out->items[w->out->n];
    *u = (struct table_use){.rel = rel};
    u->needed = arena_alloc(w->out->arena, rel->n_columns + 1);
    return w->out->n++;
}

static void rename_outputs(struct walker *w, struct binding *b, const cJSON *colnames)
{
    size_t i = 0;
    const cJSON *each;
    cJSON_ArrayForEach(each, colnames) if (i < b->n) b->outputs[i++].name =
        arena_strdup(w->out->arena, tree_string(each));
}

static const cJSON *first_statement(const cJSON *tree)
{
    return get(cJSON_GetArrayItem(get(tree, "stmts"), 0), "stmt");
}

static void bind_view(struct walker *w, struct binding *b, const struct catalog_relation *rel)
{
    cJSON *tree = rel->view ? sql_parse_tree(rel->view) : NULL;
    if (!tree)
        return;
    w->trees = mem_grow(w->trees, w->n_trees, &w->cap_trees, sizeof *w->trees);
    w->trees[w->n_trees++] = tree;
    struct result r = query(w, NULL, get(first_statement(tree), "SelectStmt"));
    b->outputs = r.items;
    b->n = MIN(r.n, MAX_OUTPUTS);
    for (size_t i = 0; i < b->n && i < rel->n_columns; i++)
        b->outputs[i].name = rel->columns[i].name;
}

static const struct cte *find_cte(const struct scope *s, const char *name)
{
    for (; s; s = s->parent)
        for (const struct cte *c = s->ctes; c; c = c->next)
            if (str_eq(c->name, name))
                return c;
    return NULL;
}

static void bind_table(struct walker *w, struct scope *s, const cJSON *range)
{
    const char *schema = cJSON_GetStringValue(get(range, "schemaname")),
               *name = cJSON_GetStringValue(get(range, "relname"));
    const char *alias = cJSON_GetStringValue(get(get(range, "alias"), "aliasname"));
    if (!name || !w->budget)
        return;
    w->budget--;
    struct binding *b = bind(w, s, alias ? alias : name);
    const struct cte *c = schema ? NULL : find_cte(s, name);
    if (c) {
        const cJSON *node = c->node;
        struct result r = query(w, c->scope, get(get(node, "ctequery"), "SelectStmt"));
        b->outputs = r.items;
        b->n = r.n;
        rename_outputs(w, b, get(node, "aliascolnames"));
        if (str_eq(cJSON_GetStringValue(get(node, "ctematerialized")), "CTEMaterializeAlways"))
            for (size_t i = 0; i < b->n; i++) { /* conditions outside do not get in */
                use_need(w, b->outputs[i].place);
                b->outputs[i].place = (struct place){.use = NONE, .column = -1};
            }
    } else {
        const struct catalog_relation *rel = db_catalog_find(w->catalog, schema, name);
        if (rel && rel->kind == 'v')
            bind_view(w, b, rel);
        else if (rel)
            b->use = new_use(w, rel);
    }
    rename_outputs(w, b, get(get(range, "alias"), "colnames"));
}

static void from_item(struct walker *w, struct scope *s, const cJSON *node)
{
    const cJSON *join = get(node, "JoinExpr"), *sub = get(node, "RangeSubselect"), *each;
    if (get(node, "RangeVar")) {
        bind_table(w, s, get(node, "RangeVar"));
    } else if (sub) {
        struct result r = query(w, s, get(get(sub, "subquery"), "SelectStmt"));
        const char *alias = cJSON_GetStringValue(get(get(sub, "alias"), "aliasname"));
        struct binding *b = bind(w, s, alias ? alias : "");
        b->outputs = r.items;
        b->n = r.n;
        rename_outputs(w, b, get(get(sub, "alias"), "colnames"));
    } else if (join) {
        struct binding *left_end;
        from_item(w, s, get(join, "larg"));
        for (left_end = s->bindings; left_end && left_end->next;)
            left_end = left_end->next;
        from_item(w, s, get(join, "rarg"));
        cJSON_ArrayForEach(each, get(join, "usingClause"))
        {
            const char *column = tree_string(each);
            struct place l = {.use = NONE, .column = -1}, r = {.use = NONE, .column = -1};
            bool found, right = false;
            for (struct binding *b = s->bindings; b && column; b = b->next) {
                struct place p = in_binding(w, b, column, &found);
                if (found && !right)
                    l = p;
                else if (found)
                    r = p;
                right = right || b == left_end;
            }
            use_join_pair(w, l, r);
        }
        if (get(join, "quals"))
            use_condition(w, s, get(join, "quals"));
    } else if (node) {
        const char *alias = NULL;
        if (get(node, "RangeFunction"))
            alias = cJSON_GetStringValue(get(get(get(node, "RangeFunction"), "alias"), "aliasname"));
        use_walk(w, s, node);
        bind(w, s, alias ? alias : "");
    }
}

/* ---- SELECT ---- */

static void with_clause(struct walker *w, struct scope *s, const cJSON *with)
{
    const cJSON *each;
    bool recursive = cJSON_IsTrue(get(with, "recursive"));
    cJSON_ArrayForEach(each, get(with, "ctes"))
    {
        const cJSON *node = get(each, "CommonTableExpr");
        struct cte *c = arena_alloc(w->out->arena, sizeof *c);
        struct scope *inner = s; /* sees those written before it */
        if (!recursive) {
            inner = arena_alloc(w->out->arena, sizeof *inner);
            inner->parent = s->parent;
            inner->ctes = s->ctes;
        }
        *c = (struct cte){.name = cJSON_GetStringValue(get(node, "ctename")),
                          .node = node,
                          .scope = inner,
                          .next = s->ctes};
        s->ctes = c;
        if (!get(get(node, "ctequery"), "SelectStmt"))
            use_walk(w, s, get(node, "ctequery"));
    }
}

/* What ORDER BY or GROUP BY names: a position, an output's name, or an expression. */
static const cJSON *target_of(const cJSON *targets, const cJSON *node)
{
    const cJSON *number = get(get(get(node, "A_Const"), "ival"), "ival"), *each;
    if (cJSON_IsNumber(number)) {
        const cJSON *t = cJSON_GetArrayItem(targets, (int)number->valuedouble - 1);
        return t ? get(get(t, "ResTarget"), "val") : node;
    }
    const cJSON *fields = get(get(node, "ColumnRef"), "fields");
    if (cJSON_GetArraySize(fields) == 1) {
        const char *name = tree_string(cJSON_GetArrayItem(fields, 0));
        cJSON_ArrayForEach(
            each, targets) if (name && str_eq(cJSON_GetStringValue(get(get(each, "ResTarget"), "name")),
                                              name)) return get(get(each, "ResTarget"), "val");
    }
    return node;
}

static void orderings(struct walker *w, struct scope *s, const cJSON *select)
{
    struct place at[INDEX_KEYS] = {{0}};
    struct index_key keys[INDEX_KEYS] = {{0}};
    const cJSON *targets = get(select, "targetList"), *each;
    const cJSON *group = get(select, "groupClause"), *distinct = get(select, "distinctClause");
    size_t n = 0;
    cJSON_ArrayForEach(each, group) if (n < INDEX_KEYS)
    {
        sort_key(w, s, NULL, target_of(targets, each), &at[n], &keys[n]);
        n += at[n].use != NONE;
    }
    add_ordering(w, at, keys, n, true, false);
    n = 0;
    if (distinct && cJSON_GetArraySize(cJSON_GetArrayItem(distinct, 0)) == 0) {
        cJSON_ArrayForEach(each, targets) if (n < INDEX_KEYS)
        {
            sort_key(w, s, NULL, get(get(each, "ResTarget"), "val"), &at[n], &keys[n]);
            n += at[n].use != NONE;
        }
        add_ordering(w, at, keys, n, true, false);
    }
    n = 0;
    if (group)
        return; /* what is sorted then are groups, not rows */
    cJSON_ArrayForEach(each, get(select, "sortClause")) if (n < INDEX_KEYS)
    {
        const cJSON *by = get(each, "SortBy"), *node = target_of(targets, get(by, "node"));
        if (!n && get(select, "limitCount"))
            use_nearest(w, s, node);
        sort_key(w, s, by, node, &at[n], &keys[n]);
        n++;
    }
    add_ordering(w, at, keys, n, false, get(select, "limitCount") != NULL);
}

static struct result outputs(struct walker *w, struct scope *s, const cJSON *select)
{
    struct result r = {.items = arena_alloc(w->out->arena, MAX_OUTPUTS * sizeof *r.items), .n = 0};
    const cJSON *each;
    cJSON_ArrayForEach(each, get(select, "targetList"))
    {
        const cJSON *t = get(each, "ResTarget"), *val = get(t, "val");
        const cJSON *fields = get(get(val, "ColumnRef"), "fields");
        const cJSON *last = cJSON_GetArrayItem(fields, cJSON_GetArraySize(fields) - 1);
        if (last && get(last, "A_Star")) {
            const char *table =
                cJSON_GetArraySize(fields) > 1 ? tree_string(cJSON_GetArrayItem(fields, 0)) : NULL;
            for (struct binding *b = s->bindings; b; b = b->next) {
                if (table && !str_eq(b->name, table))
                    continue;
                for (size_t i = 0; i < b->n && r.n < MAX_OUTPUTS; i++)
                    r.items[r.n++] = b->outputs[i];
                const struct catalog_relation *rel = b->use != NONE ? use_of(w, b->use)->rel : NULL;
                for (size_t i = 0; rel && i < rel->n_columns && r.n < MAX_OUTPUTS; i++)
                    if (!rel->columns[i].dropped)
                        r.items[r.n++] = (struct output){.name = rel->columns[i].name,
                                                         .place = {.use = b->use, .column = (int)i}};
            }
            continue;
        }
        if (r.n == MAX_OUTPUTS)
            break;
        const char *name = cJSON_GetStringValue(get(t, "name"));
        if (!name)
            name = last ? tree_string(last) : tree_last(get(get(val, "FuncCall"), "funcname"));
        r.items[r.n++] =
            (struct output){.name = arena_strdup(w->out->arena, name), .place = use_column_of(w, s, val)};
    }
    return r;
}

static struct result query(struct walker *w, struct scope *parent, const cJSON *select)
{
    struct result none = {0};
    const cJSON *each;
    if (!select || w->depth >= MAX_DEPTH)
        return none;
    w->depth++;
    size_t arm = w->arm; /* conditions inside are not those of the OR it stands in */
    w->arm = 0;
    struct scope *s = arena_alloc(w->out->arena, sizeof *s);
    s->parent = parent;
    with_clause(w, s, get(select, "withClause"));
    struct result r = none;
    if (get(select, "larg")) {
        struct result left = query(w, s, get(select, "larg"));
        struct result right = query(w, s, get(select, "rarg"));
        (void)right;
        for (size_t i = 0; i < left.n; i++) /* of several tables: opaque */
            left.items[i].place = (struct place){.use = NONE, .column = -1};
        r = left;
    } else {
        cJSON_ArrayForEach(each, get(select, "fromClause")) from_item(w, s, each);
        if (get(select, "whereClause"))
            use_condition(w, s, get(select, "whereClause"));
        use_walk(w, s, get(select, "targetList"));
        use_walk(w, s, get(select, "groupClause"));
        use_walk(w, s, get(select, "havingClause"));
        use_walk(w, s, get(select, "sortClause"));
        use_walk(w, s, get(select, "windowClause"));
        use_walk(w, s, get(select, "valuesLists"));
        orderings(w, s, select);
        r = outputs(w, s, select);
    }
    w->depth--;
    w->arm = arm;
    return r;
}

/* ---- statements ---- */

static void modify(struct walker *w, const cJSON *stmt, const char *others)
{
    struct scope *s = arena_alloc(w->out->arena, sizeof *s);
    const cJSON *each;
    w->out->writes = true;
    with_clause(w, s, get(stmt, "withClause"));
    bind_table(w, s, get(stmt, "relation"));
    for (struct binding *b = s->bindings; b; b = b->next)
        if (b->use != NONE)
            use_of(w, b->use)->whole_row = true;
    cJSON_ArrayForEach(each, get(stmt, others)) from_item(w, s, each);
    if (get(stmt, "sourceRelation"))
        from_item(w, s, get(stmt, "sourceRelation"));
    if (get(stmt, "joinCondition"))
        use_condition(w, s, get(stmt, "joinCondition"));
    if (get(stmt, "whereClause"))
        use_condition(w, s, get(stmt, "whereClause"));
    use_walk(w, s, get(stmt, "targetList"));
    use_walk(w, s, get(stmt, "returningList"));
}

/* a.x = b.y and a.x = 5: b.y = 5, as the planner sees it, too. */
static void spread_constants(struct walker *w)
{
    for (size_t i = 0; i < w->out->n; i++) {
        size_t n = use_of(w, i)->n_preds;
        for (size_t k = 0; k < n; k++) {
            struct pred join = use_of(w, i)->preds[k];
            if (join.kind != PRED_JOIN || join.other_use == NONE || join.in_or || join.key.column < 0)
                continue;
            const struct table_use *o = use_of(w, join.other_use);
            for (size_t j = 0; j < o->n_preds; j++)
                if (o->preds[j].key.column == join.other_column && !o->preds[j].in_or &&
                    o->preds[j].kind == PRED_EQUAL)
                    use_add_pred(w, i, PRED_EQUAL, join.key);
        }
    }
}

static bool plain_scan(const struct statement_use *u, const cJSON *select)
{
    static const char *const more[] = {"groupClause", "sortClause", "distinctClause",
                                       "larg",        "limitCount", NULL};
    for (size_t i = 0; more[i]; i++)
        if (get(select, more[i]))
            return false;
    return u->n == 1;
}

static bool names_cte(const cJSON *node, const char *name)
{
    const cJSON *each;
    cJSON_ArrayForEach(each, node)
    {
        bool this =
            each->string && !strcmp(each->string, "ctename") && str_eq(cJSON_GetStringValue(each), name);
        if (this || names_cte(each, name))
            return true;
    }
    return false;
}

/* Does the tree name no table but system catalogs, which can have no further index? */
static bool names_nothing(const cJSON *tree, const cJSON *node)
{
    const cJSON *each;
    const char *schema = cJSON_GetStringValue(get(node, "schemaname")),
               *name = cJSON_GetStringValue(get(node, "relname"));
    bool system = str_eq(schema, "pg_catalog") || str_eq(schema, "information_schema") ||
                  (!schema && name && (str_starts(name, "pg_") || names_cte(tree, name)));
    if (name && !system)
        return false;
    cJSON_ArrayForEach(each, node) if (!names_nothing(tree, each)) return false;
    return true;
}

bool statement_use(const struct catalog *c, const char *sql, struct statement_use *out, struct sd_error *err)
{
    *out = (struct statement_use){.arena = arena_new()};
    cJSON *tree = sql_parse_tree(sql);
    const cJSON *stmt = first_statement(tree);
    struct walker w = {.catalog = c, .out = out, .budget = MAX_USES};
    if (get(stmt, "SelectStmt")) {
        query(&w, NULL, get(stmt, "SelectStmt"));
        out->only_filters = plain_scan(out, get(stmt, "SelectStmt"));
    } else if (get(stmt, "UpdateStmt")) {
        modify(&w, get(stmt, "UpdateStmt"), "fromClause");
    } else if (get(stmt, "DeleteStmt")) {
        modify(&w, get(stmt, "DeleteStmt"), "usingClause");
        out->deletes = true;
    } else if (get(stmt, "MergeStmt")) {
        modify(&w, get(stmt, "MergeStmt"), "none");
    } else if (get(stmt, "InsertStmt")) {
        out->writes = true;
        query(&w, NULL, get(get(get(stmt, "InsertStmt"), "selectStmt"), "SelectStmt"));
    }
    spread_constants(&w);
    bool parsed = tree != NULL, nothing = parsed && !out->n && names_nothing(tree, tree);
    for (size_t i = 0; i < w.n_trees; i++)
        cJSON_Delete(w.trees[i]);
    free(w.trees);
    cJSON_Delete(tree);
    if (out->n)
        return true;
    statement_use_free(out);
    out->reads_nothing = nothing;
    return fail(err, nothing  ? "it reads no table that can have an index: there is nothing to advise"
                     : parsed ? "the statement reads no known table"
                              : "the parser of PostgreSQL 15 cannot read the statement");
}

void statement_use_free(struct statement_use *u)
{
    free(u->items);
    arena_free(u->arena);
    *u = (struct statement_use){0};
}

static void find_names(const cJSON *node, struct strbuf *out)
{
    const cJSON *each;
    cJSON_ArrayForEach(each, node)
    {
        const char *name =
            each->string && !strcmp(each->string, "relname") ? cJSON_GetStringValue(each) : NULL;
        if (name) {
            strbuf_str(out, out->len > 1 ? ",\"" : "\"");
            for (; *name; name++) {
                if (*name == '"' || *name == '\\')
                    strbuf_char(out, '\\');
                strbuf_char(out, *name);
            }
            strbuf_char(out, '"');
        }
        find_names(each, out);
    }
}

char *statement_names(const char *sql)
{
    struct strbuf b = {0};
    cJSON *tree = sql_parse_tree(sql);
    strbuf_char(&b, '{');
    find_names(tree, &b);
    strbuf_char(&b, '}');
    cJSON_Delete(tree);
    return strbuf_detach(&b);
}
