/* Replication: standbys, the receiver of a standby, replication slots. */
#include "core/table.h"
#include "view/servers/server_findings.h"
#include "view/shared/common.h"
#include "view/shared/worst.h"

#include <stdlib.h>

enum { ENTRIES_MAX = 1000 };

/* X(NAME, value, help) */
#define THRESHOLDS(X)                                                                                        \
    X(LAG_WARN_NS, 30e9, "a standby is behind by this time, and by LAG_BYTES at least")                      \
    X(LAG_BAD_NS, 300e9, "the same, act now")                                                                \
    X(LAG_BYTES, 1e6, "bytes of WAL below which a standby is not behind")                                    \
    X(LAG_WARN_BYTES, 1e9, "bytes of WAL by which a standby is behind, whatever the time")                   \
    X(KEPT_WARN, 1e9, "bytes of WAL that a slot not in use keeps")                                           \
    X(KEPT_BAD, 50e9, "the same of any slot, act now")                                                       \
    X(FRESH_NS, 60e9, "what was read longer ago says nothing about now")

enum threshold { THRESHOLDS(WORST_ENUM) };
static const double LIMIT[] = {THRESHOLDS(WORST_VALUE)};

/* From one position to a later one, in bytes; unknown when one is. */
static int64_t behind(int64_t position, int64_t reached)
{
    return position < 0 || reached < 0 ? SD_UNKNOWN : MAX(position - reached, 0);
}

#define LAGS(X)                                                                                              \
    X(server, "Server", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "the source", cell_text(e->origin))       \
    X(name, "Name", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0,                                                 \
      "application_name of the standby; of a receiver the host it receives from",                            \
      cell_text(doc_text(d, x->name)))                                                                       \
    X(role, "Role", UNIT_NONE, COLUMN_LEFT, 2, "standby, or receiver: this server is one",                   \
      cell_text(doc_text(d, x->role)))                                                                       \
    X(state, "State", UNIT_NONE, COLUMN_LEFT, 0, "streaming, catchup, ...",                                  \
      cell_text(doc_text(d, x->state)))                                                                      \
    X(sync, "Sync", UNIT_NONE, COLUMN_LEFT, 3, "async, sync, potential or quorum",                           \
      cell_text(doc_text(d, x->sync)))                                                                       \
    X(send_lag_bytes, "Not sent", UNIT_BYTES, 0, 4, "write-ahead log not sent yet",                          \
      cell_int(behind(x->position, x->sent)))                                                                \
    X(write_lag_bytes, "Not written", UNIT_BYTES, 0, 4, "not written there",                                 \
      cell_int(behind(x->position, x->written)))                                                             \
    X(flush_lag_bytes, "Not flushed", UNIT_BYTES, 0, 1, "not on disk there",                                 \
      cell_int(behind(x->position, x->flushed)))                                                             \
    X(replay_lag_bytes, "Not replayed", UNIT_BYTES, 0, 0, "not replayed there: not seen by its queries",     \
      cell_int(behind(x->position, x->replayed)))                                                            \
    X(write_lag_ns, "Write lag", UNIT_NS, COLUMN_HIDDEN, 9,                                                  \
      "time from the commit here to written there; null when nothing was written for a while",               \
      cell_int(x->write_lag_ns))                                                                             \
    X(flush_lag_ns, "Flush lag", UNIT_NS, 0, 2, "time from the commit here to on disk there",                \
      cell_int(x->flush_lag_ns))                                                                             \
    X(replay_lag_ns, "Replay lag", UNIT_NS, 0, 0,                                                            \
      "time from the commit here to replayed there; of a receiver the age of the commit last replayed",      \
      cell_int(x->replay_lag_ns))                                                                            \
    X(slot, "Slot", UNIT_NONE, COLUMN_LEFT, 5, "the replication slot in use",                                \
      cell_text(doc_text(d, x->slot)))                                                                       \
    X(client, "Client", UNIT_NONE, COLUMN_LEFT, 5, "address of the standby",                                 \
      cell_text(doc_text(d, x->client)))                                                                     \
    X(user, "User", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "role of the standby",                        \
      cell_text(doc_text(d, x->user)))                                                                       \
    X(pid, "Pid", UNIT_NONE, COLUMN_HIDDEN, 9, "process of the sender or receiver", cell_int(x->pid))        \
    X(position, "Position", UNIT_BYTES, COLUMN_HIDDEN, 9,                                                    \
      "end of this server's write-ahead log, as a number", cell_int(x->position))                            \
    X(sent, "Sent", UNIT_BYTES, COLUMN_HIDDEN, 9, "position sent", cell_int(x->sent))                        \
    X(written, "Written", UNIT_BYTES, COLUMN_HIDDEN, 9, "position written there", cell_int(x->written))      \
    X(flushed, "Flushed", UNIT_BYTES, COLUMN_HIDDEN, 9, "position on disk there", cell_int(x->flushed))      \
    X(replayed, "Replayed", UNIT_BYTES, COLUMN_HIDDEN, 9, "position replayed there", cell_int(x->replayed))  \
    X(xmin_age, "Keeps rows", UNIT_COUNT, COLUMN_HIDDEN, 9,                                                  \
      "transactions since the oldest row its queries keep here (hot_standby_feedback)",                      \
      cell_int(x->xmin_age))                                                                                 \
    X(since, "Since", UNIT_TIME, COLUMN_HIDDEN, 9, "start of the connection", cell_int(x->since))            \
    X(replied, "Replied", UNIT_TIME, COLUMN_HIDDEN, 9, "its last message", cell_int(x->replied))

