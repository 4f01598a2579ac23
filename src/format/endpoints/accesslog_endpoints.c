#include "format/endpoints/accesslog_endpoints.h"

#include <stdlib.h>

#include "base/find.h"
#include "base/hash.h"

enum {
    CACHE = 2048, /* raw paths seen lately */
    KEY = 112,    /* of these: bytes of method and path; a multiple of eight */
};

struct endpoint {
    char *method, *route; /* method NULL: none */
    size_t method_len, route_len;
    uint64_t hash;
};

struct cached {
    uint32_t endpoint;
    uint16_t len;
    char key[KEY];
};

struct accesslog_endpoints {
    const struct route_rules *rules;
    size_t max_places;
    struct endpoint *endpoints;
    size_t n, cap;
    uint32_t *table; /* open addressing, endpoint + 1 */
    size_t mask;
    size_t places, silent;   /* of endpoints; of those first seen refused or not found */
    uint32_t other, missing; /* endpoints without a place; UINT32_MAX: none yet */
    uint64_t *cache_hash;    /* apart from the keys: small enough to stay near the processor */
    struct cached *cache;
};

struct accesslog_endpoints *accesslog_endpoints_new(const struct route_rules *rules, size_t max_places)
{
    struct accesslog_endpoints *e = mem_alloc(sizeof *e);
    e->rules = rules;
    e->max_places = max_places;
    e->other = e->missing = UINT32_MAX;
    e->cache = mem_array(CACHE, sizeof *e->cache);
    e->cache_hash = mem_array(CACHE, sizeof *e->cache_hash);
    size_t size = 64;
    while (size < max_places * 2)
        size *= 2;
    e->table = mem_array(size, sizeof *e->table);
    e->mask = size - 1;
    return e;
}

void accesslog_endpoints_free(struct accesslog_endpoints *e)
{
    if (!e)
        return;
    for (size_t i = 0; i < e->n; i++) {
        free(e->endpoints[i].method);
        free(e->endpoints[i].route);
    }
    free(e->endpoints);
    free(e->table);
    free(e->cache);
    free(e->cache_hash);
    free(e);
}

size_t accesslog_endpoints_count(const struct accesslog_endpoints *e)
{
    return e->n;
}

struct accesslog_endpoint accesslog_endpoints_name(const struct accesslog_endpoints *e, uint32_t i)
{
    return (struct accesslog_endpoint){e->endpoints[i].method, e->endpoints[i].route};
}

static uint32_t add(struct accesslog_endpoints *e, const char *method, size_t method_len, const char *route,
                    uint64_t hash)
{
    e->endpoints = mem_grow(e->endpoints, e->n, &e->cap, sizeof *e->endpoints);
    e->endpoints[e->n] = (struct endpoint){.method = method_len ? mem_strndup(method, method_len) : NULL,
                                           .route = mem_strdup(route),
                                           .method_len = method_len,
                                           .route_len = strlen(route),
                                           .hash = hash};
    return (uint32_t)e->n++;
}

/* Answers that a path which does not exist, or is not for the asker, gets. */
static bool is_silent(int status)
{
    return status == 301 || status == 308 ||
           (status >= 400 && status < 500 && status != 401 && status != 409 && status != 422 &&
            status != 429 && status != 499);
}

static uint32_t without_place(struct accesslog_endpoints *e, int status)
{
    bool missing = status == 404 || status == 410;
    uint32_t *which = missing ? &e->missing : &e->other;
    if (*which == UINT32_MAX)
        *which = add(e, NULL, 0, missing ? "(not found)" : "(other)", 0);
    return *which;
}

static bool has_place(const struct accesslog_endpoints *e, int status)
{
    return e->places < e->max_places && (!is_silent(status) || e->silent < MAX(e->max_places / 4, (size_t)1));
}

