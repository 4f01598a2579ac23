/* policy_foreign.c - objectives written for other programs: documents of OpenSLO v1 and of sloth's
 * prometheus/v1.
 *
 * Their indicators are queries to a server. What slowdive measures instead: of OpenSLO http.errors, or
 * http.latency where an objective has a limit (value, in seconds, with op lt or lte); annotations of the
 * document can say it exactly: slowdive/signal, slowdive/good_below, slowdive/route, slowdive/method,
 * slowdive/host. Of sloth the queries are kept, for a source that is a Prometheus. Keys that are of no use
 * here are passed over: the files are those of other programs. */
#include "conf/policy_reader.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "base/units.h"

#define DAY (86400 * SD_S)

static struct goal_slo *add(struct policy_reader *r, const struct tree_node *at, struct policy_slos *out,
                            const char *name)
{
    if (strlen(name) > POLICY_NAME_MAX) {
        policy_mistake(r, at, "the name of this objective is longer than %d bytes", POLICY_NAME_MAX);
        return NULL;
    }
    size_t before = out->names.n;
    name_index_of(&out->names, name);
    if (out->names.n == before) {
        policy_mistake(r, at, "an objective named \"%.60s\" is there before; expected each name once", name);
        return NULL;
    }
    out->items = mem_grow(out->items, out->n, &out->cap, sizeof *out->items);
    struct goal_slo *s = &out->items[out->n++];
    *s = (struct goal_slo){.name = name,
                           .window_ns = 30 * DAY,
                           .figure = {.quantile = (double)NAN},
                           .good_below_ns = SD_UNKNOWN,
                           .min_events = 100,
                           .line = policy_line(r, at)};
    return s;
}

static void set_signal(struct policy_reader *r, struct goal_slo *s, enum goal_signal signal)
{
    s->figure.signal = signal;
    s->figure.text = arena_strdup(r->arena, goal_signal_name(signal));
    s->figure.window_ns = s->window_ns;
}

static const char *required(struct policy_reader *r, const struct tree_node *map, const char *key,
                            const char *what)
{
    const char *text = policy_text(r, map, key);
    if (!text && !policy_stopped(r))
        policy_mistake(r, map, "%s has no %s", what, key);
    return text;
}

/* Below 1; `percent`: below 100, whatever it ends with. */
static double objective_of(struct policy_reader *r, const struct tree_node *n, bool percent)
{
    double v = (double)NAN;
    char text[48];
    snprintf(text, sizeof text, "%.40s%s", n->kind == TREE_SCALAR ? n->text : "",
             percent && n->kind == TREE_SCALAR && !str_ends(n->text, "%") ? "%" : "");
    if (policy_parse_share(text, &v) && v > 0 && v < 1)
        return v;
    policy_wrong(r, n, "the objective",
                 percent ? "a percentage below 100, such as 99.9" : "a share below 1, such as 0.999");
    return (double)NAN;
}

/* ---- OpenSLO ---- */

/* "30d", "4w", "12h": months, quarters and years have no length of their own. */
static void read_window(struct policy_reader *r, const struct tree_node *spec, struct goal_slo *s)
{
    const struct tree_node *list = policy_member(spec, "timeWindow");
    const struct tree_node *w = list && list->kind == TREE_LIST ? list->child : NULL;
    if (!list)
        return;
    if (!w || w->kind != TREE_MAP || w->next) {
        policy_wrong(r, list, "timeWindow",
                     "a list of one window, such as [{duration: 30d, isRolling: true}]");
        return;
    }
    const struct tree_node *d = policy_member(w, "duration"), *rolling = policy_member(w, "isRolling");
    double weeks;
    char number[24];
    if (policy_member(w, "calendar") ||
        (rolling && rolling->kind == TREE_SCALAR && !strcasecmp(rolling->text, "false"))) {
        policy_mistake(r, w, "windows by the calendar are not supported; expected isRolling: true");
        return;
    }
    size_t len = d && d->kind == TREE_SCALAR ? strlen(d->text) : 0;
    snprintf(number, sizeof number, "%.*s", len && len < sizeof number ? (int)len - 1 : 0,
             len ? d->text : "");
    if (len && d->text[len - 1] == 'w' && num_parse_real(number, &weeks) && weeks > 0 && weeks < 1000)
        s->window_ns = real_to_int(weeks * 7 * (double)DAY);
    else if (!len)
        policy_wrong(r, d ? d : w, "the duration of timeWindow", "one in days or weeks, such as 30d");
    else if (isupper((unsigned char)d->text[len - 1]))
        policy_mistake(r, d, "%.20s has no fixed length; expected days or weeks, such as 30d", d->text);
    else
        policy_duration_of(r, d, "the duration of timeWindow", 60 * SD_S, &s->window_ns);
}

