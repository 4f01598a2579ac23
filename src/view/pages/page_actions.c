/* page_actions.c - have a page loaded by Lighthouse, after what that does was said. */
#include <string.h>
#include <strings.h>

#include "view/action.h"
#include "view/pages/page_list.h"

static bool is_url(const char *s)
{
    if (!s || (strncasecmp(s, "https://", 8) != 0 && strncasecmp(s, "http://", 7) != 0))
        return false;
    for (; *s; s++)
        if ((unsigned char)*s <= ' ' || *s == 0x7f)
            return false;
    return true;
}

/* What was typed, the selected page, or the one shown; NULL: none that can be loaded. */
static const char *meant(const struct action_ctx *c)
{
    if (c->arg && *c->arg)
        return c->arg;
    if (c->answered)
        return c->typed;
    if (c->row && str_eq(c->row->dive.view, "page") && is_url(c->row->dive.arg))
        return c->row->dive.arg;
    return str_eq(c->on->about, "page") && is_url(c->view.arg) ? c->view.arg : NULL;
}

static bool can_load(const struct action_ctx *c, struct sd_error *why)
{
    return !c->arg || is_url(c->arg) ||
           fail(why, "\"%.100s\" is no address of a page: it begins with https:// or http://", c->arg);
}

static void run_load(const struct action_ctx *c, struct outcome *out)
{
    const char *url = meant(c);
    if (!is_url(url)) {
        out->prompt.label = "Page: ";
        out->prompt.about = "a page to load";
        out->prompt.text = url ? arena_strdup(out->arena, url) : "https://";
        out->prompt.hint = "The address of a page to load by Lighthouse (Esc cancels)";
        return;
    }
    out->question = (struct question_text){
        .title = "Load this page by Lighthouse?",
        .what = "The command lighthouse loads it three times, one after the other, in a browser without a "
                "window on this machine. Its server gets the requests of three visits.",
    };
    outcome_fact(out, "Page", url);
    outcome_fact(out, "At most", "2 min for each; a page that does not load is no result");
    out->command = arena_printf(out->arena, "source lighthouse:%s", url);
}

static const struct view_action LOAD = {
    .name = "load-page",
    .keys = "V",
    .group = "Diving",
    .help = "load the selected page by Lighthouse, three times (asks)",
    .on_server = "load pages from",
    .args = "[URL]",
    .args_help = "load a page by Lighthouse",
    .enabled = can_load,
    .run = run_load,
};
const struct view_action *const page_actions[] = {&LOAD, NULL};
