/* Logs that are rotated while slowdive reads them: each line once, in whatever moment it happens. */
#include "tests/lib/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "conf/option.h"
#include "rt/registry.h"
#include "source/built_in.h"
#include "source/log/log_files.h"
#include "source/log/log_siblings.h"
#include "source/log/log_state.h"
#include "source/log/tail.h"
#include "tests/lib/rt_watch.h"

#define SOON (20 * SD_S)

static char dir[64], path[96];
static int64_t requests, wanted;

/* ---- files ---- */

static const char *name(const char *end)
{
    static char names[8][120];
    static unsigned at;
    char *out = names[at++ % ARRAY_LEN(names)];
    snprintf(out, sizeof names[0], "%s%s", path, end);
    return out;
}

/* `n` requests, each of another second, so that each is a batch; no two calls write the same. */
static void lines(const char *file, int n)
{
    struct strbuf b = {0};
    static int calls;
    for (int i = 0, call = calls++; i < n; i++)
        strbuf_printf(&b, "h - - [20/Nov/2026:15:%02d:%02d +0000] \"GET / HTTP/1.1\" 200 %d\n", i / 60 % 60,
                      i % 60, call);
    int fd = open(file, O_WRONLY | O_CREAT | O_APPEND, 0600);
    assert_true(fd >= 0 && write(fd, strbuf_text(&b), b.len) == (ssize_t)b.len);
    close(fd);
    strbuf_free(&b);
}

static void written_at(const char *file, int64_t seconds)
{
    const struct timespec t[] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    assert_int_equal(utimensat(AT_FDCWD, file, t, 0), 0);
}

/* As gzip does: the new file has the times of the old one, which goes. */
static void pack(const char *file)
{
    char bytes[65536], gz[130];
    struct stat st;
    int fd = open(file, O_RDONLY);
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    snprintf(gz, sizeof gz, "%s.gz", file);
    gzFile out = gzopen(gz, "wb");
    for (ssize_t n; (n = read(fd, bytes, sizeof bytes)) > 0;)
        assert_int_equal(gzwrite(out, bytes, (unsigned)n), n);
    gzclose(out);
    close(fd);
    assert_int_equal(utimensat(AT_FDCWD, gz, (struct timespec[]){st.st_atim, st.st_mtim}, 0), 0);
    unlink(file);
}

/* As logrotate does it, oldest first; then the server makes a new one. */
static void rotate(int fresh)
{
    for (int k = 8; k >= 0; k--)
        for (int packed = 0; packed < 2; packed++) {
            char from[130], to[130];
            snprintf(from, sizeof from, k ? "%s.%d%s" : "%s", path, k, packed ? ".gz" : "");
            snprintf(to, sizeof to, "%s.%d%s", path, k + 1, packed ? ".gz" : "");
            if (k || !packed)
                rename(from, to);
        }
    lines(path, fresh);
}

static void clean(void)
{
    char command[160];
    snprintf(command, sizeof command, "rm -f -- '%s'*", path);
    assert_int_equal(system(command), 0);
}

/* ---- names ---- */

static void names_tell_which_is_older(void **state)
{
    (void)state;
    static const struct {
        const char *older, *newer;
        enum log_name by;
    } PAIRS[] = {{".10", ".9.gz", LOG_NAME_NUMBER},
                 {".2.zst", ".1", LOG_NAME_NUMBER},
                 {"-20261120.gz", "-20261121", LOG_NAME_DATE},
                 {"-20261120", "-20261120-1795996800", LOG_NAME_DATE},
                 {".2026-11-20-09", ".2026-11-20-10.gz", LOG_NAME_DATE},
                 {"-2026-9-20", "-2026-11-20", LOG_NAME_DATE},
                 {"261119", "261120", LOG_NAME_DATE},
                 {".2025.gz", ".2026", LOG_NAME_DATE}};
    for (size_t i = 0; i < ARRAY_LEN(PAIRS); i++) {
        struct log_order a = log_order_of(PAIRS[i].older), b = log_order_of(PAIRS[i].newer);
        assert_int_equal(a.by, PAIRS[i].by);
        assert_int_equal(b.by, PAIRS[i].by);
        assert_true(log_order_compare(&a, &b) < 0);
        assert_true(log_order_compare(&b, &a) > 0);
        assert_int_equal(log_order_compare(&a, &a), 0);
    }
    static const char *const OTHERS[] = {
        "",    ".old", ".1.bak",   "-error.log", ".save.20261120",     "1",
        ".1~", ".gz",  ".12345.6", ".-.",        ".1.2.3.4.5.6.7.8.9", ".1999999999999999999999"};
    for (size_t i = 0; i < ARRAY_LEN(OTHERS); i++)
        if (log_order_of(OTHERS[i]).by != LOG_NAME_OTHER)
            fail_msg("%s", OTHERS[i]);
}

