#include "base/units.h"
#include "base/clock.h"
#include "base/num.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* As snprintf("%.*f%s") writes it, several times as fast: a filter over a million rows writes
 * millions of figures. What lies close to the middle of two figures is left to snprintf. */
static void fixed(char *buf, double v, int decimals, const char *suffix)
{
    static const double scales[] = {1, 10, 100};
    double scaled = fabs(v) * scales[decimals];
    uint32_t figure = scaled < 1e9 ? (uint32_t)scaled : 0;
    double part = scaled - figure;
    if (!(scaled < 1e9) || fabs(part - 0.5) < 1e-4) {
        snprintf(buf, UNIT_TEXT_MAX, "%.*f%s", decimals, v, suffix);
        return;
    }
    char digits[16];
    int n = 0, least = decimals ? decimals + 2 : 1; /* 0.05: a digit before the point */
    figure += part > 0.5;
    for (; figure || n < least; figure /= 10) {
        digits[n++] = (char)('0' + figure % 10);
        if (n == decimals)
            digits[n++] = '.';
    }
    char *out = buf;
    if (signbit(v))
        *out++ = '-';
    while (n)
        *out++ = digits[--n];
    size_t len = strlen(suffix);
    memcpy(out, suffix, MIN(len + 1, (size_t)(buf + UNIT_TEXT_MAX - out)));
    buf[UNIT_TEXT_MAX - 1] = 0;
}

/* floor() is a call of the library. */
static bool is_whole(double v)
{
    return fabs(v) < 1e15 ? v == (double)(int64_t)v : v == floor(v);
}

/* Three significant digits: 1.23 12.3 123; trailing zeros stay, so that columns of
 * figures line up by eye. */
static void digits3(char *buf, double v, const char *suffix)
{
    double a = fabs(v);
    fixed(buf, v, a < 9.995 ? 2 : a < 99.95 ? 1 : 0, suffix);
}

struct scale {
    double factor;
    const char *suffix;
};

#define MINUTE 60e9 /* only times have scales above it that are whole by chance */

/* The largest scale whose figure, rounded to three digits, is at least 1. */
static void scaled(char *buf, double v, const struct scale *s, size_t n)
{
    double a = fabs(v);
    size_t i = 0;
    while (i + 1 < n && a >= 0.9995 * s[i + 1].factor)
        i++;
    double figure = a / s[i].factor;
    if (a == 0 && s[0].factor == 1 && *s[0].suffix) { /* no telling in which unit */
        snprintf(buf, UNIT_TEXT_MAX, "0");
        return;
    }
    /* Whole small figures, and whole minutes, hours and days, need no decimals. */
    if (is_whole(figure) && ((s[i].factor == 1 && a < 1000) || s[i].factor >= MINUTE))
        fixed(buf, v / s[i].factor, 0, s[i].suffix);
    else
        digits3(buf, v / s[i].factor, s[i].suffix);
}

static const struct scale TIMES[] = {{.factor = 1, .suffix = " ns"},     {.factor = 1e3, .suffix = " us"},
                                     {.factor = 1e6, .suffix = " ms"},   {.factor = 1e9, .suffix = " s"},
                                     {.factor = 60e9, .suffix = " min"}, {.factor = 3600e9, .suffix = " h"},
                                     {.factor = 86400e9, .suffix = " d"}};
static const struct scale SIZES[] = {{.factor = 1, .suffix = " B"},     {.factor = 1e3, .suffix = " kB"},
                                     {.factor = 1e6, .suffix = " MB"},  {.factor = 1e9, .suffix = " GB"},
                                     {.factor = 1e12, .suffix = " TB"}, {.factor = 1e15, .suffix = " PB"}};
static const struct scale COUNTS[] = {{.factor = 1, .suffix = ""},      {.factor = 1e3, .suffix = " k"},
                                      {.factor = 1e6, .suffix = " M"},  {.factor = 1e9, .suffix = " G"},
                                      {.factor = 1e12, .suffix = " T"}, {.factor = 1e15, .suffix = " P"}};
static const struct scale RATES[] = {{.factor = 1, .suffix = "/s"},
                                     {.factor = 1e3, .suffix = " k/s"},
                                     {.factor = 1e6, .suffix = " M/s"},
                                     {.factor = 1e9, .suffix = " G/s"}};

