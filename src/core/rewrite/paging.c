/* paging.c - pages by OFFSET, random rows, and rows that are wider than needed. */
#include "core/rewrite/private.h"

#include <stdlib.h>

/* ---- OFFSET ---- */

enum { MAX_KEYS = 6 };

struct key {
    Node *expr;
    const char *text, *shown;
    bool descending, nulls_told, not_null;
};

struct keys {
    struct key items[MAX_KEYS];
    size_t n;
    bool aggregate;
};

static Node *sorted_by(const Select *s, Node *n)
{
    int64_t position;
    if (IS(n, A_CONST) && ast_integer(n, &position) && position >= 1 && position <= (int64_t)s->n_target_list)
        return IS(s->target_list[position - 1], RES_TARGET) ? s->target_list[position - 1]->res_target->val
                                                            : NULL;
    for (size_t i = 0; ast_column(n) && !ast_qualifier(n) && i < s->n_target_list; i++)
        if (IS(s->target_list[i], RES_TARGET) && str_eq(s->target_list[i]->res_target->name, ast_column(n)))
            return s->target_list[i]->res_target->val;
    return n;
}

/* False: the order is by something no condition can be written for. */
static bool read_keys(struct rewriter *r, const struct ast_froms *from, struct keys *k)
{
    const Select *s = r->select;
    *k = (struct keys){0};
    for (size_t i = 0; i < s->n_sort_clause; i++) {
        const PgQuery__SortBy *by = IS(s->sort_clause[i], SORT_BY) ? s->sort_clause[i]->sort_by : NULL;
        struct key *key = &k->items[k->n];
        if (!by || k->n == MAX_KEYS || by->sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_USING)
            return false;
        *key = (struct key){.expr = sorted_by(s, by->node),
                            .descending = by->sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_DESC,
                            .nulls_told = by->sortby_nulls != PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_DEFAULT};
        if (!key->expr || ast_volatile(key->expr) || ast_mentions(key->expr, PG_QUERY__NODE__NODE_SUB_LINK) ||
            ast_is_constant(key->expr) || !(key->text = ast_closed(&r->tree, key->expr)) ||
            !(key->shown = ast_closed(&r->tree, by->node)))
            return false;
        const struct ast_from *owner = ast_column(key->expr) ? plan_owner(r, from, key->expr) : NULL;
        const struct catalog_column *c = owner ? plan_column(r, owner->table, ast_column(key->expr)) : NULL;
        key->not_null = c && c->not_null && !owner->optional;
        k->n++;
    }
    return true;
}

static bool has_key(const struct keys *k, const char *column)
{
    for (size_t i = 0; i < k->n; i++) {
        const char *name = ast_column(k->items[i].expr);
        if (name && !strcmp(name, column))
            return true;
    }
    return false;
}

/* Is the order one of its own already? Otherwise the columns of a unique index follow. */
static bool make_unique(struct rewriter *r, const struct ast_froms *from, struct keys *k)
{
    const char *columns = from->n == 1 && from->items[0].table ? plan_unique(r, from->items[0].table) : NULL;
    bool all_there = columns != NULL;
    if (!columns)
        return false;
    for (int pass = 0; pass < 2; pass++) {
        for (const char *s = columns; *s;) {
            size_t len = strcspn(s, ",");
            char *name = mem_strndup(s, len);
            Node *n = ast_expr(&r->tree, "%s", name);
            free(name);
            bool there = n && ast_column(n) && has_key(k, ast_column(n));
            if (!pass) {
                all_there = all_there && there;
            } else if (!there) {
                if (!n || k->n == MAX_KEYS)
                    return false;
                const char *text = ast_text(&r->tree, n);
                k->items[k->n] = (struct key){.expr = n,
                                              .text = text,
                                              .shown = text,
                                              .descending = k->n && k->items[k->n - 1].descending,
                                              .not_null = true};
                k->n++;
            }
            s += len + (s[len] == ',');
            s += strspn(s, " ");
        }
        if (all_there)
            return true;
    }
    return true;
}

/* The offset's own parameter, when it has one, becomes the first key's: no number is left out. */
struct numbering {
    int offset; /* 0: none */
    int highest;
};

static int number(const struct numbering *of, size_t i)
{
    return of->offset ? i ? of->highest + (int)i : of->offset : of->highest + 1 + (int)i;
}

