#include "conf/capacity_internal.h"

#include <math.h>
#include <string.h>

#include "core/capacity/queue.h"

const struct tree_node *capacity_root(struct fields_reader *r, struct arena *a, const char *name,
                                      const char *what, const char *text, size_t len, struct sd_error *err)
{
    fields_begin(r, a, name);
    const struct tree_node *root = tree_read(a, text, len, &r->report);
    if (r->report.n)
        fail(err, "%s", r->first);
    else if (!root)
        fail(err, "%s is empty: it holds no %s", name, what);
    return r->report.n ? NULL : root;
}

bool capacity_done(const struct fields_reader *r, struct sd_error *err)
{
    return !r->report.n || fail(err, "%s", r->first);
}

void *capacity_array(struct fields_reader *r, const struct tree_node *list, const char *what, size_t size,
                     size_t most, size_t *n)
{
    *n = 0;
    if (list->kind != TREE_LIST || !list->child) {
        fields_wrong(r, list, what, "a list that is not empty");
        return NULL;
    }
    for (const struct tree_node *i = list->child; i; i = i->next)
        ++*n;
    if (*n > most) {
        tree_problem(&r->report, list->line, list->column, "%s has %zu items; at most %zu are read", what, *n,
                     most);
        return NULL;
    }
    return arena_alloc(r->arena, *n * size);
}

void capacity_part(struct fields_reader *r, const struct tree_node *root, const char *key,
                   const struct field *f, size_t n, void *into)
{
    const struct tree_node *part = fields_member(root, key);
    if (part)
        fields_read(r, part, f, n, into, key);
}

/* ---- plans ---- */

struct plan_text {
    double peak, growth, event, max_rate, headroom, per_hour;
    int64_t workers, service_ns, p99_ns, zones, lost;
    const char *search, *currency;
};
#define AT(member) offsetof(struct plan_text, member)

static void check_instance(struct fields_reader *r, const struct tree_node *root, const struct plan_text *t)
{
    const struct tree_node *n = fields_member(root, "instance");
    bool queue = sd_known(t->workers) || sd_known(t->service_ns);
    int ways = (queue ? 1 : 0) + (isnan(t->max_rate) ? 0 : 1) + (t->search ? 1 : 0);
    if (ways != 1)
        tree_problem(&r->report, n->line, n->column,
                     "instance has workers and service, or max_rate, or search");
    else if (queue && !(sd_known(t->workers) && sd_known(t->service_ns)))
        tree_problem(&r->report, n->line, n->column, "instance needs both workers and service");
    else if (queue && t->workers > QUEUE_SERVERS_MAX)
        tree_problem(&r->report, n->line, n->column, "workers has to be at most %d", (int)QUEUE_SERVERS_MAX);
}

static void check_plan(struct fields_reader *r, const struct tree_node *root, const struct plan_text *t)
{
    const struct tree_node *survive = fields_member(root, "survive"),
                           *headroom = fields_member(root, "headroom");
    check_instance(r, root, t);
    if (t->headroom >= 1)
        tree_problem(&r->report, headroom->line, headroom->column,
                     "headroom has to be below 100%%: nothing is left for the demand");
    if (survive && (t->zones > PLAN_ZONES_MAX || t->lost >= t->zones))
        tree_problem(&r->report, survive->line, survive->column,
                     t->lost >= t->zones ? "lost has to be less than zones: no zone is left"
                                         : "zones has to be at most 1000");
}

