#include "format/caches/redis_info.h"

#include <stdlib.h>

#include "base/num.h"
#include "base/units.h"

enum { LINE_MAX_BYTES = 4096, LISTED_MAX = 1024, TROUBLES_MAX = 16 };

/* What the lines say that is not a field of a record as it is. */
struct reading {
    struct redis_info *i;
    double cpu_sys, cpu_user;
    int64_t forks, fork_us, offset, behind, link_down_s, left;
    int64_t loaded, to_load;
    bool master_up, has_master, syncing, save_failed, rewrite_failed, append_failed, failing_over;
    size_t cap_commands, cap_errors, cap_masters;
    struct sd_cache_command *commands;
    const char **errors;
    int64_t *error_counts;
    struct redis_master *masters;
    const char *troubles[TROUBLES_MAX];
    size_t n_troubles;
};

/* ---- values ---- */

/* A whole number of nothing but digits; SD_UNKNOWN otherwise, as for -1. */
static int64_t whole(const char *v)
{
    size_t n = strspn(v, "0123456789");
    if (!n || v[n])
        return SD_UNKNOWN;
    return n > 18 ? NUM_MAX : strtoll(v, NULL, 10);
}

static double real(const char *v)
{
    double x;
    return num_parse_real(v, &x) && x >= 0 ? x : (double)NAN;
}

static int64_t scaled(int64_t v, int64_t by)
{
    return sd_known(v) ? mul_sat(v, by) : SD_UNKNOWN;
}

/* The value of NAME=VALUE among others, up to a comma; in `to`. */
static bool part(const char *v, const char *name, char *to, size_t size)
{
    size_t n = strlen(name);
    for (const char *p = v; *p; p += strcspn(p, ",") + (p[strcspn(p, ",")] == ','))
        if (!strncmp(p, name, n) && p[n] == '=') {
            snprintf(to, size, "%.*s", (int)MIN(strcspn(p + n + 1, ","), size - 1), p + n + 1);
            return true;
        }
    return false;
}

static int64_t part_whole(const char *v, const char *name)
{
    char text[64];
    return part(v, name, text, sizeof text) ? whole(text) : SD_UNKNOWN;
}

static int64_t part_us(const char *v, const char *name)
{
    char text[64];
    return part(v, name, text, sizeof text) ? real_to_int(real(text) * 1000) : SD_UNKNOWN;
}

/* ---- lines ---- */

/* Whole numbers that are a field. */
static const struct {
    const char *name;
    size_t offset;
} FIELDS[] = {
    {"keyspace_hits", offsetof(struct redis_info, cache.hits)},
    {"keyspace_misses", offsetof(struct redis_info, cache.misses)},
    {"evicted_keys", offsetof(struct redis_info, cache.evictions)},
    {"expired_keys", offsetof(struct redis_info, cache.expired)},
    {"total_commands_processed", offsetof(struct redis_info, cache.requests)},
    {"total_error_replies", offsetof(struct redis_info, cache.errors)},
    {"total_net_output_bytes", offsetof(struct redis_info, cache.bytes_out)},
    {"total_connections_received", offsetof(struct redis_info, cache.connections)},
    {"rejected_connections", offsetof(struct redis_info, cache.rejected)},
    {"used_memory", offsetof(struct redis_info, cache.bytes_used)},
    {"maxmemory", offsetof(struct redis_info, cache.bytes_max)},
    {"used_memory_rss", offsetof(struct redis_info, cache.bytes_rss)},
    {"connected_clients", offsetof(struct redis_info, cache.clients)},
    {"blocked_clients", offsetof(struct redis_info, cache.clients_blocked)},
    {"connected_slaves", offsetof(struct redis_info, cache.replicas)},
    {"master_port", offsetof(struct redis_info, master_port)},
    {"maxclients", offsetof(struct redis_info, max_clients)},
    {"loading", offsetof(struct redis_info, loading)},
};

static bool field_line(struct redis_info *i, const char *name, const char *v)
{
    for (size_t k = 0; k < ARRAY_LEN(FIELDS); k++)
        if (!strcmp(FIELDS[k].name, name)) {
            *(int64_t *)(void *)((char *)i + FIELDS[k].offset) = whole(v);
            return true;
        }
    return false;
}

