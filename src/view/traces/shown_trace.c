/* The rows of a waterfall, in tree order. */
#include "view/traces/shown_trace.h"

#include <stdlib.h>

#include "core/sql/statement.h"
#include "core/traces/trace_copy.h"
#include "core/traces/trace_parts.h"

const struct trace_span *shown_span(const struct shown_trace *x, uint32_t node)
{
    return &x->t->spans[x->tree->nodes[node].span];
}

/* ---- the line of time ---- */

static sd_time end_of(const struct trace_span *s)
{
    return sd_known(s->duration) ? add_sat(s->start, MAX(s->duration, 0)) : s->start;
}

/* From the first to the last moment of any span; where times are absurd, of the root alone. */
static void find_axis(struct shown_trace *x)
{
    const struct trace_span *root = x->tree->n ? shown_span(x, x->tree->root) : NULL;
    sd_time from = root ? root->start : 0, to = root ? end_of(root) : 0;
    for (uint32_t i = 0; i < x->t->n && !(x->tree->notes & TRACE_ABSURD_TIMES); i++) {
        from = MIN(from, x->t->spans[i].start);
        to = MAX(to, end_of(&x->t->spans[i]));
    }
    x->from = from;
    x->length = fmax((double)to - (double)from, 1);
}

static double share_at(const struct shown_trace *x, sd_time at)
{
    return ((double)at - (double)x->from) / x->length;
}

static struct line_piece piece_of(const struct shown_trace *x, sd_time from, sd_time to, bool strong)
{
    return (struct line_piece){.from = share_at(x, from), .to = share_at(x, to), .strong = strong};
}

/* The pieces of the critical path by node, in order of time. */
static void sort_pieces(struct shown_trace *x)
{
    const struct trace_tree *k = x->tree;
    x->pieces_of = arena_alloc(x->arena, ((size_t)k->n + 2) * sizeof *x->pieces_of);
    x->pieces = arena_alloc(x->arena, ((size_t)k->n_path + 1) * sizeof *x->pieces);
    for (uint32_t i = 0; i < k->n_path; i++)
        x->pieces_of[k->path[i].node + 2]++;
    for (uint32_t i = 2; i < k->n + 2; i++)
        x->pieces_of[i] += x->pieces_of[i - 1];
    for (uint32_t i = 0; i < k->n_path; i++) /* the ends of the nodes before become their beginnings */
        x->pieces[x->pieces_of[k->path[i].node + 1]++] = i;
}

static void span_lines(struct shown_trace *x)
{
    const struct trace_tree *k = x->tree;
    struct line_piece *all = arena_alloc(x->arena, ((size_t)k->n + k->n_path + 1) * sizeof *all), *p = all;
    x->cap_lines = k->n;
    x->lines = mem_array((size_t)k->n + 1, sizeof *x->lines);
    for (uint32_t i = 0; i < k->n; i++) {
        const struct trace_span *s = shown_span(x, i);
        x->lines[i] = (struct line_pieces){.pieces = p, .colour = x->service_of[i]};
        *p++ = piece_of(x, s->start, end_of(s), false);
        for (uint32_t c = x->pieces_of[i]; c < x->pieces_of[i + 1]; c++)
            *p++ = piece_of(x, k->path[x->pieces[c]].from, k->path[x->pieces[c]].to, true);
        x->lines[i].n = (size_t)(p - x->lines[i].pieces);
    }
    x->n_lines = k->n;
}

/* ---- services ---- */

/* Names are the trace's, one text each: as a rule their address tells them apart. */
static uint32_t service_number(struct shown_trace *x, const char *name, uint32_t last)
{
    if (x->n_services && (x->services[last] == name || str_eq(x->services[last], name)))
        return last;
    for (size_t i = 0; i < x->n_services; i++)
        if (x->services[i] == name || str_eq(x->services[i], name))
            return (uint32_t)i;
    x->services = mem_grow(x->services, x->n_services, &x->cap_services, sizeof *x->services);
    x->services[x->n_services] = name;
    return (uint32_t)x->n_services++;
}

static void number_services(struct shown_trace *x)
{
    enum { SERVICES_MOST = 1000 }; /* more share a colour */
    uint32_t last = 0;
    x->service_of = arena_alloc(x->arena, ((size_t)x->tree->n + 1) * sizeof *x->service_of);
    for (uint32_t i = 0; i < x->tree->n; i++) {
        const struct trace_span *s = shown_span(x, i);
        last = x->n_services < SERVICES_MOST ? service_number(x, s->service, last) : last;
        x->service_of[i] = last;
        x->n_errors += s->error;
    }
}

/* ---- rows ---- */

