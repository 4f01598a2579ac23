/* pglog.c - lines of a server's log put together to entries. */
#include "format/queries/pglog.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdlib.h>

#include "format/queries/log_time.h"

enum { HEAD_MAX = 400, CONTAINER_MAX = 160, TEXT_MAX = 4 << 20 };

/* Parts of an entry, in the order of csvlog's columns where it has them. */
enum part {
    LEVEL,
    SQLSTATE,
    MESSAGE,
    DETAIL,
    HINT,
    CONTEXT,
    STATEMENT,
    DATABASE,
    USER,
    APPLICATION,
    CLIENT,
    PARTS
};

struct reader {
    pglog_take *take;
    void *ctx;
    struct pglog_counts *counts;
    struct strbuf parts[PARTS];
    struct strbuf *growing; /* what the next line continues; NULL */
    struct pglog_entry entry;
    bool open;
    size_t begun; /* entries so far */
};

/* ---- one entry ---- */

static void part_add(struct reader *r, enum part p, const char *text, size_t n)
{
    struct strbuf *b = &r->parts[p];
    if (b->len + n <= TEXT_MAX)
        strbuf_add(b, text, n);
}

static void part_set(struct reader *r, enum part p, const char *text)
{
    strbuf_clear(&r->parts[p]);
    if (text)
        part_add(r, p, text, strlen(text));
}

static void entry_end(struct reader *r)
{
    if (!r->open)
        return;
    struct pglog_entry *e = &r->entry;
    const struct strbuf *p = r->parts;
    e->level = strbuf_text(&p[LEVEL]);
    e->sqlstate = strbuf_text(&p[SQLSTATE]);
    e->message = strbuf_text(&p[MESSAGE]);
    e->detail = strbuf_text(&p[DETAIL]);
    e->hint = strbuf_text(&p[HINT]);
    e->context = strbuf_text(&p[CONTEXT]);
    e->statement = strbuf_text(&p[STATEMENT]);
    e->database = strbuf_text(&p[DATABASE]);
    e->user = strbuf_text(&p[USER]);
    e->application = strbuf_text(&p[APPLICATION]);
    e->client = strbuf_text(&p[CLIENT]);
    r->take(r->ctx, e);
    r->open = false;
    r->growing = NULL;
}

static void entry_begin(struct reader *r)
{
    entry_end(r);
    for (size_t i = 0; i < PARTS; i++)
        strbuf_clear(&r->parts[i]);
    r->entry = (struct pglog_entry){.at = SD_UNKNOWN, .pid = SD_UNKNOWN, .query_id = SD_UNKNOWN};
    r->open = true;
    r->begun++;
    r->growing = NULL;
}

static void line_unread(struct reader *r, const char *line, size_t n)
{
    if (!r->counts->unread++)
        snprintf(r->counts->sample, sizeof r->counts->sample, "%.*s", (int)MIN(n, 256), line);
}

/* ---- stderr ---- */

static const struct word {
    const char *name;
    int part; /* what it continues of the entry before; -1: a new one begins */
} WORDS[] = {
    {.name = "LOG", .part = -1},
    {.name = "ERROR", .part = -1},
    {.name = "FATAL", .part = -1},
    {.name = "PANIC", .part = -1},
    {.name = "WARNING", .part = -1},
    {.name = "NOTICE", .part = -1},
    {.name = "INFO", .part = -1},
    {.name = "DEBUG1", .part = -1},
    {.name = "DEBUG2", .part = -1},
    {.name = "DEBUG3", .part = -1},
    {.name = "DEBUG4", .part = -1},
    {.name = "DEBUG5", .part = -1},
    {.name = "DETAIL", .part = DETAIL},
    {.name = "HINT", .part = HINT},
    {.name = "CONTEXT", .part = CONTEXT},
    {.name = "QUERY", .part = CONTEXT},
    {.name = "LOCATION", .part = CONTEXT},
    {.name = "STATEMENT", .part = STATEMENT},
    {.name = "BACKTRACE", .part = CONTEXT},
};

