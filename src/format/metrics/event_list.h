/* event_list.h - what happened, such as deploys, as a JSON list, a single object, or an object on each line:
 *
 *     [{"type": "deploy", "at": "2026-11-20T15:52:08.246Z", "version": "1.5.0"}]
 *
 * The time is `at`, `time`, `timestamp`, `ts` or `date`: RFC 3339, or seconds, ms, us or ns since 1970 by
 * their size. The kind is `type`, `kind`, `event` or `action`, else the first of `tags` (annotations of
 * Grafana); `version`, `tag`, `revision` or `sha` is added to it; `service`, `app` or `project`, and `text`,
 * `message`, `title`, `description` or `name` are told beside it. Pure. */
#ifndef FORMAT_METRICS_EVENT_LIST_H
#define FORMAT_METRICS_EVENT_LIST_H

#include "base/base.h"

enum { EVENT_LIST_MAX = 16 << 20, EVENT_LIST_EVENTS = 10000 };

struct event_item {
    sd_time at;
    const char *title, *text; /* "deploy 1.5.0"; text NULL: nothing more */
    const char *severity;     /* info, warn or bad */
};
struct event_list {
    struct event_item *items; /* in order of time */
    size_t n;
    size_t left_out; /* without a time or a kind */
};

/* How sure the beginning of a file is one: 0..100. */
int event_list_sure(const char *head, size_t len);
/* False and a sentence without its subject. */
bool event_list_read(const char *text, size_t len, struct arena *a, struct event_list *out,
                     struct sd_error *err);

#endif
