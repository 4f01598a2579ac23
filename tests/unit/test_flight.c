/* The flight recorder: a ring of recordings on disk, with a clock that the test drives. */
#include "tests/lib/test.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "format/record/recording.h"
#include "sink/recorder.h"
#include "sink/ring.h"

#define T0   ((sd_time)1795189898 * SD_S)
#define WAIT (30 * SD_S)

static sd_time moment;
static sd_time driven(void)
{
    return moment;
}

static struct ring_limits limits(int64_t bytes, int64_t age_ns)
{
    return (struct ring_limits){.bytes = bytes, .age_ns = age_ns, .now = driven};
}

/* A folder that nobody else can change, with what the test leaves in it. */
static char *folder_new(void)
{
    static char path[200];
    const char *tmp = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/flight.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(path));
    return path;
}

static void folder_free(const char *folder)
{
    DIR *d = opendir(folder);
    char path[600];
    for (const struct dirent *e; d && (e = readdir(d));) {
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (e->d_name[0] != '.')
            unlink(path);
    }
    if (d)
        closedir(d);
    assert_int_equal(rmdir(folder), 0);
}

static int64_t total(const char *folder, size_t *n)
{
    struct ring_list l;
    struct sd_error err = {""};
    int64_t bytes = 0;
    if (!ring_list(folder, &l, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < l.n; i++)
        bytes += l.items[i].bytes;
    *n = l.n;
    ring_list_free(&l);
    return bytes;
}

static struct recorder *flight(const char *folder, struct ring_limits l, char name[64])
{
    struct sd_error err = {""};
    struct ring *ring = ring_open(folder, &l, &err);
    if (!ring)
        fail_msg("%s", err.text);
    snprintf(name, 64, "%s", ring_flight(ring));
    struct recorder *r = recorder_open_ring(ring, &err);
    if (!r)
        fail_msg("%s", err.text);
    return r;
}

static void metric(struct recorder *r, sd_time at, const char *name, const char *labels)
{
    struct sd_batch *b = batch_new("test", at);
    batch_add(b, SD_METRIC, &(struct sd_metric){.name = name, .labels = labels, .value = 1, .counter = 0});
    recorder_batch(r, b);
    batch_unref(b);
    assert_true(recorder_flush(r, WAIT));
}

/* What compresses to no less than it is. */
static void noise(struct recorder *r, sd_time at, size_t len, unsigned seed)
{
    char *text = mem_alloc(len + 1);
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525 + 1013904223;
        text[i] = (char)(33 + (seed >> 16) % 90);
    }
    metric(r, at, "noise", text);
    free(text);
}

struct seen {
    sd_time first, last;
    size_t n;
    struct strbuf text;
};

static void see(void *ctx, struct sd_batch *b)
{
    struct seen *s = ctx;
    s->first = s->n++ ? s->first : batch_time(b);
    s->last = batch_time(b);
    const struct sd_activity *a;
    for (size_t i = 0; (a = batch_each(b, SD_ACTIVITY, &i));)
        strbuf_printf(&s->text, "%s\n", a->query);
    batch_unref(b);
}

static struct seen read_file(const char *path)
{
    struct seen s = {0};
    struct recording_stats stats;
    struct sd_error err = {""};
    char *data;
    size_t len;
    if (!file_read(path, 1 << 28, &data, &len, &err) ||
        !recording_decode(data, len, see, NULL, &s, &stats, &err))
        fail_msg("%s", err.text);
    assert_int_equal(stats.lost, 0);
    free(data);
    return s;
}

/* What :save writes. */
static struct seen saved(const char *folder, const char *name)
{
    struct sd_error err = {""};
    struct strbuf header = {0};
    char path[300];
    snprintf(path, sizeof path, "%s/.saved", folder);
    FILE *f = fopen(path, "w+");
    assert_non_null(f);
    recording_header(&header);
    fwrite(header.text, 1, header.len, f);
    fflush(f);
    strbuf_free(&header);
    if (!ring_copy(folder, name, fileno(f), path, &err))
        fail_msg("%s", err.text);
    fclose(f);
    struct seen s = read_file(path);
    unlink(path);
    return s;
}

