#include "tests/lib/test.h"

#include "core/drawing.h"
#include "core/traces/trace_copy.h"

#define SPAN(ID, PARENT, SERVICE, KIND, NS, ...)                                                             \
    {                                                                                                        \
        .id = (ID), .parent = (PARENT), .service = (SERVICE), .name = "op", .kind = (KIND),                  \
        .duration = (NS), __VA_ARGS__                                                                        \
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
        cmocka_unit_test(a_copy_stays),
        cmocka_unit_test(lines_in_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
