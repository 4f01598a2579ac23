/* parameter_rules.c - a row for each parameter that figures of the server may speak about. */
#include "view/servers/parameter_rules.h"

#include "view/shared/common.h"

#include <stdlib.h>

/* From when on figures speak. */
static const double CHECKPOINTS_MIN = 5, REQUESTED_SHARE = 0.5; /* requested of all */
static const double TEMP_PER_S = 1e6;                           /* bytes to temporary files */
static const double HITS_MIN = 0.9, READS_PER_S = 1000;         /* blocks */
static const double CONNECTIONS_USED = 0.8;
static const double BY_SESSIONS = 0.3, BUFFERS_MIN = 10000; /* blocks written by sessions, of all */
static const double STOPPED_PER_S = 1;
static const double BUFFERS_FULL_PER_S = 1;
static const double SLOT_KEEPS = 1e9;

/* ---- units ---- */

static const struct {
    const char *name;
    double factor;
    enum unit unit;
} UNITS[] = {
    {.name = "B", .factor = 1, .unit = UNIT_BYTES},
    {.name = "kB", .factor = 1024, .unit = UNIT_BYTES},
    {.name = "8kB", .factor = 8192, .unit = UNIT_BYTES},
    {.name = "MB", .factor = 1048576, .unit = UNIT_BYTES},
    {.name = "16MB", .factor = 16777216, .unit = UNIT_BYTES},
    {.name = "us", .factor = 1e3, .unit = UNIT_NS},
    {.name = "ms", .factor = 1e6, .unit = UNIT_NS},
    {.name = "s", .factor = 1e9, .unit = UNIT_NS},
    {.name = "min", .factor = 60e9, .unit = UNIT_NS},
};

double parameter_number(const char *value, const char *unit)
{
    char *end;
    double v = value ? strtod(value, &end) : (double)NAN;
    if (!value || !*value || *end)
        return (double)NAN;
    for (size_t i = 0; unit && i < ARRAY_LEN(UNITS); i++)
        if (str_eq(unit, UNITS[i].name))
            return v * UNITS[i].factor;
    return v;
}

/* As SHOW prints it: powers of 1024 and the largest unit that leaves a whole number. */
static const char *whole(struct doc *d, double v, bool bytes)
{
    static const struct {
        double factor;
        const char *name;
    } sizes[] = {{1099511627776.0, "TB"}, {1073741824.0, "GB"}, {1048576, "MB"}, {1024, "kB"}, {1, "B"}},
      times[] = {{86400e9, "d"}, {3600e9, "h"}, {60e9, "min"}, {1e9, "s"}, {1e6, "ms"}, {1e3, "us"}};
    for (size_t i = 0; bytes && i < ARRAY_LEN(sizes); i++)
        if (v >= sizes[i].factor && fmod(v, sizes[i].factor) == 0)
            return doc_printf(d, "%.0f %s", v / sizes[i].factor, sizes[i].name);
    for (size_t i = 0; !bytes && i < ARRAY_LEN(times); i++)
        if (v >= times[i].factor && fmod(v, times[i].factor) == 0)
            return doc_printf(d, "%.0f %s", v / times[i].factor, times[i].name);
    return NULL;
}

const char *parameter_shown(struct doc *d, const char *value, const char *unit)
{
    double v = parameter_number(value, unit);
    const char *text = NULL;
    for (size_t i = 0; unit && v > 0 && !text && i < ARRAY_LEN(UNITS); i++)
        if (str_eq(unit, UNITS[i].name))
            text = whole(d, v, UNITS[i].unit == UNIT_BYTES);
    if (text || !value)
        return text;
    return unit && strcmp(value, "0") != 0 && strcmp(value, "-1") != 0 ? doc_printf(d, "%s %s", value, unit)
                                                                       : doc_text(d, value);
}

/* ---- the rules ---- */

