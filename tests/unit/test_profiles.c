/* Profile files: what functions they give, and how broken ones are refused. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "format/profiles/profile_file.h"

/* ---- a small writer of pprof's wire format ---- */

static void put_varint(struct strbuf *b, uint64_t v)
{
    for (; v > 127; v >>= 7)
        strbuf_char(b, (char)(v | 128));
    strbuf_char(b, (char)v);
}

static void put_value(struct strbuf *b, unsigned field, uint64_t v)
{
    put_varint(b, field << 3);
    put_varint(b, v);
}

static void put_bytes(struct strbuf *b, unsigned field, const void *bytes, size_t n)
{
    put_varint(b, field << 3 | 2);
    put_varint(b, n);
    strbuf_add(b, bytes, n);
}

/* A message of values by field; a field that is 0 is left out. */
static void put_message(struct strbuf *b, unsigned field, const uint64_t values[6])
{
    struct strbuf m = {0};
    for (unsigned i = 1; i < 6; i++)
        if (values[i])
            put_value(&m, i, values[i]);
    put_bytes(b, field, strbuf_text(&m), m.len);
    strbuf_free(&m);
}

static void put_location(struct strbuf *b, uint64_t id, uint64_t mapping, uint64_t inner, uint64_t outer)
{
    struct strbuf m = {0};
    put_value(&m, 1, id);
    put_value(&m, 2, mapping);
    if (inner)
        put_message(&m, 4, (const uint64_t[6]){0, inner});
    if (outer)
        put_message(&m, 4, (const uint64_t[6]){0, outer});
    put_bytes(b, 4, strbuf_text(&m), m.len);
    strbuf_free(&m);
}

static void put_sample(struct strbuf *b, const char *locations, const char *values)
{
    struct strbuf m = {0};
    put_bytes(&m, 1, locations, strlen(locations));
    put_bytes(&m, 2, values, strlen(values));
    put_bytes(b, 2, strbuf_text(&m), m.len);
    strbuf_free(&m);
}

/* samples/count and cpu/microseconds; main calls work, which has small inlined, and an address of libc. */
static void put_profile(struct strbuf *b)
{
    static const char *const strings[] = {"",     "samples", "count", "cpu",          "microseconds",
                                          "main", "work",    "small", "/usr/bin/app", "/lib/libc.so.6"};
    put_message(b, 1, (const uint64_t[6]){0, 1, 2});
    put_message(b, 1, (const uint64_t[6]){0, 3, 4});
    put_sample(b, "\1\2", "\3\36");   /* small, work, main: 3 samples, 30 us */
    put_sample(b, "\3\2\2", "\1\12"); /* libc, main, main */
    put_sample(b, "\2", "\2\24");
    put_message(b, 3, (const uint64_t[6]){0, 1, 0, 0, 0, 8});
    put_message(b, 3, (const uint64_t[6]){0, 2, 0, 0, 0, 9});
    put_location(b, 1, 1, 3, 2);
    put_location(b, 2, 1, 1, 0);
    put_location(b, 3, 2, 0, 0);
    for (uint64_t i = 1; i <= 3; i++)
        put_message(b, 5, (const uint64_t[6]){0, i, i + 4});
    for (size_t i = 0; i < ARRAY_LEN(strings); i++)
        put_bytes(b, 6, strings[i], strlen(strings[i]));
    put_value(b, 10, 5 * SD_S);
}

/* ---- what is read, as text: "name|module|kind self/total" ---- */

static char *told(const void *bytes, size_t len, const char *type)
{
    struct sd_error err = {.text = ""};
    struct profile *p = profile_read(bytes, len, PROFILE_ANY, type, "x", &err);
    struct strbuf out = {0};
    if (!p)
        return mem_strdup(err.text);
    uint32_t *order = profile_order(p);
    strbuf_printf(&out, "%s %s %s %lld:", p->format, p->types[p->chosen], p->units[p->chosen],
                  (long long)p->samples);
    for (size_t i = 0; i < p->n; i++) {
        const struct profile_function *f = &p->functions[order[i]];
        strbuf_printf(&out, "\n%s|%s|%s %g/%g", f->name, f->module ? f->module : "", f->kind ? f->kind : "",
                      profile_self(p, order[i], p->chosen), profile_total(p, order[i], p->chosen));
    }
    for (size_t i = 0; i < p->n_notes; i++)
        strbuf_printf(&out, "\n%s", p->notes[i]);
    free(order);
    profile_free(p);
    return strbuf_detach(&out);
}