struct used {
    int number;
    size_t n;
};

static bool see_parameter(void *ctx, Node **slot)
{
    struct used *u = ctx;
    u->n += IS(*slot, PARAM_REF) && (*slot)->param_ref->number == u->number;
    return true;
}

static const char *after_last(struct rewriter *r, const struct keys *k, const struct numbering *of)
{
    struct strbuf b = {0};
    bool mixed = false;
    for (size_t i = 1; i < k->n; i++)
        mixed = mixed || k->items[i].descending != k->items[0].descending;
    if (k->n == 1) {
        strbuf_printf(&b, "%s %s $%d", k->items[0].text, k->items[0].descending ? "<" : ">", number(of, 0));
    } else if (!mixed) {
        for (size_t i = 0; i < k->n; i++)
            strbuf_printf(&b, "%s%s", i ? ", " : "(", k->items[i].text);
        strbuf_printf(&b, ") %s (", k->items[0].descending ? "<" : ">");
        for (size_t i = 0; i < k->n; i++)
            strbuf_printf(&b, "%s$%d", i ? ", " : "", number(of, i));
        strbuf_char(&b, ')');
    } else {
        /* (a > $1 OR (a = $1 AND (b < $2 OR ...))) */
        for (size_t i = 0; i < k->n; i++)
            strbuf_printf(&b, "(%s %s $%d%s", k->items[i].text, k->items[i].descending ? "<" : ">",
                          number(of, i),
                          i + 1 < k->n ? SAY(" OR (%s = $%d AND ", k->items[i].text, number(of, i)) : "");
        strbuf_pad(&b, ')', 2 * k->n - 1);
    }
    const char *s = arena_strdup(r->arena, b.text);
    strbuf_free(&b);
    return s;
}

static const char *order_text(struct rewriter *r, const struct keys *k)
{
    struct strbuf b = {0};
    for (size_t i = 0; i < k->n; i++)
        strbuf_printf(&b, "%s%s%s", i ? ", " : "", k->items[i].shown, k->items[i].descending ? " DESC" : "");
    const char *s = arena_strdup(r->arena, strbuf_text(&b));
    strbuf_free(&b);
    return s;
}

static void write_keyset(struct rewriter *r, struct rewrite *it)
{
    Select *s = r->select;
    struct ast_froms from;
    struct keys k;
    ast_froms(s, &from);
    if (!read_keys(r, &from, &k) || !s->n_from_clause || ast_aggregates(s) || s->n_distinct_clause ||
        s->op != PG_QUERY__SET_OPERATION__SETOP_NONE ||
        s->limit_option == PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_WITH_TIES)
        return;
    bool given = k.n > 0, unique = make_unique(r, &from, &k);
    if (!k.n)
        return;
    Node *offset = s->limit_offset, *where = s->where_clause;
    struct used used = {.number = IS(offset, PARAM_REF) ? offset->param_ref->number : 0};
    ast_walk_slot(&r->tree.stmt, see_parameter, &used);
    struct numbering numbers = {.offset = used.n == 1 ? used.number : 0, .highest = r->parameters};
    const char *condition = after_last(r, &k, &numbers), *order = order_text(r, &k),
               *limit = s->limit_count ? SAY(" LIMIT %s", ast_text(&r->tree, s->limit_count)) : "";
    const char *old = where ? ast_text(&r->tree, where) : NULL;
    bool or_inside =
        where && IS(where, BOOL_EXPR) && where->bool_expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR;
    Node *both = !where      ? ast_expr(&r->tree, "%s", condition)
                 : or_inside ? ast_expr(&r->tree, "(%s) AND %s", old, condition)
                             : ast_expr(&r->tree, "%s AND %s", old, condition);
    Select *ordered = ast_select(&r->tree, "SELECT 1 ORDER BY %s", order);
    struct keys given_keys = k;
    given_keys.n = s->n_sort_clause;
    it->before = SAY("%s%s%s OFFSET %s", given ? "ORDER BY " : "", order_text(r, &given_keys),
                     given ? limit : limit + (*limit == ' '), ast_text(&r->tree, offset));
    it->after = SAY("WHERE %s ORDER BY %s%s", condition, order, limit);
    if (both && ordered) {
        size_t n_sort = s->n_sort_clause;
        Node **sort = s->sort_clause;
        /* What the user wrote stays as it is; a key added to make the order whole follows. */
        for (size_t i = n_sort; i < ordered->n_sort_clause; i++)
            s->sort_clause = ast_append(r, s->sort_clause, &s->n_sort_clause, ordered->sort_clause[i]);
        s->where_clause = both;
        s->limit_offset = NULL;
        it->statement = ast_sql(&r->tree);
        s->where_clause = where;
        s->limit_offset = offset;
        s->sort_clause = sort;
        s->n_sort_clause = n_sort;
    }
    const char *nulls = NULL;
    for (size_t i = 0; i < k.n && !nulls; i++)
        if (!k.items[i].not_null && r->in->catalog)
            nulls = SAY(" Rows where %s is NULL are never reached.", k.items[i].text);
    it->caveat = SAY("A page is requested by %s of the last row of the page before, not by its number; the "
                     "first page has no such condition.%s%s%s",
                     k.n > 1 ? "the sort columns" : k.items[0].text,
                     unique ? ""
                            : " The sort columns together must be unique: add the key, otherwise rows with "
                              "equal values are skipped.",
                     given ? "" : " Without ORDER BY the order was not defined before.", nulls ? nulls : "");
}

