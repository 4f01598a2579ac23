#include "core/sql/digest.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <strings.h>

enum { DEPTH_MAX = 64 };

struct digest {
    const char *at; /* what is left to read */
    struct strbuf out;
    bool blank;             /* space or a comment stands before what comes */
    size_t open[DEPTH_MAX]; /* places of open brackets in `out` */
    int depth;
};

static bool word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static char last_char(const struct digest *d)
{
    return d->out.len ? d->out.text[d->out.len - 1] : '\0';
}

static bool ends_with(const struct digest *d, const char *s)
{
    size_t n = strlen(s);
    return d->out.len >= n && strncasecmp(d->out.text + d->out.len - n, s, n) == 0;
}

/* A blank where one stood, but none after an opening bracket or before a comma or a closing one. */
static void put(struct digest *d, const char *text, size_t n)
{
    if (d->blank && d->out.len && last_char(d) != '(' && !strchr(",)", *text))
        strbuf_char(&d->out, ' ');
    d->blank = false;
    strbuf_add(&d->out, text, n);
}

/* Behind the closing quote, or the end. */
static const char *quoted_end(const char *p, char quote, bool escapes)
{
    for (; *p; p++) {
        if (escapes && *p == '\\' && p[1])
            p++;
        else if (*p == quote && p[1] != quote)
            return p + 1;
        else if (*p == quote)
            p++;
    }
    return p;
}

/* Behind the comment or blank that begins here; NULL: none does. A hint and code for newer servers stay. */
static const char *ignored_end(const char *p)
{
    if (isspace((unsigned char)*p))
        return p + 1;
    if (*p == '#' || (p[0] == '-' && p[1] == '-' && (!p[2] || isspace((unsigned char)p[2]))))
        return p + strcspn(p, "\n");
    if (p[0] == '/' && p[1] == '*' && p[2] != '+' && p[2] != '!') {
        const char *end = strstr(p + 2, "*/");
        return end ? end + 2 : p + strlen(p);
    }
    return NULL;
}

/* Behind the number that begins here; NULL: it is a name that begins with digits. */
static const char *number_end(const char *p)
{
    const char *end = p;
    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X' || p[1] == 'b') && isxdigit((unsigned char)p[2])) {
        for (end = p + 2; isxdigit((unsigned char)*end); end++)
            ;
    } else {
        while (isdigit((unsigned char)*end) || *end == '.')
            end++;
        if ((*end == 'e' || *end == 'E') &&
            (isdigit((unsigned char)end[1]) ||
             (strchr("+-", end[1]) && end[1] && isdigit((unsigned char)end[2]))))
            for (end += 2; isdigit((unsigned char)*end); end++)
                ;
    }
    return word_char(*end) ? NULL : end;
}

/* A sign before a constant that is no operator belongs to it. */
static void drop_sign(struct digest *d)
{
    size_t n = d->out.len;
    if (!n || !strchr("+-", d->out.text[n - 1]))
        return;
    for (n--; n && d->out.text[n - 1] == ' '; n--)
        ;
    if (n && strchr("(,=<>", d->out.text[n - 1])) {
        d->blank = d->out.text[n - 1] != '(';
        d->out.len = n;
    }
}

/* One more constant of a list is not told. */
static void put_constant(struct digest *d)
{
    drop_sign(d);
    if (ends_with(d, "?,") || ends_with(d, "?, ...,"))
        d->out.len = d->out.len - 1;
    else {
        put(d, "?", 1);
        return;
    }
    if (!ends_with(d, "..."))
        strbuf_str(&d->out, ", ...");
    d->blank = false;
}

/* (?) after IN is a list of one; "(?, ...), (?, ...)" are rows alike. */
static void close_bracket(struct digest *d)
{
    size_t from = d->depth > 0 && d->depth <= DEPTH_MAX ? d->open[d->depth - 1] : SIZE_MAX;
    d->depth -= d->depth > 0;
    put(d, ")", 1);
    if (from == SIZE_MAX)
        return;
    const char *text = d->out.text;
    size_t len = d->out.len - from;
    if (len == 3 && text[from + 1] == '?' && from >= 3 && strncasecmp(text + from - 3, "in ", 3) == 0) {
        d->out.len = from;
        strbuf_str(&d->out, "(?, ...)");
    } else if (from >= len + 2 && !memcmp(text + from - 2, ", ", 2) &&
               !memcmp(text + from - 2 - len, text + from, len)) {
        d->out.len = from - 2;
    }
}

/* Strings may have a prefix: N'', x'', _utf8mb4''. */
static void take_word(struct digest *d)
{
    const char *end = d->at;
    while (word_char(*end))
        end++;
    bool prefix = (*end == '\'' || *end == '"') && (end - d->at == 1 || *d->at == '_');
    if (prefix) {
        put_constant(d);
        d->at = quoted_end(end + 1, *end, true);
    } else {
        put(d, d->at, (size_t)(end - d->at));
        d->at = end;
    }
}

static void take_token(struct digest *d)
{
    const char *p = d->at, *end = ignored_end(p);
    if (end) {
        d->blank = true;
    } else if (*p == '\'' || *p == '"') {
        end = quoted_end(p + 1, *p, true);
        put_constant(d);
    } else if (*p == '`') {
        end = quoted_end(p + 1, '`', false);
        put(d, p, (size_t)(end - p));
    } else if ((isdigit((unsigned char)*p) || (*p == '.' && isdigit((unsigned char)p[1]) &&
                                               !word_char(last_char(d)) && last_char(d) != '`')) &&
               (end = number_end(p))) {
        put_constant(d);
    } else if (word_char(*p)) {
        take_word(d);
        return;
    } else if (*p == '(') {
        d->blank |= ends_with(d, "in") || ends_with(d, "values");
        put(d, "(", 1);
        d->depth++;
        if (d->depth <= DEPTH_MAX)
            d->open[d->depth - 1] = d->out.len - 1;
        end = p + 1;
    } else if (*p == ')') {
        close_bracket(d);
        end = p + 1;
    } else {
        put(d, p, 1);
        d->blank = *p == ',';
        end = p + 1;
    }
    d->at = end;
}

char *sql_digest(const char *sql)
{
    struct digest d = {.at = sql};
    while (*d.at)
        take_token(&d);
    while (d.out.len && strchr("; ", d.out.text[d.out.len - 1]))
        d.out.len--;
    if (d.out.text)
        d.out.text[d.out.len] = '\0';
    return d.out.text ? strbuf_detach(&d.out) : mem_strdup("");
}

void sql_digest_fingerprint(const char *digest, char out[17])
{
    size_t n = strlen(digest);
    char *lower = mem_strdup(digest);
    bool name = false;
    for (size_t i = 0; i < n; i++) {
        name ^= lower[i] == '`';
        if (!name && isascii((unsigned char)lower[i]))
            lower[i] = (char)tolower((unsigned char)lower[i]);
    }
    snprintf(out, 17, "%016" PRIx64, str_hash(lower, n));
    free(lower);
}
