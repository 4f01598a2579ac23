/* Anything as an asset of webpack: modules are in order, apart from each other and within it. */
#include <stdlib.h>

#include "format/bundles/webpack_asset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct webpack_asset w;
    size_t end = 0;
    if (!webpack_asset_read((const char *)data, size, &w))
        return 0;
    for (size_t i = 0; i < w.n; i++) {
        const struct webpack_function *m = &w.functions[i];
        if (m->at < end || !m->len || m->at > size || m->len > size - m->at || !m->id)
            abort();
        end = m->at + m->len;
    }
    if (!w.n)
        abort();
    webpack_asset_clear(&w);
    return 0;
}