/* When they were written says nothing once somebody has copied, touched or restored them. */
static void files_are_ordered_by_their_names(void **state)
{
    (void)state;
    static const char *const NUMBERS[] = {".10.gz", ".9", ".2", ".1", ""};
    static const char *const DATES[] = {"-20261118.gz", "-20261119", "-20261120", ""};
    const struct {
        const char *const *ends;
        size_t n;
    } SETS[] = {{NUMBERS, ARRAY_LEN(NUMBERS)}, {DATES, ARRAY_LEN(DATES)}};
    for (size_t set = 0; set < ARRAY_LEN(SETS); set++) {
        struct log_files found = {0};
        struct log_siblings beside;
        clean();
        for (size_t i = 0; i < SETS[set].n; i++) {
            lines(name(SETS[set].ends[i]), 1);
            written_at(name(SETS[set].ends[i]), 1000000 + (i == 1 ? 5 : -(int64_t)i));
        }
        assert_true(log_files_match(&found, name("*")));
        assert_int_equal(found.n, SETS[set].n);
        for (size_t i = 0; i < found.n; i++)
            assert_string_equal(found.files[i].path, name(SETS[set].ends[i]));
        log_files_free(&found);
        lines(name(".copy"), 1); /* has no place among them */
        log_siblings_of(path, &beside);
        assert_int_equal(beside.n, SETS[set].n);
        for (size_t i = 0; i + 1 < SETS[set].n; i++)
            assert_string_equal(beside.items[i].path, name(SETS[set].ends[i]));
        assert_null(log_siblings_next(&beside, SETS[set].n - 2));
        log_siblings_free(&beside);
    }
    clean(); /* unless all of the times say that the numbers count on */
    static const char *const ON[] = {".1", ".2.gz", ".10"};
    struct log_siblings on;
    for (size_t i = 0; i < ARRAY_LEN(ON); i++) {
        lines(name(ON[i]), 1);
        written_at(name(ON[i]), 1000000 + (int64_t)i);
    }
    log_siblings_of(path, &on);
    assert_int_equal(on.n, ARRAY_LEN(ON));
    for (size_t i = 0; i < ARRAY_LEN(ON); i++)
        assert_string_equal(on.items[i].path, name(ON[i]));
    log_siblings_free(&on);
    clean(); /* without numbers and dates: as they were written */
    struct log_files found = {0};
    lines(name(".b"), 1);
    lines(name(".a"), 1);
    written_at(name(".b"), 1000);
    assert_true(log_files_match(&found, name("*")));
    assert_string_equal(found.files[0].path, name(".b"));
    log_files_free(&found);
}

/* ---- a file that is followed ---- */

struct reading {
    struct tail tail;
    struct strbuf text;
    sd_time now;
};

static void read_all(struct reading *r)
{
    char buffer[100];
    struct accesslog_carry *whose, *ended;
    for (int idle = 0; idle < 30; idle++) { /* the rest of a file lingers for 2 s */
        size_t n = tail_read(&r->tail, buffer, sizeof buffer, r->now += SD_S, &whose, &ended);
        strbuf_add(&r->text, buffer, n);
        if (r->tail.packed.fd >= 0) {
            strbuf_printf(&r->text, "[%s]", strrchr(r->tail.packed.path, '/') + 1);
            close(r->tail.packed.fd);
            free(r->tail.packed.path);
            r->tail.packed = (struct log_sibling){.fd = -1};
        }
        idle = n ? 0 : idle;
    }
}

static void add(const char *file, const char *text)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_APPEND, 0600);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static void move(const char *from, const char *to)
{
    assert_int_equal(rename(name(from), name(to)), 0);
}

static void what_came_between_is_read(void **state)
{
    (void)state;
    struct reading r = {.now = 100 * SD_S};
    struct sd_error err;
    clean();
    add(path, "a\n");
    assert_true(tail_open(&r.tail, path, 1000, &err));
    read_all(&r);
    add(path, "b\n");
    move("", ".1");
    add(path, "c\n");
    move(".1", ".2");
    move("", ".1");
    add(path, "d\n");
    move(".2", ".3");
    move(".1", ".2");
    move("", ".1");
    add(name(".copy"), "d\n");
    add(path, "e\n");
    read_all(&r);
    assert_string_equal(r.text.text, "a\nb\nc\nd\ne\n");
    /* One is packed before it was seen; and then the one that was read last is gone. */
    strbuf_clear(&r.text);
    move("", ".1"), add(path, "f\n");
    move(".1", ".2"), move("", ".1"), pack(name(".1"));
    add(path, "g\n");
    read_all(&r);
    assert_string_equal(r.text.text, "[access.log.1.gz]g\n");
    strbuf_clear(&r.text);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    unlink(path);
    add(name(".1"), "h\n");
    written_at(name(".1"), st.st_mtim.tv_sec + 10);
    add(path, "i\n");
    read_all(&r);
    assert_string_equal(r.text.text, "h\ni\n");
    tail_close(&r.tail);
    strbuf_free(&r.text);
}

