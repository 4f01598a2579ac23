/* n_plus_one.h (view) - statements a route runs many times a request, as a section of the
 * views `query` and `endpoint`; nothing is added when there is none. */
#ifndef VIEW_QUERIES_N_PLUS_ONE_H
#define VIEW_QUERIES_N_PLUS_ONE_H

#include "view/view.h"

/* About one of the two; the other is NULL. With the statement for many keys, where it can
 * be written. */
void n_plus_one_section(struct doc *d, const struct view_ctx *c, const struct query *q,
                        const struct endpoint *e);

#endif