static bool alike(const struct shown_trace *x, uint32_t a, uint32_t b)
{
    const struct trace_span *s = shown_span(x, a), *o = shown_span(x, b);
    return (s->name == o->name || str_eq(s->name, o->name)) && x->service_of[a] == x->service_of[b] &&
           s->kind == o->kind && (s->statement == o->statement || str_eq(s->statement, o->statement));
}

static uint32_t next_sibling(const struct shown_trace *x, uint32_t node)
{
    return node + x->tree->nodes[node].n_below + 1;
}

static bool are_siblings(const struct shown_trace *x, uint32_t a, uint32_t b)
{
    return b < x->tree->n && x->tree->nodes[a].parent == x->tree->nodes[b].parent;
}

/* How many siblings from `node` on are alike; *end: behind the branch of the last. */
static uint32_t repeats(const struct shown_trace *x, uint32_t node, uint32_t *end)
{
    uint32_t n = 1, at = next_sibling(x, node);
    while (are_siblings(x, node, at) && alike(x, node, at)) {
        n++;
        at = next_sibling(x, at);
    }
    *end = at;
    return n;
}

static struct shown_row *add_row(struct shown_trace *x, enum shown_kind kind, uint32_t node, uint32_t depth)
{
    x->rows = mem_grow(x->rows, x->n_rows, &x->cap_rows, sizeof *x->rows);
    x->rows[x->n_rows] = (struct shown_row){.kind = kind, .node = node, .depth = depth, .line = node};
    return &x->rows[x->n_rows++];
}

/* All pieces of the siblings on one line; those that touch, as far as can be seen, are one. */
static uint32_t repeats_line(struct shown_trace *x, uint32_t node, uint32_t count)
{
    enum { STEPS = 1024 };
    struct line_piece *out = NULL;
    size_t n = 0, cap = 0;
    size_t newest[2] = {SIZE_MAX, SIZE_MAX};
    for (uint32_t k = 0, at = node; k < count; k++, at = next_sibling(x, at))
        for (size_t i = 0; i < x->lines[at].n; i++) {
            struct line_piece p = x->lines[at].pieces[i];
            struct line_piece *before = newest[p.strong] == SIZE_MAX ? NULL : &out[newest[p.strong]];
            if (before && p.from <= before->to + 1.0 / STEPS) {
                before->to = fmax(before->to, p.to);
                continue;
            }
            out = mem_grow(out, n, &cap, sizeof *out);
            newest[p.strong] = n;
            out[n++] = p;
        }
    x->lines = mem_grow(x->lines, x->n_lines, &x->cap_lines, sizeof *x->lines);
    x->lines[x->n_lines] = (struct line_pieces){
        .n = n, .pieces = arena_copy(x->arena, out, n * sizeof *out), .colour = x->lines[node].colour};
    free(out);
    return (uint32_t)x->n_lines++;
}

/* What is open while the rows are made: spans, and siblings that are one row. */
struct open_branch {
    uint32_t end;              /* the first node behind it */
    uint32_t node;             /* TREE_NONE: of siblings */
    uint32_t gap;              /* the next of its pieces of the critical path; of siblings the row */
    struct beside_path beside; /* of a span */
};
struct open_branches {
    struct open_branch *items;
    size_t n, cap;
};

static void open_branch(struct open_branches *o, const struct trace_tree *t, uint32_t node, uint32_t end,
                        uint32_t gap)
{
    o->items = mem_grow(o->items, o->n, &o->cap, sizeof *o->items);
    o->items[o->n++] = (struct open_branch){.node = node, .end = end, .gap = gap};
    if (node != TREE_NONE)
        o->items[o->n - 1].beside = beside_path(t, node);
}

static void gap_row(struct shown_trace *x, uint32_t parent, uint32_t depth, sd_time from, sd_time to)
{
    struct line_piece line = piece_of(x, from, to, true);
    struct shown_row *r = add_row(x, SHOWN_GAP, parent, depth);
    r->gap = to - from;
    r->line = (uint32_t)x->n_lines;
    x->lines = mem_grow(x->lines, x->n_lines, &x->cap_lines, sizeof *x->lines);
    x->lines[x->n_lines++] = (struct line_pieces){
        .n = 1, .pieces = arena_copy(x->arena, &line, sizeof line), .colour = x->service_of[parent]};
}

/* Rows for the gaps of the branch that lie before a moment. A span without children explains itself. */
static void add_gaps(struct shown_trace *x, struct open_branches *o, size_t level, sd_time before)
{
    struct open_branch *b = &o->items[level];
    if (b->node == TREE_NONE || !x->tree->nodes[b->node].n_below)
        return;
    for (; b->gap < x->pieces_of[b->node + 1]; b->gap++) {
        const struct critical_piece *p = &x->tree->path[x->pieces[b->gap]];
        if (p->to > before)
            return;
        for (sd_time at = p->from, until; at < p->to; at = until)
            if (child_beside_path(x->tree, &b->beside, at, p->to, &until) == TREE_NONE &&
                (double)(until - at) * 100 >= GAP_SHARE * x->length && until - at >= SD_MS)
                gap_row(x, b->node, (uint32_t)level + 1, at, until);
    }
}

