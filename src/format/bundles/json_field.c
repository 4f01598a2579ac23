#include "format/bundles/json_field.h"

#include <stdlib.h>

#define SIZE_MOST (INT64_C(1) << 53)

void json_fields(struct json_pull *object, const char *const *keys, struct json_pull *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        values[i] = (struct json_pull){.at = NULL};
    if (!json_enter(object, '{'))
        return;
    while (json_key(object)) {
        for (size_t i = 0; i < n; i++)
            if (json_is(object, keys[i]))
                values[i] = *object;
        json_skip(object);
    }
}

/* Is a U+0000 written at `p`, which is at a backslash? */
static bool is_zero(const char *p, const char *end)
{
    return end - p >= 6 && memcmp(p, "\\u0000", 6) == 0;
}

static void name_of(const char *p, const char *end, struct strbuf *out)
{
    struct strbuf raw = {0};
    strbuf_char(&raw, '"');
    while (p < end) {
        size_t n = *p == '\\' && p + 1 < end ? 2 : 1;
        if (is_zero(p, end))
            p += 6;
        else
            strbuf_add(&raw, p, n), p += n;
    }
    strbuf_char(&raw, '"');
    struct json_pull j = json_pull(raw.text, raw.len);
    json_text(&j, out);
    strbuf_free(&raw);
}

/* Of a string from its quote to its quote. */
static void name_in(const char *from, const char *to, struct strbuf *out)
{
    struct json_pull j = json_pull(from, (size_t)(to - from));
    if (memmem(from, (size_t)(to - from), "\\u0000", 6))
        name_of(from + 1, to - 1, out);
    else
        json_text(&j, out);
}

void json_name(struct json_pull *j, struct strbuf *out)
{
    char c = json_peek(j);
    const char *from = j->at;
    strbuf_clear(out);
    json_skip(j);
    if (c == '"' && !j->broken)
        name_in(from, j->at, out);
}

void json_key_name(const struct json_pull *j, struct strbuf *out)
{
    name_in(j->key - 1, j->key + j->key_len + 1, out);
}

bool json_size(struct json_pull *j, int64_t *size)
{
    bool text = json_peek(j) == '"';
    uint64_t v = json_index(j);
    if (text || v > SIZE_MOST)
        return false;
    *size = (int64_t)v;
    return true;
}
