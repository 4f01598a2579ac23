#include "format/queries/log_time.h"

#include <ctype.h>
#include <time.h>

#include "base/clock.h"

/* Abbreviations that mean the same offset wherever they are used; CST, IST and BST do not. In minutes. */
static const struct {
    const char *name;
    int east;
} ZONES[] = {
    {.name = "UTC", .east = 0},    {.name = "GMT", .east = 0},    {.name = "Z", .east = 0},
    {.name = "UCT", .east = 0},    {.name = "WET", .east = 0},    {.name = "WEST", .east = 60},
    {.name = "CET", .east = 60},   {.name = "CEST", .east = 120}, {.name = "MEZ", .east = 60},
    {.name = "MESZ", .east = 120}, {.name = "EET", .east = 120},  {.name = "EEST", .east = 180},
    {.name = "MSK", .east = 180},  {.name = "JST", .east = 540},  {.name = "KST", .east = 540},
    {.name = "AEST", .east = 600}, {.name = "AEDT", .east = 660}, {.name = "NZST", .east = 720},
    {.name = "NZDT", .east = 780}, {.name = "EST", .east = -300}, {.name = "EDT", .east = -240},
    {.name = "CDT", .east = -300}, {.name = "MST", .east = -420}, {.name = "MDT", .east = -360},
    {.name = "PST", .east = -480}, {.name = "PDT", .east = -420}, {.name = "HKT", .east = 480},
};

static bool digits(const char **s, const char *stop, int n, int *value)
{
    *value = 0;
    for (int i = 0; i < n; i++, ++*s) {
        if (*s >= stop || !isdigit((unsigned char)**s))
            return false;
        *value = *value * 10 + (**s - '0');
    }
    return true;
}

static bool sign(const char **s, const char *stop, const char *any)
{
    if (*s >= stop || !**s || !strchr(any, **s))
        return false;
    ++*s;
    return true;
}

/* "+02", "-0330", "+05:30" */
static bool offset(const char **s, const char *stop, int *east)
{
    int west = **s == '+' ? 1 : -1, h, m = 0;
    ++*s;
    if (!digits(s, stop, 2, &h))
        return false;
    const char *minutes = *s;
    sign(&minutes, stop, ":");
    if (digits(&minutes, stop, 2, &m))
        *s = minutes;
    *east = west * (h * 60 + m);
    return true;
}

/* The offset of the local zone at that wall time; its abbreviation in `name`. The earlier of two where the
 * clock is set back. */
static int local_east(int64_t wall_s, char name[16])
{
    time_t guess = (time_t)wall_s;
    struct tm tm;
    long east = 0;
    for (int i = 0; i < 2; i++) {
        guess = (time_t)(wall_s - east);
        if (!localtime_r(&guess, &tm))
            return 0;
        east = tm.tm_gmtoff;
    }
    snprintf(name, 16, "%s", tm.tm_zone ? tm.tm_zone : "");
    return (int)(east / 60);
}

static bool zone(const char **s, const char *stop, int64_t wall_s, int *east)
{
    char word[8] = "", local[16] = "";
    size_t n = 0;
    while (*s + n < stop && n < sizeof word - 1 && isupper((unsigned char)(*s)[n])) {
        word[n] = (*s)[n];
        n++;
    }
    *east = local_east(wall_s, local);
    if (!n || (*s + n < stop && (*s)[n] == ':')) /* "LOG:" is no zone */
        return true;
    *s += n;
    if (str_eq(word, local))
        return true;
    for (int other = -1; other <= 1;
         other += 2) { /* its name in the other half of the year, or around a change */
        int there = local_east(wall_s + other * 182 * 86400, local);
        if (str_eq(word, local)) {
            *east = there;
            return true;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(ZONES); i++)
        if (str_eq(word, ZONES[i].name)) {
            *east = ZONES[i].east;
            return true;
        }
    return false;
}

sd_time log_time(const char *s, const char *stop, const char **end)
{
    int year, month, day, hour, minute, second, east;
    if (!digits(&s, stop, 4, &year) || !sign(&s, stop, "-/") || !digits(&s, stop, 2, &month) ||
        !sign(&s, stop, "-/") || !digits(&s, stop, 2, &day) || !sign(&s, stop, " T") ||
        !digits(&s, stop, 2, &hour) || !sign(&s, stop, ":") || !digits(&s, stop, 2, &minute) ||
        !sign(&s, stop, ":") || !digits(&s, stop, 2, &second) || year < 1970 || year > 2200 || month < 1 ||
        month > 12 || day < 1 || day > 31 || hour > 24 || minute > 59 || second > 60)
        return SD_UNKNOWN;
    int64_t wall_s = ((clock_days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second, fraction = 0;
    if (sign(&s, stop, ".,"))
        for (int64_t unit = SD_S / 10; s < stop && isdigit((unsigned char)*s); s++, unit /= 10)
            fraction += (*s - '0') * unit;
    const char *at = s;
    while (at < stop && *at == ' ' && at - s < 2)
        at++;
    bool ok = at < stop && (*at == '+' || *at == '-') && at + 1 < stop && isdigit((unsigned char)at[1])
                  ? offset(&at, stop, &east)
                  : zone(&at, stop, wall_s, &east);
    if (!ok)
        return SD_UNKNOWN;
    if (end)
        *end = at;
    return (wall_s - east * 60) * SD_S + fraction;
}
