#include "format/loads/metric_sum.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    return p;
}

/* Behind the closing brace of labels; NULL: there is none on this line. */
static const char *skip_labels(const char *p, const char *end)
{
    for (bool quoted = false; p < end; p++) {
        if (quoted && *p == '\\')
            p++;
        else if (*p == '"')
            quoted = !quoted;
        else if (*p == '}' && !quoted)
            return p + 1;
    }
    return NULL;
}

/* The value of the line p..end when it is of that metric; NAN otherwise. */
static double value_of(const char *p, const char *end, const char *name, size_t name_len)
{
    char number[64];
    double value;
    p = skip_blanks(p, end);
    if ((size_t)(end - p) <= name_len || memcmp(p, name, name_len) != 0)
        return (double)NAN;
    p += name_len;
    if (*p != '{' && *p != ' ' && *p != '\t')
        return (double)NAN;
    p = skip_blanks(p, end);
    if (p < end && *p == '{' && !(p = skip_labels(p + 1, end)))
        return (double)NAN;
    p = skip_blanks(p, end);
    size_t n = 0;
    while (p + n < end && p[n] != ' ' && p[n] != '\t' && p[n] != '\r')
        n++;
    if (!n || n >= sizeof number)
        return (double)NAN;
    memcpy(number, p, n);
    number[n] = 0;
    return num_parse_real(*number == '+' ? number + 1 : number, &value) ? value : (double)NAN;
}

double metric_sum(const char *text, size_t len, const char *name)
{
    const char *end = text + len;
    double sum = (double)NAN;
    for (const char *p = text; p < end;) {
        const char *line_end = memchr(p, '\n', (size_t)(end - p));
        if (!line_end)
            line_end = end;
        double v = value_of(p, line_end, name, strlen(name));
        if (isfinite(v))
            sum = isnan(sum) ? v : sum + v;
        p = line_end + 1;
    }
    return sum;
}