static bool text_line(struct reading *r, const char *name, const char *v)
{
    struct redis_info *i = r->i;
    if (!strcmp(name, "redis_version")) {
        if (!i->cache.version)
            i->cache.version = arena_strdup(i->arena, v);
    } else if (!strcmp(name, "valkey_version") || !strcmp(name, "dragonfly_version")) {
        i->cache.version = arena_strdup(i->arena, v);
        i->cache.product = *name == 'v' ? "valkey" : "dragonfly";
    } else if (!strcmp(name, "server_name")) {
        if (!strcmp(v, "valkey"))
            i->cache.product = "valkey";
    } else if (!strcmp(name, "redis_mode") || !strcmp(name, "server_mode")) {
        i->mode = arena_strdup(i->arena, v);
    } else if (!strcmp(name, "run_id")) {
        i->run_id = arena_strdup(i->arena, v);
    } else if (!strcmp(name, "maxmemory_policy")) {
        i->cache.policy = arena_strdup(i->arena, v);
    } else if (!strcmp(name, "role")) {
        i->cache.role = !strcmp(v, "slave") ? "replica" : arena_strdup(i->arena, v);
    } else if (!strcmp(name, "master_host")) {
        i->master_host = arena_strdup(i->arena, v);
    } else {
        return false;
    }
    return true;
}

static bool state_line(struct reading *r, const char *name, const char *v)
{
    bool fails = !strcmp(v, "err");
    if (!strcmp(name, "uptime_in_seconds"))
        r->i->uptime_ns = scaled(whole(v), SD_S);
    else if (!strcmp(name, "used_cpu_sys"))
        r->cpu_sys = real(v);
    else if (!strcmp(name, "used_cpu_user"))
        r->cpu_user = real(v);
    else if (!strcmp(name, "latest_fork_usec"))
        r->fork_us = whole(v);
    else if (!strcmp(name, "total_forks"))
        r->forks = whole(v);
    else if (!strcmp(name, "master_repl_offset"))
        r->offset = whole(v);
    else if (!strcmp(name, "master_link_status")) {
        r->has_master = true;
        r->master_up = !strcmp(v, "up");
    } else if (!strcmp(name, "master_link_down_since_seconds"))
        r->link_down_s = whole(v);
    else if (!strcmp(name, "master_sync_in_progress"))
        r->syncing = !strcmp(v, "1");
    else if (!strcmp(name, "master_sync_left_bytes"))
        r->left = whole(v);
    else if (!strcmp(name, "rdb_last_bgsave_status"))
        r->save_failed = fails;
    else if (!strcmp(name, "aof_last_bgrewrite_status"))
        r->rewrite_failed = fails;
    else if (!strcmp(name, "aof_last_write_status"))
        r->append_failed = fails;
    else if (!strcmp(name, "loading_loaded_bytes"))
        r->loaded = whole(v);
    else if (!strcmp(name, "loading_total_bytes"))
        r->to_load = whole(v);
    else if (!strcmp(name, "master_failover_state"))
        r->failing_over = strcmp(v, "no-failover") != 0;
    else
        return false;
    return true;
}

/* db0:keys=9,expires=1,avg_ttl=0 */
static bool database_line(struct redis_info *i, const char *name, const char *v)
{
    size_t digits = str_starts(name, "db") ? strspn(name + 2, "0123456789") : 0;
    if (!digits || name[2 + digits])
        return false;
    i->cache.entries = add_known(i->cache.entries, part_whole(v, "keys"));
    i->cache.entries_with_ttl = add_known(i->cache.entries_with_ttl, part_whole(v, "expires"));
    return true;
}

/* slave0:ip=127.0.0.1,port=6380,state=online,offset=1400,lag=1 */
static bool replica_line(struct reading *r, const char *name, const char *v)
{
    size_t digits = str_starts(name, "slave") ? strspn(name + 5, "0123456789") : 0;
    char state[32];
    if (!digits || name[5 + digits])
        return false;
    int64_t offset = part_whole(v, "offset");
    if (part(v, "state", state, sizeof state) && !strcmp(state, "online") && sd_known(offset) &&
        (!sd_known(r->behind) || offset < r->behind))
        r->behind = offset;
    return true;
}

/* master0:name=mymaster,status=ok,address=127.0.0.1:6379,slaves=1,sentinels=1 */
static bool master_line(struct reading *r, const char *name, const char *v)
{
    size_t digits = str_starts(name, "master") ? strspn(name + 6, "0123456789") : 0;
    char master[256], status[32], address[300];
    if (!digits || name[6 + digits] || r->i->n_masters == LISTED_MAX ||
        !part(v, "name", master, sizeof master) || !part(v, "address", address, sizeof address))
        return false;
    char *colon = strrchr(address, ':');
    int64_t port = colon ? whole(colon + 1) : SD_UNKNOWN;
    if (port <= 0 || port > UINT16_MAX)
        return false;
    r->masters = mem_grow(r->masters, r->i->n_masters, &r->cap_masters, sizeof *r->masters);
    r->masters[r->i->n_masters++] = (struct redis_master){
        .name = arena_strdup(r->i->arena, master),
        .host = arena_strndup(r->i->arena, address, (size_t)(colon - address)),
        .port = (int)port,
        .ok = part(v, "status", status, sizeof status) && !strcmp(status, "ok"),
    };
    return true;
}