/* What the annotations say of where it is measured. */
static void read_annotations(struct policy_reader *r, const struct tree_node *meta, struct goal_slo *s)
{
    const struct tree_node *a = policy_member(meta, "annotations");
    static const char *const SIGNALS[] = {"http.latency", "http.errors", NULL};
    if (!a)
        return;
    int signal = policy_word(r, a, "slowdive/signal", SIGNALS, -1);
    s->figure.match.route = policy_text(r, a, "slowdive/route");
    s->figure.match.method = policy_text(r, a, "slowdive/method");
    s->figure.match.host = policy_text(r, a, "slowdive/host");
    s->good_below_ns = policy_duration(r, a, "slowdive/good_below", 1, s->good_below_ns);
    if (signal == 1 && sd_known(s->good_below_ns) && policy_member(a, "slowdive/good_below"))
        policy_mistake(r, a, "slowdive/good_below belongs to http.latency, not to http.errors");
    if (signal == 1)
        s->good_below_ns = SD_UNKNOWN;
    else if (signal == 0 && !sd_known(s->good_below_ns))
        policy_mistake(r, a, "an objective of http.latency needs slowdive/good_below, such as 300ms");
}

/* A limit of an objective is one of latency, in seconds. */
static void read_threshold(struct policy_reader *r, const struct tree_node *o, struct goal_slo *s)
{
    const char *op = policy_text(r, o, "op");
    const struct tree_node *value = policy_member(o, "value");
    double seconds;
    if (!value || !op || (strcmp(op, "lt") != 0 && strcmp(op, "lte") != 0))
        return;
    if (value->kind == TREE_SCALAR && num_parse_real(value->text, &seconds) && seconds > 0 && seconds < 1e6)
        s->good_below_ns = real_to_int(seconds * 1e9);
    else
        policy_wrong(r, value, "value", "a number of seconds");
}

static void read_openslo_objective(struct policy_reader *r, const struct tree_node *document,
                                   const struct tree_node *o, const char *name, struct policy_slos *out)
{
    const struct tree_node *spec = policy_member(document, "spec");
    const struct tree_node *target = policy_member(o, "target"), *percent = policy_member(o, "targetPercent");
    if (!target == !percent) {
        policy_mistake(r, o, "an objective needs %s target and targetPercent",
                       target ? "only one of" : "one of");
        return;
    }
    struct goal_slo *s = add(r, o, out, name);
    if (!s)
        return;
    s->objective = objective_of(r, target ? target : percent, !target);
    read_window(r, spec, s);
    read_threshold(r, o, s);
    read_annotations(r, policy_member(document, "metadata"), s);
    set_signal(r, s, sd_known(s->good_below_ns) ? GOAL_HTTP_LATENCY : GOAL_HTTP_ERRORS);
    policy_usual_pairs(r, s);
    policy_note_slo(r, s);
}

static void read_openslo(struct policy_reader *r, const struct tree_node *d, struct policy_slos *out)
{
    const struct tree_node *spec = policy_member(d, "spec"), *meta = policy_member(d, "metadata");
    const struct tree_node *list = spec ? policy_member(spec, "objectives") : NULL;
    if (!spec || !meta || spec->kind != TREE_MAP || meta->kind != TREE_MAP) {
        policy_mistake(r, d, "an SLO of OpenSLO needs metadata and spec");
        return;
    }
    const char *name = required(r, meta, "name", "the metadata of this SLO");
    const struct tree_node *method = policy_member(spec, "budgetingMethod");
    if (policy_stopped(r))
        return;
    if (method && (method->kind != TREE_SCALAR || strcmp(method->text, "Occurrences") != 0)) {
        policy_mistake(r, method, "budgetingMethod %.40s is not supported; expected Occurrences",
                       method->kind == TREE_SCALAR ? method->text : "");
        return;
    }
    if (!list || list->kind != TREE_LIST || !list->child) {
        policy_wrong(r, list ? list : spec, "objectives", "a list with a target");
        return;
    }
    for (const struct tree_node *o = list->child; o && !policy_stopped(r); o = o->next) {
        const char *display = o->kind == TREE_MAP ? policy_text(r, o, "displayName") : NULL;
        if (o->kind != TREE_MAP)
            policy_wrong(r, o, "an objective", "a target");
        else
            read_openslo_objective(r, d, o,
                                   !list->child->next ? name
                                   : display          ? arena_printf(r->arena, "%s %s", name, display)
                                                      : arena_printf(r->arena, "%s %zu", name, out->n + 1),
                                   out);
    }
}

