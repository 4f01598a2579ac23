/* record_verb.c - `slowdive record`: sources into a file or a history, without the console. */
#include "app/history.h"
#include "base/clock.h"

#include <signal.h>
#include <stdlib.h>

/* A recording is looked at when the server may be gone: the plans of the heaviest
 * statements belong in it. Plain EXPLAIN, a few of them, once a minute. */
enum { RECORD_PLANS = 5 };
#define RECORD_PLANS_FIRST_NS (3 * SD_S)
#define RECORD_PLANS_EVERY_NS (60 * SD_S)

struct heavy {
    int64_t total_ns;
    const struct query *query;
};

static int heaviest_first(const void *a, const void *b)
{
    int64_t x = ((const struct heavy *)a)->total_ns, y = ((const struct heavy *)b)->total_ns;
    return (x < y) - (x > y);
}

void app_ask_for_plans(struct app *a)
{
    size_t n = model_queries(a->model), m = 0;
    struct heavy *h = mem_array(n, sizeof *h);
    struct sd_error ignored;
    for (size_t i = 0; i < n; i++) {
        const struct query *q = model_query(a->model, i);
        struct query_stats s;
        struct plan_entry e;
        query_stats(q, SPAN_ALL, &s);
        if (s.known && query_origin(q) && query_text(q) && !model_plan(a->model, query_key(q), INT64_MAX, &e))
            h[m++] = (struct heavy){.total_ns = s.total_ns, .query = q};
    }
    qsort(h, m, sizeof *h, heaviest_first);
    for (size_t i = 0; i < m && i < RECORD_PLANS; i++) {
        const struct sd_job_explain job = {.query_id = query_id(h[i].query),
                                           .database = query_database(h[i].query),
                                           .query = query_text(h[i].query),
                                           .unattended = 1};
        rt_request(a->rt, query_origin(h[i].query), &(struct sd_request){.job = SD_JOB_EXPLAIN, .args = &job},
                   &ignored);
    }
    free(h);
}

/* Sources of which nothing is in the recording because they were still being connected to. */
static size_t complain_of_late(const struct app *a)
{
    struct source_info info[64];
    size_t late = 0, n = model_sources(a->model, INT64_MAX, info, ARRAY_LEN(info));
    for (size_t i = 0; i < n; i++)
        if (info[i].status && info[i].status->state == SD_STATE_CONNECTING) {
            complain("%s: the connection was not open yet; nothing of this source was recorded",
                     info[i].origin);
            late++;
        }
    return late;
}

int verb_record(struct app *a)
{
    int64_t for_ns;
    struct sd_error err;
    const char *path = a->cli->values[CLI_OUTPUT];
    if (!app_duration(a, CLI_FOR, &for_ns))
        return EXIT_USAGE;
    if (!path) {
        complain("record needs a file to write: slowdive record -o FILE SOURCE");
        return EXIT_USAGE;
    }
    bool history = store_is_url(path);
    if (!history && cli_has(a->cli, CLI_HOST)) {
        complain("--host is the name of this machine in a history, and %.200s is none", path);
        return EXIT_USAGE;
    }
    /* A history is there before what is read at once; a file is only made when there is something to read. */
    if (history && !app_record(a, path, true, &err)) {
        complain("%s", err.text);
        return EXIT_USAGE;
    }
    size_t failed = app_add_all(a, a->cli->args, a->cli->n_args, NULL);
    app_report(a);
    if (failed || !(a->n_sources || (history && a->n_recordings))) {
        if (!failed)
            complain("no source is given and none was found here; name one: slowdive record -o FILE SOURCE");
        return EXIT_USAGE;
    }
    if (!history && !app_record(a, path, cli_has(a->cli, CLI_APPEND), &err)) {
        complain("%s", err.text);
        return EXIT_USAGE;
    }
    int64_t start = clock_mono(), plans_at = start + RECORD_PLANS_FIRST_NS;
    do {
        if (clock_mono() >= plans_at) {
            app_ask_for_plans(a);
            plans_at = clock_mono() + RECORD_PLANS_EVERY_NS;
        }
        int64_t left = for_ns ? start + for_ns - clock_mono() : 200 * SD_MS;
        bool going = app_wait(a, MIN(left, 200 * SD_MS));
        app_drain(a, 100 * SD_MS);
        if (app_record_troubled(a, &err))
            complain("%s", err.text);
        if (!going || rt_finished(a->rt) || app_record_failed(a, &err))
            break;
    } while (!for_ns || clock_mono() - start < for_ns);
    size_t late = complain_of_late(a);
    if (history)
        app_end_sources(a, SD_S);
    bool whole = app_record(a, NULL, false, &err); /* its last frame may not have fitted */
    failed = app_complain_of_failed(a) + late;
    if (!whole) {
        complain("%s", err.text);
        return EXIT_USAGE;
    }
    /* Ctrl-C is how a recording without --for ends. */
    if (signals_stop() && (for_ns || signals_stop() != SIGINT))
        return 128 + signals_stop();
    return failed ? EXIT_USAGE : EXIT_FINE;
}
