/* clickhouse_store.c - a history in ClickHouse, the engine of a team, over HTTP: struct store_ops. */
#include <stdlib.h>

#include "store/clickhouse_internal.h"

static void store_end_of(struct store *s)
{
    struct clickhouse *c = (struct clickhouse *)s;
    clickhouse_follow_end(c);
    clickhouse_disconnect(c);
    free(c);
}

static enum sd_result open_it(const char *url, const struct store_options *o, struct store **out,
                              struct sd_error *err)
{
    struct clickhouse *c = mem_alloc(sizeof *c);
    enum sd_result result = clickhouse_connect(c, url, o, err);
    if (result == SD_OK)
        result = clickhouse_prepare(c, o, err);
    if (result == SD_OK) {
        *out = &c->base;
        return SD_OK;
    }
    free(c->base.url);
    free(c->base.partial);
    store_end_of(&c->base);
    return result;
}

static void interrupt(struct store *s)
{
    struct clickhouse *c = (struct clickhouse *)s;
    atomic_store(&c->interrupted, true);
    curl_multi_wakeup(c->multi);
}

const struct store_ops clickhouse_store_ops = {
    .schemes = CLICKHOUSE_SCHEMES,
    .open = open_it,
    .close = store_end_of,
    .interrupt = interrupt,
    .put = clickhouse_put,
    .end = clickhouse_end,
    .read = clickhouse_read,
    .follow = clickhouse_follow,
    .state = clickhouse_state,
    .hosts = clickhouse_hosts,
    .compact = clickhouse_compact,
    .schema = clickhouse_schema,
    .right = clickhouse_right,
};
