/* hop_time.h - what is known of the time of an endpoint's requests, and what of it a hop of the policy takes.
 */
#ifndef VIEW_ENDPOINTS_HOP_TIME_H
#define VIEW_ENDPOINTS_HOP_TIME_H

#include "core/insight/endpoint_time.h"
#include "view/view.h"

struct known_time {
    struct endpoint_time traces;
    double log_mean, queue, upstream; /* ns of a request, by the log; NAN */
    double sampled_db;                /* by sampled sessions; NAN */
};
struct known_time known_time_of(const struct view_ctx *c, const struct endpoint *e,
                                const struct endpoint_stats *s);
/* ns of a whole request, a mean; NAN. */
double known_time_mean(const struct known_time *k);
/* ns of a request that it spends there, a mean; NAN: nothing tells. *evidence: what does; NULL. */
double hop_measured(const struct view_ctx *c, const struct known_time *k, const struct hop *h,
                    const char **evidence);

#endif
