/* The access-log source on real files: read to the end, followed through rotation. */
#include "tests/lib/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "conf/option.h"
#include "rt/registry.h"
#include "source/built_in.h"
#include "source/log/log_state.h"
#include "tests/lib/rt_watch.h"

#define SOON (20 * SD_S)
#define LINE "h - - [20/Nov/2026:15:51:%02d +0000] \"GET /o/%d HTTP/1.1\" 200 1 \"-\" \"-\" rt=0.010\n"

static char dir[64], path[96], moved[96];
static size_t room; /* of the mailbox, in bytes; 0: the usual */

static const char *places;      /* the option of the next start; NULL: none */
static sd_kinds unread, totals; /* of the next start */

struct seen {
    int64_t requests, timed;
    size_t records;        /* of requests */
    sd_kinds kinds;        /* of all that came */
    int64_t rest;          /* so many requests were written after the log was renamed; 0: it was not */
    bool rest_told, early; /* the place behind them was told; one of the log was before */
    char note[300];
};
static struct seen seen;
static int64_t wanted;

static void look(void *ctx, const struct sd_batch *b)
{
    struct seen *s = ctx;
    const struct sd_http *r;
    for (size_t i = 0; (r = batch_each(b, SD_HTTP, &i));) {
        s->requests += r->count;
        s->timed += r->timed;
        s->records++;
    }
    s->kinds |= batch_kinds(b);
    const struct batch_place *p;
    size_t n = batch_places(b, &p);
    for (size_t i = 0; i < n; i++)
        if (str_ends(p[i].file, " (renamed)") && s->requests <= s->rest)
            s->rest_told |= s->requests == s->rest;
        else if (!s->rest_told && s->rest)
            s->early = true;
    const struct sd_intake *in;
    for (size_t i = 0; (in = batch_each(b, SD_INTAKE, &i));)
        snprintf(s->note, sizeof s->note, "%s", in->note ? in->note : "");
}

static struct rt_watch start(const char *given, bool follow)
{
    struct rt_limits limits = RT_DEFAULTS;
    limits.backoff_min_ns = 10 * SD_MS;
    limits.backoff_max_ns = 20 * SD_MS;
    limits.mailbox_bytes = room ? room : limits.mailbox_bytes;
    limits.unread = unread;
    limits.totals = totals;
    seen = (struct seen){0};
    struct rt_watch w = {.rt = rt_new(&limits), .on_batch = look, .ctx = &seen};
    struct registry_resolved r;
    struct sd_error err = {""};
    if (!registry_resolve(given, &r, &err))
        fail_msg("%s", err.text);
    void *opts = options_new(r.ops->options, r.ops->opts_size);
    for (char **o = r.options; *o; o++) {
        char *sign = strchr(*o, '=');
        *sign = 0;
        if (!option_set(r.ops->options, opts, *o, sign + 1, &err))
            fail_msg("%s", err.text);
    }
    if (places && !option_set(r.ops->options, opts, "places", places, &err))
        fail_msg("%s", err.text);
    assert_string_equal(r.ops->name, "log");
    if (!rt_start(w.rt, r.ops, given, r.target, opts, follow, &err))
        fail_msg("%s", err.text);
    registry_resolved_free(&r);
    return w;
}

static void stop(struct rt_watch *w)
{
    assert_int_equal(rt_free(w->rt, 5 * SD_S), 0);
}

static bool enough(const struct rt_watch *w)
{
    (void)w;
    return seen.requests >= wanted;
}

static void expect(struct rt_watch *w, int64_t requests)
{
    wanted = requests;
    if (!rt_watch_until(w, enough, SOON))
        fail_msg("%lld of %lld requests; %s", (long long)seen.requests, (long long)requests, w->text);
    assert_int_equal(seen.requests, requests);
}

