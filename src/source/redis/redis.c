/* redis.c - the Redis source: INFO of each server every two seconds, and what else it offers. Only commands
 * that change nothing and hold up nobody are sent. */
#include "source/redis/keyspace.h"

#include <math.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/units.h"

enum { RETRY_MAX_S = 60 };

static const struct sd_option OPTIONS[] = {
    {.name = "interval",
     .type = SD_OPTION_DURATION,
     .offset = offsetof(struct redis_options, interval),
     .fallback = "2s",
     .min = 100e6,
     .max = 3600e9,
     .unit = "ns",
     .help = "Time between reads of the figures."},
    {.name = "timeout",
     .type = SD_OPTION_DURATION,
     .offset = offsetof(struct redis_options, timeout),
     .fallback = "5s",
     .min = 100e6,
     .max = 60e9,
     .unit = "ns",
     .help = "How long connecting, and each answer, may take."},
    {.name = "user",
     .type = SD_OPTION_TEXT,
     .offset = offsetof(struct redis_options, user),
     .fallback = "",
     .help = "The user (ACL); empty: the one of the address, or the default user."},
    {.name = "password",
     .type = SD_OPTION_TEXT,
     .offset = offsetof(struct redis_options, password),
     .fallback = "",
     .flags = SD_OPTION_SECRET,
     .help = "The password; empty: the one of the address, or none."},
    {.name = "sentinel",
     .type = SD_OPTION_TEXT,
     .offset = offsetof(struct redis_options, sentinel),
     .fallback = "",
     .help =
         "The address is that of a sentinel: the name of the master to follow; empty: each that it watches."},
    {.name = "sentinel_password",
     .type = SD_OPTION_TEXT,
     .offset = offsetof(struct redis_options, sentinel_password),
     .fallback = "",
     .flags = SD_OPTION_SECRET,
     .help = "The password of the sentinel itself; user and password are those of the servers."},
    {.name = "tls_ca",
     .type = SD_OPTION_TEXT,
     .offset = offsetof(struct redis_options, tls_ca),
     .fallback = "",
     .help = "File of the authorities that the server's certificate may be signed by; empty: those of the "
             "system."},
    {.name = "tls_cert",
     .type = SD_OPTION_TEXT,
     .offset = offsetof(struct redis_options, tls_cert),
     .fallback = "",
     .help = "File of our own certificate, for a server that asks for one."},
    {.name = "tls_key",
     .type = SD_OPTION_TEXT,
     .offset = offsetof(struct redis_options, tls_key),
     .fallback = "",
     .help = "File of its key; empty: it is in tls_cert."},
    {.name = "tls_name",
     .type = SD_OPTION_TEXT,
     .offset = offsetof(struct redis_options, tls_name),
     .fallback = "",
     .help = "The name that the server's certificate must be for; empty: the host of the address."},
    {.name = "tls_verify",
     .type = SD_OPTION_BOOL,
     .offset = offsetof(struct redis_options, tls_verify),
     .fallback = "yes",
     .help = "Check the server's certificate; no: anybody may answer, and see the password."},
    {.name = "sample",
     .type = SD_OPTION_TEXT,
     .offset = offsetof(struct redis_options, sample),
     .fallback = "none",
     .help =
         "Look into the keys, at a cost within the budget: keys (SCAN, and MEMORY USAGE of some), monitor "
         "(also bursts of MONITOR: hit rates of prefixes and why they miss); none: nothing."},
    {.name = "budget",
     .type = SD_OPTION_REAL,
     .offset = offsetof(struct redis_options, budget),
     .fallback = "0.01",
     .min = 0.0001,
     .max = 0.5,
     .unit = "share",
     .help = "The share of the server's time that looking into keys may cost."},
    {.name = "prefixes",
     .type = SD_OPTION_LIST,
     .offset = offsetof(struct redis_options, prefixes),
     .fallback = "",
     .help = "Patterns of keys such as user:*:cart, where * is one character or more: the first that fits a "
             "key is its prefix; keys that fit none have prefixes that are found."},
    {.name = NULL},
};

/* ---- opening ---- */

static const char *const SAMPLES[] = {"none", "keys", "monitor", NULL};

