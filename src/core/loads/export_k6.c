#include "core/loads/export_k6.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "core/loads/template.h"

/* ---- literals ---- */

static void put_unit(struct strbuf *out, unsigned unit)
{
    strbuf_printf(out, "\\u%04x", unit);
}

void load_export_literal(struct strbuf *out, const char *text, size_t n)
{
    strbuf_char(out, '"');
    for (size_t i = 0; i < n;) {
        uint32_t code = (unsigned char)text[i];
        size_t step = code < 0x80 ? 1 : utf8_decode(text + i, n - i, &code);
        i += step ? step : 1;
        if (!step)
            code = 0xfffd;
        if (code >= ' ' && code < 0x7f && !strchr("\"\\'`$<>&", (int)code))
            strbuf_char(out, (char)code);
        else if (code < 0x10000)
            put_unit(out, code);
        else {
            put_unit(out, 0xd800 + ((code - 0x10000) >> 10));
            put_unit(out, 0xdc00 + ((code - 0x10000) & 0x3ff));
        }
    }
    strbuf_char(out, '"');
}

static void literal(struct strbuf *out, const char *text)
{
    load_export_literal(out, text, strlen(text));
}

/* A text with holes as an expression of (seq, user): literals and values, added. */
static void template(struct strbuf *out, const struct load_scenario *s, const char *text)
{
    struct load_piece piece;
    bool first = true;
    strbuf_str(out, "(seq, user) => ");
    for (const char *p = text; load_piece_next(&p, &piece); first = false) {
        strbuf_str(out, !first ? " + " : piece.kind == LOAD_PIECE_TEXT ? "" : "\"\" + ");
        if (piece.kind == LOAD_PIECE_SEQ) {
            strbuf_str(out, "seq");
            continue;
        }
        if (piece.kind == LOAD_PIECE_TEXT) {
            load_export_literal(out, piece.text, piece.len);
            continue;
        }
        size_t c = 0;
        const struct load_credentials *users = &s->credentials;
        while (c < users->n_columns &&
               (strncmp(users->columns[c], piece.text, piece.len) != 0 || users->columns[c][piece.len]))
            c++;
        if (c < users->n_columns)
            strbuf_printf(out, "user[%zu]", c);
        else
            strbuf_str(out, "\"\"");
    }
    if (first)
        strbuf_str(out, "\"\"");
}

/* A number as JavaScript reads it: as few digits as give it back. */
static void number(struct strbuf *out, double x)
{
    char text[32];
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, x);
        double back = 0;
        if (sscanf(text, "%lf", &back) == 1 && back == x)
            break;
    }
    strbuf_str(out, text);
}

/* "5s", "1500ms": k6 reads durations of Go. */
static void duration(struct strbuf *out, int64_t ns)
{
    static const struct {
        int64_t ns;
        const char *name;
    } UNITS[] = {{SD_S, "s"}, {SD_MS, "ms"}, {1000, "us"}, {1, "ns"}};
    size_t i = 0;
    while (ns % UNITS[i].ns)
        i++;
    strbuf_printf(out, "\"%lld%s\"", (long long)(ns / UNITS[i].ns), UNITS[i].name);
}

/* ---- requests ---- */

/* Headers of one name are one: JavaScript keeps one value of a key. */
static void headers(struct strbuf *out, const struct load_scenario *s, const struct scenario_request *r)
{
    strbuf_str(out, "    headers: [\n");
    for (size_t i = 0; i < r->n_headers; i++) {
        const char *line = r->headers[i], *colon = strchr(line, ':');
        const char *value = colon ? colon + 1 + strspn(colon + 1, " ") : "";
        strbuf_str(out, "      [");
        load_export_literal(out, line, colon ? (size_t)(colon - line) : strlen(line));
        strbuf_str(out, ", ");
        template(out, s, value);
        strbuf_str(out, "],\n");
    }
    strbuf_str(out, "    ],\n");
}

static void requests(struct strbuf *out, const struct load_scenario *s)
{
    strbuf_str(out, "\nconst REQUESTS = [\n");
    for (size_t i = 0; i < s->n_requests; i++) {
        const struct scenario_request *r = &s->requests[i];
        strbuf_str(out, "  {\n    name: ");
        literal(out, r->name);
        strbuf_str(out, ",\n    weight: ");
        number(out, r->weight);
        strbuf_str(out, ",\n    method: ");
        literal(out, r->method);
        strbuf_str(out, ",\n    path: ");
        template(out, s, r->path);
        strbuf_str(out, ",\n");
        headers(out, s, r);
        strbuf_str(out, "    body: ");
        if (r->body)
            template(out, s, r->body);
        else
            strbuf_str(out, "() => null");
        strbuf_str(out, ",\n  },\n");
    }
    strbuf_str(out, "];\n");
}