/* ---- sloth ---- */

static bool disabled(const struct tree_node *alerting, const char *which)
{
    const struct tree_node *a = alerting ? policy_member(alerting, which) : NULL;
    const struct tree_node *d = a ? policy_member(a, "disable") : NULL;
    return d && d->kind == TREE_SCALAR && !strcmp(d->text, "true");
}

/* Without the pairs of alerts that are switched off. */
static void keep_pairs(struct policy_reader *r, struct goal_slo *s, const struct tree_node *alerting)
{
    struct goal_pair *p = arena_alloc(r->arena, (s->n_pairs + 1) * sizeof *p);
    size_t n = 0;
    for (size_t i = 0; i < s->n_pairs; i++) {
        bool page = s->pairs[i].severity == GOAL_CRITICAL;
        if (!disabled(alerting, page ? "page_alert" : "ticket_alert"))
            p[n++] = s->pairs[i];
    }
    s->pairs = p;
    s->n_pairs = n;
}

static const char *query_of(struct policy_reader *r, const struct tree_node *sli)
{
    const struct tree_node *events = sli ? policy_member(sli, "events") : NULL;
    const struct tree_node *raw = sli ? policy_member(sli, "raw") : NULL;
    if (raw)
        return required(r, raw, "error_ratio_query", "raw");
    if (!events)
        return NULL;
    const char *bad = required(r, events, "error_query", "events");
    const char *total = required(r, events, "total_query", "events");
    return bad && total ? arena_printf(r->arena, "(%s) / (%s)", bad, total) : NULL;
}

static void read_sloth_item(struct policy_reader *r, const struct tree_node *n, struct policy_slos *out)
{
    if (n->kind != TREE_MAP) {
        policy_wrong(r, n, "an item of slos", "name and objective");
        return;
    }
    const char *name = required(r, n, "name", "an item of slos");
    const struct tree_node *objective = policy_member(n, "objective"), *sli = policy_member(n, "sli");
    struct goal_slo *s = name ? add(r, n, out, name) : NULL;
    if (!s)
        return;
    if (!objective) {
        policy_mistake(r, n, "an item of slos has no objective, such as 99.9");
        return;
    }
    s->objective = objective_of(r, objective, true);
    set_signal(r, s, GOAL_HTTP_ERRORS);
    s->query = query_of(r, sli);
    policy_usual_pairs(r, s);
    keep_pairs(r, s, policy_member(n, "alerting"));
    policy_note_slo(r, s);
    if (!s->query && !policy_stopped(r))
        policy_note(r, "slo %.100s: its indicator is no query; http.errors of all requests is measured",
                    s->name);
}

static void read_sloth(struct policy_reader *r, const struct tree_node *d, struct policy_slos *out)
{
    const struct tree_node *list = policy_member(d, "slos");
    if (!list || list->kind != TREE_LIST) {
        policy_wrong(r, list ? list : d, "slos", "a list");
        return;
    }
    for (const struct tree_node *n = list->child; n && !policy_stopped(r); n = n->next)
        read_sloth_item(r, n, out);
}

/* ---- which it is ---- */

static bool says(const struct tree_node *d, const char *key, const char *prefix)
{
    const struct tree_node *n = policy_member(d, key);
    return n && n->kind == TREE_SCALAR && str_starts(n->text, prefix);
}

bool policy_foreign(struct policy_reader *r, const struct tree_node *d, struct policy_slos *out)
{
    const struct tree_node *version = policy_member(d, "apiVersion"), *kind = policy_member(d, "kind");
    if (says(d, "version", "prometheus/")) {
        version = policy_member(d, "version");
        if (strcmp(version->text, "prometheus/v1") != 0)
            policy_mistake(r, version, "version %.40s is not known; expected prometheus/v1", version->text);
        else
            read_sloth(r, d, out);
        out->other = d;
        return true;
    }
    if (!says(d, "apiVersion", "openslo"))
        return false;
    out->other = d;
    if (strcmp(version->text, "openslo/v1") != 0)
        policy_mistake(r, version, "apiVersion %.40s is not known; expected openslo/v1", version->text);
    else if (!kind || kind->kind != TREE_SCALAR)
        policy_mistake(r, d, "a document of OpenSLO has no kind, such as SLO");
    else if (!strcmp(kind->text, "SLO"))
        read_openslo(r, d, out);
    return true;
}
