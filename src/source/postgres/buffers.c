#include "source/postgres/buffers.h"

#include <stdlib.h>

#include "base/num.h"
#include "core/schema.h"
#include "source/postgres/buffer_use.h"

/* A database that is dropped, or whose statistics are reset, makes the sums of all databases fall: then what
 * was counted in between is not known, and is left out. Another server counts from another beginning. */
static void grow(int64_t *total, int64_t *last, int64_t now, bool same)
{
    if (!sd_known(now))
        return;
    if (!sd_known(*total))
        *total = now;
    else if (same && sd_known(*last) && now > *last)
        *total = add_sat(*total, now - *last);
    *last = now;
}

void buffers_count(struct postgres *p, const struct sd_server *server)
{
    struct buffers *x = &p->buffers;
    bool same = x->started == server->started;
    if (!x->known) {
        *x = (struct buffers){.known = true,
                              .size = x->size,
                              .since = server->since,
                              .hits = SD_UNKNOWN,
                              .reads = SD_UNKNOWN,
                              .evictions = SD_UNKNOWN,
                              .last_hits = SD_UNKNOWN,
                              .last_reads = SD_UNKNOWN,
                              .last_evictions = SD_UNKNOWN};
    } else if (!same) {
        x->last_evictions = SD_UNKNOWN;
    }
    x->started = server->started;
    grow(&x->hits, &x->last_hits, server->blks_hit, same);
    grow(&x->reads, &x->last_reads, server->blks_read, same);
}

void buffers_evicted(struct postgres *p, int64_t evictions)
{
    grow(&p->buffers.evictions, &p->buffers.last_evictions, evictions, true);
}

static void name_of(const struct postgres *p, char *name, size_t size)
{
    const char *host = p->main.pg ? PQhost(p->main.pg) : NULL, *port = p->main.pg ? PQport(p->main.pg) : NULL;
    bool colons = host && *host != '/' && strchr(host, ':');
    snprintf(name, size, "postgresql %s%.200s%s:%.10s", colons ? "[" : "", host && *host ? host : "localhost",
             colons ? "]" : "", port ? port : "");
}

void buffers_add(struct postgres *p, struct sd_batch *b)
{
    const struct buffers *x = &p->buffers;
    struct sd_cache r;
    char name[300], version[32];
    const char *notes[4];
    size_t n = 0;
    if (!x->known || !sd_known(x->hits))
        return;
    schema_clear(schema_of(SD_CACHE), &r);
    name_of(p, name, sizeof name);
    snprintf(version, sizeof version, "%d.%d", p->version / 10000, p->version % 10000);
    r.layer = "database";
    r.name = name;
    r.product = "postgresql";
    r.version = version;
    r.since = x->since;
    r.hits = x->hits;
    r.misses = x->reads;
    r.evictions = x->evictions;
    r.bytes_max = x->size;
    notes[n++] =
        "A lookup is a block of a table or an index; a miss is read from the operating system, which may "
        "have it in memory.";
    notes[n++] = "PostgreSQL does not count why a block was not in shared buffers, nor how long a hit takes.";
    if (!sd_known(x->evictions))
        notes[n++] = "Evictions are counted from PostgreSQL 16 on.";
    r.bytes_used = buffer_use_bytes(p);
    if (!sd_known(r.bytes_used) && buffer_use_why(p))
        notes[n++] = buffer_use_why(p);
    r.notes = &(struct sd_texts){.n = (uint32_t)n, .items = notes};
    p->s->host->add(b, SD_CACHE, &r);
}

void buffers_add_table(struct postgres *p, struct sd_batch *b, sd_time at, const struct sd_table *t)
{
    struct sd_cache_prefix r;
    char cache[300];
    int64_t lookups = add_known(t->blks_hit, t->blks_read);
    if (!t->schema || !t->name || !sd_known(lookups) || lookups <= 0)
        return;
    schema_clear(schema_of(SD_CACHE_PREFIX), &r);
    name_of(p, cache, sizeof cache);
    char *name = mem_printf("%s.%s", t->schema, t->name);
    sd_time since = sd_known(t->since) ? t->since : p->buffers.started;
    r.cache = cache;
    r.prefix = name;
    r.kind = "table";
    r.watched_ns = since > 0 && since < at ? at - since : SD_UNKNOWN;
    r.hits = t->blks_hit;
    r.misses = t->blks_read;
    r.bytes = buffer_use_of_table(p, t->schema, t->name);
    r.method = "blocks of the table, its indexes and TOAST, since the statistics were reset";
    p->s->host->add(b, SD_CACHE_PREFIX, &r);
    free(name);
}
