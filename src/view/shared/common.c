#include "view/shared/common.h"

#include "view/action.h"

#include "base/clock.h"
#include "core/labels.h"
#include "core/sql/hidden.h"
#include "core/sql/pretty.h"
#include "base/num.h"
#include "core/sql/statement.h"
#include "format/profiles/profile_file.h"

#include <stdlib.h>

enum { SOURCES_MAX = 64, NAMED_MAX = 2 };

/* ---- time ---- */

struct span common_span(const struct view_ctx *c)
{
    if (!span_is_all(c->span))
        return c->span;
    struct model_usage u = model_usage(c->model);
    return (struct span){u.first, u.last};
}

struct span common_covered(const struct view_ctx *c)
{
    struct span s = common_span(c);
    sd_time first = model_usage(c->model).first; /* SD_UNKNOWN is the smallest */
    if (first > s.from && first < s.to)
        s.from = first;
    return s;
}

double common_seconds(struct span s)
{
    int64_t ns;
    if (s.from == SD_UNKNOWN || s.to == SD_UNKNOWN || __builtin_sub_overflow(s.to, s.from, &ns) || ns <= 0)
        return NAN;
    return (double)ns / 1e9;
}

/* Live, a point of a graph is of whole seconds. */
static int64_t live_step(const struct view_ctx *c, struct span s)
{
    int64_t want = c->graph_points > 0 ? c->graph_points : 60;
    return MAX(add_sat(s.to - s.from, want * SD_S - 1) / (want * SD_S), 1) * SD_S;
}

static int64_t live_steps(const struct view_ctx *c, struct span s)
{
    int64_t step = live_step(c, s);
    return add_sat(s.to - s.from, step - 1) / step;
}

struct span common_drawn(const struct view_ctx *c, struct span s)
{
    if (s.from == SD_UNKNOWN || s.to == SD_UNKNOWN)
        return (struct span){0, SD_S};
    if (!isfinite(common_seconds(s)))
        s.from = MAX(MIN(s.from, s.to), INT64_MIN + 2 * SD_S) - SD_S, s.to = s.from + SD_S;
    if (!c->live || span_is_all(c->span) || s.from <= 0)
        return s;
    int64_t step = live_step(c, s), n = live_steps(c, s), leap = mul_sat(MAX(n / 6, 1), step);
    s.to = add_sat(s.to, leap - 1) / leap * leap;
    s.from = s.to - mul_sat(n, step);
    return s;
}

int64_t common_age(sd_time now, sd_time then)
{
    int64_t ns;
    if (now == SD_UNKNOWN || then == SD_UNKNOWN || __builtin_sub_overflow(now, then, &ns))
        return SD_UNKNOWN;
    return MAX(ns, 0);
}

char *common_duration(int64_t ns, char buf[UNIT_TEXT_MAX])
{
    double s = (double)ns / 1e9;
    if (s < 1)
        return unit_format_int(UNIT_NS, ns, buf);
    static const struct {
        double below, unit;
        const char *name;
    } steps[] = {{.below = 120, .unit = 1, .name = "s"},
                 {.below = 7200, .unit = 60, .name = "min"},
                 {.below = 172800, .unit = 3600, .name = "h"},
                 {.below = INFINITY, .unit = 86400, .name = "d"}};
    size_t i = 0;
    while (s >= steps[i].below)
        i++;
    double v = s / steps[i].unit;
    snprintf(buf, UNIT_TEXT_MAX, v == floor(v) || v >= 20 ? "%.0f %s" : "%.1f %s", v, steps[i].name);
    return buf;
}

size_t common_points(const struct view_ctx *c, struct span s)
{
    double seconds = common_seconds(s);
    size_t want = c->graph_points > 0 ? (size_t)c->graph_points : 60;
    if (!isfinite(seconds))
        return 1;
    if (c->live && !span_is_all(c->span) && s.from > 0)
        return (size_t)live_steps(c, s);
    return (size_t)MAX(1, MIN((double)want, ceil(seconds)));
}

