/* Who could have written what is obeyed, seen by users that this test is not. */
#include "tests/lib/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/trust.h"

static void files_are_judged(void **state)
{
    (void)state;
    enum { ME = 1000, OTHER = 1001 };
    static const struct {
        uid_t owner;
        gid_t group;
        mode_t mode;
        bool sticky_is_safe;
        const char *refusal; /* NULL: trusted */
    } rows[] = {
        {ME, 50, S_IFREG | 0644, false, NULL},
        {0, 50, S_IFREG | 0644, false, NULL},
        {0, 0, S_IFREG | 0664, false, NULL}, /* root's own group */
        {OTHER, 50, S_IFREG | 0644, false, "belongs to neither root nor you"},
        {OTHER, 50, S_IFREG | 0400, false, "belongs to neither root nor you"},
        {ME, 50, S_IFREG | 0664, false, "writable by its group"},
        {ME, 50, S_IFREG | 0646, false, "writable by everyone"},
        {ME, 50, S_IFREG | S_ISVTX | 0666, true, "writable by everyone"},
        {0, 0, S_IFDIR | S_ISVTX | 0777, true, NULL},
        {0, 0, S_IFDIR | S_ISVTX | 0777, false, "writable by everyone"},
        {0, 0, S_IFDIR | 0777, true, "writable by everyone"},
        {OTHER, 0, S_IFDIR | S_ISVTX | 0777, true, "belongs to neither root nor you"},
        {OTHER, 0, S_IFLNK | 0777, true, "belongs to neither root nor you"},
        {ME, 0, S_IFLNK | 0777, true, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct sd_error err = {""};
        struct stat st = {.st_uid = rows[i].owner, .st_gid = rows[i].group, .st_mode = rows[i].mode};
        bool fine = trust_judge(&st, ME, rows[i].sticky_is_safe, "file", "/x", &err);
        if (fine != !rows[i].refusal || (!fine && !strstr(err.text, rows[i].refusal)))
            fail_msg("row %zu: %s", i, err.text);
    }
}

static void paths_are_judged(void **state)
{
    (void)state;
    char dir[] = "/tmp/slowdive-trust-XXXXXX", path[96], up[96], link[96];
    struct sd_error err = {""};
    assert_non_null(mkdtemp(dir)); /* in a sticky folder of root */
    snprintf(path, sizeof path, "%s/file", dir);
    snprintf(up, sizeof up, "%s/../%s/./file", dir, dir + 5);
    snprintf(link, sizeof link, "%s/link", dir);
    int fd = open(path, O_WRONLY | O_CREAT, 0644);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(symlink("file", link), 0);
    const char *const ways[] = {path, up, link};
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        fd = trust_open("file", ways[i], &err);
        if (fd < 0)
            fail_msg("%s: %s", ways[i], err.text);
        close(fd);
        /* For anyone else it is another user's, unless it is root's. */
        fd = trust_open_as(geteuid() + 1, "file", ways[i], &err);
        assert_int_equal(fd >= 0, geteuid() == 0);
        if (fd >= 0)
            close(fd);
        else
            assert_non_null(strstr(err.text, "belongs to neither root nor you"));
    }
    assert_true(trust_folder(dir, &err));
    assert_int_equal(chmod(dir, 01777), 0);
    assert_false(trust_folder(dir, &err));
    fd = trust_open("file", path, &err);
    assert_true(fd >= 0); /* its owner alone can take it out of a sticky folder */
    close(fd);
    assert_int_equal(chmod(dir, 0777), 0);
    assert_int_equal(trust_open("file", path, &err), -1);
    assert_int_equal(trust_open("file", link, &err), -1);
    assert_int_equal(chmod(dir, 0700), 0);
    unlink(link);
    assert_int_equal(symlink("link", link), 0); /* to itself */
    assert_int_equal(trust_open("file", link, &err), -1);
    assert_int_equal(trust_open("file", "", &err), -1);
    assert_int_equal(trust_open("file", dir, &err), -1);
    assert_int_equal(trust_open("file", "/dev/null", &err), -1);
    unlink(link);
    unlink(path);
    rmdir(dir);
}

static void outputs_go_where_they_were_sent(void **state)
{
    (void)state;
    char dir[] = "/tmp/slowdive-output-XXXXXX", path[96], link[96];
    struct sd_error err = {""};
    struct stat st;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/file", dir);
    snprintf(link, sizeof link, "%s/link", dir);
    umask(0);
    int fd = output_open(path, OUTPUT_NEW, false, &err);
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    close(fd);
    assert_int_equal(output_open(path, OUTPUT_NEW, false, &err), -1);
    assert_non_null(strstr(err.text, "exists already"));
    assert_int_equal(symlink("file", link), 0);
    fd = output_open(link, OUTPUT_CONTINUE, false, &err);
    assert_true(fd >= 0); /* nobody else can make a link here */
    close(fd);
    assert_int_equal(chmod(dir, 01777), 0);
    assert_int_equal(output_open(link, OUTPUT_CONTINUE, false, &err), -1);
    assert_non_null(strstr(err.text, "symbolic link in a folder that others may write"));
    fd = output_open(path, OUTPUT_CONTINUE, false, &err);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(output_open(dir, OUTPUT_CONTINUE, false, &err), -1);
    assert_non_null(strstr(err.text, "it is a folder"));
    assert_int_equal(output_open("/dev/null", OUTPUT_CONTINUE, true, &err), -1);
    unlink(link);
    assert_int_equal(mkfifo(link, 0600), 0);
    assert_int_equal(output_open(link, OUTPUT_NEW, true, &err), -1);
    assert_non_null(strstr(err.text, "no process reads the pipe"));
    int reader = open(link, O_RDONLY | O_NONBLOCK);
    fd = output_open(link, OUTPUT_NEW, true, &err);
    assert_true(fd >= 0 && fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode));
    close(fd);
    assert_int_equal(output_open(link, OUTPUT_CONTINUE, false, &err), -1);
    close(reader);
    unlink(link);
    unlink(path);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_judged),
        cmocka_unit_test(paths_are_judged),
        cmocka_unit_test(outputs_go_where_they_were_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
