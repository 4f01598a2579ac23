#include "source/audit/audit_fetch.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/redact.h"
#include "base/units.h"
#include "version.inc"

enum { CONNECT_MS = 10000, POLL_MS = 200 };

struct audit_line {
    CURLM *multi;
};

struct taking {
    const struct audit_ask *ask;
    struct audit_answer *answer;
    CURL *curl;
    size_t body_cap;
    struct strbuf head;
    bool head_full, head_done, enough;
};

static void begin(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct audit_line *audit_line_new(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct audit_line *l = mem_alloc(sizeof *l);
    pthread_once(&once, begin);
    l->multi = curl_multi_init();
    return l;
}

void audit_line_free(struct audit_line *l)
{
    if (l && l->multi)
        curl_multi_cleanup(l->multi);
    free(l);
}

static size_t take_head(char *bytes, size_t size, size_t n, void *ctx)
{
    struct taking *t = ctx;
    n *= size;
    if (n >= 5 && !memcmp(bytes, "HTTP/", 5)) { /* 103 Early Hints came before */
        strbuf_clear(&t->head);
        t->head_done = false;
    }
    if (t->head_done)
        return n; /* a trailer */
    t->head_full = t->head.len + n > AUDIT_HEAD_MAX;
    if (t->head_full)
        return 0;
    strbuf_add(&t->head, bytes, n);
    t->head_done = n <= 2 && (*bytes == '\r' || *bytes == '\n');
    return n;
}

static size_t take_body(char *bytes, size_t size, size_t n, void *ctx)
{
    struct taking *t = ctx;
    struct audit_answer *a = t->answer;
    curl_off_t length = -1;
    n *= size;
    curl_easy_getinfo(t->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    t->enough = t->ask->no_body || length > AUDIT_BODY_MAX || n > AUDIT_BODY_MAX - a->len;
    if (t->enough)
        return 0;
    if (a->len + n + 1 > t->body_cap) {
        t->body_cap = MAX(t->body_cap * 2, a->len + n + 1);
        a->body = mem_realloc(a->body, t->body_cap);
    }
    memcpy(a->body + a->len, bytes, n);
    a->len += n;
    a->body[a->len] = 0;
    return n;
}

static struct curl_slist *add_header(struct curl_slist *list, const char *name, const char *value)
{
    if (!value || strpbrk(value, "\r\n"))
        return list;
    char *line = mem_printf("%s: %s", name, value);
    list = curl_slist_append(list, line);
    free(line);
    return list;
}

/* Encodings are named by hand, so that bodies come as they were sent. */
static struct curl_slist *headers_of(const struct audit_ask *ask)
{
    struct curl_slist *list = add_header(NULL, "Accept-Encoding", "gzip, deflate, br");
    list = add_header(list, "If-None-Match", ask->etag);
    return add_header(list, "If-Modified-Since", ask->last_modified);
}

/* No option of these fails but for want of memory. */
static void prepare(CURL *c, const struct audit_ask *ask, struct taking *t, struct curl_slist *headers,
                    char *why)
{
    curl_easy_setopt(c, CURLOPT_URL, ask->url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_PROXY, ""); /* what is measured is the way to the host itself */
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L); /* a name that is still looked up is not waited for */
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)(ask->wait_ns / SD_MS));
    curl_easy_setopt(c, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "slowdive/" SLOWDIVE_VERSION " (audit)");
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_head);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, why);
}

/* Runs it to its end; false: the source is to stop. */
static bool perform(struct sd_source *s, CURLM *multi, CURL *c, CURLcode *result)
{
    int running = 1, left;
    CURLMsg *m;
    *result = CURLE_FAILED_INIT;
    if (curl_multi_add_handle(multi, c) != CURLM_OK)
        return true;
    while (running && !s->host->should_stop(s))
        if (curl_multi_perform(multi, &running) != CURLM_OK ||
            (running && curl_multi_poll(multi, NULL, 0, POLL_MS, NULL) != CURLM_OK))
            break;
    while ((m = curl_multi_info_read(multi, &left)))
        if (m->msg == CURLMSG_DONE)
            *result = m->data.result;
    return !running || !s->host->should_stop(s);
}