/* Cut down, never rounded up: what has lasted 9.97 s has not lasted 10 s. */
static void since(char *buf, double ns)
{
    static const double MOST = 1e6 * 86400;
    double s = ns / 1e9;
    if (s < 10) {
        snprintf(buf, UNIT_TEXT_MAX, "%.1f s", floor(fmax(s, 0) * 10) / 10);
        return;
    }
    int64_t whole = (int64_t)fmin(s, MOST), minutes = whole / 60, hours = minutes / 60, days = hours / 24;
    if (minutes == 0)
        snprintf(buf, UNIT_TEXT_MAX, "%" PRId64 " s", whole);
    else if (hours == 0)
        snprintf(buf, UNIT_TEXT_MAX, "%" PRId64 "m%02" PRId64 "s", minutes, whole % 60);
    else if (days == 0)
        snprintf(buf, UNIT_TEXT_MAX, "%" PRId64 "h%02" PRId64 "m", hours, minutes % 60);
    else
        snprintf(buf, UNIT_TEXT_MAX, "%" PRId64 "d%02" PRId64 "h", days, hours % 24);
}

/* Ages of data move in steps, so that an idle screen stays still. */
static void age(char *buf, double ns)
{
    static const struct {
        double below;
        double step;
        const char *suffix;
    } steps[] = {{.below = 60e9, .step = 10e9, .suffix = " s"},
                 {.below = 600e9, .step = 60e9, .suffix = " min"},
                 {.below = 3600e9, .step = 600e9, .suffix = " min"},
                 {.below = 86400e9, .step = 3600e9, .suffix = " h"}};
    if (ns < 10e9) {
        snprintf(buf, UNIT_TEXT_MAX, "now");
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        if (ns < steps[i].below) {
            double v = floor(ns / steps[i].step) * steps[i].step;
            double base = i == 0 ? 1e9 : i == 3 ? 3600e9 : 60e9;
            snprintf(buf, UNIT_TEXT_MAX, "%.0f%s", v / base, steps[i].suffix);
            return;
        }
    snprintf(buf, UNIT_TEXT_MAX, "%.0f d", floor(ns / 86400e9));
}

char *unit_format(enum unit u, double v, char buf[UNIT_TEXT_MAX])
{
    if (!isfinite(v)) {
        snprintf(buf, UNIT_TEXT_MAX, "-");
        return buf;
    }
    switch (u) {
    case UNIT_NONE:
        if (v == floor(v) && fabs(v) < 1e15)
            fixed(buf, v, 0, "");
        else
            snprintf(buf, UNIT_TEXT_MAX, "%.6g", v);
        break;
    case UNIT_COUNT:
    case UNIT_BLOCKS:
        if (fabs(v) < 9999.5 && is_whole(v))
            fixed(buf, v, 0, "");
        else
            scaled(buf, v, COUNTS, ARRAY_LEN(COUNTS));
        break;
    case UNIT_COST:
        scaled(buf, v, COUNTS, ARRAY_LEN(COUNTS));
        break;
    case UNIT_NS:
        scaled(buf, v, TIMES, ARRAY_LEN(TIMES));
        break;
    case UNIT_BYTES:
        scaled(buf, v, SIZES, ARRAY_LEN(SIZES));
        break;
    case UNIT_SHARE:
        if (v != 0 && fabs(v) < 0.0005)
            memcpy(buf, "<0.1 %", sizeof "<0.1 %");
        else if (fabs(v) < 0.9995)
            fixed(buf, v * 100, 1, " %");
        else
            fixed(buf, v * 100, 0, " %");
        break;
    case UNIT_PER_S:
        scaled(buf, v, RATES, ARRAY_LEN(RATES));
        break;
    case UNIT_TIME:
        return unit_format_int(u, real_to_int(v), buf);
    case UNIT_AGE:
        age(buf, v);
        break;
    case UNIT_SINCE:
        since(buf, v);
        break;
    case UNIT_FACTOR:
        if (fabs(v) < 10)
            fixed(buf, v, 1, "x");
        else
            scaled(buf, round(v),
                   (const struct scale[]){{.factor = 1, .suffix = "x"},
                                          {.factor = 1e3, .suffix = " kx"},
                                          {.factor = 1e6, .suffix = " Mx"},
                                          {.factor = 1e9, .suffix = " Gx"}},
                   4);
        break;
    case UNIT_LOAD:
        snprintf(buf, UNIT_TEXT_MAX, fabs(v) < 99.995 ? "%.2f" : "%.0f", v);
        break;
    }
    return buf;
}

/* At the limit of its type, the real number is larger. */
static char *edge(enum unit u, bool negative, char *buf)
{
    const char *most = u == UNIT_NS ? "292 y" : u == UNIT_BYTES ? "9.22 EB" : "9.22 E";
    snprintf(buf, UNIT_TEXT_MAX, "%s%s", negative ? "<-" : ">", most);
    return buf;
}

char *unit_format_number(double value, int digits, char buf[UNIT_TEXT_MAX])
{
    bool whole = fabs(value) >= pow(10, digits) && fabs(value) < 1e15;
    if (whole)
        snprintf(buf, UNIT_TEXT_MAX, "%.0f", value);
    else
        snprintf(buf, UNIT_TEXT_MAX, "%.*g", digits, value);
    return buf;
}

char *unit_format_int(enum unit u, int64_t v, char buf[UNIT_TEXT_MAX])
{
    if (v == SD_UNKNOWN) {
        snprintf(buf, UNIT_TEXT_MAX, "-");
        return buf;
    }
    if (num_is_edge(v) && (u == UNIT_NS || u == UNIT_BYTES || u == UNIT_COUNT || u == UNIT_BLOCKS))
        return edge(u, v < 0, buf);
    if (u == UNIT_NONE) {
        if (v > -1000000000 && v < 1000000000)
            fixed(buf, (double)v, 0, "");
        else
            snprintf(buf, UNIT_TEXT_MAX, "%" PRId64, v);
        return buf;
    }
    if (u == UNIT_TIME) {
        char when[CLOCK_TEXT_MAX];
        snprintf(buf, UNIT_TEXT_MAX, "%s", clock_hms(v, v, when));
        return buf;
    }
    return unit_format(u, (double)v, buf);
}

bool unit_may_show(enum unit u, const char *text)
{
    /* In lower case, beside the characters of every figure. Times and dates may hold any. */
    static const char all[] = "0123456789.-+<> ";
    static const char *const own[] = {
        [UNIT_NONE] = "e",          [UNIT_COUNT] = "kmgtpe", [UNIT_NS] = "nusmihdy", [UNIT_BYTES] = "kmgtpeb",
        [UNIT_BLOCKS] = "kmgtpe",   [UNIT_SHARE] = "%",      [UNIT_PER_S] = "kmg/s", [UNIT_AGE] = "nowsmihd",
        [UNIT_SINCE] = "nowsmihdy", [UNIT_FACTOR] = "kmgx",  [UNIT_COST] = "kmgtp",  [UNIT_LOAD] = ""};
    if (u == UNIT_TIME)
        return true;
    for (const char *p = text; *p; p++)
        if (!strchr(all, *p) && !strchr(own[u], tolower((unsigned char)*p)))
            return (unsigned char)*p >= 0x80; /* by case it may be one of them: KELVIN SIGN */
    return true;
}

/* ---- parsing ---- */

static bool number(const char *text, double *v, const char **rest)
{
    char *end;
    errno = 0;
    if (!(*text >= '0' && *text <= '9') && *text != '.' && *text != '-')
        return false;
    *v = strtod(text, &end);
    while (*end == ' ')
        end++;
    *rest = end;
    return end != text && errno == 0 && isfinite(*v);
}

static bool parse_scaled(const char *text, const struct scale *s, size_t n, int64_t *out)
{
    double v;
    const char *rest;
    if (!number(text, &v, &rest))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!strcmp(rest, s[i].suffix)) {
            *out = real_to_int(v * s[i].factor);
            return real_is_int(v * s[i].factor);
        }
    return false;
}

