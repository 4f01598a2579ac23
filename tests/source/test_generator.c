/* The generator of load against servers that behave as servers do: every way in which an answer ends, what
 * waits, what is late, what is counted as what. Times are compared with each other, never with what a machine
 * should manage. */
#include "tests/lib/test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "source/load/generator.h"
#include "tests/lib/dial.h"
#include "tests/lib/http_peer.h"
#include "tests/lib/peer.h"

enum { MOST = 1000 };

/* What is to be sent, and what came of it. */
struct script {
    struct load_request_text text[8];
    size_t n_text;
    uint64_t n;             /* orders */
    uint32_t request[MOST]; /* of text */
    int64_t at[MOST];
    int64_t user;
    bool one_by_one; /* the next when the one before has ended, and `may_go` */
    bool may_go;

    uint64_t taken, ended;
    struct load_outcome got[MOST];
    char sample[MOST][100];
    void (*on_end)(struct script *s, const struct load_outcome *o);
    void (*on_tick)(struct script *s, const struct generator_state *state);
    struct http_peer *peer;
    atomic_int stop;
    struct generator_state state;
};

static int64_t next_at(void *ctx, int64_t now)
{
    struct script *s = ctx;
    if (s->taken == s->n)
        return -1;
    if (s->one_by_one) {
        s->at[s->taken] = now;
        return s->ended == s->taken && s->may_go ? now : INT64_MAX;
    }
    return s->at[s->taken];
}

static void take(void *ctx, struct load_order *o)
{
    struct script *s = ctx;
    *o = (struct load_order){.seq = s->taken,
                             .request = s->request[s->taken],
                             .user = s->user,
                             .intended_ns = s->at[s->taken],
                             .tag = s->taken + 1000};
    s->taken++;
}

static void ended(void *ctx, const struct load_outcome *o)
{
    struct script *s = ctx;
    assert_int_equal(o->order.tag, o->order.seq + 1000);
    assert_int_equal(s->got[o->order.seq].order.tag, 0); /* each ends once */
    s->got[o->order.seq] = *o;
    snprintf(s->sample[o->order.seq], sizeof s->sample[0], "%s", o->sample ? o->sample : "");
    s->ended++;
    if (s->on_end)
        s->on_end(s, o);
}

static void tick(void *ctx, const struct generator_state *state)
{
    struct script *s = ctx;
    if (s->on_tick)
        s->on_tick(s, state);
}

static struct script *script(struct http_peer *p, const char *path)
{
    struct script *s = mem_alloc(sizeof *s);
    s->peer = p;
    s->user = -1;
    s->may_go = true;
    s->text[0] = (struct load_request_text){.method = "GET", .path = path};
    s->n_text = 1;
    s->n = 1;
    return s;
}

static struct sockaddr_storage address(uint16_t port)
{
    struct sockaddr_storage a = {0};
    *(struct sockaddr_in *)&a = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return a;
}

static struct generator_config config(struct script *s, struct sockaddr_storage *at, uint16_t port,
                                      size_t connections)
{
    *at = address(port);
    return (struct generator_config){.addresses = at,
                                     .n_addresses = 1,
                                     .host_header = "127.0.0.1",
                                     .connections = connections,
                                     .timeout_ns = 60 * SD_S,
                                     .requests = s->text,
                                     .n_requests = s->n_text};
}

static bool run_with(struct script *s, const struct generator_config *c)
{
    struct sd_error err = {""};
    struct generator *g = generator_new(c, &err);
    if (!g)
        fail_msg("%s", err.text);
    const struct load_driver d = {next_at, take, ended, s};
    bool whole = generator_run(g, &d, &s->stop, tick, s);
    s->state = generator_state(g);
    assert_int_equal(s->state.in_flight, 0);
    assert_int_equal(s->state.waiting, 0);
    generator_free(g);
    return whole;
}

static bool run(struct script *s, size_t connections)
{
    struct sockaddr_storage at;
    struct generator_config c = config(s, &at, http_peer_port(s->peer), connections);
    return run_with(s, &c);
}

