/* shop - the demo's web shop: libmicrohttpd in front of PostgreSQL and Redis.
 *
 *   shop PORT CONNINFO ACCESS_LOG [REDIS_PORT [TRACES_PORT]]
 *
 * Each thread has a connection of its own. Statements carry sqlcommenter tags, the
 * access log is nginx's combined format with rt=$request_time, traces go to TRACES_PORT.
 * SIGUSR1 makes it release 2: what that breaks is told at RELEASE. The other flaws are in
 * schema.sql's head and in slow_code.h: they are honest ones, nothing here sleeps. */
#include <hiredis/hiredis.h>
#include <libpq-fe.h>
#include <microhttpd.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "slow_code.h"
#include "spans.h"

enum { THREADS = 8, BODY_MAX = 65536, SESSIONS = 500, SESSION_TTL = 600, SEARCH_TTL = 300 };

/* RELEASE 2, "feeds are always fresh": feeds live for a second, so that hardly one is found again, and are
 * written with strcat. Its migration drops the index that their statement needs (contrib/demo/deploy). */
enum { FEED_SIZE = 24000 };
static const int FEED_TTL[] = {0, 3600, 1};
static volatile sig_atomic_t release = 1;

static const char *conninfo;
static int log_file = -1;
static volatile sig_atomic_t stopping;
static _Thread_local PGconn *connection;
static int redis_port; /* 0: there is no cache */
static _Thread_local redisContext *redis;

struct page {
    const char *method, *route; /* as in the tags */
    char body[BODY_MAX];
    size_t len;
    int status;
};

static void body(struct page *p, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(p->body + p->len, sizeof p->body - p->len, fmt, ap);
    va_end(ap);
    if (n > 0)
        p->len += (size_t)n < sizeof p->body - p->len ? (size_t)n : sizeof p->body - p->len - 1;
}

/* The value of a tag, URL-encoded as sqlcommenter asks. */
static void encode(char *out, size_t size, const char *text)
{
    size_t n = 0;
    for (; *text && n + 4 < size; text++) {
        bool plain = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
                     (*text >= '0' && *text <= '9') || strchr("-_.~", *text);
        n += (size_t)snprintf(out + n, size - n, plain ? "%c" : "%%%02X", (unsigned char)*text);
    }
    out[n] = 0;
}

static PGresult *query(struct page *p, const char *sql, const char *param)
{
    if (connection && PQstatus(connection) != CONNECTION_OK)
        PQreset(connection);
    if (!connection)
        connection = PQconnectdb(conninfo);
    const char *trace = spans_parent();
    char route[256], text[4096];
    encode(route, sizeof route, p->route);
    snprintf(text, sizeof text, "%s /*application='shop',method='%s',route='%s'%s%s%s*/", sql, p->method,
             route, trace ? ",traceparent='" : "", trace ? trace : "", trace ? "'" : "");
    const char *values[] = {param};
    uint64_t begin = spans_now();
    PGresult *r = PQexecParams(connection, text, param ? 1 : 0, NULL, values, NULL, NULL, 0);
    if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK)
        p->status = 503;
    spans_add("PostgreSQL", SPANS_CLIENT, begin, "postgresql", sql);
    return r;
}

static void table(struct page *p, PGresult *r)
{
    for (int i = 0; i < PQntuples(r) && i < 50; i++) {
        for (int c = 0; c < PQnfields(r); c++)
            body(p, "%s%.60s", c ? "\t" : "", PQgetvalue(r, i, c));
        body(p, "\n");
    }
    PQclear(r);
}

/* ---- the cache ----
 * session:* is small and read all the time, search:* and feed:* as well: all hit, until release 2. */

static redisReply *cached(const char *command, const char *key, const void *value, size_t len, int ttl)
{
    struct timeval limit = {.tv_sec = 1};
    redisReply *r = NULL;
    if (!redis_port)
        return NULL;
    if (!redis) {
        redis = redisConnectWithTimeout("127.0.0.1", redis_port, limit);
        if (redis && !redis->err)
            redisSetTimeout(redis, limit);
    }
    if (redis && !redis->err)
        r = value ? redisCommand(redis, "%s %s %d %b", command, key, ttl, value, len)
                  : redisCommand(redis, "%s %s", command, key);
    if (redis && redis->err) { /* the next request tries again */
        redisFree(redis);
        redis = NULL;
    }
    return r;
}

