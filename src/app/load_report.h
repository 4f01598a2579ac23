/* load_report.h - result files of load tools, as commands read them. */
#ifndef APP_LOAD_REPORT_H
#define APP_LOAD_REPORT_H

#include "app/commands.h"
#include "core/loads/tool_result.h"

/* Reads a file ("-": standard input) into `out`, which is initialised and the caller's to free in any case.
 * `tool`: a name of LOAD_TOOLS; NULL: by content. False and a sentence with its name. */
bool load_file_read(const char *path, const char *tool, struct load_result *out, struct sd_error *err);

extern const struct cli_command LOAD_REPORT_COMMAND;

#endif
