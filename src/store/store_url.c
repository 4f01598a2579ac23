/* store_url.c - which addresses are histories: known without an engine. */
#include "store/store_internal.h"

#include <fcntl.h>
#include <unistd.h>

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

char *store_url_of(const char *target)
{
    char head[128];
    if (store_is_url(target))
        return mem_strdup(target);
    int fd = open(target, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, head, sizeof head) : -1;
    if (fd >= 0)
        close(fd);
    return n > 0 && store_is_file(head, (size_t)n) ? mem_printf("history:%s", target) : NULL;
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