static bool from_cache(struct page *p, const char *key)
{
    char statement[64];
    snprintf(statement, sizeof statement, "GET %s", key);
    uint64_t begin = spans_now();
    redisReply *r = cached("GET", key, NULL, 0, 0);
    bool hit = r && r->type == REDIS_REPLY_STRING;
    spans_add(hit ? "found in the cache" : "missed in the cache", SPANS_CLIENT, begin, "redis", statement);
    if (hit && p)
        body(p, "%.*s", (int)(r->len < 8192 ? r->len : 8192), r->str);
    freeReplyObject(r);
    return hit;
}

static void into_cache(const char *key, const void *value, size_t len, int ttl)
{
    char statement[64];
    snprintf(statement, sizeof statement, "SETEX %s %d", key, ttl);
    uint64_t begin = spans_now();
    freeReplyObject(cached("SETEX", key, value, len, ttl));
    spans_add("into the cache", SPANS_CLIENT, begin, "redis", statement);
}

/* Of who is logged in. */
static void session(void)
{
    char key[32], value[200];
    snprintf(key, sizeof key, "session:%ld", random() % SESSIONS);
    memset(value, 's', sizeof value);
    if (!from_cache(NULL, key))
        into_cache(key, value, sizeof value, SESSION_TTL);
}

static void home(struct page *p, const char *arg)
{
    (void)arg;
    table(p, query(p, "SELECT id, name, price FROM products WHERE category = $1 ORDER BY id LIMIT 20", "7"));
}

static void product(struct page *p, const char *arg)
{
    PGresult *r = query(p, "SELECT id, name, price, description FROM products WHERE id = $1", arg);
    if (PQntuples(r) == 0 && p->status == 200)
        p->status = 404;
    table(p, r);
}

static void order(struct page *p, const char *arg)
{
    table(p, query(p,
                   "SELECT o.id, o.placed_at, o.status, l.line, l.quantity, p.name FROM orders o "
                   "JOIN order_lines l ON l.order_id = o.id JOIN products p ON p.id = l.product_id "
                   "WHERE o.id = $1 ORDER BY l.line",
                   arg));
}

/* Each order with what may be done about it, word by word. */
static void write_feed(struct feed *f, PGresult *r)
{
    static const char *const LINKS[] = {"track", "invoice", "return", "again", "review", "help"};
    char field[128];
    for (int i = 0; i < PQntuples(r); i++) {
        snprintf(field, sizeof field, "<li id=\"%.12s\">", PQgetvalue(r, i, 0));
        feed_add(f, field);
        for (int c = 1; c < PQnfields(r); c++) {
            snprintf(field, sizeof field, "<b>%.60s</b>", PQgetvalue(r, i, c));
            feed_add(f, field);
        }
        for (int k = 0; k < 24; k++) {
            snprintf(field, sizeof field, "<a href=\"/orders/%.12s/%s\">", PQgetvalue(r, i, 0), LINKS[k % 6]);
            feed_add(f, field);
            feed_add(f, LINKS[k % 6]);
            feed_add(f, "</a>");
        }
        feed_add(f, "</li>\n");
    }
}

static void customer_orders(struct page *p, const char *arg)
{
    char key[32], value[FEED_SIZE] = "";
    snprintf(key, sizeof key, "feed:%s", arg);
    if (from_cache(p, key))
        return;
    PGresult *r = query(p,
                        "SELECT id, placed_at, status, total FROM orders WHERE customer_id = $1 "
                        "ORDER BY placed_at DESC LIMIT 20",
                        arg);
    struct feed f = {.text = value, .size = sizeof value, .release = release};
    uint64_t begin = spans_now();
    write_feed(&f, r);
    spans_add("write the feed", SPANS_INTERNAL, begin, NULL, NULL);
    PQclear(r);
    body(p, "%s", value);
    into_cache(key, value, f.len, FEED_TTL[release]);
}

