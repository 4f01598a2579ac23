/* An asset, a byte 0, its source map: whatever they are, what is shared out adds up to the asset, and what is
 * refused has a sentence. Without a byte 0 the asset's own comment gives the map. */
#include <stdlib.h>
#include <string.h>

#include "format/bundles/source_map.h"
#include "format/bundles/source_map_comment.h"

static void check(const char *asset, size_t len, const char *map, size_t map_len)
{
    struct source_map_split s;
    struct sd_error err = {.text = ""};
    if (!source_map_split(asset, len, map, map_len, &s, &err)) {
        if (!err.text[0])
            abort();
        return;
    }
    int64_t sum = s.unmapped + s.no_source + s.line_ends + s.map_comment;
    for (size_t i = 0; i < s.n; i++) {
        if (s.parts[i].bytes <= 0 || !s.parts[i].source[0])
            abort();
        sum += s.parts[i].bytes;
    }
    if (sum != (int64_t)len)
        abort();
    source_map_split_clear(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *asset = (const char *)data, *zero = size ? memchr(asset, 0, size) : NULL;
    struct source_map_comment c;
    struct sd_error err = {.text = ""};
    char *map;
    size_t len;
    if (zero) {
        check(asset, (size_t)(zero - asset), zero + 1, size - (size_t)(zero + 1 - asset));
    } else if (size && source_map_comment_find(asset, size, &c) && source_map_comment_inline(&c)) {
        if (source_map_comment_decode(&c, &map, &len, &err)) {
            check(asset, size, map, len);
            free(map);
        } else if (!err.text[0]) {
            abort();
        }
    }
    return 0;
}
