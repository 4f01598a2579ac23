#include "core/bundles/first_load.h"

#include <string.h>

void bundle_first_load(const struct bundle_build *x, const struct sd_bundle_route *r,
                       struct bundle_first_load *out)
{
    *out = (struct bundle_first_load){.js = {.minified = SD_UNKNOWN}, .css = {.minified = SD_UNKNOWN}};
    for (uint32_t i = 0; r->assets && i < r->assets->n; i++) {
        const struct sd_bundle_asset *f = &x->assets[r->assets->items[i]];
        bool js = !strcmp(f->type, "js");
        if (!js && strcmp(f->type, "css") != 0)
            continue;
        struct bundle_sizes *s = js ? &out->js : &out->css;
        s->size = bundle_sum(s->size, f->size_bytes);
        s->gzip = bundle_sum(s->gzip, f->gzip_bytes);
        s->brotli = bundle_sum(s->brotli, f->brotli_bytes);
    }
}