static enum sd_result redis_source_open(struct sd_source *s, struct sd_error *err)
{
    struct redis *x = s->priv;
    x->s = s;
    x->o = s->opts;
    if (!redis_target_read(s->target, &x->seed, &x->user, &x->password, err))
        return SD_CONFIG;
    if (*x->o->user) {
        free(x->user);
        x->user = mem_strdup(x->o->user);
    }
    if (*x->o->password) {
        free(x->password);
        x->password = mem_strdup(x->o->password);
    }
    if (x->user && !x->password)
        return sd_fail(err, SD_CONFIG, "a user needs a password, in the address or as the option password");
    /* detail is for a memcached beside it. */
    if (str_find(SAMPLES, x->o->sample) < 0 && !str_eq(x->o->sample, "detail"))
        return sd_fail(err, SD_CONFIG, "sample is none, keys or monitor, not \"%.40s\"", x->o->sample);
    return redis_nodes_begin(x, err);
}

static void wipe(char **text)
{
    if (*text)
        explicit_bzero(*text, strlen(*text));
    free(*text);
    *text = NULL;
}

static void redis_source_close(struct sd_source *s)
{
    struct redis *x = s->priv;
    redis_nodes_free(x);
    redis_address_free(&x->seed);
    wipe(&x->user);
    wipe(&x->password);
    free(x->noted);
    x->noted = NULL;
    x->kind = REDIS_UNKNOWN;
    x->next = x->next_nodes = 0;
    x->look_again = false;
}

/* ---- the state, in a sentence ---- */

static const char *product_of(const struct redis_node *n)
{
    const char *p = n->info.cache.product;
    return str_eq(p, "redis") ? "Redis" : str_eq(p, "valkey") ? "Valkey" : p ? p : "Redis";
}

static void describe_one(const struct redis_node *n, struct strbuf *b)
{
    const struct sd_cache *c = &n->info.cache;
    char text[UNIT_TEXT_MAX];
    strbuf_printf(b, "%s %.40s", product_of(n), c->version ? c->version : "");
    /* In hours or days: the sentence changes with it. */
    int64_t hours = sd_known(n->info.uptime_ns) ? n->info.uptime_ns / (3600 * SD_S) : 0;
    if (hours > 0)
        strbuf_printf(b, " up %s",
                      unit_format_int(UNIT_NS, (hours < 48 ? hours : hours / 24 * 24) * 3600 * SD_S, text));
    if (c->role)
        strbuf_printf(b, ", %.20s", c->role);
    if (c->replicas > 0)
        strbuf_printf(b, " of %lld replica%s", (long long)c->replicas, c->replicas == 1 ? "" : "s");
    for (size_t i = 0; c->troubles && i < c->troubles->n && i < 2; i++)
        strbuf_printf(b, "; %.150s", c->troubles->items[i]);
    if (n->lack)
        strbuf_printf(b, "; no slow commands: %.150s", n->lack);
}

static void describe_several(const struct redis *x, struct strbuf *b)
{
    size_t masters = 0, silent = 0;
    const struct redis_node *first = NULL;
    for (size_t i = 0; i < x->n; i++) {
        masters += str_eq(x->nodes[i]->role, "master");
        silent += x->nodes[i]->problem != NULL;
        first = first || !x->nodes[i]->problem ? first : x->nodes[i];
    }
    strbuf_printf(b, "%s: %zu servers, %zu of them masters",
                  x->kind == REDIS_CLUSTER ? "a cluster" : "by a sentinel", x->n, masters);
    if (silent)
        strbuf_printf(b, "; %zu not read: %.200s", silent, first->problem);
    if (x->cluster_trouble)
        strbuf_printf(b, "; %s", x->cluster_trouble);
    if (x->sentinel_problem)
        strbuf_printf(b, "; the sentinel is not read: %.150s", x->sentinel_problem);
}

static void report_state(struct redis *x)
{
    struct strbuf b = {0};
    if (x->kind == REDIS_SINGLE)
        describe_one(x->nodes[0], &b);
    else
        describe_several(x, &b);
    if (!str_eq(b.text, x->noted)) {
        x->s->host->note(x->s, SD_STATE_LIVE, "%s", b.text);
        free(x->noted);
        x->noted = strbuf_detach(&b);
    }
    strbuf_free(&b);
}

/* ---- reading ---- */

static void set_problem(struct redis *x, struct redis_node *n, const char *why)
{
    free(n->problem);
    n->problem = mem_strdup(why);
    n->failures = why ? MIN(n->failures + 1, 16u) : 0;
    int64_t wait = MIN(x->o->interval << MIN(n->failures, 6u), RETRY_MAX_S * SD_S);
    n->retry_at = why ? x->s->host->now(x->s) + wait : 0;
    x->look_again |= n->failures == 1; /* something has changed */
}

