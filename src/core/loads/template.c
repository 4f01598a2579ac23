#include "core/loads/template.h"

#include <string.h>

#define SEQ  "{seq}"
#define USER "{user."

/* The length of the hole that begins at p; 0: none does. */
static size_t hole(const char *p)
{
    if (!strncmp(p, SEQ, strlen(SEQ)))
        return strlen(SEQ);
    if (strncmp(p, USER, strlen(USER)) != 0)
        return 0;
    size_t n = strcspn(p + strlen(USER), "}{\n");
    return n && p[strlen(USER) + n] == '}' ? strlen(USER) + n + 1 : 0;
}

/* Does an escaped hole begin at p: a brace too many? */
static bool escaped(const char *p)
{
    return p[0] == '{' && (!strncmp(p + 1, SEQ, strlen(SEQ)) || !strncmp(p + 1, USER, strlen(USER)));
}

bool load_piece_next(const char **p, struct load_piece *out)
{
    const char *s = *p;
    if (!*s)
        return false;
    size_t n = hole(s);
    if (n) {
        bool seq = s[1] == 's';
        *out = (struct load_piece){.kind = seq ? LOAD_PIECE_SEQ : LOAD_PIECE_USER,
                                   .text = seq ? s : s + strlen(USER),
                                   .len = seq ? n : n - strlen(USER) - 1};
        *p = s + n;
        return true;
    }
    if (escaped(s)) { /* the first brace goes, the rest stands for itself, up to the next brace */
        s++;
        n = 1 + strcspn(s + 1, "{");
    } else {
        n = *s == '{' ? 1 : 0;
        while (s[n] && !hole(s + n) && !escaped(s + n))
            n++;
    }
    *out = (struct load_piece){.kind = LOAD_PIECE_TEXT, .text = s, .len = n};
    *p = s + n;
    return true;
}

void load_template_escape(struct strbuf *out, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool seq = n - i >= strlen(SEQ) && !memcmp(text + i, SEQ, strlen(SEQ));
        bool user = n - i >= strlen(USER) && !memcmp(text + i, USER, strlen(USER));
        if (seq || user)
            strbuf_char(out, '{');
        strbuf_char(out, text[i]);
    }
}
