/* What a server in MONITOR may send: every argument lies in the feed, and what follows from the commands is
 * no less than nothing. */
#include <stdlib.h>
#include <string.h>

#include "core/caches/key_watch.h"
#include "format/caches/monitor_feed.h"

static void ask(void *ctx, int64_t db, const char *key, size_t n)
{
    struct key_watch *w = *(struct key_watch **)ctx;
    (void)w;
    if (db < 0 || memchr(key, 0, n) == key + n)
        abort();
}

static void take(struct key_watch *w, const struct monitor_feed *f, const struct monitor_item *it)
{
    for (size_t i = 0; i < it->n; i++)
        if (it->arguments[i] < (const char *)f ||
            it->arguments[i] + it->lengths[i] >= (const char *)(f + 1) || it->arguments[i][it->lengths[i]])
            abort();
    if (it->what == MONITOR_COMMAND)
        key_watch_command(w, it->db, it->n, it->arguments, it->lengths, it->at, ask, &w);
    else if (it->what == MONITOR_EVENT)
        key_watch_event(w, it->db, it->event, it->arguments[0], it->lengths[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *p = (const char *)data, *end = p + size;
    struct monitor_feed *f = mem_alloc(sizeof *f);
    struct key_watch *w = key_watch_new(NULL, 64, NULL, NULL);
    struct monitor_item it;
    key_watch_evicts(w, size % 2, size % 3);
    while (p < end) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        size_t n = stop ? (size_t)(stop - p) : (size_t)(end - p), given = MIN(n, (size_t)300);
        char *copy = mem_alloc(given + 1);
        memcpy(copy, p, given);
        monitor_feed_line(f, copy, given, n, &it);
        take(w, f, &it);
        if (it.what == MONITOR_EVENT)
            key_watch_answer(w, it.db, it.arguments[0], it.lengths[0], n % 2, KEY_NO_END, SD_S);
        free(copy);
        p += n + 1;
    }
    key_prefixes_settle(key_watch_prefixes(w));
    for (uint32_t i = 0; i < KEY_PREFIXES_MAX; i++) {
        const struct key_watch_figures *x = key_watch_of(w, i);
        if (!(x->hits >= 0 && x->undecided >= 0 && x->decided >= 0))
            abort();
    }
    key_watch_free(w);
    free(f);
    return 0;
}
