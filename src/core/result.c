#include "core/result.h"

#include "base/clock.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* From here on cJSON writes an exponent; beyond 2^53 whole numbers are no doubles. */
#define EXACT INT64_C(1000000000000000)

cJSON *result_new(const char *view)
{
    cJSON *o = cJSON_CreateObject();
    result_text(o, "view", view);
    return o;
}

static void put(cJSON *o, const char *key, cJSON *item)
{
    if (cJSON_IsArray(o))
        cJSON_AddItemToArray(o, item);
    else
        cJSON_AddItemToObject(o, key, item);
}

void result_null(cJSON *o, const char *key)
{
    put(o, key, cJSON_CreateNull());
}

void result_int(cJSON *o, const char *key, int64_t v)
{
    char text[24];
    if (v == SD_UNKNOWN) {
        result_null(o, key);
    } else if (v > -EXACT && v < EXACT) {
        put(o, key, cJSON_CreateNumber((double)v));
    } else {
        snprintf(text, sizeof text, "%" PRId64, v);
        put(o, key, cJSON_CreateRaw(text));
    }
}

void result_real(cJSON *o, const char *key, double v)
{
    put(o, key, isfinite(v) ? cJSON_CreateNumber(v) : cJSON_CreateNull());
}

void result_ns(cJSON *o, const char *key, double ns)
{
    result_int(o, key, fabs(ns) < 9.2e18 ? (int64_t)llround(ns) : SD_UNKNOWN);
}

void result_text(cJSON *o, const char *key, const char *v)
{
    struct strbuf valid = {0};
    if (!v) {
        result_null(o, key);
        return;
    }
    utf8_append_valid(&valid, v, strlen(v));
    put(o, key, cJSON_CreateString(strbuf_text(&valid)));
    strbuf_free(&valid);
}

void result_bool(cJSON *o, const char *key, bool v)
{
    put(o, key, cJSON_CreateBool(v));
}

void result_time(cJSON *o, const char *key, sd_time v)
{
    char buf[CLOCK_TEXT_MAX];
    result_text(o, key, v == SD_UNKNOWN ? NULL : clock_rfc3339(v, buf));
}

cJSON *result_object(cJSON *o, const char *key)
{
    cJSON *item = cJSON_CreateObject();
    put(o, key, item);
    return item;
}

cJSON *result_list(cJSON *o, const char *key)
{
    cJSON *item = cJSON_CreateArray();
    put(o, key, item);
    return item;
}

cJSON *result_row(cJSON *list)
{
    return result_object(list, NULL);
}

void result_add_text(cJSON *list, const char *v)
{
    result_text(list, NULL, v);
}

char *result_print(const cJSON *o)
{
    char *json = cJSON_Print(o);
    char *text = mem_printf("%s\n", json ? json : "null");
    cJSON_free(json);
    return text;
}

const char *result_get_text(const cJSON *o, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, key));
}

double result_number(const cJSON *v)
{
    if (cJSON_IsNumber(v))
        return v->valuedouble;
    return cJSON_IsRaw(v) ? strtod(v->valuestring, NULL) : (double)NAN;
}

double result_get_real(const cJSON *o, const char *key)
{
    return result_number(cJSON_GetObjectItemCaseSensitive(o, key));
}
