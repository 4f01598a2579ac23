/* slowlog.c - an entry is lines that begin with #, then the statement:
 *
 *   # Time: 2026-11-20T15:51:40.985123Z          not in every entry of MariaDB, which writes "261120
 * 15:51:40" # User@Host: app[app] @ web1 [10.0.0.7]  Id: 8 # Query_time: 2.000123  Lock_time: 0.000100
 * Rows_sent: 1  Rows_examined: 90000 use shop;                                    when it changes; "Schema:
 * shop" in a # line elsewhere SET timestamp=1795189900;                    when the statement began SELECT
 * ...;
 */
#include "format/queries/slowlog.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "format/queries/log_time.h"

struct entry {
    bool headed; /* its "# User@Host:" or "# Query_time:" was read */
    char role[100], schema[200];
    double query_s; /* NAN: not read */
    double began_s; /* of "SET timestamp"; NAN */
    int64_t sent, affected, examined;
    bool timed; /* a "# Time:" with its zone is its own */
    struct strbuf text;
};

struct reader {
    struct slowlog_state *state;
    slowlog_take *take;
    void *ctx;
    struct slowlog_counts *counts;
    sd_time now;
    struct entry e;
};

void slowlog_free(struct slowlog_state *s)
{
    free(s->database);
    *s = (struct slowlog_state){0};
}

static void entry_clear(struct entry *e)
{
    struct strbuf kept = e->text;
    strbuf_clear(&kept);
    *e = (struct entry){.query_s = NAN,
                        .began_s = NAN,
                        .sent = SD_UNKNOWN,
                        .affected = SD_UNKNOWN,
                        .examined = SD_UNKNOWN,
                        .text = kept};
}

static bool line_starts(const char *line, size_t n, const char *with)
{
    size_t k = strlen(with);
    return n >= k && strncasecmp(line, with, k) == 0;
}

/* ---- the # lines ---- */

/* The value of "Key: value" among others of the line; NULL. */
static const char *value_of(const char *line, size_t n, const char *key)
{
    size_t k = strlen(key);
    for (const char *s = line; (s = memmem(s, n - (size_t)(s - line), key, k)) != NULL; s += k) {
        if (s > line && !isspace((unsigned char)s[-1]))
            continue;
        s += k;
        while (s < line + n && *s == ' ')
            s++;
        return s < line + n ? s : NULL;
    }
    return NULL;
}

static int64_t count_of(const char *line, size_t n, const char *key)
{
    const char *s = value_of(line, n, key);
    if (!s || !isdigit((unsigned char)*s))
        return SD_UNKNOWN;
    int64_t v = 0;
    for (; s < line + n && isdigit((unsigned char)*s) && v < INT64_MAX / 10 - 1; s++)
        v = v * 10 + (*s - '0');
    return v;
}

static double seconds_of(const char *line, size_t n, const char *key)
{
    const char *s = value_of(line, n, key);
    char text[40];
    if (!s || !isdigit((unsigned char)*s))
        return (double)NAN;
    snprintf(text, sizeof text, "%.*s", (int)MIN((size_t)(line + n - s), sizeof text - 1), s);
    return strtod(text, NULL);
}

static void read_user(struct entry *e, const char *line, size_t n)
{
    const char *s = value_of(line, n, "User@Host:");
    size_t k = 0;
    while (s && s + k < line + n && !strchr("[ @", s[k]))
        k++;
    snprintf(e->role, sizeof e->role, "%.*s", (int)MIN(k, sizeof e->role - 1), s ? s : "");
}

static void read_head(struct reader *r, const char *line, size_t n)
{
    struct entry *e = &r->e;
    const char *s;
    if ((s = value_of(line, n, "Time:")) && line_starts(line, n, "# Time:")) {
        sd_time t = log_time(s, line + n, NULL);
        e->timed = sd_known(t);
        r->state->at = e->timed ? t : 0;
    }
    if (line_starts(line, n, "# User@Host:"))
        read_user(e, line, n);
    if ((s = value_of(line, n, "Schema:"))) {
        size_t k = 0;
        while (s + k < line + n && !isspace((unsigned char)s[k]))
            k++;
        if (!k || str_starts(s, "Last_errno:") || str_starts(s, "QC_hit:") || str_starts(s, "QC_Hit:"))
            k = 0;
        snprintf(e->schema, sizeof e->schema, "%.*s", (int)MIN(k, sizeof e->schema - 1), s);
    }
    double took = seconds_of(line, n, "Query_time:");
    if (isfinite(took))
        e->query_s = took;
    int64_t sent = count_of(line, n, "Rows_sent:"), examined = count_of(line, n, "Rows_examined:"),
            affected = count_of(line, n, "Rows_affected:");
    e->sent = sd_known(sent) ? sent : e->sent;
    e->examined = sd_known(examined) ? examined : e->examined;
    e->affected = sd_known(affected) ? affected : e->affected;
    e->headed |= isfinite(took) || line_starts(line, n, "# User@Host:");
}

/* ---- the statement ---- */

/* "SET timestamp=1795189900;", perhaps with "last_insert_id=1,insert_id=2," before it. */
static bool read_set(struct entry *e, const char *line, size_t n)
{
    const char *s = line_starts(line, n, "SET ") ? memmem(line, n, "timestamp=", 10) : NULL;
    if (!s || e->text.len)
        return false;
    char text[40];
    snprintf(text, sizeof text, "%.*s", (int)MIN((size_t)(line + n - s - 10), sizeof text - 1), s + 10);
    double t = strtod(text, NULL);
    e->began_s = t > 0 && t < 4e9 ? t : (double)NAN;
    return true;
}

