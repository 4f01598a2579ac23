/* log_refuse.h - what to say of a file that no line of which is a request. */
#ifndef SOURCE_LOG_LOG_REFUSE_H
#define SOURCE_LOG_LOG_REFUSE_H

#include "format/endpoints/accesslog_agg.h"

/* `given`: the format that was asked for, which this frees; NULL: it was to be detected. */
enum sd_result log_refuse(const char *target, const struct accesslog_intake *in,
                          struct accesslog_format *given, struct sd_error *err);
enum sd_result log_refuse_utf16(const char *target, struct sd_error *err);

#endif
