#include "view/profiles/profile_actions.h"

#include "core/model/profiles.h"
#include "core/profiles/profile_group.h"

static bool on_profile(const struct action_ctx *c, struct sd_error *why)
{
    return (c->on->needs & SD_KIND_BIT(SD_PROFILE)) ||
           fail(why, "This is for the views functions, function and flame");
}

/* ---- what is listed ---- */

static bool can_group(const struct action_ctx *c, struct sd_error *why)
{
    if (c->arg && profile_group_named(c->arg) == PROFILE_GROUPS)
        return fail(why, "There is no group %s; expected function, package, module or process", c->arg);
    return c->arg || on_profile(c, why);
}

static void run_group(const struct action_ctx *c, struct outcome *out)
{
    int now = view_chosen(&c->view, PROFILE_GROUP_CHOICE);
    out->choose = PROFILE_GROUP_CHOICE;
    out->choice = c->arg ? (int)profile_group_named(c->arg) : (now + 1) % PROFILE_GROUPS;
    outcome_message(out, SEVERITY_INFO, "Profiles by %s",
                    profile_group_name((enum profile_group)out->choice));
}

static const char *group_word(size_t i)
{
    return i < PROFILE_GROUPS ? profile_group_name((enum profile_group)i) : NULL;
}

static const struct view_action GROUP = {
    .name = "group",
    .keys = "u",
    .group = "Tables",
    .help = "profiles by function, package, module or process",
    .args = "[function|package|module|process]",
    .args_help = "list profiles by that; without it the next one",
    .word = group_word,
    .enabled = can_group,
    .run = run_group,
};

/* ---- the sample type ---- */

static struct profile_found found_here(const struct action_ctx *c)
{
    struct profile_found f;
    model_profile(c->view.model, c->view.span, c->view.now, NULL, &f);
    profile_free(f.p);
    f.p = NULL;
    return f;
}

static uint32_t type_named(const struct sd_texts *types, const char *name)
{
    uint32_t i = 0;
    while (types && i < types->n && !str_eq(types->items[i], name))
        i++;
    return i;
}

static bool can_type(const struct action_ctx *c, struct sd_error *why)
{
    struct profile_found f = found_here(c);
    if (!f.types || !f.types->n)
        return fail(why, "There is no profile here");
    if (c->arg && type_named(f.types, c->arg) == f.types->n)
        return fail(why, "The profile has no sample type %s", c->arg);
    return c->arg || on_profile(c, why);
}

static void run_type(const struct action_ctx *c, struct outcome *out)
{
    struct profile_found f = found_here(c);
    uint32_t n = f.types->n, shown = type_named(f.types, f.type);
    int now = view_chosen(&c->view, PROFILE_TYPE_CHOICE);
    uint32_t next = (now ? (uint32_t)now : shown + 1) % n;
    next = c->arg ? type_named(f.types, c->arg) : next;
    out->choose = PROFILE_TYPE_CHOICE;
    out->choice = (int)next + 1;
    outcome_message(out, SEVERITY_INFO, n == 1 ? "The profile has the sample type %s only" : "Sample type %s",
                    f.types->items[next]);
}

static const struct view_action TYPE = {
    .name = "sample-type",
    .keys = "T",
    .group = "Tables",
    .help = "the next sample type of profiles: cpu, inuse_space",
    .args = "[TYPE]",
    .args_help = "show that sample type of profiles; without it the next one",
    .enabled = can_type,
    .run = run_type,
};

/* ---- the picture ---- */

static bool on_flame(const struct action_ctx *c, struct sd_error *why)
{
    return str_eq(c->on->name, "flame") || fail(why, "This is for the view flame");
}

static void run_shape(const struct action_ctx *c, struct outcome *out)
{
    out->choose = PROFILE_SHAPE_CHOICE;
    out->choice = !view_chosen(&c->view, PROFILE_SHAPE_CHOICE);
    outcome_message(out, SEVERITY_INFO,
                    out->choice ? "Outermost frames at the bottom" : "Outermost frames at the top");
}

static const struct view_action SHAPE = {
    .name = "turn",
    .keys = "v",
    .group = "Tables",
    .help = "turn the flame graph upside down",
    .enabled = on_flame,
    .run = run_shape,
};

static void run_recursion(const struct action_ctx *c, struct outcome *out)
{
    out->choose = PROFILE_RECURSION_CHOICE;
    out->choice = !view_chosen(&c->view, PROFILE_RECURSION_CHOICE);
    outcome_message(out, SEVERITY_INFO,
                    out->choice ? "Recursive frames are one" : "Each recursive frame is one");
}

static const struct view_action RECURSION = {
    .name = "merge-recursion",
    .keys = "R",
    .group = "Tables",
    .help = "flame graph: recursive frames as one",
    .enabled = on_flame,
    .run = run_recursion,
};

const struct view_action *const PROFILE_ACTIONS[] = {&GROUP, &TYPE, &SHAPE, &RECURSION, NULL};
