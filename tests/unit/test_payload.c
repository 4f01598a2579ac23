/* What receivers are sent, to the byte; and that hostile names stay within the limits of each. */
#include "tests/lib/test.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "core/goals/alert_test.h"
#include "core/goals/heartbeat.h"
#include "core/labels.h"
#include "format/goals/payload.h"

#define OPENED INT64_C(1795348800000000000) /* 2026-11-22T12:00:00Z */

static const struct goal_play STEPS[] = {{.text = "Is it a traffic spike?"}, {.text = "a < b & c?"}};
static const struct goal_playbook BOOK = {
    .name = "response-time", .title = "Response time is high", .steps = STEPS, .n_steps = 2};
static const struct goal_receiver HOOK = {.name = "hook", .type = GOAL_WEBHOOK};
static const struct delivery_instance TOTAL = {
    .value = 230e6, .firing = true, .fired_at = OPENED, .resolved_at = SD_UNKNOWN};
static const struct payload_about ABOUT = {.host = "web1", .console = "slowdive --at 2026-11-22T12:00:00Z"};

static struct delivery firing(void)
{
    return (struct delivery){.incident = "api@2026-11-22T12:00:00.000Z",
                             .key = "api@2026-11-22T12:00:00.000Z/0/hook/firing",
                             .alert = "api",
                             .kind = DELIVERY_FIRING,
                             .receiver = &HOOK,
                             .unit = "ns",
                             .threshold = 200e6,
                             .window_ns = 300 * SD_S,
                             .at = OPENED,
                             .opened_at = OPENED,
                             .ends_at = OPENED + 300 * SD_S,
                             .playbook = &BOOK,
                             .instances = &TOTAL,
                             .n_instances = 1};
}

static void says(char *json, const char *wanted)
{
    assert_string_equal(json, wanted);
    free(json);
}

static void slack(void **state)
{
    (void)state;
    struct delivery d = firing();
    says(
        payload_slack(&d, &ABOUT),
        "{\"text\":\"[FIRING] api warning: 230 ms, limit 200 ms, over 5m\\nPlaybook: Response time is high\\n"
        "1. Is it a traffic spike?\\n2. a &lt; b &amp; c?\\nConsole: slowdive --at 2026-11-22T12:00:00Z\"}");
    d.kind = DELIVERY_RESOLVED;
    d.severity = GOAL_CRITICAL;
    says(payload_slack(&d, &(struct payload_about){.host = "web1"}),
         "{\"text\":\"[RESOLVED] api critical: 230 ms, limit 200 ms, over 5m\"}");
    const struct delivery_instance two[] = {{.instance = "GET /a<!channel>", .value = 0.5, .firing = true},
                                            {.instance = "@here \x01\n\xff|`", .value = NAN, .firing = true}};
    d = firing();
    d.kind = DELIVERY_TEST;
    d.alert = "<!here> & co";
    d.unit = "share";
    d.threshold = .25;
    d.instances = two;
    d.n_instances = 2;
    d.playbook = NULL;
    says(payload_slack(&d, &(struct payload_about){.host = "web1"}),
         "{\"text\":\"[TEST] &lt;!here&gt; &amp; co warning: 50.0 %, limit 25.0 %, over 5m\\n"
         "\xe2\x80\xa2 GET /a&lt;!channel&gt;: 50.0 %\\n"
         "\xe2\x80\xa2 \xef\xbc\xa0here   \xef\xbf\xbd|`: unknown\"}");
}

