/* Bloat: how much of tables and B-trees is estimated to be unused. */
#include "core/table.h"
#include "view/action.h"
#include "view/servers/servers.h"
#include "view/shared/common.h"
#include "view/shared/worst.h"

#include <stdlib.h>

enum { ENTRIES_MAX = 5000, TABLES_MAX = 5000 };
#define LIMIT_NS (30 * SD_S)

/* X(NAME, value, help) */
#define THRESHOLDS(X)                                                                                        \
    X(UNUSED_BYTES, 1e9, "bytes from which unused space is worth a line")                                    \
    X(UNUSED_SHARE, 0.5, "and share of the relation")                                                        \
    X(MARK_SHARE, 0.4, "share from which a row of some size is marked")                                      \
    X(MARK_BYTES, 100e6, "that size of the unused space")

enum threshold { THRESHOLDS(WORST_ENUM) };
static const double LIMIT[] = {THRESHOLDS(WORST_VALUE)};

/* Unused, at least 0; unknown without an estimate. */
static int64_t unused(const struct sd_bloat *x)
{
    return x->size_bytes < 0 || x->needed_bytes < 0 ? SD_UNKNOWN : MAX(x->size_bytes - x->needed_bytes, 0);
}

static double unused_share(const struct sd_bloat *x)
{
    return unused(x) < 0 || x->size_bytes <= 0 ? (double)NAN : (double)unused(x) / (double)x->size_bytes;
}

#define COLUMNS_OF(X)                                                                                        \
    X(name, "Name", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, "schema and name of the table, or the index",   \
      cell_text(doc_printf(d, "%s.%s", x->schema ? x->schema : "", x->name ? x->name : "")))                 \
    X(kind, "Kind", UNIT_NONE, COLUMN_LEFT, 1, "table or index (B-trees alone)",                             \
      cell_text(doc_text(d, x->kind)))                                                                       \
    X(size_bytes, "Size", UNIT_BYTES, 0, 0, "at the last VACUUM or ANALYZE, without TOAST",                  \
      cell_int(x->size_bytes))                                                                               \
    X(unused_bytes, "Unused", UNIT_BYTES, 0, 0, "size less what it would have newly written: an estimate",   \
      cell_int(unused(x)))                                                                                   \
    X(unused_share, "Share", UNIT_SHARE, COLUMN_BAR, 0, "of its size", cell_real(unused_share(x)))           \
    X(error_share, "Error", UNIT_SHARE, 0, 1, "share of its size that the estimate may be wrong by",         \
      cell_real(x->error))                                                                                   \
    X(problem, "Not known", UNIT_NONE, COLUMN_LEFT, 3, "why there is no estimate",                           \
      cell_text(doc_text(d, x->problem)))                                                                    \
    X(table, "Table", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "schema and name of the table",             \
      cell_text(doc_printf(d, "%s.%s", x->schema ? x->schema : "", x->table ? x->table : "")))               \
    X(needed_bytes, "Needed", UNIT_BYTES, COLUMN_HIDDEN, 9,                                                  \
      "what it would have newly written, with its fillfactor", cell_int(x->needed_bytes))                    \
    X(method, "Method", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "how that is known",                      \
      cell_text(doc_text(d, x->method)))                                                                     \
    X(fillfactor, "Fillfactor", UNIT_NONE, COLUMN_HIDDEN, 9, "when it is not the default",                   \
      cell_int(x->fillfactor))                                                                               \
    X(database, "Database", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "database name",                      \
      cell_text(doc_text(d, x->database)))                                                                   \
    X(server, "Server", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "the source", cell_text(e->origin))

#define BLOAT_ENUM(key, title, unit, flags, priority, help, cell) B_##key,
enum { COLUMNS_OF(BLOAT_ENUM) B_COLUMNS };
#define BLOAT_COLUMN(key_, title_, unit_, flags_, priority_, help_, cell)                                    \
    {.key = #key_,                                                                                           \
     .title = title_,                                                                                        \
     .unit = unit_,                                                                                          \
     .flags = flags_,                                                                                        \
     .priority = priority_,                                                                                  \
     .help = help_,                                                                                          \
     .width = ((flags_)&COLUMN_GROW) ? 16 : 0},
