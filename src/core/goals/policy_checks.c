#include "core/goals/policy_checks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "core/goals/regress_checks.h"

/* Instances of a figure that are told one by one; hosts, labels, endpoints. */
enum { INSTANCES_USUAL = 64, INSTANCES_MAX = 100000 };

/* ---- words ---- */

char *goal_value_text(const char *unit, double value, char buf[64])
{
    static const struct {
        const char *name;
        enum unit unit;
    } UNITS[] = {{.name = "ns", .unit = UNIT_NS},
                 {.name = "share", .unit = UNIT_SHARE},
                 {.name = "bytes", .unit = UNIT_BYTES},
                 {.name = "per_s", .unit = UNIT_PER_S}};
    for (size_t i = 0; isfinite(value) && i < ARRAY_LEN(UNITS); i++)
        if (str_eq(unit, UNITS[i].name)) {
            char text[UNIT_TEXT_MAX];
            snprintf(buf, 64, "%s", unit_format(UNITS[i].unit, value, text));
            return buf;
        }
    if (isfinite(value))
        snprintf(buf, 64, "%.4g%s%.20s", value, unit && *unit ? " " : "", unit ? unit : "");
    else
        snprintf(buf, 64, "-");
    return buf;
}

static void put_key(struct strbuf *b, const char *key, const char *value)
{
    if (value)
        strbuf_printf(b, "%s%s=%s", b->len ? ", " : "", key, value);
}

const char *check_subject(struct arena *a, const struct goal_match *m)
{
    struct strbuf b = {0};
    if (m->method || m->route)
        strbuf_printf(&b, "%s%s%s", m->method ? m->method : "", m->method && m->route ? " " : "",
                      m->route ? m->route : "");
    put_key(&b, "host", m->host);
    put_key(&b, "instance", m->instance);
    for (size_t i = 0; i < m->n_labels; i++)
        put_key(&b, m->labels[i].name, m->labels[i].pattern);
    const char *text = b.len ? arena_strdup(a, strbuf_text(&b)) : NULL;
    strbuf_free(&b);
    return text;
}

const char *check_figure_words(struct arena *a, const struct goal_figure *f, const char *basis)
{
    if (isfinite(f->quantile) && !str_eq(basis, "mean"))
        return arena_printf(a, "p%g of %s", f->quantile * 100, f->text);
    if (isfinite(f->quantile))
        return arena_printf(a, "the mean of %s, whose distribution is not known,", f->text);
    return f->text;
}

static const char *samples_words(struct arena *a, int64_t n, int64_t window_ns)
{
    char count[UNIT_TEXT_MAX], window[UNIT_TEXT_MAX];
    return arena_printf(a, "%s sample%s over %s", unit_format_int(UNIT_COUNT, n, count), n == 1 ? "" : "s",
                        unit_format_int(UNIT_SINCE, window_ns, window));
}

/* ---- limits ---- */

/* One figure against one limit. */
struct limited {
    const char *kind, *name, *feature, *called; /* "target", "limit" */
    const struct goal_figure *figure;
    double limit, warn; /* NAN: never warned of */
    bool below, skip_missing;
    int line;
};

static enum check_status status_of(const struct limited *l, double value)
{
    if (!isfinite(value))
        return l->skip_missing ? CHECK_SKIP : CHECK_MISSING;
    if (l->below ? value < l->limit : value > l->limit)
        return CHECK_FAIL;
    return isfinite(l->warn) && value > l->warn * l->limit ? CHECK_WARN : CHECK_PASS;
}

static sd_time moment_of(const struct policy_checks *p, const struct goal_figure *f)
{
    return f->signal >= GOAL_BUNDLE_JS && f->signal < GOAL_METRIC ? p->standing : p->at;
}

static int64_t window_of(const struct policy_checks *p, const struct goal_figure *f)
{
    return p->window_ns ? p->window_ns : f->window_ns;
}

