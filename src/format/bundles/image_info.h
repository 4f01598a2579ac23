/* image_info.h - what an image is, by its first bytes: its form and its size in pixels. Pure. */
#ifndef FORMAT_BUNDLES_IMAGE_INFO_H
#define FORMAT_BUNDLES_IMAGE_INFO_H

#include "base/base.h"

struct image_info {
    const char *format; /* png, jpeg, gif, webp, avif, svg or ico */
    int64_t width,
        height; /* SD_UNKNOWN: the file does not say, or is cut; of svg in CSS pixels; of ico the largest */
};

/* False: it is no image of these. */
bool image_info_read(const char *bytes, size_t len, struct image_info *out);

#endif
