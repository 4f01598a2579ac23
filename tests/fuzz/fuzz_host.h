/* fuzz_host.h - the host of a source for a fuzz target: batches are made and thrown away. */
#ifndef FUZZ_HOST_H
#define FUZZ_HOST_H

#include <stdarg.h>

#include "core/batch.h"
#include "slowdive/source.h"

static struct sd_batch *host_batch(struct sd_source *s, sd_time at)
{
    (void)s;
    return batch_new("fuzz", at);
}

static void host_publish(struct sd_source *s, struct sd_batch *b)
{
    (void)s;
    batch_unref(b);
}

static void host_discard(struct sd_batch *b)
{
    batch_unref(b);
}

static void host_note(struct sd_source *s, enum sd_state state, const char *fmt, ...)
{
    (void)s, (void)state, (void)fmt;
}

static void host_log(struct sd_source *s, const char *fmt, ...)
{
    (void)s, (void)fmt;
}

static bool host_no(struct sd_source *s)
{
    (void)s;
    return false;
}

#endif
