/* load_scenario.h - a scenario file (YAML) read into core/loads/scenario.h. */
#ifndef CONF_LOAD_SCENARIO_H
#define CONF_LOAD_SCENARIO_H

#include "core/loads/scenario.h"

enum { SCENARIO_BYTES_MAX = 16 << 20 };

/* "-" is standard input. `target` replaces the file's (NULL: it does not). Reads the credentials file, whose
 * path is relative to the scenario. False and one sentence, with file and line where it is the file's fault;
 * free with load_scenario_free, also then. */
bool load_scenario_read(struct load_scenario *s, const char *path, const char *target, struct sd_error *err);
/* The same of a text: a file of credentials is looked for in `folder`; NULL: it is not read (n_rows stays 0,
 * and holes that name a column are let be). */
bool load_scenario_read_text(struct load_scenario *s, const char *name, const char *folder, const char *text,
                             size_t len, const char *target, struct sd_error *err);

#endif
