/* Endpoints for the overview: slow ones, long tails, errors, a log without durations. */
#include "view/endpoints/endpoints.h"

#include "base/num.h"
#include "view/shared/common.h"
#include "view/shared/worst.h"

#include <stdlib.h>

/* X(NAME, value, help) */
#define THRESHOLDS(X)                                                                                        \
    X(SHARE, 0.10, "an endpoint with this share of all time is listed")                                      \
    X(SHARE_WARN, 0.25, "and marked from this share on, when it is slow as well:")                           \
    X(SLOW_NS, 10e6, "a p99 of at least this")                                                               \
    X(TAIL_FACTOR, 10, "p99 this many times the median is a long tail")                                      \
    X(TAIL_NS, 100e6, "but only when the p99 is at least this long")                                         \
    X(MIN_REQUESTS, 5, "fewer requests than this say nothing about a share")

enum threshold { THRESHOLDS(WORST_ENUM) };
static const double LIMIT[] = {THRESHOLDS(WORST_VALUE)};

struct figures {
    const char *name;
    int64_t count, errors, timed, total_ns, p50, p99;
};

static void slow_or_tail(struct worst_list *l, const struct figures *f, struct worst_item it, double share)
{
    char a[UNIT_TEXT_MAX], b[UNIT_TEXT_MAX], e[UNIT_TEXT_MAX];
    unit_format_int(UNIT_NS, f->p99, a);
    unit_format_int(UNIT_NS, f->p50, b);
    it.share = share;
    if (share >= LIMIT[T_SHARE]) {
        bool slow = (double)f->p99 >= LIMIT[T_SLOW_NS];
        it.what = "slow";
        it.severity = slow && share >= LIMIT[T_SHARE_WARN] ? SEVERITY_WARN : SEVERITY_INFO;
        it.why = doc_printf(l->d, "%s of time, p99 %s, median %s", unit_format(UNIT_SHARE, share, e), a, b);
        worst_add(l, it);
    } else if (f->timed && (double)f->p99 >= LIMIT[T_TAIL_NS] &&
               (double)f->p99 >= LIMIT[T_TAIL_FACTOR] * (double)f->p50) {
        it.what = "tail";
        it.severity = SEVERITY_INFO;
        it.why = doc_printf(l->d, "p99 %s against a median of %s", a, b);
        worst_add(l, it);
    }
}

static void failing(struct worst_list *l, const struct figures *f, struct worst_item it, double seconds)
{
    char a[UNIT_TEXT_MAX], b[UNIT_TEXT_MAX];
    it.what = "errors";
    it.severity = endpoints_error_severity(f->errors, f->count);
    if (it.severity == SEVERITY_NONE)
        return;
    it.share = (double)f->errors / (double)f->count;
    it.rank = isfinite(seconds) ? (double)f->errors / seconds : 0;
    it.dive.view = "statuses"; /* since when, and how many */
    it.why = doc_printf(l->d, "%s of %s requests failed (5xx)", unit_format_int(UNIT_COUNT, f->errors, a),
                        unit_format_int(UNIT_COUNT, f->count, b));
    worst_add(l, it);
}

/* The figures of each endpoint, and their sums; percentiles of the sums are not needed. */
static struct figures *read_figures(const struct view_ctx *c, size_t n, struct figures *all)
{
    struct endpoint_stats *s = mem_alloc(sizeof *s);
    struct figures *each = mem_array(n + 1, sizeof *each);
    for (size_t i = 0; i < n; i++) {
        const struct endpoint *ep = model_endpoint(c->model, i);
        endpoint_stats(ep, c->span, s);
        if (!s->count)
            continue;
        each[i] = (struct figures){.name = endpoint_name(ep),
                                   .count = s->count,
                                   .errors = s->errors,
                                   .timed = s->timed,
                                   .total_ns = MAX(s->total_ns, 0),
                                   .p50 = endpoint_quantile(s, 0.5),
                                   .p99 = endpoint_quantile(s, 0.99)};
        all->count = add_sat(all->count, s->count);
        all->timed = add_sat(all->timed, s->timed);
        all->total_ns = add_sat(all->total_ns, each[i].total_ns);
    }
    free(s);
    return each;
}

void endpoints_worst(const struct view_ctx *c, struct worst_list *l)
{
    size_t n = model_endpoints(c->model);
    struct figures all = {0}, *each = read_figures(c, n, &all);
    double seconds = common_seconds(common_covered(c));
    for (size_t i = 0; i < n; i++) {
        const struct figures *f = &each[i];
        if (f->count < (int64_t)LIMIT[T_MIN_REQUESTS])
            continue;
        const char *name = doc_text(l->d, f->name);
        struct worst_item it = {.subject = name, .dive = {.view = "endpoint", .arg = name}};
        it.rank = isfinite(seconds) ? (double)f->total_ns / 1e9 / seconds : 0;
        slow_or_tail(l, f, it, all.total_ns ? (double)f->total_ns / (double)all.total_ns : 0);
        failing(l, f, it, seconds);
    }
    free(each);
    endpoints_silent(c, l);
    const char *assumed = common_reading(l->d, c, KINDS_HTTP);
    if (all.count && (assumed || !all.timed))
        worst_add(l, (struct worst_item){
                         .what = "log",
                         .severity = SEVERITY_INFO,
                         .share = NAN,
                         .subject = all.timed ? "reading" : "no durations",
                         .why = assumed ? assumed
                                        : "add $request_time to nginx's log_format, %D to Apache's LogFormat",
                         .dive = {.view = "sources"},
                     });
}