void find_offset(struct rewriter *r)
{
    const struct plan_node *limit = NULL, *c;
    int64_t literal = 0, page = 1;
    if (!r->select || !r->select->limit_offset)
        return;
    for (size_t i = 0; i < r->plan->n_nodes && !limit; i++) /* the outermost */
        if (str_eq(r->plan->nodes[i]->type, "Limit") && !plan_is_initplan(r->plan->nodes[i]))
            limit = r->plan->nodes[i];
    for (c = limit ? limit->child : NULL; c && plan_is_initplan(c); c = c->next)
        ;
    if (!limit || !c || limit->never_executed)
        return;
    double made, kept;
    if (r->plan->analyzed) {
        made = c->rows;
        kept = limit->rows;
    } else {
        if (!ast_integer(r->select->limit_offset, &literal))
            return; /* a parameter: the planner only guesses it */
        kept = known_or(limit->plan_rows, 1);
        if (r->select->limit_count && ast_integer(r->select->limit_count, &page))
            kept = (double)page;
        made = (double)literal + kept;
    }
    double skipped = made - kept;
    if (!(skipped > 0) || (r->plan->analyzed && kept <= 0 && !(limit->plan_rows > 1)))
        return;
    struct saving saved =
        r->plan->analyzed ? saving_total(r, c, skipped / made) : saving_total(r, limit, skipped / made);
    struct rewrite *it = rewrite_found(r, limit, made / MAX(1, kept), saved, skipped);
    if (!it)
        return;
    it->evidence = r->plan->analyzed ? SAY("%s rows were computed and skipped to return %s",
                                           say_count(r, skipped), say_count(r, kept))
                                     : SAY("%s rows would be computed and skipped to return %s",
                                           say_count(r, skipped), say_count(r, kept));
    it->advice = "Keep the last row of a page and start the next page after it; with an index in that order "
                 "only the page is read.";
    it->check = "The node below LIMIT returns no more rows than LIMIT itself, on every page.";
    it->caveat = "A page is requested by the last row of the page before, not by its number.";
    write_keyset(r, it);
}

/* ---- ORDER BY random() ---- */

#define SAMPLE_SPARE 20.0 /* times as many rows are sampled as are wanted */

