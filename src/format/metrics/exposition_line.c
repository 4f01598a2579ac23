/* exposition_line.c - the grammar of a line: series, value, time, comment. */
#include "format/metrics/exposition_line.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

/* Bytes that a name may hold; a digit is none to begin with. */
static bool name_byte(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
}

static size_t blanks(const char *s, size_t n, size_t i)
{
    while (i < n && line_blank(s[i]))
        i++;
    return i;
}

static size_t name_end(const char *s, size_t n, size_t i)
{
    while (i < n && name_byte((unsigned char)s[i]))
        i++;
    return i;
}

/* Behind the quote that ends what begins at i, which is behind the first quote; 0: there is none. */
static size_t quote_end(const char *s, size_t n, size_t i)
{
    for (;;) {
        const char *q = memchr(s + i, '"', n - i);
        if (!q)
            return 0;
        size_t at = (size_t)(q - s), slashes = 0;
        while (at - slashes > i && s[at - slashes - 1] == '\\')
            slashes++;
        if (slashes % 2 == 0)
            return at + 1;
        /* An escaped quote; what is before it is done with. */
        i = at + 1;
    }
}

size_t line_series_length(const char *s, size_t n)
{
    size_t name = name_end(s, n, 0), i = blanks(s, n, name);
    if (i >= n || s[i] != '{')
        return name;
    for (i++; i < n && s[i] != '}'; i++)
        if (s[i] == '"') {
            i = quote_end(s, n, i + 1);
            if (!i)
                return 0;
            i--;
        }
    return i < n ? i + 1 : 0;
}

/* ---- the series ---- */

struct label {
    size_t key, key_len, value, value_len; /* in `text` */
};

struct labels {
    struct strbuf text;
    struct label *items;
    size_t n, cap;
};

/* A quoted text without its escapes; *i is behind its first quote, and then behind its last. */
static const char *unquote(const char *s, size_t n, size_t *i, struct strbuf *out)
{
    size_t end = quote_end(s, n, *i);
    if (!end)
        return "a quote is not closed";
    bool plain = !memchr(s + *i, '\\', end - *i);
    if (plain)
        strbuf_add(out, s + *i, end - 1 - *i);
    for (size_t k = plain ? end : *i; k + 1 < end; k++) {
        char c = s[k];
        if (c == '\\') {
            c = s[++k];
            if (c != '\\' && c != '"' && c != 'n')
                return "an escape other than \\\\, \\\" and \\n";
            c = c == 'n' ? '\n' : c;
        }
        strbuf_char(out, c);
    }
    *i = end;
    return NULL;
}

/* A name or one in quotes, from *i on. */
static const char *read_key(const char *s, size_t n, size_t *i, struct strbuf *out, bool *quoted)
{
    *quoted = *i < n && s[*i] == '"';
    if (*quoted) {
        ++*i;
        return unquote(s, n, i, out);
    }
    size_t end = name_end(s, n, *i);
    if (end == *i || isdigit((unsigned char)s[*i]) || memchr(s + *i, ':', end - *i))
        return "a label without a name";
    strbuf_add(out, s + *i, end - *i);
    *i = end;
    return NULL;
}

/* One label, or the name in quotes, which comes first. */
static const char *read_label(const char *s, size_t n, size_t *i, struct strbuf *name, struct labels *l)
{
    struct label x = {.key = l->text.len};
    bool quoted;
    const char *why = read_key(s, n, i, &l->text, &quoted);
    x.key_len = l->text.len - x.key;
    *i = blanks(s, n, *i);
    if (why)
        return why;
    if (*i >= n || s[*i] != '=') {
        if (!quoted || name->len || l->n || !x.key_len)
            return "a label without a value";
        strbuf_add(name, l->text.text + x.key, x.key_len);
        return NULL;
    }
    *i = blanks(s, n, *i + 1);
    if (*i >= n || s[*i] != '"' || !x.key_len)
        return "a label without a value in quotes";
    ++*i;
    x.value = l->text.len;
    why = unquote(s, n, i, &l->text);
    x.value_len = l->text.len - x.value;
    if (why || !x.value_len) /* one without a value is the same as none */
        return why;
    l->items = mem_grow(l->items, l->n, &l->cap, sizeof *l->items);
    l->items[l->n++] = x;
    return NULL;
}

static const char *read_labels(const char *s, size_t n, size_t i, struct strbuf *name, struct labels *l)
{
    for (i = blanks(s, n, i); i < n && s[i] != '}';) {
        const char *why = read_label(s, n, &i, name, l);
        if (why)
            return why;
        i = blanks(s, n, i);
        if (i < n && s[i] == ',')
            i = blanks(s, n, i + 1);
        else if (i >= n || s[i] != '}')
            return "labels that no comma divides";
    }
    return i + 1 == n ? NULL : "labels that do not end";
}

