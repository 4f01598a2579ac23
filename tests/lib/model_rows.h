/* model_rows.h - rows for a model, a batch each: requests, snapshots of statements, moments of sessions. */
#ifndef TESTS_LIB_MODEL_ROWS_H
#define TESTS_LIB_MODEL_ROWS_H

#include "core/model/model.h"
#include "core/schema.h"

#define T0 (INT64_C(1700000000) * SD_S)

/* Takes the batch; the model stays within its bytes. */
void add_batch(struct model *m, struct sd_batch *b);
/* `r` with all fields unknown; returns it. */
void *cleared(enum sd_kind kind, void *r);
/* `count` requests of `ns` each that ended within the second at `at`. */
void add_http(struct model *m, sd_time at, const char *method, const char *route, int64_t count, int64_t ns);
/* Totals of query 42 in the database shop. */
struct sd_statement made_statement(const char *role, int64_t calls, int64_t total);
void add_snapshot(struct model *m, sd_time at, size_t n, const struct sd_statement *rows);
/* A snapshot of made_statement("app") alone. */
void add_one(struct model *m, sd_time at, int64_t calls, int64_t total);
/* One that runs `query` as process 7; `wait` and `route` may be NULL. */
struct sd_activity made_session(int64_t query, const char *wait, const char *route);
/* All sessions that one look saw. */
void add_moment(struct model *m, sd_time at, size_t n, const struct sd_activity *rows);
/* Of seconds after T0. */
struct span seconds(int64_t from, int64_t to);

#endif
