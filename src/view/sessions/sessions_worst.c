/* Sessions for the overview: who is blocked, who is idle in a transaction, how many
 * connections are left, how much is read past the shared buffers. */
#include "view/sessions/activity.h"

#include "view/shared/common.h"
#include "view/shared/worst.h"

#include <stdlib.h>

/* X(NAME, value, help) */
#define THRESHOLDS(X)                                                                                        \
    X(HIT_RATIO, 0.90, "share of blocks found in shared buffers below which it is listed")                   \
    X(HIT_BLOCKS_PER_S, 1000, "and at least so many blocks are accessed per second")                         \
    X(CONNECTIONS_WARN, 0.80, "share of max_connections in use")                                             \
    X(CONNECTIONS_BAD, 0.95, "the same, act now")                                                            \
    X(IDLE_WARN_NS, 60e9, "idle in transaction for so long")                                                 \
    X(IDLE_BAD_NS, 300e9, "the same, act now")                                                               \
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
    if (a->blocked_by && *a->blocked_by) {
        int64_t since = MAX(common_age(s->at, a->query_start), 0);
        x->n_blocked++;
        if (!x->blocked || since > x->blocked_ns) {
            x->blocked = a;
            x->blocked_ns = since;
        }
    }
    int64_t idle_for = common_age(s->at, a->state_change);
    if (a->state && str_starts(a->state, "idle in transaction") && idle_for > x->idle_ns) {
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

static void list_sessions(const struct view_ctx *c, struct worst_list *l)
{
    struct session_sample *s = mem_array(SESSIONS_MAX, sizeof *s);
    size_t n = model_sessions(c->model, c->now, s, SESSIONS_MAX);
    struct longest x = {0};
    char a[UNIT_TEXT_MAX];
    for (size_t i = 0; i < n; i++)
        if ((double)common_age(c->now, s[i].at) <= LIMIT[T_FRESH_NS])
            look_at(&x, &s[i]);
    if (x.blocked)
        worst_add(l, (struct worst_item){
                         .what = "lock",
                         .severity = SEVERITY_BAD,
                         .rank = (double)x.n_blocked,
                         .share = NAN,
                         .subject = doc_printf(l->d, "%zu blocked", x.n_blocked),
                         .why = doc_printf(l->d, "pid %lld has waited %s for %s", (long long)x.blocked->pid,
                                           unit_format_int(UNIT_AGE, MAX(x.blocked_ns, 10 * SD_S), a),
                                           x.blocked->blocked_by),
                         .dive = {.view = "activity"},
                     });
    if (x.idle && (double)x.idle_ns >= LIMIT[T_IDLE_WARN_NS])
        worst_add(l, (struct worst_item){
                         .what = "idle",
                         .severity = (double)x.idle_ns >= LIMIT[T_IDLE_BAD_NS] ? SEVERITY_BAD : SEVERITY_WARN,
                         .causes = x.blocked && blocks(x.blocked, x.idle->pid) ? "lock" : NULL,
                         .share = NAN,
                         .subject = doc_printf(l->d, "pid %lld", (long long)x.idle->pid),
                         .why = doc_printf(l->d, "in transaction for %s: it keeps its locks and stops vacuum",
                                           unit_format_int(UNIT_AGE, x.idle_ns, a)),
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
    list_sessions(c, l);
    for (size_t i = 0; i < n; i++) {
        const struct sd_status *state = info[i].status;
        if (state && state->state != SD_STATE_LIVE && state->state != SD_STATE_ENDED)
            continue; /* its last figures are not of now */
        list_connections(c, l, info[i].origin);
        list_hit_ratio(c, l, info[i].origin);
    }
}
