#include "source/log/log_order.h"

enum { NUMBER_DIGITS = 5, DIGITS_MAX = 18 };

static size_t without_packing(const char *rest, bool *packed)
{
    static const char *const ENDS[] = {".gz", ".zst"};
    size_t len = strlen(rest);
    *packed = false;
    for (size_t i = 0; i < ARRAY_LEN(ENDS) && !*packed; i++)
        if (str_ends(rest, ENDS[i])) {
            *packed = true;
            len -= strlen(ENDS[i]);
        }
    return len;
}

/* By the digits of the first group: 20261120, 2026-11-20, 261120, 2026. */
static bool is_date(const struct log_order *o, size_t first)
{
    bool year = first == 4 && o->groups[0] >= 1970 && o->groups[0] < 2100;
    return first >= 6 || (year && o->n != 2);
}

struct log_order log_order_of(const char *rest)
{
    struct log_order o = {.by = LOG_NAME_OTHER};
    size_t len = without_packing(rest, &o.packed), first = 0;
    for (size_t i = 0; i < len;) {
        size_t digits = 0;
        uint64_t v = 0;
        for (; i + digits < len && rest[i + digits] >= '0' && rest[i + digits] <= '9'; digits++)
            v = digits < DIGITS_MAX ? v * 10 + (uint64_t)(rest[i + digits] - '0') : v;
        if (!digits && !strchr(".-_T:", rest[i]))
            return o;
        i += digits ? digits : 1;
        if (!digits)
            continue;
        if (o.n == ARRAY_LEN(o.groups) || digits > DIGITS_MAX)
            return o;
        first = o.n ? first : digits;
        o.groups[o.n++] = v;
    }
    if (o.n && is_date(&o, first))
        o.by = LOG_NAME_DATE;
    else if (o.n == 1 && first <= NUMBER_DIGITS && (*rest == '.' || *rest == '-'))
        o.by = LOG_NAME_NUMBER;
    return o;
}

int log_order_compare(const struct log_order *a, const struct log_order *b)
{
    for (size_t i = 0; i < a->n && i < b->n; i++)
        if (a->groups[i] != b->groups[i]) {
            int newer = a->groups[i] > b->groups[i] ? 1 : -1;
            return a->by == LOG_NAME_NUMBER ? -newer : newer; /* .2 is older than .1 */
        }
    return (a->n > b->n) - (a->n < b->n);
}
