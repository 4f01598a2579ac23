#include "format/bundles/asset_type.h"

#include <string.h>
#include <strings.h>

const char *asset_type(const char *name)
{
    static const struct {
        const char *extension, *type;
    } TYPES[] = {
        {"js", "js"},      {"mjs", "js"},    {"cjs", "js"},     {"css", "css"},   {"svg", "image"},
        {"png", "image"},  {"jpg", "image"}, {"jpeg", "image"}, {"gif", "image"}, {"webp", "image"},
        {"avif", "image"}, {"ico", "image"}, {"woff2", "font"}, {"woff", "font"}, {"ttf", "font"},
        {"otf", "font"},   {"eot", "font"},  {"html", "html"},  {"wasm", "wasm"},
    };
    const char *slash = strrchr(name, '/'), *dot = strrchr(slash ? slash : name, '.');
    for (size_t i = 0; dot && i < ARRAY_LEN(TYPES); i++)
        if (strcasecmp(dot + 1, TYPES[i].extension) == 0)
            return TYPES[i].type;
    return NULL;
}
