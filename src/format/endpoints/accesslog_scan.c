#include "format/endpoints/accesslog_scan.h"

#include <math.h>
#include <stdlib.h>

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
    for (const char *q = s; (q = memchr(q, '"', (size_t)(end - q))); q++) {
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

static bool is_number(const char *s, size_t n)
{
    if (!n || !((*s >= '0' && *s <= '9') || *s == '-'))
        return false;
    for (size_t i = 1; i < n; i++)
        if (!IN_NUMBER[(unsigned char)s[i]])
            return false;
    return s[n - 1] >= '0' && s[n - 1] <= '9';
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
    while (s < end && *s != ',' && *s != '}' && *s != ' ' && *s != ']' && *s != '\t')
        s++;
    v->n = (size_t)(s - v->text);
    v->type = is_number(v->text, v->n) ? JSON_NUMBER : JSON_OTHER;
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
    for (size_t i = 0; i < j->n; i++) {
        const struct json_value *v = &j->values[i];
        if (v->key_len == n && v->parent == j->base && v->key[0] == path[0] && !memcmp(v->key, path, n))
            return v;
        size_t tail = dot ? n - (size_t)(dot + 1 - path) : 0;
        if (dot && v->key_len == tail && !memcmp(v->key, dot + 1, tail) &&
            accesslog_json_path(j, i, whole) == n && !memcmp(whole, path, n))
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

static struct json_is role_of(struct json_scan *j, size_t i)
{
    const struct json_value *v = &j->values[i];
    if (j->seen[i].len == v->key_len && v->key_len && j->seen[i].parent == v->parent &&
        !memcmp(j->seen[i].key, v->key, v->key_len))
        return j->seen[i].is;
    struct json_is is = find_role(j, i);
    for (size_t k = i + 1; v->type == JSON_OBJECT && k < JSON_VALUES;
         k++) /* what is in it is something else */
        j->seen[k].len = 0;
    if (v->key_len && v->key_len < JSON_KEY) {
        memcpy(j->seen[i].key, v->key, v->key_len);
        j->seen[i].len = v->key_len;
        j->seen[i].parent = v->parent;
        j->seen[i].is = is;
    }
    return is;
}

static void choose(struct json_scan *j)
{
    uint8_t rank[J_ROLES];
    memset(j->best, 0, sizeof j->best);
    memset(rank, 255, sizeof rank);
    for (size_t i = 0; i < j->n; i++) {
        struct json_is is = role_of(j, i);
        bool scalar = j->values[i].type == JSON_STRING ||
                      (j->values[i].type == JSON_NUMBER && is.role != J_METHOD && is.role != J_URI &&
                       is.role != J_REQUEST && is.role != J_PATH);
        if (is.role && scalar && is.rank < rank[is.role]) {
            rank[is.role] = is.rank;
            j->best[is.role] = &j->values[i];
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

static bool scan(struct json_scan *j, const char *s, const char *end)
{
    int stack[JSON_LEVELS], depth = 0;
    stack[0] = -1;
    j->n = 0;
    s = skip_space(s + 1, end);
    while (s < end) {
        if (*s == '}') {
            s = skip_space(s + 1, end);
            if (depth-- == 0)
                return true;
        } else {
            struct json_value spare, *v = j->n < JSON_VALUES ? &j->values[j->n] : &spare;
            const char *stop = *s == '"' ? string_end(s + 1, end) : NULL;
            if (!stop)
                return false;
            *v = (struct json_value){.key = s + 1, .key_len = (size_t)(stop - s - 1), .parent = stack[depth]};
            s = skip_space(stop + 1, end);
            if (s == end || *s != ':')
                return false;
            s = skip_space(s + 1, end);
            if (s == end)
                return false;
            if (*s == '{' && depth + 1 < JSON_LEVELS && v != &spare && !is_headers(v)) {
                v->type = JSON_OBJECT;
                stack[++depth] = (int)j->n++;
                s = skip_space(s + 1, end);
                continue;
            }
            if (!(s = take_scalar(s, end, v)))
                return false;
            j->n += v != &spare;
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
    if (!scan(j, s, end))
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
