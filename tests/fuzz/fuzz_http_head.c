/* A header block of HTTP: what is made of it keeps to RFC 9111's bounds, and every finding is a sentence. */
#include <stdlib.h>

#include "core/caches/http_findings.h"
#include "format/caches/http_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_lifetime(bool storable, int64_t s)
{
    if (storable != sd_known(s) || (storable && (s < 0 || s > HTTP_LIFETIME_MAX)))
        abort();
}

static void check(const struct http_facts *f)
{
    struct http_policy p;
    struct http_finding found[HTTP_FINDINGS_MAX];
    http_policy_of(f, &p);
    check_lifetime(p.storable_shared, p.fresh_shared_s);
    check_lifetime(p.storable_private, p.fresh_private_s);
    if (p.hit_probability < 0 || p.hit_probability > 1)
        abort();
    size_t n = http_findings(f, &p, found);
    for (size_t i = 0; i < n; i++) {
        if (!str_ends(found[i].text, "."))
            abort();
        free(found[i].text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct http_head *h = arena_alloc(a, sizeof *h);
    struct http_layers layers;
    struct http_facts f = {.path = "/app.3f2a9c1b.js",
                           .received = INT64_C(1764000000) * SD_S,
                           .size_bytes = (int64_t)size,
                           .gzip_bytes = SD_UNKNOWN,
                           .revalidation_status = 200};
    http_head_read(h, (const char *)data, size, a);
    http_head_facts(h, a, &f, &layers);
    if (layers.n > HTTP_LAYERS_MAX || (sd_known(f.age_s) && (f.age_s < 0 || f.age_s > HTTP_LIFETIME_MAX)))
        abort();
    check(&f);
    f.path = h->n ? h->fields[0].value : NULL;
    check(&f);
    arena_free(a);
    return 0;
}
