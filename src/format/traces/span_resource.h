/* span_resource.h - the attributes of a service's process, as one text: "key=value", sorted by key, comma
 * separated, as labels of metrics are written. Bounded, and what looks like a secret is hidden. One thread.
 */
#ifndef FORMAT_TRACES_SPAN_RESOURCE_H
#define FORMAT_TRACES_SPAN_RESOURCE_H

#include "format/traces/span_draft.h"

enum { SPAN_RESOURCE_MAX = 64, SPAN_RESOURCE_VALUE = 512 };

/* {0} is empty. */
struct span_resource {
    struct strbuf texts, text;                 /* "key=value" NUL ... */
    size_t at[SPAN_RESOURCE_MAX], n, left_out; /* where each begins */
};
void span_resource_clear(struct span_resource *r); /* keeps the memory */
void span_resource_free(struct span_resource *r);
/* More than SPAN_RESOURCE_MAX are left out, long values cut. */
void span_resource_add(struct span_resource *r, struct span_text key, struct span_text value);
/* Good until the next call; NULL: it has none. */
const char *span_resource_text(struct span_resource *r);

#endif
