/* trace_findings.c - what a trace shows to be wrong. */
#include "core/traces/trace_findings.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/units.h"
#include "core/name_index.h"
#include "core/traces/trace_calls.h"
#include "core/traces/trace_repeats.h"
#include "core/traces/trace_statement.h"

/* Of one trace; then single spans add no more: there is nobody who reads so many. */
enum { FINDINGS_MOST = 1000 };

struct trace_finding *report_finding(struct finding_list *l, enum trace_rule rule, uint32_t node)
{
    l->items = mem_grow(l->items, l->n, &l->cap, sizeof *l->items);
    l->items[l->n] = (struct trace_finding){.rule = rule, .node = node, .first = TREE_NONE, .count = 1};
    return &l->items[l->n++];
}

static sd_time end_of(const struct trace_span *s)
{
    return add_sat(s->start, sd_known(s->duration) ? s->duration : 0);
}

bool one_after_the_other(const struct finding_list *l, uint32_t a, uint32_t b)
{
    return add_sat(node_span(l->tree, b)->start, l->slack) >= end_of(node_span(l->tree, a));
}

/* Clocks that tell whole milliseconds only, as in browsers and Node.js, make spans begin up to one too early.
 */
static sd_time slack_of(const struct trace_tree *t)
{
    for (uint32_t i = 0; i < t->n; i++)
        if (node_span(t, i)->start % SD_MS != 0 && node_span(t, i)->statement)
            return 0;
    return SD_MS;
}

static void hash_statements(struct finding_list *l)
{
    const struct trace_tree *t = l->tree;
    const char *last = NULL;
    uint64_t hash = 0;
    for (uint32_t i = 0; i < t->n; i++) {
        const struct trace_span *s = node_span(t, i);
        if (!s->statement || s->kind == SPAN_SERVER || db_system_is_store(span_db_system(t->trace, s)) ||
            statement_is_cut(s->statement))
            continue;
        if (s->statement != last)
            hash = statement_hash(s->statement);
        last = s->statement;
        l->statement[i] = hash;
    }
}

/* ---- calls that could run side by side ---- */

struct row {
    uint32_t first, last, n;
    int64_t sum, longest;
    uint64_t what;  /* hash of what the first one calls */
    bool different; /* another one calls something else */
};

static void end_row(struct finding_list *l, uint32_t parent, struct row *r)
{
    int64_t spared = r->sum - r->longest;
    if (r->n >= TRACE_CONSECUTIVE && spared >= TRACE_SPARED_MS * SD_MS && r->different) {
        char took[UNIT_TEXT_MAX], side[UNIT_TEXT_MAX];
        struct trace_finding *f = report_finding(l, TRACE_CONSECUTIVE_CALLS, parent);
        f->first = r->first;
        f->count = r->n;
        f->cost_ns = spared;
        f->text =
            mem_printf("%u calls one after the other, from %s on, take %s; side by side %s", (unsigned)r->n,
                       node_span(l->tree, r->first)->name, unit_format_int(UNIT_NS, r->sum, took),
                       unit_format_int(UNIT_NS, r->longest, side));
        f->advice =
            mem_strdup("Start them together and wait for all, when none needs the answer of another.");
    }
    *r = (struct row){0};
}

static bool could_run_beside(const struct finding_list *l, uint32_t node)
{
    const struct trace_span *s = node_span(l->tree, node);
    if (!sd_known(s->duration) || s->duration < TRACE_CONSECUTIVE_MS * SD_MS)
        return false;
    return l->statement[node] ? statement_is_free(s->statement) : node_calls_service(l->tree, node);
}

static void find_rows(struct finding_list *l, uint32_t parent)
{
    const struct trace_tree *t = l->tree;
    struct row r = {0};
    for (uint32_t i = node_first_child(t, parent); i != TREE_NONE; i = node_next(t, i)) {
        const struct trace_span *s = node_span(t, i);
        if (node_waits(t, i))
            continue;
        if (!could_run_beside(l, i)) {
            end_row(l, parent, &r);
            continue;
        }
        if (r.n && !one_after_the_other(l, r.last, i))
            end_row(l, parent, &r);
        const char *callee = node_callee(t, i);
        uint64_t what = l->statement[i] ? l->statement[i] : str_hash(s->name, strlen(s->name));
        what = what * UINT64_C(0x9e3779b97f4a7c15) + (callee ? str_hash(callee, strlen(callee)) : 0);
        r.different |= r.n && what != r.what;
        r.what = r.n ? r.what : what;
        r.first = r.n ? r.first : i;
        r.last = i;
        r.n++;
        r.sum = add_sat(r.sum, s->duration);
        r.longest = MAX(r.longest, s->duration);
    }
    end_row(l, parent, &r);
}

