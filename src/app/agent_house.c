#include "app/agent_house.h"

#include "app/history.h"
#include "base/clock.h"
#include "base/thread.h"

#include <stdatomic.h>
#include <stdlib.h>

#define EVERY_NS (3600 * SD_S)
#define FIRST_NS (60 * SD_S) /* after the beginning: what was not done while nobody ran */

struct agent_house {
    const char *url;
    struct store_options options;
    int64_t due; /* by the monotonic clock */
    pthread_t thread;
    bool running;
    atomic_bool done, stop;
    struct store_compaction result; /* the thread's while it runs, as `err` */
    struct sd_error err;
    char said[sizeof(struct sd_error)];
};

static bool asked_to_stop(void *ctx)
{
    return atomic_load(&((struct agent_house *)ctx)->stop);
}

struct agent_house *agent_house_new(struct app *a, const char *url)
{
    struct agent_house *h = mem_alloc(sizeof *h);
    h->url = url;
    h->options = history_options(a);
    h->options.write = true;
    h->options.stop = asked_to_stop;
    h->options.stop_ctx = h;
    h->due = clock_mono() + FIRST_NS;
    return h;
}

static void *compact(void *arg)
{
    struct agent_house *h = arg;
    struct store *store;
    h->result = (struct store_compaction){.dropped_to = SD_UNKNOWN};
    h->err.text[0] = 0;
    if (store_open(h->url, &h->options, &store, &h->err) == SD_OK) {
        store_compact(store, clock_wall(), &h->result, &h->err);
        store_close(store);
    }
    atomic_store(&h->done, true);
    return NULL;
}

static void finish(struct agent_house *h)
{
    char to[CLOCK_TEXT_MAX];
    pthread_join(h->thread, NULL);
    h->running = false;
    if (h->result.dropped_for_size)
        complain("the history has reached its max_size: %lld rows up to %s were dropped",
                 (long long)h->result.dropped_for_size, clock_rfc3339(h->result.dropped_to, to));
    if (*h->err.text && !atomic_load(&h->stop) && strcmp(h->said, h->err.text) != 0)
        complain("%s", h->err.text);
    snprintf(h->said, sizeof h->said, "%s", h->err.text);
}

void agent_house_turn(struct agent_house *h)
{
    if (h->running && atomic_load(&h->done))
        finish(h);
    if (h->running || clock_mono() < h->due)
        return;
    h->due = clock_mono() + EVERY_NS;
    atomic_store(&h->done, false);
    h->running = thread_start(&h->thread, (struct thread_kind){0}, compact, h) == 0;
}

void agent_house_free(struct agent_house *h)
{
    if (!h)
        return;
    atomic_store(&h->stop, true);
    if (h->running)
        finish(h);
    free(h);
}
