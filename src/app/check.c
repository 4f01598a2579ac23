/* slowdive check: budgets for builds, assertions about reports of Lighthouse, runs before and after. */
#include "app/app.h"

#include "app/output.h"
#include "base/num.h"
#include "conf/yaml_json.h"
#include "core/goals/run_gate.h"
#include "core/model/bundles.h"
#include "core/model/pages.h"
#include "format/goals/budget_file.h"
#include "sink/print_verdicts.h"
#include "view/goals/checks.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { BUILDS_MAX = 256, REPORTS_MAX = 100000 };

/* Formats that only checks have. */
static const struct {
    const char *name;
    void (*print)(const struct verdict *v, size_t n, struct strbuf *out);
} OWN_FORMATS[] = {
    {.name = "junit", .print = print_junit},
    {.name = "github", .print = print_github},
};

struct checking {
    struct app *app;
    struct budget_file file;
    bool has_file;
    double tolerance; /* a share; NAN: as the file says */
    double max_drop;  /* points */
    struct check_list list;
    struct run_gate gate;
    bool gated;
    const struct sd_page_report **reports;
    size_t n_reports, n_builds;
};

/* ---- options ---- */

static int own_format(const struct cli *cli)
{
    for (size_t i = 0; i < ARRAY_LEN(OWN_FORMATS); i++)
        if (str_eq(cli->values[CLI_FORMAT], OWN_FORMATS[i].name))
            return (int)i;
    return -1;
}

/* A number from 0 to 100; NAN: not given. */
static bool percent_option(const struct cli *cli, enum cli_option o, const char *what, double *out)
{
    const char *text = cli->values[o];
    *out = (double)NAN;
    if (!text)
        return true;
    char *number = mem_strndup(text, strlen(text) - (*text && str_ends(text, "%")));
    bool ok = num_parse_real(number, out) && *out >= 0 && *out <= 100;
    free(number);
    if (!ok)
        complain("--%s %.60s is no %s; expected a number from 0 to 100", CLI_OPTION_INFO[o].name, text, what);
    return ok;
}

/* ---- the file of budgets ---- */

static bool is_yaml(const char *path)
{
    return str_ends(path, ".yml") || str_ends(path, ".yaml");
}

static bool parse_budgets(struct budget_file *f, const char *path, const char *text, size_t len,
                          struct sd_error *err)
{
    struct strbuf json = {0};
    struct sd_error why = {""};
    bool yaml = is_yaml(path);
    if (yaml && !yaml_to_json(path, text, len, &json, err)) {
        strbuf_free(&json);
        return false;
    }
    bool ok = budget_file_read(f, path, yaml ? strbuf_text(&json) : text, yaml ? json.len : len, &why);
    if (!ok)
        fail(err, "%.200s: %s", path, why.text);
    strbuf_free(&json);
    return ok;
}

static bool read_budgets(struct budget_file *f, const char *path, struct sd_error *err)
{
    char *text = NULL;
    size_t len;
    *f = (struct budget_file){.n_budgets = 0};
    bool ok =
        file_read(path, BUDGET_FILE_MAX_BYTES, &text, &len, err) && parse_budgets(f, path, text, len, err);
    free(text);
    return ok;
}

/* LHCI's configuration may leave its assertions to a budgets.json, named from the working directory or from
 * the configuration's own. */
static bool follow_budgets_file(struct checking *c, const char *path, struct sd_error *err)
{
    if (!c->file.budgets_file)
        return true;
    struct stat st;
    const char *slash = strrchr(path, '/');
    char *next = mem_strdup(c->file.budgets_file);
    if (stat(next, &st) != 0 && *next != '/' && slash) {
        free(next);
        next = mem_printf("%.*s/%s", (int)(slash - path), path, c->file.budgets_file);
    }
    budget_file_free(&c->file);
    bool ok = read_budgets(&c->file, next, err);
    if (ok && !c->file.assertions.n)
        ok = fail(err, "%.200s: budgetsFile names %.200s, which is no budgets.json", path, next);
    free(next);
    return ok;
}

/* ---- where the build's folder is, seen from the budgets' ---- */

static char *folder_of(const char *path)
{
    char whole[PATH_MAX];
    struct stat st;
    if (!realpath(path, whole))
        return NULL;
    if (stat(whole, &st) == 0 && !S_ISDIR(st.st_mode)) {
        char *slash = strrchr(whole, '/');
        slash[slash == whole] = 0;
    }
    return mem_strdup(whole);
}

/* "dist/", "" when it is the same folder; NULL: it is not below. */
static char *folder_below(const char *budgets, const char *build)
{
    char *top = folder_of(budgets), *folder = build ? folder_of(build) : NULL, *below = NULL;
    size_t len = top ? strlen(top) : 0;
    if (len == 1) /* the root */
        len = 0;
    if (top && folder && !strncmp(top, folder, len) && (folder[len] == '/' || !folder[len]))
        below = folder[len] ? mem_printf("%s/", folder + len + 1) : mem_strdup("");
    free(top);
    free(folder);
    return below;
}

/* ---- what was read ---- */

