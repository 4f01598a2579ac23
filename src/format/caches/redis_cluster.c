#include "format/caches/redis_cluster.h"

#include <stdlib.h>
#include <strings.h>

#include "base/num.h"

static bool is_text(const struct redis_reply *r)
{
    return r->type == REPLY_STRING || r->type == REPLY_STATUS;
}

static bool is_port(int64_t port)
{
    return port > 0 && port <= UINT16_MAX;
}

/* ---- CLUSTER SLOTS ---- */

static struct redis_place *place_of(struct redis_place *out, size_t *n, size_t max, const char *host,
                                    int port)
{
    for (size_t i = 0; i < *n; i++)
        if (out[i].port == port && !strcmp(out[i].host, host))
            return &out[i];
    if (*n == max)
        return NULL;
    out[*n] = (struct redis_place){.port = port, .replica = true};
    snprintf(out[*n].host, sizeof out[*n].host, "%s", host);
    return &out[(*n)++];
}

/* [host, port, id, [metadata]]; the host is nil or "" for the server that was asked, "?" when it is not
 * known. */
static bool node_read(const struct redis_reply *node, char *host, size_t size, int *port)
{
    if (node->type != REPLY_ARRAY || node->n < 2 || node->items[1]->type != REPLY_INTEGER ||
        (!is_text(node->items[0]) && node->items[0]->type != REPLY_NIL))
        return false;
    const struct redis_reply *name = node->items[0];
    *host = 0;
    if (is_text(name) && name->len < size && strlen(name->text) == name->len && strcmp(name->text, "?") != 0)
        snprintf(host, size, "%s", name->text);
    *port = is_port(node->items[1]->integer) ? (int)node->items[1]->integer : 0;
    return true;
}

static bool range_read(const struct redis_reply *range, struct redis_place *out, size_t *n, size_t max)
{
    char host[sizeof out->host];
    int port;
    if (range->type != REPLY_ARRAY || range->n < 3 || range->items[0]->type != REPLY_INTEGER ||
        range->items[1]->type != REPLY_INTEGER)
        return false;
    for (size_t i = 2; i < range->n; i++) {
        if (!node_read(range->items[i], host, sizeof host, &port))
            return false;
        struct redis_place *p = port ? place_of(out, n, max, host, port) : NULL;
        if (p && i == 2) {
            p->replica = false;
            p->slots = add_sat(p->slots, MAX(range->items[1]->integer - range->items[0]->integer + 1, 0));
        }
    }
    return true;
}

static int masters_first(const void *a, const void *b)
{
    const struct redis_place *x = a, *y = b;
    if (x->replica != y->replica)
        return x->replica - y->replica;
    int hosts = strcmp(x->host, y->host);
    return hosts ? hosts : x->port - y->port;
}

int64_t redis_cluster_read(const struct redis_reply *reply, struct redis_place *out, size_t max)
{
    size_t n = 0;
    if (reply->type != REPLY_ARRAY)
        return -1;
    for (size_t i = 0; i < reply->n; i++)
        if (!range_read(reply->items[i], out, &n, max))
            return -1;
    qsort(out, n, sizeof *out, masters_first);
    return (int64_t)n;
}

/* ---- SENTINEL REPLICAS ---- */

/* The value of a name in a flat list of names and values. */
static const char *value_of(const struct redis_reply *list, const char *name)
{
    for (size_t i = 0; i + 1 < list->n; i += 2)
        if (is_text(list->items[i]) && !strcmp(list->items[i]->text, name) && is_text(list->items[i + 1]))
            return list->items[i + 1]->text;
    return NULL;
}

int64_t redis_replicas_read(const struct redis_reply *reply, struct redis_place *out, size_t max)
{
    size_t n = 0;
    if (reply->type != REPLY_ARRAY)
        return -1;
    for (size_t i = 0; i < reply->n && n < max; i++) {
        const struct redis_reply *one = reply->items[i];
        if (one->type != REPLY_ARRAY)
            return -1;
        const char *ip = value_of(one, "ip"), *port = value_of(one, "port"), *flags = value_of(one, "flags");
        int64_t number = port ? strtoll(port, NULL, 10) : 0;
        if (!ip || !*ip || strlen(ip) >= sizeof out->host || !is_port(number) ||
            (flags && strstr(flags, "down")))
            continue;
        out[n] = (struct redis_place){.port = (int)number, .replica = true};
        snprintf(out[n++].host, sizeof out->host, "%s", ip);
    }
    return (int64_t)n;
}

/* ---- latencies ---- */

/* Pairs of an upper end in microseconds and how many calls took at most that. The upper end of the one in
 * which the share is reached. */
static int64_t quantile(const struct redis_reply *pairs, int64_t calls, double q)
{
    for (size_t i = 0; i + 1 < pairs->n; i += 2) {
        const struct redis_reply *upto = pairs->items[i], *count = pairs->items[i + 1];
        if (upto->type != REPLY_INTEGER || count->type != REPLY_INTEGER || upto->integer < 0)
            return SD_UNKNOWN;
        if ((double)count->integer >= q * (double)calls)
            return mul_sat(upto->integer, SD_US);
    }
    return SD_UNKNOWN;
}

static void histogram(const struct redis_reply *one, struct sd_cache_command *c)
{
    const struct redis_reply *calls = NULL, *pairs = NULL;
    for (size_t i = 0; i + 1 < one->n; i += 2) {
        if (!is_text(one->items[i]))
            return;
        if (!strcmp(one->items[i]->text, "calls"))
            calls = one->items[i + 1];
        else if (!strcmp(one->items[i]->text, "histogram_usec"))
            pairs = one->items[i + 1];
    }
    if (!calls || !pairs || calls->type != REPLY_INTEGER || calls->integer <= 0 || pairs->type != REPLY_ARRAY)
        return;
    c->p50_ns = quantile(pairs, calls->integer, 0.5);
    c->p99_ns = quantile(pairs, calls->integer, 0.99);
    c->p999_ns = quantile(pairs, calls->integer, 0.999);
}

void redis_histogram_read(const struct redis_reply *reply, struct redis_info *info)
{
    if (reply->type != REPLY_ARRAY)
        return;
    for (size_t i = 0; i + 1 < reply->n; i += 2)
        for (size_t k = 0; k < info->n_commands; k++) {
            struct sd_cache_command *c = &info->commands[k];
            if (is_text(reply->items[i]) && reply->items[i + 1]->type == REPLY_ARRAY &&
                !sd_known(c->p50_ns) && !strcasecmp(reply->items[i]->text, c->command))
                histogram(reply->items[i + 1], c);
        }
}

void redis_latest_read(const struct redis_reply *reply,
                       void (*each)(void *ctx, const char *event, sd_time at, int64_t latest_ns,
                                    int64_t max_ns),
                       void *ctx)
{
    for (size_t i = 0; reply->type == REPLY_ARRAY && i < reply->n; i++) {
        const struct redis_reply *e = reply->items[i];
        if (e->type != REPLY_ARRAY || e->n < 4 || !is_text(e->items[0]) ||
            e->items[1]->type != REPLY_INTEGER || e->items[2]->type != REPLY_INTEGER ||
            e->items[3]->type != REPLY_INTEGER || e->items[1]->integer < 0)
            continue;
        each(ctx, e->items[0]->text, mul_sat(e->items[1]->integer, SD_S),
             mul_sat(e->items[2]->integer, SD_MS), mul_sat(e->items[3]->integer, SD_MS));
    }
}