static struct http_peer *start_peer(void)
{
    struct http_peer *p = http_peer_start(false);
    assert_non_null(p);
    return p;
}

/* ---- how an answer ends ---- */

static void every_end(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum load_failure failure;
        int status;
        int64_t bytes; /* 0: not looked at */
        const char *sample;
    } cases[] = {
        {"/ok", LOAD_NONE, 200, 43, ""},
        {"/status/503", LOAD_NONE, 503, 0, "no"},
        {"/status/301", LOAD_NONE, 301, 0, ""},
        {"/chunked", LOAD_NONE, 200, 67, ""},
        {"/until-close", LOAD_NONE, 200, 24, ""},
        {"/interim", LOAD_NONE, 200, 0, ""},
        {"/empty", LOAD_NONE, 204, 27, ""},
        {"/slow", LOAD_NONE, 200, 43, ""},
        {"/last", LOAD_NONE, 200, 43, ""},
        {"/half", LOAD_RESET, 0, 40, "closed after 40 bytes of the answer"},
        {"/close", LOAD_RESET, 0, 0, "closed after 0 bytes of the answer"},
        {"/garbage", LOAD_PROTOCOL, 0, 0, "it does not begin with a status line of HTTP/1: \u00b7[31mSSH"},
    };
    struct http_peer *p = start_peer();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct script *s = script(p, cases[i].path);
        assert_true(run(s, 4));
        const struct load_outcome *o = &s->got[0];
        if (s->ended != 1 || o->failure != cases[i].failure || o->status != cases[i].status)
            fail_msg("%s: failure %d, status %d, %s", cases[i].path, o->failure, o->status, s->sample[0]);
        if (cases[i].bytes)
            assert_int_equal(o->bytes, cases[i].bytes);
        assert_true(str_starts(s->sample[0], cases[i].sample));
        assert_true(o->sent_ns >= o->order.intended_ns && o->done_ns >= o->sent_ns);
        assert_int_equal(s->state.sent, 1);
        free(s);
    }
    assert_int_equal(http_peer_requests(p), ARRAY_LEN(cases)); /* none was sent again */
    http_peer_stop(p);
}

/* What comes as fast as it is taken and never ends a line; nobody who says a word; who closes at once. */
static void hostile(void **state)
{
    (void)state;
    static const enum peer_script scripts[] = {PEER_GARBAGE, PEER_DISCONNECTS, PEER_MUTE, PEER_NO_ANSWER};
    for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
        struct sockaddr_storage at;
        struct peer *p = peer_start(scripts[i], "", 0);
        struct script *s = script(NULL, "/");
        struct generator_config c = config(s, &at, (uint16_t)peer_port(p), 2);
        c.timeout_ns = 100 * SD_MS;
        s->n = 3;
        assert_true(run_with(s, &c));
        assert_int_equal(s->ended, 3);
        for (int k = 0; k < 3; k++)
            assert_int_not_equal(s->got[k].failure, LOAD_NONE);
        free(s);
        peer_stop(p);
    }
}

static void retry_after(void **state)
{
    (void)state;
    struct http_peer *p = start_peer();
    struct script *s = script(p, "/retry/7");
    run(s, 1);
    assert_int_equal(s->got[0].status, 429);
    assert_int_equal(s->got[0].retry_after_s, 7);
    assert_false(sd_known(s->got[0].retry_at));
    free(s);
    s = script(p, "/retry/Wed,_21_Oct_2026_07:28:00_GMT");
    run(s, 1);
    assert_false(sd_known(s->got[0].retry_after_s));
    assert_int_equal(s->got[0].retry_at, 1792567680 * SD_S);
    free(s);
    http_peer_stop(p);
}

