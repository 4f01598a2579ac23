/* Results of other load tools that are broken, refused, or written in an unusual way. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>

#include "core/loads/report.h"
#include "core/result.h"
#include "format/loads/load_reader.h"
#include "tests/lib/load_text.h"

#define U     SD_UNKNOWN
#define MS(x) ((int64_t)((x)*1e6 + 0.5))

/* ---- what is refused ---- */

static void test_refused(void **state)
{
    (void)state;
    static const char GOB[] = "\x7f\xff\x81\x03\x01\x01\x06Result\x01\xff\x82\x00\x01\x0a\x01\x06"
                              "Attack\x01\x0c\x00\x01\x03Seq\x01\x06\x00\x01\x07Latency\x01\x04\x00";
    static const char GATLING[] = "\x00\x00\x00\x00\x06"
                                  "3.12.0\x00\x00\x00\x00\x09shop.Sim\x00";
    static const struct {
        const char *bytes;
        size_t n;
        const char *tool, *sentence;
    } rows[] = {
        {"", 0, NULL, "is empty"},
        {"", 0, "k6", "is empty"},
        {"\n\n \n", 4, NULL, "is no result of a load tool that is known"},
        {"hello world\n", 12, NULL, "is no result of a load tool that is known"},
        {"hello world\n", 12, "wrk", "is no result of wrk"},
        {GOB, sizeof GOB - 1, NULL, "vegeta encode"},
        {GOB, sizeof GOB - 1, "vegeta", "vegeta encode"},
        {GATLING, sizeof GATLING - 1, NULL, "Gatling 3.12"},
        {GATLING, sizeof GATLING - 1, "gatling", "Gatling 3.12"},
        {"Timestamp,User Count,Type,Name,Requests/s\n", 42, NULL, "_stats.csv"},
        {"Running 4s test @ http://127.0.0.1:1/\n", 38, NULL, "without its result"},
        {"response-time,DNS+dialup,DNS,Request-write\n", 43, NULL, "holds no request"},
        {"response-time,DNS+dialup,DNS,Request-write\nx,y\n", 47, NULL, "line 2 has not 8 fields"},
        {"{\"latencies\":{},\"bytes_in\":{},\"status_codes\":{}", 47, NULL, "broken: The JSON is cut off"},
        {"{\"latencies\":{},\"bytes_in\":{},\"status_codes\":{}}", 48, NULL, "no number of requests"},
        {"timeStamp,label,success\n1796029200000,a,true\n", 46, "jmeter", "is no result of jmeter"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct load_result r;
        struct sd_error err = {""};
        assert_false(load_read_bytes(rows[i].bytes, rows[i].n, 5, rows[i].tool, &r, &err));
        if (!strstr(err.text, rows[i].sentence))
            fail_msg("\"%s\" does not hold \"%s\"", err.text, rows[i].sentence);
        load_result_free(&r);
    }
}

/* The last line may be cut, a line within may be broken: both are told. */
static void test_broken_lines(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t n;
        const char *note;
    } rows[] = {
        {"response-time,DNS+dialup,DNS,Request-write,Response-delay,Response-read,status-code,offset\n"
         "0.0100,0,0,0,0,0,200,0.1\n0.0100,0,0,0,0,0,20",
         1, "The last line is cut off"},
        {"response-time,DNS+dialup,DNS,Request-write,Response-delay,Response-read,status-code,offset\n"
         "0.0100,0,0,0,0,0,200,0.1\n0.0100,0,0,0,0,0,200,0.2",
         2, NULL},
        {"response-time,DNS+dialup,DNS,Request-write,Response-delay,Response-read,status-code,offset\r\n"
         "oops\r\n0.0100,0,0,0,0,0,200,0.1\r\nx\r\n",
         1, "2 of 4; the first is line 2"},
        {"seq,name,user,intended_ns,sent_ns,done_ns,status,error,bytes\n"
         "0,\"a,,0,0,5,200,,1\n1,b,,0,0,5,200,,1\n",
         1, "1 of 3; the first is line 2"},
        {"{\"attack\":\"\",\"seq\":0,\"code\":200,\"timestamp\":\"2026-11-30T09:00:00Z\",\"latency\":1}\n"
         "{\"attack\":\"\",\"seq\":1,\"code\":200,\"timest",
         1, "The last line is cut off"},
        {"1796029200000,12,a,200,OK,t,text,true,,1,1,1,1,u,1,0,0\n1796029200000,12,a,200,OK,t,te", 1,
         "The last line is cut off"},
        {"<testResults><httpSample t=\"5\" ts=\"1796029200000\" s=\"true\" rc=\"200\"/><httpSample t=\"5", 1,
         "The file is cut off"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct load_result r;
        struct sd_error err = {""};
        if (!load_read_text(rows[i].text, &r, &err))
            fail_msg("%zu: %s", i, err.text);
        assert_int_equal(r.samples.n, rows[i].n);
        if (rows[i].note && !load_has_note(&r, rows[i].note))
            fail_msg("%zu: no note \"%s\", but \"%s\"", i, rows[i].note,
                     r.n_notes ? r.notes[r.n_notes - 1] : "");
        load_result_free(&r);
    }
}

/* ---- JTL: columns and delimiters of every kind ---- */

static void test_jtl(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t requests, failed, p50_ns, duration_ns;
    } rows[] = {
        {"1796029200000,12,a,200,OK,t,text,true,,1,1,1,1,u,1,0,0\n", 1, 0, MS(12), MS(12)},
        {"timeStamp;elapsed;label;responseCode;success\n2026/11/30 09:00:00.500;12;a;200;true\n"
         "2026/11/30 09:00:01.500;14;a;500;false\n",
         2, 1, MS(12), MS(1014)},
        {"label\telapsed\tsuccess\na\t30\tfalse\nb\t20\ttrue\n", 2, 1, MS(20), U},
        {"elapsed,timeStamp,label\n5,1796029200000,a\n", 1, 0, MS(5), MS(5)},
        {"timeStamp,elapsed,label,responseCode,responseMessage,success\n"
         "1796029200000,5,all,200,\"Number of samples in transaction : 2\",true\n",
         1, 0, MS(5), MS(5)},
        /* Parent samples beside a request of their own: nothing is counted twice, nothing is lost. */
        {"timeStamp,elapsed,label,responseCode,responseMessage,threadName,success\n"
         "1796029200000,5,login,200,OK,t1,true\n"
         "1796029200010,90,buy,200,\"Number of samples in transaction : 2, number of failing samples : "
         "0\",t1,true\n"
         "1796029200020,7,a,200,OK,t2,true\n1796029200030,8,b,500,no,t2,false\n"
         "1796029200020,20,all,500,\"Number of samples in transaction : 2, number of failing samples : "
         "1\",t2,false\n",
         4, 1, MS(7), MS(100)},
        /* Sorted by time a transaction stands before its requests. */
        {"timeStamp,elapsed,label,responseCode,responseMessage,threadName,success,bytes\n"
         "1796029200000,20,all,200,\"Number of samples in transaction : 2\",t1,true,70\n"
         "1796029200000,7,a,200,OK,t1,true,30\n1796029200008,8,b,200,OK,t1,true,40\n"
         "1796029200020,9,c,200,OK,t1,true,1\n",
         3, 0, MS(8), MS(29)},
        {"timeStamp,elapsed,label,responseCode,success,URL\n1796029200000,4,a,200,true,http://a/\n"
         "1796029200000,5,all,200,true,null\n",
         1, 0, MS(4), MS(4)},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct load_report r = load_report_of(rows[i].text, "jmeter", 9);
        assert_int_equal(r.r.requests, rows[i].requests);
        assert_int_equal(r.r.failed, rows[i].failed);
        assert_int_equal(r.r.latency.p50_ns, rows[i].p50_ns);
        assert_int_equal(r.r.duration_ns, rows[i].duration_ns);
        load_report_free(&r);
    }
}

