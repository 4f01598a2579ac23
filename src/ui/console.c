/* The time cursor, and building docs from the model. */
#include "ui/state.h"

#include "base/clock.h"
#include "base/redact.h"
#include "core/table.h"
#include "ui/section/section.h"

#include <stdlib.h>

/* A message stays so long, unless a key takes it away. */
#define MESSAGE_NS (10 * SD_S)
/* Playing draws this often. */
#define PLAY_STEP_NS (200 * SD_MS)
/* Data so far in the future is of a clock that is ahead; it is followed as long as it goes on. */
#define AHEAD_NS       (60 * SD_S)
#define AHEAD_HOLDS_NS (30 * SD_S)

/* ---- screens ---- */

struct pane *screen_pane(struct screen *s, size_t section)
{
    const struct section *sec = &s->doc->sections[section];
    const char *key = sec->key ? sec->key : sec->title ? sec->title : "";
    for (size_t i = 0; i < s->n_panes; i++)
        if (!strcmp(s->panes[i]->key, key))
            return s->panes[i];
    s->panes = mem_realloc(s->panes, (s->n_panes + 1) * sizeof *s->panes);
    return s->panes[s->n_panes++] = pane_new(key);
}

struct section *console_section(struct console *c)
{
    struct screen *s = console_screen(c);
    console_build(c);
    return s->doc->n_sections ? &s->doc->sections[s->focus] : NULL;
}

struct pane *console_pane(struct console *c)
{
    struct screen *s = console_screen(c);
    return console_section(c) ? screen_pane(s, s->focus) : NULL;
}

/* ---- time ---- */

sd_time console_now(const struct console *c)
{
    return c->env.now ? c->env.now(c->env.app) : clock_wall();
}

/* Live figures end at whole refreshes, so that slots do not appear half filled. When all
 * data is from before the console was opened (an old log), the cursor stands at its end. */
sd_time console_cursor(const struct console *c)
{
    if (c->mode != CURSOR_LIVE)
        return c->at;
    if (sd_known(c->anchor))
        return c->anchor;
    return console_now(c) / SD_S * SD_S;
}

/* Of the past that is kept in steps whole ones: the step that the cursor lies in is the last. */
struct span console_span(const struct console *c)
{
    sd_time to = console_cursor(c);
    int64_t window = c->env.config->settings->window_ns, step = console_reach(c).step_ns;
    if (step > SD_S && (c->mode != CURSOR_LIVE || sd_known(c->anchor)) && to > 0) {
        to = mul_sat((to - 1) / step + 1, step);
        window = mul_sat((window - 1) / step + 1, step);
    }
    return (struct span){sub_sat(to, window), to};
}

/* The newest data, when that is not now: an old log, or one whose clock is ahead. One that is ahead must go
 * on, for a single record of the future shall not hold the console there, and it must be the only source: the
 * others' data is of now. */
static void find_anchor(struct console *c)
{
    struct console_reach u = console_reach(c);
    int64_t window = c->env.config->settings->window_ns;
    sd_time now = console_now(c);
    bool old = sd_known(u.last) && u.last < now - MAX(window, 60 * SD_S);
    bool ahead = sd_known(u.last) && u.last > now + AHEAD_NS;
    if (ahead && u.last != c->ahead_to) {
        c->ahead_to = u.last;
        c->ahead_since = now;
    }
    struct source_info two[2];
    ahead = ahead && model_sources(c->env.model, INT64_MAX, two, ARRAY_LEN(two)) < 2 &&
            now - c->ahead_since < AHEAD_HOLDS_NS;
    c->anchor = old || ahead ? u.last : SD_UNKNOWN;
}

void console_seek(struct console *c, sd_time at)
{
    struct console_reach u = console_reach(c);
    if (sd_known(u.last) && at >= u.last) {
        at = u.last;
        if (!c->env.replay)
            console_message(c, SEVERITY_INFO, "This is the newest data; {key:live} returns to live data");
    }
    if (sd_known(u.first) && at < u.first) {
        at = u.first;
        console_message(c, SEVERITY_INFO, "There is no earlier data");
    }
    if (c->mode == CURSOR_LIVE)
        c->mode = CURSOR_PAUSED;
    c->at = at;
    c->stale = true;
}

