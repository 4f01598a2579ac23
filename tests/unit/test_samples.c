/* The samples of a load test: order, escapes, gaps, a FIFO whose reader comes last. */
#include "tests/lib/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sink/loads/samples.h"

static char dir[64];

static struct samples *start(const char *path)
{
    static const char *const names[] = {"list", "=an \"order\", big\none"};
    struct sd_error err = {""};
    struct samples *s = samples_open(path, names, 2, &err);
    if (!s)
        fail_msg("%s", err.text);
    return s;
}

static struct load_outcome outcome(uint64_t seq)
{
    return (struct load_outcome){.order = {.seq = seq, .user = -1, .intended_ns = (int64_t)seq * 1000},
                                 .sent_ns = (int64_t)seq * 1000 + 1,
                                 .done_ns = (int64_t)seq * 1000 + 2,
                                 .status = 200,
                                 .bytes = 30};
}

static char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void finish(struct samples *s)
{
    struct sd_error err = {""};
    if (!samples_close(s, &err))
        fail_msg("%s", err.text);
}

static void is_file(const char *path, const char *want)
{
    char *got;
    size_t n;
    struct sd_error err = {""};
    assert_true(file_read(path, 1 << 20, &got, &n, &err));
    assert_string_equal(got, want);
    free(got);
}

#define HEAD "seq,name,user,intended_ns,sent_ns,done_ns,status,error,bytes\n"

static void in_order_with_every_failure(void **state)
{
    (void)state;
    char *path = path_of("a.csv");
    struct samples *s = start(path);
    struct load_outcome o = outcome(2);
    o.order.user = 7;
    o.order.request = 1;
    o.status = 503;
    samples_add(s, &o, LOAD_STATUS);
    o = outcome(1);
    o.sent_ns = SD_UNKNOWN;
    o.status = 0;
    o.bytes = 0;
    samples_add(s, &o, LOAD_UNSENT);
    o = outcome(0);
    samples_add(s, &o, LOAD_NONE);
    o = outcome(4); /* 3 was under way when the run was stopped */
    samples_add(s, &o, LOAD_NONE);
    finish(s);
    is_file(path, HEAD "0,list,,0,1,2,200,,30\n"
                       "1,list,,1000,,1002,0,unsent,0\n"
                       "2,\"'=an \"\"order\"\", big one\",7,2000,2001,2002,503,status,30\n"
                       "4,list,,4000,4001,4002,200,,30\n");
    s = start(path); /* an old file is begun anew */
    finish(s);
    is_file(path, HEAD);
    unlink(path);
}

/* The first comes last of many: all wait for it. */
static void many_wait_for_one(void **state)
{
    (void)state;
    enum { MANY = 50000 };
    char *path = path_of("b.csv"), *got, *line;
    size_t n;
    struct sd_error err = {""};
    struct samples *s = start(path);
    for (uint64_t i = MANY - 1; i < MANY; i--) {
        struct load_outcome o = outcome(i);
        samples_add(s, &o, LOAD_NONE);
    }
    finish(s);
    assert_true(file_read(path, 64 << 20, &got, &n, &err));
    line = strchr(got, '\n') + 1;
    for (uint64_t i = 0; i < MANY; i++, line = strchr(line, '\n') + 1)
        assert_int_equal(strtoull(line, NULL, 10), i);
    assert_int_equal(*line, 0);
    free(got);
    unlink(path);
}

static void fifo_is_read_at_the_end(void **state)
{
    (void)state;
    enum { MANY = 5000 }; /* more than a pipe holds */
    char *path = path_of("fifo"), bytes[4096];
    assert_int_equal(mkfifo(path, 0600), 0);
    struct samples *s = start(path);
    for (uint64_t i = 0; i < MANY; i++) {
        struct load_outcome o = outcome(i);
        samples_add(s, &o, LOAD_NONE);
    }
    pid_t child = fork();
    if (child == 0) {
        int fd = open(path, O_RDONLY);
        size_t lines = 0;
        for (ssize_t n; (n = read(fd, bytes, sizeof bytes)) > 0;)
            for (ssize_t i = 0; i < n; i++)
                lines += bytes[i] == '\n';
        _exit(lines == MANY + 1 ? 0 : 1);
    }
    finish(s);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    unlink(path);
}

static void what_cannot_be_written(void **state)
{
    (void)state;
    static const char *const names[] = {"a"};
    struct sd_error err = {""};
    assert_null(samples_open(dir, names, 1, &err));
    assert_non_null(strstr(err.text, "folder"));
    assert_null(samples_open("/nowhere/at/all.csv", names, 1, &err));
    if (access("/dev/full", W_OK) == 0) {
        assert_null(samples_open("/dev/full", names, 1, &err)); /* a device */
        assert_non_null(strstr(err.text, "regular"));
    }
}

int main(void)
{
    snprintf(dir, sizeof dir, "/tmp/slowdive-samples.XXXXXX");
    if (!mkdtemp(dir))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order_with_every_failure),
        cmocka_unit_test(many_wait_for_one),
        cmocka_unit_test(fifo_is_read_at_the_end),
        cmocka_unit_test(what_cannot_be_written),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(dir);
    return failed;
}
