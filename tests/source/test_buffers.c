/* The running totals of the buffers: a fall of the server's sums is no growth, nor is another server. */
#include "tests/lib/test.h"

#include "source/postgres/buffers.h"

static struct sd_server reading(sd_time started, int64_t hits, int64_t reads)
{
    return (struct sd_server){.started = started, .since = 7, .blks_hit = hits, .blks_read = reads};
}

static void count(struct postgres *p, sd_time started, int64_t hits, int64_t reads, int64_t want_hits,
                  int64_t want_reads)
{
    struct sd_server s = reading(started, hits, reads);
    buffers_count(p, &s);
    assert_int_equal(p->buffers.hits, want_hits);
    assert_int_equal(p->buffers.reads, want_reads);
}

static void totals_only_grow(void **state)
{
    (void)state;
    static struct postgres p;
    count(&p, 1, 1000, 100, 1000, 100);
    count(&p, 1, 1500, 120, 1500, 120);
    count(&p, 1, 400, 10, 1500, 120);     /* a database was dropped */
    count(&p, 1, 450, 15, 1550, 125);     /* and counting goes on */
    count(&p, 2, 90000, 9000, 1550, 125); /* another server, or it was started again */
    count(&p, 2, 90010, 9001, 1560, 126);
    count(&p, 2, SD_UNKNOWN, SD_UNKNOWN, 1560, 126); /* refused this time */
    count(&p, 2, 90020, 9001, 1570, 126);
    assert_int_equal(p.buffers.since, 7);
}

static void evictions_may_be_unknown(void **state)
{
    (void)state;
    static struct postgres p;
    count(&p, 1, 1, 1, 1, 1);
    buffers_evicted(&p, SD_UNKNOWN);
    assert_int_equal(p.buffers.evictions, SD_UNKNOWN);
    buffers_evicted(&p, 50);
    buffers_evicted(&p, 60);
    assert_int_equal(p.buffers.evictions, 60);
    buffers_evicted(&p, 5);
    buffers_evicted(&p, 6);
    assert_int_equal(p.buffers.evictions, 61);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(totals_only_grow),
        cmocka_unit_test(evictions_may_be_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