static void put(const char *file, int flags, const char *bytes, size_t len)
{
    int fd = open(file, O_WRONLY | O_CREAT | flags, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
}

static void lines(const char *file, int flags, int from, int n)
{
    struct strbuf b = {0};
    for (int i = from; i < from + n; i++)
        strbuf_printf(&b, LINE, i % 60, i);
    put(file, flags, strbuf_text(&b), b.len);
    strbuf_free(&b);
}

static void to_the_end(void **state)
{
    (void)state;
    lines(path, O_TRUNC, 0, 500);
    static const char LAST[] = "junk\nh - - [20/Nov/2026:15:51:59 +0000] \"GET /last HTTP/1.1\" 200 1";
    put(path, O_APPEND, LAST, sizeof LAST - 1);
    struct rt_watch w = start(path, false); /* recognised without "log:" */
    assert_true(rt_watch_until(&w, NULL, SOON));
    assert_int_equal(w.status.state, SD_STATE_ENDED);
    assert_int_equal(seen.requests, 501);
    assert_int_equal(seen.timed, 500);
    assert_int_equal(w.intake.total, 502);
    assert_int_equal(w.intake.unparsed, 1);
    stop(&w);
}

/* What nobody takes is not made; of two kinds that are made together both must be unwanted. */
static void what_is_unread(void **state)
{
    (void)state;
    const sd_kinds part = SD_KIND_BIT(SD_HTTP_PART), exemplar = SD_KIND_BIT(SD_EXEMPLAR);
    const struct {
        sd_kinds unread;
        bool made;
    } cases[] = {{.unread = 0, .made = true}, {.unread = part, .made = true}, {.unread = part | exemplar}};
    lines(path, O_TRUNC, 0, 500);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        unread = cases[i].unread;
        struct rt_watch w = start(path, false);
        assert_true(rt_watch_until(&w, NULL, SOON));
        assert_int_equal(seen.requests, 500);
        assert_int_equal((seen.kinds & part) != 0, cases[i].made);
        assert_int_equal((seen.kinds & exemplar) != 0, cases[i].made);
        stop(&w);
    }
    unread = 0;
}

static void gzip_of_two_members(void **state)
{
    (void)state;
    char gz[120];
    snprintf(gz, sizeof gz, "%s/access.log.1.gz", dir);
    struct strbuf b = {0};
    for (int i = 0; i < 50000; i++)
        strbuf_printf(&b, LINE, i / 1000, i);
    for (int member = 0; member < 2; member++) {
        gzFile f = gzopen(gz, member ? "ab" : "wb");
        assert_int_equal(gzwrite(f, b.text, (unsigned)b.len), b.len);
        gzclose(f);
    }
    strbuf_free(&b);
    struct rt_watch w = start(gz, false);
    assert_true(rt_watch_until(&w, NULL, SOON));
    assert_int_equal(seen.requests, 100000);
    assert_int_equal(w.intake.unparsed, 0);
    stop(&w);

    struct stat st;
    assert_int_equal(stat(gz, &st), 0);
    assert_int_equal(truncate(gz, st.st_size * 3 / 4), 0); /* what is there counts */
    w = start(gz, false);
    assert_true(rt_watch_until(&w, NULL, SOON));
    assert_true(seen.requests > 50000 && seen.requests < 100000);
    stop(&w);
}

static void of_another_kind(void **state)
{
    (void)state;
    char given[120];
    snprintf(given, sizeof given, "log:%s", path);
    put(path, O_TRUNC, "Dear diary,\ntoday nothing happened.\n", 36);
    struct rt_watch w = start(given, false);
    assert_true(rt_watch_until(&w, NULL, SOON));
    assert_int_equal(w.status.state, SD_STATE_FAILED);
    assert_non_null(strstr(w.text, "not an access log"));
    assert_non_null(strstr(w.text, "Dear diary"));
    stop(&w);
    w = start("log:/bin/sh", false);
    assert_true(rt_watch_until(&w, NULL, SOON));
    assert_non_null(strstr(w.text, "binary"));
    stop(&w);
}

static void followed_through_rotations(void **state)
{
    (void)state;
    char given[120];
    snprintf(given, sizeof given, "log:%s", path);
    lines(path, O_TRUNC, 0, 10);
    struct rt_watch w = start(given, true);
    expect(&w, 10);
    /* a line in two pieces counts once its newline is there */
    char line[200];
    snprintf(line, sizeof line, LINE, 1, 1);
    put(path, O_APPEND, line, 40);
    lines(moved, O_TRUNC, 0, 0);
    put(path, O_APPEND, line + 40, strlen(line) - 40);
    expect(&w, 11);
    /* renamed; the writer goes on in the old file for a while */
    assert_int_equal(rename(path, moved), 0);
    lines(moved, O_APPEND, 20, 5);
    expect(&w, 16);
    lines(path, O_TRUNC, 30, 7);
    expect(&w, 23);
    lines(moved, O_APPEND, 40, 2);
    expect(&w, 25);
    /* copytruncate */
    lines(path, O_TRUNC, 50, 3);
    expect(&w, 28);
    /* gone, and there again */
    assert_int_equal(unlink(path), 0);
    lines(path, 0, 60, 4);
    expect(&w, 32);
    assert_int_equal(w.intake.unparsed, 0);
    stop(&w);
}

