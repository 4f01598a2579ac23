/* jsonrecord.h - one JSON object a line, as programs of the exec source print it.
 *
 *   {"kind": "http", "at": 1795189898000000000, "route": "/a", "count": 3, "latency_ns": [1200, 900, 4400]}
 *
 * Keys are the field names of the record kinds (slowdive/types.h); others are
 * ignored. `at` is nanoseconds since 1970 or an RFC 3339 time; without it the
 * line is of the moment it was read. An integer may be written as a string, so
 * that 64 bits survive every JSON writer. A list is a JSON array; null in it is an
 * unknown item. A histogram H is "H": [[ns, count], ...]
 * or "H_ns": [ns, ...]; count, timed, total_ns, min_ns and max_ns of an http
 * record follow from it where they are missing. */
#ifndef FORMAT_RECORD_JSONRECORD_H
#define FORMAT_RECORD_JSONRECORD_H

#include "base/base.h"

#define JSONRECORD_LINE_MAX ((size_t)1 << 20)

struct jsonrecord {
    enum sd_kind kind;
    sd_time at;         /* SD_UNKNOWN: not given */
    const void *record; /* struct sd_<kind>; lives in the arena given */
};

/* False and a sentence when the line is no record. Pure. */
bool jsonrecord_decode(const char *line, size_t len, struct arena *a, struct jsonrecord *out,
                       struct sd_error *err);
/* The same of a line whose kind is known; NULL: it says its "kind". */
bool jsonrecord_decode_as(const struct sd_schema *sc, const char *line, size_t len, struct arena *a,
                          struct jsonrecord *out, struct sd_error *err);

#endif
