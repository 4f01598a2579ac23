#include "source/load/watcher.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/thread.h"
#include "format/loads/metric_sum.h"
#include "version.inc"

#define TEXT_MAX (16u << 20)
#define WAIT_NS  (5 * SD_S) /* for one answer */

struct watcher {
    const struct load_scenario *scenario;
    struct load_target target;
    struct load_soak_result seen; /* its points alone */
    int64_t zero;
    CURLM *multi; /* can be woken by another thread */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t woken;
    atomic_bool stop;
    bool runs;
};

static size_t take(char *bytes, size_t size, size_t n, void *ctx)
{
    struct strbuf *b = ctx;
    if (b->len + size * n > TEXT_MAX)
        return 0;
    strbuf_add(b, bytes, size * n);
    return size * n;
}

/* "::127.0.0.1:8080": wherever the URL says, go there. */
static void connect_to(const struct load_target *t, char *out, size_t size)
{
    char ip[INET6_ADDRSTRLEN] = "";
    const struct sockaddr_storage *a = &t->addresses[0];
    bool six = a->ss_family == AF_INET6;
    inet_ntop(a->ss_family,
              six ? (const void *)&((const struct sockaddr_in6 *)a)->sin6_addr
                  : (const void *)&((const struct sockaddr_in *)a)->sin_addr,
              ip, sizeof ip);
    snprintf(out, size, six ? "::[%s]:%u" : "::%s:%u", ip, t->url.port);
}

static void set_options(struct watcher *w, CURL *c, struct strbuf *body)
{
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, w->target.url.tls ? "https" : "http");
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)(MIN(WAIT_NS, w->scenario->soak.every_ns * 4) / SD_MS) + 1);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "slowdive/" SLOWDIVE_VERSION " load");
    curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, body);
    if (w->scenario->ca_file)
        curl_easy_setopt(c, CURLOPT_CAINFO, w->scenario->ca_file);
    if (w->scenario->insecure) {
        curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

/* Until it is over, or the watcher is to stop: a server that does not answer holds nothing up. */
static bool perform(struct watcher *w, CURL *c)
{
    int runs = 1, left;
    bool ok = false;
    curl_multi_add_handle(w->multi, c);
    while (runs && !atomic_load(&w->stop)) {
        if (curl_multi_perform(w->multi, &runs) != CURLM_OK)
            break;
        if (runs)
            curl_multi_poll(w->multi, NULL, 0, 1000, NULL);
    }
    for (CURLMsg *m; (m = curl_multi_info_read(w->multi, &left));)
        ok = m->msg == CURLMSG_DONE && m->data.result == CURLE_OK;
    curl_multi_remove_handle(w->multi, c);
    return ok;
}

static bool fetch(struct watcher *w, CURL *c, const char *path, struct strbuf *body)
{
    const struct load_url *u = &w->target.url;
    long status = 0;
    strbuf_clear(body);
    char *url = mem_printf("%s://%s%s%s", u->tls ? "https" : "http", u->authority, u->base, path);
    curl_easy_setopt(c, CURLOPT_URL, url);
    bool ok = perform(w, c);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    free(url);
    return ok && status == 200;
}

/* Each text is fetched once for all metrics of it. */
static void look(struct watcher *w, CURL *c, struct strbuf *body)
{
    const struct load_soak *soak = &w->scenario->soak;
    for (size_t i = 0; i < soak->n_watch; i++) {
        size_t first = 0;
        while (strcmp(soak->watch[first].url, soak->watch[i].url) != 0)
            first++;
        if (first != i)
            continue;
        int64_t at = clock_mono() - w->zero;
        if (!fetch(w, c, soak->watch[i].url, body))
            continue;
        for (size_t k = i; k < soak->n_watch; k++) {
            const struct load_watch *x = &soak->watch[k];
            if (strcmp(x->url, soak->watch[i].url) != 0)
                continue;
            struct load_sample_point p = {.at_ns = at,
                                          .value = metric_sum(strbuf_text(body), body->len, x->name),
                                          .limit = (double)NAN};
            if (x->limit_name)
                p.limit = metric_sum(strbuf_text(body), body->len, x->limit_name);
            load_soak_watched(&w->seen, k, &p);
        }
    }
}

static void sleep_until(struct watcher *w, int64_t mono)
{
    struct timespec t = {.tv_sec = mono / SD_S, .tv_nsec = mono % SD_S};
    pthread_mutex_lock(&w->lock);
    while (!atomic_load(&w->stop) && pthread_cond_timedwait(&w->woken, &w->lock, &t) != ETIMEDOUT)
        ;
    pthread_mutex_unlock(&w->lock);
}

static void *run(void *arg)
{
    struct watcher *w = arg;
    struct strbuf body = {0};
    char at[INET6_ADDRSTRLEN + 20];
    CURL *c = curl_easy_init();
    connect_to(&w->target, at, sizeof at);
    struct curl_slist *to = curl_slist_append(NULL, at);
    if (c) {
        curl_easy_setopt(c, CURLOPT_CONNECT_TO, to);
        set_options(w, c, &body);
    }
    for (int64_t next = w->zero; c && !atomic_load(&w->stop);) {
        look(w, c, &body);
        next += w->scenario->soak.every_ns;
        next = MAX(next, clock_mono()); /* a slow answer skips none, but does not pile up */
        sleep_until(w, next);
    }
    curl_easy_cleanup(c);
    curl_slist_free_all(to);
    strbuf_free(&body);
    return NULL;
}

static void begin_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct watcher *watcher_start(const struct load_scenario *s, const struct load_target *t)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_condattr_t monotonic;
    if (s->kind != LOAD_SOAK || !s->soak.n_watch)
        return NULL;
    pthread_once(&once, begin_curl);
    struct watcher *w = mem_alloc(sizeof *w);
    w->scenario = s;
    w->target = *t;
    w->zero = clock_mono();
    load_soak_init(&w->seen, s);
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&w->woken, &monotonic);
    pthread_condattr_destroy(&monotonic);
    w->multi = curl_multi_init();
    w->runs = w->multi && thread_start(&w->thread, (struct thread_kind){0}, run, w) == 0;
    return w;
}

void watcher_stop(struct watcher *w, struct load_soak_result *out)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    atomic_store(&w->stop, true);
    pthread_cond_signal(&w->woken);
    pthread_mutex_unlock(&w->lock);
    if (w->multi)
        curl_multi_wakeup(w->multi);
    if (w->runs)
        pthread_join(w->thread, NULL);
    for (size_t i = 0; i < w->scenario->soak.n_watch; i++)
        for (size_t k = 0; k < w->seen.watched[i].n; k++)
            load_soak_watched(out, i, &w->seen.watched[i].points[k]);
    curl_multi_cleanup(w->multi);
    load_soak_free(&w->seen, w->scenario);
    pthread_cond_destroy(&w->woken);
    pthread_mutex_destroy(&w->lock);
    free(w);
}
