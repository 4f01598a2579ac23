/* What the actions of views want: something shown, asked, typed, or done by a source. Jobs
 * are confirmed when their row says so, shown while they run, and stopped with Esc. */
#include "ui/state.h"

#include "base/clock.h"
#include "ui/actions.h"
#include "ui/section/section.h"
#include "view/shared/common.h"
#include "view/shared/figures.h"

#include <ctype.h>
#include <stdlib.h>

/* A source that was told to stop, or should have by itself, answers within this. */
#define ANSWER_NS (15 * SD_S)

/* ---- the job that runs ---- */

static void execution_end(struct console *c)
{
    struct execution *x = c->execution;
    c->execution = NULL;
    if (!x)
        return;
    arena_free(x->arena);
    free(x);
}

void ask_free(struct console *c)
{
    execution_end(c);
    question_free(c->question);
    c->question = NULL;
    figures_free(c->baseline);
    c->baseline = NULL;
    free(c->typed_for);
    free(c->typed);
}

static void execution_begin(struct console *c, const struct job_order *o, uint64_t number)
{
    struct execution *x = mem_alloc(sizeof *x);
    x->arena = arena_new();
    x->number = number;
    x->run = (struct running){.job = o->job,
                              .origin = arena_strdup(x->arena, o->origin),
                              .where = arena_strdup(x->arena, o->where),
                              .about = arena_strdup(x->arena, o->about)};
    x->limit_ns = job_limit(o->job, o->args);
    x->since = console_now(c);
    c->execution = x;
}

bool ask_stop(struct console *c)
{
    const struct execution *x = c->execution;
    if (!x || x->withdrawn || !c->env.withdraw)
        return false;
    if (!x->run.job->stop_asks)
        return ask_withdraw(c);
    struct outcome o = {.arena = arena_new(), .stop = true};
    o.question = (struct question_text){
        .title = arena_printf(o.arena, "Stop %c%s?", tolower((unsigned char)*x->run.job->title),
                              x->run.job->title + 1),
        .what = "What was measured so far is kept. The keys of the places leave this screen and let it run.",
    };
    outcome_fact(&o, "It runs on", x->run.where);
    question_open(c, &o);
    return true;
}

bool ask_withdraw(struct console *c)
{
    struct execution *x = c->execution;
    if (!x || x->withdrawn || !c->env.withdraw)
        return false;
    x->withdrawn = console_now(c);
    c->env.withdraw(c->env.app, x->run.origin);
    return true;
}

void ask_banner(const struct console *c, struct strbuf *out)
{
    const struct execution *x = c->execution;
    char limit[UNIT_TEXT_MAX];
    if (!x)
        return;
    if (x->withdrawn) {
        strbuf_printf(out, "%s on %s is being stopped", x->run.job->title, x->run.where);
        return;
    }
    strbuf_printf(out, "%s runs on %s: %lld s", x->run.job->title, x->run.where,
                  (long long)(MAX(console_now(c) - x->since, 0) / SD_S));
    if (sd_known(x->limit_ns))
        strbuf_printf(out, " of at most %s", common_duration(x->limit_ns, limit));
    strbuf_str(out, "; Esc stops it");
}

static bool overdue(const struct execution *x, sd_time now)
{
    return (x->withdrawn && now - x->withdrawn > ANSWER_NS) ||
           (sd_known(x->limit_ns) && now - x->since > x->limit_ns + 2 * ANSWER_NS);
}

bool ask_tick(struct console *c, sd_time now, int64_t *wait_ns)
{
    struct execution *x = c->execution;
    if (!x)
        return false;
    if (now < x->since) /* the clock was set back */
        x->since = now;
    if (overdue(x, now)) {
        console_message(c, SEVERITY_WARN,
                        "No answer to %s on %s; the view sources shows the state of that source",
                        x->run.job->title, x->run.where);
        execution_end(c);
        *wait_ns = 0;
        return true;
    }
    int64_t second = (now - x->since) / SD_S;
    *wait_ns = MIN(*wait_ns, x->since + (second + 1) * SD_S - now);
    bool changed = second != x->second;
    x->second = second;
    return changed;
}

/* ---- asking a source ---- */

static void show_meanwhile(struct console *c, const struct job_order *o)
{
    const struct view *v = o->view ? view_named(o->view) : NULL;
    const struct screen *s = console_screen(c);
    if (v && (s->view != v || !str_eq(s->arg, o->about)))
        console_push(c, v, o->about);
    if (v)
        console_build(c);
}

void ask_order(struct console *c, const struct job_order *o)
{
    struct sd_error err = {""};
    const struct sd_request req = {.job = o->job->id, .args = o->args};
    if (!c->env.request) {
        console_message(c, SEVERITY_INFO, "Not possible in a recording: there is no server");
        return;
    }
    show_meanwhile(c, o);
    uint64_t number = c->env.request(c->env.app, o->origin, &req, &err);
    if (!number)
        console_message(c, SEVERITY_WARN, "%s", err.text);
    else if (o->job->waits)
        execution_begin(c, o, number);
    else if (o->asked)
        console_message(c, SEVERITY_INFO, "%s", o->asked);
}

