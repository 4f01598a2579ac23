/* trace_tree.c - from spans to a tree, own times, and the critical path.
 *
 * The critical path, from its end to its beginning. Times of children are first cut to those of their parent,
 * from the root down: what lies wholly outside of it is left out with all below it, and so is a span that
 * only follows its parent (FOLLOWS_FROM). Then, from the end of the root backwards: of a span the child that
 * ends last is on the path, and what lies between its end and that of the span is the span's own. When a
 * child has been walked through to its start, its parent goes on from there: the next child is the one that
 * ends last of those that end before that start. One that ends at that very moment, or later, runs beside the
 * path and is not on it. Of children that end at the same time (before they are cut) the one that starts
 * first is taken, then the one that came first. What is left up to the start of a span is its own.
 *
 * Times are whole microseconds here, as in the viewer of Jaeger, whatever the input has: a start is cut to
 * the microsecond it lies in, a duration to its whole ones. So what ends "at that very moment" is the same
 * for a trace in OTLP's nanoseconds and for the same trace out of Jaeger. Own times are in ns. */
#include "core/traces/trace_tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "core/name_index.h"

#define SKEW_MIN  SD_MS
#define TIME_FROM (INT64_C(946684800) * SD_S)  /* 2000 */
#define TIME_TO   (INT64_C(4102444800) * SD_S) /* 2100 */
#define YEAR      (366 * 86400 * SD_S)

static int64_t length_of(const struct trace_span *s)
{
    return s->duration > 0 ? s->duration : 0;
}

static sd_time end_of(const struct trace_span *s)
{
    return add_sat(s->start, length_of(s));
}

/* ---- parents ---- */

/* While the tree is built; indices are those of spans. */
struct building {
    const struct trace *trace;
    uint32_t n;
    uint32_t *parent;             /* TREE_NONE: a root */
    uint32_t *order;              /* spans by start, then as they came */
    uint32_t *first_child, *next; /* lists of siblings in that order */
    uint32_t *last_child;
    unsigned notes;
};

static uint32_t *numbers(uint32_t n)
{
    uint32_t *a = mem_array((size_t)n + 1, sizeof *a);
    memset(a, 0xff, ((size_t)n + 1) * sizeof *a);
    return a;
}

static void find_parents(struct building *b)
{
    struct name_index ids = {0};
    uint32_t *first = numbers(b->n);
    name_index_reserve(&ids, b->n);
    for (uint32_t i = 0; i < b->n; i++) {
        uint32_t k = name_index_of(&ids, b->trace->spans[i].id);
        if (first[k] == TREE_NONE)
            first[k] = i;
        else
            b->notes |= TRACE_DUPLICATE_IDS;
    }
    bool rooted = false;
    for (uint32_t i = 0; i < b->n; i++) {
        const char *parent = b->trace->spans[i].parent;
        uint32_t k = parent ? name_index_find(&ids, parent) : NAME_NONE;
        rooted |= !parent;
        if (k != NAME_NONE)
            b->parent[i] = first[k];
        else if (parent)
            b->notes |= TRACE_MISSING_PARENT;
    }
    if (!rooted && b->n)
        b->notes |= TRACE_NO_ROOT;
    free(first);
    name_index_free(&ids);
}

static bool starts_before(const struct building *b, uint32_t i, uint32_t k)
{
    sd_time x = b->trace->spans[i].start, y = b->trace->spans[k].start;
    return x < y || (x == y && i < k);
}

/* `i` is on a circle: the span of it that starts first becomes a root. */
static void cut_circle(struct building *b, uint32_t i)
{
    uint32_t earliest = i;
    for (uint32_t k = b->parent[i]; k != i; k = b->parent[k])
        if (starts_before(b, k, earliest))
            earliest = k;
    b->parent[earliest] = TREE_NONE;
    b->notes |= TRACE_CIRCLE;
}

static void cut_circles(struct building *b)
{
    uint32_t *seen_from = numbers(b->n);
    for (uint32_t i = 0; i < b->n; i++) {
        uint32_t k = i;
        for (; k != TREE_NONE && seen_from[k] == TREE_NONE; k = b->parent[k])
            seen_from[k] = i;
        if (k != TREE_NONE && seen_from[k] == i)
            cut_circle(b, k);
    }
    free(seen_from);
}

/* ---- order ---- */

struct start_key {
    sd_time start;
    uint32_t span;
};

static int by_start(const void *a, const void *b)
{
    const struct start_key *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return (x->span > y->span) - (x->span < y->span);
}

static void order_spans(struct building *b)
{
    struct start_key *keys = mem_array((size_t)b->n + 1, sizeof *keys);
    bool sorted = true;
    for (uint32_t i = 0; i < b->n; i++) {
        keys[i] = (struct start_key){.start = b->trace->spans[i].start, .span = i};
        sorted &= !i || keys[i - 1].start <= keys[i].start;
    }
    if (!sorted)
        qsort(keys, b->n, sizeof *keys, by_start);
    for (uint32_t i = 0; i < b->n; i++)
        b->order[i] = keys[i].span;
    free(keys);
    /* Place n of the lists is that of the roots. */
    for (uint32_t i = 0; i < b->n; i++) {
        uint32_t span = b->order[i], p = b->parent[span] == TREE_NONE ? b->n : b->parent[span];
        if (b->first_child[p] == TREE_NONE)
            b->first_child[p] = span;
        else
            b->next[b->last_child[p]] = span;
        b->last_child[p] = span;
    }
}

