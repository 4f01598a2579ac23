/* clickhouse_http.c - one statement over HTTP, by libcurl: the statement in the URL and the data as the body
 * of an INSERT, otherwise the statement as the body. The server is told to answer when it is ready
 * (wait_end_of_query), so that a failure comes as a status and never in the middle of rows. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/redact.h"
#include "base/trust.h"
#include "base/utf8.h"
#include "store/clickhouse_internal.h"
#include "version.inc"

enum { CONNECT_MS = 10000, POLL_MS = 100, SAID_MAX = 4096, PASSWORD_MAX = 4096 };
#define ANSWER_MAX ((size_t)1 << 30)

int64_t clickhouse_put_wait_ns = 60 * SD_S, clickhouse_read_wait_ns = 300 * SD_S;

/* ---- the URL ---- */

static enum sd_result bad_url(struct sd_error *err, const char *why)
{
    return sd_fail(err, SD_CONFIG, "%s: clickhouse://USER@HOST:8123/DATABASE, or clickhouses:// for TLS",
                   why);
}

/* Percent-decodes; NULL: not well formed, or with a control character. */
static char *decoded(const char *text, size_t len)
{
    int n = 0;
    char *plain = curl_easy_unescape(NULL, text, (int)len, &n), *copy = NULL;
    bool good = plain && strlen(plain) == (size_t)n;
    for (int i = 0; good && i < n; i++)
        good = (unsigned char)plain[i] >= 0x20 && plain[i] != 0x7f;
    if (good)
        copy = mem_strdup(plain);
    curl_free(plain);
    return copy;
}

static bool is_host(const char *host, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]", host[i]))
            return false;
    return len > 0;
}

static enum sd_result read_url(struct clickhouse *c, const char *url, struct sd_error *err)
{
    c->tls = str_starts(url, "clickhouses:");
    const char *at = strchr(url, ':') + 1;
    if (!str_starts(at, "//") || strlen(url) > 2000)
        return bad_url(err, "this names no ClickHouse");
    at += 2;
    size_t len = strcspn(at, "/?#");
    const char *path = at + len, *user_end = memchr(at, '@', len);
    if (user_end && memchr(at, ':', (size_t)(user_end - at)))
        return sd_fail(err, SD_CONFIG,
                       "a password does not belong into the URL of a history: set CLICKHOUSE_PASSWORD, or "
                       "CLICKHOUSE_PASSWORD_FILE to a file that only you can read");
    if (user_end) {
        c->user = decoded(at, (size_t)(user_end - at));
        len -= (size_t)(user_end + 1 - at);
        at = user_end + 1;
        if (!c->user)
            return bad_url(err, "the user is not well formed");
    }
    const char *close = *at == '[' ? memchr(at, ']', len) : NULL, *from = close ? close : at;
    const char *colon = memchr(from, ':', len - (size_t)(from - at));
    size_t host = colon ? (size_t)(colon - at) : len;
    long port = c->tls ? 8443 : 8123;
    if (colon) {
        char *end;
        port = strtol(colon + 1, &end, 10);
        if (end != at + len || end == colon + 1 || port < 1 || port > 65535)
            return bad_url(err, "this is no port");
    }
    if (!is_host(at, host) || (*path != '/' && *path) || strpbrk(path, "?#") ||
        (*path && strchr(path + 1, '/')))
        return bad_url(err, "this names no ClickHouse");
    c->host = mem_strndup(at, host);
    c->address = mem_printf("%s://%s:%ld/", c->tls ? "https" : "http", c->host, port);
    c->database = *path && path[1] ? decoded(path + 1, strlen(path + 1)) : mem_strdup("default");
    if (!c->database)
        return bad_url(err, "the database is not well formed");
    c->base.url = redact(url);
    return SD_OK;
}

/* ---- the password ---- */

static enum sd_result read_password(struct clickhouse *c, const struct store_options *o, struct sd_error *err)
{
    const char *given = o->password ? o->password : getenv("CLICKHOUSE_PASSWORD");
    const char *file = given ? NULL : getenv("CLICKHOUSE_PASSWORD_FILE");
    if (file && *file) {
        struct stat st;
        char *text;
        size_t len;
        if (!trust_read("password file", file, PASSWORD_MAX, &text, &len, err))
            return SD_CONFIG;
        bool others = stat(file, &st) || (st.st_mode & 077);
        text[strcspn(text, "\r\n")] = 0;
        c->password = text;
        if (others)
            return sd_fail(err, SD_CONFIG, "others can read the password in %.200s: chmod 600", file);
    } else if (given && *given)
        c->password = mem_strdup(given);
    if (c->password && strpbrk(c->password, "\r\n"))
        return sd_fail(err, SD_CONFIG, "the password of ClickHouse has a line end in it");
    c->loopback_only = c->password && *c->password && !c->tls;
    return SD_OK;
}

