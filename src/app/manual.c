/* The generated parts of the manual pages, in mdoc, and the words of the completion:
 * from the same tables as the program's behaviour. */
#include "app/app.h"

#include <ctype.h>
#include <stdlib.h>

#include "app/commands.h"
#include "app/output.h"
#include "core/plans/findings.h"
#include "core/rewrite/rules.h"
#include "core/schema.h"
#include "core/job.h"
#include "ui/actions.h"
#include "core/caches/http_findings.h"
#include "view/indexes/advise.h"
#include "view/plans/parts.h"
#include "view/view.h"
#include "format/goals/budget_file.h"
#include "core/traces/trace_findings.h"
#include "core/history/forms.h"
#include "core/history/thin.h"
#include "view/goals/checks.h"

/* ---- mdoc ---- */

/* What roff would take for its own, or print as a typographic character: these pages
 * hold text to be copied into a shell. */
static void escaped(struct strbuf *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        bool begins_word = p == text || strchr(" ('\"[|-", p[-1]);
        switch (*p) {
        case '\\':
            strbuf_str(out, "\\e");
            break;
        case '"':
            strbuf_str(out, "\\(dq");
            break;
        case '\'':
            strbuf_str(out, "\\(aq");
            break;
        case '`':
            strbuf_str(out, "\\(ga");
            break;
        case '^':
            strbuf_str(out, "\\(ha");
            break;
        case '~':
            strbuf_str(out, "\\(ti");
            break;
        case '-':
            strbuf_str(out, begins_word ? "\\-" : "-");
            break;
        case '\n':
            strbuf_char(out, ' ');
            break;
        default:
            strbuf_char(out, *p);
        }
    }
}

/* One argument of a macro; in quotes it is never taken for a macro itself. */
static void quoted(struct strbuf *out, const char *macro, const char *text)
{
    if (!*text)
        return;
    strbuf_printf(out, " %s \"\\&", macro); /* a bracket or full stop is not punctuation */
    escaped(out, text);
    strbuf_char(out, '"');
}

/* The length of the first sentence of a text, with its full stop. */
static size_t first_sentence(const char *text)
{
    const char *p = text;
    while ((p = strstr(p, ". ")) && !isupper((unsigned char)p[2]))
        p += 2;
    return p ? (size_t)(p - text) + 1 : strlen(text);
}

/* Text that ends as a sentence does; each sentence is a line. */
static void sentence(struct strbuf *out, const char *text)
{
    while (*text) {
        size_t n = first_sentence(text);
        char *one = mem_strndup(text, n);
        if (*one == '.')
            strbuf_str(out, "\\&");
        escaped(out, one);
        strbuf_str(out, str_ends(one, ".") ? "\n" : ".\n");
        free(one);
        text += n + (text[n] == ' ');
    }
}

static void heading(struct strbuf *out, const char *title)
{
    strbuf_str(out, ".Ss");
    quoted(out, "", title);
    strbuf_char(out, '\n');
}

static void list_begin(struct strbuf *out)
{
    strbuf_str(out, ".Bl -tag -width Ds -compact\n");
}

static void list_end(struct strbuf *out)
{
    strbuf_str(out, ".El\n");
}

/* .It MACRO term [(detail)], then the sentence. */
static void item(struct strbuf *out, const char *macro, const char *term, const char *args,
                 const char *detail, const char *help)
{
    strbuf_str(out, ".It");
    quoted(out, macro, term);
    quoted(out, "Ar", args);
    if (*detail) {
        strbuf_str(out, " Pq No");
        quoted(out, "", detail);
    }
    strbuf_char(out, '\n');
    sentence(out, help);
}

/* ---- sections ---- */

static void manual_options(struct strbuf *out)
{
    list_begin(out);
    for (int i = 0; i < CLI_OPTION_COUNT; i++) {
        const struct cli_option_info *o = &CLI_OPTION_INFO[i];
        strbuf_str(out, ".It ");
        if (o->letter)
            strbuf_printf(out, "Fl %c , ", o->letter);
        strbuf_printf(out, "Fl Fl %s", o->name);
        quoted(out, "Ar", o->arg ? o->arg : "");
        if (strcmp(o->verbs, "*") != 0) {
            strbuf_str(out, " Pq No");
            quoted(out, "", o->verbs);
        }
        strbuf_char(out, '\n');
        sentence(out, o->help);
    }
    list_end(out);
}

