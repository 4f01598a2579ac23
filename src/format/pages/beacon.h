/* beacon.h - what a page sends of its vitals: an object of the web-vitals library, or an array of them, as a
 * body of a request or a line of a file. Pure. */
#ifndef FORMAT_PAGES_BEACON_H
#define FORMAT_PAGES_BEACON_H

#include "core/pages/field_tally.h"

enum {
    BEACON_BODY_MAX = 64 << 10,
    BEACON_ID_MAX = 200,
    BEACON_VALUE_MAX = 3600000, /* ms: an hour */
};

struct beacon_found {
    int64_t taken, ignored, rejected; /* ignored: of another name */
    const char *reason;               /* why the last one was rejected; NULL: none was */
};

typedef void beacon_fn(void *ctx, const struct field_beacon *b);

/* Calls `take` for each sound beacon, in their order. `referer`: URL of the page, for a beacon that does not
 * name it; or NULL. A text that is no JSON is one rejected beacon. */
struct beacon_found beacon_read(const char *text, size_t len, const char *referer, beacon_fn *take,
                                void *ctx);

/* How sure it is that the beginning of a file is of beacons, one a line: 0 to 100. Its first lines may be
 * bad. */
int beacon_sure(const char *head, size_t len);

#endif