static void gives(const void *bytes, size_t len, const char *type, const char *expected)
{
    char *text = told(bytes, len, type);
    assert_string_equal(text, expected);
    free(text);
}

static void folded_stacks(void **state)
{
    (void)state;
    static const char text[] = "# by hand\nmain;work;work 30\nmain;work;read_[k] 12\r\nmain 1\n\nno count\n";
    gives(text, strlen(text), NULL,
          "folded stacks samples count 43:\nwork|| 30/42\nread_[k]||kernel 12/12\nmain|| 1/43");
    static const char real[] = "a;b c 1.5\na 0.5\n";
    gives(real, strlen(real), NULL,
          "folded stacks samples count 0:\nb c|| 1.5/1.5\na|| 0.5/2\n"
          "Some counts have fractions or are too large: they are values, not numbers of samples.");
}

static void perf_script_text(void **state)
{
    (void)state;
    static const char text[] = "# ========\n# cmdline : /usr/bin/perf record -g\n"
                               "a tool  7/8 [001] 12.5: 250 cpu-clock:u: \n"
                               "\t 401b97 f<int (int)>::work(int)+0x1f (/usr/bin/tool)\n"
                               "\t 401b98 small (inlined)\n"
                               "\t 401b99 main+0x1 (/usr/bin/tool (deleted))\n\n"
                               "a tool  7/8 [001] 13.5: 750 cpu-clock:u: \n\n"
                               "\tffffffff9c2009e7 [unknown] ([kernel.kallsyms])\n\n"
                               "java 9 14.0: 1 cycles:  7fa6 La/b;::c(d)+0x4 (/tmp/perf-9.map)\n";
    gives(text, strlen(text), NULL,
          "perf script cpu-clock ns 3:\n[[kernel.kallsyms]]|[kernel.kallsyms]|kernel 750/750\n"
          "f<int (int)>::work|tool|native 250/250\na tool||process 0/1000\na/b:::c|perf-9.map|jit 0/0\n"
          "java||process 0/0\nmain|tool|native 0/250\nsmall|tool|native 0/250");
    static const char cut[] = "x 1 1.0: cycles:\n\t1 f (m)\n\nx 1 2.0: cycles:\n\t1 g (m)\n";
    gives(cut, strlen(cut), NULL,
          "perf script cycles count 1:\nf|m|native 1/1\nx||process 0/1\n"
          "The last sample is not ended by an empty line: it is cut, and not counted.");
}

static void pprof_wire(void **state)
{
    (void)state;
    struct strbuf b = {0};
    put_profile(&b);
    gives(b.text, b.len, NULL,
          "pprof cpu ns 6:\nsmall|app| 30000/30000\nmain|app| 20000/60000\n"
          "[libc.so.6]|libc.so.6| 10000/10000\nwork|app| 0/30000");
    gives(b.text, b.len, "samples",
          "pprof samples count 6:\nsmall|app| 3/3\nmain|app| 2/6\n[libc.so.6]|libc.so.6| 1/1\nwork|app| 0/3");
    gives(b.text, b.len, "wall", "cannot read the profile x: it has no sample type wall, but samples, cpu");
    put_value(&b, 14, 1);
    char *text = told(b.text, b.len, NULL);
    assert_true(str_starts(text, "pprof samples count"));
    free(text);
    strbuf_free(&b);
}

/* small, work, main for one route, main for another, main without a label. */
static void labels_of_samples(void **state)
{
    (void)state;
    struct strbuf b = {0}, m = {0}, label = {0};
    struct sd_error err = {.text = ""};
    put_profile(&b);
    for (uint64_t i = 11; i < 13; i++) { /* strings 10: http.route, 11 and 12: its values */
        strbuf_clear(&m);
        strbuf_clear(&label);
        put_value(&label, 1, 10);
        put_value(&label, 2, i);
        put_bytes(&m, 1, i == 11 ? "\1\2" : "\2", i == 11 ? 2 : 1);
        put_bytes(&m, 2, "\1\1", 2);
        put_bytes(&m, 3, strbuf_text(&label), label.len);
        put_bytes(&b, 2, strbuf_text(&m), m.len);
    }
    put_bytes(&b, 6, "http.route", 10);
    put_bytes(&b, 6, "/cart", 5);
    put_bytes(&b, 6, "/item", 5);
    char *text = told(b.text, b.len, NULL);
    assert_non_null(strstr(text, "The samples have the labels http.route"));
    free(text);
    struct profile_wish wish = {.type = "samples", .label = "http.route"};
    struct profile *p = profile_read_as(b.text, b.len, PROFILE_ANY, &wish, "x", &err);
    assert_non_null(p);
    size_t routes = 0;
    for (size_t i = 0; i < p->n; i++) {
        const struct profile_function *f = &p->functions[i];
        if (!str_eq(f->kind, "label"))
            continue;
        routes++;
        assert_int_equal(f->total_samples, str_eq(f->name, "(without http.route)") ? 6 : 1);
    }
    assert_int_equal(routes, 3);
    profile_free(p);
    wish.label = "route";
    assert_null(profile_read_as(b.text, b.len, PROFILE_ANY, &wish, "x", &err));
    assert_non_null(strstr(err.text, "no sample has that label"));
    assert_null(profile_read_as("a;b 1\n", 6, PROFILE_FOLDED, &wish, "x", &err));
    assert_non_null(strstr(err.text, "only profiles of pprof have labels"));
    strbuf_free(&b);
    strbuf_free(&m);
    strbuf_free(&label);
}