static void close_branches(struct shown_trace *x, struct open_branches *o, uint32_t node, bool people)
{
    while (o->n && o->items[o->n - 1].end <= node) {
        if (people)
            add_gaps(x, o, o->n - 1, INT64_MAX);
        o->n--;
    }
}

static void make_rows(struct shown_trace *x, bool people)
{
    struct open_branches o = {0};
    x->row_of = arena_alloc(x->arena, ((size_t)x->tree->n + 1) * sizeof *x->row_of);
    for (uint32_t i = 0; i < x->tree->n; i++) {
        close_branches(x, &o, i, people);
        const struct trace_span *s = shown_span(x, i);
        bool grouped = o.n && o.items[o.n - 1].node == TREE_NONE;
        if (people && o.n && !grouped)
            add_gaps(x, &o, o.n - 1, s->start);
        uint32_t end, count = people && !grouped ? repeats(x, i, &end) : 1;
        if (count >= REPEATS_LEAST) {
            struct shown_row *r = add_row(x, SHOWN_REPEATS, i, (uint32_t)o.n);
            r->count = count;
            r->line = repeats_line(x, i, count);
            open_branch(&o, x->tree, TREE_NONE, end, (uint32_t)x->n_rows - 1);
            grouped = true;
        }
        x->row_of[i] = grouped ? o.items[o.n - 1].gap : (uint32_t)x->n_rows;
        add_row(x, SHOWN_SPAN, i, (uint32_t)o.n);
        open_branch(&o, x->tree, i, next_sibling(x, i), x->pieces_of[i]);
    }
    close_branches(x, &o, x->tree->n, people);
    free(o.items);
}

/* The row a finding is about: the siblings that repeat, or the span. */
static void mark_findings(struct shown_trace *x)
{
    for (size_t f = x->n_findings; f-- > 0;) {
        uint32_t node = x->findings[f].first == TREE_NONE ? x->findings[f].node : x->findings[f].first;
        x->rows[x->row_of[node]].finding = (uint32_t)f + 1;
    }
}

static void shown_trace_free(void *owned)
{
    struct shown_trace *x = owned;
    trace_findings_free(x->findings, x->n_findings);
    trace_tree_free(x->tree);
    free(x->rows);
    free(x->lines);
    free(x->services);
    free(x->known);
    free(x);
}

struct shown_trace *shown_trace(struct doc *d, const struct view_ctx *c, const struct trace *t)
{
    struct shown_trace *x = mem_alloc(sizeof *x);
    *x = (struct shown_trace){.d = d, .c = arena_copy(d->arena, c, sizeof *c), .arena = d->arena};
    x->t = trace_copy(d->arena, t); /* the doc stays while the model goes on */
    doc_own(d, x, shown_trace_free);
    x->tree = trace_tree_new(x->t);
    x->n_findings = trace_findings(x->tree, &x->findings);
    find_axis(x);
    number_services(x);
    sort_pieces(x);
    span_lines(x);
    make_rows(x, c->key != NULL);
    mark_findings(x);
    return x;
}

/* ---- words ---- */

const char *trace_one_line(struct arena *a, const char *text)
{
    char *out = text ? arena_strdup(a, text) : NULL, *to = out;
    for (const char *p = out; p && *p; p++) {
        bool space = *p == ' ' || *p == '\n' || *p == '\t' || *p == '\r';
        if (space && (to == out || to[-1] == ' '))
            continue;
        *to++ = space ? ' ' : *p;
    }
    if (out)
        *to = '\0';
    return out;
}

const char *shown_operation(struct shown_trace *x, uint32_t node)
{
    const struct trace_span *s = shown_span(x, node);
    uint32_t parent = x->tree->nodes[node].parent;
    const char *what = s->statement && *s->statement ? trace_one_line(x->arena, s->statement) : s->name;
    if (!s->service || (parent != TREE_NONE && x->service_of[parent] == x->service_of[node]))
        return what ? what : "(no name)";
    return arena_printf(x->arena, "%s: %s", s->service, what ? what : "(no name)");
}

uint64_t shown_identity(void *ctx, size_t row)
{
    const struct shown_trace *x = ctx;
    const struct shown_row *r = &x->rows[row];
    const struct trace_span *s = shown_span(x, r->node);
    bool unique = !(x->tree->notes & TRACE_DUPLICATE_IDS) && r->kind != SHOWN_GAP;
    uint64_t parts[3] = {str_hash(s->id ? s->id : "", strlen(s->id ? s->id : "")), r->kind,
                         unique ? 0 : (uint64_t)row};
    uint64_t h = str_hash(parts, sizeof parts);
    return h ? h : 1;
}