static int by_key(const void *a, const void *b, void *text)
{
    const struct label *x = a, *y = b;
    const char *t = text;
    int d = memcmp(t + x->key, t + y->key, MIN(x->key_len, y->key_len));
    return d ? d : (x->key_len > y->key_len) - (x->key_len < y->key_len);
}

static void escape(const char *s, size_t n, struct strbuf *out)
{
    size_t from = 0;
    for (size_t i = 0; i < n; i++) {
        char c = s[i];
        if (c != ',' && c != '=' && c != '\\' && c != '\n')
            continue;
        strbuf_add(out, s + from, i - from);
        strbuf_char(out, '\\');
        strbuf_char(out, c == '\n' ? 'n' : c);
        from = i + 1;
    }
    strbuf_add(out, s + from, n - from);
}

static const char *join(struct labels *l, struct strbuf *out)
{
    if (l->n > 1)
        qsort_r(l->items, l->n, sizeof *l->items, by_key, l->text.text);
    for (size_t i = 0; i < l->n; i++) {
        const struct label *x = &l->items[i];
        if (i && by_key(x - 1, x, l->text.text) == 0)
            return "a label that is there twice";
        if (i)
            strbuf_char(out, ',');
        escape(l->text.text + x->key, x->key_len, out);
        strbuf_char(out, '=');
        escape(l->text.text + x->value, x->value_len, out);
    }
    return NULL;
}

const char *line_series(const char *s, size_t n, struct strbuf *name, struct strbuf *labels)
{
    struct labels l = {.n = 0};
    const char *why = NULL;
    size_t end = name_end(s, n, 0), i = blanks(s, n, end);
    strbuf_clear(name);
    strbuf_clear(labels);
    if (memchr(s, 0, n))
        return "a NUL byte";
    if (end && isdigit((unsigned char)*s))
        return "no name of a metric";
    strbuf_add(name, s, end);
    if (i < n && s[i] == '{')
        why = read_labels(s, n, i + 1, name, &l);
    if (!why)
        why = name->len ? join(&l, labels) : "no name of a metric";
    strbuf_free(&l.text);
    free(l.items);
    return why;
}

/* ---- numbers ---- */

static bool is_word(const char *s, size_t n, const char *word)
{
    return strlen(word) == n && strncasecmp(s, word, n) == 0;
}

static bool special(const char *s, size_t n, bool negative, double *out)
{
    if (is_word(s, n, "nan"))
        *out = (double)NAN;
    else if (is_word(s, n, "inf") || is_word(s, n, "infinity"))
        *out = negative ? -(double)INFINITY : (double)INFINITY;
    else
        return false;
    return true;
}

/* What the short way cannot hold exactly. */
static bool long_number(const char *s, size_t n, double *out)
{
    char text[128], *end;
    if (n >= sizeof text)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!isxdigit((unsigned char)s[i]) && !strchr("+-.xXpP", s[i]))
            return false;
    memcpy(text, s, n);
    text[n] = 0;
    *out = strtod(text, &end);
    return end == text + n && n;
}

/* Digits into *m, at most 18 of them; more: false. */
static bool digits(const char *s, size_t n, size_t *i, uint64_t *m, int *count)
{
    size_t from = *i;
    while (*i < n && s[*i] >= '0' && s[*i] <= '9')
        *m = *m * 10 + (uint64_t)(s[(*i)++] - '0');
    *count = (int)MIN(*i - from, (size_t)100);
    return *count <= 18;
}

