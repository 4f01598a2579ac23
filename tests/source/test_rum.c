/* The receiver of beacons, by real sockets: what it answers, that each beacon counts once, that a client
 * which stalls delays nobody, and that nothing of a client is kept. And beacons in files. */
#include "tests/lib/test.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conf/option.h"
#include "core/schema.h"
#include "rt/registry.h"
#include "source/built_in.h"
#include "tests/lib/dial.h"
#include "tests/lib/rt_watch.h"

#define SOON (60 * SD_S)

/* ---- the source ---- */

static struct {
    struct sd_page_receiver r;
    int64_t lcp_count; /* of all pages */
    double lcp_p75;
    bool kept; /* something of the client */
} got;
static int64_t wanted; /* beacons and duplicates, for `counted` */

static void look_for_client(const struct sd_schema *sc, const void *record)
{
    for (size_t i = 0; i < sc->n_fields; i++) {
        const char *const *text = (const void *)((const char *)record + sc->fields[i].offset);
        if (sc->fields[i].type == SD_FIELD_TEXT && *text && strstr(*text, "tell-tale"))
            got.kept = true;
    }
}

static void look(void *ctx, const struct sd_batch *b)
{
    const struct sd_page_receiver *r;
    const struct sd_page_field *f;
    (void)ctx;
    for (size_t i = 0; (r = batch_each(b, SD_PAGE_RECEIVER, &i));)
        got.r = *r;
    for (size_t i = 0; (f = batch_each(b, SD_PAGE_FIELD, &i));)
        if (str_eq(f->by, "all") && str_eq(f->metric, "lcp")) {
            got.lcp_count = f->count;
            got.lcp_p75 = f->p75;
        }
    for (size_t i = 0; i < batch_len(b); i++) {
        enum sd_kind kind;
        const void *record = batch_record(b, i, &kind);
        look_for_client(schema_of(kind), record);
    }
}

static struct rt_watch begin(const char *given, bool follow)
{
    struct rt_watch w = {.rt = rt_new(&RT_DEFAULTS), .on_batch = look};
    struct registry_resolved r;
    struct sd_error err = {""};
    memset(&got, 0, sizeof got);
    if (!registry_resolve(given, &r, &err))
        fail_msg("%s", err.text);
    void *opts = options_new(r.ops->options, r.ops->opts_size);
    for (size_t i = 0; r.options && r.options[i]; i++) {
        char *name = mem_strdup(r.options[i]), *value = strchr(name, '=');
        *value = 0;
        assert_true(option_set(r.ops->options, opts, name, value + 1, &err));
        free(name);
    }
    assert_non_null(rt_start(w.rt, r.ops, "one", r.target, opts, follow, &err));
    registry_resolved_free(&r);
    return w;
}

static bool published(const struct rt_watch *w)
{
    return w->records[SD_PAGE_RECEIVER] > 0 || w->status.state == SD_STATE_FAILED;
}

static bool counted(const struct rt_watch *w)
{
    (void)w;
    return got.r.accepted + got.r.duplicates >= wanted;
}

/* ---- clients ---- */

static uint16_t port;

static int dial(void)
{
    return dial_port(port);
}

/* The head of the next answer; its status. 0: the connection is closed. No answer has a body. */
static int next_answer(int fd, char head[2048])
{
    size_t n = 0;
    while (n < 2047) {
        ssize_t r = recv(fd, head + n, 1, 0);
        if (r <= 0)
            break;
        head[++n] = 0;
        if (n >= 4 && !memcmp(head + n - 4, "\r\n\r\n", 4))
            return atoi(head + strlen("HTTP/1.1 "));
    }
    assert_int_equal(n, 0);
    return 0;
}

static char *post_text(const char *headers, const char *body)
{
    return mem_printf("POST /rum HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\n\r\n%s", headers,
                      strlen(body), body);
}

static char *vital(const char *name, const char *id, double value)
{
    return mem_printf("{\"name\":\"%s\",\"id\":\"%s\",\"value\":%g,\"page\":\"/a\"}", name, id, value);
}

