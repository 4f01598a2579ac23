/* span_draft.h - collects the spans of one input, whatever its format, into records.
 *
 * A reader calls for each span: span_draft_begin, then for each attribute span_draft_attribute, for each
 * event span_draft_event, then span_draft_end. All texts are bytes that are copied. Here, once for all
 * formats, ids are brought into one form, statements lose their constants, keys of stores all but their
 * prefix, URLs the values of their queries, and what looks like a secret is hidden.
 *
 * It is bounded: at SPAN_DRAFT_FULL spans or bytes it is full, and is to be taken. One thread. */
#ifndef FORMAT_TRACES_SPAN_DRAFT_H
#define FORMAT_TRACES_SPAN_DRAFT_H

#include "base/base.h"

enum {
    SPAN_DRAFT_SPANS = 16384,    /* in one record */
    SPAN_DRAFT_ATTRIBUTES = 128, /* of a span; more are left out, and counted */
    SPAN_DRAFT_TELLING = 16,     /* beyond these, of those that tell what the span is: span_attribute_tells */
    SPAN_DRAFT_EVENTS = 128,
    SPAN_DRAFT_VALUE = 4096 /* bytes of a value; longer ones are cut */
};
#define SPAN_DRAFT_BYTES ((size_t)8 << 20)

/* Bytes of a text; .at NULL: it is not said. */
struct span_text {
    const char *at;
    size_t n;
};
static inline struct span_text span_text(const char *s)
{
    return (struct span_text){.at = s, .n = s ? strlen(s) : 0};
}

struct span_head {
    struct span_text trace, id, parent; /* text: hex digits in any case, or whatever is there */
    const uint8_t *trace_bytes, *id_bytes,
        *parent_bytes; /* instead: 16, 8 and 8 bytes; parent all 0: a root */
    struct span_text name;
    int kind;         /* 1..5 as in OTLP; 0: not said */
    sd_time start;    /* SD_UNKNOWN: not said */
    int64_t duration; /* ns; SD_UNKNOWN */
    bool error, follows;
};

struct span_draft;

/* What a reader calls when the draft is full: it is taken there. False: the reader ends. */
struct span_sink {
    bool (*full)(void *ctx, struct span_draft *d);
    void *ctx;
};

struct span_draft *span_draft_new(void);
void span_draft_free(struct span_draft *d); /* NULL is fine */

/* From now on spans that `seen` knows are left out, silently; NULL: none are. */
struct span_seen;
void span_draft_once(struct span_draft *d, struct span_seen *seen);
/* Whose the spans are that come next. `resource`: labels as of metrics; NULL: none. */
void span_draft_service(struct span_draft *d, struct span_text name, const char *resource);
/* False: the span has no trace or no id, and is left out; its attributes may be given all the same. */
bool span_draft_begin(struct span_draft *d, const struct span_head *h);
void span_draft_attribute(struct span_draft *d, struct span_text key, struct span_text value);
void span_draft_event(struct span_draft *d, sd_time at, struct span_text name, struct span_text more);
/* What only the attributes tell: it failed; its kind. Between begin and end. */
void span_draft_failed(struct span_draft *d);
void span_draft_kind(struct span_draft *d, int kind);
/* So many attributes of it were left out before they came here. */
void span_draft_left_out(struct span_draft *d, size_t n);
/* Does the name say what is called: an endpoint, a statement, a service? */
bool span_attribute_tells(struct span_text key);
/* It has so many links, which are only counted. */
void span_draft_links(struct span_draft *d, int64_t n);
void span_draft_end(struct span_draft *d);

size_t span_draft_count(const struct span_draft *d);
bool span_draft_full(const struct span_draft *d);
/* Gives a full draft to `sink`, which may be NULL; false: to end. Readers ask it after each span. */
bool span_draft_room(struct span_draft *d, const struct span_sink *sink);
/* The spans since the last call, good until the next span. False: none. */
bool span_draft_take(struct span_draft *d, struct sd_spans *out);

struct span_intake {
    int64_t spans, refused; /* without a trace or an id */
    int64_t cut;            /* attributes, events and values that were left out or cut */
    int64_t nameless;       /* spans of no named service */
    int64_t links;          /* to other traces, which are not kept */
    const char *reason;     /* why the last one was refused, a sentence; NULL */
};
const struct span_intake *span_draft_intake(const struct span_draft *d);

#endif
