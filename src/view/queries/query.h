#ifndef VIEW_QUERIES_QUERY_H
#define VIEW_QUERIES_QUERY_H

#include "view/view.h"

extern const struct view query_view; /* about a "query": "database/query_id" */

#endif
