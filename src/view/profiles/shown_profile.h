/* shown_profile.h - what the views of profiles share: the profiles of the time, of one sample type together,
 * and those of the baseline beside them. Main thread only. */
#ifndef VIEW_PROFILES_SHOWN_PROFILE_H
#define VIEW_PROFILES_SHOWN_PROFILE_H

#include "core/model/profiles.h"
#include "core/profiles/profile_compare.h"
#include "view/shared/common.h"

/* What of a profile is chosen to be shown: lists of names as profile_select.h takes them; NULL: nothing. */
struct profile_shown {
    char *focus; /* one */
    char *hidden, *folded;
};
/* To and from the text of the choice; NULL: all is shown. */
struct profile_shown profile_shown_read(const char *text);
char *profile_shown_write(const struct profile_shown *x); /* caller frees */
void profile_shown_free(struct profile_shown *x);

struct shown_profile {
    struct profile_found found; /* found.p NULL: there is none */
    struct profile_shown shown; /* what of it found.p is */
    double focus_share;         /* of all, what is in focus; 1 without */
    double hidden_share;        /* of that, what is hidden */
    const char *by;             /* what it is grouped by: "module", the name of a label */
    const char *ungrouped;      /* why it cannot be grouped by that, a sentence; NULL */
    uint32_t *order;            /* numbers of the functions with figures of the type, by self */
    size_t n_order;
    struct profile *before; /* of the baseline; NULL: there is none to compare with */
    struct profile_comparison compared;
    struct profile_load load; /* requests; 0: not known */
    const char *before_name;  /* "the baseline"; also when it has nothing of the type */
};

/* With the baseline, when there is one; without. Free with shown_profile_free. */
struct shown_profile *shown_profile(const struct view_ctx *c);
struct shown_profile *shown_profile_now(const struct view_ctx *c);
void shown_profile_free(void *shown);

/* Of each function of found.p its self and total share in n equal steps of the time shown; NAN: no samples.
 * Of a source that samples on and on, n 0 of others. Of what is chosen and by what it is grouped, as in
 * found.p. */
struct shown_trends {
    double *shares; /* function i from n * i; for free() */
    double *totals; /* likewise, in the same piece of memory */
    size_t n;
};
struct shown_trends shown_trends(const struct view_ctx *c, const struct shown_profile *x);

/* Is it a part of what the model has, or by something else? */
bool shown_changed(const struct shown_profile *x);
/* Are its rows groups, not functions? */
bool shown_grouped(const struct shown_profile *x);
/* "Functions", "By module"; "through parse, without wait": what is to be known beside the figures. */
const char *shown_title(struct doc *d, const struct shown_profile *x, const char *title);

/* samples, lost, truncated_share, duration_ns, sample_type, sample_types[] and what is shown, after the usual
 * envelope. */
void shown_envelope(struct doc *d, const struct view_ctx *c, const struct shown_profile *x);
/* Those keys, for the `also` of a view. */
#define SHOWN_ENVELOPE                                                                                       \
    {.key = "samples",                                                                                       \
     .title = "Samples",                                                                                     \
     .help = "number of samples; null: the format does not count them"},                                     \
        {.key = "lost", .title = "Lost", .help = "samples that were lost; null: the format cannot tell"},    \
        {.key = "truncated_share",                                                                           \
         .title = "Truncated",                                                                               \
         .help = "share of the samples whose stack is cut; null: the format cannot tell"},                   \
        {.key = "duration_ns", .title = "Duration", .help = "time the profile covers; null when unknown"},   \
        {.key = "sample_type",                                                                               \
         .title = "Sample type",                                                                             \
         .help = "what the values are, as the file names it; --sample-type chooses another"},                \
        {.key = "sample_types", .title = "Sample types", .help = "all that the file has"},                   \
        {.key = "by", .title = "By", .help = "what it is grouped by, as --by takes it"},                     \
        {.key = "focus", .title = "Focus", .help = "only stacks through that are shown; null: all are"},     \
        {.key = "focus_share", .title = "In focus", .help = "share of all that these stacks take"},          \
        {.key = "hidden", .title = "Hidden", .help = "list of name: stacks through these are left out"},     \
        {.key = "hidden_share", .title = "Hidden share", .help = "share that they took before"},             \
    {                                                                                                        \
        .key = "folded", .title = "Folded", .help = "list of name: modules or packages shown as one"         \
    }

/* "cpu: 12.3 s, 1,169 samples, in 30 s, from cpu.pb.gz; 2 % truncated": what the figures are. */
const char *shown_note(struct doc *d, const struct view_ctx *c, const struct shown_profile *x);
/* Why there is nothing; doc.missing when the user asked for a type that is not there. */
const char *shown_empty(struct doc *d, const struct view_ctx *c, const struct shown_profile *x);

/* Of all values; NAN when there are none. */
double shown_share(const struct shown_profile *x, double value);
/* How many processors the value keeps busy, of a profile of time that knows how long it took; otherwise NAN.
 */
double shown_processors(const struct shown_profile *x, double value);
enum unit shown_unit(const struct shown_profile *x);
/* A whole number as one: JSON has no ".0". */
struct cell shown_value(double value);
/* Of the function with that number; NULL: nothing is compared. */
const struct profile_pair *shown_pair(const struct shown_profile *x, uint32_t function);
enum severity shown_severity(const struct profile_pair *pair);

/* The function of that name; PROFILE_NO_FUNCTION. "NAME (MODULE)" names one of several. */
uint32_t shown_function(const struct shown_profile *x, const char *name);
/* As above when the name alone is another one's, too. */
const char *shown_name(struct doc *d, const struct shown_profile *x, uint32_t function);

#endif
