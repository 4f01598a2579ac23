/* Progress: commands that report how far they are. */
#include "core/table.h"
#include "view/servers/servers.h"
#include "view/shared/common.h"

#include <stdlib.h>

enum { ENTRIES_MAX = 500, NAME_MAX_BYTES = 64 };

/* How far: of the counter whose total is not reached yet. */
struct far {
    const char *counter; /* "heap_blks_scanned"; NULL: not known */
    int64_t done, total;
};

static int64_t value_of(const struct sd_progress *x, const char *name)
{
    for (uint32_t i = 0; x->counters && x->values && i < MIN(x->counters->n, x->values->n); i++)
        if (str_eq(x->counters->items[i], name))
            return x->values->items[i];
    return SD_UNKNOWN;
}

/* The counter that goes with NAME_total. During its second pass over the table a vacuum counts
 * heap_blks_vacuumed. */
static bool find_counter(const struct sd_progress *x, const char *total, struct far *out)
{
    static const char *const ends[] = {"done", "scanned", "processed", "streamed", "computed"};
    size_t stem = strlen(total) - strlen("total");
    bool second = x->phase && str_starts(x->phase, "vacuuming heap");
    for (size_t i = 0; i <= ARRAY_LEN(ends); i++) {
        char name[2 * NAME_MAX_BYTES];
        if (!i && !second)
            continue;
        snprintf(name, sizeof name, "%.*s%s", (int)MIN(stem, (size_t)NAME_MAX_BYTES), total,
                 i ? ends[i - 1] : "vacuumed");
        for (uint32_t k = 0; k < x->counters->n; k++)
            if (str_eq(x->counters->items[k], name)) {
                *out = (struct far){x->counters->items[k], value_of(x, name), value_of(x, total)};
                return true;
            }
    }
    return false;
}

/* Totals come in the order in which a command gets to them. */
static struct far how_far(const struct sd_progress *x)
{
    struct far best = {NULL, SD_UNKNOWN, SD_UNKNOWN}, f;
    for (uint32_t i = 0; x->counters && i < x->counters->n; i++) {
        const char *name = x->counters->items[i];
        size_t n = name ? strlen(name) : 0;
        if (n <= strlen("_total") || strcmp(name + n - strlen("_total"), "_total") != 0 ||
            !find_counter(x, name, &f) || f.total <= 0 || f.done < 0)
            continue;
        if (!best.counter || best.done >= best.total)
            best = f;
    }
    return best;
}

/* Until the counter reaches its total, at the rate of the time window. */
static double left_ns(const struct record_entry *e, const struct far *f)
{
    const struct sd_progress *was = e->before;
    int64_t then = was && f->counter ? value_of(was, f->counter) : SD_UNKNOWN;
    double seconds = was ? common_seconds((struct span){e->before_at, e->at}) : (double)NAN;
    if (then < 0 || f->done <= then || f->total < f->done)
        return (double)NAN;
    return (double)(f->total - f->done) / ((double)(f->done - then) / seconds) * 1e9;
}

#define COLUMNS_OF(X)                                                                                        \
    X(command, "Command", UNIT_NONE, COLUMN_LEFT, 0,                                                         \
      "vacuum, analyze, create index, cluster, basebackup, copy, ...", cell_text(doc_text(d, x->command)))   \
    X(relation, "On", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0,                                               \
      "schema and name of the table; its number when it is in another database",                             \
      cell_text(doc_text(d, x->relation)))                                                                   \
    X(phase, "Phase", UNIT_NONE, COLUMN_LEFT, 1, "as the server names it", cell_text(doc_text(d, x->phase))) \
    X(share, "Done", UNIT_SHARE, COLUMN_BAR, 0,                                                              \
      "share of this phase that is done: of `counter`; null when the command does not say",                  \
      cell_real(f.total > 0 ? (double)MIN(f.done, f.total) / (double)f.total : NAN))                         \
    X(left_ns, "Left", UNIT_SINCE, 0, 1, "time until this phase is done, at the rate of the time window",    \
      cell_real(left_ns(e, &f)))                                                                             \
    X(running_ns, "Runs", UNIT_SINCE, 0, 0, "since the start of its statement",                              \
      cell_int(common_age(e->at, x->started)))                                                               \
    X(pid, "Pid", UNIT_NONE, 0, 2, "process", cell_int(x->pid))                                              \
    X(kind, "Kind", UNIT_NONE, COLUMN_LEFT, 4,                                                               \
      "what exactly: CREATE INDEX CONCURRENTLY, COPY FROM FILE, autovacuum, ...",                            \
      cell_text(doc_text(d, x->kind)))                                                                       \
    X(counter, "Of", UNIT_NONE, COLUMN_LEFT, 5, "the counter that the share is of",                          \
      cell_text(doc_text(d, f.counter)))                                                                     \
    X(done, "Counted", UNIT_COUNT, 0, 5, "its value", cell_int(f.done))                                      \
    X(total, "Total", UNIT_COUNT, 0, 5, "the value it goes to", cell_int(f.total))                           \
    X(database, "Database", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "database name",                      \
      cell_text(doc_text(d, x->database)))                                                                   \
    X(role, "Role", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "role that runs it",                          \
      cell_text(doc_text(d, x->role)))                                                                       \
    X(started, "Started", UNIT_TIME, COLUMN_HIDDEN, 9, "start of its statement", cell_int(x->started))       \
    X(server, "Server", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "the source", cell_text(e->origin))       \
    X(counters, "Counters", UNIT_NONE, COLUMN_HIDDEN, 9, "all counters of the command: name, value",         \
      counters(d, x))

