/* domain.h - the domains of the model: a row here and a file each.
 *
 * model.c goes through these rows and knows no record kind. To add a domain: a line in
 * MODEL_DOMAINS, a file that defines its `const struct domain NAME_domain` and keeps its data behind the
 * state pointer of its part, and a header with what views ask.
 *
 * Memory. Every byte is counted for the domain that holds it. A domain may take more
 * than its share as long as the whole stays within the budget (model_limits.max_bytes).
 * When that is passed, whoever is furthest over its share gives first, so that a flood
 * in one domain leaves the history of the others alone. Who pays for what is shared:
 *   names    - the domain that asked for one first, up to a quarter of its share;
 *   queries  - the queries, whoever has seen one: samples and plans name them, too;
 *   links    - the sessions, from whose samples they are found;
 *   origins  - the model itself: they are few and bounded.
 *
 * A domain with the share 0 has a budget apart (model_limits.traces_bytes): it takes nothing from the others,
 * and they nothing from it. */
#ifndef CORE_MODEL_DOMAIN_H
#define CORE_MODEL_DOMAIN_H

#include "core/batch.h"

/* X(name, share, most). Shares are parts of their sum. `most`: how many things it keeps
 * by name, 0 when memory alone decides; what is beyond folds, is left out, or
 * takes the place of the one not seen for longest. */
#define MODEL_DOMAINS(X)                                                                                     \
    X(endpoints, 10, 1024)                                                                                   \
    X(endpoint_parts, 3, 16384)                                                                              \
    X(metrics, 6, 24576)                                                                                     \
    X(queries, 6, 5000)                                                                                      \
    X(sessions, 5, 0)                                                                                        \
    X(plans, 3, 0)                                                                                           \
    X(indexes, 2, 0)                                                                                         \
    X(servers, 3, 0)                                                                                         \
    X(workloads, 1, 256)                                                                                     \
    X(profiles, 4, 512)                                                                                      \
    X(caches, 3, 256)                                                                                        \
    X(bundles, 2, 64)                                                                                        \
    X(pages, 3, 0)                                                                                           \
    X(loads, 1, 0)                                                                                           \
    X(traces, 0, 50000)                                                                                      \
    X(histories, 1, 64)                                                                                      \
    X(sources, 1, 4096)

enum domain_id {
#define MODEL_DOMAIN_ID(name, share, most) DOMAIN_##name,
    MODEL_DOMAINS(MODEL_DOMAIN_ID)
#undef MODEL_DOMAIN_ID
        DOMAIN_N
};

struct model;
struct origin;
struct domain;

/* What one domain holds in one model. */
struct part {
    struct model *model;
    const struct domain *domain;
    void *state;
    size_t bytes; /* all it holds */
    size_t share, most;
    bool apart;        /* its bytes are not part of model.bytes; `share` is a limit */
    size_t name_bytes; /* of the names it asked for first */
    uint64_t version;  /* of the model when it last changed */
};

struct domain {
    const char *name;
    sd_kinds kinds; /* `apply` gets each batch that holds one of them */
    bool is_data;   /* they move the model's time: not states of sources */
    sd_kinds
        beside; /* of these kinds, what tells more of data of others, at rounded times: it moves nothing */

    size_t state_size; /* zeroed, then `start`, which may be NULL */
    void (*start)(struct part *p);
    size_t origin_size; /* what it keeps for each source instance; 0: nothing */
    void (*origin_start)(void *state);

    void (*apply)(struct part *p, struct origin *o, const struct sd_batch *b);
    /* End of the time that the batch tells of; NULL: the batch's own time. */
    sd_time (*until)(const struct sd_batch *b);

    /* Drops what ended before a time. NULL: what it keeps does not age. */
    void (*drop)(struct part *p, sd_time before);
    /* Gives up what matters least, in rounds: one round, which ends when it holds at most
     * `want` bytes. False: there is nothing more to give. */
    bool (*less)(struct part *p, size_t want);

    void (*origin_free)(struct part *p, void *state); /* what it holds, not itself */
    void (*clear)(struct part *p);                    /* what the state holds, not itself */
};

#define MODEL_DOMAIN_ROW(name, share, most) extern const struct domain name##_domain;
MODEL_DOMAINS(MODEL_DOMAIN_ROW)
#undef MODEL_DOMAIN_ROW

#endif
