/* The functions of profiles: which take the time or the memory, by themselves and with what they call. */
#include "view/profiles/functions.h"

#include <stdlib.h>

#include "core/profiles/profile.h"
#include "core/table.h"
#include "view/shared/common.h"
#include "view/shared/worst.h"

enum { SHOWN_MAX = 64 }; /* profiles shown together */

/* X(NAME, value, help) */
#define THRESHOLDS(X) X(SHARE, 0.25, "a function with this share of processor time by itself is listed")
enum threshold { THRESHOLDS(WORST_ENUM) };
static const double LIMIT[] = {THRESHOLDS(WORST_VALUE)};

/* X(key, title, unit, flags, priority, help): the unit of values is that of the sample type. */
#define COLUMNS_OF(X)                                                                                        \
    X(self_share, "Self", UNIT_SHARE, COLUMN_BAR, 0, "share of the sum of the sample type, in it alone")     \
    X(total_share, "Total", UNIT_SHARE, 0, 0, "share in it and in what it calls; recursion counts once")     \
    X(self_value, "Self value", UNIT_NONE, 0, 1, "value in it alone, in `unit`")                             \
    X(total_value, "Total value", UNIT_NONE, 0, 3, "value in it and in what it calls, in `unit`")            \
    X(name, "Function", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0,                                             \
      "the function; [module] where only the module is known")                                               \
    X(module, "Module", UNIT_NONE, COLUMN_LEFT, 2,                                                           \
      "file it is in: program, library, kernel module; null when unknown")                                   \
    X(kind, "Kind", UNIT_NONE, COLUMN_LEFT, 4,                                                               \
      "kernel, native, jit, interpreted or process (its samples, as the outermost frame); null when "        \
      "unknown")                                                                                             \
    X(self_samples, "Samples", UNIT_COUNT, 0, 5,                                                             \
      "samples in it alone; null: the format does not count them")                                           \
    X(total_samples, "Total samples", UNIT_COUNT, COLUMN_HIDDEN, 9,                                          \
      "samples in it and in what it calls; null as above")                                                   \
    X(unit, "Unit", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "of the values: ns, bytes or count")

#define FUNCTION_ENUM(key, title, unit, flags, priority, help) F_##key,
enum { COLUMNS_OF(FUNCTION_ENUM) F_COLUMNS };
#define FUNCTION_COLUMN(key_, title_, unit_, flags_, priority_, help_)                                       \
    {.key = #key_,                                                                                           \
     .title = title_,                                                                                        \
     .unit = unit_,                                                                                          \
     .flags = flags_,                                                                                        \
     .priority = priority_,                                                                                  \
     .help = help_,                                                                                          \
     .width = ((flags_)&COLUMN_GROW) ? 24 : 0},
static const struct column COLUMNS[F_COLUMNS] = {COLUMNS_OF(FUNCTION_COLUMN)};

static const struct column ALSO[] = {
    {.key = "samples", .title = "Samples", .help = "number of samples; null: the format does not count them"},
    {.key = "lost", .title = "Lost", .help = "samples that were lost; null: the format cannot tell"},
    {.key = "truncated_share",
     .title = "Truncated",
     .help = "share of the samples whose stack is cut; null: the format cannot tell"},
    {.key = "duration_ns", .title = "Duration", .help = "time the profile covers; null when unknown"},
    {.key = "sample_type",
     .title = "Sample type",
     .help = "what the values are, as the file names it; --sample-type chooses another"},
    {.key = "sample_types", .title = "Sample types", .help = "all that the file has"},
};

/* The profiles of one sample type together. */
struct functions {
    struct profile *p; /* of one type; NULL: there is none */
    uint32_t *order;   /* numbers of the functions, n_order */
    size_t n_order;
    struct profile_entry entries[SHOWN_MAX];
    size_t n, shown; /* of these, with the type */
    const char *type, *unit;
    int64_t samples, lost, duration_ns;
    double sum, truncated_share;
};

static void functions_free(void *owned)
{
    struct functions *f = owned;
    profile_free(f->p);
    free(f->order);
    free(f);
}

static int type_index(const struct sd_profile *whole, const char *type)
{
    for (uint32_t i = 0; whole->types && type && i < whole->types->n; i++)
        if (str_eq(whole->types->items[i], type))
            return (int)i;
    return -1;
}

static const char *unit_at(const struct sd_profile *whole, int type)
{
    const char *unit =
        type >= 0 && whole->units && (uint32_t)type < whole->units->n ? whole->units->items[type] : NULL;
    return unit ? unit : "count";
}

static double real_at(const struct sd_reals *r, int i)
{
    return r && i >= 0 && (uint32_t)i < r->n && isfinite(r->items[i]) ? r->items[i] : 0;
}

/* The type that was asked for, or that of the first profile. */
static void choose_type(struct functions *f, const char *wanted)
{
    f->type = NULL;
    for (size_t i = 0; i < f->n && !f->type; i++) {
        const struct sd_profile *w = f->entries[i].whole;
        const char *type = wanted ? wanted : w->type;
        int at = type_index(w, type);
        if (at < 0)
            continue;
        f->type = type;
        f->unit = unit_at(w, at);
    }
}

