/* load_scenario_internal.h - what the files of the scenario's reader share. */
#ifndef CONF_LOAD_SCENARIO_INTERNAL_H
#define CONF_LOAD_SCENARIO_INTERNAL_H

#include "conf/fields.h"
#include "core/loads/scenario.h"

enum { SCENARIO_ITEMS_MAX = 100000, SCENARIO_TEXT_MAX = 1 << 20 };

/* Each reads one part of the mapping `root` into the scenario; problems go to r. */
void scenario_stages(struct fields_reader *r, const struct tree_node *root, struct load_scenario *s);
void scenario_search(struct fields_reader *r, const struct tree_node *root, struct load_scenario *s);
void scenario_spike(struct fields_reader *r, const struct tree_node *root, struct load_scenario *s);
void scenario_soak(struct fields_reader *r, const struct tree_node *root, struct load_scenario *s);
void scenario_limits(struct fields_reader *r, const struct tree_node *root, struct load_scenario *s);
void scenario_requests(struct fields_reader *r, const struct tree_node *root, struct load_scenario *s);
void scenario_sequences(struct fields_reader *r, const struct tree_node *root, struct load_scenario *s);
void scenario_thresholds(struct fields_reader *r, const struct tree_node *root, struct load_scenario *s);
void scenario_errors(struct fields_reader *r, const struct tree_node *root, struct load_scenario *s);
/* The holes of all requests: their columns have to be there. */
void scenario_holes(struct fields_reader *r, const struct tree_node *root, const struct load_scenario *s);

/* The children of a list as an array for them, zeroed, in the arena; NULL, with a problem, when it is no list
 * or an empty one. */
void *scenario_array(struct fields_reader *r, const struct tree_node *list, const char *what, size_t size,
                     size_t *n);
int scenario_request_named(const struct load_scenario *s, const char *name); /* -1: none */

#endif
