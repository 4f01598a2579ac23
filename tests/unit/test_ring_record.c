/* What the kernel writes about samples, and what programs write about code they make. */
#include "tests/lib/test.h"

#include "format/profiles/jit_code.h"
#include "format/profiles/ring_record.h"

/* ---- records, as the kernel lays them out ---- */

struct record {
    unsigned char bytes[1024];
    size_t n;
};

static void put(struct record *r, uint64_t v, size_t bytes)
{
    memcpy(r->bytes + r->n, &v, bytes);
    r->n += bytes;
}

static void put_text(struct record *r, const char *s, size_t padded)
{
    memcpy(r->bytes + r->n, s, strlen(s) + 1);
    r->n += padded;
}

static void begin(struct record *r, uint32_t type, uint16_t misc)
{
    *r = (struct record){.n = 0};
    put(r, type, 4);
    put(r, misc, 2);
    put(r, 0, 2);
}

static void put_id(struct record *r, uint32_t pid, uint32_t tid, uint64_t time)
{
    put(r, pid, 4);
    put(r, tid, 4);
    put(r, time, 8);
    put(r, 3, 4); /* processor */
    put(r, 0, 4);
}

static bool decoded(struct record *r, struct ring_record *e)
{
    uint16_t size = (uint16_t)r->n;
    memcpy(r->bytes + 6, &size, 2);
    return ring_record_decode(r->bytes, r->n, &(struct ring_layout){0}, e);
}

static void a_sample_has_its_stack(void **state)
{
    (void)state;
    struct record r;
    struct ring_record e;
    begin(&r, PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER);
    put(&r, 0x401000, 8);
    put_id(&r, 10, 11, 5000);
    put(&r, 10101010, 8);
    put(&r, 3, 8);
    put(&r, (uint64_t)PERF_CONTEXT_USER, 8);
    put(&r, 0x401000, 8);
    put(&r, 0x402000, 8);
    assert_true(decoded(&r, &e));
    assert_int_equal(e.pid, 10);
    assert_int_equal(e.tid, 11);
    assert_int_equal(e.time, 5000);
    assert_int_equal(e.cpu, 3);
    assert_int_equal(e.period, 10101010);
    assert_int_equal(e.n_chain, 3);
    assert_true(ring_record_ip(&e, 0) == (uint64_t)PERF_CONTEXT_USER);
    assert_int_equal(ring_record_ip(&e, 2), 0x402000);

    /* More addresses than there is room for. */
    uint64_t huge = UINT64_MAX / 8;
    memcpy(r.bytes + 48, &huge, 8);
    assert_false(decoded(&r, &e));
}

static void a_sample_may_have_registers_and_stack(void **state)
{
    (void)state;
    struct record r;
    struct ring_record e;
    begin(&r, PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER);
    put(&r, 0x401000, 8);
    put_id(&r, 10, 11, 5000);
    put(&r, 1, 8);
    put(&r, 0, 8);
    put(&r, 2, 8); /* ABI: 64 bits */
    put(&r, 0x7000, 8);
    put(&r, 0x401000, 8);
    put(&r, 16, 8); /* of the stack, with 8 that are filled */
    put(&r, 1, 8);
    put(&r, 2, 8);
    put(&r, 8, 8);
    uint16_t size = (uint16_t)r.n;
    memcpy(r.bytes + 6, &size, 2);
    assert_true(ring_record_decode(r.bytes, r.n, &(struct ring_layout){.regs = 3}, &e));
    assert_int_equal(e.n_regs, 2);
    assert_int_equal(e.stack_len, 8);
    /* The stack reaches over the end. */
    r.bytes[7 * 8 + 24] = 0xff;
    r.bytes[7 * 8 + 25] = 0xff;
    assert_false(ring_record_decode(r.bytes, r.n, &(struct ring_layout){.regs = 3}, &e));
}

static void a_mapping_has_its_file(void **state)
{
    (void)state;
    struct record r;
    struct ring_record e;
    begin(&r, PERF_RECORD_MMAP2, PERF_RECORD_MISC_USER);
    put(&r, 10, 4);
    put(&r, 10, 4);
    put(&r, 0x400000, 8);
    put(&r, 0x1000, 8);
    put(&r, 0x2000, 8);
    put(&r, 8, 4);
    put(&r, 1, 4);
    put(&r, 77, 8);
    put(&r, 0, 8);
    put(&r, 5, 8);
    put_text(&r, "/bin/true", 16);
    put_id(&r, 10, 10, 6000);
    assert_true(decoded(&r, &e));
    assert_string_equal(e.name, "/bin/true");
    assert_int_equal(e.inode, 77);
    assert_int_equal(e.major, 8);
    assert_int_equal(e.offset, 0x2000);
    assert_int_equal(e.time, 6000);

    /* A name that does not end. */
    memset(r.bytes + 72, 'x', 16);
    assert_false(decoded(&r, &e));
}

