/* print.h - prints docs: one writer per format, for every view.
 * Text from outside is neutralised in text and CSV, valid UTF-8 in JSON and escaped
 * in Markdown. */
#ifndef SINK_PRINT_H
#define SINK_PRINT_H

#include "core/doc.h"

/* Those from svg on are of boxes in boxes, such as a flame graph. */
enum print_format {
    PRINT_TEXT,
    PRINT_JSON,
    PRINT_MARKDOWN,
    PRINT_CSV,
    PRINT_SVG,
    PRINT_FOLDED,
    PRINT_SPEEDSCOPE,
    PRINT_PPROF
};
/* text json md csv svg folded speedscope pprof */
bool print_format_named(const char *name, enum print_format *f);
/* By the end of a file's name: .csv .json .md .txt .svg .folded .speedscope.json .pb.gz */
bool print_format_of_file(const char *path, enum print_format *f);
/* False and a sentence: what is on show has nothing that could be printed so. */
bool print_format_fits(const struct doc *d, enum print_format f, struct sd_error *err);

struct print_options {
    int width; /* of text; 0: not limited */
    bool ascii;
    bool color; /* ANSI colours in text (a tty) */
    /* Takes away a part of the output when that has become long, as JSON of a whole doc does; what is left in
     * `out` follows. NULL: all of it is left there. */
    void (*take)(void *ctx, struct strbuf *part);
    void *ctx;
};
/* Texts that are written when they are needed (section.write) are written now. The output of PRINT_PPROF has
 * NUL bytes. */
void print_doc(struct doc *d, enum print_format f, const struct print_options *o, struct strbuf *out);
/* One section: what the console exports and copies. */
void print_section(struct doc *d, struct section *s, enum print_format f, const struct print_options *o,
                   struct strbuf *out);

#endif
