/* A series out of CSV: its values stand at equal steps, and a refusal is one sentence. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "format/capacity/series_csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct series_csv s;
    struct sd_error err = {.text = ""};
    if (!series_csv_read((const char *)data, size, "series.csv", &s, &err)) {
        if (s.values || !strstr(err.text, "series.csv"))
            abort();
        return 0;
    }
    if (!s.values || !s.n || s.n > SERIES_CSV_POINTS || (s.n > 1 && s.step_ns <= 0))
        abort();
    for (size_t i = 0; i < s.n; i++)
        if (isinf(s.values[i]))
            abort();
    free(s.values);
    return 0;
}
