#include "app/check_answer.h"

#include "app/output.h"
#include "sink/print_verdicts.h"
#include "view/goals/checks.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct verdicts {
    struct arena *arena;
    struct verdict *items;
    size_t n;
    const char *const *notes;
    size_t n_notes;
    struct verdict_place place;
};

/* ---- the formats ---- */

static void junit(const struct verdicts *v, struct strbuf *out)
{
    print_junit(v->items, v->n, out);
}

static void github(const struct verdicts *v, struct strbuf *out)
{
    print_github(v->items, v->n, out);
}

static void gitlab(const struct verdicts *v, struct strbuf *out)
{
    print_gitlab(v->items, v->n, &v->place, out);
}

static void sarif(const struct verdicts *v, struct strbuf *out)
{
    print_sarif(v->items, v->n, &v->place, out);
}

static void md(const struct verdicts *v, struct strbuf *out)
{
    print_verdicts_md(v->items, v->n, v->notes, v->n_notes, out);
}

/* Those that only checks have; and Markdown, which is made for a pull request. */
static const struct {
    const char *name;
    void (*print)(const struct verdicts *v, struct strbuf *out);
} OWN_FORMATS[] = {{.name = "junit", .print = junit},
                   {.name = "github", .print = github},
                   {.name = "gitlab", .print = gitlab},
                   {.name = "sarif", .print = sarif},
                   {.name = "md", .print = md}};

static int own_format(const struct cli *cli)
{
    for (size_t i = 0; i < ARRAY_LEN(OWN_FORMATS); i++)
        if (str_eq(cli->values[CLI_FORMAT], OWN_FORMATS[i].name))
            return (int)i;
    return -1;
}

bool check_format_known(const struct cli *cli)
{
    return own_format(cli) >= 0;
}

/* ---- verdicts ---- */

static enum verdict_kind kind_of(enum check_status s)
{
    static const enum verdict_kind KINDS[] = {[CHECK_PASS] = VERDICT_PASSED,
                                              [CHECK_WARN] = VERDICT_WARNED,
                                              [CHECK_FAIL] = VERDICT_FAILED,
                                              [CHECK_SKIP] = VERDICT_SKIPPED,
                                              [CHECK_MISSING] = VERDICT_MISSING};
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

static void add_gate(struct verdicts *v, const struct run_gate *gate)
{
    for (size_t i = 0; i < gate->n_metrics; i++) {
        const struct gate_metric *m = &gate->metrics[i];
        v->items[v->n++] = (struct verdict){.name = arena_printf(v->arena, "gate %s", m->metric),
                                            .kind = kind_of_gate(m->status),
                                            .about = m->page,
                                            .subject = m->page,
                                            .text = metric_text(v->arena, m)};
    }
    for (size_t i = 0; i < gate->n_categories; i++) {
        const struct gate_category *g = &gate->categories[i];
        v->items[v->n++] = (struct verdict){
            .name = arena_printf(v->arena, "category %s", g->category),
            .kind = kind_of_gate(g->status),
            .about = g->page,
            .subject = g->page,
            .text = arena_printf(v->arena, "%s fell by %g points, on %s", g->category, g->drop, g->page)};
    }
}

/* What tells it from its namesakes, in every run: of a hop not the endpoint, which is the slowest of today.
 */
static const char *about_of(struct arena *a, const struct check *c)
{
    if (c->kind)
        return arena_printf(a, "%s %s", c->kind, c->subject && !str_eq(c->kind, "hop") ? c->subject : "");
    return arena_printf(a, "%s %s %s", c->metric ? c->metric : "", c->assertion ? c->assertion : "",
                        c->url ? c->url : "");
}

static void add_check(struct verdicts *v, const struct check *c)
{
    v->items[v->n++] = (struct verdict){.name = c->name,
                                        .kind = kind_of(c->status),
                                        .text = check_sentence(c),
                                        .about = about_of(v->arena, c),
                                        .subject = c->kind  ? c->subject
                                                   : c->url ? c->url
                                                            : c->source,
                                        .value = check_value_text(v->arena, c),
                                        .limit = check_limit_text(v->arena, c),
                                        .path = c->path,
                                        .line = c->line};
}

/* Where a check is that stands in no file: the policy, the file of budgets, what was checked. */
static const char *usual_path(const struct app *a)
{
    const struct cli *cli = a->cli;
    return cli->values[CLI_BUDGET]  ? cli->values[CLI_BUDGET]
           : a->config->policy.file ? a->config->policy.file
           : cli->n_args            ? cli->args[0]
                                    : "slowdive-policy.yaml";
}

/* What failed comes first: the gate's metrics and categories, then the checks in their order. */
static int print_verdicts(const struct app *a, const struct check_list *l, const struct run_gate *gate,
                          int format)
{
    char folder[PATH_MAX];
    size_t most = l->n + (gate ? gate->n_metrics + gate->n_categories : 0);
    struct verdicts v = {.arena = arena_new(),
                         .items = mem_array(most + 1, sizeof *v.items),
                         .notes = l->notes,
                         .n_notes = l->n_notes,
                         .place = {.folder = getcwd(folder, sizeof folder), .usual = usual_path(a)}};
    struct strbuf out = {0};
    if (gate)
        add_gate(&v, gate);
    for (size_t i = 0; i < l->n; i++)
        add_check(&v, &l->items[i]);
    OWN_FORMATS[format].print(&v, &out);
    bool ok = output_made(a, &out);
    strbuf_free(&out);
    free(v.items);
    arena_free(v.arena);
    return ok ? EXIT_FINE : EXIT_USAGE;
}

int check_answer(const struct app *a, struct check_list *l, const struct run_gate *gate)
{
    int format = own_format(a->cli), status;
    bool failed = l->count[CHECK_FAIL] || l->count[CHECK_MISSING] ||
                  (gate && (gate->dropped || gate->status == GATE_REGRESSION));
    check_list_sort(l);
    if (format >= 0) {
        status = print_verdicts(a, l, gate, format);
    } else {
        struct doc *d = checks_doc(l, gate);
        status = output_doc(a, d);
        doc_free(d);
    }
    return status == EXIT_FINE && failed ? EXIT_CHECK : status;
}
