/* db_store.h - what tests of histories in SQLite share: a folder of their own, made rows, and sums of what
 * must be there. Each fails the test when it cannot. */
#ifndef TESTS_DB_STORE_H
#define TESTS_DB_STORE_H

#include "tests/lib/test.h"

#include "core/history/history.h"
#include "store/store.h"

#define DB_T0   (1800000000 * SD_S) /* a multiple of an hour */
#define DB_TEN  (10 * SD_S)
#define DB_HOUR (3600 * SD_S)
#define DB_DAY  (24 * DB_HOUR)

struct db_made {
    struct sd_http http;
    struct sd_hist hist;
    struct sd_bucket buckets[4];
    char route[24];
};

/* What must be there: sums of all that was put. */
struct db_sums {
    uint64_t buckets[SD_HIST_BUCKETS];
    int64_t count, errors, bytes, total, rows;
};

extern char db_folder[];
extern const struct store_run DB_RUN;

/* For free(): of a file in the folder; as a URL. */
char *db_path(const char *name);
char *db_url(const char *name);
struct store *db_opened(const char *name, bool write);
/* The sentence with which opening fails. */
void db_opens_not(const char *name, bool write, enum sd_result expected, const char *says);
uint64_t db_roll(uint64_t sides);
/* Some requests of route i in the ten seconds from `at`. */
struct history_row db_make_row(struct db_made *m, int i, sd_time at, const char *host);
void db_count_row(struct db_sums *s, const struct history_row *row);
bool db_sum_up(void *ctx, const struct history_row *row);
void db_same_sums(const struct db_sums *a, const struct db_sums *b);
/* Ten seconds of n routes; counted in `sums` (or NULL) when they are taken. */
enum sd_result db_put_ten(struct store *s, const struct store_run *run, uint64_t number, sd_time at, int n,
                          struct db_sums *sums);
/* For free(): all requests of a span. */
struct db_sums *db_read_all(struct store *s, sd_time from, sd_time to, int64_t step,
                            struct store_answer *answer);
/* Does verification say so? */
void db_is_sound(struct store *s, bool sound);
void db_compact_at(struct store *s, sd_time now, struct store_compaction *out);
void db_has_sums(struct store *s, const struct db_sums *expected);
/* Setup and teardown of the group. */
int db_make_folder(void **state);
int db_remove_folder(void **state);
/* Of the next rows by chance. */
void db_seed(uint64_t seed);

#endif
