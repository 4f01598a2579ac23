#include "core/plans/compare_private.h"
#include "base/hash.h"

#include <ctype.h>
#include <stdlib.h>
#include <uthash.h>

#define CELLS_MAX ((size_t)1 << 20) /* of one alignment; longer chains are matched greedily */
#define LOOKAHEAD 64

const char *plan_diff_kind_name(enum plan_diff_kind k)
{
    static const char *const names[] = {"same", "changed", "added", "removed"};
    return names[k];
}

bool diff_is_subplan(const struct plan_node *n)
{
    return plan_is_initplan(n) || str_eq(n->relationship, "SubPlan");
}

static bool letter(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '"';
}

/* Is `bare` what is left of `full` without the tables' names before its columns? */
static bool without_tables(const char *full, const char *bare)
{
    while (*full) {
        const char *end = full;
        while (letter(*end))
            end++;
        if (end > full && *end == '.' && letter(end[1]) && !isdigit((unsigned char)*full)) {
            full = end + 1;
            continue;
        }
        end += end == full;
        for (; full < end; full++, bare++)
            if (*full != *bare)
                return false;
    }
    return !*bare;
}

/* VERBOSE names the table of a key even where there is only one. */
static bool same_list(const struct plan_list *a, const struct plan_list *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++) {
        const char *x = a->items[i], *y = b->items[i];
        if (!str_eq(x, y) && !(x && y && (without_tables(x, y) || without_tables(y, x))))
            return false;
    }
    return true;
}

bool diff_same_keys(const struct plan_node *a, const struct plan_node *b)
{
    return same_list(&a->sort_key, &b->sort_key) && same_list(&a->group_key, &b->group_key);
}

const char *diff_alias(const struct plan_node *n)
{
    return n->alias ? n->alias : n->relation ? n->relation : n->cte;
}

static size_t at(const struct plan_node *n)
{
    return (size_t)n->id - 1;
}

static void pair(struct diff_side *a, struct diff_side *b, const struct plan_node *x,
                 const struct plan_node *y)
{
    a->partner[at(x)] = y;
    b->partner[at(y)] = x;
}

static bool paired(const struct diff_side *s, const struct plan_node *n)
{
    return s->partner[at(n)] != NULL;
}

/* ---- leaves ---- */

static int inputs(const struct plan_node *n) /* children that are no subplans */
{
    int count = 0;
    for (const struct plan_node *c = n->child; c; c = c->next)
        count += !diff_is_subplan(c);
    return count;
}

static void side_open(struct diff_side *s, const struct plan *p)
{
    *s = (struct diff_side){.p = p,
                            .partner = mem_array(p->n_nodes, sizeof *s->partner),
                            .set = mem_array(p->n_nodes, sizeof *s->set),
                            .leaf = mem_array(p->n_nodes, sizeof *s->leaf),
                            .bitmap = mem_array(p->n_nodes, sizeof *s->bitmap)};
    for (size_t i = 0; i < p->n_nodes; i++) {
        const struct plan_node *n = p->nodes[i], *up = n->parent;
        s->bitmap[i] =
            up && !diff_is_subplan(n) && (str_eq(up->type, "Bitmap Heap Scan") || s->bitmap[at(up)]);
        s->leaf[i] = !s->bitmap[i] && (str_eq(n->type, "Bitmap Heap Scan") || inputs(n) == 0);
    }
}

static void side_close(struct diff_side *s)
{
    free(s->partner);
    free(s->set);
    free(s->leaf);
    free(s->bitmap);
}

/* By what leaves are matched, the surest first. */
enum leaf_key { LEAF_SCOPED, LEAF_NAMED, LEAF_RELATION, LEAF_ALIAS, LEAF_KEYS };

static const char *scope(const struct plan_node *n)
{
    while (n && !diff_is_subplan(n))
        n = n->parent;
    return n && n->subplan ? n->subplan : "";
}

/* False: the node has no such key. */
static bool leaf_key(const struct plan_node *n, enum leaf_key k, struct strbuf *out)
{
    const char *name = n->relation         ? n->relation
                       : n->cte            ? n->cte
                       : n->function       ? n->function
                       : n->table_function ? n->table_function
                                           : n->tuplestore;
    const char *alias = diff_alias(n);
    const char *kind = n->relation ? "relation" : n->type ? n->type : "";
    strbuf_clear(out);
    if (!name && !n->alias && k > LEAF_NAMED)
        return false;
    switch (k) {
    case LEAF_SCOPED:
        strbuf_printf(out, "%s\n%s\n%s\n%s\n%s", scope(n), kind, n->schema ? n->schema : "", name ? name : "",
                      alias ? alias : "");
        return true;
    case LEAF_NAMED:
        strbuf_printf(out, "%s\n%s\n%s", kind, name ? name : "", alias ? alias : "");
        return true;
    case LEAF_RELATION:
        strbuf_printf(out, "%s\n%s", kind, name ? name : "");
        return name != NULL;
    case LEAF_ALIAS:
        strbuf_str(out, n->alias ? n->alias : "");
        return n->alias && !str_eq(n->alias, name);
    case LEAF_KEYS:
        break;
    }
    return false;
}