static void four_minutes_are_four_minutes(void **state)
{
    (void)state;
    char *folder = folder_new(), name[64];
    moment = T0;
    struct recorder *r = flight(folder, limits(64 << 20, 24 * 3600 * SD_S), name);
    for (int second = 0; second <= 240; second++) {
        moment = T0 + second * SD_S;
        metric(r, moment, "requests", NULL);
    }
    struct seen s = saved(folder, name); /* while it goes on */
    assert_int_equal(s.first, T0);
    assert_int_equal(s.last - s.first, 240 * SD_S);
    assert_int_equal(s.n, 241);
    recorder_close(r);
    folder_free(folder);
}

static void size_is_bounded(void **state)
{
    (void)state;
    char *folder = folder_new(), name[64];
    moment = T0;
    struct recorder *r = flight(folder, limits(1 << 20, 24 * 3600 * SD_S), name);
    size_t files = 0;
    for (unsigned i = 0; i < 120; i++) {
        moment += SD_S;
        noise(r, moment, 30000, i);
        assert_true(total(folder, &files) <= 1 << 20);
    }
    assert_true(files > 4); /* the oldest goes, not all */
    struct seen s = saved(folder, name);
    assert_int_equal(s.last, moment);
    assert_true(s.first > T0 + SD_S && s.n > 20);
    recorder_close(r);
    folder_free(folder);
}

static void age_is_bounded(void **state)
{
    (void)state;
    char *folder = folder_new(), name[64], other[64];
    size_t files;
    moment = clock_wall();
    struct recorder *r = flight(folder, limits(1 << 20, 3600 * SD_S), name);
    metric(r, moment, "a", NULL);
    recorder_close(r);
    moment += 2 * 3600 * SD_S; /* two hours later another console is started */
    r = flight(folder, limits(1 << 20, 3600 * SD_S), other);
    metric(r, moment, "b", NULL);
    total(folder, &files);
    assert_int_equal(files, 1);
    struct seen s = saved(folder, other);
    assert_int_equal(s.first, moment);
    recorder_close(r);
    folder_free(folder);
}

static void several_consoles_share_a_folder(void **state)
{
    (void)state;
    char *folder = folder_new(), quiet_name[64], busy_name[64];
    moment = T0;
    struct recorder *quiet = flight(folder, limits(1 << 20, 24 * 3600 * SD_S), quiet_name);
    struct recorder *busy = flight(folder, limits(1 << 20, 24 * 3600 * SD_S), busy_name);
    assert_string_not_equal(quiet_name, busy_name);
    metric(quiet, T0, "first", NULL);
    for (unsigned i = 0; i < 100; i++)
        noise(busy, T0 + i * SD_S, 30000, i);
    metric(quiet, T0 + 100 * SD_S, "last", NULL);
    struct seen s = saved(folder, quiet_name);
    assert_int_equal(s.n, 2);
    assert_int_equal(s.last - s.first, 100 * SD_S);
    recorder_close(quiet);
    recorder_close(busy);
    folder_free(folder);
}

static void killed_it_keeps_every_frame(void **state)
{
    (void)state;
    char *folder = folder_new(), name[64] = "";
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    moment = T0;
    pid_t pid = fork();
    if (pid == 0) {
        struct recorder *r = flight(folder, limits(64 << 20, 24 * 3600 * SD_S), name);
        for (int i = 0; i < 10; i++)
            metric(r, T0 + i * SD_S, "requests", NULL);
        if (write(ready[1], name, sizeof name) != sizeof name)
            _exit(1);
        for (;;)
            pause();
    }
    assert_int_equal(read(ready[0], name, sizeof name), sizeof name);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(ready[0]);
    close(ready[1]);
    struct ring_list l;
    struct sd_error err = {""};
    const struct ring_entry *e;
    assert_true(ring_list(folder, &l, &err));
    assert_int_equal(ring_last(&l, &e), 1);
    assert_false(e->open);
    ring_list_free(&l);
    struct seen s = saved(folder, name);
    assert_int_equal(s.n, 10);
    folder_free(folder);
}

