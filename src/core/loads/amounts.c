#include "core/loads/amounts.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/units.h"

bool amount_duration(const char *text, int64_t *ns, struct sd_error *err)
{
    if (!unit_parse_duration(text, ns, err))
        return false;
    return *ns >= 0 || fail(err, "\"%.60s\" is a negative duration", text);
}

/* The number before the first of `ends`; *rest is what follows it. */
static bool number_before(const char *text, const char *ends, double *x, const char **rest)
{
    char digits[64];
    size_t n = strcspn(text, ends);
    *rest = text + n;
    while (n && text[n - 1] == ' ')
        n--;
    if (!n || n >= sizeof digits)
        return false;
    memcpy(digits, text, n);
    digits[n] = 0;
    return num_parse_real(digits, x) && isfinite(*x);
}

bool amount_rate(const char *text, double *per_s, struct sd_error *err)
{
    static const struct {
        const char *unit;
        double seconds;
    } UNITS[] = {{"", 1}, {"/s", 1}, {"/m", 60}, {"/min", 60}, {"/h", 3600}, {"/d", 86400}};
    const char *rest;
    double x;
    if (number_before(text, "/", &x, &rest) && x >= 0)
        for (size_t i = 0; i < ARRAY_LEN(UNITS); i++)
            if (!strcmp(rest, UNITS[i].unit)) {
                *per_s = x / UNITS[i].seconds;
                return true;
            }
    return fail(err, "\"%.60s\" is not a rate; write it like 100 (a second) or 600/m", text);
}

bool amount_share(const char *text, double *share, struct sd_error *err)
{
    const char *rest;
    double x;
    if (!number_before(text, "%", &x, &rest) || x < 0 || (*rest && strcmp(rest, "%") != 0))
        return fail(err, "\"%.60s\" is not a share; write it like 5%% or 0.05", text);
    *share = *rest || x > 1 ? x / 100 : x;
    return true;
}

bool amount_bytes(const char *text, int64_t *bytes, struct sd_error *err)
{
    if (!unit_parse_bytes(text, bytes, err))
        return false;
    return *bytes >= 0 || fail(err, "\"%.60s\" is a negative size", text);
}

bool amount_number(const char *text, double *x, struct sd_error *err)
{
    if (num_parse_real(text, x) && isfinite(*x))
        return true;
    return fail(err, "\"%.60s\" is not a number", text);
}

bool amount_whole(const char *text, int64_t lo, int64_t hi, int64_t *x, struct sd_error *err)
{
    double v;
    if (num_parse_real(text, &v) && real_is_int(v) && floor(v) == v && (int64_t)v >= lo && (int64_t)v <= hi) {
        *x = (int64_t)v;
        return true;
    }
    return fail(err, "\"%.60s\" is not a whole number from %" PRId64 " to %" PRId64, text, lo, hi);
}