struct section *common_graph(struct doc *d, const char *key, const char *title, enum unit unit, struct span s,
                             size_t n)
{
    struct section *sec = doc_section(d, SECTION_GRAPH, key, title);
    sec->graph = (struct graph){.from = s.from, .to = s.to, .n_points = n, .unit = unit};
    sec->weight = 1;
    sec->min_height = 3;
    return sec;
}

/* ---- the envelope ---- */

void common_envelope(struct doc *d, const struct view_ctx *c, struct span s)
{
    static const struct column sample[] = {{.key = "sample", .title = "Sample", .help = "the text"}};
    static const struct column note[] = {{.key = "note", .title = "Note", .help = "the sentence"}};
    struct intake_total in;
    double seconds = common_seconds(s);
    model_intake(c->model, &in);
    doc_field(d, "from", UNIT_TIME, cell_int(s.from));
    doc_field(d, "to", UNIT_TIME, cell_int(s.to));
    doc_field(d, "window_ns", UNIT_NS, cell_int(isfinite(seconds) ? s.to - s.from : SD_UNKNOWN));
    doc_field(d, "lines_total", UNIT_COUNT, cell_int(in.total));
    doc_field(d, "lines_unparsed", UNIT_COUNT, cell_int(in.unparsed));
    struct table *t = doc_list(d, sample, ARRAY_LEN(sample));
    for (size_t i = 0; i < in.n_samples; i++)
        doc_row(d, t)->cells[0] = cell_text(doc_text(d, in.samples[i]));
    doc_field(d, "unparsed_samples", UNIT_NONE, cell_list(t));
    t = doc_list(d, note, ARRAY_LEN(note));
    for (size_t i = 0; i < in.n_notes; i++)
        doc_row(d, t)->cells[0] = cell_text(doc_text(d, in.notes[i]));
    doc_field(d, "notes", UNIT_NONE, cell_list(t));
    doc_field(d, "frames_lost", UNIT_COUNT, cell_int((int64_t)model_usage(c->model).frames_lost));
}

/* ---- where figures come from ---- */

/* What brings each kind of record: for notes and for the sentence in an empty pane. */
struct bringer {
    sd_kinds kinds;
    const char *kind;   /* of source, or several, space separated; an exec source may bring anything */
    const char *what;   /* is missing */
    const char *source; /* "access log" */
    const char *target; /* an example */
};
static const struct bringer BRINGERS[] = {
    {.kinds = KINDS_HTTP,
     .kind = "log",
     .what = "requests",
     .source = "access log",
     .target = "/var/log/nginx/access.log"},
    {.kinds = KINDS_SQL,
     .kind = "postgres",
     .what = "statements",
     .source = "database",
     .target = "postgres://user@host/database"},
    {.kinds = KINDS_CATALOG,
     .kind = "postgres",
     .what = "tables or indexes",
     .source = "database",
     .target = "postgres://user@host/database"},
    {.kinds = KINDS_SERVER,
     .kind = "postgres",
     .what = "figures of a server",
     .source = "database",
     .target = "postgres://user@host/database"},
    {.kinds = KINDS_PARAMETERS,
     .kind = "postgres",
     .what = "parameters",
     .source = "database",
     .target = "postgres://user@host/database"},
    {.kinds = KINDS_PROFILE,
     .kind = PROFILE_KINDS,
     .what = "profiles",
     .source = "profile",
     .target = "cpu.pb.gz"},
    {.kinds = KINDS_TRACES,
     .kind = "otlp trace jaeger tempo",
     .what = "traces",
     .source = "source of traces",
     .target = "traces.json"},
    {.kinds = KINDS_ASSETS,
     .kind = "audit",
     .what = "cache policies",
     .source = "URL",
     .target = "audit:https://HOST/"},
    {.kinds = KINDS_PAGES,
     .kind = "lighthouse rum har crux",
     .what = "measurements of pages",
     .source = "report of Lighthouse",
     .target = "report.json"},
    {.kinds = KINDS_BUNDLE,
     .kind = "bundle",
     .what = "builds of a front end",
     .source = "build",
     .target = "dist/"},
    {.kinds = KINDS_FIELD,
     .kind = "rum crux",
     .what = "vitals of real users",
     .source = "receiver of beacons",
     .target = "rum://127.0.0.1:8125"},
    {.kinds = KINDS_CACHE,
     .kind = "redis memcached varnish keytrace prometheus",
     .what = "caches",
     .source = "cache",
     .target = "redis://host"},
    {.kinds = KINDS_ACTIVITY,
     .kind = "postgres",
     .what = "active sessions",
     .source = "database",
     .target = "postgres://user@host/database"},
};

