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

#ifdef NEEDS /* a function of a library that is not there when it is loaded */
int needed(void);
int use_needed(void);
int use_needed(void)
{
    return needed();
}
#endif

#ifdef PART /* it belongs to the program */
extern const char slowdive_part[];
const char slowdive_part[] = PART;
int double_of(int n);
int double_of(int n)
{
    return 2 * n;
}
#endif

#ifdef SEVERAL
static const struct sd_source_ops second = {
    .abi = SD_ABI,
    .size = sizeof second,
    .name = SEVERAL,
    .summary = "a test",
    .targets = "second:",
    .provides = SD_KIND_BIT(SD_METRIC),
    .interval_ns = SD_S,
    .open = m_open,
    .collect = m_collect,
    .close = m_close,
};
const struct sd_source_ops *const *slowdive_sources(void);
const struct sd_source_ops *const *slowdive_sources(void)
{
    static const struct sd_source_ops *const all[] = {&ops, &second, NULL};
    return all;
}
#elif defined(EMPTY)
const struct sd_source_ops *const *slowdive_sources(void);
const struct sd_source_ops *const *slowdive_sources(void)
{
    static const struct sd_source_ops *const all[] = {NULL};
    return all;
}
#elif defined(PART_ALONE)
#elif defined(WRONG_SYMBOL)
const struct sd_source_ops *something_else(void)
{
    return &ops;
}
#else
const struct sd_source_ops *slowdive_source(void)
{
    return &ops;
}
#endif
