/* trace_source.h - shared by the sources of this folder: files of spans, and the query APIs of Jaeger and
 * Tempo. */
#ifndef SOURCE_TRACE_TRACE_SOURCE_H
#define SOURCE_TRACE_TRACE_SOURCE_H

#include "format/traces/trace_reader.h"
#include "source/shared/span_outlet.h"

/* One sentence about what was read and what was not, for the source `s`. */
struct trace_intake {
    int64_t entries, broken, other, bytes, files, passed_over; /* files that are none */
    bool lines;
    char reason[400], sample[200]; /* of the first that is broken */
    struct strbuf notes;           /* sentences */
};
void trace_intake_publish(struct sd_source *s, const struct trace_intake *in, const struct span_draft *d,
                          sd_time at);

/* Reads the file, or standard input ("-"), into the draft, which is given to `outlet` when it is full. SD_OK;
 * SD_NODATA: it is to stop; SD_CONFIG and a sentence without its subject. */
enum sd_result trace_file_read(struct span_outlet *outlet, const char *path, struct span_draft *d,
                               struct trace_intake *in, struct sd_error *err);
/* How sure it is that a file with this head, which may be packed, has spans. */
int trace_file_sure(const char *head, size_t len);

#endif
