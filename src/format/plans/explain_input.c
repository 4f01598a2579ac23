#include "format/plans/explain_input.h"

#include <stdlib.h>

#include "format/plans/explain_dress.h"
#include "format/plans/explain_lines.h"
#include "format/plans/explain_tree.h"

static bool has(const char *text, size_t len, const char *needle)
{
    return memmem(text, len, needle, strlen(needle)) != NULL;
}

static size_t spaces(const char *s, size_t len)
{
    size_t n = 0;
    while (n < len && (s[n] == ' ' || s[n] == '\t'))
        n++;
    return n;
}

static enum explain_format explain_detect(const char *text, size_t len)
{
    size_t at = 0;
    while (at < len && (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t'))
        at++;
    if (has(text, len, "\"Node Type\"") || (at < len && text[at] == '{'))
        return EXPLAIN_JSON;
    if (has(text, len, "<Node-Type>") || has(text, len, "<explain "))
        return EXPLAIN_XML;
    if (has(text, len, "Node Type: "))
        return EXPLAIN_YAML;
    if (has(text, len, "(cost=") || has(text, len, "(actual ") || has(text, len, "->  "))
        return EXPLAIN_TEXT;
    for (const char *s = text; s < text + len; s = lines_stop(s, text + len) + 1) {
        size_t n = (size_t)(lines_stop(s, text + len) - s), blank = spaces(s, n);
        while (n > blank && s[n - 1] == ' ')
            n--;
        if (lines_is_bare_node(s + blank, n - blank)) /* COSTS OFF, and one node */
            return EXPLAIN_TEXT;
    }
    return at < len && text[at] == '[' ? EXPLAIN_JSON : EXPLAIN_UNKNOWN;
}

/* Characters around a line that was copied from a terminal or an e-mail. */
static const char *const BORDERS[] = {"|", "\xe2\x94\x82", "\xe2\x95\x91", NULL}; /* | box lines */
static const char *const CONTINUES[] = {"+", "\xe2\x86\xb5", "|", "\xe2\x94\x82", "\xe2\x95\x91", "\r",
                                        " ", "\t",           NULL};

static const char INSIDE[] = ",\"{}[])0123456789"; /* nearly every line ends like that: nothing to take off */

static size_t starts_with_any(const char *s, size_t len, const char *const *any)
{
    for (; *any; any++)
        if (len >= strlen(*any) && !memcmp(s, *any, strlen(*any)))
            return strlen(*any);
    return 0;
}

static size_t ends_with_any(const char *s, size_t len, const char *const *any)
{
    for (; *any; any++)
        if (len >= strlen(*any) && !memcmp(s + len - strlen(*any), *any, strlen(*any)))
            return strlen(*any);
    return 0;
}

/* Takes psql's frames, its `+` continuations and an e-mail's `>` off every line; what
 * indents the text inside stays. No line of JSON, YAML or XML begins or ends like that. */
static void undress(const char *text, size_t len, struct strbuf *out)
{
    static const char heading[] = "QUERY PLAN";
    for (size_t at = 0; at < len;) {
        const char *line = text + at;
        const char *newline = memchr(line, '\n', len - at);
        size_t n = newline ? (size_t)(newline - line) : len - at, cut;
        at += n + 1;
        while (n && !strchr(INSIDE, line[n - 1]) && (cut = ends_with_any(line, n, CONTINUES)) != 0)
            n -= cut;
        for (;;) {
            size_t blank = spaces(line, n);
            if (blank == n || line[blank] == '"' || line[blank] == '{' || line[blank] == '}')
                break;
            if (blank < n && line[blank] == '>')
                cut = blank + 1;
            else if ((cut = starts_with_any(line + blank, n - blank, BORDERS)) != 0)
                cut += blank;
            else if (n - blank > strlen(heading) && !memcmp(line + blank, heading, strlen(heading)) &&
                     starts_with_any(line + blank + strlen(heading) +
                                         spaces(line + blank + strlen(heading), n - blank - strlen(heading)),
                                     1, BORDERS))
                cut = blank + strlen(heading); /* psql's expanded display */
            else
                break;
            line += cut;
            n -= cut;
        }
        strbuf_add(out, line, n);
        strbuf_char(out, '\n');
    }
}

/* A cell copied out of pgAdmin or a CSV file: "[ {""Plan"": ..." */
static void unquote(struct strbuf *b)
{
    size_t to = 0;
    for (size_t i = 0; i < b->len; i++) {
        if (b->text[i] == '"' && i + 1 < b->len && b->text[i + 1] == '"')
            i++;
        else if (b->text[i] == '"')
            continue;
        b->text[to++] = b->text[i];
    }
    b->len = to;
    b->text[to] = 0;
}

bool explain_body(const char *text, size_t len, struct explain *out, struct sd_error *err)
{
    enum explain_format format = explain_detect(text, len);
    if (out->format == EXPLAIN_UNKNOWN)
        out->format = format;
    switch (format) {
    case EXPLAIN_JSON:
        return explain_json(text, len, out, err);
    case EXPLAIN_TEXT:
        return explain_text(text, len, out, err);
    case EXPLAIN_YAML:
        return explain_yaml(text, len, out, err);
    case EXPLAIN_XML:
        return explain_xml(text, len, out, err);
    case EXPLAIN_UNKNOWN:
        break;
    }
    while (len && strchr(" \t\r\n", text[len - 1]))
        len--;
    return fail(err, len ? "This is not the output of EXPLAIN: it contains no plan node."
                         : "There is no plan: the input is empty.");
}

/* What PowerShell's > and old editors write. */
static bool utf16(const char *text, size_t len, struct strbuf *out)
{
    const unsigned char *s = (const unsigned char *)text;
    bool little = len >= 2 && s[0] == 0xff && s[1] == 0xfe, big = len >= 2 && s[0] == 0xfe && s[1] == 0xff;
    for (size_t i = 2; (little || big) && i + 1 < len; i += 2) {
        unsigned unit = s[i + little] << 8 | s[i + big];
        if (unit < 0x80) {
            strbuf_char(out, (char)unit);
        } else if (unit < 0x800) {
            strbuf_char(out, (char)(0xc0 | unit >> 6));
            strbuf_char(out, (char)(0x80 | (unit & 0x3f)));
        } else { /* halves of a pair become two letters that nothing can show: values only */
            strbuf_char(out, (char)(0xe0 | unit >> 12));
            strbuf_char(out, (char)(0x80 | (unit >> 6 & 0x3f)));
            strbuf_char(out, (char)(0x80 | (unit & 0x3f)));
        }
    }
    return little || big;
}

/* Inputs that EXPLAIN must have: without them the plan was cut. */
int explain_inputs_wanted(const struct plan_node *n)
{
    static const struct {
        const char *type;
        int n;
    } wanted[] = {{.type = "Hash Join", .n = 2},     {.type = "Merge Join", .n = 2},
                  {.type = "Nested Loop", .n = 2},   {.type = "Recursive Union", .n = 2},
                  {.type = "BitmapAnd", .n = 2},     {.type = "BitmapOr", .n = 2},
                  {.type = "Sort", .n = 1},          {.type = "Incremental Sort", .n = 1},
                  {.type = "Limit", .n = 1},         {.type = "Aggregate", .n = 1},
                  {.type = "Group", .n = 1},         {.type = "Hash", .n = 1},
                  {.type = "Gather", .n = 1},        {.type = "Gather Merge", .n = 1},
                  {.type = "Materialize", .n = 1},   {.type = "Memoize", .n = 1},
                  {.type = "Unique", .n = 1},        {.type = "WindowAgg", .n = 1},
                  {.type = "SetOp", .n = 1},         {.type = "LockRows", .n = 1},
                  {.type = "Subquery Scan", .n = 1}, {.type = "Bitmap Heap Scan", .n = 1},
                  {.type = "ProjectSet", .n = 1}};
    for (size_t i = 0; n->type && i < ARRAY_LEN(wanted); i++)
        if (str_eq(n->type, wanted[i].type))
            return wanted[i].n;
    return 0;
}

/* A cut of whole lines leaves no broken syntax behind; it shows in what is missing. */
static void note_gaps(struct plan *p)
{
    for (size_t i = 0; i < p->n_nodes; i++) {
        const struct plan_node *n = p->nodes[i];
        plan_fetch_head(p, i);
        int has = 0, wants = explain_inputs_wanted(n);
        for (const struct plan_node *c = n->child; c && wants; c = c->next)
            has += !plan_is_initplan(c) && !str_eq(c->relationship, "SubPlan");
        if (has >= wants)
            continue;
        plan_note(p, "The plan is incomplete: %s (node %d) lacks %s.", n->type, n->id,
                  wants == 1 ? "its input"
                  : has      ? "its second input"
                             : "both inputs");
        return;
    }
    if (p->analyzed && !isnan(p->planning_ns) && isnan(p->execution_ns))
        plan_note(p, "The end of the plan is missing (Execution Time): shares are of the first node's time.");
}

/* A name that no node has: what surrounds the text was taken for a part of it, or the server
 * has an extension that is not known here. */
static void note_unknown(struct plan *p)
{
    size_t unknown = 0;
    const struct plan_node *first = NULL;
    for (size_t i = 0; i < p->n_nodes; i++) {
        plan_fetch_head(p, i);
        if (plan_type_known(p->nodes[i]->type))
            continue;
        first = unknown++ ? first : p->nodes[i];
    }
    if (unknown)
        plan_note(
            p,
            "\"%.60s\" (node %d%s) is no node of PostgreSQL or of an extension that is known here: it is "
            "shown as it stands in the input.",
            first->type, first->id, unknown > 1 ? ", and others" : "");
}

/* Windows ends its lines in two characters. */
static bool carriage_returns(const char *text, size_t len, struct strbuf *out)
{
    if (!memchr(text, '\r', len))
        return false;
    for (const char *s = text, *end = text + len; s < end;) {
        const char *cr = memmem(s, (size_t)(end - s), "\r\n", 2), *stop = cr ? cr : end;
        strbuf_add(out, s, (size_t)(stop - s));
        s = cr ? cr + 1 : end;
    }
    return true;
}

static void complete(struct explain *out)
{
    for (size_t i = 0; i < out->n_plans; i++) {
        struct plan *p = out->plans[i];
        plan_time(p);
        /* Without ANALYZE only auto_explain knows how long the statement took. */
        if (!p->analyzed && !isnan(p->execution_ns))
            p->logged = true;
        note_gaps(p);
        note_unknown(p);
    }
}

/* The text in the hands of those who take something off it, one after the other. */
struct dressed {
    const char *text;
    size_t len;
    struct strbuf mine; /* what `text` points into, from the first change on */
};

static bool take_off(struct dressed *d, bool (*what)(const char *text, size_t len, struct strbuf *out))
{
    struct strbuf out = {0};
    bool any = what(d->text, d->len, &out);
    if (any) {
        strbuf_free(&d->mine);
        d->mine = out;
        d->text = strbuf_text(&d->mine);
        d->len = d->mine.len;
    } else {
        strbuf_free(&out);
    }
    return any;
}

static bool byte_order_mark(const char *text, size_t len, struct strbuf *out)
{
    if (len < 3 || memcmp(text, "\xef\xbb\xbf", 3) != 0)
        return false;
    strbuf_add(out, text + 3, len - 3);
    return true;
}

static bool undressed(const char *text, size_t len, struct strbuf *out)
{
    undress(text, len, out);
    if (has(strbuf_text(out), out->len, "\"\"Node Type\"\""))
        unquote(out);
    return true;
}

bool explain_log_read(const char *text, size_t len, struct explain *out, struct sd_error *err)
{
    *out = (struct explain){0};
    struct dressed d = {.text = text, .len = len};
    take_off(&d, carriage_returns);
    take_off(&d, explain_container_log);
    bool ok = explain_log(d.text, d.len, out, err);
    complete(out);
    strbuf_free(&d.mine);
    return ok;
}

static bool read_plans(struct dressed *d, struct explain *out, struct sd_error *err)
{
    bool log = explain_log_has(d->text, d->len);
    if (log && explain_log(d->text, d->len, out, err))
        return true;
    if (d->len > EXPLAIN_MAX_BYTES)
        return log ? false
                   : fail(err, "The plan is %zu MiB long; at most %zu MiB are read.", d->len >> 20,
                          EXPLAIN_MAX_BYTES >> 20);
    if (!log && explain_log_like(d->text, d->len) && !has(d->text, d->len, "(cost=") &&
        !has(d->text, d->len, "Node Type") && !has(d->text, d->len, "Node-Type"))
        return fail(err, "This looks like a server log, but it contains no plan of auto_explain.");
    static bool (*const coats[])(const char *text, size_t len, struct strbuf *out) = {
        explain_json_rows,   explain_literals, explain_escaped,  explain_html,     explain_latex,
        explain_markdown,    explain_letters,  explain_prefixed, explain_expanded, explain_unwrap,
        explain_uncut_table, explain_uncut,    undressed};
    for (size_t i = 0; i < ARRAY_LEN(coats); i++)
        take_off(d, coats[i]);
    if (explain_log_has(d->text, d->len) && explain_log(d->text, d->len, out, err))
        return true;
    const char *foreign = explain_foreign(d->text, d->len);
    if (foreign)
        return fail(err, "This is the EXPLAIN of %s: only PostgreSQL's is read.", foreign);
    if (explain_body(d->text, d->len, out, err))
        return true;
    if (!log && out->format == EXPLAIN_UNKNOWN && explain_log_like(d->text, d->len))
        fail(err, "This looks like a server log, but it contains no plan of auto_explain.");
    return false;
}

/* A line with figures, and not in a value of another format. */
static bool has_text_node(const char *text, size_t len)
{
    static const char cost[] = "  (cost=";
    const char *end = text + len, *at = text;
    while ((at = memmem(at, (size_t)(end - at), cost, sizeof cost - 1)) != NULL) {
        const char *line = memrchr(text, '\n', (size_t)(at - text)), *stop = lines_stop(at, end);
        line = line ? line + 1 : text;
        if (!memchr(line, '"', (size_t)(at - line)) && memchr(line, '\'', (size_t)(stop - line)) == NULL &&
            memmem(at, (size_t)(stop - at), " width=", 7))
            return true;
        at = stop;
    }
    return false;
}

static const char *next_sign(const char *s, const char *end)
{
    while (s < end && strchr(" \t\r\n", *s) && *s)
        s++;
    return s;
}

/* EXPLAIN's JSON as it comes from the server, or as auto_explain writes it: a list of objects or one object
 * that begins with such a key. */
static bool is_bare_json(const char *s, const char *end)
{
    static const char *const keys[] = {"\"Plan\"", "\"Query Text\"", "\"Query Identifier\""};
    while (end > s && end[-1] && strchr(" \t\r\n", end[-1]))
        end--;
    s = next_sign(s, end);
    bool list = s < end && *s == '[';
    s = list ? next_sign(s + 1, end) : s;
    if (s >= end || *s != '{' || end[-1] != (list ? ']' : '}'))
        return false;
    s = next_sign(s + 1, end);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if ((size_t)(end - s) > strlen(keys[i]) && !memcmp(s, keys[i], strlen(keys[i])))
            return true;
    return false;
}

/* What people put around plans is looked for in a dozen ways: in a plan of megabytes that takes longer than
 * reading it, and a statement in it may look like one of them. */
static bool read_bare_json(const char *text, size_t len, struct explain *out)
{
    struct sd_error ignored;
    if (len > EXPLAIN_MAX_BYTES || !is_bare_json(text, text + len))
        return false;
    if (explain_body(text, len, out, &ignored))
        return true;
    explain_free(out); /* and again, with all that may be around it */
    return false;
}

bool explain_read(const char *text, size_t len, struct explain *out, struct sd_error *err)
{
    *out = (struct explain){0};
    if (read_bare_json(text, len, out)) {
        complete(out);
        return true;
    }
    if (len > EXPLAIN_MAX_LOG_BYTES)
        return fail(err, "The input is %zu MiB long; at most %zu MiB are read.", len >> 20,
                    EXPLAIN_MAX_LOG_BYTES >> 20);
    struct dressed d = {.text = text, .len = len};
    take_off(&d, utf16);
    take_off(&d, byte_order_mark);
    take_off(&d, carriage_returns);
    take_off(&d, explain_container_log);
    bool log = explain_log_has(d.text, d.len), ok = read_plans(&d, out, err);
    if (ok && !log && out->format != EXPLAIN_TEXT && has_text_node(d.text, d.len))
        plan_note(out->plans[0], "The input also holds plans in EXPLAIN's text format; they were left out: "
                                 "give each format by itself.");
    complete(out);
    strbuf_free(&d.mine);
    return ok;
}

void explain_free(struct explain *e)
{
    for (size_t i = 0; i < e->n_plans; i++)
        plan_free(e->plans[i]);
    free(e->plans);
    *e = (struct explain){0};
}
