#include "format/explain.h"

#include <stdlib.h>

#include "format/explain_tree.h"

static bool has(const char *text, size_t len, const char *needle)
{
    return memmem(text, len, needle, strlen(needle)) != NULL;
}

enum explain_format explain_detect(const char *text, size_t len)
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
    return at < len && text[at] == '[' ? EXPLAIN_JSON : EXPLAIN_UNKNOWN;
}

/* What stands around a line when it was copied from a terminal or an e-mail. */
static const char *const BORDERS[] = {"|", "\xe2\x94\x82", "\xe2\x95\x91", NULL};              /* | box lines */
static const char *const CONTINUES[] = {"+", "\xe2\x86\xb5", "|", "\xe2\x94\x82", "\xe2\x95\x91", "\r", " ", "\t", NULL};

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

static size_t spaces(const char *s, size_t len)
{
    size_t n = 0;
    while (n < len && (s[n] == ' ' || s[n] == '\t'))
        n++;
    return n;
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
        while ((cut = ends_with_any(line, n, CONTINUES)) != 0)
            n -= cut;
        for (;;) {
            size_t blank = spaces(line, n);
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

bool explain_read(const char *text, size_t len, struct explain *out, struct sd_error *err)
{
    *out = (struct explain){0};
    if (len > EXPLAIN_MAX_BYTES)
        return fail(err, "The plan is %zu MiB long; at most %zu MiB are read.", len >> 20,
                    EXPLAIN_MAX_BYTES >> 20);
    struct strbuf clean = {0};
    undress(text, len, &clean);
    if (has(strbuf_text(&clean), clean.len, "\"\"Node Type\"\""))
        unquote(&clean);
    out->format = explain_detect(strbuf_text(&clean), clean.len);
    bool ok = false;
    switch (out->format) {
    case EXPLAIN_JSON: ok = explain_json(clean.text, clean.len, out, err); break;
    case EXPLAIN_TEXT: ok = explain_text(clean.text, clean.len, out, err); break;
    case EXPLAIN_YAML:
        fail(err, "This is EXPLAIN's YAML format; give the output of EXPLAIN (FORMAT JSON).");
        break;
    case EXPLAIN_XML:
        fail(err, "This is EXPLAIN's XML format; give the output of EXPLAIN (FORMAT JSON).");
        break;
    case EXPLAIN_UNKNOWN:
        if (!spaces(text, len) && !len)
            fail(err, "There is no plan: the input is empty.");
        else
            fail(err, "This is no output of EXPLAIN: no plan node was found in it.");
        break;
    }
    strbuf_free(&clean);
    for (size_t i = 0; i < out->n_plans; i++)
        plan_time(out->plans[i]);
    return ok;
}

void explain_free(struct explain *e)
{
    for (size_t i = 0; i < e->n_plans; i++)
        plan_free(e->plans[i]);
    free(e->plans);
    *e = (struct explain){0};
}
