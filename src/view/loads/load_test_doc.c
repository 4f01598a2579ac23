#include "view/loads/load_test_doc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

const char *const LOAD_TEST_ORDER[] = {"spike",  "limits",   "comparison", "usl", "rows",
                                       "errors", "statuses", "generator",  NULL};
const char *const LOAD_TEST_HIDDEN[] = {"thresholds", "series", "search", "growth", NULL};
const char *const LOAD_TEST_TITLES[] = {"rows",        "Requests",
                                        "levels",      "Levels",
                                        "growth",      "What grows",
                                        "statuses",    "Statuses",
                                        "late_p99_ns", "Late by, p99",
                                        "late_share",  "Late through itself",
                                        "generator",   "The generator itself",
                                        "ok_latency",  "Latency of successes",
                                        "service",     "Service (from the send)",
                                        "delay",       "Delay of the send",
                                        NULL};

static const cJSON *part(const cJSON *o, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(o, key);
}

static const char *shown(struct doc *d, const cJSON *o, const char *key)
{
    const cJSON *v = part(o, key);
    return v ? result_show(d, key, v) : "-";
}

static void add(struct strbuf *b, const char *text)
{
    strbuf_printf(b, "%s%s", b->len ? "\n" : "", text);
}

/* ---- the reasons ---- */

/* A threshold's figure in its own unit: durations are in nanoseconds. */
static const char *threshold_figure(struct doc *d, const cJSON *row, const char *key)
{
    char buf[UNIT_TEXT_MAX];
    const char *metric = result_get_text(row, "metric");
    bool rate = metric && str_ends(metric, "_per_s"), share = str_eq(metric, "error_share");
    return doc_printf(d, "%s",
                      unit_format(rate    ? UNIT_PER_S
                                  : share ? UNIT_SHARE
                                          : UNIT_NS,
                                  result_get_real(row, key), buf));
}

static void threshold_reasons(struct doc *d, const cJSON *o, struct strbuf *b)
{
    const cJSON *row;
    cJSON_ArrayForEach(row, part(o, "thresholds"))
    {
        const char *text = result_get_text(row, "expression");
        if (cJSON_IsFalse(part(row, "passed")))
            add(b, doc_printf(d, "%s does not hold: it is %s.", text ? text : "A threshold",
                              threshold_figure(d, row, "value")));
    }
}

static void search_line(struct doc *d, const cJSON *s, struct strbuf *b)
{
    const char *reason = result_get_text(s, "reason");
    bool held = !isnan(result_get_real(s, "held_per_s")), broke = !isnan(result_get_real(s, "broke_per_s"));
    if (held && broke)
        add(b, doc_printf(d, "It holds %s and breaks at %s: %s.", shown(d, s, "held_per_s"),
                          shown(d, s, "broke_per_s"), reason ? reason : "-"));
    else if (held)
        add(b, doc_printf(d, "It held %s, and no level broke.", shown(d, s, "held_per_s")));
    else if (broke)
        add(b, doc_printf(d, "The first level, %s, broke: %s.", shown(d, s, "broke_per_s"),
                          reason ? reason : "-"));
}

static void spike_line(struct doc *d, const cJSON *s, struct strbuf *b)
{
    if (cJSON_IsTrue(part(s, "recovered")))
        add(b, doc_printf(d, "It was as before %s after the spike.", shown(d, s, "recovery_ns")));
    else
        add(b, "It did not recover from the spike while it was looked at.");
}

static void growth_lines(struct doc *d, const cJSON *list, struct strbuf *b)
{
    const cJSON *g;
    cJSON_ArrayForEach(g, list)
    {
        const char *name = doc_text(d, result_get_text(g, "name"));
        bool grows = cJSON_IsTrue(part(g, "significant")) && result_get_real(g, "slope_per_h") > 0;
        if (cJSON_IsNumber(part(g, "reached_ns")))
            add(b, doc_printf(d, "%s reached its limit after %s.", name, shown(d, g, "reached_ns")));
        else if (grows && cJSON_IsNumber(part(g, "exhausted_in_ns")))
            add(b, doc_printf(d, "%s grows, and would reach its limit %s after the end.", name,
                              shown(d, g, "exhausted_in_ns")));
        else if (grows)
            add(b, doc_printf(d, "%s grows.", name));
    }
}

