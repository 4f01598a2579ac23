/* trace_tree.c - from spans to a tree, own times, and the critical path.
 *
 * The critical path, from its end to its beginning. Times of children are first cut to those of their parent,
 * from the root down. What begins when its parent has ended, or ends before its parent begins, is left out
 * with all below it; so is who takes a message (CONSUMER) below who sent it (PRODUCER): the sender does not
 * wait. Then, from the end of the root backwards: of a span the child that ends last is on the path, and what
 * lies between its end and that of the span is the span's own. When a child has been walked through to its
 * start, its parent goes on from there: the next child is the one that ends last of those that end before
 * that moment. One that ends at that very moment, or later, runs beside the path and is not on it. Of
 * children that end at the same time, as they are cut, the one that starts first is taken, then the one that
 * came first. What is left up to the start of a span is its own.
 *
 * Times are whole microseconds here, as in the viewer of Jaeger, whatever the input has: a start and an end
 * are cut to the microsecond they lie in. So paths and own times are the same for a trace in OTLP's
 * nanoseconds and for the same trace out of Jaeger. */
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
    bool *cut; /* a circle was cut at it */
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
    b->cut[earliest] = true;
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
        t->nodes[n++] = (struct tree_node){.span = span,
                                           .parent = p,
                                           .depth = p == TREE_NONE ? 0 : t->nodes[p].depth + 1,
                                           .cut_circle = b->cut[span]};
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

/* Times that cannot be true stay within 142 years of 1970, so that their differences fit. */
#define TIME_MOST ((sd_time)4500000000000000000)

sd_time trace_whole_us(sd_time t)
{
    t = MAX(MIN(t, TIME_MOST), -TIME_MOST);
    sd_time rest = t % SD_US;
    return t - (rest < 0 ? rest + SD_US : rest);
}

