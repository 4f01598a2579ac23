#include "format/traces/span_seen.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 1 << 20, FULL = SLOTS / 2 };

/* Of two generations the older one is emptied when the newer one is half full. */
struct span_seen {
    uint64_t *slots[2]; /* open addressing; 0: free. NULL: nothing yet */
    size_t n;           /* in the newer one, slots[0] */
};

struct span_seen *span_seen_new(void)
{
    return mem_alloc(sizeof(struct span_seen));
}

void span_seen_free(struct span_seen *s)
{
    if (!s)
        return;
    free(s->slots[0]);
    free(s->slots[1]);
    free(s);
}

static bool has(const uint64_t *slots, uint64_t key, size_t *at)
{
    for (*at = key % SLOTS; slots[*at]; *at = (*at + 1) % SLOTS)
        if (slots[*at] == key)
            return true;
    return false;
}

bool span_seen_first(struct span_seen *s, const char *trace, const char *id)
{
    uint64_t key = str_hash(trace, strlen(trace)) * 0x9e3779b97f4a7c15u ^ str_hash(id, strlen(id));
    size_t at;
    key ^= key >> 29;
    key += !key;
    if (!s->slots[0])
        s->slots[0] = mem_array(SLOTS, sizeof **s->slots);
    if (has(s->slots[0], key, &at) || (s->slots[1] && has(s->slots[1], key, &at)))
        return false;
    if (s->n == FULL) {
        free(s->slots[1]);
        s->slots[1] = s->slots[0];
        s->slots[0] = mem_array(SLOTS, sizeof **s->slots);
        s->n = 0;
    }
    has(s->slots[0], key, &at);
    s->slots[0][at] = key;
    s->n++;
    return true;
}
