/* keyspace_list.c - which keys there are, by SCAN, and what some of them are. */
#include "source/redis/keyspace.h"

#include <stdlib.h>

enum { LIST_COUNT = 300, LOOK_MAX = 64, AGAIN_S = 30, LIST_MOST = 3000000, SEED_MOST = 60000 };
/* Prefixes of a share of all keys from here on are known within the error, then it is enough. */
#define ENOUGH_SHARE 0.01
#define ENOUGH_ERROR 0.035
/* Of the budget, while lookups are watched as well. */
#define LIST_PART 0.5
/* Times of the server: of a round trip, of a key that is listed and sent, of a command and of reading it. */
#define ROUND_NS   20000
#define LISTED_NS  1000
#define SENT_NS    150
#define COMMAND_NS 2000
#define READ_NS    500
#define LATE_NS    (200 * SD_MS)

/* A key that is looked at. */
struct look {
    const char *key;
    size_t n;
    uint32_t prefix;
    struct key_detail detail;
};

static bool read_dbs(struct keyspace *k)
{
    struct redis_reply *reply;
    REDIS_SEND(k->conn, "INFO", "keyspace");
    if (!keyspace_read(k, "INFO", &reply))
        return false;
    k->n_dbs = 0;
    const char *p = reply->type == REPLY_STRING ? reply->text : "";
    while ((p = strstr(p, "\ndb")) && k->n_dbs < KEYSPACE_DBS) {
        long long number, keys;
        if (sscanf(p, "\ndb%lld:keys=%lld", &number, &keys) == 2 && keys > 0) {
            k->dbs[k->n_dbs].number = number;
            k->dbs[k->n_dbs].keys = keys;
            key_sample_size(k->next_sample, k->n_dbs++, keys);
        }
        p++;
    }
    redis_reply_free(reply);
    return true;
}

static void begin_db(struct keyspace *k)
{
    unsigned long long start = 0;
    if (!k->from_start && k->db < k->n_dbs && k->dbs[k->db].keys > LIST_COUNT * 100) {
        uint64_t x = (uint64_t)k->x->s->host->now(k->x->s) * 0x9e3779b97f4a7c15u;
        start = x >> 24 | 1;
    }
    snprintf(k->cursor, sizeof k->cursor, "%llu", start);
}

/* So few that each of them can be followed. */
static bool seeds_all(const struct keyspace *k)
{
    int64_t keys = 0;
    for (size_t i = 0; i < k->n_dbs; i++)
        keys += k->dbs[i].keys;
    return k->monitor && k->mon && keys <= SEED_MOST;
}

static bool begin(struct keyspace *k)
{
    if (!k->from_start) {
        if (k->next_sample != k->sample)
            key_sample_free(k->next_sample);
        k->next_sample = key_sample_new();
    }
    if (!read_dbs(k))
        return false;
    k->db = 0;
    k->listing = true;
    k->seeded = seeds_all(k);
    begin_db(k);
    return true;
}

static void done(struct keyspace *k)
{
    if (k->next_sample != k->sample) {
        key_sample_free(k->sample);
        k->sample = k->next_sample;
    }
    k->listing = k->from_start = false;
    k->list_again = k->x->s->host->now(k->x->s) + AGAIN_S * SD_S;
    k->cursor[0] = 0;
}

/* ---- looking at keys ---- */

static void ask(struct keyspace *k, const char *const *words, size_t n, const struct look *l, size_t at)
{
    size_t lengths[6];
    for (size_t i = 0; i < n; i++)
        lengths[i] = i == at ? l->n : strlen(words[i]);
    redis_send(k->conn, n, words, lengths);
    keyspace_own(k, words[0], l->key, l->n);
}

static int64_t integer(const struct redis_reply *r)
{
    return r->type == REPLY_INTEGER ? r->integer : SD_UNKNOWN;
}

static bool lookup_counts(const struct keyspace *k)
{
    const char *v = k->node->info.cache.version;
    return !v || atoi(v) >= 6; /* of OBJECT; the others always do */
}

