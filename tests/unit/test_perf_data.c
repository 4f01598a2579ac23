/* Recordings of perf record, written here byte by byte: files and pipes, plain and compressed, records out of
 * order, processes that fork and run other programs; and broken ones. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <zstd.h>

#include "format/profiles/perf_data.h"
#include "format/profiles/profile_file.h"

enum { IP = 1, TID = 2, TIME = 4, CALLCHAIN = 32, ID = 64, PERIOD = 256, IDENTIFIER = 1 << 16 };
enum { KERNEL = 1, USER = 2, EXEC = 1 << 13, MMAP2_ID = 1 << 14 };
enum { FIELDS = IDENTIFIER | IP | TID | TIME | PERIOD | CALLCHAIN };
#define IN_KERNEL UINT64_C(0xffffffffffffff80)
#define IN_USER   UINT64_C(0xfffffffffffffe00)

static void put32(struct strbuf *b, uint32_t v)
{
    strbuf_add(b, &v, sizeof v);
}

static void put64(struct strbuf *b, uint64_t v)
{
    strbuf_add(b, &v, sizeof v);
}

static void put_text(struct strbuf *b, const char *text)
{
    static const char zeros[8];
    size_t n = strlen(text) + 1;
    strbuf_add(b, text, n);
    strbuf_add(b, zeros, (8 - n % 8) % 8);
}

/* Takes the body over. */
static void put_record(struct strbuf *out, uint32_t type, unsigned misc, struct strbuf *body)
{
    put32(out, type);
    put32(out, misc | (uint32_t)(body->len + 8) << 16);
    strbuf_add(out, strbuf_text(body), body->len);
    strbuf_free(body);
}

/* The time and the id of an event, at the end of what is no sample. */
static void put_end(struct strbuf *b, uint32_t pid, uint64_t time)
{
    put32(b, pid);
    put32(b, pid);
    put64(b, time);
    put64(b, 70);
}

static void put_mmap(struct strbuf *out, uint32_t pid, uint64_t time, uint64_t start, uint64_t length,
                     const char *path)
{
    struct strbuf b = {0};
    put32(&b, pid);
    put32(&b, pid);
    put64(&b, start);
    put64(&b, length);
    put64(&b, 0x1000);
    for (int i = 0; i < 4; i++)
        put64(&b, 0);
    put_text(&b, path);
    put_end(&b, pid, time);
    put_record(out, 10, USER, &b);
}

static void put_comm(struct strbuf *out, uint32_t pid, uint64_t time, unsigned misc, const char *name)
{
    struct strbuf b = {0};
    put32(&b, pid);
    put32(&b, pid);
    put_text(&b, name);
    put_end(&b, pid, time);
    put_record(out, 3, misc, &b);
}

static void put_fork(struct strbuf *out, uint32_t parent, uint32_t pid, uint64_t time)
{
    struct strbuf b = {0};
    put32(&b, pid);
    put32(&b, parent);
    put32(&b, pid);
    put32(&b, parent);
    put64(&b, time);
    put_end(&b, pid, time);
    put_record(out, 7, 0, &b);
}

/* A sample of the event of that id; the chain ends with 0. */
static void put_sample(struct strbuf *out, uint64_t id, uint32_t pid, uint64_t time, uint64_t period,
                       const uint64_t *chain)
{
    struct strbuf b = {0};
    size_t n = 0;
    while (chain[n])
        n++;
    put64(&b, id);
    put64(&b, n > 1 ? chain[1] : 0);
    put32(&b, pid);
    put32(&b, pid);
    put64(&b, time);
    put64(&b, period);
    put64(&b, n);
    for (size_t i = 0; i < n; i++)
        put64(&b, chain[i]);
    put_record(out, 9, USER, &b);
}

static void put_attr(struct strbuf *b, uint32_t type, uint64_t config)
{
    put32(b, type);
    put32(b, 64);
    put64(b, config);
    put64(b, 99);
    put64(b, FIELDS);
    put64(b, 0);
    put64(b, 1 << 10 | 1 << 18); /* freq, sample_id_all */
    for (int i = 0; i < 2; i++)
        put64(b, 0);
}

/* Two events, cpu-clock with id 70 and page-faults with 71. */
static void put_file(struct strbuf *out, const struct strbuf *records, uint64_t data_size)
{
    struct strbuf b = {0};
    strbuf_str(&b, "PERFILE2");
    put64(&b, 104);
    put64(&b, 80); /* of an attribute */
    put64(&b, 104 + 16);
    put64(&b, 2 * 80);
    put64(&b, 104 + 16 + 160);
    put64(&b, data_size);
    for (int i = 0; i < 6; i++)
        put64(&b, 0); /* event types, features */
    put64(&b, 70);
    put64(&b, 71);
    for (unsigned i = 0; i < 2; i++) {
        put_attr(&b, 1, i * 2);
        put64(&b, 104 + 8 * i); /* where its ids are */
        put64(&b, 8);
    }
    strbuf_add(&b, strbuf_text(records), records->len);
    *out = b;
}

