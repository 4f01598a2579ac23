#include "view/action.h"
#include "view/bundles/bundle.h"
#include "view/bundles/bundle_boxes.h"
#include "view/bundles/bundle_sections.h"

#include "core/model/bundles.h"

static bool on_bundle(const struct action_ctx *c, struct sd_error *why)
{
    return str_eq(c->on->name, "bundle") || fail(why, "This is for the view bundle");
}

static void run_colour(const struct action_ctx *c, struct outcome *out)
{
    static const char *const names[COLOURS] = {"package", "type of file", "change"};
    int now = view_chosen(&c->view, BUNDLE_COLOUR_CHOICE), last = c->view.baseline ? COLOURS : COLOURS - 1;
    out->choose = BUNDLE_COLOUR_CHOICE;
    out->choice = (now + 1) % last;
    outcome_message(out, SEVERITY_INFO, "Coloured by %s", names[out->choice]);
}

static const struct view_action COLOUR = {
    .name = "colour",
    .keys = "p",
    .group = "Tables",
    .help = "treemap of a bundle: coloured by package, type of file or change",
    .enabled = on_bundle,
    .run = run_colour,
};

/* ---- what options of the command line choose ---- */

static const char *meant(const struct action_ctx *c)
{
    const struct dive *d = c->row ? &c->row->dive : NULL;
    return c->arg ? c->arg : d && str_eq(d->view, "bundle-module") ? d->arg : NULL;
}

static bool can_why(const struct action_ctx *c, struct sd_error *why)
{
    return (c->arg || model_has(c->view.model, SD_KIND_BIT(SD_BUNDLE)) ||
            fail(why, "There is no build of a front end here")) &&
           (meant(c) || fail(why, "Select a module first, or name it behind the command"));
}

static void run_why(const struct action_ctx *c, struct outcome *out)
{
    const char *path = arena_strdup(out->arena, meant(c));
    if (c->view.key) {
        out->view = "bundle-module";
        out->view_arg = path;
        return;
    }
    out->choose = BUNDLE_WHY_CHOICE;
    out->choice_text = path;
}

static const struct view_action WHY = {
    .name = "why",
    .keys = "W",
    .group = "Diving",
    .help = "why is this module in the bundle: the imports from the entry to it",
    .args = "[PATH]",
    .args_help = "the imports that bring a module of a bundle",
    .enabled = can_why,
    .run = run_why,
};

static bool can_lay_out(const struct action_ctx *c, struct sd_error *why)
{
    double w, h;
    return c->arg ? layout_size(c->arg, &w, &h, why)
                  : model_has(c->view.model, SD_KIND_BIT(SD_BUNDLE)) ||
                        fail(why, "There is no build of a front end here");
}

static void run_layout(const struct action_ctx *c, struct outcome *out)
{
    if (c->view.key || !c->arg) {
        out->view = "bundle";
        return;
    }
    out->choose = BUNDLE_LAYOUT_CHOICE;
    out->choice_text = arena_strdup(out->arena, c->arg);
}

static const struct view_action LAYOUT = {
    .name = "treemap",
    .keys = "A",
    .group = "Diving",
    .help = "show the treemap of a bundle",
    .enabled = can_lay_out,
    .run = run_layout,
};

const struct view_action *const BUNDLE_ACTIONS[] = {&COLOUR, &WHY, &LAYOUT, NULL};