static void holes_and_a_long_body(void **state)
{
    (void)state;
    enum { BODY = 12 << 20 }; /* more than a socket takes at once */
    static const char *const columns[] = {"name"}, *const cells[] = {"ann", "bob"};
    const struct load_users users = {columns, 1, 2, cells};
    char *body = mem_alloc(BODY + 1);
    memset(body, 'x', BODY);
    struct http_peer *p = start_peer();
    struct script *s = script(p, "/ok?i={seq}&u={user.name}");
    struct sockaddr_storage at;
    s->text[0].method = "POST";
    s->text[0].body = body;
    s->user = 1;
    struct generator_config c = config(s, &at, http_peer_port(p), 1);
    c.users = &users;
    c.base = "/ok";
    run_with(s, &c);
    assert_int_equal(s->got[0].status, 200);
    char *last = http_peer_last(p);
    assert_true(
        str_starts(last, "POST /ok/ok?i=0&u=bob HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: slowdive/"));
    assert_string_equal(strstr(last, "\r\n\r\n") + 4, body);
    free(last);
    free(body);
    free(s);
    http_peer_stop(p);
}

/* ---- connections ---- */

static void connections_are_kept_and_bounded(void **state)
{
    (void)state;
    struct http_peer *p = start_peer();
    struct script *s = script(p, "/ok");
    s->n = MOST;
    assert_true(run(s, 3));
    assert_int_equal(s->ended, MOST);
    assert_in_range(http_peer_connections(p), 1, 3);
    assert_int_equal(http_peer_requests(p), MOST);
    for (int i = 0; i < MOST; i++)
        assert_int_equal(s->got[i].status, 200);
    free(s);
    http_peer_stop(p);
}

static void refused(void **state)
{
    (void)state;
    struct sockaddr_storage at[2];
    struct http_peer *p = start_peer();
    struct script *s = script(p, "/ok");
    struct generator_config c = config(s, &at[0], dial_free_port(), 2);
    s->n = 50;
    assert_true(run_with(s, &c));
    for (int i = 0; i < 50; i++) {
        assert_int_equal(s->got[i].failure, LOAD_CONNECT);
        assert_false(sd_known(s->got[i].sent_ns));
        assert_string_equal(s->sample[i], "Connection refused");
    }
    assert_int_equal(s->state.sent, 0);
    free(s);
    /* One address of two: those that got the other are answered. */
    s = script(p, "/ok");
    s->n = 50;
    c = config(s, &at[0], dial_free_port(), 1);
    at[1] = address(http_peer_port(p));
    c.addresses = at;
    c.n_addresses = 2;
    assert_true(run_with(s, &c));
    assert_int_equal(s->got[0].failure, LOAD_CONNECT);
    for (int i = 1; i < 50; i++)
        assert_int_equal(s->got[i].status, 200);
    free(s);
    http_peer_stop(p);
}

static void goes_on_when_it_is_closed(struct script *s, const struct generator_state *state)
{
    if (s->ended == 1 && !state->open)
        s->may_go = true;
}

static void waits_to_go_on(struct script *s, const struct load_outcome *o)
{
    (void)o;
    s->may_go = false;
}

/* Closed while nobody used it, and that was seen. */
static void an_idle_connection_is_opened_again(void **state)
{
    (void)state;
    struct http_peer *p = start_peer();
    struct script *s = script(p, "/last");
    s->text[1] = (struct load_request_text){.path = "/ok"};
    s->n_text = s->n = 2;
    s->request[1] = 1;
    s->one_by_one = true;
    s->on_end = waits_to_go_on;
    s->on_tick = goes_on_when_it_is_closed;
    run(s, 1);
    assert_int_equal(s->got[1].status, 200);
    assert_int_equal(http_peer_connections(p), 2);
    free(s);
    http_peer_stop(p);
}

static void waits_until_closed(struct script *s, const struct load_outcome *o)
{
    if (o->order.seq == 0)
        assert_true(http_peer_wait_closed(s->peer, 1));
}

/* Closed, and the next request was written before that was seen. */
static void what_never_reached_the_server_is_sent_again(void **state)
{
    (void)state;
    struct http_peer *p = start_peer();
    struct script *s = script(p, "/last");
    s->text[1] = (struct load_request_text){.method = "POST", .path = "/ok", .body = "x"};
    s->n_text = s->n = 2;
    s->request[1] = 1;
    s->one_by_one = true;
    s->on_end = waits_until_closed;
    run(s, 1);
    if (s->got[1].status != 200)
        fail_msg("%s", s->sample[1]);
    assert_int_equal(http_peer_requests(p), 2);
    assert_int_equal(http_peer_connections(p), 2);
    assert_int_equal(s->state.sent, 2);
    free(s);
    http_peer_stop(p);
}