/* Of the path, `len` bytes of the target. */
static uint32_t fold(struct accesslog_endpoints *e, const struct accesslog_line *l, size_t len)
{
    char route[ROUTE_MAX];
    const char *method = l->method_len ? l->method : "";
    size_t n;
    if (len == 1 && *l->target == '-') { /* no request line: see accesslog.h */
        memcpy(route, "-", 2);
        n = 1;
    } else {
        n = route_fold(e->rules, l->target, len, route);
    }
    uint64_t hash = hash_words(route, n) ^ hash_words(method, l->method_len) * 31;
    for (size_t i = hash & e->mask;; i = (i + 1) & e->mask) {
        if (!e->table[i]) {
            if (!has_place(e, l->status))
                return without_place(e, l->status);
            e->places++;
            e->silent += is_silent(l->status);
            uint32_t fresh = add(e, method, l->method_len, route, hash);
            e->table[i] = fresh + 1;
            return fresh;
        }
        const struct endpoint *have = &e->endpoints[e->table[i] - 1];
        if (have->hash == hash && have->route_len == n && have->method_len == l->method_len &&
            !memcmp(have->route, route, n) &&
            !memcmp(have->method ? have->method : "", method, l->method_len))
            return e->table[i] - 1;
    }
}

/* Of few bytes: for at most KEY of them the compiler takes an instruction that costs more than the copy. */
static inline void copy_few(char *to, const char *from, size_t n)
{
    if (n < 8) {
        for (size_t i = 0; i < n; i++)
            to[i] = from[i];
        return;
    }
    for (size_t i = 0; i + 8 < n; i += 8)
        memcpy(to + i, from + i, 8);
    memcpy(to + n - 8, from + n - 8, 8);
}

/* Method and path, zeros behind them. */
static inline void make_key(const struct accesslog_line *l, size_t len, char key[KEY])
{
    size_t n = l->method_len + 1 + len;
    memset(key, 0, FIND_BITS);
    memset(key + n / 8 * 8, 0, 8);
    if (l->method_len && l->target == l->method + l->method_len + 1 && l->target[-1] == ' ') {
        copy_few(key, l->method, n);
        return;
    }
    copy_few(key, l->method, l->method_len);
    key[l->method_len] = ' ';
    copy_few(key + l->method_len + 1, l->target, len);
}

/* Zeros for the figures of segments that are numbers: route_fold makes ":id" of each of them, so all these
 * paths are one. Of the first bytes only: further on a path is seldom a known one. */
static inline void level_numbers(char key[KEY], size_t n)
{
    uint64_t digits = find_range(key, '0', '9'), slashes = find_range(key, '/', '/');
    for (uint64_t starts = slashes << 1 & digits; starts; starts &= starts - 1) {
        size_t at = (size_t)__builtin_ctzll(starts), stop = at + (size_t)__builtin_ctzll(~(digits >> at));
        if (stop == n || (stop < FIND_BITS && slashes >> stop & 1))
            memset(key + at, '0', stop - at);
    }
}

/* "GET /orders/17" was probably seen a moment ago, or /orders/18: folding is not repeated. */
uint32_t accesslog_endpoints_of(struct accesslog_endpoints *e, const struct accesslog_line *l)
{
    const char *query = find_byte(l->target, l->target + l->target_len, '?');
    size_t len = query ? (size_t)(query - l->target) : l->target_len;
    size_t n = l->method_len + 1 + len;
    char key[KEY];
    if (n >= KEY)
        return fold(e, l, len);
    make_key(l, len, key);
    if (!e->rules) /* a pattern may name a number */
        level_numbers(key, n);
    uint64_t hash = hash_words(key, n / 8 * 8 + 8);
    struct cached *c = &e->cache[hash % CACHE];
    if (e->cache_hash[hash % CACHE] == hash && c->len == n && !memcmp(c->key, key, n))
        return c->endpoint;
    uint32_t endpoint = fold(e, l, len);
    if (endpoint == e->missing || endpoint == e->other)
        return endpoint; /* answered otherwise, it may get a place */
    e->cache_hash[hash % CACHE] = hash;
    c->len = (uint16_t)n;
    c->endpoint = endpoint;
    memcpy(c->key, key, n);
    return endpoint;
}
