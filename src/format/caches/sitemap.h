/* sitemap.h - lists of URLs: a sitemap or an index of sitemaps (sitemaps.org, protocol 0.9), or lines. Pure;
 * any thread. */
#ifndef FORMAT_CACHES_SITEMAP_H
#define FORMAT_CACHES_SITEMAP_H

#include "base/base.h"

enum { SITEMAP_URL_MAX = 4096 /* bytes of a URL; longer ones are left out */ };

/* Are these the beginnings of a sitemap or an index of them? */
bool sitemap_recognise(const char *bytes, size_t len);

typedef void sitemap_fn(void *ctx, const char *url, bool is_sitemap);
/* Each URL in it, in order; what is cut or broken ends it. Images and videos in it are left out. */
void sitemap_read(const char *bytes, size_t len, sitemap_fn *found, void *ctx);
/* Each line that is neither empty nor a comment (#), without blanks around. */
void url_list_read(const char *bytes, size_t len, sitemap_fn *found, void *ctx);

#endif