/* The same to a server that read the request and then closed: it may have worked on it. */
static void what_the_server_has_read_is_not_sent_again(void **state)
{
    (void)state;
    struct http_peer *p = start_peer();
    struct script *s = script(p, "/ok");
    s->text[1] = (struct load_request_text){.path = "/close"};
    s->n_text = 2;
    s->n = 40;
    for (int i = 1; i < 40; i += 2)
        s->request[i] = 1;
    s->one_by_one = true;
    run(s, 1);
    for (int i = 0; i < 40; i++)
        assert_int_equal(s->got[i].failure, i % 2 ? LOAD_RESET : LOAD_NONE);
    assert_int_equal(http_peer_requests(p), 40);
    free(s);
    http_peer_stop(p);
}

/* ---- waiting, lateness, ends ---- */

static void opens_gate(struct script *s, const struct generator_state *state)
{
    if (s->taken == s->n && state->waiting == s->n - 1)
        http_peer_gate(s->peer, true);
}

/* A stall of the server with one connection: the wait of those behind it is theirs, and not our lateness. */
static void a_stall_is_in_the_latency(void **state)
{
    (void)state;
    enum { N = 50 };
    struct http_peer *p = start_peer();
    struct script *s = script(p, "/gate");
    s->n = N;
    for (int i = 0; i < N; i++)
        s->at[i] = i * 5 * SD_MS;
    s->on_tick = opens_gate;
    assert_true(run(s, 1));
    for (int i = 0; i < N; i++) {
        assert_int_equal(s->got[i].status, 200);
        assert_true(s->got[i].sent_ns >= s->got[i].order.intended_ns);
        if (i) {
            assert_true(s->got[i].sent_ns >= s->got[i - 1].done_ns);
            assert_true(s->got[i].sent_ns >= s->at[N - 1]); /* when the gate was opened all had been taken */
            assert_false(s->got[i].late);
        }
    }
    assert_int_equal(http_peer_connections(p), 1);
    free(s);
    http_peer_stop(p);
}

/* The next is due in 1 ms, and the thread is kept 20 ms: twice LOAD_LATE_NS. */
static void keeps_the_thread(struct script *s, const struct load_outcome *o)
{
    int64_t from = clock_mono();
    if (o->order.seq)
        return;
    s->at[1] = o->done_ns + SD_MS;
    while (clock_mono() - from < 21 * SD_MS)
        ;
}

static void what_we_delay_is_late(void **state)
{
    (void)state;
    struct http_peer *p = start_peer();
    struct script *s = script(p, "/ok");
    s->n = 2;
    s->at[1] = INT64_MAX; /* none before the first has ended */
    s->on_end = keeps_the_thread;
    run(s, 2);
    assert_true(s->got[1].late);
    assert_true(s->got[1].ours_ns > LOAD_LATE_NS);
    assert_true(s->state.late >= 1);
    free(s);
    http_peer_stop(p);
}

static void timeouts(void **state)
{
    (void)state;
    struct sockaddr_storage at;
    struct http_peer *p = start_peer();
    struct script *s = script(p, "/silent");
    s->text[1] = (struct load_request_text){.path = "/ok"};
    s->n_text = s->n = 2;
    s->request[1] = 1;
    s->one_by_one = true;
    struct generator_config c = config(s, &at, http_peer_port(p), 2);
    c.timeout_ns = 150 * SD_MS;
    run_with(s, &c);
    assert_int_equal(s->got[0].failure, LOAD_TIMEOUT);
    assert_true(s->got[0].done_ns - s->got[0].sent_ns >= c.timeout_ns);
    assert_int_equal(s->got[0].status, 0);
    assert_int_equal(s->got[1].status, 200);
    assert_int_equal(http_peer_connections(p), 2);
    free(s);
    http_peer_stop(p);
}

