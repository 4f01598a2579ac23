#include "format/queries/pglog_facts.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <strings.h>

#include "base/units.h"
#include "core/sql/statement.h"

#define uthash_malloc(size) mem_realloc(NULL, size)
#define uthash_fatal(text)  abort()
#include <uthash.h>

#define BLOCK_BYTES 8192
#define CONNECTS_NS (10 * SD_S)
#define SHORT_NS    SD_S /* sessions that last less on average */
enum { SQL_SHOWN = 160, PIDS_MAX = 2000, CONNECTS_MANY = 100 };

/* The statement that a process logged last, for a duration that stands alone. */
struct logged_text {
    int64_t pid;
    char *text;
    UT_hash_handle hh;
};

struct pglog_facts {
    struct pglog_facts_options o;
    sd_time now, newest;
    struct logged_text *texts;
    int64_t entries, nameless, foreign, events;
    struct { /* files of one statement, said in one event */
        int64_t n, bytes;
        sd_time at;
        char *statement;
    } files;
    struct {
        sd_time since;
        int64_t n, ended, lasted_ns;
    } connects;
    char checkpoint[32]; /* what began the one that runs */
};

struct pglog_facts *pglog_facts_new(const struct pglog_facts_options *o)
{
    struct pglog_facts *f = mem_alloc(sizeof *f);
    f->o = *o;
    f->newest = f->connects.since = SD_UNKNOWN;
    return f;
}

static void forget_texts(struct pglog_facts *f)
{
    struct logged_text *t, *next;
    HASH_ITER(hh, f->texts, t, next)
    {
        HASH_DEL(f->texts, t);
        free(t->text);
        free(t);
    }
}

void pglog_facts_free(struct pglog_facts *f)
{
    if (!f)
        return;
    forget_texts(f);
    free(f->files.statement);
    free(f);
}

void pglog_facts_now(struct pglog_facts *f, sd_time now)
{
    f->now = now;
}

int64_t pglog_facts_entries(const struct pglog_facts *f)
{
    return f->entries;
}

int64_t pglog_facts_nameless(const struct pglog_facts *f)
{
    return f->nameless;
}

int64_t pglog_facts_foreign(const struct pglog_facts *f)
{
    return f->foreign;
}

int64_t pglog_facts_events(const struct pglog_facts *f)
{
    return f->events;
}

/* ---- saying it ---- */

static sd_time time_of(const struct pglog_facts *f, const struct pglog_entry *e)
{
    return sd_known(e->at) ? e->at : sd_known(f->newest) ? f->newest : f->now;
}

SD_PRINTF(5, 6)
static void say(struct pglog_facts *f, sd_time at, const char *severity, const char *title, const char *fmt,
                ...)
{
    struct strbuf b = {0};
    va_list ap;
    va_start(ap, fmt);
    strbuf_vprintf(&b, fmt, ap);
    va_end(ap);
    f->events++;
    f->o.event(f->o.ctx, at,
               &(struct sd_event){.severity = severity, .title = title, .text = strbuf_text(&b)});
    strbuf_free(&b);
}

/* ": SELECT ...", on one line and without its constants; "" without a statement. Caller frees. */
static char *statement_shown(const char *sql)
{
    char *hidden = sql && *sql ? sql_hide_literals(sql) : NULL;
    if (!hidden)
        return mem_strdup("");
    struct strbuf b = {0};
    strbuf_str(&b, ": ");
    bool blank = false;
    for (const char *s = hidden; *s && b.len < SQL_SHOWN; s++) {
        bool space = isspace((unsigned char)*s);
        if (!space && blank)
            strbuf_char(&b, ' ');
        if (!space)
            strbuf_char(&b, *s);
        blank = space;
    }
    if (b.len >= SQL_SHOWN)
        strbuf_str(&b, "...");
    free(hidden);
    return strbuf_detach(&b);
}

/* ---- executions ---- */

/* A number and " ms"; behind it. NULL: none stands here. */
static const char *milliseconds(const char *s, int64_t *ns)
{
    char *end;
    double ms = strtod(s, &end);
    if (end == s || !isdigit((unsigned char)*s) || strncmp(end, " ms", 3) != 0 || !(ms >= 0 && ms < 1e12))
        return NULL;
    *ns = (int64_t)(ms * 1e6 + 0.5);
    return end + 3;
}