/* Where nobody asks when, the seconds are not told apart. */
static void only_totals(void **state)
{
    (void)state;
    const struct {
        sd_kinds totals;
        size_t records;
    } cases[] = {{.totals = SD_KIND_BIT(SD_HTTP), .records = 1}, {.totals = 0, .records = 60}};
    lines(path, O_TRUNC, 0, 500); /* of one endpoint, in 60 seconds */
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        totals = cases[i].totals;
        unread = totals ? SD_KIND_BIT(SD_HTTP_PART) | SD_KIND_BIT(SD_EXEMPLAR) : 0;
        struct rt_watch w = start(path, false);
        assert_true(rt_watch_until(&w, NULL, SOON));
        assert_int_equal(seen.requests, 500);
        assert_int_equal(seen.timed, 500);
        assert_true(cases[i].records == 1 ? seen.records == 1 : seen.records >= cases[i].records);
        stop(&w);
    }
    totals = unread = 0;
}

/* A watch of the kernel would cost whoever writes the log with each of its lines. */
static void no_watch_is_set(void **state)
{
    (void)state;
    char given[120], fd[300], what[100];
    snprintf(given, sizeof given, "log:%s", path);
    lines(path, O_TRUNC, 0, 10);
    struct rt_watch w = start(given, true);
    expect(&w, 10);
    DIR *all = opendir("/proc/self/fd");
    assert_non_null(all);
    for (struct dirent *e; (e = readdir(all));) {
        snprintf(fd, sizeof fd, "/proc/self/fd/%s", e->d_name);
        ssize_t n = readlink(fd, what, sizeof what - 1);
        what[MAX(n, 0)] = 0;
        assert_null(strstr(what, "inotify"));
        assert_null(strstr(what, "fanotify"));
    }
    closedir(all);
    stop(&w);
}

static const char *reason;

static bool says_why(const struct rt_watch *w)
{
    return strstr(w->text, reason) != NULL;
}

/* Who may rename in a log's folder shall not make us read what only we can read. */
static void what_is_no_log_is_not_taken_up(void **state)
{
    (void)state;
    char given[120];
    snprintf(given, sizeof given, "log:%s", path);
    unlink(path);
    unlink(moved);
    lines(path, O_TRUNC, 0, 3);
    struct rt_watch w = start(given, true);
    int64_t all = 3;
    expect(&w, all);
    static const char *const reasons[] = {"is a symbolic link now", "is a symbolic link now", "is a pipe now",
                                          "is a folder now"};
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        char other[120];
        snprintf(other, sizeof other, "%s/secret", dir);
        lines(other, O_TRUNC, 0, 9);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(i == 0   ? symlink(other, path)
                         : i == 1 ? symlink("/dev/zero", path)
                         : i == 2 ? mkfifo(path, 0600)
                                  : mkdir(path, 0700),
                         0);
        reason = reasons[i];
        assert_true(rt_watch_until(&w, says_why, SOON));
        assert_int_equal(w.status.state, SD_STATE_STALE);
        assert_int_equal(seen.requests, all);
        assert_int_equal(remove(path), 0);
        assert_int_equal(unlink(other), 0);
        lines(path, 0, 10, 2); /* and a log again */
        expect(&w, all += 2);
        reason = "exists again";
        assert_true(rt_watch_until(&w, says_why, SOON));
    }
    assert_int_equal(w.intake.unparsed, 0);
    stop(&w);
}

/* A folder on the way becomes a link to where a file of the same name lies. */
static void nor_behind_a_link(void **state)
{
    (void)state;
    char given[200], folder[120], away[120], file[160];
    snprintf(folder, sizeof folder, "%s/logs", dir);
    snprintf(away, sizeof away, "%s/away", dir);
    snprintf(file, sizeof file, "%s/logs/access.log", dir);
    snprintf(given, sizeof given, "log:%s", file);
    assert_int_equal(mkdir(folder, 0700), 0);
    lines(file, 0, 0, 3);
    struct rt_watch w = start(given, true);
    expect(&w, 3);
    assert_int_equal(rename(folder, away), 0);
    assert_int_equal(symlink("away2", folder), 0);
    char elsewhere[120];
    snprintf(elsewhere, sizeof elsewhere, "%s/away2", dir);
    assert_int_equal(mkdir(elsewhere, 0700), 0);
    lines(file, 0, 0, 9);
    reason = "is behind a symbolic link now";
    assert_true(rt_watch_until(&w, says_why, SOON));
    assert_int_equal(seen.requests, 3);
    stop(&w);
    unlink(file);
    unlink(folder);
    rmdir(elsewhere);
    snprintf(file, sizeof file, "%s/access.log", away);
    unlink(file);
    rmdir(away);
}

