/* A recorded trace of lookups as a source: plain, gzip, in a pipe, with lines that are none. */
#include "tests/lib/test.h"

#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "conf/option.h"
#include "rt/registry.h"
#include "source/built_in.h"
#include "tests/lib/rt_watch.h"

#define SOON (60 * SD_S)
enum { ROUNDS = 300, KEYS = 10, BAD = 4 };

static char folder[] = "/tmp/slowdive-keytrace-XXXXXX";
static char *text;
static size_t text_len;

static struct {
    int64_t hits, misses, cold, evicted, requests, curves, lookups;
    bool notes;
    double before, behind; /* miss ratios of 9 and of 10 keys */
    double bytes_behind;   /* of 1,000 bytes */
} got;

static double ratio_at(const struct sd_cache_curve *c, double size)
{
    double ratio = 1;
    for (uint32_t i = 0; i < c->sizes->n && c->sizes->items[i] <= size; i++)
        ratio = c->miss_ratios->items[i];
    return ratio;
}

static void look(void *ctx, const struct sd_batch *b)
{
    const struct sd_cache *c;
    const struct sd_cache_curve *v;
    (void)ctx;
    for (size_t i = 0; (c = batch_each(b, SD_CACHE, &i));) {
        got.hits = c->hits;
        got.misses = c->misses;
        got.cold = c->misses_cold;
        got.evicted = c->misses_evicted;
        got.requests = c->requests;
        got.notes = c->notes && c->notes->n == 1;
    }
    for (size_t i = 0; (v = batch_each(b, SD_CACHE_CURVE, &i));) {
        got.curves++;
        got.lookups = v->lookups;
        assert_true(v->sizes->n >= 8 && v->sizes->n == v->miss_ratios->n);
        assert_true(v->error >= 0 && v->error < 0.001); /* all keys are followed */
        if (strcmp(v->unit, "keys") == 0) {
            got.before = ratio_at(v, 9);
            got.behind = ratio_at(v, 10);
        } else {
            got.bytes_behind = ratio_at(v, 1000);
        }
    }
}

static void write_plain(const char *path, const char *bytes, size_t n)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

static struct rt_watch read_trace(const char *given)
{
    struct rt_watch w = {.rt = rt_new(&RT_DEFAULTS), .on_batch = look};
    struct registry_resolved r;
    struct sd_error err = {""};
    memset(&got, 0, sizeof got);
    if (!registry_resolve(given, &r, &err))
        fail_msg("%s", err.text);
    void *opts = options_new(r.ops->options, r.ops->opts_size);
    for (size_t i = 0; r.options && r.options[i]; i++) {
        char *name = mem_strdup(r.options[i]), *value = strchr(name, '=');
        *value = 0;
        assert_true(option_set(r.ops->options, opts, name, value + 1, &err));
        free(name);
    }
    assert_non_null(rt_start(w.rt, r.ops, "trace", r.target, opts, false, &err));
    registry_resolved_free(&r);
    assert_true(rt_watch_until(&w, NULL, SOON));
    assert_int_equal(rt_free(w.rt, SOON), 0);
    return w;
}

static void loop_is_read(const struct rt_watch *w)
{
    assert_int_equal(got.curves, 2);
    assert_int_equal(got.lookups, ROUNDS * KEYS);
    assert_true(got.before > 0.999);
    assert_true(got.behind > 0.0033 && got.behind < 0.0034);
    assert_true(got.bytes_behind > 0.0033 && got.bytes_behind < 0.0034);
    assert_true(got.notes);
    assert_int_equal(w->intake.total, ROUNDS * KEYS + BAD);
    assert_int_equal(w->intake.unparsed, BAD);
}

static void forms(void **state)
{
    (void)state;
    char path[128], given[160];
    snprintf(path, sizeof path, "%s/trace.txt", folder);
    snprintf(given, sizeof given, "keytrace:%s", path);
    write_plain(path, text, text_len);
    struct rt_watch w = read_trace(given);
    loop_is_read(&w);
    assert_int_equal(got.hits, SD_UNKNOWN);
    gzFile z = gzopen(path, "wb"); /* it is seen by what is in it */
    gzwrite(z, text, (unsigned)text_len);
    gzclose(z);
    w = read_trace(given);
    loop_is_read(&w);
    snprintf(given, sizeof given, "keytrace:%s?size=1000", path);
    read_trace(given);
    assert_int_equal(got.misses, KEYS);
    assert_int_equal(got.cold, KEYS);
    assert_int_equal(got.hits, ROUNDS * KEYS - KEYS);
    snprintf(given, sizeof given, "keytrace:%s?size=999", path);
    read_trace(given);
    assert_int_equal(got.misses, ROUNDS * KEYS);
    assert_int_equal(got.evicted, ROUNDS * KEYS - KEYS);
    unlink(path);
}

static void refusals(void **state)
{
    (void)state;
    char path[128], given[160];
    snprintf(path, sizeof path, "%s/empty.txt", folder);
    snprintf(given, sizeof given, "keytrace:%s", path);
    write_plain(path, "# nothing\n\n", 11);
    struct rt_watch w = read_trace(given);
    assert_int_equal(w.status.state, SD_STATE_FAILED);
    assert_non_null(strstr(w.text, "holds no lookup"));
    unlink(path);
    w = read_trace(given);
    assert_non_null(strstr(w.text, "cannot open"));
    snprintf(given, sizeof given, "keytrace:%s", folder);
    w = read_trace(given);
    assert_non_null(strstr(w.text, "is a folder"));
}

static int begin(void **state)
{
    (void)state;
    struct strbuf b = {0};
    registry_begin(SOURCES_BUILT_IN);
    strbuf_str(&b, "# a loop over ten keys\n\n");
    for (int i = 0; i < ROUNDS; i++)
        for (int k = 0; k < KEYS; k++)
            strbuf_printf(&b, i % 2 ? "item %d\t100\r\n" : "  item %d 100\n", k);
    strbuf_str(&b, "half 1.5\nbelow -3\nzero");
    strbuf_char(&b, 0);
    strbuf_str(&b, "byte 3\n");
    strbuf_pad(&b, 'x', 70000); /* too long, and without its end */
    text_len = b.len;
    text = strbuf_detach(&b);
    return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    free(text);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