/* Behind "statement: ", "execute NAME: ", "parse NAME: ", "bind NAME/PORTAL: ". NULL: it is none of these. */
static const char *sent_text(const char *s, bool *planning)
{
    static const struct {
        const char *word;
        bool planning, named;
    } STEPS[] = {{.word = "statement: "},
                 {.word = "execute fetch from ", .named = true},
                 {.word = "execute ", .named = true},
                 {.word = "parse ", .planning = true, .named = true},
                 {.word = "bind ", .planning = true, .named = true},
                 {.word = "fastpath function call: "}};
    for (size_t i = 0; i < ARRAY_LEN(STEPS); i++) {
        if (!str_starts(s, STEPS[i].word))
            continue;
        const char *text = s + strlen(STEPS[i].word), *colon = STEPS[i].named ? strstr(text, ": ") : NULL;
        *planning = STEPS[i].planning;
        return !STEPS[i].named ? text : colon ? colon + 2 : NULL;
    }
    return NULL;
}

/* EXECUTE of a prepared statement: what was prepared stands in the detail. */
static const char *prepared(const struct pglog_entry *e, const char *text)
{
    const char *from = str_starts(e->detail, "prepare: ") ? strcasestr(e->detail, " as ") : NULL;
    return from && strncasecmp(text, "execute", 7) == 0 ? from + 4 : text;
}

static void remember(struct pglog_facts *f, int64_t pid, const char *text)
{
    struct logged_text *t;
    if (!sd_known(pid))
        return;
    HASH_FIND(hh, f->texts, &pid, sizeof pid, t);
    if (!t) {
        if (HASH_COUNT(f->texts) >= PIDS_MAX)
            forget_texts(f);
        t = mem_alloc(sizeof *t);
        t->pid = pid;
        HASH_ADD(hh, f->texts, pid, sizeof t->pid, t);
    }
    free(t->text);
    t->text = mem_strndup(text, STATEMENT_LOG_TEXT_MAX);
}

static const char *remembered(const struct pglog_facts *f, int64_t pid)
{
    struct logged_text *t = NULL;
    if (sd_known(pid))
        HASH_FIND(hh, f->texts, &pid, sizeof pid, t);
    return t ? t->text : NULL;
}

static void executed(struct pglog_facts *f, const struct pglog_entry *e, const char *text, int64_t ns,
                     bool planning)
{
    statement_log_add(f->o.statements, &(struct logged_execution){.at = time_of(f, e),
                                                                  .database = e->database,
                                                                  .role = e->user,
                                                                  .text = text,
                                                                  .calls = !planning,
                                                                  .total_ns = planning ? SD_UNKNOWN : ns,
                                                                  .plan_ns = planning ? ns : SD_UNKNOWN,
                                                                  .rows = SD_UNKNOWN,
                                                                  .rows_examined = SD_UNKNOWN,
                                                                  .temp_written = SD_UNKNOWN});
}

/* "plan:" in the languages that have it, with nothing else on its line. */
static bool is_plan(const char *s)
{
    const char *colon = strchr(s, ':'), *end = s + strcspn(s, "\n");
    return colon && colon < end && end - colon <= 2;
}

/* In any language of lc_messages: a word, a number and " ms" begin it, but the steps are told in English. */
static bool take_duration(struct pglog_facts *f, const struct pglog_entry *e)
{
    const char *colon = strstr(e->message, ": "), *rest, *text;
    int64_t ns;
    bool planning = false;
    if (!colon || colon - e->message > 20 || !(rest = milliseconds(colon + 2, &ns)))
        return false;
    while (*rest == ' ')
        rest++;
    if (!*rest) { /* log_statement has logged it before */
        if ((text = remembered(f, e->pid)))
            executed(f, e, text, ns, false);
        else
            f->nameless++;
    } else if ((text = sent_text(rest, &planning))) {
        executed(f, e, prepared(e, text), ns, planning);
    } else if (!is_plan(rest)) {
        f->foreign++;
    }
    return true;
}

static bool take_statement(struct pglog_facts *f, const struct pglog_entry *e)
{
    bool planning;
    const char *text = sent_text(e->message, &planning);
    if (!text || planning)
        return false;
    remember(f, e->pid, prepared(e, text));
    return true;
}

/* ---- temporary files ---- */