/* The path was a link when it was given: what it leads to may change, as cronolog does it. */
static void a_link_that_was_given_is_followed(void **state)
{
    (void)state;
    char given[120], today[120];
    snprintf(given, sizeof given, "log:%s", path);
    snprintf(today, sizeof today, "%s/today", dir);
    unlink(path);
    lines(moved, O_TRUNC, 0, 3);
    assert_int_equal(symlink(moved, path), 0);
    struct rt_watch w = start(given, true);
    expect(&w, 3);
    lines(today, 0, 10, 4);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(today, path), 0);
    expect(&w, 7);
    stop(&w);
    unlink(path);
    unlink(today);
}

static void place_of(const char *file, const char *said, int64_t offset, struct strbuf *out)
{
    struct log_place place;
    char text[LOG_PLACE_TEXT];
    int fd = open(file, O_RDONLY);
    assert_true(fd >= 0 && log_place_of(fd, offset, &place));
    close(fd);
    log_place_print(&place, text);
    strbuf_printf(out, "%s%s %s", out->len ? "\n" : "", text, said);
}

/* A run that goes on behind two rotations may end anywhere: what it read of the older file, which was written
 * to after it was renamed, is behind a place of its own before one of the log is told. */
static void the_rest_of_a_renamed_file_has_its_place(void **state)
{
    (void)state;
    char older[100], key[120];
    struct strbuf given = {0};
    struct stat st;
    snprintf(older, sizeof older, "%s.2", path);
    snprintf(key, sizeof key, "%s (renamed)", path);
    lines(older, O_TRUNC, 0, 20);
    assert_int_equal(stat(older, &st), 0);
    place_of(older, key, st.st_size, &given);
    lines(older, O_APPEND, 20, 7);
    lines(moved, O_TRUNC, 100, 5);
    assert_int_equal(stat(moved, &st), 0);
    place_of(moved, path, st.st_size, &given);
    lines(moved, O_APPEND, 105, 3);
    lines(path, O_TRUNC, 200, 2);
    places = given.text;
    struct rt_watch w = start(path, true);
    places = NULL;
    seen.rest = 7;
    expect(&w, 7 + 3 + 2);
    stop(&w);
    assert_true(seen.rest_told);
    assert_false(seen.early);
    strbuf_free(&given);
    unlink(older);
    unlink(moved);
}

static void missing_at_first(void **state)
{
    (void)state;
    char given[120];
    snprintf(given, sizeof given, "log:%s", path);
    unlink(path);
    struct rt_watch w = start(given, true);
    lines(path, 0, 0, 6);
    expect(&w, 6);
    stop(&w);
    w = start("log:/nonexistent/access.log", false);
    assert_true(rt_watch_until(&w, NULL, SOON));
    assert_int_equal(w.status.state, SD_STATE_FAILED);
    stop(&w);
}

/* A console that lags, as it does while it begins, gets all of a file. */
static void nothing_is_lost_of_a_file(void **state)
{
    (void)state;
    struct strbuf b = {0};
    for (int i = 0; i < 3000; i++)
        strbuf_printf(&b, "h - - [20/Nov/2026:15:%02d:%02d +0000] \"GET / HTTP/1.1\" 200 1\n", i / 60,
                      i % 60);
    put(path, O_TRUNC, strbuf_text(&b), b.len);
    strbuf_free(&b);
    room = 128 * 1024;
    struct rt_watch w = start(path, true);
    room = 0;
    expect(&w, 3000);
    stop(&w);
}

