/* doc.h - the content of a view, independent of the output.
 *
 * A view fills a doc: an ordered list of sections (table, tree, graph, heat map,
 * fields, text, boxes, flow). The console draws each section as a pane; `sink/print`
 * writes the same doc as text, JSON, Markdown or CSV. A doc owns everything in it: text
 * given to the builders is copied. Built and read on one thread.
 *
 * Rows of a table are built one by one (doc_row) or given by number (struct
 * table_source). What is large is given by number: then a row exists while it is looked at.
 * core/table.h reads, sorts and filters both; core/drawing.h says what a drawing shows in
 * rows. */
#ifndef CORE_DOC_H
#define CORE_DOC_H

#include "base/base.h"
#include "base/units.h"

enum severity { SEVERITY_NONE, SEVERITY_GOOD, SEVERITY_INFO, SEVERITY_WARN, SEVERITY_BAD };
const char *severity_name(enum severity s); /* "", "good", "info", "warn", "bad" */

/* ---- cells ---- */
enum cell_type {
    CELL_UNKNOWN,
    CELL_INT,
    CELL_REAL,
    CELL_TEXT,
    CELL_BOOL,
    CELL_LIST,
    CELL_LEVELS,
    CELL_PIECES
};

/* Heights 0..1 beside each other, NAN where there is nothing: a line of blocks on paper. */
struct levels {
    size_t n;
    const double *values;
};

/* Pieces of a line, such as that of time: a row of a waterfall. Strong ones are drawn over others. */
struct line_piece {
    double from, to; /* shares of the line, 0..1; what is too short for a character still gets one */
    bool strong;
};
struct line_pieces {
    size_t n;
    const struct line_piece *pieces;
    unsigned colour; /* pieces of one kind have one colour */
};

struct table;
struct cell {
    enum cell_type type;
    union {
        int64_t i; /* CELL_INT, CELL_BOOL */
        double f;
        const char *s;
        const struct table *list; /* a small table inside a row: routes[] */
        const struct levels *levels;
        const struct line_pieces *pieces;
    };
};

static inline struct cell cell_int(int64_t v) /* SD_UNKNOWN becomes unknown */
{
    return (struct cell){.type = v == SD_UNKNOWN ? CELL_UNKNOWN : CELL_INT, .i = v};
}
static inline struct cell cell_real(double v) /* NAN and infinities become unknown */
{
    return (struct cell){.type = isfinite(v) ? CELL_REAL : CELL_UNKNOWN, .f = v};
}
static inline struct cell cell_text(const char *s) /* NULL becomes unknown */
{
    return (struct cell){.type = s ? CELL_TEXT : CELL_UNKNOWN, .s = s};
}
static inline struct cell cell_bool(bool v)
{
    return (struct cell){.type = CELL_BOOL, .i = v};
}
static inline struct cell cell_list(const struct table *t)
{
    return (struct cell){.type = t ? CELL_LIST : CELL_UNKNOWN, .list = t};
}
static inline struct cell cell_levels(const struct levels *l)
{
    return (struct cell){.type = l ? CELL_LEVELS : CELL_UNKNOWN, .levels = l};
}
static inline struct cell cell_pieces(const struct line_pieces *p)
{
    return (struct cell){.type = p ? CELL_PIECES : CELL_UNKNOWN, .pieces = p};
}
static inline struct cell cell_unknown(void)
{
    return (struct cell){.type = CELL_UNKNOWN};
}

/* ---- columns ---- */
enum {
    COLUMN_LEFT = 1,       /* left-aligned; default: text left, numbers right */
    COLUMN_GROW = 2,       /* takes the room that is left (at least one such column) */
    COLUMN_BAR = 4,        /* a share 0..1 drawn as a bar beside its figure */
    COLUMN_HIDDEN = 8,     /* not shown in a pane or in text unless chosen; always in JSON */
    COLUMN_ASCENDING = 16, /* sorting by it starts with the smallest */
    COLUMN_NO_JSON = 32,   /* shown, not part of the contract (a drawing, a marker) */
    COLUMN_TREE = 64,      /* holds the tree drawing of a SECTION_TREE */
    COLUMN_LOG = 128,      /* with COLUMN_BAR: a factor, its bar 1x..10,000x on a log scale */
    COLUMN_PATH = 256,     /* names that may begin with a path, which goes first where there is no room */
    COLUMN_LINE = 512      /* of CELL_PIECES: takes two fifths of the line */
};