static void pagerduty(void **state)
{
    (void)state;
    struct delivery d = firing();
    says(payload_pagerduty(&d, &ABOUT, "KEY"),
         "{\"routing_key\":\"KEY\",\"event_action\":\"trigger\",\"dedup_key\":\"api@2026-11-22T12:00:00."
         "000Z\","
         "\"payload\":{\"summary\":\"[FIRING] api warning: 230 ms, limit 200 ms, over "
         "5m\",\"source\":\"web1\",\"severity\":\"warning\","
         "\"timestamp\":\"2026-11-22T12:00:00.000Z\",\"component\":\"api\",\"custom_details\":{\"alert\":"
         "\"api\","
         "\"incident\":\"api@2026-11-22T12:00:00.000Z\",\"value\":\"230 ms\",\"threshold\":\"200 "
         "ms\",\"window\":\"5m\","
         "\"reason\":null,\"instances\":[{\"instance\":null,\"value\":\"230 ms\"}],\"more_instances\":0,"
         "\"playbook\":\"Response time is high\",\"steps\":[\"Is it a traffic spike?\",\"a < b & c?\"],"
         "\"console\":\"slowdive --at 2026-11-22T12:00:00Z\"}}}");
    static const struct {
        enum delivery_kind kind;
        bool firing;
        const char *action;
    } ACTIONS[] = {{DELIVERY_FIRING, true, "trigger"},
                   {DELIVERY_RESOLVED, false, "resolve"},
                   {DELIVERY_ACKNOWLEDGE, true, "acknowledge"},
                   {DELIVERY_TEST, true, "trigger"},
                   {DELIVERY_TEST, false, "resolve"}};
    for (size_t i = 0; i < ARRAY_LEN(ACTIONS); i++) {
        struct delivery_instance one = TOTAL;
        one.firing = ACTIONS[i].firing;
        d.kind = ACTIONS[i].kind;
        d.instances = &one;
        char *json = payload_pagerduty(&d, &ABOUT, "KEY");
        cJSON *o = cJSON_Parse(json);
        assert_string_equal(cJSON_GetObjectItem(o, "event_action")->valuestring, ACTIONS[i].action);
        cJSON_Delete(o);
        free(json);
    }
}

static void webhook(void **state)
{
    (void)state;
    const struct delivery_instance two[] = {
        {.instance = "GET /a", .value = 230e6, .firing = true, .fired_at = OPENED, .resolved_at = SD_UNKNOWN},
        {.instance = "GET /b",
         .value = 190e6,
         .firing = false,
         .fired_at = OPENED,
         .resolved_at = OPENED + 60 * SD_S}};
    struct delivery d = firing();
    d.playbook = NULL;
    d.instances = two;
    d.n_instances = 2;
    /* The fingerprints are those of Prometheus' client library for the same labels. */
    says(payload_webhook(&d, &(struct payload_about){.host = "web1"}),
         "{\"receiver\":\"hook\",\"status\":\"firing\",\"alerts\":[{\"status\":\"firing\",\"labels\":{"
         "\"alertname\":"
         "\"api\",\"instance\":\"GET /a\",\"severity\":\"warning\"},\"annotations\":{\"summary\":\"[FIRING] "
         "api warning: 230 "
         "ms, limit 200 ms, over 5m\",\"value\":\"230 ms\",\"threshold\":\"200 "
         "ms\",\"incident\":\"api@2026-11-22T12:00:00.000Z\"},\"startsAt\":\"2026-11-22T12:00:00.000Z\","
         "\"endsAt\":\"0001-"
         "01-01T00:00:00Z\",\"generatorURL\":\"\",\"fingerprint\":\"5054c110eee68560\"},{\"status\":"
         "\"resolved\",\"labels\":{"
         "\"alertname\":\"api\",\"instance\":\"GET "
         "/b\",\"severity\":\"warning\"},\"annotations\":{\"summary\":\"[FIRING] api "
         "warning: 190 ms, limit 200 ms, over 5m\",\"value\":\"190 ms\",\"threshold\":\"200 "
         "ms\",\"incident\":\"api@2026-11-22T12:00:00.000Z\"},\"startsAt\":\"2026-11-22T12:00:00.000Z\","
         "\"endsAt\":\"2026-"
         "11-22T12:01:00.000Z\",\"generatorURL\":\"\",\"fingerprint\":\"d1bb423150a76d71\"}],\"groupLabels\":"
         "{\"alertname\":\"api\"},"
         "\"commonLabels\":{\"alertname\":\"api\",\"severity\":\"warning\"},\"commonAnnotations\":{"
         "\"threshold\":\"200 "
         "ms\",\"incident\":\"api@2026-11-22T12:00:00.000Z\"},\"externalURL\":\"\",\"version\":\"4\","
         "\"groupKey\":\"api@2026-"
         "11-22T12:00:00.000Z\",\"truncatedAlerts\":0}");
}

