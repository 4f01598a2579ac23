/* The functions of profiles: which take the time or the memory, by themselves and with what they call. */
#include "view/profiles/functions.h"

#include <ctype.h>
#include <stdlib.h>

#include "core/profiles/profile_part.h"
#include "core/table.h"
#include "view/profiles/function_detail.h"
#include "view/profiles/profile_actions.h"
#include "view/profiles/shown_profile.h"
#include "view/shared/figures.h"
#include "view/shared/linked.h"
#include "view/shared/worst.h"

/* X(NAME, value, help) */
#define THRESHOLDS(X) X(SHARE, 0.25, "a function with this share of processor time by itself is listed")
enum threshold { THRESHOLDS(WORST_ENUM) };
static const double LIMIT[] = {THRESHOLDS(WORST_VALUE)};

/* X(key, title, unit, flags, priority, help): the unit of values is that of the sample type. From `change`
 * on: only beside a baseline. */
#define COLUMNS_OF(X)                                                                                        \
    X(self_share, "Self", UNIT_SHARE, COLUMN_BAR, 0, "share of the sum of the sample type, in it alone")     \
    X(total_share, "Total", UNIT_SHARE, 0, 0, "share in it and in what it calls; recursion counts once")     \
    X(self_value, "Self value", UNIT_NONE, 0, 2, "value in it alone, in `unit`")                             \
    X(total_value, "Total value", UNIT_NONE, 0, 3, "value in it and in what it calls, in `unit`")            \
    X(trend, "Trend", UNIT_NONE, COLUMN_LEFT | COLUMN_NO_JSON, 1,                                            \
      "of its self share over the time shown, each row by its own largest; of a source that samples on and " \
      "on")                                                                                                  \
    X(name, "Function", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW | COLUMN_PATH, 0,                               \
      "the function; [module] where only the module is known")                                               \
    X(module, "Module", UNIT_NONE, COLUMN_LEFT, 2,                                                           \
      "file it is in: program, library, kernel module; null when unknown")                                   \
    X(kind, "Kind", UNIT_NONE, COLUMN_LEFT, 4,                                                               \
      "kernel, native, jit, interpreted, gc, allocator, lock or process (its samples, as the outermost "     \
      "frame); null when unknown")                                                                           \
    X(self_samples, "Samples", UNIT_COUNT, 0, 5,                                                             \
      "samples in it alone; null: the format does not count them")                                           \
    X(total_samples, "Total samples", UNIT_COUNT, COLUMN_HIDDEN, 9,                                          \
      "samples in it and in what it calls; null as above")                                                   \
    X(unit, "Unit", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "of the values: ns, bytes or count")          \
    X(change, "Change", UNIT_NONE, COLUMN_LEFT, 0,                                                           \
      "beside a baseline: same, grew, shrank, new, gone, or moved (a caller, callee or sibling makes up "    \
      "for "                                                                                                 \
      "it); null: samples are not counted. A change is called when a test corrected for the number of "      \
      "functions passes")                                                                                    \
    X(self_share_before, "Before", UNIT_SHARE, 0, 0, "self share in the baseline; 0: not in it")             \
    X(self_share_after, "After", UNIT_SHARE, COLUMN_HIDDEN, 9, "self share now; 0: not there")               \
    X(delta_share, "Delta", UNIT_SHARE, 0, 1, "self_share_after - self_share_before")                        \
    X(delta_share_low, "Low", UNIT_SHARE, COLUMN_HIDDEN, 9,                                                  \
      "lower end of its 95 % confidence interval; null: samples are not counted")                            \
    X(delta_share_high, "High", UNIT_SHARE, COLUMN_HIDDEN, 9, "its upper end")                               \
    X(load_order, "Load^", UNIT_NONE, 0, 1,                                                                  \
      "with the requests of both times known: the power of the load that its cost grew with, where it grew " \
      "faster than the load; 2: with its square; else null")                                                 \
    X(moved_to, "Moved to", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9,                                       \
      "for moved: the function that makes up for it")

