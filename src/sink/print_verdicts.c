#include "sink/print_verdicts.h"

#include <string.h>

#include "base/utf8.h"
#include "sink/print_internal.h"

static void count(const struct verdict *v, size_t n, size_t counts[VERDICT_KINDS])
{
    memset(counts, 0, VERDICT_KINDS * sizeof *counts);
    for (size_t i = 0; i < n; i++)
        counts[v[i].kind]++;
}

/* ---- JUnit ---- */

/* For an attribute and for content. What XML 1.0 cannot hold, and what would change a terminal, is one mark.
 */
static void put_xml(struct strbuf *out, const char *s)
{
    struct strbuf safe = {0};
    utf8_append_lines(&safe, s, strlen(s));
    for (const char *p = strbuf_text(&safe); *p; p++) {
        switch (*p) {
        case '&':
            strbuf_str(out, "&amp;");
            break;
        case '<':
            strbuf_str(out, "&lt;");
            break;
        case '>':
            strbuf_str(out, "&gt;");
            break;
        case '"':
            strbuf_str(out, "&quot;");
            break;
        case '\n':
            strbuf_str(out, "&#10;");
            break;
        case '\t':
            strbuf_str(out, "&#9;");
            break;
        default:
            strbuf_char(out, *p);
        }
    }
    strbuf_free(&safe);
}

static void put_counts(struct strbuf *out, size_t n, const size_t counts[VERDICT_KINDS])
{
    strbuf_printf(out, " name=\"slowdive\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"", n,
                  counts[VERDICT_FAILED], counts[VERDICT_MISSING], counts[VERDICT_SKIPPED]);
}

static void put_case(struct strbuf *out, const struct verdict *v)
{
    static const char *const INSIDE[VERDICT_KINDS] = {
        [VERDICT_FAILED] = "failure", [VERDICT_MISSING] = "error", [VERDICT_SKIPPED] = "skipped"};
    strbuf_str(out, "    <testcase classname=\"slowdive\" name=\"");
    put_xml(out, v->name);
    strbuf_str(out, "\"");
    const char *text = v->text ? v->text : "";
    if (INSIDE[v->kind]) {
        strbuf_printf(out, ">\n      <%s message=\"", INSIDE[v->kind]);
        put_xml(out, text);
        strbuf_str(out, "\"/>\n    </testcase>\n");
    } else if (v->kind == VERDICT_WARNED) {
        strbuf_str(out, ">\n      <system-out>");
        put_xml(out, text);
        strbuf_str(out, "</system-out>\n    </testcase>\n");
    } else {
        strbuf_str(out, "/>\n");
    }
}

void print_junit(const struct verdict *v, size_t n, struct strbuf *out)
{
    size_t counts[VERDICT_KINDS];
    count(v, n, counts);
    strbuf_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    put_counts(out, n, counts);
    strbuf_str(out, ">\n  <testsuite");
    put_counts(out, n, counts);
    strbuf_str(out, ">\n");
    for (size_t i = 0; i < n; i++)
        put_case(out, &v[i]);
    strbuf_str(out, "  </testsuite>\n</testsuites>\n");
}

/* ---- GitHub ---- */

enum { GITHUB_SHOWN = 10 }; /* annotations of a kind and step */

/* A command ends at a line end, and a property at a comma: both are written as their numbers. */
static void put_github(struct strbuf *out, const char *s, bool property)
{
    static const char HEX[] = "0123456789ABCDEF";
    size_t n;
    uint32_t c;
    for (const char *p = s; *p; p += n) {
        c = 0;
        n = utf8_decode(p, strlen(p), &c);
        if (!n) {
            strbuf_str(out, "\xC2\xB7");
            n = 1;
        } else if (strchr("%\r\n", (int)(c < 128 ? c : '.')) || (property && (c == ':' || c == ','))) {
            strbuf_char(out, '%');
            strbuf_char(out, HEX[c >> 4]);
            strbuf_char(out, HEX[c & 15]);
        } else if (utf8_harmless(c)) {
            strbuf_add(out, p, n);
        } else {
            strbuf_str(out, "\xC2\xB7");
        }
    }
}

static void put_command(struct strbuf *out, const char *command, const struct verdict *v)
{
    strbuf_printf(out, "::%s title=", command);
    put_github(out, v->name, true);
    strbuf_str(out, "::");
    put_github(out, v->text ? v->text : "", false);
    strbuf_char(out, '\n');
}

