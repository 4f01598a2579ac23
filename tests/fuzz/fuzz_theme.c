/* Any bytes as a theme. */
#include "conf/theme.h"
#include "ui/grid.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {
#define NAME(UPPER, lower, help) #lower,
        STYLES(NAME)
#undef NAME
            NULL};
    struct theme t;
    struct sd_error err = {0};
    if (!theme_parse(&t, "fuzz.yaml", (const char *)data, size, names, &err) && !err.text[0])
        abort();
    for (int i = 0; i < STYLE_COUNT; i++) {
        const struct theme_style *s = &t.styles[i];
        if (s->fg < -1 || s->fg > 0xffffff || s->fg256 > 255 || s->fg8 > 7 || s->bg8 > 7 || s->bg8 < -2)
            abort();
    }
    return 0;
}
