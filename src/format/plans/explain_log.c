/* explain_log.c - the plans auto_explain wrote into a server's log.
 *
 * An entry is "duration: 12.345 ms  plan:" and the plan in any of EXPLAIN's formats. It
 * is found by these words alone, whatever log_line_prefix stands before them; how the
 * lines of the plan are told from the rest of the log depends on where it was written:
 *   stderr   every further line begins with a tab (behind what a container put there)
 *   syslog   every line has its own head, with "[17-3]" or so: message 17, line 3
 *   csvlog   the message is a quoted field over several lines
 *   jsonlog  the message is a member of an object on one line */
#include "format/plans/explain_dress.h"
#include "format/plans/explain_tree.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/clock.h"

#define TOTAL_NODES_MAX 500000u /* of all plans of a log */
#define INTERLEAVED_MAX 2000    /* lines of other processes between two of one message */
#define HEAD_MAX        160     /* bytes a container puts before a line */

struct entry {
    const char *line, *message; /* begins of the line and of "duration: ..." */
    const char *body;           /* behind the colon */
    double duration_ns;
};

struct log {
    const char *text, *end;
    struct explain *out;
    size_t nodes, skipped, too_many;
    bool open;           /* nothing in the log ends the last entry: it may go on */
    struct sd_error why; /* of the first that was skipped */
};

static bool word_is_plan(const char *s, size_t n)
{
    static const char *const words[] = {"plan", "Plan", "plan ", "piano"}; /* by lc_messages */
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (n == strlen(words[i]) && !memcmp(s, words[i], n))
            return true;
    return false;
}

/* The next entry at or after `from`. */
static bool find_entry(const char *text, const char *from, const char *end, struct entry *e)
{
    static const char unit[] = " ms";
    while ((from = memmem(from, (size_t)(end - from), unit, sizeof unit - 1)) != NULL) {
        const char *number = from, *s = from + sizeof unit - 1;
        from = s;
        while (number > text && (isdigit((unsigned char)number[-1]) || number[-1] == '.'))
            number--;
        while (s < end && (*s == ' ' || *s == ','))
            s++;
        const char *word = s;
        while (s < end && s - word < 8 && *s != ':' && *s != '\n')
            s++;
        if (number + sizeof unit - 1 == from || s == end || *s != ':' ||
            !word_is_plan(word, (size_t)(s - word)))
            continue;
        s++;
        const char *rest = s;
        while (rest < end && (*rest == ' ' || *rest == '\r'))
            rest++;
        bool escaped = end - rest >= 2 && rest[0] == '\\' && rest[1] == 'n';
        if (rest < end && *rest != '\n' && !escaped)
            continue;
        e->duration_ns = strtod(number, NULL) * 1e6;
        e->body = escaped ? rest : rest < end ? rest + 1 : end;
        e->line = number;
        while (e->line > text && e->line[-1] != '\n')
            e->line--;
        e->message = number; /* back over "duration: " */
        while (e->message > e->line && (e->message[-1] == ' ' || e->message[-1] == ':'))
            e->message--;
        while (e->message > e->line && e->message[-1] != ' ' && e->message[-1] != '"' &&
               e->message[-1] != '\t')
            e->message--;
        return true;
    }
    return false;
}

bool explain_log_has(const char *text, size_t len)
{
    struct entry e;
    return find_entry(text, text, text + len, &e);
}

/* ---- when ---- */

static bool digits(const char **s, const char *end, int n, int *value)
{
    *value = 0;
    for (int i = 0; i < n; i++, (*s)++) {
        if (*s >= end || !isdigit((unsigned char)**s))
            return false;
        *value = *value * 10 + (**s - '0');
    }
    return true;
}

static bool sign(const char **s, const char *end, const char *any)
{
    if (*s >= end || !strchr(any, **s) || !**s)
        return false;
    ++*s;
    return true;
}

