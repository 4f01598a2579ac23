/* store.c - finds the engine of a URL and passes every call on to it. */
#include "store/store.h"

#include <stdlib.h>

#include "store/store_internal.h"

static const struct store_ops *const ENGINES[] = {&sqlite_store_ops, &clickhouse_store_ops};

static const struct store_ops *engine_of(const char *url)
{
    for (size_t i = 0; i < ARRAY_LEN(ENGINES); i++)
        for (const char *const *scheme = ENGINES[i]->schemes; *scheme; scheme++)
            if (str_starts(url, *scheme))
                return ENGINES[i];
    return NULL;
}

enum sd_result store_open(const char *url, const struct store_options *o, struct store **out,
                          struct sd_error *err)
{
    const struct store_ops *ops = engine_of(url);
    *out = NULL;
    if (!ops)
        return sd_fail(err, SD_CONFIG,
                       "a history is history:PATH or clickhouse://USER@HOST:8123/DATABASE, not %.100s", url);
    enum sd_result result = ops->open(url, o, out, err);
    if (result == SD_OK)
        (*out)->ops = ops;
    return result;
}

enum sd_result store_right(const char *url, const struct store_options *o, enum store_right *out,
                           struct sd_error *err)
{
    const struct store_ops *ops = engine_of(url);
    return ops && ops->right ? ops->right(url, o, out, err)
                             : sd_fail(err, SD_UNSUPPORTED, "this is no engine: %.100s", url);
}

void store_close(struct store *s)
{
    if (!s)
        return;
    char *url = s->url;
    free(s->partial);
    s->ops->close(s);
    free(url);
}

const char *store_url(const struct store *s)
{
    return s->url;
}

char *store_partial(struct store *s)
{
    char *partial = s->partial;
    s->partial = NULL;
    return partial;
}

void store_interrupt(struct store *s)
{
    s->ops->interrupt(s);
}

enum sd_result store_put(struct store *s, const struct store_run *run, const struct store_put *put,
                         struct sd_error *err)
{
    return s->ops->put(s, run, put, err);
}

enum sd_result store_places(struct store *s, const char *host, store_place *each, void *ctx,
                            struct sd_error *err)
{
    return s->ops->places ? s->ops->places(s, host, each, ctx, err) : SD_OK;
}

enum sd_result store_end(struct store *s, const struct store_run *run, struct sd_error *err)
{
    return s->ops->end(s, run, err);
}

enum sd_result store_read(struct store *s, const struct store_ask *ask,
                          bool (*row)(void *ctx, const struct history_row *row), void *ctx,
                          struct store_answer *out, struct sd_error *err)
{
    *out = (struct store_answer){
        .from = SD_UNKNOWN, .to = SD_UNKNOWN, .oldest = SD_UNKNOWN, .newest = SD_UNKNOWN};
    return s->ops->read(s, ask, row, ctx, out, err);
}

enum sd_result store_follow(struct store *s, uint64_t *mark, const struct store_ask *ask,
                            bool (*row)(void *ctx, const struct history_row *row), void *ctx,
                            struct sd_error *err)
{
    return s->ops->follow(s, mark, ask, row, ctx, err);
}

enum sd_result store_state(struct store *s, bool verify, struct arena *a, struct store_state *out,
                           struct sd_error *err)
{
    *out = (struct store_state){.url = s->url, .oldest = SD_UNKNOWN, .newest = SD_UNKNOWN};
    return s->ops->state(s, verify, a, out, err);
}

enum sd_result store_hosts(struct store *s, struct arena *a, struct store_state *out, struct sd_error *err)
{
    if (!s->ops->hosts)
        return store_state(s, false, a, out, err);
    *out = (struct store_state){.url = s->url, .oldest = SD_UNKNOWN, .newest = SD_UNKNOWN};
    return s->ops->hosts(s, a, out, err);
}

enum sd_result store_compact(struct store *s, sd_time now, struct store_compaction *out, struct sd_error *err)
{
    *out = (struct store_compaction){.dropped_to = SD_UNKNOWN};
    return s->ops->compact(s, now, out, err);
}

char *store_schema(const char *url, const struct store_options *o, struct sd_error *err)
{
    const struct store_ops *ops = engine_of(url);
    if (ops)
        return ops->schema(url, o, err);
    sd_fail(err, SD_CONFIG, "this is no history: %.100s", url);
    return NULL;
}
