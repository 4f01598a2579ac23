/* record_line.h - some fields of a record as one line of text, for a column of an engine that knows no
 * records.
 *
 *   method=GET<tab>route=/orders/:id<tab>latency=12:3,15:1<tab>stack#2<tab>main<tab>work
 *
 * In order of the schema; what is unknown is left out, so that equal records give equal lines. A list is its
 * number of items and these, `\N` an unknown one. In texts a backslash, tab and line end are written \\ \t
 * \n. A field that this program does not know is skipped: the line may be of a newer one. */
#ifndef FORMAT_HISTORY_RECORD_LINE_H
#define FORMAT_HISTORY_RECORD_LINE_H

#include "core/schema.h"

/* Appends those of the fields whose bit is set in `which` (bit i: field i; fields from 64 on never are). */
void fields_encode(const struct sd_schema *sc, const void *record, uint64_t which, struct strbuf *out);

/* Sets the fields that are in the line, and leaves the others as they are. Texts and lists live in the
 * arena. False: this is no such line. For any bytes. */
bool fields_decode(const struct sd_schema *sc, const char *line, size_t len, void *record, struct arena *a);

#endif
