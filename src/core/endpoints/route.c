#include "core/endpoints/route.h"

#include <ctype.h>
#include <stdlib.h>

#include "core/endpoints/opaque.h"

/* Locale-free and branch-light: this runs for every path that was not seen lately. */
enum { DIGIT = 1, HEX = 2, UNRESERVED = 4 };
static unsigned kind_of(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return DIGIT | HEX | UNRESERVED;
    unsigned char low = c | 0x20;
    if (low >= 'a' && low <= 'f')
        return HEX | UNRESERVED;
    if ((low >= 'g' && low <= 'z') || c == '-' || c == '.' || c == '_' || c == '~')
        return UNRESERVED;
    return 0;
}

static bool all(const char *s, size_t n, unsigned kind)
{
    for (size_t i = 0; i < n; i++)
        if (!(kind_of((unsigned char)s[i]) & kind))
            return false;
    return n > 0;
}

static bool any_digit(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] >= '0' && s[i] <= '9')
            return true;
    return false;
}

/* 17, -4 and lists of them as batch endpoints take: 1,2,3. */
static bool is_number(const char *s, size_t n)
{
    bool digit = false;
    for (size_t i = 0; i < n; i++) {
        if (s[i] >= '0' && s[i] <= '9')
            digit = true;
        else if (s[i] == '-' && n > 1 && (i == 0 || s[i - 1] == ','))
            digit = false;
        else if (s[i] == ',' && digit)
            digit = false;
        else
            return false;
    }
    return digit;
}

static bool is_uuid(const char *s, size_t n)
{
    return n == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' && all(s, 8, HEX) &&
           all(s + 9, 4, HEX) && all(s + 14, 4, HEX) && all(s + 19, 4, HEX) && all(s + 24, 12, HEX);
}

/* 2026-11-20, also with a time of day behind it: 2026-11-20T10:00:00Z. */
static bool is_date(const char *s, size_t n)
{
    if (n < 10 || s[4] != '-' || s[7] != '-' || !all(s, 4, DIGIT) || !all(s + 5, 2, DIGIT) ||
        !all(s + 8, 2, DIGIT))
        return false;
    if (n == 10)
        return true;
    for (size_t i = 11; i < n; i++)
        if (!(kind_of((unsigned char)s[i]) & DIGIT) && !strchr(":.+-Zz", s[i]))
            return false;
    return n > 11 && (s[10] == 'T' || s[10] == 't');
}

static bool is_variable(const char *s, size_t n)
{
    if (n == 0)
        return false;
    if (!(kind_of((unsigned char)s[0]) & HEX || s[0] == '-'))
        return opaque(s, n);
    return is_number(s, n) || (n >= 8 && all(s, n, HEX) && any_digit(s, n)) || is_uuid(s, n) ||
           is_date(s, n) || opaque(s, n);
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9'                     ? c - '0'
           : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                    : -1;
}

/* ---- the path as segments ----------------------------------------------- */

/* Cuts scheme and authority of an absolute-form target, query and fragment. */
static void path_of(const char **path, size_t *len)
{
    const char *p = *path, *end = p + *len;
    if (*len && *p != '/') {
        const char *q = p;
        while (q < end && isalpha((unsigned char)*q))
            q++;
        if (q > p && end - q >= 3 && !memcmp(q, "://", 3)) {
            for (p = q + 3; p < end && *p != '/' && *p != '?' && *p != '#';)
                p++;
        }
    }
    const char *stop = memchr(p, '?', (size_t)(end - p));
    if (stop)
        end = stop;
    stop = memchr(p, '#', (size_t)(end - p));
    if (stop)
        end = stop;
    *path = p;
    *len = (size_t)(end - p);
}

/* One segment in its normal form (RFC 3986, 6.2.2): %7E is ~, %2f is %2F, and what
 * no path may hold raw is encoded. Parameters behind ';' (session ids) are cut, and so is a query string
 * whose '?' is encoded. Writes at most `max` bytes, never half of an escape or of a UTF-8 character; *cut
 * tells that something did not fit. */
static size_t normal(const char *s, size_t n, char *out, size_t max, bool *cut)
{
    static const char DIGITS[] = "0123456789ABCDEF";
    size_t k = 0;
    for (size_t i = 0; i < n && s[i] != ';'; i++) {
        unsigned char c = (unsigned char)s[i];
        bool escape = c <= ' ' || c == 0x7f;
        if (c == '%' && i + 2 < n && hex_value(s[i + 1]) >= 0 && hex_value(s[i + 2]) >= 0) {
            c = (unsigned char)(hex_value(s[i + 1]) << 4 | hex_value(s[i + 2]));
            if (c == '?')
                break;
            escape = !(kind_of(c) & UNRESERVED);
            i += 2;
        }
        if (k + (escape ? 3 : 1) > max) {
            *cut = true;
            while (k && ((unsigned char)out[k - 1] & 0xc0) == 0x80)
                k--;
            if (k && (unsigned char)out[k - 1] >= 0xc0)
                k--;
            break;
        }
        if (escape) {
            out[k++] = '%';
            out[k++] = DIGITS[c >> 4];
            out[k++] = DIGITS[c & 15];
        } else {
            out[k++] = (char)c;
        }
    }
    return k;
}

