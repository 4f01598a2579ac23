/* report_recommend.c - what to do first: the bottlenecks in three levels, each with what it costs and a
 * command that shows whether it helped. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/result.h"
#include "view/goals/reports.h"
#include "view/goals/worth.h"
#include "view/shared/common.h"

enum { LEVELS = 3 };
static const char *const TITLES[LEVELS] = {"High Priority", "Medium Priority", "Low Priority"};
static const char *const NAMES[LEVELS] = {"high", "medium", "low"};

struct writer {
    struct doc *d;
    const struct view_ctx *c;
    struct span window;
    struct bottlenecks b;
    size_t n; /* of them that are recommended */
    struct strbuf md, text;
    cJSON *json;
};

static int level_of(const struct bottleneck *x)
{
    if (x->impact_share >= 0.25 || (x->roi >= 3 && x->confidence == BOTTLENECK_PROVEN))
        return 0;
    return x->impact_share >= 0.05 ? 1 : 2;
}

/* ---- the parts of an item ---- */

static const char *amount(struct doc *d, enum unit u, double v)
{
    char text[UNIT_TEXT_MAX];
    return isfinite(v) ? doc_text(d, unit_format(u, v, text)) : UNKNOWN_TEXT;
}

static const char *origin(struct writer *w, const struct bottleneck *x)
{
    char window[UNIT_TEXT_MAX];
    const char *last = common_duration(span_length(w->window), window);
    return x->samples >= 0 ? doc_printf(w->d, "%lld samples, %s, from %s", (long long)x->samples, last,
                                        x->origin ? x->origin : UNKNOWN_TEXT)
                           : doc_printf(w->d, "%s, from %s", last, x->origin ? x->origin : UNKNOWN_TEXT);
}

static const char *current(struct writer *w, const struct bottleneck *x)
{
    const char *waits = isfinite(x->impact_ns_per_s) ? doc_printf(w->d, "users wait %s for it each second",
                                                                  amount(w->d, UNIT_NS, x->impact_ns_per_s))
                                                     : "what users wait for it is unknown";
    return doc_printf(w->d, "mean %s; %s; %s (%s)", amount(w->d, UNIT_NS, x->current_ns), waits,
                      x->text ? x->text : "", origin(w, x));
}

static const char *optimized(struct writer *w, const struct bottleneck *x)
{
    if (isfinite(x->expected_ns))
        return doc_printf(w->d, "mean %s, %s less; %s", amount(w->d, UNIT_NS, x->expected_ns),
                          amount(w->d, UNIT_SHARE, x->saving_share),
                          bottleneck_confidence_name(x->confidence));
    if (x->kind == BOTTLENECK_ENDPOINT)
        return doc_printf(w->d, "every request within its target of %s", amount(w->d, UNIT_NS, x->target_ns));
    if (isfinite(x->impact_ns_per_s))
        return doc_printf(w->d, "up to %s less waiting each second; %s",
                          amount(w->d, UNIT_NS, x->impact_ns_per_s),
                          bottleneck_confidence_name(x->confidence));
    return x->kind == BOTTLENECK_QUERY ? "unknown; slowdive advise, or its plan, tells"
                                       : "unknown; a measurement after it tells";
}

static const char *approach(const struct bottleneck *x)
{
    if (x->approach)
        return x->approach;
    return x->kind == BOTTLENECK_ENDPOINT ? "find the cause: traces, or the database's statistics beside the "
                                            "log, tell where its time goes"
           : x->kind == BOTTLENECK_QUERY  ? "find the cause: read its plan"
                                          : "find the cause";
}

static const char *complexity(const struct bottleneck *x)
{
    return !isfinite(x->effort_hours) ? UNKNOWN_TEXT
           : x->effort_hours <= 2     ? "low"
           : x->effort_hours <= 8     ? "medium"
                                      : "high";
}

static const char *effort(struct writer *w, const struct bottleneck *x)
{
    if (!isfinite(x->effort_hours))
        return "unknown: efforts of the policy says hours by technique, and no technique is known";
    if (!isfinite(x->roi))
        return doc_printf(w->d, "%g h; return unknown: costs of the policy tells", x->effort_hours);
    return doc_printf(w->d, "%g h; saves %s a month, ROI %.1f, paid back in %s months", x->effort_hours,
                      worth_money(w->d, w->c->policy, x->saves_cost_per_month), x->roi,
                      amount(w->d, UNIT_LOAD, x->payback_months));
}