static const struct bringer *bringer_of(sd_kinds kinds)
{
    for (size_t i = 0; i < ARRAY_LEN(BRINGERS); i++)
        if (BRINGERS[i].kinds == kinds)
            return &BRINGERS[i];
    return NULL;
}

static bool is_kind(const struct bringer *b, const struct source_info *s)
{
    const char *kind = s->status ? s->status->kind : NULL;
    size_t len = kind ? strlen(kind) : 0;
    for (const char *p = b->kind; len && *p; p += strcspn(p, " "), p += *p == ' ')
        if (strcspn(p, " ") == len && !strncmp(p, kind, len))
            return true;
    return false;
}

static bool brings(const struct bringer *b, const struct source_info *s)
{
    return s->status && (is_kind(b, s) || str_eq(s->status->kind, "exec"));
}

static void name_sources(const struct view_ctx *c, sd_kinds kinds, struct strbuf *out)
{
    struct source_info info[SOURCES_MAX];
    const struct bringer *b = bringer_of(kinds);
    /* On paper of any moment: a file that is read now tells of the past. */
    sd_time at = c->key ? c->now : INT64_MAX;
    size_t n = b ? model_sources(c->model, at, info, ARRAY_LEN(info)) : 0, named = 0, sure = 0;
    for (size_t i = 0; i < n; i++)
        sure += is_kind(b, &info[i]);
    for (size_t i = 0; i < n; i++) {
        if (!brings(b, &info[i]) || info[i].status->last_data == SD_UNKNOWN)
            continue;
        if (sure && !is_kind(b, &info[i]))
            continue; /* an exec source might; the log does */
        if (named < NAMED_MAX)
            strbuf_printf(out, "%s%s", named ? " and " : out->len ? ", from " : "from ", info[i].origin);
        named++;
    }
    if (named > NAMED_MAX)
        strbuf_printf(out, " and %zu more", named - NAMED_MAX);
}

static void window(const struct view_ctx *c, struct span s, struct strbuf *b)
{
    char buf[UNIT_TEXT_MAX], when[CLOCK_TEXT_MAX];
    if (!isfinite(common_seconds(s)))
        return;
    const char *gap = b->len ? ", " : "";
    int64_t ns = s.to - s.from;
    if (c->live && ns >= 10 * SD_S && !span_is_all(c->span) && s.from > c->span.from)
        ns -= ns % (10 * SD_S); /* a window that fills does not tick */
    common_duration(ns, buf);
    if (span_is_all(c->span))
        strbuf_printf(b, "%sin %s", gap, buf);
    else if (c->live)
        strbuf_printf(b, "%slast %s", gap, buf);
    else
        strbuf_printf(b, "%s%s to %s", gap, buf, clock_hms(s.to, s.to, when));
}

/* Those whose intake stands for records of these kinds, at any time: a log that is read from its past is not
 * read in the past. */