/* One query for the cart, then one for each product in it. */
static void cart(struct page *p, const char *arg)
{
    PGresult *ids = query(p, "SELECT unnest(product_ids) FROM carts WHERE id = $1", arg);
    for (int i = 0; i < PQntuples(ids); i++)
        table(p, query(p, "SELECT name, price FROM products WHERE id = $1", PQgetvalue(ids, i, 0)));
    PQclear(ids);
}

/* Sorts 400,000 rows in the server's small work_mem. */
static void report(struct page *p, const char *arg)
{
    (void)arg;
    table(p, query(p,
                   "SELECT id, customer_id, total, rank() OVER (ORDER BY total DESC, note) FROM orders "
                   "ORDER BY total DESC, note LIMIT 50",
                   NULL));
}

static void search(struct page *p, const char *arg)
{
    (void)arg;
    char key[32];
    snprintf(key, sizeof key, "search:%ld", random() % 100);
    if (from_cache(p, key))
        return;
    table(p, query(p, "SELECT id, name FROM products WHERE name LIKE '%' || $1 || '%' LIMIT 20", "77"));
    into_cache(key, p->body, p->len, SEARCH_TTL);
}

static void place_order(struct page *p, const char *arg)
{
    (void)arg;
    p->status = 201;
    char customer[16];
    snprintf(customer, sizeof customer, "%ld", 1 + random() % 20000);
    table(p, query(p,
                   "INSERT INTO orders (id, customer_id, placed_at, status, total) "
                   "VALUES (nextval('order_ids'), $1::int, now(), 'open', 42) RETURNING id",
                   customer));
}

/* The time is not in the database: see slow_code.h. */
static void catalog(struct page *p, const char *arg)
{
    (void)arg;
    p->len = serialise_catalog(p->body, sizeof p->body, 500, release);
}

static void coupon(struct page *p, const char *arg)
{
    char code[32];
    snprintf(code, sizeof code, "abcdefghijklmnopqrstuv%s", arg); /* several digits: it is wrong at the end */
    body(p, coupon_is_valid(code) ? "valid\n" : "not valid\n");
}

static void health(struct page *p, const char *arg)
{
    (void)arg;
    body(p, "ok\n");
}

static const struct {
    const char *method, *prefix, *suffix; /* prefix NUMBER suffix; no number when suffix is NULL */
    const char *route;
    void (*serve)(struct page *p, const char *arg);
    bool personal; /* it asks who is logged in */
} PAGES[] = {
    {.method = "GET", .prefix = "/", .suffix = NULL, .route = "/", .serve = home},
    {.method = "GET", .prefix = "/products/", .suffix = "", .route = "/products/:id", .serve = product},
    {.method = "GET",
     .prefix = "/orders/",
     .suffix = "",
     .route = "/orders/:id",
     .serve = order,
     .personal = true},
    {.method = "GET",
     .prefix = "/customers/",
     .suffix = "/orders",
     .route = "/customers/:id/orders",
     .serve = customer_orders,
     .personal = true},
    {.method = "GET",
     .prefix = "/carts/",
     .suffix = "",
     .route = "/carts/:id",
     .serve = cart,
     .personal = true},
    {.method = "GET", .prefix = "/reports/sales", .suffix = NULL, .route = "/reports/sales", .serve = report},
    {.method = "GET", .prefix = "/search", .suffix = NULL, .route = "/search", .serve = search},
    {.method = "POST", .prefix = "/orders", .suffix = NULL, .route = "/orders", .serve = place_order},
    {.method = "GET",
     .prefix = "/exports/catalog",
     .suffix = NULL,
     .route = "/exports/catalog",
     .serve = catalog},
    {.method = "GET", .prefix = "/coupons/", .suffix = "", .route = "/coupons/:id", .serve = coupon},
    {.method = "GET", .prefix = "/health", .suffix = NULL, .route = "/health", .serve = health},
};

