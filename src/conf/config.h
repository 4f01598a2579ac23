/* config.h - settings and the configuration file (YAML). The only user of libyaml
 * is tree.c, which config.c and theme.c read with. */
#ifndef CONF_CONFIG_H
#define CONF_CONFIG_H

#include "conf/action.h"
#include "conf/option.h"
#include "core/goals/policy.h"

/* The console's settings; rows in SETTINGS_OPTIONS (config.c) describe them for
 * the file, --set, :set, --print-config and slowdive.yaml(5). */
struct settings {
    const char *theme;   /* dark, light, mono or a file */
    const char *unicode; /* auto, yes, no */
    const char *color;   /* auto, yes, no */
    bool mouse;
    int64_t escape_delay_ns; /* the rest of a key's escape sequence may take so long */
    int64_t refresh_ns;      /* how often figures on screen change */
    int64_t window_ns;       /* span that figures are computed over */
    int64_t retention_ns;
    int64_t memory_bytes;        /* cap of the model */
    int64_t traces_bytes;        /* and of traces, besides */
    bool show_literals;          /* constants in SQL */
    bool allow_actions;          /* cancel and terminate sessions */
    int64_t analyze_limit_ns;    /* the server gives up an EXPLAIN ANALYZE after so long */
    const char *module_path;     /* folders of shared-object sources, colon separated */
    const char *log_file;        /* "" none */
    const char *const *exec_env; /* names of variables for exec: programs */
    bool core_dumps;             /* a core file, which holds passwords, may be written */
    const char *const *routes;   /* route patterns, "/users/:name"; first match wins */
    bool flight;                 /* the console records itself */
    const char *flight_folder;
    int64_t flight_bytes, flight_age_ns;
};
extern const struct sd_option SETTINGS_OPTIONS[];
/* option_set, and what the table cannot say: auto/yes/no, "~" in paths. For --set
 * and :set. */
bool settings_set(struct settings *s, const char *name, const char *value, struct sd_error *err);
enum { CONFIG_SOURCES_MAX = 200 };

/* One entry of `sources:`: "postgres:///shop" or a mapping
 * { source: /var/log/nginx/access.log, name: web, format: '...' }. */
struct source_spec {
    char *target;   /* as on the command line */
    char *name;     /* NULL: made from the target */
    char **options; /* NULL-terminated "name=value" */
    int line;       /* in the file; 0: command line */
};

struct config {
    struct settings *settings;
    struct keymap *keymap;
    struct source_spec *sources;
    size_t n_sources;
    char *path;                /* the file read; NULL: none */
    struct goal_policy policy; /* empty until policy_find() has filled it */
};

/* Defaults: the compiled-in, commented file, read by this parser. `actions`: those that
 * keys can be bound to beside the general ones; kept; NULL: none. */
struct config *config_new(const struct action_table *actions);
void config_free(struct config *c);

/* Reads a file over the present values. Everything that is right is taken; each
 * thing that is wrong is reported as "FILE:LINE:COLUMN: what; expected what" and
 * the rest goes on. Returns the number of problems. A missing file is a problem
 * only when `required`. A file that others may have written (base/trust.h) is one problem and
 * nothing of it is taken. `sources:` replaces the sources read before. */
int config_read(struct config *c, const char *path, bool required,
                void (*problem)(void *ctx, const char *sentence), void *ctx);
int config_read_text(struct config *c, const char *name, const char *text, size_t len,
                     void (*problem)(void *ctx, const char *sentence), void *ctx);

/* $XDG_CONFIG_HOME/slowdive/config.yaml or ~/.config/...; caller frees; NULL when
 * there is no home. */
char *config_default_path(void);
/* The folder of that file; themes are in its folder `themes`. Caller frees; NULL. */
char *config_folder(void);
/* The commented default file, generated from the option and action tables; what
 * --print-config prints. */
void config_print_default(const struct action_table *actions, struct strbuf *out);

#endif
