/* What there is: source kinds, views, keys; and the generated parts of the manual. */
#include "app/app.h"

#include "app/output.h"
#include "core/schema.h"
#include "view/view.h"

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
        if (!ops) {
            complain("there is no source kind %s; slowdive sources lists them, slowdive status SOURCE shows how "
                     "a source does", cli->args[0]);
            return false;
        }
        strbuf_printf(out, "%s: %s\n\nWritten as: %s\nGives:", ops->name, ops->summary, ops->targets);
        for (int k = 1; k < SD_KIND_END; k++)
            if (ops->provides & (1u << k))
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
    strbuf_str(out, "\nslowdive sources KIND shows the options of one.\n");
    return true;
}

static void list_views(struct strbuf *out)
{
    for (const struct view *const *v = VIEWS; *v; v++)
        strbuf_printf(out, "%-10s %s\n", (*v)->name, (*v)->summary);
}

static void list_keys(struct strbuf *out)
{
    struct keymap *k = keymap_new();
    int group = -1;
    for (int a = ACTION_NONE + 1; a < ACTION_END; a++) {
        const struct action_info *info = &ACTION_INFO[a];
        char keys[128];
        if ((int)info->group != group) {
            group = (int)info->group;
            strbuf_printf(out, "%s%s\n", out->len ? "\n" : "", action_group_title(info->group));
        }
        strbuf_printf(out, "  %-20s %-16s %s\n", keymap_keys(k, (enum action)a, keys, sizeof keys), info->name,
                      info->help);
    }
    strbuf_str(out, "\nCommands, after :\n");
    for (int c = COMMAND_NONE + 1; c < COMMAND_END; c++) {
        struct strbuf head = {0};
        strbuf_printf(&head, "%s %s", COMMAND_INFO[c].name, COMMAND_INFO[c].args);
        strbuf_printf(out, "  %-37s %s\n", head.text, COMMAND_INFO[c].help);
        strbuf_free(&head);
    }
    keymap_free(k);
}

/* ---- the manual, mdoc ---- */

static void mdoc_item(struct strbuf *out, const char *term, const char *text)
{
    strbuf_printf(out, ".It %s\n%s%s\n", term, text, str_ends(text, ".") ? "" : ".");
}

static void manual_verbs(struct strbuf *out)
{
    static const struct {
        const char *name, *args, *help;
    } verbs[] = {
#define ROW(name, args, help) {#name, args, help},
        CLI_VERBS(ROW)
#undef ROW
    };
    strbuf_str(out, ".Bl -tag -width Ds\n");
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
        strbuf_printf(out, ".It Cm %s Ar %s\n%s.\n", verbs[i].name, verbs[i].args, verbs[i].help);
    strbuf_str(out, ".El\n");
}

static void manual_columns(const struct column *columns, size_t n, struct strbuf *out)
{
    strbuf_str(out, ".Bl -tag -width Ds -compact\n");
    for (size_t i = 0; i < n; i++)
        if (!(columns[i].flags & COLUMN_NO_JSON))
            strbuf_printf(out, ".It Va %s\n%s.\n", columns[i].key, columns[i].help ? columns[i].help : "");
    strbuf_str(out, ".El\n");
}

static void manual_views(struct strbuf *out)
{
    strbuf_str(out, ".Pp\nWith\n.Fl Fl format Cm json\nevery view but plan gives an object with these keys, and those below:\n");
    manual_columns(VIEW_ENVELOPE, VIEW_N_ENVELOPE, out);
    for (const struct view *const *v = VIEWS; *v; v++) {
        strbuf_printf(out, ".Ss %s\n%s.\n", (*v)->name, (*v)->summary);
        if ((*v)->n_columns) {
            strbuf_printf(out, "Each of\n.Va %s\nhas:\n", (*v)->rows ? (*v)->rows : "rows");
            manual_columns((*v)->columns, (*v)->n_columns, out);
        }
        if ((*v)->also)
            strbuf_printf(out, "Further keys: %s.\n", (*v)->also);
    }
}