static bool matches(size_t i, const char *method, const char *url, char arg[16])
{
    if (strcmp(PAGES[i].method, method) != 0)
        return false;
    if (!PAGES[i].suffix)
        return !strcmp(url, PAGES[i].prefix);
    size_t n = strlen(PAGES[i].prefix);
    if (strncmp(url, PAGES[i].prefix, n) != 0)
        return false;
    size_t digits = strspn(url + n, "0123456789");
    if (digits == 0 || digits > 9 || strcmp(url + n + digits, PAGES[i].suffix) != 0)
        return false;
    snprintf(arg, 16, "%.*s", (int)digits, url + n);
    return true;
}

static void log_request(const struct page *p, const char *method, const char *url,
                        const struct timespec *start)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    double seconds = (double)(end.tv_sec - start->tv_sec) + (double)(end.tv_nsec - start->tv_nsec) / 1e9;
    struct tm tm;
    char when[64], line[1024];
    localtime_r(&end.tv_sec, &tm);
    strftime(when, sizeof when, "%d/%b/%Y:%H:%M:%S %z", &tm);
    int n = snprintf(line, sizeof line,
                     "127.0.0.1 - - [%s] \"%s %.600s HTTP/1.1\" %d %zu \"-\" \"demo\" rt=%.3f\n", when,
                     method, url, p->status, p->len, seconds);
    if (n > 0 && write(log_file, line, (size_t)n) < 0)
        perror("access log");
}

static enum MHD_Result answer(void *cls, struct MHD_Connection *c, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **state)
{
    (void)cls, (void)version, (void)upload;
    static int seen;
    if (!*state) {
        *state = &seen;
        return MHD_YES;
    }
    *upload_size = 0;
    struct timespec start;
    clock_gettime(CLOCK_REALTIME, &start);
    struct page *p = calloc(1, sizeof *p);
    if (!p)
        return MHD_NO;
    p->status = 404;
    char arg[16] = "";
    for (size_t i = 0; i < sizeof PAGES / sizeof PAGES[0]; i++)
        if (matches(i, method, url, arg)) {
            p->status = 200;
            p->method = PAGES[i].method;
            p->route = PAGES[i].route;
            if (PAGES[i].serve != health)
                spans_request(MHD_lookup_connection_value(c, MHD_HEADER_KIND, "X-Request-Id"), p->method,
                              p->route);
            if (PAGES[i].personal)
                session();
            PAGES[i].serve(p, arg);
            if (PAGES[i].serve != health)
                spans_answered(p->status);
            break;
        }
    struct MHD_Response *r = MHD_create_response_from_buffer(p->len, p->body, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result ok = MHD_queue_response(c, (unsigned)p->status, r);
    MHD_destroy_response(r);
    log_request(p, method, url, &start);
    free(p);
    return ok;
}

static void deploy(int sig)
{
    (void)sig;
    release = 2;
}

static void stop(int sig)
{
    (void)sig;
    stopping = 1;
}

int main(int argc, char **argv)
{
    if (argc < 4 || argc > 6) {
        fprintf(stderr, "usage: shop PORT CONNINFO ACCESS_LOG [REDIS_PORT [TRACES_PORT]]\n");
        return 2;
    }
    conninfo = argv[2];
    redis_port = argc > 4 ? atoi(argv[4]) : 0;
    log_file = open(argv[3], O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (log_file < 0) {
        perror(argv[3]);
        return 2;
    }
    spans_to(argc > 5 ? atoi(argv[5]) : 0);
    struct sigaction sa = {.sa_handler = stop}, usr = {.sa_handler = deploy};
    sigaction(SIGUSR1, &usr, NULL);
    sigaction(SIGTERM, &sa, NULL);
    sigaction(SIGINT, &sa, NULL);
    signal(SIGPIPE, SIG_IGN);
    struct MHD_Daemon *d =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, (uint16_t)atoi(argv[1]), NULL, NULL, answer, NULL,
                         MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS, MHD_OPTION_END);
    if (!d) {
        fprintf(stderr, "shop: cannot listen on port %s: %s\n", argv[1], strerror(errno));
        return 2;
    }
    while (!stopping)
        pause();
    MHD_stop_daemon(d);
    spans_end();
    return 0;
}
