#include "format/traces/trace_json.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/num.h"

/* Digits with a sign, and nothing else. */
static bool whole(const char *p, const char *end, int64_t *v)
{
    bool minus = p < end && *p == '-';
    uint64_t n = 0, most = (uint64_t)INT64_MAX;
    p += minus;
    if (p == end)
        return false;
    for (; p < end; p++) {
        unsigned digit = (unsigned)(*p - '0');
        if (digit > 9 || n > (most - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    *v = minus ? -(int64_t)n : (int64_t)n;
    return true;
}

bool trace_json_int(struct json_pull *j, int64_t *v)
{
    char c = json_peek(j);
    struct json_pull again = *j;
    const char *start = j->at + (c == '"');
    json_skip(j);
    if (j->broken || (c != '"' && c != '-' && !isdigit((unsigned char)c)))
        return false;
    if (whole(start, j->at - (c == '"'), v))
        return true;
    double real = json_number(&again);
    if (!real_is_int(real))
        return false;
    *v = real_to_int(real);
    return true;
}

struct span_text trace_json_text(struct json_pull *j, struct strbuf *scratch)
{
    struct span_text t = {0};
    t.at = json_bytes(j, scratch, &t.n);
    return t;
}

struct span_text trace_json_value(struct json_pull *j, struct strbuf *scratch)
{
    char c = json_peek(j);
    if (c == '"')
        return trace_json_text(j, scratch);
    const char *start = j->at;
    json_skip(j);
    if (j->broken || c == 'n')
        return (struct span_text){0};
    return (struct span_text){.at = start, .n = (size_t)(j->at - start)};
}

bool span_text_is(struct span_text t, const char *s)
{
    return t.at && strlen(s) == t.n && memcmp(t.at, s, t.n) == 0;
}

bool trace_json_true(struct json_pull *j)
{
    struct strbuf scratch = {0};
    struct span_text t = trace_json_value(j, &scratch);
    bool yes = t.at && t.n == 4 && strncasecmp(t.at, "true", 4) == 0;
    strbuf_free(&scratch);
    return yes;
}

int64_t trace_us(int64_t us)
{
    return sd_known(us) ? mul_sat(us, 1000) : us;
}

/* So many digits at *p as a number, and past them. */
static bool digits(const char **p, const char *end, int n, int *v)
{
    *v = 0;
    for (; n; n--, (*p)++) {
        if (*p == end || !isdigit((unsigned char)**p))
            return false;
        *v = *v * 10 + (**p - '0');
    }
    return true;
}

static bool mark(const char **p, const char *end, const char *marks)
{
    return *p < end && **p && strchr(marks, **p) && *(*p)++;
}

static int64_t fraction(const char **p, const char *end)
{
    int64_t ns = 0, unit = SD_S / 10;
    if (!mark(p, end, ".,"))
        return 0;
    for (; *p < end && isdigit((unsigned char)**p); (*p)++, unit /= 10)
        ns += (**p - '0') * unit;
    return ns;
}

bool trace_stamp(struct span_text t, sd_time *at)
{
    const char *p = t.at ? t.at : "", *end = p + (t.at ? t.n : 0);
    struct tm tm = {0};
    int hours = 0, minutes = 0;
    if (!digits(&p, end, 4, &tm.tm_year) || !mark(&p, end, "-") || !digits(&p, end, 2, &tm.tm_mon) ||
        !mark(&p, end, "-") || !digits(&p, end, 2, &tm.tm_mday) || !mark(&p, end, "Tt ") ||
        !digits(&p, end, 2, &tm.tm_hour) || !mark(&p, end, ":") || !digits(&p, end, 2, &tm.tm_min) ||
        !mark(&p, end, ":") || !digits(&p, end, 2, &tm.tm_sec))
        return false;
    int64_t ns = fraction(&p, end);
    bool minus = p < end && *p == '-';
    if (!mark(&p, end, "Zz") && (!mark(&p, end, "+-") || !digits(&p, end, 2, &hours) || !mark(&p, end, ":") ||
                                 !digits(&p, end, 2, &minutes)))
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon--;
    int64_t s = timegm(&tm) - (minus ? -60 : 60) * (hours * 60 + minutes);
    *at = add_sat(mul_sat(s, SD_S), ns);
    return p == end;
}

static int sextet(char c)
{
    if (isupper((unsigned char)c))
        return c - 'A';
    if (islower((unsigned char)c))
        return c - 'a' + 26;
    if (isdigit((unsigned char)c))
        return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

size_t trace_base64(struct span_text t, uint8_t *out, size_t size)
{
    uint32_t bits = 0;
    size_t n = 0, have = 0;
    for (size_t i = 0; i < t.n && t.at[i] != '='; i++) {
        int v = sextet(t.at[i]);
        if (v < 0)
            return 0;
        bits = bits << 6 | (uint32_t)v;
        have += 6;
        if (have < 8)
            continue;
        have -= 8;
        if (n == size)
            return 0;
        out[n++] = (uint8_t)(bits >> have);
    }
    return n;
}
