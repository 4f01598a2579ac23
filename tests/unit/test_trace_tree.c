/* Trees of traces, own times and critical paths: the rules in small, malformed and large trees; and the
 * traces of the corpora when they are there (SLOWDIVE_CORPORA), with what Jaeger's viewer says of them. */
#include "tests/lib/test.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/traces/trace_parts.h"
#include "core/traces/trace_tree.h"

#define T0 (INT64_C(1700000000) * SD_S)
#define US SD_US

/* ---- traces in few words ---- */

struct made {
    struct trace trace;
    struct trace_span spans[32];
};

/* Times in us from T0. */
static void add(struct made *m, const char *id, const char *parent, int64_t start, int64_t duration)
{
    m->spans[m->trace.n++] = (struct trace_span){.id = id,
                                                 .parent = parent,
                                                 .service = "shop",
                                                 .name = id,
                                                 .start = T0 + start * US,
                                                 .duration = duration * US};
    m->trace.id = "t";
    m->trace.spans = m->spans;
}

static char *path_of(const struct trace_tree *t)
{
    struct strbuf out = {0};
    for (uint32_t i = 0; i < t->n_path; i++)
        strbuf_printf(&out, "%s%s %" PRId64 "-%" PRId64, i ? ", " : "",
                      t->trace->spans[t->nodes[t->path[i].node].span].id, (t->path[i].from - T0) / US,
                      (t->path[i].to - T0) / US);
    return strbuf_detach(&out);
}

static char *tree_of(const struct trace_tree *t)
{
    struct strbuf out = {0};
    for (uint32_t i = 0; i < t->n; i++)
        strbuf_printf(&out, "%s%s:%u/%" PRId64, i ? " " : "", t->trace->spans[t->nodes[i].span].id,
                      (unsigned)t->nodes[i].depth, t->nodes[i].self_ns / US);
    return strbuf_detach(&out);
}

static void check(struct made *m, const char *tree, const char *path, unsigned notes)
{
    struct trace_tree *t = trace_tree_new(&m->trace);
    char *got = tree_of(t), *walked = path_of(t);
    assert_string_equal(got, tree);
    assert_string_equal(walked, path);
    assert_int_equal(t->notes, notes);
    for (uint32_t i = 0; i < t->n; i++)
        assert_int_equal(t->node_of[t->nodes[i].span], i);
    free(got);
    free(walked);
    trace_tree_free(t);
}

static void children_one_after_the_other(void **state)
{
    (void)state;
    struct made m = {0};
    add(&m, "c", "a", 50, 20); /* children may come before their parents */
    add(&m, "b", "a", 10, 20);
    add(&m, "a", NULL, 0, 100);
    check(&m, "a:0/60 b:1/20 c:1/20", "a 0-10, b 10-30, a 30-50, c 50-70, a 70-100", 0);
}

static void children_at_the_same_time(void **state)
{
    (void)state;
    struct made m = {0};
    add(&m, "a", NULL, 0, 100);
    add(&m, "b", "a", 10, 60);
    add(&m, "c", "a", 20, 60); /* ends last; b runs beside it */
    add(&m, "d", "a", 5, 14);  /* ends before c begins */
    check(&m, "a:0/25 d:1/14 b:1/60 c:1/60", "a 0-5, d 5-19, a 19-20, c 20-80, a 80-100", 0);
}

/* What ends at the very moment at which the next one begins is beside the path. */
static void children_that_touch(void **state)
{
    (void)state;
    struct made m = {0};
    add(&m, "a", NULL, 0, 100);
    add(&m, "b", "a", 10, 40);
    add(&m, "c", "a", 50, 50);
    check(&m, "a:0/10 b:1/40 c:1/50", "a 0-50, c 50-100", 0);
}

static void ties_go_to_the_first(void **state)
{
    (void)state;
    struct made m = {0};
    add(&m, "a", NULL, 0, 100);
    add(&m, "b", "a", 20, 60);
    add(&m, "c", "a", 10, 70);
    add(&m, "d", "a", 10, 70);
    check(&m, "a:0/30 c:1/70 d:1/70 b:1/60", "a 0-10, c 10-80, a 80-100", 0);
}