static void take(struct keyspace *k, struct look *l, int which, const struct redis_reply *r)
{
    int64_t v = integer(r);
    if (which == 0) {
        l->detail.bytes = v;
    } else if (which == 1) {
        l->detail.type = r->type == REPLY_STATUS ? (size_t)str_find(KEY_TYPE_NAMES, r->text) : KEY_TYPES;
        redis_own_lookup(k->node, !str_eq(r->text, "none"));
    } else if (which == 2) {
        l->detail.ttl_ns = v >= 0 ? MAX(v, 1) * SD_MS : v == -1 ? 0 : SD_UNKNOWN;
        redis_own_lookup(k->node, v != -2);
    } else if (which == 3) {
        bool lfu = k->node->info.cache.policy && strstr(k->node->info.cache.policy, "lfu");
        l->detail.frequency = lfu ? v : SD_UNKNOWN;
        l->detail.idle_ns = lfu || !sd_known(v) ? SD_UNKNOWN : v * SD_S;
        if (lookup_counts(k))
            redis_own_lookup(k->node, r->type != REPLY_NIL);
    }
}

static void keep(struct keyspace *k, const struct look *l, sd_time now)
{
    if (!sd_known(l->detail.bytes) && !sd_known(l->detail.ttl_ns))
        return; /* it is gone */
    key_sample_add(k->next_sample, l->prefix, l->key, l->n, &l->detail);
    if (sd_known(l->detail.ttl_ns))
        key_watch_seed(k->watch, k->dbs[k->db].number, l->key, l->n,
                       l->detail.ttl_ns ? now + l->detail.ttl_ns : KEY_NO_END);
}

static bool look_at(struct keyspace *k, struct look *looks, size_t n)
{
    const char *policy = k->node->info.cache.policy;
    const char *object = policy && strstr(policy, "lfu") ? "FREQ" : "IDLETIME";
    for (size_t i = 0; i < n; i++) {
        const struct look *l = &looks[i];
        ask(k, (const char *[]){"MEMORY", "USAGE", l->key, "SAMPLES", "3"}, 5, l, 2);
        ask(k, (const char *[]){"TYPE", l->key}, 2, l, 1);
        ask(k, (const char *[]){"PTTL", l->key}, 2, l, 1);
        ask(k, (const char *[]){"OBJECT", object, l->key}, 3, l, 2);
    }
    for (size_t i = 0; i < n * 4; i++) {
        struct redis_reply *reply;
        if (!keyspace_read(k, "MEMORY USAGE", &reply))
            return false;
        take(k, &looks[i / 4], (int)(i % 4), reply);
        redis_reply_free(reply);
    }
    for (size_t i = 0; i < n; i++)
        keep(k, &looks[i], k->x->s->host->now(k->x->s));
    return true;
}

/* ---- listing ---- */

static size_t take_keys(struct keyspace *k, const struct redis_reply *keys, struct look looks[LOOK_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < keys->n; i++) {
        const struct redis_reply *key = keys->items[i];
        if (key->type != REPLY_STRING)
            continue;
        uint32_t prefix = key_prefix_of(key_watch_prefixes(k->watch), key->text, key->len);
        key_sample_listed(k->next_sample, k->db, prefix);
        if (seeds_all(k))
            key_watch_seed(k->watch, k->dbs[k->db].number, key->text, key->len, KEY_SAME_END);
        if (n < LOOK_MAX && key->len <= 1024 && key_sample_wants(k->next_sample, prefix))
            looks[n++] = (struct look){.key = key->text, .n = key->len, .detail.type = KEY_TYPES};
    }
    for (size_t i = 0; i < n; i++) /* not before: prefixes may be merged meanwhile */
        looks[i].prefix = key_prefix_of(key_watch_prefixes(k->watch), looks[i].key, looks[i].n);
    return n;
}

/* ---- what it costs ---- */

/* The mean time of a command by the server's own statistics. */
static int64_t command_ns(const struct keyspace *k, const char *name, int64_t otherwise)
{
    const struct redis_info *i = &k->node->info;
    for (size_t n = 0; n < i->n_commands; n++)
        if (str_eq(i->commands[n].command, name) && i->commands[n].calls > 0)
            return MAX(i->commands[n].total_ns / i->commands[n].calls, otherwise / 4);
    return otherwise;
}