static void sequences(struct strbuf *out, const struct load_scenario *s)
{
    strbuf_str(
        out,
        "\n// Each iteration is one sequence: requests in this order, with the pause behind each in seconds; "
        "null: as all.\nconst SEQUENCES = [\n");
    for (size_t i = 0; i < s->n_sequences; i++) {
        const struct load_sequence *q = &s->sequences[i];
        strbuf_str(out, "  { weight: ");
        number(out, q->weight);
        strbuf_str(out, ", steps: [");
        for (size_t k = 0; k < q->n_steps; k++) {
            strbuf_printf(out, "%s[%u, ", k ? ", " : "", (unsigned)q->steps[k].request);
            if (sd_known(q->steps[k].think_ns))
                number(out, (double)q->steps[k].think_ns / 1e9);
            else
                strbuf_str(out, "null");
            strbuf_char(out, ']');
        }
        strbuf_str(out, "] },\n");
    }
    strbuf_str(out, "];\n");
}

static void credentials(struct strbuf *out, const struct load_scenario *s)
{
    const struct load_credentials *c = &s->credentials;
    if (!c->n_rows)
        return;
    strbuf_str(out, "\n// Rows of the credentials: this script holds secrets.\n"
                    "const USERS = new SharedArray(\"users\", () => [\n");
    for (size_t row = 0; row < c->n_rows; row++) {
        strbuf_str(out, "  [");
        for (size_t i = 0; i < c->n_columns; i++) {
            strbuf_str(out, i ? ", " : "");
            literal(out, c->cells[row * c->n_columns + i]);
        }
        strbuf_str(out, "],\n");
    }
    strbuf_str(out, "]);\n");
}

/* ---- the schedule ---- */

/* Rates of k6 are whole numbers in a unit of time: the shortest unit, from a second, in which all are. */
static int64_t rate_unit(const struct load_scenario *s)
{
    static const int64_t SECONDS[] = {1, 2, 4, 5, 8, 10, 20, 25, 50, 60, 100, 1000, 3600};
    for (size_t u = 0; u < sizeof SECONDS / sizeof *SECONDS; u++) {
        bool whole = true;
        for (size_t i = 0; i < s->n_stages && whole; i++) {
            double from = s->stages[i].from * (double)SECONDS[u], to = s->stages[i].to * (double)SECONDS[u];
            whole = fabs(from - round(from)) < 1e-6 && fabs(to - round(to)) < 1e-6;
        }
        if (whole)
            return SECONDS[u];
    }
    return 1000;
}

static bool is_constant(const struct load_scenario *s)
{
    for (size_t i = 0; i < s->n_stages; i++)
        if (s->stages[i].from != s->stages[0].from || s->stages[i].to != s->stages[0].from)
            return false;
    return true;
}

/* "[{target: 100, duration: "10s"}, ...]"; a jump between two stages is a stage without duration. */
static void stages(struct strbuf *out, const struct load_scenario *s, int64_t unit)
{
    strbuf_str(out, "      stages: [\n");
    for (size_t i = 0; i < s->n_stages; i++) {
        const struct load_stage *g = &s->stages[i];
        if (i && g->from != s->stages[i - 1].to)
            strbuf_printf(out, "        { target: %.0f, duration: \"0s\" },\n",
                          round(g->from * (double)unit));
        strbuf_printf(out, "        { target: %.0f, duration: ", round(g->to * (double)unit));
        duration(out, g->for_ns);
        strbuf_str(out, " },\n");
    }
    strbuf_str(out, "      ],\n");
}

