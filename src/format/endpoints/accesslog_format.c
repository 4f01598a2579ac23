/* accesslog_format.c - format strings become a list of values and literals. */
#include <stdlib.h>
#include <strings.h>

#include "format/endpoints/accesslog_build.h"

/* What is not here is skipped over. Of several for the same thing the highest rank is
 * read: the request as sent before its normalised parts, $request_time before $upstream... */
static const struct variable NGINX[] = {
    {.name = "time_local", .field = FIELD_TIME_LOCAL, .scale = 0, .rank = 1, .list = false},
    {.name = "time_iso8601", .field = FIELD_TIME_ISO, .scale = 0, .rank = 2, .list = false},
    {.name = "msec", .field = FIELD_EPOCH, .scale = SD_S, .rank = 3, .list = false},
    {.name = "request", .field = FIELD_REQUEST, .scale = 0, .rank = 2, .list = false},
    {.name = "request_method", .field = FIELD_METHOD, .scale = 0, .rank = 1, .list = false},
    {.name = "uri", .field = FIELD_URI, .scale = 0, .rank = 1, .list = false},
    {.name = "document_uri", .field = FIELD_URI, .scale = 0, .rank = 1, .list = false},
    {.name = "request_uri", .field = FIELD_URI, .scale = 0, .rank = 2, .list = false},
    {.name = "status", .field = FIELD_STATUS, .scale = 0, .rank = 2, .list = false},
    {.name = "bytes_sent", .field = FIELD_BYTES, .scale = 0, .rank = 1, .list = false},
    {.name = "body_bytes_sent", .field = FIELD_BYTES, .scale = 0, .rank = 2, .list = false},
    {.name = "request_time", .field = FIELD_DURATION, .scale = SD_S, .rank = 3, .list = false},
    {.name = "upstream_response_time", .field = FIELD_DURATION, .scale = SD_S, .rank = 1, .list = true},
    {.name = "upstream_cache_status", .field = FIELD_CACHE, .scale = 0, .rank = 3, .list = false},
    {.name = "sent_http_x_cache_status", .field = FIELD_CACHE, .scale = 0, .rank = 2, .list = false},
    {.name = "sent_http_x_proxy_cache", .field = FIELD_CACHE, .scale = 0, .rank = 1, .list = false},
    {.name = "upstream_queue_time", .field = FIELD_QUEUE, .scale = SD_S, .rank = 1, .list = true},
    {.name = "upstream_addr", .field = FIELD_UPSTREAM, .rank = 2, .list = true},
    {.name = "proxy_upstream_name", .field = FIELD_UPSTREAM, .rank = 1},
    {.name = "host", .field = FIELD_HOST, .rank = 3},
    {.name = "http_host", .field = FIELD_HOST, .rank = 2},
    {.name = "server_name", .field = FIELD_HOST, .rank = 1},
    {.name = "request_id", .field = FIELD_REQUEST_ID, .rank = 2},
    {.name = "req_id", .field = FIELD_REQUEST_ID, .rank = 2},
    {.name = "http_x_request_id", .field = FIELD_REQUEST_ID, .rank = 1},
    {.name = "remote_addr", .field = FIELD_CLIENT, .rank = 2},
    {.name = "realip_remote_addr", .field = FIELD_CLIENT, .rank = 1},
    {.name = "remote_user", .field = FIELD_USER, .rank = 1},
    {.name = "http_user_agent", .field = FIELD_AGENT, .rank = 1},
    {.name = "http_traceparent", .field = FIELD_TRACE, .rank = 9},
    {.name = "otel_trace_id", .field = FIELD_TRACE, .rank = 8},
    {.name = "opentelemetry_trace_id", .field = FIELD_TRACE, .rank = 7},
    {.name = "opentelemetry_context_traceparent", .field = FIELD_TRACE, .rank = 7},
    {.name = "http_uber_trace_id", .field = FIELD_TRACE, .rank = 6},
    {.name = "opentracing_context_uber_trace_id", .field = FIELD_TRACE, .rank = 6},
    {.name = "http_x_b3_traceid", .field = FIELD_TRACE, .rank = 5},
    {.name = "http_b3", .field = FIELD_TRACE, .rank = 4},
    {.name = "http_x_amzn_trace_id", .field = FIELD_TRACE, .rank = 3},
    {.name = "http_x_cloud_trace_context", .field = FIELD_TRACE, .rank = 2},
    {.name = "http_x_datadog_trace_id", .field = FIELD_TRACE, .rank = 1},
    /* Of the built-in formats. */
    {.name = "slowdive_ms", .field = FIELD_DURATION, .scale = SD_MS, .rank = 4, .list = false},
    {.name = "slowdive_padded_ms", .field = FIELD_DURATION, .scale = SD_MS, .rank = 5, .list = false},
    {.name = "slowdive_upstream_ms", .field = FIELD_UPSTREAM_TIME, .scale = SD_MS, .rank = 4},
    {.name = "slowdive_queue_ms", .field = FIELD_QUEUE, .scale = SD_MS, .rank = 4},
    {.name = "slowdive_took", .field = FIELD_TOOK, .rank = 4},
    {.name = "slowdive_part", .field = FIELD_PART, .scale = SD_S, .rank = 1},
    {.name = "slowdive_part_queue", .field = FIELD_PART_QUEUE, .scale = SD_S, .rank = 1},
    {.name = "slowdive_part_upstream", .field = FIELD_PART_UPSTREAM, .scale = SD_S, .rank = 1},
    {.name = "slowdive_ctime", .field = FIELD_STAMP, .rank = 1},
    {.name = "slowdive_stamp", .field = FIELD_STAMP, .rank = 1},
    {.name = "slowdive_handling", .field = FIELD_CACHE, .rank = 3},
    {.name = "slowdive_tail",
     .field = FIELD_TAIL,
     .scale = 0,
     .rank = 1,
     .list = false}, /* the built-in formats' own */
};

