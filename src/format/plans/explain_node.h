/* explain_node.h - the line of a node in EXPLAIN's text format. */
#ifndef FORMAT_PLANS_EXPLAIN_NODE_H
#define FORMAT_PLANS_EXPLAIN_NODE_H

#include <cjson/cJSON.h>

#include "format/plans/explain_lines.h"

/* "Parallel Seq Scan on s.t a  (cost=0.00..1.00 rows=1 width=4) (actual ...)" into the members
 * FORMAT JSON has. False: a group of its figures is cut off or damaged; none of that group
 * is set then. */
bool explain_node_line(cJSON *n, const char *line);
/* "time=0.1..2.3 rows=4 loops=5", whole or nothing. */
bool explain_set_actual(cJSON *n, const char *s);

#endif