#define SLOTS(X)                                                                                             \
    X(server, "Server", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "the source", cell_text(e->origin))       \
    X(slot, "Slot", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, "name of the slot",                             \
      cell_text(doc_text(d, x->name)))                                                                       \
    X(type, "Type", UNIT_NONE, COLUMN_LEFT, 1, "physical or logical", cell_text(doc_text(d, x->slot)))       \
    X(state, "State", UNIT_NONE, COLUMN_LEFT, 0, "active or inactive", cell_text(doc_text(d, x->state)))     \
    X(kept_bytes, "Keeps", UNIT_BYTES, 0, 0, "write-ahead log that is kept for it",                          \
      cell_int(behind(x->position, x->kept_from)))                                                           \
    X(growth_bytes_per_s, "Grows/s", UNIT_BYTES, 0, 2, "growth of that per second in the time window",       \
      cell_real(growth(e)))                                                                                  \
    X(may_grow_bytes, "Until lost", UNIT_BYTES, 0, 1,                                                        \
      "WAL that may be written until the slot is lost (max_slot_wal_keep_size); null: without limit",        \
      cell_int(x->may_grow_bytes))                                                                           \
    X(wal_status, "WAL", UNIT_NONE, COLUMN_LEFT, 1, "reserved, extended, unreserved or lost (13 and later)", \
      cell_text(doc_text(d, x->wal_status)))                                                                 \
    X(invalid, "Invalid", UNIT_NONE, COLUMN_LEFT, 3, "why it was invalidated",                               \
      cell_text(doc_text(d, x->invalid)))                                                                    \
    X(plugin, "Plugin", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "output plugin of a logical slot",        \
      cell_text(doc_text(d, x->plugin)))                                                                     \
    X(database, "Database", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "database of a logical slot",         \
      cell_text(doc_text(d, x->database)))                                                                   \
    X(pid, "Pid", UNIT_NONE, COLUMN_HIDDEN, 9, "process that uses it", cell_int(x->pid))                     \
    X(temporary, "Temporary", UNIT_NONE, COLUMN_HIDDEN, 9, "whether it ends with its session",               \
      x->temporary < 0 ? cell_unknown() : cell_bool(x->temporary == 1))                                      \
    X(position, "Position", UNIT_BYTES, COLUMN_HIDDEN, 9, "end of this server's write-ahead log",            \
      cell_int(x->position))                                                                                 \
    X(kept_from, "From", UNIT_BYTES, COLUMN_HIDDEN, 9, "restart_lsn: WAL is kept from there",                \
      cell_int(x->kept_from))                                                                                \
    X(confirmed, "Confirmed", UNIT_BYTES, COLUMN_HIDDEN, 9,                                                  \
      "position confirmed by the reader of a logical slot", cell_int(x->flushed))                            \
    X(xmin_age, "Keeps rows", UNIT_COUNT, COLUMN_HIDDEN, 9, "transactions since the oldest row it keeps",    \
      cell_int(x->xmin_age))                                                                                 \
    X(catalog_xmin_age, "Keeps catalogue", UNIT_COUNT, COLUMN_HIDDEN, 9, "the same of the system catalogue", \
      cell_int(x->catalog_xmin_age))                                                                         \
    X(since, "Inactive since", UNIT_TIME, COLUMN_HIDDEN, 9, "when it was last in use (17 and later)",        \
      cell_int(x->since))