static void put_pipe(struct strbuf *out, const struct strbuf *records)
{
    strbuf_str(out, "PERFILE2");
    put64(out, 16);
    for (unsigned i = 0; i < 2; i++) {
        struct strbuf b = {0};
        put_attr(&b, 1, i * 2);
        put64(&b, 70 + i);
        put_record(out, 64, 0, &b);
    }
    strbuf_add(out, strbuf_text(records), records->len);
}

/* A shell forks, and its child runs a program; what is known stands behind what it is needed for. */
static void put_story(struct strbuf *b)
{
    static const uint64_t shell[] = {IN_USER, 0x401010, 0x401500, 0},
                          libc[] = {IN_USER, 0x7f0010, 0x401500, 0},
                          kernel[] = {IN_KERNEL, 0xffffffff81000010, IN_USER, 0x401010, 0},
                          nowhere[] = {IN_USER, 0x10, 0};
    put_sample(b, 70, 5, 30, 1000, shell);
    put_sample(b, 70, 6, 45, 1000, libc);
    put_sample(b, 70, 6, 55, 1000, shell);
    put_mmap(b, 5, 10, 0x400000, 0x2000, "/bin/sh");
    put_mmap(b, 5, 10, 0x7f0000, 0x1000, "/usr/lib/libc.so.6 (deleted)");
    put_comm(b, 5, 11, 0, "shell");
    put_fork(b, 5, 6, 40);
    put_comm(b, 6, 50, EXEC, "worker");
    put_mmap(b, 6, 51, 0x400000, 0x2000, "/srv/worker");
    put_sample(b, 71, 6, 60, 1, kernel);
    put_sample(b, 70, 6, 61, 500, nowhere);
    struct strbuf lost = {0};
    put64(&lost, 70);
    put64(&lost, 3);
    put_end(&lost, 5, 62);
    put_record(b, 2, 0, &lost);
}

static char *told_profile(struct profile *p, const struct sd_error *err)
{
    struct strbuf out = {0};
    if (!p)
        return mem_strdup(err->text);
    profile_finish(p);
    uint32_t *order = profile_order(p);
    strbuf_printf(&out, "%s %s %lld lost %lld:", p->types[p->chosen], p->units[p->chosen],
                  (long long)p->samples, (long long)p->lost);
    for (size_t i = 0; i < p->n; i++) {
        const struct profile_function *f = &p->functions[order[i]];
        strbuf_printf(&out, "\n%s|%s|%s %g/%g", f->name, f->module ? f->module : "", f->kind ? f->kind : "",
                      profile_self(p, order[i], p->chosen), profile_total(p, order[i], p->chosen));
    }
    free(order);
    profile_free(p);
    return strbuf_detach(&out);
}

static void gives(const struct strbuf *file, const char *type, const char *expected)
{
    struct sd_error err = {.text = ""};
    assert_int_equal(profile_recognise(strbuf_text(file), file->len), PROFILE_PERF_DATA);
    char *text = told_profile(profile_read(strbuf_text(file), file->len, PROFILE_ANY, type, "x", &err), &err);
    assert_string_equal(text, expected);
    free(text);
}

static const char STORY[] =
    "cpu-clock ns 5 lost 3:\n[libc.so.6]|libc.so.6|native 1000/1000\n[sh]|sh|native 1000/2000\n"
    "[worker]|worker|native 1000/1000\n[unknown]|| 500/500\n"
    "[kernel.kallsyms]|[kernel.kallsyms]|kernel 0/0\nshell||process 0/2000\nworker||process 0/1500";

static void a_file(void **state)
{
    (void)state;
    struct strbuf records = {0}, file = {0};
    put_story(&records);
    put_file(&file, &records, records.len);
    gives(&file, NULL, STORY);
    gives(&file, "page-faults",
          "page-faults count 5 lost 3:\n[kernel.kallsyms]|[kernel.kallsyms]|kernel "
          "1/1\n[libc.so.6]|libc.so.6|native "
          "0/0\n[sh]|sh|native 0/0\n[unknown]|| 0/0\n[worker]|worker|native 0/1\nshell||process 0/0\n"
          "worker||process 0/1");
    strbuf_free(&file);
    put_file(&file, &records, 0); /* it was broken off before its head was completed */
    gives(&file, NULL, STORY);
    strbuf_free(&file);
    put_pipe(&file, &records);
    gives(&file, NULL, STORY);
    strbuf_free(&file);
    strbuf_free(&records);
}

