#include "tests/lib/memory_store.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

#include "store/store_internal.h"

enum { RUNS_MAX = 16, PUTS_MAX = 20000 };

static struct {
    pthread_mutex_t lock;
    enum sd_result answer;
    bool hangs;
    int deaf;
    struct memory_counts counts;
    struct {
        char id[128];
        uint64_t last;
        sd_time to;
        bool seen[PUTS_MAX];
    } runs[RUNS_MAX];
} M = {.lock = PTHREAD_MUTEX_INITIALIZER};

void memory_store_clear(void)
{
    pthread_mutex_lock(&M.lock);
    M.answer = SD_OK;
    M.hangs = false;
    M.deaf = 0;
    M.counts = (struct memory_counts){.from = SD_UNKNOWN, .to = SD_UNKNOWN};
    memset(M.runs, 0, sizeof M.runs);
    pthread_mutex_unlock(&M.lock);
}

void memory_store_answer(enum sd_result result)
{
    pthread_mutex_lock(&M.lock);
    M.answer = result;
    pthread_mutex_unlock(&M.lock);
}

void memory_store_deaf(int n)
{
    pthread_mutex_lock(&M.lock);
    M.deaf = n;
    pthread_mutex_unlock(&M.lock);
}

struct memory_counts memory_store_counts(void)
{
    pthread_mutex_lock(&M.lock);
    struct memory_counts c = M.counts;
    pthread_mutex_unlock(&M.lock);
    return c;
}

/* ---- the engine ---- */

static enum sd_result answer(struct sd_error *err)
{
    return M.answer == SD_OK
               ? SD_OK
               : sd_fail(err, M.answer,
                         M.answer == SD_RETRY ? "the engine is away" : "the engine refuses this user");
}

void memory_store_hang(bool hangs)
{
    pthread_mutex_lock(&M.lock);
    M.hangs = hangs;
    pthread_mutex_unlock(&M.lock);
}

static bool hangs(void)
{
    pthread_mutex_lock(&M.lock);
    bool hang = M.hangs;
    pthread_mutex_unlock(&M.lock);
    return hang;
}

static enum sd_result mem_open(const char *url, const struct store_options *o, struct store **out,
                               struct sd_error *err)
{
    while (hangs())
        if (o->stop && o->stop(o->stop_ctx))
            return sd_fail(err, SD_RETRY, "the engine hung");
        else
            poll(NULL, 0, 1);
    pthread_mutex_lock(&M.lock);
    enum sd_result result = answer(err);
    pthread_mutex_unlock(&M.lock);
    if (result != SD_OK)
        return result;
    *out = mem_alloc(sizeof **out);
    (*out)->url = mem_strdup(url);
    return SD_OK;
}

static void mem_close(struct store *s)
{
    free(s);
}

static void mem_interrupt(struct store *s)
{
    (void)s;
}

static size_t run_of(const struct store_run *run)
{
    for (size_t i = 0; i < M.counts.runs; i++)
        if (!strcmp(M.runs[i].id, run->id))
            return i;
    if (M.counts.runs == RUNS_MAX)
        abort();
    snprintf(M.runs[M.counts.runs].id, sizeof M.runs[0].id, "%s", run->id);
    M.runs[M.counts.runs].to = SD_UNKNOWN;
    return M.counts.runs++;
}

static void count(size_t run, const struct store_put *put)
{
    struct memory_counts *c = &M.counts;
    if (put->number >= PUTS_MAX)
        abort();
    if (M.runs[run].seen[put->number]) {
        c->again++;
        return;
    }
    M.runs[run].seen[put->number] = true;
    c->puts++;
    c->disorder += put->number < M.runs[run].last;
    M.runs[run].last = MAX(M.runs[run].last, put->number);
    c->lost += put->lost;
    c->rows += (int64_t)put->n;
    for (size_t i = 0; i < put->n; i++)
        if (put->rows[i].kind == SD_HTTP)
            c->requests += ((const struct sd_http *)put->rows[i].record)->count;
    if (sd_known(M.runs[run].to) && put->from > M.runs[run].to)
        c->holes_ns += put->from - M.runs[run].to;
    M.runs[run].to = put->to;
    c->from = sd_known(c->from) ? MIN(c->from, put->from) : put->from;
    c->to = sd_known(c->to) ? MAX(c->to, put->to) : put->to;
}

static enum sd_result mem_put(struct store *s, const struct store_run *run, const struct store_put *put,
                              struct sd_error *err)
{
    (void)s;
    pthread_mutex_lock(&M.lock);
    enum sd_result result = answer(err);
    if (result == SD_OK)
        count(run_of(run), put);
    if (result == SD_OK && M.deaf > 0) {
        M.deaf--;
        result = sd_fail(err, SD_RETRY, "the engine did not answer");
    }
    pthread_mutex_unlock(&M.lock);
    return result;
}

static enum sd_result mem_end(struct store *s, const struct store_run *run, struct sd_error *err)
{
    (void)s, (void)run, (void)err;
    return SD_OK;
}

static const char *const SCHEMES[] = {"clickhouse://", NULL};
const struct store_ops clickhouse_store_ops = {.schemes = SCHEMES,
                                               .open = mem_open,
                                               .close = mem_close,
                                               .interrupt = mem_interrupt,
                                               .put = mem_put,
                                               .end = mem_end};
