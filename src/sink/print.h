/* print.h - prints docs: one writer per format, for every view.
 * Text from outside is neutralised in text and CSV, valid UTF-8 in JSON and escaped
 * in Markdown. */
#ifndef SINK_PRINT_H
#define SINK_PRINT_H

#include "core/doc.h"

enum print_format { PRINT_TEXT, PRINT_JSON, PRINT_MARKDOWN, PRINT_CSV };
bool print_format_named(const char *name, enum print_format *f); /* text json md csv */

struct print_options {
    int width; /* of text; 0: not limited */
    bool ascii;
    bool color; /* ANSI colours in text (a tty) */
};
/* Texts that are written when they are needed (section.write) are written now. */
void print_doc(struct doc *d, enum print_format f, const struct print_options *o, struct strbuf *out);
/* One section: what the console exports and copies. */
void print_section(struct doc *d, struct section *s, enum print_format f, const struct print_options *o,
                   struct strbuf *out);

#endif
