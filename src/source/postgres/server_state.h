/* server_state.h - the server as a whole: figures, I/O, replication, progress, parameters.
 *
 * The views of these differ from version to version: the catalogue is asked which columns there are, and a
 * statement names only those. */
#ifndef SOURCE_POSTGRES_SERVER_STATE_H
#define SOURCE_POSTGRES_SERVER_STATE_H

#include "source/postgres/internal.h"

/* Adds SD_SERVER with SD_REPLICATION and SD_PROGRESS to a batch, and at times SD_SERVER_IO. What the server
 * refuses is absent from it. */
enum sd_result server_state_add(struct postgres *p, struct sd_batch *b, sd_time at, struct sd_error *err);
/* What is not read so often: parameters. */
enum sd_result server_state_slow(struct postgres *p, struct sd_error *err);
/* Publishes SD_PARAMETER. */
enum sd_result parameters_collect(struct postgres *p, struct sd_error *err);
/* Publishes what the server keeps of the time before, as metrics postgresql.history. Once. */
enum sd_result history_collect(struct postgres *p, struct sd_error *err);
void server_state_free(struct postgres *p);
/* False: when it was last read there was nothing that holders_sql could give. */
bool server_state_keeps(const struct postgres *p);

/* `columns` is a list of view.column:type, comma separated, the type as its number: what there is. */
bool columns_have(const char *columns, const char *column);
/* Pure: the statement that gives such a list. */
const char *columns_sql(void);

/* The statements, pure; caller frees. Each reader adds one record for each row to b. */
char *server_figures_sql(const char *columns);
void server_figures_add(struct postgres *p, struct sd_batch *b, const PGresult *r, const char *columns);
char *server_io_sql(const char *columns); /* NULL: the server has no pg_stat_io */
void server_io_add(struct postgres *p, struct sd_batch *b, const PGresult *r);
char *replication_sql(const char *columns);
void replication_add(struct postgres *p, struct sd_batch *b, const PGresult *r);
char *progress_sql(const char *columns); /* NULL: the server has no such view */
/* Appends the condition that there is anything in them at all. */
void progress_any(const char *columns, struct strbuf *sql);
/* One row of 0 or 1: has replication_sql anything to give, progress_sql, and holders_sql? */
char *server_any_sql(const char *columns);
void progress_add(struct postgres *p, struct sd_batch *b, const PGresult *r, const char *columns);
const char *parameters_sql(void);
const char *history_ash_sql(void);
char *history_sampling_sql(const char *schema);

#endif
