/* Where load may go: this machine always, another host only with its own word, and nothing is sent before. */
#include "tests/lib/test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <math.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/load/load_target.h"
#include "tests/lib/dial.h"
#include "tests/lib/http_peer.h"
#include "tests/lib/peer.h"

static bool opens(const char *url, const char *allow, double rate, struct load_target *t,
                  struct sd_error *err)
{
    const struct load_target_ask ask = {
        .url = url, .allow = allow, .rate_per_s = rate, .duration_ns = 10 * SD_S};
    err->text[0] = 0;
    return load_target_open(&ask, t, err);
}

static void this_machine_is_always_allowed(void **state)
{
    (void)state;
    static const char *const good[] = {"http://127.0.0.1:1", "http://127.255.0.9:1", "http://[::1]:1",
                                       "http://localhost:1", "http://[::ffff:127.0.0.1]:1"};
    static const char *const bad[] = {"http://192.0.2.1:1", "http://[::ffff:192.0.2.1]:1",
                                      "http://[fe80::1]:1"};
    static const char *const none[] = {"http://0.0.0.0:1", "http://[::]:1"};
    struct load_target t;
    struct sd_error err;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        if (!opens(good[i], NULL, 1e6, &t, &err))
            fail_msg("%s: %s", good[i], err.text);
        assert_true(t.loopback && t.n_addresses > 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(opens(bad[i], NULL, 1, &t, &err));
        assert_non_null(strstr(err.text, "--allow"));
        assert_false(opens(bad[i], "127.0.0.1", 1, &t, &err));
        assert_non_null(strstr(err.text, "--allow names 127.0.0.1"));
    }
    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        assert_false(opens(none[i], "0.0.0.0", 1, &t, &err));
        assert_non_null(strstr(err.text, "is no host"));
    }
    assert_false(opens("http://no-such-host.invalid:1", NULL, 1, &t, &err));
}

/* localhost has two addresses; the server listens at one. */
static void addresses_where_nobody_listens_are_left_out(void **state)
{
    (void)state;
    struct load_target t;
    struct sd_error err;
    struct http_peer *p = http_peer_start(false);
    char url[60];
    snprintf(url, sizeof url, "http://localhost:%u", http_peer_port(p));
    assert_true(opens(url, NULL, 1, &t, &err));
    assert_int_equal(t.n_addresses, 1);
    assert_int_equal(t.addresses[0].ss_family, AF_INET);
    http_peer_stop(p);
}

/* An address of this machine that is not its loopback: the nearest to another host that a test has. */
static bool own_address(char out[INET_ADDRSTRLEN])
{
    struct ifaddrs *list;
    bool found = false;
    if (getifaddrs(&list))
        return false;
    for (const struct ifaddrs *i = list; i && !found; i = i->ifa_next)
        if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET && i->ifa_flags & IFF_UP &&
            !(i->ifa_flags & IFF_LOOPBACK))
            found = inet_ntop(AF_INET, &((const struct sockaddr_in *)i->ifa_addr)->sin_addr, out,
                              INET_ADDRSTRLEN);
    freeifaddrs(list);
    return found;
}

static void another_host_gives_its_word(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body, *says; /* NULL: it may go */
    } cases[] = {
        {404, "", "answers 404"},
        {302, "", "answers 302"},
        {200, "max_rate_per_s: 100\nmax_duration_s: 10\n", NULL},
        {200, "max_rate_per_s: 99\nmax_duration_s: 10\n", "permits 99 requests a second"},
        {200, "max_rate_per_s: 100\nmax_duration_s: 9\n", "permits load for 9 s"},
        {200, "max_rate_per_s: 100\n", "does not say max_duration_s"},
        {200, "<html>yes</html>", "neither max_rate_per_s nor"},
    };
    char ip[INET_ADDRSTRLEN], url[60];
    struct load_target t;
    struct sd_error err;
    if (!own_address(ip))
        skip();
    struct http_peer *p = http_peer_start(true);
    snprintf(url, sizeof url, "http://%s:%u/shop", ip, http_peer_port(p));
    assert_false(opens(url, NULL, 100, &t, &err));
    assert_int_equal(http_peer_connections(p), 0); /* nothing was sent */
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        http_peer_word(p, cases[i].status, cases[i].body);
        bool ok = opens(url, ip, 100, &t, &err);
        if (ok != !cases[i].says || (!ok && !strstr(err.text, cases[i].says)))
            fail_msg("case %zu: %s", i, err.text);
    }
    assert_int_equal(http_peer_requests(p), ARRAY_LEN(cases));
    char *last = http_peer_last(p);
    assert_true(str_starts(last, "GET /.well-known/slowdive-load HTTP/1.1\r\n"));
    free(last);
    http_peer_stop(p);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN); /* as the program does */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(this_machine_is_always_allowed),
        cmocka_unit_test(addresses_where_nobody_listens_are_left_out),
        cmocka_unit_test(another_host_gives_its_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
