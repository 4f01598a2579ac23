/* trace_statement.c - statements read by their words: there are many, in any dialect, and they may be cut. */
#include "core/traces/trace_statement.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

enum token { T_END, T_WORD, T_VALUE, T_SIGN };

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '`' || (unsigned char)c >= 0x80;
}

static const char *skip_space(const char *p)
{
    for (;;) {
        if (isspace((unsigned char)*p)) {
            p++;
        } else if (p[0] == '/' && p[1] == '*') {
            const char *end = strstr(p + 2, "*/");
            p = end ? end + 2 : p + strlen(p);
        } else if (p[0] == '-' && p[1] == '-') {
            p += strcspn(p, "\n");
        } else {
            return p;
        }
    }
}

/* Behind a text in quotes, which are doubled inside it. */
static const char *skip_quoted(const char *p)
{
    char quote = *p++;
    for (; *p; p++)
        if (*p == quote && *++p != quote)
            return p;
    return p;
}

/* The next one from *p, which is moved behind it. */
static enum token next(const char **p, const char **start)
{
    const char *s = skip_space(*p);
    *start = s;
    *p = s + 1;
    if (!*s) {
        *p = s;
        return T_END;
    }
    if (*s == '\'' || *s == '"') {
        *p = skip_quoted(s);
        return *s == '"' ? T_WORD : T_VALUE;
    }
    bool named = (*s == '$' || *s == ':' || *s == '@' || *s == '%') && is_word(s[1]);
    if (named || isdigit((unsigned char)*s)) {
        while (is_word(**p))
            ++*p;
        return T_VALUE;
    }
    if (*s == '?')
        return T_VALUE;
    if (!is_word(*s))
        return T_SIGN;
    while (is_word(**p))
        ++*p;
    return T_WORD;
}

static uint64_t mix(uint64_t h, uint64_t x)
{
    h = (h ^ x) * UINT64_C(0xff51afd7ed558ccd);
    return h ^ h >> 32;
}

static uint64_t word_hash(const char *s, const char *end)
{
    uint64_t h = 7;
    for (; s < end; s++)
        h = mix(h, (uint64_t)tolower((unsigned char)*s));
    return h;
}

/* Behind the values of a list and its lists "(v, v), (v)"; p stands behind its bracket. NULL: it is no list
 * of values. */
static const char *skip_values(const char *p)
{
    const char *s, *done = NULL;
    for (;;) {
        enum token t;
        do {
            if (next(&p, &s) != T_VALUE)
                return done;
            t = next(&p, &s);
        } while (t == T_SIGN && *s == ',');
        if (t != T_SIGN || *s != ')')
            return done;
        done = p;
        if (next(&p, &s) != T_SIGN || *s != ',' || next(&p, &s) != T_SIGN || *s != '(')
            return done;
    }
}

uint64_t statement_hash(const char *sql)
{
    uint64_t h = 1;
    const char *s;
    for (enum token t; (t = next(&sql, &s)) != T_END;) {
        const char *behind = t == T_SIGN && *s == '(' ? skip_values(sql) : NULL;
        if (behind) {
            h = mix(h, 3);
            sql = behind;
        } else {
            h = mix(h, t == T_VALUE ? 2 : word_hash(s, sql));
        }
    }
    return h ? h : 1;
}

bool statement_is_cut(const char *sql)
{
    return str_ends(sql, "...") || str_ends(sql, "\xe2\x80\xa6");
}

static bool word_is(const char *s, const char *end, const char *word)
{
    return (size_t)(end - s) == strlen(word) && strncasecmp(s, word, (size_t)(end - s)) == 0;
}

bool statement_is_free(const char *sql)
{
    const char *s;
    bool first = true;
    for (enum token t; (t = next(&sql, &s)) != T_END; first = false)
        if (t == T_VALUE || (first && !word_is(s, sql, "select")))
            return false;
    return !first;
}

/* Where the FROM of a SELECT stands, outside of all brackets; NULL. */
static const char *from_of(const char *sql)
{
    const char *s;
    int depth = 0;
    if (next(&sql, &s) != T_WORD || !word_is(s, sql, "select"))
        return NULL;
    for (enum token t; (t = next(&sql, &s)) != T_END;) {
        if (t == T_SIGN)
            depth += (*s == '(') - (*s == ')');
        else if (t == T_WORD && !depth && word_is(s, sql, "from"))
            return sql;
    }
    return NULL;
}

char *statement_short(const char *sql, size_t max)
{
    struct strbuf out = {0};
    const char *from = from_of(sql), *p = from ? from : sql, *s, *before = NULL;
    if (from)
        strbuf_str(&out, "SELECT");
    while (next(&p, &s) != T_END && out.len < max) {
        bool apart = before ? s > before : from != NULL;
        if (apart)
            strbuf_char(&out, ' ');
        strbuf_add(&out, s, (size_t)(p - s));
        before = p;
    }
    if (out.len > max) {
        size_t n = max;
        while (n && ((unsigned char)out.text[n] & 0xc0) == 0x80)
            n--;
        out.len = n;
        out.text[n] = 0;
        strbuf_str(&out, "\xe2\x80\xa6");
    }
    return strbuf_detach(&out);
}