/* ---- docs ---- */

/* What would make the doc complete is asked for once for each screen. */
static void ask_wanted(struct console *c, struct screen *s)
{
    struct sd_error err;
    struct doc *d = s->doc;
    if (!d->want.job || !d->want_origin || !c->env.request || c->mode != CURSOR_LIVE)
        return;
    if (s->asked && job_same(s->asked, &d->want))
        return;
    free(s->asked);
    s->asked = job_copy(&d->want);
    if (!c->env.request(c->env.app, d->want_origin, &d->want, &err))
        console_message(c, SEVERITY_WARN, "%s", err.text);
}

void console_rebuild(struct console *c)
{
    c->changes++;
    c->stale = true;
}

void console_refresh(struct console *c)
{
    console_rebuild(c);
}

static struct built_from origin_of(const struct console *c, const struct screen *s,
                                   const struct view_ctx *ctx)
{
    struct built_from from = {.version = model_version(c->env.model),
                              .span = ctx->span,
                              .now = ctx->now,
                              .live = ctx->live,
                              .changes = c->changes};
    if (!s->view->made_of || (s->view->about && !s->arg))
        return from;
    from.version = model_version_of(c->env.model, s->view->made_of);
    if (ctx->live) {
        from.span = SPAN_ALL;
        from.now = SD_UNKNOWN;
    }
    return from;
}

static bool same_origin(const struct built_from *a, const struct built_from *b)
{
    return a->version == b->version && a->span.from == b->span.from && a->span.to == b->span.to &&
           a->now == b->now && a->changes == b->changes && a->live == b->live;
}

/* Sorts, filters and folds go over the doc that is there. */
static void apply_panes(struct screen *s, bool all)
{
    for (size_t i = 0; i < s->doc->n_sections; i++) {
        struct pane *p = screen_pane(s, i);
        if (!all && !p->changed)
            continue;
        p->about_row = -1; /* its text was that of another row, or of the old doc */
        section_apply(&s->doc->sections[i], p);
    }
}

/* A pane has room for as many rows as it has had: the others below it stay where they are. */
static void keep_heights(struct screen *s)
{
    for (size_t i = 0; i < s->doc->n_sections; i++) {
        struct section *sec = &s->doc->sections[i];
        struct pane *p = section_has_rows(sec) ? screen_pane(s, i) : NULL;
        if (!p)
            continue;
        p->rows_had = MAX(p->rows_had, (int)MIN(table_rows(&sec->table), (size_t)1000));
        sec->steady = MAX(sec->steady, p->rows_had);
    }
}

static void build_doc(struct screen *s, const struct view_ctx *ctx)
{
    struct doc *d = view_build(s->view, ctx);
    for (size_t i = 0; ctx->live && i < d->n_sections; i++)
        section_end_at(&d->sections[i], ctx->span.to);
    if (d->n_sections > PANES_MAX)
        d->n_sections = PANES_MAX;
    doc_free(s->doc);
    s->doc = d;
    if (d->title) {
        free(s->title);
        s->title = mem_strdup(d->title);
    }
    if (!s->focused)
        s->focus = (size_t)MAX(d->focus, 0);
    s->focus = d->n_sections ? MIN(s->focus, d->n_sections - 1) : 0;
    for (size_t i = 0; i < s->n_panes; i++)
        s->panes[i]->about_row = -1; /* the text was the old doc's */
    keep_heights(s);
    apply_panes(s, true);
}

void console_build(struct console *c)
{
    struct screen *s = console_screen(c);
    if (s->doc && (!c->stale || c->question))
        return;
    find_anchor(c);
    if (!looking_ready(c)) {
        if (!s->doc)
            s->doc = looking_doc(c);
        c->stale = false;
        return;
    }
    struct view_ctx ctx = console_view_ctx(c);
    struct built_from from = origin_of(c, s, &ctx);
    bool kept = s->doc && same_origin(&from, &s->from);
    if (kept)
        apply_panes(s, false);
    else
        build_doc(s, &ctx);
    s->from = from;
    c->stale = false;
    c->built = console_now(c);
    c->version = from.version;
    if (!kept)
        ask_wanted(c, s);
}

/* ---- life ---- */