static void kind_lines(struct doc *d, const cJSON *o, struct strbuf *b)
{
    const cJSON *s, *finding;
    if ((s = part(o, "search")))
        search_line(d, s, b);
    if ((s = part(o, "spike")))
        spike_line(d, s, b);
    growth_lines(d, part(o, "growth"), b);
    cJSON_ArrayForEach(finding, part(part(o, "limits"), "findings"))
    {
        if (cJSON_IsString(finding))
            add(b, doc_printf(d, "%s.", finding->valuestring));
    }
}

/* ---- the headline ---- */

static const char *figures_line(struct doc *d, const cJSON *o)
{
    const cJSON *latency = part(o, "latency");
    return doc_printf(d, "%s of %s requests sent, %s; p50 %s, p95 %s, p99 %s; %s failed.",
                      shown(d, o, "sent"), shown(d, o, "planned"), shown(d, o, "rate_sent_per_s"),
                      shown(d, latency, "p50_ns"), shown(d, latency, "p95_ns"), shown(d, latency, "p99_ns"),
                      shown(d, o, "error_share"));
}

const char *load_test_headline(struct doc *d, const cJSON *o, enum severity *s)
{
    const char *verdict = result_get_text(o, "verdict");
    struct strbuf b = {0};
    (void)s; /* as the verdict says */
    if (str_eq(verdict, "unreliable"))
        add(&b, doc_printf(d,
                           "These figures are not the server's: %s of the requests were sent late although a "
                           "connection was free. Run it on a machine with time for it.",
                           shown(d, part(o, "generator"), "late_share")));
    else if (str_eq(verdict, "stopped"))
        add(&b, doc_printf(d, "Stopped after %s of measuring.", shown(d, o, "measured_ns")));
    else if (str_eq(verdict, "pass") && cJSON_GetArraySize(part(o, "thresholds")))
        add(&b, "All that was asked for holds.");
    else if (str_eq(result_get_text(part(o, "comparison"), "verdict"), "slower"))
        add(&b, "It is slower than the baseline.");
    if (!part(o, "search"))
        threshold_reasons(d, o, &b);
    kind_lines(d, o, &b);
    add(&b, figures_line(d, o));
    const char *text = doc_text(d, strbuf_text(&b));
    strbuf_free(&b);
    return text;
}

/* ---- drawings ---- */

static void thresholds_section(struct doc *d, const cJSON *o)
{
    static const struct column COLUMNS[] = {
        {.key = "expression",
         .title = "Threshold",
         .flags = COLUMN_LEFT | COLUMN_GROW,
         .width = 28,
         .help = "as written"},
        {.key = "value", .title = "Is", .flags = COLUMN_LEFT, .width = 10, .help = "the figure of this run"},
        {.key = "passed", .title = "Holds", .width = 6, .help = "does it hold?"},
    };
    const cJSON *row, *list = part(o, "thresholds");
    if (!cJSON_GetArraySize(list))
        return;
    struct section *s = doc_table(d, "thresholds", "Thresholds", COLUMNS, ARRAY_LEN(COLUMNS));
    s->table.sort_column = -1;
    cJSON_ArrayForEach(row, list)
    {
        struct row *r = doc_row(d, &s->table);
        r->cells[0] = cell_text(doc_text(d, result_get_text(row, "expression")));
        r->cells[1] = cell_text(threshold_figure(d, row, "value"));
        r->cells[2] = cell_bool(cJSON_IsTrue(part(row, "passed")));
        r->severity = cJSON_IsTrue(part(row, "passed")) ? SEVERITY_NONE : SEVERITY_BAD;
    }
}

/* ---- search ---- */

