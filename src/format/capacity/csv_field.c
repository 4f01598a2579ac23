#include "format/capacity/csv_field.h"

#include <string.h>

#include "base/num.h"

enum { NUMBER_BYTES = 64 };

struct csv_field csv_trimmed(struct csv_field f)
{
    while (f.n && (*f.at == ' ' || *f.at == '\t'))
        f.at++, f.n--;
    while (f.n && (f.at[f.n - 1] == ' ' || f.at[f.n - 1] == '\t' || f.at[f.n - 1] == '\r'))
        f.n--;
    if (f.n > 1 && *f.at == '"' && f.at[f.n - 1] == '"')
        f.at++, f.n -= 2;
    return f;
}

bool csv_number(struct csv_field f, double *x)
{
    char text[NUMBER_BYTES];
    if (!f.n || f.n >= sizeof text || memchr(f.at, 0, f.n))
        return false;
    memcpy(text, f.at, f.n);
    text[f.n] = 0;
    return num_parse_real(text, x);
}
