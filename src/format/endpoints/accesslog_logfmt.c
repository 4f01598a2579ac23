/* accesslog_logfmt.c - key=value and key="value", told by their keys: Heroku's router, lograge, loggers of Go
 * and others. What a logger puts before the first key is left alone, but for its time. */
#include "format/endpoints/accesslog_internal.h"

enum key {
    K_OTHER,
    K_TIME,
    K_REQUEST,
    K_METHOD,
    K_URI,
    K_PATH,
    K_STATUS,
    K_BYTES,
    K_HOST,
    K_UPSTREAM,
    K_REQUEST_ID,
    K_TRACE,
    K_CACHE,
    K_CLIENT,
    K_USER,
    K_AGENT,
    K_CONNECT, /* Heroku: to the dyno */
    K_SERVICE,
    K_DYNO,
    K_CONTROLLER, /* Rails: the duration is in milliseconds */
    K_COUNT
};

static const struct {
    const char *name;
    enum key key;
} KEYS[] = {
    {.name = "method", .key = K_METHOD},
    {.name = "path", .key = K_PATH},
    {.name = "status", .key = K_STATUS},
    {.name = "time", .key = K_TIME},
    {.name = "ts", .key = K_TIME},
    {.name = "t", .key = K_TIME},
    {.name = "timestamp", .key = K_TIME},
    {.name = "@timestamp", .key = K_TIME},
    {.name = "start_time", .key = K_TIME},
    {.name = "request", .key = K_REQUEST},
    {.name = "req", .key = K_REQUEST},
    {.name = "http_method", .key = K_METHOD},
    {.name = "request_method", .key = K_METHOD},
    {.name = "http.method", .key = K_METHOD},
    {.name = "http.request.method", .key = K_METHOD},
    {.name = "verb", .key = K_METHOD},
    {.name = "uri", .key = K_URI},
    {.name = "url", .key = K_URI},
    {.name = "request_uri", .key = K_URI},
    {.name = "request_path", .key = K_URI},
    {.name = "http.target", .key = K_URI},
    {.name = "http.url", .key = K_URI},
    {.name = "url.path", .key = K_URI},
    {.name = "http_path", .key = K_URI},
    {.name = "status_code", .key = K_STATUS},
    {.name = "http_status", .key = K_STATUS},
    {.name = "http.status_code", .key = K_STATUS},
    {.name = "http.response.status_code", .key = K_STATUS},
    {.name = "code", .key = K_STATUS},
    {.name = "response_code", .key = K_STATUS},
    {.name = "response_status", .key = K_STATUS},
    {.name = "resp_status", .key = K_STATUS},
    {.name = "bytes", .key = K_BYTES},
    {.name = "size", .key = K_BYTES},
    {.name = "bytes_sent", .key = K_BYTES},
    {.name = "bytes_out", .key = K_BYTES},
    {.name = "body_bytes_sent", .key = K_BYTES},
    {.name = "response_size", .key = K_BYTES},
    {.name = "resp_bytes", .key = K_BYTES},
    {.name = "response_bytes", .key = K_BYTES},
    {.name = "response_length", .key = K_BYTES},
    {.name = "http.response.body.size", .key = K_BYTES},
    {.name = "host", .key = K_HOST},
    {.name = "vhost", .key = K_HOST},
    {.name = "upstream", .key = K_UPSTREAM},
    {.name = "upstream_addr", .key = K_UPSTREAM},
    {.name = "backend", .key = K_UPSTREAM},
    {.name = "dyno", .key = K_DYNO},
    {.name = "request_id", .key = K_REQUEST_ID},
    {.name = "req_id", .key = K_REQUEST_ID},
    {.name = "rid", .key = K_REQUEST_ID},
    {.name = "requestId", .key = K_REQUEST_ID},
    {.name = "traceparent", .key = K_TRACE},
    {.name = "trace_id", .key = K_TRACE},
    {.name = "traceid", .key = K_TRACE},
    {.name = "traceId", .key = K_TRACE},
    {.name = "traceID", .key = K_TRACE},
    {.name = "trace", .key = K_TRACE},
    {.name = "dd.trace_id", .key = K_TRACE},
    {.name = "remote_addr", .key = K_CLIENT},
    {.name = "client_ip", .key = K_CLIENT},
    {.name = "remote_ip", .key = K_CLIENT},
    {.name = "remote", .key = K_CLIENT},
    {.name = "fwd", .key = K_CLIENT}, /* Heroku */
    {.name = "ip", .key = K_CLIENT},
    {.name = "client.address", .key = K_CLIENT},
    {.name = "client", .key = K_CLIENT},
    {.name = "remote_user", .key = K_USER},
    {.name = "user", .key = K_USER},
    {.name = "username", .key = K_USER},
    {.name = "user_id", .key = K_USER},
    {.name = "user_agent", .key = K_AGENT},
    {.name = "http_user_agent", .key = K_AGENT},
    {.name = "user_agent.original", .key = K_AGENT},
    {.name = "ua", .key = K_AGENT},
    {.name = "connect", .key = K_CONNECT},
    {.name = "service", .key = K_SERVICE},
    {.name = "controller", .key = K_CONTROLLER},
};