static struct rt_watch receiver(const char *options)
{
    char target[128];
    port = dial_free_port();
    snprintf(target, sizeof target, "rum://127.0.0.1:%u/rum%s", port, options);
    struct rt_watch w = begin(target, true);
    assert_true(rt_watch_until(&w, published, SOON));
    if (w.status.state == SD_STATE_FAILED)
        fail_msg("%s", w.text);
    return w;
}

static void finish(struct rt_watch *w)
{
    assert_int_equal(rt_free(w->rt, SOON), 0);
}

/* ---- tests ---- */

static void answers(void **state)
{
    (void)state;
    static const struct {
        const char *sent;
        int status;
        const char *says;
        bool closed;
    } rows[] = {
        {"POST /x HTTP/1.1\r\nContent-Length: 37\r\n\r\n{\"name\":\"LCP\",\"value\":1,\"id\":\"row-1\"}", 204,
         NULL, false},
        {"POST / HTTP/1.1\r\nContent-Length: 14\r\n\r\n{\"name\":\"FID\"}", 204, NULL, false},
        {"POST / HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}", 400, NULL, false},
        {"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 400, NULL, false},
        {"OPTIONS /x HTTP/1.1\r\nOrigin: https://h\r\nAccess-Control-Request-Method: POST\r\n\r\n", 204,
         "Access-Control-Allow-Methods: POST", false},
        {"OPTIONS /x HTTP/1.1\r\n\r\n", 204, "Access-Control-Allow-Headers: content-type", false},
        {"GET / HTTP/1.1\r\n\r\n", 405, "Allow: POST", false},
        {"PUT / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", 405, NULL, false},
        {"POST / HTTP/1.1\r\n\r\n", 411, NULL, true},
        {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 411, NULL, true},
        {"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nPOST / HTTP/1.1\r\n", 405, NULL, true},
        {"POST / HTTP/1.1\r\nContent-Length: 65537\r\n\r\n", 413, NULL, true},
        {"nonsense\r\n\r\n", 400, NULL, true},
        {"POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: 14\r\n\r\n{\"name\":\"FID\"}", 204,
         "Connection: close", true},
        {"POST / HTTP/1.0\r\nContent-Length: 14\r\n\r\n{\"name\":\"FID\"}", 204, NULL, true},
    };
    struct rt_watch w = receiver("");
    char head[2048];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int fd = dial();
        dial_put(fd, rows[i].sent, strlen(rows[i].sent));
        int status = next_answer(fd, head);
        if (status != rows[i].status || (rows[i].says && !strstr(head, rows[i].says)))
            fail_msg("row %zu: %s", i, head);
        assert_non_null(strstr(head, "Access-Control-Allow-Origin: *\r\n"));
        assert_null(strcasestr(head, "cookie"));
        assert_null(strcasestr(head, "credentials"));
        if (rows[i].closed) {
            assert_int_equal(next_answer(fd, head), 0);
        } else { /* and another one, on the same connection */
            dial_put(fd, rows[i].sent, strlen(rows[i].sent));
            assert_int_equal(next_answer(fd, head), rows[i].status);
        }
        close(fd);
    }
    wanted = 2;
    assert_true(rt_watch_until(&w, counted, SOON));
    assert_int_equal(got.r.accepted, 1);
    assert_int_equal(got.r.duplicates, 1);
    finish(&w);
}

/* Whose answers are longer than what it sends, and who does not read them meanwhile. */
static void many_at_once(void **state)
{
    enum { MANY = 3000 };
    struct rt_watch w = receiver("");
    struct strbuf many = {0};
    char head[2048], *body = vital("LCP", "last", 100), *text = post_text("", body);
    int fd = dial();
    (void)state;
    for (int i = 0; i < MANY; i++)
        strbuf_str(&many, "G / HTTP/1.1\n\n");
    strbuf_str(&many, text);
    dial_put(fd, many.text, many.len);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(next_answer(fd, head), 405);
    assert_int_equal(next_answer(fd, head), 204);
    close(fd);
    strbuf_free(&many);
    free(text);
    free(body);
    finish(&w);
}

