/* json_out.h - JSON, written as it is told: no tree is built. The layout is cJSON_Print's: a tab for each
 * level, a line for each member of an object, the items of a list beside each other.
 *
 * A reader gets every character, but a terminal gets no control characters: what utf8_append would replace is
 * written as \u. What is no UTF-8 is U+FFFD. One thread. */
#ifndef SINK_JSON_OUT_H
#define SINK_JSON_OUT_H

#include "base/base.h"

enum { JSON_OUT_DEEP = 32, JSON_OUT_MUCH = 1 << 18 };

struct json_out {
    struct strbuf *to;
    /* Takes away what was written, whenever it has become JSON_OUT_MUCH bytes; NULL: all of it stays in `to`.
     */
    void (*take)(void *ctx, struct strbuf *written);
    void *ctx;
    size_t depth; /* objects and lists that are open; what is opened deeper than JSON_OUT_DEEP is left out */
    struct {
        bool list, any; /* any: it has an item already */
    } open[JSON_OUT_DEEP];
};

/* `key` is left alone in a list, and outside of everything. */
void json_out_open(struct json_out *o, const char *key, bool list);
void json_out_close(struct json_out *o);
void json_out_null(struct json_out *o, const char *key);
void json_out_bool(struct json_out *o, const char *key, bool v);
void json_out_int(struct json_out *o, const char *key, int64_t v);      /* SD_UNKNOWN is null */
void json_out_real(struct json_out *o, const char *key, double v);      /* what is not finite is null */
void json_out_text(struct json_out *o, const char *key, const char *s); /* NULL is null */

#endif
