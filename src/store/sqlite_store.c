/* sqlite_store.c - the SQLite engine of histories: what store.h says, for "history:PATH". */
#include <stdlib.h>
#include <string.h>

#include "store/sqlite_internal.h"

static void store_free(struct sqlite_store *s)
{
    sqlite_file_close(s);
    series_forget(s);
    free(s->dictionary);
    arena_free(s->texts);
    free(s->run_name);
    free(s->path);
    free(s);
}

static enum sd_result sqlite_open(const char *url, const struct store_options *o, struct store **out,
                                  struct sd_error *err)
{
    const char *path = url + strlen(SQLITE_SCHEMES[0]), *home = getenv("HOME");
    if (!*path)
        return sd_fail(err, SD_CONFIG, "a history needs a path: history:PATH");
    if (o->tiers.n > HISTORY_TIERS_MAX)
        return sd_fail(err, SD_CONFIG, "a history has at most %d tiers", HISTORY_TIERS_MAX);
    struct sqlite_store *s = mem_alloc(sizeof *s);
    s->base.url = mem_strdup(url);
    s->path = str_starts(path, "~/") && home ? mem_printf("%s%s", home, path + 1) : mem_strdup(path);
    s->write = o->write;
    s->tiers = o->tiers;
    s->max_bytes = o->max_bytes;
    s->stop = o->stop;
    s->stop_ctx = o->stop_ctx;
    enum sd_result result = sqlite_file_open(s, err);
    if (result == SD_OK) {
        *out = &s->base;
        return SD_OK;
    }
    char *text = s->base.url;
    store_free(s);
    free(text);
    return result;
}

static void sqlite_close(struct store *base)
{
    store_free(sqlite_store_of(base));
}

static void sqlite_stop(struct store *base)
{
    struct sqlite_store *s = sqlite_store_of(base);
    atomic_store(&s->interrupted, true);
}

static char *sqlite_schema(const char *url, const struct store_options *o, struct sd_error *err)
{
    (void)url, (void)o, (void)err;
    return mem_strdup(SQLITE_STORE_DDL);
}

const struct store_ops sqlite_store_ops = {.schemes = SQLITE_SCHEMES,
                                           .open = sqlite_open,
                                           .close = sqlite_close,
                                           .interrupt = sqlite_stop,
                                           .put = sqlite_put,
                                           .places = sqlite_places,
                                           .end = sqlite_end,
                                           .read = sqlite_read,
                                           .follow = sqlite_follow,
                                           .state = sqlite_state,
                                           .compact = sqlite_compact,
                                           .schema = sqlite_schema};
