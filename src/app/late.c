#include "app/late.h"

#ifndef SLOWDIVE_MODULES

void late_begin(void)
{
}

#else

#include <string.h>

#include "rt/registry.h"
#include "source/history/history_reach.h"
#include "source/kinds.h"
#include "source/load/runner.h"
#include "source/notify/notify.h"
#include "source/notify/notify_request.h"
#include "store/recorder.h"
#include "store/spool.h"

#define KIND_ROW(kind, name, module, flags) {name, #module, flags},
#define FORMAT_ROW(NAME, kind, sure, what)  {#kind, "profile", 0},
#define PACKAGE_ROW(module, package)        {#module, package},

void late_begin(void)
{
    static const struct registry_kind kinds[] = {SOURCE_KINDS(KIND_ROW)
                                                     PROFILE_FORMATS(FORMAT_ROW){NULL, NULL, 0}};
    static const struct registry_package packages[] = {SOURCE_PACKAGES(PACKAGE_ROW){NULL, NULL}};
    registry_know(kinds, packages);
}

/* Each of these has the name and the type of the function that it calls in the module. Where the module is
 * not here it says so in its error and returns `otherwise`; one without an error is only called with what
 * another has made. */
#define LATE(module, result, name, params, args, err, otherwise)                                             \
    result name params                                                                                       \
    {                                                                                                        \
        result(*at) params;                                                                                  \
        *(void **)&at = registry_symbol(module, #name, err);                                                 \
        if (at)                                                                                              \
            return at args;                                                                                  \
        otherwise;                                                                                           \
    }

static _Thread_local struct sd_error ignored;

LATE("history", enum sd_result, store_open,
     (const char *url, const struct store_options *o, struct store **out, struct sd_error *err),
     (url, o, out, err), err, return (*out = NULL, SD_CONFIG))
LATE("history", void, store_close, (struct store * s), (s), &ignored, return )
LATE("history", enum sd_result, store_put,
     (struct store * s, const struct store_run *run, const struct store_put *put, struct sd_error *err),
     (s, run, put, err), err, return SD_CONFIG)
LATE("history", enum sd_result, store_places,
     (struct store * s, const char *host, store_place *each, void *ctx, struct sd_error *err),
     (s, host, each, ctx, err), err, return SD_CONFIG)
LATE("history", enum sd_result, store_end,
     (struct store * s, const struct store_run *run, struct sd_error *err), (s, run, err), err,
     return SD_CONFIG)
LATE("history", enum sd_result, store_state,
     (struct store * s, bool verify, struct arena *a, struct store_state *out, struct sd_error *err),
     (s, verify, a, out, err), err, return SD_CONFIG)
LATE("history", enum sd_result, store_compact,
     (struct store * s, sd_time now, struct store_compaction *out, struct sd_error *err), (s, now, out, err),
     err, return SD_CONFIG)
LATE("history", enum sd_result, store_right,
     (const char *url, const struct store_options *o, enum store_right *out, struct sd_error *err),
     (url, o, out, err), err, return SD_CONFIG)
LATE("history", char *, store_partial, (struct store * s), (s), &ignored, return NULL)
LATE("history", char *, store_schema, (const char *url, const struct store_options *o, struct sd_error *err),
     (url, o, err), err, return NULL)
LATE("history", enum sd_result, history_reach,
     (const char *target, const void *opts, bool (*stop)(void *ctx), void *ctx, struct history_reach *out,
      struct sd_error *err),
     (target, opts, stop, ctx, out, err), err, return SD_CONFIG)

LATE("history", struct history_recorder *, history_recorder_open,
     (const struct history_recorder_options *o, int64_t wait_ns, struct sd_error *err), (o, wait_ns, err),
     err, return NULL)
LATE("history", void, history_recorder_batch, (struct history_recorder * r, const struct sd_batch *b), (r, b),
     &ignored, return )
LATE("history", struct history_recorder_stats, history_recorder_stats, (struct history_recorder * r), (r),
     &ignored, return (struct history_recorder_stats){0})
LATE("history", struct history_recorder_stats, history_recorder_close,
     (struct history_recorder * r, int64_t limit_ns), (r, limit_ns), &ignored,
     return (struct history_recorder_stats){0})

LATE("history", struct spool *, spool_open, (const char *path, int64_t max_bytes, struct sd_error *err),
     (path, max_bytes, err), err, return NULL)
LATE("history", void, spool_close, (struct spool * s), (s), &ignored, return )
LATE("history", enum sd_result, spool_places,
     (struct spool * s, const char *host, store_place *each, void *ctx, struct sd_error *err),
     (s, host, each, ctx, err), err, return SD_CONFIG)

LATE("load", bool, load_runner_allowed,
     (struct load_scenario * s, const struct load_permission *p, struct load_target *t, struct sd_error *err),
     (s, p, t, err), err, return false)
LATE("load", bool, load_runner_run,
     (struct load_run * r, const struct load_target *t, const struct load_runner_hooks *hooks,
      atomic_int *stop, struct sd_error *err),
     (r, t, hooks, stop, err), err, return false)

LATE("notify", bool, notify_request,
     (struct notify_request * r, const struct delivery *d, const struct payload_about *about,
      struct sd_error *err),
     (r, d, about, err), err, return (memset(r, 0, sizeof *r), false))
LATE("notify", void, notify_request_free, (struct notify_request * r), (r), &ignored, return )

/* Where nothing can be sent each answer says so. */
static void not_sent(size_t n, struct delivery_answer *answers, const struct sd_error *why)
{
    for (size_t i = 0; i < n; i++) {
        answers[i] = (struct delivery_answer){.retry_after_ns = SD_UNKNOWN};
        snprintf(answers[i].error, sizeof answers[i].error, "%s", why->text);
    }
}

LATE("notify", void, notify_send,
     (void *ctx, const struct delivery *d, size_t n, struct delivery_answer *answers), (ctx, d, n, answers),
     &ignored, not_sent(n, answers, &ignored))
LATE("notify", void, notify_send_within,
     (const struct payload_about *about, const struct delivery *d, size_t n, struct delivery_answer *answers,
      int64_t request_ns, int64_t all_ns),
     (about, d, n, answers, request_ns, all_ns), &ignored, not_sent(n, answers, &ignored))

#endif
