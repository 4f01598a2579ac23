/* redis_nodes.c - which servers there are: the one that was named, all of its cluster, or a sentinel's master
 * and replicas. */
#include <stdlib.h>

#include "format/caches/redis_cluster.h"
#include "source/redis/redis.h"

enum { FOLLOW_EVERY_S = 10, LIST_MAX = 4 << 20 };

static void set_text(char **to, const char *text)
{
    free(*to);
    *to = mem_strdup(text);
}

/* ---- the list ---- */

static struct redis_node *node_at(const struct redis *x, const struct redis_address *a)
{
    for (size_t i = 0; i < x->n; i++)
        if (redis_address_equal(&x->nodes[i]->address, a))
            return x->nodes[i];
    return NULL;
}

static struct redis_node *add_node(struct redis *x, const struct redis_address *a)
{
    struct redis_node *n = node_at(x, a);
    if (n || x->n == REDIS_NODES_MAX)
        return n;
    if (!x->nodes)
        x->nodes = mem_array(REDIS_NODES_MAX, sizeof(struct redis_node *));
    return x->nodes[x->n++] = redis_node_new(a);
}

/* The list becomes that of the places; `asked` is the server that gave it. */
static void set_list(struct redis *x, const struct redis_address *asked, const struct redis_place *places,
                     size_t n, struct sd_batch *b)
{
    struct redis_node *in_order[REDIS_NODES_MAX];
    size_t kept = 0, had = x->n;
    for (size_t i = 0; i < x->n; i++)
        x->nodes[i]->listed = false;
    for (size_t i = 0; i < n; i++) {
        struct redis_address a = {.host = mem_strdup(*places[i].host ? places[i].host
                                                     : asked->host   ? asked->host
                                                                     : "127.0.0.1"),
                                  .port = places[i].port,
                                  .tls = asked->tls};
        bool known = node_at(x, &a);
        struct redis_node *node = add_node(x, &a);
        if (node && !node->listed) {
            node->listed = true;
            in_order[kept++] = node;
            if (!known && had)
                redis_event(x, b, "info", "server joined", "%.200s is now one of the servers", node->place);
        }
        redis_address_free(&a);
    }
    for (size_t i = 0; i < x->n; i++)
        if (!x->nodes[i]->listed) {
            if (i < had && x->nodes[i]->name && b)
                redis_event(x, b, "info", "server left", "%.200s is none of the servers any more",
                            x->nodes[i]->place);
            redis_node_free(x->nodes[i]);
        }
    memcpy(x->nodes, in_order, kept * sizeof *in_order);
    x->n = kept;
}

/* ---- a cluster ---- */

/* The value of NAME: in the text of CLUSTER INFO. */
static bool says(const struct redis_reply *reply, const char *line)
{
    return reply->type == REPLY_STRING && strstr(reply->text, line);
}

static enum sd_result cluster_state(struct redis *x, struct redis_node *n, struct sd_error *err)
{
    struct redis_reply *reply;
    enum sd_result r = REDIS_ASK(n->conn, 65536, &reply, err, "CLUSTER", "INFO");
    if (r != SD_OK)
        return r;
    set_text(&x->cluster_trouble, says(reply, "cluster_state:fail")
                                      ? "the cluster is down: some of its slots have no server that answers"
                                      : NULL);
    redis_reply_free(reply);
    return SD_OK;
}

/* By a server of it that answers. */
static enum sd_result follow_cluster(struct redis *x, struct redis_node *n, struct sd_batch *b,
                                     struct sd_error *err)
{
    struct redis_reply *reply;
    struct redis_place *places = mem_array(REDIS_NODES_MAX, sizeof *places);
    enum sd_result r = cluster_state(x, n, err);
    if (r == SD_OK)
        r = REDIS_ASK(n->conn, LIST_MAX, &reply, err, "CLUSTER", "SLOTS");
    if (r == SD_OK) {
        int64_t found = redis_cluster_read(reply, places, REDIS_NODES_MAX);
        struct redis_address asked = redis_address_copy(&n->address);
        if (found > 0)
            set_list(x, &asked, places, (size_t)found, b);
        redis_address_free(&asked);
        redis_reply_free(reply);
    }
    free(places);
    return r;
}

/* ---- a sentinel ---- */

static enum sd_result ask_sentinel(struct redis *x, struct redis_info *info, struct sd_error *err)
{
    struct redis_reply *reply;
    enum sd_result r = REDIS_ASK(x->sentinel, LIST_MAX, &reply, err, "INFO", "sentinel");
    if (r != SD_OK)
        return r;
    if (reply->type != REPLY_STRING || !redis_info_read(reply->text, reply->len, info))
        r = reply->type == REPLY_STRING
                ? sd_fail(err, SD_CONFIG, "the sentinel %.150s watches no master", redis_name(x->sentinel))
                : redis_refused(x->sentinel, "INFO", reply, err);
    redis_reply_free(reply);
    return r == SD_UNSUPPORTED ? SD_CONFIG : r;
}

static enum sd_result replicas_of(struct redis *x, const char *master, struct redis_place *out, size_t max,
                                  size_t *n, struct sd_error *err)
{
    static const char *const words[] = {"REPLICAS", "SLAVES", NULL};
    for (size_t i = 0; words[i]; i++) { /* the second before Redis 5 */
        struct redis_reply *reply;
        enum sd_result r = REDIS_ASK(x->sentinel, LIST_MAX, &reply, err, "SENTINEL", words[i], master);
        if (r != SD_OK)
            return r;
        bool unknown = reply->type == REPLY_ERROR;
        int64_t found = redis_replicas_read(reply, out, max);
        redis_reply_free(reply);
        *n += (size_t)MAX(found, 0);
        if (!unknown)
            break;
    }
    return SD_OK;
}

