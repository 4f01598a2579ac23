#include "core/indexes/candidate.h"

#include <math.h>
#include <stdlib.h>

#include "core/indexes/size.h"

size_t candidate_add(struct candidate_list *l, const struct index_def *d)
{
    for (size_t i = 0; i < l->n; i++)
        if (index_def_same(&l->items[i], d) && l->items[i].n_include == d->n_include)
            return i;
    const struct catalog_index *existing = index_def_exists(d);
    int column;
    if (existing && !l->existing) {
        l->existing = existing;
        l->existing_of = d->rel;
    }
    if (existing)
        return SIZE_MAX;
    if (index_def_too_long(d, &column)) {
        if (!l->long_of && column >= 0) {
            l->long_of = d->rel;
            l->long_column = column;
        }
        return SIZE_MAX;
    }
    l->items = mem_grow(l->items, l->n, &l->cap, sizeof *l->items);
    l->items[l->n] = *d;
    return l->n++;
}

void candidate_free(struct candidate_list *l)
{
    free(l->items);
    *l = (struct candidate_list){0};
}

const char *candidate_refusal(const struct catalog_relation *r)
{
    if (r->kind == 'f')
        return "It is a foreign table: its indexes are on the other server.";
    if (r->kind != 'r' && r->kind != 'm' && r->kind != 'p')
        return "This kind of table cannot have indexes.";
    if (!strcmp(r->schema, "pg_catalog") || !strcmp(r->schema, "information_schema"))
        return "System catalogs cannot have additional indexes.";
    if (isnan(r->rows) || r->rows < 0)
        return "It was never analysed: run ANALYZE, then try again.";
    if (r->rows < CANDIDATE_MIN_ROWS ||
        (sd_known(r->size_bytes) && r->kind != 'p' && r->size_bytes < CANDIDATE_MIN_BYTES))
        return "The table is small: a sequential scan is the best plan.";
    return NULL;
}

/* ---- keys ---- */

struct keys {
    struct index_key items[INDEX_KEYS];
    size_t n;
};

static bool same_target(const struct index_key *a, const struct index_key *b)
{
    return a->column == b->column && (a->column >= 0 || str_eq(a->expr, b->expr)) &&
           str_eq(a->collation, b->collation);
}

static bool has_key(const struct keys *k, const struct index_key *key)
{
    for (size_t i = 0; i < k->n; i++)
        if (same_target(&k->items[i], key))
            return true;
    return false;
}

static void push(struct keys *k, const struct index_key *key)
{
    if (k->n < INDEX_KEYS && !has_key(k, key))
        k->items[k->n++] = *key;
}

static void push_all(struct keys *k, const struct keys *more)
{
    for (size_t i = 0; i < more->n; i++)
        push(k, &more->items[i]);
}

/* An index read backwards serves the opposite order, too. */
static void forward(struct keys *k)
{
    for (size_t i = 0; i < k->n; i++)
        if (!k->items[i].desc || !k->items[i].nulls_first)
            return;
    for (size_t i = 0; i < k->n; i++)
        k->items[i].desc = k->items[i].nulls_first = false;
}

/* ---- one table of the statement ---- */

struct maker {
    const struct table_use *use;
    struct candidate_list *out;
    size_t limit;
    const char *predicate;
    int predicate_column;
    double predicate_share;
};

static bool cover(const struct maker *m, struct index_def *d)
{
    const struct table_use *u = m->use;
    double included = 0, row = 0;
    if (u->whole_row)
        return false;
    for (size_t i = 0; i < u->rel->n_columns; i++) {
        const struct catalog_column *c = &u->rel->columns[i];
        double width = c->dropped ? 0 : c->length > 0 ? c->length : isnan(c->avg_width) ? 32 : c->avg_width;
        row += width;
        /* what the predicate implies need not be read */
        if (!u->needed[i] || c->dropped || index_def_has(d, (int)i) ||
            ((int)i == m->predicate_column && u->needed[i] == 1))
            continue;
        if (d->n_include == INDEX_INCLUDES)
            return false;
        d->include[d->n_include++] = (int)i;
        included += width;
    }
    return d->n_include > 0 && (included <= 0.6 * row || included <= 64);
}