static void what_waits_at_the_end_is_unsent(void **state)
{
    (void)state;
    struct sockaddr_storage at;
    struct http_peer *p = start_peer();
    struct script *s = script(p, "/silent");
    struct generator_config c = config(s, &at, http_peer_port(p), 1);
    c.timeout_ns = 150 * SD_MS;
    s->n = 3;
    assert_true(run_with(s, &c));
    assert_int_equal(s->got[0].failure, LOAD_TIMEOUT);
    for (int i = 1; i < 3; i++) {
        assert_int_equal(s->got[i].failure, LOAD_UNSENT);
        assert_false(sd_known(s->got[i].sent_ns));
    }
    assert_int_equal(http_peer_requests(p), 1);
    free(s);
    http_peer_stop(p);
}

static void stops(struct script *s, const struct generator_state *state)
{
    if (state->in_flight == 2 && http_peer_requests(s->peer) == 2)
        atomic_store(&s->stop, 1);
}

static void stops_and_opens(struct script *s, const struct generator_state *state)
{
    stops(s, state);
    if (atomic_load(&s->stop))
        http_peer_gate(s->peer, true);
}

static void stopped(void **state)
{
    (void)state;
    struct http_peer *p = start_peer();
    struct script *s = script(p, "/gate");
    s->n = 10; /* two under way, the others wait */
    s->on_tick = stops;
    assert_false(run(s, 2));
    assert_int_equal(s->ended, 0);
    assert_int_equal(s->state.given_up, 2);
    assert_int_equal(s->state.sent, 2);
    free(s);
    http_peer_stop(p);
    /* An answer in time is an answer. */
    p = start_peer();
    s = script(p, "/gate");
    s->n = 10;
    s->on_tick = stops_and_opens;
    assert_false(run(s, 2));
    assert_int_equal(s->ended, 2);
    assert_int_equal(s->state.given_up, 0);
    assert_int_equal(http_peer_requests(p), 2);
    free(s);
    http_peer_stop(p);
}

/* The next level of a search: connections and the clock go on. */
static void runs_twice(void **state)
{
    (void)state;
    struct sockaddr_storage at;
    struct sd_error err = {""};
    struct http_peer *p = start_peer();
    struct script *a = script(p, "/ok"), *b = script(p, "/ok");
    struct generator_config c = config(a, &at, http_peer_port(p), 1);
    struct generator *g = generator_new(&c, &err);
    const struct load_driver da = {next_at, take, ended, a}, db = {next_at, take, ended, b};
    assert_true(generator_run(g, &da, &a->stop, NULL, NULL));
    b->at[0] = a->got[0].done_ns;
    assert_true(generator_run(g, &db, &b->stop, NULL, NULL));
    assert_true(b->got[0].sent_ns >= a->got[0].done_ns);
    assert_int_equal(http_peer_connections(p), 1);
    generator_free(g);
    free(a);
    free(b);
    http_peer_stop(p);
}

static void more_connections_than_may_be(void **state)
{
    (void)state;
    struct sockaddr_storage at;
    struct sd_error err = {""};
    struct script *s = script(NULL, "/");
    struct generator_config c = config(s, &at, 1, (size_t)1 << 30);
    assert_null(generator_new(&c, &err));
    assert_non_null(strstr(err.text, "open files"));
    free(s);
}

/* ---- TLS and HTTP/2, against nginx ---- */

static struct {
    char dir[64], ca[96];
    pid_t pid;
    uint16_t tls, h2, short_h2;
} nginx;

static bool put_file(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", nginx.dir, name);
    FILE *f = fopen(path, "w");
    if (!f)
        return false;
    fputs(text, f);
    return fclose(f) == 0;
}

static bool command(const char *text)
{
    int status = system(text);
    return status == 0;
}

