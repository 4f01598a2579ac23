/* job.h - work that a source does on demand: one row per job of SD_JOBS.
 *
 * From it come the arguments' description (they are copied, compared and logged by it),
 * whether the user is asked first, how long it may take, and the words for it. Callers and sources use only
 * this row of a job. Pure; any thread. */
#ifndef CORE_JOB_H
#define CORE_JOB_H

#include "base/base.h"
#include "slowdive/source.h"

struct job {
    enum sd_job id;
    const char *name;             /* "explain": in records and logs */
    const char *title;            /* for people: "EXPLAIN ANALYZE" */
    const char *help;             /* what is done, in a few words */
    const struct sd_schema *args; /* of the struct sd_job_<name> */
    enum sd_kind reply;           /* the record that answers it; a failure: SD_FAILURE */
    bool confirm;                 /* it changes or costs something: asked first, and logged */
    bool waits;                   /* it takes time: shown while it runs, and can be stopped */
    bool stop_asks;               /* it is not stopped without a question */
    const char *done, *result;    /* "Executed", "the plan is the executed one": of one that waits */
};

const struct job *job_of(enum sd_job id);      /* NULL: unknown */
const struct job *job_named(const char *name); /* "explain"; NULL */

/* The longest it may take: the argument limit_ns. SD_UNKNOWN: it has none. */
int64_t job_limit(const struct job *j, const void *args);
/* What it is about: "shop/77", "4242", or the database alone; NULL when not known. Caller frees. */
char *job_about(const struct job *j, const void *args);
/* The line for the log: the job and its arguments, without any text of a statement, which
 * may hold anybody's data. */
void job_log(const struct job *j, const void *args, struct strbuf *out);

/* A copy in one piece: free() frees it. NULL when the job is unknown. */
struct sd_request *job_copy(const struct sd_request *r);
struct sd_request *job_copy_in(struct arena *a, const struct sd_request *r);
bool job_same(const struct sd_request *a, const struct sd_request *b);

#endif
