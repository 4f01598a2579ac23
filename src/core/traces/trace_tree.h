/* trace_tree.h - the spans of a trace as a tree, their own time and the critical path.
 *
 * Malformed traces are trees, too: a span whose parent is missing is a root; of spans with the same id the
 * first keeps it; a circle is cut at the span that starts first. Each such thing is a note.
 *
 * Order of siblings: by start, then by the order in which they came. Own time: the duration less the union of
 * the children's times inside it; what only follows its parent is not its time. The critical path is the rule
 * of the trace viewer of Jaeger, in whole microseconds: from the end of the root backwards, always the child
 * that ended last before; children are cut to their parent's time. Ties and overlaps: see trace_tree.c. Each
 * root has one that names no parent; one whose parent did not come has none. Costs O(n log n) in the number
 * of spans, whatever their shape; no recursion. */
#ifndef CORE_TRACES_TRACE_TREE_H
#define CORE_TRACES_TRACE_TREE_H

#include "core/traces/trace.h"

#define TREE_NONE UINT32_MAX

struct tree_node {
    uint32_t span;   /* its place in trace.spans */
    uint32_t parent; /* a place in trace_tree.nodes; TREE_NONE: a root */
    uint32_t depth;
    uint32_t n_below;         /* nodes in its branch, without itself: they follow it */
    int64_t self_ns;          /* in whole microseconds; SD_UNKNOWN: its duration is */
    int64_t critical_self_ns; /* time of the critical path that is its own */
    bool on_critical_path;
    bool cut_circle; /* a root because it was its own ancestor */
};

/* A piece of the critical path: the span's own. Pieces of a root are in order of time and touch one another.
 */
struct critical_piece {
    uint32_t node;
    sd_time from, to;
};

enum trace_note {
    TRACE_MISSING_PARENT = 1, /* spans whose parent did not come */
    TRACE_SEVERAL_ROOTS = 2,
    TRACE_NO_ROOT = 4, /* every span has a parent: the root did not come */
    TRACE_CIRCLE = 8,  /* a span is its own ancestor */
    TRACE_DUPLICATE_IDS = 16,
    TRACE_CLOCK_SKEW = 32,   /* children that begin before or end after their parents: more than 1 ms */
    TRACE_ABSURD_TIMES = 64, /* before 2000 or after 2100, or longer than a year */
    TRACE_NOT_ENDED = 128,   /* spans without a duration */
    TRACE_CUT = 256          /* spans or attributes were left out for want of room */
};

struct trace_tree {
    const struct trace *trace;
    struct tree_node *nodes; /* in tree order: roots by start, each followed by its branch */
    uint32_t n;
    uint32_t *node_of; /* of a place in trace.spans */
    struct critical_piece *path;
    uint32_t n_path;
    uint32_t root; /* the node that stands for the trace: of the longest root; 0 when there is one */
    unsigned notes;
    sd_time start;
    int64_t duration; /* of the root */
};

/* The microsecond a time lies in, as pieces of the path have it. */
sd_time trace_whole_us(sd_time t);
/* The trace must outlive it. */
struct trace_tree *trace_tree_new(const struct trace *t);
/* The critical path of a branch as if it were the whole; count. Free *out. */
uint32_t trace_branch_path(const struct trace_tree *t, uint32_t node, struct critical_piece **out);
void trace_tree_free(struct trace_tree *t); /* NULL is fine */
/* A note as a sentence; bit: one of enum trace_note. */
const char *trace_note_text(unsigned bit);

#endif
