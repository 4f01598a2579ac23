/* slo_rules.c - rule files of Prometheus. An expression is first written as PromQL, then as a text of YAML:
 * each has its own way to escape. */
#include "core/goals/slo_rules.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/utf8.h"

/* ---- texts ---- */

/* Between double quotes, for YAML. */
static void put_yaml(struct strbuf *out, const char *text)
{
    struct strbuf valid = {0};
    utf8_append_valid(&valid, text, strlen(text));
    strbuf_char(out, '"');
    for (const char *p = strbuf_text(&valid); *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\')
            strbuf_printf(out, "\\%c", c);
        else if (c == '\n')
            strbuf_str(out, "\\n");
        else if (c < 0x20 || c == 0x7f)
            strbuf_printf(out, "\\x%02X", c);
        else
            strbuf_char(out, *p);
    }
    strbuf_char(out, '"');
    strbuf_free(&valid);
}

/* Labels and annotations of alerts are templates: two braces begin an action. */
static void put_yaml_template(struct strbuf *out, const char *text)
{
    struct strbuf quoted = {0};
    for (const char *p = text; *p; p++) {
        if (p[0] == '{' && p[1] == '{') {
            strbuf_str(&quoted, "{{ \"{{\" }}");
            p++;
        } else {
            strbuf_char(&quoted, *p);
        }
    }
    put_yaml(out, strbuf_text(&quoted));
    strbuf_free(&quoted);
}