struct bucket {
    char *key;
    const struct plan_node **nodes;
    size_t n, cap, taken;
    UT_hash_handle hh;
};

static struct bucket *bucket_of(struct bucket **all, const struct strbuf *key, bool add)
{
    struct bucket *b = NULL;
    HASH_FIND(hh, *all, strbuf_text(key), key->len, b);
    if (!b && add) {
        b = mem_alloc(sizeof *b);
        b->key = mem_strndup(strbuf_text(key), key->len);
        HASH_ADD_KEYPTR(hh, *all, b->key, key->len, b);
    }
    return b;
}

static void buckets_free(struct bucket *all)
{
    struct bucket *b, *next;
    HASH_ITER(hh, all, b, next)
    {
        HASH_DEL(all, b);
        free(b->nodes);
        free(b->key);
        free(b);
    }
}

/* Of several leaves with one key the first goes with the first, and so on. */
static void match_leaves(struct diff_side *a, struct diff_side *b, enum leaf_key k)
{
    struct bucket *all = NULL;
    struct strbuf key = {0};
    for (size_t i = 0; i < a->p->n_nodes; i++) {
        const struct plan_node *n = a->p->nodes[i];
        if (!a->leaf[i] || paired(a, n) || !leaf_key(n, k, &key))
            continue;
        struct bucket *found = bucket_of(&all, &key, true);
        found->nodes = mem_grow(found->nodes, found->n, &found->cap, sizeof *found->nodes);
        found->nodes[found->n++] = n;
    }
    for (size_t i = 0; i < b->p->n_nodes && all; i++) {
        const struct plan_node *n = b->p->nodes[i];
        if (!b->leaf[i] || paired(b, n) || !leaf_key(n, k, &key))
            continue;
        struct bucket *found = bucket_of(&all, &key, false);
        if (found && found->taken < found->n)
            pair(a, b, found->nodes[found->taken++], n);
    }
    buckets_free(all);
    strbuf_free(&key);
}

/* The index scans below two bitmap heap scans: by index, then in their order. */
static void match_bitmaps(struct diff_side *a, struct diff_side *b, const struct plan_node *x,
                          const struct plan_node *y)
{
    for (int exact = 1; exact >= 0; exact--)
        for (const struct plan_node *n = x->child; n; n = n->next)
            for (const struct plan_node *m = y->child; m && a->bitmap[at(n)] && !paired(a, n); m = m->next)
                if (b->bitmap[at(m)] && !paired(b, m) && str_eq(n->type, m->type) &&
                    (!exact || str_eq(n->index, m->index)))
                    pair(a, b, n, m);
}

/* Below paired nodes of bitmaps (BitmapOr) there may be more of them: parents come first. */
static void match_all_bitmaps(struct diff_side *a, struct diff_side *b)
{
    size_t work = 0;
    for (size_t i = 0; i < a->p->n_nodes; i++) {
        const struct plan_node *n = a->p->nodes[i], *m = a->partner[i];
        size_t left = 0, right = 0;
        if (!m || !(str_eq(n->type, "Bitmap Heap Scan") || a->bitmap[i]))
            continue;
        for (const struct plan_node *c = n->child; c; c = c->next)
            left++;
        for (const struct plan_node *c = m->child; c; c = c->next)
            right++;
        work += left * right;
        if (work > CELLS_MAX)
            return;
        match_bitmaps(a, b, n, m);
    }
}

/* ---- sets of leaves ---- */

static uint64_t mix(uint64_t v)
{
    return hash_mix(v + 0x9e3779b97f4a7c15u);
}

static void sum_sets(struct diff_side *s, const struct diff_side *a)
{
    for (size_t i = 0; i < s->p->n_nodes; i++)
        if (s->leaf[i] && s->partner[i]) /* both sides count a pair by its node in `a` */
            s->set[i] = mix((uint64_t)(s == a ? i : at(s->partner[i])) + 1);
    for (size_t i = s->p->n_nodes; i-- > 0;) {
        const struct plan_node *n = s->p->nodes[i];
        if (n->parent && !diff_is_subplan(n) && !s->leaf[at(n->parent)])
            s->set[at(n->parent)] += s->set[i];
    }
}