/* "LOG:  " behind the prefix: the word, and where it and its message begin. */
static const struct word *word_in(const char *line, const char *stop, const char **begins,
                                  const char **message)
{
    const char *limit = MIN(stop, line + HEAD_MAX);
    for (const char *s = line; (s = memmem(s, (size_t)(limit - s), ":  ", 3)) != NULL; s++) {
        const char *from = s;
        while (from > line && (isupper((unsigned char)from[-1]) || isdigit((unsigned char)from[-1])))
            from--;
        for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
            size_t n = strlen(WORDS[i].name);
            if (s - from < (ptrdiff_t)n || memcmp(s - n, WORDS[i].name, n) != 0 ||
                (s - n > line && isalpha((unsigned char)s[-(ptrdiff_t)n - 1])))
                continue;
            *begins = s - n;
            *message = s + 3;
            return &WORDS[i];
        }
    }
    return NULL;
}

static bool name_char(char c)
{
    return isalnum((unsigned char)c) || strchr("_-$.", c) || (unsigned char)c >= 0x80;
}

/* The value of "db=shop,": behind any of the spellings of its key. */
static bool keyed(struct reader *r, enum part p, const char *head, const char *stop, const char *const *keys)
{
    for (; *keys; keys++) {
        size_t n = strlen(*keys);
        for (const char *s = head; (s = memmem(s, (size_t)(stop - s), *keys, n)) != NULL; s++) {
            if (s > head && isalnum((unsigned char)s[-1]))
                continue;
            const char *value = s + n, *end = value;
            while (end < stop && (name_char(*end) || *end == '[' || *end == ']') && *end != ',')
                end++;
            strbuf_clear(&r->parts[p]);
            if (end > value && *value != '[')
                part_add(r, p, value, (size_t)(end - value));
            return true;
        }
    }
    return false;
}

/* "app@shop", as Debian and the clouds have it. */
static void user_at_database(struct reader *r, const char *head, const char *stop)
{
    for (const char *at = head; (at = memchr(at, '@', (size_t)(stop - at))) != NULL; at++) {
        const char *user = at, *end = at + 1;
        while (user > head && name_char(user[-1]))
            user--;
        while (end < stop && name_char(*end))
            end++;
        if (user == at || end == at + 1)
            continue;
        part_add(r, USER, user, (size_t)(at - user));
        part_add(r, DATABASE, at + 1, (size_t)(end - at - 1));
        return;
    }
}

/* "[4711]" or "[4711-3]": digits in brackets, not those of syslog's line numbers. */
static int64_t pid_in(const char *head, const char *stop)
{
    static const char *const keys[] = {"pid=", "PID="};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        const char *s = memmem(head, (size_t)(stop - head), keys[i], 4);
        if (s && s + 4 < stop && isdigit((unsigned char)s[4]))
            return strtoll(s + 4, NULL, 10);
    }
    for (const char *s = head; (s = memchr(s, '[', (size_t)(stop - s))) != NULL; s++) {
        const char *end = s + 1;
        while (end < stop && isdigit((unsigned char)*end))
            end++;
        if (end > s + 1 && end < stop && *end == ']' && end - s < 12)
            return strtoll(s + 1, NULL, 10);
    }
    return SD_UNKNOWN;
}

/* The last time in the head is the server's own: a container and syslog put theirs before it. */
static sd_time time_in(const char *head, const char *stop)
{
    sd_time found = SD_UNKNOWN;
    for (const char *s = head; stop - s >= 19; s++) {
        if (!isdigit((unsigned char)*s) || (s > head && isdigit((unsigned char)s[-1])) ||
            (s[4] != '-' && s[4] != '/'))
            continue;
        sd_time t = log_time(s, stop, NULL);
        if (sd_known(t))
            found = t;
    }
    return found;
}

static void read_head(struct reader *r, const char *head, const char *stop)
{
    static const char *const DATABASES[] = {"db=", "database=", "dbname=", "d=", NULL},
                             *const USERS[] = {"user=", "usr=", "u=", NULL},
                             *const APPLICATIONS[] = {"app=", "application=", "a=", NULL},
                             *const CLIENTS[] = {"client=", "host=", "remote=", "h=", NULL};
    r->entry.at = time_in(head, stop);
    r->entry.pid = pid_in(head, stop);
    bool database = keyed(r, DATABASE, head, stop, DATABASES), user = keyed(r, USER, head, stop, USERS);
    keyed(r, APPLICATION, head, stop, APPLICATIONS);
    keyed(r, CLIENT, head, stop, CLIENTS);
    if (!database && !user)
        user_at_database(r, head, stop);
}