/* ---- single spans ---- */

static void slow_external(struct finding_list *l, uint32_t node)
{
    const struct trace_span *s = node_span(l->tree, node);
    char took[UNIT_TEXT_MAX];
    if (!node_calls_service(l->tree, node) || s->duration < TRACE_EXTERNAL_MS * SD_MS ||
        node_answer(l->tree, node) != TREE_NONE)
        return;
    for (uint32_t i = node_first_child(l->tree, node); i != TREE_NONE; i = node_next(l->tree, i))
        if (node_calls_service(l->tree, i)) /* a client around a client: the inner one says it */
            return;
    const char *callee = node_callee(l->tree, node);
    struct trace_finding *f = report_finding(l, TRACE_SLOW_EXTERNAL_CALL, node);
    f->cost_ns = s->duration;
    f->text = mem_printf("%s%s%s takes %s", s->name, callee ? " of " : "", callee ? callee : "",
                         unit_format_int(UNIT_NS, s->duration, took));
    f->advice = mem_strdup("Give it a time limit, keep its answer, or call it while something else is done.");
}

static void large_payload(struct finding_list *l, uint32_t node)
{
    static const char *const REQUEST[] = {"http.request.body.size", "http.request.size",
                                          "http.request_content_length", NULL};
    static const char *const ANSWER[] = {"http.response.body.size", "http.response.size",
                                         "http.response_content_length", "http.response_transfer_size", NULL};
    static const char *const MESSAGE[] = {"messaging.message.body.size", "messaging.message.envelope.size",
                                          "messaging.message_payload_size_bytes",
                                          "rpc.message.uncompressed_size", NULL};
    static const struct {
        const char *const *keys;
        const char *what;
    } BODIES[] = {{REQUEST, "the request"}, {ANSWER, "the answer"}, {MESSAGE, "the message"}};
    const struct trace_span *s = node_span(l->tree, node);
    char size[UNIT_TEXT_MAX];
    for (size_t i = 0; i < ARRAY_LEN(BODIES); i++) {
        const char *value = span_attribute(l->tree->trace, s, BODIES[i].keys);
        double bytes;
        if (!value || !num_parse_real(value, &bytes) || !(bytes >= TRACE_PAYLOAD_MIB * 1048576.0) ||
            !real_is_int(bytes))
            continue;
        struct trace_finding *f = report_finding(l, TRACE_LARGE_PAYLOAD, node);
        f->cost_ns = MAX(s->duration, 0);
        f->text = mem_printf("%s of %s has %s", BODIES[i].what, s->name,
                             unit_format_int(UNIT_BYTES, (int64_t)bytes, size));
        f->advice = mem_strdup("Send a page of it, only the fields that are used, or compress it.");
        return;
    }
}

/* What of a span's own time on the critical path lies in no child: one that ends when the next begins, or
 * later, is beside the path, and explains its time all the same. */
static int64_t own_in_no_child(const struct trace_tree *t, uint32_t node)
{
    struct beside_path b = beside_path(t, node);
    int64_t own = 0;
    for (uint32_t i = 0; i < t->n_path; i++) {
        const struct critical_piece *p = &t->path[i];
        if (p->node != node)
            continue;
        for (sd_time at = p->from, until; at < p->to; at = until)
            if (child_beside_path(t, &b, at, p->to, &until) == TREE_NONE)
                own += until - at;
    }
    return own;
}

static void time_outside(struct finding_list *l, uint32_t node, uint32_t root)
{
    const struct trace_tree *t = l->tree;
    const struct trace_span *s = node_span(t, node);
    int64_t own = t->nodes[node].critical_self_ns;
    char took[UNIT_TEXT_MAX], whole[UNIT_TEXT_MAX];
    if (own < TRACE_OUTSIDE_MS * SD_MS || s->kind == SPAN_CLIENT || s->kind == SPAN_PRODUCER ||
        s->statement || node_waits(t, node) || span_db_system(t->trace, s))
        return;
    int64_t all = node_span(t, root)->duration;
    if ((double)own * 100 < (double)all * TRACE_OUTSIDE_PERCENT)
        return;
    own = own_in_no_child(t, node);
    if (own < TRACE_OUTSIDE_MS * SD_MS || (double)own * 100 < (double)all * TRACE_OUTSIDE_PERCENT)
        return;
    struct trace_finding *f = report_finding(l, TRACE_TIME_OUTSIDE_SPANS, node);
    f->cost_ns = own;
    f->text = mem_printf("%s of %s pass in %s itself, in no call that a span shows",
                         unit_format_int(UNIT_NS, own, took), unit_format_int(UNIT_NS, all, whole), s->name);
    f->advice = mem_strdup("It computes, sleeps, waits for a lock, or calls something that makes no spans: a "
                           "profile of this time tells which.");
}