static void manual_keys(struct strbuf *out)
{
    struct keymap *k = keymap_new();
    int group = -1;
    for (int a = ACTION_NONE + 1; a < ACTION_END; a++) {
        const struct action_info *info = &ACTION_INFO[a];
        char keys[128], term[256];
        if ((int)info->group != group) {
            strbuf_printf(out, "%s.Ss %s\n.Bl -tag -width Ds -compact\n", group >= 0 ? ".El\n" : "",
                          action_group_title(info->group));
            group = (int)info->group;
        }
        keymap_keys(k, (enum action)a, keys, sizeof keys);
        snprintf(term, sizeof term, "Sy \"%s\" ( Cm %s )", keys, info->name);
        mdoc_item(out, term, info->help);
    }
    strbuf_str(out, ".El\n.Ss Commands, after a colon\n.Bl -tag -width Ds -compact\n");
    for (int c = COMMAND_NONE + 1; c < COMMAND_END; c++) {
        char term[128];
        snprintf(term, sizeof term, "Cm %s%s%s", COMMAND_INFO[c].name, *COMMAND_INFO[c].args ? " Ar " : "",
                 COMMAND_INFO[c].args);
        mdoc_item(out, term, COMMAND_INFO[c].help);
    }
    strbuf_str(out, ".El\n");
    keymap_free(k);
}

static void manual_options(const struct sd_option *o, struct strbuf *out)
{
    strbuf_str(out, ".Bl -tag -width Ds -compact\n");
    for (; o && o->name; o++) {
        strbuf_printf(out, ".It Va %s No ( %s%s%s )\n%s.\n", o->name, option_type_name(o->type),
                      o->fallback && *o->fallback ? ", default " : "", o->fallback ? o->fallback : "", o->help);
    }
    strbuf_str(out, ".El\n");
}

static void manual_sources(struct strbuf *out)
{
    for (size_t i = 0; i < registry_count(); i++) {
        const struct sd_source_ops *ops = registry_at(i);
        strbuf_printf(out, ".Ss %s\n%s.\nWritten as: %s.\n", ops->name, ops->summary, ops->targets);
        if (ops->options && ops->options[0].name)
            manual_options(ops->options, out);
    }
}

static void manual_settings(struct strbuf *out)
{
    manual_options(SETTINGS_OPTIONS, out);
}

static void manual_records(struct strbuf *out)
{
    for (int k = 1; k < SD_KIND_END; k++) {
        const struct sd_schema *sc = schema_of((enum sd_kind)k);
        strbuf_printf(out, ".Ss %s\n%s.\n.Bl -tag -width Ds -compact\n", sc->name, sc->help);
        for (size_t f = 0; f < sc->n_fields; f++) {
            static const char *const types[] = {"integer", "real", "text", "histogram"};
            strbuf_printf(out, ".It Va %s No ( %s%s%s )\n%s\n", sc->fields[f].name, types[sc->fields[f].type],
                          *sc->fields[f].unit ? ", " : "", sc->fields[f].unit,
                          *sc->fields[f].help ? sc->fields[f].help : ".");
        }
        strbuf_str(out, ".El\n");
    }
}

static const struct {
    const char *name;
    void (*print)(struct strbuf *out);
} MANUAL[] = {
    {"options", cli_manual},     {"verbs", manual_verbs},       {"views", manual_views},    {"keys", manual_keys},
    {"sources", manual_sources}, {"settings", manual_settings}, {"records", manual_records},
};

static bool manual(const struct cli *cli, struct strbuf *out)
{
    for (size_t i = 0; cli->n_args && i < ARRAY_LEN(MANUAL); i++)
        if (!strcmp(MANUAL[i].name, cli->args[0])) {
            MANUAL[i].print(out);
            return true;
        }
    complain("manual needs a section: options, verbs, views, keys, sources, settings or records");
    return false;
}

int verb_list(const struct cli *cli)
{
    struct strbuf out = {0};
    bool ok = true;
    struct sd_error err;
    for (size_t i = 0; i < cli->n_modules && ok; i++)
        if (!(ok = registry_load(cli->modules[i], &err) != NULL))
            complain("%s", err.text);
    if (ok && !strcmp(cli->verb, "sources"))
        ok = list_sources(cli, &out);
    else if (ok && !strcmp(cli->verb, "views"))
        list_views(&out);
    else if (ok && !strcmp(cli->verb, "keys"))
        list_keys(&out);
    else if (ok)
        ok = manual(cli, &out);
    ok = output_text(strbuf_text(&out)) && ok;
    strbuf_free(&out);
    return ok ? EXIT_FINE : EXIT_USAGE;
}