/* What a line continues: behind its tab, which may stand behind the head of a container. */
static const char *continuation(const char *line, const char *stop)
{
    if (line < stop && *line == '\t')
        return line + 1;
    const char *tab = memchr(line, '\t', (size_t)MIN(stop - line, CONTAINER_MAX));
    const char *escaped = memmem(line, (size_t)MIN(stop - line, CONTAINER_MAX), "#011", 4);
    const char *text = tab && (!escaped || tab < escaped) ? tab + 1 : escaped ? escaped + 4 : NULL;
    for (const char *s = line; text && s < text - 1; s++)
        if (strchr("{}\"()<>;=", *s) && !escaped)
            return NULL;
    return text && isalnum((unsigned char)*line) ? text : NULL;
}

/* Behind "postgres[4711]: [17-2] ", which only the first line of a message lacks a 2 of. NULL: no such head.
 */
static const char *behind_sequence(const char *line, const char *stop)
{
    for (const char *s = line;
         s < stop && s - line < CONTAINER_MAX && (s = memchr(s, '[', (size_t)(stop - s))); s++) {
        const char *d = s + 1;
        while (d < stop && isdigit((unsigned char)*d))
            d++;
        if (d == s + 1 || d >= stop || *d != '-' || s == line || s[-1] != ' ' ||
            !memchr(line, ']', (size_t)(s - line)))
            continue;
        while (d < stop && *d != ']')
            d++;
        return d < stop ? d + 1 + (d + 1 < stop && d[1] == ' ') : NULL;
    }
    return NULL;
}

static void continue_entry(struct reader *r, const char *text, const char *stop, char gap)
{
    if (r->growing->len + (size_t)(stop - text) >= TEXT_MAX)
        return;
    if (gap)
        strbuf_char(r->growing, gap);
    strbuf_add(r->growing, text, (size_t)(stop - text));
}

static void stderr_line(struct reader *r, const char *line, const char *stop)
{
    const char *begins, *message, *more = line < stop && *line == '\t' ? line + 1 : NULL;
    const struct word *w = more ? NULL : word_in(line, stop, &begins, &message);
    if (w && w->part < 0) {
        entry_begin(r);
        part_set(r, LEVEL, w->name);
        read_head(r, line, begins);
        part_add(r, MESSAGE, message, (size_t)(stop - message));
        r->growing = &r->parts[MESSAGE];
    } else if (w && r->open) {
        r->growing = &r->parts[w->part];
        if (r->growing->len)
            strbuf_char(r->growing, '\n');
        part_add(r, (enum part)w->part, message, (size_t)(stop - message));
    } else if (!r->growing) {
        if (stop > line)
            line_unread(r, line, (size_t)(stop - line));
    } else if (more || (more = continuation(line, stop))) {
        continue_entry(r, more, stop, '\n');
    } else if ((more = behind_sequence(line, stop))) { /* syslog cuts a long line in two */
        continue_entry(r, more, stop, more < stop && *more == ' ' ? 0 : ' ');
    } else {
        continue_entry(r, line, stop, '\n');
    }
}

/* ---- csvlog ---- */

enum {
    CSV_TIME,
    CSV_USER,
    CSV_DATABASE,
    CSV_PID,
    CSV_CLIENT,
    CSV_LEVEL = 11,
    CSV_SQLSTATE,
    CSV_MESSAGE,
    CSV_DETAIL,
    CSV_HINT,
    CSV_CONTEXT = 18,
    CSV_STATEMENT,
    CSV_APPLICATION = 22,
    CSV_QUERY_ID = 25,
    CSV_MAX = 40
};

/* Behind the field that begins at s, its quotes undone into `out` (NULL: not wanted); NULL: it has no end. */
static const char *csv_field(const char *s, const char *end, struct strbuf *out)
{
    if (s >= end || *s != '"') {
        const char *from = s;
        while (s < end && *s != ',' && *s != '\n')
            s++;
        if (out)
            strbuf_add(out, from, (size_t)(s - from) - (s > from && s[-1] == '\r'));
        return s;
    }
    for (s++; s < end; s++) {
        if (*s == '"' && (s + 1 >= end || s[1] != '"'))
            return s + 1;
        s += *s == '"';
        if (out && out->len < TEXT_MAX)
            strbuf_char(out, *s);
    }
    return NULL;
}