static int64_t time_of(CURL *c, CURLINFO which)
{
    curl_off_t us = 0;
    return curl_easy_getinfo(c, which, &us) == CURLE_OK ? us * SD_US : 0;
}

/* libcurl's times are all from the beginning. */
static void read_times(CURL *c, struct audit_answer *a)
{
    int64_t name = time_of(c, CURLINFO_NAMELOOKUP_TIME_T), tcp = time_of(c, CURLINFO_CONNECT_TIME_T),
            tls = time_of(c, CURLINFO_APPCONNECT_TIME_T), sent = time_of(c, CURLINFO_PRETRANSFER_TIME_T),
            first = time_of(c, CURLINFO_STARTTRANSFER_TIME_T), all = time_of(c, CURLINFO_TOTAL_TIME_T);
    a->dns_ns = name;
    a->tcp_ns = MAX(tcp - name, 0);
    a->tls_ns = tls ? MAX(tls - tcp, 0) : SD_UNKNOWN;
    a->first_byte_ns = MAX(first - sent, 0);
    a->transfer_ns = a->end == AUDIT_WHOLE ? MAX(all - first, 0) : SD_UNKNOWN;
}

static enum audit_end end_of(const struct taking *t, CURLcode code)
{
    if (code == CURLE_OK)
        return AUDIT_WHOLE;
    return t->enough ? AUDIT_TOO_LONG : code == CURLE_OPERATION_TIMEDOUT ? AUDIT_TOO_LATE : AUDIT_BROKEN;
}

static enum sd_result failed(const struct audit_ask *ask, const struct taking *t, CURLcode code,
                             const char *why, struct sd_error *err)
{
    if (t->head_full)
        return sd_fail(err, SD_RETRY, "its header has more than %d kB", AUDIT_HEAD_MAX / 1000);
    char limit[UNIT_TEXT_MAX];
    if (code == CURLE_OPERATION_TIMEDOUT)
        return sd_fail(err, SD_RETRY, "no answer within %s", unit_format_int(UNIT_NS, ask->wait_ns, limit));
    char *reason = redact(*why ? why : curl_easy_strerror(code));
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        sd_fail(err, SD_RETRY, "its certificate is not trusted (%.200s)", reason);
    else
        sd_fail(err, SD_RETRY, "%.250s", reason);
    free(reason);
    return SD_RETRY;
}

enum sd_result audit_fetch(struct sd_source *s, struct audit_line *l, const struct audit_ask *ask,
                           struct audit_answer *out, struct sd_error *err)
{
    char why[CURL_ERROR_SIZE] = "";
    struct taking t = {.ask = ask, .answer = out, .curl = curl_easy_init()};
    struct curl_slist *headers = headers_of(ask);
    CURLcode code = CURLE_FAILED_INIT;
    curl_off_t length = -1;
    *out = (struct audit_answer){.length = SD_UNKNOWN};
    bool stayed = true;
    if (t.curl && l->multi) {
        prepare(t.curl, ask, &t, headers, why);
        stayed = perform(s, l->multi, t.curl, &code);
        out->end = end_of(&t, code);
        read_times(t.curl, out);
        if (curl_easy_getinfo(t.curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length) == CURLE_OK && length >= 0)
            out->length = length;
        curl_multi_remove_handle(l->multi, t.curl);
    }
    bool answered = t.head_done && !t.head_full;
    enum sd_result r = !stayed ? SD_NODATA : answered ? SD_OK : failed(ask, &t, code, why, err);
    out->head_len = t.head.len;
    out->head = strbuf_detach(&t.head);
    curl_easy_cleanup(t.curl);
    curl_slist_free_all(headers);
    if (r != SD_OK)
        audit_answer_free(out);
    return r;
}

void audit_answer_free(struct audit_answer *a)
{
    free(a->head);
    free(a->body);
    *a = (struct audit_answer){.head = NULL};
}
