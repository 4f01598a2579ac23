/* explain_input.h - output of EXPLAIN -> plans. Pure; any thread.
 *
 * Accepts text, JSON, YAML or XML; one or several plans, psql's
 * frames around them, a terminal session, an e-mail that quotes and wraps the lines, a
 * server log with auto_explain's entries. The format is detected. If a plan is cut off or broken, the part
 * before that is read, and a note says so. */
#ifndef FORMAT_PLANS_EXPLAIN_INPUT_H
#define FORMAT_PLANS_EXPLAIN_INPUT_H

#include "core/plans/tree.h"

#define EXPLAIN_MAX_BYTES     ((size_t)32 << 20)
#define EXPLAIN_MAX_LOG_BYTES ((size_t)256 << 20) /* a log, where most is something else */
#define EXPLAIN_MAX_NODES     100000

enum explain_format { EXPLAIN_UNKNOWN, EXPLAIN_JSON, EXPLAIN_TEXT, EXPLAIN_YAML, EXPLAIN_XML };

struct explain {
    enum explain_format format;
    struct plan **plans; /* in the order of the input; plan_time has been run */
    size_t n_plans, cap_plans;
    size_t skipped; /* entries of a log that could not be read */
};

/* False and one sentence when no plan could be read; then `out` is empty. What was
 * skipped or cut beside the plans that were read stands in their notes. */
bool explain_read(const char *text, size_t len, struct explain *out, struct sd_error *err);
void explain_free(struct explain *e); /* frees the plans; {0} is fine */

/* The plan as EXPLAIN (FORMAT JSON) prints it: what explain_read makes the same plan of.
 * Caller frees. */
char *explain_to_json(const struct plan *p);

/* ---- a server's log that grows ---- */
/* As explain_read, of a log only; where it gives false out->skipped still counts. */
bool explain_log_read(const char *text, size_t len, struct explain *out, struct sd_error *err);
bool explain_log_has(const char *text, size_t len); /* an entry of auto_explain? */
/* How many bytes from the front of `text` may be read now: all lines that have ended, but
 * of an entry of auto_explain at the end, which may still grow, nothing. */
size_t explain_log_settled(const char *text, size_t len);
/* Does this look like a server's log (its first bytes)? */
bool explain_log_like(const char *text, size_t len);

#endif
