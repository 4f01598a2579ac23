/* clock.h - reading clocks and writing times. Domain code gets its time as an
 * argument; only rt, source, sink and app call the *_now functions. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/base.h"

sd_time clock_wall(void);        /* CLOCK_REALTIME */
int64_t clock_mono(void);        /* CLOCK_MONOTONIC, ns; for deadlines and durations */
int64_t clock_thread_cpu(void);  /* ns of processor time of the calling thread */
int64_t clock_process_cpu(void); /* ns of processor time of the process */

#define CLOCK_TEXT_MAX 40
/* 2026-11-20T15:51:38.266Z; "unknown" for SD_UNKNOWN. Returns buf. */
char *clock_rfc3339(sd_time t, char buf[CLOCK_TEXT_MAX]);
/* 15:51:38 in local time (TZ), or with the date when `t` is on another day
 * than `now`. Returns buf. */
char *clock_hms(sd_time t, sd_time now, char buf[CLOCK_TEXT_MAX]);
/* "14:03", "14:03:20", "2026-11-20" (when it begins), "2026-11-20 14:03:20", "2026-11-20T14:03:20Z", "3m
 * ago", "now", "@1795189898"; a time without a date is the last such moment at or before `now`. Local time
 * unless it ends in Z or an offset. In an hour that a change of the clock repeats it is the later one, unless
 * the zone's name stands behind it (02:30 CEST). */
bool clock_parse(const char *text, sd_time now, sd_time *t, struct sd_error *err);
/* The same with `last` as now; a time without a date that would lie before `first`, where the data begins, is
 * the next such moment. `first` may be SD_UNKNOWN. */
bool clock_parse_within(const char *text, sd_time first, sd_time last, sd_time *t, struct sd_error *err);
/* Days since 1970-01-01 of a proleptic Gregorian date; month 1..12. */
int64_t clock_days(int64_t year, int month, int day);
/* What a clock on the wall of this machine's zone (TZ) shows, as seconds since 1970 of its own, in seconds
 * since 1970 of UTC. In an hour that a change of the clock repeats it is either. */
int64_t clock_from_local(int64_t seconds);

#endif