static const struct variable APACHE[] = {
    {.name = "t", .field = FIELD_TIME_LOCAL, .scale = 0, .rank = 1, .list = false},
    {.name = "{sec}t", .field = FIELD_EPOCH, .scale = SD_S, .rank = 2, .list = false},
    {.name = "{msec}t", .field = FIELD_EPOCH, .scale = SD_MS, .rank = 3, .list = false},
    {.name = "{usec}t", .field = FIELD_EPOCH, .scale = SD_US, .rank = 4, .list = false},
    {.name = "r", .field = FIELD_REQUEST, .scale = 0, .rank = 2, .list = false},
    {.name = "m", .field = FIELD_METHOD, .scale = 0, .rank = 1, .list = false},
    {.name = "U", .field = FIELD_URI, .scale = 0, .rank = 1, .list = false},
    {.name = "s", .field = FIELD_STATUS, .scale = 0, .rank = 2, .list = false},
    {.name = "b", .field = FIELD_BYTES, .scale = 0, .rank = 2, .list = false},
    {.name = "B", .field = FIELD_BYTES, .scale = 0, .rank = 2, .list = false},
    {.name = "O", .field = FIELD_BYTES, .scale = 0, .rank = 1, .list = false},
    {.name = "D", .field = FIELD_DURATION, .scale = SD_US, .rank = 3, .list = false},
    {.name = "{us}T", .field = FIELD_DURATION, .scale = SD_US, .rank = 3, .list = false},
    {.name = "{ms}T", .field = FIELD_DURATION, .scale = SD_MS, .rank = 2, .list = false},
    {.name = "{s}T", .field = FIELD_DURATION, .scale = SD_S, .rank = 1, .list = false},
    {.name = "T", .field = FIELD_DURATION, .scale = SD_S, .rank = 1, .list = false},
    {.name = "v", .field = FIELD_HOST, .rank = 1},
    {.name = "V", .field = FIELD_HOST, .rank = 2},
    {.name = "{Host}i", .field = FIELD_HOST, .rank = 3},
    {.name = "{host}i", .field = FIELD_HOST, .rank = 3},
    {.name = "{BALANCER_WORKER_NAME}e", .field = FIELD_UPSTREAM, .rank = 1},
    {.name = "{X-Request-Id}i", .field = FIELD_REQUEST_ID, .rank = 1},
    {.name = "{X-Request-ID}i", .field = FIELD_REQUEST_ID, .rank = 1},
    {.name = "{x-request-id}i", .field = FIELD_REQUEST_ID, .rank = 1},
    {.name = "{X-Request-Id}o", .field = FIELD_REQUEST_ID, .rank = 2},
    {.name = "{X-Request-ID}o", .field = FIELD_REQUEST_ID, .rank = 2},
    {.name = "{x-request-id}o", .field = FIELD_REQUEST_ID, .rank = 2},
    {.name = "{UNIQUE_ID}e", .field = FIELD_REQUEST_ID, .rank = 3},
    {.name = "h", .field = FIELD_CLIENT, .rank = 1},
    {.name = "a", .field = FIELD_CLIENT, .rank = 2},
    {.name = "u", .field = FIELD_USER, .rank = 1},
    {.name = "{User-Agent}i", .field = FIELD_AGENT, .rank = 1},
    {.name = "{User-agent}i", .field = FIELD_AGENT, .rank = 1},
    {.name = "{user-agent}i", .field = FIELD_AGENT, .rank = 1},
    {.name = "{traceparent}i", .field = FIELD_TRACE, .rank = 9},
    {.name = "{Traceparent}i", .field = FIELD_TRACE, .rank = 9},
    {.name = "{uber-trace-id}i", .field = FIELD_TRACE, .rank = 6},
    {.name = "{X-B3-TraceId}i", .field = FIELD_TRACE, .rank = 5},
    {.name = "{X-Amzn-Trace-Id}i", .field = FIELD_TRACE, .rank = 3},
    {.name = "{X-Cloud-Trace-Context}i", .field = FIELD_TRACE, .rank = 2},
    {.name = "{Varnish:handling}x", .field = FIELD_CACHE, .scale = 0, .rank = 2, .list = false},
    {.name = "{Varnish:hitmiss}x", .field = FIELD_CACHE, .scale = 0, .rank = 1, .list = false},
};

