/* Scenarios of load tests: what a file may say, and what is said of mistakes, with file and line. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>

#include "conf/load_scenario.h"
#include "core/loads/credentials.h"
#include "core/loads/template.h"

static bool read_text(struct load_scenario *s, const char *text, struct sd_error *err)
{
    return load_scenario_read_text(s, "s.yaml", "", text, strlen(text), NULL, err);
}

static void the_contracts_example(void **state)
{
    (void)state;
    struct load_scenario s;
    struct sd_error err;
    static const char TEXT[] =
        "target: http://127.0.0.1:8080\n"
        "kind: steady\nmodel: open\narrivals: poisson\nseed: 7\nwarmup: 2s\n"
        "stages:\n  - {for: 10s, rate: 100}\n  - {for: 30s, from: 100, rate: 18000/m}\n"
        "timeout: 5s\nconnections: 100\n"
        "requests:\n"
        "  - {name: list, weight: 80, method: GET, path: /items}\n"
        "  - {name: order, weight: 20, method: POST, path: \"/orders?i={seq}\", headers: {Content-Type: "
        "application/json}, body: '{\"u\":\"x\"}'}\n"
        "think: {median: 1s, p95: 4s}\n"
        "errors: [400-499, 503]\n"
        "thresholds: [\"p99 < 200ms\", \"error_share < 1%\", \"ok_per_s > 90\", \"p95{order} <= 1s\"]\n";
    assert_true(read_text(&s, TEXT, &err));
    assert_string_equal(s.target, "http://127.0.0.1:8080");
    assert_int_equal(s.arrivals, LOAD_POISSON);
    assert_int_equal(s.seed, 7);
    assert_int_equal(s.n_stages, 2);
    assert_true(s.stages[0].from == 100 && s.stages[1].from == 100 && s.stages[1].to == 300);
    assert_int_equal(load_duration_ns(&s), 40 * SD_S);
    assert_true(load_peak_rate(&s) == 300);
    assert_int_equal(s.timeout_ns, 5 * SD_S);
    assert_int_equal(s.n_requests, 2);
    assert_string_equal(s.requests[1].headers[0], "Content-Type: application/json");
    assert_true(load_status_fails(&s, 404) && load_status_fails(&s, 503) && !load_status_fails(&s, 500));
    assert_int_equal(s.n_thresholds, 4);
    assert_true(s.thresholds[0].limit == 200e6 && s.thresholds[1].limit == 0.01);
    assert_int_equal(s.thresholds[3].request, 1);
    assert_int_equal(s.thresholds[3].relation, LOAD_AT_MOST);
    load_scenario_free(&s);
}

static void json_and_defaults(void **state)
{
    (void)state;
    struct load_scenario s;
    struct sd_error err;
    assert_true(read_text(&s,
                          "{\"target\": \"http://localhost\", \"stages\": [{\"for\": \"1s\", \"rate\": 5}], "
                          "\"requests\": [{\"path\": \"/\"}]}",
                          &err));
    assert_int_equal(s.kind, LOAD_STEADY);
    assert_int_equal(s.timeout_ns, 30 * SD_S);
    assert_int_equal(s.connections, 1000);
    assert_int_equal(s.seed, 1);
    assert_string_equal(s.requests[0].name, "GET /");
    assert_true(load_status_fails(&s, 400) && load_status_fails(&s, 599) && !load_status_fails(&s, 399));
    load_scenario_free(&s);
}

#define HEAD     "target: http://localhost\n"
#define REQUESTS "requests: [{path: /}]\n"
#define STAGES   "stages: [{for: 1s, rate: 5}]\n"

static void kinds(void **state)
{
    (void)state;
    struct load_scenario s;
    struct sd_error err;
    assert_true(read_text(&s,
                          HEAD REQUESTS "kind: search\nsearch: {from: 50, to: 2000, step: 3s, precision: 5%, "
                                        "require: 400, recover: 2s}\n",
                          &err));
    assert_true(s.search.from == 50 && s.search.to == 2000 && s.search.require == 400);
    assert_int_equal(s.search.recover_ns, 2 * SD_S);
    load_scenario_free(&s);
    assert_true(read_text(&s,
                          HEAD REQUESTS
                          "kind: spike\nspike: {base: 50, factor: 10, before: 10s, rise: 30s, hold: "
                          "10s, after: 60s, stable: 5s, within: 30s}\n",
                          &err));
    assert_int_equal(s.n_stages, 4);
    assert_true(s.stages[1].from == 50 && s.stages[1].to == 500 && s.stages[3].to == 50);
    assert_int_equal(load_duration_ns(&s), 110 * SD_S);
    load_scenario_free(&s);
    assert_true(
        read_text(&s,
                  HEAD REQUESTS STAGES
                  "kind: soak\nsoak: {watch: [{name: rss, limit: 512MB}, {url: /m, name: pool, limit: "
                  "db_pool_max}, {name: x, limit: 0.8}], every: 2s}\n",
                  &err));
    assert_int_equal(s.soak.n_watch, 3);
    assert_true(s.soak.watch[0].limit == 512e6 && s.soak.watch[2].limit == 0.8);
    assert_string_equal(s.soak.watch[1].limit_name, "db_pool_max");
    load_scenario_free(&s);
}

static void sequences(void **state)
{
    (void)state;
    struct load_scenario s;
    struct sd_error err;
    assert_true(read_text(&s,
                          HEAD
                          "model: closed\nstages: [{for: 1s, users: 3}]\nthink: {constant: 2s}\n"
                          "requests: [{name: a, path: /a, weight: 0}, {name: b, path: /b, weight: 0}]\n"
                          "sequences: [{name: s1, weight: 3, steps: [{request: b, think: 1.2s}, {request: "
                          "a}]}]\n",
                          &err));
    assert_int_equal(s.n_sequences, 1);
    assert_int_equal(s.sequences[0].n_steps, 2);
    assert_int_equal(s.sequences[0].steps[0].request, 1);
    assert_int_equal(s.sequences[0].steps[0].think_ns, 1200 * SD_MS);
    assert_false(sd_known(s.sequences[0].steps[1].think_ns));
    assert_int_equal(load_peak_users(&s), 3);
    load_scenario_free(&s);
}

static void mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *sentence;
    } ROWS[] = {
        {"", "holds no scenario"},
        {"[]", "expected"},
        {"target: [", "s.yaml:2:1"},
        {HEAD STAGES REQUESTS "wormup: 2s\n",
         "s.yaml:4:1: unknown key \"wormup\" in a scenario; did you mean \"warmup\"?"},
        {HEAD STAGES "requests: [{path: /, bodi: x}]\n", "unknown key \"bodi\""},
        {HEAD REQUESTS, "has stages"},
        {HEAD STAGES, "no requests"},
        {STAGES REQUESTS, "no target"},
        {HEAD REQUESTS "stages: []\n", "not empty"},
        {HEAD REQUESTS "stages: [{for: 5, rate: 1}]\n", "a duration"},
        {HEAD REQUESTS "stages: [{for: 5s, rate: -1}]\n", "a rate"},
        {HEAD REQUESTS "stages: [{for: 5s, rate: nan}]\n", "a rate"},
        {HEAD REQUESTS "stages: [{for: 5s, rate: 1e300}]\n", "more than 1,000,000,000"},
        {HEAD REQUESTS "stages: [{for: 5s, rate: 0}]\n", "nothing"},
        {HEAD REQUESTS "stages: [{for: 0s, rate: 1}]\n", "more than 0"},
        {HEAD REQUESTS "stages: [{for: 5s, users: 1}]\n", "has a rate"},
        {HEAD REQUESTS "model: closed\nstages: [{for: 5s, rate: 1}]\n", "has users"},
        {HEAD REQUESTS STAGES "warmup: 1s\n", "as long as the whole"},
        {HEAD REQUESTS STAGES "kind: steddy\n", "steady, search, spike, soak or limits"},
        {HEAD REQUESTS STAGES "timeout: 0s\n", "more than 0"},
        {HEAD REQUESTS STAGES "timeout: 100000d\n", "at most 10000d"},
        {HEAD REQUESTS STAGES "connections: 1.5\n", "whole number"},
        {HEAD REQUESTS STAGES "think: {median: 1s}\n", "a median and a p95"},
        {HEAD REQUESTS STAGES "think: {median: 2s, p95: 1s}\n", "below its median"},
        {HEAD REQUESTS STAGES "thresholds: [p98 < 1s]\n", "no metric"},
        {HEAD REQUESTS STAGES "thresholds: [p99 = 1s]\n", "no threshold"},
        {HEAD REQUESTS STAGES "thresholds: [p99 < 1]\n", "duration"},
        {HEAD REQUESTS STAGES "thresholds: ['p99{gone} < 1s']\n", "no request is named \"gone\""},
        {HEAD REQUESTS STAGES "errors: [99]\n", "a status"},
        {HEAD REQUESTS STAGES "errors: [500-400]\n", "a status"},
        {HEAD STAGES "requests: [{path: items}]\n", "a path"},
        {HEAD STAGES "requests: [{path: '/a b'}]\n", "a path"},
        {HEAD STAGES "requests: [{path: \"/a\\r\\nX: y\"}]\n", "a path"},
        {HEAD STAGES "requests: [{path: /, method: 'G T'}]\n", "a word"},
        {HEAD STAGES "requests: [{path: /, headers: {X: \"a\\nB: c\"}}]\n", "header"},
        {HEAD STAGES "requests: [{path: /, headers: {Content-Length: 5}}]\n", "not the scenario's"},
        {HEAD STAGES "requests: [{path: /, weight: 0}]\n", "nothing to send"},
        {HEAD STAGES "requests: [{name: a, path: /}, {name: a, path: /b}]\n", "two requests"},
        {HEAD STAGES "requests: [{path: '/{user.id}'}]\n", "names no credentials"},
        {HEAD STAGES REQUESTS "sequences: [{steps: [{request: 'GET /'}]}]\n", "model: closed"},
        {HEAD REQUESTS "kind: search\n", "a part `search:`"},
        {HEAD REQUESTS STAGES "kind: search\nsearch: {from: 1, to: 2}\n", "no stages"},
        {HEAD REQUESTS "kind: search\nsearch: {from: 5, to: 2}\n", "below `from`"},
        {HEAD REQUESTS "kind: search\nsearch: {from: 5}\n", "search has no to"},
        {HEAD REQUESTS "kind: spike\nspike: {base: 5, after: 1s, stable: 2s}\n", "stable"},
        {HEAD REQUESTS "kind: limits\nlimits: {rate: 5}\n", "credentials"},
        {HEAD REQUESTS STAGES "kind: soak\nsoak: {watch: [{name: a, limit: '!'}]}\n", "limit"},
        {HEAD REQUESTS STAGES "credentials: gone/none.csv\n", "gone/none.csv"},
    };
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct load_scenario s;
        struct sd_error err = {.text = ""};
        bool ok = read_text(&s, ROWS[i].text, &err);
        if (ok || !strstr(err.text, ROWS[i].sentence))
            print_message("row %zu: %s\n  %s\n", i, ok ? "was taken" : err.text, ROWS[i].sentence);
        assert_false(ok);
        assert_non_null(strstr(err.text, ROWS[i].sentence));
        load_scenario_free(&s);
    }
}

/* As a log with its sessions becomes. */
static void a_large_scenario(void **state)
{
    (void)state;
    struct strbuf b = {0};
    struct load_scenario s;
    struct sd_error err;
    strbuf_str(&b, HEAD "model: closed\nstages: [{for: 1s, users: 3}]\nrequests:\n");
    for (int i = 0; i < 20000; i++)
        strbuf_printf(&b, "  - {name: r%d, path: /r%d}\n", i, i);
    strbuf_str(&b, "sequences:\n");
    for (int i = 0; i < 20000; i++)
        strbuf_printf(&b, "  - {name: s%d, steps: [{request: r%d}, {request: r%d, think: 1s}]}\n", i, i,
                      19999 - i);
    assert_true(read_text(&s, strbuf_text(&b), &err));
    assert_int_equal(s.n_sequences, 20000);
    assert_int_equal(s.sequences[1].steps[1].request, 19998);
    load_scenario_free(&s);
    strbuf_free(&b);
}