/* "2026-11-20 15:51:40.985 UTC" and its like; other zones' names cannot be known. */
static sd_time moment_at(const char *s, const char *end)
{
    int year, month, day, hour, minute, second;
    if (!digits(&s, end, 4, &year) || !sign(&s, end, "-/") || !digits(&s, end, 2, &month) ||
        !sign(&s, end, "-/") || !digits(&s, end, 2, &day) || !sign(&s, end, " T") ||
        !digits(&s, end, 2, &hour) || !sign(&s, end, ":") || !digits(&s, end, 2, &minute) ||
        !sign(&s, end, ":") || !digits(&s, end, 2, &second) || year < 1970 || year > 2200 || month < 1 ||
        month > 12)
        return SD_UNKNOWN;
    int64_t ns = ((clock_days(year, month, day) * 24 + hour) * 60 + minute) * 60 * SD_S + second * SD_S;
    if (sign(&s, end, ".,"))
        for (int64_t unit = SD_S / 10; s < end && isdigit((unsigned char)*s); s++, unit /= 10)
            ns += (*s - '0') * unit;
    while (s < end && *s == ' ')
        s++;
    if (s < end && (*s == '+' || *s == '-')) {
        int west = *s++ == '+' ? -1 : 1, h, m = 0;
        if (!digits(&s, end, 2, &h))
            return SD_UNKNOWN;
        sign(&s, end, ":");
        if (s < end && isdigit((unsigned char)*s) && !digits(&s, end, 2, &m))
            return SD_UNKNOWN;
        return ns + west * (h * 60 + m) * 60 * SD_S;
    }
    bool utc = s < end && (*s == 'Z' || (end - s >= 3 && (!memcmp(s, "UTC", 3) || !memcmp(s, "GMT", 3))));
    return utc ? ns : SD_UNKNOWN;
}

static sd_time moment(const char *s, const char *end)
{
    for (; end - s >= 19; s++) {
        if (!isdigit((unsigned char)*s) || (s[4] != '-' && s[4] != '/'))
            continue;
        sd_time t = moment_at(s, end);
        if (t != SD_UNKNOWN)
            return t;
    }
    return SD_UNKNOWN;
}

/* ---- one entry ---- */

/* What a log says of an entry beside its message. */
struct about {
    sd_time at;
    const char *statement, *database; /* NULL */
    const char *query_id;             /* digits; NULL or "0": unknown */
};

static void keep_entry(struct log *l, const struct entry *e, const char *body, size_t len,
                       const struct about *about)
{
    struct sd_error why = {""};
    size_t had = l->out->n_plans;
    if (l->nodes >= TOTAL_NODES_MAX) {
        l->too_many++;
        return;
    }
    if (!explain_body(body, len, l->out, &why)) {
        if (!l->skipped++)
            l->why = why;
        return;
    }
    for (size_t i = had; i < l->out->n_plans; i++) {
        struct plan *p = l->out->plans[i];
        if (isnan(p->execution_ns))
            p->execution_ns = e->duration_ns;
        if (!p->query && about->statement && *about->statement)
            p->query = arena_strdup(p->arena, about->statement);
        if (about->database && *about->database)
            p->database = arena_strdup(p->arena, about->database);
        int64_t id = about->query_id ? strtoll(about->query_id, NULL, 10) : 0;
        if (id && !sd_known(p->query_id))
            p->query_id = id;
        p->at = about->at;
        p->logged = true;
        l->nodes += p->n_nodes;
    }
}

static const char *line_end(const char *s, const char *end)
{
    const char *newline = s < end ? memchr(s, '\n', (size_t)(end - s)) : NULL;
    return newline ? newline : end;
}

static bool is_entry_head(const char *s, const char *stop)
{
    static const char *const levels[] = {
        "LOG:  ",    "ERROR:  ", "WARNING:  ", "FATAL:  ",     "PANIC:  ", "NOTICE:  ",  "INFO:  ",
        "DETAIL:  ", "HINT:  ",  "CONTEXT:  ", "STATEMENT:  ", "QUERY:  ", "LOCATION:  "};
    for (size_t i = 0; i < ARRAY_LEN(levels); i++)
        if (memmem(s, (size_t)(stop - s), levels[i], strlen(levels[i])))
            return true;
    return false;
}

