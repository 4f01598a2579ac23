#include "conf/load_scenario.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/trust.h"
#include "conf/load_scenario_internal.h"
#include "core/loads/credentials.h"

static const char *const KINDS[] = {
#define KIND_NAME(UPPER, name) name,
    LOAD_KINDS(KIND_NAME)
#undef KIND_NAME
        NULL};
static const char *const MODELS[] = {"open", "closed", NULL};
static const char *const ARRIVALS[] = {"constant", "poisson", NULL};

/* What stands at the top, as it is read. */
struct top {
    const char *target, *credentials, *ca;
    int kind, model, arrivals;
    int64_t seed, warmup_ns, timeout_ns, connections;
    bool credentials_reuse, insecure;
};

static void read_top(struct fields_reader *r, const struct tree_node *root, struct load_scenario *s,
                     struct top *t)
{
#define AT(member) offsetof(struct top, member)
    static const struct field FIELDS[] = {FIELD("target", TEXT, AT(target)),
                                          FIELD("kind", WORD, AT(kind), .words = KINDS),
                                          FIELD("model", WORD, AT(model), .words = MODELS),
                                          FIELD("arrivals", WORD, AT(arrivals), .words = ARRIVALS),
                                          FIELD("seed", WHOLE, AT(seed)),
                                          FIELD("warmup", DURATION, AT(warmup_ns)),
                                          FIELD("stages", OTHER, 0),
                                          FIELD("timeout", DURATION, AT(timeout_ns), .positive = true),
                                          FIELD("connections", WHOLE, AT(connections), .positive = true),
                                          FIELD("requests", OTHER, 0),
                                          FIELD("sequences", OTHER, 0),
                                          FIELD("think", OTHER, 0),
                                          FIELD("credentials", TEXT, AT(credentials)),
                                          FIELD("credentials_reuse", BOOL, AT(credentials_reuse)),
                                          FIELD("errors", OTHER, 0),
                                          FIELD("thresholds", OTHER, 0),
                                          FIELD("search", OTHER, 0),
                                          FIELD("spike", OTHER, 0),
                                          FIELD("soak", OTHER, 0),
                                          FIELD("limits", OTHER, 0),
                                          FIELD("ca", TEXT, AT(ca)),
                                          FIELD("insecure", BOOL, AT(insecure))};
#undef AT
    *t = (struct top){.seed = 1, .timeout_ns = 30 * SD_S, .connections = 1000};
    fields_read(r, root, FIELDS, ARRAY_LEN(FIELDS), t, "a scenario");
    s->kind = (enum load_kind)t->kind;
    s->model = (enum load_model)t->model;
    s->arrivals = (enum load_arrivals)t->arrivals;
    s->seed = (uint64_t)t->seed;
    s->warmup_ns = t->warmup_ns;
    s->timeout_ns = t->timeout_ns;
    s->connections = t->connections;
    s->credentials_reuse = t->credentials_reuse;
    s->insecure = t->insecure;
    s->target = t->target;
    if (t->connections > 1000000 && !r->report.n)
        fields_wrong(r, fields_member(root, "connections"), "connections", "at most 1000000");
}

struct think_text {
    int64_t median_ns, p95_ns, constant_ns;
};

static void read_think(struct fields_reader *r, const struct tree_node *root, struct load_scenario *s)
{
    static const struct field FIELDS[] = {
        FIELD("median", DURATION, offsetof(struct think_text, median_ns), .positive = true),
        FIELD("p95", DURATION, offsetof(struct think_text, p95_ns), .positive = true),
        FIELD("constant", DURATION, offsetof(struct think_text, constant_ns))};
    const struct tree_node *n = fields_member(root, "think");
    struct think_text t = {SD_UNKNOWN, SD_UNKNOWN, SD_UNKNOWN};
    if (!n)
        return;
    fields_read(r, n, FIELDS, ARRAY_LEN(FIELDS), &t, "think");
    if (r->report.n)
        return;
    bool lognormal = sd_known(t.median_ns) && sd_known(t.p95_ns) && !sd_known(t.constant_ns);
    bool constant = sd_known(t.constant_ns) && !sd_known(t.median_ns) && !sd_known(t.p95_ns);
    if (!lognormal && !constant)
        tree_problem(&r->report, n->line, n->column, "think has a median and a p95, or a constant");
    else if (lognormal && t.p95_ns < t.median_ns)
        tree_problem(&r->report, n->line, n->column, "the p95 of think is below its median");
    else
        s->think = constant ? (struct load_think){t.constant_ns, t.constant_ns}
                            : (struct load_think){t.median_ns, t.p95_ns};
}

