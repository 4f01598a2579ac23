/* yaml_json.h - a YAML file as the JSON it stands for, so that what is written in either has one reader. */
#ifndef CONF_YAML_JSON_H
#define CONF_YAML_JSON_H

#include "base/base.h"

/* Adds the JSON to `out`. Scalars without quotes are numbers, true, false or null where they read so (YAML
 * 1.2, core schema). False and a sentence with file, line and column: the first thing in it that is not
 * understood. */
bool yaml_to_json(const char *file, const char *text, size_t len, struct strbuf *out, struct sd_error *err);

/* The lines of the items of a list in the mapping that the file is; at most max, 0: there is no such list. */
size_t yaml_item_lines(const char *text, size_t len, const char *key, int *lines, size_t max);

#endif
