#include "core/goals/regress_checks.h"

#include <math.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/units.h"
#include "core/goals/regress.h"

/* Compared one by one; of more those with the most requests. */
enum { COMPARED_MOST = 1000, INSTANCES_MAX = 100000 };

/* One comparison. */
struct compared {
    const struct policy_checks *p;
    const struct goal_budget *b;
    const char *instance;        /* NULL: the total */
    unsigned witness;            /* of both sides; 0: they have none in common */
    struct hist *before, *after; /* blocks of each */
};

/* ---- data ---- */

/* All durations in blocks of equal time, of the window when one was given. */
static void blocks_of(const struct compared *x, struct signals *s, sd_time until, struct hist *blocks)
{
    sd_time first = signals_first(s), last = signals_last(s);
    int64_t window = x->p->window_ns             ? x->p->window_ns
                     : x->b->figure.window_given ? x->b->figure.window_ns
                                                 : 0;
    for (size_t i = 0; i < REGRESS_BLOCKS; i++)
        hist_clear(&blocks[i]);
    if (!sd_known(first) || !x->witness)
        return;
    last = sd_known(until) ? MIN(last, until) : last;
    sd_time from = window ? MAX(first - 1, add_sat(last, -window)) : first - 1;
    double step = ((double)last - (double)from) / REGRESS_BLOCKS, begin = (double)from;
    for (size_t i = 0; i < REGRESS_BLOCKS; i++) {
        sd_time to = i + 1 == REGRESS_BLOCKS ? last : real_to_int(begin + step * (double)(i + 1));
        if (to > from)
            signals_durations(s, &x->b->figure, x->instance, x->witness, to, to - from, &blocks[i]);
        from = MAX(from, to);
    }
}

static unsigned common_witness(const struct policy_checks *p, const struct goal_figure *f)
{
    unsigned both = signals_witnesses(p->now, f) & (p->before ? signals_witnesses(p->before, f) : ~0u);
    return both & (~both + 1); /* the best is the lowest bit */
}

/* ---- words ---- */

static const char *change_words(struct arena *a, double share)
{
    char text[UNIT_TEXT_MAX];
    if (!isfinite(share))
        return "changed";
    return arena_printf(a, "%s by %s", share < 0 ? "fell" : "grew",
                        unit_format(UNIT_SHARE, fabs(share), text));
}

static const char *regress_words(struct arena *a, const struct goal_budget *b, const struct regress *r,
                                 const char *subject)
{
    char before[UNIT_TEXT_MAX], after[UNIT_TEXT_MAX], most[UNIT_TEXT_MAX], n[UNIT_TEXT_MAX], m[UNIT_TEXT_MAX];
    bool grew = r->change_share > b->regress, sure = regress_surely(r, true);
    const char *verdict = !grew ? "no more than" : sure ? "more than" : "which chance may do, beyond";
    return arena_printf(
        a, "%s%s%s %s, %s the %s it may: %s before, %s after (p %.2g, %s and %s %s%s)",
        check_figure_words(a, &b->figure, NULL), subject ? " of " : "", subject ? subject : "",
        change_words(a, r->change_share), verdict, unit_format(UNIT_SHARE, b->regress, most),
        unit_format_int(UNIT_NS, r->before_ns, before), unit_format_int(UNIT_NS, r->after_ns, after),
        r->p_value, unit_format_int(UNIT_COUNT, (int64_t)r->n_before, n),
        unit_format_int(UNIT_COUNT, (int64_t)r->n_after, m),
        b->figure.signal == GOAL_DB_LATENCY ? "statements" : "requests",
        r->in_a_row ? ", alike in a row" : "");
}

static const char *regress_missing(const struct compared *x, struct arena *a, const struct regress *r,
                                   const char *subject)
{
    const struct goal_figure *f = &x->b->figure;
    const char *of = subject ? " of " : "", *what = subject ? subject : "";
    if (!x->p->before)
        return "there is nothing to compare with: --baseline SOURCE names it";
    if (f->signal != GOAL_HTTP_LATENCY && f->signal != GOAL_DB_LATENCY)
        return arena_printf(a, "%s%s%s has no distribution, and means cannot be compared surely", f->text, of,
                            what);
    if (f->signal == GOAL_DB_LATENCY && !x->witness)
        return arena_printf(
            a,
            "the distribution of %s%s%s is not known on both sides from the same kind of data, and "
            "means cannot be compared surely; traces of both tell",
            f->text, of, what);
    return arena_printf(a, "nothing tells %s%s%s %s", check_figure_words(a, f, NULL), of, what,
                        r->n_after ? "in the baseline" : "in the data");
}

/* ---- checks ---- */

static double real_of(int64_t ns)
{
    return sd_known(ns) ? (double)ns : (double)NAN;
}

