/* A sitemap, and the same bytes as a list: each URL is a text of bounded length without blanks around it. */
#include <ctype.h>
#include <stdlib.h>

#include "format/caches/sitemap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void found(void *ctx, const char *url, bool is_sitemap)
{
    size_t n = strlen(url);
    (void)ctx, (void)is_sitemap;
    if (!n || n > SITEMAP_URL_MAX || isspace((unsigned char)url[0]) || isspace((unsigned char)url[n - 1]))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sitemap_recognise((const char *)data, size);
    sitemap_read((const char *)data, size, found, NULL);
    url_list_read((const char *)data, size, found, NULL);
    return 0;
}
