/* Lines of MONITOR, with notifications between them. */
#include "tests/lib/test.h"

#include <string.h>

#include "format/caches/monitor_feed.h"

static struct monitor_feed feed;
static struct monitor_item item;

static void line(const char *text)
{
    size_t n = strlen(text);
    monitor_feed_line(&feed, text, n, n + 1, &item);
}

static void test_commands(void **state)
{
    (void)state;
    memset(&feed, 0, sizeof feed);
    line("1795990945.024757 [3 [::1]:5000] \"SET\" \"a b\\\"\\\\\" \"\\x00\\n\\xff\"");
    assert_int_equal(item.what, MONITOR_COMMAND);
    assert_int_equal(item.at, 1795990945 * SD_S + 24757 * SD_US);
    assert_int_equal(item.db, 3);
    assert_string_equal(item.client, "[::1]:5000");
    assert_int_equal(item.n, 3);
    assert_string_equal(item.arguments[1], "a b\"\\");
    assert_int_equal(item.lengths[2], 3);
    assert_memory_equal(item.arguments[2], "\0\n\xff", 3);
    assert_false(item.cut);
    line("1795990945.024757 [0 lua] \"get\" \"x\"");
    assert_string_equal(item.client, "lua");
    line("1795990945.024757 \"get\" \"x\"");
    assert_int_equal(item.n, 2);
    monitor_feed_line(&feed, "1795990945.024757 [0 lua] \"set\" \"x\" \"long", 41, 9000, &item);
    assert_int_equal(item.n, 2);
    assert_true(item.cut);
    assert_int_equal(feed.unread, 0);
    static const char *const WRONG[] = {"1",
                                        "1795990945.02475",
                                        "1795990945.024757 [0 lua]",
                                        "99999999999999999999.000000 \"x\"",
                                        "1795990945.024757 [0 ",
                                        "1795990945.024757 [0 lua] get"};
    for (size_t i = 0; i < ARRAY_LEN(WRONG); i++) {
        line(WRONG[i]);
        assert_int_equal(item.what, MONITOR_NOTHING);
    }
    assert_int_equal(feed.unread, ARRAY_LEN(WRONG));
}

static void test_events(void **state)
{
    (void)state;
    static const char *const LINES[] = {
        "OK", "*4", "$8", "pmessage", "$16", "__keyevent@*__:*", "$22", "__keyevent@2__:expired", "$6"};
    memset(&feed, 0, sizeof feed);
    for (size_t i = 0; i < ARRAY_LEN(LINES); i++) {
        line(LINES[i]);
        assert_int_equal(item.what, MONITOR_NOTHING);
    }
    monitor_feed_line(&feed, "ab", 2, 2, &item); /* a key with a line end in it */
    assert_int_equal(item.what, MONITOR_NOTHING);
    line("cde");
    assert_int_equal(item.what, MONITOR_EVENT);
    assert_string_equal(item.event, "expired");
    assert_int_equal(item.db, 2);
    assert_int_equal(item.lengths[0], 6);
    assert_memory_equal(item.arguments[0], "ab\ncde", 6);
    static const char *const SPACE[] = {"*3", "$7", "message", "$21", "__keyspace@0__:user:1", "$7"};
    for (size_t i = 0; i < ARRAY_LEN(SPACE); i++)
        line(SPACE[i]);
    line("evicted");
    assert_int_equal(item.what, MONITOR_EVENT);
    assert_string_equal(item.event, "evicted");
    assert_string_equal(item.arguments[0], "user:1");
    static const char *const SUBSCRIBED[] = {"*3", "$10", "psubscribe", "$16", "__keyevent@*__:*", ":1"};
    for (size_t i = 0; i < ARRAY_LEN(SUBSCRIBED); i++) {
        line(SUBSCRIBED[i]);
        assert_int_equal(item.what, MONITOR_NOTHING);
    }
    line("1795990945.024757 [0 lua] \"get\" \"x\"");
    assert_int_equal(item.what, MONITOR_COMMAND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