static void files_end(struct pglog_facts *f)
{
    char a[UNIT_TEXT_MAX];
    if (!f->files.n)
        return;
    char *shown = statement_shown(f->files.statement);
    say(f, f->files.at, "info", "temporary file", "%" PRId64 " file%s of %s%s", f->files.n,
        f->files.n == 1 ? "" : "s, together", unit_format_int(UNIT_BYTES, f->files.bytes, a), shown);
    free(shown);
    free(f->files.statement);
    f->files.statement = NULL;
    f->files.n = f->files.bytes = 0;
}

static bool take_file(struct pglog_facts *f, const struct pglog_entry *e)
{
    const char *size = strstr(e->message, ", size ");
    if (!str_starts(e->message, "temporary file: path ") || !size)
        return false;
    int64_t bytes = MAX(strtoll(size + 7, NULL, 10), 0);
    if (f->files.n && !str_eq(f->files.statement, e->statement))
        files_end(f);
    if (!f->files.n)
        f->files.statement = mem_strdup(e->statement);
    f->files.n++;
    f->files.bytes += MIN(bytes, INT64_MAX - f->files.bytes);
    f->files.at = time_of(f, e);
    if (*e->statement) {
        bool planning;
        const char *text = sent_text(e->statement, &planning); /* with the protocol's word or without */
        statement_log_add(
            f->o.statements,
            &(struct logged_execution){.at = time_of(f, e),
                                       .database = e->database,
                                       .role = e->user,
                                       .text = text ? text : e->statement,
                                       .total_ns = SD_UNKNOWN,
                                       .plan_ns = SD_UNKNOWN,
                                       .rows = SD_UNKNOWN,
                                       .rows_examined = SD_UNKNOWN,
                                       .temp_written = bytes / BLOCK_BYTES + (bytes % BLOCK_BYTES > 0)});
    }
    return true;
}

/* ---- locks ---- */

/* "process 71 still waiting for ShareLock on transaction 742 after 1000.1 ms" */
static bool take_lock(struct pglog_facts *f, const struct pglog_entry *e)
{
    static const struct {
        const char *word, *severity, *title;
    } STATES[] = {{.word = " still waiting for ", .severity = "warn", .title = "lock wait"},
                  {.word = " acquired ", .severity = "info", .title = "lock wait ended"},
                  {.word = " failed to acquire ", .severity = "warn", .title = "lock wait ended"},
                  {.word = " avoided deadlock for ", .severity = "warn", .title = "deadlock avoided"},
                  {.word = " detected deadlock while waiting for ", .severity = "bad", .title = "deadlock"}};
    char a[UNIT_TEXT_MAX];
    int64_t ns;
    if (!str_starts(e->message, "process "))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(STATES); i++) {
        const char *word = strstr(e->message, STATES[i].word), *after = word ? strstr(word, " after ") : NULL;
        if (!after || !milliseconds(after + 7, &ns))
            continue;
        const char *lock = word + strlen(STATES[i].word), *holder = strstr(e->detail, "holding the lock: ");
        char *shown = statement_shown(e->statement);
        say(f, time_of(f, e), STATES[i].severity, STATES[i].title, "%.*s %s %.*s after %s%s%.*s%s",
            (int)(word - e->message), e->message,
            i == 0   ? "waits for"
            : i == 1 ? "got"
                     : "did not get",
            (int)MIN(after - lock, 100), lock, unit_format_int(UNIT_NS, ns, a), holder ? ", held by " : "",
            holder ? (int)MIN(strcspn(holder + 18, "."), 60) : 0, holder ? holder + 18 : "", shown);
        free(shown);
        return true;
    }
    return false;
}

/* ---- checkpoints and autovacuum ---- */

static double number_behind(const char *text, const char *key)
{
    const char *s = strstr(text, key);
    return s ? strtod(s + strlen(key), NULL) : (double)NAN;
}

static const char *seconds_text(double s, char buf[UNIT_TEXT_MAX])
{
    return unit_format(UNIT_NS, s * 1e9, buf);
}

