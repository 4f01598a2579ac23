/* redis_examine.c - for `slowdive doctor`: what a server lets the user see, and what it keeps to be seen. Of
 * each server that was found a few commands, each of which the source sends as well, or CONFIG GET. */
#include "source/redis/redis.h"

#include <stdlib.h>

#include "source/shared/examine.h"

enum { SERVERS_MOST = 4, WORDS_MOST = 6, EXAMINE_REPLY_MAX = 1 << 20 };

/* What the source sends beside INFO, and what is not seen without it. Of replies as little as there is. */
static const struct right {
    const char *words[WORDS_MOST], *rule, *lost;
} RIGHTS[] = {
    {{"SLOWLOG", "GET", "1"}, "+slowlog|get", "slow commands"},
    {{"LATENCY", "LATEST"}, "+latency|latest", "what held the server up"},
    {{"CLIENT", "LIST", "TYPE", "pubsub"}, "+client|list", "who is connected"},
    {{"MEMORY", "STATS"}, "+memory|stats", "what memory is used for"},
};

/* A setting with the value at which nothing is kept. */
static const struct setting {
    const char *name, *off, *lost, *on;
} SETTINGS[] = {
    {"latency-monitor-threshold", "0", "what held the server up is not kept",
     "CONFIG SET latency-monitor-threshold 100"},
    {"slowlog-log-slower-than", "-1", "slow commands are not kept",
     "CONFIG SET slowlog-log-slower-than 10000"},
    {"latency-tracking", "no", "there are no percentiles of commands", "CONFIG SET latency-tracking yes"},
};

struct look {
    struct examine e;
    struct redis *x;
    struct redis_node *n;
    const char *place; /* "127.0.0.1:6379: " when there are several */
};

/* SD_NODATA: it is to stop. Anything but SD_OK ends with this server. *reply NULL: it refuses, by `why`. */
static enum sd_result ask(const struct look *l, const char *const *words, size_t n,
                          struct redis_reply **reply, enum sd_result *refused, struct sd_error *why)
{
    redis_send(l->n->conn, n, words, NULL);
    enum sd_result r = redis_read(l->n->conn, redis_words(n, words), EXAMINE_REPLY_MAX, reply, why);
    if (r != SD_OK || (*reply)->type != REPLY_ERROR)
        return r;
    *refused = redis_refused(l->n->conn, redis_words(n, words), *reply, why);
    redis_reply_free(*reply);
    *reply = NULL;
    return SD_OK;
}

/* What it does not know is no lack of rights. */
static enum sd_result look_rights(const struct look *l)
{
    struct strbuf rules = {0}, lost = {0};
    struct sd_error why = {""};
    enum sd_result r = SD_OK;
    for (size_t i = 0; i < ARRAY_LEN(RIGHTS) && r == SD_OK; i++) {
        const struct right *t = &RIGHTS[i];
        struct redis_reply *reply = NULL;
        enum sd_result refused = SD_OK;
        size_t n = 0;
        while (n < WORDS_MOST && t->words[n])
            n++;
        r = ask(l, t->words, n, &reply, &refused, &why);
        redis_reply_free(reply);
        if (refused == SD_CONFIG) {
            strbuf_printf(&rules, " %s", t->rule);
            strbuf_printf(&lost, "%s%s", lost.len ? ", " : "", t->lost);
        }
    }
    char *mend = mem_printf("ACL SETUSER %.100s%s", l->x->user ? l->x->user : "default", strbuf_text(&rules));
    if (r == SD_OK && rules.len)
        examine_tell(&l->e, "ACL", SD_CHECK_LESS, mend, "%sthe user may not see %s", l->place,
                     strbuf_text(&lost));
    else if (r == SD_OK)
        examine_tell(&l->e, "ACL", SD_CHECK_OK, NULL, "%sthe user sees all that is read", l->place);
    else
        examine_answer(&l->e, "server", r, "", &why, "run slowdive doctor again when the server answers");
    free(mend);
    strbuf_free(&rules);
    strbuf_free(&lost);
    return r;
}

/* Services that others run have no CONFIG, and a careful user has no right to it: then nothing is said. */
static enum sd_result look_settings(const struct look *l)
{
    struct sd_error why = {""};
    enum sd_result r = SD_OK;
    for (size_t i = 0; i < ARRAY_LEN(SETTINGS) && r == SD_OK; i++) {
        const struct setting *t = &SETTINGS[i];
        const char *const words[] = {"CONFIG", "GET", t->name};
        struct redis_reply *reply = NULL;
        enum sd_result refused = SD_OK;
        r = ask(l, words, ARRAY_LEN(words), &reply, &refused, &why);
        if (refused != SD_OK)
            return r;
        const char *value =
            reply && reply->type == REPLY_ARRAY && reply->n == 2 ? reply->items[1]->text : NULL;
        if (value && str_eq(value, t->off))
            examine_tell(&l->e, t->name, SD_CHECK_LESS, t->on, "%sit is %s: %s", l->place, t->off, t->lost);
        else if (value)
            examine_tell(&l->e, t->name, SD_CHECK_OK, NULL, "%sit is %.40s", l->place, value);
        redis_reply_free(reply);
    }
    return r;
}

static const char *mend_of(enum sd_result r, const struct sd_error *err)
{
    if (strstr(err->text, "refuses INFO"))
        return "ACL SETUSER NAME +info, with the name of the user";
    return r == SD_CONFIG ? "give the options user and password, with which redis-cli can log in"
                          : "start the server, or correct host and port: redis-cli -h HOST -p PORT ping "
                            "must answer";
}

void redis_look(struct redis *x, enum sd_result opened, const struct sd_error *err, sd_check_tell *tell,
                void *ctx)
{
    struct look l = {.e = {tell, ctx}, .x = x};
    char *fine = NULL;
    if (opened == SD_OK && x->n) {
        const struct sd_cache *c = &x->nodes[0]->info.cache;
        fine = x->kind == REDIS_SINGLE
                   ? mem_printf("%.20s %.40s, %.20s", c->product ? c->product : "redis",
                                c->version ? c->version : "", c->role ? c->role : "server")
                   : mem_printf("%s of %zu servers", x->kind == REDIS_CLUSTER ? "a cluster" : "by a sentinel",
                                x->n);
    }
    bool fit = examine_answer(&l.e, "server", opened, fine ? fine : "it answers", err, mend_of(opened, err));
    free(fine);
    for (size_t i = 0; i < x->n && i < SERVERS_MOST && fit; i++) {
        struct sd_error why = {""};
        char *place = x->n > 1 ? mem_printf("%.100s: ", x->nodes[i]->place) : mem_strdup("");
        l.n = x->nodes[i];
        l.place = place;
        enum sd_result r = l.n->conn ? SD_OK : redis_node_info(x, l.n, NULL, &why);
        if (r != SD_OK)
            examine_answer(&l.e, "server", r, "", &why, mend_of(r, &why));
        else if (look_rights(&l) == SD_OK)
            look_settings(&l);
        free(place);
    }
}
