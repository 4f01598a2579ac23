#include "source/load/load_target.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "source/shared/lookup.h"
#include "version.inc"

#define ALL_NS    (1800 * SD_MS) /* a refusal is there within 2 s */
#define LISTEN_NS (300 * SD_MS)  /* for an address that does not answer, when there are others */
#define WORD_PATH "/.well-known/slowdive-load"
enum { WORD_MAX = 4096, SHOWN_MAX = LOAD_HOST_MAX + INET6_ADDRSTRLEN };

/* ---- addresses ---- */

bool load_address_is_loopback(const struct sockaddr_storage *a)
{
    const struct sockaddr_in *four = (const struct sockaddr_in *)a;
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)a;
    if (a->ss_family == AF_INET)
        return ntohl(four->sin_addr.s_addr) >> 24 == 127;
    if (a->ss_family != AF_INET6)
        return false;
    return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr) ||
           (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr) && six->sin6_addr.s6_addr[12] == 127);
}

/* "10.0.0.5", as in a URL when it is of IPv6 and `url` says so. */
static void address_text(const struct sockaddr_storage *a, bool url, char out[INET6_ADDRSTRLEN + 2])
{
    char ip[INET6_ADDRSTRLEN] = "?";
    bool six = a->ss_family == AF_INET6;
    inet_ntop(a->ss_family,
              six ? (const void *)&((const struct sockaddr_in6 *)a)->sin6_addr
                  : (const void *)&((const struct sockaddr_in *)a)->sin_addr,
              ip, sizeof ip);
    snprintf(out, INET6_ADDRSTRLEN + 2, six && url ? "[%s]" : "%s", ip);
}

/* "10.0.0.5" of a host that is written so, else "shop.example (10.0.0.5)". */
static char *host_text(const struct load_target *t, const struct sockaddr_storage *a, char out[SHOWN_MAX])
{
    char ip[INET6_ADDRSTRLEN + 2];
    address_text(a, false, ip);
    snprintf(out, SHOWN_MAX, str_eq(ip, t->url.host) ? "%.200s" : "%.200s (%s)", t->url.host, ip);
    return out;
}

/* 0.0.0.0 and :: are where a server listens; no host has them. */
static bool is_no_host(const struct sockaddr_storage *a)
{
    const struct sockaddr_in *four = (const struct sockaddr_in *)a;
    return a->ss_family == AF_INET ? !four->sin_addr.s_addr
                                   : IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)a)->sin6_addr);
}

static bool resolve(struct load_target *t, int64_t deadline, struct sd_error *err)
{
    int failed;
    struct lookup *l = lookup_start(t->url.host, t->url.port);
    if (!l)
        return fail(err, "cannot look up %.200s: %s", t->url.host, strerror(errno));
    struct pollfd p = {.fd = lookup_fd(l), .events = POLLIN};
    int64_t left;
    while (!lookup_done(l) && (left = deadline - clock_mono()) > 0)
        poll(&p, 1, (int)(left / SD_MS) + 1);
    bool done = lookup_done(l);
    const struct addrinfo *found = done ? lookup_found(l, &failed) : NULL;
    bool too_many = false;
    for (const struct addrinfo *a = found; a; a = a->ai_next) {
        too_many |= t->n_addresses == LOAD_ADDRESSES_MAX;
        if ((a->ai_family == AF_INET || a->ai_family == AF_INET6) && !too_many)
            memcpy(&t->addresses[t->n_addresses++], a->ai_addr, a->ai_addrlen);
    }
    if (!done)
        fail(err, "the name %.200s was not found in time: its resolver does not answer", t->url.host);
    else if (!found)
        fail(err, "cannot find the host %.200s: %s", t->url.host, gai_strerror(failed));
    else if (too_many)
        fail(err, "%.200s has more than %d addresses; name one of them", t->url.host,
             (int)LOAD_ADDRESSES_MAX);
    else if (!t->n_addresses)
        fail(err, "%.200s has no address of IPv4 or IPv6", t->url.host);
    lookup_end(l);
    return done && found && !too_many && t->n_addresses;
}

