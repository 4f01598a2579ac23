/* server.h - a job that a verb asks one source for. */
#ifndef APP_SERVER_H
#define APP_SERVER_H

#include "app/app.h"

/* What the server has answered: the record, or why not, kept by its batch. */
struct answer {
    uint64_t number; /* of the request */
    const struct sd_batch *batch;
    const char *failed; /* the source cannot serve anything; owned by `batch` */
};

/* Starts the source `target` and waits at most `patience` for its answer. Ctrl-C withdraws
 * the job. EXIT_FINE: answer->batch is the reply, which may be an SD_FAILURE; the caller
 * releases it. Otherwise the exit status, after a complaint: `what` ("--db needs a
 * database, ...") when the target is no source. */
int ask_server(struct app *a, const char *target, const char *what, const struct sd_request *req,
               int64_t patience, struct answer *answer);

#endif