static void begin(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

enum sd_result clickhouse_connect(struct clickhouse *c, const char *url, const struct store_options *o,
                                  struct sd_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, begin);
    enum sd_result result = read_url(c, url, err);
    if (result == SD_OK)
        result = read_password(c, o, err);
    c->write = o->write;
    c->cluster = mem_strdup(o->cluster && *o->cluster ? o->cluster : NULL);
    const char *ca = o->ca_file ? o->ca_file : getenv("CLICKHOUSE_CA_FILE");
    c->ca_file = mem_strdup(ca && *ca ? ca : NULL);
    c->stop = o->stop;
    c->stop_ctx = o->stop_ctx;
    c->multi = curl_multi_init();
    if (!c->multi)
        result = sd_fail(err, SD_RETRY, "libcurl does not start");
    return result;
}

void clickhouse_disconnect(struct clickhouse *c)
{
    if (c->password)
        explicit_bzero(c->password, strlen(c->password));
    curl_multi_cleanup(c->multi);
    free(c->address);
    free(c->host);
    free(c->user);
    free(c->password);
    free(c->database);
    free(c->cluster);
    free(c->ca_file);
}

/* ---- one statement ---- */

struct asking {
    struct clickhouse *c;
    const struct clickhouse_ask *ask;
    CURL *curl;
    size_t taken;
    bool framed, headed;          /* the head says how long the answer is, and came to its end */
    bool enough, full, elsewhere; /* the last: the password would have left this machine */
    struct strbuf said;           /* the beginning of an answer that is a failure */
    char why[CURL_ERROR_SIZE];
};

bool clickhouse_ends(struct clickhouse *c)
{
    return atomic_load(&c->interrupted) || (c->stop && c->stop(c->stop_ctx));
}

static size_t take(char *bytes, size_t size, size_t n, void *ctx)
{
    struct asking *a = ctx;
    long status = 0;
    n *= size;
    curl_easy_getinfo(a->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200) {
        strbuf_add(&a->said, bytes, MIN(n, SAID_MAX - MIN(a->said.len, SAID_MAX)));
        return a->said.len < SAID_MAX ? n : 0;
    }
    a->taken += n;
    a->full = a->taken > ANSWER_MAX;
    if (a->full)
        return 0;
    a->enough = a->ask->take && !a->ask->take(a->ask->ctx, bytes, n);
    return a->enough ? 0 : n;
}

/* An answer without a length ends where the connection does: it could be cut, and nobody would know. */
static size_t take_head(char *line, size_t size, size_t n, void *ctx)
{
    struct asking *a = ctx;
    n *= size;
    if (n >= 5 && !memcmp(line, "HTTP/", 5))
        a->framed = a->headed = false;
    a->framed = a->framed || (n > 15 && !strncasecmp(line, "Content-Length:", 15)) ||
                (n > 18 && !strncasecmp(line, "Transfer-Encoding:", 18));
    a->headed = a->headed || (n == 2 && line[0] == '\r' && line[1] == '\n');
    return n;
}

/* With a password plain http stays on this machine, whatever a name stands for. */
static curl_socket_t open_loopback(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct asking *asking = ctx;
    (void)purpose;
    bool here = false;
    if (a->addr.sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, &a->addr, sizeof in);
        here = ntohl(in.sin_addr.s_addr) >> 24 == 127;
    } else if (a->addr.sa_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, &a->addr, MIN(sizeof in, (size_t)a->addrlen));
        here = IN6_IS_ADDR_LOOPBACK(&in.sin6_addr);
    }
    asking->elsewhere = asking->elsewhere || !here;
    return here ? socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol) : CURL_SOCKET_BAD;
}

static struct curl_slist *headers_of(const struct clickhouse *c)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:"); /* a body is sent at once */
    const char *const names[] = {"X-ClickHouse-User", "X-ClickHouse-Key"}, *values[] = {c->user, c->password};
    list = curl_slist_append(list, "Content-Type: application/octet-stream");
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (!values[i] || !*values[i])
            continue;
        char *text = mem_printf("%s: %s", names[i], values[i]);
        list = curl_slist_append(list, text);
        explicit_bzero(text, strlen(text));
        free(text);
    }
    return list;
}

static void url_of(const struct clickhouse *c, const struct clickhouse_ask *ask, struct strbuf *out)
{
    /* A setting that one who may only read could not send. */
    bool wait = c->distributed && str_starts(ask->sql, "INSERT");
    bool skip = c->partial && c->may_set && str_starts(ask->sql, "SELECT");
    strbuf_printf(out, "%s?wait_end_of_query=1%s%s", c->address, wait ? "&insert_distributed_sync=1" : "",
                  skip ? "&skip_unavailable_shards=1" : "");
    if (!ask->body)
        return;
    char *sql = curl_easy_escape(NULL, ask->sql, 0);
    strbuf_printf(out, "&query=%s", sql ? sql : "");
    curl_free(sql);
}

