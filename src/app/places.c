#include "app/places.h"

#include "base/trust.h"
#include "store/spool.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define BEFORE_MAX ((size_t)1 << 20)
static const char BEFORE_HEADER[] = "slowdive: how far logs were read, 1\n";

struct entry {
    char *file, *place;
};

struct places {
    struct entry *entries;
    size_t n, cap;
};

static struct entry *find(const struct places *p, const char *file)
{
    for (size_t i = 0; i < p->n; i++)
        if (!strcmp(p->entries[i].file, file))
            return &p->entries[i];
    return NULL;
}

static void set(void *ctx, const char *file, const char *place)
{
    struct places *p = ctx;
    struct entry *e = find(p, file);
    if (!e) {
        p->entries = mem_grow(p->entries, p->n, &p->cap, sizeof *p->entries);
        e = &p->entries[p->n++];
        *e = (struct entry){.file = mem_strdup(file)};
    }
    free(e->place);
    e->place = mem_strdup(place);
}

/* "DEV INO OFFSET HEAD BEFORE FILE" lines. */
static bool read_before(struct places *p, const char *path, struct sd_error *err)
{
    enum { WORDS = 5 };
    char *text;
    size_t len;
    if (access(path, F_OK) < 0 && errno == ENOENT)
        return true;
    if (!trust_read("file of places", path, BEFORE_MAX, &text, &len, err))
        return false;
    if (len && !str_starts(text, BEFORE_HEADER)) {
        free(text);
        return fail(err, "%.200s is no file of places in logs; remove it", path);
    }
    for (char *s = text + (len ? sizeof BEFORE_HEADER - 1 : 0), *stop; (stop = strchr(s, '\n'));
         s = stop + 1) {
        char *file = s;
        *stop = 0;
        for (int i = 0; i < WORDS && file; i++)
            file = (file = strchr(file, ' ')) ? file + 1 : NULL;
        if (!file || !*file || find(p, file))
            continue;
        file[-1] = 0;
        set(p, file, s);
    }
    free(text);
    return true;
}

static bool read_spool(struct places *p, const char *path, const char *host, struct sd_error *err)
{
    struct spool *s = spool_open(path, 0, err);
    bool ok = s && spool_places(s, host, set, p, err) == SD_OK;
    spool_close(s);
    return ok;
}

static bool read_store(struct places *p, const char *url, const char *host, struct sd_error *err)
{
    const struct store_options o = {.write = false};
    struct store *s;
    enum sd_result result = store_open(url, &o, &s, err);
    if (result != SD_OK)
        return result == SD_RETRY; /* it is empty */
    result = store_places(s, host, set, p, err);
    store_close(s);
    return result == SD_OK;
}

struct places *places_read(const char *url, const char *spool, const char *before, const char *host,
                           struct sd_error *err)
{
    struct places *p = mem_alloc(sizeof *p);
    bool ok = !url || (spool ? read_spool(p, spool, host, err) : read_store(p, url, host, err));
    if (ok && (!before || read_before(p, before, err)))
        return p;
    places_free(p);
    return NULL;
}

void places_free(struct places *p)
{
    for (size_t i = 0; p && i < p->n; i++) {
        free(p->entries[i].file);
        free(p->entries[i].place);
    }
    if (p)
        free(p->entries);
    free(p);
}

void places_take(struct places *p, const struct sd_batch *b)
{
    const struct batch_place *places;
    for (size_t i = 0, n = batch_places(b, &places); p && i < n; i++)
        set(p, places[i].file, places[i].place);
}

char *places_text(const struct places *p)
{
    struct strbuf b = {0};
    for (size_t i = 0; p && i < p->n; i++)
        if (*p->entries[i].place && !strchr(p->entries[i].file, '\n') && !strchr(p->entries[i].place, '\n'))
            strbuf_printf(&b, "%s%s %s", b.len ? "\n" : "", p->entries[i].place, p->entries[i].file);
    strbuf_str(&b, "");
    return strbuf_detach(&b);
}
