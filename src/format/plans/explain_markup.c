/* explain_markup.c - plans in pages and documents: HTML, LaTeX, Markdown. */
#include "base/utf8.h"
#include "format/plans/explain_dress.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

static bool text_has(const char *text, size_t len, const char *what)
{
    return memmem(text, len, what, strlen(what)) != NULL;
}

/* ---- HTML ---- */

#define TAG_MAX 1024 /* bytes of one tag with its attributes */

static const struct {
    const char *name;
    bool line; /* begins a new line */
} TAGS[] = {
    {.name = "a", .line = false},      {.name = "b", .line = false},      {.name = "body", .line = true},
    {.name = "br", .line = true},      {.name = "caption", .line = true}, {.name = "code", .line = false},
    {.name = "dd", .line = true},      {.name = "div", .line = true},     {.name = "dl", .line = true},
    {.name = "dt", .line = true},      {.name = "em", .line = false},     {.name = "font", .line = false},
    {.name = "h1", .line = true},      {.name = "h2", .line = true},      {.name = "h3", .line = true},
    {.name = "h4", .line = true},      {.name = "head", .line = true},    {.name = "html", .line = true},
    {.name = "i", .line = false},      {.name = "li", .line = true},      {.name = "mark", .line = false},
    {.name = "meta", .line = true},    {.name = "ol", .line = true},      {.name = "p", .line = true},
    {.name = "pre", .line = true},     {.name = "small", .line = false},  {.name = "span", .line = false},
    {.name = "strong", .line = false}, {.name = "table", .line = true},   {.name = "tbody", .line = true},
    {.name = "td", .line = true},      {.name = "th", .line = true},      {.name = "thead", .line = true},
    {.name = "title", .line = true},   {.name = "tr", .line = true},      {.name = "tt", .line = false},
    {.name = "u", .line = false},      {.name = "ul", .line = true}};

/* The length of the tag that begins at s; 0: none of HTML's. */
static size_t tag_length(const char *s, size_t len, bool *line)
{
    size_t i = 1, n = 0;
    char name[16];
    if (i < len && s[i] == '/')
        i++;
    for (; i < len && isalnum((unsigned char)s[i]) && n + 1 < sizeof name; i++)
        name[n++] = s[i];
    name[n] = 0;
    if (i >= len || !strchr(" />\n\t", s[i]))
        return 0;
    for (size_t t = 0; t < ARRAY_LEN(TAGS); t++) {
        if (strcasecmp(name, TAGS[t].name) != 0)
            continue;
        const char *close = memchr(s + i, '>', MIN(len - i, TAG_MAX));
        *line = TAGS[t].line;
        return close ? (size_t)(close + 1 - s) : 0;
    }
    return 0;
}

/* The length of the entity that begins at s, and its character; 0: none. */
static size_t entity_length(const char *s, size_t len, uint32_t *code)
{
    static const struct {
        const char *name;
        uint32_t code;
    } named[] = {{.name = "amp", .code = '&'},  {.name = "apos", .code = '\''},
                 {.name = "emsp", .code = ' '}, {.name = "ensp", .code = ' '},
                 {.name = "gt", .code = '>'},   {.name = "hellip", .code = 0x2026},
                 {.name = "lt", .code = '<'},   {.name = "nbsp", .code = ' '},
                 {.name = "quot", .code = '"'}, {.name = "rarr", .code = 0x2192}};
    const char *semicolon = memchr(s, ';', MIN(len, 12));
    if (!semicolon)
        return 0;
    const char *name = s + 1;
    size_t n = (size_t)(semicolon - name);
    *code = 0;
    if (n > 1 && *name == '#') {
        bool hex = name[1] == 'x' || name[1] == 'X';
        char *end;
        unsigned long v = strtoul(name + 1 + hex, &end, hex ? 16 : 10);
        *code = end == semicolon && v < 0x110000 ? (uint32_t)v : 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(named) && !*code; i++)
        if (strlen(named[i].name) == n && !memcmp(name, named[i].name, n))
            *code = named[i].code;
    return *code ? n + 2 : 0;
}

/* One that HTML writes for a sign of the plan: outside of its constants. */
static bool has_entity(const char *text, size_t len)
{
    static const char *const signs[] = {"&gt;", "&nbsp;", "&#160;", "&quot;", "&#34;", "&lt;"};
    bool quoted = false;
    for (size_t i = 0; i < len; i++) {
        quoted = text[i] == '\'' ? !quoted : quoted && text[i] != '\n';
        for (size_t k = 0; !quoted && text[i] == '&' && k < ARRAY_LEN(signs); k++)
            if (len - i >= strlen(signs[k]) && !memcmp(text + i, signs[k], strlen(signs[k])) &&
                (k || (i > 0 && text[i - 1] == '-')))
                return true;
    }
    return false;
}

