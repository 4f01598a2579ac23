/* Policies that scale: the file of `slowdive scale --policy`. */
#include "conf/capacity_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "core/capacity/queue.h"

/* Steps are at least a second long and a decision looks at each step that far ahead. */
#define AHEAD_MAX (30 * 86400 * SD_S)

struct policy_text {
    double rate, price_per_hour, target;
    int64_t start_ns, min, max, cool_down_ns, lead_ns;
    const char *from;
};
#define AT(member) offsetof(struct policy_text, member)

/* RFC 3339, or a date alone; without a zone it is UTC. */
static int64_t read_time(struct fields_reader *r, const struct tree_node *n, const char *key,
                         const char *text)
{
    sd_time t = 0;
    struct sd_error err;
    size_t len = text ? strlen(text) : 0;
    bool dated = len >= 10 && len < 40 && strspn(text, "0123456789") == 4 && text[4] == '-' && text[7] == '-';
    bool zone = len > 10 && strpbrk(text + 10, "Zz+-");
    char *whole = mem_printf("%s%s%s", text ? text : "", len == 10 ? "T00:00:00" : "", zone ? "" : "Z");
    if (!dated || !clock_parse(whole, 0, &t, &err))
        fields_wrong(r, n, key, "a moment such as 2026-03-15T00:00:00Z");
    free(whole);
    return t;
}

struct event_text {
    const char *name, *from, *to;
    double factor;
};

static void read_events(struct fields_reader *r, const struct tree_node *root, struct scale_policy *out)
{
#define EVENT_AT(member) offsetof(struct event_text, member)
    static const struct field FIELDS[] = {FIELD("name", TEXT, EVENT_AT(name)),
                                          FIELD("from", TEXT, EVENT_AT(from), .required = true),
                                          FIELD("to", TEXT, EVENT_AT(to), .required = true),
                                          FIELD("factor", REAL, EVENT_AT(factor), .required = true)};
#undef EVENT_AT
    const struct tree_node *list = fields_member(root, "events");
    if (!list || (list->kind == TREE_LIST && !list->child))
        return;
    struct scale_event *e = capacity_array(r, list, "events", sizeof *e, SCALE_EVENTS_MAX, &out->n_events);
    size_t k = 0;
    for (const struct tree_node *i = list->child; e && i && !r->report.n; i = i->next, k++) {
        struct event_text t = {.name = ""};
        fields_read(r, i, FIELDS, ARRAY_LEN(FIELDS), &t, "an event");
        if (r->report.n)
            return;
        e[k] = (struct scale_event){.name = t.name,
                                    .from_ns = read_time(r, fields_member(i, "from"), "from", t.from),
                                    .to_ns = read_time(r, fields_member(i, "to"), "to", t.to),
                                    .factor = t.factor};
        if (!r->report.n && e[k].to_ns <= e[k].from_ns)
            tree_problem(&r->report, i->line, i->column, "an event ends before it begins");
        if (!r->report.n && e[k].factor > 1e6)
            tree_problem(&r->report, i->line, i->column, "factor has to be at most 1000000");
    }
    out->events = e;
}

static void read_kinds(struct fields_reader *r, const struct tree_node *root, struct scale_policy *out)
{
    const struct tree_node *list = fields_member(root, "policies");
    for (out->n_kinds = 0; !list && out->n_kinds < SCALE_KINDS; out->n_kinds++)
        out->kinds[out->n_kinds] = (enum scale_kind)out->n_kinds;
    if (!list)
        return;
    if (list->kind != TREE_LIST || !list->child) {
        fields_wrong(r, list, "policies", "a list of fixed, reactive, predictive, clairvoyant");
        return;
    }
    for (const struct tree_node *i = list->child; i; i = i->next) {
        int kind = i->kind == TREE_SCALAR ? str_find(SCALE_KIND_NAMES, i->text) : -1;
        if (kind < 0) {
            fields_wrong(r, i, "a policy", "fixed, reactive, predictive or clairvoyant");
            return;
        }
        for (size_t k = 0; k < out->n_kinds; k++)
            if ((int)out->kinds[k] == kind) {
                tree_problem(&r->report, i->line, i->column, "this policy is there before");
                return;
            }
        out->kinds[out->n_kinds++] = (enum scale_kind)kind;
    }
}

static void check_policy(struct fields_reader *r, const struct tree_node *root, const struct policy_text *t)
{
    const char *wrong = NULL, *key = "instance";
    if (t->rate > QUEUE_RATE_MAX)
        wrong = "the rate of an instance has to be at most 1e12";
    else if (t->start_ns > AHEAD_MAX)
        wrong = "start has to be at most 30 days";
    else if (t->target > 1)
        key = "target", wrong = "target has to be at most 100%";
    else if (t->max > SCALE_INSTANCES_MAX)
        key = "max", wrong = "max has to be at most 1000000";
    else if (t->min > t->max)
        key = "min", wrong = "min is more than max";
    else if (t->lead_ns > AHEAD_MAX)
        key = "lead", wrong = "lead has to be at most 30 days";
    const struct tree_node *n = wrong ? fields_member(root, key) : NULL;
    if (wrong)
        tree_problem(&r->report, n ? n->line : root->line, n ? n->column : root->column, "%s", wrong);
}

static void read_policy(struct fields_reader *r, const struct tree_node *root, struct policy_text *t)
{
    static const struct field TOP[] = {FIELD("instance", OTHER, 0, .required = true),
                                       FIELD("from", TEXT, AT(from), .required = true),
                                       FIELD("target", SHARE, AT(target), .positive = true),
                                       FIELD("min", WHOLE, AT(min)),
                                       FIELD("max", WHOLE, AT(max), .positive = true),
                                       FIELD("cool_down", DURATION, AT(cool_down_ns)),
                                       FIELD("lead", DURATION, AT(lead_ns)),
                                       FIELD("policies", OTHER, 0),
                                       FIELD("events", OTHER, 0)};
    static const struct field INSTANCE[] = {FIELD("rate", RATE, AT(rate), .required = true, .positive = true),
                                            FIELD("start", DURATION, AT(start_ns), .required = true),
                                            FIELD("price_per_hour", REAL, AT(price_per_hour))};
    fields_read(r, root, TOP, ARRAY_LEN(TOP), t, "a policy");
    if (r->report.n)
        return;
    capacity_part(r, root, "instance", INSTANCE, ARRAY_LEN(INSTANCE), t);
    if (!r->report.n)
        check_policy(r, root, t);
}

bool capacity_policy_file(struct scale_policy *out, struct arena *a, const char *name, const char *text,
                          size_t len, struct sd_error *err)
{
    struct fields_reader r;
    struct policy_text t = {
        .price_per_hour = (double)NAN, .target = 0.7, .min = 1, .max = SCALE_INSTANCES_MAX};
    *out = (struct scale_policy){0};
    const struct tree_node *root = capacity_root(&r, a, name, "policy", text, len, err);
    if (!root)
        return false;
    read_policy(&r, root, &t);
    if (!r.report.n) {
        out->from_ns = read_time(&r, fields_member(root, "from"), "from", t.from);
        read_kinds(&r, root, out);
        read_events(&r, root, out);
    }
    out->rate = t.rate;
    out->start_ns = t.start_ns;
    out->price_per_hour = t.price_per_hour;
    out->target = t.target;
    out->min = t.min;
    out->max = t.max;
    out->cool_down_ns = t.cool_down_ns;
    out->lead_ns = t.lead_ns;
    return capacity_done(&r, err);
}
