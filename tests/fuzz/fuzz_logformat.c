/* A format string on the first line, a log line behind it. */
#include <stdlib.h>

#include "format/endpoints/accesslog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = memchr(data, '\n', size);
    size_t n = end ? (size_t)(end - data) : size;
    char *text = mem_strndup((const char *)data, n);
    struct sd_error err;
    struct accesslog_format *f = accesslog_format_new(text, &err);
    struct accesslog_line l;
    const char *reason;
    char why[100];
    if (f && end && !accesslog_parse(f, (const char *)end + 1, size - n - 1, &l, &reason))
        accesslog_format_misfit(f, (const char *)end + 1, size - n - 1, why, sizeof why);
    accesslog_format_free(f);
    free(text);
    return 0;
}