bool explain_html(const char *text, size_t len, struct strbuf *out)
{
    bool entities = has_entity(text, len);
    bool xml = text_has(text, len, "<Node-Type>"), any = false, line, quoted = false;
    for (size_t i = 0; i < len && !any; i++) { /* a tag in a constant of the plan is the constant's */
        quoted = text[i] == '\'' ? !quoted : quoted && text[i] != '\n';
        any = !quoted && text[i] == '<' && tag_length(text + i, len - i, &line);
    }
    if (xml || (!any && !entities))
        return false;
    any = false;
    for (size_t i = 0; i < len;) {
        uint32_t code;
        char letters[4];
        size_t n = text[i] == '<' ? tag_length(text + i, len - i, &line) : 0;
        if (n) {
            if (line)
                strbuf_char(out, '\n');
            any = true;
        } else if (entities && text[i] == '&' && (n = entity_length(text + i, len - i, &code)) != 0) {
            strbuf_add(out, letters, utf8_encode(code, letters));
            any = true;
        } else {
            strbuf_char(out, text[i]);
            n = 1;
        }
        i += n;
    }
    return any;
}

/* ---- LaTeX ---- */

static const struct {
    const char *tex, *plain;
} TEX[] = {{.tex = "\\textgreater{}", .plain = ">"},
           {.tex = "\\textless{}", .plain = "<"},
           {.tex = "\\textbar{}", .plain = "|"},
           {.tex = "\\textbackslash{}", .plain = "\\"},
           {.tex = "\\^{}", .plain = "^"},
           {.tex = "\\~{}", .plain = "~"},
           {.tex = "\\tabularnewline", .plain = "\n"},
           {.tex = "$>$", .plain = ">"},
           {.tex = "\\\\", .plain = "\n"},
           {.tex = "\\_", .plain = "_"},
           {.tex = "\\#", .plain = "#"},
           {.tex = "\\$", .plain = "$"},
           {.tex = "\\%", .plain = "%"},
           {.tex = "\\&", .plain = "&"},
           {.tex = "\\{", .plain = "{"},
           {.tex = "\\}", .plain = "}"},
           {.tex = "\\ ", .plain = " "}};

/* psql's longtable: \raggedright{...}. */
static void unbrace(struct strbuf *line, size_t from)
{
    static const char ragged[] = "\\raggedright{";
    char *s = line->text + from;
    size_t n = line->len - from;
    while (n && (s[n - 1] == ' ' || s[n - 1] == '\t'))
        n--;
    char *at = memmem(s, n, ragged, sizeof ragged - 1);
    if (!at || s[n - 1] != '}')
        return;
    size_t skip = (size_t)(at - s) + sizeof ragged - 1;
    memmove(s, s + skip, n - 1 - skip);
    line->len = from + n - 1 - skip;
    line->text[line->len] = 0;
}

bool explain_latex(const char *text, size_t len, struct strbuf *out)
{
    if (!text_has(text, len, "\\begin{tabular}") && !text_has(text, len, "\\begin{longtable}") &&
        !text_has(text, len, "-\\textgreater{}"))
        return false;
    static const char heading[] = "QUERY PLAN & "; /* the expanded display */
    size_t from = 0;
    for (size_t i = 0; i < len;) {
        size_t n = 0;
        if (out->len == from && len - i > sizeof heading && !memcmp(text + i, heading, sizeof heading - 1))
            n = sizeof heading - 1;
        for (size_t t = 0; t < ARRAY_LEN(TEX) && !n; t++) {
            size_t k = strlen(TEX[t].tex);
            if (len - i < k || memcmp(text + i, TEX[t].tex, k) != 0)
                continue;
            n = k;
            if (*TEX[t].plain == '\n')
                unbrace(out, from);
            strbuf_str(out, TEX[t].plain);
        }
        if (!n) {
            strbuf_char(out, text[i]);
            n = 1;
        }
        i += n;
        if (out->len && out->text[out->len - 1] == '\n')
            from = out->len;
    }
    return true;
}

/* ---- Markdown ---- */

/* Escaped letters, and lines that are code each: `->  Seq Scan on t`. */
bool explain_markdown(const char *text, size_t len, struct strbuf *out)
{
    bool escapes = text_has(text, len, "\\_") || text_has(text, len, "-\\>") || text_has(text, len, "\\|") ||
                   text_has(text, len, "\\(cost");
    bool any = false, ticks = text_has(text, len, ")`") && !text_has(text, len, "\"Node Type\"");
    char quote = 0;
    if (!escapes && !ticks)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        quote = c == '\n' ? 0 : c == '\'' ? (char)(quote ? 0 : c) : quote;
        if (escapes && !quote && c == '\\' && i + 1 < len && strchr("_*|>()[]-.#`~<&=", text[i + 1])) {
            any = true;
            continue;
        }
        if (ticks && c == '`') {
            any = true;
            continue;
        }
        strbuf_char(out, c);
    }
    return any;
}