static bool start_nginx(void)
{
    char text[3000], paths[200];
    const char *tmp = getenv("TMPDIR");
    nginx.tls = dial_free_port();
    nginx.h2 = dial_free_port();
    nginx.short_h2 = dial_free_port();
    snprintf(nginx.dir, sizeof nginx.dir, "%.40s/slowdive-h2.XXXXXX", tmp ? tmp : "/tmp");
    if (!command("command -v nginx openssl >/dev/null") || !mkdtemp(nginx.dir))
        return false;
    snprintf(nginx.ca, sizeof nginx.ca, "%s/cert.pem", nginx.dir);
    snprintf(text, sizeof text,
             "cd %s && mkdir t && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
             "-keyout key.pem -out "
             "cert.pem -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 "
             ">/dev/null 2>&1",
             nginx.dir);
    if (!command(text))
        return false;
    snprintf(paths, sizeof paths,
             "client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t; uwsgi_temp_path t; "
             "scgi_temp_path t;");
    snprintf(text, sizeof text,
             "%s daemon off; worker_processes 1; pid %s/pid; error_log %s/error.log; events { "
             "worker_connections 500; }\n"
             "http { %s access_log off; ssl_certificate cert.pem; ssl_certificate_key key.pem;\n"
             "server { listen 127.0.0.1:%u ssl; location / { return 200 \"hello\"; } }\n"
             "server { listen 127.0.0.1:%u ssl http2; location /busy { add_header Retry-After 9 always; "
             "return 429 \"busy\"; }\n"
             "  location /held { limit_rate 1; return 200 \"hello, hello, hello, hello\"; }\n"
             "  location / { return 200 \"hello\"; } }\n"
             "server { listen 127.0.0.1:%u ssl http2; keepalive_requests 60; location / { return 200 "
             "\"hello\"; } } }\n",
             geteuid() ? "" : "user root;", nginx.dir, nginx.dir, paths, nginx.tls, nginx.h2, nginx.short_h2);
    if (!put_file("nginx.conf", text))
        return false;
    nginx.pid = fork();
    if (nginx.pid == 0) {
        char conf[128], log[128];
        snprintf(conf, sizeof conf, "%s/nginx.conf", nginx.dir);
        snprintf(log, sizeof log, "%s/error.log", nginx.dir);
        int nowhere = open("/dev/null", O_RDWR);
        for (int fd = 0; fd < 3; fd++)
            dup2(nowhere, fd);
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* also when a test ends this program */
        execlp("nginx", "nginx", "-p", nginx.dir, "-e", log, "-c", conf, (char *)NULL);
        _exit(127);
    }
    return nginx.pid > 0;
}

static void stop_nginx(void)
{
    char text[100];
    if (nginx.pid > 0) {
        kill(nginx.pid, SIGTERM);
        waitpid(nginx.pid, NULL, 0);
    }
    snprintf(text, sizeof text, "rm -rf %s", nginx.dir);
    if (*nginx.dir)
        command(text);
}

/* Until it listens a run is refused. */
static bool secure_run(struct script *s, uint16_t port, bool http2, const char *name, size_t connections)
{
    struct sockaddr_storage at;
    struct generator_config c = config(s, &at, port, connections);
    c.tls_name = name;
    c.ca_file = nginx.ca;
    c.http2 = http2;
    for (int64_t until = clock_mono() + 60 * SD_S; clock_mono() < until;) {
        s->taken = s->ended = 0;
        memset(s->got, 0, sizeof s->got);
        run_with(s, &c);
        if (!str_eq(s->sample[0], "Connection refused"))
            return true;
    }
    return false;
}

