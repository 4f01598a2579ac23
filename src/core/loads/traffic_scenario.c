/* traffic_scenario.c - what production sends as a scenario for `load run`. Text from the log stands in double
 * quotes, where only quotes and backslashes have a meaning: what else has one was percent-encoded by
 * replay_path. */
#include "core/loads/traffic.h"
#include "core/loads/template.h"

#include <math.h>
#include <stdlib.h>

enum { REQUESTS_MAX = 50000 }; /* entries of a scenario, of the busiest routes */

/* s[0..n) in quotes. */
static void add_quoted(struct strbuf *b, const char *s, size_t n)
{
    strbuf_char(b, '"');
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '"' || s[i] == '\\')
            strbuf_char(b, '\\');
        strbuf_char(b, s[i]);
    }
    strbuf_char(b, '"');
}

static void add_duration(struct strbuf *b, int64_t ns)
{
    if (ns >= SD_S)
        strbuf_printf(b, "%.10gs", (double)((ns + SD_MS / 2) / SD_MS) / 1e3);
    else
        strbuf_printf(b, "%.10gms", (double)MAX((ns + SD_US / 2) / SD_US, ns > 0) / 1e3);
}

/* "GET /items/17" with its braces as a request of the scenario. */
static void add_request(struct strbuf *b, const char *path, size_t len, int64_t weight)
{
    const char *blank = memchr(path, ' ', len);
    size_t method = blank ? (size_t)(blank - path) : 0;
    struct strbuf text = {0};
    strbuf_str(b, "  - {name: ");
    add_quoted(b, path, len);
    strbuf_printf(b, ", weight: %lld, method: ", (long long)weight);
    add_quoted(b, path, method);
    strbuf_str(b, ", path: ");
    load_template_escape(&text, path + method + 1, len - method - 1);
    add_quoted(b, strbuf_text(&text), text.len);
    strbuf_str(b, "}\n");
    strbuf_free(&text);
}

static size_t add_routes(const struct traffic_summary *s, struct strbuf *b)
{
    size_t all = 0;
    for (size_t i = 0; i < s->n_rows && all < REQUESTS_MAX; i++) {
        const struct traffic_row *r = &s->rows[i];
        size_t n;
        struct traffic_pick *picks =
            traffic_paths_pick(s->paths, r->row, r->replayable, TRAFFIC_ROUTE_PATHS, &n);
        for (size_t k = 0; k < n; k++)
            add_request(b, picks[k].path->text, picks[k].path->len, picks[k].weight);
        free(picks);
        all += n;
    }
    return all;
}

/* ---- sequences ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Every request of a sequence, once. */
static size_t add_requests_of_sequences(const struct traffic_summary *s, struct strbuf *b)
{
    size_t n = 0, all = 0;
    for (size_t i = 0; i < s->n_sequences; i++)
        n += s->sequences[i].n;
    const char **paths = mem_array(n + 1, sizeof *paths);
    for (size_t i = 0, at = 0; i < s->n_sequences; i++)
        for (size_t k = 0; k < s->sequences[i].n; k++)
            paths[at++] = s->sequences[i].steps[k].path;
    qsort(paths, n, sizeof *paths, by_text);
    for (size_t i = 0, times = 1; i < n; i++, times++) {
        if (i + 1 < n && !strcmp(paths[i], paths[i + 1]))
            continue;
        add_request(b, paths[i], strlen(paths[i]), (int64_t)times);
        times = 0;
        all++;
    }
    free(paths);
    return all;
}

static void add_sequences(const struct traffic_summary *s, struct strbuf *b)
{
    strbuf_str(b, "sequences:\n");
    for (size_t i = 0; i < s->n_sequences; i++) {
        const struct traffic_sequence *q = &s->sequences[i];
        strbuf_printf(b, "  - name: s%zu\n    weight: 1\n    steps:\n", i + 1);
        for (size_t k = 0; k < q->n; k++) {
            strbuf_str(b, "      - {request: ");
            add_quoted(b, q->steps[k].path, strlen(q->steps[k].path));
            if (sd_known(q->steps[k].think_ns)) {
                strbuf_str(b, ", think: ");
                add_duration(b, q->steps[k].think_ns);
            }
            strbuf_str(b, "}\n");
        }
    }
}

/* ---- all ---- */

/* A comment of one line, whatever is in the text. */
static void add_comment(struct strbuf *b, const char *text)
{
    strbuf_str(b, "# ");
    for (const char *c = text; *c; c++)
        strbuf_char(b, (unsigned char)*c < ' ' || *c == 0x7f ? '.' : *c);
    strbuf_char(b, '\n');
}

static void add_head(const struct traffic_summary *s, const struct traffic_scenario *o, struct strbuf *b)
{
    char text[300];
    if (o->from)
        add_comment(b, o->from);
    snprintf(text, sizeof text, "%lld requests of %lld sessions; the busiest minute has %.4g a second",
             (long long)s->requests, (long long)s->sessions, s->rate_peak_per_s);
    add_comment(b, text);
    for (size_t i = 0; i < s->n_skipped; i++) {
        snprintf(text, sizeof text, "left out: %lld of method %s", (long long)s->skipped[i].count,
                 s->skipped[i].method);
        add_comment(b, text);
    }
    if (s->unreplayable) {
        snprintf(text, sizeof text, "left out: %lld that name no path, or one too long to be sent again",
                 (long long)s->unreplayable);
        add_comment(b, text);
    }
    if (s->closed_early) {
        snprintf(text, sizeof text, "%lld sessions were more than memory holds, and were ended early",
                 (long long)s->closed_early);
        add_comment(b, text);
    }
    strbuf_str(b, "target: http://127.0.0.1:8080\nkind: steady\n");
}

static void add_load(const struct traffic_summary *s, const struct traffic_scenario *o, struct strbuf *b)
{
    double rate = isnan(s->rate_mean_per_s) ? 1 : s->rate_mean_per_s * o->scale;
    if (isnan(s->rate_mean_per_s))
        add_comment(b, "all requests are of one moment: what rate they came at is not known");
    if (o->sequences)
        strbuf_printf(b, "model: closed\nstages:\n  - {for: 60s, users: %.0f}\n",
                      fmax(ceil((isnan(s->users) ? 1 : s->users) * o->scale - 1e-9), 1));
    else
        strbuf_printf(b, "model: open\nstages:\n  - {for: 60s, rate: %.6g}\n", rate);
    if (s->think.samples) {
        strbuf_str(b, "think: {median: ");
        add_duration(b, s->think.median_ns);
        strbuf_str(b, ", p95: ");
        add_duration(b, s->think.p95_ns);
        strbuf_str(b, "}\n");
    }
}

bool traffic_scenario(const struct traffic_summary *s, const struct traffic_scenario *o, struct strbuf *out,
                      struct sd_error *err)
{
    size_t before = out->len, n;
    add_head(s, o, out);
    add_load(s, o, out);
    strbuf_str(out, "requests:\n");
    n = o->sequences ? add_requests_of_sequences(s, out) : add_routes(s, out);
    if (!n) {
        out->len = before;
        return fail(err, "No request of the log can be sent again: there is none with a path.");
    }
    if (o->sequences)
        add_sequences(s, out);
    return true;
}