#define COMBINED                                                                                             \
    "$remote_addr [$time_local] \"$request\" $status $body_bytes_sent \"$r\" \"$http_user_agent\""
#define ISTIO_TAIL                                                                                           \
    "$flags $details $closed \"$why\" $received $body_bytes_sent $slowdive_ms $slowdive_upstream_ms "        \
    "\"$remote_addr\" \"$http_user_agent\" \"$request_id\" \"$host\" \"$upstream_addr\" $rest"
#define ALB                                                                                                  \
    "$elb $remote_addr $upstream_addr $slowdive_part_queue $slowdive_part_upstream $slowdive_part $status "  \
    "$target "                                                                                               \
    "$received $body_bytes_sent \"$request\""

static const struct {
    const char *name, *text; /* NULL: read by `read` */
    accesslog_reader *read;
    bool here; /* its time without a zone is this machine's */
    const char *cache;
} BUILTIN[] = {
    {.name = "ingress-nginx",
     .text = COMBINED " $l $request_time [$p] [$a] $upstream_addr $length $upstream_response_time "
                      "$upstream_status $req_id"},
    {.name = "s3",
     .text = "$owner $host [$time_local] $remote_addr $who $request_id $op $key \"$request\" $status $code "
             "$body_bytes_sent $size $slowdive_ms $slowdive_upstream_ms \"$r\" \"$http_user_agent\""},
    /* option httplog clf: the last of its five timers is the whole request. */
    {.name = "haproxy-clf",
     .text =
         "$remote_addr [$time_local] \"$request\" $status $body_bytes_sent \"\" \"\" $port $ms \"$f\" \"$b\" "
         "\"$upstream_addr\" $tq $slowdive_queue_ms $tc $slowdive_upstream_ms $slowdive_ms \"$t\" "
         "$rest"},
    {.name = "combined", .text = COMBINED},
    {.name = "combined with further fields", .text = COMBINED " $slowdive_tail"},
    {.name = "common", .text = "$remote_addr [$time_local] \"$request\" $status $body_bytes_sent"},
    {.name = "common with further fields",
     .text = "$remote_addr [$time_local] \"$request\" $status $body_bytes_sent $slowdive_tail"},
    {.name = "common with a field before the request",
     .text = "$remote_addr [$time_local] $slowdive_tail \"$request\" $status $body_bytes_sent"},
    {.name = "combined with a field before the request",
     .text = "$remote_addr [$time_local] $slowdive_tail \"$request\" $status $body_bytes_sent \"$r\" "
             "\"$http_user_agent\""},
    {.name = "common with an ISO time",
     .text = "$remote_addr [$time_iso8601] \"$request\" $status $body_bytes_sent"},
    {.name = "common with an ISO time and further fields",
     .text = "$remote_addr [$time_iso8601] \"$request\" $status $body_bytes_sent $slowdive_tail"},
    {.name = "json", .read = accesslog_parse_json},
    {.name = "ltsv", .read = accesslog_parse_ltsv},
    {.name = "haproxy", .read = accesslog_parse_haproxy},
    {.name = "w3c", .read = accesslog_parse_w3c},
    {.name = "logfmt", .read = accesslog_parse_logfmt},
    {.name = "alb",
     .text = "$type $time_iso8601 " ALB " \"$http_user_agent\" $cipher $tls $arn \"$http_x_amzn_trace_id\" "
             "\"$host\" $rest"},
    {.name = "elb", .text = "$time_iso8601 " ALB},
    {.name = "envoy",
     .text = "[$time_iso8601] \"$request\" $status $flags $received $body_bytes_sent $slowdive_ms "
             "$slowdive_upstream_ms \"$remote_addr\" \"$http_user_agent\" \"$request_id\" \"$host\" "
             "\"$upstream_addr\""},
    {.name = "istio", .text = "[$time_iso8601] \"$request\" $status " ISTIO_TAIL},
    {.name = "uwsgi",
     .text = "[pid: $pid|app: $app|req: $req] $remote_addr ($remote_user) {$vars} [$slowdive_ctime] "
             "$request_method "
             "$request_uri => generated $body_bytes_sent bytes in $slowdive_took ($protocol $status) $rest",
     .here = true},
    {.name = "squid",
     .text =
         "$msec $slowdive_padded_ms $remote_addr $slowdive_handling/$status $body_bytes_sent $request_method "
         "$request_uri $remote_user $hier/$upstream_addr $type",
     .cache = "squid"},
    {.name = "django", .text = "[$slowdive_stamp] \"$request\" $status $body_bytes_sent", .here = true},
};