static void read_kind(struct fields_reader *r, const struct tree_node *root, struct load_scenario *s)
{
    static void (*const PARTS[])(struct fields_reader *, const struct tree_node *,
                                 struct load_scenario *) = {[LOAD_STEADY] = scenario_stages,
                                                            [LOAD_SEARCH] = scenario_search,
                                                            [LOAD_SPIKE] = scenario_spike,
                                                            [LOAD_SOAK] = scenario_soak,
                                                            [LOAD_LIMITS] = scenario_limits};
    PARTS[s->kind](r, root, s);
    bool lasts = s->kind == LOAD_STEADY || s->kind == LOAD_SOAK;
    if (!r->report.n && lasts && load_duration_ns(s) <= s->warmup_ns)
        tree_problem(&r->report, root->line, root->column, "the warm-up is as long as the whole schedule");
}

/* Paths in a scenario are relative to it. */
static const char *in_folder(const struct load_scenario *s, const char *folder, const char *path)
{
    return *path == '/' || !folder || !*folder ? path : arena_printf(s->arena, "%s/%s", folder, path);
}

static bool read_credentials(struct load_scenario *s, const char *folder, const char *path,
                             struct sd_error *err)
{
    char *text = NULL;
    size_t len = 0;
    if (!file_read(in_folder(s, folder, path), CREDENTIALS_BYTES_MAX, &text, &len, err))
        return false;
    bool ok = load_credentials_parse(s->arena, path, text, len, &s->credentials, err);
    free(text);
    return ok;
}

static bool enough_users(const struct load_scenario *s, struct sd_error *err)
{
    size_t rows = s->credentials.n_rows;
    int64_t users = load_peak_users(s);
    if (s->kind == LOAD_LIMITS && rows < 3)
        return fail(err, "%s: limits need three rows of credentials, one for each client; there are %zu",
                    s->file, rows);
    if (users > 1000000)
        return fail(err, "%s asks for more than 1,000,000 users", s->file);
    if (rows && !s->credentials_reuse && (int64_t)rows < users)
        return fail(
            err,
            "%s: %zu rows of credentials are fewer than %lld users; `credentials_reuse: true` would share "
            "them",
            s->file, rows, (long long)users);
    return true;
}

bool load_scenario_read_text(struct load_scenario *s, const char *name, const char *folder, const char *text,
                             size_t len, const char *target, struct sd_error *err)
{
    struct fields_reader r;
    struct top t;
    *s = (struct load_scenario){.arena = arena_new()};
    s->file = arena_strdup(s->arena, name);
    fields_begin(&r, s->arena, s->file);
    r.report.bytes_max = SCENARIO_BYTES_MAX; /* a replayed log is long */
    const struct tree_node *root = tree_read(s->arena, text, len, &r.report);
    if (!root && !r.report.n)
        return fail(err, "%s holds no scenario", name);
    if (!r.report.n)
        read_top(&r, root, s, &t);
    if (!r.report.n)
        read_kind(&r, root, s);
    if (!r.report.n) {
        read_think(&r, root, s);
        scenario_requests(&r, root, s);
    }
    if (!r.report.n) {
        scenario_sequences(&r, root, s);
        scenario_thresholds(&r, root, s);
        scenario_errors(&r, root, s);
    }
    if (target)
        s->target = arena_strdup(s->arena, target);
    if (!r.report.n && !s->target)
        tree_problem(&r.report, root->line, root->column,
                     "the scenario names no target, and no --target is given");
    if (r.report.n)
        return fail(err, "%s", r.first);
    if (t.ca)
        s->ca_file = in_folder(s, folder, t.ca);
    if (t.credentials && folder && !read_credentials(s, folder, t.credentials, err))
        return false;
    if (!t.credentials || folder)
        scenario_holes(&r, root, s);
    if (r.report.n)
        return fail(err, "%s", r.first);
    return !folder || enough_users(s, err);
}

bool load_scenario_read(struct load_scenario *s, const char *path, const char *target, struct sd_error *err)
{
    char *text = NULL;
    size_t len = 0;
    *s = (struct load_scenario){0};
    if (!file_read(path, SCENARIO_BYTES_MAX, &text, &len, err))
        return false;
    const char *slash = strrchr(path, '/');
    char *folder = slash ? mem_strndup(path, (size_t)MAX(slash - path, 1)) : mem_strdup("");
    bool ok = load_scenario_read_text(s, path, folder, text, len, target, err);
    free(folder);
    free(text);
    return ok;
}
