/* A whole record file: whatever it holds, reading ends and every batch is sound. */
#include "format/record/recording.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void sink(void *ctx, struct sd_batch *b)
{
    *(size_t *)ctx += batch_len(b);
    batch_unref(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sd_error err;
    struct recording_stats st;
    size_t records = 0;
    recording_decode(data, size, sink, NULL, &records, &st, &err);
    return 0;
}