static void add(const struct compared *x, const struct regress *r, bool known, struct check_list *out)
{
    const struct goal_budget *b = x->b;
    const char *subject =
        x->instance ? arena_strdup(out->arena, x->instance) : check_subject(out->arena, &b->figure.match);
    double before = real_of(r->before_ns);
    check_add(out, &(struct check){.name = b->name,
                                   .status = !known ? b->skip_missing ? CHECK_SKIP : CHECK_MISSING
                                             : r->change_share > b->regress && regress_surely(r, true)
                                                 ? CHECK_FAIL
                                                 : CHECK_PASS,
                                   .kind = "regress",
                                   .signal = b->figure.text,
                                   .subject = subject,
                                   .feature = b->feature,
                                   .value = real_of(r->after_ns),
                                   .value_unit = "ns",
                                   .limit = before * (1 + b->regress),
                                   .baseline = before,
                                   .change_share = r->change_share,
                                   .p_value = r->p_value,
                                   .text = known ? regress_words(out->arena, b, r, subject)
                                                 : regress_missing(x, out->arena, r, subject),
                                   .path = x->p->policy->file,
                                   .line = b->line});
}

static bool compare(const struct compared *x, struct regress *r)
{
    blocks_of(x, x->p->now, x->p->at, x->after);
    for (size_t i = 0; !x->p->before && i < REGRESS_BLOCKS; i++)
        hist_clear(&x->before[i]);
    if (x->p->before)
        blocks_of(x, x->p->before, SD_UNKNOWN, x->before);
    return regress_of(x->before, REGRESS_BLOCKS, x->after, REGRESS_BLOCKS, x->b->figure.quantile, r);
}

struct instance {
    const char *name;
    int64_t requests;
};

static int most_first(const void *a, const void *b)
{
    const struct instance *x = a, *y = b;
    if (x->requests != y->requests)
        return x->requests > y->requests ? -1 : 1;
    return strcmp(x->name, y->name);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct instance *)a)->name, ((const struct instance *)b)->name);
}

/* Those of the data, over all of its time. Names are the store's until it is asked again: they are copied. */
static struct instance *instances_of(const struct compared *x, struct arena *a, size_t *n)
{
    struct signals *s = x->p->now;
    sd_time first = signals_first(s), last = signals_last(s);
    *n = 0;
    if (!sd_known(first))
        return NULL;
    last = sd_known(x->p->at) ? MIN(last, x->p->at) : last;
    size_t most = MIN(signals_most(s, &x->b->figure), (size_t)INSTANCES_MAX);
    struct signal_value *v = mem_array(most + 1, sizeof *v);
    struct instance *out = mem_array(most + 1, sizeof *out);
    size_t m = signals_values(s, &x->b->figure, last, MAX(last - first + 1, 1), v, most);
    for (size_t i = 0; i < m; i++)
        if (v[i].samples > 0 && v[i].instance)
            out[(*n)++] = (struct instance){arena_strdup(a, v[i].instance), v[i].samples};
    free(v);
    return out;
}

/* An endpoint that one side alone has fails nobody, as long as there are others. */
static void each_instance(struct compared *x, struct check_list *out)
{
    size_t n, compared = 0, alone = 0;
    struct instance *all = instances_of(x, out->arena, &n);
    struct regress r;
    if (n)
        qsort(all, n, sizeof *all, most_first);
    size_t looked = MIN(n, (size_t)COMPARED_MOST);
    if (looked)
        qsort(all, looked, sizeof *all, by_name);
    for (size_t i = 0; i < looked && x->p->before; i++) {
        x->instance = all[i].name;
        bool known = compare(x, &r);
        if (known)
            add(x, &r, true, out);
        compared += known;
        alone += !known;
    }
    if (!compared) {
        x->instance = n == 1 ? all[0].name : NULL;
        r = (struct regress){.n_after = n,
                             .before_ns = SD_UNKNOWN,
                             .after_ns = SD_UNKNOWN,
                             .change_share = (double)NAN,
                             .p_value = (double)NAN};
        add(x, &r, false, out);
    } else if (alone || n > looked) {
        check_note(out, "%s: %zu more are not compared: the baseline has none of them, or there are too many",
                   x->b->name, alone + n - looked);
    }
    free(all);
}

void regress_checks_add(const struct policy_checks *p, const struct goal_budget *b, struct check_list *out)
{
    struct hist *blocks = mem_array((size_t)2 * REGRESS_BLOCKS, sizeof *blocks);
    struct compared x = {.p = p,
                         .b = b,
                         .witness = common_witness(p, &b->figure),
                         .before = blocks,
                         .after = blocks + REGRESS_BLOCKS};
    struct regress r;
    if (b->figure.per != GOAL_TOTAL) {
        each_instance(&x, out);
    } else {
        bool known = compare(&x, &r);
        add(&x, &r, known, out);
    }
    free(blocks);
}