static void credentials(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct load_credentials c;
    struct sd_error err;
    static const char GOOD[] =
        "\xef\xbb\xbfname,token\r\nanna,\"a \"\"b\"\", c\"\r\n\r\nben,\"two\nlines\"\n";
    assert_true(load_credentials_parse(a, "u.csv", GOOD, strlen(GOOD), &c, &err));
    assert_int_equal(c.n_columns, 2);
    assert_int_equal(c.n_rows, 2);
    assert_string_equal(c.columns[0], "name");
    assert_string_equal(c.cells[1], "a \"b\", c");
    assert_string_equal(c.cells[3], "two\nlines");
    static const char *const BAD[] = {"", "name\n", "a,b\n1\n", "a\n\"x\n", "a\n\"x\"y\n"};
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++)
        assert_false(load_credentials_parse(a, "u.csv", BAD[i], strlen(BAD[i]), &c, &err));
    arena_free(a);
}

static void holes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *pieces;
    } ROWS[] = {{"/a/{seq}?u={user.name}", "T/a/|S|T?u=|Uname"},
                {"{\"u\":{\"v\":1}}", "T{\"u\":{\"v\":1}}"},
                {"{{seq}", "T{seq}"},
                {"{{user.x}{seq}", "T{user.x}|S"},
                {"{{{seq}", "T{{seq}"},
                {"{user.", "T{user."},
                {"{{name}}", "T{{name}}"},
                {"", ""}};
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct strbuf b = {0}, plain = {0}, again = {0};
        struct load_piece piece;
        const char *p = ROWS[i].text;
        bool text = false; /* how plain text is cut does not matter: it is joined */
        while (load_piece_next(&p, &piece)) {
            bool joined = text && piece.kind == LOAD_PIECE_TEXT;
            text = piece.kind == LOAD_PIECE_TEXT;
            if (!joined)
                strbuf_printf(&b, "%s%c", b.len ? "|" : "", "TSU"[piece.kind]);
            if (piece.kind != LOAD_PIECE_SEQ)
                strbuf_add(&b, piece.text, piece.len);
        }
        assert_string_equal(strbuf_text(&b), ROWS[i].pieces);
        /* What is escaped stands for itself. */
        load_template_escape(&again, ROWS[i].text, strlen(ROWS[i].text));
        p = strbuf_text(&again);
        while (load_piece_next(&p, &piece)) {
            assert_int_equal(piece.kind, LOAD_PIECE_TEXT);
            strbuf_add(&plain, piece.text, piece.len);
        }
        assert_string_equal(strbuf_text(&plain), ROWS[i].text);
        strbuf_free(&b);
        strbuf_free(&plain);
        strbuf_free(&again);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_contracts_example),
        cmocka_unit_test(json_and_defaults),
        cmocka_unit_test(kinds),
        cmocka_unit_test(sequences),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(credentials),
        cmocka_unit_test(a_large_scenario),
        cmocka_unit_test(holes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