static const struct {
    const char *name, *args, *help;
} VERBS[] = {
#define ROW(name, args, help) {#name, args, help},
    CLI_VERBS(ROW)
#undef ROW
};

static void manual_verbs(struct strbuf *out)
{
    list_begin(out);
    for (size_t i = 0; i < ARRAY_LEN(VERBS); i++)
        item(out, "Cm", VERBS[i].name, VERBS[i].args, "", VERBS[i].help);
    list_end(out);
}

static void manual_commands(struct strbuf *out)
{
    for (size_t i = 0; COMMANDS[i]; i++) {
        const struct cli_command *c = COMMANDS[i];
        heading(out, c->name);
        sentence(out, c->help);
        strbuf_str(out, "Arguments: ");
        sentence(out, c->args);
        if (c->options) {
            list_begin(out);
            for (const struct command_option *o = c->options; o->name; o++) {
                strbuf_printf(out, ".It Fl Fl %s", o->name);
                quoted(out, "Ar", o->arg ? o->arg : "");
                strbuf_char(out, '\n');
                sentence(out, o->help);
            }
            list_end(out);
        }
    }
}

static void columns(const struct column *c, size_t n, struct strbuf *out)
{
    list_begin(out);
    for (size_t i = 0; i < n; i++)
        if (!(c[i].flags & COLUMN_NO_JSON))
            item(out, "Va", c[i].key, "", "", c[i].help ? c[i].help : "");
    list_end(out);
}

static void manual_views(struct strbuf *out)
{
    strbuf_str(out, ".Pp\nWith\n.Fl Fl format Cm json\nevery view but\n.Cm plan\nand\n.Cm advise\n"
                    "gives an object with these keys, and those below:\n");
    columns(VIEW_ENVELOPE, VIEW_N_ENVELOPE, out);
    for (const struct view *const *v = VIEWS; *v; v++) {
        heading(out, (*v)->name);
        sentence(out, (*v)->summary);
        if ((*v)->aliases) {
            strbuf_str(out, "Also called: ");
            sentence(out, (*v)->aliases);
        }
        if ((*v)->n_columns) {
            strbuf_printf(out, "Each of\n.Va %s\nhas:\n", (*v)->rows ? (*v)->rows : "rows");
            columns((*v)->columns, (*v)->n_columns, out);
        }
        if ((*v)->n_also) {
            strbuf_str(out, ".Pp\nFurther keys:\n");
            columns((*v)->also, (*v)->n_also, out);
        }
    }
}

static void manual_advice(struct strbuf *out)
{
    strbuf_str(out, ".Pp\nThe keys of\n.Fl Fl format Cm json\nare those of the view\n.Cm advise .\nEach of\n"
                    ".Va rewrites\nhas:\n");
    columns(advise_rewrite_columns, advise_n_rewrite_columns, out);
}

static void manual_suggestions(struct strbuf *out)
{
    columns(plan_suggestion_columns, PLAN_SUGGESTION_COLUMNS, out);
}

static void manual_keys(struct strbuf *out)
{
    const struct action_table *all = actions_all();
    struct keymap *k = keymap_new(all);
    const char *group = NULL;
    for (int a = ACTION_NONE; (a = action_next(all, a));) {
        const struct action_info *info = action_at(all, a);
        char keys[128];
        if (!str_eq(info->group, group)) {
            if (group)
                list_end(out);
            group = info->group;
            heading(out, group);
            list_begin(out);
        }
        keymap_keys(k, a, keys, sizeof keys);
        item(out, *keys ? "Sy" : "No", *keys ? keys : "no key", "", info->name, info->help);
    }
    list_end(out);
    heading(out, "Commands, after a colon");
    list_begin(out);
    struct command_info c;
    for (size_t i = 0; command_at(all, i, &c); i++)
        item(out, "Cm", c.name, c.args, "", c.help);
    list_end(out);
    keymap_free(k);
}

static void option_rows(const struct sd_option *o, struct strbuf *out)
{
    list_begin(out);
    for (; o && o->name; o++) {
        struct strbuf detail = {0};
        strbuf_str(&detail, option_type_name(o->type));
        if (o->fallback && *o->fallback)
            strbuf_printf(&detail, ", default %s", o->fallback);
        item(out, "Va", o->name, "", detail.text, o->help);
        strbuf_free(&detail);
    }
    list_end(out);
}

static void unsaid(void *ctx, const char *sentence)
{
    (void)ctx;
    (void)sentence;
}