static bool still_measured(const struct app *a)
{
    const struct bundle_build *b[BUILDS_MAX];
    size_t n = model_bundles(a->model, INT64_MAX, b, ARRAY_LEN(b));
    for (size_t i = 0; i < n; i++)
        if (b[i]->head->measured == 0)
            return true;
    return false;
}

/* All sources to their end, and the compressed sizes of their builds. */
static bool read_sources(struct app *a, const char *const *sources, size_t n, struct sd_error *err)
{
    if (!app_read(a, sources, n, err))
        return false;
    while (still_measured(a) && !rt_finished(a->rt)) {
        if (!app_wait(a, 50 * SD_MS))
            return fail(err, "reading was stopped by a signal");
        app_drain(a, SD_S);
    }
    return true;
}

static const struct sd_page_report **reports_of(const struct app *a, size_t *n)
{
    size_t max = model_page_count(a->model, SD_PAGE_REPORT, INT64_MAX);
    struct page_report_entry *e = mem_array(max + 1, sizeof *e);
    const struct sd_page_report **r = mem_array(max + 1, sizeof *r);
    *n = model_page_reports(a->model, e, max);
    for (size_t i = 0; i < *n; i++)
        r[i] = e[i].r;
    free(e);
    return r;
}

/* What sources passed over: files of a folder that are no reports. */
static void note_passed_over(const struct app *a, struct check_list *l)
{
    struct intake_total in;
    model_intake(a->model, &in);
    for (size_t i = 0; i < in.n_notes; i++)
        check_note(l, "%s", in.notes[i]);
}

/* ---- the checks ---- */

static void check_build(struct checking *c, const struct bundle_build *b, const char *budget_path)
{
    const struct size_budget *budgets = c->has_file ? c->file.budgets : BUDGET_DEFAULTS;
    size_t n = c->has_file ? c->file.n_budgets : BUDGET_N_DEFAULTS;
    char *below = budget_path ? folder_below(budget_path, b->head->path) : NULL;
    struct budget_rules rules = {.tolerance = BUDGET_TOLERANCE, .below = below};
    if (c->has_file && isfinite(c->file.tolerance))
        rules.tolerance = c->file.tolerance;
    if (isfinite(c->tolerance))
        rules.tolerance = c->tolerance;
    size_budgets_check(budgets, n, b, &rules, &c->list);
    for (uint32_t i = 0; b->head->notes && i < b->head->notes->n; i++)
        if (b->head->notes->items[i])
            check_note(&c->list, "%s", b->head->notes->items[i]);
    free(below);
}

static bool check_all(struct checking *c, struct sd_error *err)
{
    const struct bundle_build *b[BUILDS_MAX];
    const char *path = c->app->cli->values[CLI_BUDGET];
    bool compares = cli_has(c->app->cli, CLI_BASELINE);
    c->n_builds = model_bundles(c->app->model, INT64_MAX, b, ARRAY_LEN(b));
    c->reports = reports_of(c->app, &c->n_reports);
    if (!c->n_builds && !c->n_reports)
        return fail(err, "there is neither a build nor a report of Lighthouse in what was named");
    if (compares && !c->n_reports)
        return fail(err, "--baseline compares reports of Lighthouse, and none was named; slowdive bundle "
                         "--baseline compares builds");
    if (c->has_file && !c->n_reports && !c->file.n_budgets)
        return fail(err, "%.200s asserts reports of Lighthouse, and none was named", path);
    if (c->has_file && !c->n_builds && !c->file.assertions.n)
        return fail(err, "%.200s limits the sizes of builds, and none was named", path);
    if (!c->has_file && !c->n_builds && !compares)
        return fail(err,
                    "what to check of the reports? Name assertions with --budget, or runs to compare with "
                    "by --baseline");
    for (size_t i = 0; i < c->n_builds && (!c->has_file || c->file.n_budgets); i++)
        check_build(c, b[i], path);
    for (size_t i = 0; c->has_file && i < c->file.n_notes; i++)
        check_note(&c->list, "%s", c->file.notes[i]);
    note_passed_over(c->app, &c->list);
    return !c->has_file || !c->n_reports ||
           assertions_check(&c->file.assertions, c->reports, c->n_reports, &c->list, err);
}

static bool compare_runs(struct checking *c, struct sd_error *err)
{
    const char *source = c->app->cli->values[CLI_BASELINE];
    struct model_limits limits = MODEL_DEFAULTS;
    struct app *b = mem_alloc(sizeof *b);
    size_t n;
    c->app->beside = b;
    limits.retention_ns = 0;
    if (!app_init(b, c->app->cli, &limits, err) || !read_sources(b, &source, 1, err))
        return false;
    const struct sd_page_report **before = reports_of(b, &n);
    bool ok = n ? run_gate(&c->gate, before, n, c->reports, c->n_reports,
                           isfinite(c->max_drop) ? c->max_drop : GATE_MAX_DROP, err)
                : fail(err, "--baseline %.200s holds no report of Lighthouse", source);
    c->gated = c->gate.arena != NULL;
    free(before);
    return ok;
}