static void read_limits(struct fields_reader *r, const struct tree_node *root, struct capacity_ask *out)
{
    static const struct field FIELDS[] = {
        FIELD("name", TEXT, offsetof(struct plan_limit, name), .required = true),
        FIELD("per_request", REAL, offsetof(struct plan_limit, per_request), .required = true),
        FIELD("ceiling", RATE, offsetof(struct plan_limit, ceiling), .required = true, .positive = true)};
    const struct tree_node *list = fields_member(root, "limits");
    if (!list)
        return;
    struct plan_limit *l = capacity_array(r, list, "limits", sizeof *l, PLAN_LIMITS_MAX, &out->n_limits);
    size_t k = 0;
    for (const struct tree_node *i = list->child; l && i; i = i->next, k++) {
        fields_read(r, i, FIELDS, ARRAY_LEN(FIELDS), &l[k], "a limit");
        for (size_t j = 0; j < k; j++)
            if (str_eq(l[j].name, l[k].name) && l[k].name)
                tree_problem(&r->report, i->line, i->column, "a limit of this name is there before");
    }
    out->limits = l;
}

static void read_plan(struct fields_reader *r, const struct tree_node *root, struct plan_text *t)
{
    static const struct field TOP[] = {FIELD("demand", OTHER, 0, .required = true),
                                       FIELD("instance", OTHER, 0, .required = true),
                                       FIELD("slo", OTHER, 0),
                                       FIELD("headroom", SHARE, AT(headroom)),
                                       FIELD("survive", OTHER, 0),
                                       FIELD("price", OTHER, 0),
                                       FIELD("limits", OTHER, 0)};
    static const struct field DEMAND[] = {FIELD("peak", RATE, AT(peak), .required = true, .positive = true),
                                          FIELD("growth", REAL, AT(growth), .positive = true),
                                          FIELD("event", REAL, AT(event), .positive = true)};
    static const struct field INSTANCE[] = {FIELD("workers", WHOLE, AT(workers), .positive = true),
                                            FIELD("service", DURATION, AT(service_ns), .positive = true),
                                            FIELD("max_rate", RATE, AT(max_rate), .positive = true),
                                            FIELD("search", TEXT, AT(search))};
    static const struct field SLO[] = {
        FIELD("p99", DURATION, AT(p99_ns), .required = true, .positive = true)};
    static const struct field SURVIVE[] = {
        FIELD("zones", WHOLE, AT(zones), .required = true, .positive = true), FIELD("lost", WHOLE, AT(lost))};
    static const struct field PRICE[] = {FIELD("per_hour", REAL, AT(per_hour), .required = true),
                                         FIELD("currency", TEXT, AT(currency))};
    fields_read(r, root, TOP, ARRAY_LEN(TOP), t, "a plan");
    if (r->report.n)
        return;
    capacity_part(r, root, "demand", DEMAND, ARRAY_LEN(DEMAND), t);
    capacity_part(r, root, "instance", INSTANCE, ARRAY_LEN(INSTANCE), t);
    capacity_part(r, root, "slo", SLO, ARRAY_LEN(SLO), t);
    capacity_part(r, root, "survive", SURVIVE, ARRAY_LEN(SURVIVE), t);
    capacity_part(r, root, "price", PRICE, ARRAY_LEN(PRICE), t);
    if (!r->report.n)
        check_plan(r, root, t);
}

bool capacity_plan_file(struct capacity_ask *out, const char **search, struct arena *a, const char *name,
                        const char *text, size_t len, struct sd_error *err)
{
    struct fields_reader r;
    struct plan_text t = {.growth = 1,
                          .event = 1,
                          .max_rate = (double)NAN,
                          .per_hour = (double)NAN,
                          .workers = SD_UNKNOWN,
                          .service_ns = SD_UNKNOWN,
                          .p99_ns = SD_UNKNOWN,
                          .zones = 1};
    *out = (struct capacity_ask){0};
    const struct tree_node *root = capacity_root(&r, a, name, "plan", text, len, err);
    if (!root)
        return false;
    read_plan(&r, root, &t);
    if (!r.report.n)
        read_limits(&r, root, out);
    if (!capacity_done(&r, err))
        return false;
    *search = t.search;
    out->peak = t.peak;
    out->growth = t.growth;
    out->event = t.event;
    out->workers = t.workers;
    out->service_ns = t.service_ns;
    out->max_rate = t.max_rate;
    out->slo_p99_ns = t.p99_ns;
    out->headroom = t.headroom;
    out->zones = t.zones;
    out->lost = t.lost;
    out->price_per_hour = t.per_hour;
    out->currency = t.currency;
    return true;
}
#undef AT