/* ---- building ---- */

static void end_literal(struct builder *b)
{
    struct accesslog_format *f = b->f;
    struct accesslog_op *op = f->n ? &f->ops[f->n - 1] : NULL;
    size_t len = b->literal.len;
    char *text = mem_strdup(strbuf_text(&b->literal));
    strbuf_clear(&b->literal);
    if (!op) {
        f->prefix = text;
        f->prefix_len = len;
        return;
    }
    op->literal = text;
    op->literal_len = len;
    op->seek = strspn(text, " ");
    if (op->seek == len)
        op->seek = 0;
    memcpy(&op->word, text, MIN(len, sizeof op->word));
    memset(&op->mask, 0xff, MIN(len, sizeof op->mask));
    if (op->field == FIELD_TAIL)
        f->spots.behind = f->n > 6 ? "the user agent" : f->n > 4 ? "the bytes" : "the time";
    op->number_end = f->cut_short && !len && (op->field == FIELD_DURATION || op->field == FIELD_BYTES);
    const char *before = f->n > 1 ? f->ops[f->n - 2].literal : f->prefix;
    size_t n = strlen(before);
    op->quoted = n && before[n - 1] == '"' && text[0] == '"';
}

bool accesslog_add_value(struct builder *b, const char *name, const struct variable *v, struct sd_error *err)
{
    struct accesslog_format *f = b->f;
    if (f->n && !b->literal.len) {
        struct accesslog_op *last = &f->ops[f->n - 1];
        bool spare = last->field == FIELD_SKIP || last->field > FIELD_QUEUE; /* it may be cut wrongly */
        /* $uri$is_args$args is still a path; unused values may follow each other without a separator. */
        if (spare && (!v || v->field > FIELD_QUEUE)) {
            last->field = FIELD_SKIP;
            return true;
        }
        if (!v && last->field == FIELD_URI)
            return true;
        last->to_path = v && v->field == FIELD_URI && spare; /* $host$request_uri */
        if (!last->to_path && last->field != FIELD_STAMP)
            return fail(err,
                        "In the log format $%.40s follows another variable without a separator, so their "
                        "values cannot be told apart.",
                        name);
    }
    end_literal(b);
    f->ops = mem_grow(f->ops, f->n, &f->cap, sizeof *f->ops);
    f->ops[f->n] = (struct accesslog_op){
        .field = v ? v->field : FIELD_SKIP,
        .scale = v ? v->scale : 0,
        .rank = v ? v->rank : 0,
        .list = (v && v->list) || str_starts(name, "upstream_"),
        .padded = !strcmp(name, "slowdive_padded_ms"),
    };
    snprintf(f->ops[f->n++].name, sizeof f->ops->name, "%s", name);
    return true;
}

static const struct variable *find_variable(const struct variable *table, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(table[i].name, name))
            return &table[i];
    return NULL;
}

