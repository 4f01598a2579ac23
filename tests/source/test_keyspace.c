/* Looking into the keys of a real Redis server: a scripted workload with known truth, with notifications and
 * without, and a sample of the keys. */
#include "tests/lib/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "conf/option.h"
#include "core/caches/key_watch.h"
#include "rt/registry.h"
#include "source/built_in.h"
#include "tests/lib/rt_watch.h"

#define SOON      (60 * SD_S)
#define MONITORED "?sample=monitor&budget=0.5&interval=200ms"
enum { KINDS = 4, KEYS = 600, LOOKUPS = 9000, ROUND = 900, KEYS_LISTED = 20000 };

static char folder[] = "/tmp/slowdive-keyspace-XXXXXX";
static char socket_path[100];
static pid_t server;
static int port;

/* ---- the server ---- */

static int dial(bool by_tcp)
{
    struct sockaddr_un u = {.sun_family = AF_UNIX};
    struct sockaddr_in t = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    t.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    snprintf(u.sun_path, sizeof u.sun_path, "%s", socket_path);
    int fd = socket(by_tcp ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, by_tcp ? (void *)&t : (void *)&u, by_tcp ? sizeof t : sizeof u) == 0)
        return fd;
    close(fd);
    return -1;
}

/* A port that nobody has now. */
static int free_port(void)
{
    struct sockaddr_in t = {.sin_family = AF_INET};
    socklen_t n = sizeof t;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    t.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (void *)&t, n), 0);
    getsockname(fd, (void *)&t, &n);
    close(fd);
    return ntohs(t.sin_port);
}

static void end_server(void)
{
    if (server > 0) {
        kill(server, SIGKILL);
        waitpid(server, NULL, 0);
    }
    server = 0;
    unlink(socket_path);
}

/* False: there is no redis-server. */
static bool begin_server(const char *events, const char *memory)
{
    char text[16];
    end_server();
    port = free_port();
    snprintf(text, sizeof text, "%d", port);
    snprintf(socket_path, sizeof socket_path, "%s/s", folder);
    server = fork();
    if (!server) {
        if (!freopen("/dev/null", "w", stdout))
            _exit(127);
        execlp("redis-server", "redis-server", "--bind", "127.0.0.1", "--port", text, "--unixsocket",
               socket_path, "--save", "", "--dir", folder, "--notify-keyspace-events", events, "--maxmemory",
               memory, "--maxmemory-policy", "allkeys-lru", NULL);
        _exit(127);
    }
    for (;;) {
        int status, fd = dial(true);
        if (fd >= 0) {
            close(fd);
            return true;
        }
        if (waitpid(server, &status, WNOHANG) == server) {
            server = 0;
            return false;
        }
        poll(NULL, 0, 10);
    }
}

/* Sends a command of words and returns the first byte of the answer; '_' for nil. */
static char send_words(int fd, size_t n, const char *const *words)
{
    struct strbuf b = {0};
    char answer[256];
    strbuf_printf(&b, "*%zu\r\n", n);
    for (size_t i = 0; i < n; i++)
        strbuf_printf(&b, "$%zu\r\n%s\r\n", strlen(words[i]), words[i]);
    assert_int_equal(write(fd, b.text, b.len), (ssize_t)b.len);
    strbuf_free(&b);
    ssize_t got = 0, r;
    while ((r = read(fd, answer + got, sizeof answer - 1 - (size_t)got)) > 0) {
        got += r;
        answer[got] = 0;
        char *line = strstr(answer, "\r\n");
        long len = answer[0] == '$' ? atol(answer + 1) : 0;
        if (line && (answer[0] != '$' || len < 0 || got >= line + 4 + len - answer))
            break;
        if (len > 200) { /* of a value only the end matters */
            static char rest[4096];
            while (got < line + 4 + len - answer && (r = read(fd, rest, sizeof rest)) > 0)
                got += r;
            break;
        }
    }
    assert_true(got > 0);
    return answer[0] == '$' && answer[1] == '-' ? '_' : answer[0];
}
#define SEND(fd, ...)                                                                                        \
    send_words(fd, sizeof(const char *[]){__VA_ARGS__} / sizeof(char *), (const char *[]){__VA_ARGS__})

/* ---- what the source says ---- */

struct figures {
    int64_t hits, misses[KEY_REASONS], keys, keys_low, keys_high, bytes, watched;
};
static const char *const PREFIXES[KINDS] = {"user:*:profile", "feed:*", "session:*:data", "product:*"};
static struct figures seen[KINDS];
static int64_t all_seen, wanted, cache_hits, cache_misses, curves, hot;

