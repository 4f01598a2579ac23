/* table_use_expr.h - small readers of libpg_query's JSON tree, and the writer of
 * expressions an index may hold. For table_use.c only. */
#ifndef CORE_INDEXES_TABLE_USE_EXPR_H
#define CORE_INDEXES_TABLE_USE_EXPR_H

#include <cjson/cJSON.h>

#include "base/base.h"

const cJSON *tree_get(const cJSON *object, const char *key);
const char *tree_string(const cJSON *node); /* of a String node; NULL */
const char *tree_last(const cJSON *list);   /* last name of a list; "" */
const char *tree_text(const cJSON *node);   /* a text constant, cast or not; NULL */
/* Does it give the same value during a whole statement? */
bool tree_steady(const cJSON *node);

struct tree_writer {
    const char *(*column)(void *ctx, const cJSON *column_ref); /* its name; NULL: not allowed */
    const char *(*type)(void *ctx, const cJSON *column_ref);
    void *ctx;
};
/* The node as SQL; false: it holds what is not written here. */
bool tree_write(const struct tree_writer *w, const cJSON *node, struct strbuf *out);
/* Only immutable functions and casts? */
bool tree_indexable(const struct tree_writer *w, const cJSON *node);
const char *tree_type(const cJSON *node); /* of the value; NULL: unknown */

#endif