/* ---- the source ---- */

static void look(void *ctx, const struct sd_batch *b)
{
    const struct sd_http *r;
    (void)ctx;
    for (size_t i = 0; (r = batch_each(b, SD_HTTP, &i));)
        requests += r->count;
}

static struct rt_watch start(const char *given, bool follow, const char *places)
{
    struct rt_limits limits = RT_DEFAULTS;
    struct registry_resolved r;
    struct sd_error err = {""};
    limits.mailbox_bytes = 128 * 1024; /* it waits after some hundred lines */
    requests = 0;
    struct rt_watch w = {.rt = rt_new(&limits), .on_batch = look};
    if (!registry_resolve(given, &r, &err))
        fail_msg("%s", err.text);
    void *opts = options_new(r.ops->options, r.ops->opts_size);
    if (places && !option_set(r.ops->options, opts, "places", places, &err))
        fail_msg("%s", err.text);
    if (!rt_start(w.rt, r.ops, given, r.target, opts, follow, &err))
        fail_msg("%s", err.text);
    registry_resolved_free(&r);
    return w;
}

static bool enough(const struct rt_watch *w)
{
    (void)w;
    return requests >= wanted;
}

static void expect(struct rt_watch *w, int64_t n)
{
    wanted = n;
    if (!rt_watch_until(w, enough, SOON))
        fail_msg("%lld of %lld requests; %s", (long long)requests, (long long)n, w->text);
}

/* A run that goes on reads what came meanwhile, of which there is much. Until it is through, the log is
 * rotated three times, and what was in between is packed. */
static void rotated_while_what_was_rotated_is_read(void **state)
{
    (void)state;
    struct log_place place;
    struct stat st;
    char text[LOG_PLACE_TEXT], places[300];
    clean();
    lines(path, 100);
    int fd = open(path, O_RDONLY);
    assert_true(fstat(fd, &st) == 0 && log_place_of(fd, st.st_size, &place));
    close(fd);
    log_place_print(&place, text);
    snprintf(places, sizeof places, "%s %s", text, path);
    lines(path, 3000);
    rotate(3000);
    rotate(3000);
    pack(name(".2"));
    rotate(20);
    struct rt_watch w = start(path, true, places);
    expect(&w, 100); /* it is in the oldest of them, and waits for us */
    rotate(30);
    pack(name(".2"));
    rotate(40);
    pack(name(".1")); /* before anybody saw it under its own name */
    rotate(50);
    const int64_t all = 3000 + 3000 + 3000 + 20 + 30 + 40 + 50;
    expect(&w, all);
    lines(path, 1);
    expect(&w, all + 1);
    assert_int_equal(requests, all + 1);
    assert_int_equal(rt_free(w.rt, 5 * SD_S), 0);
}

/* Of a pattern the log is followed; what it was renamed to is read, and is not read again as the next one. */
static void a_pattern_of_a_log_that_is_rotated(void **state)
{
    (void)state;
    clean();
    lines(name(".2"), 3000);
    lines(name(".1"), 3000);
    lines(path, 20);
    char given[120];
    snprintf(given, sizeof given, "log:%s*", path);
    struct rt_watch w = start(given, true, NULL);
    expect(&w, 100);
    rotate(30);
    rotate(40);
    const int64_t all = 3000 + 3000 + 20 + 30 + 40;
    expect(&w, all);
    lines(path, 1);
    expect(&w, all + 1);
    assert_int_equal(requests, all + 1);
    assert_int_equal(rt_free(w.rt, 5 * SD_S), 0);
}

int main(void)
{
    snprintf(dir, sizeof dir, "/tmp/slowdive-rotation-XXXXXX");
    if (!mkdtemp(dir))
        return 1;
    snprintf(path, sizeof path, "%s/access.log", dir);
    registry_begin(SOURCES_BUILT_IN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_tell_which_is_older),
        cmocka_unit_test(files_are_ordered_by_their_names),
        cmocka_unit_test(what_came_between_is_read),
        cmocka_unit_test(rotated_while_what_was_rotated_is_read),
        cmocka_unit_test(a_pattern_of_a_log_that_is_rotated),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    clean();
    rmdir(dir);
    return failed;
}