static void executor(struct strbuf *out, const struct load_scenario *s)
{
    bool open = s->model == LOAD_OPEN, constant = is_constant(s);
    int64_t unit = open ? rate_unit(s) : 1, whole = 0;
    for (size_t i = 0; i < s->n_stages; i++)
        whole += s->stages[i].for_ns;
    strbuf_printf(out, "      executor: \"%s-%s\",\n", constant ? "constant" : "ramping",
                  open ? "arrival-rate" : "vus");
    if (open && constant)
        strbuf_printf(out, "      rate: %.0f,\n", round(s->stages[0].from * (double)unit));
    else if (open)
        strbuf_printf(out, "      startRate: %.0f,\n", round(s->stages[0].from * (double)unit));
    else
        strbuf_printf(out, "      %s: %.0f,\n", constant ? "vus" : "startVUs", round(s->stages[0].from));
    if (open)
        strbuf_printf(out, "      timeUnit: \"%llds\",\n      preAllocatedVUs: %lld,\n      maxVUs: %lld,\n",
                      (long long)unit, (long long)s->connections, (long long)s->connections);
    if (constant) {
        strbuf_str(out, "      duration: ");
        duration(out, whole);
        strbuf_str(out, ",\n");
    } else {
        stages(out, s, unit);
    }
    if (!open && !constant) {
        strbuf_str(out, "      gracefulRampDown: ");
        duration(out, s->timeout_ns);
        strbuf_str(out, ",\n");
    }
    strbuf_str(out, "      gracefulStop: ");
    duration(out, s->timeout_ns);
    strbuf_str(out, ",\n");
}

/* ---- thresholds ---- */

/* In the selector of a threshold k6 parts tags at commas and braces. */
static bool plain_name(const char *name)
{
    static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./";
    return *name && strspn(name, PLAIN) == strlen(name);
}

/* The metric of k6: "http_req_duration{name:order}". */
static void metric(struct strbuf *out, const struct load_scenario *s, const struct load_threshold *t)
{
    struct strbuf tags = {0}, text = {0};
    strbuf_str(&text, load_metric_is_duration(t->metric)     ? "http_req_duration"
                      : t->metric == LOAD_METRIC_ERROR_SHARE ? "http_req_failed"
                                                             : "http_reqs");
    if (t->metric == LOAD_METRIC_OK_PER_S)
        strbuf_str(&tags, "expected_response:true");
    if (t->request >= 0) {
        const char *name = s->requests[t->request].name;
        strbuf_str(&tags, tags.len ? "," : "");
        if (plain_name(name))
            strbuf_printf(&tags, "name:%s", name);
        else
            strbuf_printf(&tags, "request:%d", t->request);
    }
    if (tags.len)
        strbuf_printf(&text, "{%s}", strbuf_text(&tags));
    literal(out, strbuf_text(&text));
    strbuf_free(&tags);
    strbuf_free(&text);
}

static void condition(struct strbuf *out, const struct load_threshold *t)
{
    static const char *const AGGREGATES[] = {
        [LOAD_METRIC_MIN] = "min",       [LOAD_METRIC_MEAN] = "avg",
        [LOAD_METRIC_P50] = "p(50)",     [LOAD_METRIC_P75] = "p(75)",
        [LOAD_METRIC_P90] = "p(90)",     [LOAD_METRIC_P95] = "p(95)",
        [LOAD_METRIC_P99] = "p(99)",     [LOAD_METRIC_P999] = "p(99.9)",
        [LOAD_METRIC_MAX] = "max",       [LOAD_METRIC_ERROR_SHARE] = "rate",
        [LOAD_METRIC_OK_PER_S] = "rate", [LOAD_METRIC_RATE_SENT_PER_S] = "rate"};
    /* Nothing here is text of the scenario: '<' may stand as it is. */
    strbuf_printf(out, "\"%s%s", AGGREGATES[t->metric], load_relation_text(t->relation));
    number(out, load_metric_is_duration(t->metric) ? t->limit / 1e6 : t->limit);
    strbuf_char(out, '"');
}

static bool same_metric(const struct load_threshold *a, const struct load_threshold *b)
{
    bool both_durations = load_metric_is_duration(a->metric) && load_metric_is_duration(b->metric);
    return a->request == b->request && (both_durations || a->metric == b->metric);
}

static void thresholds(struct strbuf *out, const struct load_scenario *s)
{
    strbuf_str(out, "  thresholds: {\n");
    for (size_t i = 0; i < s->n_thresholds; i++) {
        bool before = false, first = true;
        for (size_t k = 0; k < i; k++)
            before = before || same_metric(&s->thresholds[k], &s->thresholds[i]);
        if (before)
            continue;
        strbuf_str(out, "    ");
        metric(out, s, &s->thresholds[i]);
        strbuf_str(out, ": [");
        for (size_t k = i; k < s->n_thresholds; k++)
            if (same_metric(&s->thresholds[k], &s->thresholds[i])) {
                strbuf_str(out, first ? "" : ", ");
                condition(out, &s->thresholds[k]);
                first = false;
            }
        strbuf_str(out, "],\n");
    }
    strbuf_str(out, "  },\n");
}

/* ---- all ---- */