struct cell trace_notes_cell(struct doc *d, unsigned notes)
{
    static const struct column columns[] = {{.key = "note", .title = "Note", .help = "a sentence"}};
    struct table *t = doc_list(d, columns, ARRAY_LEN(columns));
    for (unsigned bit = 1; bit && bit <= notes; bit <<= 1)
        if (notes & bit)
            doc_row(d, t)->cells[0] = cell_text(trace_note_text(bit));
    return cell_list(t);
}

const char *shown_parts(struct shown_trace *x)
{
    static const char *const titles[TRACE_PARTS_N] = {
#define PART_TITLE(NAME, name, title) [PART_##NAME] = (title),
        TRACE_PARTS(PART_TITLE)
#undef PART_TITLE
    };
    int64_t ns[TRACE_PARTS_N], whole = 0;
    char a[UNIT_TEXT_MAX];
    struct strbuf out = {0};
    if (!x->tree->n || !x->tree->n_path)
        return NULL;
    trace_parts(x->tree, x->tree->root, ns);
    for (int i = 0; i < TRACE_PARTS_N; i++)
        whole = add_sat(whole, ns[i]);
    for (int round = 0; round < TRACE_PARTS_N && whole > 0; round++) {
        int most = 0;
        for (int i = 1; i < TRACE_PARTS_N; i++)
            most = ns[i] > ns[most] ? i : most;
        if (ns[most] <= 0)
            break;
        strbuf_printf(&out, "%s%s %s", out.len ? ", " : "", titles[most],
                      unit_format_int(UNIT_NS, ns[most], a));
        ns[most] = 0;
    }
    const char *text = out.len ? doc_text(x->d, out.text) : NULL;
    strbuf_free(&out);
    return text;
}

/* ---- which query it is ---- */

struct known_statement {
    const char *statement; /* NULL: free */
    const char *key;
};

bool trace_runs(const char *statement, const struct query *q)
{
    char fp[17];
    const char *of = query_fingerprint(q);
    return statement &&
           (str_eq(statement, query_text(q)) || (of && sql_fingerprint(statement, fp) && !strcmp(of, fp)));
}

/* How much there is to be seen of a query: its plan, the server that counts it and can explain it. */
static int worth(const struct model *m, const struct query *q)
{
    struct plan_entry e;
    return (model_plan(m, query_key(q), INT64_MAX, &e) && e.plan ? 4 : 0) + (sd_known(query_id(q)) ? 2 : 0) +
           (query_origin(q) != NULL);
}

/* Of several the one that is worth most. */
const char *trace_query_key(const struct model *m, const char *statement, struct arena *a)
{
    char fp[17];
    const struct query *best = NULL;
    bool parsed = sql_fingerprint(statement, fp);
    for (size_t i = 0; i < model_queries(m); i++) {
        const struct query *q = model_query(m, i);
        const char *of = query_fingerprint(q);
        bool same = parsed && of ? !strcmp(of, fp) : str_eq(query_text(q), statement);
        if (same && (!best || worth(m, q) > worth(m, best)))
            best = q;
    }
    return best ? arena_strdup(a, query_key(best)) : NULL;
}

/* Each statement is looked for once: the place for it in a table that has room. */
static struct known_statement *known_place(struct known_statement *table, size_t cap, const char *statement)
{
    size_t at = str_hash(statement, strlen(statement)) & (cap - 1);
    while (table[at].statement && strcmp(table[at].statement, statement) != 0)
        at = (at + 1) & (cap - 1);
    return &table[at];
}

static void more_known(struct shown_trace *x)
{
    size_t cap = x->cap_known ? x->cap_known * 2 : 64;
    struct known_statement *table = mem_array(cap, sizeof *table);
    for (size_t i = 0; i < x->cap_known; i++)
        if (x->known[i].statement)
            *known_place(table, cap, x->known[i].statement) = x->known[i];
    free(x->known);
    x->known = table;
    x->cap_known = cap;
}

const char *shown_query(struct shown_trace *x, const struct trace_span *s)
{
    if (!s->statement || !*s->statement || db_system_is_store(span_db_system(x->t, s)))
        return NULL;
    if (x->n_known * 2 >= x->cap_known)
        more_known(x);
    struct known_statement *k = known_place(x->known, x->cap_known, s->statement);
    if (!k->statement) {
        x->n_known++;
        *k = (struct known_statement){.statement = s->statement,
                                      .key = trace_query_key(x->c->model, s->statement, x->arena)};
    }
    return k->key;
}