static struct sd_cache_command *command_of(struct reading *r, const char *name)
{
    struct redis_info *i = r->i;
    for (size_t k = 0; k < i->n_commands; k++)
        if (!strcmp(r->commands[k].command, name))
            return &r->commands[k];
    if (i->n_commands == LISTED_MAX || !*name)
        return NULL;
    r->commands = mem_grow(r->commands, i->n_commands, &r->cap_commands, sizeof *r->commands);
    struct sd_cache_command *c = &r->commands[i->n_commands++];
    *c = (struct sd_cache_command){
        .command = arena_strdup(i->arena, name),
        .calls = SD_UNKNOWN,
        .total_ns = SD_UNKNOWN,
        .rejected = SD_UNKNOWN,
        .failed = SD_UNKNOWN,
        .p50_ns = SD_UNKNOWN,
        .p99_ns = SD_UNKNOWN,
        .p999_ns = SD_UNKNOWN,
    };
    return c;
}

static bool command_line(struct reading *r, const char *name, const char *v)
{
    static const char CALLS[] = "cmdstat_", PERCENTILES[] = "latency_percentiles_usec_";
    struct sd_cache_command *c;
    if (str_starts(name, CALLS) && (c = command_of(r, name + sizeof CALLS - 1))) {
        c->calls = part_whole(v, "calls");
        c->total_ns = scaled(part_whole(v, "usec"), SD_US);
        c->rejected = part_whole(v, "rejected_calls");
        c->failed = part_whole(v, "failed_calls");
        return true;
    }
    if (str_starts(name, PERCENTILES) && (c = command_of(r, name + sizeof PERCENTILES - 1))) {
        c->p50_ns = part_us(v, "p50");
        c->p99_ns = part_us(v, "p99");
        c->p999_ns = part_us(v, "p99.9");
        r->i->percentiles = true;
        return true;
    }
    return false;
}

static bool error_line(struct reading *r, const char *name, const char *v)
{
    struct redis_info *i = r->i;
    size_t cap = r->cap_errors;
    if (!str_starts(name, "errorstat_") || i->n_errors == LISTED_MAX)
        return false;
    r->errors = mem_grow(r->errors, i->n_errors, &cap, sizeof *r->errors);
    r->error_counts = mem_grow(r->error_counts, i->n_errors, &r->cap_errors, sizeof *r->error_counts);
    r->errors[i->n_errors] = arena_strdup(i->arena, name + 10);
    r->error_counts[i->n_errors++] = part_whole(v, "count");
    return true;
}

static void one_line(struct reading *r, char *line)
{
    char *colon = strchr(line, ':');
    if (*line == '#' || !colon)
        return;
    /* A name of a command may hold a colon: its value begins behind the last one before "calls=". */
    char *value = strstr(line, ":calls=");
    value = value ? value : strstr(line, ":p50=");
    value = value ? value : colon;
    *value++ = 0;
    if (field_line(r->i, line, value) || text_line(r, line, value) || state_line(r, line, value) ||
        database_line(r->i, line, value) || replica_line(r, line, value) || master_line(r, line, value) ||
        command_line(r, line, value) || error_line(r, line, value))
        r->i->fields++;
}

/* ---- what follows from them ---- */

SD_PRINTF(2, 3)
static void trouble(struct reading *r, const char *fmt, ...)
{
    char text[300];
    va_list ap;
    if (r->n_troubles == TROUBLES_MAX)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    r->troubles[r->n_troubles++] = arena_strdup(r->i->arena, text);
}

static void persistence_troubles(struct reading *r)
{
    if (r->i->loading == 1 && r->to_load > 0 && r->loaded >= 0)
        trouble(r, "it is loading its data: %.0f %% is read",
                MIN(100.0 * (double)r->loaded / (double)r->to_load, 100.0));
    else if (r->i->loading == 1)
        trouble(r, "it is loading its data");
    if (r->save_failed)
        trouble(r,
                "its last save to disk failed; unless stop-writes-on-bgsave-error is off it refuses writes");
    if (r->append_failed)
        trouble(r, "writing to its append-only file fails; it refuses writes");
    if (r->rewrite_failed)
        trouble(r, "the last rewrite of its append-only file failed");
}

