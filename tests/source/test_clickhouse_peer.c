/* What is no ClickHouse, or one that does not answer as it should: one sentence, in time, without the
 * password. */
#include "tests/lib/test.h"

#include <pthread.h>
#include <stdlib.h>

#include "store/clickhouse_internal.h"
#include "store/store.h"
#include "tests/lib/peer.h"

#define HEAD(status, length) "HTTP/1.1 " status "\r\nContent-Length: " length "\r\n\r\n"
#define SECRET               "n0t-for-the-screen"

static enum sd_result open_at(int port, struct sd_error *err)
{
    char url[100];
    struct store *s = NULL;
    struct store_options o = {.write = true, .password = SECRET};
    snprintf(url, sizeof url, "clickhouse://ops@127.0.0.1:%d/db", port);
    *err = (struct sd_error){.text = ""};
    enum sd_result r = store_open(url, &o, &s, err);
    assert_true((r == SD_OK) == (s != NULL));
    store_close(s);
    assert_null(strstr(err->text, SECRET));
    assert_true(r == SD_OK || *err->text);
    return r;
}

static void answers(void **state)
{
    (void)state;
    static const struct {
        enum peer_script script;
        const char *reply;
        enum sd_result result;
        const char *says;
    } CASES[] = {
        {PEER_REFUSES, "", SD_RETRY, "cannot ask"},
        {PEER_NO_ANSWER, "", SD_RETRY, "in time"},
        {PEER_MUTE, "", SD_RETRY, "in time"},
        {PEER_DRIPS, HEAD("200 OK", "100000") "x", SD_RETRY, ""},
        {PEER_GARBAGE, "", SD_RETRY, ""},
        {PEER_DISCONNECTS, "", SD_RETRY, "cannot ask"},
        {PEER_CUTS, HEAD("200 OK", "4000") "history", SD_RETRY, "was cut"},
        {PEER_CUTS, HEAD("200 OK", "60") "history history history history history history history history",
         SD_RETRY, "cannot ask"},
        {PEER_GREETS, HEAD("200 OK", "4") "\xff\xff\xff\xff", SD_RETRY, "damaged"},
        {PEER_GREETS, HEAD("200 OK", "4") "\3abc", SD_RETRY, "damaged"},
        {PEER_GREETS, HEAD("200 OK", "9") "\x80\x80\x80\x80\x80\x80\x80\x80\x80", SD_RETRY, "damaged"},
        {PEER_GREETS, HEAD("200 OK", "4294967296") "\3abc", SD_RETRY, "in time"},
        {PEER_GREETS, HEAD("200 OK", "5") "\4a\0bc", SD_RETRY, "damaged"},
        {PEER_GREETS, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
         SD_CONFIG, "not followed"},
        {PEER_GREETS, HEAD("404 Not Found", "9") "<html>404", SD_CONFIG, "perhaps no ClickHouse"},
        {PEER_GREETS, HEAD("503 Busy", "0"), SD_RETRY, "without a reason"},
        {PEER_GREETS,
         HEAD("500 No", "92") "Code: 241, e.displayText() = DB::Exception: Memory limit \x1b[31m, e.what() = "
                              "DB::Exception"
                              "          ",
         SD_RETRY, "Memory limit"},
        {PEER_GREETS,
         HEAD("403 No", "70") "Code: 516. DB::Exception: ops: Authentication failed (password=" SECRET ")",
         SD_CONFIG, "Authentication failed"},
        {PEER_GREETS, HEAD("500 No", "57") "Code: 252, e.displayText() = DB::Exception: Too many parts",
         SD_RETRY, "Too many"},
    };
    clickhouse_read_wait_ns = clickhouse_put_wait_ns = 500 * SD_MS;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        size_t len = strlen(CASES[i].reply);
        if (str_ends(CASES[i].reply, "\4a")) /* with a NUL */
            len += 3;
        struct peer *p = peer_start(CASES[i].script, CASES[i].reply, len);
        struct sd_error err;
        assert_non_null(p);
        enum sd_result r = open_at(peer_port(p), &err);
        if (r != CASES[i].result || !strstr(err.text, CASES[i].says) || strchr(err.text, '\x1b'))
            fail_msg("case %zu: %d, %s", i, r, err.text);
        peer_stop(p);
    }
}