static void packed_with_gzip(void **state)
{
    (void)state;
    struct strbuf b = {0};
    unsigned char out[4096];
    put_profile(&b);
    z_stream z = {.next_in = (Bytef *)b.text, .avail_in = (uInt)b.len};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_out = out;
    z.avail_out = sizeof out;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t n = sizeof out - z.avail_out;
    deflateEnd(&z);
    assert_int_equal(profile_recognise(out, n), PROFILE_PPROF);
    char *text = told(out, n, NULL), *plain = told(b.text, b.len, NULL);
    assert_string_equal(text, plain);
    free(text);
    free(plain);
    gives(out, n - 9, NULL, "cannot read the profile x: its gzip data is cut or broken");
    strbuf_free(&b);
}

/* ---- hostile files ---- */

/* One sentence each. Cut at any byte, and with any byte changed, it is read or refused. */
static void broken_pprof(void **state)
{
    (void)state;
    static const struct {
        const char *what, *says;
        unsigned field;
        const char *bytes;
    } rows[] = {
        {"a location that is not there", "a sample is of a location that does not exist", 2,
         "\12\1\11\22\2\1\1"},
        {"too few values", "a sample has fewer values than there are sample types", 2, "\12\1\1\22\1\1"},
        {"too many values", "a sample has more values than there are sample types", 2, "\12\1\1\22\3\1\1\1"},
        {"a string out of range", "it refers to a string that is not in its table", 1, "\10\177\20\2"},
        {"a varint without an end", "it is cut or broken", 2,
         "\12\13\377\377\377\377\377\377\377\377\377\377\377"},
        {"a length beyond the end", "it is cut or broken", 1, "\10\1\22\377\377\3"},
    };
    struct strbuf whole = {0};
    put_profile(&whole);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct strbuf b = {0};
        strbuf_add(&b, whole.text, whole.len);
        put_bytes(&b, rows[i].field, rows[i].bytes, strlen(rows[i].bytes));
        struct sd_error err = {.text = ""};
        if (profile_read(b.text, b.len, PROFILE_PPROF, NULL, "x", &err) || !strstr(err.text, rows[i].says))
            fail_msg("%s: %s", rows[i].what, err.text);
        strbuf_free(&b);
    }
    for (size_t n = 0; n < whole.len; n++) {
        struct sd_error err = {.text = ""};
        char *copy = mem_alloc(n + 1); /* of that size: what is read behind it is seen by sanitizers */
        memcpy(copy, whole.text, n);
        struct profile *p = profile_read(copy, n, PROFILE_PPROF, NULL, "x", &err);
        assert_true(p || err.text[0]);
        profile_free(p);
        copy[n] = (char)(whole.text[n] ^ 0x55);
        profile_free(profile_read(copy, n + 1, PROFILE_PPROF, NULL, "x", &err));
        free(copy);
    }
    strbuf_free(&whole);
}

static void deep_recursion(void **state)
{
    (void)state;
    struct strbuf b = {0};
    for (int i = 0; i < 1000000; i++)
        strbuf_str(&b, "f;");
    strbuf_str(&b, "g 2\n");
    gives(b.text, b.len, NULL, "folded stacks samples count 2:\ng|| 2/2\nf|| 0/2");
    strbuf_clear(&b);
    for (int i = 0; i < (1 << 20) + 1; i++)
        strbuf_str(&b, "f;");
    strbuf_str(&b, "g 2\n");
    gives(b.text, b.len, NULL, "cannot read the profile x: it has a stack of more than 1,048,576 frames");
    strbuf_free(&b);
}

