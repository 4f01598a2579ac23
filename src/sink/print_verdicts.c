#include "sink/print_verdicts.h"

#include <string.h>

#include "base/utf8.h"

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
    strbuf_printf(out, " name=\"slowdive\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\"", n,
                  counts[VERDICT_FAILED], counts[VERDICT_SKIPPED]);
}

static void put_case(struct strbuf *out, const struct verdict *v)
{
    static const char *const INSIDE[VERDICT_KINDS] = {
        [VERDICT_FAILED] = "failure", [VERDICT_SKIPPED] = "skipped"};
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

void print_github(const struct verdict *v, size_t n, struct strbuf *out)
{
    static const char *const COMMANDS[VERDICT_KINDS] = {
        [VERDICT_FAILED] = "error", [VERDICT_WARNED] = "warning"};
    size_t counts[VERDICT_KINDS], more = 0;
    count(v, n, counts);
    for (size_t kind = 0; kind < VERDICT_KINDS; kind++) {
        size_t shown = 0;
        for (size_t i = 0; COMMANDS[kind] && i < n && shown < GITHUB_SHOWN; i++) {
            if (v[i].kind != kind)
                continue;
            strbuf_printf(out, "::%s title=", COMMANDS[kind]);
            put_github(out, v[i].name, true);
            strbuf_str(out, "::");
            put_github(out, v[i].text ? v[i].text : "", false);
            strbuf_char(out, '\n');
            shown++;
        }
        more += COMMANDS[kind] ? counts[kind] - shown : 0;
    }
    strbuf_printf(out, "%zu passed, %zu failed, %zu warned, %zu skipped\n", counts[VERDICT_PASSED],
                  counts[VERDICT_FAILED], counts[VERDICT_WARNED], counts[VERDICT_SKIPPED]);
    if (more)
        strbuf_printf(out, "::notice::%zu more that failed or warned are not shown here\n", more);
}
