/* What memcached and varnishstat answer: whatever it is, the figures that become records are unknown or not
 * negative, and what is refused has a sentence. */
#include <stdlib.h>

#include "format/caches/memcached_stats.h"
#include "format/caches/varnish_stats.h"
#include "fuzz_host.h"

static bool added(struct sd_batch *b, enum sd_kind kind, const void *record)
{
    const struct sd_cache *c = record;
    const struct sd_cache_prefix *p = record;
    if (kind == SD_CACHE &&
        ((sd_known(c->hits) && c->hits < 0) || (sd_known(c->bytes_max) && c->bytes_max < 0)))
        abort();
    if (kind == SD_CACHE_PREFIX && ((sd_known(p->misses) && p->misses < 0) || !p->prefix))
        abort();
    return batch_add(b, kind, record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct sd_host host = {.add = added};
    static struct memcached_stats m;
    const char *text = (const char *)data;
    struct sd_error err = {.text = ""};
    struct sd_batch *b = batch_new("fuzz", SD_S);
    memcached_stats_clear(&m);
    if (memcached_stats_read(&m, text, size, &err))
        memcached_stats_add(&m, "fuzz", size % 2, &host, b);
    else if (!err.text[0])
        abort();
    struct memcached_prefixes now = {.n = 0}, before = {.n = 0};
    memcached_prefixes_read(&before, text, size / 2, &err);
    memcached_prefixes_read(&now, text, size, &err);
    memcached_prefixes_add(&now, &before, &m, "fuzz", SD_S, &host, b);
    memcached_prefixes_free(&now);
    memcached_prefixes_free(&before);
    struct varnish_stats v;
    err.text[0] = 0;
    varnish_stats_sure(text, size);
    if (varnish_stats_read(&v, text, size, &err))
        varnish_stats_add(&v, size % 2 ? &v : NULL, "fuzz", SD_UNKNOWN, &host, b);
    else if (!err.text[0])
        abort();
    batch_unref(b);
    return 0;
}
