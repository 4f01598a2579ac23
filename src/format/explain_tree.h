/* explain_tree.h - one EXPLAIN entry as a tree of cJSON items -> a plan. The readers of
 * all formats meet here: they make the tree EXPLAIN (FORMAT JSON) would have given. */
#ifndef FORMAT_EXPLAIN_TREE_H
#define FORMAT_EXPLAIN_TREE_H

#include <cjson/cJSON.h>

#include "format/explain.h"

/* `entry` is {"Plan": {...}, "Planning Time": ..., ...}, or the inner node itself.
 * NULL and a sentence when there is no plan in it. plan_time is not run. */
struct plan *explain_tree(const cJSON *entry, struct sd_error *err);
/* Appends to out->plans. */
void explain_keep(struct explain *out, struct plan *p);

/* explain_json.c: plans wherever an object or array starts a line. False and a
 * sentence when there is none. */
bool explain_json(const char *text, size_t len, struct explain *out, struct sd_error *err);

/* explain_text.c: EXPLAIN's text format, plans one after the other. */
bool explain_text(const char *text, size_t len, struct explain *out, struct sd_error *err);

#endif
