/* size-limit: https://github.com/ai/size-limit, its .size-limit.json or its part of package.json. */
#include <string.h>

#include "format/goals/budget_readers.h"
#include "format/goals/size_text.h"

static enum budget_metric metric_of(const cJSON *entry)
{
    if (cJSON_IsTrue(json_member(entry, "gzip")))
        return BUDGET_GZIP;
    return cJSON_IsFalse(json_member(entry, "brotli")) ? BUDGET_SIZE : BUDGET_BROTLI;
}

static bool read_limit(struct size_budget *b, const cJSON *limit, struct sd_error *err)
{
    b->limit_bytes = SD_UNKNOWN;
    if (!limit)
        return true;
    if (cJSON_IsNumber(limit))
        return budget_limit_number(limit, &b->limit_bytes, err);
    if (!cJSON_IsString(limit))
        return fail(err, "a limit is neither a text nor a number");
    if (size_text_is_time(limit->valuestring)) {
        b->skip = "it limits the time to load and run, which takes a browser: slowdive pages URL measures it";
        return true;
    }
    return size_text_parse(limit->valuestring, SIZE_IEC, &b->limit_bytes, NULL, err);
}

static bool read_entry(struct budget_file *f, const cJSON *entry, struct sd_error *err)
{
    struct size_budget b = {.metric = metric_of(entry), .folders = true};
    const cJSON *path = json_member(entry, "path");
    if (!cJSON_IsObject(entry))
        return fail(err, "an entry of size-limit is no object");
    if (!json_text_member(f, entry, "name", &b.name, err) ||
        !read_limit(&b, json_member(entry, "limit"), err))
        return false;
    if (json_member(entry, "import"))
        b.skip = "it is about what an import brings with it, which size-limit bundles itself";
    if (!path && !b.skip)
        b.skip = "it names no path";
    if (path && !budget_patterns(f, &b, path, err))
        return false;
    if (!b.name && b.n_take) {
        struct strbuf joined = {0};
        for (size_t i = 0; i < b.n_take; i++)
            strbuf_printf(&joined, "%s%s", i ? ", " : "", b.take[i]);
        b.name = arena_strdup(f->arena, strbuf_text(&joined));
        strbuf_free(&joined);
    }
    b.name = b.name ? b.name : "size-limit";
    return budget_add(f, &b, err);
}

bool read_size_limit(struct budget_file *f, const cJSON *json, struct sd_error *err)
{
    if (!cJSON_IsArray(json))
        return fail(err, "size-limit is no list of limits");
    for (const cJSON *e = json->child; e; e = e->next)
        if (!read_entry(f, e, err))
            return false;
    return json->child || fail(err, "size-limit is an empty list: there is nothing to check");
}
