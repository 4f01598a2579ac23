/* The sampler against programs that this test compiles, with known shares and names. Where the kernel does
 * not let this user sample, the refusals are tested. */
#include "tests/lib/test.h"

#include <fcntl.h>
#include <linux/perf_event.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "conf/option.h"
#include "core/batch.h"
#include "rt/registry.h"
#include "source/built_in.h"
#include "tests/lib/rt_watch.h"

#define SOON (120 * SD_S)

static const struct rt_limits LIMITS = {
    .mailbox_bytes = 64 << 20,
    .backoff_min_ns = 20 * SD_MS,
    .backoff_max_ns = 100 * SD_MS,
    .stale_after_ns = 10 * SD_S,
    .now = clock_wall,
};

static char dir[64];

static bool permitted(bool host)
{
    struct perf_event_attr a = {.size = sizeof a,
                                .type = PERF_TYPE_SOFTWARE,
                                .config = PERF_COUNT_SW_CPU_CLOCK,
                                .sample_period = 1000000000,
                                .exclude_kernel = !host};
    int fd = (int)syscall(SYS_perf_event_open, &a, host ? -1 : 0, host ? 0 : -1, -1, 0);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* ---- what was sampled ---- */

struct seen {
    char name[256], module[64], kind[16];
    int64_t self, total;
};

static struct {
    struct seen *items;
    size_t n, cap;
    int64_t samples, lost, truncated; /* truncated: samples */
    char notes[4096];
    const char *until; /* the function that is to be seen */
    int64_t enough;    /* samples in all, and 20 of it */
} tally;

static struct seen *seen_of(const char *name, const char *module)
{
    for (size_t i = 0; i < tally.n; i++)
        if (str_eq(tally.items[i].name, name) && str_eq(tally.items[i].module, module ? module : ""))
            return &tally.items[i];
    if (tally.n == tally.cap)
        tally.items = mem_grow(tally.items, tally.n, &tally.cap, sizeof *tally.items);
    struct seen *s = &tally.items[tally.n++];
    *s = (struct seen){.self = 0};
    snprintf(s->name, sizeof s->name, "%s", name);
    snprintf(s->module, sizeof s->module, "%s", module ? module : "");
    return s;
}

static void take_batch(void *ctx, const struct sd_batch *b)
{
    (void)ctx;
    const struct sd_profile *p;
    const struct sd_profile_function *f;
    const struct sd_intake *in;
    for (size_t i = 0; (p = batch_each(b, SD_PROFILE, &i));) {
        tally.samples += p->samples;
        tally.lost += p->lost;
        tally.truncated += p->samples ? (int64_t)lround(p->truncated_share * (double)p->samples) : 0;
    }
    for (size_t i = 0; (f = batch_each(b, SD_PROFILE_FUNCTION, &i));) {
        struct seen *s = seen_of(f->name, f->module);
        snprintf(s->kind, sizeof s->kind, "%s", f->kind ? f->kind : "");
        s->self += f->self_samples;
        s->total += f->total_samples;
    }
    for (size_t i = 0; (in = batch_each(b, SD_INTAKE, &i));)
        if (in->note)
            snprintf(tally.notes, sizeof tally.notes, "%s", in->note);
}

static int64_t self_of(const char *name)
{
    int64_t sum = 0;
    for (size_t i = 0; i < tally.n; i++)
        sum += str_eq(tally.items[i].name, name) ? tally.items[i].self : 0;
    return sum;
}

static const struct seen *find(const char *name)
{
    for (size_t i = 0; i < tally.n; i++)
        if (str_eq(tally.items[i].name, name))
            return &tally.items[i];
    fail_msg("%s was not seen, among %zu functions of %lld samples; %s", name, tally.n,
             (long long)tally.samples, tally.notes);
    return NULL;
}

static bool enough(const struct rt_watch *w)
{
    return (tally.samples >= tally.enough && (!tally.until || self_of(tally.until) >= 20)) ||
           w->status.state == SD_STATE_FAILED || w->status.state == SD_STATE_ENDED;
}

/* Samples a target until there is enough; `status` gets its last state. */
static void sample(const char *target, const char *hz, const char *until, int64_t samples, struct rt_watch *w)
{
    struct sd_error err;
    struct registry_resolved r;
    free(tally.items);
    memset(&tally, 0, sizeof tally);
    tally.until = until;
    tally.enough = samples;
    *w = (struct rt_watch){.rt = rt_new(&LIMITS), .on_batch = take_batch};
    if (!registry_resolve(target, &r, &err))
        fail_msg("%s: %s", target, err.text);
    void *opts = options_new(r.ops->options, r.ops->opts_size);
    assert_true(option_set(r.ops->options, opts, "hz", hz, &err));
    for (char **o = r.options; o && *o; o++) {
        char *name = mem_strndup(*o, strcspn(*o, "="));
        assert_true(option_set(r.ops->options, opts, name, strchr(*o, '=') + 1, &err));
        free(name);
    }
    assert_true(rt_start(w->rt, r.ops, "one", r.target, opts, true, &err));
    bool done = rt_watch_until(w, enough, SOON);
    assert_int_equal(rt_free(w->rt, SOON), 0);
    registry_resolved_free(&r);
    if (!done)
        fail_msg("%s: %lld samples, %lld of %s, after %d s: %s", target, (long long)tally.samples,
                 (long long)self_of(until ? until : ""), until ? until : "-", (int)(SOON / SD_S),
                 tally.notes);
}

/* ---- programs ---- */

static const char *in_dir(const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *p = paths[next++ % 4];
    snprintf(p, sizeof paths[0], "%s/%s", dir, name);
    return p;
}

static bool shell(const char *fmt, ...)
{
    char command[2048];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(command, sizeof command, fmt, ap);
    va_end(ap);
    return system(command) == 0;
}

static void compile(const char *name, const char *source, const char *how)
{
    FILE *f = fopen(in_dir("source"), "w");
    assert_non_null(f);
    fputs(source, f);
    fclose(f);
    assert_true(shell("%s -o %s/%s %s/source", how, dir, name, dir));
}

/* Comes back when the program has begun: until then it is this one. */
static pid_t run(const char *path, char *const argv[])
{
    int begun[2];
    char none;
    assert_int_equal(pipe2(begun, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (!pid) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setpgid(0, 0);
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        dup2(null, 1);
        dup2(null, 2);
        execvp(path, argv);
        _exit(127);
    }
    assert_true(pid > 0);
    setpgid(pid, pid);
    close(begun[1]);
    assert_int_equal(read(begun[0], &none, 1), 0);
    close(begun[0]);
    return pid;
}

static pid_t start(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return run(path, (char *[]){path, NULL});
}

static void end(pid_t pid)
{
    kill(-pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static const char *of_pid(pid_t pid)
{
    static char target[32];
    snprintf(target, sizeof target, "perf:%d", (int)pid);
    return target;
}

#define SPIN "static volatile unsigned long sink;\n"
#define C    "gcc -x c -g -O0 -fno-omit-frame-pointer -pthread"

/* Each calls the same loop: how fast a loop runs depends on where the compiler puts it. */
static const char SHARES[] =
    SPIN "__attribute__((noinline)) void loop(long n) { for (long i = 0; i < n; i++) sink += i; }\n"
         "__attribute__((noinline)) void sixty(void) { loop(60000); sink = 0; }\n"
         "__attribute__((noinline)) void thirty(void) { loop(30000); sink = 0; }\n"
         "__attribute__((noinline)) void ten(void) { loop(10000); sink = 0; }\n"
         "int main(void) { for (;;) { sixty(); thirty(); ten(); } }\n";

/* Four standard errors of a share, and half a point for what the kernel does in between. */
static void share_is(const char *name, double expected)
{
    double n = (double)tally.samples, share = (double)find(name)->total / n;
    double off = 4 * sqrt(expected * (1 - expected) / n) + 0.01;
    printf("    %s: %.3f of %d samples\n", name, share, (int)n);
    if (fabs(share - expected) > off)
        fail_msg("%s: %.3f, expected %.3f", name, share, expected);
}

/* ---- the tests ---- */

static void functions_have_their_shares(void **state)
{
    (void)state;
    struct rt_watch w;
    if (!permitted(false))
        skip();
    compile("shares", SHARES, C);
    pid_t pid = start("shares");
    sample(of_pid(pid), "499", "loop", 600, &w);
    end(pid);
    share_is("sixty", 0.6);
    share_is("thirty", 0.3);
    share_is("ten", 0.1);
    assert_string_equal(find("sixty")->module, "shares");
    assert_string_equal(find("sixty")->kind, "native");
    assert_true(find("main")->total >= tally.samples * 9 / 10);
    const struct seen *p = find("shares");
    assert_string_equal(p->kind, "process");
    assert_int_equal(p->total, tally.samples);
    assert_true(tally.truncated <= tally.samples / 10);
    assert_non_null(strstr(tally.notes, "Sampling took"));
}

/* It is deleted, and another one is in its place. */
static void a_program_that_was_replaced_keeps_its_names(void **state)
{
    (void)state;
    struct rt_watch w;
    if (!permitted(false))
        skip();
    compile("replaced", SHARES, C);
    pid_t pid = start("replaced");
    assert_true(
        shell("while [ \"$(cat /proc/%d/comm)\" != replaced ]; do :; done; rm %s/replaced; cp /bin/true "
              "%s/replaced",
              (int)pid, dir, dir));
    sample(of_pid(pid), "499", "loop", 100, &w);
    end(pid);
    assert_string_equal(find("loop")->module, "replaced");
}

static void names_of_cplusplus_are_readable(void **state)
{
    (void)state;
    struct rt_watch w;
    if (!permitted(false) || !shell("command -v g++ >/dev/null"))
        skip();
    compile("shop",
            SPIN
            "namespace shop { template <class T> struct Basket {\n"
            "__attribute__((noinline)) T sum(T n) { for (T i = 0; i < n; i++) sink += i; return n; } }; }\n"
            "int main() { shop::Basket<long> b; for (;;) b.sum(100000); }\n",
            "g++ -x c++ -g -O1 -fno-omit-frame-pointer");
    pid_t pid = start("shop");
    sample(of_pid(pid), "499", "shop::Basket<long>::sum", 100, &w);
    end(pid);
}

static void a_stripped_program_has_its_debug_file(void **state)
{
    (void)state;
    struct rt_watch w;
    if (!permitted(false) || !shell("command -v objcopy >/dev/null"))
        skip();
    compile("static", SHARES, C " -static -no-pie -Wl,--build-id=none");
    assert_true(shell(
        "cd %s && mkdir .debug && objcopy --only-keep-debug static .debug/static.dbg && strip static && "
        "objcopy --add-gnu-debuglink=.debug/static.dbg static",
        dir));
    pid_t pid = start("static");
    sample(of_pid(pid), "499", "loop", 100, &w);
    end(pid);

    /* A small table of symbols in the program itself, packed, as Fedora's programs have it. */
    if (shell("command -v xz >/dev/null")) {
        compile("mini", SHARES, C " -static -no-pie");
        assert_true(shell("cd %s && objcopy --strip-debug mini mini.sym && xz mini.sym && strip mini && "
                          "objcopy --add-section .gnu_debugdata=mini.sym.xz mini",
                          dir));
        pid = start("mini");
        sample(of_pid(pid), "499", "loop", 100, &w);
        end(pid);
    }

    /* Of another build, it is not taken. */
    assert_true(shell("cd %s && printf x >>.debug/static.dbg", dir));
    pid = start("static");
    sample(of_pid(pid), "499", "[static]", 100, &w);
    end(pid);
    assert_int_equal(self_of("loop"), 0);
}

static void inlined_functions_are_functions(void **state)
{
    (void)state;
    struct rt_watch w;
    if (!permitted(false))
        skip();
    compile("inlined",
            SPIN "static inline __attribute__((always_inline)) void inner(long n)\n"
                 "{ for (long i = 0; i < n; i++) sink += i; }\n"
                 "__attribute__((noinline)) void outer(void) { inner(100000); }\n"
                 "int main(void) { for (;;) outer(); }\n",
            "gcc -x c -g -O2 -fno-omit-frame-pointer");
    pid_t pid = start("inlined");
    sample(of_pid(pid), "499", "inner", 100, &w);
    end(pid);
    assert_true(find("outer")->total >= find("inner")->self);
    assert_true(find("outer")->self < find("inner")->self / 4);

    char target[64];
    pid = start("inlined");
    snprintf(target, sizeof target, "%s?inlined=no", of_pid(pid));
    sample(target, "499", "outer", 100, &w);
    end(pid);
    assert_int_equal(self_of("inner"), 0);
}

static const char FORKS[] =
    SPIN "#include <pthread.h>\n#include <sys/wait.h>\n#include <unistd.h>\n"
         "__attribute__((noinline)) void in_child(void) { for (long i = 0; i < 20000000; i++) sink += i; }\n"
         "__attribute__((noinline)) void in_thread(void) { for (long i = 0; i < 20000000; i++) sink += i; }\n"
         "static void *thread(void *p) { in_thread(); return p; }\n"
         "int main(void) { for (;;) { pthread_t t; pthread_create(&t, 0, thread, 0);\n"
         "if (!fork()) { in_child(); _exit(0); } pthread_join(t, 0); wait(0); } }\n";

static void threads_and_children_born_later_count(void **state)
{
    (void)state;
    struct rt_watch w;
    if (!permitted(false))
        skip();
    compile("forks", FORKS, C);
    pid_t pid = start("forks");
    sample(of_pid(pid), "499", "in_child", 300, &w);
    end(pid);
    assert_true(find("in_thread")->self >= 20);
    assert_int_equal(find("forks")->total, tally.samples);
}

/* A process of a name that starts when sampling has begun. */
static void a_name_finds_new_processes(void **state)
{
    (void)state;
    struct rt_watch w;
    if (!permitted(true))
        skip();
    compile("slowdive-later", SHARES, C);
    char command[256];
    snprintf(command, sizeof command, "while :; do timeout 0.7 %s/slowdive-later; done", dir);
    pid_t pid = run("sh", (char *[]){"sh", "-c", command, NULL});
    sample("perf:slowdive-later", "499", "loop", 200, &w);
    end(pid);
    assert_int_equal(find("slowdive-later")->total, tally.samples);
}

static void the_whole_host_is_sampled(void **state)
{
    (void)state;
    struct rt_watch w;
    if (!permitted(true))
        skip();
    compile("shares", SHARES, C);
    pid_t pid = start("shares");
    sample("perf:", "499", "loop", 200, &w);
    end(pid);
    assert_int_equal(tally.lost, 0);
    for (size_t i = 0; i < tally.n; i++) /* an idle processor runs nothing */
        assert_string_not_equal(tally.items[i].name, "swapper/0");
}

/* Compiled without, a frame pointer leads nowhere; the tables for exceptions lead to the start. */
static void stacks_without_frame_pointers_are_followed(void **state)
{
    (void)state;
#if defined(__x86_64__)
    struct rt_watch w;
    if (!permitted(false))
        skip();
    compile("frameless",
            SPIN "__attribute__((noinline)) int loop(int n) { for (int i = 0; i < 9000; i++) sink += i; "
                 "return n + 1; }\n"
                 "__attribute__((noinline)) int low(int n) { return loop(n) * 2 + 1; }\n"
                 "__attribute__((noinline)) int high(int n) { return low(n) * 2 + 1; }\n"
                 "int main(void) { for (int i = 0;; i = high(i)); }\n",
            "gcc -x c -O2 -fomit-frame-pointer");
    char target[64];
    pid_t pid = start("frameless");
    snprintf(target, sizeof target, "%s?dwarf=yes", of_pid(pid));
    sample(target, "499", "loop", 200, &w);
    end(pid);
    assert_true(find("low")->total >= tally.samples * 9 / 10);
    assert_true(find("high")->total >= tally.samples * 9 / 10);
    assert_true(find("main")->total >= tally.samples * 9 / 10);
    assert_true(tally.truncated <= tally.samples / 20);
#else
    skip();
#endif
}

/* Where it waits: for a lock that another thread holds, and asleep. */
static void waiting_is_seen_off_the_processor(void **state)
{
    (void)state;
    struct rt_watch w;
    if (!permitted(true))
        skip();
    compile(
        "waits",
        "#include <pthread.h>\n#include <unistd.h>\nstatic pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;\n"
        "__attribute__((noinline)) void takes_lock(void) { pthread_mutex_lock(&m); pthread_mutex_unlock(&m); "
        "}\n"
        "__attribute__((noinline)) void sleeps(void) { usleep(3000); }\n"
        "static void *holder(void *p) { for (;;) { pthread_mutex_lock(&m); usleep(20000);\n"
        "pthread_mutex_unlock(&m); usleep(1000); } return p; }\n"
        "int main(void) { pthread_t t; pthread_create(&t, 0, holder, 0);\n"
        "for (;;) { sleeps(); takes_lock(); } }\n",
        C);
    pid_t pid = start("waits");
    char target[64];
    snprintf(target, sizeof target, "%s?event=off-cpu", of_pid(pid));
    sample(target, "99", NULL, 200, &w);
    end(pid);
    assert_int_equal(find("waits")->total, tally.samples);
    assert_string_equal(find("schedule")->kind, "kernel");
    assert_true(find("main")->total > 0);
}

/* ---- code made at run time ---- */

/* Makes a loop at run time and runs it; its map is what the test puts there. */
static const char JIT[] =
    "#include <string.h>\n#include <sys/mman.h>\n#include <stdio.h>\n#include <unistd.h>\n"
    "int main(void) {\n"
    "unsigned char *code = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, "
    "-1, 0);\n"
    "memcpy(code, \"\\xeb\\xfe\", 2);\n" /* jmp to itself */
    "FILE *f = fopen(\"address\", \"w\"); fprintf(f, \"%lx\", (unsigned long)code); fclose(f);\n"
    "rename(\"address\", \"address.done\");\n"
    "((void (*)(void))code)(); }\n";

static pid_t start_jit(char address[32])
{
    char command[256];
    unlink(in_dir("address.done"));
    compile("jit", JIT, C);
    snprintf(command, sizeof command, "cd %s && exec ./jit", dir);
    pid_t pid = run("sh", (char *[]){"sh", "-c", command, NULL});
    assert_true(shell("while ! [ -s %s/address.done ]; do kill -0 %d || exit 1; done", dir, (int)pid));
    FILE *f = fopen(in_dir("address.done"), "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%31s", address), 1);
    fclose(f);
    return pid;
}

static const char *map_of(pid_t pid)
{
    static char path[64];
    snprintf(path, sizeof path, "/tmp/perf-%d.map", (int)pid);
    return path;
}

static void code_made_at_run_time_has_names(void **state)
{
    (void)state;
#if defined(__x86_64__)
    struct rt_watch w;
    char address[32];
    if (!permitted(false))
        skip();
    pid_t pid = start_jit(address);
    FILE *f = fopen(map_of(pid), "w");
    assert_non_null(f);
    fprintf(f, "%s 10 LazyCompile:*hot loop /app/a.js\n", address);
    fclose(f);
    sample(of_pid(pid), "499", "LazyCompile:*hot loop /app/a.js", 100, &w);
    unlink(map_of(pid));
    end(pid);
    assert_string_equal(find("LazyCompile:*hot loop /app/a.js")->kind, "jit");
#else
    skip();
#endif
}

/* What is there may be anything: it is not waited for, and costs the names only. */
static void a_hostile_map_costs_names_only(void **state)
{
    (void)state;
#if defined(__x86_64__)
    struct rt_watch w;
    char address[32];
    if (!permitted(false))
        skip();
    pid_t pid = start_jit(address);
    const char *map = map_of(pid);
    assert_int_equal(mkfifo(map, 0600), 0);
    sample(of_pid(pid), "499", "[unknown]", 100, &w);
    unlink(map);
    assert_int_equal(mkdir(map, 0700), 0);
    sample(of_pid(pid), "499", "[unknown]", 100, &w);
    rmdir(map);
    assert_int_equal(symlink("/dev/zero", map), 0);
    sample(of_pid(pid), "499", "[unknown]", 100, &w);
    unlink(map);

    /* 2 GB without a line's end, and of another user. */
    FILE *f = fopen(map, "w");
    assert_non_null(f);
    fprintf(f, "%s 10 the first line\n", address);
    assert_int_equal(ftruncate(fileno(f), (off_t)2 << 30), 0);
    fclose(f);
    sample(of_pid(pid), "499", "the first line", 100, &w);
    assert_non_null(strstr(tally.notes, "too large"));
    if (geteuid() == 0) {
        assert_int_equal(chown(map, 65534, 65534), 0);
        sample(of_pid(pid), "499", "[unknown]", 100, &w);
        assert_non_null(strstr(tally.notes, "of another user"));
    }
    unlink(map);
    end(pid);
#else
    skip();
#endif
}

static void node_has_names(void **state)
{
    (void)state;
    struct rt_watch w;
    if (!permitted(false) || !shell("command -v node >/dev/null"))
        skip();
    FILE *f = fopen(in_dir("hot.js"), "w");
    assert_non_null(f);
    fputs(
        "function hotFunction(n) { let s = 0; for (let i = 0; i < n; i++) s = (s * 31 + i) | 0; return s; }\n"
        "for (;;) hotFunction(1000000);\n",
        f);
    fclose(f);
    char command[256]; /* it writes a log where it runs, too */
    snprintf(command, sizeof command, "cd %s && exec node --perf-basic-prof hot.js", dir);
    pid_t pid = run("sh", (char *[]){"sh", "-c", command, NULL});
    sample(of_pid(pid), "499", NULL, 500, &w);
    unlink(map_of(pid));
    end(pid);
    int64_t hot = 0;
    for (size_t i = 0; i < tally.n; i++)
        if (strstr(tally.items[i].name, "hotFunction"))
            hot += tally.items[i].self;
    assert_true(hot > tally.samples / 2);
}

/* Writes a jitdump, maps it for perf to see, and runs the code that it names. */
static const char DUMPS[] =
    "#include <stdio.h>\n#include <string.h>\n#include <sys/mman.h>\n#include <stdint.h>\n#include "
    "<unistd.h>\n"
    "static void u4(FILE *f, uint32_t v) { fwrite(&v, 4, 1, f); }\n"
    "static void u8(FILE *f, uint64_t v) { fwrite(&v, 8, 1, f); }\n"
    "int main(int n, char **a) { (void)n;\n"
    "unsigned char *code = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, "
    "-1, 0);\n"
    "memcpy(code, \"\\xeb\\xfe\", 2);\n"
    "char path[4096]; snprintf(path, sizeof path, \"%s-%d.dump\", a[1], (int)getpid());\n"
    "FILE *f = fopen(path, \"w+\");\n"
    "u4(f, 0x4A695444); u4(f, 1); u4(f, 40); u4(f, 62); u4(f, 0); u4(f, getpid()); u8(f, 0); u8(f, 0);\n"
    "u4(f, 0); u4(f, 16 + 40 + 9 + 2); u8(f, 0); u4(f, getpid()); u4(f, getpid());\n"
    "u8(f, (uint64_t)code); u8(f, (uint64_t)code); u8(f, 2); u8(f, 1); fwrite(\"py::spin\", 9, 1, f);\n"
    "fwrite(code, 2, 1, f); fflush(f);\n"
    "mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fileno(f), 0);\n"
    "((void (*)(void))code)(); }\n";

static void a_jitdump_has_names(void **state)
{
    (void)state;
#if defined(__x86_64__)
    struct rt_watch w;
    char program[128], prefix[128];
    if (!permitted(false))
        skip();
    compile("dumps", DUMPS, C);
    snprintf(program, sizeof program, "%s", in_dir("dumps"));
    snprintf(prefix, sizeof prefix, "%s", in_dir("jit"));
    pid_t pid = run(program, (char *[]){program, prefix, NULL});
    sample(of_pid(pid), "499", "py::spin", 100, &w);
    end(pid);
    assert_string_equal(find("py::spin")->kind, "interpreted");
#else
    skip();
#endif
}

/* ---- hostile programs ---- */

/* A library whose header is changed while it runs. What the loader has read is in memory. */
static void an_absurd_file_costs_names_only(void **state)
{
    (void)state;
    static const struct {
        int at;
        const char *bytes;
    } broken[] = {
        {60, "\\377\\377"},                               /* number of sections */
        {60, "\\0\\0"},                                   /* none: it is elsewhere */
        {40, "\\377\\377\\377\\377\\377\\377\\377\\177"}, /* where they are */
        {40, "\\1"},                                      /* one byte off */
        {56, "\\377\\377"},                               /* number of segments */
        {0, "x"},                                         /* no ELF file at all */
        {5, "\\2"},                                       /* of the other byte order */
    };
    struct rt_watch w;
    if (!permitted(false))
        skip();
    compile("user",
            "#include <dlfcn.h>\nint main(int n, char **a) { (void)n; void *h = dlopen(a[1], RTLD_NOW);\n"
            "((void (*)(void))dlsym(h, \"in_library\"))(); }\n",
            C);
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        char user[128], library[128];
        compile("libloop.so", SPIN "void in_library(void) { for (;;) sink++; }\n", C " -shared -fPIC");
        snprintf(user, sizeof user, "%s", in_dir("user"));
        snprintf(library, sizeof library, "%s", in_dir("libloop.so"));
        pid_t pid = run(user, (char *[]){user, library, NULL});
        assert_true(
            shell("until [ $(grep -c libloop.so /proc/%d/maps) -ge 4 ]; do kill -0 %d || exit 1; done",
                  (int)pid, (int)pid));
        assert_true(shell("printf '%s' | dd of=%s bs=1 seek=%d conv=notrunc status=none", broken[i].bytes,
                          library, broken[i].at));
        sample(of_pid(pid), "499", NULL, 50, &w);
        end(pid);
        assert_int_equal(w.status.state, SD_STATE_LIVE);
        printf("    byte %d: %s\n", broken[i].at, tally.notes);
        assert_true(self_of("in_library") + self_of("[libloop.so]") >= 40);
        unlink(library);
    }
}

/* ---- without permission ---- */

/* In a child that has given up its rights. */
static void refused_says(const char *target, const char *says)
{
    int to[2];
    assert_int_equal(pipe(to), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (!pid) {
        struct rt_watch w;
        close(to[0]);
        if (setgid(65534) || setuid(65534))
            _exit(2);
        sample(target, "99", NULL, 1, &w);
        ssize_t n = write(to[1], w.text, strlen(w.text));
        _exit(n < 0);
    }
    close(to[1]);
    char text[1024] = "";
    ssize_t n = read(to[0], text, sizeof text - 1);
    close(to[0]);
    waitpid(pid, NULL, 0);
    assert_true(n > 0);
    printf("    %s\n", text);
    assert_non_null(strstr(text, says));
}

static void a_refusal_says_what_is_missing(void **state)
{
    (void)state;
    struct rt_watch w;
    if (!permitted(true)) {
        sample("perf:", "99", NULL, 1, &w);
        assert_int_equal(w.status.state, SD_STATE_FAILED);
        assert_non_null(strstr(w.text, "cannot sample the host"));
        return;
    }
    if (geteuid() != 0 || !shell("[ $(cat /proc/sys/kernel/perf_event_paranoid) -gt 0 ]"))
        skip();
    refused_says("perf:", "CAP_PERFMON is missing, and kernel.perf_event_paranoid is");
    refused_says("perf:1", "cannot sample process 1: it is another user's");
}

static void a_process_that_is_not_there_is_told(void **state)
{
    (void)state;
    struct rt_watch w;
    sample("perf:999999999", "99", NULL, 1, &w);
    assert_int_equal(w.status.state, SD_STATE_FAILED);
    assert_non_null(strstr(w.text, "there is no process 999999999"));
    sample("perf:cgroup/no/such", "99", NULL, 1, &w);
    assert_int_equal(w.status.state, SD_STATE_FAILED);
    assert_non_null(strstr(w.text, "there is no cgroup"));
}

static void it_ends_with_its_process(void **state)
{
    (void)state;
    struct rt_watch w;
    if (!permitted(false))
        skip();
    signal(SIGCHLD, SIG_IGN); /* it is gone as soon as it ends */
    pid_t pid = run("sleep", (char *[]){"sleep", "0.3", NULL});
    sample(of_pid(pid), "99", NULL, INT64_MAX, &w);
    signal(SIGCHLD, SIG_DFL);
    assert_int_equal(w.status.state, SD_STATE_ENDED);
}

static int prepare(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/slowdive-test-XXXXXX");
    registry_begin(SOURCES_BUILT_IN);
    return mkdtemp(dir) ? 0 : -1;
}

static int clean(void **state)
{
    (void)state;
    free(tally.items);
    return shell("rm -rf %s", dir) ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_have_their_shares),
        cmocka_unit_test(a_program_that_was_replaced_keeps_its_names),
        cmocka_unit_test(names_of_cplusplus_are_readable),
        cmocka_unit_test(a_stripped_program_has_its_debug_file),
        cmocka_unit_test(inlined_functions_are_functions),
        cmocka_unit_test(threads_and_children_born_later_count),
        cmocka_unit_test(a_name_finds_new_processes),
        cmocka_unit_test(the_whole_host_is_sampled),
        cmocka_unit_test(stacks_without_frame_pointers_are_followed),
        cmocka_unit_test(waiting_is_seen_off_the_processor),
        cmocka_unit_test(code_made_at_run_time_has_names),
        cmocka_unit_test(a_hostile_map_costs_names_only),
        cmocka_unit_test(node_has_names),
        cmocka_unit_test(a_jitdump_has_names),
        cmocka_unit_test(an_absurd_file_costs_names_only),
        cmocka_unit_test(a_refusal_says_what_is_missing),
        cmocka_unit_test(a_process_that_is_not_there_is_told),
        cmocka_unit_test(it_ends_with_its_process),
    };
    return cmocka_run_group_tests_name("perf", tests, prepare, clean);
}
