/* slowdive check: KPIs, budgets and hops of a policy, budgets for builds, assertions about reports of
 * Lighthouse, runs before and after. */
#include "app/check_answer.h"
#include "app/check_policy.h"
#include "app/output.h"
#include "base/num.h"
#include "conf/yaml_json.h"
#include "core/goals/run_gate.h"
#include "core/model/bundles.h"
#include "core/model/pages.h"
#include "format/goals/budget_file.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LINES_MOST = 10000, BUILDS_MAX = 256, REPORTS_MAX = 100000 };

struct checking {
    struct app *app;
    struct budget_file file;
    bool has_file;
    double tolerance; /* a share; NAN: as the file says */
    double max_drop;  /* points */
    struct policy_run policy;
    struct check_list list;
    struct run_gate gate;
    bool gated;
    const struct sd_page_report **reports;
    size_t n_reports, n_builds;
};

/* ---- options ---- */

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

/* Of each item of the list that budgets are from. */
static void put_lines(struct budget_file *f, const int *lines, size_t n)
{
    for (size_t i = 0; i < f->n_budgets; i++)
        f->budgets[i].line = f->budgets[i].item < n ? lines[f->budgets[i].item] : 0;
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
    int lines[LINES_MOST];
    size_t known = ok && yaml ? yaml_item_lines(text, len, "budgets", lines, LINES_MOST) : 0;
    put_lines(f, lines, known);
    strbuf_free(&json);
    return ok;
}

