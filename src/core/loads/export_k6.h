/* export_k6.h - a scenario as a script for k6, and as the objects of its operator for Kubernetes
 * (`load export`).
 *
 * Everything that comes from the scenario stands in the script as a literal of ASCII: quotes, backquotes,
 * dollars, angle brackets, control characters and all that is not ASCII are written as \uXXXX, so that no
 * text ends a literal, a line, a template or an HTML script. No comment holds text of the scenario. Pure. */
#ifndef CORE_LOADS_EXPORT_K6_H
#define CORE_LOADS_EXPORT_K6_H

#include "core/loads/scenario.h"

enum { LOAD_PARALLELISM_MAX = 10000, LOAD_EXPORT_NAME_MAX = 50 };

/* An ES module. False and a sentence: k6 has nothing for that kind of test. */
bool load_export_k6(const struct load_scenario *s, struct strbuf *out, struct sd_error *err);
/* A ConfigMap with the script and a TestRun of so many parts that names it, as YAML documents. */
bool load_export_operator(const struct load_scenario *s, int64_t parallelism, struct strbuf *out,
                          struct sd_error *err);
/* A literal of JavaScript (and JSON). */
void load_export_literal(struct strbuf *out, const char *text, size_t n);

#endif
