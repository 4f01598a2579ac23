/* config_print.c - the commented default file, made from the tables. */
#include <stdio.h>
#include <string.h>

#include "conf/config.h"
#include "base/num.h"

static const char HEAD[] = "# The configuration of slowdive: every setting with its default.\n"
                           "# Save it as ~/.config/slowdive/config.yaml and change the settings you need;\n"
                           "# a setting that is missing keeps its default. Errors are reported with line\n"
                           "# and column; the other settings are still used.\n";

static const char SOURCES[] =
    "\n# Sources to open: URLs and paths as on the command line, or mappings with a name\n"
    "# and the options of that kind of source (`slowdive sources` lists them).\n"
    "# sources:\n"
    "#   - postgres://monitor@db.example.com/shop\n"
    "#   - source: /var/log/nginx/access.log\n"
    "#     name: web\n"
    "#     format: '$remote_addr [$time_local] \"$request\" $status $request_time'\n"
    "sources: []\n";

/* A scalar that YAML reads back as this text. */
static void print_scalar(struct strbuf *out, const char *text)
{
    bool plain = *text &&
                 strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./_$-:~") ==
                     strlen(text) &&
                 !strchr("-:~", text[0]) && text[strlen(text) - 1] != ':';
    if (plain) {
        strbuf_str(out, text);
        return;
    }
    strbuf_char(out, '\'');
    for (const char *p = text; *p; p++) {
        if (*p == '\'')
            strbuf_char(out, '\'');
        strbuf_char(out, *p);
    }
    strbuf_char(out, '\'');
}

/* One bound, as the user would write it in the file. */
static void print_bound(struct strbuf *out, const struct sd_option *o, double bound)
{
    struct settings s = {.theme = NULL};
    int64_t value = real_to_int(bound);
    memcpy((char *)&s + o->offset, &value, sizeof value);
    option_print(o, &s, out);
}

static void print_range(struct strbuf *out, const struct sd_option *o)
{
    if (o->min == 0 && o->max == 0)
        return;
    strbuf_str(out, " (");
    print_bound(out, o, o->min);
    strbuf_str(out, " to ");
    print_bound(out, o, o->max);
    strbuf_char(out, ')');
}

static void print_setting(struct strbuf *out, const struct sd_option *o)
{
    strbuf_printf(out, "\n# %s", o->help);
    print_range(out, o);
    strbuf_printf(out, "\n%s: ", o->name);
    if (o->type == SD_OPTION_LIST)
        strbuf_str(out, "[]");
    else
        print_scalar(out, o->fallback);
    strbuf_char(out, '\n');
}

static void print_keys(const struct action_table *actions, struct strbuf *out)
{
    const char *group = NULL;
    strbuf_str(out, "\n# Keys: a character, Enter, Esc, Tab, S-Tab, Space, Backspace, Up, PgUp, Home, F1,\n"
                    "# C-x (Control), M-x (Alt). A key listed here is removed from its other action;\n"
                    "# [] leaves an action without a key.\n"
                    "keys:\n");
    for (int a = ACTION_NONE; (a = action_next(actions, a));) {
        const struct action_info *info = action_at(actions, a);
        struct strbuf line = {0};
        if (!str_eq(info->group, group)) {
            group = info->group;
            strbuf_printf(out, "  # %s\n", group);
        }
        strbuf_printf(&line, "  %s: [", info->name);
        for (const char *p = info->keys; *p; p += strspn(p, " ")) {
            char name[32];
            size_t len = strcspn(p, " ");
            snprintf(name, sizeof name, "%.*s", (int)len, p);
            strbuf_str(&line, p == info->keys ? "" : ", ");
            print_scalar(&line, name);
            p += len;
        }
        strbuf_char(&line, ']');
        if (line.len < 36)
            strbuf_pad(&line, ' ', 36 - line.len);
        strbuf_printf(out, "%s # %s\n", strbuf_text(&line), info->help);
        strbuf_free(&line);
    }
}

void config_print_default(const struct action_table *actions, struct strbuf *out)
{
    strbuf_str(out, HEAD);
    for (const struct sd_option *o = SETTINGS_OPTIONS; o->name; o++)
        print_setting(out, o);
    strbuf_str(out, SOURCES);
    print_keys(actions, out);
}