static void split_and_joined(void **state)
{
    (void)state;
    struct rt_watch w = receiver("");
    char head[2048], *body = vital("LCP", "one", 100), *text = post_text("", body);
    int fd = dial();
    for (size_t i = 0; i < strlen(text); i++) /* byte by byte */
        dial_put(fd, text + i, 1);
    assert_int_equal(next_answer(fd, head), 204);
    struct strbuf many = {0};
    for (int i = 0; i < 500; i++) { /* more than one read takes, and no answer waited for */
        char id[16];
        snprintf(id, sizeof id, "m%d", i);
        char *b = vital("LCP", id, 200),
             *t = post_text("X-Padding: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n", b);
        strbuf_str(&many, t);
        free(b);
        free(t);
    }
    dial_put(fd, many.text, many.len);
    for (int i = 0; i < 500; i++)
        assert_int_equal(next_answer(fd, head), 204);
    const char *waits = "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 14\r\n\r\n";
    dial_put(fd, waits, strlen(waits));
    assert_int_equal(next_answer(fd, head), 100);
    dial_put(fd, "{\"name\":\"FID\"}", 14);
    assert_int_equal(next_answer(fd, head), 204);
    close(fd);
    wanted = 501;
    assert_true(rt_watch_until(&w, counted, SOON));
    assert_int_equal(got.r.accepted, 501);
    assert_int_equal(got.lcp_count, 501);
    strbuf_free(&many);
    free(text);
    free(body);
    finish(&w);
}

/* The whole of a body that is refused may be sent before the answer is read. */
static void too_large(void **state)
{
    (void)state;
    enum { LIMIT = 64 << 10, LARGE = 3 << 20 };
    struct rt_watch w = receiver("");
    char head[2048], *body = mem_alloc(LARGE + 1);
    memset(body, ' ', LARGE);
    memcpy(body, "{\"name\":\"LCP\",\"value\":1,\"id\":\"a\"}", 33);
    const int sizes[] = {LIMIT + 1, LARGE};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        body[sizes[i] - 1] = ' ';
        char *start = mem_printf("POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n", sizes[i]);
        int fd = dial();
        dial_put(fd, start, strlen(start));
        dial_put(fd, body, (size_t)sizes[i]);
        assert_int_equal(next_answer(fd, head), 413);
        assert_int_equal(next_answer(fd, head), 0);
        close(fd);
        free(start);
    }
    body[LIMIT] = 0; /* as large as may be */
    char *text = post_text("", body);
    int fd = dial();
    dial_put(fd, text, strlen(text));
    assert_int_equal(next_answer(fd, head), 204);
    close(fd);
    wanted = 1;
    assert_true(rt_watch_until(&w, counted, SOON));
    assert_int_equal(got.r.too_large, 2);
    assert_int_equal(got.r.accepted, 1);
    free(text);
    free(body);
    finish(&w);
}

static void set_files_limit(rlim_t n)
{
    struct rlimit l;
    getrlimit(RLIMIT_NOFILE, &l);
    l.rlim_cur = MIN(n, l.rlim_max);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &l), 0);
}