/* Each span before its children, siblings in order; parents and depths become those of nodes. */
static void lay_out(struct trace_tree *t, const struct building *b)
{
    uint32_t n = 0, roots = 0;
    for (uint32_t span = b->first_child[b->n]; span != TREE_NONE;) {
        uint32_t p = b->parent[span] == TREE_NONE ? TREE_NONE : t->node_of[b->parent[span]];
        t->node_of[span] = n;
        t->nodes[n++] = (struct tree_node){
            .span = span, .parent = p, .depth = p == TREE_NONE ? 0 : t->nodes[p].depth + 1};
        roots += p == TREE_NONE;
        if (b->first_child[span] != TREE_NONE) {
            span = b->first_child[span];
            continue;
        }
        while (span != TREE_NONE && b->next[span] == TREE_NONE)
            span = b->parent[span];
        if (span != TREE_NONE)
            span = b->next[span];
    }
    t->n = n;
    if (roots > 1)
        t->notes |= TRACE_SEVERAL_ROOTS;
    for (uint32_t i = n; i-- > 0;)
        if (t->nodes[i].parent != TREE_NONE)
            t->nodes[t->nodes[i].parent].n_below += t->nodes[i].n_below + 1;
}

/* ---- own times ---- */

/* Children come in the order of their starts: what of a parent's time is covered grows from left to right. */
static void own_times(struct trace_tree *t)
{
    const struct trace_span *spans = t->trace->spans;
    sd_time *covered = mem_array((size_t)t->n + 1, sizeof *covered);
    for (uint32_t i = 0; i < t->n; i++) {
        struct tree_node *k = &t->nodes[i];
        const struct trace_span *s = &spans[k->span], *p;
        k->self_ns = sd_known(s->duration) ? length_of(s) : SD_UNKNOWN;
        covered[i] = s->start;
        if (k->parent == TREE_NONE || s->follows)
            continue;
        struct tree_node *up = &t->nodes[k->parent];
        p = &spans[up->span];
        sd_time from = MAX(s->start, covered[k->parent]), to = MIN(end_of(s), end_of(p));
        if (from >= to)
            continue;
        covered[k->parent] = to;
        if (sd_known(up->self_ns))
            up->self_ns -= to - from;
    }
    free(covered);
}

/* ---- the critical path ---- */

struct cut_span {
    sd_time from, to; /* cut to the parent's; from > to: left out */
};
struct end_key {
    uint32_t parent, node;
    sd_time end;
};

static sd_time whole_us(sd_time t)
{
    sd_time rest = t % SD_US;
    return t - (rest < 0 ? rest + SD_US : rest);
}

static struct cut_span cut_to(struct cut_span s, struct cut_span parent)
{
    static const struct cut_span OUT = {.from = 1, .to = 0};
    bool inside = s.from >= parent.from && s.to <= parent.to;
    bool beside = s.from >= parent.to || s.to <= parent.from;
    if (inside)
        return s;
    if (beside && !(s.from < parent.from && s.to > parent.to))
        return OUT;
    return (struct cut_span){.from = MAX(s.from, parent.from), .to = MIN(s.to, parent.to)};
}

static int by_parent_and_end(const void *a, const void *b)
{
    const struct end_key *x = a, *y = b;
    if (x->parent != y->parent)
        return x->parent < y->parent ? -1 : 1;
    if (x->end != y->end)
        return x->end > y->end ? -1 : 1;
    return (x->node > y->node) - (x->node < y->node);
}

/* The branch of the first root, cut. `ends`: its children that count, of each parent the one that ends last
 * first; `first`: of each node its place in them. */
static uint32_t cut_branch(const struct trace_tree *t, struct cut_span *cut, struct end_key *ends,
                           uint32_t *first)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i <= t->nodes[0].n_below; i++) {
        const struct tree_node *k = &t->nodes[i];
        const struct trace_span *s = &t->trace->spans[k->span];
        sd_time from = whole_us(s->start);
        cut[i] = (struct cut_span){.from = from, .to = add_sat(from, whole_us(length_of(s)))};
        if (!i)
            continue;
        sd_time end = cut[i].to;
        bool out = s->follows || cut[k->parent].from > cut[k->parent].to;
        cut[i] = out ? (struct cut_span){.from = 1} : cut_to(cut[i], cut[k->parent]);
        if (cut[i].from <= cut[i].to)
            ends[n++] = (struct end_key){.parent = k->parent, .node = i, .end = end};
    }
    qsort(ends, n, sizeof *ends, by_parent_and_end);
    for (uint32_t i = n; i-- > 0;)
        first[ends[i].parent] = i;
    return n;
}

