/* actions.c - the rows of all views, in the form that keys are bound to. */
#include "ui/actions.h"

const struct action_table *actions_all(void)
{
    static struct action_info rows[64];
    static struct action_table all;
    const struct view_action *a;
    while (!all.rows || all.n < ARRAY_LEN(rows)) {
        all.rows = rows;
        if (!(a = view_action_at(all.n)))
            break;
        rows[all.n++] = (struct action_info){.name = a->name,
                                             .group = a->group,
                                             .keys = a->keys,
                                             .bar = a->bar,
                                             .help = a->help,
                                             .args = a->args,
                                             .args_help = a->args_help};
    }
    return &all;
}

const struct view_action *actions_of_view(int action)
{
    return action < ACTION_END ? NULL : view_action_at((size_t)(action - ACTION_END));
}
