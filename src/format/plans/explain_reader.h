/* explain_reader.h - what the two readers of a plan's JSON share: explain_tree.c takes it from a tree of
 * cJSON, explain_direct.c as it stands in the text. Of one plan; one thread. */
#ifndef FORMAT_PLANS_EXPLAIN_READER_H
#define FORMAT_PLANS_EXPLAIN_READER_H

#include <cjson/cJSON.h>

#include <math.h>

#include "core/plans/tree.h"

/* Keys to fields. Built for every plan: a hundred insertions, against thousands of look-ups in it, and no
 * state between threads. */
#define EXPLAIN_KEY_SLOTS 512u
struct explain_keys {
    const struct plan_field *slot[EXPLAIN_KEY_SLOTS];
};

struct explain_reader {
    struct plan *plan;
    struct explain_keys node, worker, trigger;
    size_t nameless; /* nodes without a type */
    bool full;       /* too many nodes: the rest was left out */
};

/* With a new plan. */
void explain_reader_begin(struct explain_reader *r);
/* NULL: no field has this key. */
const struct plan_field *explain_key(const struct explain_keys *keys, const char *key, size_t len);
/* A figure as far as plans have it; NAN for any other. */
static inline double explain_figure(double v)
{
    return v >= 0 && v <= 1e18 ? v : NAN;
}
/* Sets the field of the record; a value of another type makes it unknown, but leaves a text as it is. */
void explain_set(struct arena *a, const struct plan_field *f, void *record, const cJSON *value);
/* An array or object of a node that is neither a list of texts nor a plan. To be called when all plain values
 * of the node are set. False: none of that name is known. */
bool explain_nested(struct explain_reader *r, struct plan_node *n, const char *key, const cJSON *value);
/* May the value of a node hold another server's plan, as Citus has it? */
bool explain_holds_plan(const cJSON *value);
/* What an entry says beside its plan. */
void explain_rest(struct explain_reader *r, const cJSON *entry);
/* cJSON keeps numbers as doubles; a query identifier has 64 bits. Its digits are taken from the text, the
 * next such key at or after *at, and put into the entry. */
void explain_whole_identifier(cJSON *entry, const char **at, const char *end);

/* explain_direct.c: the plans of one JSON document, whose first byte is at `text`, in the form in which
 * EXPLAIN writes them: the type of a node first, each plan under its key. They are the same that explain_tree
 * makes of it. False: something has another form, or it is no JSON; nothing is kept. *stop: behind the
 * document. */
struct explain;
bool explain_direct(const char *text, const char *end, const char **stop, struct explain *out);

#endif