/* Is it time to try a server that did not answer? A clock that was set back does not make it wait longer. */
static bool rests(const struct redis *x, const struct redis_node *n)
{
    sd_time now = x->s->host->now(x->s);
    return n->problem && now < n->retry_at && n->retry_at <= now + 2 * RETRY_MAX_S * SD_S;
}

static enum sd_result collect_node(struct redis *x, struct redis_node *n, struct sd_batch *b,
                                   struct sd_error *err)
{
    if (rests(x, n))
        return SD_RETRY;
    enum sd_result r = redis_node_info(x, n, b, err);
    if (r == SD_NODATA)
        return r;
    set_problem(x, n, r == SD_OK ? NULL : err->text);
    if (r != SD_OK)
        return r;
    struct sd_error more = {""}; /* what it costs is not the figures, which were read */
    r = redis_node_more(x, n, b, &more);
    return r == SD_NODATA ? r : SD_OK;
}

static enum sd_result collect(struct redis *x, struct sd_batch *b, struct sd_error *err)
{
    size_t read = 0;
    enum sd_result r = redis_nodes_follow(x, b, err), failed = SD_RETRY;
    struct sd_error first = {""};
    for (size_t i = 0; i < x->n && r != SD_NODATA; i++) {
        struct sd_error why = {""};
        r = collect_node(x, x->nodes[i], b, &why);
        read += r == SD_OK;
        if (r != SD_OK && !first.text[0]) {
            first = why.text[0] ? why : first;
            failed = r;
        }
    }
    if (r == SD_NODATA)
        return r;
    if (!read) {
        *err = first;
        return first.text[0] ? failed : sd_fail(err, SD_RETRY, "none of the servers answers");
    }
    for (size_t i = 0; i < x->n; i++) {
        struct redis_node *n = x->nodes[i];
        if (n->keyspace && !n->problem)
            keyspace_cache(n->keyspace, &n->info.cache);
        redis_node_records(x, n, b);
        if (n->keyspace)
            keyspace_records(n->keyspace, b);
    }
    redis_slow_records(x, b);
    return SD_OK;
}

static enum sd_result collect_once(struct redis *x, struct sd_error *err)
{
    const struct sd_host *h = x->s->host;
    struct sd_batch *b = h->batch(x->s, h->now(x->s));
    enum sd_result r = collect(x, b, err);
    if (r != SD_OK) {
        h->discard(b);
        return r;
    }
    h->publish(x->s, b);
    report_state(x);
    return SD_OK;
}

/* ---- looking into keys ---- */

/* Masters only: what a replica holds is the same. */
static bool is_master(const struct redis_node *n)
{
    return !n->role || n->role[0] == 'm';
}

static void begin_sampling(struct redis *x, int method, double budget, sd_time until, const char *cache)
{
    for (size_t i = 0; i < x->n; i++) {
        struct redis_node *n = x->nodes[i];
        if (!n->name || !is_master(n) || (cache && !str_eq(cache, n->name)))
            continue;
        if (n->keyspace && n->keyspace->monitor >= (method == 2)) {
            n->keyspace->until = until;
            continue;
        }
        keyspace_free(n->keyspace);
        n->keyspace = keyspace_new(x, n, method == 2, budget, until, x->o->prefixes);
    }
}

/* Until the next reading of the figures. Less than 0: to stop, or for a request. */
static int work(struct redis *x)
{
    const struct sd_host *h = x->s->host;
    int method = str_find(SAMPLES, x->o->sample);
    if (method > 0)
        begin_sampling(x, method, x->o->budget, SD_UNKNOWN, NULL);
    for (;;) {
        sd_time next = x->next;
        for (size_t i = 0; i < x->n; i++)
            if (x->nodes[i]->keyspace)
                next = MIN(next, keyspace_step(x->nodes[i]->keyspace));
        int r = h->wait(x->s, -1, 0, next);
        if (r < 0 || h->now(x->s) >= x->next)
            return r;
    }
}

