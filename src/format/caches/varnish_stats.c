#include "format/caches/varnish_stats.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <time.h>

#include "base/num.h"
#include "core/schema.h"

#define COUNT(name_) {.name = #name_, .at = offsetof(struct varnish_stats, name_)},
static const struct {
    const char *name;
    size_t at;
} COUNTS[] = {VARNISH_COUNTS(COUNT)};
#undef COUNT

static bool contains(const char *head, size_t len, const char *text)
{
    return memmem(head, len, text, strlen(text)) != NULL;
}

int varnish_stats_sure(const char *head, size_t len)
{
    size_t i = 0;
    while (i < len && strchr(" \t\r\n", head[i]) && head[i])
        i++;
    if (i == len || head[i] != '{' || !contains(head, len, "\"description\""))
        return 0;
    bool named = contains(head, len, "\"MAIN.") || contains(head, len, "\"MGT.");
    if (named && contains(head, len, "\"value\""))
        return 95;
    /* Varnish 3 */
    return contains(head, len, "\"client_conn\"") && contains(head, len, "\"flag\"") ? 90 : 0;
}

static int64_t count_of(const cJSON *counter)
{
    const cJSON *v = cJSON_IsObject(counter) ? cJSON_GetObjectItemCaseSensitive(counter, "value") : NULL;
    return cJSON_IsNumber(v) && v->valuedouble >= 0 ? real_to_int(v->valuedouble) : SD_UNKNOWN;
}

/* SMA.s0.g_bytes, SMF.disk.g_space, MSE4_STORE...; "" for others. */
static const char *storage_figure(const char *name)
{
    if (!str_starts(name, "SMA.") && !str_starts(name, "SMF.") && !str_starts(name, "SMU.") &&
        !str_starts(name, "MSE.") && !str_starts(name, "MSE4_"))
        return "";
    const char *dot = strrchr(name, '.');
    return !dot || strstr(name, ".Transient.") ? "" : dot + 1;
}

static void read_counter(struct varnish_stats *v, const cJSON *counter, size_t *known)
{
    const char *name = counter->string;
    int64_t n = count_of(counter);
    if (!sd_known(n))
        return;
    const char *figure = storage_figure(name);
    if (str_eq(figure, "g_bytes"))
        v->storage_bytes = add_known(v->storage_bytes, n);
    else if (str_eq(figure, "g_space"))
        v->storage_space = add_known(v->storage_space, n);
    if (str_starts(name, "MAIN."))
        name += strlen("MAIN.");
    for (size_t i = 0; i < ARRAY_LEN(COUNTS); i++)
        if (str_eq(COUNTS[i].name, name)) {
            *(int64_t *)(void *)((char *)v + COUNTS[i].at) = n;
            ++*known;
        }
}

static sd_time stamp_of(const cJSON *o)
{
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, "timestamp");
    struct tm tm = {.tm_isdst = -1};
    if (!cJSON_IsString(v) || !strptime(v->valuestring, "%Y-%m-%dT%H:%M:%S", &tm))
        return SD_UNKNOWN;
    time_t t = mktime(&tm);
    return t > 0 && t < 9223372035 ? (sd_time)t * SD_S : SD_UNKNOWN;
}

bool varnish_stats_read(struct varnish_stats *v, const char *text, size_t len, struct sd_error *err)
{
    size_t known = 0;
    for (size_t i = 0; i < ARRAY_LEN(COUNTS); i++)
        *(int64_t *)(void *)((char *)v + COUNTS[i].at) = SD_UNKNOWN;
    v->storage_bytes = v->storage_space = v->at = SD_UNKNOWN;
    cJSON *o = len <= VARNISH_BYTES_MAX ? cJSON_ParseWithLength(text, len) : NULL;
    if (!cJSON_IsObject(o)) {
        cJSON_Delete(o);
        return fail(err, "this is not what varnishstat -j prints: it is no JSON object, or a cut one");
    }
    const cJSON *counters = cJSON_GetObjectItemCaseSensitive(o, "counters"), *c;
    if (!cJSON_IsObject(counters))
        counters = o;
    cJSON_ArrayForEach(c, counters) if (c->string) read_counter(v, c, &known);
    v->at = stamp_of(o);
    cJSON_Delete(o);
    if (!known || !sd_known(v->cache_hit) || !sd_known(v->cache_miss))
        return fail(err, "this is not what varnishstat -j prints: it has no MAIN.cache_hit or no "
                         "MAIN.cache_miss");
    return true;
}

/* More than before? */
static bool grew(int64_t now, int64_t before)
{
    return sd_known(now) && sd_known(before) && now > before;
}

void varnish_stats_add(const struct varnish_stats *v, const struct varnish_stats *before, const char *name,
                       sd_time since, const struct sd_host *h, struct sd_batch *b)
{
    struct sd_cache r;
    const char *notes[4], *troubles[2];
    char failed[120];
    size_t n = 0, bad = 0;
    schema_clear(schema_of(SD_CACHE), &r);
    r.layer = "proxy";
    r.name = name;
    r.product = "varnish";
    r.since = since;
    r.hits = v->cache_hit;
    r.misses = v->cache_miss;
    r.stale = v->cache_hit_grace;
    /* s_pass includes hits for pass; those for miss are misses, too. */
    r.bypassed = add_known(add_known(v->s_pass, v->s_pipe), v->cache_hitmiss);
    r.evictions = v->n_lru_nuked;
    r.expired = v->n_expired;
    r.requests = v->client_req;
    r.errors = v->fetch_failed;
    r.bytes_out = add_known(v->s_resp_hdrbytes, v->s_resp_bodybytes);
    r.connections = v->sess_conn;
    r.rejected = v->sess_dropped;
    r.entries = v->n_object;
    r.bytes_used = v->storage_bytes;
    r.bytes_max = sd_known(v->storage_space) && v->storage_space > 0
                      ? add_known(v->storage_space, v->storage_bytes)
                  : sd_known(v->storage_bytes) ? 0
                                               : SD_UNKNOWN;
    r.policy = "lru";
    if (before && grew(v->backend_fail, before->backend_fail))
        troubles[bad++] = "Connections to a backend failed.";
    if (before && grew(v->backend_unhealthy, before->backend_unhealthy))
        troubles[bad++] = "A backend is sick: requests were not sent to it.";
    notes[n++] = "Varnish does not count why a request missed.";
    notes[n++] =
        "varnishstat has no durations: a log of varnishncsa with %{Varnish:handling}x and %D has them.";
    if (sd_known(v->s_pass))
        notes[n++] = "Passed requests are neither hits nor misses.";
    if (!before && sd_known(v->backend_fail) && v->backend_fail > 0) {
        snprintf(failed, sizeof failed, "Since the start, %lld connections to backends failed.",
                 (long long)v->backend_fail);
        notes[n++] = failed;
    }
    r.notes = &(struct sd_texts){.n = (uint32_t)n, .items = notes};
    r.troubles = bad ? &(struct sd_texts){.n = (uint32_t)bad, .items = troubles} : NULL;
    h->add(b, SD_CACHE, &r);
}
