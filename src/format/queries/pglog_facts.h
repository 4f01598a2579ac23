/* pglog_facts.h - what the entries of a PostgreSQL log say: executions of statements, and events. Pure; one
 * thread.
 *
 * Executions: "duration: 12 ms  statement: ..." of log_min_duration_statement and its samples, with the
 * extended protocol's parse and bind as planning; a duration alone goes to the statement that the same
 * process logged before it. Plans of auto_explain are not among them. Temporary files count for their
 * statement. Events: lock waits, deadlocks, temporary files, checkpoints, autovacuum, what was cancelled,
 * refused connections, starts, stops and crashes. Constants are hidden in their texts. */
#ifndef FORMAT_QUERIES_PGLOG_FACTS_H
#define FORMAT_QUERIES_PGLOG_FACTS_H

#include "format/queries/pglog.h"
#include "format/queries/statement_log.h"

struct pglog_facts;
struct pglog_facts_options {
    struct statement_log *statements; /* outlives the facts */
    void (*event)(void *ctx, sd_time at, const struct sd_event *e);
    void *ctx;
};

struct pglog_facts *pglog_facts_new(const struct pglog_facts_options *o);
void pglog_facts_free(struct pglog_facts *f);
/* `now` stands in for the time of entries that have none. */
void pglog_facts_now(struct pglog_facts *f, sd_time now);
void pglog_facts_take(void *facts, const struct pglog_entry *e); /* a pglog_take */
void pglog_facts_flush(struct pglog_facts *f);                   /* hands out what is summed up */
/* Entries taken; durations whose statement the log does not have; durations whose words are in another
 * language than English. */
int64_t pglog_facts_entries(const struct pglog_facts *f);
int64_t pglog_facts_nameless(const struct pglog_facts *f);
int64_t pglog_facts_foreign(const struct pglog_facts *f);
int64_t pglog_facts_events(const struct pglog_facts *f);

#endif
