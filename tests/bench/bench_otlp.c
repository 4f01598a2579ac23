/* bench_otlp PORT SPANS protobuf|json [PER_REQUEST]: sends so many spans to a receiver of OTLP on loopback
 * over one connection, as an exporter does: the next request after the answer. A trace has ten spans of about
 * eight attributes: a request to a service, what it does, six statements, two calls. Exits 0 when each
 * request was answered 200. Prints the spans a second, from the first byte to the last answer. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"

enum { TRIES = 200, OF_TRACE = 10, TEMPLATES = 4 };

/* Where the numbers of a span stand in a request, which are other ones each time. */
struct spot {
    size_t trace, id, parent;
};
struct request {
    struct strbuf body;
    struct spot *spots;
    size_t n;
};

static bool json;

static int dial(int port)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons((in_port_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timespec pause = {.tv_nsec = 50000000};
    const int yes = 1;
    for (int i = 0; i < TRIES; i++) { /* the receiver may only have begun */
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
            return fd;
        close(fd);
        nanosleep(&pause, NULL);
    }
    return -1;
}

/* ---- both encodings ---- */

static void varint(struct strbuf *b, uint64_t v)
{
    for (; v > 127; v >>= 7)
        strbuf_char(b, (char)(v | 128));
    strbuf_char(b, (char)v);
}

static void bytes(struct strbuf *b, unsigned number, const void *p, size_t n)
{
    varint(b, number << 3 | 2);
    varint(b, n);
    strbuf_add(b, p, n);
}

static void fixed(struct strbuf *b, unsigned number, uint64_t v)
{
    varint(b, number << 3 | 1);
    strbuf_add(b, &v, sizeof v);
}

static void attribute(struct strbuf *b, const char *key, const char *text, int64_t number)
{
    if (json) {
        strbuf_str(b, b->text[b->len - 1] == '[' ? "" : ",");
        strbuf_printf(
            b, text ? "{\"key\":\"%s\",\"value\":{\"stringValue\":\"%s\"}}" : "{\"key\":\"%s\",\"value\":{",
            key, text ? text : "");
        if (!text)
            strbuf_printf(b, "\"intValue\":\"%lld\"}}", (long long)number);
        return;
    }
    struct strbuf value = {0}, pair = {0};
    if (text) {
        bytes(&value, 1, text, strlen(text));
    } else {
        varint(&value, 3 << 3);
        varint(&value, (uint64_t)number);
    }
    bytes(&pair, 1, key, strlen(key));
    bytes(&pair, 2, value.text, value.len);
    bytes(b, 9, pair.text, pair.len);
    strbuf_free(&value);
    strbuf_free(&pair);
}

static const char *const ROUTES[] = {"/orders/:id", "/cart", "/items/:id/reviews", "/checkout", "/search"};
static const char *const TABLES[] = {"orders", "items", "customers", "reviews", "stock", "prices", "carts"};

static void server_attributes(struct strbuf *b, size_t i)
{
    char path[64];
    snprintf(path, sizeof path, "/orders/%zu", i * 7919 % 100000);
    attribute(b, "http.request.method", "GET", 0);
    attribute(b, "http.route", ROUTES[i % 5], 0);
    attribute(b, "url.path", path, 0);
    attribute(b, "url.scheme", "https", 0);
    attribute(b, "http.response.status_code", NULL, i % 97 ? 200 : 500);
    attribute(b, "server.address", "shop.example", 0);
    attribute(b, "user_agent.original", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36", 0);
    attribute(b, "client.address", "10.20.30.40", 0);
}

static void db_attributes(struct strbuf *b, size_t i)
{
    char sql[200];
    snprintf(sql, sizeof sql, "SELECT id, name, price FROM %s WHERE order_id = $1 AND state = '%s' LIMIT 10",
             TABLES[i % 7], i % 3 ? "open" : "sent");
    attribute(b, "db.system.name", "postgresql", 0);
    attribute(b, "db.namespace", "shop", 0);
    attribute(b, "db.query.text", sql, 0);
    attribute(b, "db.operation.name", "SELECT", 0);
    attribute(b, "db.collection.name", TABLES[i % 7], 0);
    attribute(b, "server.address", "db-1.internal", 0);
    attribute(b, "server.port", NULL, 5432);
    attribute(b, "db.response.returned_rows", NULL, (int64_t)(i * 31 % 50));
}

static void call_attributes(struct strbuf *b, size_t i)
{
    attribute(b, "http.request.method", "POST", 0);
    attribute(b, "url.full", "https://pay.example/v1/charges?amount=12", 0);
    attribute(b, "server.address", "pay.example", 0);
    attribute(b, "server.port", NULL, 443);
    attribute(b, "http.response.status_code", NULL, 201);
    attribute(b, "network.protocol.version", "1.1", 0);
    attribute(b, "thread.id", NULL, (int64_t)(i % 32));
    attribute(b, "thread.name", "worker-3", 0);
}

/* ---- requests ---- */

static const char *const NAMES[] = {
    "GET /orders/:id", "load order",  "SELECT shop", "SELECT shop", "SELECT shop",
    "SELECT shop",     "SELECT shop", "SELECT shop", "POST",        "POST"};

static void attributes_of(struct strbuf *b, size_t i, size_t k)
{
    if (k < 2)
        server_attributes(b, i);
    else if (k < 8)
        db_attributes(b, i);
    else
        call_attributes(b, i);
}

#define BEGIN UINT64_C(1795190060000000000)

static void json_span(struct request *r, size_t i, struct spot *s)
{
    struct strbuf *b = &r->body;
    size_t k = i % OF_TRACE;
    strbuf_str(b, i ? ",{\"traceId\":\"" : "{\"traceId\":\"");
    s->trace = b->len;
    strbuf_str(b, "00000000000000000000000000000000\",\"spanId\":\"");
    s->id = b->len;
    strbuf_str(b, "0000000000000000\",\"parentSpanId\":\"");
    s->parent = b->len;
    strbuf_printf(b, "%s\",\"name\":\"%s\",\"kind\":%d,", k ? "0000000000000000" : "", NAMES[k],
                  k == 0  ? 2
                  : k > 1 ? 3
                          : 1);
    strbuf_printf(b, "\"startTimeUnixNano\":\"%llu\",\"endTimeUnixNano\":\"%llu\",\"attributes\":[",
                  (unsigned long long)(BEGIN + k * 1000000),
                  (unsigned long long)(BEGIN + 20000000 - k * 100000));
    attributes_of(b, i, k);
    strbuf_str(
        b,
        "],\"droppedAttributesCount\":0,\"events\":[],\"status\":{\"code\":0},\"links\":[],\"flags\":257}");
}

static void proto_span(struct request *r, size_t i, struct spot *s)
{
    static const uint8_t zeros[16];
    struct strbuf b = {0};
    size_t k = i % OF_TRACE, trace = 2, id, parent;
    bytes(&b, 1, zeros, 16);
    id = b.len + 2;
    bytes(&b, 2, zeros, 8);
    parent = b.len + 2;
    if (k)
        bytes(&b, 4, zeros, 8);
    bytes(&b, 5, NAMES[k], strlen(NAMES[k]));
    varint(&b, 6 << 3);
    varint(&b, k == 0 ? 2 : k > 1 ? 3 : 1);
    fixed(&b, 7, BEGIN + k * 1000000);
    fixed(&b, 8, BEGIN + 20000000 - k * 100000);
    attributes_of(&b, i, k);
    bytes(&b, 15, "", 0);
    bytes(&r->body, 2, b.text, b.len);
    size_t at = r->body.len - b.len;
    *s = (struct spot){.trace = at + trace, .id = at + id, .parent = at + parent};
    strbuf_free(&b);
}

static void shift_spots(struct request *r, size_t by)
{
    for (size_t i = 0; i < r->n; i++) {
        r->spots[i].trace += by;
        r->spots[i].id += by;
        r->spots[i].parent += by;
    }
}

static void wrap(struct request *r, unsigned number)
{
    struct strbuf out = {0};
    bytes(&out, number, r->body.text, r->body.len);
    shift_spots(r, out.len - r->body.len);
    strbuf_free(&r->body);
    r->body = out;
}

/* The resource in front of the spans, then the message around both. */
static void add_resource(struct request *r)
{
    static const char pair[] = "\n\014service.name\022\012\n\010shop-api"; /* KeyValue */
    struct strbuf resource = {0}, out = {0};
    bytes(&resource, 1, pair, sizeof pair - 1);
    bytes(&out, 1, resource.text, resource.len);
    size_t by = out.len;
    strbuf_add(&out, r->body.text, r->body.len);
    shift_spots(r, by);
    strbuf_free(&r->body);
    strbuf_free(&resource);
    r->body = out;
}

static void make(struct request *r, size_t n, size_t seed)
{
    r->spots = mem_array(n, sizeof *r->spots);
    r->n = n;
    if (json)
        strbuf_str(
            &r->body,
            "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":"
            "{\"stringValue\":\"shop-api\"}}]},\"scopeSpans\":[{\"scope\":{\"name\":\"x\"},\"spans\":[");
    for (size_t i = 0; i < n; i++) {
        if (json)
            json_span(r, i + (i ? seed * OF_TRACE : 0), &r->spots[i]);
        else
            proto_span(r, i + seed * OF_TRACE, &r->spots[i]);
    }
    if (json) {
        strbuf_str(&r->body, "]}]}]}");
    } else {
        wrap(r, 2);
        add_resource(r);
        wrap(r, 1);
    }
}

static void put_number(char *to, uint64_t v)
{
    static const char digits[] = "0123456789abcdef";
    if (json)
        for (int i = 0; i < 16; i++)
            to[i] = digits[v >> (60 - 4 * i) & 15];
    else
        for (int i = 0; i < 8; i++)
            to[i] = (char)(v >> (56 - 8 * i));
}

static void number_spans(struct request *r, uint64_t first)
{
    for (size_t i = 0; i < r->n; i++) {
        uint64_t number = first + i, root = number - i % OF_TRACE;
        put_number(r->body.text + r->spots[i].trace, UINT64_C(0x5b8efff798038103));
        put_number(r->body.text + r->spots[i].trace + (json ? 16 : 8), root);
        put_number(r->body.text + r->spots[i].id, number);
        if (i % OF_TRACE)
            put_number(r->body.text + r->spots[i].parent, i % OF_TRACE == 1 ? root : root + 1);
    }
}

static bool put(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        p += sent;
        n -= (size_t)sent;
    }
    return true;
}

/* The status of an answer, which comes at once. */
static int answer(int fd)
{
    char head[4096];
    size_t n = 0;
    while (n < sizeof head - 1) {
        ssize_t got = recv(fd, head + n, sizeof head - 1 - n, 0);
        if (got <= 0)
            return 0;
        n += (size_t)got;
        head[n] = 0;
        const char *end = strstr(head, "\r\n\r\n"), *length = strcasestr(head, "content-length: ");
        if (end && n >= (size_t)(end + 4 - head) + (length ? (size_t)atol(length + 16) : 0))
            return atoi(head + strlen("HTTP/1.1 "));
    }
    return 0;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    static struct request requests[TEMPLATES];
    uint64_t spans = argc >= 4 ? strtoull(argv[2], NULL, 10) : 0, sent = 0, again = 0;
    size_t per = argc == 5 ? (size_t)atol(argv[4]) : 1000;
    char head[256];
    if (!spans || !per || per % OF_TRACE)
        return 2;
    json = !strcmp(argv[3], "json");
    for (size_t i = 0; i < TEMPLATES; i++)
        make(&requests[i], per, i);
    int fd = dial(atoi(argv[1]));
    if (fd < 0)
        return fprintf(stderr, "bench_otlp: nobody listens at port %s\n", argv[1]), 1;
    double begin = now();
    for (size_t i = 0; sent < spans; i++) {
        struct request *r = &requests[i % TEMPLATES];
        number_spans(r, sent + OF_TRACE);
        int n = snprintf(head, sizeof head,
                         "POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/%s\r\n"
                         "Content-Length: %zu\r\n\r\n",
                         json ? "json" : "x-protobuf", r->body.len);
        int status = put(fd, head, (size_t)n) && put(fd, r->body.text, r->body.len) ? answer(fd) : 0;
        if (status == 429) {
            again++;
            i--;
            continue;
        }
        if (status != 200)
            return fprintf(stderr, "bench_otlp: answered %d after %llu spans\n", status,
                           (unsigned long long)sent),
                   1;
        sent += per;
    }
    printf("sent %llu spans_per_second %.0f bytes_per_span %.0f again %llu\n", (unsigned long long)sent,
           (double)sent / (now() - begin), (double)requests[0].body.len / (double)per,
           (unsigned long long)again);
    return 0;
}
