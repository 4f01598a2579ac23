/* explain_sets.h - what EXPLAIN prints nested in a node: grouping sets, the groups of an incremental sort,
 * the targets of a write. A plan keeps them as the lines and names of the text format. Pure; any thread. */
#ifndef FORMAT_PLANS_EXPLAIN_SETS_H
#define FORMAT_PLANS_EXPLAIN_SETS_H

#include <cjson/cJSON.h>

#include "core/plans/tree.h"

/* "a, f(b, c) DESC" -> ["a", "f(b, c) DESC"], appended. */
void explain_split(cJSON *array, const char *s);

/* "Group Key: a, b", "Hash Key: c" and "Sort Key: c" of an aggregate, in their order: the first Group Key
 * alone stays one; more become "Grouping Sets" as FORMAT JSON has them. False: it is none of them. */
bool explain_add_set(cJSON *node, const char *line);
/* The lines of "Grouping Sets". */
struct plan_list explain_sets(struct arena *a, const cJSON *sets);
cJSON *explain_sets_json(const struct plan_list *lines);

/* "2  Sort Method: quicksort  Average Memory: 27kB  Peak Memory: 27kB" and its object. */
const char *explain_groups(struct arena *a, const cJSON *groups);
cJSON *explain_groups_json(const char *text);

/* Schema ("": none), name and alias of each target, one after the other. */
struct plan_list explain_targets(struct arena *a, const cJSON *tables);
cJSON *explain_targets_json(const struct plan_list *targets);

#endif