static void over_tls(void **state)
{
    (void)state;
    if (nginx.pid <= 0)
        skip();
    struct script *s = script(NULL, "/");
    s->n = 100;
    assert_true(secure_run(s, nginx.tls, true, "localhost", 5)); /* it does not know HTTP/2: HTTP/1.1 it is */
    for (int i = 0; i < 100; i++)
        assert_int_equal(s->got[i].status, 200);
    free(s);
    s = script(NULL, "/");
    secure_run(s, nginx.tls, false, "127.0.0.1", 1);
    assert_int_equal(s->got[0].status, 200);
    secure_run(s, nginx.tls, false, "other.example", 1);
    assert_int_equal(s->got[0].failure, LOAD_CONNECT);
    assert_non_null(strstr(s->sample[0], "hostname mismatch"));
    free(s);
    /* Somebody who does not speak TLS. */
    static const char plain[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    struct peer *p = peer_start(PEER_GREETS, plain, sizeof plain - 1);
    s = script(NULL, "/");
    secure_run(s, (uint16_t)peer_port(p), true, "localhost", 1);
    assert_int_equal(s->got[0].failure, LOAD_CONNECT);
    assert_non_null(strstr(s->sample[0], "TLS: "));
    free(s);
    peer_stop(p);
}

static void over_http2(void **state)
{
    (void)state;
    if (nginx.pid <= 0)
        skip();
    struct script *s = script(NULL, "/");
    s->n = MOST;
    s->text[1] = (struct load_request_text){.method = "POST", .path = "/busy?{seq}", .body = "{seq}"};
    s->n_text = 2;
    for (int i = 0; i < MOST; i += 10)
        s->request[i] = 1;
    assert_true(secure_run(s, nginx.h2, true, "localhost", 1));
    for (int i = 0; i < MOST; i++) {
        assert_int_equal(s->got[i].failure, LOAD_NONE);
        assert_int_equal(s->got[i].status, i % 10 ? 200 : 429);
        assert_true(s->got[i].bytes > 9);
        if (i % 10 == 0) {
            assert_int_equal(s->got[i].retry_after_s, 9);
            assert_string_equal(s->sample[i], "busy");
        }
    }
    free(s);
}

/* A time-out ends the stream alone; what is under way when the run ends goes with its connection. */
static void http2_streams_are_given_up(void **state)
{
    (void)state;
    if (nginx.pid <= 0)
        skip();
    struct sockaddr_storage at;
    struct script *s = script(NULL, "/held");
    s->text[1] = (struct load_request_text){.path = "/"};
    s->n_text = 2;
    s->n = 3;
    s->request[1] = 1;
    struct generator_config c = config(s, &at, nginx.h2, 1);
    c.tls_name = "localhost";
    c.ca_file = nginx.ca;
    c.http2 = true;
    c.timeout_ns = SD_S;
    s->at[2] = 1200 * SD_MS; /* after the time-out of the first, on the same connection */
    assert_true(run_with(s, &c));
    assert_int_equal(s->got[0].failure, LOAD_TIMEOUT);
    assert_int_equal(s->got[1].status, 200);
    assert_int_equal(s->got[2].failure, LOAD_TIMEOUT);
    assert_int_equal(s->state.open, 1);
    free(s);
}

/* The server ends each connection after sixty requests; it refuses what is too many, and that is sent again.
 */
static void http2_goes_away(void **state)
{
    (void)state;
    if (nginx.pid <= 0)
        skip();
    struct script *s = script(NULL, "/");
    s->n = MOST;
    for (int i = 0; i < MOST; i++)
        s->at[i] = i * 100 * SD_US;
    assert_true(secure_run(s, nginx.short_h2, true, "localhost", 4));
    for (int i = 0; i < MOST; i++)
        if (s->got[i].status != 200)
            fail_msg("%d: %d %s", i, s->got[i].failure, s->sample[i]);
    free(s);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN); /* as the program does */
    start_nginx();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_end),
        cmocka_unit_test(hostile),
        cmocka_unit_test(retry_after),
        cmocka_unit_test(holes_and_a_long_body),
        cmocka_unit_test(connections_are_kept_and_bounded),
        cmocka_unit_test(refused),
        cmocka_unit_test(an_idle_connection_is_opened_again),
        cmocka_unit_test(what_never_reached_the_server_is_sent_again),
        cmocka_unit_test(what_the_server_has_read_is_not_sent_again),
        cmocka_unit_test(a_stall_is_in_the_latency),
        cmocka_unit_test(what_we_delay_is_late),
        cmocka_unit_test(timeouts),
        cmocka_unit_test(what_waits_at_the_end_is_unsent),
        cmocka_unit_test(stopped),
        cmocka_unit_test(runs_twice),
        cmocka_unit_test(more_connections_than_may_be),
        cmocka_unit_test(over_tls),
        cmocka_unit_test(over_http2),
        cmocka_unit_test(http2_streams_are_given_up),
        cmocka_unit_test(http2_goes_away),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    stop_nginx();
    return failed;
}
