/* log_examine.h - for `slowdive doctor`: can a log be read, and do its lines tell what is asked of them? */
#ifndef SOURCE_LOG_LOG_EXAMINE_H
#define SOURCE_LOG_LOG_EXAMINE_H

#include "format/endpoints/accesslog_agg.h"
#include "source/shared/examine.h"

/* Reads the beginning of the file, or of the newest that a pattern names; of what is no file nothing, for a
 * pipe would lose it. `format` (NULL: detected) is taken; `unit` as in accesslog_agg_options. */
void log_examine(const struct examine *e, const char *target, struct accesslog_format *format, int64_t unit,
                 sd_time now);

/* A server's log, by the decoder of its source: the check `name` is OK when its beginning holds anything that
 * is read, else what the decoder says, and `mend`. */
void log_examine_entries(struct sd_source *s, const struct sd_source_ops *ops, const char *name,
                         const char *mend, const struct examine *e);

#endif