#define FUNCTION_ENUM(key, title, unit, flags, priority, help) F_##key,
enum { COLUMNS_OF(FUNCTION_ENUM) F_COLUMNS };
#define FUNCTION_COLUMN(key_, title_, unit_, flags_, priority_, help_)                                       \
    {.key = #key_,                                                                                           \
     .title = title_,                                                                                        \
     .unit = unit_,                                                                                          \
     .flags = flags_,                                                                                        \
     .priority = priority_,                                                                                  \
     .help = help_,                                                                                          \
     .width = ((flags_)&COLUMN_GROW) ? 32 : 0},
static const struct column COLUMNS[F_COLUMNS] = {COLUMNS_OF(FUNCTION_COLUMN)};

/* ---- rows ---- */

/* Those of now by self, then those that only the baseline has. */
struct functions {
    struct shown_profile *shown;
    uint32_t *gone; /* numbers of pairs */
    size_t n_gone;
    struct shown_trends trends;
    struct doc *d;
};

static void functions_free(void *owned)
{
    struct functions *f = owned;
    shown_profile_free(f->shown);
    free(f->gone);
    free(f->trends.shares);
    free(f);
}

/* "▁▂▅█▃", from 0 to its largest, which is a fiftieth at least: small change of little is flat. */
static const char *trend_text(struct doc *d, const struct shown_trends *t, uint32_t function)
{
    static const char *const blocks[] = {"\u2581", "\u2582", "\u2583", "\u2584",
                                         "\u2585", "\u2586", "\u2587", "\u2588"};
    const double *shares = t->shares + function * t->n;
    struct strbuf out = {0};
    double most = 0.02;
    for (size_t i = 0; i < t->n; i++)
        most = fmax(most, isnan(shares[i]) ? 0 : shares[i]);
    for (size_t i = 0; i < t->n; i++)
        strbuf_str(&out, isnan(shares[i]) ? " " : blocks[(size_t)(fmax(shares[i], 0) / most * 7.99)]);
    const char *text = doc_text(d, strbuf_text(&out));
    strbuf_free(&out);
    return text;
}

static int by_share_before(const void *a, const void *b, void *pairs)
{
    const struct profile_pair *p = pairs;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    double d = p[x].share_before - p[y].share_before;
    return d > 0 ? -1 : d < 0 ? 1 : x < y ? -1 : x > y;
}

static struct functions *functions_new(const struct view_ctx *c)
{
    struct functions *f = mem_alloc(sizeof *f);
    struct shown_profile *x = f->shown = shown_profile(c);
    const struct profile_comparison *all = &x->compared;
    f->gone = mem_array(all->n + 1, sizeof *f->gone);
    for (uint32_t i = 0; i < all->n; i++)
        if (all->pairs[i].after == PROFILE_NO_FUNCTION &&
            profile_total(x->before, all->pairs[i].before, 0) != 0)
            f->gone[f->n_gone++] = i;
    if (all->n)
        qsort_r(f->gone, f->n_gone, sizeof *f->gone, by_share_before, all->pairs);
    return f;
}

static void compared_cells(struct row *r, const struct profile_pair *pair)
{
    r->cells[F_change] = cell_text(profile_change_name(pair->change));
    r->cells[F_self_share_before] = cell_real(pair->share_before);
    r->cells[F_self_share_after] = cell_real(pair->share_after);
    r->cells[F_delta_share] = cell_real(pair->delta);
    r->cells[F_delta_share_low] = cell_real(pair->low);
    r->cells[F_delta_share_high] = cell_real(pair->high);
    r->cells[F_load_order] = cell_real(round(pair->order * 100) / 100);
    r->cells[F_moved_to] = cell_text(pair->moved_to);
    r->severity = shown_severity(pair);
}

static void name_cells(struct row *r, const struct profile_function *fn, const char *unit)
{
    r->cells[F_name] = cell_text(fn->name);
    r->cells[F_module] = cell_text(fn->module);
    r->cells[F_kind] = cell_text(fn->kind);
    r->cells[F_unit] = cell_text(unit);
    r->copy = fn->name;
}

static void gone_row(const struct functions *f, size_t i, struct row *r)
{
    const struct profile_pair *pair = &f->shown->compared.pairs[f->gone[i]];
    bool counted = f->shown->found.p->counted;
    name_cells(r, &f->shown->before->functions[pair->before], f->shown->found.unit);
    r->cells[F_self_share] = r->cells[F_total_share] = cell_real(0);
    r->cells[F_self_value] = r->cells[F_total_value] = cell_int(0);
    r->cells[F_self_samples] = r->cells[F_total_samples] = cell_int(counted ? 0 : SD_UNKNOWN);
    compared_cells(r, pair);
}