/* Children come in the order of their starts: what of a parent's time is covered grows from left to right. */
static void own_times(struct trace_tree *t)
{
    const struct trace_span *spans = t->trace->spans;
    sd_time *covered = mem_array((size_t)t->n + 1, sizeof *covered);
    for (uint32_t i = 0; i < t->n; i++) {
        struct tree_node *k = &t->nodes[i];
        const struct trace_span *s = &spans[k->span];
        sd_time start = trace_whole_us(s->start), end = trace_whole_us(end_of(s));
        k->self_ns = !sd_known(s->duration) ? SD_UNKNOWN : s->duration < SD_US ? length_of(s) : end - start;
        covered[i] = start;
        if (k->parent == TREE_NONE || s->follows)
            continue;
        struct tree_node *up = &t->nodes[k->parent];
        sd_time from = MAX(start, covered[k->parent]),
                to = MIN(end, trace_whole_us(end_of(&spans[up->span])));
        if (from >= to)
            continue;
        covered[k->parent] = to;
        if (sd_known(up->self_ns))
            up->self_ns = MAX(up->self_ns - (to - from), 0);
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

static const struct cut_span OUTSIDE = {.from = 1, .to = 0};

static struct cut_span cut_to(struct cut_span s, struct cut_span parent)
{
    if (s.from >= parent.to || (s.from < parent.from && s.to <= parent.from))
        return OUTSIDE;
    return (struct cut_span){.from = MAX(s.from, parent.from), .to = MIN(s.to, parent.to)};
}

/* Who takes a message does not hold up who sent it. */
static bool waits_for(const struct trace_tree *t, uint32_t parent, uint32_t child)
{
    const struct trace_span *spans = t->trace->spans;
    return spans[t->nodes[parent].span].kind != SPAN_PRODUCER ||
           spans[t->nodes[child].span].kind != SPAN_CONSUMER;
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

/* A branch, whose first node is `top`; arrays are of its nodes, by their distance from it. */
struct branch {
    const struct trace_tree *t;
    uint32_t top, n_ends;
    struct cut_span *cut;
    struct end_key *ends; /* children that count, of each parent the one that ends last first */
    uint32_t *next;       /* of each node: the next of its children in `ends` */
};

static void cut_branch(struct branch *b)
{
    const struct tree_node *nodes = b->t->nodes + b->top;
    for (uint32_t i = 0; i <= nodes->n_below; i++) {
        const struct trace_span *s = &b->t->trace->spans[nodes[i].span];
        sd_time from = trace_whole_us(s->start), end = trace_whole_us(end_of(s));
        b->cut[i] = (struct cut_span){.from = from, .to = end};
        if (!i)
            continue;
        uint32_t up = nodes[i].parent - b->top;
        bool out = !waits_for(b->t, b->top + up, b->top + i) || b->cut[up].from > b->cut[up].to;
        b->cut[i] = out ? OUTSIDE : cut_to(b->cut[i], b->cut[up]);
        if (b->cut[i].from <= b->cut[i].to)
            b->ends[b->n_ends++] = (struct end_key){.parent = up, .node = i, .end = b->cut[i].to};
    }
    qsort(b->ends, b->n_ends, sizeof *b->ends, by_parent_and_end);
    for (uint32_t i = b->n_ends; i-- > 0;)
        b->next[b->ends[i].parent] = i;
}

/* The next child of a node that is on the path: it ends before `to`, or is the first one that is asked for.
 */
static uint32_t next_child(struct branch *b, uint32_t at, sd_time to, bool first)
{
    uint32_t *e = &b->next[at];
    while (*e < b->n_ends && b->ends[*e].parent == at && !first && b->cut[b->ends[*e].node].to >= to)
        ++*e;
    return *e < b->n_ends && b->ends[*e].parent == at ? b->ends[(*e)++].node : TREE_NONE;
}

static struct critical_piece *add_piece(struct critical_piece *pieces, uint32_t *n, size_t *cap,
                                        uint32_t node, sd_time from, sd_time to)
{
    if (from >= to)
        return pieces;
    pieces = mem_grow(pieces, *n, cap, sizeof *pieces);
    pieces[(*n)++] = (struct critical_piece){.node = node, .from = from, .to = to};
    return pieces;
}

static struct critical_piece *walk(struct branch *b, uint32_t *n)
{
    struct critical_piece *pieces = NULL;
    size_t cap = 0;
    uint32_t at = 0;
    sd_time to = b->cut[0].to;
    bool first = true; /* not back from a child */
    for (;;) {
        uint32_t child = next_child(b, at, to, first);
        sd_time from = child == TREE_NONE ? b->cut[at].from : b->cut[child].to;
        pieces = add_piece(pieces, n, &cap, b->top + at, from, to);
        to = from;
        first = child != TREE_NONE;
        if (!first && !at)
            break;
        at = first ? child : b->t->nodes[b->top + at].parent - b->top;
    }
    for (uint32_t i = 0, k = *n; k && i < --k; i++) {
        struct critical_piece swap = pieces[i];
        pieces[i] = pieces[k];
        pieces[k] = swap;
    }
    return pieces;
}

uint32_t trace_branch_path(const struct trace_tree *t, uint32_t node, struct critical_piece **out)
{
    size_t size = (size_t)t->nodes[node].n_below + 1;
    uint32_t n = 0;
    struct branch b = {.t = t,
                       .top = node,
                       .cut = mem_array(size, sizeof *b.cut),
                       .ends = mem_array(size, sizeof *b.ends),
                       .next = numbers((uint32_t)size)};
    cut_branch(&b);
    *out = walk(&b, &n);
    free(b.cut);
    free(b.ends);
    free(b.next);
    return n;
}

/* A root whose parent did not come has none, as in Jaeger: where it stands in the whole is not known. */
static void critical_paths(struct trace_tree *t)
{
    size_t cap = 0;
    for (uint32_t root = 0; root < t->n; root += t->nodes[root].n_below + 1) {
        const struct trace_span *s = &t->trace->spans[t->nodes[root].span];
        struct critical_piece *pieces;
        if (s->parent && !t->nodes[root].cut_circle)
            continue;
        uint32_t n = trace_branch_path(t, root, &pieces);
        for (uint32_t i = 0; i < n; i++) {
            struct tree_node *k = &t->nodes[pieces[i].node];
            t->path = mem_grow(t->path, t->n_path, &cap, sizeof *t->path);
            t->path[t->n_path++] = pieces[i];
            k->on_critical_path = true;
            k->critical_self_ns += pieces[i].to - pieces[i].from;
        }
        free(pieces);
    }
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
                         .next = numbers(n),
                         .cut = mem_array((size_t)n + 1, sizeof *b.cut)};
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
        critical_paths(t);
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
    free(b.cut);
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
