/* utf8.h - all text from outside is made safe here.
 *
 * LC_CTYPE must be a UTF-8 locale (app sets C.UTF-8 when the user's is not);
 * whether the *terminal* supports UTF-8 is decided in the grid. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/base.h"

/* One safe character of hostile text. */
struct utf8_char {
    uint32_t code; /* never a control, bidi override, private or unassigned one */
    int width;     /* 1 or 2 columns */
    bool replaced; /* stands for something that must not be shown as it is */
};

/* Takes the next character of text[0..len) that may be shown. Control bytes
 * (C0, DEL, C1), ESC, invalid UTF-8, surrogates, bidi controls and other
 * format characters come as U+FFFD-like marks (replaced = true, code U+00B7 or
 * '?'); combining and zero-width characters are skipped; tab and newline come
 * as one space. Returns the bytes consumed, 0 at the end. */
size_t utf8_next(const char *text, size_t len, struct utf8_char *out);

int utf8_width(const char *text); /* columns of all of it, sanitised */
/* Appends at most `columns` columns of text, sanitised, as UTF-8. Returns the
 * columns used. For plain-text output (a file or a pipe is safe as well). */
int utf8_append(struct strbuf *b, const char *text, int columns);
size_t utf8_encode(uint32_t code, char out[4]);
bool utf8_valid(const char *text, size_t len); /* strict */
/* The first character as it is. Returns its bytes, 0 when it is invalid. */
size_t utf8_decode(const char *text, size_t len, uint32_t *code);
/* Neither a control nor one that changes how its neighbours are shown. */
bool utf8_harmless(uint32_t code);
/* Appends text as valid UTF-8 for JSON and Markdown: invalid bytes become
 * U+FFFD, everything else stays (the writer escapes controls). */
void utf8_append_valid(struct strbuf *b, const char *text, size_t len);
/* The same, but every unsafe character becomes U+00B7, except line ends (\n) and tabs:
 * text of several lines for a clipboard or a file that somebody prints. */
void utf8_append_lines(struct strbuf *b, const char *text, size_t len);

#endif