static void urls(void **state)
{
    (void)state;
    static const struct {
        const char *url, *says;
    } CASES[] = {
        {"clickhouse:", "names no ClickHouse"},
        {"clickhouse://", "names no ClickHouse"},
        {"clickhouse:///db", "names no ClickHouse"},
        {"clickhouse://u:" SECRET "@h/db", "CLICKHOUSE_PASSWORD"},
        {"clickhouse://h:0/db", "no port"},
        {"clickhouse://h:99999/db", "no port"},
        {"clickhouse://h:8123x/db", "no port"},
        {"clickhouse://h/db/more", "names no ClickHouse"},
        {"clickhouse://h/db?x=1", "names no ClickHouse"},
        {"clickhouse://a b/db", "names no ClickHouse"},
        {"clickhouse://%zz\n@h/d%00b", "not well formed"},
        {"clickhouse://h/d%0ab", "not well formed"},
        {"clickhouse://ops@192.0.2.1/db", "clickhouses://"}, /* a password over plain http */
        {"clickhouse://ops@[2001:db8::1]:8123/db", "clickhouses://"},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct store *s;
        struct sd_error err = {.text = ""};
        struct store_options o = {.password = SECRET};
        enum sd_result r = store_open(CASES[i].url, &o, &s, &err);
        if (r != SD_CONFIG || !strstr(err.text, CASES[i].says) || strstr(err.text, SECRET))
            fail_msg("%s: %d, %s", CASES[i].url, r, err.text);
    }
}

/* Names become SQL as they are, and nothing else. */
static void quoting(void **state)
{
    (void)state;
    struct strbuf b = {0};
    sql_text(&b, "a'b\\c\n`");
    assert_string_equal(strbuf_text(&b), "'a\\'b\\\\c\n`'");
    strbuf_clear(&b);
    sql_name(&b, "a'b\\c`");
    assert_string_equal(strbuf_text(&b), "`a'b\\\\c\\``");
    strbuf_free(&b);
    struct sd_error err;
    char *schema = store_schema("clickhouse://h/we`ird", &(struct store_options){.cluster = "x'y"}, &err);
    assert_non_null(strstr(schema, "`we\\`ird`.`history_10s_local`"));
    assert_non_null(strstr(schema, "Distributed('x\\'y', 'we`ird', 'history_10s_local', run)"));
    free(schema);
}

static struct clickhouse *waiting;
static atomic_int over;

static void *interrupt_it(void *unused)
{
    (void)unused;
    while (!atomic_load(&over)) /* it may not wait yet */
        store_interrupt(&waiting->base);
    return NULL;
}

static void interrupted(void **state)
{
    (void)state;
    struct peer *p = peer_start(PEER_MUTE, "", 0);
    struct clickhouse c = {.base = {.ops = &clickhouse_store_ops}};
    struct sd_error err;
    char url[60];
    pthread_t thread;
    snprintf(url, sizeof url, "clickhouse://127.0.0.1:%d/db", peer_port(p));
    assert_int_equal(clickhouse_connect(&c, url, &(struct store_options){0}, &err), SD_OK);
    clickhouse_read_wait_ns = 600 * SD_S;
    waiting = &c;
    pthread_create(&thread, NULL, interrupt_it, NULL);
    assert_int_equal(clickhouse_ask(&c, &(struct clickhouse_ask){.sql = "SELECT 1"}, &err), SD_RETRY);
    assert_non_null(strstr(err.text, "withdrawn"));
    atomic_store(&over, 1);
    pthread_join(thread, NULL);
    clickhouse_disconnect(&c);
    free(c.base.url);
    peer_stop(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
        cmocka_unit_test(urls),
        cmocka_unit_test(quoting),
        cmocka_unit_test(interrupted),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