static size_t intakes_of(const struct view_ctx *c, sd_kinds kinds, const struct sd_intake **out, size_t max)
{
    struct source_info info[SOURCES_MAX];
    const struct bringer *b = bringer_of(kinds);
    size_t n = b ? model_sources(c->model, INT64_MAX, info, ARRAY_LEN(info)) : 0, found = 0;
    for (size_t i = 0; i < n && found < max; i++)
        if (info[i].intake && (!info[i].status || brings(b, &info[i])))
            out[found++] = info[i].intake;
    return found;
}

static void unread_lines(const struct view_ctx *c, sd_kinds kinds, struct strbuf *b)
{
    const struct sd_intake *in[SOURCES_MAX];
    size_t n = kinds == KINDS_HTTP ? intakes_of(c, kinds, in, ARRAY_LEN(in)) : 0;
    int64_t total = 0, unparsed = 0;
    char x[UNIT_TEXT_MAX], y[UNIT_TEXT_MAX];
    for (size_t i = 0; i < n; i++) {
        total = add_sat(total, MAX(in[i]->total, 0));
        unparsed = add_sat(unparsed, MAX(in[i]->unparsed, 0));
    }
    if (unparsed > 0)
        strbuf_printf(b, "%s%s of %s lines not read", b->len ? ", " : "",
                      unit_format_int(UNIT_COUNT, unparsed, x), unit_format_int(UNIT_COUNT, total, y));
}

const char *common_unread(struct doc *d, const struct view_ctx *c, sd_kinds kinds)
{
    struct strbuf b = {0};
    unread_lines(c, kinds, &b);
    const char *text = b.len ? doc_text(d, b.text) : NULL;
    strbuf_free(&b);
    return text;
}

const char *common_reading(struct doc *d, const struct view_ctx *c, sd_kinds kinds)
{
    const struct sd_intake *in[SOURCES_MAX];
    size_t n = intakes_of(c, kinds, in, ARRAY_LEN(in));
    const char *text = NULL;
    for (size_t i = 0; i < n; i++)
        if (in[i]->note && *in[i]->note)
            text = text ? doc_printf(d, "%s. %s", text, in[i]->note) : doc_text(d, in[i]->note);
    return text;
}

/* How much of the word is said: one request is no requests. Words such as queries stay as they are. */
static int counted(int64_t n, const char *what)
{
    size_t len = strlen(what);
    bool plain = str_ends(what, "s") && !str_ends(what, "es");
    return (int)(n == 1 && (plain || str_ends(what, "ces")) ? len - 1 : len);
}

const char *common_note(struct doc *d, const struct view_ctx *c, const struct note *n)
{
    struct strbuf b = {0};
    char buf[UNIT_TEXT_MAX];
    if (n->n != SD_UNKNOWN)
        strbuf_printf(&b, "%s %.*s", unit_format_int(UNIT_COUNT, n->n, buf), counted(n->n, n->what), n->what);
    unread_lines(c, n->kinds, &b);
    if (!n->moment)
        window(c, n->span.from || n->span.to ? n->span : common_covered(c), &b);
    name_sources(c, n->kinds, &b);
    int64_t age = common_age(c->now, n->last);
    if (c->live && age >= 10 * SD_S) /* SD_UNKNOWN is negative */
        strbuf_printf(&b, "%s%s old", b.len ? ", " : "", unit_format_int(UNIT_AGE, age, buf));
    const char *text = b.len ? doc_text(d, b.text) : NULL;
    strbuf_free(&b);
    return text;
}

/* ---- what a view may be about ---- */

const char *common_endpoint(const struct model *m, size_t i)
{
    return i < model_endpoints(m) ? endpoint_name(model_endpoint(m, i)) : NULL;
}

const char *common_query(const struct model *m, size_t i)
{
    return i < model_queries(m) ? query_key(model_query(m, i)) : NULL;
}

/* ---- nothing to show ---- */

const char *common_hint(struct doc *d, const struct view_ctx *c, const char *action, const char *does)
{
    const char *key = view_key(c, d, action);
    return key ? doc_printf(d, " %s %s.", key, does) : "";
}

