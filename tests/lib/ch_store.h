/* ch_store.h - what tests of the store in ClickHouse share: servers of their own, databases in them, made
 * rows, and sums read back. Each fails the test when it cannot. */
#ifndef TESTS_CH_STORE_H
#define TESTS_CH_STORE_H

#include "tests/lib/test.h"

#include "core/hist.h"
#include "store/store.h"
#include "tests/lib/history_rows.h"
#include "tests/lib/private_ch.h"

#define DAY (86400 * SD_S)

extern struct private_ch ch;
extern bool ch_have;
#define NEEDED                                                                                               \
    do {                                                                                                     \
        (void)state;                                                                                         \
        if (!ch_have) {                                                                                      \
            print_message("no server: %s\n", ch.why);                                                        \
            skip();                                                                                          \
        }                                                                                                    \
    } while (0)
/* Starts so many servers, runs the tests, and ends the servers. */
int ch_main(int shards, int (*run)(void));

char *ch_url(int shard, const char *user, const char *database); /* good until the next call */
/* `answer` NULL: any but an exception. */
void ch_sql(int shard, const char *text, const char *answer);
void ch_fresh(const char *database); /* an empty one of that name on all shards */
struct store *ch_opened(const char *url, const struct store_options *o);
extern const struct store_options CH_WRITE;
struct store *ch_opened_fresh(const char *database);

enum sd_result ch_put_rows(struct store *s, const struct store_run *run, uint64_t number, sd_time from,
                           sd_time to, struct history_fold *f, struct sd_error *err);
void ch_put(struct store *s, const struct store_run *run, uint64_t number, sd_time from, sd_time to,
            struct history_fold *f);
/* `steps` puts from `t0` on, numbered from `first`. */
void ch_fill(struct store *s, const struct store_run *run, struct made *m, sd_time t0, uint64_t first,
             int steps, struct hist *exact);

/* Everything about a route in a span. */
struct total {
    struct hist hist;
    int64_t count, errors, bytes, total_ns, min_ns, max_ns, hosts, rows;
    const char *one_host;
};
/* Good until the next call. */
struct total *ch_read_route(struct store *s, sd_time from, sd_time to, const char *route, const char *host,
                            struct store_answer *answer);
/* The same of an ask of one's own, whose steps, from and to are set. */
struct total *ch_read_total(struct store *s, struct store_ask *ask, sd_time from, sd_time to,
                            struct store_answer *answer);
int64_t ch_count(struct store *s, sd_time t0); /* requests of a day */
void ch_same_hist(const struct hist *a, const struct hist *b);
struct store_state ch_state(struct store *s, struct arena *a, bool verify);
sd_time ch_today(void);

#endif