void find_random(struct rewriter *r)
{
    Select *s = r->select;
    struct ast_froms from;
    const struct plan_node *sort = NULL;
    int64_t wanted = 1;
    if (!s || s->n_sort_clause != 1 || !s->limit_count || !IS(s->sort_clause[0], SORT_BY) ||
        !str_eq(ast_function(s->sort_clause[0]->sort_by->node), "random") ||
        s->op != PG_QUERY__SET_OPERATION__SETOP_NONE)
        return;
    for (size_t i = 0; i < r->plan->n_nodes && !sort; i++)
        if (str_eq(r->plan->nodes[i]->type, "Sort") && r->plan->nodes[i]->sort_key.n &&
            strstr(r->plan->nodes[i]->sort_key.items[0], "random()"))
            sort = r->plan->nodes[i];
    const struct plan_node *below = sort ? sort->child : NULL;
    if (!below || sort->never_executed)
        return;
    bool known = ast_integer(s->limit_count, &wanted) && wanted > 0;
    double rows = r->plan->analyzed ? below->rows : below->plan_rows;
    if (!known)
        wanted = (int64_t)MAX(1, known_or(sort->parent ? sort->parent->loop_rows : NAN, 100));
    struct rewrite *it =
        rewrite_found(r, sort, rows / (double)wanted,
                      saving_total(r, sort, 1 - MIN(1, SAMPLE_SPARE * (double)wanted / rows)), rows);
    if (!it)
        return;
    it->evidence = SAY("%s rows %s sorted by a random number for %s of them", say_count(r, rows),
                       r->plan->analyzed ? "were" : "would be", say_count(r, (double)wanted));
    it->advice = "Take a sample of the table first and sort only the sample; for one row, look up a random "
                 "key in an index.";
    it->check = "A Sample Scan appears, and few rows are sorted.";
    it->caveat = "The random choice is different: TABLESAMPLE BERNOULLI still reads the table (SYSTEM reads "
                 "only some pages, whose rows "
                 "come together), and with a narrow filter the sample can hold too few rows.";
    ast_froms(s, &from);
    if (s->n_from_clause != 1 || !from.plain || from.n != 1)
        return;
    double percent = MIN(100, MAX(0.01, 100 * SAMPLE_SPARE * (double)wanted / rows));
    Node *old = s->from_clause[0];
    const char *table = NULL;
    Select *one =
        PG_QUERY__SET_OPERATION__SETOP_NONE == s->op ? ast_select(&r->tree, "SELECT 1 FROM x") : NULL;
    if (one) {
        one->from_clause[0] = old;
        table = ast_select_text(&r->tree, one);
    }
    table = table && str_starts(table, "SELECT 1 FROM ") ? table + strlen("SELECT 1 FROM ") : NULL;
    Select *sampled =
        table ? ast_select(&r->tree, "SELECT 1 FROM %s TABLESAMPLE bernoulli (%.2g)", table, percent) : NULL;
    if (!sampled)
        return;
    it->before = SAY("FROM %s", table);
    it->after = SAY("FROM %s TABLESAMPLE bernoulli (%.2g)", table, percent);
    it->statement = rewrite_with(r, &s->from_clause[0], sampled->from_clause[0]);
}

/* ---- SELECT * ---- */

#define NARROW      40.0       /* bytes of a row with a few columns */
#define WIDE_COLUMN 100.0      /* average bytes: the column is named */
#define WIDE_RESULT 16777216.0 /* bytes returned: reported even without a sort or hash */

static bool stars(const Select *s, const struct ast_from *f)
{
    for (size_t i = 0; i < s->n_target_list; i++) {
        const Node *v = IS(s->target_list[i], RES_TARGET) ? s->target_list[i]->res_target->val : NULL;
        if (!IS(v, COLUMN_REF) || ast_column(v))
            continue;
        const PgQuery__ColumnRef *c = v->column_ref;
        if (c->n_fields == 1 ||
            (f && c->n_fields >= 2 && str_eq(ast_name(c->fields[c->n_fields - 2]), f->name)))
            return true;
    }
    return false;
}

/* "note (812 B), body (2.1 kB)" of the tables whose every column is selected, and the others
 * as a list for SELECT. */
static const char *wide_columns(struct rewriter *r, const struct ast_froms *from, const char **narrow)
{
    struct strbuf wide = {0}, rest = {0};
    bool all = true;
    for (size_t i = 0; i < from->n; i++) {
        const struct catalog_relation *rel = plan_relation(r, from->items[i].table);
        if (!rel || !stars(r->select, &from->items[i])) {
            all = false;
            continue;
        }
        for (size_t c = 0; c < rel->n_columns; c++) {
            const struct catalog_column *col = &rel->columns[c];
            if (col->dropped)
                continue;
            if (col->length < 0 && col->avg_width >= WIDE_COLUMN) {
                strbuf_printf(&wide, "%s%s (%s)", wide.len ? ", " : "", col->name,
                              say_bytes(r, col->avg_width));
                continue;
            }
            strbuf_printf(&rest, "%s%s%s%s", rest.len ? ", " : "",
                          from->n > 1 ? say_name(r, from->items[i].name) : "", from->n > 1 ? "." : "",
                          say_name(r, col->name));
        }
    }
    *narrow = all && rest.len ? arena_strdup(r->arena, rest.text) : NULL;
    const char *s = wide.len ? arena_strdup(r->arena, wide.text) : NULL;
    strbuf_free(&wide);
    strbuf_free(&rest);
    return s;
}