/* What most segments are made of, and all of it stands for itself in the normal form. */
enum { PLAIN_DIGIT = 1, PLAIN_LOWER = 2, PLAIN_OTHER = 4 };
static const uint8_t PLAIN[256] = {
    ['0' ... '9'] = PLAIN_DIGIT, ['a' ... 'z'] = PLAIN_LOWER, ['A' ... 'Z'] = PLAIN_OTHER,
    ['-'] = PLAIN_OTHER,         ['.'] = PLAIN_OTHER,         ['_'] = PLAIN_OTHER,
};

/* Copies up to what is not plain, and tells which kinds there were: how many. */
static inline size_t copy_plain(const char *s, size_t n, char *out, unsigned *kinds)
{
    size_t k = 0;
    unsigned kind;
    *kinds = 0;
    for (; k < n && (kind = PLAIN[(unsigned char)s[k]]); k++) {
        *kinds |= kind;
        out[k] = s[k];
    }
    return k;
}

/* The same answer for most of them at once: figures alone are a number, few small letters a word. */
static inline bool is_plain_variable(const char *s, size_t n, unsigned kinds)
{
    if (kinds == PLAIN_DIGIT)
        return true;
    return !(kinds == PLAIN_LOWER && n <= OPAQUE_WORD) && is_variable(s, n);
}

/* ---- the user's patterns --------------------------------------------------- */

struct pattern {
    char *text; /* as given: the route */
    char **segments;
    size_t n;
    bool rest; /* ends in a star */
};

struct route_rules {
    struct pattern *patterns;
    size_t n;
};

static bool is_wild(const char *segment)
{
    size_t n = strlen(segment);
    return segment[0] == ':' || !strcmp(segment, "*") ||
           (n > 2 && segment[0] == '{' && segment[n - 1] == '}') ||
           (n > 2 && segment[0] == '<' && segment[n - 1] == '>');
}

struct route_rules *route_rules_new(const char *const *patterns, struct sd_error *err)
{
    struct route_rules *r = mem_alloc(sizeof *r);
    size_t cap = 0;
    for (size_t i = 0; patterns && patterns[i]; i++) {
        const char *text = patterns[i];
        if (text[0] != '/' || strlen(text) >= ROUTE_MAX) {
            fail(err,
                 text[0] == '/' ? "The route pattern \"%.60s...\" is longer than 255 bytes."
                                : "The route pattern \"%.60s\" must begin with a slash, as in /users/:id.",
                 text);
            route_rules_free(r);
            return NULL;
        }
        r->patterns = mem_grow(r->patterns, r->n, &cap, sizeof *r->patterns);
        struct pattern *p = &r->patterns[r->n++];
        *p = (struct pattern){.text = mem_strdup(text)};
        size_t room = 0;
        for (const char *s = text; *s;) {
            while (*s == '/')
                s++;
            size_t n = strcspn(s, "/");
            if (!n)
                break;
            p->segments = mem_grow(p->segments, p->n, &room, sizeof *p->segments);
            p->segments[p->n++] = mem_strndup(s, n);
            s += n;
        }
        p->rest = p->n && !strcmp(p->segments[p->n - 1], "*");
    }
    return r;
}

void route_rules_free(struct route_rules *r)
{
    for (size_t i = 0; r && i < r->n; i++) {
        for (size_t k = 0; k < r->patterns[i].n; k++)
            free(r->patterns[i].segments[k]);
        free(r->patterns[i].segments);
        free(r->patterns[i].text);
    }
    if (r)
        free(r->patterns);
    free(r);
}

static bool pattern_matches(const struct pattern *p, const char *path, size_t len)
{
    const char *s = path, *end = path + len;
    size_t k = 0;
    for (;;) {
        const char *slash = s;
        while (s < end && *s == '/')
            s++;
        if (p->rest && k == p->n - 1)
            return s > slash; /* "/files/" is below "/files/\*", "/files" is not */
        if (s == end)
            return k == p->n; /* a slash at the end makes no difference */
        const char *stop = memchr(s, '/', (size_t)(end - s));
        if (!stop)
            stop = end;
        if (k == p->n)
            return false;
        const char *want = p->segments[k++];
        if (!is_wild(want)) {
            char got[ROUTE_MAX];
            bool cut = false;
            size_t n = normal(s, (size_t)(stop - s), got, sizeof got, &cut);
            if (cut || n != strlen(want) || memcmp(got, want, n) != 0)
                return false;
        }
        s = stop;
    }
}

