/* A profile of any format, and of each by force: what is read has figures that fit each other, and what is
 * refused has a sentence. */
#include <stdlib.h>

#include "format/profiles/profile_file.h"
#include "fuzz_host.h"

static bool added(struct sd_batch *b, enum sd_kind kind, const void *record)
{
    return batch_add(b, kind, record);
}

static void check(struct profile *p, const struct sd_error *err)
{
    static const struct sd_host host = {.add = added};
    if (!p) {
        if (!err->text[0])
            abort();
        return;
    }
    if (!p->n_types || p->chosen >= p->n_types)
        abort();
    for (size_t i = 0; i < p->n; i++)
        if (!p->functions[i].name || (p->counted && strcmp(p->format, "pprof") != 0 &&
                                      p->functions[i].self_samples > p->functions[i].total_samples))
            abort();
    struct sd_batch *b = batch_new("fuzz", SD_S);
    if (!profile_records(p, "fuzz", 1 << 20, &host, b))
        abort();
    batch_unref(b);
    profile_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (enum profile_format f = PROFILE_ANY; f < PROFILE_FORMATS_END; f++) {
        struct sd_error err = {.text = ""};
        check(profile_read(data, size, f, NULL, "fuzz", &err), &err);
    }
    profile_recognise(data, size);
    return 0;
}