static enum sd_result no_master(const struct redis *x, const struct redis_info *info, struct sd_error *err)
{
    struct strbuf names = {0};
    for (size_t i = 0; i < info->n_masters; i++)
        strbuf_printf(&names, "%s%s", i ? ", " : "", info->masters[i].name);
    enum sd_result r =
        sd_fail(err, SD_CONFIG, "the sentinel %.100s watches no master %.60s; it watches %.200s",
                redis_name(x->sentinel), x->o->sentinel, names.len ? names.text : "none");
    strbuf_free(&names);
    return r;
}

static enum sd_result follow_sentinel(struct redis *x, struct sd_batch *b, struct sd_error *err)
{
    struct redis_info info;
    size_t n = 0;
    enum sd_result r = ask_sentinel(x, &info, err);
    if (r != SD_OK)
        return r;
    struct redis_place *places = mem_array(REDIS_NODES_MAX, sizeof *places);
    for (size_t i = 0; i < info.n_masters && n < REDIS_NODES_MAX && r == SD_OK; i++) {
        const struct redis_master *m = &info.masters[i];
        if (*x->o->sentinel && strcmp(m->name, x->o->sentinel) != 0)
            continue;
        places[n].port = m->port;
        snprintf(places[n++].host, sizeof places->host, "%s", m->host);
        r = replicas_of(x, m->name, places + n, REDIS_NODES_MAX - n, &n, err);
    }
    if (r == SD_OK && !n)
        r = no_master(x, &info, err);
    if (r == SD_OK)
        set_list(x, &x->seed, places, n, b);
    free(places);
    redis_info_free(&info);
    return r;
}

static struct redis_login sentinel_login(const struct redis *x)
{
    struct redis_login login = redis_login_of(x);
    if (*x->o->sentinel || *x->o->sentinel_password) { /* those of the address are for the servers */
        login.user = NULL;
        login.password = x->o->sentinel_password;
    }
    return login;
}

/* A sentinel that does not answer takes nothing away: the servers are still there. */
static enum sd_result follow_by_sentinel(struct redis *x, struct sd_batch *b, struct sd_error *err)
{
    struct sd_error why = {""};
    struct redis_login login = sentinel_login(x);
    enum sd_result r = x->sentinel ? SD_OK : redis_open(x->s, &x->seed, &login, &x->sentinel, &why);
    if (r == SD_OK)
        r = follow_sentinel(x, b, &why);
    if (r == SD_NODATA)
        return r;
    if (r != SD_OK) {
        redis_close(x->sentinel);
        x->sentinel = NULL;
    }
    set_text(&x->sentinel_problem, r == SD_OK ? NULL : why.text);
    (void)err;
    return SD_OK;
}

/* ---- both ---- */

enum sd_result redis_nodes_follow(struct redis *x, struct sd_batch *b, struct sd_error *err)
{
    sd_time now = x->s->host->now(x->s);
    bool failed = x->sentinel_problem || (x->kind == REDIS_SENTINEL && !x->sentinel);
    bool due = now >= x->next_nodes || x->next_nodes > now + 2 * FOLLOW_EVERY_S * SD_S || x->look_again;
    if (x->kind == REDIS_SINGLE || (!due && (x->kind != REDIS_SENTINEL || failed)))
        return SD_OK;
    x->next_nodes = now + FOLLOW_EVERY_S * SD_S;
    x->look_again = false;
    if (x->kind == REDIS_SENTINEL)
        return follow_by_sentinel(x, b, err);
    for (size_t i = 0; i < x->n; i++) {
        struct redis_node *n = x->nodes[i];
        if (!n->conn || n->problem)
            continue;
        struct sd_error why = {""};
        enum sd_result r = follow_cluster(x, n, b, &why);
        if (r == SD_OK || r == SD_NODATA)
            return r;
        redis_close(n->conn);
        n->conn = NULL;
    }
    return SD_OK;
}

static bool is_mode(const struct redis_node *n, const char *mode)
{
    return n->info.mode && strcmp(n->info.mode, mode) == 0;
}

enum sd_result redis_nodes_begin(struct redis *x, struct sd_error *err)
{
    struct redis_login login = sentinel_login(x);
    struct redis_node *n = redis_node_new(&x->seed);
    enum sd_result r = redis_open(x->s, &x->seed, &login, &n->conn, err);
    if (r == SD_OK)
        r = redis_node_info(x, n, NULL, err);
    if (r == SD_OK && is_mode(n, "sentinel")) {
        x->kind = REDIS_SENTINEL;
        x->sentinel = n->conn;
        n->conn = NULL;
        redis_node_free(n);
        return follow_sentinel(x, NULL, err);
    }
    if (r == SD_OK && *x->o->sentinel)
        r = sd_fail(err, SD_CONFIG,
                    "%.150s is no sentinel: the option sentinel=%.60s needs one, mostly on port 26379",
                    n->place, x->o->sentinel);
    if (r != SD_OK) {
        redis_node_free(n);
        return r;
    }
    x->kind = is_mode(n, "cluster") ? REDIS_CLUSTER : REDIS_SINGLE;
    x->nodes = mem_array(REDIS_NODES_MAX, sizeof(struct redis_node *));
    x->nodes[x->n++] = n;
    return x->kind == REDIS_CLUSTER ? follow_cluster(x, n, NULL, err) : SD_OK;
}

void redis_nodes_free(struct redis *x)
{
    for (size_t i = 0; i < x->n; i++)
        redis_node_free(x->nodes[i]);
    free(x->nodes);
    x->nodes = NULL;
    x->n = 0;
    redis_close(x->sentinel);
    x->sentinel = NULL;
    set_text(&x->sentinel_problem, NULL);
    set_text(&x->cluster_trouble, NULL);
}