/* Those of the kinds from..to; how many are left out. */
static size_t put_commands(struct strbuf *out, const char *command, const struct verdict *v, size_t n,
                           enum verdict_kind from, enum verdict_kind to)
{
    size_t all = 0;
    for (int kind = (int)from; kind <= (int)to; kind++)
        for (size_t i = 0; i < n; i++)
            if ((int)v[i].kind == kind && all++ < GITHUB_SHOWN)
                put_command(out, command, &v[i]);
    return all - MIN(all, (size_t)GITHUB_SHOWN);
}

static void put_totals(struct strbuf *out, const size_t counts[VERDICT_KINDS])
{
    strbuf_printf(out, "%zu passed, %zu failed, %zu warned, %zu missing, %zu skipped", counts[VERDICT_PASSED],
                  counts[VERDICT_FAILED], counts[VERDICT_WARNED], counts[VERDICT_MISSING],
                  counts[VERDICT_SKIPPED]);
}

void print_github(const struct verdict *v, size_t n, struct strbuf *out)
{
    size_t counts[VERDICT_KINDS];
    count(v, n, counts);
    size_t more = put_commands(out, "error", v, n, VERDICT_FAILED, VERDICT_MISSING) +
                  put_commands(out, "warning", v, n, VERDICT_WARNED, VERDICT_WARNED);
    put_totals(out, counts);
    strbuf_char(out, '\n');
    if (more)
        strbuf_printf(out, "::notice::%zu more that failed or warned are not shown here\n", more);
}

/* ---- Markdown ---- */

enum { MD_CELL = 400, MD_NOTES = 20, MD_ROOM = 4000 /* for the notes and what was left out */ };

static void put_cell(struct strbuf *out, const char *text)
{
    struct strbuf cut = {0};
    if (text)
        utf8_append(&cut, text, MD_CELL);
    print_md_escaped(out, strbuf_text(&cut));
    strbuf_str(out, " | ");
    strbuf_free(&cut);
}

static void put_row(struct strbuf *out, const struct verdict *v)
{
    static const char *const WORDS[VERDICT_KINDS] = {[VERDICT_FAILED] = "**failed**",
                                                     [VERDICT_MISSING] = "**missing**",
                                                     [VERDICT_WARNED] = "warning",
                                                     [VERDICT_SKIPPED] = "skipped",
                                                     [VERDICT_PASSED] = "passed"};
    strbuf_printf(out, "| %s | ", WORDS[v->kind]);
    const char *cells[] = {v->name, v->subject, v->value, v->limit, v->text};
    for (size_t i = 0; i < ARRAY_LEN(cells); i++)
        put_cell(out, cells[i]);
    out->text[--out->len] = 0; /* no space at its end */
    strbuf_char(out, '\n');
}

static void put_notes(struct strbuf *out, const char *const *notes, size_t n)
{
    struct strbuf line = {0};
    for (size_t i = 0; i < n && i < MD_NOTES && out->len < VERDICTS_MD_MAX; i++) {
        strbuf_clear(&line);
        utf8_append(&line, notes[i], MD_CELL);
        strbuf_str(out, i ? "- " : "\n- ");
        print_md_escaped(out, strbuf_text(&line));
        strbuf_char(out, '\n');
    }
    strbuf_free(&line);
}

void print_verdicts_md(const struct verdict *v, size_t n, const char *const *notes, size_t n_notes,
                       struct strbuf *out)
{
    size_t counts[VERDICT_KINDS], shown = 0;
    bool full = false;
    count(v, n, counts);
    strbuf_str(out, "<!-- slowdive check -->\n");
    put_totals(out, counts);
    strbuf_str(out, "\n\n| Status | Check | Of | Value | Limit | What was found |\n"
                    "|---|---|---|---:|---:|---|\n");
    for (size_t kind = 0; kind < VERDICT_KINDS && !full; kind++)
        for (size_t i = 0; i < n && !full; i++) {
            size_t before = out->len;
            if (v[i].kind != kind)
                continue;
            put_row(out, &v[i]);
            full = out->len > VERDICTS_MD_MAX - MD_ROOM;
            if (full)
                out->text[out->len = before] = 0;
            shown += !full;
        }
    if (shown < n)
        strbuf_printf(out, "\n%zu more are not shown here.\n", n - shown);
    put_notes(out, notes, n_notes);
}
