/* policy_reader.h - what the sections of a policy are read with. Private to src/conf.
 *
 * Every function tells the first mistake it meets and gives something harmless. Only the first mistake of a
 * file is kept, and whoever goes through a list stops at it: reading hostile input takes no longer than
 * reading good one. */
#ifndef CONF_POLICY_READER_H
#define CONF_POLICY_READER_H

#include "conf/tree.h"
#include "core/goals/policy.h"
#include "core/name_index.h"

enum { POLICY_ITEMS_MAX = 20000, POLICY_NAME_MAX = 200 };

struct policy_reader {
    struct arena *arena; /* of the policy */
    struct goal_policy *policy;
    struct tree_report report;
    char first[400]; /* the first mistake */
    bool compiled_in;
    const char **notes;
    size_t n_notes, cap_notes;
};

/* A mistake was found. */
static inline bool policy_stopped(const struct policy_reader *r)
{
    return r->report.n > 0;
}
/* "WHAT is a list; expected EXPECTED": the value itself is not told, it may be a secret. */
void policy_wrong(struct policy_reader *r, const struct tree_node *n, const char *what, const char *expected);
void policy_mistake(struct policy_reader *r, const struct tree_node *n, const char *fmt, ...) SD_PRINTF(3, 4);
void policy_note(struct policy_reader *r, const char *fmt, ...) SD_PRINTF(2, 3);
int policy_line(const struct policy_reader *r, const struct tree_node *n);

/* ---- collections ---- */

/* The value of a key of a mapping; NULL: it has none, or an empty one. */
const struct tree_node *policy_member(const struct tree_node *map, const char *key);
bool policy_is_empty(const struct tree_node *n); /* "", ~ or null without quotes */
/* Is it a mapping with no keys but `keys` (NULL at the end; "labels." stands for all that begin so)? */
bool policy_map(struct policy_reader *r, const struct tree_node *n, const char *const *keys, const char *what,
                const char *expected);
/* The same for a list; how many it has. */
bool policy_list(struct policy_reader *r, const struct tree_node *n, const char *what, const char *expected,
                 size_t *count);

/* ---- names ---- */

/* Of an item of a section: unique among `seen`, 1 to POLICY_NAME_MAX bytes. */
const char *policy_name(struct policy_reader *r, const struct tree_node *item, const char *what,
                        struct name_index *seen);
bool policy_name_fits(struct policy_reader *r, const struct tree_node *n, const char *what);

/* ---- values of a key; `fallback` when it is not there ---- */

const char *policy_text(struct policy_reader *r, const struct tree_node *map, const char *key);
/* min <= value. */
int64_t policy_duration(struct policy_reader *r, const struct tree_node *map, const char *key, int64_t min,
                        int64_t fallback);
bool policy_duration_of(struct policy_reader *r, const struct tree_node *n, const char *what, int64_t min,
                        int64_t *ns);
int64_t policy_bytes(struct policy_reader *r, const struct tree_node *map, const char *key, int64_t fallback);
/* 0 and above. */
double policy_number(struct policy_reader *r, const struct tree_node *map, const char *key, double fallback);
double policy_share(struct policy_reader *r, const struct tree_node *map, const char *key, double fallback);
/* Its place among `words` (NULL at the end). */
int policy_word(struct policy_reader *r, const struct tree_node *map, const char *key,
                const char *const *words, int fallback);
/* A path, "~/" made absolute. */
const char *policy_path(struct policy_reader *r, const char *path);
/* A list of texts, NULL at the end; *n may be NULL. */
const char *const *policy_words(struct policy_reader *r, const struct tree_node *map, const char *key,
                                size_t *n);

/* ---- plain texts ---- */

/* "0.7", "70%", "70 %": without rounding twice, 99.9 % is 0.999. */
bool policy_parse_share(const char *text, double *share);
bool policy_parse_value(const char *text, enum goal_signal s, double *value);
const char *policy_value_form(enum goal_signal s); /* "a duration such as 50ms" */
/* A value in the unit of the signal. */
double policy_value(struct policy_reader *r, const struct tree_node *n, enum goal_signal s, const char *what);

/* ---- what several sections have ---- */

void policy_match(struct policy_reader *r, const struct tree_node *map, struct goal_match *out);
extern const char *const POLICY_SEVERITIES[];

/* ---- the sections, each into its place of the policy; their order is that of the table in policy.c ---- */

void policy_read_kpis(struct policy_reader *r, const struct tree_node *n);
void policy_read_slos(struct policy_reader *r, const struct tree_node *n);
void policy_read_budgets(struct policy_reader *r, const struct tree_node *n);
void policy_read_tolerance(struct policy_reader *r, const struct tree_node *n);
void policy_read_escalations(struct policy_reader *r, const struct tree_node *n);
void policy_read_receivers(struct policy_reader *r, const struct tree_node *n);
void policy_read_silences(struct policy_reader *r, const struct tree_node *n);
void policy_read_playbooks(struct policy_reader *r, const struct tree_node *n);
void policy_read_heartbeat(struct policy_reader *r, const struct tree_node *n);
void policy_read_hops(struct policy_reader *r, const struct tree_node *n);
void policy_read_costs(struct policy_reader *r, const struct tree_node *n);
void policy_read_efforts(struct policy_reader *r, const struct tree_node *n);
void policy_read_targets(struct policy_reader *r, const struct tree_node *n);
void policy_read_roadmap(struct policy_reader *r, const struct tree_node *n);
void policy_read_history(struct policy_reader *r, const struct tree_node *n);

/* The pairs of an objective that gives none. */
void policy_usual_pairs(struct policy_reader *r, struct goal_slo *s);
/* What cannot happen of an objective is noted. */
void policy_note_slo(struct policy_reader *r, const struct goal_slo *s);
/* Documents of other programs: objectives of OpenSLO and sloth. False: it is none. Else they are in *out. */
struct policy_slos {
    struct goal_slo *items;
    size_t n, cap;
    struct name_index names;
    const struct tree_node *other; /* a document of theirs that holds no objective */
};
bool policy_foreign(struct policy_reader *r, const struct tree_node *document, struct policy_slos *out);

#endif