static void a_gzip_bomb(void **state)
{
    (void)state;
    static unsigned char zeros[1 << 20];
    size_t cap = 1 << 20;
    unsigned char *out = mem_alloc(cap);
    z_stream z = {.next_out = out, .avail_out = (uInt)cap};
    assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    for (int i = 0; i <= 257; i++) {
        z.next_in = zeros;
        z.avail_in = sizeof zeros;
        deflate(&z, i == 257 ? Z_FINISH : Z_NO_FLUSH);
        if (z.avail_out < cap / 4) {
            out = mem_realloc(out, cap * 2);
            z.next_out = out + z.total_out;
            z.avail_out += (uInt)cap;
            cap *= 2;
        }
    }
    deflate(&z, Z_FINISH);
    gives(out, z.total_out, NULL, "cannot read the profile x: it unpacks to more than 256 MiB");
    deflateEnd(&z);
    free(out);
}

static void others_are_told_how_to_convert(void **state)
{
    (void)state;
    static const char old[] = "heap profile: 304: 1372576 [41742: 10176412272] @ heap/1310720\n";
    char *text = told(old, sizeof old, NULL);
    assert_non_null(strstr(text, "pprof -proto FILE"));
    free(text);
    static const char log[] =
        "127.0.0.1 - - [20/Nov/2026:14:03:20 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"a; b\" 0.1\n";
    assert_int_equal(profile_recognise("x 1\ny 2\n", 8), PROFILE_ANY);
    assert_int_equal(profile_recognise(log, strlen(log)), PROFILE_ANY);
}

/* ---- the corpora: `pprof -top` of the same files ---- */

static char *read_file(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    struct strbuf b = {0};
    char part[4096];
    assert_non_null(f);
    for (size_t n; (n = fread(part, 1, sizeof part, f));)
        strbuf_add(&b, part, n);
    fclose(f);
    *len = b.len;
    return strbuf_detach(&b);
}

/* A figure of pprof, as "2.42s" or "512.26kB", and half of its last digit. */
static double figure(const char *text, double *error)
{
    static const struct {
        const char *unit;
        double scale;
    } units[] = {{"ms", 1e6}, {"us", 1e3}, {"ns", 1}, {"s", 1e9}, {"kB", 1024}, {"MB", 1 << 20}, {"B", 1}};
    char *end;
    double v = strtod(text, &end), scale = 1;
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (str_eq(end, units[i].unit))
            scale = units[i].scale;
    *error = scale * (strchr(text, '.') ? 0.00501 : 0.501);
    return v * scale;
}

static void same_figure(const char *file, const char *name, const char *text, double value)
{
    double error, expected = figure(text, &error);
    if (fabs(value - expected) > error)
        fail_msg("%s: %s has %g, pprof says %s", file, name, value, text);
}

static void as_pprof_top(const char *file, const char *expected, const char *type)
{
    char path[256], flat[64], cum[64], name[512];
    struct sd_error err = {.text = ""};
    size_t len, i = 0;
    snprintf(path, sizeof path, "profiles/pprof/%s", file);
    char *bytes = read_file(test_corpus(path), &len);
    struct profile *p = profile_read(bytes, len, PROFILE_ANY, type, file, &err);
    if (!p)
        fail_msg("%s", err.text);
    uint32_t *order = profile_order(p);
    snprintf(path, sizeof path, "profiles/pprof/expect/%s", expected);
    char *top = read_file(test_corpus(path), &len);
    char *rows = strstr(top, "cum%\n");
    assert_non_null(rows);
    for (char *line = strtok(rows + 5, "\n"); line; line = strtok(NULL, "\n")) {
        assert_int_equal(sscanf(line, " %63s %*s %*s %63s %*s %511[^\n]", flat, cum, name), 3);
        if (str_ends(name, " (inline)"))
            name[strlen(name) - 9] = 0;
        while (i < p->n && profile_total(p, order[i], p->chosen) == 0) /* pprof leaves them out */
            i++;
        assert_true(i < p->n);
        assert_string_equal(p->functions[order[i]].name, name);
        same_figure(file, name, flat, profile_self(p, order[i], p->chosen));
        same_figure(file, name, cum, profile_total(p, order[i], p->chosen));
        i++;
    }
    free(order);
    free(top);
    free(bytes);
    profile_free(p);
}