static const char *limited_words(struct arena *a, const struct policy_checks *p, const struct limited *l,
                                 const struct signal_value *v, const char *subject)
{
    char value[64], limit[64], window[UNIT_TEXT_MAX];
    const char *of = subject ? " of " : "", *what = subject ? subject : "";
    if (!isfinite(v->value))
        return arena_printf(a, "nothing tells %s%s%s in the last %s of the data",
                            check_figure_words(a, l->figure, NULL), of, what,
                            unit_format_int(UNIT_SINCE, window_of(p, l->figure), window));
    goal_value_text(v->unit, v->value, value);
    goal_value_text(v->unit, l->limit, limit);
    const char *against[CHECK_STATUSES] = {[CHECK_PASS] = l->below ? "at least" : "within",
                                           [CHECK_WARN] = "close to",
                                           [CHECK_FAIL] = l->below ? "below" : "above"};
    return arena_printf(a, "%s%s%s is %s, %s the %s of %s (%s)", check_figure_words(a, l->figure, v->basis),
                        of, what, value, against[status_of(l, v->value)], l->called, limit,
                        samples_words(a, v->samples, window_of(p, l->figure)));
}

static void add_limited(const struct policy_checks *p, const struct limited *l, const struct signal_value *v,
                        struct check_list *out)
{
    const char *subject = v->instance ? v->instance : check_subject(out->arena, &l->figure->match);
    check_add(out, &(struct check){.name = l->name,
                                   .status = status_of(l, v->value),
                                   .kind = l->kind,
                                   .signal = l->figure->text,
                                   .subject = subject,
                                   .feature = l->feature,
                                   .value = v->value,
                                   .value_unit = v->unit,
                                   .limit = l->limit,
                                   .below = l->below,
                                   .baseline = (double)NAN,
                                   .change_share = (double)NAN,
                                   .p_value = (double)NAN,
                                   .text = limited_words(out->arena, p, l, v, subject),
                                   .path = p->policy->file,
                                   .line = l->line});
}

/* Free. */
static struct signal_value *values_of(const struct policy_checks *p, const struct goal_figure *f, size_t *n)
{
    size_t room = INSTANCES_USUAL;
    for (;;) {
        struct signal_value *v = mem_array(room, sizeof *v);
        *n = signals_values(p->now, f, moment_of(p, f), window_of(p, f), v, room);
        if (*n < room || room == INSTANCES_MAX)
            return v;
        free(v);
        room = INSTANCES_MAX;
    }
}

/* Instances that had nothing to tell in the window fail nobody, as long as others had. */
static void check_limited(const struct policy_checks *p, const struct limited *l, struct check_list *out)
{
    size_t n = 0, known = 0, silent;
    struct signal_value *v = sd_known(moment_of(p, l->figure)) ? values_of(p, l->figure, &n) : NULL;
    for (size_t i = 0; i < n; i++)
        if (isfinite(v[i].value)) {
            add_limited(p, l, &v[i], out);
            known++;
        }
    silent = n - known;
    if (!known)
        add_limited(p, l,
                    &(struct signal_value){.instance = n == 1 ? v[0].instance : NULL,
                                           .value = (double)NAN,
                                           .unit = n ? v[0].unit : goal_signal_unit(l->figure->signal)},
                    out);
    else if (silent)
        check_note(out, "%s: %zu more had no data in the window", l->name, silent);
    free(v);
}

/* ---- all ---- */

static bool is_checked(const struct goal_kpi *k)
{
    return k->line > 0 && isfinite(k->target);
}

size_t policy_checks_count(const struct goal_policy *p)
{
    size_t n = p->n_budgets;
    for (size_t i = 0; i < p->n_kpis; i++)
        n += is_checked(&p->kpis[i]);
    return n;
}

void policy_checks_add(const struct policy_checks *p, struct check_list *out)
{
    for (size_t i = 0; i < p->policy->n_kpis; i++) {
        const struct goal_kpi *k = &p->policy->kpis[i];
        if (is_checked(k))
            check_limited(p,
                          &(struct limited){.kind = "kpi",
                                            .name = k->name,
                                            .called = "target",
                                            .figure = &k->figure,
                                            .limit = k->target,
                                            .warn = (double)NAN,
                                            .below = k->higher,
                                            .skip_missing = k->skip_missing,
                                            .line = k->line},
                          out);
    }
    for (size_t i = 0; i < p->policy->n_budgets; i++) {
        const struct goal_budget *b = &p->policy->budgets[i];
        if (isfinite(b->max))
            check_limited(p,
                          &(struct limited){.kind = "budget",
                                            .name = b->name,
                                            .feature = b->feature,
                                            .called = "budget",
                                            .figure = &b->figure,
                                            .limit = b->max,
                                            .warn = b->warn,
                                            .skip_missing = b->skip_missing,
                                            .line = b->line},
                          out);
        if (isfinite(b->regress))
            regress_checks_add(p, b, out);
    }
}
