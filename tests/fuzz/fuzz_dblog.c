/* A PostgreSQL log and a slow query log, whole and in two pieces: every execution has a text and a time,
 * every event is a sentence, and a statement's digest stays what it is. */
#include <stdlib.h>

#include "core/sql/digest.h"
#include "format/queries/pglog_facts.h"
#include "format/queries/slowlog.h"
#include "fuzz_host.h"

static int64_t calls;

static void counted(void *ctx, sd_time at, const struct sd_statement *r, size_t n)
{
    (void)ctx;
    for (size_t i = 0; i < n; i++)
        if (at < 0 || !r[i].text || !r[i].fingerprint || r[i].calls < 0 || r[i].logged != 1)
            abort();
}

static void happened(void *ctx, sd_time at, const struct sd_event *e)
{
    (void)ctx;
    (void)at;
    if (!e->severity || !e->title || !e->text || !*e->text)
        abort();
}

static void executed(void *ctx, const struct logged_execution *x)
{
    if (!x->text || !*x->text || x->total_ns < 0)
        abort();
    char *digest = sql_digest(x->text);
    free(digest);
    statement_log_add(ctx, x);
    calls++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct statement_log *s =
        statement_log_new(&(struct statement_log_options){.max = 20, .emit = counted, .mysql = size % 2});
    struct pglog_facts *f =
        pglog_facts_new(&(struct pglog_facts_options){.statements = s, .event = happened});
    struct pglog_counts pg = {0};
    struct slowlog_counts slow = {0};
    struct slowlog_state state = {0};
    size_t half = pglog_read(text, size / 2, false, pglog_facts_take, f, &pg);
    if (half > size / 2)
        abort();
    if (pglog_read(text + half, size - half, true, pglog_facts_take, f, &pg) != size - half ||
        pg.unread > pg.lines)
        abort();
    pglog_facts_flush(f);
    half = slowlog_read(text, size / 2, false, SD_S, &state, executed, s, &slow);
    if (half > size / 2 ||
        slowlog_read(text + half, size - half, true, SD_S, &state, executed, s, &slow) != size - half ||
        slow.unread > slow.entries)
        abort();
    statement_log_flush(s);
    slowlog_free(&state);
    pglog_facts_free(f);
    statement_log_free(s);
    return 0;
}
