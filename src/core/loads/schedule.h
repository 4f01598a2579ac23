/* schedule.h - when requests are intended. Request i is due when the integral of the rate over time reaches
 * i; with Poisson arrivals when it reaches a sum of i exponential steps of mean 1. Answers have no influence.
 */
#ifndef CORE_LOADS_SCHEDULE_H
#define CORE_LOADS_SCHEDULE_H

#include "core/loads/scenario.h"

/* A walk through the moments of a schedule, in order. The stages have to live as long. */
struct load_schedule {
    const struct load_stage *stages;
    size_t n_stages;
    bool poisson;
    uint64_t seed;
    /* the walk */
    size_t stage;
    double before;    /* the integral at the beginning of that stage */
    int64_t began_ns; /* its beginning */
    uint64_t i;       /* number of the next request */
    double reach;     /* the integral at which it is due */
};

void load_schedule_begin(struct load_schedule *s, const struct load_stage *stages, size_t n, bool poisson,
                         uint64_t seed);
/* The moment of the next request, from the start of the schedule; -1: there are no more. Asking twice gives
 * the same answer until load_schedule_next. */
int64_t load_schedule_at(struct load_schedule *s);
void load_schedule_next(struct load_schedule *s);

/* The level of the stages (rate or users) at a moment; 0 outside. */
double load_stages_level(const struct load_stage *stages, size_t n, int64_t at_ns);

#endif
