#include "view/shared/linked.h"

#include <ctype.h>
#include <strings.h>

void linked_add(struct link_list *l, struct linked item)
{
    if (item.n && l->n < LINKED_MAX)
        l->items[l->n++] = item;
}

static void escape(struct strbuf *b, const char *text)
{
    for (const char *p = text; *p; p++) {
        if (strchr("\\^$.[]|()?*+{}", *p))
            strbuf_char(b, '\\');
        strbuf_char(b, *p);
    }
}

const char *linked_filter(struct link_list *l, const char *const *texts, size_t n)
{
    struct strbuf b = {0};
    for (size_t i = 0; i < n && b.len < 300; i++) {
        if (i)
            strbuf_char(&b, '|');
        escape(&b, texts[i]);
    }
    const char *filter = arena_strdup(l->arena, strbuf_text(&b));
    strbuf_free(&b);
    return filter;
}

const char *linked_word(struct link_list *l, const char *word)
{
    struct strbuf b = {0};
    strbuf_str(&b, "\\b");
    escape(&b, word);
    strbuf_str(&b, "\\b");
    const char *filter = arena_strdup(l->arena, b.text);
    strbuf_free(&b);
    return filter;
}

static bool in_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

bool linked_mentions(const char *text, const char *word)
{
    size_t len = strlen(word);
    for (const char *p = text ? text : ""; len && *p; p++)
        if (!strncasecmp(p, word, len) && (p == text || !in_word(p[-1])) && !in_word(p[len]))
            return true;
    return false;
}

const char *linked_base(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? dot + 1 : name;
}
