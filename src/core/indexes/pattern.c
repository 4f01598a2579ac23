#include "core/indexes/pattern.h"

#include <ctype.h>

struct text_pattern pattern_of_like(const char *pattern, bool insensitive)
{
    struct text_pattern p = {.prefix = 0};
    if (!pattern)
        return p;
    p.trigrams = strlen(pattern) >= 5; /* three characters and two percent signs */
    if (insensitive)
        return p;
    p.prefix = strcspn(pattern, "%_");
    p.whole = p.prefix > 0 && !strpbrk(pattern, "%_\\");
    return p;
}

/* Literal bytes from `s` on, until one of `special`; a quantifier takes the character before it along.
 * Escaped punctuation stands for itself. *end: where it stopped. */
static size_t literal(const char *s, const char *special, const char *quantifiers, const char **end)
{
    size_t n = 0, last = 0;
    while (*s) {
        bool escaped = s[0] == '\\' && ispunct((unsigned char)s[1]);
        size_t len = escaped ? 2 : 1;
        if (!escaped && strchr(special, *s))
            break;
        while (((unsigned char)s[len] & 0xc0) == 0x80)
            len++;
        last = n;
        n += len - escaped;
        s += len;
    }
    *end = s;
    return *s && strchr(quantifiers, *s) ? last : n;
}

struct text_pattern pattern_of_regex(const char *pattern, bool insensitive)
{
    struct text_pattern p = {.prefix = 0};
    const char *end;
    if (!pattern)
        return p;
    p.trigrams = strlen(pattern) >= 3;
    if (insensitive || *pattern != '^' || strchr(pattern, '|'))
        return p;
    p.prefix = literal(pattern + 1, "\\.[]{}()*+?^$|", "*?{", &end);
    p.whole = p.prefix > 0 && !strcmp(end, "$");
    return p;
}

struct text_pattern pattern_of_similar(const char *pattern)
{
    struct text_pattern p = {.prefix = 0};
    const char *end;
    if (!pattern)
        return p;
    p.trigrams = strlen(pattern) >= 5;
    if (strchr(pattern, '|'))
        return p;
    p.prefix = literal(pattern, "%_|*+?{}()[]\\", "*?{", &end);
    p.whole = p.prefix > 0 && !*end;
    return p;
}