/* ---- hops ---- */

static void check_hop(struct fields_reader *r, const struct tree_node *n, const struct hop_ask *h)
{
    const char *wrong = NULL;
    if (h->p99_ns < h->p50_ns)
        wrong = "the p99 of a hop is below its p50";
    else if ((double)h->p99_ns > (double)h->p50_ns * HOP_SPREAD_MAX)
        wrong = "the p99 of a hop is more than a million times its p50: that is not one log-normal";
    else if (h->calls > HOP_CALLS_MAX)
        wrong = "calls has to be at most 1000";
    else if (h->parallel > HOP_PARALLEL_MAX)
        wrong = "parallel has to be at most 1000000";
    if (wrong)
        tree_problem(&r->report, n->line, n->column, "%s", wrong);
}

bool capacity_hops_file(struct hop_file *out, struct arena *a, const char *name, const char *text, size_t len,
                        struct sd_error *err)
{
    static const struct field TOP[] = {FIELD("hops", OTHER, 0, .required = true), FIELD("budget", OTHER, 0)};
    static const struct field BUDGET[] = {
        FIELD("p99", DURATION, offsetof(struct hop_file, budget_ns), .required = true, .positive = true)};
#define AT(member) offsetof(struct hop_ask, member)
    static const struct field HOP[] = {FIELD("name", TEXT, AT(name), .required = true),
                                       FIELD("p50", DURATION, AT(p50_ns), .required = true, .positive = true),
                                       FIELD("p99", DURATION, AT(p99_ns), .required = true, .positive = true),
                                       FIELD("calls", WHOLE, AT(calls), .positive = true),
                                       FIELD("parallel", WHOLE, AT(parallel), .positive = true)};
#undef AT
    struct fields_reader r;
    *out = (struct hop_file){.budget_ns = SD_UNKNOWN};
    const struct tree_node *root = capacity_root(&r, a, name, "hops", text, len, err);
    if (!root)
        return false;
    fields_read(&r, root, TOP, ARRAY_LEN(TOP), out, "a file of hops");
    if (!capacity_done(&r, err))
        return false;
    const struct tree_node *list = fields_member(root, "hops");
    out->hops = capacity_array(&r, list, "hops", sizeof *out->hops, BUDGET_HOPS_MAX, &out->n);
    size_t k = 0;
    for (const struct tree_node *i = list->child; out->hops && i && !r.report.n; i = i->next, k++) {
        out->hops[k] = (struct hop_ask){.calls = 1, .parallel = 1};
        fields_read(&r, i, HOP, ARRAY_LEN(HOP), &out->hops[k], "a hop");
        if (!r.report.n)
            check_hop(&r, i, &out->hops[k]);
    }
    capacity_part(&r, root, "budget", BUDGET, ARRAY_LEN(BUDGET), out);
    return capacity_done(&r, err);
}

/* ---- what a file is ---- */

enum capacity_kind capacity_file_kind(const char *text, size_t len)
{
    struct fields_reader r;
    struct arena *a = arena_new();
    enum capacity_kind kind = CAPACITY_OTHER;
    fields_begin(&r, a, "");
    const struct tree_node *root = tree_read(a, text, len, &r.report);
    if (root && root->kind == TREE_MAP && !r.report.n)
        kind = fields_member(root, "demand")                                        ? CAPACITY_PLAN
               : fields_member(root, "hops")                                        ? CAPACITY_HOPS
               : fields_member(root, "policies") || fields_member(root, "instance") ? CAPACITY_POLICY
                                                                                    : CAPACITY_OTHER;
    arena_free(a);
    return kind;
}