/* Nor of what was read when it is told to end: the place that follows says that it was handed out. */
static void nothing_is_lost_at_the_end(void **state)
{
    (void)state;
    struct strbuf b = {0};
    for (int i = 0; i < 3000; i++)
        strbuf_printf(&b, "h - - [20/Nov/2026:15:%02d:%02d +0000] \"GET / HTTP/1.1\" 200 1\n", i / 60,
                      i % 60);
    put(path, O_TRUNC, strbuf_text(&b), b.len);
    strbuf_free(&b);
    room = 128 * 1024;
    struct rt_watch w = start(path, true);
    room = 0;
    wanted = 1;
    assert_true(rt_watch_until(&w, enough, SOON));
    rt_end(w.rt);
    expect(&w, 3000);
    stop(&w);
}

static void backlog_begins_at_a_line(void **state)
{
    (void)state;
    char given[140], line[200];
    snprintf(given, sizeof given, "log:%s?backlog=0", path);
    lines(path, O_TRUNC, 0, 1000);
    struct rt_watch w = start(given, true);
    for (int tries = 0; tries < 100 && seen.requests == 0;
         tries++) { /* until it is open, one may be missed */
        lines(path, O_APPEND, 5, 1);
        wanted = 1;
        rt_watch_until(&w, enough, 50 * SD_MS);
    }
    assert_in_range(seen.requests, 1, 100);
    stop(&w);
    int n = snprintf(line, sizeof line, LINE, 0, 5);
    lines(path, O_TRUNC, 5, 0);
    for (int i = 0; i < 100; i++)
        put(path, O_APPEND, line, (size_t)n);
    /* cut amid a line, and exactly at one */
    for (int cut = 0; cut < 3; cut++) {
        snprintf(given, sizeof given, "log:%s?backlog=%d", path, 10 * n + cut - 1);
        w = start(given, true);
        expect(&w, cut == 0 ? 9 : 10);
        stop(&w);
    }
}

static int setup(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/slowdive-log-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof path, "%s/access.log", dir);
    snprintf(moved, sizeof moved, "%s/access.log.1", dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    char gz[120];
    snprintf(gz, sizeof gz, "%s/access.log.1.gz", dir);
    unlink(gz);
    unlink(path);
    unlink(moved);
    return rmdir(dir);
}

/* A line `minutes` from now, as a machine with another clock writes it. */
static void line_of_another_clock(int minutes)
{
    char line[200], stamp[64];
    time_t at = time(NULL) + minutes * 60;
    struct tm tm;
    strftime(stamp, sizeof stamp, "%d/%b/%Y:%H:%M:%S +0000", gmtime_r(&at, &tm));
    int n = snprintf(line, sizeof line, "h - - [%s] \"GET /a HTTP/1.1\" 200 1 \"-\" \"-\" rt=0.010\n", stamp);
    put(path, O_APPEND, line, (size_t)n);
}

static bool is_noted(const struct rt_watch *w)
{
    (void)w;
    return strstr(seen.note, "The log's clock is 2 h ahead of this machine's") != NULL;
}

static bool is_noted_behind(const struct rt_watch *w)
{
    (void)w;
    return strstr(seen.note, "The log's clock is 30 min behind this machine's") != NULL;
}

static void another_clock_is_said(void **state)
{
    (void)state;
    put(path, O_TRUNC, "", 0);
    line_of_another_clock(-3000); /* what was there may be old */
    struct rt_watch w = start(path, true);
    expect(&w, 1);
    line_of_another_clock(120);
    if (!rt_watch_until(&w, is_noted, SOON))
        fail_msg("it is said: %s", seen.note);
    line_of_another_clock(-30);
    if (!rt_watch_until(&w, is_noted_behind, SOON))
        fail_msg("it is said: %s", seen.note);
    stop(&w);
}

int main(void)
{
    registry_begin(SOURCES_BUILT_IN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(to_the_end),
        cmocka_unit_test(what_is_unread),
        cmocka_unit_test(no_watch_is_set),
        cmocka_unit_test(only_totals),
        cmocka_unit_test(gzip_of_two_members),
        cmocka_unit_test(of_another_kind),
        cmocka_unit_test(followed_through_rotations),
        cmocka_unit_test(the_rest_of_a_renamed_file_has_its_place),
        cmocka_unit_test(missing_at_first),
        cmocka_unit_test(another_clock_is_said),
        cmocka_unit_test(nothing_is_lost_of_a_file),
        cmocka_unit_test(nothing_is_lost_at_the_end),
        cmocka_unit_test(backlog_begins_at_a_line),
        cmocka_unit_test(what_is_no_log_is_not_taken_up),
        cmocka_unit_test(nor_behind_a_link),
        cmocka_unit_test(a_link_that_was_given_is_followed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