static const struct column COLUMNS[B_COLUMNS] = {COLUMNS_OF(BLOAT_COLUMN)};

static bool is_whole(const struct sd_bloat *x)
{
    return str_eq(x->kind, "database");
}

static void fill(struct doc *d, const struct record_entry *e, struct row *r)
{
    const struct sd_bloat *x = e->r;
#define BLOAT_CELL(key, title, unit, flags, priority, help, cell) r->cells[B_##key] = (cell);
    COLUMNS_OF(BLOAT_CELL)
    r->dive = (struct dive){.view = "table", .arg = r->cells[B_table].s};
    r->copy = r->cells[B_name].s;
    if (unused_share(x) >= LIMIT[T_MARK_SHARE] && (double)unused(x) >= LIMIT[T_MARK_BYTES])
        r->severity = SEVERITY_WARN;
}

/* The source whose database is to be estimated: the first that lists tables. */
static const char *source_of(const struct view_ctx *c, const char **database)
{
    struct table_entry *t = mem_array(TABLES_MAX, sizeof *t);
    size_t n = model_tables(c->model, SPAN_ALL, INT64_MAX, t, TABLES_MAX);
    const char *origin = n ? t[0].origin : NULL;
    *database = n ? t[0].t->database : NULL;
    free(t);
    return origin;
}

static void ask(struct doc *d, const struct view_ctx *c)
{
    const char *database, *origin = source_of(c, &database);
    struct sd_job_bloat *args = arena_alloc(d->arena, sizeof *args);
    if (!origin)
        return;
    *args = (struct sd_job_bloat){.database = doc_text(d, database), .limit_ns = LIMIT_NS};
    d->want = (struct sd_request){.job = SD_JOB_BLOAT, .args = args};
    d->want_origin = doc_text(d, origin);
}

static const char *note_of(struct doc *d, const struct view_ctx *c, const struct sd_bloat *whole, sd_time at)
{
    char a[UNIT_TEXT_MAX], b[UNIT_TEXT_MAX], when[UNIT_TEXT_MAX];
    if (!whole)
        return NULL;
    return doc_printf(
        d, "%s of %s%s%s estimated in %s, %s ago", unit_format_int(UNIT_BYTES, whole->size_bytes, a),
        whole->database ? whole->database : "the database", whole->left_out > 0 ? ", " : "",
        whole->left_out > 0 ? doc_printf(d, "%lld without estimate,", (long long)whole->left_out) : "",
        unit_format_int(UNIT_NS, whole->elapsed_ns, b),
        unit_format_int(UNIT_SINCE, common_age(c->now, at), when));
}

static struct doc *build_bloat(const struct view_ctx *c)
{
    struct doc *d = doc_new("bloat", "Bloat");
    struct record_entry *e = mem_array(ENTRIES_MAX, sizeof *e);
    /* The answer to this very doc comes later than its moment. */
    size_t n = model_server_records(c->model, SD_BLOAT, c->span, INT64_MAX, e, ENTRIES_MAX);
    const struct sd_bloat *whole = NULL;
    common_envelope(d, c, common_span(c));
    struct section *s = doc_table(d, "rows", "Unused space, estimated", COLUMNS, B_COLUMNS);
    for (size_t i = 0; i < n; i++)
        if (is_whole(e[i].r))
            whole = whole ? whole : e[i].r;
        else
            fill(d, &e[i], doc_row(d, &s->table));
    table_sort(&s->table, B_unused_bytes, true);
    s->weight = 1;
    s->note = note_of(d, c, whole, n ? e[0].at : SD_UNKNOWN);
    s->empty =
        n ? "No table and no index is larger than 128 kB."
          : doc_printf(d, "There is no estimate yet.%s",
                       common_hint(d, c, "estimate-bloat", "makes one: it reads statistics, no table"));
    if (!n)
        ask(d, c);
    free(e);
    struct section *t = doc_section(d, SECTION_TEXT, NULL, "What it is");
    t->text = doc_text(d, "An estimate from pg_stats and pg_class, as of the last VACUUM or ANALYZE: what "
                          "the relation would have "
                          "newly written, with its fillfactor. Space that is unused is used again by new "
                          "rows; some of it is normal. "
                          "A B-tree whose keys come in random order is about two thirds full in normal "
                          "use. The "
                          "extension pgstattuple reads all of a relation and gives the truth.");
    return d;
}

