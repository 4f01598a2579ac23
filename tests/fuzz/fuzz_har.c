/* An HTTP archive, and an answer of the Chrome UX Report: records whose lists fit, or a sentence. */
#include <math.h>
#include <stdlib.h>

#include "core/batch.h"
#include "format/pages/crux.h"
#include "format/pages/har.h"

static void check_load(const struct sd_page_load *l)
{
    const uint32_t n = l->requests->n, parties = l->third_parties->n;
    int64_t sum = 0;
    if (l->request_ns->n != n || l->request_bytes->n != n || l->request_types->n != n ||
        l->request_start_ns->n != n || l->third_party_bytes->n != parties ||
        l->third_party_ns->n != parties || l->third_party_requests->n != parties || parties > n)
        abort();
    for (uint32_t i = 0; i < parties; i++)
        sum += l->third_party_requests->items[i];
    if (sum > n || l->transfer_bytes < 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct sd_host host = {.add = batch_add};
    const char *text = (const char *)data;
    struct sd_error err = {""};
    char *note = NULL;
    struct sd_batch *b = batch_new("fuzz", 0);
    const struct sd_page_load *l;
    const struct sd_page_trend *t;
    har_recognise(text, size);
    crux_recognise(text, size);
    bool har = har_read(text, size, "f", &host, b, &note, &err);
    if (har ? !batch_len(b) : !*err.text)
        abort();
    err.text[0] = 0;
    if (!crux_read(text, size, &host, b, &err) && !*err.text)
        abort();
    for (size_t i = 0; (l = batch_each(b, SD_PAGE_LOAD, &i));)
        check_load(l);
    for (size_t i = 0; (t = batch_each(b, SD_PAGE_TREND, &i));)
        if (t->ends->n != t->p75->n)
            abort();
    free(note);
    batch_unref(b);
    return 0;
}
