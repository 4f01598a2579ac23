#include "core/caches/key_command.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"

enum form {
    FORM_KEYS,   /* keys from `first` on, every `step`, up to the end */
    FORM_SET,    /* SET key value [EX ...] */
    FORM_SETEX,  /* key time value */
    FORM_EXPIRE, /* key time */
    FORM_GETEX,  /* key [EX ...] */
    FORM_RENAME, /* from to */
    FORM_STORE,  /* to from... */
};

struct row {
    const char *name;
    enum key_effect effect;
    uint8_t form, first, step; /* step 0: one key */
    int64_t unit;              /* of a time; 0: none. Below 0: since 1970 */
};

#define ONE(name_, effect_)                                                                                  \
    {                                                                                                        \
        .name = name_, .effect = effect_, .first = 1                                                         \
    }
#define ALL(name_, effect_)                                                                                  \
    {                                                                                                        \
        .name = name_, .effect = effect_, .first = 1, .step = 1                                              \
    }
#define READS(name_)   ONE(name_, KEY_READ)
#define CHANGES(name_) ONE(name_, KEY_CHANGE)
#define TIMED(name_, effect_, form_, unit_)                                                                  \
    {                                                                                                        \
        .name = name_, .effect = effect_, .form = form_, .first = 1, .unit = unit_                           \
    }

static const struct row ROWS[] = {
    READS("get"),
    ALL("mget", KEY_READ),
    READS("getrange"),
    READS("substr"),
    READS("strlen"),
    READS("getbit"),
    READS("bitcount"),
    READS("bitpos"),
    ALL("exists", KEY_READ),
    ALL("touch", KEY_READ),
    READS("type"),
    READS("ttl"),
    READS("pttl"),
    READS("expiretime"),
    READS("pexpiretime"),
    READS("dump"),
    READS("hget"),
    READS("hmget"),
    READS("hgetall"),
    READS("hexists"),
    READS("hkeys"),
    READS("hvals"),
    READS("hlen"),
    READS("hstrlen"),
    READS("hscan"),
    READS("hrandfield"),
    READS("lrange"),
    READS("lindex"),
    READS("llen"),
    READS("lpos"),
    READS("smembers"),
    READS("sismember"),
    READS("smismember"),
    READS("scard"),
    READS("srandmember"),
    READS("sscan"),
    ALL("sinter", KEY_READ),
    ALL("sunion", KEY_READ),
    ALL("sdiff", KEY_READ),
    READS("zrange"),
    READS("zrangebyscore"),
    READS("zrevrangebyscore"),
    READS("zrangebylex"),
    READS("zrevrangebylex"),
    READS("zrevrange"),
    READS("zrank"),
    READS("zrevrank"),
    READS("zscore"),
    READS("zmscore"),
    READS("zcard"),
    READS("zcount"),
    READS("zlexcount"),
    READS("zscan"),
    READS("zrandmember"),
    READS("xrange"),
    READS("xrevrange"),
    READS("xlen"),
    ALL("pfcount", KEY_READ),
    READS("geopos"),
    READS("geodist"),
    READS("geohash"),
    READS("geosearch"),
    READS("georadius_ro"),
    READS("json.get"),
    READS("json.type"),
    READS("sort_ro"),
    TIMED("set", KEY_SET, FORM_SET, 0),
    TIMED("getset", KEY_SET, FORM_KEYS, 0),
    ONE("setnx", KEY_SET_NEW),
    {.name = "mset", .effect = KEY_SET, .first = 1, .step = 2},
    {.name = "msetnx", .effect = KEY_SET_NEW, .first = 1, .step = 2},
    TIMED("setex", KEY_SET, FORM_SETEX, SD_S),
    TIMED("psetex", KEY_SET, FORM_SETEX, SD_MS),
    TIMED("restore", KEY_SET, FORM_SETEX, SD_MS),
    CHANGES("append"),
    CHANGES("setrange"),
    CHANGES("setbit"),
    CHANGES("incr"),
    CHANGES("incrby"),
    CHANGES("incrbyfloat"),
    CHANGES("decr"),
    CHANGES("decrby"),
    CHANGES("hset"),
    CHANGES("hmset"),
    CHANGES("hsetnx"),
    CHANGES("hincrby"),
    CHANGES("hincrbyfloat"),
    CHANGES("lpush"),
    CHANGES("rpush"),
    CHANGES("linsert"),
    CHANGES("lset"),
    CHANGES("sadd"),
    CHANGES("zadd"),
    CHANGES("zincrby"),
    CHANGES("pfadd"),
    CHANGES("xadd"),
    CHANGES("geoadd"),
    CHANGES("json.set"),
    CHANGES("bitfield"),
    ONE("lpop", KEY_LESS),
    ONE("rpop", KEY_LESS),
    ONE("lrem", KEY_LESS),
    ONE("ltrim", KEY_LESS),
    ONE("srem", KEY_LESS),
    ONE("spop", KEY_LESS),
    ONE("hdel", KEY_LESS),
    ONE("zrem", KEY_LESS),
    ONE("zpopmin", KEY_LESS),
    ONE("zpopmax", KEY_LESS),
    ONE("zremrangebyscore", KEY_LESS),
    ONE("zremrangebyrank", KEY_LESS),
    ONE("zremrangebylex", KEY_LESS),
    ONE("json.del", KEY_LESS),
    TIMED("expire", KEY_EXPIRE, FORM_EXPIRE, SD_S),
    TIMED("pexpire", KEY_EXPIRE, FORM_EXPIRE, SD_MS),
    TIMED("expireat", KEY_EXPIRE, FORM_EXPIRE, -SD_S),
    TIMED("pexpireat", KEY_EXPIRE, FORM_EXPIRE, -SD_MS),
    ONE("persist", KEY_PERSIST),
    TIMED("getex", KEY_READ, FORM_GETEX, 0),
    ALL("del", KEY_DELETE),
    ALL("unlink", KEY_DELETE),
    ONE("move", KEY_DELETE),
    ONE("getdel", KEY_DELETE),
    TIMED("rename", KEY_DELETE, FORM_RENAME, 0),
    TIMED("renamenx", KEY_DELETE, FORM_RENAME, 0),
    TIMED("sinterstore", KEY_READ, FORM_STORE, 0),
    TIMED("sunionstore", KEY_READ, FORM_STORE, 0),
    TIMED("sdiffstore", KEY_READ, FORM_STORE, 0),
    {.name = "flushdb", .effect = KEY_FLUSH},
    {.name = "flushall", .effect = KEY_FLUSH},
};

