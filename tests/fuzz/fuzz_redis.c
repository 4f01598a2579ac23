/* What a Redis server says: the reader of replies in pieces, and all that is read from them; INFO and CLIENT
 * LIST as texts. */
#include <stdlib.h>

#include "format/caches/redis_clients.h"
#include "format/caches/redis_cluster.h"
#include "format/caches/redis_info.h"
#include "format/caches/redis_slowlog.h"
#include "source/redis/redis_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_BYTES = 1 << 16, MANY = 8 };

static void spike(void *ctx, const char *event, sd_time at, int64_t latest_ns, int64_t max_ns)
{
    *(size_t *)ctx += strlen(event) + (at < 0) + (latest_ns == max_ns);
}

static size_t texts(const char *text, size_t len)
{
    struct redis_info info;
    struct redis_clients clients;
    size_t sum = 0;
    redis_clients_read(text, len, &clients);
    sum += strlen(clients.most) + clients.n_names;
    if (!redis_info_read(text, len, &info))
        return sum;
    for (size_t i = 0; i < info.n_commands; i++)
        sum += strlen(info.commands[i].command) + (info.commands[i].calls < 0);
    for (size_t i = 0; i < info.n_masters; i++)
        sum += strlen(info.masters[i].host) + (size_t)info.masters[i].port;
    for (size_t i = 0; i < info.cache.troubles->n; i++)
        sum += strlen(info.cache.troubles->items[i]);
    redis_info_free(&info);
    return sum;
}

static size_t one(const struct redis_reply *r)
{
    struct sd_cache_slow slow[MANY];
    struct redis_place places[MANY];
    struct arena *a = arena_new();
    struct redis_info info;
    int64_t newest, n = redis_slowlog_read(r, "slow", "slowdive", a, slow, MANY, &newest);
    size_t sum = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += strlen(slow[i].command);
        if (slow[i].prefix && strlen(slow[i].prefix) > 255)
            abort();
    }
    n = redis_cluster_read(r, places, MANY);
    for (int64_t i = 0; i < n; i++)
        sum += strlen(places[i].host);
    n = redis_replicas_read(r, places, MANY);
    for (int64_t i = 0; i < n; i++)
        sum += strlen(places[i].host);
    redis_latest_read(r, spike, &sum);
    static const char commands[] = "cmdstat_get:calls=1,usec=2\ncmdstat_set:calls=1,usec=2\n";
    if (redis_info_read(commands, sizeof commands - 1, &info)) {
        redis_histogram_read(r, &info);
        redis_info_free(&info);
    }
    if (r->type == REPLY_STRING)
        sum += texts(r->text, r->len);
    arena_free(a);
    return sum;
}

/* In pieces of a size that the first byte says. */
static size_t replies(const uint8_t *data, size_t size)
{
    struct redis_reader *reader = redis_reader_new();
    struct sd_error err = {""};
    size_t piece = size ? (size_t)data[0] + 1 : 1, sum = 0;
    for (size_t at = 0; at < size && !err.text[0]; at += piece) {
        struct redis_reply *r;
        redis_reader_feed(reader, (const char *)data + at, MIN(piece, size - at));
        while ((r = redis_reader_next(reader, MAX_BYTES, &err))) {
            sum += one(r);
            redis_reply_free(r);
        }
    }
    redis_reader_free(reader);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return replies(data, size) + texts((const char *)data, size) == SIZE_MAX;
}