static bool read_use(struct reader *r, const char *line, size_t n)
{
    if (r->e.text.len || !line_starts(line, n, "use ") || line[n - 1] != ';')
        return false;
    const char *from = line + 4, *to = line + n - 1;
    from += *from == '`';
    to -= to > from && to[-1] == '`';
    free(r->state->database);
    r->state->database = mem_strndup(from, (size_t)(to - from));
    return true;
}

static void entry_end(struct reader *r)
{
    struct entry *e = &r->e;
    if (!e->headed && !e->text.len)
        return;
    while (e->text.len && strchr("; \n", e->text.text[e->text.len - 1]))
        e->text.text[--e->text.len] = '\0';
    r->counts->entries++;
    if (!isfinite(e->query_s) || !(e->query_s < 1e9) || !*strbuf_text(&e->text)) {
        if (!r->counts->unread++)
            snprintf(r->counts->sample, sizeof r->counts->sample, "%.256s", strbuf_text(&e->text));
        entry_clear(e);
        return;
    }
    int64_t took = (int64_t)(e->query_s * 1e9 + 0.5);
    sd_time at = e->timed               ? r->state->at
                 : isfinite(e->began_s) ? (sd_time)(e->began_s * 1e6) * SD_US + took
                 : r->state->at         ? r->state->at
                                        : r->now;
    r->take(r->ctx, &(struct logged_execution){
                        .at = at,
                        .database = e->schema[0] ? e->schema : r->state->database,
                        .role = e->role,
                        .text = e->text.text,
                        .calls = 1,
                        .total_ns = took,
                        .plan_ns = SD_UNKNOWN,
                        .rows = !sd_known(e->sent)      ? e->affected
                                : sd_known(e->affected) ? e->sent + e->affected
                                                        : e->sent,
                        .rows_examined = e->examined,
                        .temp_written = SD_UNKNOWN,
                    });
    entry_clear(e);
}

/* What a server writes when it opens the log. */
static bool is_banner(const char *line, size_t n)
{
    return (n > 20 && *line == '/' && memmem(line, n, ", Version: ", 11) &&
            memmem(line, n, "started with:", 13)) ||
           line_starts(line, n, "Tcp port:") || line_starts(line, n, "TCP Port:") ||
           (line_starts(line, n, "Time ") && memmem(line, n, "Id Command", 10));
}

static bool is_head(const char *line, size_t n)
{
    static const char *const KEYS[] = {"# Time:", "# User@Host:", "# Query_time:"};
    for (size_t i = 0; i < ARRAY_LEN(KEYS); i++)
        if (line_starts(line, n, KEYS[i]))
            return true;
    return false;
}

static void take_line(struct reader *r, const char *line, size_t n)
{
    struct entry *e = &r->e;
    if (is_head(line, n) || (*line == '#' && !e->text.len && e->headed)) {
        if (line_starts(line, n, "# administrator command:")) {
            strbuf_add(&e->text, line + 2, n - 2);
            return;
        }
        read_head(r, line, n);
        return;
    }
    if (!n || (is_banner(line, n) && (!e->headed || e->text.len)) || read_use(r, line, n) ||
        read_set(e, line, n))
        return;
    if (e->text.len + n > STATEMENT_LOG_TEXT_MAX || !e->headed)
        return; /* the rest of an entry that began before what is read */
    if (e->text.len)
        strbuf_char(&e->text, '\n');
    strbuf_add(&e->text, line, n);
}

/* An entry begins at the first # line behind a statement. */
static bool begins_entry(const struct reader *r, const char *line, size_t n)
{
    return r->e.text.len && is_head(line, n);
}

size_t slowlog_read(const char *text, size_t len, bool whole, sd_time now, struct slowlog_state *state,
                    slowlog_take *take, void *ctx, struct slowlog_counts *counts)
{
    struct reader r = {.state = state, .take = take, .ctx = ctx, .counts = counts, .now = now};
    const char *end = text + len, *s = text, *begun = text;
    struct slowlog_state before = {.database = mem_strdup(state->database), .at = state->at};
    entry_clear(&r.e);
    while (s < end) {
        const char *newline = memchr(s, '\n', (size_t)(end - s)), *stop = newline ? newline : end;
        if (!newline && !whole)
            break;
        size_t n = (size_t)(stop - s) - (stop > s && stop[-1] == '\r');
        if (begins_entry(&r, s, n)) {
            entry_end(&r);
            begun = s;
            free(before.database);
            before = (struct slowlog_state){.database = mem_strdup(state->database), .at = state->at};
        }
        if (n)
            take_line(&r, s, n);
        s = newline ? newline + 1 : end;
    }
    if (whole) {
        entry_end(&r);
    } else { /* what the last entry said comes again */
        free(state->database);
        *state = before;
        before.database = NULL;
    }
    free(before.database);
    strbuf_free(&r.e.text);
    return whole ? len : (size_t)(begun - text);
}

bool slowlog_like(const char *text, size_t len)
{
    const char *q = memmem(text, len, "# Query_time: ", 14);
    return q && memmem(text, len, "# User@Host: ", 13) &&
           memmem(q, len - (size_t)(q - text), "Rows_sent: ", 11);
}