static void replication_troubles(struct reading *r)
{
    const struct redis_info *i = r->i;
    char text[UNIT_TEXT_MAX];
    if (r->failing_over)
        trouble(r, "a failover is under way");
    if (!r->has_master || r->master_up)
        return;
    if (r->syncing && sd_known(r->left))
        trouble(r, "it copies the data of its master %.150s, %s are left",
                i->master_host ? i->master_host : "", unit_format_int(UNIT_BYTES, r->left, text));
    else if (r->syncing)
        trouble(r, "it copies the data of its master %.150s", i->master_host ? i->master_host : "");
    else if (sd_known(r->link_down_s))
        trouble(r, "it has had no connection to its master %.150s for %s",
                i->master_host ? i->master_host : "", unit_format_int(UNIT_NS, i->cache.link_down_ns, text));
    else
        trouble(r, "it has had no connection to its master %.150s since its start",
                i->master_host ? i->master_host : "");
}

static void conclude(struct reading *r)
{
    struct redis_info *i = r->i;
    struct sd_cache *c = &i->cache;
    double cpu = r->cpu_sys + r->cpu_user;
    c->busy_ns = real_to_int(cpu * 1e9);
    if (r->forks != 0 && (r->fork_us > 0 || r->forks > 0))
        c->fork_ns = scaled(r->fork_us, SD_US);
    if (r->has_master && !r->master_up)
        c->link_down_ns = sd_known(r->link_down_s) ? scaled(r->link_down_s, SD_S) : i->uptime_ns;
    if (sd_known(r->behind) && sd_known(r->offset))
        c->lag_bytes = MAX(r->offset - r->behind, 0);
    else if (r->syncing)
        c->lag_bytes = r->left;
    persistence_troubles(r);
    replication_troubles(r);
    /* 9 of 10: there is little left. */
    if (i->max_clients > 0 && c->clients >= 0 && c->clients / 9 >= i->max_clients / 10 && c->clients > 9)
        trouble(r, "%lld of the %lld connections that it allows are in use", (long long)c->clients,
                (long long)i->max_clients);
    if (!sd_known(c->entries) && sd_known(c->hits)) /* an empty database has no line */
        c->entries = c->entries_with_ttl = 0;
    struct sd_texts *list = arena_alloc(i->arena, sizeof *list);
    *list = (struct sd_texts){.n = (uint32_t)r->n_troubles,
                              .items = arena_copy(i->arena, r->troubles, sizeof r->troubles)};
    c->troubles = list;
}

static void *kept(struct arena *a, void *items, size_t bytes)
{
    void *copy = bytes ? arena_copy(a, items, bytes) : NULL;
    free(items);
    return copy;
}

static struct sd_cache unknown_cache(void)
{
    struct sd_cache c = {.layer = "application", .product = "redis"};
#define UNKNOWN_INT(name) c.name = SD_UNKNOWN;
#define UNKNOWN_TEXT(name)
#define UNKNOWN_HIST(name)
#define UNKNOWN_LIST_TEXT(name)
#define UNKNOWN(type, name, unit, help) UNKNOWN_##type(name)
    SD_CACHE_FIELDS(UNKNOWN)
#undef UNKNOWN
    return c;
}

bool redis_info_read(const char *text, size_t len, struct redis_info *out)
{
    *out = (struct redis_info){.arena = arena_new(),
                               .cache = unknown_cache(),
                               .master_port = SD_UNKNOWN,
                               .uptime_ns = SD_UNKNOWN,
                               .max_clients = SD_UNKNOWN,
                               .loading = SD_UNKNOWN};
    struct reading r = {.i = out,
                        .cpu_sys = (double)NAN,
                        .cpu_user = (double)NAN,
                        .forks = SD_UNKNOWN,
                        .fork_us = SD_UNKNOWN,
                        .offset = SD_UNKNOWN,
                        .behind = SD_UNKNOWN,
                        .link_down_s = SD_UNKNOWN,
                        .left = SD_UNKNOWN,
                        .loaded = SD_UNKNOWN,
                        .to_load = SD_UNKNOWN};
    char line[LINE_MAX_BYTES];
    for (const char *p = text, *end = text + len; p < end;) {
        const char *eol = memchr(p, '\n', (size_t)(end - p));
        size_t n = (size_t)((eol ? eol : end) - p);
        if (n < sizeof line && !memchr(p, 0, n)) { /* a longer one is none of those that are known */
            memcpy(line, p, n);
            line[n - (n && line[n - 1] == '\r')] = 0;
            one_line(&r, line);
        }
        p = eol ? eol + 1 : end;
    }
    conclude(&r);
    out->commands = kept(out->arena, r.commands, out->n_commands * sizeof *r.commands);
    out->errors = kept(out->arena, r.errors, out->n_errors * sizeof *r.errors);
    out->error_counts = kept(out->arena, r.error_counts, out->n_errors * sizeof *r.error_counts);
    out->masters = kept(out->arena, r.masters, out->n_masters * sizeof *r.masters);
    if (out->fields)
        return true;
    redis_info_free(out);
    return false;
}

void redis_info_free(struct redis_info *i)
{
    arena_free(i->arena);
    *i = (struct redis_info){0};
}
