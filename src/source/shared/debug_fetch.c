#include "source/shared/debug_fetch.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"

#define uthash_malloc(size) mem_realloc(NULL, size)
#define uthash_fatal(text)  abort()
#include <uthash.h>

enum { REQUESTS_MAX = 1 << 14, ID_MAX = 64 };
#define BYTES_MAX  (1L << 30) /* of a file */
#define END_WITHIN (3 * SD_S)

/* As elfutils/debuginfod.h declares them. */
struct client;
typedef int find_function(struct client *c, const unsigned char *build_id, int len, char **path);
typedef int progress_function(struct client *c, long a, long b);
struct library {
    struct client *(*begin)(void);
    void (*end)(struct client *c);
    find_function *debuginfo, *executable;
    void (*set_progress)(struct client *c, progress_function *f);
    void (*set_verbose)(struct client *c, int fd);
};

struct request {
    unsigned char key[1 + ID_MAX]; /* program or not, build id, zeros */
    size_t n;
    enum debug_fetch_state state;
    char *path;           /* in the cache of the library; NULL: none */
    struct request *next; /* in the order they were asked in */
    UT_hash_handle hh;
};

struct debug_fetch {
    struct library lib; /* constant */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t asked, answered;
    /* under `lock` */
    struct request *requests, *first, *last; /* first: the next one for the thread */
    unsigned holders;                        /* the asker and the thread */
    bool stopping, failed;
    bool gave_up; /* the file that is fetched took too long */
    /* of the thread */
    int64_t deadline;
};

/* ---- the thread ---- */

static _Thread_local struct debug_fetch *its; /* of the thread that runs */

/* The library calls it at least once a second; other than 0: it is to give up. */
static int progress(struct client *c, long a, long b)
{
    struct debug_fetch *f = its;
    (void)c;
    pthread_mutex_lock(&f->lock);
    bool late = f->stopping || clock_mono() > f->deadline, large = a > BYTES_MAX || b > BYTES_MAX;
    f->gave_up |= late;
    pthread_mutex_unlock(&f->lock);
    return late || large;
}

/* The library writes down that no server has it, as an empty file, also when it was told to give up: it would
 * not ask again for ten minutes. */
static void ask_again_later(const struct request *r)
{
    static const struct {
        const char *variable, *below;
    } caches[] = {{"DEBUGINFOD_CACHE_PATH", ""},
                  {"XDG_CACHE_HOME", "/debuginfod_client"},
                  {"HOME", "/.cache/debuginfod_client"},
                  {"HOME", "/.debuginfod_client_cache"}};
    struct stat st;
    for (size_t i = 0; i < ARRAY_LEN(caches); i++) {
        const char *base = getenv(caches[i].variable);
        struct strbuf path = {0};
        strbuf_printf(&path, "%s%s/", base ? base : "", caches[i].below);
        for (size_t k = 0; k < r->n; k++)
            strbuf_printf(&path, "%02x", r->key[1 + k]);
        strbuf_str(&path, r->key[0] ? "/executable" : "/debuginfo");
        if (base && *base == '/' && lstat(strbuf_text(&path), &st) == 0 && S_ISREG(st.st_mode) && !st.st_size)
            unlink(strbuf_text(&path));
        strbuf_free(&path);
    }
}