static void add_functions(struct functions *f, const struct profile_entry *e, int type)
{
    const struct sd_profile_function *r;
    for (size_t i = 0; (r = batch_each(e->batch, SD_PROFILE_FUNCTION, &i));) {
        if (!r->name)
            continue;
        uint32_t k = profile_function(f->p, r->name, strlen(r->name), r->module,
                                      r->module ? strlen(r->module) : 0, r->kind);
        if (f->p->full)
            return;
        profile_add(f->p, k, r->self_samples, r->total_samples, real_at(r->self, type),
                    real_at(r->total, type));
    }
}

/* A sum with an unknown part is unknown. */
static int64_t sum_of(int64_t a, int64_t b)
{
    return sd_known(a) && sd_known(b) ? add_sat(a, b) : SD_UNKNOWN;
}

static struct functions *find_functions(const struct view_ctx *c)
{
    struct functions *f = mem_alloc(sizeof *f);
    f->n = model_profiles(c->model, c->now, f->entries, SHOWN_MAX);
    choose_type(f, c->sample_type);
    f->truncated_share = NAN;
    f->lost = f->duration_ns = f->samples = SD_UNKNOWN;
    if (!f->type)
        return f;
    f->p = profile_new("", 1);
    f->p->counted = true;
    f->p->n_types = 1;
    for (size_t i = 0; i < f->n; i++) {
        const struct sd_profile *w = f->entries[i].whole;
        int type = type_index(w, f->type);
        if (type < 0 || !str_eq(unit_at(w, type), f->unit))
            continue;
        f->sum += real_at(w->values, type);
        f->samples = f->shown ? sum_of(f->samples, w->samples) : w->samples;
        f->lost = f->shown ? sum_of(f->lost, w->lost) : w->lost;
        f->duration_ns = f->shown ? MAX(f->duration_ns, w->duration_ns) : w->duration_ns;
        f->truncated_share = f->shown ? NAN : w->truncated_share;
        f->shown++;
        add_functions(f, &f->entries[i], type);
    }
    f->order = profile_order(f->p);
    for (size_t i = 0; i < f->p->n; i++) /* a function of other sample types only is none of this one */
        if (profile_total(f->p, f->order[i], 0) != 0 || profile_self(f->p, f->order[i], 0) != 0)
            f->order[f->n_order++] = f->order[i];
    return f;
}

/* ---- rows ---- */

/* A whole number as one: JSON has no ".0". */
static struct cell value_cell(double v)
{
    return fabs(v) < 9e18 && (double)(int64_t)v == v ? cell_int((int64_t)v) : cell_real(v);
}

static double share_of(const struct functions *f, double v)
{
    return f->sum > 0 || f->sum < 0 ? v / f->sum : (double)NAN;
}

static void function_row(void *ctx, size_t i, struct row *r)
{
    const struct functions *f = ctx;
    uint32_t k = f->order[i];
    const struct profile_function *fn = &f->p->functions[k];
    double self = profile_self(f->p, k, 0), total = profile_total(f->p, k, 0);
    r->cells[F_self_share] = cell_real(share_of(f, self));
    r->cells[F_total_share] = cell_real(share_of(f, total));
    r->cells[F_self_value] = value_cell(self);
    r->cells[F_total_value] = value_cell(total);
    r->cells[F_name] = cell_text(fn->name);
    r->cells[F_module] = cell_text(fn->module);
    r->cells[F_kind] = cell_text(fn->kind);
    r->cells[F_self_samples] = cell_int(f->p->counted ? fn->self_samples : SD_UNKNOWN);
    r->cells[F_total_samples] = cell_int(f->p->counted ? fn->total_samples : SD_UNKNOWN);
    r->cells[F_unit] = cell_text(f->unit);
    r->copy = fn->name;
}

static uint64_t function_identity(void *ctx, size_t i)
{
    const struct functions *f = ctx;
    uint64_t hash = f->p->functions[f->order[i]].hash;
    return hash ? hash : 1;
}

static const struct table_source FUNCTIONS = {.row = function_row, .identity = function_identity};

/* ---- the doc ---- */

static void envelope(struct doc *d, const struct view_ctx *c, const struct functions *f)
{
    static const struct column type[] = {{.key = "sample_type", .title = "Type", .help = "its name"}};
    struct table *types = doc_list(d, type, ARRAY_LEN(type));
    const struct sd_profile *first = f->n ? f->entries[0].whole : NULL;
    for (uint32_t i = 0; first && first->types && i < first->types->n; i++)
        doc_row(d, types)->cells[0] = cell_text(doc_text(d, first->types->items[i]));
    common_envelope(d, c, common_span(c));
    doc_field(d, "samples", UNIT_COUNT, cell_int(f->samples));
    doc_field(d, "lost", UNIT_COUNT, cell_int(f->lost));
    doc_field(d, "truncated_share", UNIT_SHARE, cell_real(f->truncated_share));
    doc_field(d, "duration_ns", UNIT_NS, cell_int(f->duration_ns));
    doc_field(d, "sample_type", UNIT_NONE, cell_text(doc_text(d, f->type)));
    doc_field(d, "sample_types", UNIT_NONE, cell_list(types));
}

