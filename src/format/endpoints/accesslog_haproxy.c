/* accesslog_haproxy.c - HAProxy's option httplog and httpslog (docs.haproxy.org, 8.2.3):
 * CLIENT:PORT [ACCEPTED] FRONTEND BACKEND/SERVER TR/Tw/Tc/Tr/Ta STATUS BYTES CC CS TSC AC/FC/BC/SC/RC SQ/BQ
 * {REQUEST CAPTURES} {RESPONSE CAPTURES} "REQUEST" */
#include "format/endpoints/accesslog_internal.h"

/* The next word, and past its blank; false: there is none. */
static bool word(const char **p, const char *end, const char **s, size_t *n)
{
    const char *blank = memchr(*p, ' ', (size_t)(end - *p));
    if (!blank || blank == *p)
        return false;
    *s = *p;
    *n = (size_t)(blank - *p);
    *p = blank + 1;
    return true;
}

/* A number with a + (option logasap: at least so much) or -1 for what did not happen. */
static bool figure(const char *s, size_t n, int64_t scale, int64_t *v)
{
    *v = SD_UNKNOWN;
    if (n && *s == '+')
        s++, n--;
    return (n == 2 && s[0] == '-' && s[1] == '1') || accesslog_decimal(s, n, scale, v);
}

/* Five numbers between slashes; false: it is something else, as the three timers of a TCP session. */
static bool timers(const char *s, size_t n, int64_t v[5])
{
    const char *end = s + n;
    for (size_t i = 0; i < 5; i++) {
        const char *stop = i < 4 ? memchr(s, '/', (size_t)(end - s)) : end;
        if (!stop || !figure(s, (size_t)(stop - s), SD_MS, &v[i]))
            return false;
        s = stop + 1;
    }
    return true;
}

/* "#22" is a quote. */
static void decode(struct accesslog_format *f, struct accesslog_line *out)
{
    static const char HEX[] = "0123456789ABCDEF";
    if (!memchr(out->target, '#', out->target_len))
        return;
    strbuf_clear(&f->scratch);
    for (size_t i = 0; i < out->target_len; i++) {
        const char *s = out->target + i, *high = NULL, *low = NULL;
        if (*s == '#' && i + 2 < out->target_len && s[1] && s[2])
            high = strchr(HEX, s[1]), low = strchr(HEX, s[2]);
        strbuf_char(&f->scratch, high && low ? (char)((high - HEX) << 4 | (low - HEX)) : *s);
        i += high && low ? 2 : 0;
    }
    out->target = strbuf_text(&f->scratch);
    out->target_len = f->scratch.len;
}

/* Behind the counters: captures, then the request in quotes, which may be cut at the end. */
static bool request(struct accesslog_format *f, const char *p, const char *end, struct accesslog_line *out)
{
    const char *open = memchr(p, '"', (size_t)(end - p)), *close;
    if (!open)
        return false;
    close = memchr(open + 1, '"', (size_t)(end - open - 1));
    accesslog_request(open + 1, (size_t)((close ? close : end) - open - 1), out);
    decode(f, out);
    return true;
}

static void server(const char *s, size_t n, struct accesslog_line *out)
{
    const char *slash = memchr(s, '/', n);
    if (slash && (slash[1] == '<' || slash + 1 == s + n)) /* <NOSRV>, <STATS> */
        return;
    out->upstream = s;
    out->upstream_len = n;
}

bool accesslog_parse_haproxy(struct accesslog_format *f, const char *line, size_t len,
                             struct accesslog_line *out, const char **reason)
{
    const char *end = line + len, *p = memchr(line, '[', len), *close, *s;
    size_t n;
    int64_t t[5], bytes;
    *reason = "This is not a request of HAProxy's httplog: a message of HAProxy, or another format.";
    if (!p || p == line || p[-1] != ' ' || !(close = memchr(p, ']', (size_t)(end - p))) || end - close < 3 ||
        close[1] != ' ' || !accesslog_time_here(f, p + 1, (size_t)(close - p) - 1, &out->at))
        return false;
    const char *client = memrchr(line, ' ', (size_t)(p - line) - 1);
    client = client ? client + 1 : line;
    /* The port is behind the last colon, of IPv6 as well: it has no brackets here. */
    const char *port = memrchr(client, ':', (size_t)(p - client));
    size_t client_len = port ? (size_t)(port - client) : (size_t)(p - client) - 1;
    p = close + 2;
    if (!word(&p, end, &s, &n)) /* the frontend */
        return false;
    if (!word(&p, end, &s, &n) || !memchr(s, '/', n))
        return false;
    server(s, n, out);
    if (!word(&p, end, &s, &n))
        return false;
    if (!timers(s, n, t)) {
        *reason = "The timers are not TR/Tw/Tc/Tr/Ta: a TCP session, or another log-format.";
        return false;
    }
    *reason = "The status or the bytes behind the timers are not numbers.";
    if (!word(&p, end, &s, &n))
        return false;
    if (n == 3 && accesslog_decimal(s, n, 1, &bytes))
        out->status = (int)bytes;
    else if (!(n == 2 && s[0] == '-' && s[1] == '1'))
        return false;
    if (!word(&p, end, &s, &n) || !figure(s, n, 1, &bytes))
        return false;
    *reason = "The request in quotes is missing.";
    for (int i = 0; i < 5; i++) /* cookies, termination state, connections, queues */
        if (!word(&p, end, &s, &n))
            return false;
    if (!request(f, p, end, out))
        return false;
    out->bytes = bytes;
    out->client = client;
    out->client_len = client_len;
    out->duration_ns = t[4];
    out->queue_ns = t[1];
    out->upstream_ns = t[3];
    return true;
}