/* Does a record of csvlog begin here? Its twelfth field is a level. */
static bool csv_begins(const char *s, const char *end)
{
    if (end - s < 24 || !isdigit((unsigned char)*s) || s[4] != '-')
        return false;
    for (int i = 0; i < CSV_LEVEL; i++) {
        s = csv_field(s, MIN(end, s + 2000), NULL);
        if (!s || s >= end || *s != ',')
            return false;
        s++;
    }
    for (size_t i = 0; i < ARRAY_LEN(WORDS) && WORDS[i].part < 0; i++) {
        size_t n = strlen(WORDS[i].name);
        if ((size_t)(end - s) > n && !memcmp(s, WORDS[i].name, n) && s[n] == ',')
            return true;
    }
    return false;
}

static void csv_part(struct reader *r, int column, const char *text)
{
    static const struct {
        int column;
        enum part part;
    } TO[] = {
        {.column = CSV_USER, .part = USER},
        {.column = CSV_DATABASE, .part = DATABASE},
        {.column = CSV_CLIENT, .part = CLIENT},
        {.column = CSV_LEVEL, .part = LEVEL},
        {.column = CSV_SQLSTATE, .part = SQLSTATE},
        {.column = CSV_MESSAGE, .part = MESSAGE},
        {.column = CSV_DETAIL, .part = DETAIL},
        {.column = CSV_HINT, .part = HINT},
        {.column = CSV_CONTEXT, .part = CONTEXT},
        {.column = CSV_STATEMENT, .part = STATEMENT},
        {.column = CSV_APPLICATION, .part = APPLICATION},
    };
    for (size_t i = 0; i < ARRAY_LEN(TO); i++)
        if (TO[i].column == column)
            part_set(r, TO[i].part, text);
    if (column == CSV_TIME)
        r->entry.at = log_time(text, text + strlen(text), NULL);
    else if (column == CSV_PID && *text)
        r->entry.pid = strtoll(text, NULL, 10);
    else if (column == CSV_QUERY_ID && *text && strcmp(text, "0") != 0)
        r->entry.query_id = strtoll(text, NULL, 10);
}

/* Behind the record; NULL: it has no end yet. */
static const char *csv_record(struct reader *r, const char *s, const char *end)
{
    const char *stop = s;
    for (int i = 0; i < CSV_MAX && stop; i++) {
        stop = csv_field(stop, end, NULL);
        if (!stop || stop >= end)
            return NULL; /* not even its line break */
        if (*stop != ',')
            break;
        stop++;
    }
    if (!stop)
        return NULL;
    entry_begin(r);
    struct strbuf field = {0};
    for (int i = 0; i < CSV_MAX && s < stop; i++) {
        strbuf_clear(&field);
        s = csv_field(s, stop, &field);
        csv_part(r, i, strbuf_text(&field));
        if (!s || s >= stop || *s != ',')
            break;
        s++;
    }
    strbuf_free(&field);
    entry_end(r);
    const char *newline = memchr(stop, '\n', (size_t)(end - stop));
    return newline ? newline + 1 : end;
}

/* ---- jsonlog ---- */

static const char *member(const cJSON *o, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, key));
}

/* Digits of a number that a double would round. */
static int64_t long_number(const char *line, size_t n, const char *key)
{
    const char *s = memmem(line, n, key, strlen(key));
    char text[24] = "";
    size_t k = 0;
    for (s = s ? s + strlen(key) : line + n;
         s < line + n && k < sizeof text - 1 && (isdigit((unsigned char)*s) || (*s == '-' && !k)); s++)
        text[k++] = *s;
    int64_t v = strtoll(text, NULL, 10);
    return v ? v : SD_UNKNOWN;
}

/* A member of an object, or of an object in it, that holds a line of stderr. */
static const char *line_inside(const cJSON *o, int depth)
{
    static const char *const keys[] = {"log", "message", "textPayload", "MESSAGE", "msg"};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        const char *text = member(o, keys[i]);
        if (text)
            return text;
    }
    const cJSON *child;
    cJSON_ArrayForEach(child, o)
    {
        const char *text = depth < 3 && cJSON_IsObject(child) ? line_inside(child, depth + 1) : NULL;
        if (text)
            return text;
    }
    return NULL;
}

