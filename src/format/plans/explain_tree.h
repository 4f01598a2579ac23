/* explain_tree.h - one EXPLAIN entry as a tree of cJSON items -> a plan. The readers of
 * all formats meet here: they make the tree EXPLAIN (FORMAT JSON) would have given. */
#ifndef FORMAT_PLANS_EXPLAIN_TREE_H
#define FORMAT_PLANS_EXPLAIN_TREE_H

#include <cjson/cJSON.h>

#include "format/plans/explain_input.h"

/* `entry` is {"Plan": {...}, "Planning Time": ..., ...}, or the inner node itself.
 * NULL and a sentence when there is no plan in it. plan_time is not run. */
struct plan *explain_tree(const cJSON *entry, struct sd_error *err);
/* Appends to out->plans. */
void explain_keep(struct explain *out, struct plan *p);

/* The readers append to `out`. False and a sentence when they found no plan.
 * explain_json.c: plans wherever an object or array starts a line; of a broken one what
 * stands before the break. */
bool explain_json(const char *text, size_t len, struct explain *out, struct sd_error *err);

/* explain_text.c, explain_yaml.c, explain_xml.c: plans one after the other. */
bool explain_text(const char *text, size_t len, struct explain *out, struct sd_error *err);
bool explain_yaml(const char *text, size_t len, struct explain *out, struct sd_error *err);
bool explain_xml(const char *text, size_t len, struct explain *out, struct sd_error *err);

/* explain_log.c: the plans auto_explain wrote into a server's log (stderr, syslog,
 * csvlog, jsonlog). False and a sentence when there is none. */
bool explain_log(const char *text, size_t len, struct explain *out, struct sd_error *err);

/* One plan's text without anything around it, in whatever format. */
bool explain_body(const char *text, size_t len, struct explain *out, struct sd_error *err);

#endif
