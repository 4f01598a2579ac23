/* samples.h - writes each request of a load test as a line of CSV, in the order of the schedule:
 *     seq,name,user,intended_ns,sent_ns,done_ns,status,error,bytes
 *
 * A thread of its own writes; samples_add neither waits nor locks, so that no send is late because of a slow
 * disk or a slow reader. Nothing is lost: what is not written yet is kept, about 64 bytes a request. The file
 * may be a FIFO. */
#ifndef SINK_LOADS_SAMPLES_H
#define SINK_LOADS_SAMPLES_H

#include "core/loads/driver.h"

struct samples;

/* names: those of the scenario's requests, copied. An existing file of ours is begun anew. NULL and a
 * sentence. */
struct samples *samples_open(const char *path, const char *const *names, size_t n_names,
                             struct sd_error *err);
/* On one thread. `failure`: of an answer, LOAD_STATUS when its status is one that counts as failed. */
void samples_add(struct samples *s, const struct load_outcome *o, enum load_failure failure);
/* Writes what is left and waits until that is done: for the reader of a FIFO, too. Numbers of the schedule
 * that were never added (a stopped run) have no line. False and a sentence when something could not be
 * written; frees in either case. NULL is fine. */
bool samples_close(struct samples *s, struct sd_error *err);

#endif