const char *common_empty(struct doc *d, const struct view_ctx *c, sd_kinds kinds)
{
    struct source_info info[SOURCES_MAX];
    const struct bringer *b = bringer_of(kinds);
    size_t n = model_sources(c->model, c->now, info, ARRAY_LEN(info));
    const struct source_info *found = NULL;
    if (!b)
        return doc_text(d, "There is no data yet.");
    for (size_t i = 0; i < n && !found; i++)
        if (brings(b, &info[i]) || !info[i].status)
            found = &info[i];
    if (!found)
        return doc_printf(d, "No %s is open. Add one: slowdive %s (in the console: :source %s)", b->source,
                          b->target, b->target);
    const struct sd_status *s = found->status;
    const char *text = s && s->text && *s->text ? s->text : "it failed";
    if (s && (s->state == SD_STATE_FAILED || s->state == SD_STATE_BACKOFF))
        return doc_printf(d, "No %s: %s is %s. %s", b->what, found->origin,
                          s->state == SD_STATE_FAILED ? "not readable" : "not answering", text);
    if (s && s->state == SD_STATE_CONNECTING)
        return doc_printf(d, "No %s yet: %s is connecting.", b->what, found->origin);
    const struct sd_intake *in = found->intake;
    if (in && in->total > 0 && in->unparsed >= in->total)
        return doc_printf(d,
                          "No %s: none of the lines of %s could be read. The view sources shows the reason "
                          "and a sample; set their format with --log-format.",
                          b->what, found->origin);
    if (s && s->state == SD_STATE_ENDED && (!in || in->total == 0))
        return doc_printf(d, "No %s: %s was read to its end and contains none.", b->what, found->origin);
    const char *none;
    if (kinds == KINDS_ACTIVITY)
        none = doc_printf(d, "No session is active at %s moment.", c->live ? "this" : "that");
    else if (kinds == KINDS_CATALOG) /* a state, not something that happened in a span */
        none = doc_printf(d, "No %s listed yet by %s.", b->what, found->origin);
    else if (!span_is_all(c->span) && model_usage(c->model).last != SD_UNKNOWN)
        none = doc_printf(d, "No %s in this time window.%s", b->what,
                          common_hint(d, c, "window-longer", "uses a longer one"));
    else
        none = doc_printf(d, "No %s yet from %s.", b->what, found->origin);
    const char *seen = common_as_seen(d, c, kinds, none);
    if (kinds == KINDS_ACTIVITY && seen != none) /* what is hidden may well be active */
        seen = common_as_seen(d, c, kinds,
                              doc_printf(d, "No session that this role may see is active at %s moment.",
                                         c->live ? "this" : "that"));
    return seen;
}

const char *common_caveat(const struct sd_status *s)
{
    const char *mark = s && s->state == SD_STATE_LIVE && s->text ? strstr(s->text, "; ") : NULL;
    return mark ? mark + 2 : NULL;
}

const char *common_as_seen(struct doc *d, const struct view_ctx *c, sd_kinds kinds, const char *text)
{
    struct source_info info[SOURCES_MAX];
    const struct bringer *b = bringer_of(kinds);
    size_t n = b ? model_sources(c->model, c->now, info, ARRAY_LEN(info)) : 0;
    for (size_t i = 0; i < n; i++) {
        const char *caveat = brings(b, &info[i]) ? common_caveat(info[i].status) : NULL;
        if (caveat && (kinds != KINDS_ACTIVITY || strstr(caveat, "session")))
            text = doc_printf(d, "%s\n%s: %s", text, info[i].origin, caveat);
    }
    return text;
}

/* ---- sources that are gone ---- */

static const char *why_gone(const struct sd_status *s)
{
    switch ((enum sd_state)s->state) {
    case SD_STATE_BACKOFF:
        return "connection lost";
    case SD_STATE_FAILED:
        return "the source failed";
    case SD_STATE_STALE:
        return "no data since";
    default:
        return NULL;
    }
}

