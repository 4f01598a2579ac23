/* accesslog_stamp.c - a time as strftime writes it, also in several pieces: Apache's %{format}t. */
#include "base/clock.h"
#include "format/endpoints/accesslog_internal.h"

static bool number(const char **s, const char *end, int least, int most, int64_t *v)
{
    int n = 0;
    int64_t value = 0;
    while (n < most && *s < end && **s >= '0' && **s <= '9') {
        value = value * 10 + (*(*s)++ - '0');
        n++;
    }
    *v = value;
    return n >= least;
}

/* The short or the long name of a month. */
static bool month_name(const char **s, const char *end, int64_t *month)
{
    static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (end - *s < 3)
        return false;
    for (int i = 0; i < 12; i++)
        if (!memcmp(MONTHS + i * 3, *s, 3)) {
            *month = i + 1;
            *s += 3;
            while (*s < end && **s >= 'a' && **s <= 'z')
                ++*s;
            return true;
        }
    return false;
}

/* +0100, +01:00, Z; of names only those of UTC. */
static bool zone(const char **s, const char *end, struct accesslog_stamp *t)
{
    int64_t h, m;
    const char *p = *s;
    t->zoned = true;
    if (p < end && *p == 'Z') {
        ++*s;
        return true;
    }
    if (end - p >= 3 && (!memcmp(p, "UTC", 3) || !memcmp(p, "GMT", 3))) {
        *s += 3;
        return true;
    }
    if (p == end || (*p != '+' && *p != '-'))
        return false;
    int sign = *p++ == '-' ? -1 : 1;
    if (!number(&p, end, 2, 2, &h))
        return false;
    p += p < end && *p == ':';
    if (!number(&p, end, 2, 2, &m))
        return false;
    t->east = sign * (h * 60 + m) * 60;
    *s = p;
    return true;
}

static bool word(const char **s, const char *end)
{
    const char *p = *s;
    while (*s < end && (**s | 0x20) >= 'a' && (**s | 0x20) <= 'z')
        ++*s;
    return *s > p;
}

static bool one(char c, const char **s, const char *end, struct accesslog_stamp *t)
{
    int64_t v;
    switch (c) {
    case 'e':
        *s += *s < end && **s == ' ';
        return number(s, end, 1, 2, &t->day);
    case 'd':
        return number(s, end, 1, 2, &t->day);
    case 'm':
        return number(s, end, 1, 2, &t->month);
    case 'b':
    case 'B':
    case 'h':
        return month_name(s, end, &t->month);
    case 'Y':
        return number(s, end, 4, 4, &t->year);
    case 'y':
        if (!number(s, end, 2, 2, &v))
            return false;
        t->year = v + (v < 70 ? 2000 : 1900);
        return true;
    case 'H':
    case 'k':
    case 'I':
    case 'l':
        *s += *s < end && **s == ' ';
        return number(s, end, 1, 2, &t->hour);
    case 'M':
        return number(s, end, 2, 2, &t->minute);
    case 'S':
        return number(s, end, 2, 2, &t->second);
    case 'p':
    case 'P':
        if (end - *s < 2)
            return false;
        t->hour = t->hour % 12 + ((**s | 0x20) == 'p' ? 12 : 0);
        *s += 2;
        return true;
    case 's':
        return number(s, end, 1, 12, &t->epoch) && (t->has_epoch = true);
    case 'z':
    case 'Z':
        return zone(s, end, t);
    case 'a':
    case 'A':
        return word(s, end);
    case 'j':
        return number(s, end, 3, 3, &v);
    default:
        return false;
    }
}

/* The composed ones, as strftime(3) has them. */
static const char *composed(char c)
{
    return c == 'T' ? "%H:%M:%S" : c == 'F' ? "%Y-%m-%d" : c == 'D' ? "%m/%d/%y" : c == 'R' ? "%H:%M" : NULL;
}

bool accesslog_stamp_known(const char *pattern)
{
    for (const char *p = pattern; (p = strchr(p, '%')); p += 2)
        if (!p[1] || !strchr("edmbBhYyHkIlMSpPszZaAjTFDRn%tf*", p[1]))
            return false;
    return strchr(pattern, '%') != NULL;
}

static bool fraction(const char **s, const char *end, int digits, struct accesslog_stamp *t)
{
    int64_t v;
    if (!number(s, end, 1, digits, &v))
        return false;
    t->ns = v * (digits == 3 ? SD_MS : SD_US);
    return true;
}

/* Any usual form of a moment, up to what ends it: a quote, a bracket, a comma, or a blank that no hour
 * follows. */
static bool any_moment(const char **s, const char *end, struct accesslog_stamp *t)
{
    const char *p = *s;
    sd_time at;
    while (p < end && !strchr("\"],|\t", *p) &&
           !(*p == ' ' && !(end - p > 3 && (p[3] == ':' || p[1] == '+' || p[1] == '-'))))
        p++;
    if (!accesslog_time_any(*s, (size_t)(p - *s), &at))
        return false;
    t->epoch = at / SD_S;
    t->ns = at % SD_S;
    t->has_epoch = true;
    *s = p;
    return true;
}

static bool microseconds(const char **s, const char *end, struct accesslog_stamp *t)
{
    int64_t v;
    if (!number(s, end, 1, 18, &v))
        return false;
    t->epoch = v / 1000000;
    t->ns = v % 1000000 * SD_US;
    return t->has_epoch = true;
}

bool accesslog_stamp_read(const char *pattern, const char **s, const char *end, struct accesslog_stamp *t)
{
    if (!strcmp(pattern, "%auto"))
        return any_moment(s, end, t);
    if (!strcmp(pattern, "%auto-date"))
        pattern = end - *s > 4 && (*s)[4] == '-' ? "%Y-%m-%d" : "%d/%b/%Y";
    if (!strcmp(pattern, "%f") || !strcmp(pattern, "%*"))
        return microseconds(s, end, t);
    if (!strcmp(pattern, "msec_frac"))
        return fraction(s, end, 3, t);
    if (!strcmp(pattern, "usec_frac"))
        return fraction(s, end, 6, t);
    for (const char *p = pattern; *p; p++) {
        if (*p == '%' && p[1]) {
            const char *more = composed(*++p);
            if (*p == '%' ? *s == end || *(*s)++ != '%'
                : more    ? !accesslog_stamp_read(more, s, end, t)
                          : !one(*p, s, end, t))
                return false;
        } else if (*s == end || *(*s)++ != *p) {
            return false;
        }
    }
    return true;
}

bool accesslog_stamp_time(const struct accesslog_stamp *t, sd_time *at)
{
    if (t->has_epoch)
        return accesslog_time_make(t->epoch, t->ns, at);
    if (t->year < 1970 || t->month < 1 || t->month > 12 || t->day < 1 || t->day > 31 || t->hour > 24 ||
        t->minute > 59 || t->second > 60)
        return false;
    int64_t seconds = clock_days(t->year, (int)t->month, (int)t->day) * 86400 + t->hour * 3600 +
                      t->minute * 60 + t->second - t->east;
    return accesslog_time_make(t->here && !t->zoned ? clock_from_local(seconds) : seconds, t->ns, at);
}
