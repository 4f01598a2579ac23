/* uses.h - what a parse tree of libpg_query names (struct sql_uses of sql.h). */
#ifndef CORE_SQL_USES_H
#define CORE_SQL_USES_H

#include <cjson/cJSON.h>

#include "core/sql/statement.h"

/* Adds every name in the tree to *u, which starts zeroed. */
void sql_uses_collect(const cJSON *tree, struct sql_uses *u);

#endif
