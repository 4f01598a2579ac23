/* What production sends, out of requests of an access log, and the scenario made of it. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>

#include "conf/load_scenario.h"
#include "core/loads/replay_path.h"
#include "core/loads/template.h"
#include "core/loads/traffic.h"

static uint64_t seed;

static uint64_t dice(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
}

/* ---- paths that can be sent again ---- */

static void targets(void **state)
{
    (void)state;
    static const struct {
        const char *target, *query, *path; /* path NULL: none */
    } CASES[] = {
        {"/", "", "/"},
        {"/items/17?page=2&sort=-price", "", "/items/17?page=2&sort=-price"},
        {"http://shop.example/a?b", "", "/a?b"},
        {"HTTPS://shop.example/a", "", "/a"},
        {"https://shop.example", "", NULL},
        {"*", "", NULL},
        {"shop.example:443", "", NULL},
        {"-", "", NULL},
        {"", "", NULL},
        {"/a?token=abc&x=1", "", "/a?token=x&x=1"},
        {"/a?x=1&TOKEN=abc", "", "/a?x=1&TOKEN=x"},
        {"/a?access_token=abc;api-key=1;apiKey=2", "", "/a?access_token=x;api-key=x;apiKey=x"},
        {"/a?%74oken=abc", "", "/a?%74oken=x"},
        {"/a?password=&code", "", "/a?password=&code"},
        {"/a#access_token=abc", "", "/a#access_token=x"},
        {"/go?to=/b?session=1", "", "/go?to=/b?session=x"},
        {"/a?keyword=shoes&postcode=1&author=me&monkey=2", "",
         "/a?keyword=shoes&postcode=1&author=me&monkey=2"},
        {"/a;jsessionid=12/b&token=1;v=2?c", "", "/a;jsessionid=x&token=x;v=2?c"},
        {"/a", "b=1&auth=2", "/a?b=1&auth=x"},
        {"/a?c", "b=1", "/a?c&b=1"},
        {"/a b\tc\nd\x7f", "", "/a%20b%09c%0Ad%7F"},
        {"/caf\xc3\xa9/\xf0\x9f\x98\x80", "", "/caf\xc3\xa9/\xf0\x9f\x98\x80"},
        {"/\xff\xc3/\xe2\x80\xa8\xc2\x85\xef\xbb\xbf", "", "/%FF%C3/%E2%80%A8%C2%85%EF%BB%BF"},
        {"/\"'\\{seq}{user.x}%s", "", "/\"'\\{seq}{user.x}%s"},
    };
    struct strbuf room = {0};
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        const char *out = NULL;
        size_t n = replay_path(CASES[i].target, strlen(CASES[i].target), CASES[i].query,
                               strlen(CASES[i].query), &room, &out);
        char *path = n ? mem_strndup(out, n) : NULL;
        if (!str_eq(path, CASES[i].path))
            print_message("# %s: %s\n", CASES[i].target, path ? path : "none");
        assert_true(str_eq(path, CASES[i].path));
        free(path);
    }
    char *longest = mem_alloc(REPLAY_PATH_MAX + 2);
    memset(longest, '/', REPLAY_PATH_MAX + 1);
    const char *out;
    assert_int_equal(replay_path(longest, REPLAY_PATH_MAX, "", 0, &room, &out), REPLAY_PATH_MAX);
    assert_int_equal(replay_path(longest, REPLAY_PATH_MAX + 1, "", 0, &room, &out), 0);
    memset(longest + 1, ' ', REPLAY_PATH_MAX - 1); /* three times as long when it is encoded */
    assert_int_equal(replay_path(longest, REPLAY_PATH_MAX, "", 0, &room, &out), 0);
    free(longest);
    strbuf_free(&room);
}

/* ---- how often paths were asked for ---- */

static void count_path(struct traffic_paths *p, uint32_t row, int64_t *rows, int number)
{
    char path[40];
    snprintf(path, sizeof path, "/items/%d", number);
    traffic_paths_count(p, row, ++rows[row], "GET", 3, path, strlen(path));
}

