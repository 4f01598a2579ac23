/* workload_advice.h - between the files of the job `advise` only: a workload that is
 * searched, and the records of what is found. */
#ifndef SOURCE_POSTGRES_WORKLOAD_ADVICE_H
#define SOURCE_POSTGRES_WORKLOAD_ADVICE_H

#include "core/indexes/waste.h"
#include "source/postgres/advisor_search.h"
#include "source/postgres/internal.h"

/* A statement of it. Texts are the workload's. */
struct advised {
    const char *id, *text;
    double weight;
    size_t place;  /* in the search; SIZE_MAX: left out */
    char *problem; /* why it was; NULL */
};

struct workload_advice {
    struct postgres *p;
    const struct sd_job_advise *job;
    const char *database;
    struct arena *arena;
    struct advisor *advisor;
    struct catalog *catalog;
    struct advisor_search search;
    struct advised *statements;
    size_t n;
    const char **notes;
    size_t n_notes, cap_notes;
    int64_t began; /* of clock_mono */
    struct sd_batch *reply;
    size_t n_nothing; /* statements that read no table */
    bool full;        /* the reply could not hold all */
};

static inline const char *advised_problem(const struct workload_advice *v, const struct advised *s)
{
    bool planned = s->place != SIZE_MAX && !isnan(v->search.choice.statements[s->place].before);
    return planned ? NULL : s->place == SIZE_MAX ? s->problem : v->search.problems[s->place];
}

/* ---- workload_records.c ---- */
/* All of it into the reply; the SD_WORKLOAD comes last. */
void workload_records(struct workload_advice *v);

#endif
