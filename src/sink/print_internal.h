/* print_internal.h - the writers behind print.h, one file each. */
#ifndef SINK_PRINT_INTERNAL_H
#define SINK_PRINT_INTERNAL_H

#include "sink/print.h"

void print_text_doc(const struct doc *d, const struct print_options *o, struct strbuf *out);
void print_text_section(const struct section *s, const struct print_options *o, struct strbuf *out);
void print_json_doc(const struct doc *d, const struct print_options *o, struct strbuf *out);
void print_json_section(const struct doc *d, const struct section *s, struct strbuf *out);
void print_md_doc(const struct doc *d, struct strbuf *out);
void print_md_section(const struct section *s, struct strbuf *out);
void print_md_escaped(struct strbuf *out, const char *text); /* one line without markup */
void print_csv_section(const struct section *s, struct strbuf *out);

/* ---- print_boxes.c, print_svg.c: of boxes in boxes ---- */
const struct section *print_boxes_of(const struct doc *d); /* the first; NULL: there are none */
void print_folded(const struct section *s, struct strbuf *out);
void print_speedscope(const struct section *s, struct strbuf *out);
void print_pprof(const struct section *s, struct strbuf *out); /* gzip: it holds NUL bytes */
void print_svg(const struct section *s, struct strbuf *out);

/* ---- print_text_table.c ---- */
void print_text_table(const struct table *t, const struct print_options *o, struct strbuf *out);
/* Without a header: drawings, names and values. */
void print_text_bare(const struct table *t, const struct print_options *o, struct strbuf *out);
/* A line of blocks, `columns` wide: the highest of the levels that share a column. */
void print_levels(const struct levels *l, size_t columns, const struct print_options *o, struct strbuf *out);

/* A line of pieces, `columns` wide. */
void print_pieces(const struct line_pieces *l, int columns, const struct print_options *o,
                  struct strbuf *out);

/* ---- print_text.c ---- */
/* Text neutralised, at most so many columns; in ASCII mode everything else becomes a question
 * mark. The columns used. */
int print_put(struct strbuf *out, const struct print_options *o, const char *s, int columns);
void print_color(struct strbuf *out, const struct print_options *o, const char *sgr);
void print_end_line(struct strbuf *out); /* without spaces at its end */

/* Under a line of its text, text[at..at + n): ^ below what is marked of it. Nothing when
 * nothing is. */
void print_carets(const struct section *s, size_t at, size_t n, size_t indent, struct strbuf *out);

#endif
