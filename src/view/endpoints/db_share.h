/* db_share.h - how much of an endpoint's time is spent in the database. */
#ifndef VIEW_ENDPOINTS_DB_SHARE_H
#define VIEW_ENDPOINTS_DB_SHARE_H

#include "view/view.h"

struct db_share {
    double share; /* of the requests' time; NAN: not known */
    struct wait_sums waits;
};

/* Sampled time of the sessions that run the endpoint's tagged statements, over the time of its
 * requests, both of the span in which sessions were sampled. Not known without tags, without
 * durations, with too few samples to tell, or when the statements took longer than the
 * requests: then they are not theirs alone. */
struct db_share db_share_of(const struct view_ctx *c, const struct endpoint *e);
/* "62 % of its time in the database (locks 60 %, CPU 40 %)"; NULL when it is not known. */
const char *db_share_words(struct doc *d, const struct db_share *s);

#endif