/* Of several keys for the same thing the one that stands first here is read: *rank. */
static enum key key_of(const char *s, size_t n, size_t *rank)
{
    for (size_t i = 0; i < ARRAY_LEN(KEYS); i++)
        if (KEYS[i].name[0] == *s && strlen(KEYS[i].name) == n && !memcmp(KEYS[i].name, s, n)) {
            *rank = i;
            return KEYS[i].key;
        }
    *rank = ARRAY_LEN(KEYS);
    return accesslog_cache_name(s, n) ? K_CACHE : K_OTHER;
}

struct pair {
    const char *key;
    size_t key_len;
    const char *value;
    size_t n;
    bool escaped; /* the value holds a backslash */
};

static bool is_key(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-' || c == '@' || c == '/';
}

/* Past a value in quotes; `end`: it has no end. */
static const char *quoted(const char *s, const char *end, bool *escaped)
{
    char quote = *s++;
    while (s < end && *s != quote) {
        *escaped |= *s == '\\';
        s += *s == '\\' && s + 1 < end ? 2 : 1;
    }
    return MIN(s, end);
}

/* The next key with its value; words without a = are passed over. */
static bool next(const char **at, const char *end, struct pair *p)
{
    const char *s = *at;
    while (s < end) {
        while (s < end && (*s == ' ' || *s == '\t' || *s == ','))
            s++;
        const char *key = s;
        while (s < end && is_key(*s))
            s++;
        if (s == end || *s != '=' || s == key) {
            if (s < end && *s == '"') { /* a text without a key may hold one */
                bool ignored = false;
                s = quoted(s, end, &ignored);
            }
            while (s < end && *s != ' ' && *s != '\t')
                s++;
            continue;
        }
        *p = (struct pair){.key = key, .key_len = (size_t)(s - key), .value = s + 1};
        s++;
        if (s < end && (*s == '"' || *s == '\'')) {
            const char *stop = quoted(s, end, &p->escaped);
            p->value = s + 1;
            p->n = stop > s ? (size_t)(stop - s - 1) : 0;
            *at = MIN(stop + 1, end);
            return true;
        }
        while (s < end && *s != ' ' && *s != '\t')
            s++;
        p->n = (size_t)(s - p->value);
        if (p->n && p->value[p->n - 1] == ',')
            p->n--;
        *at = s;
        return true;
    }
    return false;
}

/* ---- the duration ---- */

static void learn(struct accesslog_format *f, const struct pair *p, const struct pair *k)
{
    struct spot_number x = {.key = p->key, .key_len = p->key_len};
    size_t n = p->key_len;
    x.unit = spot_key_unit(p->key, &n);
    x.rank = spot_key_rank(p->key, n, &x.seconds);
    if (!x.unit && k[K_CONTROLLER].key) /* lograge */
        x.unit = SD_MS;
    if (x.rank && accesslog_number(p->value, p->n, &x))
        spots_see(&f->spots, &x);
}

static void read_number(const struct spots *s, const struct pair *p, struct accesslog_line *out, size_t *at)
{
    for (size_t i = 0; i < *at && i < s->n_chosen; i++) {
        const struct spot *spot = &s->spot[s->chosen[i].spot];
        if (spot->key_len != p->key_len || memcmp(spot->key, p->key, p->key_len) != 0)
            continue;
        int64_t ns = accesslog_number_ns(p->value, p->n, s->chosen[i].scale);
        if (sd_known(ns)) {
            out->duration_ns = ns;
            *at = i;
        }
    }
}

/* Heroku's router: connecting to the dyno, and its answer. */
static bool read_heroku(const struct accesslog_format *f, const struct pair *k, struct accesslog_line *out)
{
    if (!k[K_DYNO].key || !k[K_SERVICE].key)
        return false;
    if (f->spots.given < 0)
        return true;
    int64_t connect = accesslog_number_ns(k[K_CONNECT].value, k[K_CONNECT].n, SD_MS);
    int64_t service = accesslog_number_ns(k[K_SERVICE].value, k[K_SERVICE].n, SD_MS);
    out->upstream_ns = service;
    out->duration_ns = sd_known(service) ? add_known(service, connect) : SD_UNKNOWN;
    return true;
}

static void read_durations(struct accesslog_format *f, const struct pair *k, const char *line,
                           const char *end, struct accesslog_line *out)
{
    struct pair p;
    size_t rank;
    if (read_heroku(f, k, out))
        return;
    if (!f->spots.settled) {
        for (const char *s = line; next(&s, end, &p);)
            if (key_of(p.key, p.key_len, &rank) == K_OTHER)
                learn(f, &p, k);
        spots_line(&f->spots, out->bytes);
    }
    size_t at = SPOT_CHOSEN_MAX;
    for (const char *s = line; f->spots.n_chosen && next(&s, end, &p);)
        read_number(&f->spots, &p, out, &at);
}

/* ---- the rest ---- */