/* Where the program's own sources are modules they are found as in every run; a configuration is not read. */
static void find_modules(const struct cli *cli)
{
    struct config *c = config_new(actions_all());
    struct sd_error err;
    for (size_t i = 0; i < cli->n_sets; i++)
        if (str_starts(cli->sets[i], "module_path="))
            settings_set(c->settings, "module_path", strchr(cli->sets[i], '=') + 1, &err);
    if (registry_known(0))
        registry_load_path(c->settings->module_path, unsaid, NULL);
    config_free(c);
}

static void manual_sources(struct strbuf *out)
{
    for (size_t i = 0; i < registry_count(); i++) {
        const struct sd_source_ops *ops = registry_at(i);
        heading(out, ops->name);
        sentence(out, ops->summary);
        strbuf_str(out, "Written as: ");
        sentence(out, ops->targets);
        if (ops->options && ops->options[0].name)
            option_rows(ops->options, out);
    }
}

static void manual_settings(struct strbuf *out)
{
    option_rows(SETTINGS_OPTIONS, out);
}

/* The fields of a record, or the arguments of a job. */
static void manual_schema(const struct sd_schema *sc, struct strbuf *out)
{
    static const char *const types[SD_FIELD_END] = {
        [SD_FIELD_INT] = "integer",
        [SD_FIELD_REAL] = "real",
        [SD_FIELD_TEXT] = "text",
        [SD_FIELD_HIST] = "histogram",
        [SD_FIELD_LIST_INT] = "list of integers",
        [SD_FIELD_LIST_REAL] = "list of reals",
        [SD_FIELD_LIST_TEXT] = "list of texts",
    };
    heading(out, sc->name);
    sentence(out, sc->help);
    list_begin(out);
    for (size_t f = 0; f < sc->n_fields; f++) {
        char detail[80];
        snprintf(detail, sizeof detail, "%s%s%s", types[sc->fields[f].type], *sc->fields[f].unit ? ", " : "",
                 sc->fields[f].unit);
        item(out, "Va", sc->fields[f].name, "", detail, sc->fields[f].help);
    }
    list_end(out);
}

static void manual_records(struct strbuf *out)
{
    for (int k = 1; k < SD_KIND_END; k++)
        manual_schema(schema_of((enum sd_kind)k), out);
}

static void manual_jobs(struct strbuf *out)
{
    for (int id = SD_JOB_NONE + 1; id < SD_JOB_END; id++) {
        const struct job *j = job_of((enum sd_job)id);
        manual_schema(j->args, out);
        strbuf_printf(out, "The answer is a record\n.Va %s .\n", schema_of(j->reply)->name);
    }
}

/* Not mdoc: what a shell may complete, a line each: what it is, the word, and for
 * options the argument; contrib/completions. */
static void command_words(struct strbuf *out)
{
    for (size_t i = 0; COMMANDS[i]; i++) {
        const struct cli_command *c = COMMANDS[i];
        int first = (int)strcspn(c->name, " ");
        strbuf_printf(out, "verb %.*s\n", first, c->name);
        if (c->name[first])
            strbuf_printf(out, "second %s %.*s\n", c->name + first + 1, first, c->name);
        for (const struct command_option *o = c->options; o && o->name; o++)
            strbuf_printf(out, "option --%s %s\n", o->name, o->arg ? o->arg : "");
    }
}

static void manual_words(struct strbuf *out)
{
    command_words(out);
    for (size_t i = 0; i < ARRAY_LEN(VERBS); i++)
        strbuf_printf(out, "verb %s\n", VERBS[i].name);
    for (const struct view *const *v = VIEWS; *v; v++) {
        strbuf_printf(out, "view %s\n", (*v)->name);
        for (size_t c = 0; c < (*v)->n_columns; c++)
            strbuf_printf(out, "column %s %s\n", (*v)->columns[c].key, (*v)->name);
    }
    for (int i = 0; i < CLI_OPTION_COUNT; i++) {
        const struct cli_option_info *o = &CLI_OPTION_INFO[i];
        strbuf_printf(out, "option --%s %s\n", o->name, o->arg ? o->arg : "");
        if (o->letter)
            strbuf_printf(out, "option -%c %s\n", o->letter, o->arg ? o->arg : "");
    }
    /* Modules are not loaded for their names. */
    size_t known = 0;
    for (; registry_known(known); known++)
        strbuf_printf(out, "kind %s\n", registry_known(known));
    for (size_t i = 0; !known && i < registry_count(); i++)
        strbuf_printf(out, "kind %s\n", registry_at(i)->name);
    for (const struct sd_option *o = SETTINGS_OPTIONS; o->name; o++)
        strbuf_printf(out, "setting %s=\n", o->name);
}