static bool name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool build_nginx(struct builder *b, const char *s, struct sd_error *err)
{
    while (*s) {
        if (*s == '\\' && (s[1] == '"' || s[1] == '\'' || s[1] == '\\' || s[1] == 't')) {
            strbuf_char(&b->literal, s[1] == 't' ? '\t' : s[1]);
            s += 2;
            continue;
        }
        bool brace = s[0] == '$' && s[1] == '{';
        const char *name = s + 1 + brace;
        size_t n = 0;
        if (*s == '$')
            while (name_char(name[n]))
                n++;
        if (!n || (brace && name[n] != '}')) {
            if (brace)
                return fail(err, "In the log format a ${ has no closing brace.");
            strbuf_char(&b->literal, *s++);
            continue;
        }
        char word[64];
        snprintf(word, sizeof word, "%.*s", (int)MIN(n, sizeof word - 1), name);
        const struct variable *v = find_variable(NGINX, ARRAY_LEN(NGINX), word);
        if (!accesslog_add_value(b, word, v, err))
            return false;
        if (v && v->field == FIELD_STAMP) {
            b->f->ops[b->f->n - 1].pattern =
                mem_strdup(str_ends(word, "ctime") ? "%a %b %e %H:%M:%S %Y" : "%d/%b/%Y %H:%M:%S");
            b->f->stamped = true;
        }
        s = name + n + brace;
    }
    return true;
}

/* %{format}t, as strftime writes it; "begin:" and "end:" tell which of two moments. */
static bool add_stamp(struct builder *b, const char *pattern, size_t n, struct sd_error *err)
{
    static const struct variable STAMP = {.field = FIELD_STAMP, .rank = 1};
    for (size_t i = 0; i < 2; i++) {
        const char *which = i ? "end:" : "begin:";
        if (n > strlen(which) && !memcmp(pattern, which, strlen(which))) {
            pattern += strlen(which);
            n -= strlen(which);
        }
    }
    char *text = mem_strndup(pattern, n);
    static const char *const EPOCHS[] = {"sec", "msec", "usec"};
    const struct variable *epoch = NULL;
    for (size_t i = 0; i < ARRAY_LEN(EPOCHS); i++)
        if (!strcmp(text, EPOCHS[i]))
            epoch = find_variable(APACHE, ARRAY_LEN(APACHE),
                                  i == 0   ? "{sec}t"
                                  : i == 1 ? "{msec}t"
                                           : "{usec}t");
    bool frac = !strcmp(text, "msec_frac") || !strcmp(text, "usec_frac");
    bool ok = epoch || frac || accesslog_stamp_known(text);
    if (!ok)
        fail(err, "In the log format the time %%{%.60s}t cannot be read.", text);
    ok = ok && accesslog_add_value(b, "t", epoch ? epoch : &STAMP, err);
    if (ok && !epoch) {
        b->f->ops[b->f->n - 1].pattern = text;
        b->f->stamped = true;
    } else {
        free(text);
    }
    return ok;
}

static bool build_apache(struct builder *b, const char *s, struct sd_error *err)
{
    while (*s) {
        if (*s == '\\' && s[1]) {
            strbuf_char(&b->literal, s[1] == 't' ? '\t' : s[1]);
            s += 2;
        } else if (*s != '%') {
            strbuf_char(&b->literal, *s++);
        } else if (s[1] == '%') {
            strbuf_char(&b->literal, '%');
            s += 2;
        } else {
            const char *arg = NULL;
            size_t n = 0;
            s += 1 + strspn(s + 1, "<>!,0123456789"); /* %>s, %!200,304{x}i */
            if (*s == '{') {
                arg = s;
                n = strcspn(s, "}");
                if (!s[n])
                    return fail(err, "In the log format a %%{ has no closing brace.");
                s += ++n;
            }
            bool trailer = *s == '^' && name_char(s[1]) && name_char(s[2]); /* %{NAME}^ti, %^FB */
            if (trailer)
                s += 2;
            if (!name_char(*s))
                return fail(
                    err, "In the log format a %% has no directive after it; write %%%% for a percent sign.");
            char word[64];
            snprintf(word, sizeof word, "%.*s%s%c", (int)MIN(n, (size_t)60), arg ? arg : "",
                     trailer ? "^" : "", *s++);
            bool brackets = !strcmp(word, "t");
            if (brackets)
                strbuf_char(&b->literal, '[');
            if (arg && s[-1] == 't' && !find_variable(APACHE, ARRAY_LEN(APACHE), word)) {
                if (!add_stamp(b, arg + 1, n - 2, err))
                    return false;
                continue;
            }
            if (!accesslog_add_value(b, word, find_variable(APACHE, ARRAY_LEN(APACHE), word), err))
                return false;
            b->f->apache_us |= !strcmp(word, "D");
            b->f->cache.varnish |= str_starts(word, "{Varnish:");
            if (brackets)
                strbuf_char(&b->literal, ']');
        }
    }
    return true;
}

