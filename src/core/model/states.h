/* states.h - a domain whose sources say the whole of a kind of record anew each time: for each source and
 * kind a history of what it said. Included only by the files of the model. A domain gives its table of kinds.
 */
#ifndef CORE_MODEL_STATES_H
#define CORE_MODEL_STATES_H

#include "core/model/parts.h"

enum { STATES_KINDS = 8 };

/* Of one origin: struct domain's origin_size. */
struct states {
    struct history of[STATES_KINDS];
};
struct states_table {
    enum domain_id domain;
    size_t n;
    enum sd_kind kinds[STATES_KINDS];
    unsigned counted; /* bits: of these kinds nothing is left out unless memory is short */
};

void states_apply(struct part *p, struct origin *o, const struct sd_batch *b, const struct states_table *t);
/* What is said stays true until something else is said: the state of that time is kept. */
void states_drop(struct part *p, sd_time before);
/* When nothing but the newest is left, and that is too much, the largest go first. */
bool states_less(struct part *p, size_t want);
void states_free(struct part *p, void *state); /* what it holds */
void states_clear(struct part *p);

/* NULL: the origin has said nothing of the domain. */
const struct history *states_history(const struct model *m, const struct states_table *t, size_t origin,
                                     enum sd_kind kind);

#endif