static bool spills(const struct rewriter *r, const struct plan_node *n)
{
    bool keeps = str_eq(n->type, "Sort") || str_eq(n->type, "Hash") || str_eq(n->type, "Aggregate") ||
                 str_eq(n->type, "Materialize");
    if (!keeps)
        return false;
    if (!r->plan->analyzed)
        return str_eq(n->type, "Sort") && r->in->facts->temp_bytes_per_call > 0;
    bool disk = str_eq(n->sort_space_type, "Disk") || n->hash_batches > 1 || n->hashagg_batches > 1 ||
                n->own_temp_written > 0;
    for (size_t i = 0; i < n->n_workers; i++)
        disk = disk || str_eq(n->workers[i].sort_space_type, "Disk");
    return disk;
}

void find_wide(struct rewriter *r)
{
    Select *s = r->select;
    struct ast_froms from;
    const char *narrow = NULL;
    if (!s || s->op != PG_QUERY__SET_OPERATION__SETOP_NONE || !stars(s, NULL) || !s->n_from_clause)
        return;
    ast_froms(s, &from);
    const char *wide = wide_columns(r, &from, &narrow);
    struct rewrite *it = NULL;
    for (size_t i = 0; i < r->plan->n_nodes && !it; i++) {
        const struct plan_node *n = r->plan->nodes[i];
        double rows = r->plan->analyzed ? n->rows : n->plan_rows, bytes = rows * n->plan_width;
        if (n->never_executed || !(n->plan_width > NARROW) || !spills(r, n))
            continue;
        const struct plan_node *join = str_eq(n->type, "Hash") && n->parent ? n->parent : n;
        struct saving saved = saving_own(r, n, 1 - NARROW / n->plan_width);
        if (join != n) {
            struct saving with = saving_own(r, join, 1 - NARROW / n->plan_width);
            saved =
                (struct saving){saved.ns + with.ns, MIN(1, saved.share + with.share), saved.cost + with.cost};
        }
        it = rewrite_found(r, n, n->plan_width, saved, bytes);
        if (it)
            it->evidence = SAY("%s rows of %s each do not fit in work_mem here (%s)%s%s", say_count(r, rows),
                               say_bytes(r, n->plan_width), say_bytes(r, bytes), wide ? "; wide: " : "",
                               wide ? wide : "");
    }
    const struct plan_node *root = r->plan->nodes[0];
    double rows = r->plan->analyzed ? root->rows : root->plan_rows;
    if (!it && wide && r->plan->analyzed && rows * root->plan_width >= WIDE_RESULT) {
        const struct rewrite_rule *rule = r->rule;
        struct saving enough = {rule->floor_ns, rule->floor_share, rule->floor_cost};
        if (!r->plan->timed || r->plan->elapsed_ns >= 10 * rule->floor_ns)
            it = rewrite_found(r, root, root->plan_width, enough, rows * root->plan_width);
        if (it) {
            it->saves_ns = it->saves_share = NAN; /* on the wire and in TOAST, which no plan counts */
            it->evidence = SAY("%s rows of %s each are returned (%s); wide: %s", say_count(r, rows),
                               say_bytes(r, root->plan_width), say_bytes(r, rows * root->plan_width), wide);
        }
    }
    if (!it)
        return;
    it->advice =
        "List the columns that are used instead of *: other columns are then not sorted, hashed or sent.";
    it->check = "The width of the node is smaller, and it no longer writes temporary files.";
    it->caveat = "Fewer columns are returned: only if the others are not used.";
    if (!narrow)
        return;
    Select *named = ast_select(&r->tree, "SELECT %s", narrow);
    Node **targets = s->target_list;
    size_t n_targets = s->n_target_list;
    if (!named || s->n_target_list != 1)
        return;
    it->before = "SELECT *";
    it->after = SAY("SELECT %s", narrow);
    s->target_list = named->target_list;
    s->n_target_list = named->n_target_list;
    it->statement = ast_sql(&r->tree);
    s->target_list = targets;
    s->n_target_list = n_targets;
}