static void stalled_clients_delay_nobody(void **state)
{
    (void)state;
    enum { STALLED = 120 };
    struct rlimit before;
    getrlimit(RLIMIT_NOFILE, &before);
    set_files_limit(100);
    struct rt_watch w = receiver(""); /* it takes 50 connections */
    set_files_limit(500);
    static const char *const parts[] = {"", "POST / HTTP/1.1\r\nConte",
                                        "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n{",
                                        "POST / HTTP/1.1\r\nContent-Length: 70000\r\n\r\n"};
    char head[2048], *body = vital("LCP", "one", 100), *text = post_text("", body);
    int fds[STALLED], good = dial(), idle = dial();
    dial_put(idle, text, strlen(text)); /* it waits for its next beacon while the others come */
    assert_int_equal(next_answer(idle, head), 204);
    for (int i = 0; i < STALLED; i++) {
        fds[i] = dial();
        dial_put(fds[i], parts[i % 4], strlen(parts[i % 4]));
        if (i % 10 == 0) { /* one that works stays */
            dial_put(good, text, strlen(text));
            assert_int_equal(next_answer(good, head), 204);
        }
    }
    dial_put(idle, text, strlen(text));
    assert_int_equal(next_answer(idle, head), 204);
    wanted = STALLED / 10 + 2;
    assert_true(rt_watch_until(&w, counted, SOON));
    assert_int_equal(got.r.accepted, 1);
    assert_int_equal(got.r.duplicates, wanted - 1);
    for (int i = 0; i < STALLED; i++)
        close(fds[i]);
    close(good);
    close(idle);
    free(text);
    free(body);
    finish(&w);
    setrlimit(RLIMIT_NOFILE, &before);
}

static void each_counts_once(void **state)
{
    (void)state;
    enum { CLIENTS = 8, ROUNDS = 50, BATCH = 25 };
    struct rt_watch w = receiver("");
    int fds[CLIENTS];
    char head[2048];
    for (int c = 0; c < CLIENTS; c++)
        fds[c] = dial();
    for (int r = 0; r < ROUNDS; r++) {
        for (int c = 0; c < CLIENTS; c++) {
            struct strbuf body = {0};
            for (int i = 0; i < BATCH;
                 i++) /* the first of each round says once more what the round before did */
                strbuf_printf(&body,
                              "%c{\"name\":\"LCP\",\"id\":\"%d-%d\",\"value\":%d,\"url\":\"https://h/p/%d\"}",
                              i ? ',' : '[', c, MAX(r * BATCH + i - (i == 0), 0), 100 + i, i);
            strbuf_char(&body, ']');
            char *text = post_text("", body.text);
            dial_put(fds[c], text, strlen(text));
            strbuf_free(&body);
            free(text);
        }
        for (int c = 0; c < CLIENTS; c++)
            assert_int_equal(next_answer(fds[c], head), 204);
    }
    wanted = CLIENTS * ROUNDS * BATCH;
    assert_true(rt_watch_until(&w, counted, SOON));
    assert_int_equal(got.r.duplicates, CLIENTS * (ROUNDS - 1));
    assert_int_equal(got.r.accepted, CLIENTS * (ROUNDS * BATCH - ROUNDS + 1));
    assert_int_equal(got.lcp_count, got.r.accepted);
    assert_int_equal(got.r.rejected + got.r.ignored + got.r.too_large, 0);
    for (int c = 0; c < CLIENTS; c++)
        close(fds[c]);
    finish(&w);
}

static void nothing_of_the_client_is_kept(void **state)
{
    (void)state;
    struct rt_watch w = receiver("");
    char head[2048];
    char *text =
        post_text("User-Agent: tell-tale/1.0\r\nX-Forwarded-For: tell-tale\r\nCookie: tell-tale=1\r\n"
                  "Referer: http://tell-tale:1/a?tell-tale#tell-tale\r\n",
                  "{\"name\":\"LCP\",\"id\":\"tell-tale\",\"value\":7,\"userAgent\":\"tell-tale\"}");
    int fd = dial();
    dial_put(fd, text, strlen(text));
    assert_int_equal(next_answer(fd, head), 204);
    close(fd);
    wanted = 1;
    assert_true(rt_watch_until(&w, counted, SOON));
    assert_int_equal(got.lcp_count, 1);
    assert_false(got.kept);
    free(text);
    finish(&w);
}

static void rate_is_limited(void **state)
{
    (void)state;
    struct rt_watch w = receiver("?rate=3");
    char head[2048], id[16];
    int fd = dial(), refused = 0, taken = 0;
    for (int i = 0; !refused && i < 100000; i++) { /* within one second, however slow the machine: at last */
        snprintf(id, sizeof id, "%d", i);
        char *body = vital("LCP", id, 1), *text = post_text("", body);
        dial_put(fd, text, strlen(text));
        int status = next_answer(fd, head);
        refused += status == 429;
        taken += status == 204;
        free(text);
        free(body);
    }
    assert_int_equal(refused, 1);
    wanted = taken;
    assert_true(rt_watch_until(&w, counted, SOON));
    close(fd);
    finish(&w);
}