static void make(const struct maker *m, const struct keys *k)
{
    if (!k->n || m->out->n >= m->limit)
        return;
    struct index_def d = {
        .rel = m->use->rel, .predicate = m->predicate, .predicate_share = m->predicate_share};
    memcpy(d.keys, k->items, k->n * sizeof *k->items);
    d.n_keys = k->n;
    candidate_add(m->out, &d);
    struct index_def wide = d;
    if (!cover(m, &wide))
        return;
    /* As further keys they may be deduplicated. */
    struct index_def keyed = d;
    for (size_t i = 0; i < wide.n_include && keyed.n_keys < INDEX_KEYS; i++)
        keyed.keys[keyed.n_keys++] = (struct index_key){.column = wide.include[i]};
    bool all = keyed.n_keys == d.n_keys + wide.n_include;
    candidate_add(m->out, all && index_size(&keyed) < 0.9 * index_size(&wide) ? &keyed : &wide);
}

static int more_distinct(const struct table_use *u, const struct index_key *a, const struct index_key *b)
{
    double x = a->column >= 0 ? db_catalog_distinct(u->rel, a->column) : INFINITY;
    double y = b->column >= 0 ? db_catalog_distinct(u->rel, b->column) : INFINITY;
    return x > y ? -1 : x < y;
}

static bool sort_type(const struct table_use *u, const struct index_key *k)
{
    static const char *const without[] = {"json", "jsonb", "xml", "tsvector", "hstore",  "line",  "lseg",
                                          "path", "xid",   "cid", "jsonpath", "aclitem", "ltree", NULL};
    const char *type = k->column < 0 ? "" : u->rel->columns[k->column].type;
    bool plain_space = type_of_space(type) && !type_of_network(type) && !strstr(type, "range");
    return k->column < 0 ? !str_eq(k->type, "tsvector")
                         : str_find(without, type) < 0 && type[0] != '_' && !plain_space;
}

static struct index_key pattern_key(const struct table_use *u, struct index_key k)
{
    if (k.column < 0) {
        k.opclass = str_eq(k.type, "text") ? "text_pattern_ops" : NULL;
        return k;
    }
    const struct catalog_column *c = &u->rel->columns[k.column];
    bool plain =
        k.collation ? !strcmp(k.collation, "\"C\"") || !strcmp(k.collation, "\"POSIX\"") : c->plain_collation;
    if (!plain)
        k.opclass = !strcmp(c->type, "bpchar")    ? "bpchar_pattern_ops"
                    : !strcmp(c->type, "varchar") ? "varchar_pattern_ops"
                                                  : "text_pattern_ops";
    return k;
}

/* The keys that a statement uses on a table, by kind of use. */
struct asked {
    struct keys equal, in, range, join;
    struct keys fixed; /* equal, then in */
};

static void most_distinct_first(const struct table_use *u, struct keys *k)
{
    for (size_t i = 1; i < k->n; i++)
        for (size_t j = i; j > 0 && more_distinct(u, &k->items[j], &k->items[j - 1]) < 0; j--) {
            struct index_key t = k->items[j];
            k->items[j] = k->items[j - 1];
            k->items[j - 1] = t;
        }
}

/* Predicate number `skip` is left out. */
static struct asked asked_of(const struct table_use *u, size_t skip)
{
    struct asked a = {.equal.n = 0};
    for (size_t i = 0; i < u->n_preds; i++) {
        const struct pred *p = &u->preds[i];
        if (i == skip || p->in_or || pred_inside(p->kind) || !sort_type(u, &p->key))
            continue;
        struct index_key key = p->kind == PRED_PREFIX ? pattern_key(u, p->key) : p->key;
        if (p->kind == PRED_EQUAL || p->kind == PRED_NULL || p->kind == PRED_TRUE)
            push(&a.equal, &key);
        else if (p->kind == PRED_IN)
            push(&a.in, &key);
        else if (p->kind == PRED_RANGE || p->kind == PRED_PREFIX)
            push(&a.range, &key);
        else if (p->kind == PRED_JOIN)
            push(&a.join, &key);
    }
    most_distinct_first(u, &a.equal);
    a.fixed = a.equal;
    push_all(&a.fixed, &a.in);
    return a;
}