/* What stands before the tab of a continuation: nothing, or a container's head. -1: no tab. */
static ptrdiff_t head_length(const char *s, const char *stop)
{
    const char *tab = memchr(s, '\t', (size_t)(MIN(stop - s, HEAD_MAX)));
    if (!tab)
        return -1;
    for (const char *c = s; c < tab; c++)
        if (strchr("{}\"()<>", *c))
            return -1;
    return tab - s;
}

/* "[17-" of a syslog line, behind the process; NULL. */
static const char *sequence(const char *s, const char *stop, size_t *len)
{
    for (; s < stop; s++) {
        if (*s != '[')
            continue;
        const char *d = s + 1;
        while (d < stop && isdigit((unsigned char)*d))
            d++;
        if (d == s + 1 || d >= stop || *d != '-' || d + 1 >= stop || !isdigit((unsigned char)d[1]))
            continue;
        *len = (size_t)(d + 1 - s);
        return s;
    }
    return NULL;
}

static const char *after_sequence(const char *s, const char *stop)
{
    while (s < stop && *s != ']')
        s++;
    s += s < stop;
    s += s < stop && *s == ' ';
    if (stop - s >= 4 && !memcmp(s, "#011", 4))
        return s + 4;
    return s < stop && *s == '\t' ? s + 1 : s;
}

/* The word before "[17-", with the process in it: "postgres[4711]:" */
static size_t process_word(const char *line, const char *at)
{
    size_t n = 0;
    while (at - n > line && at[-1] == ' ')
        at--;
    while (at - n > line && at[-(ptrdiff_t)n - 1] != ' ')
        n++;
    return n + (n > 0);
}

static const char *syslog_body(struct log *l, const struct entry *e, struct strbuf *body)
{
    size_t n;
    const char *mine = sequence(e->line, e->message, &n), *last = e->body, *s = e->body;
    if (!mine)
        return NULL;
    size_t before = process_word(e->line, mine);
    for (int others = 0; s < l->end && others < INTERLEAVED_MAX;) {
        const char *stop = line_end(s, l->end), *next = stop < l->end ? stop + 1 : l->end;
        size_t m;
        const char *at = sequence(s, stop, &m);
        bool same_process = at && (size_t)(at - s) >= before && !memcmp(at - before, mine - before, before);
        if (same_process && (m != n || memcmp(at, mine, n) != 0))
            break;
        if (same_process) {
            const char *content = after_sequence(at, stop);
            if (is_entry_head(content, stop))
                break;
            strbuf_add(body, content, (size_t)(stop - content));
            strbuf_char(body, '\n');
            last = next;
            others = 0;
        } else {
            others++;
        }
        s = next;
    }
    l->open = s >= l->end;
    return body->len ? last : NULL;
}

static const char *from_lines(struct log *l, const struct entry *e)
{
    struct strbuf body = {0};
    const char *s = e->body, *stop = line_end(s, l->end);
    ptrdiff_t head = head_length(s, stop);
    const char *last = head >= 0 ? NULL : syslog_body(l, e, &body);
    if (!last && head >= 0) {
        const char *first = s;
        while (s < l->end) {
            stop = line_end(s, l->end);
            ptrdiff_t h = head_length(s, stop);
            bool empty = stop == s || (stop == s + 1 && *s == '\r');
            if (empty && stop < l->end && stop[1] == '\t' && head == 0) /* an editor took the tab */
                h = -1;
            else if (h < 0 || (h > 0) != (head > 0) ||
                     (h > 0 && memcmp(s, first, (size_t)MIN(MIN(h, head), 3)) != 0))
                break;
            strbuf_add(&body, s + h + 1, (size_t)(stop - (s + h + 1)));
            strbuf_char(&body, '\n');
            s = stop < l->end ? stop + 1 : l->end;
        }
        last = s;
    } else if (!last) { /* copied without the tabs: up to what is an entry of the log again */
        while (s < l->end) {
            stop = line_end(s, l->end);
            if (is_entry_head(s, stop))
                break;
            s = stop < l->end ? stop + 1 : l->end;
        }
        strbuf_add(&body, e->body, (size_t)(s - e->body));
        last = s;
    }
    keep_entry(l, e, strbuf_text(&body), body.len, &(struct about){.at = moment(e->line, e->message)});
    strbuf_free(&body);
    return last;
}