static int64_t weights(const struct traffic_pick *picks, size_t n)
{
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += picks[i].weight;
    return sum;
}

static void few_paths_have_their_own_weights(void **state)
{
    (void)state;
    struct traffic_paths *p = traffic_paths_new(TRAFFIC_PATHS_MAX, TRAFFIC_PATH_BYTES_MAX);
    int64_t rows[2] = {0};
    size_t n;
    for (int i = 1; i <= 100; i++)
        for (int k = 0; k < i; k++)
            count_path(p, 1, rows, i);
    count_path(p, 0, rows, 1);
    traffic_paths_settle(p);
    assert_int_equal(traffic_paths_of(p, 0), 1);
    assert_int_equal(traffic_paths_of(p, 1), 100);
    assert_int_equal(traffic_paths_of(p, 7), 0);
    struct traffic_pick *picks = traffic_paths_pick(p, 1, rows[1], 100, &n);
    assert_int_equal(n, 100);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(picks[i].weight, 100 - (int64_t)i);
    assert_string_equal(picks[0].path->text, "GET /items/100");
    free(picks);
    picks = traffic_paths_pick(p, 7, 0, 100, &n);
    assert_int_equal(n, 0);
    free(picks);
    traffic_paths_free(p);
}

static void of_many_paths_a_sample_has_the_rest(void **state)
{
    (void)state;
    struct traffic_paths *p = traffic_paths_new(TRAFFIC_PATHS_MAX, TRAFFIC_PATH_BYTES_MAX);
    int64_t rows[1] = {0};
    size_t n, often = 0;
    for (int i = 0; i < 5000; i++) { /* 5,000 once, 500 of them once more, two very often */
        count_path(p, 0, rows, i);
        if (i < 500)
            count_path(p, 0, rows, i);
        count_path(p, 0, rows, i % 2 ? 100000 : 200000);
    }
    traffic_paths_settle(p);
    assert_int_equal(traffic_paths_of(p, 0), 5002);
    struct traffic_pick *picks = traffic_paths_pick(p, 0, rows[0], 100, &n);
    assert_int_equal(n, 100);
    assert_int_equal(weights(picks, n), rows[0]);
    assert_int_equal(picks[0].weight, 2500);
    assert_int_equal(picks[1].weight, 2500);
    for (size_t i = 2; i < n; i++) {
        assert_true(picks[i].weight == 56 || picks[i].weight == 57); /* 5,500 shared among 98 */
        often += picks[i].path->count == 2;
    }
    assert_in_range(often, 16, 20); /* 1,000 of the 5,500 requests are theirs */
    free(picks);
    traffic_paths_free(p);
}

static void more_paths_than_memory_holds(void **state)
{
    (void)state;
    struct traffic_paths *p = traffic_paths_new(2000, 1 << 20);
    int64_t rows[2] = {0};
    size_t n;
    seed = 7;
    for (int i = 0; i < 60000; i++) {
        count_path(p, 0, rows, (int)(dice() % 40000));
        if (i % 10 == 0)
            count_path(p, 0, rows, 1000000);
        if (i % 100 == 0)
            count_path(p, 1, rows, i % 7);
    }
    traffic_paths_settle(p);
    assert_true(traffic_paths_sampled(p, 0));
    assert_false(traffic_paths_sampled(p, 1));
    assert_in_range(traffic_paths_of(p, 0), 31000 * 85 / 100, 31000 * 115 / 100); /* 40,000 (1 - e^-1.5) */
    assert_int_equal(traffic_paths_of(p, 1), 7);
    struct traffic_pick *picks = traffic_paths_pick(p, 0, rows[0], 100, &n);
    assert_int_equal(n, 100);
    assert_int_equal(weights(picks, n), rows[0]);
    assert_string_equal(picks[0].path->text, "GET /items/1000000");
    assert_int_equal(picks[0].weight, 6000);
    free(picks);
    traffic_paths_free(p);
}

/* ---- sessions and rates ---- */

