/* labels.h - the labels of a metric as text: "key=value" pairs, comma separated, sorted by key; in values a
 * comma, an equals sign, a backslash and a line feed are written \, \= \\ and \n. Pure. */
#ifndef CORE_LABELS_H
#define CORE_LABELS_H

#include "base/base.h"

/* The value of a label without its escapes, cut to what fits into `out`. False: there is no such label, and
 * `out` is "". labels NULL: none. */
bool label_value(const char *labels, const char *key, char *out, size_t size);
/* Adds a pair behind those that are there: the caller adds them in the order of their keys. */
void label_add(struct strbuf *labels, const char *key, const char *value);
/* The labels as they may leave the machine: those that name people and clients have "***" as their value.
 * Other text than labels stays as it is. NULL: NULL. Caller frees. */
char *labels_hide_people(const char *labels);

#endif
