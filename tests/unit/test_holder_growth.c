/* Which objects of a heap hold more and more: what is suspected, and how sure it is. */
#include "tests/lib/test.h"

#include "core/profiles/holder_growth.h"

static struct heap_snapshot snapshot(const char *name, double bytes, const struct sd_profile_holder *items,
                                     const struct sd_profile_holder **list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        list[i] = &items[i];
    return (struct heap_snapshot){.name = name, .bytes = bytes, .holders = list, .n = n};
}

/* One map of a heap of 1 MB, with the bytes and objects it holds in each snapshot; the suspect's confidence.
 */
static const char *of_map(size_t n, const double heap[], const int64_t bytes[], const int64_t held[])
{
    struct sd_profile_holder items[4];
    const struct sd_profile_holder *lists[4];
    struct heap_snapshot all[4];
    for (size_t i = 0; i < n; i++) {
        items[i] = (struct sd_profile_holder){
            .id = 7, .name = "Map", .what = "map", .bytes = bytes[i], .held = held[i]};
        all[i] = snapshot("x", heap[i], &items[i], &lists[i], 1);
    }
    struct holder_growth g = holder_growth(all, n);
    const char *name = g.n ? growth_confidence_name(g.items[0].confidence) : "none";
    holder_growth_free(&g);
    return name;
}

static void confidence(void **state)
{
    (void)state;
    static const double heap[] = {1e6, 1.3e6, 1.6e6}, little[] = {1e6, 1.001e6, 1.002e6},
                        less[] = {1e6, 0.9e6, 0.8e6};
    static const int64_t steady[] = {300000, 600000, 900000}, once[] = {300000, 900000, 900000},
                         late[] = {300000, 310000, 900000}, few[] = {300000, 301000, 302000};
    static const int64_t more[] = {10, 20, 30}, same[] = {10, 10, 10};
    assert_string_equal(of_map(3, heap, steady, more), "high");
    assert_string_equal(of_map(3, heap, once, more), "low"); /* it filled up */
    assert_string_equal(of_map(3, heap, late, more), "medium");
    assert_string_equal(of_map(3, heap, steady, same), "medium"); /* the objects grew, not their number */
    assert_string_equal(of_map(3, little, few, more), "low");     /* of nearly nothing */
    assert_string_equal(of_map(3, less, steady, more), "none");   /* the heap did not grow */
    assert_string_equal(of_map(2, heap, steady, more), "high");
    assert_string_equal(of_map(2, little, few, more), "low");
    assert_string_equal(of_map(1, heap, steady, more), "none");
}

/* The suspect is the deepest one that was there before, also when something else stands in its place. */
static void deepest(void **state)
{
    (void)state;
    static const struct sd_profile_holder before[] = {
        {.id = 1, .name = "Shop", .bytes = 100000},
        {.id = 3, .above = 1, .name = "Map", .what = "map", .property = "byId", .bytes = 90000, .held = 10},
        {.id = 5,
         .above = 1,
         .name = "(closure)",
         .what = "closure",
         .property = "undo",
         .through = "context",
         .bytes = 5000},
    };
    static const struct sd_profile_holder after[] = {
        {.id = 1, .name = "Shop", .bytes = 700000},
        {.id = 3, .above = 1, .name = "Map", .what = "map", .property = "byId", .bytes = 91000, .held = 11},
        {.id = 99,
         .above = 1,
         .name = "(closure)",
         .what = "closure",
         .property = "undo",
         .through = "context",
         .bytes = 600000},
        {.id = 101, .above = 99, .name = "Big", .bytes = 590000}, /* not there before */
    };
    const struct sd_profile_holder *lists[2][4];
    struct heap_snapshot all[] = {snapshot("a", 1e6, before, lists[0], 3),
                                  snapshot("b", 1.6e6, after, lists[1], 4)};
    struct holder_growth g = holder_growth(all, 2);
    assert_int_equal(g.n, 1);
    assert_int_equal(g.items[0].holder->id, 99);
    assert_true(g.items[0].before == 5000 && g.items[0].growth == 595000);
    assert_string_equal(growth_confidence_name(g.items[0].confidence), "high");
    holder_growth_free(&g);
}

/* Numbers of a recording may be anything: each other's holders, twice the same, of another process. */
static void hostile(void **state)
{
    (void)state;
    static const struct sd_profile_holder ring[] = {
        {.id = 1, .above = 3, .name = "A", .what = "map", .bytes = 5},
        {.id = 3, .above = 1, .name = "B", .what = "map", .bytes = INT64_MAX},
        {.id = 3, .above = 3, .name = "B", .what = "map", .bytes = -7},
        {.id = SD_UNKNOWN, .above = SD_UNKNOWN, .name = NULL, .bytes = SD_UNKNOWN, .held = SD_UNKNOWN}};
    const struct sd_profile_holder *lists[2][4];
    struct heap_snapshot all[] = {snapshot("a", 1, ring, lists[0], 2), snapshot("b", 1e6, ring, lists[1], 4)};
    struct holder_growth g = holder_growth(all, 2);
    holder_growth_free(&g);
    all[1].bytes = (double)NAN;
    g = holder_growth(all, 2);
    assert_int_equal(g.n, 0);
    holder_growth_free(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(confidence), cmocka_unit_test(deepest),
                                       cmocka_unit_test(hostile)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