static const char *trade_offs(const struct bottleneck *x)
{
    if (x->trade_off)
        return x->trade_off;
    return str_eq(x->technique, "index")     ? "each write of the table writes the index, too"
           : str_eq(x->technique, "cache")   ? "answers may be old"
           : str_eq(x->technique, "rewrite") ? "none known: the same rows"
           : str_eq(x->technique, "split")   ? "one more request, when that part is needed"
           : str_eq(x->technique, "settings")
               ? "it holds for other statements, too; memory may be used several times"
           : str_eq(x->technique, "upkeep") ? "it reads the table while it runs"
                                            : UNKNOWN_TEXT;
}

static const char *validation(struct writer *w, const struct bottleneck *x)
{
    struct strbuf b = {0};
    strbuf_printf(&b, "slowdive %s", x->view ? x->view : "bottlenecks");
    if (x->view && x->select) {
        strbuf_str(&b, " --select ");
        report_quote(&b, x->select);
    }
    if (w->c->sources && *w->c->sources)
        strbuf_printf(&b, " %s", w->c->sources);
    const char *text = doc_text(w->d, strbuf_text(&b));
    strbuf_free(&b);
    return text;
}

/* ---- writing ---- */

static void heading(struct writer *w, int level, const char *title)
{
    strbuf_printf(&w->md, "%s%.*s %s\n\n", w->md.len ? "\n" : "", level, "####", title);
}

/* Ends a part: what was written of it becomes a section of the text. */
static void part_done(struct writer *w, const char *title)
{
    doc_section(w->d, SECTION_TEXT, NULL, title)->text = doc_text(w->d, strbuf_text(&w->text));
    strbuf_clear(&w->text);
}

static void line(struct writer *w, const char *text)
{
    report_escape(&w->md, text);
    strbuf_str(&w->md, "\n");
    strbuf_printf(&w->text, "%s%s", w->text.len ? "\n" : "", text);
}

static void bullet(struct writer *w, const char *text)
{
    strbuf_str(&w->md, "- ");
    report_escape(&w->md, text);
    strbuf_str(&w->md, "\n");
    strbuf_printf(&w->text, "%s- %s", w->text.len ? "\n" : "", text);
}

static void item(struct writer *w, const struct bottleneck *x, int level, cJSON *list)
{
    struct {
        const char *label, *key, *text;
    } parts[] = {
        {"Current", "current", current(w, x)},
        {"Optimized", "optimized", optimized(w, x)},
        {"Technique", "technique", x->technique ? x->technique : UNKNOWN_TEXT},
        {"Complexity", "complexity", complexity(x)},
        {"Trade-offs", "trade_offs", trade_offs(x)},
        {"Effort", "effort", effort(w, x)},
        {"Validation", "validation", validation(w, x)},
    };
    strbuf_str(&w->md, "- **");
    report_escape(&w->md, x->subject);
    strbuf_str(&w->md, "**: ");
    report_escape(&w->md, approach(x));
    strbuf_str(&w->md, "\n");
    strbuf_printf(&w->text, "%s%s: %s", w->text.len ? "\n" : "", x->subject, approach(x));
    cJSON *o = result_row(list);
    result_text(o, "priority", NAMES[level]);
    result_text(o, "kind", bottleneck_kind_name(x->kind));
    result_text(o, "name", x->subject);
    result_text(o, "within", x->within);
    result_text(o, "approach", approach(x));
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        strbuf_printf(&w->md, "  - %s: ", parts[i].label);
        if (str_eq(parts[i].key, "validation"))
            report_code(&w->md, parts[i].text);
        else
            report_escape(&w->md, parts[i].text);
        strbuf_str(&w->md, "\n");
        strbuf_printf(&w->text, "\n  %s: %s", parts[i].label, parts[i].text);
        result_text(o, parts[i].key, parts[i].text);
    }
    result_real(o, "impact_ns_per_s", x->impact_ns_per_s);
    result_real(o, "impact_share", x->impact_share);
    result_real(o, "effort_hours", x->effort_hours);
    result_real(o, "roi", x->roi);
    result_text(o, "confidence", bottleneck_confidence_name(x->confidence));
    result_int(o, "samples", x->samples);
    result_text(o, "origin", x->origin);
}