static bool read_budgets(struct budget_file *f, struct policy_run *r, const char *path, struct sd_error *err)
{
    char *text = NULL;
    size_t len;
    *f = (struct budget_file){.n_budgets = 0};
    bool ok =
        file_read(path, BUDGET_FILE_MAX_BYTES, &text, &len, err) && parse_budgets(f, path, text, len, err);
    if (ok && f->signals)
        ok = policy_run_budgets(r, path, text, len, err);
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
    bool ok = read_budgets(&c->file, &c->policy, next, err);
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
static bool read_sources(struct app *a, const char *const *sources, size_t n, const struct past_use *use,
                         struct sd_error *err)
{
    if (!app_read(a, sources, n, use, err))
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

/* `file` NULL: the usual limits. */
static void check_build(struct checking *c, const struct bundle_build *b, const struct budget_file *file,
                        const char *path)
{
    const struct size_budget *budgets = file ? file->budgets : BUDGET_DEFAULTS;
    size_t n = file ? file->n_budgets : BUDGET_N_DEFAULTS, first = c->list.n;
    char *below = path ? folder_below(path, b->head->path) : NULL;
    struct budget_rules rules = {.tolerance = BUDGET_TOLERANCE, .below = below};
    if (file && isfinite(file->tolerance))
        rules.tolerance = file->tolerance;
    if (isfinite(c->tolerance))
        rules.tolerance = c->tolerance;
    size_budgets_check(budgets, n, b, &rules, &c->list);
    for (size_t i = first; i < c->list.n; i++)
        c->list.items[i].path = arena_strdup(c->list.arena, path);
    for (uint32_t i = 0; b->head->notes && i < b->head->notes->n; i++)
        if (b->head->notes->items[i])
            check_note(&c->list, "%s", b->head->notes->items[i]);
    free(below);
}

/* The budgets of sizes in the policy; without builds they are passed over, and said so. */
static bool check_sizes(struct checking *c, const struct bundle_build *const *b, struct sd_error *err)
{
    const struct goal_policy *p = c->policy.n ? c->policy.sides[0].policy : NULL;
    if (!p || !p->size_budgets || p == &c->policy.own)
        return true;
    struct budget_file file;
    struct sd_error why = {""};
    char *json = mem_printf("{\"budgets\": %s}", p->size_budgets);
    bool ok = budget_file_read(&file, "policy.json", json, strlen(json), &why);
    free(json);
    if (!ok)
        fail(err, "%.200s: %s", p->file, why.text);
    if (isfinite(p->size_tolerance))
        file.tolerance = p->size_tolerance;
    put_lines(&file, p->size_lines, SIZE_MAX);
    for (size_t i = 0; ok && i < c->n_builds; i++)
        check_build(c, b[i], &file, p->file);
    if (ok && !c->n_builds)
        check_note(&c->list, "no build was named, so the budgets of sizes of %s were not checked", p->file);
    budget_file_free(&file);
    return ok;
}

/* What was named has to fit what is asked of it. */
static bool fits(const struct checking *c, struct sd_error *err)
{
    const char *path = c->app->cli->values[CLI_BUDGET];
    bool compares = cli_has(c->app->cli, CLI_BASELINE), policy = policy_run_checks(&c->policy);
    if (!c->n_builds && !c->n_reports && !policy)
        return fail(
            err,
            "there is neither a build nor a report of Lighthouse in what was named, nor a KPI, budget or hop "
            "to check in a policy (--policy FILE, or ./slowdive-policy.yaml)");
    if (compares && !c->n_reports && !policy)
        return fail(err, "--baseline compares reports of Lighthouse, and none was named; slowdive bundle "
                         "--baseline compares builds");
    if (c->has_file && !c->n_reports && !c->file.n_budgets && !c->file.signals)
        return fail(err, "%.200s asserts reports of Lighthouse, and none was named", path);
    if (c->has_file && !c->n_builds && !c->file.assertions.n && !c->file.signals)
        return fail(err, "%.200s limits the sizes of builds, and none was named", path);
    if (!c->has_file && !c->n_builds && !compares && !policy)
        return fail(err,
                    "what to check of the reports? Name assertions with --budget, or runs to compare with "
                    "by --baseline");
    return true;
}

static bool check_all(struct checking *c, struct sd_error *err)
{
    const struct bundle_build *b[BUILDS_MAX];
    const char *path = c->app->cli->values[CLI_BUDGET];
    c->n_builds = model_bundles(c->app->model, INT64_MAX, b, ARRAY_LEN(b));
    c->reports = reports_of(c->app, &c->n_reports);
    if (!fits(c, err))
        return false;
    bool usual = !c->has_file && !c->policy.n;
    for (size_t i = 0; i < c->n_builds && (usual || (c->has_file && c->file.n_budgets)); i++)
        check_build(c, b[i], usual ? NULL : &c->file, usual ? NULL : path);
    for (size_t i = 0; c->has_file && i < c->file.n_notes; i++)
        check_note(&c->list, "%s", c->file.notes[i]);
    note_passed_over(c->app, &c->list);
    size_t first = c->list.n;
    bool ok = !c->has_file || !c->n_reports ||
              assertions_check(&c->file.assertions, c->reports, c->n_reports, &c->list, err);
    for (size_t i = first; ok && i < c->list.n; i++)
        c->list.items[i].path = arena_strdup(c->list.arena, path);
    return ok && check_sizes(c, b, err);
}

/* What --baseline names, read by itself: all of its data. */
static bool read_baseline(struct checking *c, struct sd_error *err)
{
    const char *source = c->app->cli->values[CLI_BASELINE];
    struct model_limits limits = MODEL_DEFAULTS;
    struct app *b = mem_alloc(sizeof *b);
    c->app->beside = b;
    limits.retention_ns = 0;
    if (!app_init(b, c->app->cli, &limits, err))
        return false;
    strbuf_clear(&b->problems); /* they were told of the other side */
    policy_run_listen(&c->policy, b, true);
    return read_sources(b, &source, 1, &(struct past_use){.whole = true}, err);
}

/* The gate is for reports; a policy compares what else there is. */
static bool compare_runs(struct checking *c, struct sd_error *err)
{
    size_t n;
    bool policy = policy_run_checks(&c->policy);
    const struct sd_page_report **before = reports_of(c->app->beside, &n);
    bool ok = true;
    if (n && c->n_reports)
        ok = run_gate(&c->gate, before, n, c->reports, c->n_reports,
                      isfinite(c->max_drop) ? c->max_drop : GATE_MAX_DROP, err);
    else if (!policy)
        ok = fail(err, "--baseline %.200s holds no report of Lighthouse", c->app->cli->values[CLI_BASELINE]);
    c->gated = c->gate.arena != NULL;
    free(before);
    return ok;
}

/* ---- the verb ---- */

static bool check(struct checking *c, struct sd_error *err)
{
    const struct cli *cli = c->app->cli;
    const char *path = cli->values[CLI_BUDGET];
    bool compares = cli_has(cli, CLI_BASELINE);
    if (path) {
        c->has_file = true;
        if (!read_budgets(&c->file, &c->policy, path, err) || !follow_budgets_file(c, path, err))
            return false;
    }
    policy_run_listen(&c->policy, c->app, false);
    if (!read_sources(c->app, cli->args, cli->n_args, &(struct past_use){.goals = true}, err) ||
        !check_all(c, err) || (compares && !(read_baseline(c, err) && compare_runs(c, err))) ||
        !policy_run_add(&c->policy, &c->list, err))
        return false;
    return c->list.n || c->gated ||
           fail(err,
                "there is nothing to check: no KPI with a target, no budget and no hop for what was named");
}

int verb_check(struct app *a)
{
    struct checking c = {.app = a};
    struct sd_error err = {""};
    if ((!check_format_known(a->cli) && !output_ready(a)) ||
        !percent_option(a->cli, CLI_TOLERANCE, "share of the limit in percent", &c.tolerance) ||
        !percent_option(a->cli, CLI_MAX_DROP, "number of points", &c.max_drop) ||
        !policy_run_begin(&c.policy, a))
        return EXIT_USAGE;
    if (!a->cli->n_args && !c.policy.n && !a->cli->values[CLI_BUDGET]) {
        complain("check needs a build, reports of Lighthouse or a policy: slowdive check [--policy FILE] "
                 "[--budget FILE] [SOURCE...]");
        return EXIT_USAGE;
    }
    check_list_init(&c.list);
    int status = EXIT_USAGE;
    if (check(&c, &err))
        status = check_answer(a, &c.list, c.gated ? &c.gate : NULL);
    if (signals_stop())
        status = 128 + signals_stop();
    else if (err.text[0] && status == EXIT_USAGE)
        complain("%s", err.text);
    check_list_free(&c.list);
    if (c.gated)
        run_gate_free(&c.gate);
    if (c.has_file)
        budget_file_free(&c.file);
    policy_run_free(&c.policy);
    free(c.reports);
    return status;
}
