/* log_intake.h - how many lines were read, and what is to be said of them, as a record. */
#ifndef SOURCE_LOG_LOG_INTAKE_H
#define SOURCE_LOG_LOG_INTAKE_H

#include "format/endpoints/accesslog_agg.h"
#include "slowdive/source.h"

/* A record of the totals so far. The lists live in `lists`. */
struct intake_lists {
    const char *texts[8], *whys[8];
    struct sd_texts samples, reasons;
    char note[1000];
};
/* `skew_ns`: how far the log's clock is ahead of this machine's. */
struct sd_intake log_intake_record(const struct accesslog_intake *in, int64_t skew_ns,
                                   struct intake_lists *lists);
/* What a log that is followed was recognised as: once, as soon as it is known. `given`: the form the user
 * names, NULL or "" none. `said`: what was said last, to be freed; NULL at first. */
void log_tell_format(struct sd_source *s, const struct accesslog_intake *in, const char *given, char **said);

#endif