#define PROGRESS_ENUM(key, title, unit, flags, priority, help, cell) P_##key,
enum { COLUMNS_OF(PROGRESS_ENUM) P_COLUMNS };
#define PROGRESS_COLUMN(key_, title_, unit_, flags_, priority_, help_, cell)                                 \
    {.key = #key_,                                                                                           \
     .title = title_,                                                                                        \
     .unit = unit_,                                                                                          \
     .flags = flags_,                                                                                        \
     .priority = priority_,                                                                                  \
     .help = help_,                                                                                          \
     .width = ((flags_)&COLUMN_GROW) ? 12 : 0},
static const struct column COLUMNS[P_COLUMNS] = {COLUMNS_OF(PROGRESS_COLUMN)};

static struct cell counters(struct doc *d, const struct sd_progress *x)
{
    static const struct column columns[] = {{.key = "name", .title = "Counter", .flags = COLUMN_LEFT},
                                            {.key = "value", .title = "Value", .unit = UNIT_COUNT}};
    struct table *t = doc_list(d, columns, ARRAY_LEN(columns));
    for (uint32_t i = 0; x->counters && x->values && i < MIN(x->counters->n, x->values->n); i++) {
        struct row *r = doc_row(d, t);
        r->cells[0] = cell_text(doc_text(d, x->counters->items[i]));
        r->cells[1] = cell_int(x->values->items[i]);
    }
    return cell_list(t);
}

static void fill(struct doc *d, const struct record_entry *e, struct row *r)
{
    const struct sd_progress *x = e->r;
    struct far f = how_far(x);
#define PROGRESS_CELL(key, title, unit, flags, priority, help, cell) r->cells[P_##key] = (cell);
    COLUMNS_OF(PROGRESS_CELL)
    r->hold = HOLD_PLACE;
    if (x->relation && strchr(x->relation, '.'))
        r->dive = (struct dive){.view = "table", .arg = doc_text(d, x->relation)};
}

static struct doc *build_progress(const struct view_ctx *c)
{
    struct doc *d = doc_new("progress", "Progress");
    struct record_entry *e = mem_array(ENTRIES_MAX, sizeof *e);
    size_t n = model_server_records(c->model, SD_PROGRESS, c->span, c->now, e, ENTRIES_MAX);
    common_envelope(d, c, common_span(c));
    struct section *s = doc_table(d, "rows", "Commands under way", COLUMNS, P_COLUMNS);
    for (size_t i = 0; i < n; i++)
        fill(d, &e[i], doc_row(d, &s->table));
    table_sort(&s->table, P_running_ns, true);
    s->weight = 1;
    s->note = n ? common_note(d, c,
                              &(struct note){KINDS_SERVER, (int64_t)n, n == 1 ? "command" : "commands",
                                             .last = e[0].at, .moment = true})
                : NULL;
    s->empty =
        model_server_known(c->model, SD_PROGRESS, c->now)
            ? common_as_seen(d, c, KINDS_SERVER,
                             "No VACUUM, ANALYZE, CREATE INDEX, CLUSTER, COPY or base backup is under way.")
            : common_empty(d, c, KINDS_SERVER);
    free(e);
    return d;
}

const struct view progress_view = {
    .name = "progress",
    .place = PLACE_DB,
    .title = "Progress",
    .summary =
        "commands that report how far they are: vacuum, analyze, create index, cluster, copy, base backup",
    .needs = KINDS_SERVER,
    .build = build_progress,
    .links = (const char *const[]){"server", "activity", "tables", NULL},
    .columns = COLUMNS,
    .n_columns = P_COLUMNS,
};