static void ask(struct traffic *t, uint64_t client, double at_s, double took_s, uint32_t row,
                const char *path)
{
    if (!traffic_has_row(t, row))
        traffic_name_row(t, row, "GET", row ? "/items/:id" : "/");
    traffic_add(t, &(struct traffic_request){.client = client,
                                             .at = (sd_time)llround(at_s * 1e9),
                                             .duration_ns = took_s < 0 ? SD_UNKNOWN : llround(took_s * 1e9),
                                             .latency = true,
                                             .row = row,
                                             .method = "GET",
                                             .method_len = 3,
                                             .path = path,
                                             .path_len = strlen(path)});
}

static void a_log_by_hand(void **state)
{
    (void)state;
    struct traffic *t = traffic_new(&(struct traffic_options){.gap_ns = 60 * SD_S});
    ask(t, 1, 1000, 0.5, 0, "/");
    ask(t, 1, 1004, 1, 1, "/items/1");   /* begins at 1003: 3 s of thought */
    ask(t, 1, 1004.5, 2, 1, "/items/2"); /* at 1002.5: overlaps */
    ask(t, 2, 1005, -1, 0, "/");
    ask(t, 1, 1065.5, 1, 1, "/items/1"); /* at 1064.5, 60 s after 1004.5: still the session */
    ask(t, 1, 1130, 1, 0, "/");          /* 63.5 s after: another one */
    traffic_skip(t, "POST", 4);
    traffic_skip(t, "POST", 4);
    traffic_skip(t, "", 0);
    const struct traffic_summary *s = traffic_finish(t, 10, 1);
    assert_int_equal(s->requests, 6);
    assert_int_equal(s->sessions, 3);
    assert_int_equal(s->lines, 10);
    assert_true(fabs(s->rate_mean_per_s - 6 / 130.0) < 1e-12);
    assert_true(fabs(s->rate_peak_per_s - 4 / 60.0) < 1e-12); /* 16:40 is second 960 to 1019 */
    assert_int_equal(s->think.samples, 2);
    assert_int_equal(s->think.overlapping, 1);
    assert_int_equal(s->think.median_ns, 3 * SD_S);
    assert_int_equal(s->think.p95_ns, 60 * SD_S);
    assert_int_equal(s->think.mean_ns, 31500 * SD_MS);
    assert_true(fabs(s->session_length.mean - 2) < 1e-12);
    assert_int_equal(s->session_length.p50, 1);
    assert_int_equal(s->session_length.p95, 4);
    assert_int_equal(s->n_rows, 2);
    assert_string_equal(s->rows[0].name, "GET /");
    assert_string_equal(s->rows[1].name, "GET /items/:id");
    assert_int_equal(s->rows[1].count, 3);
    assert_int_equal(s->rows[1].paths, 2);
    assert_in_range(s->rows[1].p50_ns, 992 * SD_MS, 1008 * SD_MS);
    assert_int_equal(s->n_skipped, 2);
    assert_string_equal(s->skipped[0].method, "POST");
    assert_int_equal(s->skipped[0].count, 2);
    assert_string_equal(s->skipped[1].method, "-");
    traffic_free(t);

    t = traffic_new(&(struct traffic_options){.gap_ns = SD_S});
    s = traffic_finish(t, 0, 0);
    assert_true(isnan(s->rate_mean_per_s) && isnan(s->rate_peak_per_s) && isnan(s->session_length.mean));
    assert_int_equal(s->think.median_ns, SD_UNKNOWN);
    assert_int_equal(s->session_length.p50, SD_UNKNOWN);
    traffic_free(t);
}

