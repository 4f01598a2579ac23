#include "format/loads/log_traffic.h"

#include "base/hash.h"
#include "core/loads/replay_path.h"

bool log_traffic_methods(struct log_traffic *t, const char *list, struct sd_error *err)
{
    for (const char *s = list; *s;) {
        size_t n = strcspn(s, ",");
        if (!n || n >= TRAFFIC_METHOD_BYTES || t->n_methods == LOG_TRAFFIC_METHODS)
            return fail(err, "%.60s is no list of methods such as GET,HEAD", list);
        snprintf(t->methods[t->n_methods++], TRAFFIC_METHOD_BYTES, "%.*s", (int)n, s);
        s += n + (s[n] == ',');
    }
    return t->n_methods || fail(err, "an empty list names no method");
}

static uint64_t hash_of(const char *s, size_t n)
{
    return n ? hash_words(s, n) : 0;
}

/* Who asked, as a number: the user, or else address and user agent. */
static uint64_t client_of(const struct accesslog_line *l)
{
    struct accesslog_asker who = accesslog_asker(l);
    if (who.user_len)
        return hash_of(who.user, who.user_len) ^ 1;
    return hash_of(who.address, who.address_len) * 31 ^ hash_of(l->agent, l->agent_len);
}

static bool is_wanted(const struct log_traffic *t, const struct accesslog_line *l)
{
    for (size_t i = 0; i < t->n_methods && l->method_len; i++)
        if (strlen(t->methods[i]) == l->method_len && !memcmp(t->methods[i], l->method, l->method_len))
            return true;
    return false;
}

void log_traffic_take(void *ctx, uint32_t endpoint, sd_time at, const struct accesslog_line *l)
{
    struct log_traffic *t = ctx;
    if (!is_wanted(t, l)) {
        traffic_skip(t->traffic, l->method, l->method_len);
        return;
    }
    if (!traffic_has_row(t->traffic, endpoint)) {
        struct accesslog_endpoint e = accesslog_agg_endpoint(t->agg, endpoint);
        traffic_name_row(t->traffic, endpoint, e.method, e.route);
    }
    struct traffic_request r = {.client = client_of(l),
                                .at = at,
                                .duration_ns = l->duration_ns,
                                .latency = l->status != 101,
                                .row = endpoint,
                                .method = l->method,
                                .method_len = l->method_len};
    r.path_len = replay_path(l->target, l->target_len, l->query, l->query_len, &t->room, &r.path);
    traffic_add(t->traffic, &r);
}

void log_traffic_free(struct log_traffic *t)
{
    strbuf_free(&t->room);
}
