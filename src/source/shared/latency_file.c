#include "source/shared/latency_file.h"

#include <stdlib.h>

#include "conf/yaml_json.h"

#define FILE_MAX ((size_t)1 << 20)

char *latency_file(const char *path, struct latency_metrics *into, struct sd_error *err)
{
    char *text;
    size_t n;
    struct strbuf json = {0};
    struct sd_error why = {""};
    if (!file_read(path, FILE_MAX, &text, &n, err))
        return NULL;
    bool good = yaml_to_json(path, text, n, &json, err);
    free(text);
    if (good && !latency_metrics_map(into, strbuf_text(&json), &why))
        good = fail(err, "%.200s: %.250s", path, why.text);
    if (good)
        return strbuf_detach(&json);
    strbuf_free(&json);
    return NULL;
}