static bool is_dash(const struct pair *p)
{
    return !p->n || (p->n == 1 && *p->value == '-');
}

/* "I, [2026-03-12T09:15:01.123456 #4211]  INFO -- : ": local time. */
static bool prefix_time(struct accesslog_format *f, const char *s, const char *end, sd_time *at)
{
    while (s < end) {
        const char *word = s;
        while (s < end && *s != ' ')
            s++;
        const char *stop = s;
        while (word < stop && strchr("[(\"", *word))
            word++;
        while (stop > word && strchr(")],\"", stop[-1]))
            stop--;
        bool space = stop - word == 10 && word[4] == '-' && end - word > 20; /* "2026-03-12 09:15:01.1" */
        if (space) {
            stop += 9;
            while (stop < end && *stop != ' ' && *stop != ']')
                stop++;
        }
        if (accesslog_time_here(f, word, (size_t)(stop - word), at))
            return true;
        while (s < end && *s == ' ')
            s++;
    }
    return false;
}

static void read_target(struct accesslog_format *f, const struct pair *k, struct accesslog_line *out)
{
    const struct pair *uri = k[K_URI].key ? &k[K_URI] : &k[K_PATH];
    bool method = k[K_METHOD].key && accesslog_method(k[K_METHOD].value, k[K_METHOD].n);
    if (k[K_REQUEST].key && (!uri->key || !method)) {
        accesslog_request(k[K_REQUEST].value, k[K_REQUEST].n, out);
        return;
    }
    if (uri->key && uri->n) {
        out->target = uri->value;
        out->target_len = uri->n;
        if (uri->escaped) {
            accesslog_unescape(uri->value, uri->n, &f->scratch);
            out->target = strbuf_text(&f->scratch);
            out->target_len = f->scratch.len;
        }
    }
    if (method) {
        out->method = k[K_METHOD].value;
        out->method_len = k[K_METHOD].n;
    }
}

static void read_names(const struct pair *k, struct accesslog_line *out)
{
    const struct pair *up = k[K_UPSTREAM].key ? &k[K_UPSTREAM] : &k[K_DYNO];
    if (up->key && !is_dash(up)) {
        out->upstream = up->value;
        out->upstream_len = up->n;
        accesslog_last(&out->upstream, &out->upstream_len);
    }
    if (k[K_HOST].key && !is_dash(&k[K_HOST]))
        out->host = k[K_HOST].value, out->host_len = k[K_HOST].n;
    if (k[K_REQUEST_ID].key && !is_dash(&k[K_REQUEST_ID]))
        out->request_id = k[K_REQUEST_ID].value, out->request_id_len = k[K_REQUEST_ID].n;
    if (k[K_TRACE].key && !is_dash(&k[K_TRACE]))
        out->trace = k[K_TRACE].value, out->trace_len = k[K_TRACE].n;
    out->client = k[K_CLIENT].value;
    out->client_len = k[K_CLIENT].n;
    out->user = k[K_USER].value;
    out->user_len = k[K_USER].n;
    out->agent = k[K_AGENT].value;
    out->agent_len = k[K_AGENT].n;
    if (k[K_CACHE].key)
        out->cache = accesslog_cache_word(k[K_CACHE].value, k[K_CACHE].n);
}

bool accesslog_parse_logfmt(struct accesslog_format *f, const char *line, size_t len,
                            struct accesslog_line *out, const char **reason)
{
    const char *end = line + len, *s = line;
    struct pair k[K_COUNT] = {{.key = NULL}}, p;
    size_t n = 0, rank, ranks[K_COUNT];
    const char *first = NULL;
    while (next(&s, end, &p)) {
        enum key key = key_of(p.key, p.key_len, &rank);
        if (!n++)
            first = p.key;
        if (!k[key].key || rank < ranks[key]) {
            k[key] = p;
            ranks[key] = rank;
        }
    }
    *reason = "The line is not a request of keys and values: it has no status, or no path.";
    if (!k[K_STATUS].key || (!k[K_REQUEST].key && !k[K_URI].key && (!k[K_PATH].key || !k[K_METHOD].key)))
        return false;
    int64_t code = 0;
    *reason = "The status is not a number of three digits.";
    if (!is_dash(&k[K_STATUS]) &&
        (!accesslog_decimal(k[K_STATUS].value, k[K_STATUS].n, 1, &code) || code > 999))
        return false;
    *reason = "The time cannot be read, or is out of range.";
    if (k[K_TIME].key && !accesslog_time_any(k[K_TIME].value, k[K_TIME].n, &out->at))
        return false;
    if (!k[K_TIME].key)
        prefix_time(f, line, first, &out->at);
    out->status = (int)code;
    if (k[K_BYTES].key && !accesslog_decimal(k[K_BYTES].value, k[K_BYTES].n, 1, &out->bytes))
        out->bytes = k[K_BYTES].n == 1 && *k[K_BYTES].value == '-' ? 0 : SD_UNKNOWN;
    read_target(f, k, out);
    read_names(k, out);
    read_durations(f, k, line, end, out);
    return true;
}