static enum sd_result redis_source_request(struct sd_source *s, const struct sd_request *req,
                                           struct sd_batch *reply, struct sd_error *err)
{
    struct redis *x = s->priv;
    const struct sd_job_sample_cache *a = req->args;
    sd_time now = s->host->now(s);
    if (req->job != SD_JOB_SAMPLE_CACHE)
        return sd_fail(err, SD_UNSUPPORTED, "the Redis source does not know this job");
    int method = a->method ? str_find(SAMPLES, a->method) : 0;
    if (method <= 0)
        return sd_fail(err, SD_UNSUPPORTED, "Redis has the methods keys and monitor, not %.40s",
                       a->method ? a->method : "none");
    double budget = isnan(a->budget) ? x->o->budget : MIN(MAX(a->budget, 0.0001), 0.5);
    begin_sampling(x, method, budget, sd_known(a->limit_ns) ? add_sat(now, a->limit_ns) : SD_UNKNOWN,
                   a->cache);
    size_t begun = 0;
    for (size_t i = 0; i < x->n; i++)
        begun += x->nodes[i]->keyspace != NULL;
    if (!begun)
        return sd_fail(err, SD_UNSUPPORTED, "no server of this source is called %.100s, or none was read yet",
                       a->cache ? a->cache : "anything");
    redis_event(x, reply, "info", "looking into keys",
                method == 2 ? "MONITOR in bursts and SCAN, within %.3g %% of the server's time"
                            : "SCAN, and MEMORY USAGE of some keys, within %.3g %% of the server's time",
                budget * 100);
    return SD_OK;
}

static enum sd_result redis_source_run(struct sd_source *s, struct sd_error *err)
{
    struct redis *x = s->priv;
    const struct sd_host *h = s->host;
    while (!h->should_stop(s)) {
        sd_time now = h->now(s);
        if (now >= x->next || x->next > now + 2 * x->o->interval) {
            x->next = x->next + x->o->interval > now && x->next <= now ? x->next + x->o->interval
                                                                       : now + x->o->interval;
            enum sd_result r = collect_once(x, err);
            if (r != SD_OK)
                return r == SD_NODATA ? SD_OK : r;
        }
        if (work(x) < 0)
            return SD_OK; /* to stop, or for a request */
    }
    return SD_OK;
}

/* ---- the table ---- */

static void redis_source_examine(struct sd_source *s, sd_check_tell *tell, void *ctx)
{
    struct sd_error err = {""};
    if (!s->target)
        return;
    enum sd_result opened = redis_source_open(s, &err);
    redis_look(s->priv, opened, &err, tell, ctx);
    redis_source_close(s);
}

static int redis_source_recognise(const char *target, const void *head, size_t len)
{
    (void)len;
    return head ? 0 : redis_target_score(target);
}

static enum sd_result redis_source_probe(const char *target, const void *opts, struct sd_error *why)
{
    struct redis_address a;
    char *user, *password;
    (void)opts;
    bool fine = redis_target_read(target, &a, &user, &password, why);
    redis_address_free(&a);
    wipe(&user);
    wipe(&password);
    return fine ? SD_OK : SD_CONFIG;
}

/* The text of INFO. */
static enum sd_result redis_source_decode(const struct sd_host *host, const void *bytes, size_t len,
                                          struct sd_batch *b, struct sd_error *err)
{
    struct redis_info info;
    if (!redis_info_read(bytes, len, &info))
        return sd_fail(err, SD_CONFIG, "this is no answer to INFO");
    info.cache.name = "redis given";
    info.cache.since = SD_UNKNOWN;
    bool all = host->add(b, SD_CACHE, &info.cache);
    for (size_t i = 0; i < info.n_commands && all; i++) {
        info.commands[i].cache = info.cache.name;
        all = host->add(b, SD_CACHE_COMMAND, &info.commands[i]);
    }
    redis_info_free(&info);
    return all ? SD_OK : sd_fail(err, SD_CONFIG, "it holds more than one batch can");
}

extern const struct sd_source_ops redis_source_ops;
const struct sd_source_ops redis_source_ops = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_source_ops),
    .name = "redis",
    .summary = "Redis 5 and later, Valkey: hit rates, memory, commands, slow commands, cluster, sentinel",
    .targets = "redis://USER:PASSWORD@HOST:PORT/, rediss://HOST, unix:PATH, redis:HOST:PORT",
    .provides = SD_KIND_BIT(SD_CACHE) | SD_KIND_BIT(SD_CACHE_COMMAND) | SD_KIND_BIT(SD_CACHE_SLOW) |
                SD_KIND_BIT(SD_CACHE_PREFIX) | SD_KIND_BIT(SD_CACHE_KEY) | SD_KIND_BIT(SD_CACHE_CURVE) |
                SD_KIND_BIT(SD_METRIC) | SD_KIND_BIT(SD_EVENT),
    .opts_size = sizeof(struct redis_options),
    .options = OPTIONS,
    .priv_size = sizeof(struct redis),
    .recognise = redis_source_recognise,
    .probe = redis_source_probe,
    .open = redis_source_open,
    .run = redis_source_run,
    .request = redis_source_request,
    .close = redis_source_close,
    .decode = redis_source_decode,
    .examine = redis_source_examine,
};