static void levels_section(struct doc *d, const cJSON *search)
{
    static const struct column COLUMNS[] = {
        {.key = "rate_per_s", .title = "Asked", .unit = UNIT_PER_S, .help = "requests a second"},
        {.key = "ok_per_s",
         .title = "Good",
         .unit = UNIT_PER_S,
         .help = "answered well while the level lasted"},
        {.key = "p50_ns", .title = "p50", .unit = UNIT_NS, .help = "of the latency"},
        {.key = "p95_ns", .title = "p95", .unit = UNIT_NS, .help = "of the latency"},
        {.key = "p99_ns", .title = "p99", .unit = UNIT_NS, .help = "of the latency"},
        {.key = "error_share", .title = "Errors", .unit = UNIT_SHARE, .help = "share of failed requests"},
        {.key = "held", .title = "Held", .width = 5, .help = "did it hold?"},
        {.key = "reason",
         .title = "Why not",
         .flags = COLUMN_LEFT | COLUMN_GROW,
         .width = 16,
         .help = "what did not hold"},
    };
    const cJSON *row;
    struct section *s = doc_table(d, "levels", "Levels, in the order run", COLUMNS, ARRAY_LEN(COLUMNS));
    s->table.sort_column = -1;
    cJSON_ArrayForEach(row, part(search, "levels"))
    {
        struct row *r = doc_row(d, &s->table);
        for (size_t i = 0; i < 6; i++)
            r->cells[i] = cell_real(result_get_real(row, COLUMNS[i].key));
        r->cells[6] = cell_bool(cJSON_IsTrue(part(row, "held")));
        r->cells[7] = cell_text(doc_text(d, result_get_text(row, "reason")));
        r->severity = cJSON_IsTrue(part(row, "held")) ? SEVERITY_NONE : SEVERITY_WARN;
    }
}

static void degradation_section(struct doc *d, const cJSON *search)
{
    static const struct {
        const char *what, *text;
        enum unit unit;
    } KINDS[] = {{"latency_doubled", "p99 is twice that of the lowest level", UNIT_NS},
                 {"saturated", "less than 95 % is answered in time", UNIT_PER_S},
                 {"errors", "more than 0.1 % fails", UNIT_SHARE},
                 {"threshold", "a threshold does not hold", UNIT_NS}};
    static const struct column COLUMNS[] = {
        {.key = "what",
         .title = "What shows first",
         .flags = COLUMN_LEFT | COLUMN_GROW,
         .width = 38,
         .help = "in words"},
        {.key = "rate_per_s", .title = "From", .unit = UNIT_PER_S, .help = "the lowest level that showed it"},
        {.key = "value", .title = "Is", .flags = COLUMN_LEFT, .width = 10, .help = "the figure there"},
    };
    const cJSON *row, *list = part(search, "degradation");
    char buf[UNIT_TEXT_MAX];
    if (!cJSON_GetArraySize(list))
        return;
    struct section *s = doc_table(d, "degradation", "What degrades", COLUMNS, ARRAY_LEN(COLUMNS));
    s->table.sort_column = -1;
    cJSON_ArrayForEach(row, list)
    {
        struct row *r = doc_row(d, &s->table);
        for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
            if (!str_eq(result_get_text(row, "what"), KINDS[i].what))
                continue;
            bool threshold = str_eq(KINDS[i].what, "threshold"); /* of any unit: the levels say */
            r->cells[0] = cell_text(KINDS[i].text);
            r->cells[2] = cell_text(
                threshold ? "-"
                          : doc_text(d, unit_format(KINDS[i].unit, result_get_real(row, "value"), buf)));
        }
        r->cells[1] = cell_real(result_get_real(row, "rate_per_s"));
    }
}

/* ---- soak ---- */

static enum unit growth_unit(const char *name)
{
    if (str_starts(name, "latency_"))
        return UNIT_NS;
    if (str_eq(name, "error_share"))
        return UNIT_SHARE;
    return strstr(name, "bytes") ? UNIT_BYTES : UNIT_COUNT;
}

static struct cell figure_cell(struct doc *d, enum unit u, const cJSON *row, const char *key)
{
    char buf[UNIT_TEXT_MAX];
    double v = result_get_real(row, key);
    return isnan(v) ? cell_unknown() : cell_text(doc_text(d, unit_format(u, v, buf)));
}

