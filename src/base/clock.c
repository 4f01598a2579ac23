#include "base/clock.h"
#include "base/num.h"
#include "base/units.h"

#include <time.h>

static int64_t clock_read(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * SD_S + ts.tv_nsec;
}

sd_time clock_wall(void)
{
    return clock_read(CLOCK_REALTIME);
}

int64_t clock_mono(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

int64_t clock_thread_cpu(void)
{
    return clock_read(CLOCK_THREAD_CPUTIME_ID);
}

int64_t clock_process_cpu(void)
{
    return clock_read(CLOCK_PROCESS_CPUTIME_ID);
}

static void split(sd_time t, time_t *seconds, int64_t *ns)
{
    int64_t s = t / SD_S;
    int64_t rest = t % SD_S;
    if (rest < 0) {
        rest += SD_S;
        s--;
    }
    *seconds = (time_t)s;
    *ns = rest;
}

char *clock_rfc3339(sd_time t, char buf[CLOCK_TEXT_MAX])
{
    time_t seconds;
    int64_t ns;
    struct tm tm;
    if (t == SD_UNKNOWN) {
        snprintf(buf, CLOCK_TEXT_MAX, "unknown");
        return buf;
    }
    split(t, &seconds, &ns);
    gmtime_r(&seconds, &tm);
    size_t n = strftime(buf, CLOCK_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(buf + n, CLOCK_TEXT_MAX - n, ".%03dZ", (int)(ns / SD_MS));
    return buf;
}

char *clock_hms(sd_time t, sd_time now, char buf[CLOCK_TEXT_MAX])
{
    time_t at, today;
    int64_t ns;
    struct tm tm, tm_now;
    if (t == SD_UNKNOWN) {
        snprintf(buf, CLOCK_TEXT_MAX, "-");
        return buf;
    }
    split(t, &at, &ns);
    split(now, &today, &ns);
    localtime_r(&at, &tm);
    localtime_r(&today, &tm_now);
    bool same_day = tm.tm_year == tm_now.tm_year && tm.tm_yday == tm_now.tm_yday;
    strftime(buf, CLOCK_TEXT_MAX, same_day ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &tm);
    return buf;
}

int64_t clock_days(int64_t y, int m, int d)
{
    /* Days from civil, H. Hinnant, https://howardhinnant.github.io/date_algorithms.html */
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

/* ---- parsing ---- */

static bool figures(const char **p, int n, int *out)
{
    int v = 0;
    for (int i = 0; i < n; i++) {
        if ((*p)[i] < '0' || (*p)[i] > '9')
            return false;
        v = v * 10 + ((*p)[i] - '0');
    }
    *p += n;
    *out = v;
    return true;
}

/* "14:03", "14:03:20", "14:03:20.250" */
static bool time_of_day(const char **p, int *h, int *m, int *s, int64_t *ns)
{
    *s = 0;
    *ns = 0;
    if (!figures(p, 2, h) || *(*p)++ != ':' || !figures(p, 2, m))
        return false;
    if (**p == ':') {
        (*p)++;
        if (!figures(p, 2, s))
            return false;
        if (**p == '.') {
            (*p)++;
            int64_t unit = SD_S / 10;
            if (**p < '0' || **p > '9')
                return false;
            for (; **p >= '0' && **p <= '9'; (*p)++, unit /= 10)
                *ns += (**p - '0') * unit;
        }
    }
    return *h < 24 && *m < 60 && *s < 61;
}

/* "Z", "+02:00", "-0800" -> seconds east; false: none there */
static bool zone(const char **p, int *east)
{
    if (**p == 'Z' || **p == 'z') {
        (*p)++;
        *east = 0;
        return true;
    }
    if (**p != '+' && **p != '-')
        return false;
    int sign = **p == '-' ? -1 : 1, h, m = 0;
    const char *q = *p + 1;
    if (!figures(&q, 2, &h))
        return false;
    if (*q == ':')
        q++;
    if (!figures(&q, 2, &m))
        return false;
    *p = q;
    *east = sign * (h * 3600 + m * 60);
    return true;
}

/* Where a change of the clock repeats an hour a local time is twice: the later one at or before `now`.
 * `zone`: the name of the one that is meant, "" when it was not given. SD_UNKNOWN: no such time is in the
 * zone. */
static sd_time local_moment(struct tm tm, sd_time now, const char *zone)
{
    sd_time best = SD_UNKNOWN;
    for (int k = 0; k < 2; k++) {
        struct tm x = tm;
        x.tm_isdst = k;
        time_t moment = mktime(&x);
        bool there = x.tm_isdst == k && x.tm_min == tm.tm_min && x.tm_hour == tm.tm_hour;
        if (!there || (*zone && !str_eq(zone, x.tm_zone)))
            continue;
        sd_time at = (int64_t)moment * SD_S;
        bool later = at > best;
        if (!sd_known(best) || (best > now ? !later : later && at <= now))
            best = at;
    }
    tm.tm_isdst = -1;
    return sd_known(best) || *zone ? best : (int64_t)mktime(&tm) * SD_S;
}

static bool parse_clock(const char *text, sd_time now, sd_time *t)
{
    const char *p = text;
    int year = 0, month = 0, day = 0, h, m, s, east = 0;
    int64_t ns;
    bool dated = strlen(text) >= 10 && text[4] == '-';
    /* The years 1678 to 2261 lie whole in an int64_t of nanoseconds. */
    if (dated && (!figures(&p, 4, &year) || *p++ != '-' || !figures(&p, 2, &month) || *p++ != '-' ||
                  !figures(&p, 2, &day) || (*p && *p != 'T' && *p != ' ') || year < 1678 || year > 2261 ||
                  month < 1 || month > 12 || day < 1 || day > 31))
        return false;
    bool whole = dated && !*p; /* a day begins */
    if (whole)
        h = m = s = 0, ns = 0;
    else if (dated)
        p++;
    if (!whole && !time_of_day(&p, &h, &m, &s, &ns))
        return false;
    if (*p == ' ' && p[1] && strchr("+-Z", p[1]))
        p++;
    bool zoned = zone(&p, &east);
    const char *name = zoned ? "" : p + (*p == ' '); /* "CEST", and nothing behind it */
    if (zoned ? *p != 0 : *name && strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != strlen(name))
        return false;
    int64_t in_day = h * 3600 + m * 60 + s;
    if (zoned) {
        int64_t days = dated ? clock_days(year, month, day) : now / SD_S / 86400;
        *t = (days * 86400 + in_day - east) * SD_S + ns;
        if (!dated && *t > now)
            *t -= 86400 * SD_S;
        return true;
    }
    time_t present = (time_t)(now / SD_S);
    struct tm tm;
    localtime_r(&present, &tm);
    if (dated) {
        tm.tm_year = year - 1900;
        tm.tm_mon = month - 1;
        tm.tm_mday = day;
    }
    tm.tm_hour = h;
    tm.tm_min = m;
    tm.tm_sec = s;
    sd_time at = local_moment(tm, now, name);
    if (!dated && sd_known(at) && at + ns > now) {
        tm.tm_mday--;
        at = local_moment(tm, now, name);
    }
    *t = sd_known(at) ? at + ns : at;
    return sd_known(at);
}

bool clock_parse(const char *text, sd_time now, sd_time *t, struct sd_error *err)
{
    size_t len = strlen(text);
    if (!strcmp(text, "now")) {
        *t = now;
        return true;
    }
    if (text[0] == '@') {
        struct sd_error ignored;
        char seconds[40];
        int64_t ns;
        snprintf(seconds, sizeof seconds, "%ss", text + 1);
        if (len < 30 && unit_parse_duration(seconds, &ns, &ignored)) {
            *t = ns;
            return true;
        }
    }
    if (str_ends(text, " ago") && len < 40) {
        struct sd_error ignored;
        char span[40];
        int64_t ns;
        snprintf(span, sizeof span, "%.*s", (int)(len - 4), text);
        if (unit_parse_duration(span, &ns, &ignored)) {
            *t = now - ns;
            return true;
        }
    }
    if (len < 40 && parse_clock(text, now, t))
        return true;
    return fail(
        err,
        "\"%.60s\" is not a time; write it like 14:03, 14:03:20, 2026-11-20 14:03:20, 2026-11-20 or 3m ago",
        text);
}

bool clock_parse_within(const char *text, sd_time first, sd_time last, sd_time *t, struct sd_error *err)
{
    if (!clock_parse(text, last, t, err))
        return false;
    sd_time next;
    if (sd_known(first) && *t < first && !str_ends(text, " ago") &&
        clock_parse(text, add_sat(last, 86400 * SD_S), &next, err) && next != *t)
        *t = next;
    return true;
}

int64_t clock_from_local(int64_t seconds)
{
    struct tm tm;
    time_t shown = (time_t)seconds;
    if (!gmtime_r(&shown, &tm))
        return seconds;
    tm.tm_isdst = -1;
    time_t at = mktime(&tm);
    return at == (time_t)-1 ? seconds : (int64_t)at;
}
