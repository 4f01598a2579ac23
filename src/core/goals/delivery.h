/* delivery.h - one message about an incident to one receiver, and the answer. The alert engine
 * (core/goals/alerting.h) decides which are due; format/goals/ makes the bytes; who sends gives an answer
 * for each. Everything a delivery points to belongs to who made it and lives until the answers are taken. */
#ifndef CORE_GOALS_DELIVERY_H
#define CORE_GOALS_DELIVERY_H

#include "core/goals/policy.h"

/* X(UPPER, name). ACKNOWLEDGE goes to receivers of PagerDuty only. */
#define DELIVERY_KINDS(X)                                                                                    \
    X(FIRING, "firing") X(RESOLVED, "resolved") X(TEST, "test") X(ACKNOWLEDGE, "acknowledge")
enum delivery_kind {
#define DELIVERY_KIND_ENUM(UPPER, name) DELIVERY_##UPPER,
    DELIVERY_KINDS(DELIVERY_KIND_ENUM)
#undef DELIVERY_KIND_ENUM
        DELIVERY_KIND_N
};
const char *delivery_kind_name(enum delivery_kind k);

struct delivery_instance {
    const char *instance; /* labels, endpoint or host; NULL: a total */
    double value;         /* the last that was known; NAN */
    bool firing;
    sd_time fired_at, resolved_at; /* resolved_at SD_UNKNOWN while firing */
};

struct delivery {
    const char *incident; /* ALERT@OPENING, never changes: the dedup_key */
    const char *key;      /* INCIDENT/step/receiver/kind: the Idempotency-Key */
    const char *alert;    /* as in the policy; of an SLO NAME/critical */
    bool slo;
    enum goal_severity severity;
    enum delivery_kind kind;
    size_t step;                               /* of the escalation, from 0 */
    const struct goal_receiver *receiver;      /* of the policy */
    const char *acked_by;                      /* of ACKNOWLEDGE; NULL: nobody said */
    const char *unit;                          /* of values and threshold: "ns", "share", "burn", "" */
    double threshold;                          /* NAN: none */
    bool below;                                /* it fires below the threshold */
    int64_t window_ns;                         /* SD_UNKNOWN: not known */
    sd_time at;                                /* the evaluation it is sent by */
    sd_time opened_at, ends_at;                /* of the incident. ends_at while firing: what Alertmanager is
                                                * told, 4 evaluations ahead; then when it was resolved */
    const char *reason;                        /* why it fires, in words; NULL */
    const struct goal_playbook *playbook;      /* NULL: none */
    const struct delivery_instance *instances; /* firing ones first; at least one */
    size_t n_instances;
    int attempts; /* with this one: 1 the first time */
};

/* How a receiver answered. */
struct delivery_answer {
    int status;             /* of HTTP; a command that exits 0: 200, else 500. 0: refused, no answer in time,
                             * cut off. DELIVERY_NOT_TRIED: it was not begun, for want of time */
    int64_t retry_after_ns; /* from now; SD_UNKNOWN: not said */
    char error[512];        /* why it was not 2xx, one sentence without any secret: the host's name alone, and
                             * of an answer the first 200 bytes. "": it was */
};
enum { DELIVERY_NOT_TRIED = -1 };

/* Sends all of them: receivers beside each other, those to one receiver in their order. Returns after 15 s at
 * the latest, whatever receivers do. Fills answers[i] of each. */
typedef void delivery_send(void *ctx, const struct delivery *d, size_t n, struct delivery_answer *answers);

#endif
