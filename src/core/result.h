/* result.h - the document of a command that computes: a load test, a capacity plan, a forecast.
 *
 * A document is a JSON object whose keys are the contract of its command, in order: what the command prints,
 * what a record DOCUMENT holds and what a pane shows are the same text. Unknown is null, never 0, NaN or
 * absent; keys end in the unit: _ns, _bytes, _per_s, _share; moments are RFC 3339 with milliseconds. "view"
 * is its kind, "verdict", where it has one, how it ended. cJSON objects are the caller's. */
#ifndef CORE_RESULT_H
#define CORE_RESULT_H

#include "base/base.h"
#include "slowdive/types.h"

#include <cjson/cJSON.h>

cJSON *result_new(const char *view);
void result_int(cJSON *o, const char *key, int64_t v); /* SD_UNKNOWN: null */
void result_real(cJSON *o, const char *key, double v); /* NAN, infinite: null */
/* A duration that was computed, to whole nanoseconds; NAN, or more than 292 years: null. */
void result_ns(cJSON *o, const char *key, double ns);
void result_text(cJSON *o, const char *key, const char *v); /* NULL: null; made valid UTF-8 */
void result_bool(cJSON *o, const char *key, bool v);
void result_time(cJSON *o, const char *key, sd_time v); /* SD_UNKNOWN: null */
void result_null(cJSON *o, const char *key);
cJSON *result_object(cJSON *o, const char *key); /* a new one in `o` */
cJSON *result_list(cJSON *o, const char *key);   /* likewise */
cJSON *result_row(cJSON *list);                  /* a new object at its end */
void result_add_text(cJSON *list, const char *v);

/* As it is printed, with a line feed at the end. Caller frees. */
char *result_print(const cJSON *o);

/* ---- reading ---- */
const char *result_get_text(const cJSON *o, const char *key); /* NULL: it is none */
double result_get_real(const cJSON *o, const char *key);      /* NAN: it is none */
/* NAN: no number. Whole numbers of more than 15 digits, which cJSON does not print, are written raw and read
 * here. */
double result_number(const cJSON *v);

#endif