/* The measure and the source of a rule, for findings and rewrites. */
struct limits {
    const char *measure, *floor_of;
    double info, warn, bad, floor_ns, floor_share, floor_amount;
};
#define LIMITS(r)                                                                                            \
    (&(struct limits){(r)->measure, (r)->floor_of, (r)->info, (r)->warn, (r)->bad, (r)->floor_ns,            \
                      (r)->floor_share, (r)->floor_amount})

static void manual_title(const char *name, const char *title, const char *help, struct strbuf *out)
{
    strbuf_printf(out, ".It Va %s No ( ", name);
    escaped(out, title);
    strbuf_str(out, " )\n");
    sentence(out, help);
}

/* "Measured: rows removed / rows read; warn from 0.9. Only with at least 1 ms to be saved,
 * 10 % of the time or cost, 1000 rows removed." */
static void manual_limits(const struct limits *l, struct strbuf *out)
{
    const struct {
        const char *severity;
        double from;
    } limits[] = {{"info", l->info}, {"warn", l->warn}, {"bad", l->bad}};
    const char *before = "";
    strbuf_str(out, "Measured: ");
    escaped(out, l->measure);
    strbuf_str(out, "; ");
    for (size_t k = 0; k < ARRAY_LEN(limits); k++) {
        if (isnan(limits[k].from))
            continue;
        strbuf_printf(out, "%s%s from %.10g", before, limits[k].severity, limits[k].from);
        before = ", ";
    }
    strbuf_str(out, ".\n");
    before = "Only with at least ";
    if (l->floor_ns > 0) {
        strbuf_printf(out, "%s%g ms to be saved", before, l->floor_ns / 1e6);
        before = ", ";
    }
    if (l->floor_share > 0) {
        strbuf_printf(out, "%s%g %% of the time or cost", before, l->floor_share * 100);
        before = ", ";
    }
    if (l->floor_amount > 0 && l->floor_of && strcmp(l->floor_of, "ns") != 0) {
        strbuf_printf(out, "%s%.10g ", before, l->floor_amount);
        escaped(out, l->floor_of);
        before = ", ";
    }
    strbuf_str(out, strcmp(before, ", ") == 0 ? ".\n" : "");
}

static void manual_findings(struct strbuf *out)
{
    strbuf_str(out, ".Bl -tag -width Ds\n");
    for (size_t i = 0; i < plan_n_rules; i++) {
        const struct plan_rule *r = &plan_rules[i];
        manual_title(r->name, r->title, r->help, out);
        manual_limits(LIMITS(r), out);
        strbuf_str(out, "Thresholds: ");
        escaped(out, r->source);
        strbuf_str(out, ".\n");
    }
    strbuf_str(out, ".El\n");
}

static void manual_rewrites(struct strbuf *out)
{
    strbuf_str(out, ".Bl -tag -width Ds\n");
    for (size_t i = 0; i < rewrite_n_rules; i++) {
        const struct rewrite_rule *r = &rewrite_rules[i];
        manual_title(r->name, r->title, r->help, out);
        strbuf_str(out, "Written as: ");
        sentence(out, r->to);
        sentence(out, r->same);
        manual_limits(LIMITS(r), out);
        if (isfinite(r->floor_cost))
            strbuf_printf(out, "Of a plan that was not executed: only from a planner's cost of %.10g.\n",
                          r->floor_cost);
        else if (r->find)
            strbuf_str(out, "Only of a plan that was executed.\n");
    }
    strbuf_str(out, ".El\n");
}

static void manual_policies(struct strbuf *out)
{
    enum severity severity;
    const char *kind, *about;
    list_begin(out);
    for (size_t i = 0; (kind = http_finding_kind(i, &severity, &about)); i++)
        item(out, "Va", kind, "", severity_name(severity), about);
    list_end(out);
}

static void manual_checks(struct strbuf *out)
{
    size_t n;
    const struct column *c = checks_columns(&n);
    columns(c, n, out);
}

static void manual_traces(struct strbuf *out)
{
    list_begin(out);
#define TRACE_RULE_ITEM(NAME, name, what, when) item(out, "Va", #name, "", what, when);
    TRACE_RULES(TRACE_RULE_ITEM)
#undef TRACE_RULE_ITEM
    list_end(out);
}