static void processes_come_and_go(void **state)
{
    (void)state;
    struct record r;
    struct ring_record e;
    begin(&r, PERF_RECORD_COMM, PERF_RECORD_MISC_COMM_EXEC);
    put(&r, 10, 4);
    put(&r, 10, 4);
    put_text(&r, "postgres", 16);
    put_id(&r, 10, 10, 1);
    assert_true(decoded(&r, &e));
    assert_string_equal(e.name, "postgres");
    assert_true(e.misc & PERF_RECORD_MISC_COMM_EXEC);

    begin(&r, PERF_RECORD_FORK, 0);
    put(&r, 12, 4);
    put(&r, 10, 4);
    put(&r, 12, 4);
    put(&r, 10, 4);
    put(&r, 2, 8);
    put_id(&r, 10, 10, 2);
    assert_true(decoded(&r, &e));
    assert_int_equal(e.parent, 10);

    begin(&r, PERF_RECORD_LOST, 0);
    put(&r, 1, 8);
    put(&r, 99, 8);
    put_id(&r, 10, 10, 3);
    assert_true(decoded(&r, &e));
    assert_int_equal(e.lost, 99);
}

static void broken_records_are_told(void **state)
{
    (void)state;
    struct record r;
    struct ring_record e;
    begin(&r, PERF_RECORD_EXIT, 0);
    assert_int_equal(ring_record_size(r.bytes, 8), 0); /* its size is 0 */
    assert_int_equal(ring_record_size(r.bytes, 7), 0);
    assert_false(decoded(&r, &e));
    r.bytes[6] = 200;
    assert_int_equal(ring_record_size(r.bytes, 100), 0); /* not whole */
}

/* ---- code made at run time ---- */

static void a_map_is_read_in_pieces(void **state)
{
    (void)state;
    struct jit_code c = {0};
    const char *text =
        "1000 20 LazyCompile:*hot /app/a.js:1:2\n2000 10 other\r\nrubbish\n\n3000 0 at one place\n";
    for (const char *s = text; *s; s++)
        jit_code_map(&c, s, 1);
    assert_string_equal(jit_code_at(&c, 0x1000), "LazyCompile:*hot /app/a.js:1:2");
    assert_string_equal(jit_code_at(&c, 0x101f), "LazyCompile:*hot /app/a.js:1:2");
    assert_null(jit_code_at(&c, 0x1020));
    assert_string_equal(jit_code_at(&c, 0x2005), "other");
    assert_string_equal(jit_code_at(&c, 0x3000), "at one place");
    assert_null(jit_code_at(&c, 0xfff));
    assert_int_equal(c.bad, 1);
    jit_code_free(&c);
}

static void the_newest_piece_counts(void **state)
{
    (void)state;
    struct jit_code c = {0};
    jit_code_map(&c, "1000 100 old\n", 13);
    assert_string_equal(jit_code_at(&c, 0x1050), "old");
    jit_code_map(&c, "1040 20 new\n", 12);
    assert_string_equal(jit_code_at(&c, 0x1050), "new");
    assert_string_equal(jit_code_at(&c, 0x1010), "old");
    assert_string_equal(jit_code_at(&c, 0x1070), "old");
    jit_code_free(&c);
}

static void absurd_lines_are_no_code(void **state)
{
    (void)state;
    struct jit_code c = {0};
    static const char text[] = "ffffffffffffffff ffffffffffffffff over the end\n"
                               "11111111111111111 1 too many digits\n1000 10\n1000 10 \n";
    jit_code_map(&c, text, sizeof text - 1);
    assert_int_equal(c.n, 0);
    assert_int_equal(c.bad, 4);
    jit_code_free(&c);
}

static void a_jitdump_is_read_in_pieces(void **state)
{
    (void)state;
    struct record r = {.n = 0};
    put(&r, 0x4A695444, 4);
    put(&r, 1, 4);
    put(&r, 40, 4);
    put(&r, 62, 4);
    put(&r, 0, 8);
    put(&r, 0, 8);
    put(&r, 0, 8);
    put(&r, 2, 4); /* a record of what is not wanted */
    put(&r, 24, 4);
    put(&r, 0, 8);
    put(&r, 0, 8);
    put(&r, 0, 4); /* code */
    put(&r, 16 + 40 + 8 + 64, 4);
    put(&r, 0, 8);
    put(&r, 1, 4);
    put(&r, 1, 4);
    put(&r, 0x5000, 8);
    put(&r, 0x5000, 8);
    put(&r, 64, 8);
    put(&r, 1, 8);
    put_text(&r, "jitted", 8);
    r.n += 64;
    struct jit_code whole = {0}, pieces = {0};
    jit_code_dump(&whole, r.bytes, r.n);
    for (size_t i = 0; i < r.n; i++)
        jit_code_dump(&pieces, r.bytes + i, 1);
    assert_string_equal(jit_code_at(&whole, 0x5010), "jitted");
    assert_string_equal(jit_code_at(&pieces, 0x5010), "jitted");
    jit_code_free(&whole);
    jit_code_free(&pieces);

    struct jit_code broken = {0};
    memset(r.bytes + 40 + 4, 0, 4); /* a record without a size */
    jit_code_dump(&broken, r.bytes, r.n);
    assert_null(jit_code_at(&broken, 0x5010));
    assert_int_equal(broken.bad, 1);
    jit_code_free(&broken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sample_has_its_stack),
        cmocka_unit_test(a_sample_may_have_registers_and_stack),
        cmocka_unit_test(a_mapping_has_its_file),
        cmocka_unit_test(processes_come_and_go),
        cmocka_unit_test(broken_records_are_told),
        cmocka_unit_test(a_map_is_read_in_pieces),
        cmocka_unit_test(the_newest_piece_counts),
        cmocka_unit_test(absurd_lines_are_no_code),
        cmocka_unit_test(a_jitdump_is_read_in_pieces),
    };
    return cmocka_run_group_tests_name("ring_record", tests, NULL, NULL);
}