/* LogFormat "..." NAME, or CustomLog PATH "...", as in httpd.conf: what is in the quotes, whose own have a
 * backslash. NULL: it is neither. Caller frees. */
static char *from_httpd(const char *s)
{
    size_t n = strcspn(s, " \t");
    const char *open = strpbrk(s + n, "\"'");
    if (!open || n != 9 || (strncasecmp(s, "LogFormat", n) != 0 && strncasecmp(s, "CustomLog", n) != 0))
        return NULL;
    const char *close = open + 1;
    while (*close && *close != *open)
        close += *close == '\\' && close[1] ? 2 : 1;
    return mem_strndup(open + 1, (size_t)(close - open) - 1);
}

/* "log_format main escape=json '...' '...';" as in nginx.conf: the strings, joined.
 * Anything else is the format itself. Caller frees. */
static char *without_conf(const char *text)
{
    const char *s = text + strspn(text, " \t\r\n");
    char *httpd = from_httpd(s);
    if (httpd)
        return httpd;
    bool directive = str_starts(s, "log_format") && (s[10] == ' ' || s[10] == '\t' || s[10] == '\n');
    if (directive) {
        s += 10;
        s += strspn(s, " \t\r\n");
        s += strcspn(s, " \t\r\n"); /* its name */
        s += strspn(s, " \t\r\n");
        if (str_starts(s, "escape="))
            s += strcspn(s, " \t\r\n");
        s += strspn(s, " \t\r\n");
    }
    if (*s != '\'' && !directive)
        return mem_strdup(s);
    struct strbuf b = {0};
    for (;;) {
        s += strspn(s, " \t\r\n;");
        if (!*s)
            break;
        char quote = *s == '\'' || *s == '"' ? *s++ : 0;
        while (*s && (quote ? *s != quote : !strchr(" \t\r\n;", *s))) {
            if (*s == '\\' && s[1] == quote && quote)
                s++;
            strbuf_char(&b, *s++);
        }
        if (quote && *s)
            s++;
    }
    return strbuf_detach(&b);
}

/* gunicorn's access_log_format, %(h)s ... %(D)s, in Apache's notation. Caller frees. */
static char *from_gunicorn(char *text)
{
    if (!strstr(text, "%("))
        return text;
    struct strbuf b = {0};
    for (const char *s = text; *s;) {
        const char *close = s[0] == '%' && s[1] == '(' ? strstr(s, ")s") : NULL;
        if (!close) {
            strbuf_char(&b, *s++);
            continue;
        }
        size_t n = (size_t)(close - s - 2);
        if (n == 1 && s[2] == 'M')
            strbuf_str(&b, "%{ms}T");
        else if (n == 1 && s[2] == 'L')
            strbuf_str(&b, "%{s}T");
        else
            strbuf_printf(&b, "%%%.*s", (int)n, s + 2);
        s = close + 2;
    }
    free(text);
    return strbuf_detach(&b);
}

static bool is_apache(const char *s)
{
    if (strchr(s, '$'))
        return false;
    for (; (s = strchr(s, '%')); s++)
        if (name_char(s[1]) || s[1] == '>' || s[1] == '<' || s[1] == '{')
            return true;
    return false;
}