static void addresses(void **state)
{
    (void)state;
    char used[64];
    struct rt_watch holder = receiver("");
    snprintf(used, sizeof used, "rum://127.0.0.1:%u", port);
    const struct {
        const char *target, *says;
    } rows[] = {
        {"rum://0.0.0.0:8125", "loopback"},
        {"rum://192.0.2.1:8125", "loopback"},
        {"rum://example.org:8125", "loopback"},
        {"rum://[::]:8125", "loopback"},
        {"rum://127.0.0.1", "port"},
        {"rum://127.0.0.1:", "port"},
        {"rum://127.0.0.1:0", "port"},
        {"rum://127.0.0.1:65536", "port"},
        {"rum://127.0.0.1:80a", "port"},
        {"rum://127.0.0.1:-1", "port"},
        {used, "another program uses the port"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct rt_watch w = begin(rows[i].target, true);
        assert_true(rt_watch_until(&w, NULL, SOON));
        assert_int_equal(w.status.state, SD_STATE_FAILED);
        if (!strstr(w.text, rows[i].says))
            fail_msg("%s: %s", rows[i].target, w.text);
        finish(&w);
    }
    finish(&holder);
}

/* ---- files ---- */

static char folder[] = "/tmp/slowdive-rum-XXXXXX";

static struct rt_watch read_file(const char *text, size_t n)
{
    char path[128];
    snprintf(path, sizeof path, "%s/beacons", folder);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    fclose(f);
    struct rt_watch w = begin(path, false);
    assert_true(rt_watch_until(&w, NULL, SOON));
    finish(&w);
    unlink(path);
    return w;
}

static void files(void **state)
{
    (void)state;
    struct strbuf b = {0};
    for (int i = 0; i < 3000; i++)
        strbuf_printf(&b, "{\"name\":\"LCP\",\"id\":\"%d\",\"value\":%d}%s", i % 2000, i,
                      i % 3 ? "\n" : "\r\n");
    strbuf_str(&b, "\nnot json\n[{\"name\":\"FID\"},{}]\n");
    strbuf_pad(&b, 'x', 300000);
    strbuf_str(&b, "\n{\"name\":\"CLS\",\"id\":\"a\",\"value\":0.1}"); /* without its end */
    struct rt_watch w = read_file(b.text, b.len);
    assert_int_equal(got.r.accepted, 2001);
    assert_int_equal(got.r.duplicates, 1000);
    assert_int_equal(got.r.rejected, 2);
    assert_int_equal(got.r.ignored, 1);
    assert_int_equal(got.r.too_large, 1);
    assert_int_equal(w.intake.total, 3004);
    assert_int_equal(w.intake.unparsed, 3);
    assert_int_equal(got.lcp_count, 2000);
    assert_true(got.lcp_p75 == 2499); /* 1000 to 2999 */
    strbuf_free(&b);
    static const char none[] = "{\"name\":\"LCP\",\"value\":-1}\n";
    w = read_file(none, sizeof none - 1);
    assert_int_equal(w.status.state, SD_STATE_FAILED);
    assert_non_null(strstr(w.text, "holds no beacon"));
}

static int set_up(void **state)
{
    (void)state;
    registry_begin(SOURCES_BUILT_IN);
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
        cmocka_unit_test(many_at_once),
        cmocka_unit_test(split_and_joined),
        cmocka_unit_test(too_large),
        cmocka_unit_test(stalled_clients_delay_nobody),
        cmocka_unit_test(each_counts_once),
        cmocka_unit_test(nothing_of_the_client_is_kept),
        cmocka_unit_test(rate_is_limited),
        cmocka_unit_test(addresses),
        cmocka_unit_test(files),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
