#include "source/redis/redis_reader.h"

#include <hiredis/read.h>
#include <stdlib.h>

enum {
    LINE_BYTES = 65536, /* of a status, an error, a number */
    ITEM_BYTES = 64,    /* at least, of each item of an array */
    SHOWN = 40
};

/* A root of a tree, with its memory. */
struct root {
    struct redis_reply reply; /* first: redis_reply_free */
    struct arena *arena;
};

struct redis_reader {
    redisReader *reader;
    struct arena *arena; /* of the reply under way; NULL: none is begun */
    struct root *root;
    size_t used, max;
    const char *excess; /* what was too much */
    bool ended;         /* nothing more can be read */
};

/* ---- the tree, as hiredis calls for it ---- */

static bool take(struct redis_reader *r, size_t bytes)
{
    if (bytes > r->max || r->used > r->max - bytes)
        r->excess = r->excess ? r->excess : "larger";
    else
        r->used += bytes;
    return !r->excess;
}

static struct redis_reply *node(const redisReadTask *task, enum reply_type type)
{
    struct redis_reader *r = task->privdata;
    struct redis_reply *made;
    if (!take(r, ITEM_BYTES))
        return NULL;
    if (!task->parent) {
        r->arena = r->arena ? r->arena : arena_new();
        r->root = arena_alloc(r->arena, sizeof *r->root);
        r->root->arena = r->arena;
        made = &r->root->reply;
    } else {
        struct redis_reply *in = task->parent->obj;
        made = arena_alloc(r->arena, sizeof *made);
        ((struct redis_reply **)(void *)in->items)[task->idx] = made; /* ours: made in create_array */
    }
    made->type = type;
    return made;
}

static void *create_string(const redisReadTask *task, char *text, size_t len)
{
    struct redis_reader *r = task->privdata;
    enum reply_type type = task->type == REDIS_REPLY_ERROR    ? REPLY_ERROR
                           : task->type == REDIS_REPLY_STATUS ? REPLY_STATUS
                                                              : REPLY_STRING;
    struct redis_reply *made = take(r, len) ? node(task, type) : NULL;
    if (!made)
        return NULL;
    made->text = arena_strndup(r->arena, "", 0);
    if (len) {
        char *copy = arena_alloc(r->arena, len + 1);
        memcpy(copy, text, len);
        made->text = copy;
    }
    made->len = len;
    return made;
}

static void *create_array(const redisReadTask *task, int n)
{
    struct redis_reader *r = task->privdata;
    size_t items = n > 0 ? (size_t)n : 0;
    if (items > (r->max - MIN(r->used, r->max)) / ITEM_BYTES) { /* each will take that */
        r->excess = "of more items";
        return NULL;
    }
    struct redis_reply *made = node(task, REPLY_ARRAY);
    if (!made)
        return NULL;
    made->n = items;
    made->items = arena_alloc(r->arena, MAX(items, (size_t)1) * sizeof *made->items);
    return made;
}

static void *create_integer(const redisReadTask *task, long long value)
{
    struct redis_reply *made = node(task, REPLY_INTEGER);
    if (made)
        made->integer = value == INT64_MIN ? INT64_MIN + 1 : value;
    return made;
}

static void *create_nil(const redisReadTask *task)
{
    return node(task, REPLY_NIL);
}

/* The arena frees it. */
static void free_nothing(void *object)
{
    (void)object;
}

static redisReplyObjectFunctions FUNCTIONS = {
    .createString = create_string,
    .createArray = create_array,
    .createInteger = create_integer,
    .createNil = create_nil,
    .freeObject = free_nothing,
};

/* ---- reading ---- */

static void renew(struct redis_reader *r)
{
    if (r->reader)
        redisReaderFree(r->reader);
    r->reader = redisReaderCreateWithFunctions(&FUNCTIONS);
    if (!r->reader)
        abort(); /* out of memory, as everywhere */
    r->reader->privdata = r;
}

struct redis_reader *redis_reader_new(void)
{
    struct redis_reader *r = mem_alloc(sizeof *r);
    renew(r);
    return r;
}

void redis_reader_free(struct redis_reader *r)
{
    if (!r)
        return;
    redisReaderFree(r->reader);
    arena_free(r->arena);
    free(r);
}

void redis_reader_feed(struct redis_reader *r, const char *bytes, size_t len)
{
    if (!r->ended)
        redisReaderFeed(r->reader, bytes, len);
}

/* What a server begins with that is none of Redis. */
static const char *other_protocol(const redisReader *reader)
{
    const char *p = reader->buf + reader->pos;
    size_t len = reader->len - reader->pos;
    if (len && (*p == 0x15 || *p == 0x16))
        return "the server speaks TLS: write rediss:// for redis://";
    if (len >= 5 && !memcmp(p, "HTTP/", 5))
        return "an HTTP server answers there, and no Redis";
    return NULL;
}

static bool too_long(const struct redis_reader *r)
{
    const redisReader *reader = r->reader;
    const char *p = reader->buf + reader->pos;
    size_t len = reader->len - reader->pos;
    if (!len)
        return false;
    const char *end = memchr(p, '\n', MIN(len, (size_t)LINE_BYTES));
    if (!end)
        return len >= LINE_BYTES;
    /* Of a string, whose '$' is read, the announced length, before it has come. */
    return reader->rstack[MAX(reader->ridx, 0)].type == REDIS_REPLY_STRING &&
           strtoll(p, NULL, 10) > (long long)(r->max - MIN(r->used, r->max));
}

static struct redis_reply *ended(struct redis_reader *r, struct sd_error *err, const char *text)
{
    r->ended = true;
    fail(err, "%s", text);
    return NULL;
}

struct redis_reply *redis_reader_next(struct redis_reader *r, size_t max, struct sd_error *err)
{
    void *object = NULL;
    char text[256];
    r->max = max;
    const char *other = r->ended ? "nothing more can be read from it" : NULL;
    if (!other && !r->arena)
        other = other_protocol(r->reader);
    if (other)
        return ended(r, err, other);
    int done = redisReaderGetReply(r->reader, &object);
    if (r->excess || (done == REDIS_OK && !object && too_long(r))) {
        snprintf(text, sizeof text, "the server announces a reply %s than the %zu KiB that are expected",
                 r->excess ? r->excess : "larger", max / 1024);
        return ended(r, err, text);
    }
    if (done != REDIS_OK) {
        snprintf(text, sizeof text, "the answer is not of the Redis protocol (%.*s)", SHOWN + 60,
                 r->reader->errstr);
        return ended(r, err, text);
    }
    if (!object)
        return NULL;
    struct redis_reply *reply = &r->root->reply;
    r->arena = NULL;
    r->root = NULL;
    r->used = 0;
    return reply;
}

char *redis_reader_rest(struct redis_reader *r, size_t *len)
{
    *len = r->reader->len - r->reader->pos;
    char *rest = mem_alloc(*len + 1);
    memcpy(rest, r->reader->buf + r->reader->pos, *len);
    renew(r);
    return rest;
}

void redis_reply_free(struct redis_reply *reply)
{
    if (reply)
        arena_free(((struct root *)(void *)reply)->arena);
}
