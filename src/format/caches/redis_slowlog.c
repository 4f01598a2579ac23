#include "format/caches/redis_slowlog.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/num.h"
#include "core/endpoints/opaque.h"

enum { PREFIX_BYTES = 128, SEGMENT_LONGEST = 32, NAME_BYTES = 40 };

/* ---- the prefix of a key ---- */

static bool is_separator(char c)
{
    return c == ':' || c == '/' || c == '|';
}

/* Does the segment stand for one of many? What has a figure in it may, and so may what is not printable. */
static bool varies(const char *s, size_t n)
{
    if (n > SEGMENT_LONGEST || opaque(s, n))
        return true;
    for (size_t i = 0; i < n; i++)
        if (isdigit((unsigned char)s[i]) || s[i] <= ' ' || s[i] > '~' || s[i] == '@')
            return true;
    return false;
}

/* A key without separators is a name only when it is plain words. */
void redis_key_prefix(const char *key, size_t len, char *to, size_t size)
{
    size_t at = 0, begin = 0;
    for (size_t i = 0; i <= len && at + 2 < size; i++) {
        if (i < len && !is_separator(key[i]))
            continue;
        size_t n = i - begin;
        bool star = n && varies(key + begin, n);
        if (star) {
            to[at++] = '*';
        } else {
            n = MIN(n, size - at - 2);
            memcpy(to + at, key + begin, n);
            at += n;
        }
        if (i < len)
            to[at++] = key[i];
        begin = i + 1;
    }
    to[at] = 0;
}

/* ---- which argument is a key ---- */

/* Commands by where their first key is. Of any other nothing is taken: it may have been renamed, and its
 * first argument be a password. */
static const char FIRST[] =
    " get set setex psetex setnx getset getdel getex append strlen incr decr incrby decrby incrbyfloat mget "
    "mset "
    "msetnx getrange setrange substr getbit setbit bitcount bitpos bitfield bitfield_ro del unlink exists "
    "expire "
    "pexpire expireat pexpireat expiretime pexpiretime ttl pttl persist type dump restore rename renamenx "
    "copy "
    "move touch sort sort_ro hget hset hsetnx hmget hmset hgetall hkeys hvals hlen hdel hexists hincrby "
    "hincrbyfloat hscan hstrlen hrandfield hexpire hpexpire httl hpttl hpersist hgetdel hgetex hsetex lpush "
    "rpush "
    "lpushx rpushx lpop rpop llen lrange lindex lset lrem ltrim linsert lpos lmove blmove rpoplpush "
    "brpoplpush "
    "blpop brpop sadd srem smembers sismember smismember scard spop srandmember smove sinter sunion sdiff "
    "sinterstore sunionstore sdiffstore sscan zadd zrem zscore zmscore zrange zrangestore zrangebyscore "
    "zrangebylex zrevrange zrevrangebyscore zrevrangebylex zrank zrevrank zcard zcount zlexcount zincrby "
    "zremrangebyscore zremrangebyrank zremrangebylex zunionstore zinterstore zdiffstore zpopmin zpopmax "
    "bzpopmin "
    "bzpopmax zrandmember zscan geoadd geopos geodist geohash georadius georadiusbymember georadius_ro "
    "georadiusbymember_ro geosearch geosearchstore pfadd pfcount pfmerge xadd xlen xrange xrevrange xdel "
    "xtrim "
    "xack xclaim xautoclaim xpending xsetid watch ";
static const char SECOND[] = " object memory bitop xgroup xinfo ";
/* Behind the number of keys, which may be 0. */
static const char COUNTED_SECOND[] = " zunion zinter zdiff sintercard zintercard lmpop zmpop ";
static const char COUNTED_THIRD[] = " eval evalsha eval_ro evalsha_ro fcall fcall_ro blmpop bzmpop ";

static bool is_in(const char *list, const char *command)
{
    char word[NAME_BYTES + 2];
    snprintf(word, sizeof word, " %s ", command);
    return strstr(list, word);
}

static bool is_text(const struct redis_reply *r)
{
    return r->type == REPLY_STRING || r->type == REPLY_STATUS;
}