static bool take_checkpoint(struct pglog_facts *f, const struct pglog_entry *e)
{
    bool restart = str_starts(e->message, "restartpoint "), complete;
    char a[UNIT_TEXT_MAX], b[UNIT_TEXT_MAX];
    if (str_starts(e->message, "checkpoints are occurring too frequently")) {
        say(f, time_of(f, e), "warn", "checkpoints too frequent", "%.120s: raise max_wal_size", e->message);
        return true;
    }
    if (!restart && !str_starts(e->message, "checkpoint "))
        return false;
    const char *what = strchr(e->message, ' ') + 1;
    complete = str_starts(what, "complete: ");
    if (!complete && str_starts(what, "starting: "))
        snprintf(f->checkpoint, sizeof f->checkpoint, "%s", what + strlen("starting: "));
    if (!complete)
        return true;
    double wrote = number_behind(what, "wrote "), sync = number_behind(what, "sync="),
           total = number_behind(what, "total=");
    say(f, time_of(f, e), sync >= 5 ? "warn" : "info", restart ? "restartpoint" : "checkpoint",
        "%.0f buffers in %s, of these %s to sync files%s%s", isfinite(wrote) ? wrote : 0,
        seconds_text(total, a), seconds_text(sync, b), *f->checkpoint ? ", begun by: " : "", f->checkpoint);
    f->checkpoint[0] = '\0';
    return true;
}

/* "automatic vacuum of table "shop.public.orders": index scans: 1 ..." */
static bool take_autovacuum(struct pglog_facts *f, const struct pglog_entry *e)
{
    const char *name = strstr(e->message, " of table \""), *end = name ? strchr(name + 11, '"') : NULL;
    char a[UNIT_TEXT_MAX], b[UNIT_TEXT_MAX], c[UNIT_TEXT_MAX];
    if (!str_starts(e->message, "automatic ") || !end)
        return false;
    bool analyze = str_starts(e->message, "automatic analyze"),
         wraps = strstr(e->message, "wraparound") != NULL;
    double took = number_behind(end, "elapsed: ");
    struct strbuf text = {0};
    strbuf_printf(&text, "%.*s", (int)MIN(end - name - 11, 200), name + 11);
    if (isfinite(took))
        strbuf_printf(&text, " in %s", seconds_text(took, a));
    double removed = number_behind(end, "tuples: "), kept = NAN;
    const char *dead = strstr(end, " are dead but not yet removable");
    if (dead) {
        while (dead > end && (isdigit((unsigned char)dead[-1])))
            dead--;
        kept = strtod(dead, NULL);
        strbuf_printf(&text, ": %s rows removed, %s dead rows cannot be removed yet",
                      unit_format(UNIT_COUNT, removed, b), unit_format(UNIT_COUNT, kept, c));
    }
    bool held = isfinite(kept) && kept >= 1000 && kept > removed;
    if (held)
        strbuf_str(&text, ": an old transaction, replication slot or standby still needs them");
    say(f, time_of(f, e), held || wraps ? "warn" : "info",
        analyze ? "autoanalyze"
        : wraps ? "vacuum to prevent wraparound"
                : "autovacuum",
        "%s", text.text);
    strbuf_free(&text);
    return true;
}

/* ---- connections ---- */

static void connects_end(struct pglog_facts *f, sd_time at)
{
    int64_t mean = f->connects.ended ? f->connects.lasted_ns / f->connects.ended : SD_UNKNOWN;
    char a[UNIT_TEXT_MAX];
    if (f->connects.n >= CONNECTS_MANY && sd_known(mean) && mean < SHORT_NS)
        say(f, at, "warn", "short sessions",
            "%" PRId64
            " connections in 10 s; sessions last %s on average: a connection pool saves the connecting",
            f->connects.n, unit_format_int(UNIT_NS, mean, a));
    f->connects.n = f->connects.ended = f->connects.lasted_ns = 0;
    f->connects.since = SD_UNKNOWN;
}

/* "0:00:05.123" */
static int64_t session_time(const char *s)
{
    char *end;
    long h = strtol(s, &end, 10), m = *end == ':' ? strtol(end + 1, &end, 10) : 0;
    double seconds = *end == ':' ? strtod(end + 1, NULL) : 0;
    if (h < 0 || h > 100000 || m < 0 || m > 59 || !(seconds >= 0 && seconds < 61))
        return 0;
    return (h * 3600 + m * 60) * SD_S + (int64_t)(seconds * 1e9);
}