/* ---- malformed ---- */

static void children_beyond_their_parents(void **state)
{
    (void)state;
    struct made m = {0};
    add(&m, "a", NULL, 0, 100);
    add(&m, "late", "a", 60, 70);
    add(&m, "early", "a", -20, 50);
    add(&m, "outside", "a", 200, 5);
    add(&m, "below", "outside", 10, 5);
    check(&m, "a:0/30 early:1/50 late:1/70 outside:1/5 below:2/5", "early 0-30, a 30-60, late 60-100", 0);
    m.spans[1].duration = 5 * SD_MS;
    struct trace_tree *t = trace_tree_new(&m.trace);
    assert_int_equal(t->notes, TRACE_CLOCK_SKEW);
    trace_tree_free(t);
}

static void who_takes_a_message_holds_up_nobody(void **state)
{
    (void)state;
    struct made m = {0};
    add(&m, "a", NULL, 0, 100);
    add(&m, "b", "a", 10, 60);
    add(&m, "c", "b", 20, 10);
    m.spans[0].kind = SPAN_PRODUCER;
    m.spans[1].kind = SPAN_CONSUMER;
    check(&m, "a:0/40 b:1/50 c:2/10", "a 0-100", 0);
    m.spans[1].kind = SPAN_INTERNAL;
    check(&m, "a:0/40 b:1/50 c:2/10", "a 0-10, b 10-20, c 20-30, b 30-70, a 70-100", 0);
}

static void a_circle_is_cut(void **state)
{
    (void)state;
    struct made m = {0};
    add(&m, "a", "c", 30, 10);
    add(&m, "b", "a", 20, 10);
    add(&m, "c", "b", 10, 30);
    add(&m, "self", "self", 40, 5);
    add(&m, "below", "a", 32, 5);
    check(&m, "c:0/20 a:1/5 b:2/10 below:2/5 self:0/5", "c 10-30, a 30-32, below 32-37, a 37-40, self 40-45",
          TRACE_CIRCLE | TRACE_SEVERAL_ROOTS | TRACE_NO_ROOT);
}

static void parents_that_did_not_come(void **state)
{
    (void)state;
    struct made m = {0};
    add(&m, "a", "gone", 0, 10);
    add(&m, "b", "a", 2, 2);
    add(&m, "c", NULL, 5, 10);
    check(&m, "a:0/8 b:1/2 c:0/10", "c 5-15", TRACE_MISSING_PARENT | TRACE_SEVERAL_ROOTS);
    m.trace.n = 2;
    check(&m, "a:0/8 b:1/2", "", TRACE_MISSING_PARENT | TRACE_NO_ROOT);
}

static void the_first_keeps_its_id(void **state)
{
    (void)state;
    struct made m = {0};
    add(&m, "a", NULL, 0, 10);
    add(&m, "b", "a", 2, 6);
    add(&m, "b", "a", 4, 1);
    add(&m, "c", "b", 3, 2);
    check(&m, "a:0/4 b:1/4 c:2/2 b:1/1", "a 0-2, b 2-3, c 3-5, b 5-8, a 8-10", TRACE_DUPLICATE_IDS);
}

static void times_that_cannot_be(void **state)
{
    (void)state;
    struct made m = {0};
    check(&m, "", "", 0);
    add(&m, "a", NULL, 0, 0);
    check(&m, "a:0/0", "", 0);
    static const int64_t TIMES[] = {0, -1, INT64_MAX, INT64_MIN, INT64_MIN + 1, 1, INT64_MAX - 1, -SD_S};
    struct made wild = {0};
    for (size_t i = 0; i < ARRAY_LEN(TIMES); i++) {
        static const char *const IDS[] = {"0", "1", "2", "3", "4", "5", "6", "7"};
        add(&wild, IDS[i], i ? IDS[(i - 1) / 2] : NULL, 0, 0);
        wild.spans[i].start = TIMES[i];
        wild.spans[i].duration = TIMES[ARRAY_LEN(TIMES) - 1 - i];
    }
    for (size_t first = 0; first < ARRAY_LEN(TIMES); first++) {
        wild.spans[0].start = TIMES[first];
        wild.spans[0].duration = TIMES[(first * 3 + 2) % ARRAY_LEN(TIMES)];
        struct trace_tree *t = trace_tree_new(&wild.trace);
        assert_int_equal(t->n, ARRAY_LEN(TIMES));
        assert_true(t->notes & TRACE_ABSURD_TIMES);
        trace_tree_free(t);
    }
}