/* A part of a text in a language: bytes of it, in order, without overlap. */
enum text_part { TEXT_KEYWORD, TEXT_CONSTANT, TEXT_COMMENT };
struct text_span {
    size_t start, len;
    enum text_part part;
};
/* How a text in a language is shown. */
struct text_language {
    /* The parts that have a style of their own; how many were written. */
    size_t (*spans)(const char *text, struct text_span *out, size_t max);
    /* The same text with other space between its words, for people. Caller frees. */
    char *(*lay_out)(const char *text);
};

struct SD_DESIGNATED column {
    const char *key;   /* JSON key, column name in `s` and --sort; unique in its table */
    const char *title; /* short header, "P99" */
    enum unit unit;
    unsigned flags;
    /* 0: always shown; higher ones go first when the pane is narrow; below 1: only for room for the column
     * that grows. */
    double priority;
    int width; /* columns on screen; 0: by unit. For COLUMN_GROW the minimum */
    const char *help;
    const struct text_language *language; /* of its texts; NULL: they are in none */
    const char *unknown;                  /* what stands for what is not known; NULL: "-" */
};

/* Where Enter leads: a view and what it is about. view NULL: nowhere. With from < to also
 * to that span of time; then view NULL means the same view at that time. to INT64_MAX: it still goes on; a
 * console that is live stays so. */
struct dive {
    const char *view;
    const char *arg;
    const char *names; /* view NULL: what arg is, of a thing that no view is about: "page"; NULL */
    sd_time from, to;
    const char *choose, *choice; /* and what is chosen for all views with it (view_choose), static, and the
                                    text; NULL */
};

/* A session of a database server, so that it can be told from a later one that has got
 * its pid. origin NULL: the row stands for none. */
struct doc_session {
    const char *origin;
    int64_t pid;
    sd_time backend_start;
};

/* Rows of equal rank that come and go: each stays where it was, see table_hold. */
enum row_hold {
    HOLD_NOT,
    HOLD_PLACE,
    HOLD_SPARE /* it is over: its place is for the next, until then it is shown if it was before */
};

struct row {
    struct cell *cells; /* one per column */
    struct dive dive;
    struct doc_session session; /* what an action on the row is about */
    enum severity severity;     /* marks the row, never by colour alone */
    const char *copy;           /* what `y` copies; NULL: the row as text */
    int depth;                  /* in a tree; the children follow their parent, depth + 1 */
    bool worst;                 /* the row that `w` goes to; without one, the gravest */
    bool closed;                /* in a tree: a branch that is closed until the user opens it */
    enum row_hold hold;         /* of an outermost row */
    size_t number;              /* of the view's own, for section.about */
    uint64_t id; /* what the row is about, the same in a later doc; 0: made from where it leads or its name */
};

/* Rows by number. All functions are called on the thread of the doc. Texts and lists in what
 * they give stay valid as long as the doc. */
struct table_source {
    /* Fills r, which is all zero but for its cells: one for each column, all unknown. */
    void (*row)(void *ctx, size_t i, struct row *r);
    uint64_t (*identity)(void *ctx, size_t i); /* as row.id: not 0, unique in the table */
    /* What row i is sorted by in that column; NULL: its cell. Not of trees. */
    struct cell (*sort_key)(void *ctx, size_t i, size_t column);
    bool marked;  /* some rows have a severity of GOOD, WARN or BAD */
    bool folds;   /* some rows of a tree are closed */
    size_t worst; /* the row that `w` goes to, as row.worst; from 1; 0: there is none */
};

/* Rows are read with table_rows() and table_row() (core/table.h): `order` says which are shown
 * and in what order, `source` where they come from. */
struct table {
    const struct column *columns; /* static, or in the doc's arena */
    size_t n_columns;
    struct row *rows; /* built with doc_row; NULL with a source */
    size_t n_rows, cap_rows;
    int sort_column;   /* the order the view made; -1: none */
    bool sort_reverse; /* largest first */

