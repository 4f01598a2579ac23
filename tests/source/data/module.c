/* A module with one thing wrong, by -DWRONG_...; built by test_registry. */
#include "slowdive/source.h"

static enum sd_result m_open(struct sd_source *s, struct sd_error *err)
{
    (void)s;
    (void)err;
    return SD_OK;
}

static enum sd_result m_collect(struct sd_source *s, struct sd_batch *b, struct sd_error *err)
{
    (void)s;
    (void)b;
    (void)err;
    return SD_GONE;
}

static void m_close(struct sd_source *s)
{
    (void)s;
}

#ifndef NAME
#define NAME "fine"
#endif
#ifndef ABI
#define ABI SD_ABI
#endif
#ifndef OFFSET
#define OFFSET 0
#endif
#ifndef FALLBACK
#define FALLBACK "7"
#endif
#ifndef COLLECT
#define COLLECT m_collect
#endif

static const struct sd_option options[] = {
    {.name = "n", .type = SD_OPTION_INT, .offset = OFFSET, .fallback = FALLBACK, .help = "a number"},
    {.name = NULL},
};

static const struct sd_source_ops ops = {
    .abi = ABI,
    .size = sizeof ops,
    .name = NAME,
    .summary = "a test",
    .targets = "fine:",
    .provides = SD_KIND_BIT(SD_METRIC),
    .opts_size = 8,
    .options = options,
    .interval_ns = SD_S,
    .open = m_open,
    .collect = COLLECT,
    .close = m_close,
};

#ifdef WRONG_SYMBOL
const struct sd_source_ops *something_else(void)
#else
const struct sd_source_ops *slowdive_source(void)
#endif
{
    return &ops;
}
