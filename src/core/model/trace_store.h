/* trace_store.h - spans as the model keeps them: small, with texts that are kept once for all traces.
 * Included only by the files of traces. */
#ifndef CORE_MODEL_TRACE_STORE_H
#define CORE_MODEL_TRACE_STORE_H

#include "core/model/parts.h"
#include "core/traces/trace.h"

/* ---- texts: each kept once, as long as something refers to it ----
 * A number stands for a text, or for an attribute: a text and the number of its name. 0 is no text. */
struct kept_text {
    char *text;                     /* NULL: the number is free */
    uint32_t refs, key, hash, next; /* next: of the same bucket */
};
struct text_table {
    struct kept_text *items; /* by number */
    uint32_t n, cap, used;
    uint32_t *buckets, n_buckets;
    uint32_t *spare; /* numbers that are free again */
    size_t n_spare, cap_spare;
};
/* With one more reference to it. */
uint32_t text_hold(struct part *p, struct text_table *x, uint32_t key, const char *text);
void text_hold_again(struct text_table *x, uint32_t number);
void text_release(struct part *p, struct text_table *x, uint32_t number);       /* 0 is fine */
uint32_t text_find(const struct text_table *x, uint32_t key, const char *text); /* 0: it is not kept */
const char *text_of(const struct text_table *x, uint32_t number);               /* NULL of 0 */
void text_table_free(struct part *p, struct text_table *x);

/* ---- a trace ---- */
enum {
    KEPT_ERROR = 1,
    KEPT_FOLLOWS = 2,
    KEPT_ROOT = 4,    /* it names no parent */
    KEPT_ID_TEXT = 8, /* `id` is the number of a text: it is not 16 hex digits */
    KEPT_PARENT_TEXT = 16
};
struct kept_span {
    sd_time start;
    int64_t duration;
    uint64_t id, parent;
    uint32_t service, resource, name, statement; /* numbers of texts */
    uint32_t first_attribute, first_event;
    uint16_t n_attributes, n_events;
    uint8_t kind, flags;
};
struct kept_event {
    sd_time at;
    uint32_t text;
};

struct slowest;
/* Facts as of the spans that are there; found when they are asked for. */
struct kept_facts {
    bool fresh;
    uint32_t service, name, endpoint; /* endpoint: a reference of its own */
    unsigned notes;
    sd_time start;
    int64_t duration, db_calls, db_ns;
};
struct kept_trace {
    char *id;
    struct kept_span *spans;
    uint32_t *attributes;
    struct kept_event *events;
    size_t n, cap, n_attributes, cap_attributes, n_events, cap_events;
    uint32_t *places; /* spans by id, open addressing, number + 1; NULL: few, or not needed now */
    size_t n_places;
    sd_time seen;  /* time of the newest batch with a span of it */
    sd_time end;   /* of the last span, as far as believed */
    uint64_t key;  /* in the order of sight */
    uint32_t root; /* the longest span without a parent; UINT32_MAX: none came */
    uint32_t errors;
    size_t n_before; /* spans that were there before the record that is read */
    uint64_t record; /* number of the newest record with a span of it */
    bool cut;        /* spans were left out for want of room */
    uint8_t line;    /* which of traces.c's lines it stands in */
    struct kept_trace *before, *after;
    struct slowest *among;
    struct kept_facts facts;
    UT_hash_handle hh;
};

/* One span of a record. Lists may be shorter than they should be. */
struct span_source {
    const struct sd_spans *r;
    uint32_t span;
    const uint32_t *attributes, *events; /* places in the lists of the record that are of this span */
    uint32_t n_attributes, n_events;
};
/* Numbers of the texts of a record's tables, found once each and held until all its spans are added; 0: not
 * yet. */
struct record_texts {
    uint32_t *services, *resources, *names, *statements, *keys;
    uint32_t *values; /* of each key: the value that came last, which its span holds */
};

struct record_texts record_texts_new(const struct sd_spans *r);
void record_texts_free(struct part *p, struct text_table *x, const struct sd_spans *r,
                       struct record_texts *known);

enum span_added { SPAN_IS_NEW, SPAN_IS_KNOWN, SPAN_HAS_NO_ID };
enum span_added kept_trace_add(struct part *p, struct text_table *x, struct kept_trace *t,
                               const struct span_source *s, struct record_texts *known);
void kept_trace_forget_places(struct part *p, struct kept_trace *t);
void kept_trace_fit(struct part *p, struct kept_trace *t); /* gives back the room for more spans */
void kept_trace_free(struct part *p, struct text_table *x, struct kept_trace *t);
size_t kept_trace_bytes(const struct kept_trace *t); /* without its texts */

/* As a struct trace, whose texts are good as long as the model does not change. */
struct unpacked {
    struct trace trace;
    struct trace_span *spans;
    struct trace_attribute *attributes;
    struct trace_event *events;
    char (*ids)[17]; /* two a span */
    size_t cap, cap_ids, cap_attributes, cap_events;
};
const struct trace *kept_trace_unpack(const struct text_table *x, const struct kept_trace *t,
                                      struct unpacked *u);
void unpacked_free(struct unpacked *u);

#endif
