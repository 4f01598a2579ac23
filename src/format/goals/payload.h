/* payload.h - the bytes that a receiver is sent about a delivery. Pure.
 *
 * Sources: Slack's incoming webhooks (texts of more than 40,000 characters are cut, blocks have 3,000),
 * PagerDuty's Events API v2 (dedup_key 255, summary 1,024 characters, an event 512 kB), Alertmanager's
 * webhook version "4" and its API v2. Texts come from outside: they are made valid UTF-8 without control
 * characters, and cut at characters. */
#ifndef FORMAT_GOALS_PAYLOAD_H
#define FORMAT_GOALS_PAYLOAD_H

#include "core/goals/delivery.h"

enum {
    PAYLOAD_SLACK_MAX = 3500,   /* characters of the text */
    PAYLOAD_INSTANCES_MAX = 20, /* that a text for people lists */
    PAYLOAD_ALERTS_MAX = 1000,  /* alerts in a webhook; truncatedAlerts counts the others */
    PAYLOAD_KEY_MAX = 255,      /* characters of dedup_key */
    PAYLOAD_SUMMARY_MAX = 1024, /* characters */
    PAYLOAD_EVENT_MAX = 512000, /* bytes of an event of PagerDuty */
    PAYLOAD_LABEL_MAX = 512,    /* characters of a name */
};

/* What all deliveries of a run have in common. */
struct payload_about {
    const char *host;    /* of the machine that evaluates */
    const char *console; /* the command that opens the console at that time; NULL: none */
};

/* ---- one for each type of receiver; the caller frees ---- */
char *payload_slack(const struct delivery *d, const struct payload_about *about);
/* routing_key is written into it: a secret. */
char *payload_pagerduty(const struct delivery *d, const struct payload_about *about, const char *routing_key);
/* Also what a command gets on its standard input. */
char *payload_webhook(const struct delivery *d, const struct payload_about *about);
/* For URL/api/v2/alerts. */
char *payload_alertmanager(const struct delivery *d, const struct payload_about *about);

/* ---- parts of them ---- */
/* Is it told that nothing is to be done any more: resolved, or the end of a test? */
bool payload_is_over(const struct delivery *d);
/* "[FIRING] api warning: 230 ms, limit 200 ms, over 5m"; what has no threshold: its reason. */
void payload_headline(const struct delivery *d, struct strbuf *out);
double payload_worst(const struct delivery *d); /* value of the worst instance; NAN */
/* At most `max` characters of text as valid UTF-8: controls and line ends become a space, what is invalid or
 * changes how its neighbours are shown U+FFFD. What is longer ends in "...". NULL: nothing. Returns the
 * characters. */
size_t payload_text(struct strbuf *out, const char *text, size_t max);
/* The same of something that names a thing: a longer one ends in "~" and a hash of the whole, so that two
 * that begin alike stay two. */
void payload_key(struct strbuf *out, const char *text, size_t max);
/* The delivery's key as the value of a header: printable ASCII, the rest as %XX. */
void payload_idempotency_key(const struct delivery *d, struct strbuf *out);
void payload_value(struct strbuf *out, const char *unit, double value);
void payload_duration(struct strbuf *out, int64_t ns); /* "5m", "1h30m" */

#endif