/* ---- the answer ---- */

static bool failed(const struct checking *c)
{
    return c->list.count[CHECK_FAIL] || (c->gated && (c->gate.dropped || c->gate.status == GATE_REGRESSION));
}

static enum verdict_kind kind_of(enum check_status s)
{
    static const enum verdict_kind KINDS[] = {[CHECK_PASS] = VERDICT_PASSED,
                                              [CHECK_WARN] = VERDICT_WARNED,
                                              [CHECK_FAIL] = VERDICT_FAILED,
                                              [CHECK_SKIP] = VERDICT_SKIPPED};
    return KINDS[s];
}

static enum verdict_kind kind_of_gate(enum gate_status s)
{
    return s == GATE_REGRESSION ? VERDICT_FAILED : s == GATE_UNDECIDED ? VERDICT_SKIPPED : VERDICT_PASSED;
}

static const char *metric_text(struct arena *a, const struct gate_metric *m)
{
    const char *unit = m->plain ? "" : " ms";
    int digits = m->plain ? 3 : 0;
    if (!isfinite(m->difference))
        return arena_printf(a, "%s is not in the runs of both sides, on %s", m->metric, m->page);
    return arena_printf(a, "%s went from %.*f%s to %.*f%s: a change between %.*f and %.*f%s, on %s",
                        m->metric, digits, m->before, unit, digits, m->after, unit, digits, m->low, digits,
                        m->high, unit, m->page);
}

/* What failed comes first: the gate's metrics and categories, then the checks in their order. */
static int print_verdicts(const struct checking *c, int format)
{
    size_t n = 0, most = c->list.n + (c->gated ? c->gate.n_metrics + c->gate.n_categories : 0);
    struct verdict *v = mem_array(most + 1, sizeof *v);
    struct arena *a = arena_new();
    struct strbuf out = {0};
    for (size_t i = 0; c->gated && i < c->gate.n_metrics; i++) {
        const struct gate_metric *m = &c->gate.metrics[i];
        v[n++] = (struct verdict){.name = arena_printf(a, "gate %s", m->metric),
                                  .kind = kind_of_gate(m->status),
                                  .text = metric_text(a, m)};
    }
    for (size_t i = 0; c->gated && i < c->gate.n_categories; i++) {
        const struct gate_category *g = &c->gate.categories[i];
        v[n++] = (struct verdict){
            .name = arena_printf(a, "category %s", g->category),
            .kind = kind_of_gate(g->status),
            .text = arena_printf(a, "%s fell by %g points, on %s", g->category, g->drop, g->page)};
    }
    for (size_t i = 0; i < c->list.n; i++)
        v[n++] = (struct verdict){.name = c->list.items[i].name,
                                  .kind = kind_of(c->list.items[i].status),
                                  .text = c->list.items[i].message};
    OWN_FORMATS[format].print(v, n, &out);
    bool ok = output_text(strbuf_text(&out));
    strbuf_free(&out);
    arena_free(a);
    free(v);
    return ok ? EXIT_FINE : EXIT_USAGE;
}

static int answer(struct checking *c)
{
    int format = own_format(c->app->cli), status;
    check_list_sort(&c->list);
    if (format >= 0) {
        status = print_verdicts(c, format);
    } else {
        struct doc *d = checks_doc(&c->list, c->gated ? &c->gate : NULL);
        status = output_doc(c->app, d);
        doc_free(d);
    }
    return status == EXIT_FINE && failed(c) ? EXIT_CHECK : status;
}

/* ---- the verb ---- */

static bool check(struct checking *c, struct sd_error *err)
{
    const struct cli *cli = c->app->cli;
    const char *path = cli->values[CLI_BUDGET];
    if (path) {
        c->has_file = true;
        if (!read_budgets(&c->file, path, err) || !follow_budgets_file(c, path, err))
            return false;
    }
    if (!read_sources(c->app, cli->args, cli->n_args, err) || !check_all(c, err))
        return false;
    return !cli_has(cli, CLI_BASELINE) || compare_runs(c, err);
}

int verb_check(struct app *a)
{
    struct checking c = {.app = a};
    struct sd_error err = {""};
    if ((own_format(a->cli) < 0 && !output_ready(a)) ||
        !percent_option(a->cli, CLI_TOLERANCE, "share of the limit in percent", &c.tolerance) ||
        !percent_option(a->cli, CLI_MAX_DROP, "number of points", &c.max_drop))
        return EXIT_USAGE;
    if (!a->cli->n_args) {
        complain("check needs a build, or reports of Lighthouse: slowdive check [--budget FILE] SOURCE...");
        return EXIT_USAGE;
    }
    check_list_init(&c.list);
    int status = check(&c, &err) ? answer(&c) : EXIT_USAGE;
    if (signals_stop())
        status = 128 + signals_stop();
    else if (err.text[0] && status == EXIT_USAGE)
        complain("%s", err.text);
    check_list_free(&c.list);
    if (c.gated)
        run_gate_free(&c.gate);
    if (c.has_file)
        budget_file_free(&c.file);
    free(c.reports);
    return status;
}