static void alertmanager(void **state)
{
    (void)state;
    struct delivery d = firing();
    d.playbook = NULL;
    says(payload_alertmanager(&d, &(struct payload_about){.host = "web1"}),
         "[{\"labels\":{\"alertname\":\"api\",\"severity\":\"warning\"},\"annotations\":{\"summary\":\"["
         "FIRING] api warning: "
         "230 ms, limit 200 ms, over 5m\",\"value\":\"230 ms\",\"threshold\":\"200 "
         "ms\",\"incident\":\"api@2026-11-22T12:00:00.000Z\"},\"startsAt\":\"2026-11-22T12:00:00.000Z\","
         "\"endsAt\":\"2026-"
         "11-22T12:05:00.000Z\"}]");
    d.kind = DELIVERY_RESOLVED;
    d.ends_at = OPENED + 120 * SD_S;
    char *json = payload_alertmanager(&d, &ABOUT);
    assert_non_null(strstr(json, "\"endsAt\":\"2026-11-22T12:02:00.000Z\""));
    free(json);
}

/* Of a slo: figures without a unit; what has no threshold says its reason. */
static void headlines(void **state)
{
    (void)state;
    struct delivery_instance one = TOTAL;
    struct delivery d = firing();
    struct strbuf b = {0};
    d.alert = "checkout/critical";
    d.severity = GOAL_CRITICAL;
    d.unit = "burn";
    d.threshold = 14.4;
    d.window_ns = 3600 * SD_S;
    one.value = 20.25;
    d.instances = &one;
    payload_headline(&d, &b);
    assert_string_equal(b.text, "[FIRING] checkout/critical critical: 20.25 burn, limit 14.4 burn, over 1h");
    strbuf_clear(&b);
    d.threshold = NAN;
    d.reason = "slowdive evaluates its alerts";
    payload_headline(&d, &b);
    assert_string_equal(b.text, "[FIRING] checkout/critical critical: slowdive evaluates its alerts");
    strbuf_clear(&b);
    payload_duration(&b, 5400 * SD_S);
    assert_string_equal(b.text, "1h30m");
    strbuf_clear(&b);
    d.key = "a\r\nX: \xc3\xa4%/0/hook/firing";
    payload_idempotency_key(&d, &b);
    assert_string_equal(b.text, "a%20%20X:%20%C3%A4%/0/hook/firing");
    strbuf_free(&b);
    const struct delivery_instance below[] = {{.value = 3}, {.value = NAN}, {.value = 2}};
    d.instances = below;
    d.n_instances = 3;
    d.below = true;
    assert_true(payload_worst(&d) == 2);
    d.below = false;
    assert_true(payload_worst(&d) == 3);
}

static void no_people(void **state)
{
    (void)state;
    static const struct {
        const char *instance, *sent;
    } NAMES[] = {{"GET /a?user=b", "GET /a?user=b"},
                 {"host=web1,user=alice\\,x,zone=b", "host=web1,user=***,zone=b"},
                 {"client_addr=203.0.113.9", "client_addr=***"},
                 {"Client=x,", "Client=***,"},
                 {"users=3,=,user", "users=3,=,user"},
                 {"user=a\\", "user=***"},
                 {"db.user=alice,enduser.id=7,host=h", "db.user=***,enduser.id=***,host=h"},
                 {"server.address=h,client.address=10.0.0.7", "server.address=h,client.address=***"},
                 {"User-Name=alice,superuser=no", "User-Name=***,superuser=no"},
                 {"", ""}};
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        char *sent = labels_hide_people(NAMES[i].instance);
        assert_string_equal(sent, NAMES[i].sent);
        free(sent);
    }
    assert_null(labels_hide_people(NULL));
    struct delivery_instance one = TOTAL;
    struct delivery d = firing();
    one.instance = "user=alice";
    d.instances = &one;
    char *all[] = {payload_slack(&d, &ABOUT), payload_pagerduty(&d, &ABOUT, "K"), payload_webhook(&d, &ABOUT),
                   payload_alertmanager(&d, &ABOUT)};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        assert_null(strstr(all[i], "alice"));
        assert_non_null(strstr(all[i], "user=***"));
        free(all[i]);
    }
    /* Each its own incident: Alertmanager knows them apart by what the key says. */
    d.incident = "api{user=***~2}@2026-11-29T10:00:00.000Z";
    d.alert = "api";
    char *alert = payload_alertmanager(&d, &ABOUT);
    assert_non_null(strstr(alert, "\"instance\":\"user=***~2\""));
    free(alert);
}