/* ---- chains ---- */

/* Nodes that do the same work in other ways are matched. */
static const char *role(const struct plan_node *n)
{
    static const struct {
        const char *type, *role;
    } roles[] = {{.type = "Nested Loop", .role = "join"},      {.type = "Hash Join", .role = "join"},
                 {.type = "Merge Join", .role = "join"},       {.type = "Aggregate", .role = "group"},
                 {.type = "Group", .role = "group"},           {.type = "Unique", .role = "group"},
                 {.type = "Incremental Sort", .role = "Sort"}, {.type = "Gather Merge", .role = "Gather"},
                 {.type = "Merge Append", .role = "Append"}};
    for (size_t i = 0; n->type && i < ARRAY_LEN(roles); i++)
        if (!strcmp(n->type, roles[i].type))
            return roles[i].role;
    return n->type ? n->type : "";
}

/* Aggregation in two steps: the upper one is what a single step would be. */
static bool partial(const struct plan_node *n)
{
    return str_eq(n->partial_mode, "Partial");
}

static int likeness(const struct plan_node *x, const struct plan_node *y) /* 0: no match */
{
    if (strcmp(role(x), role(y)) != 0)
        return 0;
    return 16 + (str_eq(x->type, y->type) ? 8 : 0) + (diff_same_keys(x, y) ? 6 : 0) +
           (str_eq(x->strategy, y->strategy) ? 2 : 0) + (str_eq(x->partial_mode, y->partial_mode) ? 4 : 0) -
           (partial(x) != partial(y) ? 8 : 0) + (str_eq(x->subplan, y->subplan) ? 1 : 0);
}

static bool alike(const struct plan_node *x, const struct plan_node *y)
{
    return str_eq(x->type, y->type) && str_eq(x->strategy, y->strategy) &&
           str_eq(x->partial_mode, y->partial_mode) && str_eq(x->subplan, y->subplan) &&
           str_eq(x->operation, y->operation) && diff_same_keys(x, y);
}

struct chain {
    const struct plan_node **nodes; /* from the top down */
    size_t n, cap;
};

/* The largest sum of likenesses without crossing; best[i][j] is of what is below i and j. */
static void align(struct diff_side *a, struct diff_side *b, const struct plan_node **x, size_t nx,
                  const struct plan_node **y, size_t ny)
{
    size_t width = ny + 1;
    int *best = mem_array((nx + 1) * width, sizeof *best);
    for (size_t i = nx; i-- > 0;)
        for (size_t j = ny; j-- > 0;) {
            int like = likeness(x[i], y[j]), skip = MAX(best[(i + 1) * width + j], best[i * width + j + 1]);
            best[i * width + j] = like ? MAX(skip, like + best[(i + 1) * width + j + 1]) : skip;
        }
    for (size_t i = 0, j = 0; i < nx && j < ny;) {
        int like = likeness(x[i], y[j]), here = best[i * width + j];
        if (like && here == like + best[(i + 1) * width + j + 1])
            pair(a, b, x[i++], y[j++]);
        else if (here == best[(i + 1) * width + j])
            i++;
        else
            j++;
    }
    free(best);
}

static void greedy(struct diff_side *a, struct diff_side *b, const struct plan_node **x, size_t nx,
                   const struct plan_node **y, size_t ny)
{
    for (size_t i = 0, j = 0; i < nx; i++)
        for (size_t k = j; k < ny && k < j + LOOKAHEAD; k++)
            if (likeness(x[i], y[k])) {
                pair(a, b, x[i], y[k]);
                j = k + 1;
                break;
            }
}

static void match_chains(struct diff_side *a, struct diff_side *b, struct chain *x, struct chain *y)
{
    size_t top = 0, nx = x->n, ny = y->n;
    while (nx && ny && paired(a, x->nodes[nx - 1]) && paired(b, y->nodes[ny - 1])) /* the leaves */
        nx--, ny--;
    while (nx && ny && alike(x->nodes[nx - 1], y->nodes[ny - 1])) {
        nx--, ny--;
        pair(a, b, x->nodes[nx], y->nodes[ny]);
    }
    while (top < nx && top < ny && alike(x->nodes[top], y->nodes[top])) {
        pair(a, b, x->nodes[top], y->nodes[top]);
        top++;
    }
    if (top == nx || top == ny)
        return;
    bool long_ones = (nx - top + 1) > CELLS_MAX / (ny - top + 1);
    (long_ones ? greedy : align)(a, b, x->nodes + top, nx - top, y->nodes + top, ny - top);
}

