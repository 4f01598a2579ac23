/* Sending to receivers that hang, flood, reset, redirect and refuse: the others are told all the same, and no
 * sentence holds a secret. Times here are shorter than those of the program. */
#include "tests/lib/test.h"

#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "source/notify/notify.h"
#include "source/notify/notify_request.h"
#include "tests/lib/http_peer.h"

#define REQUEST (3 * SD_S)
#define ALL     (3 * SD_S)

static const struct payload_about ABOUT = {.host = "web1"};
static const struct delivery_instance TOTAL = {.value = 230e6, .firing = true, .resolved_at = SD_UNKNOWN};

static struct delivery to(const struct goal_receiver *r)
{
    return (struct delivery){.incident = "api@x",
                             .key = "api@x/0/r/firing",
                             .alert = "api",
                             .kind = DELIVERY_FIRING,
                             .receiver = r,
                             .unit = "ns",
                             .threshold = 200e6,
                             .window_ns = 300 * SD_S,
                             .ends_at = SD_UNKNOWN,
                             .instances = &TOTAL,
                             .n_instances = 1};
}

/* ---- over HTTP ---- */

static const struct {
    const char *path;
    int status;
    int64_t retry_after_ns;
    const char *says; /* in the sentence; "" none */
} PATHS[] = {
    {"/ok", 200, SD_UNKNOWN, ""},
    {"/empty", 204, SD_UNKNOWN, ""},
    {"/interim", 200, SD_UNKNOWN, ""},
    {"/chunked", 200, SD_UNKNOWN, ""},
    {"/silent", 0, SD_UNKNOWN, "127.0.0.1: no answer"},
    {"/flood", 200, SD_UNKNOWN, ""},
    {"/flood-head", 200, SD_UNKNOWN, ""},
    {"/reset", 0, SD_UNKNOWN, "127.0.0.1: "},
    {"/close", 0, SD_UNKNOWN, "127.0.0.1: "},
    {"/garbage", 0, SD_UNKNOWN, "127.0.0.1: "},
    {"/redirect", 302, SD_UNKNOWN, "127.0.0.1: 302"},
    {"/retry/7", 429, 7 * SD_S, "127.0.0.1: 429"},
    {"/retry/99999999999", 429, 24 * 3600 * SD_S, "127.0.0.1: 429"},
    {"/retry/Thu,_01_Jan_2099_00:00:00_GMT", 429, 24 * 3600 * SD_S, "127.0.0.1: 429"},
    {"/status/500", 500, SD_UNKNOWN, "127.0.0.1: 500 no"},
    {"/echo/services/T0000SECRET", 400, SD_UNKNOWN, "127.0.0.1: 400 "},
};

static void every_answer(void **state)
{
    (void)state;
    struct http_peer *peer = http_peer_start(false);
    struct goal_receiver r[ARRAY_LEN(PATHS)];
    char url[ARRAY_LEN(PATHS)][100];
    struct delivery d[ARRAY_LEN(PATHS)];
    struct delivery_answer a[ARRAY_LEN(PATHS)];
    for (size_t i = 0; i < ARRAY_LEN(PATHS); i++) {
        snprintf(url[i], sizeof url[i], "http://127.0.0.1:%d%s", http_peer_port(peer), PATHS[i].path);
        r[i] = (struct goal_receiver){.name = "r", .type = GOAL_SLACK, .url = {.value = url[i]}};
        d[i] = to(&r[i]);
    }
    int64_t began = clock_mono();
    notify_send_within(&ABOUT, d, ARRAY_LEN(PATHS), a, REQUEST, 20 * SD_S);
    assert_true(clock_mono() - began < 15 * SD_S);
    for (size_t i = 0; i < ARRAY_LEN(PATHS); i++) {
        if (a[i].status != PATHS[i].status || a[i].retry_after_ns != PATHS[i].retry_after_ns ||
            !strstr(a[i].error, PATHS[i].says) || !*a[i].error != !*PATHS[i].says)
            print_error("%s: %d, %lld, %s\n", PATHS[i].path, a[i].status, (long long)a[i].retry_after_ns,
                        a[i].error);
        assert_int_equal(a[i].status, PATHS[i].status);
        assert_true(a[i].retry_after_ns == PATHS[i].retry_after_ns);
        assert_non_null(strstr(a[i].error, PATHS[i].says));
        assert_true(!*a[i].error == !*PATHS[i].says);
        assert_null(strstr(a[i].error, "SECRET"));
        assert_null(strstr(a[i].error, "services"));
    }
    http_peer_stop(peer);
}