/* "wall 12.3 s of cpu, 1,169 samples, from cpu.pb.gz" */
static const char *note_of(struct doc *d, const struct view_ctx *c, const struct functions *f)
{
    char sum[UNIT_TEXT_MAX], n[UNIT_TEXT_MAX];
    enum unit unit = str_eq(f->unit, "ns") ? UNIT_NS : str_eq(f->unit, "bytes") ? UNIT_BYTES : UNIT_COUNT;
    struct strbuf note = {0};
    strbuf_printf(&note, "%s: %s", f->type, unit_format(unit, f->sum, sum));
    if (sd_known(f->samples) && !str_eq(f->type, "samples"))
        strbuf_printf(&note, ", %s samples", unit_format_int(UNIT_COUNT, f->samples, n));
    if (sd_known(f->duration_ns))
        strbuf_printf(&note, ", in %s", unit_format_int(UNIT_NS, f->duration_ns, n));
    strbuf_printf(&note, ", from %s", f->entries[0].whole->name);
    if (f->shown > 1)
        strbuf_printf(&note, " and %zu more", f->shown - 1);
    if (f->shown < f->n)
        strbuf_printf(&note, "; %zu without this sample type not shown", f->n - f->shown);
    const char *assumed = common_reading(d, c, KINDS_PROFILE);
    if (assumed)
        strbuf_printf(&note, ". %s", assumed);
    const char *text = doc_text(d, strbuf_text(&note));
    strbuf_free(&note);
    return text;
}

/* The columns, with the unit of the values. */
static const struct column *columns_of(struct doc *d, const char *unit)
{
    struct column *columns = arena_copy(d->arena, COLUMNS, sizeof COLUMNS);
    enum unit u = str_eq(unit, "ns") ? UNIT_NS : str_eq(unit, "bytes") ? UNIT_BYTES : UNIT_COUNT;
    columns[F_self_value].unit = columns[F_total_value].unit = u;
    return columns;
}

static void say_missing(struct doc *d, const struct view_ctx *c, const struct functions *f, struct section *s)
{
    struct strbuf names = {0};
    const struct sd_profile *first = f->entries[0].whole;
    for (uint32_t i = 0; first->types && i < first->types->n; i++)
        strbuf_printf(&names, "%s%s", i ? ", " : "", first->types->items[i]);
    s->empty = doc_printf(d, "No profile has the sample type %s; there are: %s.",
                          c->sample_type ? c->sample_type : "(none)", strbuf_text(&names));
    d->missing = c->sample_type ? s->empty : NULL;
    strbuf_free(&names);
}

static struct doc *build_functions(const struct view_ctx *c)
{
    struct doc *d = doc_new("functions", "Functions");
    struct functions *f = find_functions(c);
    doc_own(d, f, functions_free);
    envelope(d, c, f);
    struct section *s = doc_table(d, "rows", "Functions", columns_of(d, f->unit), F_COLUMNS);
    s->weight = 1;
    s->table.sort_column = F_self_share;
    s->table.sort_reverse = true;
    s->kinds = KINDS_PROFILE;
    if (f->p) {
        doc_rows(d, &s->table, &FUNCTIONS, f, f->n_order);
        s->note = note_of(d, c, f);
        s->empty = "The profile has no samples.";
    } else if (f->n) {
        say_missing(d, c, f, s);
    } else {
        s->empty = common_empty(d, c, KINDS_PROFILE);
    }
    return d;
}

/* Only of processor time: that a program holds its memory in one place is no finding by itself. */
static void functions_worst(const struct view_ctx *c, struct worst_list *l)
{
    struct functions *f = find_functions(c);
    for (size_t i = 0; f->p && i < f->n_order && (str_eq(f->unit, "ns") || str_eq(f->type, "cycles")); i++) {
        const struct profile_function *fn = &f->p->functions[f->order[i]];
        double share = share_of(f, profile_self(f->p, f->order[i], 0));
        char text[UNIT_TEXT_MAX];
        if (!(share >= LIMIT[T_SHARE]))
            break;
        worst_add(l, (struct worst_item){.severity = SEVERITY_INFO,
                                         .what = "function",
                                         .subject = doc_text(l->d, fn->name),
                                         .why = doc_printf(l->d, "%s of %s by itself, in %s",
                                                           unit_format(UNIT_SHARE, share, text), f->type,
                                                           f->entries[0].whole->name),
                                         .share = share,
                                         .dive = {.view = "functions"}});
    }
    functions_free(f);
}

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
    .columns = COLUMNS,
    .n_columns = F_COLUMNS,
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