static void add_piece(struct trace_tree *t, uint32_t node, sd_time from, sd_time to, size_t *cap)
{
    if (from >= to)
        return;
    t->path = mem_grow(t->path, t->n_path, cap, sizeof *t->path);
    t->path[t->n_path++] = (struct critical_piece){.node = node, .from = from, .to = to};
    t->nodes[node].on_critical_path = true;
    t->nodes[node].critical_self_ns += to - from;
}

static void critical_path(struct trace_tree *t)
{
    struct cut_span *cut = mem_array((size_t)t->nodes[0].n_below + 1, sizeof *cut);
    struct end_key *ends = mem_array((size_t)t->nodes[0].n_below + 1, sizeof *ends);
    uint32_t *next = numbers(t->n), n = cut_branch(t, cut, ends, next), at = 0;
    size_t cap = 0;
    sd_time to = cut[0].to;
    bool back = false; /* from a child: then only what ends before `to` */
    while (at != TREE_NONE) {
        uint32_t *e = &next[at];
        while (back && *e < n && ends[*e].parent == at && cut[ends[*e].node].to >= to)
            ++*e;
        if (*e < n && ends[*e].parent == at) {
            uint32_t child = ends[(*e)++].node;
            add_piece(t, at, cut[child].to, to, &cap);
            at = child;
            to = cut[child].to;
            back = false;
        } else {
            add_piece(t, at, cut[at].from, to, &cap);
            to = cut[at].from;
            at = t->nodes[at].parent;
            back = true;
        }
    }
    for (uint32_t i = 0, k = t->n_path; k && i < --k; i++) {
        struct critical_piece swap = t->path[i];
        t->path[i] = t->path[k];
        t->path[k] = swap;
    }
    free(cut);
    free(ends);
    free(next);
}

/* ---- the whole ---- */

static void note_times(struct trace_tree *t)
{
    for (uint32_t i = 0; i < t->n; i++) {
        const struct trace_span *s = &t->trace->spans[t->nodes[i].span], *p;
        if (!sd_known(s->duration))
            t->notes |= TRACE_NOT_ENDED;
        if (s->start < TIME_FROM || s->start > TIME_TO || s->duration > YEAR)
            t->notes |= TRACE_ABSURD_TIMES;
        if (t->nodes[i].parent == TREE_NONE || s->follows)
            continue;
        p = &t->trace->spans[t->nodes[t->nodes[i].parent].span];
        if (s->start < add_sat(p->start, -SKEW_MIN) ||
            (sd_known(p->duration) && end_of(s) > add_sat(end_of(p), SKEW_MIN)))
            t->notes |= TRACE_CLOCK_SKEW;
    }
    if (t->trace->cut)
        t->notes |= TRACE_CUT;
}

static uint32_t longest_root(const struct trace_tree *t)
{
    uint32_t best = 0;
    for (uint32_t i = 0; i < t->n; i += t->nodes[i].n_below + 1)
        if (length_of(&t->trace->spans[t->nodes[i].span]) > length_of(&t->trace->spans[t->nodes[best].span]))
            best = i;
    return best;
}

struct trace_tree *trace_tree_new(const struct trace *trace)
{
    struct trace_tree *t = mem_alloc(sizeof *t);
    uint32_t n = trace->n;
    struct building b = {.trace = trace,
                         .n = n,
                         .parent = numbers(n),
                         .order = numbers(n),
                         .first_child = numbers(n),
                         .last_child = numbers(n),
                         .next = numbers(n)};
    t->trace = trace;
    t->nodes = mem_array((size_t)n + 1, sizeof *t->nodes);
    t->node_of = numbers(n);
    find_parents(&b);
    cut_circles(&b);
    order_spans(&b);
    t->notes = b.notes;
    lay_out(t, &b);
    if (t->n) {
        own_times(t);
        critical_path(t);
        note_times(t);
        t->root = longest_root(t);
        t->start = trace->spans[t->nodes[t->root].span].start;
        t->duration = trace->spans[t->nodes[t->root].span].duration;
    }
    free(b.parent);
    free(b.order);
    free(b.first_child);
    free(b.last_child);
    free(b.next);
    return t;
}

void trace_tree_free(struct trace_tree *t)
{
    if (!t)
        return;
    free(t->nodes);
    free(t->node_of);
    free(t->path);
    free(t);
}

const char *trace_note_text(unsigned bit)
{
    switch ((enum trace_note)bit) {
    case TRACE_MISSING_PARENT:
        return "the parents of some spans did not come";
    case TRACE_SEVERAL_ROOTS:
        return "it has several roots";
    case TRACE_NO_ROOT:
        return "its root did not come";
    case TRACE_CIRCLE:
        return "spans are each other's parents: the circle is cut at the one that starts first";
    case TRACE_DUPLICATE_IDS:
        return "different spans have the same id: children are those of the first";
    case TRACE_CLOCK_SKEW:
        return "clocks differ: some spans begin before or end after their parents";
    case TRACE_ABSURD_TIMES:
        return "some times cannot be true: before 2000, after 2100, or longer than a year";
    case TRACE_NOT_ENDED:
        return "some spans have no end";
    case TRACE_CUT:
        return "spans or attributes were left out for want of room";
    }
    return NULL;
}
