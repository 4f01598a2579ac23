/* key_class.h - keys of a cache, split at their separators into segments, and which of these vary by
 * themselves: numbers, UUIDs, hex, ULIDs, tokens, e-mail addresses. Pure. */
#ifndef CORE_CACHES_KEY_CLASS_H
#define CORE_CACHES_KEY_CLASS_H

#include "base/base.h"

enum { KEY_SEGMENTS_MAX = 12, KEY_SEGMENT_MAX = 64 };

/* What stands in the place of a segment: the text itself, `*`, or a stem and a number, as in `page*`. */
struct key_segment {
    char separator;   /* before it; 0: it is the first */
    const char *text; /* in the key */
    size_t len;       /* of the stem */
    bool varies;      /* the text or what follows the stem; with len 0 it is all `*` */
};

/* Splits at `:` `/` `|`, and then at `.` `-` `_`. What is beyond the last segment belongs to it, and varies.
 */
size_t key_split(const char *key, size_t n, struct key_segment out[KEY_SEGMENTS_MAX]);

#endif
