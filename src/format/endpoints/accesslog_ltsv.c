/* accesslog_ltsv.c - labelled tab-separated values: time:...<TAB>req:GET / HTTP/1.1<TAB>status:200
 * (ltsv.org), told by their labels. */
#include "format/endpoints/accesslog_internal.h"

enum label {
    L_NONE,
    L_TIME,
    L_REQUEST,
    L_METHOD,
    L_URI,
    L_STATUS,
    L_BYTES,
    L_CACHE,
    L_CLIENT,
    L_USER,
    L_AGENT,
    L_COUNT
};

static const struct {
    const char *name;
    enum label label;
} LABELS[] = {
    {.name = "time", .label = L_TIME},
    {.name = "time_local", .label = L_TIME},
    {.name = "time_iso8601", .label = L_TIME},
    {.name = "msec", .label = L_TIME},
    {.name = "req", .label = L_REQUEST},
    {.name = "request", .label = L_REQUEST},
    {.name = "method", .label = L_METHOD},
    {.name = "request_method", .label = L_METHOD},
    {.name = "uri", .label = L_URI},
    {.name = "request_uri", .label = L_URI},
    {.name = "path", .label = L_URI},
    {.name = "status", .label = L_STATUS},
    {.name = "size", .label = L_BYTES},
    {.name = "body_bytes_sent", .label = L_BYTES},
    {.name = "bytes_sent", .label = L_BYTES},
    {.name = "host", .label = L_CLIENT},
    {.name = "remote_addr", .label = L_CLIENT},
    {.name = "user", .label = L_USER},
    {.name = "remote_user", .label = L_USER},
    {.name = "ua", .label = L_AGENT},
    {.name = "http_user_agent", .label = L_AGENT},
    {.name = "user_agent", .label = L_AGENT},
};

struct value {
    const char *text;
    size_t n;
};

static enum label label_of(const char *s, size_t n)
{
    for (size_t i = 0; i < ARRAY_LEN(LABELS); i++)
        if (strlen(LABELS[i].name) == n && !memcmp(LABELS[i].name, s, n))
            return LABELS[i].label;
    return accesslog_cache_name(s, n) ? L_CACHE : L_NONE;
}

static bool read_time(struct value v, sd_time *at)
{
    int64_t ns;
    if (v.n > 1 && *v.text == '[' && v.text[v.n - 1] == ']')
        v = (struct value){v.text + 1, v.n - 2};
    if ((v.n == 1 && *v.text == '-') || accesslog_time_local(v.text, v.n, at) ||
        accesslog_time_iso(v.text, v.n, at))
        return true;
    if (v.n < 10 || !accesslog_decimal(v.text, v.n, SD_S, &ns) || ns >= (int64_t)9223372035 * SD_S)
        return false;
    *at = ns;
    return true;
}

/* Any other label may be that of a duration. */
static void read_number(struct accesslog_format *f, const char *label, size_t n, struct value v,
                        struct accesslog_line *out, size_t *at)
{
    struct spots *p = &f->spots;
    for (size_t i = 0; i < *at && i < p->n_chosen; i++) {
        const struct spot *s = &p->spot[p->chosen[i].spot];
        if (s->key_len != n || memcmp(s->key, label, n) != 0)
            continue;
        int64_t ns = accesslog_number_ns(v.text, v.n, p->chosen[i].scale);
        if (sd_known(ns)) {
            out->duration_ns = ns;
            *at = i;
        }
    }
}

static void learn_number(struct accesslog_format *f, const char *label, size_t n, struct value v)
{
    struct spot_number x = {.key = label, .key_len = n};
    x.unit = spot_key_unit(label, &n);
    x.rank = spot_key_rank(label, n, &x.seconds);
    if (x.rank && accesslog_number(v.text, v.n, &x))
        spots_see(&f->spots, &x);
}

typedef void on_label(struct accesslog_format *f, const char *label, size_t n, struct value v, void *ctx);

