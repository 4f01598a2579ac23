/* limits.h - kind limits: what three clients saw of a rate limit. `aggressor` sends over x rate and ignores
 * answers, `polite` the same but pauses as Retry-After says, `modest` half of the rate. */
#ifndef CORE_LOADS_LIMITS_H
#define CORE_LOADS_LIMITS_H

#include "core/loads/tally.h"

enum load_client { LOAD_AGGRESSOR, LOAD_POLITE, LOAD_MODEST, LOAD_CLIENT_N };
enum load_retry_kind { LOAD_RETRY_NONE, LOAD_RETRY_SECONDS, LOAD_RETRY_DATE };

struct load_limits_result {
    struct {
        int64_t sent, ok, limited, failed, broken; /* broken: 5xx, or no answer */
        struct load_durations latency;
    } clients[LOAD_CLIENT_N];
    struct load_sent {
        int64_t sent_ns;
        bool accepted;
    } * aggressor; /* its requests, for the fit */
    size_t n, cap;
    int64_t limited, with_retry, with_seconds; /* of all 429 */
    int64_t retry_min_ns, retry_max_ns;        /* SD_UNKNOWN */
    int64_t pauses, honest;                    /* of polite: requests after a pause, those accepted */
    int64_t first_limited_ns;                  /* SD_UNKNOWN */
    /* ---- load_limits_finish ---- */
    double allowed_per_s, burst; /* NAN: nothing was limited */
};

void load_limits_init(struct load_limits_result *r);
void load_limits_free(struct load_limits_result *r);
/* A measured request of that client. */
void load_limits_add(struct load_limits_result *r, const struct load_scenario *s, enum load_client client,
                     const struct load_outcome *o, int64_t retry_ns);
void load_limits_finish(struct load_limits_result *r);
/* The i-th finding as a sentence that begins with its name; false: there are no more. */
bool load_limits_finding(const struct load_limits_result *r, const struct load_scenario *s, size_t i,
                         struct strbuf *out);
enum load_retry_kind load_limits_retry(const struct load_limits_result *r);
const char *load_client_name(enum load_client c);

#endif
