#include "source/log/log_statements.h"

void log_statements_publish(void *ctx, sd_time at, const struct sd_statement *records, size_t n)
{
    struct sd_source *s = ctx;
    struct sd_batch *b = s->host->batch(s, at);
    for (size_t i = 0; i < n; i++)
        s->host->add(b, SD_STATEMENT, &records[i]);
    s->host->publish(s, b);
}

void log_statements_add(void *ctx, sd_time at, const struct sd_statement *records, size_t n)
{
    struct log_statements_batch *d = ctx;
    (void)at;
    for (size_t i = 0; i < n; i++)
        d->full |= !d->host->add(d->b, SD_STATEMENT, &records[i]);
}