/* ---- calls of one service ---- */

struct callee {
    uint32_t first, calls;
    int64_t ns;
};

static void report_fan_out(struct finding_list *l, uint32_t root, const char *name, const struct callee *c)
{
    char took[UNIT_TEXT_MAX];
    if (c->calls < TRACE_FAN_OUT)
        return;
    struct trace_finding *f = report_finding(l, TRACE_CHATTY_FAN_OUT, root);
    f->first = c->first;
    f->count = c->calls;
    f->cost_ns = c->ns;
    f->text = mem_printf("%u calls of %s in one request, together %s", (unsigned)c->calls, name,
                         unit_format_int(UNIT_NS, c->ns, took));
    f->advice = mem_strdup("Ask for all in one call, or keep the answers for the time of the request.");
}

static void fan_out(struct finding_list *l, uint32_t root)
{
    const struct trace_tree *t = l->tree;
    struct name_index names = {0};
    struct callee *of = NULL;
    size_t cap = 0;
    for (uint32_t i = root; i <= root + t->nodes[root].n_below; i++) {
        const char *name = node_calls_service(t, i) ? node_callee(t, i) : NULL;
        if (!name || strcmp(name, node_span(t, i)->service) == 0)
            continue;
        size_t n = names.n;
        uint32_t k = name_index_of(&names, name);
        if (names.n > n) {
            of = mem_grow(of, n, &cap, sizeof *of);
            of[k] = (struct callee){.first = i};
        }
        of[k].calls++;
        of[k].ns = add_sat(of[k].ns, MAX(node_span(t, i)->duration, 0));
    }
    for (uint32_t k = 0; k < names.n; k++)
        report_fan_out(l, root, names.names[k], &of[k]);
    free(of);
    name_index_free(&names);
}

/* ---- all ---- */

static int costliest_first(const void *a, const void *b)
{
    const struct trace_finding *x = a, *y = b;
    if (x->cost_ns != y->cost_ns)
        return x->cost_ns < y->cost_ns ? 1 : -1;
    if (x->node != y->node)
        return x->node < y->node ? -1 : 1;
    return (x->rule > y->rule) - (x->rule < y->rule);
}

size_t trace_findings(const struct trace_tree *t, struct trace_finding **out)
{
    struct finding_list l = {.tree = t,
                             .statement = mem_array((size_t)t->n + 1, sizeof *l.statement),
                             .covered = mem_array((size_t)t->n + 1, sizeof *l.covered),
                             .slack = slack_of(t)};
    hash_statements(&l);
    find_repeats(&l);
    for (uint32_t i = 0, root = 0; i < t->n; i++) {
        root = t->nodes[i].parent == TREE_NONE ? i : root;
        if (t->nodes[i].n_below >= TRACE_CONSECUTIVE)
            find_rows(&l, i);
        if (l.n < FINDINGS_MOST) {
            slow_external(&l, i);
            large_payload(&l, i);
        }
        time_outside(&l, i, root);
        if (root == i && t->nodes[i].n_below >= TRACE_FAN_OUT)
            fan_out(&l, i);
    }
    free(l.statement);
    free(l.covered);
    if (l.n)
        qsort(l.items, l.n, sizeof *l.items, costliest_first);
    *out = l.items;
    return l.n;
}

void trace_findings_free(struct trace_finding *f, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(f[i].text);
        free(f[i].advice);
    }
    free(f);
}

const char *trace_rule_name(enum trace_rule r)
{
    static const char *const NAMES[TRACE_RULES_N] = {
#define TRACE_RULE_NAME(NAME, name, what, when) [TRACE_##NAME] = #name,
        TRACE_RULES(TRACE_RULE_NAME)
#undef TRACE_RULE_NAME
    };
    return NAMES[r];
}
