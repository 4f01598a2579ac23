/* Parameters: what differs from the default, what waits for a restart, what figures of the server speak
 * against. */
#include "core/table.h"
#include "view/servers/parameter_rules.h"
#include "view/shared/common.h"
#include "view/shared/worst.h"

#include <stdlib.h>

#define COLUMNS_OF(X)                                                                                        \
    X(parameter, "Parameter", UNIT_NONE, COLUMN_LEFT, 0, "name", cell_text(doc_text(d, x->name)))            \
    X(shown, "Value", UNIT_NONE, COLUMN_LEFT | COLUMN_NO_JSON, 0, "what a new session gets",                 \
      cell_text(x->value ? parameter_shown(d, x->value, x->unit) : "(hidden)"))                              \
    X(shown_default, "Default", UNIT_NONE, COLUMN_LEFT | COLUMN_NO_JSON, 1, "the default",                   \
      cell_text(parameter_shown(d, x->initial, x->unit)))                                                    \
    X(changes_at, "Changes at", UNIT_NONE, COLUMN_LEFT, 2,                                                   \
      "when a change takes effect: restart, reload, session or never", cell_text(when(x->context)))          \
    X(advice, "Look at", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0,                                            \
      "what the figures of this server say about it; null: nothing", cell_text(advice))                      \
    X(severity, "Severity", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9,                                       \
      "of that: info, warn or bad; empty: none", cell_text(severity_name(severity)))                         \
    X(value, "Setting", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9,                                           \
      "what a new session gets, in `unit`: reset_val of pg_settings; null when it may be a secret",          \
      cell_text(doc_text(d, x->value)))                                                                      \
    X(default, "Boot value", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "the default: boot_val",             \
      cell_text(doc_text(d, x->initial)))                                                                    \
    X(unit, "Unit", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "of both", cell_text(doc_text(d, x->unit)))   \
    X(type, "Type", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "bool, integer, real, enum or string",        \
      cell_text(doc_text(d, x->type)))                                                                       \
    X(differs, "Differs", UNIT_NONE, COLUMN_HIDDEN, 9, "whether value and default differ",                   \
      cell_bool(x->differs == 1))                                                                            \
    X(pending_restart, "Pending", UNIT_NONE, COLUMN_HIDDEN, 9, "whether a restart would change it",          \
      cell_bool(x->pending_restart == 1))                                                                    \
    X(source, "Set by", UNIT_NONE, COLUMN_LEFT, 4, "where the value comes from",                             \
      cell_text(doc_text(d, x->source)))                                                                     \
    X(context, "Context", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "as pg_settings names `changes_at`",    \
      cell_text(doc_text(d, x->context)))                                                                    \
    X(category, "Category", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "of pg_settings",                     \
      cell_text(doc_text(d, x->category)))                                                                   \
    X(about, "About", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "what it does",                             \
      cell_text(doc_text(d, x->about)))                                                                      \
    X(server, "Server", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "the source", cell_text(e->origin))

#define PARAMETER_ENUM(key, title, unit, flags, priority, help, cell) V_##key,
enum { COLUMNS_OF(PARAMETER_ENUM) V_COLUMNS };
#define PARAMETER_COLUMN(key_, title_, unit_, flags_, priority_, help_, cell)                                \
    {.key = #key_,                                                                                           \
     .title = title_,                                                                                        \
     .unit = unit_,                                                                                          \
     .flags = flags_,                                                                                        \
     .priority = priority_,                                                                                  \
     .help = help_,                                                                                          \
     .width = ((flags_)&COLUMN_GROW) ? 20 : 0},
static const struct column COLUMNS[V_COLUMNS] = {COLUMNS_OF(PARAMETER_COLUMN)};

static const char *when(const char *context)
{
    static const char *const names[][2] = {{"postmaster", "restart"},
                                           {"sighup", "reload"},
                                           {"internal", "never"},
                                           {"backend", "connection"},
                                           {"superuser-backend", "connection"},
                                           {"superuser", "session"},
                                           {"user", "session"}};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_eq(context, names[i][0]))
            return names[i][1];
    return NULL;
}

/* The parameters of all servers, and the figures of each. */
struct all {
    struct record_entry *e;
    size_t n;
    struct server_facts f[SERVERS_SHOWN];
    size_t n_facts;
};

