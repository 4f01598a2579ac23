#include "view/profiles/profile_actions.h"

#include <stdlib.h>

#include "core/model/profiles.h"
#include "core/profiles/profile_group.h"
#include "core/profiles/profile_part.h"
#include "core/profiles/profile_select.h"
#include "view/profiles/shown_profile.h"

static bool on_profile(const struct action_ctx *c, struct sd_error *why)
{
    return (c->on->needs & SD_KIND_BIT(SD_PROFILE)) ||
           fail(why, "This is for the views functions, function and flame");
}

/* ---- what is listed ---- */

/* The profile as it is read; free with profile_free. NULL: there is none. */
static struct profile *profile_here(const struct action_ctx *c)
{
    struct profile_found f;
    model_profile(c->view.model, c->view.span, c->view.now, NULL, &f);
    return f.p;
}

/* "label NAME", or the name of a label alone. */
static const char *label_name(const char *arg)
{
    static const char word[] = "label ";
    return str_starts(arg, word) ? arg + sizeof word - 1 : arg;
}

static bool has_label(const struct action_ctx *c, const char *name)
{
    struct profile *p = profile_here(c);
    bool has = p && profile_part_named(p, name);
    profile_free(p);
    return has;
}

static bool can_group(const struct action_ctx *c, struct sd_error *why)
{
    if (c->arg && profile_group_named(c->arg) == PROFILE_GROUPS && !has_label(c, label_name(c->arg)))
        return fail(why,
                    "There is no group or label %s; expected function, package, module, process, thread, "
                    "container or the name of a label",
                    label_name(c->arg));
    return c->arg || on_profile(c, why);
}

/* Can the profile be divided so? By a label: by which, mostly the one that tells the endpoint. */
static bool is_known(const struct profile *p, enum profile_group g)
{
    return g < GROUP_THREAD || (p && g == GROUP_LABEL && profile_part_label(p)) ||
           (p && g < GROUP_LABEL && profile_part_named(p, profile_group_name(g)));
}

/* With keys those are passed over that the source does not tell. */
static enum profile_group next_group(const struct action_ctx *c)
{
    struct profile *p = profile_here(c);
    int now = view_chosen(&c->view, PROFILE_GROUP_CHOICE);
    do
        now = (now + 1) % PROFILE_GROUPS;
    while (!is_known(p, (enum profile_group)now));
    profile_free(p);
    return (enum profile_group)now;
}

static const char *usual_label(const struct action_ctx *c, struct outcome *out)
{
    struct profile *p = profile_here(c);
    const char *key = p ? profile_part_label(p) : NULL;
    key = key ? arena_strdup(out->arena, key) : NULL;
    profile_free(p);
    return key;
}

static void run_group(const struct action_ctx *c, struct outcome *out)
{
    enum profile_group g = c->arg ? profile_group_named(c->arg) : next_group(c);
    const char *label = NULL;
    if (g == PROFILE_GROUPS)
        label = label_name(c->arg);
    else if (g == GROUP_LABEL)
        label = usual_label(c, out);
    out->choose = PROFILE_GROUP_CHOICE;
    out->choice = (int)MIN(g, GROUP_LABEL);
    out->choice_text = label;
    if (g == GROUP_PROCESS)
        outcome_message(out, SEVERITY_INFO, "Profiles by process; by outermost frame where none is named");
    else
        outcome_message(out, SEVERITY_INFO, label ? "Profiles by the label %s" : "Profiles by %s",
                        label ? label : profile_group_name(g));
}

static const char *group_word(size_t i)
{
    return i < PROFILE_GROUPS ? profile_group_name((enum profile_group)i) : NULL;
}

static const struct view_action GROUP = {
    .name = "group",
    .keys = "u",
    .group = "Tables",
    .help = "profiles by function, package, module, process, thread, container or label",
    .args = "[function|package|module|process|thread|container|label|NAME]",
    .args_help = "list profiles by that, or by the label NAME; without it the next one",
    .word = group_word,
    .enabled = can_group,
    .run = run_group,
};

/* ---- a part of it ---- */

/* What is meant: the argument, or the function of the row. NULL: neither. */
static const char *meant(const struct action_ctx *c)
{
    const struct dive *d = c->row ? &c->row->dive : NULL;
    if (c->arg)
        return c->arg;
    if (d && str_eq(d->view, "function"))
        return d->arg;
    return str_eq(c->on->name, "function") ? c->view.arg : NULL;
}

static bool can_select(const struct action_ctx *c, struct sd_error *why)
{
    return (c->arg || on_profile(c, why)) &&
           (meant(c) || fail(why, "Select a function first, or name it behind the command"));
}

static bool can_focus(const struct action_ctx *c, struct sd_error *why)
{
    struct profile *p = profile_here(c);
    bool stacks = p && p->n_nodes > 1;
    profile_free(p);
    return can_select(c, why) &&
           (stacks || fail(why, "The profile has figures of functions only, no stacks to choose from"));
}