static void growth_section(struct doc *d, const cJSON *list)
{
    static const struct column COLUMNS[] = {
        {.key = "name",
         .title = "What",
         .flags = COLUMN_LEFT | COLUMN_GROW,
         .width = 20,
         .help = "latency, errors, or a watched metric"},
        {.key = "first", .title = "First", .flags = COLUMN_LEFT, .width = 9, .help = "at the beginning"},
        {.key = "last", .title = "Last", .flags = COLUMN_LEFT, .width = 9, .help = "at the end"},
        {.key = "slope_per_h",
         .title = "An hour",
         .flags = COLUMN_LEFT,
         .width = 9,
         .help = "how much it grows in an hour"},
        {.key = "significant",
         .title = "Certain",
         .width = 7,
         .help = "the 99 % interval excludes 0, and it matters"},
        {.key = "limit", .title = "Limit", .flags = COLUMN_LEFT, .width = 9, .help = "of the scenario"},
        {.key = "reached_ns", .title = "Reached", .unit = UNIT_SINCE, .help = "after the start of the run"},
        {.key = "exhausted_in_ns",
         .title = "Out in",
         .unit = UNIT_SINCE,
         .help = "from the end of the run, at that slope"},
    };
    const cJSON *row;
    if (!cJSON_GetArraySize(list))
        return;
    struct section *s = doc_table(d, "growth", "What grows", COLUMNS, ARRAY_LEN(COLUMNS));
    s->table.sort_column = -1;
    cJSON_ArrayForEach(row, list)
    {
        const char *name = result_get_text(row, "name");
        enum unit u = growth_unit(name ? name : "");
        struct row *r = doc_row(d, &s->table);
        bool reached = cJSON_IsNumber(part(row, "reached_ns")),
             certain = cJSON_IsTrue(part(row, "significant"));
        r->cells[0] = cell_text(doc_text(d, name));
        for (size_t i = 1; i < 4; i++)
            r->cells[i] = figure_cell(d, u, row, COLUMNS[i].key);
        r->cells[4] = cJSON_IsBool(part(row, "significant")) ? cell_bool(certain) : cell_unknown();
        r->cells[5] = figure_cell(d, u, row, "limit");
        r->cells[6] = cell_real(result_get_real(row, "reached_ns"));
        r->cells[7] = cell_real(result_get_real(row, "exhausted_in_ns"));
        bool grows = certain && result_get_real(row, "slope_per_h") > 0;
        r->severity = reached || grows ? SEVERITY_BAD : SEVERITY_NONE;
    }
}

/* ---- over time ---- */

static void graph_section(struct doc *d, const cJSON *o, const char *key, const char *title, enum unit unit,
                          const char *const *lines)
{
    const cJSON *row, *series = part(o, "series");
    size_t n = (size_t)cJSON_GetArraySize(series), i;
    struct sd_error err;
    sd_time started = 0;
    const char *text = result_get_text(o, "started");
    char *seconds = text ? mem_strndup(text, strcspn(text, ".")) : mem_strdup("");
    char *moment = mem_printf("%sZ", seconds);
    if (!clock_parse(moment, 0, &started, &err))
        started = 0;
    free(moment);
    free(seconds);
    struct section *s = doc_section(d, SECTION_GRAPH, key, title);
    s->weight = 1;
    s->min_height = 3;
    s->graph =
        (struct graph){.from = started, .to = started + (sd_time)n * SD_S, .n_points = n, .unit = unit};
    for (; *lines; lines++) {
        struct graph_line *line = doc_line(d, &s->graph, *lines);
        line->whole = (double)NAN;
        i = 0;
        cJSON_ArrayForEach(row, series)
        {
            line->values[i++] = result_get_real(row, *lines);
        }
    }
}

void load_test_draw(struct doc *d, const cJSON *o)
{
    static const char *const LATENCY[] = {"p50_ns", "p99_ns", NULL}, *const RATE[] = {"planned", "answered",
                                                                                      "failed", NULL};
    thresholds_section(d, o);
    if (part(o, "search")) {
        levels_section(d, part(o, "search"));
        degradation_section(d, part(o, "search"));
    }
    growth_section(d, part(o, "growth"));
    if (cJSON_GetArraySize(part(o, "series")) < 2)
        return;
    graph_section(d, o, "latency_series", "Latency, by second of the intended start", UNIT_NS, LATENCY);
    graph_section(d, o, "rate_series", "Requests a second", UNIT_COUNT, RATE);
}
