/* Points of a curve out of CSV, and the law fitted to them: finite figures, or one sentence. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "format/capacity/usl_csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct usl_point *p;
    struct usl_fit f;
    struct sd_error err = {.text = ""};
    size_t n;
    if (!usl_csv_read((const char *)data, size, "points.csv", &p, &n, &err)) {
        if (!strstr(err.text, "points.csv"))
            abort();
    } else if (n <= 200 && usl_fit(&f, p, n, &err)) {
        if (!(f.alpha >= 0 && f.beta >= 0 && isfinite(f.gamma) && f.residual_se >= 0) || isinf(f.peak_load))
            abort();
    }
    free(p);
    return 0;
}
