#include "format/endpoints/accesslog_cache.h"

#include <stdlib.h>

#include "base/num.h"
#include "core/schema.h"

static const struct {
    const char *word;
    enum accesslog_cache cache;
} WORDS[] = {
    {.word = "HIT", .cache = ACCESSLOG_HIT},
    {.word = "MISS", .cache = ACCESSLOG_MISS},
    {.word = "EXPIRED", .cache = ACCESSLOG_EXPIRED},
    {.word = "BYPASS", .cache = ACCESSLOG_BYPASS},
    {.word = "STALE", .cache = ACCESSLOG_STALE},
    {.word = "UPDATING", .cache = ACCESSLOG_UPDATING},
    {.word = "REVALIDATED", .cache = ACCESSLOG_REVALIDATED},
    {.word = "pass", .cache = ACCESSLOG_PASS}, /* varnishncsa, which writes hit and miss as well */
    {.word = "pipe", .cache = ACCESSLOG_PASS},
    {.word = "synth", .cache = ACCESSLOG_NO_LOOKUP},
    {.word = "-", .cache = ACCESSLOG_NO_LOOKUP},
};

/* Of other caches, under a name that says so: Fastly's fastly_info.state (HIT-CLUSTER, MISS-WAIT, HITPASS),
 * Cloudflare's CacheCacheStatus, CloudFront's x-edge-result-type, Squid's TCP_MEM_HIT. The first that a word
 * begins with, or with TCP_ in front holds. */
static const struct {
    const char *word;
    enum accesslog_cache cache;
} EDGE[] = {
    {.word = "hit-stale", .cache = ACCESSLOG_STALE},
    {.word = "hitpass", .cache = ACCESSLOG_PASS},
    {.word = "hit-synth", .cache = ACCESSLOG_NO_LOOKUP},
    {.word = "hit", .cache = ACCESSLOG_HIT},
    {.word = "refreshhit", .cache = ACCESSLOG_REVALIDATED},
    {.word = "originshieldhit", .cache = ACCESSLOG_HIT},
    {.word = "refresh_unmodified", .cache = ACCESSLOG_REVALIDATED},
    {.word = "refresh_hit", .cache = ACCESSLOG_REVALIDATED},
    {.word = "refresh_modified", .cache = ACCESSLOG_EXPIRED},
    {.word = "refresh_miss", .cache = ACCESSLOG_EXPIRED},
    {.word = "mem_hit", .cache = ACCESSLOG_HIT},
    {.word = "ims_hit", .cache = ACCESSLOG_HIT},
    {.word = "offline_hit", .cache = ACCESSLOG_STALE},
    {.word = "client_refresh", .cache = ACCESSLOG_BYPASS},
    {.word = "swapfail_miss", .cache = ACCESSLOG_MISS},
    {.word = "miss", .cache = ACCESSLOG_MISS},
    {.word = "limitexceeded", .cache = ACCESSLOG_PASS},
    {.word = "capacityexceeded", .cache = ACCESSLOG_PASS},
    {.word = "pass", .cache = ACCESSLOG_PASS},
    {.word = "dynamic", .cache = ACCESSLOG_PASS},
    {.word = "ignored", .cache = ACCESSLOG_PASS},
    {.word = "tunnel", .cache = ACCESSLOG_PASS},
    {.word = "expired", .cache = ACCESSLOG_EXPIRED},
    {.word = "error", .cache = ACCESSLOG_NO_LOOKUP},
    {.word = "redirect", .cache = ACCESSLOG_NO_LOOKUP},
    {.word = "denied", .cache = ACCESSLOG_NO_LOOKUP},
    {.word = "none", .cache = ACCESSLOG_NO_LOOKUP},
    {.word = "unknown", .cache = ACCESSLOG_NO_LOOKUP},
    {.word = "bg", .cache = ACCESSLOG_NO_LOOKUP},
};

static enum accesslog_cache plain_word(const char *s, size_t n)
{
    if (!n)
        return ACCESSLOG_NO_LOOKUP;
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++)
        if (strlen(WORDS[i].word) == n && !strncasecmp(WORDS[i].word, s, n))
            return WORDS[i].cache;
    return ACCESSLOG_NO_CACHE;
}