/* ---- folding --------------------------------------------------------------- */

size_t route_fold(const struct route_rules *r, const char *path, size_t len, char out[ROUTE_MAX])
{
    path_of(&path, &len);
    for (size_t i = 0; r && i < r->n; i++) {
        if (pattern_matches(&r->patterns[i], path, len)) {
            size_t n = strlen(r->patterns[i].text);
            memcpy(out, r->patterns[i].text, n + 1);
            return n;
        }
    }
    const size_t max = ROUTE_MAX - 1 - 3; /* "..." always fits */
    const char *s = path, *end = path + len;
    size_t k = 0;
    bool cut = false;
    if (len == 0)
        out[k++] = '/';
    while (s < end && !cut) {
        if (*s == '/') { /* servers merge slashes: so do we */
            while (s < end && *s == '/')
                s++;
            if (k + 1 > max) {
                cut = true;
                break;
            }
            out[k++] = '/';
            if (s == end)
                break;
        }
        unsigned kinds;
        size_t n = copy_plain(s, MIN((size_t)(end - s), max - k), out + k, &kinds);
        const char *stop = s + n;
        bool variable;
        if (stop == end || *stop == '/') {
            variable = is_plain_variable(out + k, n, kinds);
        } else {
            stop = memchr(stop, '/', (size_t)(end - stop));
            if (!stop)
                stop = end;
            n = normal(s, (size_t)(stop - s), out + k, max - k, &cut);
            variable = is_variable(out + k, n);
        }
        if (variable) {
            if (k + 3 > max) {
                cut = true;
                break;
            }
            memcpy(out + k, ":id", n = 3);
        }
        k += n;
        s = stop;
    }
    if (cut) {
        memcpy(out + k, "...", 3);
        k += 3;
    }
    if (k == 0)
        out[k++] = '/';
    out[k] = 0;
    return k;
}

/* ---- tags of frameworks ---------------------------------------------------- */

/* Length of the segment at s: up to a slash outside (), [], {}, <>. */
static size_t tag_segment(const char *s, const char *end)
{
    int depth = 0;
    const char *p = s;
    for (; p < end && !(*p == '/' && depth <= 0); p++) {
        if (strchr("([{<", *p))
            depth++;
        else if (strchr(")]}>", *p))
            depth--;
        else if (*p == '\\' && p + 1 < end)
            p++;
    }
    return (size_t)(p - s);
}

static bool tag_variable(const char *s, size_t n)
{
    if (s[0] == ':' || (n == 1 && s[0] == '*') || (n > 1 && s[0] == '*'))
        return true;
    for (size_t i = 0; i < n; i++)
        if (strchr("({[<\\", s[i]))
            return true;
    return false;
}

size_t route_fold_tag(const char *tag, char out[ROUTE_MAX])
{
    size_t k = 0;
    const char *s = tag;
    /* "GET /users/:id": the method stays in front. */
    size_t method = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    if (method && method < 20 && s[method] == ' ') {
        memcpy(out, s, method + 1);
        k = method + 1;
        s += method + 1;
    }
    bool anchored = *s == '^';
    if (anchored)
        s++;
    if (!anchored && !strchr(s, '/')) { /* "orders#show", "OrderController.show": a name, not a path */
        size_t n = strlen(s);
        n = MIN(n, (size_t)ROUTE_MAX - 1 - k);
        memcpy(out + k, s, n);
        out[k + n] = 0;
        return k + n;
    }
    const char *end = s + strlen(s);
    static const char *const TAILS[] = {"$", "\\Z", "\\z", "/?", "(.:format)", NULL};
    for (int i = 0; TAILS[i]; i++) {
        size_t n = strlen(TAILS[i]);
        if ((size_t)(end - s) >= n && !memcmp(end - n, TAILS[i], n)) {
            end -= n;
            i = -1;
        }
    }
    const size_t max = ROUTE_MAX - 1 - 3;
    bool cut = false;
    size_t start = k;
    if (s == end || *s != '/')
        out[k++] = '/';
    while (s < end && !cut) {
        if (*s == '/') {
            while (s < end && *s == '/')
                s++;
            if (k + 1 > max) {
                cut = true;
                break;
            }
            if (k == start || out[k - 1] != '/')
                out[k++] = '/';
            continue;
        }
        size_t n = tag_segment(s, end);
        bool variable = tag_variable(s, n);
        const char *stop = s + n;
        if (!variable) {
            n = normal(s, n, out + k, max - k, &cut);
            variable = is_variable(out + k, n);
        }
        if (variable) {
            if (k + 3 > max) {
                cut = true;
                break;
            }
            memcpy(out + k, ":id", n = 3);
        }
        k += n;
        s = stop;
    }
    if (cut) {
        memcpy(out + k, "...", 3);
        k += 3;
    }
    out[k] = 0;
    return k;
}
