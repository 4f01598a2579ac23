/* load_json.h - figures out of a JSON document that was checked (json_check.h), by their path of keys. */
#ifndef FORMAT_LOADS_LOAD_JSON_H
#define FORMAT_LOADS_LOAD_JSON_H

#include "format/json_pull.h"
#include "format/loads/load_form.h"

/* The value at "summary/total"; one of NULL text: there is none. */
struct json_pull json_at(struct json_pull object, const char *path);
double json_real_at(struct json_pull object, const char *path); /* NAN: there is none */
/* A number from 0, rounded; SD_UNKNOWN: there is none. */
int64_t json_count_at(struct json_pull object, const char *path);
/* A number of `unit_ns` each, from 0; SD_UNKNOWN: there is none. */
int64_t json_ns_at(struct json_pull object, const char *path, double unit_ns);
/* The next number, as json_ns_at. */
int64_t json_ns(struct json_pull *j, double unit_ns);
/* Percentiles that are keys of the object (load_block_set), of `unit_ns` each; other keys are passed over. */
void json_percentiles(struct json_pull object, double unit_ns, struct load_block *b);
/* {"200": 10}: counted; the sum of all is added to *answers, of 400 and above to *bad. */
void json_statuses(struct load_draft *d, struct json_pull object, int64_t *answers, int64_t *bad);
/* Does the text begin as JSON that names these keys? */
bool span_json_names(struct load_span head, const char *const *keys);

#endif
