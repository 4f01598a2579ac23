#include "format/bundles/image_info.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

struct bytes {
    const unsigned char *p;
    size_t n;
};

static bool has(struct bytes b, size_t at, const char *text, size_t n)
{
    return at <= b.n && n <= b.n - at && memcmp(b.p + at, text, n) == 0;
}

#define HAS(b, at, text) has(b, at, text, sizeof text - 1)

/* `n` bytes at `at`, the first one the highest; SD_UNKNOWN: they are not there. */
static int64_t big(struct bytes b, size_t at, size_t n)
{
    uint64_t v = 0;
    if (at > b.n || n > b.n - at)
        return SD_UNKNOWN;
    for (size_t i = 0; i < n; i++)
        v = v << 8 | b.p[at + i];
    return (int64_t)v;
}

/* The first one the lowest. */
static int64_t little(struct bytes b, size_t at, size_t n)
{
    uint64_t v = 0;
    if (at > b.n || n > b.n - at)
        return SD_UNKNOWN;
    for (size_t i = n; i; i--)
        v = v << 8 | b.p[at + i - 1];
    return (int64_t)v;
}

static void set(struct image_info *out, int64_t width, int64_t height)
{
    out->width = sd_known(height) ? width : SD_UNKNOWN;
    out->height = sd_known(width) ? height : SD_UNKNOWN;
}

/* ---- png, gif, jpeg ---- */

static bool png(struct bytes b, struct image_info *out)
{
    if (!HAS(b, 0, "\x89PNG\r\n\x1a\n"))
        return false;
    if (HAS(b, 12, "IHDR"))
        set(out, big(b, 16, 4), big(b, 20, 4));
    return true;
}

static bool gif(struct bytes b, struct image_info *out)
{
    if (!HAS(b, 0, "GIF87a") && !HAS(b, 0, "GIF89a"))
        return false;
    set(out, little(b, 6, 2), little(b, 8, 2));
    return true;
}

/* Segments up to the first that begins a frame (SOF). */
static bool jpeg(struct bytes b, struct image_info *out)
{
    if (!HAS(b, 0, "\xff\xd8\xff"))
        return false;
    for (size_t at = 2; at + 4 <= b.n && b.p[at] == 0xff;) {
        unsigned char marker = b.p[at + 1];
        bool frame = marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
        if (frame) {
            set(out, big(b, at + 7, 2), big(b, at + 5, 2));
            break;
        }
        if (marker == 0xff || (marker >= 0xd0 && marker <= 0xd8) || marker == 1)
            at += marker == 0xff ? 1 : 2; /* filling, and markers without a length */
        else if (marker == 0xd9 || marker == 0xda)
            break;
        else
            at += 2 + (size_t)big(b, at + 2, 2);
    }
    return true;
}

/* ---- webp: developers.google.com/speed/webp/docs/riff_container ---- */