    const struct table_source *source; /* static, or in the doc's arena; NULL: rows were built */
    void *ctx;                         /* for the source */
    uint32_t *order;                   /* numbers of the rows shown; NULL: all, as they are */
    size_t n_order;
    struct row *scratch;     /* the row of the source that was read last */
    uint64_t *ids;           /* of built rows, made when first asked for */
    struct table_tree *tree; /* of a tree, made when first asked for; core/table.h */

    size_t usual_limit; /* rows that are printed unless another limit is asked for; 0: all */

    bool is_object; /* a list of one row that is one thing: in JSON an object */

    /* Of a drawing in rows: no header in text; where levels begin and end in time. */
    bool bare;
    sd_time axis_from, axis_to;
};

/* ---- sections ---- */
struct doc;
enum section_kind {
    SECTION_TABLE,
    SECTION_TREE,  /* a table whose rows have a depth */
    SECTION_GRAPH, /* lines over time */
    SECTION_HEATMAP,
    SECTION_FIELDS, /* label and value pairs: a table with columns key, value */
    SECTION_TEXT,   /* wrapped text, such as a query */
    SECTION_BOXES,  /* rectangles by number: treemap, icicle, flame graph, waterfall */
    SECTION_FLOW,   /* nodes and weighted edges, from left to right */
    SECTION_KINDS
};

/* Something that happened, for the drawings over time: "restart". */
struct doc_moment {
    sd_time at;
    const char *text;
    enum severity severity;
};

struct graph_line {
    const char *name; /* "p99" */
    double whole;     /* its figure over the whole time, named beside it; NAN: its newest value is */
    double *values;   /* n_points; NAN where unknown */
    double share;     /* of a layer: of all of them, over the whole time; NAN unknown */
    bool rest;        /* of a layer: all that has no layer of its own */
};
struct graph {
    sd_time from, to; /* points are evenly spaced: from + (i + 0.5) * (to - from) / n_points */
    /* The lines are layers on each other, the first lowest: parts of a whole, named by the outside.
     * Where one is unknown all are. JSON: points of `at`, `load` (their sum) and `layers`. */
    bool stacked;
    size_t n_points;
    enum unit unit;
    struct graph_line *lines;
    size_t n_lines, cap_lines;
};

struct heatmap { /* time across, value (log scale) up; counts[y * columns + x], y = 0 lowest */
    sd_time from, to;
    size_t columns, rows;
    enum unit unit;
    int64_t *lower; /* rows + 1 bounds */
    uint32_t *counts;
    uint32_t max;
};

/* Boxes by number, 0 to n - 1. They form trees: the outermost are the children of BOXES_ROOT.
 * All functions are called on the thread of the doc and cost no more than a look-up; texts
 * stay valid as long as the doc. */
#define BOXES_ROOT SIZE_MAX
enum boxes_shape {
    BOXES_TREEMAP,  /* area by weight, boxes inside of boxes */
    BOXES_ICICLE,   /* width by weight, a line for each depth, outermost at the top */
    BOXES_FLAME,    /* the same with the outermost at the bottom */
    BOXES_WATERFALL /* a line for each box, in order of number, from start to start + weight */
};
struct box {
    const char *label;
    double weight;    /* with all that is in it; unknown and negative count as 0 */
    double self;      /* of that, of no box in it */
    double start;     /* WATERFALL: where it begins */
    unsigned colour;  /* boxes of one kind have one colour and pattern */
    int depth;        /* 0: outermost */
    size_t children;  /* boxes directly in it */
    size_t inside;    /* boxes in it at any depth */
    size_t parent;    /* BOXES_ROOT of the outermost */
    struct dive dive; /* where Enter leads when there is nothing in it to zoom into */
    enum severity severity;
    const char *copy; /* what is copied; NULL: its text */
};
struct boxes_source {
    /* Fills b, which is all zero. BOXES_ROOT: the whole; its label may be NULL. */
    void (*box)(void *ctx, size_t i, struct box *b);
    /* The k-th box in `parent`, heaviest first (WATERFALL: in order of start). */
    size_t (*child)(void *ctx, size_t parent, size_t k);
    uint64_t (*identity)(void *ctx, size_t i); /* the same number for the same thing in a later doc, not 0 */
};
struct boxes {
    enum boxes_shape shape;
    enum unit unit; /* of weight */
    size_t n;
    double start, end; /* WATERFALL: of the axis */
    const struct boxes_source *source;
    void *ctx;
};