/* 0: it has no key that is known. */
static size_t key_at(const char *command, const struct redis_reply *args)
{
    size_t at = is_in(COUNTED_SECOND, command) ? 2 : is_in(COUNTED_THIRD, command) ? 3 : 0;
    if (!at)
        return is_in(FIRST, command) ? 1 : is_in(SECOND, command) ? 2 : 0;
    const struct redis_reply *count = at <= args->n ? args->items[at - 1] : NULL;
    return count && is_text(count) && strtol(count->text, NULL, 10) > 0 ? at : 0;
}

/* Letters only: a client can send anything as a command. */
static char *command_name(struct arena *arena, const struct redis_reply *r)
{
    char name[NAME_BYTES];
    size_t n = 0;
    if (!is_text(r) || !r->len)
        return arena_strdup(arena, "?");
    for (; n < r->len && n + 1 < sizeof name; n++) {
        char c = (char)tolower((unsigned char)r->text[n]);
        if (!isalnum((unsigned char)c) && !strchr("._-|", c))
            return arena_strdup(arena, "?");
        name[n] = c;
    }
    name[n] = 0;
    return arena_strdup(arena, name);
}

static const char *prefix_of(struct arena *arena, const char *command, const struct redis_reply *args)
{
    char prefix[PREFIX_BYTES];
    size_t at = key_at(command, args);
    if (!at || at >= args->n || !is_text(args->items[at]))
        return NULL;
    const struct redis_reply *key = args->items[at];
    redis_key_prefix(key->text, key->len, prefix, sizeof prefix);
    return *prefix ? arena_strdup(arena, prefix) : NULL;
}

/* The server leaves out arguments beyond 32 and says how many: "... (96 more arguments)". */
static int64_t arguments(const struct redis_reply *args)
{
    const struct redis_reply *last = args->items[args->n - 1];
    long long more;
    if (is_text(last) && sscanf(last->text, "... (%lld more arguments)", &more) == 1 && more > 0)
        return add_sat((int64_t)args->n - 1, more);
    return (int64_t)args->n;
}

/* ---- entries ---- */

/* [id, time, figure, [words], "client address", "client name"]; the last two since Redis 4. */
static bool is_entry(const struct redis_reply *e)
{
    return e->type == REPLY_ARRAY && e->n >= 4 && e->items[0]->type == REPLY_INTEGER &&
           e->items[1]->type == REPLY_INTEGER && e->items[2]->type == REPLY_INTEGER &&
           e->items[3]->type == REPLY_ARRAY && e->items[3]->n > 0;
}

static const char *text_at(const struct redis_reply *e, size_t i)
{
    return i < e->n && is_text(e->items[i]) && e->items[i]->len ? e->items[i]->text : NULL;
}

static struct sd_cache_slow entry(const struct redis_reply *e, const char *log, struct arena *arena)
{
    const struct redis_reply *words = e->items[3];
    bool slow = !strcmp(log, "slow");
    int64_t at = e->items[1]->integer, figure = e->items[2]->integer;
    const char *address = text_at(e, 4), *name = text_at(e, 5);
    struct sd_cache_slow s = {
        .log = log,
        .id = e->items[0]->integer,
        .at = at > 0 && at < INT64_MAX / SD_S ? at * SD_S : SD_UNKNOWN,
        .duration_ns = slow && figure >= 0 ? mul_sat(figure, SD_US) : SD_UNKNOWN,
        .bytes = !slow && figure >= 0 ? figure : SD_UNKNOWN,
        .command = command_name(arena, words->items[0]),
        .arguments = arguments(words),
        .client = arena_strdup(arena, name ? name : address),
    };
    s.prefix = prefix_of(arena, s.command, words);
    return s;
}

int64_t redis_slowlog_read(const struct redis_reply *reply, const char *log, const char *own,
                           struct arena *arena, struct sd_cache_slow *out, size_t max, int64_t *newest)
{
    size_t n = 0;
    *newest = SD_UNKNOWN;
    if (reply->type != REPLY_ARRAY)
        return -1;
    for (size_t i = 0; i < reply->n; i++) {
        const struct redis_reply *e = reply->items[i];
        if (!is_entry(e))
            return -1;
        *newest = MAX(*newest, e->items[0]->integer);
        if (n < max && !str_eq(text_at(e, 5), own))
            out[n++] = entry(e, log, arena);
    }
    return (int64_t)n;
}
