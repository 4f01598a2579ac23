/* The functions of profiles: which take the time or the memory, by themselves and with what they call. */
#include "view/profiles/functions.h"

#include <stdlib.h>

#include "core/model/profiles.h"
#include "core/table.h"
#include "view/shared/common.h"
#include "view/shared/worst.h"

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
    struct profile_found found; /* found.p NULL: there is none */
    uint32_t *order;            /* numbers of the functions, n_order */
    size_t n_order;
};

static void functions_free(void *owned)
{
    struct functions *f = owned;
    profile_free(f->found.p);
    free(f->order);
    free(f);
}

static struct functions *find_functions(const struct view_ctx *c)
{
    struct functions *f = mem_alloc(sizeof *f);
    model_profile(c->model, c->span, c->now, c->weight, &f->found);
    struct profile *p = f->found.p;
    if (!p)
        return f;
    f->order = profile_order(p);
    for (size_t i = 0; i < p->n; i++) /* a function of other sample types only is none of this one */
        if (profile_total(p, f->order[i], 0) != 0 || profile_self(p, f->order[i], 0) != 0)
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
    return f->found.p->sums[0] > 0 || f->found.p->sums[0] < 0 ? v / f->found.p->sums[0] : (double)NAN;
}

static void function_row(void *ctx, size_t i, struct row *r)
{
    const struct functions *f = ctx;
    uint32_t k = f->order[i];
    const struct profile_function *fn = &f->found.p->functions[k];
    double self = profile_self(f->found.p, k, 0), total = profile_total(f->found.p, k, 0);
    r->cells[F_self_share] = cell_real(share_of(f, self));
    r->cells[F_total_share] = cell_real(share_of(f, total));
    r->cells[F_self_value] = value_cell(self);
    r->cells[F_total_value] = value_cell(total);
    r->cells[F_name] = cell_text(fn->name);
    r->cells[F_module] = cell_text(fn->module);
    r->cells[F_kind] = cell_text(fn->kind);
    r->cells[F_self_samples] = cell_int(f->found.p->counted ? fn->self_samples : SD_UNKNOWN);
    r->cells[F_total_samples] = cell_int(f->found.p->counted ? fn->total_samples : SD_UNKNOWN);
    r->cells[F_unit] = cell_text(f->found.unit);
    r->copy = fn->name;
}

static uint64_t function_identity(void *ctx, size_t i)
{
    const struct functions *f = ctx;
    uint64_t hash = f->found.p->functions[f->order[i]].hash;
    return hash ? hash : 1;
}

static const struct table_source FUNCTIONS = {.row = function_row, .identity = function_identity};

/* ---- the doc ---- */

static void envelope(struct doc *d, const struct view_ctx *c, const struct functions *f)
{
    static const struct column type[] = {{.key = "sample_type", .title = "Type", .help = "its name"}};
    struct table *types = doc_list(d, type, ARRAY_LEN(type));
    const struct sd_texts *all = f->found.types;
    const struct profile *p = f->found.p;
    for (uint32_t i = 0; all && i < all->n; i++)
        doc_row(d, types)->cells[0] = cell_text(doc_text(d, all->items[i]));
    common_envelope(d, c, common_span(c));
    doc_field(d, "samples", UNIT_COUNT, cell_int(p ? p->samples : SD_UNKNOWN));
    doc_field(d, "lost", UNIT_COUNT, cell_int(p ? p->lost : SD_UNKNOWN));
    doc_field(d, "truncated_share", UNIT_SHARE, cell_real(p ? p->truncated_share : (double)NAN));
    doc_field(d, "duration_ns", UNIT_NS, cell_int(p ? p->duration_ns : SD_UNKNOWN));
    doc_field(d, "sample_type", UNIT_NONE, cell_text(doc_text(d, f->found.type)));
    doc_field(d, "sample_types", UNIT_NONE, cell_list(types));
}

/* "wall 12.3 s of cpu, 1,169 samples, from cpu.pb.gz" */
static const char *note_of(struct doc *d, const struct view_ctx *c, const struct functions *f)
{
    char sum[UNIT_TEXT_MAX], n[UNIT_TEXT_MAX];
    enum unit unit = str_eq(f->found.unit, "ns")      ? UNIT_NS
                     : str_eq(f->found.unit, "bytes") ? UNIT_BYTES
                                                      : UNIT_COUNT;
    struct strbuf note = {0};
    strbuf_printf(&note, "%s: %s", f->found.type, unit_format(unit, f->found.p->sums[0], sum));
    if (sd_known(f->found.p->samples) && !str_eq(f->found.type, "samples"))
        strbuf_printf(&note, ", %s samples", unit_format_int(UNIT_COUNT, f->found.p->samples, n));
    if (sd_known(f->found.p->duration_ns))
        strbuf_printf(&note, ", in %s", unit_format_int(UNIT_NS, f->found.p->duration_ns, n));
    strbuf_printf(&note, ", from %s", f->found.name);
    if (f->found.shown > 1)
        strbuf_printf(&note, " and %zu more", f->found.shown - 1);
    if (f->found.shown < f->found.n)
        strbuf_printf(&note, "; %zu without this sample type not shown", f->found.n - f->found.shown);
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
    const struct sd_texts *all = f->found.types;
    for (uint32_t i = 0; all && i < all->n; i++)
        strbuf_printf(&names, "%s%s", i ? ", " : "", all->items[i]);
    s->empty = doc_printf(d, "No profile has the sample type %s; there are: %s.",
                          c->weight ? c->weight : "(none)", strbuf_text(&names));
    d->missing = c->weight ? s->empty : NULL;
    strbuf_free(&names);
}

static struct doc *build_functions(const struct view_ctx *c)
{
    struct doc *d = doc_new("functions", "Functions");
    struct functions *f = find_functions(c);
    doc_own(d, f, functions_free);
    envelope(d, c, f);
    struct section *s = doc_table(d, "rows", "Functions", columns_of(d, f->found.unit), F_COLUMNS);
    s->weight = 1;
    s->table.sort_column = F_self_share;
    s->table.sort_reverse = true;
    s->kinds = KINDS_PROFILE;
    if (f->found.p) {
        doc_rows(d, &s->table, &FUNCTIONS, f, f->n_order);
        s->note = note_of(d, c, f);
        s->empty = "The profile has no samples.";
    } else if (f->found.n) {
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
    for (size_t i = 0;
         f->found.p && i < f->n_order && (str_eq(f->found.unit, "ns") || str_eq(f->found.type, "cycles"));
         i++) {
        const struct profile_function *fn = &f->found.p->functions[f->order[i]];
        double share = share_of(f, profile_self(f->found.p, f->order[i], 0));
        char text[UNIT_TEXT_MAX];
        if (!(share >= LIMIT[T_SHARE]))
            break;
        worst_add(l, (struct worst_item){.severity = SEVERITY_INFO,
                                         .what = "function",
                                         .subject = doc_text(l->d, fn->name),
                                         .why = doc_printf(l->d, "%s of %s by itself, in %s",
                                                           unit_format(UNIT_SHARE, share, text),
                                                           f->found.type, f->found.name),
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