/* Those that k6 takes for good unless it is told. */
static bool usual_statuses(const struct load_scenario *s)
{
    for (int status = 200; status < 600; status++)
        if (load_status_fails(s, status) != (status >= 400))
            return false;
    return true;
}

/* Statuses that do not count as failed. */
static void expected_statuses(struct strbuf *out, const struct load_scenario *s)
{
    bool first = true;
    if (usual_statuses(s))
        return;
    strbuf_str(out, "\n// Which answers have failed; a request without an answer always has.\n"
                    "http.setResponseCallback(http.expectedStatuses(");
    for (int from = 100; from < 600;) {
        int to = from;
        while (to < 600 && !load_status_fails(s, to))
            to++;
        if (to > from) {
            strbuf_printf(out, "%s{ min: %d, max: %d }", first ? "" : ", ", from, to - 1);
            first = false;
        }
        from = to + 1;
    }
    strbuf_str(out, first ? "999));\n" : "));\n");
}

static void options(struct strbuf *out, const struct load_scenario *s)
{
    strbuf_str(out, "\nexport const options = {\n  scenarios: {\n    load: {\n");
    executor(out, s);
    strbuf_str(out, "    },\n  },\n");
    thresholds(out, s);
    strbuf_str(out,
               "  summaryTrendStats: [\"avg\", \"min\", \"med\", \"max\", \"p(75)\", \"p(90)\", \"p(95)\", "
               "\"p(99)\", \"p(99.9)\", \"count\"],\n"
               "  discardResponseBodies: true,\n  maxRedirects: 0,\n");
    if (s->insecure)
        strbuf_str(out, "  insecureSkipTLSVerify: true,\n");
    strbuf_str(out, "};\n");
}

static void think(struct strbuf *out, const struct load_scenario *s)
{
    const struct load_think *t = &s->think;
    double sigma = t->median_ns > 0 ? log((double)t->p95_ns / (double)t->median_ns) / 1.6448536269514722 : 0;
    if (s->model == LOAD_OPEN)
        return;
    strbuf_str(out, "\nfunction think() {\n");
    if (t->median_ns > 0 && sigma > 0) {
        strbuf_str(out, "  // Lognormal, by its median and 95th percentile.\n"
                        "  const normal = Math.sqrt(-2 * Math.log(1 - Math.random())) * "
                        "Math.cos(2 * Math.PI * Math.random());\n  sleep(");
        number(out, (double)t->median_ns / 1e9);
        strbuf_str(out, " * Math.exp(");
        number(out, sigma);
        strbuf_str(out, " * normal));\n");
    } else if (t->median_ns > 0) {
        strbuf_str(out, "  sleep(");
        number(out, (double)t->median_ns / 1e9);
        strbuf_str(out, ");\n");
    }
    strbuf_str(out, "}\n");
}

static void main_function(struct strbuf *out, const struct load_scenario *s)
{
    size_t longest = 1;
    for (size_t i = 0; i < s->n_sequences; i++)
        longest = s->sequences[i].n_steps > longest ? s->sequences[i].n_steps : longest;
    strbuf_str(out, "\nfunction choose(list) {\n"
                    "  let at = Math.random() * list.reduce((sum, one) => sum + one.weight, 0);\n"
                    "  for (const one of list) {\n    at -= one.weight;\n    if (at < 0) return one;\n  }\n"
                    "  return list[list.length - 1];\n}\n"
                    "\nfunction send(request, seq) {\n");
    strbuf_str(out, s->credentials.n_rows ? "  const user = USERS[(exec.vu.idInTest - 1) % USERS.length];\n"
                                          : "  const user = [];\n");
    strbuf_str(
        out,
        "  const headers = {};\n"
        "  for (const [name, value] of request.headers) {\n"
        "    const before = headers[name];\n"
        "    headers[name] = before === undefined ? value(seq, user) : before + \", \" + value(seq, user);\n"
        "  }\n"
        "  http.request(request.method, TARGET + request.path(seq, user), request.body(seq, user), {\n"
        "    headers,\n    timeout: ");
    duration(out, s->timeout_ns);
    strbuf_str(out,
               ",\n    redirects: 0,\n"
               "    tags: { name: request.name, request: String(REQUESTS.indexOf(request)) },\n  });\n}\n"
               "\nexport default function () {\n");
    if (s->n_sequences) {
        strbuf_printf(out,
                      "  const steps = choose(SEQUENCES).steps;\n"
                      "  steps.forEach(([request, pause], i) => {\n"
                      "    send(REQUESTS[request], exec.scenario.iterationInTest * %zu + i);\n"
                      "    if (pause === null) think();\n    else sleep(pause);\n  });\n",
                      longest);
    } else {
        strbuf_str(out, "  send(choose(REQUESTS), exec.scenario.iterationInTest);\n");
        strbuf_str(out, s->model == LOAD_CLOSED ? "  think();\n" : "");
    }
    strbuf_str(out, "}\n");
}