#define LAG_ENUM(key, title, unit, flags, priority, help, cell)  L_##key,
#define SLOT_ENUM(key, title, unit, flags, priority, help, cell) S_##key,
enum { LAGS(LAG_ENUM) L_COLUMNS };
enum { SLOTS(SLOT_ENUM) S_COLUMNS };
#define COLUMN(key_, title_, unit_, flags_, priority_, help_, cell)                                          \
    {.key = #key_,                                                                                           \
     .title = title_,                                                                                        \
     .unit = unit_,                                                                                          \
     .flags = flags_,                                                                                        \
     .priority = priority_,                                                                                  \
     .help = help_,                                                                                          \
     .width = ((flags_)&COLUMN_GROW) ? 12 : 0},
static const struct column LAG_COLUMNS[L_COLUMNS] = {LAGS(COLUMN)}, SLOT_COLUMNS[S_COLUMNS] = {SLOTS(COLUMN)};

static bool is_slot(const struct sd_replication *x)
{
    return str_eq(x->role, "slot");
}

/* Growth of the WAL a slot keeps, per second. */
static double growth(const struct record_entry *e)
{
    const struct sd_replication *x = e->r, *was = e->before;
    int64_t now = behind(x->position, x->kept_from),
            then = was ? behind(was->position, was->kept_from) : SD_UNKNOWN;
    double seconds = was ? common_seconds((struct span){e->before_at, e->at}) : (double)NAN;
    return now < 0 || then < 0 ? (double)NAN : (double)(now - then) / seconds;
}

static enum severity judge_slot(const struct sd_replication *x)
{
    int64_t kept = behind(x->position, x->kept_from);
    if (x->invalid || str_eq(x->wal_status, "lost") || str_eq(x->wal_status, "unreserved") ||
        (double)kept >= LIMIT[T_KEPT_BAD])
        return SEVERITY_BAD;
    return str_eq(x->state, "inactive") && (double)kept >= LIMIT[T_KEPT_WARN] ? SEVERITY_WARN : SEVERITY_NONE;
}

static enum severity judge_standby(const struct sd_replication *x)
{
    double bytes = (double)behind(x->position, x->replayed), ns = (double)x->replay_lag_ns;
    if (bytes >= LIMIT[T_LAG_BYTES] && ns >= LIMIT[T_LAG_BAD_NS])
        return SEVERITY_BAD;
    return (bytes >= LIMIT[T_LAG_BYTES] && ns >= LIMIT[T_LAG_WARN_NS]) || bytes >= LIMIT[T_LAG_WARN_BYTES]
               ? SEVERITY_WARN
               : SEVERITY_NONE;
}

static enum severity judge(const struct sd_replication *x)
{
    return is_slot(x) ? judge_slot(x) : judge_standby(x);
}

/* ---- for the overview ---- */

static const char *why_slot(struct doc *d, const struct sd_replication *x)
{
    char a[UNIT_TEXT_MAX];
    const char *kept = unit_format_int(UNIT_BYTES, behind(x->position, x->kept_from), a);
    if (x->invalid)
        return doc_printf(d, "the slot is invalid (%s): its reader has to start anew", x->invalid);
    if (str_eq(x->wal_status, "lost"))
        return doc_text(d, "WAL that the slot's reader needs was removed: it has to start anew");
    if (str_eq(x->wal_status, "unreserved"))
        return doc_text(d, "WAL that the slot's reader needs is removed at the next checkpoint");
    return doc_printf(
        d, "the slot is %s and keeps %s of WAL, which fills the disk%s", x->state ? x->state : "there", kept,
        str_eq(x->state, "inactive") ? ": start its reader, or drop it if nobody needs it" : "");
}

static const char *why_standby(struct doc *d, const struct sd_replication *x)
{
    char a[UNIT_TEXT_MAX], b[UNIT_TEXT_MAX];
    int64_t bytes = behind(x->position, x->replayed);
    const char *what = str_eq(x->role, "receiver") ? "this standby" : "the standby";
    const char *of = behind(x->position, x->sent) > bytes / 2      ? "not sent yet"
                     : behind(x->position, x->flushed) > bytes / 2 ? "not on its disk"
                                                                   : "received but not replayed";
    return doc_printf(d, "%s is %s of WAL%s%s behind, most of it %s", what,
                      unit_format_int(UNIT_BYTES, bytes, a), sd_known(x->replay_lag_ns) ? " and " : "",
                      sd_known(x->replay_lag_ns) ? unit_format_int(UNIT_SINCE, x->replay_lag_ns, b) : "", of);
}