static size_t count_characters(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static char *repeated(const char *what, size_t bytes)
{
    struct strbuf b = {0};
    while (b.len < bytes)
        strbuf_str(&b, what);
    return strbuf_detach(&b);
}

/* 10,000 instances with names of a megabyte of each kind of text that is longer when it is written. */
static void hostile(void **state)
{
    (void)state;
    static const char *const BITS[] = {"<",        "&<!channel>", "\"\\", "\x01\x1b[31m", "\xf0\x9f\x98\x80",
                                       "\xff\xfe", "\xe2\x80\xae"};
    for (size_t b = 0; b < ARRAY_LEN(BITS); b++) {
        char *name = repeated(BITS[b], b ? 20000 : 1 << 20);
        struct delivery_instance *many = mem_array(2000, sizeof *many);
        struct goal_play steps[100];
        struct goal_playbook book = {.name = name, .title = name, .steps = steps, .n_steps = 100};
        struct delivery d = firing();
        for (size_t i = 0; i < 100; i++)
            steps[i] = (struct goal_play){.text = name};
        for (size_t i = 0; i < 2000; i++) {
            many[i] = TOTAL;
            many[i].instance = name + i * (i < 50);
        }
        d.alert = d.incident = d.key = name;
        d.reason = name;
        d.playbook = &book;
        d.instances = many;
        d.n_instances = 2000;
        struct payload_about about = {.host = name, .console = name};
        char *slack = payload_slack(&d, &about), *event = payload_pagerduty(&d, &about, "KEY"),
             *hook = payload_webhook(&d, &about);
        cJSON *o = cJSON_Parse(slack), *e = cJSON_Parse(event), *h = cJSON_Parse(hook);
        assert_true(o && e && h);
        assert_true(utf8_valid(slack, strlen(slack)) && utf8_valid(event, strlen(event)));
        const char *text = cJSON_GetObjectItem(o, "text")->valuestring;
        assert_true(count_characters(text) <= PAYLOAD_SLACK_MAX);
        assert_null(strchr(text, '<'));
        assert_non_null(strstr(text, "\nand "));
        assert_non_null(strstr(text, "\nConsole: "));
        assert_true(strlen(event) < PAYLOAD_EVENT_MAX);
        assert_true(count_characters(cJSON_GetObjectItem(e, "dedup_key")->valuestring) <= PAYLOAD_KEY_MAX);
        assert_true(count_characters(
                        cJSON_GetObjectItem(cJSON_GetObjectItem(e, "payload"), "summary")->valuestring) <=
                    PAYLOAD_SUMMARY_MAX);
        assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(h, "alerts")), PAYLOAD_ALERTS_MAX);
        assert_int_equal(cJSON_GetObjectItem(h, "truncatedAlerts")->valueint, 1000);
        cJSON_Delete(o);
        cJSON_Delete(e);
        cJSON_Delete(h);
        free(slack);
        free(event);
        free(hook);
        free(many);
        free(name);
    }
}

/* Twenty are listed, whatever their number; two incidents of long names stay two. */
static void limits(void **state)
{
    (void)state;
    struct delivery_instance many[27];
    struct delivery d = firing();
    for (size_t i = 0; i < 27; i++) {
        many[i] = TOTAL;
        many[i].instance = "GET /a";
    }
    d.instances = many;
    d.n_instances = 27;
    char *json = payload_slack(&d, &ABOUT);
    size_t lines = 0;
    for (const char *at = json; (at = strstr(at, "GET /a: 230 ms")); at++)
        lines++;
    assert_int_equal(lines, 20);
    assert_non_null(strstr(json, "\\nand 7 more\\nPlaybook"));
    free(json);
    char *one = repeated("x", 300), *two = repeated("x", 300);
    two[299] = 'y';
    struct strbuf a = {0}, b = {0};
    payload_key(&a, one, PAYLOAD_KEY_MAX);
    payload_key(&b, two, PAYLOAD_KEY_MAX);
    assert_int_equal(a.len, PAYLOAD_KEY_MAX);
    assert_string_not_equal(a.text, b.text);
    strbuf_free(&a);
    strbuf_free(&b);
    free(one);
    free(two);
}