enum accesslog_cache accesslog_cache_word(const char *s, size_t n)
{
    enum accesslog_cache c = plain_word(s, n);
    if (c)
        return c;
    if (n > 4 && (!strncasecmp(s, "TCP_", 4) || !strncasecmp(s, "UDP_", 4)))
        s += 4, n -= 4;
    for (size_t i = 0; i < ARRAY_LEN(EDGE); i++) {
        size_t len = strlen(EDGE[i].word);
        if (len <= n && !strncasecmp(EDGE[i].word, s, len) &&
            (len == n || s[len] == '-' || s[len] == ',' || s[len] == ' ' || s[len] == '_' || s[len] == '/'))
            return EDGE[i].cache;
    }
    return ACCESSLOG_NO_CACHE;
}

bool accesslog_cache_name(const char *key, size_t n)
{
    static const char *const NAMES[] = {"upstream_cache_status", "upstream_cache",  "cache_status",
                                        "cachestatus",           "cache",           "x_cache_status",
                                        "proxy_cache_status",    "proxy_cache",     "cachecachestatus",
                                        "fastly_info_state",     "response_state",  "fastly_state",
                                        "cache_state",           "cf_cache_status", "x_cache",
                                        "fastly_cache",          "cache_result"};
    char plain[CACHE_KEY_BYTES];
    if (n < 5 || n >= sizeof plain || !strchr("ucxpfrUCXPFR", *key))
        return false;
    for (size_t i = 0; i < n; i++)
        plain[i] = key[i] == '-' || key[i] == '.'   ? '_'
                   : key[i] >= 'A' && key[i] <= 'Z' ? (char)(key[i] - 'A' + 'a')
                                                    : key[i];
    plain[n] = 0;
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
        if (!strcmp(plain, NAMES[i]))
            return true;
    return false;
}

/* "cache:HIT" without blanks is a name, too. */
static void split_name(const char **key, size_t *key_len, const char **value, size_t *n)
{
    const char *colon = *key_len ? NULL : memchr(*value, ':', *n);
    if (!colon || !accesslog_cache_name(*value, (size_t)(colon - *value)))
        return;
    *key = *value;
    *key_len = (size_t)(colon - *value);
    *n -= *key_len + 1;
    *value = colon + 1;
}

/* [HIT], (HIT) */
static void strip(const char **s, size_t *n)
{
    if (*n > 2 && strchr("[({<", **s)) {
        ++*s;
        *n -= 2;
    }
}

/* nginx writes its words in capitals: others may be anything. */
static bool is_nginx_word(const char *s, size_t n)
{
    return n > 1 && s[0] >= 'A' && s[0] <= 'Z' && s[n - 1] >= 'A' && s[n - 1] <= 'Z' &&
           plain_word(s, n) != ACCESSLOG_NO_CACHE;
}

void accesslog_cache_learn(struct cache_column *c, const char *key, size_t key_len, unsigned place,
                           const char *value, size_t n)
{
    split_name(&key, &key_len, &value, &n);
    if (key_len) {
        if (!*c->key && accesslog_cache_name(key, key_len) &&
            accesslog_cache_word(value, n) > ACCESSLOG_NO_LOOKUP)
            snprintf(c->key, sizeof c->key, "%.*s", (int)key_len, key);
        return;
    }
    if (place >= CACHE_PLACES)
        return;
    strip(&value, &n);
    bool dash = !n || (n == 1 && *value == '-'), word = !dash && is_nginx_word(value, n);
    c->seen[place].dashes += dash;
    c->seen[place].words += word;
    c->seen[place].others += !dash && !word;
}

void accesslog_cache_choose(struct cache_column *c)
{
    c->place = 0;
    for (int i = 0; !*c->key && !c->place && i < CACHE_PLACES; i++)
        if (c->seen[i].words && !c->seen[i].others)
            c->place = i + 1;
    c->found = *c->key || c->place;
}