bool unit_parse_duration(const char *text, int64_t *ns, struct sd_error *err)
{
    static const struct scale names[] = {
        {.factor = 1, .suffix = "ns"},     {.factor = 1e3, .suffix = "us"},
        {.factor = 1e6, .suffix = "ms"},   {.factor = 1e9, .suffix = "s"},
        {.factor = 60e9, .suffix = "m"},   {.factor = 60e9, .suffix = "min"},
        {.factor = 3600e9, .suffix = "h"}, {.factor = 86400e9, .suffix = "d"}};
    if (!strcmp(text, "0")) {
        *ns = 0;
        return true;
    }
    if (parse_scaled(text, names, ARRAY_LEN(names), ns))
        return true;
    return fail(err, "\"%.60s\" is not a duration; write it like 250ms, 10s, 15m or 2h", text);
}

bool unit_parse_bytes(const char *text, int64_t *bytes, struct sd_error *err)
{
    static const struct scale names[] = {{.factor = 1, .suffix = ""},
                                         {.factor = 1, .suffix = "B"},
                                         {.factor = 1e3, .suffix = "kB"},
                                         {.factor = 1e3, .suffix = "KB"},
                                         {.factor = 1e6, .suffix = "MB"},
                                         {.factor = 1e9, .suffix = "GB"},
                                         {.factor = 1e12, .suffix = "TB"},
                                         {.factor = 1024, .suffix = "KiB"},
                                         {.factor = 1048576, .suffix = "MiB"},
                                         {.factor = 1073741824, .suffix = "GiB"},
                                         {.factor = 1099511627776, .suffix = "TiB"}};
    if (parse_scaled(text, names, ARRAY_LEN(names), bytes))
        return true;
    return fail(err, "\"%.60s\" is not a size; write it like 500MB, 64MiB or 4096", text);
}
