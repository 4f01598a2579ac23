/* print_internal.h - the writers behind print.h, one file each. */
#ifndef SINK_PRINT_INTERNAL_H
#define SINK_PRINT_INTERNAL_H

#include "sink/print.h"

void print_text_doc(const struct doc *d, const struct print_options *o, struct strbuf *out);
void print_text_section(const struct section *s, const struct print_options *o, struct strbuf *out);
void print_json_doc(const struct doc *d, struct strbuf *out);
void print_json_section(const struct doc *d, const struct section *s, struct strbuf *out);
void print_md_doc(const struct doc *d, struct strbuf *out);
void print_md_section(const struct section *s, struct strbuf *out);
void print_csv_section(const struct section *s, struct strbuf *out);

/* Under a line of its text, text[at..at + n): ^ below what is marked of it. Nothing when
 * nothing is. */
void print_carets(const struct section *s, size_t at, size_t n, size_t indent, struct strbuf *out);

#endif