static bool take_connection(struct pglog_facts *f, const struct pglog_entry *e)
{
    bool ends = str_starts(e->message, "disconnection: session time: ");
    if (!ends && !str_starts(e->message, "connection received: ") &&
        !str_starts(e->message, "connection authorized: ") &&
        !str_starts(e->message, "connection authenticated: ") &&
        !str_starts(e->message, "connection ready: "))
        return false;
    sd_time at = time_of(f, e);
    if (sd_known(f->connects.since) && at - f->connects.since >= CONNECTS_NS)
        connects_end(f, f->connects.since + CONNECTS_NS);
    if (!sd_known(f->connects.since))
        f->connects.since = at;
    if (ends) {
        f->connects.ended++;
        f->connects.lasted_ns += MIN(session_time(e->message + 29), 3600 * SD_S);
    } else {
        f->connects.n += str_starts(e->message, "connection authorized: ");
    }
    return true;
}

/* ---- what else is told as it stands ---- */

static const struct {
    const char *begins, *title, *severity;
} TOLD[] = {
    {.begins = "canceling statement due to ", .title = "statement cancelled", .severity = "warn"},
    {.begins = "canceling autovacuum task", .title = "autovacuum cancelled", .severity = "info"},
    {.begins = "terminating connection due to ", .title = "session ended", .severity = "warn"},
    {.begins = "terminating connection because of ", .title = "session ended", .severity = "bad"},
    {.begins = "deadlock detected", .title = "deadlock", .severity = "bad"},
    {.begins = "sorry, too many clients already", .title = "no connection left", .severity = "bad"},
    {.begins = "remaining connection slots are reserved", .title = "no connection left", .severity = "bad"},
    {.begins = "too many connections for ", .title = "no connection left", .severity = "bad"},
    {.begins = "password authentication failed", .title = "connection refused", .severity = "warn"},
    {.begins = "no pg_hba.conf entry", .title = "connection refused", .severity = "warn"},
    {.begins = "out of memory", .title = "out of memory", .severity = "bad"},
    {.begins = "could not extend file", .title = "disk full", .severity = "bad"},
    {.begins = "could not write to file", .title = "disk full", .severity = "bad"},
    {.begins = "database is not accepting commands", .title = "wraparound", .severity = "bad"},
    {.begins = "database system is ready to accept", .title = "start", .severity = "info"},
    {.begins = "database system was interrupted", .title = "crash recovery", .severity = "bad"},
    {.begins = "database system was not properly shut down", .title = "crash recovery", .severity = "bad"},
    {.begins = "database system is shut down", .title = "stop", .severity = "warn"},
    {.begins = "selected new timeline", .title = "promotion", .severity = "warn"},
    {.begins = "server process (PID ", .title = "crash", .severity = "bad"},
};

static bool take_told(struct pglog_facts *f, const struct pglog_entry *e)
{
    size_t i = 0;
    while (i < ARRAY_LEN(TOLD) && !str_starts(e->message, TOLD[i].begins))
        i++;
    bool grave = str_eq(e->level, "FATAL") || str_eq(e->level, "PANIC");
    bool crash = i < ARRAY_LEN(TOLD) && str_eq(TOLD[i].title, "crash");
    if ((i == ARRAY_LEN(TOLD) && !grave) || (crash && strstr(e->message, "exited with exit code 0")))
        return false;
    char *shown = statement_shown(e->statement);
    size_t line = strcspn(e->message, "\n");
    say(f, time_of(f, e), i < ARRAY_LEN(TOLD) ? TOLD[i].severity : "bad",
        i < ARRAY_LEN(TOLD) ? TOLD[i].title : "fatal error", "%.*s%s", (int)MIN(line, 300), e->message,
        shown);
    free(shown);
    return true;
}

/* ---- all ---- */

void pglog_facts_take(void *facts, const struct pglog_entry *e)
{
    struct pglog_facts *f = facts;
    f->entries++;
    bool ok = take_duration(f, e) || take_statement(f, e) || take_file(f, e) || take_lock(f, e) ||
              take_checkpoint(f, e) || take_autovacuum(f, e) || take_connection(f, e) || take_told(f, e);
    (void)ok; /* what else a server logs is nothing for us */
    if (sd_known(e->at))
        f->newest = MAX(f->newest, e->at);
}

void pglog_facts_flush(struct pglog_facts *f)
{
    files_end(f);
    if (sd_known(f->connects.since) && sd_known(f->newest) && f->newest - f->connects.since >= CONNECTS_NS)
        connects_end(f, f->connects.since + CONNECTS_NS);
    statement_log_flush(f->o.statements);
}
