/* Sessions for the overview: who is blocked, who is idle in a transaction, how many
 * connections are left, how much is read past the shared buffers. */
#include "view/sessions/activity.h"

#include "view/sessions/session_marks.h"
#include "view/shared/common.h"
#include "view/shared/worst.h"

#include <stdlib.h>

/* X(NAME, value, help) */
#define THRESHOLDS(X)                                                                                        \
    X(HIT_RATIO, 0.90, "share of blocks found in shared buffers below which it is listed")                   \
    X(HIT_BLOCKS_PER_S, 1000, "and at least so many blocks are accessed per second")                         \
    X(CONNECTIONS_WARN, 0.80, "share of max_connections in use")                                             \
    X(CONNECTIONS_BAD, 0.95, "the same, act now")                                                            \
    X(FRESH_NS, 30e9, "sessions sampled longer ago than this say nothing about now")

enum threshold { THRESHOLDS(WORST_ENUM) };
static const double LIMIT[] = {THRESHOLDS(WORST_VALUE)};

enum { SESSIONS_MAX = 1000, SERVERS_MAX = 32 };

/* The longest of each kind. */
struct longest {
    const struct sd_activity *blocked, *idle;
    int64_t blocked_ns, idle_ns;
    size_t n_blocked;
};

static void look_at(struct longest *x, const struct session_sample *s)
{
    const struct sd_activity *a = s->a;
    int64_t waits = session_waits_ns(a, s->at), idle_for = session_idle_ns(a, s->at);
    if (session_wait_severity(waits) >= SEVERITY_INFO) {
        x->n_blocked++;
        if (!x->blocked || waits > x->blocked_ns) {
            x->blocked = a;
            x->blocked_ns = waits;
        }
    }
    if (idle_for > x->idle_ns) {
        x->idle = a;
        x->idle_ns = idle_for;
    }
}

/* One of the pids in blocked_by. */
static bool blocks(const struct sd_activity *a, int64_t pid)
{
    for (const char *p = a->blocked_by; p && *p; p += strcspn(p, ","), p += *p == ',')
        if (strtoll(p, NULL, 10) == pid)
            return true;
    return false;
}

/* What was seen of a server that is gone is not of now. */
static bool is_gone(const struct source_info *info, size_t n, const char *origin)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(info[i].origin, origin))
            return info[i].status && info[i].status->state != SD_STATE_LIVE &&
                   info[i].status->state != SD_STATE_ENDED;
    return false;
}

static void list_sessions(const struct view_ctx *c, struct worst_list *l, const struct source_info *info,
                          size_t n_info)
{
    struct session_sample *s = mem_array(SESSIONS_MAX, sizeof *s);
    size_t n = model_sessions(c->model, c->now, s, SESSIONS_MAX);
    struct longest x = {0};
    char a[UNIT_TEXT_MAX];
    for (size_t i = 0; i < n; i++)
        if ((double)common_age(c->now, s[i].at) <= LIMIT[T_FRESH_NS] && !is_gone(info, n_info, s[i].origin))
            look_at(&x, &s[i]);
    if (x.blocked)
        worst_add(l,
                  (struct worst_item){
                      .what = "lock",
                      .severity = session_wait_severity(x.blocked_ns),
                      .rank = (double)x.n_blocked,
                      .share = NAN,
                      .subject = doc_printf(l->d, "%zu blocked", x.n_blocked),
                      .why = doc_printf(l->d, "pid %lld has waited %s%s for %s", (long long)x.blocked->pid,
                                        x.blocked->wait_start > 0 ? "" : "at most ",
                                        unit_format_int(UNIT_SINCE, x.blocked_ns, a), x.blocked->blocked_by),
                      .dive = {.view = "activity"},
                  });
    if (x.idle && session_idle_severity(x.idle_ns) >= SEVERITY_WARN)
        worst_add(l, (struct worst_item){
                         .what = "idle",
                         .severity = session_idle_severity(x.idle_ns),
                         .causes = x.blocked && blocks(x.blocked, x.idle->pid) ? "lock" : NULL,
                         .share = NAN,
                         .subject = doc_printf(l->d, "pid %lld", (long long)x.idle->pid),
                         .why = doc_printf(l->d, "in transaction for %s: it keeps its locks and stops vacuum",
                                           unit_format_int(UNIT_SINCE, x.idle_ns, a)),
                         .dive = {.view = "activity"},
                     });
    free(s);
}

static void list_connections(const struct view_ctx *c, struct worst_list *l, const char *origin)
{
    double used = model_metric(c->model, origin, "postgresql.connections", NULL, c->now);
    double max = model_metric(c->model, origin, "postgresql.max_connections", NULL, c->now);
    if (!(max > 0) || !(used / max >= LIMIT[T_CONNECTIONS_WARN]))
        return;
    worst_add(l, (struct worst_item){
                     .what = "connections",
                     .severity = used / max >= LIMIT[T_CONNECTIONS_BAD] ? SEVERITY_BAD : SEVERITY_WARN,
                     .share = used / max,
                     .subject = doc_text(l->d, origin),
                     .why = doc_printf(l->d, "%.0f of %.0f connections are in use", used, max),
                     .dive = {.view = "activity"},
                 });
}

static void list_hit_ratio(const struct view_ctx *c, struct worst_list *l, const char *origin)
{
    char a[UNIT_TEXT_MAX];
    double hit = model_metric_rate(c->model, origin, "postgresql.blks_hit", NULL, c->span);
    double read = model_metric_rate(c->model, origin, "postgresql.blks_read", NULL, c->span);
    if (!(hit + read >= LIMIT[T_HIT_BLOCKS_PER_S]) || !(hit / (hit + read) < LIMIT[T_HIT_RATIO]))
        return;
    worst_add(l, (struct worst_item){
                     .what = "cache",
                     .severity = SEVERITY_WARN,
                     .share = NAN,
                     .subject = doc_text(l->d, origin),
                     .why = doc_printf(l->d, "%s of blocks found in shared buffers",
                                       unit_format(UNIT_SHARE, hit / (hit + read), a)),
                     .dive = {.view = "queries"},
                 });
}

void sessions_worst(const struct view_ctx *c, struct worst_list *l)
{
    struct source_info info[SERVERS_MAX];
    size_t n = model_sources(c->model, c->now, info, ARRAY_LEN(info));
    list_sessions(c, l, info, n);
    for (size_t i = 0; i < n; i++) {
        if (is_gone(info, n, info[i].origin))
            continue;
        list_connections(c, l, info[i].origin);
        list_hit_ratio(c, l, info[i].origin);
    }
}