/* ---- actions of views ---- */

static bool key_of(void *ctx, const char *action, char *buf, size_t size)
{
    const struct console *c = ctx;
    return *keymap_key_of(c->env.config->keymap, action, buf, size) != 0;
}

struct view_ctx console_view_ctx(struct console *c)
{
    const struct screen *s = console_screen(c);
    bool live = c->mode == CURSOR_LIVE && !sd_known(c->anchor);
    /* Of the past there are no states of sources: what is about them alone shows those of now. */
    bool states = s->view->needs == SD_KIND_BIT(SD_STATUS);
    struct view_ctx ctx = {.model = states ? c->sources : c->env.model,
                           .span = console_span(c),
                           .now = live || (states && c->mode == CURSOR_LIVE) ? console_now(c)
                                                                             : console_cursor(c),
                           .live = live,
                           .arg = s->arg,
                           .graph_points = MAX(c->width, 40),
                           .file_text = s->file_text,
                           .file_len = s->file_len,
                           .file_name = s->file_name,
                           .show_literals = c->env.config->settings->show_literals,
                           .policy = &c->env.config->policy,
                           .hops = &c->env.config->policy.hops,
                           .signals = c->env.signals,
                           .goals_at = live ? console_now(c) : console_cursor(c),
                           .choices = &c->chosen,
                           .baseline = c->baseline,
                           .key = key_of,
                           .key_ctx = c};
    if (c->env.fill)
        c->env.fill(c->env.app, &ctx);
    return ctx;
}

/* Is there a server, and may it be asked? */
static bool server_fits(struct console *c, const struct view_action *a, struct sd_error *why)
{
    char key[32];
    if (!a->on_server)
        return true;
    if (c->env.replay || !c->env.request)
        return fail(why, "Cannot %s in a recording: there is no server", a->on_server);
    if (c->mode != CURSOR_LIVE)
        return fail(why, "Past data is shown; press %s to return to live data, then you can %s",
                    keymap_key_of(c->env.config->keymap, "live", key, sizeof key), a->on_server);
    if (!a->danger || c->env.config->settings->allow_actions)
        return true;
    char *path = c->env.config->path ? mem_strdup(c->env.config->path) : config_default_path();
    fail(why, "Not allowed: to %s, type :set allow_actions=yes or write \"allow_actions: yes\" into %s",
         a->on_server, path ? path : "the configuration file");
    free(path);
    return false;
}

/* The file beside what is shown. */
static bool read_beside(struct console *c, const struct outcome *o, char **text, size_t *len,
                        struct sd_error *err)
{
    *text = NULL;
    *len = 0;
    if (!o->file)
        return true;
    if (!c->env.read_file)
        return fail(err, "files cannot be read from here");
    return c->env.read_file(c->env.app, o->file, text, len, err);
}

static void put_beside(struct console *c, const char *name, char *text, size_t len)
{
    struct screen *s = console_screen(c);
    free(s->file_name);
    free(s->file_text);
    s->file_name = mem_strdup(name);
    s->file_text = text ? mem_realloc(text, len + 1) : NULL;
    s->file_len = len;
    console_rebuild(c);
}

static bool carry_out(struct console *c, int action, struct outcome *o, struct sd_error *err);

/* What is to be seen; false: nothing else shall be done then. */
static bool show_outcome(struct console *c, struct outcome *o, struct sd_error *err)
{
    char *text = NULL;
    size_t len = 0;
    const struct view *v = o->view ? view_named(o->view) : NULL;
    if (o->beside && !read_beside(c, o, &text, &len, err))
        return false;
    if (v)
        console_push(c, v, o->view_arg);
    if (o->beside)
        put_beside(c, o->file, text, len);
    if (o->marks) {
        figures_free(c->baseline);
        c->baseline = o->baseline;
        o->baseline = NULL;
        console_rebuild(c);
    }
    if (o->choose) {
        view_choose(&c->chosen, o->choose, o->choice, o->choice_text);
        console_rebuild(c);
    }
    if (o->row && !pane_go_to(console_pane(c), console_section(c), o->row))
        return fail(err, "The filter hides that row; :filter without a pattern shows all");
    return true;
}

/* What comes of it is carried out as what an action wants. */
static void do_errand(struct console *c, const struct errand *e)
{
    struct sd_error err = {""};
    struct outcome next = {.arena = arena_new()};
    bool ok =
        c->env.errand ? c->env.errand(c->env.app, e, &next, &err) : fail(&err, "Not possible from here");
    console_rebuild(c);
    if (!ok) {
        console_message(c, SEVERITY_WARN, "%s", err.text);
        outcome_free(&next);
    } else if (!carry_out(c, ACTION_NONE, &next, &err)) {
        console_message(c, SEVERITY_WARN, "%s", err.text);
    }
}

void outcome_do(struct console *c, const struct outcome *o)
{
    struct sd_error err = {""};
    if (o->stop)
        ask_withdraw(c);
    if (o->order.job)
        ask_order(c, &o->order);
    if (o->command && !console_command(c, o->command, &err))
        console_message(c, SEVERITY_BAD, "%s", err.text);
    if (o->errand.name)
        do_errand(c, &o->errand);
}