/* ---- large: of every shape, in a moment and without deep calls ---- */

enum { MANY = 120000 };

static void large_trees(void **state)
{
    (void)state;
    struct trace_span *spans = mem_array(MANY, sizeof *spans);
    char(*ids)[17] = mem_array(MANY, sizeof *ids);
    for (int i = 0; i < MANY; i++)
        snprintf(ids[i], sizeof *ids, "%016x", (unsigned)i);
    for (int shape = 0; shape < 4; shape++) {
        for (int i = 0; i < MANY; i++)
            spans[i] = (struct trace_span){
                .id = ids[i],
                .parent = !i           ? NULL
                          : shape == 0 ? ids[i - 1]
                                       : ids[0],
                .service = "s",
                .name = "n",
                .start = T0 + (shape < 2    ? i
                               : shape == 2 ? MANY - i
                                            : 0) *
                                  US,
                .duration = (shape == 0   ? 2 * MANY - 2 * i
                             : shape == 1 ? (i ? 1 : 2 * MANY)
                             : shape == 2 ? MANY + i
                                          : MANY) *
                            US,
            };
        struct trace trace = {.id = "t", .spans = spans, .n = MANY};
        struct trace_tree *t = trace_tree_new(&trace);
        int64_t parts[TRACE_PARTS_N], sum = 0;
        assert_int_equal(t->n, MANY);
        assert_int_equal(t->nodes[MANY - 1].depth,
                         shape ? (shape == 2 ? t->nodes[MANY - 1].depth : 1) : MANY - 1);
        for (uint32_t i = 0; i < t->n; i++)
            sum += t->nodes[i].critical_self_ns;
        assert_true(sum > 0);
        trace_parts(t, t->root, parts);
        sum = 0;
        for (int i = 0; i < TRACE_PARTS_N; i++)
            sum += parts[i];
        assert_int_equal(sum, t->duration);
        trace_tree_free(t);
    }
    free(spans);
    free(ids);
}

/* ---- what Jaeger's viewer says ---- */

static const char *text_in(const cJSON *o, const char *name)
{
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, name));
    return s ? s : "";
}
static int64_t int_in(const cJSON *o, const char *name)
{
    const cJSON *x = cJSON_GetObjectItemCaseSensitive(o, name);
    return cJSON_IsNumber(x) ? (int64_t)x->valuedouble : 0;
}

static uint8_t kind_of(const cJSON *span)
{
    static const char *const KINDS[] = {"unspecified", "internal", "server", "client",
                                        "producer",    "consumer", NULL};
    const cJSON *tag;
    cJSON_ArrayForEach(tag, cJSON_GetObjectItemCaseSensitive(span, "tags")) if (strcmp(text_in(tag, "key"),
                                                                                       "span.kind") == 0)
    {
        int kind = str_find(KINDS, text_in(tag, "value"));
        return (uint8_t)MAX(kind, 0);
    }
    return 0;
}

/* A trace of Jaeger's API; what it refers to is the document's. */
static struct trace_span *spans_of(const cJSON *trace, uint32_t *n)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(trace, "spans"), *s;
    const cJSON *processes = cJSON_GetObjectItemCaseSensitive(trace, "processes");
    struct trace_span *spans = mem_array((size_t)cJSON_GetArraySize(list) + 1, sizeof *spans);
    *n = 0;
    cJSON_ArrayForEach(s, list)
    {
        const cJSON *ref = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(s, "references"), 0);
        const cJSON *p = cJSON_GetObjectItemCaseSensitive(processes, text_in(s, "processID"));
        if (!p)
            p = cJSON_GetObjectItemCaseSensitive(s, "process");
        spans[(*n)++] = (struct trace_span){
            .id = text_in(s, "spanID"),
            .parent = ref ? text_in(ref, "spanID") : NULL,
            .follows = ref && strcmp(text_in(ref, "refType"), "FOLLOWS_FROM") == 0,
            .service = text_in(p, "serviceName"),
            .name = text_in(s, "operationName"),
            .start = int_in(s, "startTime") * US,
            .duration = int_in(s, "duration") * US,
            .kind = kind_of(s),
        };
    }
    return spans;
}