static void manual_budgets(struct strbuf *out)
{
    const char *kind, *files, *about;
    list_begin(out);
    for (size_t i = 0; (kind = budget_file_kind(i, &files, &about)); i++)
        item(out, "Cm", kind, "", files, about);
    list_end(out);
}

/* What a history keeps, kind by kind; seldom: one of each thing in so long. */
static void manual_histories(struct strbuf *out)
{
    static const char *const HOWS[] = {"", "intervals add up", "samples: count, sum, smallest, largest, last",
                                       "the last of each step", "each"};
    static const struct {
        enum sd_kind kind;
        const char *name, *key;
        enum history_how how;
    } KINDS[] = {
#define KIND_ROW(KIND, HOW, key, total) {SD_##KIND, #KIND, key, HISTORY_##HOW},
        HISTORY_KINDS(KIND_ROW)
#undef KIND_ROW
    };
    static const struct {
        enum sd_kind kind;
        int seconds;
    } SELDOM[] = {
#define SELDOM_ROW(KIND, seconds) {SD_##KIND, seconds},
        HISTORY_SELDOM(SELDOM_ROW)
#undef SELDOM_ROW
    };
    list_begin(out);
    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
        char about[300];
        int seconds = 0;
        for (size_t k = 0; k < ARRAY_LEN(SELDOM); k++)
            seconds = SELDOM[k].kind == KINDS[i].kind ? SELDOM[k].seconds : seconds;
        snprintf(about, sizeof about, "%s; by %s", HOWS[KINDS[i].how],
                 *KINDS[i].key ? KINDS[i].key : "source");
        if (seconds)
            snprintf(about + strlen(about), sizeof about - strlen(about), "; one in %d s", seconds);
        if (history_coarse_ns(KINDS[i].kind))
            snprintf(about + strlen(about), sizeof about - strlen(about),
                     "; in SQLite in steps of %d s when older than an hour or two",
                     (int)(history_coarse_ns(KINDS[i].kind) / SD_S));
        if (KINDS[i].kind == SD_EXEMPLAR)
            snprintf(about, sizeof about, "the %d slowest of each source in a step, one of each endpoint",
                     HISTORY_EXEMPLARS);
        if (KINDS[i].kind == SD_HISTORY_LATENCY)
            snprintf(about + strlen(about), sizeof about - strlen(about),
                     "; native and exponential buckets narrower than 1.1 %% become that wide");
        if (KINDS[i].kind == SD_HISTORY_STACK)
            snprintf(
                about, sizeof about,
                "intervals add up; the %d heaviest stacks of each profile in a step, the rest as (other) "
                "below what it has in common with them",
                HISTORY_STACKS);
        item(out, "Va", schema_of(KINDS[i].kind)->name, "", "", about);
    }
    list_end(out);
}

static const struct {
    const char *name;
    void (*print)(struct strbuf *out);
} MANUAL[] = {
    {"options", manual_options},     {"verbs", manual_verbs},
    {"views", manual_views},         {"keys", manual_keys},
    {"sources", manual_sources},     {"settings", manual_settings},
    {"records", manual_records},     {"jobs", manual_jobs},
    {"commands", manual_commands},   {"words", manual_words},
    {"findings", manual_findings},   {"advice", manual_advice},
    {"rewrites", manual_rewrites},   {"suggestions", manual_suggestions},
    {"policies", manual_policies},   {"checks", manual_checks},
    {"budgets", manual_budgets},     {"traces", manual_traces},
    {"histories", manual_histories},
};

static void list_views(struct strbuf *out)
{
    cli_views(out);
}

int verb_manual(const struct cli *cli)
{
    struct strbuf out = {0};
    void (*print)(struct strbuf * out) = !strcmp(cli->verb, "views") ? list_views : NULL;
    for (size_t i = 0; !print && cli->n_args && i < ARRAY_LEN(MANUAL); i++)
        if (!strcmp(MANUAL[i].name, cli->args[0]))
            print = MANUAL[i].print;
    if (!print) {
        struct strbuf names = {0};
        for (size_t i = 0; i < ARRAY_LEN(MANUAL); i++)
            strbuf_printf(&names, "%s%s", i ? ", " : "", MANUAL[i].name);
        complain("manual needs a section, one of: %s", strbuf_text(&names));
        strbuf_free(&names);
        return EXIT_USAGE;
    }
    find_modules(cli);
    print(&out);
    bool ok = output_text(strbuf_text(&out));
    strbuf_free(&out);
    return ok ? EXIT_FINE : EXIT_USAGE;
}