static void choose_part(struct outcome *out, struct profile_shown *x)
{
    char *text = profile_shown_write(x);
    out->choose = PROFILE_PART_CHOICE;
    out->choice_text = text ? arena_strdup(out->arena, text) : NULL;
    free(text);
    profile_shown_free(x);
}

static bool is_line(const char *list, const char *name)
{
    size_t len = strlen(name);
    for (size_t n; list && *list; list += n + (list[n] != 0)) {
        n = strcspn(list, "\n");
        if (n == len && !strncmp(list, name, n))
            return true;
    }
    return false;
}

static void add_name(char **list, const char *name)
{
    char *was = *list;
    if (is_line(was, name))
        return;
    *list = mem_printf("%s%s%s", was ? was : "", was ? "\n" : "", name);
    free(was);
}

static struct profile_shown shown_here(const struct action_ctx *c)
{
    return profile_shown_read(view_chosen_text(&c->view, PROFILE_PART_CHOICE));
}

static void run_focus(const struct action_ctx *c, struct outcome *out)
{
    struct profile_shown x = shown_here(c);
    const char *name = arena_strdup(out->arena, meant(c));
    free(x.focus);
    x.focus = mem_strdup(name);
    choose_part(out, &x);
    outcome_message(out, SEVERITY_INFO, "Only stacks through %s", name);
}

static void run_hide(const struct action_ctx *c, struct outcome *out)
{
    struct profile_shown x = shown_here(c);
    const char *name = arena_strdup(out->arena, meant(c));
    add_name(&x.hidden, name);
    choose_part(out, &x);
    outcome_message(out, SEVERITY_INFO, "Without the stacks through %s", name);
}

/* The module or package of the function that is meant; the name itself when it is none. */
static const char *fold_name(const struct action_ctx *c, struct outcome *out)
{
    const char *name = meant(c), *fold = NULL;
    struct profile *p = c->arg ? NULL : profile_here(c);
    size_t n = 0;
    for (uint32_t i = 0; p && i < p->n && !fold; i++)
        if (str_eq(p->functions[i].name, name) && (fold = profile_fold_of(p, i, &n)))
            fold = arena_printf(out->arena, "%.*s", (int)n, fold);
    profile_free(p);
    return fold ? fold : c->arg ? arena_strdup(out->arena, name) : NULL;
}

static void run_fold(const struct action_ctx *c, struct outcome *out)
{
    const char *name = fold_name(c, out);
    if (!name) {
        outcome_message(out, SEVERITY_WARN, "Neither module nor package of %s is known", meant(c));
        return;
    }
    struct profile_shown x = shown_here(c);
    add_name(&x.folded, name);
    choose_part(out, &x);
    outcome_message(out, SEVERITY_INFO, "%s as one", name);
}

static bool can_show_all(const struct action_ctx *c, struct sd_error *why)
{
    return view_chosen_text(&c->view, PROFILE_PART_CHOICE) ||
           fail(why, "Of the profile all is shown: nothing is in focus, hidden or folded");
}

static void run_show_all(const struct action_ctx *c, struct outcome *out)
{
    (void)c;
    out->choose = PROFILE_PART_CHOICE;
    outcome_message(out, SEVERITY_INFO, "All of the profile is shown");
}

static const struct view_action FOCUS = {
    .name = "focus",
    .keys = "F",
    .group = "Tables",
    .help = "profiles: only the stacks through this function",
    .args = "[NAME]",
    .args_help = "only stacks through that function, module, package, thread or label's value",
    .enabled = can_focus,
    .run = run_focus,
};

static const struct view_action HIDE = {
    .name = "hide",
    .keys = "H",
    .group = "Tables",
    .help = "profiles: leave out the stacks through this function; shares are of the rest",
    .args = "[NAME]",
    .args_help = "leave out the stacks through that function, module or package",
    .enabled = can_select,
    .run = run_hide,
};

static const struct view_action FOLD = {
    .name = "fold",
    .keys = "Z",
    .group = "Tables",
    .help = "profiles: the function's module, or its package, as one",
    .args = "[NAME]",
    .args_help = "all functions of that module or package as one",
    .enabled = can_focus,
    .run = run_fold,
};

static const struct view_action SHOW_ALL = {
    .name = "show-all",
    .keys = "U",
    .group = "Tables",
    .help = "profiles: all again, without focus, hidden and folded ones",
    .enabled = can_show_all,
    .run = run_show_all,
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

const struct view_action *const PROFILE_ACTIONS[] = {&GROUP, &FOCUS, &HIDE,      &FOLD, &SHOW_ALL,
                                                     &TYPE,  &SHAPE, &RECURSION, NULL};
