/* accesslog_w3c.c - W3C extended logs, whose fields a line #Fields: names, which may come again with others:
 * IIS, CloudFront, Tomcat and others (www.w3.org/TR/WD-logfile). Separated by blanks or tabs; a value may be
 * in quotes. */
#include "format/endpoints/accesslog_internal.h"

enum column {
    C_OTHER,
    C_DATE,
    C_TIME,
    C_METHOD,
    C_STEM,
    C_URI,
    C_STATUS,
    C_BYTES,
    C_TAKEN,
    C_HOST,
    C_HOST_FIRST,
    C_SERVER,
    C_CACHE,
    C_CACHE_FINE,
    C_REQUEST_ID,
    C_TRACE,
    C_FIRST_BYTE,
    C_QUERY,
    C_CLIENT,
    C_USER,
    C_AGENT,
    C_COUNT
};

static const struct {
    const char *name;
    enum column column;
} NAMES[] = {
    {.name = "date", .column = C_DATE},
    {.name = "time", .column = C_TIME},
    {.name = "cs-method", .column = C_METHOD},
    {.name = "cs-uri-stem", .column = C_STEM},
    {.name = "cs-uri", .column = C_URI},
    {.name = "sc-status", .column = C_STATUS},
    {.name = "sc-bytes", .column = C_BYTES},
    {.name = "bytes", .column = C_BYTES},
    {.name = "time-taken", .column = C_TAKEN},
    {.name = "cs-host", .column = C_HOST},
    {.name = "cs(Host)", .column = C_HOST},
    {.name = "x-host-header", .column = C_HOST_FIRST},
    {.name = "s-computername", .column = C_SERVER},
    {.name = "x-edge-location", .column = C_SERVER},
    {.name = "x-edge-result-type", .column = C_CACHE},
    {.name = "x-edge-detailed-result-type", .column = C_CACHE_FINE},
    {.name = "x-edge-request-id", .column = C_REQUEST_ID},
    {.name = "cs(X-Request-Id)", .column = C_REQUEST_ID},
    {.name = "cs(traceparent)", .column = C_TRACE},
    {.name = "time-to-first-byte", .column = C_FIRST_BYTE},
    {.name = "cs-uri-query", .column = C_QUERY},
    {.name = "c-ip", .column = C_CLIENT},
    {.name = "cs-username", .column = C_USER},
    {.name = "cs(User-Agent)", .column = C_AGENT},
};

/* What IIS writes when nobody chose others. */
static const char IIS[] =
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) "
    "cs(Referer) sc-status sc-substatus sc-win32-status time-taken";

/* And CloudFront, which only ever appended some; older logs end behind time-taken or later. */
static const char CLOUDFRONT[] =
    "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) "
    "cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol "
    "cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type "
    "cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte "
    "x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end";
enum { CLOUDFRONT_LEAST = 19 };

static enum column column_of(const char *s, size_t n)
{
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
        if (strlen(NAMES[i].name) == n && !strncasecmp(NAMES[i].name, s, n))
            return NAMES[i].column;
    return C_OTHER;
}

static bool is_gap(char c)
{
    return c == ' ' || c == '\t';
}

/* "#Fields: date time ..." */
static void read_fields(struct accesslog_format *f, const char *s, const char *end)
{
    f->n_columns = 0;
    f->taken_unit = SD_MS;
    while (s < end && f->n_columns < W3C_COLUMNS) {
        while (s < end && is_gap(*s))
            s++;
        const char *word = s;
        while (s < end && !is_gap(*s))
            s++;
        if (s == word)
            break;
        enum column c = column_of(word, (size_t)(s - word));
        if (s - word > 7 && !memcmp(word, "x-edge-", 7)) { /* CloudFront: seconds */
            f->taken_unit = SD_S;
            f->cache.product = "cloudfront";
        }
        f->columns[f->n_columns++] = (uint8_t)c;
    }
}

struct value {
    const char *s;
    size_t n;
};

static bool is_dash(struct value v)
{
    return !v.n || (v.n == 1 && *v.s == '-');
}

/* The next value; false: the line is over. */
static bool next(const char **at, const char *end, char gap, struct value *v)
{
    const char *s = *at, *stop;
    if (s > end)
        return false;
    if (s < end && *s == '"' && (stop = memchr(s + 1, '"', (size_t)(end - s - 1))) &&
        (stop + 1 == end || stop[1] == gap)) {
        *v = (struct value){s + 1, (size_t)(stop - s - 1)};
        *at = stop + 2;
        return true;
    }
    stop = memchr(s, gap, (size_t)(end - s));
    stop = stop ? stop : end;
    *v = (struct value){s, (size_t)(stop - s)};
    *at = stop + 1;
    return true;
}

static bool read_time(struct accesslog_format *f, struct value date, struct value time, sd_time *at)
{
    char both[40];
    if (!date.s || !time.s || date.n + time.n + 1 > sizeof both)
        return !date.s && !time.s;
    memcpy(both, date.s, date.n);
    both[date.n] = ' ';
    memcpy(both + date.n + 1, time.s, time.n);
    size_t n = date.n + 1 + time.n;
    if (n == f->time_len && !memcmp(both, f->time_text, n)) {
        *at = f->time_value;
        return true;
    }
    if (!accesslog_time_iso(both, n, at))
        return false;
    memcpy(f->time_text, both, n);
    f->time_len = n;
    f->time_value = *at;
    return true;
}