static struct all find_all(const struct view_ctx *c)
{
    struct all a = {.e = mem_array(PARAMETERS_MAX, sizeof *a.e)};
    a.n = model_server_records(c->model, SD_PARAMETER, c->span, c->now, a.e, PARAMETERS_MAX);
    a.n_facts = servers_find(c, a.f, SERVERS_SHOWN);
    return a;
}

static struct parameters of_server(const struct view_ctx *c, const struct all *a,
                                   const struct record_entry *e)
{
    struct parameters p = {.items = a->e, .n = a->n, .origin = e->origin, .c = c};
    for (size_t i = 0; i < a->n_facts; i++)
        if (str_eq(a->f[i].origin, e->origin))
            p.f = &a->f[i];
    return p;
}

static void fill(struct doc *d, const struct record_entry *e, const char *advice, enum severity severity,
                 struct row *r)
{
    const struct sd_parameter *x = e->r;
#define PARAMETER_CELL(key, title, unit, flags, priority, help, cell) r->cells[V_##key] = (cell);
    COLUMNS_OF(PARAMETER_CELL)
    r->severity = severity;
}

static struct doc *build_parameters(const struct view_ctx *c)
{
    struct doc *d = doc_new("parameters", "Parameters");
    struct all a = find_all(c);
    int64_t pending = 0;
    common_envelope(d, c, common_span(c));
    struct section *s = doc_table(d, "rows", "Parameters that differ or need a look", COLUMNS, V_COLUMNS);
    for (int severity = SEVERITY_BAD; severity >= SEVERITY_NONE; severity--)
        for (size_t i = 0; i < a.n; i++) {
            const struct sd_parameter *x = a.e[i].r;
            struct parameters p = of_server(c, &a, &a.e[i]);
            enum severity own = SEVERITY_NONE;
            const char *advice = parameter_advice(d, &p, x, &own);
            if ((int)own != severity || (!advice && x->differs != 1))
                continue;
            pending += x->pending_restart == 1;
            fill(d, &a.e[i], advice, own, doc_row(d, &s->table));
        }
    s->weight = 1;
    s->note = a.n ? common_note(
                        d, c, &(struct note){KINDS_PARAMETERS, SD_UNKNOWN, .last = a.e[0].at, .moment = true})
                  : NULL;
    if (pending)
        s->note = doc_printf(d, "%lld wait%s for a restart%s%s", (long long)pending, pending == 1 ? "s" : "",
                             s->note ? ", " : "", s->note ? s->note : "");
    s->empty =
        a.n ? "All parameters that are read have their default." : common_empty(d, c, KINDS_PARAMETERS);
    free(a.e);
    return d;
}

/* The grave ones alone: what is worth knowing stands in the view. */
static void parameters_worst(const struct view_ctx *c, struct worst_list *l)
{
    struct all a = find_all(c);
    for (size_t i = 0; i < a.n; i++) {
        const struct sd_parameter *x = a.e[i].r;
        struct parameters p = of_server(c, &a, &a.e[i]);
        enum severity severity = SEVERITY_NONE;
        const char *advice = parameter_advice(l->d, &p, x, &severity);
        if (advice && severity >= SEVERITY_WARN && !str_eq(x->name, "max_connections") &&
            !str_eq(x->name, "shared_buffers") && !server_is_gone(c, a.e[i].origin))
            worst_add(l, (struct worst_item){.what = "parameter",
                                             .severity = severity,
                                             .share = NAN,
                                             .subject = doc_printf(l->d, "%s = %s", x->name,
                                                                   parameter_shown(l->d, x->value, x->unit)),
                                             .why = advice,
                                             .dive = {.view = "parameters"}});
    }
    free(a.e);
}

const struct view parameters_view = {
    .name = "parameters",
    .aliases = "settings",
    .place = PLACE_DB,
    .title = "Parameters",
    .summary =
        "parameters of the server that differ from their defaults, wait for a restart, or that its figures "
        "speak against",
    .lists = "parameter",
    .thing = "parameter",
    .needs = KINDS_PARAMETERS,
    .build = build_parameters,
    .links = (const char *const[]){"server", "replication", "changes", NULL},
    .worst = parameters_worst,
    .columns = COLUMNS,
    .n_columns = V_COLUMNS,
};