static bool webp(struct bytes b, struct image_info *out)
{
    if (!HAS(b, 0, "RIFF") || !HAS(b, 8, "WEBP"))
        return false;
    int64_t bits = little(b, 21, 4);
    if (HAS(b, 12, "VP8X") && sd_known(little(b, 24, 6)))
        set(out, little(b, 24, 3) + 1, little(b, 27, 3) + 1);
    else if (HAS(b, 12, "VP8L") && sd_known(bits))
        set(out, (bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1);
    else if (HAS(b, 12, "VP8 ") && sd_known(little(b, 26, 4)))
        set(out, little(b, 26, 2) & 0x3fff, little(b, 28, 2) & 0x3fff);
    return true;
}

/* ---- avif: boxes of ISO 14496-12; the size of an image is in an ispe ---- */

/* A box in `in` from `*at` on, which goes behind it. */
static bool next_box(struct bytes in, size_t *at, const unsigned char **type, struct bytes *body)
{
    int64_t size = big(in, *at, 4);
    size_t head = 8;
    if (size == 1) {
        size = big(in, *at + 8, 8);
        head = 16;
    } else if (size == 0) {
        size = (int64_t)(in.n - *at);
    }
    if (!sd_known(size) || size < (int64_t)head || (uint64_t)size > in.n - *at)
        return false;
    *type = in.p + *at + 4;
    *body = (struct bytes){.p = in.p + *at + head, .n = (size_t)size - head};
    *at += (size_t)size;
    return true;
}

static bool find_box(struct bytes in, size_t from, const char *type, struct bytes *body)
{
    const unsigned char *is;
    for (size_t at = from; next_box(in, &at, &is, body);)
        if (memcmp(is, type, 4) == 0)
            return true;
    return false;
}

static bool avif(struct bytes b, struct image_info *out)
{
    struct bytes brand, meta, props, list, body;
    const unsigned char *type;
    if (!HAS(b, 4, "ftyp") || !find_box(b, 0, "ftyp", &brand) ||
        !(memmem(brand.p, brand.n, "avif", 4) || memmem(brand.p, brand.n, "avis", 4)))
        return false;
    if (!find_box(b, 0, "meta", &meta) || !find_box(meta, 4, "iprp", &props) ||
        !find_box(props, 0, "ipco", &list))
        return true;
    /* Tiles of a grid and thumbnails have their own: the whole is the largest. */
    for (size_t at = 0; next_box(list, &at, &type, &body);) {
        int64_t width = big(body, 4, 4), height = big(body, 8, 4);
        if (memcmp(type, "ispe", 4) == 0 && sd_known(height) && (!sd_known(out->width) || width > out->width))
            set(out, width, height);
    }
    return true;
}

/* ---- ico ---- */

static bool ico(struct bytes b, struct image_info *out)
{
    int64_t n = little(b, 4, 2);
    if (!HAS(b, 0, "\0\0\1\0") || !sd_known(n) || !n)
        return false;
    for (size_t i = 0; i < (size_t)n && 6 + 16 * (i + 1) <= b.n; i++) {
        const unsigned char *entry = b.p + 6 + 16 * i;
        int64_t width = entry[0] ? entry[0] : 256, height = entry[1] ? entry[1] : 256;
        if (!sd_known(out->width) || width > out->width)
            set(out, width, height);
    }
    return true;
}

/* ---- svg ---- */

static bool is_space(unsigned char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Past a byte order mark, blanks, <?...?>, comments and a doctype, to the first element. */
static size_t first_element(struct bytes b)
{
    size_t at = HAS(b, 0, "\xef\xbb\xbf") ? 3 : 0;
    while (at < b.n) {
        const char *end = HAS(b, at, "<!--") ? "-->"
                          : HAS(b, at, "<?") ? "?>"
                          : HAS(b, at, "<!") ? ">"
                                             : NULL;
        if (!end && !is_space(b.p[at]))
            return at;
        const unsigned char *found = end ? memmem(b.p + at, b.n - at, end, strlen(end)) : NULL;
        if (end && !found)
            return b.n;
        at = end ? (size_t)(found - b.p) + strlen(end) : at + 1;
    }
    return at;
}

/* The value of an attribute of the element [at, end); "" if it has none. */
static void attribute(struct bytes b, size_t at, size_t end, const char *name, char value[128])
{
    size_t n = strlen(name);
    *value = 0;
    while (at < end && !is_space(b.p[at]))
        at++;
    while (at < end) {
        while (at < end && (is_space(b.p[at]) || b.p[at] == '/'))
            at++;
        size_t from = at;
        while (at < end && b.p[at] != '=' && !is_space(b.p[at]))
            at++;
        bool is_it = at - from == n && memcmp(b.p + from, name, n) == 0;
        while (at < end && is_space(b.p[at]))
            at++;
        if (at >= end || b.p[at] != '=')
            continue;
        for (at++; at < end && is_space(b.p[at]);)
            at++;
        if (at >= end || (b.p[at] != '"' && b.p[at] != '\''))
            return;
        const unsigned char *close = memchr(b.p + at + 1, b.p[at], end - at - 1);
        size_t len = close ? (size_t)(close - b.p) - at - 1 : 0;
        if (!close)
            return;
        if (is_it) {
            len = MIN(len, (size_t)127);
            memcpy(value, b.p + at + 1, len);
            value[len] = 0;
            return;
        }
        at = (size_t)(close - b.p) + 1;
    }
}

/* 24, "24px"; NAN: another unit, or none at all. */
static double pixels(const char *text)
{
    char *rest;
    double v = strtod(text, &rest);
    if (rest == text || !(v > 0) || v > 1e9 || (*rest && strcasecmp(rest, "px") != 0))
        return (double)NAN;
    return v;
}

static bool svg(struct bytes b, struct image_info *out)
{
    char width[128], height[128], box[128];
    double left, top, w, h;
    size_t at = first_element(b);
    if (!HAS(b, at, "<svg") || at + 4 >= b.n ||
        !(is_space(b.p[at + 4]) || b.p[at + 4] == '>' || b.p[at + 4] == '/'))
        return false;
    const unsigned char *close = memchr(b.p + at, '>', b.n - at);
    size_t end = close ? (size_t)(close - b.p) : b.n;
    attribute(b, at, end, "width", width);
    attribute(b, at, end, "height", height);
    attribute(b, at, end, "viewBox", box);
    for (char *p = box; *p; p++)
        if (*p == ',')
            *p = ' ';
    if (!isnan(pixels(width)) && !isnan(pixels(height)))
        set(out, (int64_t)round(pixels(width)), (int64_t)round(pixels(height)));
    else if (sscanf(box, "%lf %lf %lf %lf", &left, &top, &w, &h) == 4 && w > 0 && h > 0 && w < 1e9 && h < 1e9)
        set(out, (int64_t)round(w), (int64_t)round(h));
    return true;
}

bool image_info_read(const char *bytes, size_t len, struct image_info *out)
{
    static const struct {
        const char *format;
        bool (*read)(struct bytes b, struct image_info *out);
    } FORMS[] = {
        {.format = "png", .read = png},   {.format = "jpeg", .read = jpeg}, {.format = "gif", .read = gif},
        {.format = "webp", .read = webp}, {.format = "avif", .read = avif}, {.format = "ico", .read = ico},
        {.format = "svg", .read = svg},
    };
    struct bytes b = {.p = (const unsigned char *)bytes, .n = len};
    for (size_t i = 0; i < ARRAY_LEN(FORMS); i++) {
        *out = (struct image_info){.format = FORMS[i].format, .width = SD_UNKNOWN, .height = SD_UNKNOWN};
        if (FORMS[i].read(b, out))
            return true;
    }
    return false;
}
