/* store_url.c - which addresses are histories: known without an engine. */
#include "store/store_internal.h"

const char *const SQLITE_SCHEMES[] = {"history:", NULL};
const char *const CLICKHOUSE_SCHEMES[] = {"clickhouse:", "clickhouses:", NULL};

bool store_is_url(const char *url)
{
    static const char *const *const all[] = {SQLITE_SCHEMES, CLICKHOUSE_SCHEMES};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        for (const char *const *scheme = all[i]; *scheme; scheme++)
            if (str_starts(url, *scheme))
                return true;
    return false;
}
