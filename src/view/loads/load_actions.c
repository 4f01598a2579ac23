/* Load tests are opened, and run only after what they will do was said. */
#include "view/action.h"
#include "view/loads/load_live.h"
#include "view/loads/loads.h"

#include <math.h>
#include <stdlib.h>

enum { TESTS_MOST = 64 };

/* Of a row or screen about a test, or about the document of one. */
static bool is_named(const struct sd_load *r, const char *name)
{
    return !name || str_eq(r->name, name) || (str_starts(name, "load ") && str_eq(r->name, name + 5));
}

/* The test that a row or the screen is about; NULL: there is none that waits for its start or has ended. */
static const struct record_entry *ready_test(const struct action_ctx *c, struct record_entry *e,
                                             struct sd_error *why)
{
    size_t n = model_loads(c->view.model, INT64_MAX, e, TESTS_MOST);
    const char *name = c->row && str_eq(c->row->dive.view, "load-test") ? c->row->dive.arg : c->view.arg;
    const struct record_entry *found = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct sd_load *r = e[i].r;
        bool may = str_eq(r->phase, LOAD_READY) || load_is_over(c->view.model, INT64_MAX, &e[i]);
        if (may && is_named(r, name))
            found = &e[i];
    }
    if (!found)
        fail(why,
             name ? "%.100s is no load test that waits for its start; :load FILE opens one"
                  : "No load test waits for its start; :load FILE opens one",
             name);
    return found;
}

static bool can_start(const struct action_ctx *c, struct sd_error *why)
{
    struct record_entry e[TESTS_MOST];
    if (c->running)
        return fail(why, "%s still runs; one at a time", c->running->job->title);
    return ready_test(c, e, why) != NULL;
}

static void run_start(const struct action_ctx *c, struct outcome *out)
{
    struct record_entry e[TESTS_MOST];
    struct sd_error why;
    char buf[UNIT_TEXT_MAX];
    const struct record_entry *test = ready_test(c, e, &why);
    if (!test) {
        outcome_message(out, SEVERITY_INFO, "%s", why.text);
        return;
    }
    const struct sd_load *r = test->before; /* when it was ready: what it asks for at most */
    struct sd_job_run_load *args = arena_alloc(out->arena, sizeof *args);
    *args = (struct sd_job_run_load){.limit_ns = r->whole_ns};
    out->order = (struct job_order){
        .job = job_of(SD_JOB_RUN_LOAD),
        .args = args,
        .origin = arena_strdup(out->arena, test->origin),
        .where = arena_strdup(out->arena, r->name),
        .about = arena_strdup(out->arena, r->name),
        .view = "load-test",
    };
    out->question = (struct question_text){
        .title = "Run this load test?",
        .what = "Its requests are sent to the target, which does all that they ask for.",
        .danger = true,
    };
    outcome_fact(out, "Scenario", arena_strdup(out->arena, r->name));
    outcome_fact(out, "Kind", arena_strdup(out->arena, r->what ? r->what : "-"));
    outcome_fact(out, "Target", arena_strdup(out->arena, r->target ? r->target : "-"));
    if (!isnan(r->asked_per_s))
        outcome_fact(out, "Requests",
                     arena_printf(out->arena, "up to %s", unit_format(UNIT_PER_S, r->asked_per_s, buf)));
    if (sd_known(r->users))
        outcome_fact(out, "Users", arena_printf(out->arena, "up to %lld", (long long)r->users));
    if (sd_known(r->whole_ns))
        outcome_fact(out, "At most",
                     arena_printf(out->arena, "%s", unit_format_int(UNIT_SINCE, r->whole_ns, buf)));
}

static const struct view_action START = {
    .name = "load-start",
    .keys = "J",
    .group = "Load tests",
    .help = "run the load test that was opened (asks)",
    .on_server = "run load tests",
    .enabled = can_start,
    .run = run_start,
};

/* ---- opening ---- */

static const char *const KIND_WORDS[] = {"steady", "search", "spike", "soak", "limits", NULL};

static const char *kind_word(size_t i)
{
    return KIND_WORDS[i];
}

/* "search shop.yaml" or "shop.yaml": the kind, NULL when it is not said, and where the file begins. */
static const char *split(const char *arg, const char **kind)
{
    size_t len = strcspn(arg, " ");
    *kind = NULL;
    for (size_t i = 0; KIND_WORDS[i] && arg[len]; i++)
        if (strlen(KIND_WORDS[i]) == len && !strncmp(KIND_WORDS[i], arg, len))
            *kind = KIND_WORDS[i];
    return *kind ? arg + len + strspn(arg + len, " ") : arg;
}

static void run_open(const struct action_ctx *c, struct outcome *out)
{
    const char *arg = c->arg && *c->arg ? c->arg : c->answered ? c->typed : NULL, *kind;
    if (!arg || !*arg) {
        out->prompt.label = "Scenario: ";
        out->prompt.about = "a load test";
        out->prompt.hint = "The file of a load test (Esc cancels); it is opened, not run";
        return;
    }
    const char *file = split(arg, &kind);
    out->command =
        arena_printf(out->arena, "source load:%s%s%s", file, kind ? "?kind=" : "", kind ? kind : "");
    out->view = "loads";
}

static const struct view_action OPEN = {
    .name = "load",
    .keys = "",
    .group = "Load tests",
    .help = "open a load test; it is not run yet",
    .on_server = "open load tests",
    .args = "[KIND] FILE",
    .args_help = "open the load test of a scenario",
    .word = kind_word,
    .run = run_open,
};

const struct view_action *const load_actions[] = {&OPEN, &START, NULL};