typedef const char *parameter_rule(struct doc *d, const struct parameters *p, const struct sd_parameter *x,
                                   enum severity *severity);

static bool is(const struct sd_parameter *x, const char *value)
{
    return str_eq(x->value, value);
}

static bool is_set(const struct parameters *p, const char *name, const char *value)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct sd_parameter *x = p->items[i].r;
        if (str_eq(p->items[i].origin, p->origin) && str_eq(x->name, name))
            return str_eq(x->value, value);
    }
    return false;
}

/* Nobody waits for it now: no line of the overview stands below it. */
static const char *loses_data(struct doc *d, const struct parameters *p, const struct sd_parameter *x,
                              enum severity *severity)
{
    if (!is(x, "off") || (!str_eq(x->name, "fsync") && is_set(p, "fsync", "off")))
        return NULL;
    *severity = SEVERITY_WARN;
    return doc_text(d, "a crash of the machine may destroy the data: turn it on");
}

static const char *hides_damage(struct doc *d, const struct parameters *p, const struct sd_parameter *x,
                                enum severity *severity)
{
    (void)p;
    if (!is(x, "on"))
        return NULL;
    *severity = SEVERITY_BAD;
    return doc_text(d, "damaged pages are read as if nothing were wrong: turn it off after the repair");
}

static const char *no_vacuum(struct doc *d, const struct parameters *p, const struct sd_parameter *x,
                             enum severity *severity)
{
    if (!is(x, "off"))
        return NULL;
    *severity = SEVERITY_BAD;
    return p->f && p->f->s->xid_age > 0
               ? doc_printf(
                     d,
                     "dead rows stay and statistics grow old; %lld transactions are not frozen: turn it on",
                     (long long)p->f->s->xid_age)
               : doc_text(d, "dead rows stay and statistics grow old: turn it on");
}

static const char *checkpoints(struct doc *d, const struct parameters *p, const struct sd_parameter *x,
                               enum severity *severity)
{
    char a[UNIT_TEXT_MAX];
    if (!p->f || p->f->s->checkpoints_timed < 0 || p->f->s->checkpoints_requested < 0)
        return NULL;
    double requested = (double)p->f->s->checkpoints_requested,
           all = requested + (double)p->f->s->checkpoints_timed;
    if (all < CHECKPOINTS_MIN || requested / all < REQUESTED_SHARE)
        return NULL;
    *severity = SEVERITY_WARN;
    return doc_printf(d,
                      "%s of %.0f checkpoints came early, most likely because %s of WAL were written: "
                      "a larger one means less WAL and fewer writes",
                      unit_format(UNIT_SHARE, requested / all, a), all,
                      parameter_shown(d, x->value, x->unit));
}

static const char *temporary(struct doc *d, const struct parameters *p, const struct sd_parameter *x,
                             enum severity *severity)
{
    char a[UNIT_TEXT_MAX], b[UNIT_TEXT_MAX];
    double rate = p->f ? SERVER_RATE(p->f, temp_bytes) : (double)NAN;
    int64_t files = p->f ? SERVER_GROWTH(p->f, temp_files) : SD_UNKNOWN,
            bytes = p->f ? SERVER_GROWTH(p->f, temp_bytes) : SD_UNKNOWN;
    if (!(rate >= TEMP_PER_S) || files <= 0)
        return NULL;
    *severity = SEVERITY_WARN;
    return doc_printf(
        d, "%s/s go to temporary files of %s on average; %s is for each sort and hash of each session",
        unit_format(UNIT_BYTES, rate, a), unit_format(UNIT_BYTES, (double)bytes / (double)files, b),
        parameter_shown(d, x->value, x->unit));
}

