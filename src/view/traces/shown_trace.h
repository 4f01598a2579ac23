/* shown_trace.h - a trace as its view shows it: the rows of its waterfall, and what they need.
 *
 * For programs a row is a span. People get siblings that repeat as one row that opens, and the time that no
 * span explains as a row of its own. Rows are by number: a trace may have 100,000 spans. Main thread only. */
#ifndef VIEW_TRACES_SHOWN_TRACE_H
#define VIEW_TRACES_SHOWN_TRACE_H

#include "core/model/traces.h"
#include "core/traces/trace_calls.h"
#include "core/traces/trace_findings.h"
#include "view/shared/common.h"

enum {
    REPEATS_LEAST = 5, /* siblings in a row that are alike, to be one row */
    GAP_SHARE = 5      /* percent of the trace that a gap takes at least, to be a row */
};

enum shown_kind { SHOWN_SPAN, SHOWN_REPEATS, SHOWN_GAP };

struct shown_row {
    enum shown_kind kind;
    uint32_t node;         /* of a gap: the parent; of repeats: the first */
    uint32_t count;        /* of repeats */
    sd_time gap;           /* of a gap: how long it is */
    uint32_t depth;        /* among the rows shown */
    uint32_t line;         /* place in shown_trace.lines */
    uint32_t finding;      /* place in findings, +1; 0: none is about it */
    const char *operation; /* written when it is first shown */
};

struct shown_trace {
    struct doc *d;
    const struct view_ctx *c; /* the doc's copy */
    const struct trace *t;
    struct trace_tree *tree;
    struct trace_finding *findings;
    size_t n_findings;
    struct shown_row *rows;
    size_t n_rows, cap_rows;
    uint32_t *row_of; /* of a node: its row, or that of the siblings it repeats with */
    sd_time from;     /* of the line of time */
    double length;
    struct line_pieces *lines; /* of each node, then of each row that repeats */
    size_t n_lines, cap_lines;
    uint32_t *pieces_of; /* n + 1: where a node's pieces of the critical path begin in `pieces` */
    uint32_t *pieces;
    const char **services; /* names, in order of first sight: their place is their colour */
    size_t n_services, cap_services;
    uint32_t *service_of; /* of a node */
    size_t n_errors;
    size_t toured;                 /* the row that the action slowest-span went to last, from 1; 0: none */
    struct known_statement *known; /* which query a statement is, found once */
    size_t n_known, cap_known;
    const char *store, *cache; /* the cache that stands for a product, found once */
    struct arena *arena;       /* the doc's */
};

/* Of a trace in the model; the doc owns it. */
struct shown_trace *shown_trace(struct doc *d, const struct view_ctx *c, const struct trace *t);

const struct trace_span *shown_span(const struct shown_trace *x, uint32_t node);
/* What a span is to people: its statement on one line, or its name; where it is of another service than its
 * parent, that before. */
const char *shown_operation(struct shown_trace *x, uint32_t node);
/* Key of the query of the model that a span's statement is; NULL: there is none. */
const char *shown_query(struct shown_trace *x, const struct trace_span *s);
/* The same of any statement; in the arena. */
const char *trace_query_key(const struct model *m, const char *statement, struct arena *a);
bool trace_runs(const char *statement, const struct query *q);
/* On one line; in the arena. NULL gives NULL. */
const char *trace_one_line(struct arena *a, const char *text);
/* Of a row, as table_source.identity. */
uint64_t shown_identity(void *x, size_t row);
/* Its notes as sentences. */
struct cell trace_notes_cell(struct doc *d, unsigned notes);
/* "Database 1.50 s, Own time 450 ms" of its critical path. NULL: it has none. */
const char *shown_parts(struct shown_trace *x);

#endif