/* The first 200 bytes of an answer, and no part of a secret that its end would cut. */
static void answer_cut(void **state)
{
    (void)state;
    struct http_peer *peer = http_peer_start(false);
    char url[100], body[240];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/.well-known/slowdive-load?T0000SECRET",
             http_peer_port(peer));
    struct goal_receiver r = {.name = "r", .type = GOAL_SLACK, .url = {.value = url}};
    struct delivery d = to(&r);
    struct delivery_answer a;
    memset(body, 'y', sizeof body - 1);
    body[sizeof body - 1] = 0;
    http_peer_word(peer, 400, body);
    notify_send_within(&ABOUT, &d, 1, &a, 10 * SD_S, 20 * SD_S);
    char *expected = mem_printf("127.0.0.1: 400 %.200s", body);
    assert_string_equal(a.error, expected);
    free(expected);
    memcpy(body + 195, "T0000SECRET", 11);
    notify_send_within(&ABOUT, &d, 1, &a, 10 * SD_S, 20 * SD_S);
    expected = mem_printf("127.0.0.1: 400 %.195s***yy", body);
    assert_string_equal(a.error, expected);
    free(expected);
    http_peer_stop(peer);
}

/* What is on the wire, and in what order two go to one receiver. */
static void as_shown(void **state)
{
    (void)state;
    struct http_peer *peer = http_peer_start(false);
    char url[100];
    snprintf(url, sizeof url, "http://localhost:%d/base/", http_peer_port(peer));
    struct goal_receiver r = {.name = "am", .type = GOAL_ALERTMANAGER, .url = {.value = url}};
    struct delivery d[] = {to(&r), to(&r)};
    struct delivery_answer a[2];
    struct notify_request q;
    struct sd_error err;
    d[1].alert = "second";
    assert_true(notify_request(&q, &d[1], &ABOUT, &err));
    notify_send_within(&ABOUT, d, 2, a, 10 * SD_S, 20 * SD_S);
    assert_int_equal(http_peer_requests(peer), 2);
    char *got = http_peer_last(peer);
    assert_true(str_starts(got, "POST /base/api/v2/alerts HTTP/1.1\r\n"));
    assert_non_null(strstr(got, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(got, "\r\nIdempotency-Key: api@x/0/r/firing\r\n"));
    assert_true(str_ends(got, q.body));
    assert_non_null(strstr(q.body, "second"));
    assert_string_equal(q.shown_body, q.body);
    free(got);
    notify_request_free(&q);
    http_peer_stop(peer);
}

/* The time for all of them ends: what could not be begun, or had too little of it, does not count as tried.
 */
static void time_over(void **state)
{
    (void)state;
    struct http_peer *peer = http_peer_start(false);
    char url[100];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/silent", http_peer_port(peer));
    struct goal_receiver r = {.name = "r", .type = GOAL_WEBHOOK, .url = {.value = url}};
    struct delivery d[] = {to(&r), to(&r), to(&r)};
    struct delivery_answer a[3];
    notify_send_within(&ABOUT, d, 3, a, 600 * SD_MS, 900 * SD_MS);
    assert_int_equal(a[0].status, 0);
    assert_int_equal(a[1].status, DELIVERY_NOT_TRIED);
    assert_int_equal(a[2].status, DELIVERY_NOT_TRIED);
    http_peer_stop(peer);
}

/* ---- secrets ---- */

static void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    chmod(path, mode);
}

static void secrets(void **state)
{
    (void)state;
    char folder[] = "/tmp/slowdive-notify.XXXXXX", path[100];
    struct sd_error err = {0};
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/key", folder);
    static const struct {
        const char *text;
        mode_t mode;
        const char *gives, *says; /* gives NULL: the sentence */
    } FILES[] = {{"  https://x/y\n", 0600, "https://x/y", NULL},
                 {"https://x/y", 0400, "https://x/y", NULL},
                 {"https://x/y\n", 0644, NULL, "can be read by others"},
                 {"https://x/y\n", 0640, NULL, "can be read by others"},
                 {"two words\n", 0600, NULL, "not one word"},
                 {"a\nb\n", 0600, NULL, "not one word"},
                 {"\n", 0600, NULL, "not one word"}};
    for (size_t i = 0; i < ARRAY_LEN(FILES); i++) {
        write_file(path, FILES[i].text, FILES[i].mode);
        char *got = notify_secret(&(struct goal_secret){.file = path}, "url", &err);
        assert_true(str_eq(got, FILES[i].gives));
        if (FILES[i].says)
            assert_non_null(strstr(err.text, FILES[i].says));
        free(got);
        unlink(path);
    }
    assert_null(notify_secret(&(struct goal_secret){.file = path}, "url", &err));
    setenv("SLOWDIVE_TEST_URL", "https://x/z", 1);
    char *got = notify_secret(&(struct goal_secret){.env = "SLOWDIVE_TEST_URL"}, "url", &err);
    assert_string_equal(got, "https://x/z");
    free(got);
    assert_null(notify_secret(&(struct goal_secret){.env = "SLOWDIVE_TEST_NONE"}, "url", &err));
    assert_non_null(strstr(err.text, "SLOWDIVE_TEST_NONE"));
    rmdir(folder);
}