struct console *console_new(const struct console_env *env)
{
    struct console *c = mem_alloc(sizeof *c);
    c->env = *env;
    c->baseline = env->baseline;
    c->sources = env->model;
    c->speed = 1;
    c->width = 80;
    c->height = 24;
    c->anchor = SD_UNKNOWN;
    c->cost = (struct console_cost){.cpu_share = NAN, .rss_bytes = SD_UNKNOWN, .tty_bytes_per_s = NAN};
    visit_start(c);
    c->now_seen = console_now(c);
    if (env->replay) {
        struct model_usage u = model_usage(env->model);
        c->mode = CURSOR_PAUSED;
        c->at = sd_known(u.last) ? u.last : c->now_seen;
    }
    const struct action_table *all = keymap_actions(c->env.config->keymap);
    for (int a = ACTION_NONE; c->n_bar < BAR_MAX && (a = action_next(all, a));)
        if (action_at(all, a)->bar)
            c->bar[c->n_bar++] = a;
    c->stale = true;
    return c;
}

void console_free(struct console *c)
{
    if (!c)
        return;
    visit_free(c);
    palette_close(c);
    choices_clear(&c->choices);
    strbuf_free(&c->help_filter);
    for (size_t i = 0; i < c->n_history; i++)
        free(c->history[i]);
    free(c->history);
    free(c->completions);
    free(c->waits);
    free(c->scope);
    free(c->copied);
    free(c->hint);
    free(c->filter_before);
    free(c->filter_last);
    free(c->message);
    free(c->prompt_label);
    free(c->prompt_about);
    ask_free(c);
    strbuf_free(&c->line);
    view_choices_free(&c->chosen);
    regex_free(c->search);
    grid_free(c->shown);
    free(c);
}

void console_resize(struct console *c, int width, int height)
{
    c->width = MAX(width, 1);
    c->height = MAX(height, 1);
    console_rebuild(c);
}

void console_set_cost(struct console *c, struct console_cost cost)
{
    c->cost = cost;
}

void console_message(struct console *c, enum severity severity, const char *fmt, ...)
{
    struct strbuf b = {0};
    va_list ap;
    char *known = keymap_format(c->env.config->keymap, fmt);
    va_start(ap, fmt);
    strbuf_vprintf(&b, known, ap);
    va_end(ap);
    free(known);
    free(c->message);
    c->message = redact(strbuf_text(&b));
    strbuf_free(&b);
    c->message_severity = severity;
    c->message_until = console_now(c) + MESSAGE_NS;
}

bool console_quitting(const struct console *c)
{
    return c->quit;
}

static void play(struct console *c, sd_time now)
{
    struct model_usage u = model_usage(c->env.model);
    c->at += (sd_time)((double)MAX(now - c->now_seen, 0) * c->speed);
    if (sd_known(u.last) && c->at >= u.last) {
        c->at = u.last;
        c->mode = CURSOR_PAUSED;
        console_message(c, SEVERITY_INFO, "End of the recording");
    }
    c->stale = true;
}

bool console_tick(struct console *c, int64_t *wait_ns)
{
    sd_time now = console_now(c);
    bool changed = false;
    *wait_ns = INT64_MAX;
    if (c->message && now >= c->message_until) {
        free(c->message);
        c->message = NULL;
        changed = true;
    }
    if (c->message)
        *wait_ns = c->message_until - now;
    changed |= ask_tick(c, now, wait_ns);
    if (c->mode == CURSOR_PLAYING) {
        if (now - c->now_seen >= PLAY_STEP_NS) {
            play(c, now);
            changed = true;
            c->now_seen = now;
        }
        *wait_ns = MIN(*wait_ns, PLAY_STEP_NS);
        return changed;
    }
    c->now_seen = now;
    if (c->mode == CURSOR_LIVE && !c->question) {
        /* Due a little early: a caller that paints once in a refresh and comes a moment
         * before its end would show old figures for another one. */
        int64_t due = c->env.config->settings->refresh_ns / 20 * 19;
        if (now - c->built >= due || now < c->built) {
            c->stale = true;
            changed = true;
        } else {
            *wait_ns = MIN(*wait_ns, MAX(c->built + due - now, SD_MS));
        }
    }
    return changed;
}