static void make_singles(const struct maker *m, const struct asked *a)
{
    const struct keys *lists[] = {&a->equal, &a->in, &a->range, &a->join};
    for (size_t s = 0; s < ARRAY_LEN(lists); s++)
        for (size_t i = 0; i < lists[s]->n; i++)
            make(m, &(struct keys){.items = {lists[s]->items[i]}, .n = 1});
}

static void make_fixed(const struct maker *m, const struct asked *a)
{
    make(m, &a->fixed);
    if (a->fixed.n == 2)
        make(m, &(struct keys){.items = {a->fixed.items[1], a->fixed.items[0]}, .n = 2});
}

/* The fixed keys, then one range, then all ranges. */
static void make_ranges(const struct maker *m, const struct asked *a)
{
    for (size_t i = 0; i < a->range.n; i++) {
        struct keys k = a->fixed;
        push(&k, &a->range.items[i]);
        make(m, &k);
        if (a->range.n > 1) {
            push_all(&k, &a->range);
            make(m, &k);
        }
    }
}

/* A join's key before and behind the fixed keys, with a range, with another join's key. */
static void make_joins(const struct maker *m, const struct asked *a)
{
    for (size_t i = 0; i < a->join.n; i++) {
        struct keys k = {.items = {a->join.items[i]}, .n = 1};
        push_all(&k, &a->fixed);
        make(m, &k);
        for (size_t r = 0; r < a->range.n && r < 3; r++) {
            struct keys wide = k;
            push(&wide, &a->range.items[r]);
            make(m, &wide);
        }
        k = a->fixed;
        push(&k, &a->join.items[i]);
        make(m, &k);
        for (size_t j = 0; j < a->join.n; j++) {
            k = (struct keys){.items = {a->join.items[i]}, .n = 1};
            push(&k, &a->join.items[j]);
            push_all(&k, &a->fixed);
            make(m, &k);
        }
    }
}

/* Keys that bring the rows in the wanted order, behind what is fixed. */
static void make_order(const struct maker *m, const struct asked *a, const struct ordering *order)
{
    struct keys sorted = {.n = 0}, k = a->equal;
    for (size_t i = 0; i < order->n; i++)
        if (sort_type(m->use, &order->keys[i]))
            push(&sorted, &order->keys[i]);
    forward(&sorted);
    push_all(&k, &sorted);
    make(m, &k);
    make(m, &sorted);
    if (order->group && a->fixed.n > a->equal.n) {
        k = a->fixed;
        push_all(&k, &sorted);
        make(m, &k);
    }
    for (size_t i = 0; i < a->range.n && i < 2; i++) {
        k = a->equal;
        push_all(&k, &sorted);
        push(&k, &a->range.items[i]);
        make(m, &k);
    }
}

/* The useful key lists for these conditions and orders, without `skip`. */
static void combine(const struct maker *m, size_t skip)
{
    struct asked a = asked_of(m->use, skip);
    make_singles(m, &a);
    make_fixed(m, &a);
    make_ranges(m, &a);
    make_joins(m, &a);
    for (size_t o = 0; o < m->use->n_orders; o++)
        make_order(m, &a, &m->use->orders[o]);
}

