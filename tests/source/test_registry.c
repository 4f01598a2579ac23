/* Kinds of source: resolving what a user typed, hiding secrets, loading modules. */
#include "tests/lib/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/option.h"
#include "rt/module.h"
#include "rt/registry.h"
#include "source/built_in.h"
#include "version.inc"

static char dir[64];

static int setup(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/slowdive-test-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    char *command = mem_printf("rm -rf '%s'", dir);
    FILE *p = popen(command, "r");
    free(command);
    return p ? pclose(p) : -1;
}

static char *in_dir(const char *name)
{
    static char path[4][256];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[turn], "%s/%s", dir, name);
    return path[turn];
}

static void put_file(const char *name, const char *text)
{
    FILE *f = fopen(in_dir(name), "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* ---- tables ---- */

static void every_built_in_table_makes_sense(void **state)
{
    (void)state;
    struct sd_error err;
    for (size_t i = 0; i < registry_count(); i++) {
        const struct sd_source_ops *ops = registry_at(i);
        if (!module_table_is_sane(ops, &err))
            fail_msg("%s: %s", ops->name, err.text);
        assert_int_equal(ops->abi, SD_ABI);
        assert_int_equal(ops->size, sizeof *ops);
        assert_ptr_equal(registry_named(ops->name), ops);
        for (const struct sd_option *o = ops->options; o && o->name; o++)
            assert_true(o->help && *o->help);
    }
    assert_null(registry_at(registry_count()));
    assert_null(registry_named("none"));
}

/* ---- resolving ---- */

static void kinds_in_front(void **state)
{
    (void)state;
    struct registry_resolved r;
    struct sd_error err;
    assert_true(registry_resolve("exec:curl 'http://h/?a=b&c=d'", &r, &err));
    assert_string_equal(r.ops->name, "exec");
    assert_string_equal(r.target, "curl 'http://h/?a=b&c=d'");
    assert_null(r.options[0]);
    registry_resolved_free(&r);

    assert_false(registry_resolve("lgo:/var/log/x", &r, &err));
    assert_non_null(
        strstr(err.text, "there is no source kind lgo and no file lgo:/var/log/x; the kinds are: "));
    assert_false(registry_resolve("gopher://h/", &r, &err));
    assert_non_null(strstr(err.text, "no source reads gopher:// addresses"));
    assert_false(registry_resolve("", &r, &err));
    assert_null(r.target);
}

static void options_are_cut(void **state)
{
    (void)state;
    struct registry_resolved r;
    struct sd_error err;
    if (!registry_named("log"))
        skip();
    assert_true(registry_resolve("log:/a?b/c.log?format=$a%20\"$b?x&y\"&nosuch=1", &r, &err));
    assert_string_equal(r.target, "/a?b/c.log");
    assert_string_equal(r.options[0], "format=$a \"$b?x&y\"");
    assert_string_equal(r.options[1], "nosuch=1");
    assert_null(r.options[2]);
    registry_resolved_free(&r);

    put_file("access.log",
             "127.0.0.1 - - [20/Nov/2026:15:51:38 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"x\"\n");
    char *given = mem_printf("%s?format=combined", in_dir("access.log"));
    if (!registry_resolve(given, &r, &err))
        fail_msg("%s", err.text);
    free(given);
    assert_string_equal(r.ops->name, "log");
    assert_string_equal(r.target, in_dir("access.log"));
    assert_string_equal(r.options[0], "format=combined");
    registry_resolved_free(&r);
    assert_true(registry_resolve(in_dir("access.log"), &r, &err));
    registry_resolved_free(&r);
}

static void urls_keep_their_own_parameters(void **state)
{
    (void)state;
    struct registry_resolved r;
    struct sd_error err;
    const struct sd_source_ops *pg = registry_named("postgres");
    if (!pg || !pg->options)
        skip();
    char *given =
        mem_printf("postgres://u@h/db?sslmode=require&%s=1s&application_name=x", pg->options[0].name);
    char *option = mem_printf("%s=1s", pg->options[0].name);
    assert_true(registry_resolve(given, &r, &err));
    assert_ptr_equal(r.ops, pg);
    assert_string_equal(r.target, "postgres://u@h/db?sslmode=require&application_name=x");
    assert_string_equal(r.options[0], option);
    assert_null(r.options[1]);
    registry_resolved_free(&r);
    free(given);
    free(option);
}

static void files_that_cannot_be_recognised(void **state)
{
    (void)state;
    struct registry_resolved r;
    struct sd_error err;
    put_file("noise", "\001\002\003 nothing anybody reads\n");
    assert_int_equal(mkfifo(in_dir("fifo"), 0600), 0);
    const char *const rows[][2] = {
        {"noise", "no source recognises "},
        {"missing", "No such file or directory"},
        {"fifo", "is not a regular file; write the kind in front"},
        {".", "is a folder; name a file in it"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_false(registry_resolve(in_dir(rows[i][0]), &r, &err));
        if (!strstr(err.text, rows[i][1]))
            fail_msg("%s: %s", rows[i][0], err.text);
    }
}

/* With nothing in it yet, a file is known by its own name: those of folders say nothing. */
static void empty_logs_are_known_by_name(void **state)
{
    (void)state;
    static const char *const rows[][2] = {{"slowness/access.log", "log"},
                                          {"slowness/db-slow.log", "slowlog"},
                                          {"slowness/postgresql-1.log", "pglog"}};
    assert_int_equal(mkdir(in_dir("slowness"), 0700), 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct registry_resolved r;
        struct sd_error err;
        put_file(rows[i][0], "");
        if (!registry_resolve(in_dir(rows[i][0]), &r, &err))
            fail_msg("%s: %s", rows[i][0], err.text);
        assert_string_equal(r.ops->name, rows[i][1]);
        registry_resolved_free(&r);
    }
}

/* ---- secrets ---- */

static void passwords_are_hidden(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"postgres://me:hunter2@db/shop", "postgres://me:***@db/shop"},
        {"postgres://me:hunt@er2@db/shop", "postgres://me:***@db/shop"},
        {"postgres://me:hunt/er2@db/shop", "postgres://me:***@db/shop"},
        {"postgres://me:p?x@db", "postgres://me:***@db"},
        {"postgres://me:a/b@c?d@e/f@db/shop", "postgres://me:***@db/shop"},
        {"postgres://me:x@[::1]:5432/shop", "postgres://me:***@[::1]:5432/shop"},
        {"postgres://[::1]:5432/shop?user=a@b", "postgres://[::1]:5432/shop?user=a@b"},
        {"postgres://a:1,b:2/shop?user=a@b", "postgres://a:1,b:2/shop?user=a@b"},
        {"postgres://db:5432/shop?user=a@b", "postgres://db:5432/shop?user=a@b"},
        {"postgres://me@db:5432/shop", "postgres://me@db:5432/shop"},
        {"postgres://db/shop?password=hunter2&sslmode=require",
         "postgres://db/shop?password=***&sslmode=require"},
        {"postgres://db/shop?sslpassword=x", "postgres://db/shop?sslpassword=***"},
        {"postgres:host=db password = 'hun ter\\'2' user=me", "postgres:host=db password = *** user=me"},
        {"PGPASSWORD=x psql", "PGPASSWORD=*** psql"},
        {"curl https://u:p@h/ --api_key=1", "curl https://u:***@h/ --api_key=***"},
        {"postgres://me:hunter2", "postgres://me:***"},
        {"POSTGRES://me:hunter2@db", "POSTGRES://me:***@db"},
        {"jdbc:postgresql://db/shop?user=me&password=hunter2",
         "jdbc:postgresql://db/shop?user=me&password=***"},
        {"redis://:hunter2@db:6379/0", "redis://:***@db:6379/0"},
        {"me:hunter2@db/shop", "me:***@db/shop"},
        {"https://ghp_16C7e42F292c6912E7710@example.org/x", "https://***@example.org/x"},
        {"GET /x?token=hunter2&a=1", "GET /x?token=***&a=1"},
        {"-H 'Authorization: Bearer hunter2 x' -v", "-H 'Authorization: ***' -v"},
        {"{\"password\": \"hunter2\", \"a\": 1}", "{\"password\": *** \"a\": 1}"},
        {"refused: Bearer eyJhbGci.x", "refused: Bearer ***"},
        {"the bearer of this", "the bearer of this"},
        {"basic authentication failed for user \"me\"", "basic authentication failed for user \"me\""},
        {"exec:curl -s -u me:hunter2 https://h/", "exec:curl ..."},
        {"exec:PGPASSWORD=hunter2 B=2 psql -c x", "exec:psql ..."},
        {"exec:PGPASSWORD='hunter 2' psql", "exec:..."},
        {"exec:python3 contrib/exec-example.py --key hunter2", "exec:python3 contrib/exec-example.py ..."},
        {"exec:./my-source.py", "exec:./my-source.py"},
        {"exec:sshpass hunter2 ssh h", "exec:sshpass ..."},
        {"exec:(cat hunter2)", "exec:..."},
        {"/var/log/nginx/access.log", "/var/log/nginx/access.log"},
        {"password=", "password=***"},
        {"password='open", "password=***"},
        {"", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *shown = registry_redact(rows[i][0]);
        assert_string_equal(shown, rows[i][1]);
        free(shown);
    }
}

/* ---- modules ---- */

static bool build(const char *name, const char *flags)
{
    char *command = mem_printf("cc -shared -fPIC -w -Iinclude %s -o '%s' '%s' 2>&1 && chmod 644 '%s'", flags,
                               in_dir(name), test_file("source/data/module.c"), in_dir(name));
    FILE *p = popen(command, "r");
    free(command);
    return p && pclose(p) == 0;
}

static void refused(const char *path, const char *sentence)
{
    struct sd_error err = {""};
    assert_null(registry_load(path, &err));
    if (!strstr(err.text, sentence))
        fail_msg("expected \"%s\" in \"%s\"", sentence, err.text);
}

#define MINOR(n)      #n
#define MINOR_TEXT(n) MINOR(n)
#define NEWER         "of the source interface, this is the older 2." MINOR_TEXT(SD_ABI_MINOR)

static void nonsense_is_refused(void **state)
{
    (void)state;
    if (!build("probe.so", ""))
        skip();
    static const char *const rows[][2] = {
        {"-DWRONG_SYMBOL", "does not export slowdive_source"},
        {"-DABI='(9<<16)'", "was built for version 9 of the source interface, this is version 2"},
        {"-DABI='(1<<16|2)'",
         "was built for version 1 of the source interface, this is version 2; build it again"},
        {"-DABI='(SD_ABI+1)'", NEWER},
        {"-DNAME='\"No Word\"'", "its name must consist of"},
        {"-DNAME='\"exec\"'", "there is a source kind exec already"},
        {"-DOFFSET=4", "its option n lies outside the options struct"},
        {"-DFALLBACK='\"x\"'", "the default of its option n: \"x\" is not a whole number"},
        {"-DCOLLECT=NULL", "one of collect and run"},
        {"-DNAME='\"fresh\"' -DSEVERAL='\"exec\"'", "there is a source kind exec already"},
        {"-DNAME='\"fresh\"' -DSEVERAL='\"No Word\"'", "its name must consist of"},
        {"-DEMPTY", "its list of sources is empty"},
        {"-DPART='\"0.0.1\"'", "belongs to slowdive 0.0.1, this is " SLOWDIVE_VERSION},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char name[32];
        snprintf(name, sizeof name, "wrong%zu.so", i);
        assert_true(build(name, rows[i][0]));
        refused(in_dir(name), rows[i][1]);
    }
    put_file("text.so", "not an object\n");
    chmod(in_dir("text.so"), 0644);
    refused(in_dir("text.so"), "cannot load the module");
    refused(in_dir("missing.so"), "No such file or directory");
}

static void what_others_can_write_is_refused(void **state)
{
    (void)state;
    if (!build("probe.so", ""))
        skip();
    const char *so = in_dir("probe.so");
    chmod(so, 0666);
    refused(so, "writable by everyone");
    chmod(so, 0664);
    assert_int_equal(chown(so, (uid_t)-1, geteuid() == 0 ? 12345 : getegid()), 0);
    if (geteuid() == 0 || getegid() != 0)
        refused(so, "writable by its group");
    chmod(so, 0644);
    chmod(dir, 01777); /* sticky does not help */
    refused(so, "the folder");
    chmod(dir, 0700);
    assert_int_equal(mkdir(in_dir("sub"), 0755), 0);
    assert_int_equal(symlink(so, in_dir("sub/link.so")), 0);
    chmod(dir, 0777); /* the link's folder is fine, the file's is not */
    refused(in_dir("sub/link.so"), "the folder");
    chmod(dir, 0700);
    if (geteuid() == 0) {
        assert_int_equal(chown(so, 12345, 0), 0);
        refused(so, "belongs to neither root nor you");
    }
    assert_int_equal(mkfifo(in_dir("fifo.so"), 0600), 0);
    refused(in_dir("fifo.so"), "is not a regular file");
}

static size_t problems;
static char last_problem[600];
static void problem(void *ctx, const char *sentence)
{
    (void)ctx;
    problems++;
    snprintf(last_problem, sizeof last_problem, "%s", sentence);
}

static void good_modules_are_loaded(void **state)
{
    (void)state;
    if (!build("fine.so", "") || !build("other.so", "-DNAME='\"other\"'"))
        skip();
    put_file("broken.so", "x");
    chmod(in_dir("broken.so"), 0644);
    char *folders = mem_printf("%s/missing::%s", dir, dir);
    size_t before = registry_count();
    registry_load_path(folders, problem, NULL);
    assert_int_equal(registry_count(), before + 2);
    assert_int_equal(problems, 1);
    const struct sd_source_ops *ops = registry_named("fine");
    assert_non_null(ops);
    assert_string_equal(registry_module_path(ops), in_dir("fine.so"));
    assert_null(registry_module_path(registry_at(0)));
    struct sd_error err;
    assert_ptr_equal(registry_load(in_dir("fine.so"), &err), ops); /* again is no problem */

    problems = 0;
    chmod(dir, 0777);
    registry_load_path(dir, problem, NULL);
    chmod(dir, 0700);
    assert_int_equal(problems, 1); /* one sentence for the folder */
    assert_non_null(strstr(last_problem, "writable by everyone"));
    free(folders);

    struct registry_resolved r;
    assert_true(registry_resolve("fine:x?n=3", &r, &err));
    assert_string_equal(r.target, "x");
    assert_string_equal(r.options[0], "n=3");
    registry_resolved_free(&r);
}

static void several_kinds_are_in_one_module(void **state)
{
    (void)state;
    struct sd_error err;
    if (!build("several.so", "-DNAME='\"one\"' -DSEVERAL='\"two\"'"))
        skip();
    const struct sd_source_ops *ops = registry_load(in_dir("several.so"), &err);
    assert_non_null(ops);
    assert_string_equal(ops->name, "one");
    assert_non_null(registry_named("two"));
    assert_string_equal(registry_module_path(registry_named("two")), in_dir("several.so"));
}

/* A library that its module was linked with and that is not there any more. */
static bool without_its_library(const char *name, const char *flags)
{
    char *library = mem_printf("echo 'int needed(void) { return 1; }' | cc -shared -fPIC -xc - -o '%s'",
                               in_dir("libneeded.so"));
    FILE *p = popen(library, "r");
    free(library);
    char *all = mem_printf("-DNEEDS %s -L'%s' -Wl,--no-as-needed -lneeded", flags, dir);
    bool ok = p && pclose(p) == 0 && build(name, all);
    free(all);
    unlink(in_dir("libneeded.so"));
    return ok;
}

static void a_missing_library_is_one_sentence(void **state)
{
    (void)state;
    if (!without_its_library("lacking.so", ""))
        skip();
    refused(in_dir("lacking.so"), "/lacking.so needs the library libneeded.so, which is not installed");
}

/* As with MODULES=shared: kinds that are known by name are loaded when they are asked for. */
static void known_kinds_are_loaded_when_asked_for(void **state)
{
    (void)state;
    static const struct registry_kind kinds[] = {{"zebra", "striped", 0},
                                                 {"horse", "plain", 0},
                                                 {"mule", "lacking2", 0},
                                                 {"donkey", "nowhere", 0},
                                                 {NULL, NULL, 0}};
    static const struct registry_package packages[] = {
        {"nowhere", "slowdive-source-grey"}, {"part", "slowdive"}, {NULL, NULL}};
    struct registry_resolved r;
    struct sd_error err = {""};
    if (!build("plain.so", "-DNAME='\"horse\"'") || !build("striped.so", "-DNAME='\"zebra\"'") ||
        !without_its_library("lacking2.so", "-DNAME='\"mule\"'") ||
        !build("part.so", "-DPART_ALONE -DPART='\"" SLOWDIVE_VERSION "\"'"))
        skip();
    registry_know(kinds, packages);
    problems = 0;
    registry_load_path(dir, problem, NULL);
    assert_int_equal(problems, 0); /* nobody has asked for the one that cannot be loaded */

    assert_true(registry_resolve("horse:x", &r, &err));
    assert_string_equal(r.ops->name, "horse");
    registry_resolved_free(&r);
    assert_null(registry_absent("horse"));
    assert_null(registry_absent("no such kind"));
    assert_false(registry_resolve("mule:x", &r, &err));
    assert_non_null(strstr(err.text, "there is no source mule here: the module "));
    assert_non_null(strstr(err.text, "lacking2.so needs the library libneeded.so, which is not installed"));
    assert_false(registry_resolve("donkey://h/", &r, &err));
    assert_string_equal(err.text,
                        "there is no source donkey here: the module nowhere.so is not installed; on "
                        "Debian it is in the package slowdive-source-grey");

    /* Listed in the order in which they are known, whichever was loaded first. */
    size_t zebra = 0, horse = 0;
    for (size_t i = 0; i < registry_count(); i++) {
        zebra = str_eq(registry_at(i)->name, "zebra") ? i : zebra;
        horse = str_eq(registry_at(i)->name, "horse") ? i : horse;
    }
    assert_true(zebra && zebra + 1 == horse);

    int (*double_of)(int);
    *(void **)&double_of = registry_symbol("part", "double_of", &err);
    assert_non_null(double_of);
    assert_int_equal(double_of(21), 42);
    assert_null(registry_symbol("part", "triple_of", &err));
    assert_null(registry_symbol("nowhere", "double_of", &err));
    assert_non_null(strstr(err.text, "the module nowhere.so is not installed"));
}

int main(void)
{
    registry_begin(SOURCES_BUILT_IN);
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(every_built_in_table_makes_sense),
        T(kinds_in_front),
        T(options_are_cut),
        T(urls_keep_their_own_parameters),
        T(files_that_cannot_be_recognised),
        T(empty_logs_are_known_by_name),
        T(passwords_are_hidden),
        T(nonsense_is_refused),
        T(what_others_can_write_is_refused),
        T(good_modules_are_loaded),
        T(several_kinds_are_in_one_module),
        T(a_missing_library_is_one_sentence),
        T(known_kinds_are_loaded_when_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