static const char *buffers(struct doc *d, const struct parameters *p, const struct sd_parameter *x,
                           enum severity *severity)
{
    char a[UNIT_TEXT_MAX], b[UNIT_TEXT_MAX];
    double read = p->f ? SERVER_RATE(p->f, blks_read) : (double)NAN,
           hit = p->f ? SERVER_RATE(p->f, blks_hit) : 0;
    if (!(read >= READS_PER_S) || !(hit / (hit + read) < HITS_MIN))
        return NULL;
    *severity = SEVERITY_WARN;
    return doc_printf(
        d, "%s blocks/s are read past it, %s are found in its %s: larger, or fewer blocks by indexes",
        unit_format(UNIT_COUNT, read, a), unit_format(UNIT_SHARE, hit / (hit + read), b),
        parameter_shown(d, x->value, x->unit));
}

static const char *connections(struct doc *d, const struct parameters *p, const struct sd_parameter *x,
                               enum severity *severity)
{
    const struct sd_server *s = p->f ? p->f->s : NULL;
    if (!s || s->connections < 0 || !(s->max_connections > 0) ||
        (double)s->connections < CONNECTIONS_USED * (double)s->max_connections)
        return NULL;
    *severity = SEVERITY_WARN;
    (void)x;
    return doc_printf(d, "%lld are in use, %lld of them idle: a pooler needs fewer",
                      (long long)s->connections, (long long)MAX(s->idle, 0));
}

static const char *writes_by_sessions(struct doc *d, const struct parameters *p, const struct sd_parameter *x,
                                      enum severity *severity)
{
    char a[UNIT_TEXT_MAX];
    const struct sd_server *s = p->f ? p->f->s : NULL;
    if (!s)
        return NULL;
    double stopped = SERVER_RATE(p->f, cleaner_stopped);
    double own = (double)s->backend_buffers,
           all = own + (double)s->checkpoint_buffers + (double)s->cleaner_buffers;
    bool most = s->backend_buffers >= 0 && s->checkpoint_buffers >= 0 && all >= BUFFERS_MIN &&
                own / all >= BY_SESSIONS && s->cleaner_stopped > 0;
    if (!most && !(stopped >= STOPPED_PER_S))
        return NULL;
    *severity = SEVERITY_INFO;
    (void)x;
    return most ? doc_printf(
                      d,
                      "sessions wrote %s of the blocks themselves, and the background writer stopped at "
                      "its maximum %lld times: raise it",
                      unit_format(UNIT_SHARE, own / all, a), (long long)s->cleaner_stopped)
                : doc_printf(d, "the background writer stops at its maximum %s times a second: raise it",
                             unit_format(UNIT_COUNT, stopped, a));
}

static const char *wal_buffers(struct doc *d, const struct parameters *p, const struct sd_parameter *x,
                               enum severity *severity)
{
    char a[UNIT_TEXT_MAX];
    double full = p->f ? SERVER_RATE(p->f, wal_buffers_full) : (double)NAN;
    (void)x;
    if (!(full >= BUFFERS_FULL_PER_S))
        return NULL;
    *severity = SEVERITY_INFO;
    return doc_printf(d, "they were full %s times a second: sessions write WAL before they commit",
                      unit_format(UNIT_COUNT, full, a));
}

static const char *busy_workers(struct doc *d, const struct parameters *p, const struct sd_parameter *x,
                                enum severity *severity)
{
    const struct sd_server *s = p->f ? p->f->s : NULL, *was = p->f ? p->f->before : NULL;
    (void)x;
    if (!s || !was || s->autovacuum_max_workers <= 0 || s->autovacuum_workers < s->autovacuum_max_workers ||
        was->autovacuum_workers < was->autovacuum_max_workers)
        return NULL;
    *severity = SEVERITY_WARN;
    return doc_printf(d, "all %lld workers are busy: other tables wait; more of them share one cost limit",
                      (long long)s->autovacuum_workers);
}