bool line_number(const char *s, size_t n, double *out)
{
    static const double TENS[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    size_t i = 0;
    uint64_t m = 0, e = 0;
    int whole = 0, part = 0, exponent = 0;
    bool negative = n && *s == '-';
    if (n && (*s == '-' || *s == '+'))
        i++;
    if (i < n && s[i] != '.' && (s[i] < '0' || s[i] > '9'))
        return special(s + i, n - i, negative, out);
    bool fits = digits(s, n, &i, &m, &whole);
    if (fits && i < n && s[i] == '.') {
        i++;
        fits = digits(s, n, &i, &m, &part) && whole + part <= 18;
    }
    if (!fits || whole + part == 0)
        return long_number(s, n, out);
    if (i < n && (s[i] == 'e' || s[i] == 'E')) {
        bool down = i + 1 < n && s[i + 1] == '-';
        i += 1 + (i + 1 < n && (s[i + 1] == '-' || s[i + 1] == '+'));
        if (!digits(s, n, &i, &e, &exponent) || !exponent || e > 400)
            return long_number(s, n, out);
        exponent = down ? -(int)e : (int)e;
    }
    exponent -= part;
    if (i != n || m > (1ull << 53) || exponent > 22 || exponent < -22)
        return long_number(s, n, out);
    double v = exponent < 0 ? (double)m / TENS[-exponent] : (double)m * TENS[exponent];
    *out = negative ? -v : v;
    return true;
}

/* ---- what follows the series ---- */

static size_t word_end(const char *s, size_t n, size_t i)
{
    while (i < n && !line_blank(s[i]))
        i++;
    return i;
}

/* "{trace_id="x"} 0.5 1600000000.1" behind the '#': it is checked, not kept. */
static bool is_exemplar(const char *s, size_t n)
{
    double v;
    size_t i = blanks(s, n, 0);
    if (i >= n || s[i] != '{')
        return false;
    size_t len = line_series_length(s + i, n - i), at = blanks(s, n, i + len), end = word_end(s, n, at);
    if (!len || !line_number(s + at, end - at, &v))
        return false;
    at = blanks(s, n, end);
    end = word_end(s, n, at);
    return at == n || (line_number(s + at, end - at, &v) && blanks(s, n, end) == n);
}

bool line_exemplar(const char *s, size_t n, struct strbuf *scratch, struct strbuf *labels, double *value,
                   double *stamp)
{
    struct strbuf series = {0};
    size_t i = blanks(s, n, 0), len = i < n && s[i] == '{' ? line_series_length(s + i, n - i) : 0;
    strbuf_char(&series, 'x'); /* labels stand behind a name */
    strbuf_add(&series, s + i, len);
    bool good = len && !line_series(series.text, series.len, scratch, labels);
    strbuf_free(&series);
    size_t at = blanks(s, n, i + len), end = word_end(s, n, at);
    good = good && line_number(s + at, end - at, value);
    at = blanks(s, n, end);
    end = word_end(s, n, at);
    *stamp = (double)NAN;
    return good && (at == n || line_number(s + at, end - at, stamp));
}

const char *line_point(const char *s, size_t n, struct line_point *out)
{
    size_t i = blanks(s, n, 0), end = word_end(s, n, i);
    out->stamp = (double)NAN;
    out->exemplar = NULL;
    if (i == n)
        return "no value";
    if (!line_number(s + i, end - i, &out->value))
        return "a value that is no number";
    i = blanks(s, n, end);
    if (i < n && s[i] != '#') {
        end = word_end(s, n, i);
        if (!line_number(s + i, end - i, &out->stamp) || !isfinite(out->stamp))
            return "a time that is no number";
        i = blanks(s, n, end);
    }
    if (i < n && (s[i] != '#' || !is_exemplar(s + i + 1, n - i - 1)))
        return "more than a value and a time";
    if (i < n) {
        out->exemplar = s + i + 1;
        out->exemplar_len = n - i - 1;
    }
    return NULL;
}

/* ---- comments ---- */

enum line_comment line_comment(const char *s, size_t n, struct strbuf *name, const char **rest,
                               size_t *rest_len)
{
    static const struct {
        const char *word;
        enum line_comment is;
    } WORDS[] = {
        {"HELP", COMMENT_HELP}, {"TYPE", COMMENT_TYPE}, {"UNIT", COMMENT_UNIT}, {"EOF", COMMENT_EOF}};
    size_t i = blanks(s, n, 1), end = word_end(s, n, i), k = 0;
    while (k < ARRAY_LEN(WORDS) &&
           (strlen(WORDS[k].word) != end - i || memcmp(WORDS[k].word, s + i, end - i) != 0))
        k++;
    strbuf_clear(name);
    if (k == ARRAY_LEN(WORDS))
        return COMMENT_ANY;
    i = blanks(s, n, end);
    if (WORDS[k].is == COMMENT_EOF)
        return i == n ? COMMENT_EOF : COMMENT_ANY;
    if (WORDS[k].is == COMMENT_HELP)
        return COMMENT_HELP;
    if (i < n && s[i] == '"') {
        i++;
        if (unquote(s, n, &i, name))
            return COMMENT_BROKEN;
    } else {
        end = name_end(s, n, i);
        strbuf_add(name, s + i, end - i);
        i = end;
    }
    if (!name->len || (i < n && !line_blank(s[i])))
        return COMMENT_BROKEN;
    i = blanks(s, n, i);
    end = word_end(s, n, i);
    *rest = s + i;
    *rest_len = end - i;
    return blanks(s, n, end) == n ? WORDS[k].is : COMMENT_BROKEN;
}