struct group {
    uint64_t set;
    struct chain chain[2];
    UT_hash_handle hh;
};

static void collect(struct group **all, const struct diff_side *s, int which, bool add)
{
    for (size_t i = 0; i < s->p->n_nodes; i++) {
        struct group *g = NULL;
        if (!s->set[i])
            continue;
        HASH_FIND(hh, *all, &s->set[i], sizeof s->set[i], g);
        if (!g && !add)
            continue;
        if (!g) {
            g = mem_alloc(sizeof *g);
            g->set = s->set[i];
            HASH_ADD(hh, *all, set, sizeof g->set, g);
        }
        struct chain *c = &g->chain[which];
        c->nodes = mem_grow(c->nodes, c->n, &c->cap, sizeof *c->nodes);
        c->nodes[c->n++] = s->p->nodes[i];
    }
}

static void match_inner(struct diff_side *a, struct diff_side *b)
{
    struct group *all = NULL, *g, *next;
    collect(&all, a, 0, true);
    collect(&all, b, 1, false);
    HASH_ITER(hh, all, g, next)
    {
        match_chains(a, b, &g->chain[0], &g->chain[1]);
        HASH_DEL(all, g);
        free(g->chain[0].nodes);
        free(g->chain[1].nodes);
        free(g);
    }
}

static void match(struct diff_side *a, struct diff_side *b)
{
    for (int k = LEAF_SCOPED; k < LEAF_KEYS; k++)
        match_leaves(a, b, (enum leaf_key)k);
    match_all_bitmaps(a, b);
    sum_sets(a, a);
    sum_sets(b, a);
    match_inner(a, b);
}

/* ---- shape ---- */

static uint64_t hash_text(uint64_t h, const char *s)
{
    return mix(h ^ (s ? str_hash(s, strlen(s)) : 0));
}

static uint64_t hash_list(uint64_t h, const struct plan_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        h = hash_text(h, l->items[i]);
    return mix(h ^ l->n);
}

static uint64_t shape(const struct plan *p)
{
    uint64_t h = p->n_nodes;
    for (size_t i = 0; i < p->n_nodes; i++) {
        const struct plan_node *n = p->nodes[i];
        const char *const texts[] = {n->type,     n->relation,     diff_alias(n), n->index,
                                     n->cte,      n->function,     n->subplan,    n->join_type,
                                     n->strategy, n->partial_mode, n->operation,  n->direction};
        h = mix(h ^ (uint64_t)n->depth ^ (uint64_t)(n->parallel_aware == 1) << 32);
        for (size_t k = 0; k < ARRAY_LEN(texts); k++)
            h = hash_text(h, texts[k]);
        h = hash_list(hash_list(h, &n->sort_key), &n->group_key);
    }
    return h;
}

bool plan_diff_same_shape(const struct plan *a, const struct plan *b)
{
    return a->n_nodes == b->n_nodes && shape(a) == shape(b);
}

/* An order of plans that does not depend on which came first: ties between matches are
 * broken the same way in the mirror. */
static uint64_t content(const struct plan *p)
{
    uint64_t h = shape(p);
    for (size_t i = 0; i < p->n_nodes; i++) {
        const struct plan_node *n = p->nodes[i];
        double figures[] = {n->total_cost, n->plan_rows, n->loop_total_ns, n->loop_rows, n->loops};
        for (size_t k = 0; k < ARRAY_LEN(figures); k++)
            if (!isnan(figures[k]))
                h = mix(h ^ str_hash(&figures[k], sizeof figures[k]));
        h = hash_text(hash_text(h, n->filter), n->index_cond);
    }
    return h;
}

/* ---- the tree of both ---- */

struct merge {
    struct plan_diff *d;
    struct diff_side before, after;
    struct plan_diff_node *out;
    size_t n;
    const struct plan_node **anchor; /* of each node after: the nearest matched one above; NULL */
    const struct plan_node **wraps;  /* of nodes only before: the matched one shown inside it; NULL */
};

static void emit(struct merge *m, const struct plan_node *before, const struct plan_node *after, int depth)
{
    struct plan_diff_node *n = &m->out[m->n++];
    *n = (struct plan_diff_node){.before = before, .after = after, .depth = depth};
    diff_describe(m->d, &m->before, &m->after, n);
    m->d->count[n->kind]++;
}

