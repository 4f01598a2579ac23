/* estimate_files.h - files in, documents out: what `slowdive capacity`, `forecast` and `scale` compute, and
 * the source `estimate` shows. I/O is reading the files ("-": standard input); all else is in conf/,
 * format/capacity/ and core/capacity/. Any thread. */
#ifndef SOURCE_ESTIMATE_ESTIMATE_FILES_H
#define SOURCE_ESTIMATE_ESTIMATE_FILES_H

#include "core/result.h"

/* Each: the document, which the caller frees; NULL and one sentence. Its "verdict" is "fail" when what was
 * asked for does not hold. */
cJSON *estimate_usl(const char *path, struct sd_error *err);
cJSON *estimate_plan(const char *path, struct sd_error *err);
cJSON *estimate_hops(const char *path, struct sd_error *err);
cJSON *estimate_scale(const char *trace, const char *policy, struct sd_error *err);

/* One of these by what the file holds, or the document that a command printed as JSON, as it is: with a
 * policy CSV is a trace; without, it is a series to be forecast when its first column is a time, else points
 * of a curve. */
struct estimate_wish {
    const char *policy; /* path; "": none */
    int64_t horizon;    /* of a forecast, in steps: 1 and more */
    double ceiling;     /* NAN: none */
};
cJSON *estimate_any(const char *path, const struct estimate_wish *wish, struct sd_error *err);
/* How sure is it that such a file is one of them? 0: it is not; see sd_source_ops.recognise. */
int estimate_sure(const char *head, size_t len);

#endif
