/* The URL of a target on the first line, what it says of itself behind it. */
#include <stdlib.h>
#include <string.h>

#include "format/loads/target_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = memchr(data, '\n', size);
    size_t head = end ? (size_t)(end - data) : size;
    char *url = mem_strndup((const char *)data, head);
    struct load_url u;
    struct load_word w;
    struct sd_error err = {""};
    if (!load_url_parse(url, &u, &err)) {
        if (!*err.text)
            abort();
    } else if (!*u.host || !u.port || !strstr(u.authority, u.host) || (*u.base && *u.base != '/')) {
        abort();
    }
    err.text[0] = 0;
    if (end && load_word_parse((const char *)end + 1, size - head - 1, &w, &err) &&
        !(w.max_rate_per_s >= 0 && w.max_duration_s >= 0))
        abort();
    free(url);
    return 0;
}
