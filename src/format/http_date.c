#include "format/http_date.h"

#include <ctype.h>
#include <strings.h>
#include <time.h>

struct parts {
    int day, month, year, hour, minute, second;
};

static bool digits(const char **p, int n, int *value)
{
    *value = 0;
    for (int i = 0; i < n; i++, (*p)++) {
        if (!isdigit((unsigned char)**p))
            return false;
        *value = *value * 10 + (**p - '0');
    }
    return true;
}

static bool literal(const char **p, const char *text)
{
    size_t n = strlen(text);
    if (strncasecmp(*p, text, n) != 0)
        return false;
    *p += n;
    return true;
}

/* One of the names, in either case; its number. */
static bool name(const char **p, const char *const *names, int n, int *number)
{
    for (int i = 0; i < n; i++)
        if (literal(p, names[i])) {
            *number = i;
            return true;
        }
    return false;
}

static bool month(const char **p, int *number)
{
    static const char *const names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return name(p, names, 12, number);
}

/* The longer name first, so that "Sunday" is not "Sun" and a rest. */
static bool weekday(const char **p, bool *is_long)
{
    static const char *const names[] = {"Sunday", "Monday",   "Tuesday", "Wednesday", "Thursday",
                                        "Friday", "Saturday", "Sun",     "Mon",       "Tue",
                                        "Wed",    "Thu",      "Fri",     "Sat"};
    int number;
    if (!name(p, names, 14, &number))
        return false;
    *is_long = number < 7;
    return true;
}

static bool time_of_day(const char **p, struct parts *t)
{
    return digits(p, 2, &t->hour) && literal(p, ":") && digits(p, 2, &t->minute) && literal(p, ":") &&
           digits(p, 2, &t->second);
}

static bool fixdate(const char *p, struct parts *t)
{
    return literal(&p, ", ") && digits(&p, 2, &t->day) && literal(&p, " ") && month(&p, &t->month) &&
           literal(&p, " ") && digits(&p, 4, &t->year) && literal(&p, " ") && time_of_day(&p, t) &&
           literal(&p, " GMT") && !*p;
}

/* A year that looks more than 50 years ahead is of the century before. */
static bool rfc850(const char *p, int64_t now, struct parts *t)
{
    struct tm today;
    time_t at = (time_t)now;
    if (!(literal(&p, ", ") && digits(&p, 2, &t->day) && literal(&p, "-") && month(&p, &t->month) &&
          literal(&p, "-") && digits(&p, 2, &t->year) && literal(&p, " ") && time_of_day(&p, t) &&
          literal(&p, " GMT") && !*p) ||
        !gmtime_r(&at, &today))
        return false;
    int this_year = today.tm_year + 1900;
    t->year += this_year - this_year % 100;
    if (t->year > this_year + 50)
        t->year -= 100;
    return true;
}

static bool asctime_date(const char *p, struct parts *t)
{
    if (!literal(&p, " ") || !month(&p, &t->month) || !literal(&p, " "))
        return false;
    bool day = literal(&p, " ") ? digits(&p, 1, &t->day) : digits(&p, 2, &t->day);
    return day && literal(&p, " ") && time_of_day(&p, t) && literal(&p, " ") && digits(&p, 4, &t->year) &&
           !*p;
}

static int64_t seconds_of(const struct parts *t)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (t->year % 4 == 0 && t->year % 100 != 0) || t->year % 400 == 0;
    int days = lengths[t->month] + (t->month == 1 && leap);
    if (t->day < 1 || t->day > days || t->hour > 23 || t->minute > 59 || t->second > 60)
        return SD_UNKNOWN;
    /* Days from 1970 to that day, by eras of 400 years that begin in March. */
    int64_t y = t->year - (t->month < 2), era = y / 400, of_era = y - era * 400;
    int64_t of_year = (153 * ((t->month + 10) % 12) + 2) / 5 + t->day - 1;
    int64_t day = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
    return day * 86400 + t->hour * 3600 + t->minute * 60 + t->second;
}

bool http_date_parse(const char *text, int64_t now, int64_t *s)
{
    struct parts t = {0};
    const char *p = text;
    bool is_long = false;
    if (!weekday(&p, &is_long))
        return false;
    if (!(is_long ? rfc850(p, now, &t) : fixdate(p, &t) || asctime_date(p, &t)))
        return false;
    *s = seconds_of(&t);
    return sd_known(*s);
}
