#include "format/traces/span_resource.h"

#include <stdlib.h>
#include <string.h>

#include "base/redact.h"

void span_resource_clear(struct span_resource *r)
{
    strbuf_clear(&r->texts);
    r->n = r->left_out = 0;
}

void span_resource_free(struct span_resource *r)
{
    strbuf_free(&r->texts);
    strbuf_free(&r->text);
    r->n = r->left_out = 0;
}

static void add_escaped(struct strbuf *out, const char *s, size_t n)
{
    for (size_t i = 0; i < n && s[i]; i++) {
        if (strchr(",=\\\n", s[i]))
            strbuf_char(out, '\\');
        strbuf_char(out, s[i] == '\n' ? 'n' : s[i]);
    }
}

static size_t whole_characters(struct span_text t, size_t most)
{
    size_t n = MIN(t.n, most);
    while (n < t.n && n && ((unsigned char)t.at[n] & 0xc0) == 0x80)
        n--;
    return n;
}

/* As its name and value would be shown: the value is hidden where a sentence would hide it. */
static char *shown(struct span_text key, struct span_text value)
{
    char *plain = mem_printf("%.*s=%.*s", (int)MIN(key.n, (size_t)200), key.at,
                             (int)whole_characters(value, SPAN_RESOURCE_VALUE), value.at);
    char *redacted = redact(plain);
    free(plain);
    return redacted;
}

void span_resource_add(struct span_resource *r, struct span_text key, struct span_text value)
{
    if (!key.at || !key.n || !value.at)
        return;
    if (r->n == SPAN_RESOURCE_MAX) {
        r->left_out++;
        return;
    }
    char *both = shown(key, value);
    size_t name = strcspn(both, "=");
    r->at[r->n++] = r->texts.len;
    strbuf_add(&r->texts, both, name);
    strbuf_char(&r->texts, '=');
    if (both[name])
        add_escaped(&r->texts, both + name + 1, strlen(both + name + 1));
    strbuf_char(&r->texts, 0);
    free(both);
}

static int by_text(const void *a, const void *b, void *texts)
{
    return strcmp((const char *)texts + *(const size_t *)a, (const char *)texts + *(const size_t *)b);
}

const char *span_resource_text(struct span_resource *r)
{
    if (!r->n)
        return NULL;
    strbuf_clear(&r->text);
    qsort_r(r->at, r->n, sizeof *r->at, by_text, r->texts.text);
    for (size_t i = 0; i < r->n; i++) {
        if (i)
            strbuf_char(&r->text, ',');
        strbuf_str(&r->text, r->texts.text + r->at[i]);
    }
    return strbuf_text(&r->text);
}