static void look(void *ctx, const struct sd_batch *b)
{
    const struct sd_cache_prefix *p;
    const struct sd_cache *c;
    const struct sd_cache_key *k;
    const struct sd_cache_curve *v;
    (void)ctx;
    for (size_t i = 0; (c = batch_each(b, SD_CACHE, &i));) {
        cache_hits = c->hits;
        cache_misses = c->misses;
    }
    int64_t sum = 0;
    for (size_t i = 0; (p = batch_each(b, SD_CACHE_PREFIX, &i));) {
        int kind = 0;
        while (kind < KINDS && strcmp(PREFIXES[kind], p->prefix) != 0)
            kind++;
        if (kind == KINDS)
            continue;
        seen[kind] = (struct figures){
            .hits = p->hits,
            .misses = {p->misses_cold, p->misses_expired, p->misses_evicted, p->misses_invalidated},
            .keys = p->keys,
            .keys_low = p->keys_low,
            .keys_high = p->keys_high,
            .bytes = p->bytes,
            .watched = p->watched_ns};
        sum += sd_known(p->hits) ? p->hits + p->misses : 0;
    }
    if (sum)
        all_seen = sum;
    for (size_t i = 0; (k = batch_each(b, SD_CACHE_KEY, &i));)
        hot += k->lookups > 0;
    for (size_t i = 0; (v = batch_each(b, SD_CACHE_CURVE, &i));)
        curves++;
}

static struct rt_watch begin_source(const char *given)
{
    struct rt_watch w = {.rt = rt_new(&RT_DEFAULTS), .on_batch = look};
    struct registry_resolved r;
    struct sd_error err = {""};
    memset(seen, 0, sizeof seen);
    all_seen = cache_hits = curves = hot = 0;
    if (!registry_resolve(given, &r, &err))
        fail_msg("%s", err.text);
    void *opts = options_new(r.ops->options, r.ops->opts_size);
    for (size_t i = 0; r.options && r.options[i]; i++) {
        char *name = mem_strdup(r.options[i]), *value = strchr(name, '=');
        *value = 0;
        if (!option_set(r.ops->options, opts, name, value + 1, &err))
            fail_msg("%s", err.text);
        free(name);
    }
    assert_non_null(rt_start(w.rt, r.ops, "redis", r.target, opts, true, &err));
    registry_resolved_free(&r);
    return w;
}

/* ---- the workload ---- */

static struct truth {
    bool set, deleted;
    sd_time end;
} truth[KINDS][KEYS];
static struct figures really[KINDS];
static uint64_t seed;

static int draw(int below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (int)((seed >> 33) % (uint64_t)below);
}

static void name_of(int kind, int id, char out[64])
{
    static const char *const BEGIN[KINDS] = {"user:", "feed:", "session:", "product:"};
    if (kind == 2)
        snprintf(out, 64, "session:%08x-1111-4222-8333-%012x:data", (unsigned)id, (unsigned)id);
    else
        snprintf(out, 64, "%s%d%s", BEGIN[kind], id, kind ? "" : ":profile");
}

static sd_time clock_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * SD_S + t.tv_nsec;
}

static void store(int fd, int kind, int id, const char *value)
{
    char key[64];
    struct truth *t = &truth[kind][id];
    name_of(kind, id, key);
    if (kind == 2)
        SEND(fd, "SET", key, "v", "PX", "800");
    else
        SEND(fd, "SET", key, kind == 1 ? value : "v");
    *t = (struct truth){.set = true, .end = kind == 2 ? clock_now() + 800 * SD_MS : 0};
}

static void lookup(int fd, const char *value)
{
    char key[64];
    int kind = draw(KINDS), id = draw(draw(KEYS) + 1);
    struct truth *t = &truth[kind][id];
    name_of(kind, id, key);
    bool hit = SEND(fd, "GET", key) != '_';
    if (hit)
        really[kind].hits++;
    else
        really[kind].misses[!t->set                           ? (t->deleted ? KEY_INVALIDATED : KEY_COLD)
                            : t->end && t->end <= clock_now() ? KEY_EXPIRED
                                                              : KEY_EVICTED]++;
    if (!hit)
        store(fd, kind, id, value);
    if (draw(8) == 0) {
        id = draw(draw(KEYS) + 1);
        name_of(3, id, key);
        if (SEND(fd, "DEL", key) == ':' && truth[3][id].set)
            truth[3][id] = (struct truth){.deleted = true};
    }
}

static bool watching(const struct rt_watch *w)
{
    (void)w;
    return seen[0].watched > 0 && seen[0].keys == KEYS / 3 && seen[3].keys == KEYS / 3;
}

static bool counted(const struct rt_watch *w)
{
    (void)w;
    return all_seen >= wanted;
}

/* False: something is two points beside the truth. */
static bool compare(const char *what)
{
    bool right = true;
    for (int kind = 0; kind < KINDS; kind++) {
        double all = (double)really[kind].hits, of = (double)seen[kind].hits;
        for (int i = 0; i < KEY_REASONS; i++) {
            all += (double)really[kind].misses[i];
            of += (double)seen[kind].misses[i];
        }
        if (kind == 2) { /* evicted before its end and asked for behind it: only the server knows which */
            really[kind].misses[KEY_EXPIRED] += really[kind].misses[KEY_EVICTED];
            seen[kind].misses[KEY_EXPIRED] += seen[kind].misses[KEY_EVICTED];
            really[kind].misses[KEY_EVICTED] = seen[kind].misses[KEY_EVICTED] = 0;
        }
        printf("# %s: %s hits %.3f, really %.3f\n", what, PREFIXES[kind], (double)seen[kind].hits / of,
               (double)really[kind].hits / all);
        right = right && fabs((double)seen[kind].hits / of - (double)really[kind].hits / all) <= 0.02;
        for (int i = 0; i < KEY_REASONS; i++)
            if (!(fabs((double)seen[kind].misses[i] / of - (double)really[kind].misses[i] / all) <= 0.02)) {
                printf("# %s: misses of %s of reason %d: %.3f, really %.3f\n", what, PREFIXES[kind], i,
                       (double)seen[kind].misses[i] / of, (double)really[kind].misses[i] / all);
                right = false;
            }
    }
    return right;
}

