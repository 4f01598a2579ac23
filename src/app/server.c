/* A job that a verb asks one source for: explain --db, advise. */
#include "app/server.h"

#include "base/clock.h"
#include "core/job.h"

#define STOP_NS                                                                                              \
    (2 * SD_S) /* so long a server may take to stop what was withdrawn; a busy one takes its time */

static void find_answer(void *ctx, const struct sd_batch *b)
{
    struct answer *a = ctx;
    size_t i = 0;
    const struct sd_status *s;
    if (a->batch)
        return;
    if (a->number && batch_answer(b) == a->number) {
        a->batch = batch_ref(b);
        return;
    }
    while ((s = batch_each(b, SD_STATUS, &i)))
        if (s->state == SD_STATE_FAILED || s->state == SD_STATE_BACKOFF) {
            a->batch = batch_ref(b);
            a->failed = s->text ? s->text : "the source failed";
        }
}

/* Waits; Ctrl-C withdraws, and the answer still comes. True: it was withdrawn. */
static bool await(struct app *a, bool runs, int64_t patience, struct answer *answer)
{
    int64_t deadline = clock_mono() + patience;
    bool withdrawn = false;
    while (!answer->batch && clock_mono() < deadline) {
        if (!app_wait(a, 100 * SD_MS) && !withdrawn) {
            withdrawn = true;
            deadline = clock_mono() + STOP_NS;
            rt_withdraw(a->rt, a->names[0]);
        }
        rt_drain(a->rt, SD_S, find_answer, answer);
        if (withdrawn && !runs)
            break; /* nothing runs that would have to be stopped */
    }
    return withdrawn;
}

/* Nothing but the job is wanted of it. */
static bool follows(const struct sd_source_ops *ops)
{
    (void)ops;
    return false;
}

int ask_server(struct app *a, const char *target, const char *what, const struct sd_request *req,
               int64_t patience, struct answer *answer)
{
    struct sd_error err;
    const struct job *job = job_of(req->job);
    if (!app_add_target(a, target, follows, &err)) {
        complain("%s", err.text);
        return EXIT_USAGE;
    }
    answer->number = a->n_sources ? rt_request(a->rt, a->names[0], req, &err) : 0;
    if (!answer->number) {
        complain("%s", a->n_sources ? err.text : what);
        return EXIT_USAGE;
    }
    bool withdrawn = await(a, job->waits, patience, answer);
    if (answer->batch && !answer->failed)
        return EXIT_FINE;
    if (answer->failed || !withdrawn)
        complain("%s", answer->failed ? answer->failed : "the server did not answer in time");
    else if (job->waits)
        complain("the server was told to stop the statement and has not confirmed it yet; the time limit "
                 "will stop it");
    batch_unref(answer->batch);
    answer->batch = NULL;
    return withdrawn && signals_stop() ? 128 + signals_stop() : EXIT_USAGE;
}
