/* follow.h - reads a server's log, whose entries have several lines: a file as it grows, a file to its end, a
 * pipe. Worker only. */
#ifndef SOURCE_LOG_FOLLOW_H
#define SOURCE_LOG_FOLLOW_H

#include "slowdive/source.h"
#include "source/log/tail.h"

struct follow_ops {
    const char *example; /* a target: "pglog:/var/log/postgresql/postgresql-15-main.log" */
    /* Takes what is whole from the front of `text` and returns how many bytes that was. `whole`: nothing more
     * comes, all of it is to be taken. */
    size_t (*take)(struct sd_source *s, const char *text, size_t len, bool whole);
    void (*too_long)(struct sd_source *s); /* an entry of more than 32 MiB was left out */
    void (*quiet)(struct sd_source *s);    /* nothing came for a moment; NULL */
    enum sd_result (*finish)(struct sd_source *s, struct sd_error *err); /* a stream has ended */
};

struct follow {
    const struct follow_ops *ops;
    struct tail tail;
    bool tailing;
    int fd; /* of a stream: a pipe, a file read to its end; -1 */
    bool own_fd, pollable;
    struct accesslog_carry carry;
    char *buffer; /* NULL: not opened */
    sd_time grew_at;
    int64_t bytes;
    const char *said_missing; /* the last reported reason */
};

/* `backlog`: bytes of a file that are read before it is followed. */
enum sd_result follow_open(struct follow *f, struct sd_source *s, const struct follow_ops *ops,
                           int64_t backlog, struct sd_error *err);
enum sd_result follow_run(struct follow *f, struct sd_source *s, struct sd_error *err);
void follow_close(struct follow *f); /* also of one that was never opened */

#endif
