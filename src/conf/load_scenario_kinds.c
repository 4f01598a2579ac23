/* load_scenario_kinds.c - the parts of a scenario that say how the load goes over time. */
#include "conf/load_scenario_internal.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "core/loads/amounts.h"

struct stage_text {
    int64_t for_ns;
    double rate, users, from;
};

static void read_stage(struct fields_reader *r, const struct tree_node *n, bool closed,
                       struct load_stage *out)
{
    static const struct field FIELDS[] = {
        FIELD("for", DURATION, offsetof(struct stage_text, for_ns), .required = true, .positive = true),
        FIELD("rate", RATE, offsetof(struct stage_text, rate)),
        FIELD("users", REAL, offsetof(struct stage_text, users)),
        FIELD("from", RATE, offsetof(struct stage_text, from))};
    struct stage_text t = {.rate = (double)NAN, .users = (double)NAN, .from = (double)NAN};
    fields_read(r, n, FIELDS, ARRAY_LEN(FIELDS), &t, "a stage");
    double to = closed ? t.users : t.rate;
    if (isnan(to) || !isnan(closed ? t.rate : t.users))
        tree_problem(&r->report, n->line, n->column,
                     closed ? "a stage of the closed model has users, and no rate"
                            : "a stage of the open model has a rate, and no users");
    else if (to > 1e9 || t.from > 1e9)
        tree_problem(&r->report, n->line, n->column, "this stage asks for more than 1,000,000,000");
    *out = (struct load_stage){.for_ns = t.for_ns, .from = isnan(t.from) ? to : t.from, .to = to};
}

void scenario_stages(struct fields_reader *r, const struct tree_node *root, struct load_scenario *s)
{
    const struct tree_node *list = fields_member(root, "stages");
    double most = 0;
    if (!list) {
        tree_problem(&r->report, root->line, root->column, "a scenario of kind %s has stages",
                     load_kind_name(s->kind));
        return;
    }
    struct load_stage *stages = scenario_array(r, list, "stages", sizeof *stages, &s->n_stages);
    struct load_stage *at = stages;
    for (const struct tree_node *i = stages ? list->child : NULL; i; i = i->next, at++) {
        read_stage(r, i, s->model == LOAD_CLOSED, at);
        most = fmax(most, fmax(at->from, at->to));
    }
    s->stages = stages;
    if (stages && !r->report.n && !(most > 0))
        tree_problem(&r->report, list->line, list->column, "the stages ask for nothing: all rates are 0");
}

static const struct tree_node *block(struct fields_reader *r, const struct tree_node *root,
                                     const struct load_scenario *s, const char *key)
{
    const struct tree_node *n = fields_member(root, key);
    if (!n)
        tree_problem(&r->report, root->line, root->column, "a scenario of kind %s has a part `%s:`", key,
                     key);
    else if (s->model == LOAD_CLOSED)
        tree_problem(&r->report, n->line, n->column, "a scenario of kind %s has the open model", key);
    else if (fields_member(root, "stages"))
        tree_problem(&r->report, n->line, n->column, "a scenario of kind %s has no stages of its own", key);
    else
        return n;
    return NULL;
}

void scenario_search(struct fields_reader *r, const struct tree_node *root, struct load_scenario *s)
{
#define AT(member) offsetof(struct load_search, member)
    static const struct field FIELDS[] = {FIELD("from", RATE, AT(from), .required = true, .positive = true),
                                          FIELD("to", RATE, AT(to), .required = true, .positive = true),
                                          FIELD("step", DURATION, AT(step_ns), .positive = true),
                                          FIELD("precision", SHARE, AT(precision), .positive = true),
                                          FIELD("require", RATE, AT(require)),
                                          FIELD("recover", DURATION, AT(recover_ns))};
#undef AT
    const struct tree_node *n = block(r, root, s, "search");
    s->search = (struct load_search){
        .step_ns = 5 * SD_S, .precision = 0.05, .require = (double)NAN, .recover_ns = 5 * SD_S};
    if (!n)
        return;
    fields_read(r, n, FIELDS, ARRAY_LEN(FIELDS), &s->search, "search");
    if (!r->report.n && s->search.to < s->search.from)
        tree_problem(&r->report, n->line, n->column, "the search goes up: `to` is below `from`");
    if (!r->report.n && s->search.precision < 0.001)
        tree_problem(&r->report, n->line, n->column, "a precision below 0.1 %% would take too many levels");
}

