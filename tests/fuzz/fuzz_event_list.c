/* Events of a JSON file: in order of time, each with a title, clean to be shown. */
#include <stdlib.h>

#include "format/metrics/event_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct event_list list;
    struct sd_error err;
    event_list_sure((const char *)data, size);
    if (event_list_read((const char *)data, size, a, &list, &err))
        for (size_t i = 0; i < list.n; i++) {
            const struct event_item *e = &list.items[i];
            if (!sd_known(e->at) || !e->title || !*e->title || (i && e->at < list.items[i - 1].at))
                abort();
            for (const char *p = e->title; *p; p++)
                if ((unsigned char)*p < 0x20)
                    abort();
        }
    arena_free(a);
    return 0;
}
