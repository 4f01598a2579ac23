/* Traces of Jaeger and files of any form: columns that fit, or a sentence. */
#include "fuzz_spans.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_spans((const char *)data, size, jaeger_json_spans);
}