static void partial(struct maker *m)
{
    static const char *const numbers[] = {"int2", "int4", "int8", "numeric", "float4", "float8", NULL};
    const struct table_use *u = m->use;
    for (size_t i = 0; i < u->n_preds; i++) {
        const struct pred *p = &u->preds[i];
        bool constant =
            p->kind == PRED_EQUAL || p->kind == PRED_IN || p->kind == PRED_NULL || p->kind == PRED_TRUE;
        if (!p->sql || p->in_or || p->key.column < 0 || !constant)
            continue;
        /* Another call has another id. */
        if (p->kind != PRED_NULL && str_ends(u->rel->columns[p->key.column].name, "id"))
            continue;
        double distinct = db_catalog_distinct(u->rel, p->key.column);
        bool number = str_find(numbers, u->rel->columns[p->key.column].type) >= 0;
        if (p->kind != PRED_NULL && number && distinct > CANDIDATE_PARTIAL_NUMBERS)
            continue;
        if (p->kind != PRED_NULL && !(distinct > 1 && distinct <= CANDIDATE_PARTIAL_DISTINCT))
            continue;
        double nulls = u->rel->columns[p->key.column].null_frac;
        m->predicate = p->sql;
        m->predicate_column = p->key.column;
        m->predicate_share = p->kind == PRED_NULL ? (isnan(nulls) ? 0.5 : MAX(nulls, 1e-6))
                                                  : MIN(1, (p->kind == PRED_IN ? 2 : 1) / distinct);
        combine(m, i);
    }
    m->predicate = NULL;
    m->predicate_column = -1;
    m->predicate_share = 1;
}

static bool appended(const struct catalog_relation *r)
{
    double changes = (isnan(r->updates) ? 0 : r->updates) + (isnan(r->deletes) ? 0 : r->deletes);
    return isnan(r->inserts) || changes <= 0.1 * MAX(r->inserts, r->rows);
}

/* A pattern that is a parameter may hold no three characters to search for: where another
 * condition can be proven to find the rows, that is not guessed at. */
static bool has_plain_condition(const struct table_use *u)
{
    for (size_t i = 0; i < u->n_preds; i++) {
        const struct pred *p = &u->preds[i];
        if (!p->in_or && (p->kind == PRED_EQUAL || p->kind == PRED_IN || p->kind == PRED_JOIN ||
                          p->kind == PRED_RANGE || p->kind == PRED_PREFIX))
            return true;
    }
    return false;
}

/* BRIN for a range of a large table that is stored in its order. */
static bool brin_for(const struct table_use *u, const struct pred *p)
{
    const struct catalog_column *c = p->key.column >= 0 ? &u->rel->columns[p->key.column] : NULL;
    return c && !p->key.collation && fabs(c->correlation) >= CANDIDATE_BRIN_CORRELATION &&
           u->rel->pages >= CANDIDATE_BRIN_PAGES && appended(u->rel);
}

/* For a condition on what is inside of the value. False: nothing of this type. */
static bool inside_for(const struct catalog *c, const struct table_use *u, const struct pred *p,
                       struct index_def *d)
{
    const char *type = p->key.column >= 0 ? u->rel->columns[p->key.column].type : p->key.type;
    bool text = type && (!strcmp(type, "text") || !strcmp(type, "varchar"));
    if (!type)
        return false;
    switch (p->kind) {
    case PRED_CONTAINS:
        d->method = INDEX_GIN;
        d->keys[0].opclass = "gin_trgm_ops";
        return c->has_trigram && text && !(p->unseen && has_plain_condition(u));
    case PRED_JSON:
        d->method = INDEX_GIN;
        return !strcmp(type, "jsonb") || type[0] == '_';
    case PRED_SEARCH:
        d->method = INDEX_GIN;
        return !strcmp(type, "tsvector");
    case PRED_SPACE: /* the class of GiST for networks is not the default one */
        d->method = type_of_network(type) ? INDEX_SPGIST : INDEX_GIST;
        return type_of_space(type);
    case PRED_NEAREST:
        d->method = INDEX_GIST;
        return type_of_space(type) && !type_of_network(type);
    default:
        return false;
    }
}

/* A hash index holds values of any length. */
static bool hash_for(const struct table_use *u, const struct pred *p)
{
    static const char *const types[] = {"text", "varchar", "bpchar", "bytea", "jsonb", NULL};
    int ignored;
    struct index_def tree = {.rel = u->rel, .keys = {p->key}, .n_keys = 1, .predicate_share = 1};
    return p->key.column >= 0 && !p->key.collation &&
           str_find(types, u->rel->columns[p->key.column].type) >= 0 && index_def_too_long(&tree, &ignored);
}

