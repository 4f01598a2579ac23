/* What there is: source kinds, and keys as they are bound. manual.c prints the rest. */
#include "app/app.h"

#include "app/output.h"
#include "core/schema.h"

#include <stdlib.h>

static void option_line(const struct sd_option *o, struct strbuf *out)
{
    strbuf_printf(out, "  %-18s %-9s %s", o->name, option_type_name(o->type), o->help);
    if (o->fallback && *o->fallback)
        strbuf_printf(out, " (%s)", o->fallback);
    strbuf_char(out, '\n');
}

static bool list_sources(const struct cli *cli, struct strbuf *out)
{
    if (cli->n_args) {
        const struct sd_source_ops *ops = registry_named(cli->args[0]);
        char *absent = ops ? NULL : registry_absent(cli->args[0]);
        if (absent)
            complain("there is no source %s here: %s", cli->args[0], absent);
        free(absent);
        if (!ops)
            return false;
        strbuf_printf(out, "%s: %s\n\nWritten as: %s\nGives:", ops->name, ops->summary, ops->targets);
        for (int k = 1; k < SD_KIND_END; k++)
            if (ops->provides & SD_KIND_BIT(k))
                strbuf_printf(out, " %s", schema_of((enum sd_kind)k)->name);
        strbuf_str(out, "\n");
        if (ops->options && ops->options[0].name) {
            strbuf_printf(out, "\nOptions, as %s:TARGET?NAME=VALUE or in the configuration:\n", ops->name);
            for (const struct sd_option *o = ops->options; o->name; o++)
                option_line(o, out);
        }
        return true;
    }
    for (size_t i = 0; i < registry_count(); i++) {
        const struct sd_source_ops *ops = registry_at(i);
        strbuf_printf(out, "%-10s %s\n%-10s %s\n", ops->name, ops->summary, "", ops->targets);
        if (registry_module_path(ops))
            strbuf_printf(out, "%-10s from %s\n", "", registry_module_path(ops));
    }
    for (size_t i = 0; registry_known(i); i++) {
        char *absent = registry_absent(registry_known(i));
        if (absent)
            strbuf_printf(out, "%-10s not here: %s\n", registry_known(i), absent);
        free(absent);
    }
    strbuf_str(out, "\nslowdive sources KIND shows the options of that kind.\n");
    return true;
}

static void list_keys(const struct keymap *k, struct strbuf *out)
{
    const struct action_table *all = keymap_actions(k);
    const char *group = NULL;
    for (int a = ACTION_NONE; (a = action_next(all, a));) {
        const struct action_info *info = action_at(all, a);
        char keys[128];
        if (!str_eq(info->group, group)) {
            group = info->group;
            strbuf_printf(out, "%s%s\n", out->len ? "\n" : "", group);
        }
        strbuf_printf(out, "  %-20s %-16s %s\n", keymap_keys(k, a, keys, sizeof keys), info->name,
                      info->help);
    }
    strbuf_str(out, "\nCommands, after :\n");
    struct command_info c;
    for (size_t i = 0; command_at(all, i, &c); i++) {
        struct strbuf head = {0};
        strbuf_printf(&head, "%s %s", c.name, c.args);
        strbuf_printf(out, "  %-37s %s\n", head.text, c.help);
        strbuf_free(&head);
    }
}

/* Without a source the kinds are listed: that takes no option of a view. */
static bool only_general_options(const struct cli *c)
{
    for (int o = 0; o < CLI_OPTION_COUNT; o++)
        if (cli_has(c, (enum cli_option)o) && strcmp(CLI_OPTION_INFO[o].verbs, "*") != 0) {
            complain("--%s is for the state of a source: slowdive sources SOURCE", CLI_OPTION_INFO[o].name);
            return false;
        }
    return true;
}

/* A kind of a module, be it here or not. */
static bool is_known(const char *kind)
{
    char *absent = registry_absent(kind);
    bool known = absent != NULL;
    free(absent);
    return known;
}

/* `sources` is a view, too: of what is no kind the state is printed. */
static bool names_sources(const struct cli *c)
{
    const char *first = c->n_args ? c->args[0] : "";
    return !strcmp(c->verb, "sources") && c->n_args &&
           (c->n_args > 1 || !(registry_named(first) || is_known(first)));
}

int verb_list(struct app *a)
{
    struct strbuf out = {0};
    bool ok = true;
    if (names_sources(a->cli))
        return verb_view(a);
    if (!only_general_options(a->cli))
        return EXIT_USAGE;
    app_report(a);
    if (!strcmp(a->cli->verb, "sources"))
        ok = list_sources(a->cli, &out);
    else
        list_keys(a->config->keymap, &out);
    ok = output_text(strbuf_text(&out)) && ok;
    strbuf_free(&out);
    return ok ? EXIT_FINE : EXIT_USAGE;
}