/* The same by looking at all requests of a client, for each client. */
static void sessions_as_a_simple_program_counts_them(void **state)
{
    (void)state;
    enum { N = 20000, CLIENTS = 3000 };
    static struct {
        uint32_t client;
        int64_t at, took;
    } log[N];
    struct traffic *t = traffic_new(&(struct traffic_options){.gap_ns = 30 * SD_S});
    int64_t now = 1000000 * SD_S, sessions = 0, thinks = 0, overlapping = 0, longest = 0, sum = 0;
    seed = 11;
    for (size_t i = 0; i < N; i++) {
        now += (int64_t)(dice() % (40 * SD_MS));
        log[i].client = (uint32_t)(dice() % CLIENTS) & (uint32_t)(dice() % CLIENTS);
        log[i].at = now;
        log[i].took = (int64_t)(dice() % (600 * SD_MS));
        ask(t, log[i].client, (double)now / 1e9, (double)log[i].took / 1e9, 0, "/");
        log[i].at = llround((double)now / 1e9 * 1e9);
        log[i].took = llround((double)log[i].took / 1e9 * 1e9);
    }
    for (uint32_t c = 0; c < CLIENTS; c++) {
        int64_t end = INT64_MIN, length = 0;
        for (size_t i = 0; i < N; i++) {
            if (log[i].client != c)
                continue;
            int64_t pause = end == INT64_MIN ? INT64_MAX : log[i].at - log[i].took - end;
            if (pause > 30 * SD_S) {
                sessions++;
                length = 0;
            } else if (pause > 0) {
                thinks++;
                sum += pause;
            } else {
                overlapping++;
            }
            longest = MAX(longest, ++length);
            end = MAX(end, log[i].at);
        }
    }
    const struct traffic_summary *s = traffic_finish(t, N, 0);
    print_message("# %lld sessions, %lld think times, the longest has %lld requests\n", (long long)sessions,
                  (long long)thinks, (long long)longest);
    assert_int_equal(s->sessions, sessions);
    assert_int_equal(s->think.samples, thinks);
    assert_int_equal(s->think.overlapping, overlapping);
    assert_true(fabs((double)s->think.mean_ns - (double)sum / (double)thinks) < 2);
    assert_true(fabs(s->session_length.mean - (double)N / (double)sessions) < 1e-9);
    traffic_free(t);
}

/* ---- the scenario ---- */

/* The text of a template without holes; NULL: it has one. */
static char *without_holes(const char *template)
{
    struct strbuf b = {0};
    struct load_piece piece;
    while (load_piece_next(&template, &piece)) {
        if (piece.kind != LOAD_PIECE_TEXT) {
            strbuf_free(&b);
            return NULL;
        }
        strbuf_add(&b, piece.text, piece.len);
    }
    return strbuf_detach(&b);
}

static const char *const HOSTILE[] = {
    "/plain",
    "/\"quoted\"/'too'",
    "/back\\slash\\",
    "/new\nline: {a: b}",
    "/{seq}/{user.name}/{{seq}/{{user.",
    "/%s%n%25",
    "/# - [x]: &a *b !c | > ` @",
    "/caf\xc3\xa9\xe2\x80\xa8\xff",
    "/\x01\x1b[31m",
    "/a?q=\"}, {path: /evil",
};