/* Methods beside the B-tree. */
static void others(const struct maker *m, const struct catalog *c)
{
    const struct table_use *u = m->use;
    for (size_t i = 0; i < u->n_preds; i++) {
        const struct pred *p = &u->preds[i];
        struct index_def d = {.rel = u->rel, .keys = {p->key}, .n_keys = 1, .predicate_share = 1};
        bool made = false;
        if (pred_inside(p->kind)) {
            made = inside_for(c, u, p, &d);
        } else if (p->kind == PRED_RANGE && brin_for(u, p)) {
            d.method = INDEX_BRIN;
            made = true;
        } else if ((p->kind == PRED_EQUAL || p->kind == PRED_IN || p->kind == PRED_JOIN) && hash_for(u, p)) {
            d.method = INDEX_HASH;
            made = true;
        }
        if (made)
            candidate_add(m->out, &d);
    }
}

/* Arms of an OR: the planner joins their bitmaps. Each arm's conditions alone, and all of them. */
static void arms(const struct maker *m)
{
    const struct table_use *u = m->use;
    for (size_t i = 0; i < u->n_preds; i++) {
        const struct pred *p = &u->preds[i];
        struct keys all = {.n = 0};
        if (!p->in_or || p->kind > PRED_JOIN || !sort_type(u, &p->key))
            continue;
        make(m, &(struct keys){.items = {p->kind == PRED_PREFIX ? pattern_key(u, p->key) : p->key}, .n = 1});
        if (i > 0 && u->preds[i - 1].arm == p->arm)
            continue; /* not the first of its arm */
        for (int ranges = 0; ranges < 2; ranges++)
            for (size_t k = i; k < u->n_preds && u->preds[k].arm == p->arm; k++) {
                const struct pred *o = &u->preds[k];
                bool range = o->kind == PRED_RANGE || o->kind == PRED_PREFIX;
                if (o->kind <= PRED_JOIN && o->kind != PRED_NOT_NULL && range == ranges &&
                    sort_type(u, &o->key)) {
                    struct index_key key = o->kind == PRED_PREFIX ? pattern_key(u, o->key) : o->key;
                    push(&all, &key);
                }
            }
        if (all.n > 1)
            make(m, &all);
    }
}

void candidates(const struct catalog *c, const struct statement_use *u, struct candidate_list *out)
{
    for (size_t i = 0; i < u->n; i++) {
        const struct table_use *t = &u->items[i];
        if (candidate_refusal(t->rel))
            continue;
        struct maker m = {.use = t,
                          .out = out,
                          .limit = out->n + CANDIDATES_PER_STATEMENT / MIN(u->n, 4),
                          .predicate_column = -1,
                          .predicate_share = 1};
        others(&m, c);
        combine(&m, SIZE_MAX);
        partial(&m);
        arms(&m);
    }
}

bool candidate_merge(const struct index_def *a, const struct index_def *b, struct index_def *out)
{
    if (a->rel != b->rel || a->method != INDEX_BTREE || b->method != INDEX_BTREE ||
        !str_eq(a->predicate, b->predicate) || !same_target(&a->keys[0], &b->keys[0]) ||
        a->keys[0].desc != b->keys[0].desc || !str_eq(a->keys[0].opclass, b->keys[0].opclass))
        return false;
    *out = *a;
    for (int part = 0; part < 2; part++)
        for (size_t i = 0; i < (part ? b->n_include : b->n_keys); i++) {
            int column = part ? b->include[i] : b->keys[i].column;
            if (column < 0 && i == 0)
                continue;
            if (column < 0)
                return false;
            if (index_def_has(out, column))
                continue;
            if (out->n_include == INDEX_INCLUDES)
                return false;
            out->include[out->n_include++] = column;
        }
    return !index_def_same(out, a) && !index_def_same(out, b);
}
