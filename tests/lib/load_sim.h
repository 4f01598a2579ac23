/* load_sim.h - a generator and a server that take no time: a run of a scenario against a model of a server,
 * in made-up time. There are always connections. */
#ifndef TESTS_LIB_LOAD_SIM_H
#define TESTS_LIB_LOAD_SIM_H

#include "core/loads/run.h"

/* Answers o->order, which was sent at o->sent_ns: sets done_ns and what else differs from an answer 200. */
typedef void load_sim_server(void *ctx, struct load_outcome *o);

/* Runs it to its end, or to stop_ns (INT64_MAX: to its end), and finishes it. Requests time out as the
 * scenario says. */
void load_sim(struct load_run *r, load_sim_server *server, void *ctx, int64_t stop_ns);

/* A queue with one server of that rate. {.per_s = 200} to begin with. */
struct load_sim_queue {
    double per_s;
    int64_t free_ns; /* it has worked off what it got */
};
void load_sim_queue(void *queue, struct load_outcome *o);

/* The scenario of a text; ends the test when it is not understood. */
struct load_scenario load_sim_scenario(const char *yaml);

#endif
