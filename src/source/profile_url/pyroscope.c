#include "source/profile_url/pyroscope.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/units.h"

/* Seconds, milliseconds or nanoseconds since 1970, by their size: of none of them is the year far off. */
static bool epoch(const char *text, sd_time *t)
{
    size_t digits = strspn(text, "0123456789");
    if (digits < 9 || digits > 19 || text[digits])
        return false;
    int64_t n = strtoll(text, NULL, 10), unit = digits <= 11 ? SD_S : digits <= 14 ? SD_MS : 1;
    *t = mul_sat(n, unit);
    return true;
}

bool pyroscope_time(const char *text, sd_time now, sd_time *t, struct sd_error *err)
{
    int64_t ago;
    if (epoch(text, t))
        return true;
    if (!str_starts(text, "now-"))
        return clock_parse(text, now, t, err);
    if (!unit_parse_duration(text + 4, &ago, err))
        return false;
    *t = now - ago;
    return true;
}

char *pyroscope_body(const char *query, sd_time from, sd_time until, bool functions, int nodes)
{
    const char *brace = strchr(query, '{');
    char *type = mem_strndup(query, brace ? (size_t)(brace - query) : strlen(query));
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "profileTypeID", type);
    cJSON_AddStringToObject(body, "labelSelector", brace ? brace : "{}");
    cJSON_AddNumberToObject(body, "start", (double)(from / SD_MS));
    cJSON_AddNumberToObject(body, "end", (double)(until / SD_MS));
    if (functions) /* without a limit: all of them */
        cJSON_AddStringToObject(body, "format", "PROFILE_FORMAT_FUNCTIONS");
    else if (nodes)
        cJSON_AddNumberToObject(body, "maxNodes", nodes);
    char *text = cJSON_PrintUnformatted(body);
    cJSON_Delete(body);
    free(type);
    return text;
}

bool pyroscope_type(const char *query, char type[64], const char **unit)
{
    char of[64];
    static const char *const ns[] = {"nanoseconds", "ns", NULL};
    if (sscanf(query, "%*[^:{]:%63[^:{]:%63[^:{]", type, of) != 2)
        return false;
    *unit = str_find(ns, of) >= 0 ? "ns" : str_eq(of, "bytes") ? "bytes" : "count";
    return true;
}
