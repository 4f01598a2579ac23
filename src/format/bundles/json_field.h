/* json_field.h - values of a build's description, where they stand (json_pull.h), in a text that json_check
 * has passed. Pure. */
#ifndef FORMAT_BUNDLES_JSON_FIELD_H
#define FORMAT_BUNDLES_JSON_FIELD_H

#include "format/json_pull.h"

/* Goes past the object, and puts a cursor before the value of keys[i] into values[i]; `at` is NULL where
 * there is none. Of a key twice the last counts. Any other value has none of them. */
void json_fields(struct json_pull *object, const char *const *keys, struct json_pull *values, size_t n);
/* A text without the characters U+0000, with which rollup begins the names of modules it makes; "" for any
 * other value, which is skipped. */
void json_name(struct json_pull *j, struct strbuf *out);
/* The same of the key that was read. */
void json_key_name(const struct json_pull *j, struct strbuf *out);
/* A number of bytes: whole, from 0 to 2^53. False: it is something else, and skipped. */
bool json_size(struct json_pull *j, int64_t *size);

#endif
