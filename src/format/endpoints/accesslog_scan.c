#include "format/endpoints/accesslog_scan.h"

#include <math.h>
#include <stdlib.h>

#include "base/find.h"
#include "base/num.h"

struct json_scan *accesslog_json_new(void)
{
    struct json_scan *j = mem_alloc(sizeof *j);
    j->base = -1;
    return j;
}

/* ---- text ---- */

static inline const char *skip_space(const char *s, const char *end)
{
    if (s<end && * s> ' ') /* programs write hardly any */
        return s;
    while (s < end && (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\r'))
        s++;
    return s;
}

/* The quote that ends a string; NULL: none does. */
static inline const char *string_end(const char *s, const char *end)
{
    for (const char *q = s; (q = find_byte(q, end, '"')); q++) {
        if (q == s || q[-1] != '\\')
            return q;
        const char *b = q;
        while (b > s && b[-1] == '\\')
            b--;
        if ((q - b) % 2 == 0)
            return q;
    }
    return NULL;
}

/* Past an object or a list, however deep; NULL: it has no end. */
static const char *skip_nested(const char *s, const char *end)
{
    size_t depth = 0;
    for (; s < end; s++) {
        if (*s == '"') {
            if (!(s = string_end(s + 1, end)))
                return NULL;
        } else if (*s == '{' || *s == '[') {
            depth++;
        } else if ((*s == '}' || *s == ']') && --depth == 0) {
            return s + 1;
        }
    }
    return NULL;
}

/* What a number may hold behind its first byte. */
static const bool IN_NUMBER[256] = {
    ['0' ... '9'] = true, ['.'] = true, ['e'] = true, ['E'] = true, ['+'] = true, ['-'] = true};

/* Of bytes that are all IN_NUMBER. */
static bool is_number(const char *s, size_t n)
{
    return n && ((*s >= '0' && *s <= '9') || *s == '-') && s[n - 1] >= '0' && s[n - 1] <= '9';
}

static bool is_word(const char *s, size_t n)
{
    return (n == 4 && (!memcmp(s, "true", 4) || !memcmp(s, "null", 4))) || (n == 5 && !memcmp(s, "false", 5));
}

/* A value that is no object; NULL: it is broken. */
static const char *take_scalar(const char *s, const char *end, struct json_value *v)
{
    if (*s == '"') {
        const char *stop = string_end(s + 1, end);
        v->type = JSON_STRING;
        v->text = s + 1;
        v->n = stop ? (size_t)(stop - s - 1) : 0;
        return stop ? stop + 1 : NULL;
    }
    if (*s == '[' || *s == '{') {
        const char *stop = skip_nested(s, end);
        v->type = JSON_OTHER;
        v->text = s;
        v->n = stop ? (size_t)(stop - s) : 0;
        return stop;
    }
    v->text = s;
    while (s < end && IN_NUMBER[(unsigned char)*s]) /* most are numbers */
        s++;
    const char *stop = s;
    while (s < end && *s != ',' && *s != '}' && *s != ' ' && *s != ']' && *s != '\t')
        s++;
    v->n = (size_t)(s - v->text);
    v->type = s == stop && is_number(v->text, v->n) ? JSON_NUMBER : JSON_OTHER;
    return v->type == JSON_NUMBER || is_word(v->text, v->n) ? s : NULL;
}

/* Headers are many, and none of them is counted by. */
static bool is_headers(const struct json_value *v)
{
    return v->key_len >= 7 && !memcmp(v->key + v->key_len - 7, "headers", 7);
}

/* ---- what keys mean ---- */

size_t accesslog_json_path(const struct json_scan *j, size_t i, char out[JSON_PATH])
{
    size_t at = JSON_PATH;
    for (int k = (int)i; k >= 0 && k != j->base; k = j->values[k].parent) {
        const struct json_value *v = &j->values[k];
        if (v->key_len + 1 > at)
            return 0;
        if (at < JSON_PATH)
            out[--at] = '.';
        at -= v->key_len;
        memcpy(out + at, v->key, v->key_len);
    }
    memmove(out, out + at, JSON_PATH - at);
    return JSON_PATH - at;
}

const struct json_value *accesslog_json_find(const struct json_scan *j, const char *path, size_t n)
{
    char whole[JSON_PATH];
    const char *dot = memrchr(path, '.', n);
    for (const struct json_value *v = j->values, *stop = v + j->n; !dot && v < stop; v++)
        if (v->key_len == n && v->parent == j->base && !memcmp(v->key, path, n))
            return v;
    for (size_t i = 0; dot && i < j->n; i++) {
        const struct json_value *v = &j->values[i];
        if (v->key_len == n && v->parent == j->base && v->key[0] == path[0] && !memcmp(v->key, path, n))
            return v;
        size_t tail = n - (size_t)(dot + 1 - path);
        if (v->key_len == tail && !memcmp(v->key, dot + 1, tail) && accesslog_json_path(j, i, whole) == n &&
            !memcmp(whole, path, n))
            return v;
    }
    return NULL;
}

bool accesslog_json_real(const struct json_value *v, double *out)
{
    char text[64];
    if (v->type == JSON_OTHER || v->type == JSON_OBJECT || v->n >= sizeof text)
        return false;
    memcpy(text, v->text, v->n);
    text[v->n] = 0;
    return num_parse_real(text, out);
}

bool accesslog_json_map(struct json_scan *j, const char *path, enum json_role role)
{
    size_t n = strlen(path);
    if (j->n_mapped == JSON_MAPPED || n >= sizeof j->mapped[0].path)
        return false;
    memcpy(j->mapped[j->n_mapped].path, path, n + 1);
    j->mapped[j->n_mapped].len = n;
    j->mapped[j->n_mapped++].role = (uint8_t)role;
    return true;
}

static bool is_mapped(const struct json_scan *j, uint8_t role)
{
    for (size_t i = 0; i < j->n_mapped; i++)
        if (j->mapped[i].role == role)
            return true;
    return false;
}

static struct json_is find_role(const struct json_scan *j, size_t i)
{
    char path[JSON_PATH];
    struct json_is is = {.role = J_NONE};
    size_t n = accesslog_json_path(j, i, path);
    for (size_t k = 0; k < j->n_mapped; k++)
        if (j->mapped[k].len == n && !memcmp(j->mapped[k].path, path, n))
            return (struct json_is){.role = j->mapped[k].role};
    if (!n || !accesslog_json_role(path, n, &is) || is_mapped(j, is.role))
        return (struct json_is){.role = J_NONE};
    bool outer = j->base >= 0 && j->values[i].parent == -1;
    if (outer)
        is.role = is.role == J_TIME ? J_OUTER_TIME : J_NONE;
    return is;
}

static void remember(struct json_seen *seen, const struct json_value *v, struct json_is is)
{
    size_t n = v->key_len + JSON_KEY_ENDS;
    *seen = (struct json_seen){.len = (uint16_t)v->key_len, .parent = v->parent, .is = is};
    memcpy(seen->key, v->key, v->key_len);
    memcpy(seen->key + v->key_len, "\":", JSON_KEY_ENDS);
    memcpy(seen->word, seen->key, sizeof seen->word);
    memset(seen->mask, 0xff, MIN(n, sizeof seen->mask));
}

/* Does it stand at s? Near the end of the line it is not looked for. */
static inline bool is_seen(const struct json_seen *seen, const char *s, const char *end)
{
    uint64_t word[2];
    size_t n = seen->len + JSON_KEY_ENDS;
    if (end - s <= (ptrdiff_t)sizeof seen->key)
        return false;
    memcpy(word, s, sizeof word);
    return !(((word[0] ^ seen->word[0]) & seen->mask[0]) | ((word[1] ^ seen->word[1]) & seen->mask[1])) &&
           (n <= sizeof word || !memcmp(s + sizeof word, seen->key + sizeof word, n - sizeof word));
}

static struct json_is role_of(struct json_scan *j, size_t i)
{
    const struct json_value *v = &j->values[i];
    struct json_seen *seen = &j->seen[i];
    if (seen->len && seen->len == v->key_len && seen->parent == v->parent &&
        !memcmp(seen->key, v->key, v->key_len))
        return seen->is;
    struct json_is is = find_role(j, i);
    for (size_t k = i + 1; v->type == JSON_OBJECT && k < JSON_VALUES;
         k++) /* what is in it is something else */
        j->seen[k].len = 0;
    if (v->key_len && v->key_len < JSON_KEY)
        remember(seen, v, is);
    return is;
}

static void choose(struct json_scan *j)
{
    uint8_t rank[J_ROLES];
    memset(j->best, 0, sizeof j->best);
    memset(rank, 255, sizeof rank);
    const struct json_value *v = j->values, *stop = v + j->n;
    for (const struct json_seen *seen = j->seen; v < stop; v++, seen++) {
        struct json_is is = v->seen && seen->len ? seen->is : role_of(j, (size_t)(v - j->values));
        if (!is.role || is.rank >= rank[is.role])
            continue;
        bool scalar =
            v->type == JSON_STRING || (v->type == JSON_NUMBER && is.role != J_METHOD && is.role != J_URI &&
                                       is.role != J_REQUEST && is.role != J_PATH);
        if (scalar) {
            rank[is.role] = is.rank;
            j->best[is.role] = v;
        }
    }
}

static void set_base(struct json_scan *j, int base)
{
    j->base = base;
    *j->base_key = 0;
    if (base >= 0)
        snprintf(j->base_key, sizeof j->base_key, "%.*s", (int)j->values[base].key_len, j->values[base].key);
    for (size_t i = 0; i < JSON_VALUES; i++)
        j->seen[i].len = 0;
    choose(j);
}

/* ---- an object ---- */

/* The key at s, and the object it is in: past its colon; NULL: there is none. `seen`: what stood at its
 * place. */
static inline const char *take_key(const char *s, const char *end, int parent, const struct json_seen *seen,
                                   struct json_value *v)
{
    if (*s != '"')
        return NULL;
    size_t len = seen->len;
    v->key = ++s;
    v->parent = parent;
    v->seen = len && seen->parent == parent && is_seen(seen, s, end);
    if (v->seen) {
        v->key_len = len;
        return skip_space(s + len + JSON_KEY_ENDS, end);
    }
    const char *stop = string_end(s, end);
    if (!stop)
        return NULL;
    v->key_len = (size_t)(stop - s);
    s = skip_space(stop + 1, end);
    return s < end && *s == ':' ? skip_space(s + 1, end) : NULL;
}

/* The values of the object at s, as many as there is room for in `values`: *n. False: it is not JSON. */
static bool scan(struct json_scan *j, const char *s, const char *end, size_t *n)
{
    static const struct json_seen NOTHING;
    int stack[JSON_LEVELS], depth = 0;
    struct json_value spare;
    size_t i = 0;
    stack[0] = -1;
    s = skip_space(s + 1, end);
    while (s < end) {
        if (*s == '}') {
            *n = i;
            s = skip_space(s + 1, end);
            if (depth-- == 0)
                return true;
        } else {
            bool room = i < JSON_VALUES;
            struct json_value *v = room ? &j->values[i] : &spare;
            s = take_key(s, end, stack[depth], room ? &j->seen[i] : &NOTHING, v);
            if (!s || s == end)
                return false;
            i += room;
            if (*s == '{' && depth + 1 < JSON_LEVELS && room && !is_headers(v)) {
                v->type = JSON_OBJECT;
                v->text = NULL;
                v->n = 0;
                stack[++depth] = (int)i - 1;
                s = skip_space(s + 1, end);
                continue;
            }
            if (!(s = take_scalar(s, end, v)))
                return false;
            s = skip_space(s, end);
        }
        if (s < end && *s == ',') {
            s = skip_space(s + 1, end);
            if (s < end && *s == '}')
                return false;
        } else if (s == end || *s != '}') {
            return false;
        }
    }
    return false;
}

bool accesslog_json_scan(struct json_scan *j, const char *s, const char *end)
{
    j->base = -1;
    j->n = 0;
    if (!scan(j, s, end, &j->n))
        return false;
    for (size_t i = 0; *j->base_key && i < j->n && j->base < 0; i++)
        if (j->values[i].type == JSON_OBJECT && j->values[i].parent < 0 &&
            j->values[i].key_len == strlen(j->base_key) &&
            !memcmp(j->values[i].key, j->base_key, j->values[i].key_len))
            j->base = (int)i;
    choose(j);
    if (j->best[J_STATUS] || j->n_mapped)
        return true;
    if (j->base >= 0 || *j->base_key)
        set_base(j, -1);
    for (size_t i = 0; !j->best[J_STATUS] && i < j->n; i++)
        if (j->values[i].type == JSON_OBJECT && j->values[i].parent < 0)
            set_base(j, (int)i);
    if (!j->best[J_STATUS] && j->base >= 0)
        set_base(j, -1);
    return true;
}