/* The last holder frees. The lock is held, and is not after it. */
static void let_go(struct debug_fetch *f)
{
    bool last = --f->holders == 0;
    struct request *r, *next;
    pthread_mutex_unlock(&f->lock);
    if (!last)
        return;
    HASH_ITER(hh, f->requests, r, next)
    {
        HASH_DEL(f->requests, r);
        free(r->path);
        free(r);
    }
    pthread_cond_destroy(&f->asked);
    pthread_cond_destroy(&f->answered);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

static void *fetch(void *ctx)
{
    struct debug_fetch *f = ctx;
    struct client *c = f->lib.begin();
    its = f;
    if (c) {
        f->lib.set_progress(c, progress);
        f->lib.set_verbose(c, -1); /* the terminal is the program's */
    }
    pthread_mutex_lock(&f->lock);
    while (!f->stopping) {
        struct request *r = f->first;
        if (!r) {
            pthread_cond_wait(&f->asked, &f->lock);
            continue;
        }
        f->first = r->next;
        f->last = f->first ? f->last : NULL;
        f->deadline = clock_mono() + DEBUG_FETCH_FILE;
        f->gave_up = false;
        pthread_mutex_unlock(&f->lock);
        find_function *find = r->key[0] ? f->lib.executable : f->lib.debuginfo;
        char *path = NULL;
        int fd = c ? find(c, r->key + 1, (int)r->n, &path) : -ENOMEM;
        if (fd >= 0)
            close(fd);
        pthread_mutex_lock(&f->lock);
        if (fd < 0 && f->gave_up)
            ask_again_later(r);
        f->failed |= fd < 0 && (fd != -ENOENT || f->gave_up);
        r->path = path;
        r->state = fd >= 0 && path ? DEBUG_FETCH_THERE : DEBUG_FETCH_NONE;
        pthread_cond_broadcast(&f->answered);
    }
    pthread_mutex_unlock(&f->lock);
    if (c)
        f->lib.end(c);
    pthread_mutex_lock(&f->lock);
    let_go(f);
    return NULL;
}

/* ---- the library ---- */

static bool load(struct library *lib, struct sd_error *err)
{
    static const char *const names[] = {"debuginfod_begin",          "debuginfod_end",
                                        "debuginfod_find_debuginfo", "debuginfod_find_executable",
                                        "debuginfod_set_progressfn", "debuginfod_set_verbose_fd"};
    void *to[ARRAY_LEN(names)], *library = dlopen("libdebuginfod.so.1", RTLD_NOW | RTLD_LOCAL);
    _Static_assert(sizeof *lib == sizeof to, "a function for each name, in their order");
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (!library || !(to[i] = dlsym(library, names[i])))
            return fail(err, "debuginfod=yes needs libdebuginfod.so.1 of elfutils (Debian package "
                             "libdebuginfod1)");
    memcpy(lib, to, sizeof to);
    return true;
}

static bool possible(struct library *lib, struct sd_error *err)
{
    const char *urls = getenv("DEBUGINFOD_URLS");
    if (!urls || !urls[strspn(urls, " ")])
        return fail(err, "debuginfod=yes asks the servers that the environment names in DEBUGINFOD_URLS, and "
                         "it names none");
    return load(lib, err);
}

bool debug_fetch_may(struct sd_error *err)
{
    struct library lib;
    return possible(&lib, err);
}

struct debug_fetch *debug_fetch_new(struct sd_error *err)
{
    struct library lib;
    if (!possible(&lib, err))
        return NULL;
    struct debug_fetch *f = mem_alloc(sizeof *f);
    f->lib = lib;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->asked, NULL);
    pthread_cond_init(&f->answered, &monotonic);
    pthread_condattr_destroy(&monotonic);
    f->holders = 2;
    if (thread_start(&f->thread, (struct thread_kind){0}, fetch, f) == 0)
        return f;
    fail(err, "cannot start a thread for debuginfod");
    pthread_mutex_lock(&f->lock);
    f->holders = 1;
    let_go(f);
    return NULL;
}

/* ---- asking ---- */

static struct request *request_of(struct debug_fetch *f, const unsigned char *build_id, size_t n,
                                  bool program)
{
    unsigned char key[1 + ID_MAX] = {program};
    struct request *r;
    memcpy(key + 1, build_id, n);
    HASH_FIND(hh, f->requests, key, sizeof key, r);
    if (r || HASH_COUNT(f->requests) >= REQUESTS_MAX)
        return r;
    r = mem_alloc(sizeof *r);
    memcpy(r->key, key, sizeof key);
    r->n = n;
    HASH_ADD(hh, f->requests, key, sizeof r->key, r);
    *(f->last ? &f->last->next : &f->first) = r;
    f->last = r;
    pthread_cond_signal(&f->asked);
    return r;
}

enum debug_fetch_state debug_fetch_ask(struct debug_fetch *f, const unsigned char *build_id, size_t n,
                                       bool program, int64_t wait_ns, int *fd)
{
    int64_t until = clock_mono() + wait_ns;
    struct timespec at = {.tv_sec = (time_t)(until / SD_S), .tv_nsec = (long)(until % SD_S)};
    if (fd)
        *fd = -1;
    if (!n || n > ID_MAX)
        return DEBUG_FETCH_NONE;
    pthread_mutex_lock(&f->lock);
    struct request *r = request_of(f, build_id, n, program);
    while (r && r->state == DEBUG_FETCH_WAITS && wait_ns &&
           pthread_cond_timedwait(&f->answered, &f->lock, &at) == 0)
        ;
    enum debug_fetch_state state = r ? r->state : DEBUG_FETCH_NONE;
    if (state == DEBUG_FETCH_THERE && fd)
        *fd = open(r->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    pthread_mutex_unlock(&f->lock);
    return state;
}

bool debug_fetch_failed(struct debug_fetch *f)
{
    pthread_mutex_lock(&f->lock);
    bool failed = f->failed;
    f->failed = false;
    pthread_mutex_unlock(&f->lock);
    return failed;
}

/* The thread ends at its next look at `stopping`. One that hangs for longer, in a look-up of a name say, is
 * left to end by itself. */
void debug_fetch_free(struct debug_fetch *f)
{
    if (!f)
        return;
    int64_t until = clock_wall() + END_WITHIN;
    struct timespec at = {.tv_sec = (time_t)(until / SD_S), .tv_nsec = (long)(until % SD_S)};
    pthread_t thread = f->thread;
    pthread_mutex_lock(&f->lock);
    f->stopping = true;
    pthread_cond_signal(&f->asked);
    let_go(f);
    if (pthread_timedjoin_np(thread, NULL, &at) != 0)
        pthread_detach(thread);
}
