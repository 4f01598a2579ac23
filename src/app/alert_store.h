/* alert_store.h - the state of alerts in its folder: one file, read and replaced as a whole, and a lock, so
 * that only one evaluates at a time. Both are the user's alone (0600). */
#ifndef APP_ALERT_STORE_H
#define APP_ALERT_STORE_H

#include "core/goals/alerting.h"

struct alert_store {
    char *folder, *path;
    int lock; /* -1: only read */
};

enum alert_lock {
    ALERT_READ,     /* what is there; nothing need be */
    ALERT_EVALUATE, /* another one that does is an error at once */
    ALERT_ACT       /* a person's: an evaluation that is under way is waited for */
};

/* folder NULL: $XDG_STATE_HOME/slowdive, else ~/.local/state/slowdive. False and one sentence. Close it also
 * then. */
bool alert_store_open(struct alert_store *s, const char *folder, enum alert_lock how, struct sd_error *err);
/* Into an engine that has only just been made; without a file it stays as it is. */
bool alert_store_read(const struct alert_store *s, struct alerting *a, struct sd_error *err);
/* Returns when it is on the disk. */
bool alert_store_write(const struct alert_store *s, const struct alerting *a, struct sd_error *err);
void alert_store_close(struct alert_store *s);

#endif
