/* lighthouse_parts.h - shared by the files that read a report of Lighthouse; included only there. */
#ifndef FORMAT_PAGES_LIGHTHOUSE_PARTS_H
#define FORMAT_PAGES_LIGHTHOUSE_PARTS_H

#include <math.h>
#include <stdlib.h>

#include "base/num.h"
#include "format/json_pull.h"
#include "format/pages/lighthouse_report.h"

enum {
    LIGHTHOUSE_URL_MAX = 2000, /* bytes of a URL that is kept */
    LIGHTHOUSE_TEXT_MAX = 300,
};

/* The details that are read, each with the audits that hold them in the order in which they are asked. */
#define LIGHTHOUSE_DETAILS(X)                                                                                \
    X(LCP_ELEMENT, "largest-contentful-paint-element")                                                       \
    X(LCP_BREAKDOWN, "lcp-breakdown-insight")                                                                \
    X(LCP_PHASES, "lcp-phases-insight")                                                                      \
    X(SHIFTS, "layout-shifts")                                                                               \
    X(SHIFT_ELEMENTS, "layout-shift-elements")                                                               \
    X(SHIFT_CULPRITS, "cls-culprits-insight")                                                                \
    X(THIRD_PARTY_SUMMARY, "third-party-summary")                                                            \
    X(THIRD_PARTIES, "third-parties-insight")                                                                \
    X(LONG_TASKS, "long-tasks")                                                                              \
    X(REQUESTS, "network-requests")                                                                          \
    X(BLOCKING, "render-blocking-resources")                                                                 \
    X(BLOCKING_INSIGHT, "render-blocking-insight")                                                           \
    X(RESOURCES, "resource-summary")                                                                         \
    X(USER_TIMINGS, "user-timings")

enum lighthouse_details {
#define LIGHTHOUSE_DETAILS_ENUM(UPPER, audit) LIGHTHOUSE_##UPPER,
    LIGHTHOUSE_DETAILS(LIGHTHOUSE_DETAILS_ENUM)
#undef LIGHTHOUSE_DETAILS_ENUM
        LIGHTHOUSE_DETAILS_N
};

struct lighthouse {
    struct arena *arena;
    struct strbuf text;                             /* scratch */
    struct json_pull details[LIGHTHOUSE_DETAILS_N]; /* at each; of NULL text: there are none */
    struct sd_page_report *out;
};

/* The text that comes, cut, in the arena; NULL for any other value, which is skipped. */
const char *lighthouse_text(struct lighthouse *l, struct json_pull *j, size_t most);
/* The same of a key of the object that comes, which is not gone through; NULL: there is none. */
const char *lighthouse_text_of(struct lighthouse *l, struct json_pull object, const char *key, size_t most);
/* Is the value of the key that text? Nothing is kept of it. */
bool lighthouse_says(struct lighthouse *l, struct json_pull object, const char *key, const char *text);
double lighthouse_number_of(struct json_pull object, const char *key); /* NAN */

/* Milliseconds as nanoseconds, halves up; SD_UNKNOWN for NAN and what is negative. */
int64_t lighthouse_ns(double ms);
/* SD_UNKNOWN for NAN, what is negative and what a double does not hold exactly. */
int64_t lighthouse_count(double v);

/* A member of n rows, `size` bytes each, as a list in the arena. */
const struct sd_texts *lighthouse_texts(struct lighthouse *l, const void *rows, size_t n, size_t size,
                                        size_t offset);
const struct sd_ints *lighthouse_ints(struct lighthouse *l, const void *rows, size_t n, size_t size,
                                      size_t offset);
const struct sd_reals *lighthouse_reals(struct lighthouse *l, const void *rows, size_t n, size_t size,
                                        size_t offset);

/* What the details say: elements, phases, shifts, third parties, tasks, requests, resources. */
void lighthouse_read_details(struct lighthouse *l);

#endif