struct flow_node {
    const char *label;
    double weight;
    struct dive dive;
    enum severity severity;
};
struct flow_edge {
    size_t from, to; /* nodes */
    double weight;
};
/* Nodes and edges by number; the same rules as for boxes. */
struct flow_source {
    void (*node)(void *ctx, size_t i, struct flow_node *n);
    void (*edge)(void *ctx, size_t i, struct flow_edge *e);
    uint64_t (*identity)(void *ctx, size_t i); /* of a node, not 0 */
};
struct flow {
    enum unit unit; /* of the weights */
    size_t n_nodes, n_edges;
    const struct flow_source *source;
    void *ctx;
};

struct field {
    const char *key;   /* JSON key; NULL: for people only */
    const char *label; /* NULL: JSON only */
    enum unit unit;
    struct cell value;
    enum severity severity;
};

/* A part of a text that stands out: bytes of it, in order, without overlap. Shown in a
 * style of its own and, since colour is not everything, with ^^^ below it. */
struct text_mark {
    size_t start, len;
};

struct section {
    enum section_kind kind;
    const char *key;   /* JSON key: "rows", "nodes", "findings"; NULL: not in JSON */
    const char *title; /* "Endpoints" */
    const char *note;  /* beside the title: freshness, sample count, window, origin */
    const char *empty; /* shown instead of nothing: why there is nothing and what to do */
    const char *copy;  /* what is copied when the cursor is on nothing, such as what would help; NULL */
    const char *lost;  /* its figures are not of now: "as of 05:00:08, connection lost"; NULL */
    sd_kinds kinds;    /* of the records it is made of; 0: not said */
    int weight;        /* share of the height left; 0: only what it needs */
    int min_height;    /* rows on screen without the border; 0: by kind */
    int steady;        /* TABLE, TREE: rows there is room for, however many there are: they come and go */
    bool across;       /* takes the whole width: then all sections are above one another */
    bool aside;        /* for looking up: a pane only while it has the keys, never printed */
    /* All that is known of a row, as lines of text: asked for when the row is selected,
     * so that a tree of 10,000 rows costs nothing more. `chosen`: the section has the keys,
     * and the marks and notes of the doc's texts may follow. The result is the doc's.
     * NULL: the rows say all there is. */
    const char *(*about)(struct doc *d, const struct section *s, const struct row *r, bool chosen);
    void *about_ctx;
    int about_lines;  /* worth having for it below the rows; 0: what the rows leave */
    bool about_spare; /* only on lines that the rows leave, and when it is read */
    /* TEXT: written when it is first needed (section_text); NULL: `text` is all. */
    const char *(*write)(struct doc *d, void *ctx);
    void *write_ctx;
    /* TEXT: the same with other space between its words, for people; NULL: as it is. Programs and `y` get
     * the text itself. */
    const char *shown;
    const struct text_language *language; /* TEXT: of all of it; NULL: of its passages, if any */
    struct text_mark *marks;              /* TEXT: of `text` */
    size_t n_marks;
    /* GRAPH, HEATMAP: where a moment of it leads; its time is added. No view: the same view. */
    struct dive dive;
    const struct doc_moment *moments; /* GRAPH, HEATMAP: what happened meanwhile, the newest first */
    size_t n_moments;
    union {
        struct table table; /* TABLE, TREE */
        struct graph graph;
        struct heatmap heatmap;
        struct {
            struct field *items;
            size_t n, cap;
        } fields;
        struct boxes boxes;
        struct flow flow;
        const char *text;
    };
};

/* A part of a text of the doc that is in a language. */
struct text_passage {
    const char *of; /* the whole text */
    size_t start, len;
    const struct text_language *language;
};