static void corpora_agree_with_pprof(void **state)
{
    (void)state;
    if (!test_corpus("profiles/pprof/go-heap.pb.gz"))
        skip();
    as_pprof_top("go-cpu-labels.pb.gz", "go-cpu-labels.top.txt", NULL);
    as_pprof_top("go-heap.pb.gz", "go-heap.top.inuse_space.txt", NULL);
    as_pprof_top("go-heap.pb.gz", "go-heap.top.alloc_space.txt", "alloc_space");
    as_pprof_top("go-allocs.pb.gz", "go-allocs.top.alloc_space.txt", NULL);
    as_pprof_top("go-allocs.pb.gz", "go-allocs.top.alloc_objects.txt", "alloc_objects");
    as_pprof_top("report-sample.cpu", "report-sample.cpu.top.txt", NULL);
    as_pprof_top("conv-java.heap.pb.gz", "conv-java.heap.top.txt", NULL);
    as_pprof_top("go.nomappings.crash", "go.nomappings.crash.top.txt", NULL);
    as_pprof_top("cppbench.cpu.pb", "cppbench.cpu.pb.top.txt", NULL);
    as_pprof_top("go.crc32.cpu.pb", "go.crc32.cpu.pb.top.txt", NULL);
    as_pprof_top("gobench.cpu.pb", "gobench.cpu.pb.top.txt", NULL);
}

/* Removes what stackcollapse-perf.pl says of the kind: read_[k]. */
static size_t without_kinds(char *text)
{
    char *to = text;
    for (const char *p = text; *p;) {
        if (p[0] == '_' && p[1] == '[' && p[2] && p[3] == ']')
            p += 4;
        else
            *to++ = *p++;
    }
    *to = 0;
    return (size_t)(to - text);
}

/* The totals of each frame are those of the flame graph. */
static void as_flame_graph(const char *file, const char *expected)
{
    char path[256];
    struct sd_error err = {.text = ""};
    size_t len, n;
    snprintf(path, sizeof path, "profiles/perf_script/%s", file);
    char *text = read_file(test_corpus(path), &len);
    snprintf(path, sizeof path, "profiles/perf_script/results/%s", expected);
    char *folded = read_file(test_corpus(path), &n);
    struct profile *p = profile_read(text, len, PROFILE_ANY, NULL, file, &err);
    struct profile *e = profile_read(folded, without_kinds(folded), PROFILE_FOLDED, NULL, expected, &err);
    assert_non_null(p);
    assert_non_null(e);
    for (size_t i = 0; i < e->n; i++) {
        double total = 0;
        for (size_t k = 0; k < p->n; k++)
            if (str_eq(p->functions[k].name, e->functions[i].name))
                total += profile_total(p, k, p->chosen);
        if (total != profile_total(e, i, 0) && !str_eq(e->functions[i].name, " "))
            fail_msg("%s: %s has %g, not %g", file, e->functions[i].name, total, profile_total(e, i, 0));
    }
    profile_free(p);
    profile_free(e);
    free(text);
    free(folded);
}

static void corpora_agree_with_flame_graphs(void **state)
{
    (void)state;
    if (!test_corpus("profiles/perf_script/perf-dd-stacks-01.txt"))
        skip();
    as_flame_graph("perf-dd-stacks-01.txt", "perf-dd-stacks-01-collapsed-kernel.txt");
    as_flame_graph("perf-funcab-cmd-01.txt", "perf-funcab-cmd-01-collapsed-kernel.txt");
    as_flame_graph("perf-iperf-stacks-pidtid-01.txt", "perf-iperf-stacks-pidtid-01-collapsed-kernel.txt");
    as_flame_graph("perf-java-stacks-01.txt", "perf-java-stacks-01-collapsed-kernel.txt");
    as_flame_graph("perf-java-stacks-02.txt", "perf-java-stacks-02-collapsed-kernel.txt");
    as_flame_graph("perf-mirageos-stacks-01.txt", "perf-mirageos-stacks-01-collapsed-kernel.txt");
    as_flame_graph("perf-vertx-stacks-01.txt", "perf-vertx-stacks-01-collapsed-kernel.txt");
    as_flame_graph("inferno-cpp-stacks-std-function.txt", "inferno-cpp-stacks-std-function-collapsed.txt");
    as_flame_graph("inferno-single-line-stacks.txt", "inferno-single-line-stacks-collapsed.txt");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folded_stacks),
        cmocka_unit_test(perf_script_text),
        cmocka_unit_test(pprof_wire),
        cmocka_unit_test(labels_of_samples),
        cmocka_unit_test(packed_with_gzip),
        cmocka_unit_test(broken_pprof),
        cmocka_unit_test(deep_recursion),
        cmocka_unit_test(a_gzip_bomb),
        cmocka_unit_test(others_are_told_how_to_convert),
        cmocka_unit_test(corpora_agree_with_pprof),
        cmocka_unit_test(corpora_agree_with_flame_graphs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