/* Scripts of k6 may switch the tags off by which a failure is known. */
static void test_k6_without_tags(void **state)
{
    (void)state;
    struct load_report r =
        load_report_of("{\"metric\":\"http_req_duration\",\"type\":\"Point\",\"data\":{"
                       "\"time\":\"2026-11-30T09:00:00Z\",\"value\":2,"
                       "\"tags\":{\"expected_response\":\"false\"}}}\n"
                       "{\"metric\":\"http_req_duration\",\"type\":\"Point\",\"data\":{"
                       "\"time\":\"2026-11-30T09:00:01Z\",\"value\":3,"
                       "\"tags\":null}}\n"
                       "{\"metric\":\"http_req_failed\",\"type\":\"Point\",\"data\":{\"time\":"
                       "\"2026-11-30T09:00:01Z\",\"value\":1,"
                       "\"tags\":null}}\n"
                       "{\"metric\":\"http_req_duration\",\"type\":\"Point\",\"data\":{"
                       "\"time\":\"2026-11-30T09:00:02Z\",\"value\":4,"
                       "\"tags\":{}}}\n",
                       NULL, 50);
    assert_int_equal(r.r.requests, 3);
    assert_int_equal(r.r.failed, 2);
    assert_int_equal(r.r.n_statuses, 0);
    assert_int_equal(r.r.ok.p50_ns, MS(4));
    load_report_free(&r);
}

/* Tags may be called like what is looked for. */
static void test_k6_awkward_tags(void **state)
{
    (void)state;
    struct load_report r =
        load_report_of("{\"metric\":\"http_req_duration\",\"type\":\"Point\",\"data\":{"
                       "\"time\":\"2026-11-30T09:00:00Z\",\"value\":2,"
                       "\"tags\":{\"name\":\"Metric\",\"status\":\"200\"}}}\n"
                       "{\"metric\":\"data_received\",\"type\":\"Point\",\"data\":{\"time\":"
                       "\"2026-11-30T09:00:01Z\",\"value\":30,"
                       "\"tags\":{\"name\":\"http_req_duration\"}}}\n"
                       "{\"metric\":\"http_req_blocked\",\"type\":\"Point\",\"data\":{\"time\":"
                       "\"2026-11-30T09:00:01Z\",\"value\":30,"
                       "\"tags\":{\"name\":\"http_req_failed\"}}}\n",
                       NULL, 33);
    assert_int_equal(r.r.requests, 1);
    assert_int_equal(r.r.bytes_received, 30);
    assert_string_equal(r.r.rows[0].name, "Metric");
    assert_int_equal(r.r.n_notes, 1);
    load_report_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_broken_lines),
        cmocka_unit_test(test_jtl),
        cmocka_unit_test(test_k6_without_tags),
        cmocka_unit_test(test_k6_awkward_tags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