static void set_up(struct asking *a, const char *url, struct curl_slist *headers)
{
    const struct clickhouse_ask *ask = a->ask;
    struct clickhouse *c = a->c;
    CURL *curl = a->curl;
    int64_t wait = ask->wait_ns ? ask->wait_ns : clickhouse_read_wait_ns;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, c->tls ? "https" : "http");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)MIN(CONNECT_MS, wait / SD_MS));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(wait / SD_MS));
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "slowdive/" SLOWDIVE_VERSION);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, a);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_head);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, a);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, a->why);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)(ask->body ? ask->body_len : strlen(ask->sql)));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, ask->body ? ask->body : ask->sql);
    if (c->ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, c->ca_file);
    if (c->loopback_only) {
        curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_loopback);
        curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, a);
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
    }
}

static CURLcode perform(struct asking *a)
{
    int running = 1, left;
    CURLcode code = CURLE_ABORTED_BY_CALLBACK;
    if (curl_multi_add_handle(a->c->multi, a->curl) != CURLM_OK)
        return CURLE_FAILED_INIT;
    while (running && !clickhouse_ends(a->c))
        if (curl_multi_perform(a->c->multi, &running) != CURLM_OK ||
            (running && curl_multi_poll(a->c->multi, NULL, 0, POLL_MS, NULL) != CURLM_OK))
            break;
    for (CURLMsg *m; (m = curl_multi_info_read(a->c->multi, &left));)
        if (m->msg == CURLMSG_DONE)
            code = m->data.result;
    curl_multi_remove_handle(a->c->multi, a->curl);
    return code;
}

/* ---- what went wrong ---- */

/* Numbers of ClickHouse's ErrorCodes: what somebody must change before it can work. */
static bool must_be_changed(int code, long status)
{
    static const int CODES[] = {
        16,            /* no such column */
        47,            /* unknown identifier */
        53,            /* type mismatch */
        60,            /* unknown table */
        62,            /* syntax */
        81,            /* unknown database */
        115,           /* unknown setting */
        164,           /* read only */
        192, 193, 194, /* user, password */
        195,           /* address not allowed */
        291,           /* access to database denied */
        392,           /* query not allowed */
        452,           /* setting constraint */
        497, 516,      /* access denied, authentication failed */
    };
    for (size_t i = 0; i < ARRAY_LEN(CODES); i++)
        if (CODES[i] == code)
            return true;
    return !code && (status < 500 && status != 408 && status != 429);
}

/* "Code: 60, e.displayText() = DB::Exception: Table x does not exist., e.what() = DB::Exception": what stands
 * between. Newer servers say "Code: 60. DB::Exception: Table ... (UNKNOWN_TABLE)". */
static void plain_words(const char *said, struct strbuf *out)
{
    const char *text = strstr(said, "Exception: "), *end;
    struct strbuf line = {0};
    text = text ? text + strlen("Exception: ") : said;
    end = strstr(text, ", e.what()");
    strbuf_add(&line, text, end ? (size_t)(end - text) : strlen(text));
    strbuf_text(&line);
    utf8_append(out, strbuf_text(&line), 240);
    strbuf_free(&line);
}

static enum sd_result refused(const struct asking *a, long status, struct sd_error *err)
{
    const char *said = strbuf_text(&a->said), *at = strstr(said, "Code: ");
    int code = at ? (int)strtol(at + 6, NULL, 10) : 0;
    struct strbuf words = {0};
    plain_words(said, &words);
    char *shown = redact(strbuf_text(&words));
    enum sd_result r = must_be_changed(code, status) ? SD_CONFIG : SD_RETRY;
    if (!code && status >= 300 && status < 400)
        sd_fail(err, r, "%.200s sends elsewhere (status %ld), which is not followed", a->c->base.url, status);
    else
        sd_fail(err, r, "ClickHouse at %.100s refused it%s: %.240s", a->c->host,
                code ? "" : " and is perhaps no ClickHouse", *shown ? shown : "without a reason");
    strbuf_free(&words);
    free(shown);
    return r;
}

