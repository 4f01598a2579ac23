/* audit_asset.h - one URL of an audit: asked at most five times, redirects included, and what its answers
 * say. On a source's worker thread. */
#ifndef SOURCE_AUDIT_AUDIT_ASSET_H
#define SOURCE_AUDIT_AUDIT_ASSET_H

#include "base/base.h"

enum { AUDIT_REQUESTS_MAX = 5 };

/* Host names that were given, in lower case: no other is asked. */
struct audit_hosts {
    char **items;
    size_t n, cap;
};
/* False: that is no URL of http or https. */
bool audit_hosts_add(struct audit_hosts *h, const char *url);
bool audit_hosts_has(const struct audit_hosts *h, const char *url);
void audit_hosts_free(struct audit_hosts *h);

struct audit_run {
    struct sd_source *source;
    const struct audit_hosts *hosts;
    struct arena *arena; /* of the records */
    int64_t wait_ns, gap_ns;
    sd_time next_at; /* of the next request */
};

/* What one URL was, when it was no asset: the caller frees. */
struct audit_list {
    char *bytes; /* of a sitemap; NULL: it was none */
    size_t len;
};

/* SD_OK: the record is filled, or `list` is, when that may be. SD_NODATA: the source is to stop. Otherwise a
 * reason. Texts are the arena's. */
enum sd_result audit_asset(struct audit_run *run, const char *url, bool may_be_list,
                           struct sd_asset_policy *out, struct audit_list *list, struct sd_error *err);

#endif