void scenario_spike(struct fields_reader *r, const struct tree_node *root, struct load_scenario *s)
{
#define AT(member) offsetof(struct load_spike, member)
    static const struct field FIELDS[] = {FIELD("base", RATE, AT(base), .required = true, .positive = true),
                                          FIELD("factor", REAL, AT(factor), .positive = true),
                                          FIELD("before", DURATION, AT(before_ns), .positive = true),
                                          FIELD("rise", DURATION, AT(rise_ns)),
                                          FIELD("hold", DURATION, AT(hold_ns)),
                                          FIELD("after", DURATION, AT(after_ns), .positive = true),
                                          FIELD("stable", DURATION, AT(stable_ns), .positive = true),
                                          FIELD("within", DURATION, AT(within_ns))};
#undef AT
    const struct tree_node *n = block(r, root, s, "spike");
    s->spike = (struct load_spike){.factor = 10,
                                   .before_ns = 10 * SD_S,
                                   .rise_ns = 30 * SD_S,
                                   .hold_ns = 10 * SD_S,
                                   .after_ns = 60 * SD_S,
                                   .stable_ns = 5 * SD_S,
                                   .within_ns = SD_UNKNOWN};
    if (!n)
        return;
    fields_read(r, n, FIELDS, ARRAY_LEN(FIELDS), &s->spike, "spike");
    const struct load_spike *p = &s->spike;
    if (!r->report.n && p->stable_ns > p->after_ns)
        tree_problem(&r->report, n->line, n->column,
                     "`stable` is longer than `after`: nothing could be proved");
    if (!r->report.n && p->before_ns <= s->warmup_ns)
        tree_problem(&r->report, n->line, n->column, "`before` has to be longer than the warm-up");
    if (!r->report.n && p->rise_ns + p->hold_ns <= 0)
        tree_problem(&r->report, n->line, n->column, "there is no spike: `rise` and `hold` are 0");
    if (p->base * p->factor > 1e9)
        tree_problem(&r->report, n->line, n->column, "the spike asks for more than 1,000,000,000 a second");
    struct load_stage *stages = arena_alloc(s->arena, 4 * sizeof *stages);
    struct load_stage *at = stages;
    double peak = p->base * p->factor;
    *at++ = (struct load_stage){.for_ns = p->before_ns, .from = p->base, .to = p->base};
    if (p->rise_ns)
        *at++ = (struct load_stage){.for_ns = p->rise_ns, .from = p->base, .to = peak};
    if (p->hold_ns)
        *at++ = (struct load_stage){.for_ns = p->hold_ns, .from = peak, .to = peak};
    *at++ = (struct load_stage){.for_ns = p->after_ns, .from = p->base, .to = p->base};
    s->stages = stages;
    s->n_stages = (size_t)(at - stages);
}

/* A figure in the metric's own unit, or the name of another metric. */
static bool watch_limit(struct fields_reader *r, const char *text, struct load_watch *w)
{
    struct sd_error err;
    int64_t whole;
    w->limit = (double)NAN;
    if (amount_number(text, &w->limit, &err))
        return true;
    if (isdigit((unsigned char)*text)) {
        if (strchr(text, '%'))
            return amount_share(text, &w->limit, &err);
        if (amount_bytes(text, &whole, &err)) {
            w->limit = (double)whole;
            return true;
        }
        if (!amount_duration(text, &whole, &err)) /* metrics have seconds */
            return false;
        w->limit = (double)whole / 1e9;
        return true;
    }
    for (const char *p = text; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr("_:.", *p))
            return false;
    w->limit_name = arena_strdup(r->arena, text);
    return *text != 0;
}

static void read_watch(struct fields_reader *r, const struct tree_node *n, struct load_watch *w)
{
    static const struct field FIELDS[] = {
        FIELD("url", TEXT, offsetof(struct load_watch, url)),
        FIELD("name", TEXT, offsetof(struct load_watch, name), .required = true), FIELD("limit", OTHER, 0)};
    *w = (struct load_watch){.url = "/metrics", .name = "", .limit = (double)NAN};
    fields_read(r, n, FIELDS, ARRAY_LEN(FIELDS), w, "an item of watch");
    const struct tree_node *limit = n->kind == TREE_MAP ? fields_member(n, "limit") : NULL;
    if (limit && (limit->kind != TREE_SCALAR || !watch_limit(r, limit->text, w)))
        fields_wrong(r, limit, "limit", "a figure such as 512MB, or the name of another metric");
    if (*w->url != '/')
        tree_problem(&r->report, n->line, n->column, "the url of a watched metric is a path on the target");
    for (const char *p = w->url; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7f) {
            tree_problem(&r->report, n->line, n->column, "the url of a watched metric holds a blank");
            break;
        }
}

void scenario_soak(struct fields_reader *r, const struct tree_node *root, struct load_scenario *s)
{
    static const struct field FIELDS[] = {
        FIELD("watch", OTHER, 0),
        FIELD("every", DURATION, offsetof(struct load_soak, every_ns), .positive = true)};
    const struct tree_node *n = fields_member(root, "soak");
    s->soak.every_ns = 10 * SD_S;
    scenario_stages(r, root, s);
    if (!n)
        return;
    fields_read(r, n, FIELDS, ARRAY_LEN(FIELDS), &s->soak, "soak");
    const struct tree_node *list = n->kind == TREE_MAP ? fields_member(n, "watch") : NULL;
    if (!list)
        return;
    struct load_watch *watch = scenario_array(r, list, "watch", sizeof *watch, &s->soak.n_watch);
    struct load_watch *at = watch;
    for (const struct tree_node *i = watch ? list->child : NULL; i; i = i->next)
        read_watch(r, i, at++);
    s->soak.watch = watch;
}

void scenario_limits(struct fields_reader *r, const struct tree_node *root, struct load_scenario *s)
{
#define AT(member) offsetof(struct load_limits, member)
    static const struct field FIELDS[] = {FIELD("rate", RATE, AT(rate), .required = true, .positive = true),
                                          FIELD("burst", REAL, AT(burst)),
                                          FIELD("over", REAL, AT(over), .positive = true),
                                          FIELD("for", DURATION, AT(for_ns), .positive = true)};
#undef AT
    const struct tree_node *n = block(r, root, s, "limits");
    s->limits = (struct load_limits){.over = 3, .for_ns = 10 * SD_S};
    if (!n)
        return;
    fields_read(r, n, FIELDS, ARRAY_LEN(FIELDS), &s->limits, "limits");
    if (!r->report.n && s->limits.over <= 1)
        tree_problem(&r->report, n->line, n->column,
                     "`over` has to be more than 1: no limit is met otherwise");
    if (!r->report.n && s->limits.rate * s->limits.over > 1e9)
        tree_problem(&r->report, n->line, n->column, "the limits ask for more than 1,000,000,000 a second");
    if (!fields_member(root, "credentials"))
        tree_problem(&r->report, n->line, n->column,
                     "limits need credentials: one row for each of three clients");
}
