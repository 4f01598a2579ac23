/* Reports: docs for people to keep, in Markdown unless another format is asked for. */
#include "app/app.h"
#include "base/suggest.h"
#include "view/goals/reports.h"

#include <stdlib.h>

static const struct report_kind *kind_named(const char *name, struct suggest *near)
{
    for (const struct report_kind *k = REPORTS; k->kind; k++) {
        if (str_eq(k->kind, name))
            return k;
        suggest_try(near, k->kind);
    }
    return NULL;
}

static void complain_of_kind(const char *given, const char *near)
{
    struct strbuf names = {0};
    for (const struct report_kind *k = REPORTS; k->kind; k++)
        strbuf_printf(&names, "%s%s", k == REPORTS ? "" : ", ", k->kind);
    if (!given)
        complain("which report? slowdive report KIND SOURCE... prints one of: %s", strbuf_text(&names));
    else
        complain("there is no report %.100s%s%s; there are: %s", given, near ? "; did you mean " : "",
                 near ? near : "", strbuf_text(&names));
    strbuf_free(&names);
}

int verb_report(struct app *a)
{
    const char *name = a->cli->n_args ? a->cli->args[0] : NULL;
    struct suggest near = {.word = name ? name : ""};
    const struct report_kind *k = kind_named(name, &near);
    if (!k) {
        complain_of_kind(name, near.best);
        return EXIT_USAGE;
    }
    struct cli as_view = *a->cli;
    as_view.args++;
    as_view.n_args--;
    if (k->compares && !cli_has(a->cli, CLI_BASELINE)) {
        if (as_view.n_args < 2) {
            complain("report %s needs two: slowdive report %s BEFORE AFTER", k->kind, k->kind);
            return EXIT_USAGE;
        }
        as_view.values[CLI_BASELINE] = as_view.args[0];
        as_view.args++;
        as_view.n_args--;
    }
    if (!cli_has(a->cli, CLI_FORMAT))
        as_view.values[CLI_FORMAT] = "md";
    const struct cli *given = a->cli;
    a->cli = &as_view;
    int status = verb_show(a, report_view(k));
    a->cli = given;
    return status;
}
