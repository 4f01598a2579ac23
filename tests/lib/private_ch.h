/* private_ch.h - ClickHouse servers for one test program, by contrib/private-clickhouse. They end with
 * private_ch_stop, or by themselves soon after the test program has ended. */
#ifndef TESTS_PRIVATE_CH_H
#define TESTS_PRIVATE_CH_H

#include <stdbool.h>

struct private_ch {
    char dir[200];
    int shards, port[2]; /* HTTP, on 127.0.0.1 */
    int tls_port[2];     /* for localhost, by DIR/ca.pem; 0: there is no openssl */
    char why[400];       /* after a failed start */
};

/* False when there is no server here: skip with `why`. 1 or 2 shards; the cluster's name is fleet. */
bool private_ch_start(struct private_ch *ch, int shards);
void private_ch_kill(struct private_ch *ch, int shard); /* kill -9; shard 1 or 2 */
bool private_ch_resume(struct private_ch *ch);          /* on the same ports */
void private_ch_stop(struct private_ch *ch);
/* Runs a statement at a shard as `default`, by curl; its output, for the caller to free. */
char *private_ch_sql(const struct private_ch *ch, int shard, const char *sql);
/* As another user, whose password is "secret". */
char *private_ch_sql_as(const struct private_ch *ch, int shard, const char *user, const char *sql);

#endif
