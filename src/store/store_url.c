/* store_url.c - which addresses are histories: known without an engine. */
#include "store/store_internal.h"

const char *const SQLITE_SCHEMES[] = {"history:", NULL};
const char *const CLICKHOUSE_SCHEMES[] = {"clickhouse:", "clickhouses:", NULL};

/* Of SQLite's file format: the header, and the application_id in it, the highest byte first. */
bool store_is_file(const void *head, size_t len)
{
    static const char MAGIC[] = "SQLite format 3";
    enum { AT_ID = 68 };
    if (len < AT_ID + 4 || memcmp(head, MAGIC, sizeof MAGIC) != 0)
        return false;
    const unsigned char *id = (const unsigned char *)head + AT_ID;
    return (((uint32_t)id[0] << 24) | ((uint32_t)id[1] << 16) | ((uint32_t)id[2] << 8) | id[3]) ==
           SQLITE_STORE_MAGIC;
}

bool store_is_url(const char *url)
{
    static const char *const *const all[] = {SQLITE_SCHEMES, CLICKHOUSE_SCHEMES};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        for (const char *const *scheme = all[i]; *scheme; scheme++)
            if (str_starts(url, *scheme))
                return true;
    return false;
}