struct doc {
    const char *view;  /* "endpoints" */
    const char *title; /* for the breadcrumb: "Endpoints", "GET /orders/:id" */
    struct arena *arena;
    /* The whole as JSON, where that was there first (core/result.h): then it is what is printed as JSON.
     * NULL: the envelope and the sections are. */
    const char *json;
    const char
        *markdown; /* the whole in Markdown, where it is more than a list of sections; NULL: these are it */
    struct field *fields; /* the JSON envelope: from, to, lines_total, ... */
    size_t n_fields, cap_fields;
    struct section *sections;
    size_t n_sections, cap_sections;
    struct text_passage *passages;
    size_t n_passages, cap_passages;
    int focus; /* the section that has the keys when the view is opened; 0 by default */
    /* A request that would complete this doc: the console may send it to the source `want_origin`, once; the
     * reply changes the model. job 0: nothing. Its arguments are the doc's. */
    struct sd_request want;
    const char *want_origin;
    const char *missing; /* the sentence, when what the view was asked about is not known */
    unsigned metrics;    /* the plan metrics it has (plan_metrics); 0: none */
    int metric;          /* enum plan_metric in use */
    void *owned;         /* freed with the doc by `drop`; see doc_own */
    void (*drop)(void *owned);
};

static inline bool section_has_rows(const struct section *s)
{
    return s->kind == SECTION_TABLE || s->kind == SECTION_TREE;
}

struct doc *doc_new(const char *view, const char *title);
void doc_free(struct doc *d); /* NULL is fine */

/* Hands `p` over, once: what the functions of sections go on to read. */
void doc_own(struct doc *d, void *p, void (*drop)(void *p));
/* The text of a SECTION_TEXT, written now when it was not yet; NULL: none. */
const char *section_text(struct doc *d, struct section *s);
/* What stands beside its title on paper: how old its figures are, then its note. NULL: nothing. */
const char *section_remark(struct arena *a, const struct section *s);
/* Where byte `at` of section.text is in section.shown. */
size_t section_shown_at(const struct section *s, size_t at);

/* The pointer is valid until the next doc_section. */
struct section *doc_section(struct doc *d, enum section_kind kind, const char *key, const char *title);
struct section *doc_table(struct doc *d, const char *key, const char *title, const struct column *columns,
                          size_t n_columns); /* SECTION_TABLE */
/* Rows of the table by number, n of them (fewer than 2^32); `source` and ctx stay valid as
 * long as the doc. */
void doc_rows(struct doc *d, struct table *t, const struct table_source *source, void *ctx, size_t n);
/* Room for so many rows, asked for once: growing leaves old copies in the doc. Of an empty table. */
void doc_room(struct doc *d, struct table *t, size_t n);
/* Adds a row of unknown cells. Valid until the next doc_row of the table. */
struct row *doc_row(struct doc *d, struct table *t);
/* A small table for cell_list. */
struct table *doc_list(struct doc *d, const struct column *columns, size_t n_columns);
const char *doc_text(struct doc *d, const char *s); /* a copy in the doc; NULL gives NULL */
/* The text itself, for long ones; `b` is empty then. */
const char *doc_take(struct doc *d, struct strbuf *b);
const char *doc_printf(struct doc *d, const char *fmt, ...) SD_PRINTF(2, 3);
struct graph_line *doc_line(struct doc *d, struct graph *g, const char *name); /* values all NAN */
/* A line's name for people: without the unit of its JSON key, "p99_ns" -> "p99"; that of a
 * layer as it is. */
void graph_label(const struct graph *g, const struct graph_line *l, struct strbuf *out);
/* The height of a stack at a point; NAN where unknown. */
double graph_sum(const struct graph *g, size_t point);
void doc_field(struct doc *d, const char *key, enum unit unit, struct cell value); /* envelope */
void section_field(struct doc *d, struct section *s, const char *key, const char *label, enum unit unit,
                   struct cell value);

/* A text put together of words and passages in a language; to begin with all zero. */
struct mixed_text {
    struct strbuf b;
    struct text_passage items[24]; /* more than fit have no style */
    size_t n;
};
void mixed_add(struct mixed_text *m, const struct text_language *l, const char *text); /* NULL: nothing */
/* The text, the doc's; m is empty again. NULL: nothing is in it. */
const char *mixed_done(struct doc *d, struct mixed_text *m);
/* The parts of the passages of `of` that have a style; how many were written. */
size_t doc_spans(const struct doc *d, const char *of, struct text_span *out, size_t max);

int table_column(const struct table *t, const char *key); /* -1 */
/* A cell for people: formatted by the column's unit, "-" when unknown. */
void cell_format(const struct column *c, struct cell v, struct strbuf *out);

#endif
