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

#endif
