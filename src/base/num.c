#include "base/num.h"

#include <stdlib.h>

bool num_parse_real(const char *text, double *x)
{
    char *end;
    if (!*text || strspn(text, "+-.0123456789eE") != strlen(text))
        return false;
    *x = strtod(text, &end);
    return !*end && isfinite(*x);
}
