/* Anything as an image, a font or a style sheet: sizes are known or not, never below 0. */
#include <stdlib.h>
#include <string.h>

#include "format/bundles/font_info.h"
#include "format/bundles/image_info.h"

static void face(const char *url, const char *display, void *ctx)
{
    (void)ctx;
    if (!*url || strpbrk(url, "?#") || (display && !*display))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    struct image_info image;
    struct font_info font;
    if (image_info_read(bytes, size, &image) &&
        (!image.format || (sd_known(image.width) && (image.width < 0 || image.height < 0)) ||
         sd_known(image.width) != sd_known(image.height)))
        abort();
    if (font_info_read(bytes, size, &font) && (!font.format || (sd_known(font.glyphs) && font.glyphs < 0)))
        abort();
    font_faces(bytes, size, face, NULL);
    return 0;
}