static void list_problems(const struct view_ctx *c, const struct record_entry *e, size_t n,
                          struct worst_list *l)
{
    for (size_t i = 0; i < n; i++) {
        const struct sd_replication *x = e[i].r;
        enum severity severity = judge(x);
        if (severity < SEVERITY_WARN || !((double)common_age(c->now, e[i].at) <= LIMIT[T_FRESH_NS]) ||
            server_is_gone(c, e[i].origin))
            continue;
        worst_add(l, (struct worst_item){.what = is_slot(x) ? "slot" : "standby",
                                         .severity = severity,
                                         .share = NAN,
                                         .subject = doc_text(l->d, x->name ? x->name : e[i].origin),
                                         .why = is_slot(x) ? why_slot(l->d, x) : why_standby(l->d, x),
                                         .dive = {.view = "replication"}});
    }
}

static void replication_worst(const struct view_ctx *c, struct worst_list *l)
{
    struct record_entry *e = mem_array(ENTRIES_MAX, sizeof *e);
    size_t n = model_server_records(c->model, SD_REPLICATION, c->span, c->now, e, ENTRIES_MAX);
    list_problems(c, e, n, l);
    free(e);
}

/* ---- the view ---- */

static void fill_standby(struct doc *d, const struct record_entry *e, struct row *r)
{
    const struct sd_replication *x = e->r;
#define LAG_CELL(key, title, unit, flags, priority, help, cell) r->cells[L_##key] = (cell);
    LAGS(LAG_CELL)
    r->severity = judge(x);
}

static void fill_slot(struct doc *d, const struct record_entry *e, struct row *r)
{
    const struct sd_replication *x = e->r;
#define SLOT_CELL(key, title, unit, flags, priority, help, cell) r->cells[S_##key] = (cell);
    SLOTS(SLOT_CELL)
    r->severity = judge(x);
}

static const char *none(struct doc *d, const struct view_ctx *c, const char *sentence)
{
    return model_server_known(c->model, SD_REPLICATION, c->now) ? common_as_seen(d, c, KINDS_SERVER, sentence)
                                                                : common_empty(d, c, KINDS_SERVER);
}

static void section(struct doc *d, const struct view_ctx *c, const struct record_entry *e, size_t n,
                    bool slots)
{
    struct section *s = slots ? doc_table(d, "slots", "Replication slots", SLOT_COLUMNS, S_COLUMNS)
                              : doc_table(d, "rows", "Standbys", LAG_COLUMNS, L_COLUMNS);
    for (size_t i = 0; i < n; i++)
        if (is_slot(e[i].r) == slots)
            (slots ? fill_slot : fill_standby)(d, &e[i], doc_row(d, &s->table));
    table_sort(&s->table, slots ? (int)S_kept_bytes : (int)L_replay_lag_bytes, true);
    s->weight = 1;
    s->note = n ? common_note(d, c, &(struct note){KINDS_SERVER, SD_UNKNOWN, .last = e[0].at, .moment = true})
                : NULL;
    s->empty = none(d, c,
                    slots ? "The server has no replication slot."
                          : "No standby is connected, and the server itself is no standby.");
}

static struct doc *build_replication(const struct view_ctx *c)
{
    struct doc *d = doc_new("replication", "Replication");
    struct record_entry *e = mem_array(ENTRIES_MAX, sizeof *e);
    size_t n = model_server_records(c->model, SD_REPLICATION, c->span, c->now, e, ENTRIES_MAX);
    struct worst_list l = {.d = d};
    common_envelope(d, c, common_span(c));
    list_problems(c, e, n, &l);
    worst_sort(&l);
    findings_table(d, &l);
    section(d, c, e, n, false);
    section(d, c, e, n, true);
    free(l.items);
    free(e);
    return d;
}

static const struct column ALSO[] = {
    {.key = "findings",
     .title = "Findings",
     .help = "what needs a look: what, server, why, severity; none: absent"},
    {.key = "slots",
     .title = "Slots",
     .help =
         "replication slots: server, slot, type, state, kept_bytes, growth_bytes_per_s, may_grow_bytes, "
         "wal_status, invalid, plugin, database, pid, temporary, position, kept_from, confirmed, xmin_age, "
         "catalog_xmin_age, since (inactive since)"},
};

const struct view replication_view = {
    .name = "replication",
    .aliases = "standbys slots",
    .place = PLACE_DB,
    .title = "Replication",
    .summary = "standbys and replication slots: how far each is behind in bytes and time, WAL that is kept",
    .needs = KINDS_SERVER,
    .build = build_replication,
    .links = (const char *const[]){"server", "progress", "parameters", NULL},
    .worst = replication_worst,
    .columns = LAG_COLUMNS,
    .n_columns = L_COLUMNS,
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