enum accesslog_cache accesslog_cache_field(const struct cache_column *c, const char *key, size_t key_len,
                                           unsigned place, const char *value, size_t n)
{
    if (*c->key) {
        split_name(&key, &key_len, &value, &n);
        return strlen(c->key) == key_len && !memcmp(c->key, key, key_len) ? accesslog_cache_word(value, n)
                                                                          : ACCESSLOG_NO_CACHE;
    }
    if (key_len || (int)place + 1 != c->place)
        return ACCESSLOG_NO_CACHE;
    strip(&value, &n);
    return accesslog_cache_word(value, n);
}

/* ---- counting ---- */

static bool is_hit(enum accesslog_cache cache)
{
    return cache == ACCESSLOG_HIT || cache == ACCESSLOG_STALE || cache == ACCESSLOG_UPDATING ||
           cache == ACCESSLOG_REVALIDATED;
}

static bool is_miss(enum accesslog_cache cache)
{
    return cache == ACCESSLOG_MISS || cache == ACCESSLOG_EXPIRED || cache == ACCESSLOG_BYPASS;
}

void accesslog_cache_count(struct cache_second *c, const struct accesslog_line *l)
{
    c->n[l->cache]++;
    c->errors += l->status >= 500;
    if (sd_known(l->bytes))
        c->bytes = add_sat(c->bytes, l->bytes);
    bool miss = is_miss(l->cache);
    if (!sd_known(l->duration_ns) || (!miss && !is_hit(l->cache)))
        return;
    if (c->n_log == c->cap)
        c->log = mem_grow(c->log, c->n_log, &c->cap, sizeof *c->log);
    c->log[c->n_log++] = (uint32_t)miss << 12 | sd_hist_index(l->duration_ns);
}

/* The durations of one side, in buckets; how many. */
static size_t to_buckets(const struct cache_second *c, uint32_t miss, struct bucket_counts *counts,
                         struct sd_bucket *out)
{
    for (size_t i = 0; i < c->n_log; i++)
        if (c->log[i] >> 12 == miss)
            bucket_count(counts, c->log[i] & 0xfff);
    return bucket_counts_take(counts, out);
}

bool accesslog_cache_record(struct cache_second *c, struct bucket_counts *counts, struct sd_hist hists[2],
                            struct sd_bucket *buckets, struct sd_cache *out)
{
    int64_t all = 0, hits = 0, misses = 0;
    for (enum accesslog_cache i = ACCESSLOG_NO_CACHE; i < ACCESSLOG_CACHE_END; i++) {
        all += c->n[i];
        hits += is_hit(i) ? c->n[i] : 0;
        misses += is_miss(i) ? c->n[i] : 0;
    }
    schema_clear(schema_of(SD_CACHE), out);
    out->interval_ns = SD_S;
    out->requests = all;
    out->hits = hits;
    out->misses = misses;
    out->bypassed = c->n[ACCESSLOG_BYPASS] + c->n[ACCESSLOG_PASS];
    out->stale = c->n[ACCESSLOG_STALE] + c->n[ACCESSLOG_UPDATING];
    out->misses_expired = c->n[ACCESSLOG_EXPIRED];
    out->errors = c->errors;
    out->bytes_out = c->bytes;
    for (uint32_t miss = 0; miss < 2; miss++) {
        size_t n = to_buckets(c, miss, counts, buckets);
        hists[miss] = (struct sd_hist){.n = (uint32_t)n, .buckets = buckets};
        buckets += n;
    }
    out->hit_latency = hists[0].n ? &hists[0] : NULL;
    out->miss_latency = hists[1].n ? &hists[1] : NULL;
    memset(c->n, 0, sizeof c->n);
    c->bytes = c->errors = 0;
    c->n_log = 0;
    return hits + misses + out->bypassed > 0;
}

void accesslog_cache_route(struct cache_route *r, const struct accesslog_line *l)
{
    bool hit = is_hit(l->cache), miss = is_miss(l->cache), timed = sd_known(l->duration_ns);
    r->hits += hit;
    r->misses += miss;
    r->expired += l->cache == ACCESSLOG_EXPIRED;
    if (timed && hit) {
        r->hit_timed++;
        r->hit_ns = add_sat(r->hit_ns, l->duration_ns);
    } else if (timed && miss) {
        r->miss_timed++;
        r->miss_ns = add_sat(r->miss_ns, l->duration_ns);
    }
}