static bool all_loopback(const struct load_target *t)
{
    for (size_t i = 0; i < t->n_addresses; i++)
        if (!load_address_is_loopback(&t->addresses[i]))
            return false;
    return true;
}

static socklen_t address_len(const struct sockaddr_storage *a)
{
    return a->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

static bool listens(const struct sockaddr_storage *a)
{
    int failed = 0, fd = socket(a->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    socklen_t n = sizeof failed;
    if (fd < 0)
        return false;
    if (connect(fd, (const struct sockaddr *)a, address_len(a)) < 0)
        failed = errno;
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    if (failed == EINPROGRESS) {
        failed = ETIMEDOUT;
        if (poll(&p, 1, (int)(LISTEN_NS / SD_MS)) > 0)
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &n);
    }
    close(fd);
    return !failed;
}

/* "localhost" has two addresses, and most servers listen at one of them. Where nobody listens at all, all
 * stay. */
static void keep_listening(struct load_target *t)
{
    size_t kept = 0;
    struct sockaddr_storage good[LOAD_ADDRESSES_MAX];
    if (t->n_addresses < 2)
        return;
    for (size_t i = 0; i < t->n_addresses; i++)
        if (listens(&t->addresses[i]))
            good[kept++] = t->addresses[i];
    if (kept) {
        memcpy(t->addresses, good, kept * sizeof *good);
        t->n_addresses = kept;
    }
}

/* ---- the target's own word ---- */

struct body {
    char bytes[WORD_MAX];
    size_t n;
};

static size_t take(char *bytes, size_t size, size_t n, void *ctx)
{
    struct body *b = ctx;
    n *= size;
    if (n > sizeof b->bytes - b->n)
        return 0;
    memcpy(b->bytes + b->n, bytes, n);
    b->n += n;
    return n;
}

static void begin_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* A whole answer of that one address: its status; 0: none, and why. */
static long ask_address(const struct load_target_ask *ask, const struct load_url *u,
                        const struct sockaddr_storage *a, int64_t wait_ns, struct body *b,
                        char why[CURL_ERROR_SIZE])
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    char ip[INET6_ADDRSTRLEN + 2], url[LOAD_HOST_MAX + 100], at[LOAD_HOST_MAX + 100];
    long status = 0;
    pthread_once(&once, begin_curl);
    CURL *c = curl_easy_init();
    snprintf(why, CURL_ERROR_SIZE, "libcurl cannot begin");
    if (!c)
        return 0;
    address_text(a, true, ip);
    snprintf(url, sizeof url, "%s://%s%s", u->tls ? "https" : "http", u->authority, WORD_PATH);
    snprintf(at, sizeof at, "::%s:%u", ip, u->port);
    struct curl_slist *to = curl_slist_append(NULL, at);
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_CONNECT_TO, to);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, u->tls ? "https" : "http");
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)MAX(wait_ns / SD_MS, 1));
    curl_easy_setopt(c, CURLOPT_USERAGENT, "slowdive/" SLOWDIVE_VERSION " load");
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, b);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, why);
    if (ask->ca_file)
        curl_easy_setopt(c, CURLOPT_CAINFO, ask->ca_file);
    if (ask->insecure) {
        curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    CURLcode code = curl_easy_perform(c);
    if (code == CURLE_OK)
        curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    else if (!*why)
        snprintf(why, CURL_ERROR_SIZE, "%s", curl_easy_strerror(code));
    curl_easy_cleanup(c);
    curl_slist_free_all(to);
    return status;
}

static bool within(const struct load_target_ask *ask, const struct load_target *t, const struct load_word *w,
                   struct sd_error *err)
{
    if (ask->rate_per_s > w->max_rate_per_s)
        return fail(err, "%.200s permits %g requests a second, and the scenario sends up to %g", t->url.host,
                    w->max_rate_per_s, ask->rate_per_s);
    if ((double)ask->duration_ns > w->max_duration_s * 1e9)
        return fail(err, "%.200s permits load for %g s, and the scenario takes %g s", t->url.host,
                    w->max_duration_s, (double)ask->duration_ns / 1e9);
    return true;
}