static void function_row(void *ctx, size_t i, struct row *r)
{
    const struct functions *f = ctx;
    const struct shown_profile *x = f->shown;
    const struct profile *p = x->found.p;
    if (i >= x->n_order) {
        gone_row(f, i - x->n_order, r);
        return;
    }
    uint32_t k = x->order[i];
    const struct profile_function *fn = &p->functions[k];
    const struct profile_pair *pair = shown_pair(x, k);
    double self = profile_self(p, k, 0), total = profile_total(p, k, 0);
    name_cells(r, fn, x->found.unit);
    r->cells[F_self_share] = cell_real(shown_share(x, self));
    r->cells[F_total_share] = cell_real(shown_share(x, total));
    r->cells[F_self_value] = shown_value(self);
    r->cells[F_total_value] = shown_value(total);
    r->cells[F_self_samples] = cell_int(p->counted ? fn->self_samples : SD_UNKNOWN);
    r->cells[F_total_samples] = cell_int(p->counted ? fn->total_samples : SD_UNKNOWN);
    if (f->trends.n)
        r->cells[F_trend] = cell_text(trend_text(f->d, &f->trends, k));
    r->dive = (struct dive){.view = "function", .arg = fn->name};
    if (pair)
        compared_cells(r, pair);
}

static uint64_t function_identity(void *ctx, size_t i)
{
    const struct functions *f = ctx;
    const struct shown_profile *x = f->shown;
    const struct profile_function *fn =
        i < x->n_order ? &x->found.p->functions[x->order[i]]
                       : &x->before->functions[x->compared.pairs[f->gone[i - x->n_order]].before];
    return fn->hash ? fn->hash : 1;
}

static const struct table_source FUNCTIONS = {
    .row = function_row, .identity = function_identity, .marked = true};

/* ---- the doc ---- */

/* The columns, with the unit of the values. */
static const struct column *columns_of(struct doc *d, const struct shown_profile *x, bool trend)
{
    struct column *columns = arena_copy(d->arena, COLUMNS, sizeof COLUMNS);
    enum unit unit = shown_unit(x);
    if (shown_grouped(x)) { /* a group has neither module nor kind that says more than its name */
        char *title = arena_strdup(d->arena, x->by);
        title[0] = (char)toupper((unsigned char)title[0]);
        columns[F_name].title = title;
        columns[F_module].flags |= COLUMN_HIDDEN;
        columns[F_kind].flags |= COLUMN_HIDDEN;
    }
    if (!trend)
        columns[F_trend].flags |= COLUMN_HIDDEN;
    columns[F_self_value].unit = columns[F_total_value].unit = unit;
    return columns;
}

static struct doc *build_functions(const struct view_ctx *c)
{
    struct doc *d = doc_new("functions", "Functions");
    struct functions *f = functions_new(c);
    const struct shown_profile *x = f->shown;
    doc_own(d, f, functions_free);
    shown_envelope(d, c, x);
    f->d = d;
    f->trends = shown_trends(c, x);
    struct section *s = doc_table(d, "rows", shown_title(d, x, "Functions"), columns_of(d, x, f->trends.n),
                                  x->before ? F_COLUMNS : F_change);
    s->weight = 1;
    s->table.sort_column = F_self_share;
    s->table.sort_reverse = true;
    s->kinds = KINDS_PROFILE;
    s->empty = x->n_order ? NULL : shown_empty(d, c, x);
    if (x->found.p) {
        doc_rows(d, &s->table, &FUNCTIONS, f, x->n_order + f->n_gone);
        s->note = x->n_order ? shown_note(d, c, x) : NULL;
    }
    if (x->before) {
        doc_field(d, "baseline", UNIT_NONE, cell_text(doc_text(d, c->baseline->name)));
        doc_field(d, "baseline_from", UNIT_TIME, cell_int(c->baseline->span.from));
        doc_field(d, "baseline_to", UNIT_TIME, cell_int(c->baseline->span.to));
    }
    return d;
}