/* What is shown of a request, and which URLs are refused. */
static void masked(void **state)
{
    (void)state;
    static const struct {
        const char *url, *shown, *says;
    } URLS[] = {{"https://hooks.slack.com/services/T0/B0/xyzxyzxyz", "https://hooks.slack.com/***", NULL},
                {"https://user:hunter22@chat.example:8443/hook?token=abcdefgh",
                 "https://chat.example:8443/***", NULL},
                {"http://127.9.9.9:80/x", "http://127.9.9.9:80/***", NULL},
                {"http://[::1]/x", "http://[::1]/***", NULL},
                {"http://hooks.slack.com/secretsecret", NULL, "plain http to hooks.slack.com"},
                {"http://127.0.0.1.example/secretsecret", NULL, "plain http"},
                {"http://localhost@evil.example/secretsecret", NULL, "plain http to evil.example"},
                {"file:///etc/secretsecret", NULL, "none of http"},
                {"gopher://x/secretsecret", NULL, "none of http"},
                {"secretsecret", NULL, "none of http"}};
    for (size_t i = 0; i < ARRAY_LEN(URLS); i++) {
        struct goal_receiver r = {.name = "chat", .type = GOAL_SLACK, .url = {.value = URLS[i].url}};
        struct delivery d = to(&r);
        struct notify_request q;
        struct sd_error err = {0};
        bool fine = notify_request(&q, &d, &ABOUT, &err);
        assert_int_equal(fine, URLS[i].says == NULL);
        if (fine)
            assert_string_equal(q.shown_url, URLS[i].shown);
        else
            assert_non_null(strstr(err.text, URLS[i].says));
        assert_null(strstr(err.text, "secretsecret"));
        notify_request_free(&q);
    }
    struct goal_receiver page = {
        .name = "page", .type = GOAL_PAGERDUTY, .routing_key = {.value = "R0UTINGKEY"}};
    struct delivery d = to(&page);
    struct notify_request q;
    struct sd_error err = {0};
    assert_true(notify_request(&q, &d, &ABOUT, &err));
    assert_string_equal(q.url, "https://events.pagerduty.com/v2/enqueue");
    assert_non_null(strstr(q.body, "\"routing_key\":\"R0UTINGKEY\""));
    assert_non_null(strstr(q.shown_body, "\"routing_key\":\"***\""));
    assert_null(strstr(q.shown_body, "R0UTINGKEY"));
    notify_request_free(&q);
}

/* ---- commands ---- */

/* Gone, or a zombie that nobody waits for. */
static bool process_ended(int pid)
{
    char path[60], *stat = NULL;
    size_t len = 0;
    struct sd_error err;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    bool ended = !file_read(path, 4096, &stat, &len, &err) || strstr(stat, ") Z ");
    free(stat);
    return ended;
}

static void commands(void **state)
{
    (void)state;
    char folder[] = "/tmp/slowdive-notify.XXXXXX", out[100], pid[100];
    assert_non_null(mkdtemp(folder));
    snprintf(out, sizeof out, "%s/out", folder);
    snprintf(pid, sizeof pid, "%s/pid", folder);
    const char *const keeps[] = {"sh", "-c", "cat >\"$0\"; echo said; echo said >&2", out, NULL};
    const char *const fails[] = {"false", "; touch x", NULL};
    const char *const none[] = {"/nonexistent/program", NULL};
    const char *const hangs[] = {"sh", "-c", "sleep 60 & echo $! >\"$0\"; wait", pid, NULL};
    struct goal_receiver r[] = {{.name = "keeps", .type = GOAL_COMMAND, .command = keeps},
                                {.name = "fails", .type = GOAL_COMMAND, .command = fails},
                                {.name = "none", .type = GOAL_COMMAND, .command = none},
                                {.name = "hangs", .type = GOAL_COMMAND, .command = hangs}};
    struct delivery d[] = {to(&r[0]), to(&r[1]), to(&r[2]), to(&r[3])};
    struct delivery_answer a[4];
    notify_send_within(&ABOUT, d, 4, a, ALL, 2 * ALL);
    assert_int_equal(a[0].status, 200);
    assert_int_equal(a[1].status, 500);
    assert_string_equal(a[1].error, "false: it ended with status 1");
    assert_int_equal(a[2].status, 500);
    assert_int_equal(a[3].status, 500);
    char *text = NULL, *wanted = payload_webhook(&d[0], &ABOUT);
    size_t len = 0;
    struct sd_error err;
    assert_true(file_read(out, 1 << 20, &text, &len, &err));
    assert_string_equal(text, wanted);
    free(text);
    free(wanted);
    /* Its group is killed as well. A killed process may need a moment to end, on a busy machine more. */
    assert_true(file_read(pid, 100, &text, &len, &err));
    bool ended = false;
    for (int i = 0; i < 500 && !ended; i++) {
        ended = process_ended(atoi(text));
        if (!ended)
            poll(NULL, 0, 20);
    }
    assert_true(ended);
    free(text);
    unlink(out);
    unlink(pid);
    rmdir(folder);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer), cmocka_unit_test(answer_cut), cmocka_unit_test(as_shown),
        cmocka_unit_test(time_over),    cmocka_unit_test(secrets),    cmocka_unit_test(masked),
        cmocka_unit_test(commands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