/* What one call has to know. */
struct call {
    size_t n;
    const char *const *arguments;
    const size_t *lengths;
    sd_time now;
    key_effect_fn *fn;
    void *ctx;
};

static void tell(const struct call *c, enum key_effect effect, size_t i, sd_time end)
{
    if (i < c->n)
        c->fn(c->ctx, effect, c->arguments[i], c->lengths[i], end);
}

static const struct row *row_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
        if (strcasecmp(ROWS[i].name, name) == 0)
            return &ROWS[i];
    return NULL;
}

/* A time that is over deletes the key: then it is the beginning of time, which is over as well. */
static sd_time end_at(const struct call *c, size_t i, int64_t unit)
{
    int64_t v = i < c->n ? strtoll(c->arguments[i], NULL, 10) : 0;
    sd_time end = unit < 0 ? mul_sat(v, -unit) : add_sat(c->now, mul_sat(v, unit));
    return MAX(end, 1);
}

static bool word(const struct call *c, size_t i, const char *text)
{
    return i < c->n && strcasecmp(c->arguments[i], text) == 0;
}

/* Options of SET and GETEX, from i on. */
static void timed(const struct call *c, size_t i, bool *fresh, bool *only_there, sd_time *end)
{
    static const struct {
        const char *name;
        int64_t unit;
    } TIMES[] = {{.name = "EX", .unit = SD_S},
                 {.name = "PX", .unit = SD_MS},
                 {.name = "EXAT", .unit = -SD_S},
                 {.name = "PXAT", .unit = -SD_MS}};
    for (; i < c->n; i++) {
        for (size_t k = 0; k < ARRAY_LEN(TIMES); k++)
            if (word(c, i, TIMES[k].name))
                *end = end_at(c, i + 1, TIMES[k].unit);
        *fresh |= word(c, i, "NX");
        *only_there |= word(c, i, "XX");
        if (word(c, i, "KEEPTTL"))
            *end = KEY_SAME_END;
        if (word(c, i, "PERSIST"))
            *end = KEY_NO_END;
    }
}

static void set(const struct call *c)
{
    bool fresh = false, only_there = false;
    sd_time end = KEY_NO_END;
    timed(c, 3, &fresh, &only_there, &end);
    tell(c, fresh ? KEY_SET_NEW : KEY_SET, 1, end);
    (void)only_there; /* without an answer: it was there, or nothing was stored. Both are rare */
}

static void get_and_end(const struct call *c)
{
    bool no = false;
    sd_time end = KEY_SAME_END;
    timed(c, 2, &no, &no, &end);
    tell(c, KEY_READ, 1, 0);
    if (end == KEY_NO_END)
        tell(c, KEY_PERSIST, 1, 0);
    else if (end != KEY_SAME_END)
        tell(c, KEY_EXPIRE, 1, end);
}

bool key_command(size_t n, const char *const *arguments, const size_t *lengths, sd_time now,
                 key_effect_fn *fn, void *ctx)
{
    const struct row *r = n ? row_of(arguments[0]) : NULL;
    struct call c = {.n = n, .arguments = arguments, .lengths = lengths, .now = now, .fn = fn, .ctx = ctx};
    if (!r)
        return false;
    if (r->effect == KEY_FLUSH) {
        fn(ctx, KEY_FLUSH, "", 0, 0);
        return true;
    }
    switch ((enum form)r->form) {
    case FORM_KEYS:
        if (strcasecmp(r->name, "getdel") == 0)
            tell(&c, KEY_READ, 1, 0);
        for (size_t i = r->first; i < n; i += r->step) {
            tell(&c, r->effect, i, KEY_NO_END);
            if (!r->step)
                break;
        }
        break;
    case FORM_SET:
        set(&c);
        break;
    case FORM_SETEX:
        tell(&c, KEY_SET, 1, word(&c, 2, "0") ? KEY_NO_END : end_at(&c, 2, r->unit));
        break;
    case FORM_EXPIRE:
        tell(&c, KEY_EXPIRE, 1, end_at(&c, 2, r->unit));
        break;
    case FORM_GETEX:
        get_and_end(&c);
        break;
    case FORM_RENAME:
        tell(&c, KEY_DELETE, 1, 0);
        tell(&c, KEY_SET, 2, KEY_SAME_END);
        break;
    case FORM_STORE:
        for (size_t i = 2; i < n; i++)
            tell(&c, KEY_READ, i, 0);
        tell(&c, KEY_SET, 1, KEY_NO_END);
        break;
    }
    return true;
}