static void analysis(struct writer *w)
{
    const struct bottlenecks *b = &w->b;
    struct doc *d = w->d;
    char window[UNIT_TEXT_MAX];
    heading(w, 2, "Analysis");
    line(w, doc_printf(d, "Window: the last %s; %lld requests.",
                       common_duration(span_length(w->window), window), (long long)b->requests));
    if (!(b->busy_ns_per_s > 0))
        line(w, "What users wait is unknown: an access log with request times tells.");
    else
        line(w,
             doc_printf(d, "Requests take %s each second in all; users wait %s of it beyond the targets, %s.",
                        amount(d, UNIT_NS, b->busy_ns_per_s), amount(d, UNIT_NS, b->impact_ns_per_s),
                        amount(d, UNIT_SHARE, b->impact_ns_per_s / b->busy_ns_per_s)));
    const struct goal_policy *p = w->c->policy;
    if (p && p->costs.given)
        line(w,
             doc_printf(d, "The servers cost %s a month, by the policy.", worth_money(d, p, p->costs.month)));
    else
        line(w, "What the servers cost is unknown: costs of the policy tells.");
    part_done(w, "Analysis");
    cJSON *o = result_object(w->json, "analysis");
    result_real(o, "busy_ns_per_s", b->busy_ns_per_s);
    result_real(o, "impact_ns_per_s", b->impact_ns_per_s);
    result_int(o, "requests", b->requests);
}

static void levels(struct writer *w)
{
    heading(w, 2, "Recommendations");
    w->md.len -= 1; /* the first level has the empty line */
    cJSON *list = result_list(w->json, "recommendations");
    for (int level = 0; level < LEVELS; level++) {
        bool any = false;
        heading(w, 3, TITLES[level]);
        for (size_t i = 0; i < w->n; i++) {
            if (level_of(&w->b.items[i]) != level)
                continue;
            item(w, &w->b.items[i], level, list);
            any = true;
        }
        if (!any)
            line(w, "None.");
        part_done(w, TITLES[level]);
    }
}

static void risks(struct writer *w)
{
    bool any = false;
    heading(w, 2, "Risks / Trade-offs");
    cJSON *list = result_list(w->json, "risks");
    for (size_t i = 0; i < w->n; i++) {
        const struct bottleneck *x = &w->b.items[i];
        if (!x->technique || x->kind == BOTTLENECK_ENDPOINT)
            continue;
        const char *text = doc_printf(w->d, "%s: %s", x->subject, trade_offs(x));
        bullet(w, text);
        result_add_text(list, text);
        any = true;
    }
    if (!any)
        line(w, "None.");
    part_done(w, "Risks / Trade-offs");
}

/* What must not be added up, and two ways to mend one thing. */
static void conflicts(struct writer *w)
{
    bool any = false;
    heading(w, 2, "Conflicts Noted");
    cJSON *list = result_list(w->json, "conflicts");
    for (size_t i = 0; i < w->n; i++) {
        const struct bottleneck *x = &w->b.items[i];
        const char *text = NULL;
        for (size_t k = 0; k < w->n; k++) {
            const struct bottleneck *y = &w->b.items[k];
            if (y->kind == BOTTLENECK_ENDPOINT && str_eq(x->within, y->name) && x->impact_ns_per_s > 0)
                text = doc_printf(w->d, "%s is a part of %s: their savings do not add up", x->subject,
                                  y->subject);
            else if (x->kind == BOTTLENECK_CACHE && y->kind == BOTTLENECK_QUERY && str_eq(x->name, y->name) &&
                     y->technique)
                text = doc_printf(w->d, "%s: a cache and %s: with one the other saves less", x->subject,
                                  y->technique);
            if (!text)
                continue;
            bullet(w, text);
            result_add_text(list, text);
            any = true;
            text = NULL;
        }
    }
    if (!any)
        line(w, "None.");
    part_done(w, "Conflicts Noted");
}

struct doc *report_recommendations(const struct view_ctx *c)
{
    struct doc *d = doc_new("recommendations", "Recommendations");
    struct writer w = {.d = d, .c = c, .window = worth_window(c), .json = result_new("recommendations")};
    worth_find(c, d, w.window, &w.b);
    for (size_t i = 0; i < w.b.n && w.n < BOTTLENECK_SHOWN; i++) /* what nobody waits for needs no mending */
        if (w.b.items[i].impact_ns_per_s != 0)
            w.b.items[w.n++] = w.b.items[i];
    result_time(w.json, "from", w.window.from);
    result_time(w.json, "to", w.window.to);
    result_int(w.json, "window_ns", span_length(w.window));
    analysis(&w);
    levels(&w);
    risks(&w);
    conflicts(&w);
    d->markdown = doc_text(d, strbuf_text(&w.md));
    char *json = result_print(w.json);
    d->json = doc_text(d, json);
    free(json);
    cJSON_Delete(w.json);
    strbuf_free(&w.md);
    strbuf_free(&w.text);
    bottlenecks_free(&w.b);
    return d;
}
