/* bundlesize: https://github.com/siddharthkp/bundlesize, and bundlewatch: https://bundlewatch.io. Both read
 * sizes with the package `bytes`. */
#include <string.h>

#include "format/goals/budget_readers.h"
#include "format/goals/size_text.h"

static bool compression_named(const char *name, enum budget_metric *m, struct sd_error *err)
{
    static const char *const NAMES[] = {
        [BUDGET_SIZE] = "none", [BUDGET_GZIP] = "gzip", [BUDGET_BROTLI] = "brotli"};
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
        if (!strcmp(NAMES[i], name)) {
            *m = (enum budget_metric)i;
            return true;
        }
    return fail(err, "the compression %.60s is not known; expected gzip, brotli or none", name);
}

static bool read_limit(struct budget_file *f, struct size_budget *b, const cJSON *limit, struct sd_error *err)
{
    bool odd = false;
    b->limit_bytes = SD_UNKNOWN;
    if (!limit)
        return true;
    if (cJSON_IsNumber(limit))
        return budget_limit_number(limit, &b->limit_bytes, err);
    if (!cJSON_IsString(limit))
        return fail(err, "maxSize is neither a text nor a number");
    if (!size_text_parse(limit->valuestring, SIZE_BYTES, &b->limit_bytes, &odd, err))
        return false;
    if (odd)
        budget_note(f,
                    "%s reads the limit \"%.60s\" as %lld bytes, because it does not know the unit; "
                    "write kB, which is 1024 bytes there",
                    f->kind, limit->valuestring, (long long)b->limit_bytes);
    return true;
}

static bool read_file(struct budget_file *f, const cJSON *file, enum budget_metric metric,
                      struct sd_error *err)
{
    struct size_budget b = {.scope = BUDGET_EACH, .metric = metric};
    const char *compression;
    const cJSON *path = json_member(file, "path");
    if (!cJSON_IsObject(file))
        return fail(err, "an entry of files is no object");
    if (!path)
        return fail(err, "an entry of files has no path");
    if (!budget_patterns(f, &b, path, err) || !json_text_member(f, file, "name", &b.name, err) ||
        !json_text_member(f, file, "compression", &compression, err) ||
        (compression && !compression_named(compression, &b.metric, err)) ||
        !read_limit(f, &b, json_member(file, "maxSize"), err))
        return false;
    b.name = b.name ? b.name : b.take[0];
    return budget_add(f, &b, err);
}

static bool read_files(struct budget_file *f, const cJSON *files, enum budget_metric metric,
                       struct sd_error *err)
{
    if (!cJSON_IsArray(files))
        return fail(err, "%s has no list of files", f->kind);
    for (const cJSON *e = files->child; e; e = e->next)
        if (!read_file(f, e, metric, err))
            return false;
    return files->child || fail(err, "the list of files is empty: there is nothing to check");
}

/* In package.json the list stands alone, too. */
bool read_bundlesize(struct budget_file *f, const cJSON *json, struct sd_error *err)
{
    return read_files(f, cJSON_IsArray(json) ? json : json_member(json, "files"), BUDGET_GZIP, err);
}

bool read_bundlewatch(struct budget_file *f, const cJSON *json, struct sd_error *err)
{
    enum budget_metric metric = BUDGET_GZIP;
    const char *compression;
    if (!json_text_member(f, json, "defaultCompression", &compression, err) ||
        (compression && !compression_named(compression, &metric, err)))
        return false;
    return read_files(f, cJSON_IsArray(json) ? json : json_member(json, "files"), metric, err);
}
