/* log_time.h - the times that database servers write into their logs. Pure but for the local time zone. */
#ifndef FORMAT_QUERIES_LOG_TIME_H
#define FORMAT_QUERIES_LOG_TIME_H

#include "base/base.h"

/* "2026-11-20 15:51:40.985 UTC", "2026-11-20T15:51:40.985123Z", "2026-11-20 15:51:40 +02": with a zone as an
 * offset, as Z or as a name. A name is the local zone's own, or one of those that mean one offset everywhere;
 * without a zone the time is local. *end (NULL: not wanted) is set behind it. SD_UNKNOWN: there is no time at
 * `s`, or its zone is not known. */
sd_time log_time(const char *s, const char *stop, const char **end);

#endif
