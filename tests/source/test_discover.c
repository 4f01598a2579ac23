/* Servers that were not named: whose sockets are used, and what is sent to them. */
#include "tests/lib/test.h"

#include <pthread.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/app.h"
#include "conf/option.h"
#include "tests/lib/rt_watch.h"
#include "source/built_in.h"

enum { NOBODY = 65534 };

static char root[] = "/tmp/slowdive-discover-XXXXXX";

static const char *in_root(const char *name)
{
    static char path[100];
    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static int listen_at(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 5), 0);
    return fd;
}

struct heard {
    char found[600], refused[600];
    size_t n_found, n_refused;
};

static void found(void *ctx, const char *target, const char *why)
{
    struct heard *h = ctx;
    if (!str_starts(target, "postgres:"))
        return; /* an access log of this machine */
    snprintf(h->found, sizeof h->found, "%s (%s)", target, why);
    h->n_found++;
}

static void refused(void *ctx, const char *sentence)
{
    struct heard *h = ctx;
    snprintf(h->refused, sizeof h->refused, "%s", sentence);
    h->n_refused++;
}

static struct heard look(const char *folder)
{
    struct heard h = {0};
    const char *const folders[] = {folder, NULL};
    discover(&(struct discovery){.found = found, .refused = refused, .ctx = &h}, folders);
    return h;
}

static const char *me(void)
{
    return getpwuid(geteuid())->pw_name;
}

static void own_sockets_are_used(void **state)
{
    (void)state;
    char folder[100];
    snprintf(folder, sizeof folder, "%s", in_root("own"));
    assert_int_equal(mkdir(folder, 0755), 0);
    int fd = listen_at(in_root("own/.s.PGSQL.6001"));
    assert_int_equal(symlink(".s.PGSQL.6001", in_root("own/.s.PGSQL.6002")), 0);
    struct heard h = look(folder);
    char *want =
        mem_printf("postgres:host=%s port=6001 dbname=postgres requirepeer=%s?no_password=yes (a PostgreSQL "
                   "server at %s/.s.PGSQL.6001)",
                   folder, me(), folder);
    assert_int_equal(h.n_found, 1); /* a link may lead anywhere */
    assert_string_equal(h.found, want);
    assert_int_equal(h.n_refused, 0);
    chmod(folder, 01777); /* as /tmp is */
    assert_int_equal(look(folder).n_found, 1);
    free(want);
    close(fd);
}

static void others_sockets_are_named_not_opened(void **state)
{
    (void)state;
    char folder[100];
    snprintf(folder, sizeof folder, "%s", in_root("shared"));
    assert_int_equal(mkdir(folder, 0777), 0);
    chmod(folder, 0777);
    int fd = listen_at(in_root("shared/.s.PGSQL.6003"));
    struct heard h = look(folder);
    assert_int_equal(h.n_found, 0);
    assert_non_null(strstr(h.refused, "others may replace it in that folder"));
    chmod(folder, 01777);
    if (chown(in_root("shared/.s.PGSQL.6003"), NOBODY, NOBODY) == 0) { /* only root may */
        h = look(folder);
        assert_int_equal(h.n_found, 0);
        assert_int_equal(h.n_refused, 1);
        assert_non_null(strstr(h.refused, "port 6003, belongs to"));
        assert_non_null(strstr(h.refused, "name it: \"postgres:host="));
    }
    close(fd);
}

static void the_environment_names_a_server(void **state)
{
    (void)state;
    setenv("PGHOST", "db.example", 1);
    struct heard h = look(in_root("own"));
    assert_string_equal(h.found, "postgres: (the environment variable PGHOST)");
    setenv("DATABASE_URL", "postgres://u:p@h/x", 1);
    h = look(in_root("own"));
    assert_int_equal(h.n_found, 1);
    assert_non_null(strstr(h.found, "DATABASE_URL"));
    unsetenv("PGHOST");
    unsetenv("DATABASE_URL");
}

/* ---- what is sent ---- */

struct thief {
    int fd;
    _Atomic size_t startups, passwords;
};

