/* notify.h - sends what is due about alerts: to receivers over HTTP, by libcurl, and to commands. Only
 * receivers of the user's own policy are ever asked: who calls has made sure that the policy is not the one
 * of a checkout (goal_policy.of_folder), and that the user wants it.
 *
 * Receivers are asked beside each other, those deliveries that go to one receiver in their order. A request
 * has NOTIFY_REQUEST to be answered; all of it ends after NOTIFY_ALL, whatever receivers do. Redirects are
 * not followed, certificates are checked, plain http goes to this machine only, 64 KiB of an answer are read.
 * A command runs without a shell, with the JSON of a webhook on its standard input, in a process group of its
 * own that is killed when its time is over.
 *
 * Any one thread; it blocks. */
#ifndef SOURCE_NOTIFY_NOTIFY_H
#define SOURCE_NOTIFY_NOTIFY_H

#include "format/goals/payload.h"

#define NOTIFY_REQUEST (10 * SD_S)
#define NOTIFY_ALL     (14 * SD_S)

/* A function delivery_send (core/goals/delivery.h); ctx: a const struct payload_about. */
void notify_send(void *ctx, const struct delivery *d, size_t n, struct delivery_answer *answers);
/* The same in less time, for tests: a command has request_ns as well. */
void notify_send_within(const struct payload_about *about, const struct delivery *d, size_t n,
                        struct delivery_answer *answers, int64_t request_ns, int64_t all_ns);

#endif
