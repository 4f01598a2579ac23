/* Reports: a view printed for people to keep, Markdown unless another format is asked for. */
#include "app/app.h"
#include "base/suggest.h"

#include <stdlib.h>

static const struct {
    const char *kind, *view;
} REPORTS[] = {
    {"caching", "caching"},
};

int verb_report(struct app *a)
{
    const char *kind = a->cli->n_args ? a->cli->args[0] : NULL;
    struct suggest near = {.word = kind ? kind : ""};
    for (size_t i = 0; i < ARRAY_LEN(REPORTS); i++) {
        if (!str_eq(kind, REPORTS[i].kind)) {
            suggest_try(&near, REPORTS[i].kind);
            continue;
        }
        struct cli as_view = *a->cli;
        as_view.verb = REPORTS[i].view;
        as_view.args++;
        as_view.n_args--;
        if (!cli_has(a->cli, CLI_FORMAT))
            as_view.values[CLI_FORMAT] = "md";
        const struct cli *given = a->cli;
        a->cli = &as_view;
        int status = verb_view(a);
        a->cli = given;
        return status;
    }
    if (!kind)
        complain("which report? There is: slowdive report caching SOURCE...");
    else
        complain("there is no report %.100s%s%s; slowdive report caching SOURCE... is one", kind,
                 near.best ? "; did you mean " : "", near.best ? near.best : "");
    return EXIT_USAGE;
}
