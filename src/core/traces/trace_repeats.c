/* trace_repeats.c - N+1 and repeated N+1.
 *
 * N+1: under one parent, in the order of time, a statement, and then at least five times another one, each
 * after the one before it. Spans that only wait for a connection, or that a driver makes beside its calls
 * (of a database, without a statement), stand between without breaking the row; any other span breaks it.
 *
 * Repeated N+1: under one parent, in the same order, a pattern of children with all below them that comes
 * three times or more. It has at most eight spans, not all the same, and a statement among them. So an ORM
 * that opens a span around each call, or a query and a call of a service for each row, are found. */
#include "core/traces/trace_repeats.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/units.h"
#include "core/traces/trace_calls.h"
#include "core/traces/trace_statement.h"

enum { SHORT = 120, DRIFT = 8 /* a clock may be wrong by this part of what passed */ };

/* ---- N+1 ---- */

struct run {
    uint32_t first, last, count;
    int64_t ns;
    uint64_t statement, before; /* hashes; before: 0: there was none */
};

static int64_t known_length(const struct trace_tree *t, uint32_t node)
{
    int64_t ns = node_span(t, node)->duration;
    return sd_known(ns) ? ns : 0;
}

static char *times_text(const struct trace_tree *t, uint32_t count, uint32_t node, int64_t ns)
{
    char took[UNIT_TEXT_MAX];
    const char *sql = node_span(t, node)->statement;
    char *shown = sql ? statement_short(sql, SHORT) : mem_strdup(node_span(t, node)->name);
    char *text = mem_printf("%u x %s, %s: one after the other", (unsigned)count, shown,
                            unit_format_int(UNIT_NS, ns, took));
    free(shown);
    return text;
}

static void end_run(struct finding_list *l, uint32_t parent, struct run *r)
{
    if (r->statement && r->before && r->count >= TRACE_N_PLUS_ONE_CALLS &&
        r->ns >= TRACE_N_PLUS_ONE_MS * SD_MS) {
        struct trace_finding *f = report_finding(l, TRACE_N_PLUS_ONE, parent);
        f->first = r->first;
        f->count = r->count;
        f->cost_ns = r->ns;
        f->text = times_text(l->tree, r->count, r->first, r->ns);
        for (uint32_t i = r->first; i <= r->last; i = i == r->last ? r->last + 1 : node_next(l->tree, i))
            l->covered[i] = true;
    }
    r->before = r->statement ? r->statement : r->before;
    r->statement = 0;
    r->count = 0;
    r->ns = 0;
}

/* A span of a database that is no call: pg-pool.connect, a driver's own. */
static bool stands_between(const struct trace_tree *t, uint32_t node)
{
    const struct trace_span *s = node_span(t, node);
    const char *system = span_db_system(t->trace, s);
    return !s->statement && (node_waits(t, node) || (system && !db_system_is_store(system)));
}

/* What the clock may be wrong by counts once, not for each call: short ones at the same time would pass as a
 * row. Starts and durations can come from different clocks, which drift apart a little. */
static bool had_time(const struct finding_list *l, const struct run *r, uint32_t node)
{
    sd_time from = node_span(l->tree, r->first)->start;
    return add_sat(node_span(l->tree, node)->start, l->slack + r->ns / DRIFT) >= add_sat(from, r->ns);
}

static void find_runs(struct finding_list *l, uint32_t parent)
{
    const struct trace_tree *t = l->tree;
    struct run r = {0};
    for (uint32_t i = node_first_child(t, parent); i != TREE_NONE; i = node_next(t, i)) {
        uint64_t statement = l->statement[i];
        if (!statement && stands_between(t, i))
            continue;
        bool goes_on =
            statement && statement == r.statement && one_after_the_other(l, r.last, i) && had_time(l, &r, i);
        if (!goes_on)
            end_run(l, parent, &r);
        if (!statement) {
            r.before = 0;
            continue;
        }
        if (!r.count) {
            if (r.before == statement) /* the same at the same time: no row of it */
                r.before = 0;
            r.first = i;
            r.statement = statement;
        }
        r.last = i;
        r.count++;
        r.ns = add_sat(r.ns, known_length(t, i));
    }
    end_run(l, parent, &r);
}

/* ---- repeated N+1 ---- */

/* Of a branch, for patterns. */
struct shape {
    uint64_t hash;
    uint32_t spans; /* more than TRACE_PATTERN_SPANS: too many to be in one */
    bool statement; /* there is one in it */
    bool differs;   /* its spans are not all the same */
};