static bool played(const char *what, const char *events, bool by_tcp)
{
    char given[300], value[2001];
    if (!begin_server(events, "2mb"))
        skip();
    memset(value, 'x', 2000);
    value[2000] = 0;
    memset(truth, 0, sizeof truth);
    memset(really, 0, sizeof really);
    seed = 3;
    int fd = dial(by_tcp);
    for (int kind = 0; kind < KINDS; kind++)
        for (int id = 0; id < KEYS / 3 && kind != 2; id++) /* what ended before is not known to have been */
            store(fd, kind, id, "v");
    if (by_tcp)
        snprintf(given, sizeof given, "redis:127.0.0.1:%d" MONITORED, port);
    else
        snprintf(given, sizeof given, "unix:%s" MONITORED, socket_path);
    struct rt_watch w = begin_source(given);
    if (!rt_watch_until(&w, watching, SOON))
        fail_msg("%s: nothing is watched: %s", what, w.text);
    /* In rounds, so that a busy machine keeps up: what is made between bursts is not seen. */
    for (int done = 0; done < LOOKUPS; done += ROUND) {
        wanted = all_seen + ROUND * 9 / 10;
        for (int i = 0; i < ROUND; i++)
            lookup(fd, value);
        rt_watch_until(&w, counted, 2 * SD_S);
    }
    wanted = LOOKUPS * 9 / 10;
    for (int more = 0; !rt_watch_until(&w, counted, 2 * SD_S); more++) {
        if (more == 30)
            fail_msg("%s: only %d lookups were seen", what, (int)all_seen);
        for (int i = 0; i < ROUND; i++)
            lookup(fd, value);
    }
    bool right = compare(what);
    assert_int_equal(rt_free(w.rt, SOON), 0);
    close(fd);
    end_server();
    assert_true(hot > 0);
    return right;
}

/* Of a machine that does other things some figure may be beside the truth; of a wrong method it always is. */
static void play(const char *what, const char *events, bool by_tcp)
{
    for (int try = 0; !played(what, events, by_tcp); try++)
        if (try == 3)
            fail_msg("%s: four times beside the truth", what);
}

static void known_truth(void **state)
{
    (void)state;
    play("without notifications", "", true);
    play("with notifications", "Ex$eg", true);
    play("by a Unix socket", "", false);
}

/* ---- keys ---- */

static bool keys_known(const struct rt_watch *w)
{
    (void)w;
    return seen[1].keys == KEYS_LISTED;
}

static void all_keys(void **state)
{
    (void)state;
    char given[300];
    if (!begin_server("", "0"))
        skip();
    int fd = dial(true);
    struct strbuf b = {0};
    for (int i = 0; i < KEYS_LISTED; i++) {
        char key[32];
        snprintf(key, sizeof key, "feed:%d", i);
        strbuf_printf(&b, "*3\r\n$3\r\nSET\r\n$%zu\r\n%s\r\n$3\r\nabc\r\n", strlen(key), key);
    }
    for (size_t at = 0, answered = 0; answered < KEYS_LISTED * 5;) { /* "+OK\r\n" */
        char rest[4096];
        ssize_t n = at < b.len ? send(fd, b.text + at, b.len - at, MSG_DONTWAIT) : 0;
        at += n > 0 ? (size_t)n : 0;
        n = recv(fd, rest, sizeof rest, at < b.len ? MSG_DONTWAIT : 0);
        answered += n > 0 ? (size_t)n : 0;
        assert_true(n != 0);
    }
    strbuf_free(&b);
    close(fd);
    snprintf(given, sizeof given, "redis:127.0.0.1:%d?sample=keys&budget=0.5&interval=200ms", port);
    struct rt_watch w = begin_source(given);
    if (!rt_watch_until(&w, keys_known, SOON))
        fail_msg("%d keys: %s", (int)seen[1].keys, w.text);
    assert_int_equal(seen[1].keys_low, SD_UNKNOWN); /* all were listed */
    assert_true(seen[1].bytes > KEYS_LISTED * 50 && seen[1].bytes < KEYS_LISTED * 80);
    assert_int_equal(seen[1].watched, SD_UNKNOWN); /* nothing but keys was looked at */
    assert_int_equal(cache_hits, 0);               /* our look-ups are none */
    assert_int_equal(cache_misses, 0);
    assert_int_equal(rt_free(w.rt, SOON), 0);
    end_server();
}

static int begin(void **state)
{
    (void)state;
    registry_begin(SOURCES_BUILT_IN);
    return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    end_server();
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_truth),
        cmocka_unit_test(all_keys),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