enum word { WORD_YES, WORD_NO, WORD_SILENT };

static enum word word_of(const struct load_target_ask *ask, struct load_target *t,
                         const struct sockaddr_storage *a, int64_t wait_ns, struct sd_error *err)
{
    struct body b = {.n = 0};
    struct load_word w;
    struct sd_error what = {""};
    char why[CURL_ERROR_SIZE], host[SHOWN_MAX];
    long status = ask_address(ask, &t->url, a, wait_ns, &b, why);
    host_text(t, a, host);
    if (!status) {
        fail(err, "%s gives no word that it may be loaded: %.150s", host, why);
        return WORD_SILENT;
    }
    if (status != 200) {
        fail(err, "%s does not permit load: it answers %ld to GET %s", host, status, WORD_PATH);
        return WORD_NO;
    }
    if (!load_word_parse(b.bytes, b.n, &w, &what)) {
        fail(err, "%s does not permit load: of its %s, %.150s", host, WORD_PATH, what.text);
        return WORD_NO;
    }
    if (!within(ask, t, &w, err))
        return WORD_NO;
    t->max_rate_per_s =
        isnan(t->max_rate_per_s) ? w.max_rate_per_s : MIN(t->max_rate_per_s, w.max_rate_per_s);
    return WORD_YES;
}

static bool ask_all(const struct load_target_ask *ask, struct load_target *t, int64_t deadline,
                    struct sd_error *err)
{
    size_t n = t->n_addresses, kept = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t left = deadline - clock_mono();
        struct sockaddr_storage a = t->addresses[i];
        enum word said = word_of(ask, t, &a, left / (int64_t)(n - i), err);
        if (said == WORD_NO)
            return false;
        if (said == WORD_YES)
            t->addresses[kept++] = a;
    }
    t->n_addresses = kept;
    return kept > 0;
}

/* ---- together ---- */

/* The host of --allow, which may have the brackets of a URL. */
static bool names_host(const char *allow, const char *host)
{
    size_t n = strlen(allow);
    if (n > 2 && allow[0] == '[' && allow[n - 1] == ']')
        return n - 2 == strlen(host) && !strncasecmp(allow + 1, host, n - 2);
    return !strcasecmp(allow, host);
}

static bool may_ask(const struct load_target_ask *ask, const struct load_target *t, struct sd_error *err)
{
    char host[SHOWN_MAX];
    size_t i = 0;
    for (size_t k = 0; k < t->n_addresses; k++)
        if (is_no_host(&t->addresses[k]))
            return fail(err, "%.200s is no host that load could go to; this machine is 127.0.0.1",
                        t->url.host);
    if (ask->allow && names_host(ask->allow, t->url.host))
        return true;
    while (load_address_is_loopback(&t->addresses[i]))
        i++;
    host_text(t, &t->addresses[i], host);
    if (ask->allow) {
        struct strbuf shown = {0};
        utf8_append(&shown, ask->allow, 100);
        fail(err, "--allow names %s, and the target's host is %s", strbuf_text(&shown), host);
        strbuf_free(&shown);
        return false;
    }
    return fail(
        err, "%s is another host: it is loaded only with --allow %.200s and when it permits it itself at %s",
        host, t->url.host, WORD_PATH);
}

bool load_target_open(const struct load_target_ask *ask, struct load_target *t, struct sd_error *err)
{
    int64_t deadline = clock_mono() + ALL_NS;
    *t = (struct load_target){.max_rate_per_s = (double)NAN};
    if (!load_url_parse(ask->url, &t->url, err) || !resolve(t, deadline, err))
        return false;
    t->loopback = all_loopback(t);
    if (t->loopback) {
        keep_listening(t);
        return true;
    }
    return may_ask(ask, t, err) && ask_all(ask, t, deadline, err);
}
