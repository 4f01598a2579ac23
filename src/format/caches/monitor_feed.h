/* monitor_feed.h - what a connection in MONITOR sends, also when it has subscribed to keyspace notifications:
 * in the order in which it happened. Pure; bounded whatever comes.
 *
 * The server writes a line for each command; values are in it. Of a line that is longer than what is kept the
 * last argument, which is not whole, is left out. */
#ifndef FORMAT_CACHES_MONITOR_FEED_H
#define FORMAT_CACHES_MONITOR_FEED_H

#include "base/base.h"

enum { MONITOR_ARGUMENTS = 256, MONITOR_TEXT = 4096 };

enum monitor_what { MONITOR_NOTHING, MONITOR_COMMAND, MONITOR_EVENT };

struct monitor_item {
    enum monitor_what what;
    sd_time at; /* of a command: the server's clock */
    int64_t db;
    const char *client; /* "127.0.0.1:5000", "unix:/run/redis.sock", "lua" */
    size_t n;           /* arguments; the first is the command's name */
    const char *arguments[MONITOR_ARGUMENTS];
    size_t lengths[MONITOR_ARGUMENTS];
    bool cut;          /* there were more */
    const char *event; /* "expired"; its key is the first argument */
};

struct monitor_feed {
    int64_t left;  /* strings of an array that is being read */
    int64_t bytes; /* of the string that is being read; -1: its length comes next */
    size_t got, parts, part_len;
    char part[4][512];
    size_t lens[4];
    int64_t lines, unread;
    char text[MONITOR_TEXT + 2 * MONITOR_ARGUMENTS];
};

/* The next line, without its end and its '+'; `whole`: the length it had with its '\r', if not all is given.
 * `out` refers to the feed, until the next call. */
void monitor_feed_line(struct monitor_feed *f, const char *line, size_t n, size_t whole,
                       struct monitor_item *out);

#endif