static enum sd_result failed(const struct asking *a, CURLcode code, struct sd_error *err)
{
    char *reason = redact(*a->why ? a->why : curl_easy_strerror(code));
    enum sd_result r = SD_RETRY;
    if (clickhouse_ends(a->c))
        sd_fail(err, SD_RETRY, "the question to %.200s was withdrawn", a->c->base.url);
    else if (a->full)
        r = sd_fail(err, SD_CONFIG, "the answer of %.200s has more than %zu MiB", a->c->base.url,
                    ANSWER_MAX >> 20);
    else if (a->elsewhere)
        r = sd_fail(
            err, SD_CONFIG,
            "a password goes over plain http to this machine only, and %.100s is another: use clickhouses://",
            a->c->host);
    else if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
             code == CURLE_URL_MALFORMAT)
        r = sd_fail(err, SD_CONFIG, "cannot ask %.200s: %.200s", a->c->base.url, reason);
    else if (code == CURLE_OPERATION_TIMEDOUT)
        sd_fail(err, SD_RETRY, "ClickHouse at %.100s did not answer in time", a->c->host);
    else
        sd_fail(err, SD_RETRY, "cannot ask %.200s: %.200s", a->c->base.url, reason);
    free(reason);
    return r;
}

enum sd_result clickhouse_ask(struct clickhouse *c, const struct clickhouse_ask *ask, struct sd_error *err)
{
    struct asking a = {.c = c, .ask = ask, .curl = curl_easy_init()};
    struct strbuf url = {0};
    struct curl_slist *headers = headers_of(c);
    enum sd_result result = SD_OK;
    long status = 0;
    if (!a.curl) {
        curl_slist_free_all(headers);
        return sd_fail(err, SD_RETRY, "libcurl does not start");
    }
    url_of(c, ask, &url);
    set_up(&a, strbuf_text(&url), headers);
    CURLcode code = perform(&a);
    curl_easy_getinfo(a.curl, CURLINFO_RESPONSE_CODE, &status);
    if (status && status != 200 && (code == CURLE_OK || a.said.len))
        result = refused(&a, status, err);
    else if (code != CURLE_OK && !(code == CURLE_WRITE_ERROR && a.enough))
        result = failed(&a, code, err);
    else if (!a.framed || !a.headed)
        result = sd_fail(err, SD_RETRY, "the answer of %.200s was cut", c->base.url);
    if (result != SD_OK)
        atomic_store(&c->interrupted, false); /* it ended what was under way, no more */
    curl_easy_cleanup(a.curl);
    curl_slist_free_all(headers);
    strbuf_free(&url);
    strbuf_free(&a.said);
    return result;
}

/* ---- rows of an answer ---- */

struct selecting {
    const struct clickhouse_rows *rows;
    struct strbuf held;
    struct arena *arena;
    bool bad, enough;
};

enum { ROW_MAX = 64 << 20 };

static bool take_rows(void *ctx, const char *bytes, size_t n)
{
    struct selecting *s = ctx;
    strbuf_add(&s->held, bytes, n);
    struct rowbinary r = {s->held.text, s->held.text + s->held.len, false, false};
    while (r.at < r.end && !r.more && !r.bad && !s->enough) {
        struct rowbinary one = r;
        bool wanted = s->rows->row(s->rows->ctx, &one, s->arena);
        if (one.more || one.bad) {
            r.more = one.more && !one.bad;
            r.bad = one.bad;
        } else {
            s->enough = !wanted;
            r.at = one.at;
        }
        if (arena_bytes(s->arena) > (1 << 20)) {
            arena_free(s->arena);
            s->arena = arena_new();
        }
    }
    size_t rest = (size_t)(r.end - r.at);
    memmove(s->held.text, r.at, rest);
    s->held.len = rest;
    s->bad = r.bad || rest > ROW_MAX;
    return !s->bad && !s->enough;
}

enum sd_result clickhouse_select(struct clickhouse *c, const char *sql, const struct clickhouse_rows *rows,
                                 struct sd_error *err)
{
    struct selecting s = {.rows = rows, .arena = arena_new()};
    enum sd_result result =
        clickhouse_ask(c, &(struct clickhouse_ask){.sql = sql, .take = take_rows, .ctx = &s}, err);
    if (result == SD_OK && (s.bad || (s.held.len && !s.enough)))
        result = sd_fail(err, SD_RETRY, "the answer of %.200s is damaged", c->base.url);
    strbuf_free(&s.held);
    arena_free(s.arena);
    return result;
}

/* ---- names and texts in SQL ---- */

static void quoted(struct strbuf *out, const char *text, char quote)
{
    strbuf_char(out, quote);
    for (; *text; text++) {
        if (*text == '\\' || *text == quote)
            strbuf_char(out, '\\');
        strbuf_char(out, *text);
    }
    strbuf_char(out, quote);
}

void sql_name(struct strbuf *out, const char *name)
{
    quoted(out, name, '`');
}

void sql_text(struct strbuf *out, const char *text)
{
    quoted(out, text, '\'');
}