/* IIS counts milliseconds, CloudFront seconds; with a point they are seconds everywhere. */
static void read_taken(const struct accesslog_format *f, struct value v, int64_t *ns)
{
    int64_t given = f->spots.given, unit = memchr(v.s, '.', v.n) ? SD_S : f->taken_unit;
    if (given >= 0 && !accesslog_decimal(v.s, v.n, given ? given : unit, ns))
        *ns = SD_UNKNOWN;
}

static void read_names(const struct value *v, struct accesslog_line *out)
{
    struct value host = !is_dash(v[C_HOST_FIRST]) ? v[C_HOST_FIRST] : v[C_HOST];
    struct value cache = !is_dash(v[C_CACHE_FINE]) ? v[C_CACHE_FINE] : v[C_CACHE];
    if (!is_dash(host))
        out->host = host.s, out->host_len = host.n;
    if (!is_dash(v[C_SERVER]))
        out->upstream = v[C_SERVER].s, out->upstream_len = v[C_SERVER].n;
    if (!is_dash(v[C_REQUEST_ID]))
        out->request_id = v[C_REQUEST_ID].s, out->request_id_len = v[C_REQUEST_ID].n;
    if (!is_dash(v[C_TRACE]))
        out->trace = v[C_TRACE].s, out->trace_len = v[C_TRACE].n;
    out->client = v[C_CLIENT].s;
    out->client_len = v[C_CLIENT].n;
    out->user = v[C_USER].s;
    out->user_len = v[C_USER].n;
    out->agent = v[C_AGENT].s;
    out->agent_len = v[C_AGENT].n;
    if (!is_dash(v[C_QUERY]))
        out->query = v[C_QUERY].s, out->query_len = v[C_QUERY].n;
    if (cache.s)
        out->cache = accesslog_cache_word(cache.s, cache.n);
}

static const char *read_row(struct accesslog_format *f, const struct value *v, struct accesslog_line *out)
{
    struct value target = v[C_STEM].s ? v[C_STEM] : v[C_URI];
    int64_t code = 0;
    if (!v[C_STATUS].s || !target.s)
        return "The fields that #Fields names have no sc-status, or no cs-uri-stem.";
    if (!is_dash(v[C_STATUS]) && (!accesslog_decimal(v[C_STATUS].s, v[C_STATUS].n, 1, &code) || code > 999))
        return "The status is not a number of three digits.";
    if (!read_time(f, v[C_DATE], v[C_TIME], &out->at))
        return "The time cannot be read.";
    out->status = (int)code;
    if (v[C_METHOD].s && accesslog_method(v[C_METHOD].s, v[C_METHOD].n)) {
        out->method = v[C_METHOD].s;
        out->method_len = v[C_METHOD].n;
    }
    out->target = target.s;
    out->target_len = target.n;
    if (v[C_BYTES].s && !accesslog_decimal(v[C_BYTES].s, v[C_BYTES].n, 1, &out->bytes))
        out->bytes = is_dash(v[C_BYTES]) ? 0 : SD_UNKNOWN;
    if (v[C_TAKEN].s)
        read_taken(f, v[C_TAKEN], &out->duration_ns);
    if (v[C_FIRST_BYTE].s)
        read_taken(f, v[C_FIRST_BYTE], &out->upstream_ns);
    read_names(v, out);
    return NULL;
}

bool accesslog_parse_w3c(struct accesslog_format *f, const char *line, size_t len, struct accesslog_line *out,
                         const char **reason)
{
    static const char FIELDS[] = "#Fields:";
    const char *end = line + len, *p = line;
    if (len && *line == '#') {
        if (len >= sizeof FIELDS && !memcmp(line, FIELDS, sizeof FIELDS - 1))
            read_fields(f, line + sizeof FIELDS - 1, end), f->assumed = false;
        *reason = NULL;
        return false;
    }
    if (!f->n_columns) {
        const char *usual = f->cloudfront ? CLOUDFRONT : IIS;
        read_fields(f, usual, usual + strlen(usual));
        f->assumed = true;
    }
    while (end > p && is_gap(end[-1]))
        end--;
    char gap = memchr(p, '\t', (size_t)(end - p)) ? '\t' : ' ';
    struct value v[C_COUNT] = {{NULL, 0}}, x;
    size_t n = 0;
    for (; n < f->n_columns && next(&p, end, gap, &x); n++)
        v[f->columns[n]] = x;
    *reason = !f->assumed ? "The line has another number of fields than its #Fields line."
              : f->cloudfront
                  ? "No #Fields line stands before the line, and its fields are not those of CloudFront."
                  : "No #Fields line stands before the line, and its fields are not those that IIS writes "
                    "when none are chosen.";
    bool appended = f->assumed && f->cloudfront && gap == '\t' && n >= CLOUDFRONT_LEAST;
    if (!appended && (n < f->n_columns || p <= end))
        return false;
    return !(*reason = read_row(f, v, out));
}
