#include "core/labels.h"

#include <string.h>

/* Behind the value that begins at s: at its comma, or at the end. */
static const char *value_end(const char *s)
{
    for (; *s && *s != ','; s++)
        if (*s == '\\' && s[1])
            s++;
    return s;
}

static void copy_value(const char *s, const char *end, char *out, size_t size)
{
    size_t n = 0;
    for (; s < end && n + 1 < size; s++) {
        if (*s == '\\' && s + 1 < end) {
            s++;
            out[n++] = *s == 'n' ? '\n' : *s;
        } else {
            out[n++] = *s;
        }
    }
    out[n] = 0;
}

bool label_value(const char *labels, const char *key, char *out, size_t size)
{
    size_t len = strlen(key);
    *out = 0;
    for (const char *p = labels; p && *p;) {
        const char *equals = strchr(p, '=');
        if (!equals)
            return false;
        const char *end = value_end(equals + 1);
        if ((size_t)(equals - p) == len && !memcmp(p, key, len)) {
            copy_value(equals + 1, end, out, size);
            return true;
        }
        p = *end ? end + 1 : end;
    }
    return false;
}

void label_add(struct strbuf *labels, const char *key, const char *value)
{
    strbuf_printf(labels, "%s%s=", labels->len ? "," : "", key);
    for (const char *s = value; *s; s++) {
        if (*s == ',' || *s == '=' || *s == '\\' || *s == '\n')
            strbuf_char(labels, '\\');
        strbuf_char(labels, *s == '\n' ? 'n' : *s);
    }
}
