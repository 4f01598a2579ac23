/* log_examine.h - for `slowdive doctor`: can a log be read, and do its lines tell what is asked of them? */
#ifndef SOURCE_LOG_LOG_EXAMINE_H
#define SOURCE_LOG_LOG_EXAMINE_H

#include "format/endpoints/accesslog_agg.h"
#include "slowdive/source.h"

/* Reads the beginning of the file, or of the newest that a pattern names; of what is no file nothing, for a
 * pipe would lose it. `format` (NULL: detected) is taken; `unit` as in accesslog_agg_options. */
void log_examine(const char *target, struct accesslog_format *format, int64_t unit, sd_time now,
                 sd_check_tell *tell, void *ctx);

#endif
