/* alerts_playbook.c - `alerts --playbook NAME`: the view of that name, by the clock of the alerts. */
#include "app/alerts.h"

#include "app/output.h"
#include "view/goals/playbook.h"

int alerts_playbook(struct app *a, const char *name)
{
    bool live = false;
    sd_time at;
    int status = EXIT_USAGE;
    struct signals *s = alerts_read(a, false, &live);
    if (!s || !alerts_clock(a, s, live, &at)) {
        signals_free(s);
        return EXIT_USAGE;
    }
    const struct view_ctx c = {.model = a->model,
                               .span = SPAN_ALL,
                               .now = at,
                               .live = live,
                               .arg = name,
                               .policy = &a->config->policy,
                               .signals = s,
                               .goals_at = at,
                               .show_literals = a->config->settings->show_literals};
    struct doc *d = view_build(&playbook_view, &c);
    if (d->missing)
        complain("%s", d->missing);
    else
        status = output_doc(a, d);
    doc_free(d);
    signals_free(s);
    return status;
}