/* A large share of little is no problem: ", 0.8 % of a processor". */
static const char *of_processor(struct doc *d, const struct shown_profile *x, uint32_t function)
{
    char text[UNIT_TEXT_MAX];
    double share = shown_processors(x, profile_self(x->found.p, function, 0));
    return isnan(share) ? "" : doc_printf(d, ", %s of a processor", unit_format(UNIT_SHARE, share, text));
}

/* Time that passes while nothing runs is no load: waiting, and V8's own frame for it. */
static bool is_processor_time(const struct profile_found *f)
{
    static const char *const waits[] = {"off-cpu",     "wall",  "real",  "delay",
                                        "contentions", "block", "mutex", NULL};
    return (str_eq(f->unit, "ns") && str_find(waits, f->type) < 0) || str_eq(f->type, "cycles");
}

/* Only of processor time: that a program holds its memory in one place is no finding by itself. */
static void functions_worst(const struct view_ctx *c, struct worst_list *l)
{
    struct view_ctx functions = *c; /* whatever the tables list */
    functions.choices = NULL;
    struct shown_profile *x = shown_profile_now(&functions);
    const struct profile *p = x->found.p;
    bool time = is_processor_time(&x->found);
    for (size_t i = 0; time && i < x->n_order; i++) {
        const struct profile_function *fn = &p->functions[x->order[i]];
        double share = shown_share(x, profile_self(p, x->order[i], 0));
        char text[UNIT_TEXT_MAX];
        if (!(share >= LIMIT[T_SHARE]))
            break;
        if (str_eq(fn->name, "(idle)"))
            continue;
        const char *name = doc_text(l->d, fn->name);
        worst_add(l,
                  (struct worst_item){.severity = SEVERITY_INFO,
                                      .what = "function",
                                      .subject = name,
                                      .why = doc_printf(l->d, "%s of %s by itself%s, in %s",
                                                        unit_format(UNIT_SHARE, share, text), x->found.type,
                                                        of_processor(l->d, x, x->order[i]), x->found.name),
                                      .share = share,
                                      .dive = {.view = "function", .arg = name}});
    }
    shown_profile_free(x);
}

/* Where the profile is divided by a label whose values are routes, what is linked is the one of the endpoint.
 */
static const char *labelled(const struct shown_profile *x, const char *endpoint)
{
    const struct profile *p = x->found.p;
    const char *key = p ? profile_part_endpoint(p) : NULL;
    for (uint32_t i = 0; p && i < p->n; i++)
        if (str_eq(p->functions[i].kind, "label") && label_is_endpoint(p->functions[i].name, endpoint))
            return p->functions[i].name;
    for (size_t i = 0; key && i < p->parts->n; i++)
        if (str_eq(p->parts->items[i].key, key) && label_is_endpoint(p->parts->items[i].value, endpoint))
            return p->parts->items[i].value;
    return NULL;
}

/* Other samples do not tell which request they are of: then it is the program's profile. */
static void functions_linked(const struct view_ctx *c, const char *what, const char *name,
                             struct link_list *l)
{
    if (!str_eq(what, "endpoint"))
        return;
    struct view_ctx whole = *c; /* whatever the tables list */
    whole.choices = NULL;
    struct shown_profile *x = shown_profile_now(&whole);
    const char *own = labelled(x, name);
    if (own)
        linked_add(l, (struct linked){.label = "its functions, by the label of the samples",
                                      .n = LINKED_UNCOUNTED,
                                      .view = "function",
                                      .arg = arena_strdup(l->arena, own)});
    linked_add(l, (struct linked){.label = "functions of the program, all requests together",
                                  .n = x->n_order,
                                  .view = "functions"});
    shown_profile_free(x);
}

static const struct column ALSO[] = {SHOWN_ENVELOPE};

const struct view functions_view = {
    .name = "functions",
    .aliases = "profile",
    .place = PLACE_CODE,
    .title = "Functions",
    .summary =
        "functions of a profile: which take the time or hold the memory, alone and with what they call",
    .lists = "function",
    .thing = "name",
    .needs = KINDS_PROFILE,
    .build = build_functions,
    .worst = functions_worst,
    .linked = functions_linked,
    .actions = PROFILE_ACTIONS,
    .columns = COLUMNS,
    .n_columns = F_COLUMNS,
    .compares = true,
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