/* What k6 does otherwise than load run. */
static void differences(struct strbuf *out, const struct load_scenario *s)
{
    strbuf_str(out, "// Written by slowdive load export. TARGET=URL k6 run FILE sends it elsewhere.\n");
    if (s->warmup_ns > 0)
        strbuf_str(out, "// k6 counts the warm-up, too.\n");
    if (s->model == LOAD_OPEN && s->arrivals == LOAD_POISSON)
        strbuf_str(out, "// k6 has even arrivals only: the scenario's are random (poisson).\n");
    if (s->kind == LOAD_SPIKE)
        strbuf_str(out, "// k6 does not judge the recovery after the spike.\n");
    if (s->kind == LOAD_SOAK)
        strbuf_str(out, "// k6 does not watch the growth of metrics.\n");
    if (s->model == LOAD_OPEN)
        strbuf_str(out, "// Latency counts from the send: where no VU is free k6 drops the iteration "
                        "(dropped_iterations).\n");
}

bool load_export_k6(const struct load_scenario *s, struct strbuf *out, struct sd_error *err)
{
    if (s->kind == LOAD_SEARCH || s->kind == LOAD_LIMITS || !s->n_stages)
        return fail(
            err,
            "a test of the kind %s decides as it goes what it sends, which k6 cannot: export a scenario "
            "with stages",
            load_kind_name(s->kind));
    differences(out, s);
    strbuf_str(out, "import http from \"k6/http\";\nimport exec from \"k6/execution\";\n");
    if (s->model == LOAD_CLOSED)
        strbuf_str(out, "import { sleep } from \"k6\";\n");
    if (s->credentials.n_rows)
        strbuf_str(out, "import { SharedArray } from \"k6/data\";\n");
    strbuf_str(out, "\nconst TARGET = (__ENV.TARGET || ");
    literal(out, s->target);
    strbuf_str(out, ").replace(/\\/+$/, \"\");\n");
    options(out, s);
    expected_statuses(out, s);
    credentials(out, s);
    requests(out, s);
    if (s->n_sequences)
        sequences(out, s);
    think(out, s);
    main_function(out, s);
    return true;
}

/* ---- the operator ---- */

/* A name that Kubernetes takes, from the file's: "Shop peak.yaml" is load-shop-peak. */
static void object_name(const char *file, char out[LOAD_EXPORT_NAME_MAX + 8])
{
    const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
    char name[LOAD_EXPORT_NAME_MAX + 1];
    size_t end = strcspn(base, "."), n = 0;
    for (size_t i = 0; i < end && n < LOAD_EXPORT_NAME_MAX; i++) {
        char c = base[i];
        bool upper = c >= 'A' && c <= 'Z', fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (upper || fine)
            name[n++] = (char)(upper ? c | 0x20 : c);
        else if (n && name[n - 1] != '-')
            name[n++] = '-';
    }
    while (n && name[n - 1] == '-')
        n--;
    snprintf(out, LOAD_EXPORT_NAME_MAX + 8, "load%s%.*s", n ? "-" : "", (int)n, name);
}

bool load_export_operator(const struct load_scenario *s, int64_t parallelism, struct strbuf *out,
                          struct sd_error *err)
{
    char name[LOAD_EXPORT_NAME_MAX + 8];
    struct strbuf script = {0};
    if (!load_export_k6(s, &script, err)) {
        strbuf_free(&script);
        return false;
    }
    object_name(s->file ? s->file : "", name);
    strbuf_printf(out, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %s\ndata:\n  %s.js: |\n", name,
                  name);
    for (const char *line = strbuf_text(&script); *line;) {
        size_t n = strcspn(line, "\n");
        if (n)
            strbuf_str(out, "    ");
        strbuf_add(out, line, n + (line[n] == '\n'));
        line += n + (line[n] == '\n');
    }
    strbuf_printf(out,
                  "---\napiVersion: k6.io/v1alpha1\nkind: TestRun\nmetadata:\n  name: %s\nspec:\n"
                  "  parallelism: %lld\n  script:\n    configMap:\n      name: %s\n      file: %s.js\n",
                  name, (long long)parallelism, name, name);
    strbuf_free(&script);
    return true;
}
