/* copy.c - the clipboard of the user's own machine, by OSC 52 (xterm's ctlseqs,
 * "Operating System Commands"), over any number of hops. */
#include "term/private.h"

#include <stdlib.h>
#include <string.h>

/* xterm and others take 100,000 bytes of base64. */
enum { COPY_MAX = 74000, SCREEN_CHUNK = 76 };

static void base64(struct strbuf *out, const unsigned char *p, size_t n)
{
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        uint32_t group =
            (uint32_t)p[i] << 16 | (i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0) | (i + 2 < n ? p[i + 2] : 0);
        strbuf_char(out, DIGITS[group >> 18]);
        strbuf_char(out, DIGITS[group >> 12 & 63]);
        strbuf_char(out, i + 1 < n ? DIGITS[group >> 6 & 63] : '=');
        strbuf_char(out, i + 2 < n ? DIGITS[group & 63] : '=');
    }
}

bool term_copy(struct term *t, const char *text)
{
    size_t n = strlen(text);
    if (!t->modern || n > COPY_MAX)
        return false;
    struct strbuf code = {0}, out = {0};
    base64(&code, (const unsigned char *)text, n);
    if (getenv("TMUX")) {
        /* Which of the two tmux heeds depends on its set-clipboard and
         * allow-passthrough; both say the same. */
        strbuf_printf(&out, "\033]52;c;%s\a", strbuf_text(&code));
        strbuf_printf(&out, "\033Ptmux;\033\033]52;c;%s\a\033\\", strbuf_text(&code));
    } else if (getenv("STY") || str_starts(t->name, "screen")) {
        /* screen passes strings on in short pieces only. */
        strbuf_str(&out, "\033P\033]52;c;");
        for (size_t i = 0; i < code.len; i += SCREEN_CHUNK) {
            strbuf_str(&out, i ? "\033\\\033P" : "");
            strbuf_add(&out, code.text + i, MIN((size_t)SCREEN_CHUNK, code.len - i));
        }
        strbuf_str(&out, "\a\033\\");
    } else {
        strbuf_printf(&out, "\033]52;c;%s\a", strbuf_text(&code));
    }
    term_write(t, out.text, out.len);
    strbuf_free(&code);
    strbuf_free(&out);
    return true;
}