/* Keeps the best value of each kind; the others are skipped over. */
static void choose(struct accesslog_format *f)
{
    static const unsigned char GROUP[FIELD_COUNT] = {
        [FIELD_TIME_LOCAL] = 1, [FIELD_TIME_ISO] = 1,      [FIELD_EPOCH] = 1,  [FIELD_REQUEST] = 2,
        [FIELD_URI] = 2,        [FIELD_METHOD] = 3,        [FIELD_STATUS] = 4, [FIELD_BYTES] = 5,
        [FIELD_DURATION] = 6,   [FIELD_TOOK] = 6,          [FIELD_TAIL] = 7,   [FIELD_STAMP] = 1,
        [FIELD_CACHE] = 8,      [FIELD_UPSTREAM_TIME] = 9, [FIELD_QUEUE] = 10, [FIELD_UPSTREAM] = 11,
        [FIELD_HOST] = 12,      [FIELD_REQUEST_ID] = 13,   [FIELD_TRACE] = 14, [FIELD_CLIENT] = 15,
        [FIELD_USER] = 16,      [FIELD_AGENT] = 17,
    };
    int best[18] = {0};
    bool request = false;
    for (size_t pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < f->n; i++) {
            struct accesslog_op *op = &f->ops[i];
            int *top = &best[GROUP[op->field]];
            if (!pass) {
                *top = MAX(*top, op->rank);
                request |= op->field == FIELD_REQUEST;
            } else if (op->field == FIELD_STAMP) { /* all its pieces, unless a whole time is there */
                f->stamped = best[1] == op->rank;
            } else if (GROUP[op->field]) {
                bool taken =
                    op->rank == *top && !(request && (op->field == FIELD_METHOD || op->field == FIELD_URI));
                if (taken)
                    *top = INT32_MAX; /* of equals the first */
                else                  /* $upstream_response_time beside $request_time */
                    op->field = op->field == FIELD_DURATION && op->list ? FIELD_UPSTREAM_TIME : FIELD_SKIP;
            }
        }
}

static enum accesslog_until until_of(const struct accesslog_op *op)
{
    if (!op->literal_len)
        return op->to_path ? UNTIL_SLASH : UNTIL_END;
    return op->quoted                               ? UNTIL_QUOTE
           : op->list || op->field == FIELD_REQUEST ? UNTIL_LIST_ENDS
                                                    : UNTIL_LITERAL;
}

static bool check(const struct accesslog_format *f, struct sd_error *err)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->ops[i].field == FIELD_REQUEST || f->ops[i].field == FIELD_URI)
            return true;
    if (!f->n) {
        struct strbuf names = {0};
        for (size_t i = 0; i < ARRAY_LEN(BUILTIN); i++)
            if (!strchr(BUILTIN[i].name, ' '))
                strbuf_printf(&names, "%s%s", names.len ? ", " : "", BUILTIN[i].name);
        fail(err,
             "The log format contains no $variable (nginx) and no %%directive (Apache); write it as in the "
             "server's configuration, or use one of %s.",
             strbuf_text(&names));
        strbuf_free(&names);
        return false;
    }
    return fail(err, "The log format has neither $request nor $request_uri (in Apache's notation %%r or "
                     "%%U), so the endpoint of a request is not known.");
}

static struct accesslog_format *empty(const char *name)
{
    struct accesslog_format *f = mem_alloc(sizeof *f);
    f->name = mem_strdup(name);
    return f;
}

struct times {
    const char *date, *time; /* GoAccess's forms of them; NULL: not given */
};

static struct accesslog_format *compile(const char *name, const char *text, struct times times,
                                        struct sd_error *err)
{
    struct builder b = {.f = empty(name)};
    char *plain = from_gunicorn(without_conf(text));
    size_t len = strlen(plain);
    while (len && (plain[len - 1] == '\n' || plain[len - 1] == '\r'))
        plain[--len] = 0;
    bool goaccess = accesslog_is_goaccess(plain);
    b.f->sigil = goaccess || is_apache(plain) ? "%" : "$";
    bool ok = goaccess           ? accesslog_build_goaccess(&b, plain, times.date, times.time, err)
              : is_apache(plain) ? build_apache(&b, plain, err)
                                 : build_nginx(&b, plain, err);
    if (ok)
        end_literal(&b);
    ok = ok && check(b.f, err);
    free(plain);
    strbuf_free(&b.literal);
    if (!ok) {
        accesslog_format_free(b.f);
        return NULL;
    }
    choose(b.f);
    for (size_t i = 0; i < b.f->n; i++) {
        struct accesslog_op *op = &b.f->ops[i];
        op->until = until_of(op);
        op->plain = !b.f->cut_short && !op->padded && op->field != FIELD_STAMP;
    }
    return b.f;
}

struct accesslog_format *accesslog_builtin(size_t i)
{
    struct sd_error err;
    if (i >= ARRAY_LEN(BUILTIN))
        return NULL;
    if (BUILTIN[i].text) {
        struct accesslog_format *f = compile(BUILTIN[i].name, BUILTIN[i].text, (struct times){0}, &err);
        for (size_t k = 0; f && k < f->n; k++)
            f->ops[k].here = BUILTIN[i].here;
        if (f) {
            f->lenient = !str_starts(BUILTIN[i].name, "com"); /* newer versions append fields */
            f->cache.product = BUILTIN[i].cache;
        }
        return f;
    }
    struct accesslog_format *f = empty(BUILTIN[i].name);
    f->read = BUILTIN[i].read;
    return f;
}