static void json_entry(struct reader *r, const cJSON *o, const char *line, size_t n)
{
    static const struct {
        const char *key;
        enum part part;
    } TO[] = {
        {.key = "error_severity", .part = LEVEL},
        {.key = "state_code", .part = SQLSTATE},
        {.key = "message", .part = MESSAGE},
        {.key = "detail", .part = DETAIL},
        {.key = "hint", .part = HINT},
        {.key = "context", .part = CONTEXT},
        {.key = "statement", .part = STATEMENT},
        {.key = "dbname", .part = DATABASE},
        {.key = "user", .part = USER},
        {.key = "application_name", .part = APPLICATION},
        {.key = "remote_host", .part = CLIENT},
    };
    const char *at = member(o, "timestamp");
    entry_begin(r);
    for (size_t i = 0; i < ARRAY_LEN(TO); i++)
        part_set(r, TO[i].part, member(o, TO[i].key));
    r->entry.at = at ? log_time(at, at + strlen(at), NULL) : SD_UNKNOWN;
    r->entry.pid = long_number(line, n, "\"pid\":");
    r->entry.query_id = long_number(line, n, "\"query_id\":");
    entry_end(r);
}

/* The lines of stderr that a container or cloud wrapped into JSON. For the counts they are one. */
static void json_wrapped(struct reader *r, const char *text)
{
    int64_t unread = r->counts->unread;
    while (*text) {
        size_t n = strcspn(text, "\n");
        stderr_line(r, text, text + n - (n && text[n - 1] == '\r'));
        text += n + (text[n] == '\n');
    }
    r->counts->unread = MIN(r->counts->unread, unread + 1);
}

static void json_line(struct reader *r, const char *line, const char *stop)
{
    cJSON *o = cJSON_ParseWithLength(line, (size_t)(stop - line));
    const char *inside;
    if (o && member(o, "error_severity") && member(o, "message"))
        json_entry(r, o, line, (size_t)(stop - line));
    else if (o && (inside = line_inside(o, 0)))
        json_wrapped(r, inside);
    else
        line_unread(r, line, (size_t)(stop - line));
    cJSON_Delete(o);
}

/* ---- all ---- */

static const char *line_of(const char *s, const char *end)
{
    const char *newline = memchr(s, '\n', (size_t)(end - s));
    return newline ? newline : end;
}

/* Reads what begins at s; behind it, or NULL when its end has not come yet. */
static const char *read_line(struct reader *r, const char *s, const char *end, bool whole)
{
    const char *stop = line_of(s, end), *next = stop < end ? stop + 1 : end;
    if (stop == end && !whole)
        return NULL;
    if (csv_begins(s, end)) {
        const char *behind = csv_record(r, s, end);
        if (!behind && whole)
            line_unread(r, s, (size_t)(stop - s));
        return behind || !whole ? behind : next;
    }
    stop -= stop > s && stop[-1] == '\r';
    if (*s == '{')
        json_line(r, s, stop);
    else
        stderr_line(r, s, stop);
    return next;
}

size_t pglog_read(const char *text, size_t len, bool whole, pglog_take *take, void *ctx,
                  struct pglog_counts *counts)
{
    struct reader r = {.take = take, .ctx = ctx, .counts = counts};
    const char *end = text + len, *s = text, *taken = text; /* behind what was handed out */
    int64_t lines = 0, taken_lines = 0, taken_unread = counts->unread;
    while (s < end) {
        size_t had = r.begun;
        int64_t unread = counts->unread;
        const char *next = read_line(&r, s, end, whole);
        if (!next)
            break;
        if (r.begun != had) {
            taken = s;
            taken_lines = lines;
            taken_unread = unread;
        }
        lines++;
        s = next;
        if (!r.open) {
            taken = s;
            taken_lines = lines;
            taken_unread = counts->unread;
        }
    }
    if (whole)
        entry_end(&r);
    else
        counts->unread = taken_unread; /* the rest is read again, and counted then */
    counts->lines += whole ? lines : taken_lines;
    for (size_t i = 0; i < PARTS; i++)
        strbuf_free(&r.parts[i]);
    return whole ? len : (size_t)(taken - text);
}
