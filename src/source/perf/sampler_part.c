/* sampler_part.c - whose a sample is: the container of its process, by its control group, which is read once
 * for each process; the name of its thread, which is read once in half a minute. */
#include <stdio.h>

#include "format/profiles/container_name.h"
#include "source/perf/sampler.h"

enum { CGROUP_BYTES = 16 << 10, CONTAINERS_MAX = 1 << 14, THREADS_MAX = 1 << 14 };

static const char *kept(struct sampler_source *x, const char *name)
{
    struct sampler_container *c;
    HASH_FIND_STR(x->containers, name, c);
    if (c || HASH_COUNT(x->containers) >= CONTAINERS_MAX)
        return c ? c->name : NULL;
    c = mem_alloc(sizeof *c);
    c->name = mem_strdup(name);
    HASH_ADD_KEYPTR(hh, x->containers, c->name, strlen(c->name), c);
    return c->name;
}

/* One that ended before it was looked at is where its parent is, as every process that was not moved. */
const char *sampler_container_of(struct sampler_source *x, struct sampler_space *s)
{
    char path[64], *text, name[CONTAINER_NAME_MAX];
    size_t n;
    struct sd_error ignored;
    if (s->cgroup_read || s->pid <= 0)
        return s->container;
    s->cgroup_read = true;
    snprintf(path, sizeof path, "/proc/%d/cgroup", (int)s->pid);
    if (!file_read(path, CGROUP_BYTES, &text, &n, &ignored))
        return s->container;
    if (container_name(text, name))
        s->container = kept(x, name);
    free(text);
    return s->container;
}

/* ---- threads ---- */

enum { THREAD_WINDOWS = 30 };

/* A number may be another thread's later. */
static void read_thread(struct sampler_thread *t, pid_t pid, int64_t window)
{
    char path[64], *text;
    size_t n;
    struct sd_error ignored;
    t->pid = pid;
    t->read = window;
    snprintf(path, sizeof path, "/proc/%d/task/%u/comm", (int)pid, t->tid);
    if (!file_read(path, 256, &text, &n, &ignored))
        return;
    snprintf(t->comm, sizeof t->comm, "%.*s", (int)MIN(strcspn(text, "\n"), sizeof t->comm - 1), text);
    free(text);
}

const char *sampler_thread_comm(struct sampler_source *x, pid_t pid, uint32_t tid, const char *process)
{
    struct sampler_thread *t;
    if ((uint32_t)pid == tid)
        return process;
    HASH_FIND(hh, x->threads, &tid, sizeof tid, t);
    if (!t && HASH_COUNT(x->threads) >= THREADS_MAX)
        sampler_threads_free(x); /* most of them have ended */
    if (!t) {
        t = mem_alloc(sizeof *t);
        t->tid = tid;
        HASH_ADD(hh, x->threads, tid, sizeof t->tid, t);
    }
    if (!t->read || t->pid != pid || x->symbols.window - t->read >= THREAD_WINDOWS) {
        t->comm[0] = 0;
        read_thread(t, pid, x->symbols.window);
    }
    return t->comm[0] ? t->comm : process;
}

void sampler_threads_free(struct sampler_source *x)
{
    struct sampler_thread *t, *next;
    HASH_ITER(hh, x->threads, t, next)
    {
        HASH_DEL(x->threads, t);
        free(t);
    }
}

void sampler_containers_free(struct sampler_source *x)
{
    struct sampler_container *c, *next;
    HASH_ITER(hh, x->containers, c, next)
    {
        HASH_DEL(x->containers, c);
        free(c->name);
        free(c);
    }
}