static bool brings_any(sd_kinds kinds, const struct source_info *s)
{
    for (size_t i = 0; i < ARRAY_LEN(BRINGERS); i++)
        if ((BRINGERS[i].kinds & kinds) && brings(&BRINGERS[i], s))
            return true;
    return false;
}

const char *common_lost(struct doc *d, const struct view_ctx *c, sd_kinds kinds, bool *all)
{
    struct source_info info[SOURCES_MAX];
    size_t n = kinds ? model_sources(c->model, c->now, info, ARRAY_LEN(info)) : 0, there = 0, gone = 0;
    const struct source_info *first = NULL;
    sd_time last = SD_UNKNOWN;
    char when[CLOCK_TEXT_MAX];
    for (size_t i = 0; i < n; i++) {
        const struct sd_status *s = info[i].status;
        if (!brings_any(kinds, &info[i]) || !sd_known(s->last_data))
            continue;
        there++;
        if (!why_gone(s))
            continue;
        gone++;
        last = MAX(last, s->last_data);
        first = first ? first : &info[i];
    }
    *all = gone && gone == there;
    if (!gone)
        return NULL;
    clock_hms(last, c->now, when);
    return *all ? doc_printf(d, "as of %s, %s", when, why_gone(first->status))
                : doc_printf(d, "%s as of %s, %s", first->origin, when, why_gone(first->status));
}

/* ---- grants ---- */

const char *common_grant(struct doc *d, const char *sentence)
{
    const char *from = sentence ? strstr(sentence, "GRANT ") : NULL, *end = from ? strchr(from, ';') : NULL;
    return end ? doc_printf(d, "%.*s", (int)(end + 1 - from), from) : NULL;
}

/* ---- what is still under way ---- */

sd_time common_settled(const struct view_ctx *c, sd_time last)
{
    static const int64_t QUIET_NS = 5 * SD_S;
    if (!c->live || span_is_all(c->span) || !sd_known(last) || common_age(c->span.to, last) >= QUIET_NS)
        return c->span.to;
    return MIN(last, c->span.to);
}

/* ---- SQL ---- */

const char *common_sql(struct doc *d, const struct view_ctx *c, const char *sql, bool line)
{
    if (!sql)
        return NULL;
    /* Views have no state of their own to keep it in. Main thread only, as they are. */
    static struct sql_hidden *hidden;
    if (!hidden)
        hidden = sql_hidden_new();
    if (!c->show_literals)
        sql = sql_hidden_text(hidden, sql);
    if (!line)
        return doc_text(d, sql);
    struct strbuf b = {0};
    bool gap = false;
    for (const char *p = sql; *p; p++) {
        if (strchr(" \t\r\n", *p)) {
            gap = b.len > 0;
            continue;
        }
        if (gap)
            strbuf_char(&b, ' ');
        gap = false;
        strbuf_char(&b, *p);
    }
    const char *text = doc_text(d, strbuf_text(&b));
    strbuf_free(&b);
    return text;
}

void common_statement(struct doc *d, struct section *s, const char *sql)
{
    char *pretty = sql ? sql_pretty(sql) : NULL;
    s->text = sql;
    s->shown = pretty && strcmp(pretty, sql) != 0 ? doc_text(d, pretty) : NULL;
    s->language = &sql_language;
    free(pretty);
}

const char *common_id(struct doc *d, int64_t id)
{
    return id == SD_UNKNOWN ? NULL : doc_printf(d, "%lld", (long long)id);
}

const char *statement_line(struct doc *d, const char *sql)
{
    char *line = sql_one_line(sql);
    const char *text = sql ? doc_printf(d, "%s;", line ? line : sql) : NULL;
    free(line);
    return text;
}

const char *view_label(struct doc *d, const char *labels, const char *key)
{
    char value[1024];
    return label_value(labels, key, value, sizeof value) ? doc_printf(d, "%s", value) : NULL;
}
