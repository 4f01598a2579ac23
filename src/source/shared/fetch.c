#include "source/shared/fetch.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/redact.h"
#include "version.inc"

enum { CONNECT_MS = 10000, POLL_MS = 200, REDIRECTS_MAX = 5 };

struct taking {
    const struct fetch_ask *ask;
    struct fetch_answer *answer;
    CURL *curl;
    size_t cap;
    bool full;
};

static void begin(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* What comes for the sink; of another status a page is kept, for its sentence. */
static bool is_for_sink(const struct taking *t)
{
    long status = 0;
    if (t->ask->sink)
        curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    return status == 200;
}

static size_t take(char *bytes, size_t size, size_t n, void *ctx)
{
    struct taking *t = ctx;
    struct fetch_answer *a = t->answer;
    n *= size;
    t->full = n > t->ask->max - a->len;
    if (t->full)
        return 0;
    if (is_for_sink(t)) {
        t->ask->sink(t->ask->ctx, bytes, n);
        a->len += n;
        return n;
    }
    if (a->len + n + 1 > t->cap) {
        t->cap = MAX(MIN(t->cap * 2, t->ask->max + 1), a->len + n + 1);
        a->bytes = mem_realloc(a->bytes, t->cap);
    }
    memcpy(a->bytes + a->len, bytes, n);
    a->len += n;
    a->bytes[a->len] = 0;
    return n;
}

static bool given(const char *text)
{
    return text && *text;
}

static void prepare_secrets(CURL *c, const struct fetch_ask *ask)
{
    if (given(ask->user))
        curl_easy_setopt(c, CURLOPT_USERNAME, ask->user);
    if (given(ask->password))
        curl_easy_setopt(c, CURLOPT_PASSWORD, ask->password);
    if (given(ask->bearer)) {
        curl_easy_setopt(c, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
        curl_easy_setopt(c, CURLOPT_XOAUTH2_BEARER, ask->bearer);
    }
    if (given(ask->ca))
        curl_easy_setopt(c, CURLOPT_CAINFO, ask->ca);
    if (given(ask->cert))
        curl_easy_setopt(c, CURLOPT_SSLCERT, ask->cert);
    if (given(ask->key))
        curl_easy_setopt(c, CURLOPT_SSLKEY, ask->key);
    if (ask->insecure) {
        curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

/* No option of these fails but for want of memory. */
static CURL *prepare(const struct fetch_ask *ask, struct taking *t, struct curl_slist *headers, char *why)
{
    CURL *c = curl_easy_init();
    if (!c)
        return NULL;
    bool https = str_starts(ask->url, "https:");
    t->curl = c;
    curl_easy_setopt(c, CURLOPT_URL, ask->url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, https ? "https" : "http");
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(c, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L); /* a name that is still looked up is not waited for */
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)(ask->wait_ns / SD_MS));
    curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(c, CURLOPT_USERAGENT, "slowdive/" SLOWDIVE_VERSION);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, why);
    prepare_secrets(c, ask);
    if (ask->post)
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, ask->post);
    return c;
}

/* It is to stop, or whoever asked for it no longer wants it. */
static bool ends(struct sd_source *s)
{
    return s->host->should_stop(s) || (s->host->withdrawn && s->host->withdrawn(s));
}

/* Runs it to its end; false: the source is to stop. */
static bool perform(struct sd_source *s, CURLM *multi, CURL *c, CURLcode *result)
{
    int running = 1, left;
    CURLMsg *m;
    *result = CURLE_FAILED_INIT;
    if (curl_multi_add_handle(multi, c) != CURLM_OK)
        return true;
    while (running && !ends(s))
        if (curl_multi_perform(multi, &running) != CURLM_OK ||
            (running && curl_multi_poll(multi, NULL, 0, POLL_MS, NULL) != CURLM_OK))
            break;
    while ((m = curl_multi_info_read(multi, &left)))
        if (m->msg == CURLMSG_DONE)
            *result = m->data.result;
    curl_multi_remove_handle(multi, c);
    return !running || !ends(s);
}

static enum sd_result failed(const struct fetch_ask *ask, const struct taking *t, CURLcode code,
                             const char *why, struct sd_error *err)
{
    char *shown = redact(ask->url), *reason = redact(*why ? why : curl_easy_strerror(code));
    enum sd_result r = SD_RETRY;
    if (t->full)
        r = sd_fail(err, SD_CONFIG, "the answer of %.200s has more than %zu MiB", shown, ask->max >> 20);
    else if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL)
        r = sd_fail(err, SD_CONFIG, "cannot ask %.200s: %.200s", shown, reason);
    else
        sd_fail(err, SD_RETRY, "cannot ask %.200s: %.200s", shown, reason);
    free(shown);
    free(reason);
    return r;
}

static struct curl_slist *headers_of(const struct fetch_ask *ask)
{
    struct curl_slist *list = NULL;
    if (ask->post)
        list = curl_slist_append(list, ask->form ? "Content-Type: application/x-www-form-urlencoded"
                                                 : "Content-Type: application/json");
    if (given(ask->accept)) {
        char *text = mem_printf("Accept: %s", ask->accept);
        list = curl_slist_append(list, text);
        free(text);
    }
    if (ask->tenant && *ask->tenant && !strpbrk(ask->tenant, "\r\n")) {
        char *text = mem_printf("X-Scope-OrgID: %s", ask->tenant);
        list = curl_slist_append(list, text);
        free(text);
    }
    return list;
}

enum sd_result fetch(struct sd_source *s, const struct fetch_ask *ask, struct fetch_answer *out,
                     struct sd_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    char why[CURL_ERROR_SIZE] = "", *type = NULL;
    struct taking t = {.ask = ask, .answer = out};
    *out = (struct fetch_answer){.bytes = NULL};
    pthread_once(&once, begin);
    struct curl_slist *headers = headers_of(ask);
    CURL *c = prepare(ask, &t, headers, why);
    CURLM *multi = curl_multi_init();
    CURLcode code = CURLE_FAILED_INIT;
    bool stayed = !c || !multi || perform(s, multi, c, &code);
    if (code == CURLE_OK) {
        curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &out->status);
        curl_easy_getinfo(c, CURLINFO_CONTENT_TYPE, &type);
        out->type = mem_strdup(type ? type : "");
    }
    curl_easy_cleanup(c);
    curl_multi_cleanup(multi);
    curl_slist_free_all(headers);
    if (stayed && code == CURLE_OK)
        return SD_OK;
    fetch_free(out);
    return stayed ? failed(ask, &t, code, why, err) : SD_NODATA;
}

void fetch_free(struct fetch_answer *a)
{
    free(a->type);
    free(a->bytes);
    *a = (struct fetch_answer){.bytes = NULL};
}

char *fetch_address(const char *url)
{
    CURLU *u = curl_url();
    char *host = NULL, *port = NULL, *name = NULL;
    if (u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
        curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
        name = mem_printf("%.200s:%.10s", host, port ? port : "");
    }
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(u);
    return name;
}