/* The quoted field that begins at s (behind its quote), its doubled quotes made one;
 * behind its closing quote. */
static const char *csv_quoted(const char *s, const char *end, struct strbuf *out)
{
    for (; s < end; s++) {
        if (*s == '"' && (s + 1 >= end || s[1] != '"'))
            return s + 1;
        s += *s == '"';
        strbuf_char(out, *s);
    }
    return s;
}

/* One field, quoted or not; behind it, at the comma or the end of the line. */
static const char *csv_field(const char *s, const char *end, struct strbuf *out)
{
    strbuf_clear(out);
    if (s < end && *s == '"')
        return csv_quoted(s + 1, end, out);
    const char *from = s;
    while (s < end && *s != ',' && *s != '\n')
        s++;
    strbuf_add(out, from, (size_t)(s - from));
    return s;
}

/* Fields of csvlog: the database before the message, the others counted from it. */
enum { CSV_DATABASE = 2, CSV_QUERY = 6, CSV_QUERY_ID = 12 };

static const char *from_csv(struct log *l, const struct entry *e)
{
    struct strbuf body = {0}, field = {0}, statement = {0}, database = {0}, id = {0};
    const char *s = e->line;
    for (int i = 0; i <= CSV_DATABASE && s < e->message; i++) {
        s = csv_field(s, e->message, i == CSV_DATABASE ? &database : &field);
        s += s < e->message && *s == ',';
    }
    s = csv_quoted(e->body, l->end, &body);
    for (int i = 1; i <= CSV_QUERY_ID && s < l->end && *s == ','; i++)
        s = csv_field(s + 1, l->end, i == CSV_QUERY ? &statement : i == CSV_QUERY_ID ? &id : &field);
    keep_entry(l, e, strbuf_text(&body), body.len,
               &(struct about){.at = moment(e->line, e->message),
                               .statement = strbuf_text(&statement),
                               .database = strbuf_text(&database),
                               .query_id = strbuf_text(&id)});
    strbuf_free(&body);
    strbuf_free(&field);
    strbuf_free(&statement);
    strbuf_free(&database);
    strbuf_free(&id);
    return s;
}

/* The member that holds the entry: PostgreSQL calls it "message", a cloud's log
 * "textPayload" or "log", perhaps in an object of its own. */
static const char *message_in(const cJSON *item, int depth)
{
    struct entry e;
    if (cJSON_IsString(item))
        return find_entry(item->valuestring, item->valuestring, item->valuestring + strlen(item->valuestring),
                          &e)
                   ? e.body
                   : NULL;
    const cJSON *child;
    if (depth >= 4)
        return NULL;
    cJSON_ArrayForEach(child, item)
    {
        const char *found = message_in(child, depth + 1);
        if (found)
            return found;
    }
    return NULL;
}

/* A number of more digits than cJSON's doubles keep. */
static void member_digits(const char *s, const char *end, const char *key, char *out, size_t size)
{
    size_t n = 0;
    s = memmem(s, (size_t)(end - s), key, strlen(key));
    for (s = s ? s + strlen(key) : end;
         s < end && n + 1 < size && (isdigit((unsigned char)*s) || (*s == '-' && !n)); s++)
        out[n++] = *s;
    out[n] = '\0';
}

