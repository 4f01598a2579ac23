/* What a function is worth, and what can be done about it: from where its time is and who calls it. */
#include "view/profiles/function_worth.h"

#include <math.h>
#include <stdlib.h>

enum { FAR = 4096 };

/* Shares of the function's total. */
static const double MOST = 0.5, NEARLY_ALL = 0.8;

/* Is one of the frames above of the function as well? Then its time counts there. */
static bool is_in_it(const struct profile *p, uint32_t node, uint32_t f)
{
    uint32_t at = p->nodes[node].parent;
    for (int steps = 0; at && steps < FAR; at = p->nodes[at].parent, steps++)
        if (p->nodes[at].function == f)
            return true;
    return false;
}

struct other {
    uint32_t function; /* PROFILE_NO_FUNCTION: none */
    double share;      /* of the total of the function */
};

static struct other largest(const double *values, size_t n, double total)
{
    struct other o = {PROFILE_NO_FUNCTION, 0};
    for (uint32_t i = 0; i < n; i++)
        if (values[i] / total > o.share)
            o = (struct other){i, values[i] / total};
    return o;
}

/* The function that calls it for the most of its time, and the one that it calls for the most. */
static void neighbours(const struct profile *p, uint32_t f, double total, struct other *caller,
                       struct other *callee)
{
    double *by_caller = mem_array(p->n + 1, sizeof *by_caller);
    double *by_callee = mem_array(p->n + 1, sizeof *by_callee);
    for (uint32_t i = 1; i < p->n_nodes; i++) {
        uint32_t parent = p->nodes[i].parent;
        if (!parent)
            continue;
        if (p->nodes[i].function == f && !is_in_it(p, i, f))
            by_caller[p->nodes[parent].function] += profile_node_total(p, i, 0);
        else if (p->nodes[parent].function == f && !is_in_it(p, parent, f) && p->nodes[i].function != f)
            by_callee[p->nodes[i].function] += profile_node_total(p, i, 0);
    }
    *caller = largest(by_caller, p->n, total);
    *callee = largest(by_callee, p->n, total);
    free(by_caller);
    free(by_callee);
}

/* Of a tree with stacks; "" says nothing. */
static const char *what_to_do(struct doc *d, const struct profile *p, uint32_t f, double total)
{
    struct other caller, callee;
    double own = profile_self(p, f, 0) / total;
    char text[UNIT_TEXT_MAX];
    neighbours(p, f, total, &caller, &callee);
    if (own < MOST && callee.share >= MOST)
        return doc_printf(d, " %s has %s of it: call that less often, keep its result, or make it cheaper.",
                          p->functions[callee.function].name, unit_format(UNIT_SHARE, callee.share, text));
    if (own < MOST)
        return " No single call has the most of it: see the flame graph below.";
    if (caller.share >= NEARLY_ALL)
        return doc_printf(
            d, " Own code, called by %s (%s): call it less often there, keep its result, or make it cheaper.",
            p->functions[caller.function].name, unit_format(UNIT_SHARE, caller.share, text));
    return " Own code, called from several places: make that code cheaper.";
}

void function_worth_section(struct doc *d, const struct shown_profile *x, uint32_t f)
{
    const struct profile *p = x->found.p;
    const char *kind = p->functions[f].kind;
    double total = profile_total(p, f, 0), processors = shown_processors(x, total);
    char share[UNIT_TEXT_MAX], part[UNIT_TEXT_MAX];
    /* A difference of two profiles has values below 0, and a label or a thread is no code to change. */
    if (!(total > 0) || !(shown_share(x, total) >= 0) || str_eq(kind, "label") || str_eq(kind, "thread") ||
        str_eq(kind, "container"))
        return;
    struct section *s = doc_section(d, SECTION_TEXT, "worth", "What it is worth, and what to do");
    unit_format(UNIT_SHARE, shown_share(x, total), share);
    s->text = doc_printf(
        d, "Without it %s less %s%s%s.%s", share, x->found.type, !isnan(processors) ? ", " : "",
        !isnan(processors) ? doc_printf(d, "%s of a processor", unit_format(UNIT_SHARE, processors, part))
                           : "",
        p->n_nodes > 1 ? what_to_do(d, p, f, total) : "");
    s->min_height = 2;
    s->kinds = KINDS_PROFILE;
}