/* Between double quotes, for PromQL. */
static void put_promql(struct strbuf *out, const char *text)
{
    struct strbuf valid = {0};
    utf8_append_valid(&valid, text, strlen(text));
    strbuf_char(out, '"');
    for (const char *p = strbuf_text(&valid); *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\')
            strbuf_printf(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            strbuf_printf(out, "\\x%02x", c);
        else
            strbuf_char(out, *p);
    }
    strbuf_char(out, '"');
    strbuf_free(&valid);
}

/* "1h", "5m": the largest unit of which it is a whole number; never less than a millisecond. */
static void put_window(struct strbuf *out, int64_t ns)
{
    static const struct {
        int64_t ns;
        const char *unit;
    } UNITS[] = {{86400 * SD_S, "d"}, {3600 * SD_S, "h"}, {60 * SD_S, "m"}, {SD_S, "s"}};
    for (size_t i = 0; i < ARRAY_LEN(UNITS); i++)
        if (ns % UNITS[i].ns == 0) {
            strbuf_printf(out, "%lld%s", (long long)(ns / UNITS[i].ns), UNITS[i].unit);
            return;
        }
    strbuf_printf(out, "%lldms", (long long)MAX(ns / SD_MS, 1));
}

/* ---- what is counted ---- */

static void put_matcher(struct strbuf *out, const char *label, const char *pattern)
{
    if (!pattern)
        return;
    strbuf_char(out, ',');
    if (isdigit((unsigned char)*label))
        strbuf_char(out, '_');
    for (const char *p = label; *p; p++)
        strbuf_char(out, isalnum((unsigned char)*p) ? *p : '_');
    if (!*label)
        strbuf_char(out, '_');
    if (!strchr(pattern, '*')) {
        strbuf_char(out, '=');
        put_promql(out, pattern);
        return;
    }
    struct strbuf regex = {0};
    for (const char *p = pattern; *p; p++) {
        if (*p == '*')
            strbuf_str(&regex, ".*");
        else if (strchr("\\.+?()|[]{}^$", *p))
            strbuf_printf(&regex, "\\%c", *p);
        else
            strbuf_char(&regex, *p);
    }
    strbuf_str(out, "=~");
    put_promql(out, strbuf_text(&regex));
    strbuf_free(&regex);
}

/* `first` is a matcher or empty. */
static void put_selector(struct strbuf *out, const char *metric, const char *first,
                         const struct goal_match *m)
{
    struct strbuf matchers = {0};
    if (*first)
        strbuf_printf(&matchers, ",%s", first);
    put_matcher(&matchers, "method", m->method);
    put_matcher(&matchers, "route", m->route);
    put_matcher(&matchers, "instance", m->host ? m->host : m->instance);
    for (size_t i = 0; i < m->n_labels; i++)
        put_matcher(&matchers, m->labels[i].name, m->labels[i].pattern);
    strbuf_str(out, metric);
    if (matchers.len)
        strbuf_printf(out, "{%s}", strbuf_text(&matchers) + 1);
    strbuf_free(&matchers);
}

static void put_sum(struct strbuf *out, const char *function, const char *metric, const char *first,
                    const struct goal_slo *s, int64_t window)
{
    strbuf_printf(out, "sum(%s(", function);
    put_selector(out, metric, first, &s->figure.match);
    strbuf_char(out, '[');
    put_window(out, window);
    strbuf_str(out, "]))");
}

static const char *total_metric(const struct goal_slo *s)
{
    return s->figure.signal == GOAL_HTTP_LATENCY ? "http_request_duration_seconds_count"
                                                 : "http_requests_total";
}

/* A whole number of seconds is written 1 or 1.0 by different clients. */
static void limit_matcher(const struct goal_slo *s, char out[64])
{
    char number[32];
    bool whole = s->good_below_ns % SD_S == 0;
    snprintf(number, sizeof number, "%.15g", (double)s->good_below_ns / 1e9);
    snprintf(out, 64, whole ? "le=~\"%s([.]0)?\"" : "le=\"%s\"", number);
}

static void put_query(struct strbuf *out, const char *query, int64_t window)
{
    static const char MARK[] = "{{.window}}";
    for (const char *p = query; *p;) {
        if (str_starts(p, MARK)) {
            put_window(out, window);
            p += strlen(MARK);
        } else {
            strbuf_char(out, *p++);
        }
    }
}

/* Without a failure there is no series of failures: that is 0, not nothing. */
static void put_bad_share(struct strbuf *out, const struct goal_slo *s, int64_t window)
{
    char limit[64];
    if (s->query) {
        put_query(out, s->query, window);
    } else if (s->figure.signal == GOAL_HTTP_LATENCY) {
        limit_matcher(s, limit);
        strbuf_str(out, "1 - ");
        put_sum(out, "rate", "http_request_duration_seconds_bucket", limit, s, window);
        strbuf_str(out, " / ");
        put_sum(out, "rate", total_metric(s), "", s, window);
    } else {
        strbuf_char(out, '(');
        put_sum(out, "rate", total_metric(s), "code=~\"5..\"", s, window);
        strbuf_str(out, " or 0 * ");
        put_sum(out, "rate", total_metric(s), "", s, window);
        strbuf_str(out, ") / ");
        put_sum(out, "rate", total_metric(s), "", s, window);
    }
}

/* ---- rules ---- */

/* `window` 0: the name has none. */
static void put_record(struct strbuf *out, const struct goal_slo *s, const char *name, int64_t window,
                       const char *expr)
{
    strbuf_printf(out, "  - record: slo:%s", name);
    if (window)
        put_window(out, window);
    strbuf_str(out, "\n    expr: ");
    put_yaml(out, expr);
    strbuf_str(out, "\n    labels:\n      slo: ");
    put_yaml(out, s->name);
    strbuf_char(out, '\n');
}

/* Of the share, sorted, each once; of the count only the long ones. */
static size_t windows_of(const struct goal_slo *s, bool all, int64_t *w)
{
    size_t n = 0, unique = 0;
    for (size_t i = 0; i < s->n_pairs; i++) {
        w[n++] = s->pairs[i].long_ns;
        if (all)
            w[n++] = s->pairs[i].short_ns;
    }
    if (all)
        w[n++] = s->window_ns;
    if (n)
        qsort(w, n, sizeof *w, int_ascending);
    for (size_t i = 0; i < n; i++)
        if (!unique || w[unique - 1] != w[i])
            w[unique++] = w[i];
    return unique;
}

static void put_series(struct strbuf *out, const struct goal_slo *s, const char *name, int64_t window)
{
    strbuf_str(out, name);
    put_window(out, window);
    strbuf_str(out, "{slo=");
    put_promql(out, s->name);
    strbuf_char(out, '}');
}

static void put_records(struct strbuf *out, const struct goal_slo *s)
{
    int64_t *w = mem_array(2 * s->n_pairs + 1, sizeof *w);
    struct strbuf expr = {0};
    size_t n = windows_of(s, true, w);
    for (size_t i = 0; i < n; i++) {
        strbuf_clear(&expr);
        put_bad_share(&expr, s, w[i]);
        put_record(out, s, "bad:ratio_rate", w[i], strbuf_text(&expr));
    }
    n = s->min_events > 0 && !s->query ? windows_of(s, false, w) : 0;
    for (size_t i = 0; i < n; i++) {
        strbuf_clear(&expr);
        put_sum(&expr, "increase", total_metric(s), "", s, w[i]);
        put_record(out, s, "total:increase", w[i], strbuf_text(&expr));
    }
    strbuf_clear(&expr);
    strbuf_str(&expr, "1 - ");
    put_series(&expr, s, "slo:bad:ratio_rate", s->window_ns);
    strbuf_printf(&expr, " / (1 - %.15g)", s->objective);
    put_record(out, s, "budget_left:ratio", 0, strbuf_text(&expr));
    strbuf_free(&expr);
    free(w);
}

static void put_pair(struct strbuf *out, const struct goal_slo *s, const struct goal_pair *p)
{
    strbuf_char(out, '(');
    put_series(out, s, "slo:bad:ratio_rate", p->long_ns);
    strbuf_printf(out, " > %.15g * (1 - %.15g) and ", p->factor, s->objective);
    put_series(out, s, "slo:bad:ratio_rate", p->short_ns);
    strbuf_printf(out, " > %.15g * (1 - %.15g)", p->factor, s->objective);
    if (s->min_events > 0 && !s->query) {
        strbuf_str(out, " and ");
        put_series(out, s, "slo:total:increase", p->long_ns);
        strbuf_printf(out, " >= %lld", (long long)s->min_events);
    }
    strbuf_char(out, ')');
}

/* One alert for a severity; it fires when one of its pairs does. */
static void put_alert(struct strbuf *out, const struct goal_slo *s, enum goal_severity severity)
{
    struct strbuf text = {0};
    for (size_t i = 0; i < s->n_pairs; i++)
        if (s->pairs[i].severity == severity) {
            strbuf_str(&text, text.len ? " or " : "");
            put_pair(&text, s, &s->pairs[i]);
        }
    if (text.len) {
        char *name = mem_printf("%s/%s", s->name, goal_severity_name(severity));
        strbuf_str(out, "  - alert: ");
        put_yaml(out, name);
        strbuf_str(out, "\n    expr: ");
        put_yaml(out, strbuf_text(&text));
        strbuf_printf(out, "\n    labels:\n      severity: %s\n      slo: ", goal_severity_name(severity));
        put_yaml_template(out, s->name);
        strbuf_str(out, "\n    annotations:\n      summary: ");
        char *summary = mem_printf("%s burns its error budget too fast", s->name);
        put_yaml_template(out, summary);
        if (s->playbook) {
            strbuf_str(out, "\n      playbook: ");
            put_yaml_template(out, s->playbook);
        }
        strbuf_char(out, '\n');
        free(summary);
        free(name);
    }
    strbuf_free(&text);
}

void slo_rules_prometheus(const struct goal_policy *p, struct strbuf *out)
{
    strbuf_str(out,
               "# Objectives of slowdive: the share of bad events, and alerts on how fast the error budget "
               "burns.\n");
    if (!p->n_slos)
        strbuf_str(out, "groups: []\n");
    else
        strbuf_str(out, "groups:\n");
    for (size_t i = 0; i < p->n_slos; i++) {
        const struct goal_slo *s = &p->slos[i];
        char *group = mem_printf("slowdive/%s", s->name);
        strbuf_str(out, "- name: ");
        put_yaml(out, group);
        strbuf_str(out, "\n  rules:\n");
        put_records(out, s);
        put_alert(out, s, GOAL_CRITICAL);
        put_alert(out, s, GOAL_WARNING);
        free(group);
    }
}
