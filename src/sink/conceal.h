/* conceal.h - batches without what may be a secret: constants in SQL and in the expressions
 * of plans, query strings in unread log lines. The unit of a text field says which it holds
 * (slowdive/types.h). One thread. */
#ifndef SINK_CONCEAL_H
#define SINK_CONCEAL_H

#include "core/batch.h"

struct conceal; /* a cache of texts: the same ones arrive ten times per second */
struct conceal *conceal_new(void);
void conceal_free(struct conceal *c); /* NULL is fine */
/* A new reference: to b itself when there is nothing to hide. */
const struct sd_batch *conceal_batch(struct conceal *c, const struct sd_batch *b);

#endif
