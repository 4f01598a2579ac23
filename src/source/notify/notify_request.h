/* notify_request.h - what a delivery is sent as: address, headers and body; and the same without secrets, to
 * be shown. The same request is shown by `--test` and sent, so that nothing is sent that could not be seen.
 */
#ifndef SOURCE_NOTIFY_NOTIFY_REQUEST_H
#define SOURCE_NOTIFY_NOTIFY_REQUEST_H

#include "base/redact.h"
#include "format/goals/payload.h"

enum { NOTIFY_SECRET_MAX = 8192 }; /* bytes of a URL or a key */

struct notify_request {
    char *url;                  /* a secret; NULL: a command */
    const char *const *command; /* words of it, the policy's; NULL: HTTP */
    char *idempotency;          /* value of the header; NULL: it has none */
    char *body;                 /* JSON; of PagerDuty with a secret */
    char *shown_url;            /* "https://hooks.slack.com/..."; of a command its program */
    char *shown_body;
    char *host;      /* "hooks.slack.com"; of a command its program */
    bool plain_http; /* to this machine */
    struct secrets *secrets;
};

/* Reads the receiver's secrets. False and a sentence that names the receiver and no secret; *r is empty. */
bool notify_request(struct notify_request *r, const struct delivery *d, const struct payload_about *about,
                    struct sd_error *err);
void notify_request_free(struct notify_request *r);

/* The value, or what the file or the variable holds, without white space around it: one line. Files that
 * others than their owner may read are refused; a file of root may be read through its group. NULL and a
 * sentence. Caller frees. */
char *notify_secret(const struct goal_secret *s, const char *what, struct sd_error *err);

#endif