/* Takes the outcome. */
static bool carry_out(struct console *c, int action, struct outcome *o, struct sd_error *err)
{
    if (!show_outcome(c, o, err)) {
        outcome_free(o);
        return false;
    }
    if (o->prompt.label) {
        prompt_open(c, PROMPT_ACTION, o->prompt.text ? o->prompt.text : "");
        c->prompt_action = action;
        c->prompt_label = mem_strdup(o->prompt.label);
        c->prompt_about = mem_strdup(o->prompt.about);
        c->hint = mem_strdup(o->prompt.hint);
    } else if (o->question.title) {
        question_open(c, o);
        return true;
    } else {
        outcome_do(c, o);
    }
    if (o->message)
        console_message(c, o->severity, "%s", o->message);
    outcome_free(o);
    return true;
}

/* What the cursor is on; of a drawing it is written into `drawn`. NULL: nothing. */
static const struct row *selected_row(struct console *c, struct row *drawn)
{
    struct item it;
    if (!console_item(c, &it))
        return NULL;
    *drawn = (struct row){.dive = it.dive, .copy = it.copy, .severity = it.severity};
    return it.row ? it.row : drawn;
}

static struct action_ctx action_ctx(struct console *c, const char *arg, bool answered, struct row *drawn)
{
    console_build(c);
    return (struct action_ctx){.view = console_view_ctx(c),
                               .on = console_screen(c)->view,
                               .doc = console_screen(c)->doc,
                               .row = selected_row(c, drawn),
                               .live = c->mode == CURSOR_LIVE,
                               .now = console_now(c),
                               .arg = arg,
                               .typed = c->typed,
                               .typed_for = c->typed_for,
                               .answered = answered,
                               .limit_ns = c->env.config->settings->analyze_limit_ns,
                               .running = c->execution ? &c->execution->run : NULL};
}

static bool run_action(struct console *c, int action, const char *arg, bool answered, struct sd_error *err)
{
    const struct view_action *a = actions_of_view(action);
    struct row drawn;
    const struct action_ctx ctx = action_ctx(c, arg, answered, &drawn);
    if (!answered && a->enabled && !a->enabled(&ctx, err))
        return false;
    struct outcome o = {.arena = arena_new()};
    a->run(&ctx, &o);
    return carry_out(c, action, &o, err);
}

bool ask_action(struct console *c, int action, const char *arg, struct sd_error *err)
{
    const struct view_action *a = actions_of_view(action);
    if (!a)
        return fail(err, "there is no such action");
    return server_fits(c, a, err) && run_action(c, action, arg, false, err);
}

void ask_typed(struct console *c, int action, const char *about, const char *line)
{
    free(c->typed);
    free(c->typed_for);
    c->typed = mem_strdup(line);
    c->typed_for = mem_strdup(about);
    struct sd_error err = {""};
    if (!run_action(c, action, NULL, true, &err))
        console_message(c, SEVERITY_WARN, "%s", err.text);
}

/* ---- what comes back ---- */

static const struct sd_failure *failure_in(const struct sd_batch *b)
{
    size_t i = 0;
    return batch_each(b, SD_FAILURE, &i);
}

static const char *failure_text(const struct sd_failure *f)
{
    return f->text ? f->text : "it was not done; the source gave no reason";
}

/* The answer to the job that runs. */
static void answered(struct console *c, const struct sd_failure *f)
{
    const struct execution *x = c->execution;
    const struct job *j = x->run.job;
    char took[UNIT_TEXT_MAX];
    unit_format_int(UNIT_NS, console_now(c) - x->since, took);
    if (f)
        console_message(c, x->withdrawn ? SEVERITY_INFO : SEVERITY_WARN, "%s on %s: %s", j->title,
                        x->run.where, failure_text(f));
    else
        console_message(c, SEVERITY_GOOD, "%s on %s, answered after %s%s%s", j->done ? j->done : "Done",
                        x->run.where, took, j->result ? ": " : "", j->result ? j->result : "");
    execution_end(c);
}

static void say_event(struct console *c, const char *origin, const struct sd_event *e)
{
    enum severity severity = str_eq(e->severity, "bad")    ? SEVERITY_BAD
                             : str_eq(e->severity, "warn") ? SEVERITY_WARN
                                                           : SEVERITY_INFO;
    const char *text = e->text ? e->text : e->title;
    if (text)
        console_message(c, severity, "%s: %s", origin, text);
}

bool console_take(struct console *c, const struct sd_batch *b)
{
    const struct sd_event *e;
    const struct sd_failure *f = failure_in(b);
    bool any = batch_answer(b) != 0;
    if (c->execution && batch_answer(b) == c->execution->number)
        answered(c, f);
    else if (f && job_named(f->job) && job_named(f->job)->confirm)
        console_message(c, SEVERITY_WARN, "%s: %s", batch_origin(b), failure_text(f));
    for (size_t i = 0; (e = batch_each(b, SD_EVENT, &i)); any = true)
        say_event(c, batch_origin(b), e);
    if (any)
        c->stale = true;
    return any;
}
