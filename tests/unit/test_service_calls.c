#include "tests/lib/test.h"

#include "core/drawing.h"
#include "core/traces/service_calls.h"
#include "core/traces/trace_copy.h"

#define SPAN(ID, PARENT, SERVICE, KIND, NS, ...)                                                             \
    {                                                                                                        \
        .id = (ID), .parent = (PARENT), .service = (SERVICE), .name = "op", .kind = (KIND),                  \
        .duration = (NS), __VA_ARGS__                                                                        \
    }

static const struct trace_attribute ATTRIBUTES[] = {
    {"db.system", "postgresql"}, {"db.system.name", "redis"}, {"server.address", "pay.example.com"}};

static const struct trace_span SPANS[] = {
    SPAN("1", NULL, "web", SPAN_SERVER, 100),
    SPAN("2", "1", "web", SPAN_CLIENT, 40),
    SPAN("3", "2", "cart", SPAN_SERVER, 30, .error = true),
    SPAN("4", "1", "web", SPAN_CLIENT, 20, .first_attribute = 0, .n_attributes = 1),
    SPAN("5", "1", "web", SPAN_CLIENT, 5, .first_attribute = 1, .n_attributes = 1),
    SPAN("6", "1", "web", SPAN_CLIENT, SD_UNKNOWN, .first_attribute = 2, .n_attributes = 1),
    SPAN("7", "1", "web", SPAN_INTERNAL, 3),
    SPAN("8", "7", "mail", SPAN_UNSAID, 2),
};
static const struct trace TRACE = {
    .id = "a", .spans = SPANS, .n = ARRAY_LEN(SPANS), .attributes = ATTRIBUTES};

static const struct service_call *find(const struct service_calls *c, const char *caller, const char *callee)
{
    for (size_t i = 0; i < c->n; i++)
        if (!strcmp(c->items[i].callee, callee) &&
            (caller ? c->items[i].caller && !strcmp(c->items[i].caller, caller) : !c->items[i].caller))
            return &c->items[i];
    return NULL;
}

static void calls_are_counted_by_pair(void **state)
{
    (void)state;
    struct service_calls c = {.n = 0};
    struct trace_tree *t = trace_tree_new(&TRACE);
    service_calls_add(&c, t);
    service_calls_add(&c, t);
    service_calls_finish(&c);
    assert_int_equal(c.traces, 2);
    assert_int_equal(c.n, 6);
    assert_int_equal(find(&c, NULL, "web")->count, 2);
    assert_int_equal(find(&c, "web", "cart")->errors, 2);
    assert_int_equal(find(&c, "web", "cart")->total_ns, 60);
    assert_int_equal(find(&c, "web", "postgresql")->kind, CALLEE_DATABASE);
    assert_int_equal(find(&c, "web", "redis")->kind, CALLEE_CACHE);
    assert_int_equal(find(&c, "web", "pay.example.com")->kind, CALLEE_EXTERNAL);
    assert_int_equal(service_call_quantile(find(&c, "web", "pay.example.com"), 0.99), SD_UNKNOWN);
    assert_int_equal(find(&c, "web", "mail")->count, 2);
    assert_string_equal(c.items[0].callee, "web"); /* takes most */
    trace_tree_free(t);
    service_calls_free(&c);
}

static void quantiles_are_exact(void **state)
{
    (void)state;
    int64_t ns[200];
    for (int i = 0; i < 200; i++)
        ns[i] = i + 1;
    struct service_call x = {.durations = ns, .n_durations = 200};
    assert_int_equal(service_call_quantile(&x, 0.5), 100);
    assert_int_equal(service_call_quantile(&x, 0.99), 198);
    assert_int_equal(service_call_quantile(&x, 1), 200);
}

static void a_copy_stays(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    char service[] = "web", key[] = "k", event[] = "exception";
    struct trace_span s[2] = {SPAN("1", NULL, service, SPAN_SERVER, 1, .n_attributes = 1, .n_events = 1),
                              SPAN("2", "1", service, SPAN_CLIENT, 1)};
    struct trace_attribute at[] = {{key, "v"}};
    struct trace_event e[] = {{5, event}};
    const struct trace *c =
        trace_copy(a, &(struct trace){.id = "t", .spans = s, .n = 2, .attributes = at, .events = e});
    service[0] = key[0] = event[0] = 'X';
    s[0].id = "gone";
    assert_string_equal(c->spans[0].service, "web");
    assert_ptr_equal(c->spans[0].service, c->spans[1].service);
    assert_string_equal(c->spans[0].id, "1");
    assert_null(c->spans[0].parent);
    assert_string_equal(c->attributes[0].key, "k");
    assert_string_equal(c->events[0].text, "exception");
    arena_free(a);
}

/* Blocks are the strong pieces, to an eighth; what is less than half of a character is not what it is. */
static void lines_in_characters(void **state)
{
    (void)state;
    uint32_t out[4];
    struct line_piece p[] = {{0, 1, false}, {0.25, 0.5, true}, {0.5, 0.59375, true}, {0.75, 0.76, true}};
    line_characters(&(struct line_pieces){.n = ARRAY_LEN(p), .pieces = p}, 4, out);
    assert_int_equal(out[0], LINE_PIECE);
    assert_int_equal(out[1], LINE_BLOCK);
    assert_int_equal(out[2], LINE_PIECE);
    assert_int_equal(out[3], LINE_PIECE);
    struct line_piece point[] = {
        {0.3, 0.3, false}, {0.3, 0.3, true}, {0.9375, 1, true}, {NAN, -5, true}, {7, 9, false}};
    line_characters(&(struct line_pieces){.n = ARRAY_LEN(point), .pieces = point}, 4, out);
    assert_int_equal(out[0], 0x258F); /* what is not a number is at the beginning */
    assert_int_equal(out[1], 0x258F);
    assert_int_equal(out[2], LINE_NOTHING);
    assert_int_equal(out[3], 0x2590);
    line_characters(&(struct line_pieces){.n = 0}, 0, out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_counted_by_pair),
        cmocka_unit_test(quantiles_are_exact),
        cmocka_unit_test(a_copy_stays),
        cmocka_unit_test(lines_in_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