/* Asks everybody for a password in clear text. */
static void *steal(void *arg)
{
    struct thief *t = arg;
    static const char ask[] = {'R', 0, 0, 0, 8, 0, 0, 0, 3};
    for (int c; (c = accept4(t->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0; close(c)) {
        char bytes[1000];
        ssize_t n;
        while ((n = read(c, bytes, sizeof bytes)) > 0) {
            if (n == 8) {
                n = write(c, "N", 1); /* no SSL, no GSS */
                continue;
            }
            if (bytes[0] == 'p' && ++t->passwords)
                break;
            if (n > 8) {
                t->startups++;
                n = write(c, ask, sizeof ask);
            }
        }
    }
    return NULL;
}

/* Opens `target` as the program does; what the source says at last. */
static void open_it(const char *target, struct rt_watch *w)
{
    struct registry_resolved r;
    struct sd_error err;
    assert_true(registry_resolve(target, &r, &err));
    void *opts = options_new(r.ops->options, r.ops->opts_size);
    for (char **o = r.options; *o; o++) {
        char *eq = strchr(*o, '=');
        *eq = '\0';
        assert_true(option_set(r.ops->options, opts, *o, eq + 1, &err));
    }
    *w = (struct rt_watch){.rt = rt_new(&RT_DEFAULTS)};
    assert_non_null(rt_start(w->rt, r.ops, "db", r.target, opts, false, &err));
    rt_watch_until(w, NULL, 20 * SD_S);
    rt_free(w->rt, 5 * SD_S);
    registry_resolved_free(&r);
}

static void no_password_is_sent_to_what_was_found(void **state)
{
    (void)state;
    struct rt_watch w;
    struct thief t = {.fd = listen_at(in_root("own/.s.PGSQL.6004"))};
    pthread_t thread;
    chmod(in_root("own"), 0755);
    unlink(in_root("own/.s.PGSQL.6001"));
    setenv("PGPASSWORD", "hunter2", 1);
    setenv("PGPASSFILE", in_root("pass"), 1);
    FILE *f = fopen(in_root("pass"), "w");
    fputs("*:*:*:*:hunter3\n", f);
    fclose(f);
    chmod(in_root("pass"), 0600);
    assert_int_equal(pthread_create(&thread, NULL, steal, &t), 0);
    struct heard h = look(in_root("own"));
    assert_int_equal(h.n_found, 1);
    *strstr(h.found, " (") = '\0';
    open_it(h.found, &w);
    if (!strstr(w.text, "no password is sent to a server that was found") || t.passwords)
        fail_msg("%zu passwords; %s", t.passwords, w.text);
    size_t startups = t.startups;
    char *other =
        mem_printf("postgres:host=%s/own port=6004 dbname=x requirepeer=somebody_else?no_password=yes", root);
    open_it(other, &w);
    free(other);
    char *named = mem_printf("postgres:host=%s/own port=6004 dbname=x", root);
    open_it(named, &w);
    free(named);
    shutdown(t.fd, SHUT_RDWR);
    pthread_join(thread, NULL);
    close(t.fd);
    assert_in_range(startups, 1, 1000);
    assert_int_equal(t.startups, startups + 1); /* who is somebody else gets not a byte */
    assert_int_equal(t.passwords, 1);           /* the named one: the thief can hear */
    unsetenv("PGPASSWORD");
    unsetenv("PGPASSFILE");
}

static void a_password_file_of_others_is_not_used(void **state)
{
    (void)state;
    static const struct {
        mode_t mode;
        const char *says; /* NULL: it is used */
    } rows[] = {{0666, "writable by everyone"}, {0640, "others can read it"}, {0600, NULL}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct rt_watch w;
        struct thief t = {.fd = listen_at(in_root("own/.s.PGSQL.6005"))};
        pthread_t thread;
        setenv("PGPASSFILE", in_root("pass"), 1);
        chmod(in_root("pass"), rows[i].mode);
        assert_int_equal(pthread_create(&thread, NULL, steal, &t), 0);
        char *named = mem_printf("postgres:host=%s/own port=6005 dbname=x", root);
        open_it(named, &w);
        free(named);
        shutdown(t.fd, SHUT_RDWR);
        pthread_join(thread, NULL);
        close(t.fd);
        unlink(in_root("own/.s.PGSQL.6005"));
        unsetenv("PGPASSFILE");
        if (rows[i].says &&
            (t.passwords || !strstr(w.text, "password file") || !strstr(w.text, rows[i].says)))
            fail_msg("mode %o: %zu passwords; %s", rows[i].mode, t.passwords, w.text);
        if (!rows[i].says)
            assert_int_equal(t.passwords, 1);
    }
}

static int make_root(void **state)
{
    (void)state;
    umask(022);
    registry_begin(SOURCES_BUILT_IN);
    return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
    (void)state;
    char *command = mem_printf("rm -rf %s", root);
    int status = system(command);
    free(command);
    return status;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_sockets_are_used),
        cmocka_unit_test(others_sockets_are_named_not_opened),
        cmocka_unit_test(the_environment_names_a_server),
        cmocka_unit_test(no_password_is_sent_to_what_was_found),
        cmocka_unit_test(a_password_file_of_others_is_not_used),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
