#include "tests/lib/load_sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/load_scenario.h"

struct flights {
    struct load_outcome *heap;
    size_t n, cap;
};

static void push(struct flights *f, const struct load_outcome *o)
{
    f->heap = mem_grow(f->heap, f->n, &f->cap, sizeof *f->heap);
    size_t i = f->n++;
    while (i && o->done_ns < f->heap[(i - 1) / 2].done_ns) {
        f->heap[i] = f->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    f->heap[i] = *o;
}

static struct load_outcome pop(struct flights *f)
{
    struct load_outcome top = f->heap[0], last = f->heap[--f->n];
    size_t i = 0, child;
    while ((child = 2 * i + 1) < f->n) {
        child += child + 1 < f->n && f->heap[child + 1].done_ns < f->heap[child].done_ns;
        if (f->heap[child].done_ns >= last.done_ns)
            break;
        f->heap[i] = f->heap[child];
        i = child;
    }
    f->heap[i] = last;
    return top;
}

static void send_one(struct load_run *r, struct flights *f, int64_t now_ns, load_sim_server *server,
                     void *ctx)
{
    struct load_outcome o = {.sent_ns = now_ns,
                             .done_ns = now_ns,
                             .status = 200,
                             .bytes = 100,
                             .retry_after_s = SD_UNKNOWN,
                             .retry_at = SD_UNKNOWN};
    r->driver.take(r->driver.ctx, &o.order);
    server(ctx, &o);
    if (sd_known(o.sent_ns) && o.done_ns - o.sent_ns > r->scenario->timeout_ns) {
        o.done_ns = o.sent_ns + r->scenario->timeout_ns;
        o.failure = LOAD_TIMEOUT;
        o.status = 0;
    }
    push(f, &o);
}

void load_sim(struct load_run *r, load_sim_server *server, void *ctx, int64_t stop_ns)
{
    struct flights f = {0};
    int64_t now = 0, next;
    while (now < stop_ns) {
        next = r->driver.next_at(r->driver.ctx, now);
        if (next >= 0 && next <= now) {
            send_one(r, &f, now, server, ctx);
            continue;
        }
        if (f.n && (next < 0 || f.heap[0].done_ns <= next)) {
            struct load_outcome o = pop(&f);
            now = MAX(now, o.done_ns);
            if (now < stop_ns)
                r->driver.ended(r->driver.ctx, &o);
            continue;
        }
        if (next < 0)
            break;
        now = next;
    }
    struct load_run_end end = {.stopped = now >= stop_ns, .now_ns = MIN(now, stop_ns)};
    end.given_up = end.stopped ? (int64_t)f.n : 0;
    load_run_finish(r, &end);
    free(f.heap);
}

void load_sim_queue(void *queue, struct load_outcome *o)
{
    struct load_sim_queue *q = queue;
    q->free_ns = MAX(q->free_ns, o->sent_ns) + (int64_t)(1e9 / q->per_s);
    o->done_ns = q->free_ns;
}

struct load_scenario load_sim_scenario(const char *yaml)
{
    struct load_scenario s;
    struct sd_error err;
    if (!load_scenario_read_text(&s, "s.yaml", NULL, yaml, strlen(yaml), "http://127.0.0.1", &err)) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    return s;
}