static void the_last_flight_is_one_that_ended(void **state)
{
    (void)state;
    char *folder = folder_new(), lost[64], running[64];
    struct ring_list l;
    struct sd_error err = {""};
    const struct ring_entry *e;
    moment = T0;
    struct recorder *r = flight(folder, limits(64 << 20, 24 * 3600 * SD_S), lost);
    metric(r, T0, "a", NULL);
    recorder_close(r);
    moment = T0 + 60 * SD_S;
    r = flight(folder, limits(64 << 20, 24 * 3600 * SD_S), running);
    metric(r, T0 + 60 * SD_S, "b", NULL);
    assert_true(ring_list(folder, &l, &err));
    assert_int_equal(ring_last(&l, &e), 1);
    assert_memory_equal(e->name, lost, strlen(lost));
    ring_list_free(&l);
    recorder_close(r);
    assert_true(ring_list(folder, &l, &err));
    assert_int_equal(ring_last(&l, &e), 1);
    assert_memory_equal(e->name, running, strlen(running));
    ring_list_free(&l);
    folder_free(folder);
}

static void a_run_without_data_leaves_nothing(void **state)
{
    (void)state;
    char *folder = folder_new(), name[64];
    size_t files;
    recorder_close(flight(folder, limits(64 << 20, 24 * 3600 * SD_S), name));
    total(folder, &files);
    assert_int_equal(files, 0);
    folder_free(folder);
}

static void others_cannot_read_or_change_it(void **state)
{
    (void)state;
    char *parent = folder_new(), name[64], folder[300], path[600];
    struct sd_error err = {""};
    struct stat st;
    struct ring_list l;
    struct ring_limits lim = limits(64 << 20, 24 * 3600 * SD_S);
    snprintf(folder, sizeof folder, "%s/state", parent);
    mode_t before = umask(0);
    struct recorder *r = flight(folder, lim, name);
    metric(r, T0, "a", NULL);
    recorder_close(r);
    umask(before);
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_true(ring_list(folder, &l, &err));
    snprintf(path, sizeof path, "%s/%s", folder, l.items[0].name);
    ring_list_free(&l);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(chmod(folder, 0777), 0);
    assert_null(ring_open(folder, &lim, &err));
    assert_non_null(strstr(err.text, "writable by everyone"));
    chmod(folder, 0700);
    folder_free(folder);
    folder_free(parent);
}

static void literals_are_hidden(void **state)
{
    (void)state;
    char *folder = folder_new(), name[64];
    struct recorder *r = flight(folder, limits(64 << 20, 24 * 3600 * SD_S), name);
    struct sd_batch *b = batch_new("pg", T0);
    batch_add(b, SD_ACTIVITY,
              &(struct sd_activity){.pid = 1, .query = "SELECT * FROM cards WHERE no = '4111'"});
    recorder_batch(r, b);
    batch_unref(b);
    recorder_close(r);
    struct seen s = saved(folder, name);
    assert_null(strstr(strbuf_text(&s.text), "4111"));
    assert_non_null(strstr(strbuf_text(&s.text), "cards"));
    strbuf_free(&s.text);
    folder_free(folder);
}

/* The limit of a file's size stands for a full disk. */
static void a_full_disk_is_one_sentence(void **state)
{
    (void)state;
    char *folder = folder_new(), name[64];
    struct rlimit before, small;
    struct recorder *r = flight(folder, limits(64 << 20, 24 * 3600 * SD_S), name);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    metric(r, T0, "fits", NULL);
    small = before;
    small.rlim_cur = 2000;
    setrlimit(RLIMIT_FSIZE, &small);
    noise(r, T0 + SD_S, 30000, 1);
    setrlimit(RLIMIT_FSIZE, &before);
    struct recorder_stats stats = recorder_stats(r);
    assert_non_null(strstr(stats.error, "File too large"));
    assert_int_equal(stats.frames, 1);
    noise(r, T0 + 2 * SD_S, 30000, 2); /* dropped until the next try */
    struct seen s = saved(folder, name);
    assert_int_equal(s.n, 1); /* and the file is whole */
    recorder_close(r);
    folder_free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_minutes_are_four_minutes),
        cmocka_unit_test(size_is_bounded),
        cmocka_unit_test(age_is_bounded),
        cmocka_unit_test(several_consoles_share_a_folder),
        cmocka_unit_test(killed_it_keeps_every_frame),
        cmocka_unit_test(the_last_flight_is_one_that_ended),
        cmocka_unit_test(a_run_without_data_leaves_nothing),
        cmocka_unit_test(others_cannot_read_or_change_it),
        cmocka_unit_test(literals_are_hidden),
        cmocka_unit_test(a_full_disk_is_one_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