/* Of spans with the same id Jaeger's viewer gives the second the name ID_1. */
static bool is_id(const char *shown, const char *id)
{
    size_t n = strlen(id);
    return strncmp(shown, id, n) == 0 && (!shown[n] || shown[n] == '_');
}

/* Both in any order of roots: pieces are compared as a set. */
static void same_path(const struct trace_tree *t, const cJSON *sections, const char *where)
{
    const cJSON *x;
    size_t n = 0;
    cJSON_ArrayForEach(x, sections)
    {
        bool found = false;
        n++;
        for (uint32_t i = 0; i < t->n_path && !found; i++)
            found = t->path[i].from / US == int_in(x, "sectionStart") &&
                    t->path[i].to / US == int_in(x, "sectionEnd") &&
                    is_id(text_in(x, "spanID"), t->trace->spans[t->nodes[t->path[i].node].span].id);
        if (!found)
            fail_msg("%s: no piece %s %" PRId64 "-%" PRId64, where, text_in(x, "spanID"),
                     int_in(x, "sectionStart"), int_in(x, "sectionEnd"));
    }
    if (n != t->n_path)
        fail_msg("%s: %u pieces for %zu", where, (unsigned)t->n_path, n);
}

static bool same_ms(double shown, int64_t ns)
{
    double off = shown - (double)ns / (double)SD_MS;
    return off < 0.00501 && off > -0.00501; /* rounded to 2 decimals */
}

/* Self times by service, or by service and operation. */
static void same_statistics(const struct trace_tree *t, const cJSON *rows, bool by_name, const char *where)
{
    const cJSON *x;
    cJSON_ArrayForEach(x, rows)
    {
        const char *name = text_in(x, "name"), *of = text_in(x, "parentElement");
        bool detail = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(x, "isDetail"));
        int64_t self = 0, total = 0, count = 0;
        for (uint32_t i = 0; i < t->n; i++) {
            const struct trace_span *s = &t->trace->spans[t->nodes[i].span];
            if (detail ? strcmp(s->name, name) != 0 || strcmp(s->service, of) != 0
                       : strcmp(s->service, name) != 0)
                continue;
            count++;
            self += t->nodes[i].self_ns;
            total += s->duration;
        }
        const cJSON *shown = cJSON_GetObjectItemCaseSensitive(x, "selfTotal");
        if (count != int_in(x, "count") || !same_ms(shown->valuedouble, self))
            fail_msg("%s: %s: %" PRId64 " spans, %g ms of their own, for %" PRId64 ", %g (%s)", where, name,
                     count, (double)self / (double)SD_MS, int_in(x, "count"), shown->valuedouble,
                     by_name ? "operations" : "services");
        (void)total;
    }
}

static cJSON *read_json(const char *path)
{
    char *text;
    size_t n;
    struct sd_error err;
    if (!file_read(path, 64 << 20, &text, &n, &err))
        return NULL;
    cJSON *x = cJSON_ParseWithLength(text, n);
    free(text);
    return x;
}

static const cJSON *trace_by_id(const cJSON *doc, const char *id)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(doc, "data"), *t;
    if (!cJSON_IsArray(list))
        return list ? list : doc; /* the trace alone */
    cJSON_ArrayForEach(t, list) if (strcmp(text_in(t, "traceID"), id) == 0) return t;
    return NULL;
}