static void heartbeat(void **state)
{
    (void)state;
    struct goal_policy p = {.receivers = &HOOK, .n_receivers = 1, .heartbeat = {"hook", 300 * SD_S}};
    struct arena *a = arena_new();
    struct delivery d;
    assert_true(heartbeat_due(&p, SD_UNKNOWN, OPENED));
    assert_false(heartbeat_due(&p, OPENED, OPENED));
    assert_false(heartbeat_due(&p, OPENED, OPENED + 299 * SD_S));
    assert_true(heartbeat_due(&p, OPENED, OPENED + 300 * SD_S));
    assert_true(heartbeat_due(&p, OPENED, OPENED - SD_S));
    assert_true(heartbeat_delivery(&p, OPENED, a, &d));
    assert_string_equal(d.key, "heartbeat@2026-11-22T12:00:00.000Z/0/hook/firing");
    says(payload_slack(&d, &(struct payload_about){.host = "web1"}),
         "{\"text\":\"[FIRING] heartbeat warning: slowdive evaluates its alerts\"}");
    p.of_folder = true;
    assert_false(heartbeat_due(&p, SD_UNKNOWN, OPENED));
    assert_false(heartbeat_delivery(&p, OPENED, a, &d));
    p.of_folder = false;
    p.heartbeat.to = "nobody";
    assert_false(heartbeat_delivery(&p, OPENED, a, &d));
    arena_free(a);
}

/* Each step once, in order; PagerDuty is closed again; what the test cannot be about is said. */
static void a_test(void **state)
{
    (void)state;
    const struct goal_step steps[] = {{0, "hook"}, {300 * SD_S, "page"}, {600 * SD_S, "gone"}};
    const struct goal_escalation e = {.name = "default", .steps = steps, .n_steps = 3};
    const struct goal_receiver r[] = {HOOK, {.name = "page", .type = GOAL_PAGERDUTY}};
    const struct goal_kpi kpis[] = {
        {.name = "api", .has_alert = true, .alert = {.limit = {.value = 200e6}}},
        {.name = "rate", .has_alert = true, .alert = {.limit = {.below = true, .value = 10}}}};
    struct goal_policy p = {
        .kpis = kpis, .n_kpis = 2, .escalations = &e, .n_escalations = 1, .receivers = r, .n_receivers = 2};
    struct arena *a = arena_new();
    struct alert_test t;
    struct sd_error err;
    assert_true(alert_test_make(&p, NULL, OPENED, a, &t, &err));
    assert_int_equal(t.n, 3);
    assert_string_equal(t.deliveries[0].key, "test/api@2026-11-22T12:00:00.000Z/0/hook/test");
    assert_string_equal(t.deliveries[1].key, "test/api@2026-11-22T12:00:00.000Z/1/page/test");
    assert_string_equal(t.deliveries[2].key, "test/api@2026-11-22T12:00:00.000Z/1/page/test-end");
    assert_false(payload_is_over(&t.deliveries[1]));
    assert_true(payload_is_over(&t.deliveries[2]));
    assert_true(t.after_ns[0] == 0 && t.after_ns[1] == 300 * SD_S);
    assert_true(payload_worst(&t.deliveries[0]) > 200e6);
    assert_true(alert_test_make(&p, "rate", OPENED, a, &t, &err));
    assert_true(payload_worst(&t.deliveries[0]) < 10);
    assert_false(alert_test_make(&p, "apy", OPENED, a, &t, &err));
    assert_string_equal(err.text, "there is no alert apy; did you mean \"api\"?");
    p.n_receivers = 0;
    assert_false(alert_test_make(&p, "api", OPENED, a, &t, &err));
    p.n_receivers = 2;
    p.of_folder = true;
    p.file = "./slowdive-policy.yaml";
    assert_false(alert_test_make(&p, "api", OPENED, a, &t, &err));
    assert_non_null(strstr(err.text, "never used"));
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slack),        cmocka_unit_test(pagerduty), cmocka_unit_test(webhook),
        cmocka_unit_test(alertmanager), cmocka_unit_test(headlines), cmocka_unit_test(hostile),
        cmocka_unit_test(limits),       cmocka_unit_test(no_people), cmocka_unit_test(heartbeat),
        cmocka_unit_test(a_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