static void hostile_paths_come_back(void **state)
{
    (void)state;
    struct traffic *t = traffic_new(&(struct traffic_options){.gap_ns = 60 * SD_S, .sequences = true});
    char *paths[ARRAY_LEN(HOSTILE)];
    for (size_t i = 0; i < ARRAY_LEN(HOSTILE); i++) {
        struct strbuf room = {0};
        const char *out;
        size_t n = replay_path(HOSTILE[i], strlen(HOSTILE[i]), "", 0, &room, &out);
        paths[i] = mem_strndup(out, n);
        for (size_t k = 0; k <= i; k++)
            ask(t, 1, 1000 + (double)(i * 20 + k), 0.25, 1, paths[i]);
        strbuf_free(&room);
    }
    const struct traffic_summary *summary = traffic_finish(t, 55, 0);
    for (int sequences = 0; sequences < 2; sequences++) {
        struct strbuf yaml = {0};
        struct load_scenario s;
        struct sd_error err;
        assert_true(traffic_scenario(
            summary, &(struct traffic_scenario){.scale = 0.5, .sequences = sequences, .from = "a\nb: c"},
            &yaml, &err));
        bool ok = load_scenario_read_text(&s, "made.yaml", NULL, yaml.text, yaml.len, NULL, &err);
        if (!ok)
            print_message("# %s\n%s\n", err.text, yaml.text);
        assert_true(ok);
        assert_int_equal(s.n_requests, ARRAY_LEN(HOSTILE));
        for (size_t i = 0; i < ARRAY_LEN(HOSTILE); i++) {
            double weight = 0;
            for (size_t k = 0; k < s.n_requests; k++) {
                char *path = without_holes(s.requests[k].path);
                assert_non_null(path);
                weight += str_eq(path, paths[i]) ? s.requests[k].weight : 0;
                free(path);
            }
            assert_true(fabs(weight - (double)(i + 1)) < 1e-9);
        }
        assert_int_equal(s.model, sequences ? LOAD_CLOSED : LOAD_OPEN);
        assert_int_equal(s.n_sequences, sequences);
        if (sequences) {
            assert_int_equal(s.sequences[0].n_steps, 55);
            assert_string_equal(s.requests[s.sequences[0].steps[0].request].path, "/plain");
            assert_int_equal(s.sequences[0].steps[1].think_ns, 750 * SD_MS);
            assert_int_equal(s.sequences[0].steps[54].think_ns, SD_UNKNOWN);
        } else {
            assert_true(fabs(s.stages[0].to - 0.5 * 55 / 189) < 1e-5);
            assert_int_equal(s.think.median_ns, 750 * SD_MS);
        }
        load_scenario_free(&s);
        strbuf_free(&yaml);
    }
    for (size_t i = 0; i < ARRAY_LEN(HOSTILE); i++)
        free(paths[i]);
    traffic_free(t);
}

static void nothing_to_send(void **state)
{
    (void)state;
    struct traffic *t = traffic_new(&(struct traffic_options){.gap_ns = SD_S});
    struct strbuf yaml = {0};
    struct sd_error err;
    ask(t, 1, 1000, 1, 0, "");
    assert_false(
        traffic_scenario(traffic_finish(t, 1, 0), &(struct traffic_scenario){.scale = 1}, &yaml, &err));
    assert_string_equal(err.text, "No request of the log can be sent again: there is none with a path.");
    strbuf_free(&yaml);
    traffic_free(t);
}

/* Of many sessions some stand for all: as many as that, each as it was. */
static void sessions_stand_for_all(void **state)
{
    (void)state;
    enum { SESSIONS = 30000 };
    struct traffic *t = traffic_new(&(struct traffic_options){.gap_ns = 10 * SD_S, .sequences = true});
    for (int i = 0; i < SESSIONS; i++)
        for (int k = 0; k < 3; k++) {
            char path[40];
            snprintf(path, sizeof path, "/items/%d/%d", i, k);
            ask(t, (uint64_t)i, 1000 + i + k, 0, 1, path);
        }
    const struct traffic_summary *s = traffic_finish(t, SESSIONS * 3, 0);
    assert_int_equal(s->sessions, SESSIONS);
    assert_int_equal(s->n_sequences, TRAFFIC_SEQUENCES);
    double mean = 0;
    for (size_t i = 0; i < s->n_sequences; i++) {
        int which = atoi(s->sequences[i].steps[0].path + 11);
        assert_int_equal(s->sequences[i].n, 3);
        assert_int_equal(s->sequences[i].steps[1].think_ns, SD_S);
        mean += (double)which / (double)s->n_sequences / SESSIONS;
    }
    assert_true(fabs(mean - 0.5) < 0.12);  /* from the beginning to the end of the log: 4 standard errors */
    assert_true(fabs(s->users - 3) < 0.2); /* each is there for 2 s and a think time of 1 s */
    traffic_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets),
        cmocka_unit_test(few_paths_have_their_own_weights),
        cmocka_unit_test(of_many_paths_a_sample_has_the_rest),
        cmocka_unit_test(more_paths_than_memory_holds),
        cmocka_unit_test(a_log_by_hand),
        cmocka_unit_test(sessions_as_a_simple_program_counts_them),
        cmocka_unit_test(hostile_paths_come_back),
        cmocka_unit_test(nothing_to_send),
        cmocka_unit_test(sessions_stand_for_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