static uint64_t mix(uint64_t h, uint64_t x)
{
    h = (h ^ x) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

/* Of all nodes: the last first, so that all below a node are known before it. */
static struct shape *shapes_of(const struct finding_list *l)
{
    const struct trace_tree *t = l->tree;
    struct shape *shapes = mem_array((size_t)t->n + 1, sizeof *shapes);
    for (uint32_t i = t->n; i-- > 0;) {
        const struct trace_span *s = node_span(t, i);
        uint64_t own = l->statement[i] ? l->statement[i] : str_hash(s->name, strlen(s->name));
        struct shape *k = &shapes[i];
        k->hash = mix(mix(k->hash, own), s->kind + (l->statement[i] ? 16u : 0));
        k->spans += 1;
        k->statement |= l->statement[i] != 0;
        k->differs |= k->spans > 1;
        if (t->nodes[i].parent == TREE_NONE)
            continue;
        struct shape *up = &shapes[t->nodes[i].parent];
        up->hash = mix(up->hash, k->hash);
        up->spans = MIN(up->spans + k->spans, (uint32_t)1 << 20);
        up->statement |= k->statement;
        up->differs |= k->differs;
    }
    return shapes;
}

struct siblings {
    const uint32_t *nodes;
    uint32_t n;
    const struct shape *shapes;
};

static const struct shape *shape_at(const struct siblings *s, uint32_t i)
{
    return &s->shapes[s->nodes[i]];
}

/* Is the pattern of `len` siblings from `at` one that counts? */
static bool is_pattern(const struct finding_list *l, const struct siblings *s, uint32_t at, uint32_t len)
{
    uint32_t spans = 0;
    bool statement = false, differs = false;
    for (uint32_t i = at; i < at + len; i++) {
        const struct shape *k = shape_at(s, i);
        spans += k->spans;
        statement |= k->statement;
        differs |= k->differs || k->hash != shape_at(s, at)->hash;
        if (spans > TRACE_PATTERN_SPANS || l->covered[s->nodes[i]])
            return false;
    }
    return statement && differs;
}

/* How often the pattern comes from there on, one after the other. */
static uint32_t times_of(const struct finding_list *l, const struct siblings *s, uint32_t at, uint32_t len)
{
    uint32_t same = 0;
    for (uint32_t i = at; i + len < s->n; i++, same++)
        if (shape_at(s, i)->hash != shape_at(s, i + len)->hash ||
            !one_after_the_other(l, s->nodes[i], s->nodes[i + len]))
            break;
    return (same + len) / len;
}

/* The statement of a pattern that says most: the first one in it. */
static uint32_t statement_in(const struct finding_list *l, const struct siblings *s, uint32_t at,
                             uint32_t len)
{
    for (uint32_t i = at; i < at + len; i++)
        for (uint32_t k = s->nodes[i]; k <= s->nodes[i] + l->tree->nodes[s->nodes[i]].n_below; k++)
            if (l->statement[k])
                return k;
    return s->nodes[at];
}

static void report_pattern(struct finding_list *l, const struct siblings *s, uint32_t parent, uint32_t at,
                           uint32_t len, uint32_t times)
{
    int64_t ns = 0;
    uint32_t spans = 0;
    for (uint32_t i = at; i < at + len * times; i++) {
        ns = add_sat(ns, known_length(l->tree, s->nodes[i]));
        spans += i < at + len ? shape_at(s, i)->spans : 0;
    }
    struct trace_finding *f = report_finding(l, TRACE_REPEATED_N_PLUS_ONE, parent);
    f->first = statement_in(l, s, at, len);
    f->count = times;
    f->cost_ns = ns;
    char *times_said = times_text(l->tree, times, f->first, ns);
    f->text = mem_printf("%s, in a pattern of %u spans", times_said, (unsigned)spans);
    free(times_said);
}

static void find_patterns(struct finding_list *l, struct siblings *s, uint32_t parent)
{
    for (uint32_t at = 0; at < s->n; at++)
        for (uint32_t len = 1; len <= TRACE_PATTERN_SPANS && at + len * TRACE_PATTERN_TIMES <= s->n; len++) {
            if (shape_at(s, at)->hash != shape_at(s, at + len)->hash || !is_pattern(l, s, at, len))
                continue;
            uint32_t times = times_of(l, s, at, len);
            if (times < TRACE_PATTERN_TIMES)
                continue;
            report_pattern(l, s, parent, at, len, times);
            at += len * times - 1;
            break;
        }
}

/* ---- both ---- */

void find_repeats(struct finding_list *l)
{
    const struct trace_tree *t = l->tree;
    struct shape *shapes;
    uint32_t *nodes = mem_array((size_t)t->n + 1, sizeof *nodes);
    for (uint32_t i = 0; i < t->n; i++)
        if (t->nodes[i].n_below >= TRACE_N_PLUS_ONE_CALLS)
            find_runs(l, i);
    shapes = shapes_of(l);
    for (uint32_t i = 0; i < t->n; i++) {
        struct siblings s = {.nodes = nodes, .shapes = shapes};
        if (!shapes[i].statement || t->nodes[i].n_below < TRACE_PATTERN_TIMES)
            continue;
        for (uint32_t k = node_first_child(t, i); k != TREE_NONE; k = node_next(t, k))
            nodes[s.n++] = k;
        find_patterns(l, &s, i);
    }
    free(shapes);
    free(nodes);
}