static const char *slots(struct doc *d, const struct parameters *p, const struct sd_parameter *x,
                         enum severity *severity)
{
    struct record_entry e[64];
    char a[UNIT_TEXT_MAX];
    size_t n = model_server_records(p->c->model, SD_REPLICATION, p->c->span, p->c->now, e, ARRAY_LEN(e));
    if (!is(x, "-1"))
        return NULL;
    for (size_t i = 0; i < n; i++) {
        const struct sd_replication *s = e[i].r;
        double kept = s->position < 0 || s->kept_from < 0 ? 0 : (double)(s->position - s->kept_from);
        if (!str_eq(e[i].origin, p->origin) || !str_eq(s->role, "slot") || !str_eq(s->state, "inactive") ||
            kept < SLOT_KEEPS)
            continue;
        *severity = SEVERITY_WARN;
        return doc_printf(
            d, "no limit, and the slot %s, which is not in use, keeps %s: a full disk stops the server",
            s->name, unit_format(UNIT_BYTES, kept, a));
    }
    return NULL;
}

static const char *not_counted(struct doc *d, const struct parameters *p, const struct sd_parameter *x,
                               enum severity *severity)
{
    (void)p;
    if (!is(x, "off"))
        return NULL;
    *severity = str_eq(x->name, "track_io_timing") ? SEVERITY_INFO : SEVERITY_WARN;
    return doc_text(
        d, str_eq(x->name, "track_io_timing") ? "times of reads and writes are unknown here and in EXPLAIN"
           : str_eq(x->name, "track_counts")  ? "autovacuum needs the counts: it does nothing without"
                                              : "sessions and their statements are not visible");
}

static const char *idle(struct doc *d, const struct parameters *p, const struct sd_parameter *x,
                        enum severity *severity)
{
    static const int64_t LONG_NS = 600 * SD_S;
    char a[UNIT_TEXT_MAX];
    const struct sd_server *s = p->f ? p->f->s : NULL;
    int64_t age = s ? common_age(p->f->at, s->oldest_xact) : SD_UNKNOWN;
    if (!is(x, "0") || age < LONG_NS || !s->oldest_xact_state || !str_starts(s->oldest_xact_state, "idle in"))
        return NULL;
    *severity = SEVERITY_INFO;
    return doc_printf(d, "no limit, and pid %lld is idle in a transaction of %s",
                      (long long)s->oldest_xact_pid, unit_format_int(UNIT_SINCE, age, a));
}

static const struct {
    const char *name;
    parameter_rule *judge;
} RULES[] = {
    {.name = "fsync", .judge = loses_data},
    {.name = "full_page_writes", .judge = loses_data},
    {.name = "zero_damaged_pages", .judge = hides_damage},
    {.name = "ignore_checksum_failure", .judge = hides_damage},
    {.name = "autovacuum", .judge = no_vacuum},
    {.name = "max_wal_size", .judge = checkpoints},
    {.name = "work_mem", .judge = temporary},
    {.name = "shared_buffers", .judge = buffers},
    {.name = "max_connections", .judge = connections},
    {.name = "bgwriter_lru_maxpages", .judge = writes_by_sessions},
    {.name = "wal_buffers", .judge = wal_buffers},
    {.name = "autovacuum_max_workers", .judge = busy_workers},
    {.name = "max_slot_wal_keep_size", .judge = slots},
    {.name = "track_io_timing", .judge = not_counted},
    {.name = "track_counts", .judge = not_counted},
    {.name = "track_activities", .judge = not_counted},
    {.name = "idle_in_transaction_session_timeout", .judge = idle},
};

const char *parameter_advice(struct doc *d, const struct parameters *p, const struct sd_parameter *x,
                             enum severity *severity)
{
    for (size_t i = 0; x->value && i < ARRAY_LEN(RULES); i++) {
        const char *text = str_eq(x->name, RULES[i].name) ? RULES[i].judge(d, p, x, severity) : NULL;
        if (text)
            return text;
    }
    if (x->pending_restart != 1)
        return NULL;
    *severity = SEVERITY_INFO;
    return doc_text(d, "the configuration file says otherwise: a restart takes it");
}
