/* trace_reader.h - a file of spans as it comes, unpacked, in any of the forms of trace_form.h.
 *
 * Lines that are values of their own (NDJSON) are read one after the other, and a broken one is told and
 * passed over; one document, or several behind each other, when all of it is there. Bounded. Pure; one
 * thread. */
#ifndef FORMAT_TRACES_TRACE_READER_H
#define FORMAT_TRACES_TRACE_READER_H

#include "format/traces/trace_form.h"

#define TRACE_LINE_MAX     ((size_t)256 << 20) /* bytes of a line */
#define TRACE_DOCUMENT_MAX ((size_t)1 << 30)   /* of what is no lines */

struct trace_counts {
    int64_t entries, broken; /* lines, or values */
    int64_t other;           /* of these, metrics, logs or profiles of OTLP */
    int64_t bytes;
    bool lines;           /* the entries are lines */
    enum trace_form form; /* of the last one with spans; TRACE_NONE: there was none */
    char reason[300];     /* why the first broken one is broken, with its number; "" */
    char sample[200];     /* its beginning */
};

struct trace_reader;
struct trace_reader *trace_reader_new(struct span_draft *d, const struct span_sink *sink);
void trace_reader_free(struct trace_reader *r); /* NULL is fine */
/* False and a sentence without its subject: it has none, is too large, or the sink ended it (""). */
bool trace_reader_feed(struct trace_reader *r, const char *bytes, size_t n, struct sd_error *err);
bool trace_reader_end(struct trace_reader *r, struct sd_error *err);
const struct trace_counts *trace_reader_counts(const struct trace_reader *r);

#endif