/* False: a part is no label with a value. */
static bool each_label(struct accesslog_format *f, const char *line, size_t len, on_label *on, void *ctx)
{
    size_t labels = 0;
    for (const char *s = line, *end = line + len; s < end;) {
        const char *stop = memchr(s, '\t', (size_t)(end - s));
        stop = stop ? stop : end;
        const char *colon = memchr(s, ':', (size_t)(stop - s));
        if (!colon || colon == s || memchr(s, ' ', (size_t)(colon - s)))
            return false;
        on(f, s, (size_t)(colon - s), (struct value){colon + 1, (size_t)(stop - colon - 1)}, ctx);
        labels++;
        s = stop + 1;
    }
    return labels > 1;
}

struct reading {
    struct value v[L_COUNT];
    struct accesslog_line *out;
    size_t at;
};

static void keep(struct accesslog_format *f, const char *label, size_t n, struct value v, void *ctx)
{
    struct reading *r = ctx;
    enum label l = label_of(label, n);
    if (!l)
        read_number(f, label, n, v, r->out, &r->at);
    else if (!r->v[l].text)
        r->v[l] = v;
}

static void learn(struct accesslog_format *f, const char *label, size_t n, struct value v, void *ctx)
{
    (void)ctx;
    if (!label_of(label, n))
        learn_number(f, label, n, v);
}

static void read_asker(const struct value *v, struct accesslog_line *out)
{
    out->client = v[L_CLIENT].text;
    out->client_len = v[L_CLIENT].n;
    out->user = v[L_USER].text;
    out->user_len = v[L_USER].n;
    out->agent = v[L_AGENT].text;
    out->agent_len = v[L_AGENT].n;
}

static void read_target(const struct value *v, struct accesslog_line *out)
{
    if (v[L_REQUEST].text) {
        accesslog_request(v[L_REQUEST].text, v[L_REQUEST].n, out);
        return;
    }
    out->target = v[L_URI].text;
    out->target_len = v[L_URI].n;
    if (v[L_METHOD].text && accesslog_method(v[L_METHOD].text, v[L_METHOD].n)) {
        out->method = v[L_METHOD].text;
        out->method_len = v[L_METHOD].n;
    }
}

bool accesslog_parse_ltsv(struct accesslog_format *f, const char *line, size_t len,
                          struct accesslog_line *out, const char **reason)
{
    struct reading r = {.out = out, .at = SPOT_CHOSEN_MAX};
    *reason = "The line does not consist of labels with values, separated by tabs.";
    if (!each_label(f, line, len, keep, &r))
        return false;
    int64_t code = 0;
    const struct value *status = &r.v[L_STATUS];
    *reason = "The line has no status, or no request.";
    if (!status->text || (!r.v[L_REQUEST].text && !r.v[L_URI].text))
        return false;
    *reason = "The status is not a number of three digits.";
    if (!(status->n == 1 && *status->text == '-') && !accesslog_decimal(status->text, status->n, 1, &code))
        return false;
    if (code > 999)
        return false;
    *reason = "The time cannot be read, or is out of range.";
    if (r.v[L_TIME].text && !read_time(r.v[L_TIME], &out->at))
        return false;
    out->status = (int)code;
    if (r.v[L_BYTES].text && !accesslog_decimal(r.v[L_BYTES].text, r.v[L_BYTES].n, 1, &out->bytes))
        out->bytes = r.v[L_BYTES].n == 1 && *r.v[L_BYTES].text == '-' ? 0 : SD_UNKNOWN;
    if (r.v[L_CACHE].text)
        out->cache = accesslog_cache_word(r.v[L_CACHE].text, r.v[L_CACHE].n);
    read_target(r.v, out);
    read_asker(r.v, out);
    if (f->spots.settled)
        return true;
    each_label(f, line, len, learn, NULL);
    spots_line(&f->spots, out->bytes);
    out->duration_ns = SD_UNKNOWN;
    r.at = SPOT_CHOSEN_MAX;
    each_label(f, line, len, keep, &r);
    return true;
}