static size_t builtin_index(const char *name)
{
    size_t i = 0;
    while (i < ARRAY_LEN(BUILTIN) && strcmp(BUILTIN[i].name, name) != 0)
        i++;
    return i;
}

/* A built-in format as the user names it. */
static struct accesslog_format *named(const char *text, size_t i)
{
    bool common = !strcmp(BUILTIN[i].name, "common");
    struct accesslog_format *f;
    if (common || !strcmp(BUILTIN[i].name, "combined")) { /* some lines may have further fields */
        f = accesslog_builtin(
            builtin_index(common ? "common with further fields" : "combined with further fields"));
        f->other = accesslog_builtin(i);
        free(f->name);
        f->name = mem_strdup(BUILTIN[i].name);
        return f;
    }
    f = accesslog_builtin(i);
    f->cloudfront = !strcasecmp(text, "CLOUDFRONT");
    if (!strcasecmp(text, "AWSELB")) /* the classic load balancer's, without a type in front */
        f->other = accesslog_builtin(builtin_index("elb"));
    return f;
}

struct accesslog_format *accesslog_format_timed(const char *text, const char *date, const char *time,
                                                struct sd_error *err)
{
    const char *form = accesslog_goaccess_name(text);
    const char *name = form ? form : text;
    if (date && *date && !strcmp(name, "combined"))
        name = "%h %^[%d:%t %^] \"%r\" %s %b \"%R\" \"%u\"";
    else if (date && *date && !strcmp(name, "common"))
        name = "%h %^[%d:%t %^] \"%r\" %s %b";
    for (size_t i = 0; i < ARRAY_LEN(BUILTIN); i++)
        if (!strcmp(BUILTIN[i].name, name))
            return named(text, i);
    if (*name == '{' && accesslog_is_goaccess(name)) {
        struct accesslog_format *f = empty("the given format");
        f->read = accesslog_parse_json;
        if (accesslog_map_goaccess(f, name, err))
            return f;
        accesslog_format_free(f);
        return NULL;
    }
    return compile(form ? text : "the given format", name, (struct times){.date = date, .time = time}, err);
}

struct accesslog_format *accesslog_format_new(const char *text, struct sd_error *err)
{
    return accesslog_format_timed(text, NULL, NULL, err);
}

void accesslog_format_free(struct accesslog_format *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->n; i++) {
        free(f->ops[i].literal);
        free(f->ops[i].pattern);
    }
    free(f->ops);
    free(f->prefix);
    free(f->name);
    strbuf_free(&f->scratch);
    strbuf_free(&f->mended);
    free(f->scan);
    accesslog_wrapper_free(&f->w);
    accesslog_format_free(f->other);
    free(f);
}

bool accesslog_format_unit(struct accesslog_format *f, int64_t ns)
{
    bool any = f->read != NULL;
    f->spots.given = ns > 0 ? ns : -1;
    f->apache_us = false;
    for (size_t i = 0; i < f->n; i++) {
        struct accesslog_op *op = &f->ops[i];
        any |= op->field == FIELD_DURATION || op->field == FIELD_TAIL;
        if (op->field == FIELD_DURATION && ns > 0)
            op->scale = ns;
        else if (op->field == FIELD_DURATION)
            op->field = FIELD_SKIP;
    }
    return any;
}

const char *accesslog_format_said(const struct accesslog_format *f)
{
    return *f->spots.said ? f->spots.said : NULL;
}

const char *accesslog_format_assumptions(const struct accesslog_format *f)
{
    return f->spots.said;
}

void accesslog_format_pause(struct accesslog_format *f, bool pause)
{
    struct spots *s = &f->spots;
    if (pause) {
        s->paused = !s->settled;
        s->settled = true;
    } else if (s->paused) {
        s->paused = s->settled = false;
    }
}

void accesslog_format_settle(struct accesslog_format *f)
{
    if (!f->apache_us)
        spots_choose(&f->spots, true);
}

const char *accesslog_format_name(const struct accesslog_format *f)
{
    return f->name;
}

const char *accesslog_format_cache(const struct accesslog_format *f)
{
    return f->cache.product ? f->cache.product : f->cache.varnish ? "varnish" : "nginx";
}