/* Of a key that is looked at: four commands, read and answered. */
static int64_t look_ns(const struct keyspace *k)
{
    return command_ns(k, "memory|usage", COMMAND_NS) + command_ns(k, "type", COMMAND_NS) +
           command_ns(k, "pttl", COMMAND_NS) + COMMAND_NS + 4 * READ_NS;
}

/* One SCAN, and what follows of it; *cost: of the server's time, as far as can be told. */
static bool list_some(struct keyspace *k, int64_t *cost)
{
    struct redis_reply *reply;
    struct look looks[LOOK_MAX];
    char count[16];
    if (!keyspace_select(k, k->dbs[k->db].number))
        return false;
    snprintf(count, sizeof count, "%d", LIST_COUNT);
    REDIS_SEND(k->conn, "SCAN", k->cursor, "COUNT", count);
    if (!keyspace_read(k, "SCAN", &reply))
        return false;
    *cost = ROUND_NS + command_ns(k, "scan", LISTED_NS * LIST_COUNT);
    bool good = reply->type == REPLY_ARRAY && reply->n == 2 && reply->items[0]->type == REPLY_STRING &&
                reply->items[1]->type == REPLY_ARRAY && reply->items[0]->len < sizeof k->cursor;
    if (!good) {
        struct sd_error err = {""};
        redis_refused(k->conn, "SCAN", reply, &err);
        keyspace_give_up(k, "%s", err.text);
    } else {
        snprintf(k->cursor, sizeof k->cursor, "%s", reply->items[0]->text);
        size_t n = take_keys(k, reply->items[1], looks);
        *cost += (int64_t)reply->items[1]->n * SENT_NS + (n ? ROUND_NS : 0) + (int64_t)n * look_ns(k);
        good = !n || look_at(k, looks, n);
    }
    redis_reply_free(reply);
    return good;
}

static void next_db(struct keyspace *k)
{
    if (k->from_start || k->dbs[k->db].keys <= LIST_COUNT * 100)
        key_sample_whole(k->next_sample, k->db);
    if (++k->db < k->n_dbs) {
        begin_db(k);
        return;
    }
    if (k->from_start && k->seeded)
        key_watch_seeded(k->watch);
    done(k);
}

/* Databases in turn, each for its share of the keys. */
static bool enough(const struct keyspace *k)
{
    int64_t n = key_sample_n(k->next_sample);
    return k->n_dbs == 1 &&
           (n >= LIST_MOST || (n >= 100000 && key_sample_enough(k->next_sample, ENOUGH_SHARE, ENOUGH_ERROR)));
}

sd_time keyspace_list(struct keyspace *k)
{
    const struct sd_host *h = k->x->s->host;
    sd_time now = h->now(k->x->s), began = now;
    if ((!k->cursor[0] || !k->listing) && !begin(k))
        return now;
    if (k->n_dbs == 0) {
        done(k);
        return now;
    }
    while (k->listing && k->conn && now - began < 20 * SD_MS) {
        double part = k->monitor ? LIST_PART : 1;
        int64_t listed = (int64_t)((double)(now - k->began) * k->budget * part) - k->listed_ns;
        int64_t credit = MIN(keyspace_credit(k), k->monitor ? listed : INT64_MAX);
        if (credit < 0)
            return now + (sd_time)((double)-credit / k->budget / part) + SD_MS;
        sd_time before = now;
        int64_t cost = 0;
        if (!list_some(k, &cost))
            return now;
        now = h->now(k->x->s);
        int64_t took = MAX(now - before - (k->ping < INT64_MAX ? k->ping : 0), 0);
        if (took < LATE_NS) /* it is busy: then we wait for all of that */
            cost = MIN(took, cost);
        else
            cost = took;
        keyspace_pay(k, cost);
        k->listed_ns += cost;
        if (str_eq(k->cursor, "0"))
            next_db(k);
        else if (key_sample_n(k->next_sample) % 50 == 0 || key_sample_n(k->next_sample) > 100000)
            if (enough(k))
                done(k);
    }
    return k->listing ? now + SD_MS : k->list_again;
}