static void bloat_worst(const struct view_ctx *c, struct worst_list *l)
{
    struct record_entry *e = mem_array(ENTRIES_MAX, sizeof *e);
    size_t n = model_server_records(c->model, SD_BLOAT, c->span, c->now, e, ENTRIES_MAX), listed = 0;
    char a[UNIT_TEXT_MAX], b[UNIT_TEXT_MAX];
    for (size_t i = 0; i < n && listed < 3; i++) {
        const struct sd_bloat *x = e[i].r;
        if (is_whole(x) || (double)unused(x) < LIMIT[T_UNUSED_BYTES] ||
            !(unused_share(x) >= LIMIT[T_UNUSED_SHARE]))
            continue;
        listed++;
        worst_add(l, (struct worst_item){.what = "bloat",
                                         .severity = SEVERITY_WARN,
                                         .share = NAN,
                                         .subject = doc_text(l->d, x->name ? x->name : "?"),
                                         .why = doc_printf(l->d, "%s of its %s are unused, by estimate",
                                                           unit_format_int(UNIT_BYTES, unused(x), a),
                                                           unit_format_int(UNIT_BYTES, x->size_bytes, b)),
                                         .dive = {.view = "bloat"}});
    }
    free(e);
}

/* ---- the action ---- */

static bool can_estimate(const struct action_ctx *c, struct sd_error *why)
{
    const char *database;
    if (c->running)
        return fail(why, "One at a time: %s still runs on %s", c->running->job->title, c->running->where);
    return source_of(&c->view, &database) || fail(why, "No open source lists tables");
}

static void run_estimate(const struct action_ctx *c, struct outcome *out)
{
    const char *database, *origin = source_of(&c->view, &database);
    struct sd_job_bloat *args = arena_alloc(out->arena, sizeof *args);
    *args = (struct sd_job_bloat){.database = arena_strdup(out->arena, database), .limit_ns = LIMIT_NS};
    const char *where = arena_printf(out->arena, "%s@%s", database ? database : "", origin);
    out->order = (struct job_order){.job = job_of(SD_JOB_BLOAT),
                                    .args = args,
                                    .origin = arena_strdup(out->arena, origin),
                                    .where = where,
                                    .about = where,
                                    .view = "bloat"};
}

static const struct view_action ESTIMATE = {
    .name = "estimate-bloat",
    .keys = "B",
    .group = "Diving",
    .help = "estimate the unused space of tables and indexes",
    .on_server = "estimate bloat",
    .enabled = can_estimate,
    .run = run_estimate,
};
static const struct view_action *const ACTIONS[] = {&ESTIMATE, NULL};

const struct view bloat_view = {
    .name = "bloat",
    .place = PLACE_DB,
    .title = "Bloat",
    .summary =
        "unused space of tables and B-trees, estimated from statistics, with the error of the estimate",
    .needs = SD_KIND_BIT(SD_BLOAT),
    .build = build_bloat,
    .links = (const char *const[]){"tables", "indexes", NULL},
    .actions = ACTIONS,
    .worst = bloat_worst,
    .columns = COLUMNS,
    .n_columns = B_COLUMNS,
};
