/* common.h - what the views share: the envelope, notes, sentences for empty panes,
 * SQL for people. Main thread only. */
#ifndef VIEW_SHARED_COMMON_H
#define VIEW_SHARED_COMMON_H

#include "core/sql/pretty.h"
#include "view/view.h"

/* Record kinds as the panes name them (struct view needs). */
#define KINDS_HTTP       (SD_KIND_BIT(SD_HTTP) | SD_KIND_BIT(SD_LATENCY))
#define KINDS_ACTIVITY   SD_KIND_BIT(SD_ACTIVITY)
#define KINDS_CATALOG    (SD_KIND_BIT(SD_TABLE) | SD_KIND_BIT(SD_INDEX))
#define KINDS_SERVER     SD_KIND_BIT(SD_SERVER) /* replication and progress come with it */
#define KINDS_PARAMETERS SD_KIND_BIT(SD_PARAMETER)
#define KINDS_ASSETS     SD_KIND_BIT(SD_ASSET_POLICY)
#define KINDS_PAGES                                                                                          \
    (SD_KIND_BIT(SD_PAGE_REPORT) | SD_KIND_BIT(SD_PAGE_FIELD) | SD_KIND_BIT(SD_PAGE_TREND) |                 \
     SD_KIND_BIT(SD_PAGE_LOAD) | SD_KIND_BIT(SD_PAGE_RECEIVER))
#define KINDS_PROFILE SD_KIND_BIT(SD_PROFILE)
#define KINDS_TRACES  SD_KIND_BIT(SD_SPANS)
#define KINDS_CACHE   SD_KIND_BIT(SD_CACHE)
#define KINDS_BUNDLE  SD_KIND_BIT(SD_BUNDLE) /* its parts come with it */
#define KINDS_SQL     (SD_KIND_BIT(SD_STATEMENT) | SD_KIND_BIT(SD_ACTIVITY))
#define KINDS_FIELD   (SD_KIND_BIT(SD_PAGE_FIELD) | SD_KIND_BIT(SD_PAGE_ATTRIBUTION))

/* The span in true times: for SPAN_ALL from the first to the last data of the model
 * (both SD_UNKNOWN when there is none). */
struct span common_span(const struct view_ctx *c);
/* Of it, what there can be data of: a console that was started 20 s ago knows nothing of
 * the 40 s before. Rates and loads are over this. */
struct span common_covered(const struct view_ctx *c);
double common_seconds(struct span s); /* NAN when it has no length */
/* Never of no length, so that a graph can be drawn: one moment becomes a second. Live,
 * it ends up to a sixth later, at a round moment: the drawing stands still and fills,
 * then leaps, where scrolling each second would send every cell of it again. */
struct span common_drawn(const struct view_ctx *c, struct span s);

/* from, to, window_ns, lines_total, lines_unparsed, unparsed_samples[], notes[], frames_lost. */
void common_envelope(struct doc *d, const struct view_ctx *c, struct span s);

/* "1234 requests, last 1 min, from access.log, 20 s old": what a pane's figures are. */
struct note {
    sd_kinds kinds; /* records they come from: names the sources; 0: not said */
    int64_t n;      /* how many, of `what`; SD_UNKNOWN: not said */
    const char *what;
    struct span span; /* {0, 0}: what is covered */
    sd_time last;     /* newest data, SD_UNKNOWN: age not said */
    bool moment;      /* figures of one moment: the window is not said */
};
const char *common_note(struct doc *d, const struct view_ctx *c, const struct note *n);
/* "300 of 600 lines not read", of all time; NULL: all were. */
const char *common_unread(struct doc *d, const struct view_ctx *c, sd_kinds kinds);
/* What the sources that bring these kinds assumed or skipped while reading, in sentences; NULL: nothing. */
const char *common_reading(struct doc *d, const struct view_ctx *c, sd_kinds kinds);

/* For `subject` of views about an endpoint, or a query. */
const char *common_endpoint(const struct model *m, size_t i);
const char *common_query(const struct model *m, size_t i);

/* now - then, at least 0; unknown when one is, or when no integer holds it. */
int64_t common_age(sd_time now, sd_time then);
/* "15 s", "5 min", "2.5 h": the length of a window. */
char *common_duration(int64_t ns, char buf[UNIT_TEXT_MAX]);

/* " + looks at a longer one.": what the key of an action does, after another sentence. ""
 * when the doc is printed, where no key works. */
const char *common_hint(struct doc *d, const struct view_ctx *c, const char *action, const char *does);

/* Why a pane that lives on KINDS_... is empty, and what to do. */
const char *common_empty(struct doc *d, const struct view_ctx *c, sd_kinds kinds);
/* What a live source cannot see and what would help: of its sentence, as in "PostgreSQL
 * 15.4, database shop; texts are hidden", what follows the first semicolon. NULL: it
 * sees all. */
const char *common_caveat(const struct sd_status *s);
/* `text`, and after it what the sources that bring `kinds` cannot see: an empty pane
 * shall not claim that there is nothing. */
const char *common_as_seen(struct doc *d, const struct view_ctx *c, sd_kinds kinds, const char *text);

/* SQL as it may be shown: literals hidden when they must be; with `line` on one line.
 * What was hidden once is remembered: parsing costs more than everything else here. */
const char *common_sql(struct doc *d, const struct view_ctx *c, const char *sql, bool line);
/* Makes a TEXT section a statement: laid out and with its parts in colours; what is copied and printed for
 * programs is `sql` as it is. It is the doc's; NULL: the section stays empty. */
void common_statement(struct doc *d, struct section *s, const char *sql);
/* A 64-bit identifier as text: JSON readers keep 53 bits of a number. NULL when unknown. */
const char *common_id(struct doc *d, int64_t id);

/* Points for a graph of the span: the screen's, but no finer than a second each. */
size_t common_points(const struct view_ctx *c, struct span s);
/* A new section with an empty graph over the span. */
struct section *common_graph(struct doc *d, const char *key, const char *title, enum unit unit, struct span s,
                             size_t n);

/* Which of the sources of records of these kinds are gone. All of them: *all, and the sentence "as of
 * 05:00:08, connection lost"; some: "shop as of ..."; NULL: none is, or none has brought anything. */
const char *common_lost(struct doc *d, const struct view_ctx *c, sd_kinds kinds, bool *all);
/* The statement that a sentence proposes, "GRANT pg_monitor TO eve;"; NULL: none. */
const char *common_grant(struct doc *d, const char *sentence);
/* Up to when a live drawing of records that come at their own time is complete: the newest of them (`last`)
 * while more may be under way, the cursor when nothing has come for a while. */
sd_time common_settled(const struct view_ctx *c, sd_time last);

/* A statement to be copied, on one line and with ";"; as it is when it cannot be so written:
 * the console asks before it copies lines. NULL gives NULL. */
const char *statement_line(struct doc *d, const char *sql);

/* The value of a label of a metric (core/labels.h), in the doc; NULL: there is no such label. */
const char *view_label(struct doc *d, const char *labels, const char *key);

#endif