/* What went from between two matched nodes, and had one input, is shown between them. */
static void find_wraps(struct merge *m)
{
    for (size_t i = 0; i < m->after.p->n_nodes; i++) {
        const struct plan_node *n = m->after.p->nodes[i], *up = n->parent;
        m->anchor[i] = !up ? NULL : paired(&m->after, up) ? up : m->anchor[at(up)];
    }
    for (size_t i = 0; i < m->before.p->n_nodes; i++) {
        const struct plan_node *n = m->before.p->nodes[i], *low = n, *top;
        if (!paired(&m->before, n))
            continue;
        for (top = n->parent; top && !paired(&m->before, top) && inputs(top) == 1 && !diff_is_subplan(low);
             top = top->parent)
            low = top;
        if (low == n || (top && (!paired(&m->before, top) || diff_is_subplan(low))))
            continue;
        if ((top ? m->before.partner[at(top)] : NULL) != m->anchor[at(m->before.partner[i])])
            continue;
        for (const struct plan_node *u = n->parent; u != top; u = u->parent)
            m->wraps[at(u)] = n;
    }
}

static bool in_block(const struct merge *m, const struct plan_node *n)
{
    return !paired(&m->before, n) && !m->wraps[at(n)];
}

/* The node is only before, and so is what hangs on it without a match. */
static void emit_block(struct merge *m, const struct plan_node *top, int depth)
{
    const struct plan_node *n = top;
    while (n) {
        emit(m, n, NULL, depth + n->depth - top->depth);
        const struct plan_node *next = n->child;
        while (next && !in_block(m, next))
            next = next->next;
        while (!next && n != top) {
            for (next = n->next; next && !in_block(m, next); next = next->next)
                ;
            n = n->parent;
        }
        n = next;
    }
}

static void emit_blocks(struct merge *m, const struct plan_node *holder, int depth)
{
    for (const struct plan_node *c = holder->child; c; c = c->next)
        if (in_block(m, c))
            emit_block(m, c, depth);
}

/* The removed nodes around a matched one, the topmost first. Returns the depth inside. */
static int emit_wraps(struct merge *m, const struct plan_node *before, int depth)
{
    const struct plan_node *top = NULL;
    for (const struct plan_node *u = before->parent; u && m->wraps[at(u)] == before; u = u->parent)
        top = u;
    for (const struct plan_node *u = top; u && u != before; depth++) {
        const struct plan_node *inside = NULL;
        emit(m, u, NULL, depth);
        emit_blocks(m, u, depth + 1);
        for (const struct plan_node *c = u->child; c; c = c->next)
            if (!diff_is_subplan(c))
                inside = c;
        u = inside;
    }
    return depth;
}

static void emit_tree(struct merge *m)
{
    int *depth = mem_array(m->after.p->n_nodes, sizeof *depth); /* of the row of each node after */
    if (in_block(m, m->before.p->nodes[0]))
        emit_block(m, m->before.p->nodes[0], 0);
    for (const struct plan_node *n = m->after.p->nodes[0]; n;) {
        const struct plan_node *before = m->after.partner[at(n)];
        int d = n->parent ? depth[at(n->parent)] + 1 : 0;
        if (before)
            d = emit_wraps(m, before, d);
        depth[at(n)] = d;
        emit(m, before, n, d);
        if (before)
            emit_blocks(m, before, d + 1);
        if (n->child) {
            n = n->child;
            continue;
        }
        while (n && !n->next)
            n = n->parent;
        n = n ? n->next : NULL;
    }
    free(depth);
}

void plan_diff(const struct plan *before, const struct plan *after, struct plan_diff *out)
{
    struct arena *arena = arena_new();
    *out = (struct plan_diff){.arena = arena, .before = before, .after = after, .factor = NAN};
    struct merge m = {.d = out};
    side_open(&m.before, before);
    side_open(&m.after, after);
    if (content(before) <= content(after))
        match(&m.before, &m.after);
    else
        match(&m.after, &m.before);
    m.anchor = mem_array(after->n_nodes, sizeof *m.anchor);
    m.wraps = mem_array(before->n_nodes, sizeof *m.wraps);
    m.out = arena_alloc(arena, (before->n_nodes + after->n_nodes) * sizeof *m.out);
    find_wraps(&m);
    emit_tree(&m);
    out->nodes = m.out;
    out->n_nodes = m.n;
    free(m.anchor);
    free(m.wraps);
    side_close(&m.before);
    side_close(&m.after);
    diff_conclude(out);
}

void plan_diff_free(struct plan_diff *d)
{
    arena_free(d->arena);
    *d = (struct plan_diff){0};
}
