/* store_internal.h - the table of stores: one row for each engine. Only for src/store/. */
#ifndef STORE_STORE_INTERNAL_H
#define STORE_STORE_INTERNAL_H

#include "store/store.h"

enum { SQLITE_STORE_MAGIC = 0x736c6477 }; /* application_id of a history's file: "sldw" */

/* What store.h says of store_NAME, for one engine. `open` allocates what begins with a struct store and sets
 * `url`; `close` frees it with its own parts (the url is freed by store.c). */
struct store_ops {
    const char *const *schemes; /* "history:"; ends with NULL */
    enum sd_result (*open)(const char *url, const struct store_options *o, struct store **out,
                           struct sd_error *err);
    void (*close)(struct store *s);
    void (*interrupt)(struct store *s);
    enum sd_result (*put)(struct store *s, const struct store_run *run, const struct store_put *put,
                          struct sd_error *err);
    /* NULL: it keeps none. */
    enum sd_result (*places)(struct store *s, const char *host, store_place *each, void *ctx,
                             struct sd_error *err);
    enum sd_result (*end)(struct store *s, const struct store_run *run, struct sd_error *err);
    enum sd_result (*read)(struct store *s, const struct store_ask *ask,
                           bool (*row)(void *ctx, const struct history_row *row), void *ctx,
                           struct store_answer *out, struct sd_error *err);
    enum sd_result (*follow)(struct store *s, uint64_t *mark, const struct store_ask *ask,
                             bool (*row)(void *ctx, const struct history_row *row), void *ctx,
                             struct sd_error *err);
    enum sd_result (*state)(struct store *s, bool verify, struct arena *a, struct store_state *out,
                            struct sd_error *err);
    /* NULL: `state` is quick enough. */
    enum sd_result (*hosts)(struct store *s, struct arena *a, struct store_state *out, struct sd_error *err);
    enum sd_result (*compact)(struct store *s, sd_time now, struct store_compaction *out,
                              struct sd_error *err);
    /* NULL: it is a file. */
    enum sd_result (*right)(const char *url, const struct store_options *o, enum store_right *out,
                            struct sd_error *err);
    char *(*schema)(const char *url, const struct store_options *o, struct sd_error *err);
};

struct store {
    const struct store_ops *ops;
    char *url;     /* as it may be shown */
    char *partial; /* what readings lacked since store_partial; NULL: nothing */
};

extern const char *const SQLITE_SCHEMES[], *const CLICKHOUSE_SCHEMES[];
extern const struct store_ops sqlite_store_ops, clickhouse_store_ops;

#endif
