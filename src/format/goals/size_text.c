#include "format/goals/size_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SIZE_TEXT_MOST 9007199254740992.0 /* 2^53 */

static const struct {
    const char *unit;
    double iec;   /* bytes */
    double bytes; /* 0: the unit is not known */
} UNITS[] = {
    {.unit = "", .iec = 1, .bytes = 1},
    {.unit = "b", .iec = 1, .bytes = 1},
    {.unit = "kb", .iec = 1e3, .bytes = 0x1p10},
    {.unit = "mb", .iec = 1e6, .bytes = 0x1p20},
    {.unit = "gb", .iec = 1e9, .bytes = 0x1p30},
    {.unit = "tb", .iec = 1e12, .bytes = 0x1p40},
    {.unit = "kib", .iec = 0x1p10},
    {.unit = "mib", .iec = 0x1p20},
    {.unit = "gib", .iec = 0x1p30},
    {.unit = "tib", .iec = 0x1p40},
};

static const char *skip_blanks(const char *s)
{
    return s + strspn(s, " \t");
}

/* Digits with at most one point; where it ends. NULL: it is none. */
static const char *number_end(const char *s)
{
    size_t whole = strspn(s, "0123456789");
    const char *end = s + whole;
    if (*end == '.')
        end += 1 + strspn(end + 1, "0123456789");
    return whole ? end : NULL;
}

bool size_text_parse(const char *text, enum size_rules rules, int64_t *bytes, bool *odd, struct sd_error *err)
{
    const char *start = skip_blanks(text);
    const char *end = number_end(start + (*start == '+'));
    if (odd)
        *odd = false;
    if (*start == '-' && number_end(start + 1))
        return fail(err, "the limit \"%.60s\" is negative", text);
    if (!end)
        return fail(err, "the limit \"%.60s\" is no size; expected one such as \"100 kB\"", text);
    const char *unit = skip_blanks(end);
    size_t len = strcspn(unit, " \t");
    double factor = 0;
    bool known = false;
    for (size_t i = 0; i < ARRAY_LEN(UNITS); i++)
        if (strlen(UNITS[i].unit) == len && !strncasecmp(UNITS[i].unit, unit, len)) {
            known = true;
            factor = rules == SIZE_IEC ? UNITS[i].iec : UNITS[i].bytes;
        }
    if (!known || *skip_blanks(unit + len))
        return fail(err, "the limit \"%.60s\" has no unit of size; expected one such as \"100 kB\"", text);
    if (factor == 0) {
        factor = 1;
        if (odd)
            *odd = true;
    }
    double v = floor(strtod(start, NULL) * factor);
    if (!(v <= SIZE_TEXT_MOST))
        return fail(err, "the limit \"%.60s\" is above 2^53 bytes", text);
    *bytes = (int64_t)v;
    return true;
}

bool size_text_is_time(const char *text)
{
    const char *end = number_end(skip_blanks(text));
    if (!end)
        return false;
    end = skip_blanks(end);
    return !strcasecmp(end, "s") || !strcasecmp(end, "ms") || !strcasecmp(end, "sec");
}