static const char *from_json(struct log *l, const struct entry *e)
{
    const char *stop = line_end(e->body, l->end), *open = memchr(e->line, '{', (size_t)(stop - e->line));
    cJSON *json = open ? cJSON_ParseWithLength(open, (size_t)(stop - open)) : NULL;
    const char *body = json ? message_in(json, 0) : NULL;
    if (!body) { /* pretty printed: only the string itself is sure */
        const char *quote = e->message;
        while (quote > e->line && *quote != '"')
            quote--;
        cJSON_Delete(json);
        json = cJSON_ParseWithLength(quote, (size_t)(stop - quote));
        body = message_in(json, 0);
    }
    if (body) {
        /* Some put a stderr line into the object, tabs and all. */
        struct strbuf clean = {0};
        for (const char *s = body; *s;) {
            size_t n = strcspn(s, "\n");
            strbuf_add(&clean, s + (*s == '\t'), n - (*s == '\t'));
            strbuf_char(&clean, '\n');
            s += n + (s[n] == '\n');
        }
        char id[24] = "";
        member_digits(e->line, stop, "\"query_id\":", id, sizeof id);
        keep_entry(l, e, strbuf_text(&clean), clean.len,
                   &(struct about){
                       .at = moment(e->line, stop),
                       .statement = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "statement")),
                       .database = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "dbname")),
                       .query_id = id});
        strbuf_free(&clean);
    } else if (!l->skipped++) {
        fail(&l->why, "Its line of JSON is cut off or broken.");
    }
    cJSON_Delete(json);
    return stop;
}

/* Reads the entry; behind it. */
static const char *one_entry(struct log *l, const struct entry *e)
{
    const char *next = e->body < l->end && *e->body == '\\'            ? from_json(l, e)
                       : e->message > e->line && e->message[-1] == '"' ? from_csv(l, e)
                                                                       : from_lines(l, e);
    return MAX(next, e->body);
}

bool explain_log_like(const char *text, size_t len)
{
    static const char *const marks[] = {" LOG:  ", "] LOG:  ", ",LOG,", "\"error_severity\":\"LOG\"",
                                        "\"LOG\"", "LOG:  "};
    for (size_t i = 0; i < ARRAY_LEN(marks); i++)
        if (memmem(text, len, marks[i], strlen(marks[i])))
            return true;
    return false;
}

size_t explain_log_settled(const char *text, size_t len)
{
    len = explain_container_settled(text, len);
    const char *newline = memrchr(text, '\n', len), *end = newline ? newline + 1 : text;
    struct explain ignored = {0};
    struct log l = {
        .text = text, .end = end, .out = &ignored, .nodes = TOTAL_NODES_MAX}; /* no plan is kept */
    struct entry e;
    for (const char *s = text; s < end && find_entry(text, s, end, &e);) {
        l.open = false;
        s = one_entry(&l, &e);
        bool one_line = e.body < end && *e.body == '\\';
        if ((s >= end || l.open) && !one_line)
            return (size_t)(e.line - text);
    }
    return (size_t)(end - text);
}

bool explain_log(const char *text, size_t len, struct explain *out, struct sd_error *err)
{
    struct log l = {.text = text, .end = text + len, .out = out};
    size_t had = out->n_plans;
    struct entry e;
    for (const char *s = text; find_entry(text, s, l.end, &e);)
        s = one_entry(&l, &e);
    out->skipped += l.skipped;
    if (out->n_plans == had)
        return fail(err, "%s", l.why.text[0] ? l.why.text : "No plan was found in the log.");
    struct plan *last = out->plans[out->n_plans - 1];
    if (l.skipped)
        plan_note(last, "%zu of %zu plans in the log could not be read. The first: %s", l.skipped,
                  l.skipped + (out->n_plans - had), l.why.text);
    if (l.too_many)
        plan_note(last, "The plans read have %zu nodes; %zu further plans of the log were left out.", l.nodes,
                  l.too_many);
    return true;
}
