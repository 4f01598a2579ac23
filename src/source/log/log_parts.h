/* log_parts.h - shared by the files of the access-log source. Only for src/source/log/. */
#ifndef SOURCE_LOG_LOG_PARTS_H
#define SOURCE_LOG_LOG_PARTS_H

#include "format/endpoints/accesslog_agg.h"
#include "slowdive/source.h"
#include "source/log/log_files.h"
#include "source/log/log_trail.h"
#include "source/log/log_unpack.h"
#include "source/log/tail.h"

#define READ_SIZE ((size_t)256 << 10)

struct log_options {
    const char *format, *unit, *date_format, *time_format, *state;
    const char *const *fields;
    const char *const *routes;
    const char *const *places;
    int64_t max_routes;
    int64_t backlog;
};

struct log {
    struct route_rules *rules;
    struct accesslog_agg *agg;
    struct log_files files; /* read before what follows: rotated ones, those of a pattern */
    struct tail *tails;     /* followed */
    size_t n_tails;
    int fd; /* of a stream: a pipe, a packed file, a file read to its end; -1 */
    bool own_fd, pollable, many;
    struct log_unpack *unpack; /* NULL: the stream is not packed */
    struct accesslog_carry carry;
    char *buffer;
    int64_t saved; /* the offset in the state file */
    bool state_failed;
    bool untold,
        renamed; /* something was handed out since a place was told; one of a renamed file was told */
    sd_time told_at;
    sd_time flushed_at, intake_at, routes_at;
    struct sd_batch *parts; /* being filled; NULL: none */
    bool cached;            /* a line told of a lookup in a cache */
    int64_t lines_told;
    char *said_format; /* the form that was said last */
    int64_t
        skew_ns;    /* how far the log's clock is ahead of this machine's, negative: behind; 0: about right */
    bool caught_up; /* what was there when it was opened has been read */
    const char *said_missing; /* the last reported reason */
};

/* Of what is followed: until the batch fits, so that no other one goes for it. */
void log_wait_for_room(struct sd_source *s, const struct log *l, struct sd_batch *b);

/* ---- log_places.c: how far a log was read ---- */
/* Where the open log was read to, -1 when nothing is known. What it was renamed to since then is read first.
 */
enum sd_result log_resume(struct sd_source *s, struct log *l, const char *path, int fd, int64_t *offset,
                          struct sd_error *err);
/* Into the file of the option "state", after all that was read has been handed out. A line that is not whole
 * yet comes again. */
void log_save_state(struct sd_source *s, struct log *l);
/* To who keeps places with the data: all that was read has been handed out. */
void log_tell_places(struct sd_source *s, struct log *l);
/* The same of a file that the log was renamed to before it is followed. */
void log_tell_place_before(struct sd_source *s, struct log *l, const char *of, const struct log_trail *trail);

#endif