/* `perf record -z`: the records are parts of one stream, and one may begin in a part and end in the next. */
static void compressed(void **state)
{
    (void)state;
    struct strbuf records = {0}, packed = {0}, file = {0};
    put_story(&records);
    char out[4096];
    ZSTD_CStream *z = ZSTD_createCStream();
    for (size_t at = 0; at < records.len;) {
        size_t n = MIN((size_t)100, records.len - at);
        ZSTD_inBuffer in = {.src = strbuf_text(&records) + at, .size = n};
        ZSTD_outBuffer to = {.dst = out, .size = sizeof out};
        ZSTD_compressStream(z, &to, &in);
        ZSTD_flushStream(z, &to);
        struct strbuf b = {0};
        strbuf_add(&b, out, to.pos);
        put_record(&packed, 81, 0, &b);
        at += n;
    }
    ZSTD_freeCStream(z);
    put_file(&file, &packed, packed.len);
    gives(&file, NULL, STORY);
    file.text[file.len - 3] ^= 0x55;
    struct sd_error err = {.text = ""};
    profile_free(profile_read(file.text, file.len, PROFILE_ANY, NULL, "x", &err));
    strbuf_free(&file);
    strbuf_free(&packed);
    strbuf_free(&records);
}

/* At the outer function's second half another one is inlined. */
static size_t names(void *ctx, const struct perf_data_place *at, struct perf_data_name *out)
{
    static char text[2][32];
    (void)ctx;
    assert_int_equal(at->build_id_len, 0);
    assert_false(at->several);
    assert_int_equal(at->address - at->start + at->begin, at->offset);
    if (!str_ends(at->path, "/sh"))
        return 0;
    snprintf(text[0], sizeof text[0], "sh+%llx", (unsigned long long)at->offset);
    snprintf(text[1], sizeof text[1], "in sh+%llx", (unsigned long long)at->offset);
    out[0] = (struct perf_data_name){.name = text[0]};
    out[1] = (struct perf_data_name){.name = text[1], .module = "inside", .kind = "jit"};
    return at->offset == 0x2010 ? 2 : 1;
}

static void mapped(void *ctx, int32_t pid, const char *path)
{
    (void)pid;
    *(int *)ctx += str_ends(path, "/sh");
}

static void names_from_outside(void **state)
{
    (void)state;
    struct strbuf records = {0}, file = {0};
    struct sd_error err = {.text = ""};
    int shells = 0;
    put_story(&records);
    put_file(&file, &records, records.len);
    struct profile *p =
        perf_data_read_named(strbuf_text(&file), file.len,
                             &(struct perf_names){.ctx = &shells, .names = names, .mapped = mapped}, &err);
    char *text = told_profile(p, &err);
    /* 0x401500 called: the call is before it. */
    assert_non_null(strstr(text, "\nsh+2010|sh|native 0/1000"));
    assert_non_null(strstr(text, "\nin sh+2010|inside|jit 1000/1000"));
    assert_non_null(strstr(text, "\nsh+24ff|sh|native 0/2000"));
    assert_non_null(strstr(text, "\n[worker]|worker|native 1000/1000"));
    assert_true(shells > 0);
    free(text);
    strbuf_free(&file);
    strbuf_free(&records);
}

static void refused(const struct strbuf *file, const char *why)
{
    struct sd_error err = {.text = ""};
    assert_null(profile_read(strbuf_text(file), file->len, PROFILE_PERF_DATA, NULL, "x", &err));
    if (!strstr(err.text, why))
        fail_msg("%s", err.text);
}

static void broken(void **state)
{
    (void)state;
    struct strbuf records = {0}, file = {0};
    put_story(&records);
    put_file(&file, &records, records.len + 8);
    refused(&file, "it is cut: a part that its head names is not there");
    strbuf_free(&file);
    strbuf_str(&file, "2ELIFREP12345678");
    refused(&file, "it was recorded on a machine of the other byte order; convert it with: perf script");
    strbuf_free(&file);
    put_file(&file, &(struct strbuf){0}, 0);
    refused(&file, "it has no samples");
    strbuf_free(&file);
    put_pipe(&file, &records);
    for (size_t i = 0; i < file.len; i++) { /* every cut, every byte */
        struct sd_error err;
        char was = file.text[i];
        profile_free(profile_read(file.text, i, PROFILE_PERF_DATA, NULL, "x", &err));
        file.text[i] ^= (char)(i * 37 + 1);
        profile_free(profile_read(file.text, file.len, PROFILE_PERF_DATA, NULL, "x", &err));
        file.text[i] = (char)-1;
        profile_free(profile_read(file.text, file.len, PROFILE_PERF_DATA, NULL, "x", &err));
        file.text[i] = was;
    }
    strbuf_free(&file);
    strbuf_free(&records);
}

/* A process maps without end, in the order that costs most. */
static void hostile_maps(void **state)
{
    (void)state;
    static const uint64_t at[] = {IN_USER, 0x401010, 0};
    struct strbuf records = {0}, file = {0};
    for (uint32_t i = 0; i < 100000; i++)
        put_mmap(&records, 5, 10, (uint64_t)(100000 - i) << 12, 0x1000, "/a");
    put_sample(&records, 70, 5, 30, 1000, at);
    put_file(&file, &records, records.len);
    refused(&file, "its processes have more mapped files than can be read");
    strbuf_free(&file);
    strbuf_free(&records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file), cmocka_unit_test(compressed),   cmocka_unit_test(names_from_outside),
        cmocka_unit_test(broken), cmocka_unit_test(hostile_maps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
