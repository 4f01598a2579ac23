/* Treemaps: the layout of the paper, and that areas are weights and fill the whole. */
#include "tests/lib/test.h"

#include <math.h>

#include "core/squarify.h"

enum { MOST = 64 };

static void lay_out(const double *w, size_t n, double width, double height, const struct square_rect *want)
{
    struct square_rect got[MOST];
    squarify(w, n, (struct square_rect){0, 0, width, height}, got);
    for (size_t i = 0; i < n; i++)
        if (fabs(got[i].x0 - want[i].x0) > 1e-9 || fabs(got[i].y0 - want[i].y0) > 1e-9 ||
            fabs(got[i].x1 - want[i].x1) > 1e-9 || fabs(got[i].y1 - want[i].y1) > 1e-9)
            fail_msg("%zu: %g %g %g %g", i, got[i].x0, got[i].y0, got[i].x1, got[i].y1);
}

/* Bruls, Huizing, van Wijk, figure 4: 6, 6, 4, 3, 2, 2, 1 in 6 x 4. */
static void the_layout_of_the_paper(void **state)
{
    static const double w[] = {6, 6, 4, 3, 2, 2, 1};
    static const struct square_rect want[] = {
        {0, 0, 3, 2},
        {0, 2, 3, 4},
        {3, 0, 3 + 12.0 / 7, 7.0 / 3},
        {3 + 12.0 / 7, 0, 6, 7.0 / 3},
        {3, 7.0 / 3, 4.2, 4},
        {4.2, 7.0 / 3, 5.4, 4},
        {5.4, 7.0 / 3, 6, 4},
    };
    (void)state;
    lay_out(w, ARRAY_LEN(w), 6, 4, want);
}

static void rows_lie_along_the_left_of_a_square(void **state)
{
    static const double w[] = {1, 1, 1, 1};
    static const struct square_rect want[] = {{0, 0, 5, 5}, {0, 5, 5, 10}, {5, 0, 10, 5}, {5, 5, 10, 10}};
    (void)state;
    lay_out(w, ARRAY_LEN(w), 10, 10, want);
    lay_out((const double[]){3}, 1, 2, 7, (const struct square_rect[]){{0, 0, 2, 7}});
}

static double area(struct square_rect r)
{
    return (r.x1 - r.x0) * (r.y1 - r.y0);
}

static void areas_are_weights_and_fill_it(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed < 200; seed++) {
        double w[MOST], sum = 0, all = 0;
        struct square_rect r[MOST], in = {1, 2, 1 + seed % 17 + 1, 2 + seed % 11 + 1};
        size_t n = 1 + seed % MOST;
        unsigned x = seed;
        for (size_t i = 0; i < n; i++) {
            x = x * 1664525u + 1013904223u;
            w[i] = (i ? w[i - 1] : 1000) * (0.5 + (x >> 16 & 0xff) / 512.0);
            sum += w[i];
        }
        squarify(w, n, in, r);
        for (size_t i = 0; i < n; i++) {
            all += area(r[i]);
            assert_true(fabs(area(r[i]) - w[i] / sum * area(in)) < 1e-9 * area(in));
            assert_true(r[i].x0 >= in.x0 && r[i].y0 >= in.y0 && r[i].x1 <= in.x1 && r[i].y1 <= in.y1);
        }
        assert_true(fabs(all - area(in)) < 1e-9 * area(in));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_layout_of_the_paper),
        cmocka_unit_test(rows_lie_along_the_left_of_a_square),
        cmocka_unit_test(areas_are_weights_and_fill_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
