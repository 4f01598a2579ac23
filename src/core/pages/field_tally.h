/* field_tally.h - vitals of real users, as their beacons come: each counted once, its last value kept, by
 * page, device, connection, country and kind of navigation. Bounded memory. Pure; not thread-safe. */
#ifndef CORE_PAGES_FIELD_TALLY_H
#define CORE_PAGES_FIELD_TALLY_H

#include "core/pages/vital.h"

enum field_by {
    FIELD_ALL,
    FIELD_PAGE,
    FIELD_DEVICE,
    FIELD_CONNECTION,
    FIELD_COUNTRY,
    FIELD_NAVIGATION,
    FIELD_BYS
};
extern const char *const FIELD_BY_NAMES[FIELD_BYS]; /* "all", "page", ..., "navigation_type" */

/* One value of one visit. Texts end in NUL, and are valid during the call only. */
struct field_beacon {
    enum vital metric;
    double value; /* 0 or more; ms, of CLS plain */
    sd_time at;   /* its day counts; SD_UNKNOWN: not said */
    const char *id;
    const char *key[FIELD_BYS]; /* what it is of; of FIELD_ALL "" */
    const char *target;         /* the element it is about; NULL: not said */
    const char *script;         /* what ran longest meanwhile; NULL: not said */
};

struct field_counts {
    int64_t accepted;                     /* beacons, each visit's metric once */
    int64_t duplicates;                   /* those that replaced an earlier value */
    int64_t rejected, ignored, too_large; /* counted by who reads them */
};

/* What is beyond has the key FIELD_FOLDED. */
#define FIELD_FOLDED "(other)"
struct field_limits {
    uint32_t keys[FIELD_BYS]; /* different ones */
    uint32_t targets;         /* elements, of all pages */
    uint32_t ids;             /* so many are remembered at least; up to twice as many */
    uint32_t exact;           /* values kept as they are, over all rows */
};
extern const struct field_limits FIELD_LIMITS;

struct field_tally;
/* `seed`: hard to guess, for the table of ids. */
struct field_tally *field_tally_new(const struct field_limits *limits, uint64_t seed);
void field_tally_free(struct field_tally *t); /* NULL is fine */
void field_tally_add(struct field_tally *t, const struct field_beacon *b);
struct field_counts *field_tally_counts(struct field_tally *t);
/* All it holds as records PAGE_FIELD, PAGE_ATTRIBUTION and PAGE_RECEIVER, and of several days PAGE_TREND, of
 * all visits and of each device. False: the batch is full. */
bool field_tally_records(struct field_tally *t, const struct sd_host *host, struct sd_batch *b);
/* What was folded, forgotten or is inexact, in sentences: at most FIELD_NOTES_MAX; how many. Free each. */
enum { FIELD_NOTES_MAX = FIELD_BYS + 3 };
size_t field_tally_notes(const struct field_tally *t, char *notes[FIELD_NOTES_MAX]);
size_t field_tally_bytes(const struct field_tally *t);

#endif