static void check_file(const char *input, const char *expect)
{
    cJSON *doc = read_json(input), *oracle = read_json(expect), *x;
    assert_non_null(doc);
    assert_non_null(oracle);
    cJSON *traces = cJSON_GetObjectItemCaseSensitive(oracle, "traces");
    cJSON_ArrayForEach(x, traces)
    {
        struct trace trace = {.id = text_in(x, "traceID")};
        const cJSON *t = trace_by_id(doc, trace.id);
        char where[512];
        snprintf(where, sizeof where, "%s %s", input, trace.id);
        struct trace_span *spans = spans_of(t, &trace.n);
        trace.spans = spans;
        struct trace_tree *tree = trace_tree_new(&trace);
        const cJSON *path = cJSON_GetObjectItemCaseSensitive(x, "criticalPath");
        const cJSON *statistics = cJSON_GetObjectItemCaseSensitive(x, "statistics");
        same_path(tree, cJSON_GetObjectItemCaseSensitive(path, "sections"), where);
        same_statistics(tree, cJSON_GetObjectItemCaseSensitive(statistics, "Service Name"), false, where);
        same_statistics(tree, cJSON_GetObjectItemCaseSensitive(statistics, "Service Name > Operation Name"),
                        true, where);
        trace_tree_free(tree);
        free(spans);
    }
    cJSON_Delete(doc);
    cJSON_Delete(oracle);
}

static void check_sections(const char *input, const char *expect)
{
    cJSON *doc = read_json(input), *oracle = read_json(expect);
    assert_non_null(doc);
    assert_non_null(oracle);
    struct trace trace = {.id = "t"};
    struct trace_span *spans =
        spans_of(cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(doc, "data"), 0), &trace.n);
    trace.spans = spans;
    struct trace_tree *tree = trace_tree_new(&trace);
    same_path(tree, cJSON_GetObjectItemCaseSensitive(oracle, "criticalPathSections"), input);
    trace_tree_free(tree);
    free(spans);
    cJSON_Delete(doc);
    cJSON_Delete(oracle);
}

/* Each FILE of a folder with its FILE + `more`, or with `more` in the place of its last letters. */
static int each_pair(const char *folder, const char *ending, const char *more,
                     void (*fn)(const char *input, const char *expect))
{
    DIR *d = opendir(folder);
    int n = 0;
    for (const struct dirent *e; d && (e = readdir(d));) {
        size_t len = strlen(e->d_name), end = strlen(more);
        char input[1024], expect[1024];
        if (len <= end || strcmp(e->d_name + len - end, more) != 0)
            continue;
        snprintf(expect, sizeof expect, "%s/%s", folder, e->d_name);
        snprintf(input, sizeof input, "%s/%.*s%s", folder, (int)(len - end), e->d_name, ending);
        fn(input, expect);
        n++;
    }
    if (d)
        closedir(d);
    return n;
}

static void jaeger_says_the_same(void **state)
{
    (void)state;
    const char *corpora = getenv("SLOWDIVE_CORPORA");
    char folder[512];
    if (!corpora)
        skip();
    snprintf(folder, sizeof folder, "%s/traces/critical_path", corpora);
    assert_true(each_pair(folder, ".trace.json", ".expect.json", check_sections) >= 6);
    snprintf(folder, sizeof folder, "%s/traces/jaeger", corpora);
    assert_true(each_pair(folder, "", ".jaeger-expect.json", check_file) >= 1);
    snprintf(folder, sizeof folder, "%s/traces/jaeger/statistics", corpora);
    assert_true(each_pair(folder, "", ".jaeger-expect.json", check_file) >= 10);
    snprintf(folder, sizeof folder, "%s/labrun/shop", corpora);
    assert_int_equal(each_pair(folder, ".jaeger.json", ".jaeger-expect.json", check_file), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(children_one_after_the_other),
        cmocka_unit_test(children_at_the_same_time),
        cmocka_unit_test(children_that_touch),
        cmocka_unit_test(ties_go_to_the_first),
        cmocka_unit_test(children_beyond_their_parents),
        cmocka_unit_test(who_takes_a_message_holds_up_nobody),
        cmocka_unit_test(a_circle_is_cut),
        cmocka_unit_test(parents_that_did_not_come),
        cmocka_unit_test(the_first_keeps_its_id),
        cmocka_unit_test(times_that_cannot_be),
        cmocka_unit_test(large_trees),
        cmocka_unit_test(jaeger_says_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
