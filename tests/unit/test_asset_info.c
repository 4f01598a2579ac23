/* Images and fonts among the assets of a build. */
#include "tests/lib/test.h"

#include <brotli/encode.h>
#include <stdlib.h>
#include <zlib.h>

#include "format/bundles/font_info.h"
#include "format/bundles/image_info.h"

#define BYTES(text) text, sizeof text - 1

static const char *image(const char *bytes, size_t len)
{
    static struct strbuf b;
    struct image_info i;
    strbuf_clear(&b);
    if (!image_info_read(bytes, len, &i))
        return "none";
    strbuf_printf(&b, "%s", i.format);
    if (sd_known(i.width) && sd_known(i.height))
        strbuf_printf(&b, " %lldx%lld", (long long)i.width, (long long)i.height);
    return strbuf_text(&b);
}

#define BOX_ISPE(width, height) "\0\0\0\x14ispe\0\0\0\0\0\0\0" width "\0\0\0" height

static void images(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *says;
    } CASES[] = {
        {BYTES("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\1\2\0\0\0\x15\x08\6\0\0\0"), "png 258x21"},
        {BYTES("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\1"), "png"},
        {BYTES("GIF89a\x89\0\x15\1\xf0\0\0"), "gif 137x277"},
        {BYTES("GIF87a\x89"), "gif"},
        /* A progressive one behind other segments and filling. */
        {BYTES("\xff\xd8\xff\xe0\0\4ab\xff\xff\xff\xc4\0\3x\xff\xc2\0\x11\x08\0\x15\0\x89\3"), "jpeg 137x21"},
        {BYTES("\xff\xd8\xff\xe0\0\0\xff\xda"), "jpeg"},
        {BYTES("\xff\xd8\xff\xe0\xff\xff"), "jpeg"},
        {BYTES("RIFF\x24\0\0\0WEBPVP8L\x17\0\0\0\x2f\x88\0\5\x10\7P"), "webp 137x21"},
        {BYTES("RIFF\x1c\3\0\0WEBPVP8X\x0a\0\0\0\x38\0\0\0\x88\0\0\x14\0\0"), "webp 137x21"},
        {BYTES("RIFF\x44\0\0\0WEBPVP8 \x38\0\0\0\xb0\3\0\x9d\1\x2a\x89\0\x15\0"), "webp 137x21"},
        {BYTES("RIFF\x44\0\0\0WEBPVP8 "), "webp"},
        /* A thumbnail and the image. */
        {BYTES("\0\0\0\x14"
               "ftypmif1\0\0\0\0avif\0\0\0\x44meta\0\0\0\0\0\0\0\x38iprp\0\0\0\x30ipco" BOX_ISPE(
                   "\x10", "\x09") BOX_ISPE("\x89", "\x15")),
         "avif 137x21"},
        {BYTES("\0\0\0\x10"
               "ftypavif\0\0\0\0\xff\xff\xff\xffmeta"),
         "avif"},
        {BYTES("\0\0\0\x10"
               "ftypavif\0\0\0\0\0\0\0\1meta\xff\xff\xff\xff\xff\xff\xff\xff"),
         "avif"},
        {BYTES("\0\0\0\x10"
               "ftypmp42\0\0\0\0"),
         "none"},
        {BYTES("\0\0\1\0\2\0\x10\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
         "ico 256x256"},
        {BYTES("<svg width='24' height=\"12.4px\"/>"), "svg 24x12"},
        {BYTES("\xef\xbb\xbf<?xml version=\"1.0\"?>\n<!-- <svg width='1' height='1'> -->\n<!DOCTYPE svg>\n"
               "<svg xmlns=\"x\" data-width='3' viewBox=\"0,0 100 50.6\" width='100%'>"),
         "svg 100x51"},
        {BYTES("<svg height='2em' width = '10' viewBox='0 0 5 6'></svg>"), "svg 5x6"},
        {BYTES("<svg>"), "svg"},
        {BYTES("<svg width='9' height='9"), "svg"},
        {BYTES("<svgs width='9'>"), "none"},
        {BYTES("<html><svg width='9' height='9'></html>"), "none"},
        {BYTES("<!-- <svg>"), "none"},
        {BYTES(""), "none"},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++)
        if (strcmp(image(CASES[i].bytes, CASES[i].len), CASES[i].says) != 0)
            fail_msg("case %zu: %s", i, image(CASES[i].bytes, CASES[i].len));
}

static const char *font(const struct strbuf *b)
{
    static struct strbuf said;
    struct font_info f;
    strbuf_clear(&said);
    if (!font_info_read(b->text, b->len, &f))
        return "none";
    strbuf_printf(&said, "%s", f.format);
    if (sd_known(f.glyphs))
        strbuf_printf(&said, " %lld", (long long)f.glyphs);
    return strbuf_text(&said);
}

static void put(struct strbuf *b, uint32_t v, size_t bytes)
{
    while (bytes--)
        strbuf_char(b, (char)(v >> 8 * bytes));
}

/* maxp of 1.0 with 513 glyphs. */
static const char MAXP[32] = {0, 1, 0, 0, 2, 1};

static void plain_font(struct strbuf *b, const char *flavor)
{
    strbuf_add(b, flavor, 4);
    strbuf_add(b, "\0\2\0\0\0\0\0\0", 8);
    strbuf_add(b, "head\0\0\0\0\0\0\0\x2c\0\0\0\4", 16);
    strbuf_add(b, "maxp\0\0\0\0\0\0\0\x30\0\0\0\x20", 16);
    strbuf_add(b, "head", 4);
    strbuf_add(b, MAXP, sizeof MAXP);
}

static void woff_font(struct strbuf *b, bool packed)
{
    unsigned char table[64];
    uLongf len = sizeof table;
    compress(table, &len, (const Bytef *)MAXP, sizeof MAXP);
    strbuf_add(b, "wOFF\0\1\0\0\0\0\0\0\0\1", 14);
    strbuf_pad(b, '\0', 30);
    strbuf_add(b, "maxp", 4);
    put(b, 64, 4);
    put(b, packed ? (uint32_t)len : sizeof MAXP, 4);
    put(b, sizeof MAXP, 4);
    put(b, 0, 4);
    strbuf_add(b, packed ? (const char *)table : MAXP, packed ? len : sizeof MAXP);
}

/* Before maxp a head, a transformed glyf of 300,000 bytes and a table with its name written out. */
static void woff2_font(struct strbuf *b)
{
    struct strbuf tables = {0};
    strbuf_pad(&tables, 'h', 54);
    strbuf_pad(&tables, 'g', 300000);
    strbuf_pad(&tables, 'x', 5);
    strbuf_add(&tables, MAXP, sizeof MAXP);
    uint8_t packed[1000];
    size_t n = sizeof packed;
    assert_true(
        BrotliEncoderCompress(5, 22, BROTLI_MODE_FONT, tables.len, (const uint8_t *)tables.text, &n, packed));
    strbuf_add(b, "wOF2\0\1\0\0\0\0\0\0\0\4\0\0\0\0\0\0", 20);
    put(b, (uint32_t)n, 4);
    strbuf_pad(b, '\0', 24);
    strbuf_add(b, "\1\x36", 2);                       /* head, 54 */
    strbuf_add(b, "\x0a\x98\x9a\x40\x92\xa7\x60", 7); /* glyf, 400,704, transformed 300,000 */
    strbuf_add(b, "\x3fXxxx\5", 6);                   /* 5 */
    strbuf_add(b, "\4\x20", 2);                       /* maxp, 32 */
    strbuf_add(b, packed, n);
    strbuf_free(&tables);
}

static void fonts(void **state)
{
    (void)state;
    struct strbuf b = {0};
    plain_font(&b, "\0\1\0\0");
    assert_string_equal(font(&b), "ttf 513");
    b.len = 50; /* cut */
    assert_string_equal(font(&b), "ttf");
    strbuf_clear(&b);
    plain_font(&b, "OTTO");
    assert_string_equal(font(&b), "otf 513");
    for (int packed = 0; packed < 2; packed++) {
        strbuf_clear(&b);
        woff_font(&b, packed);
        assert_string_equal(font(&b), "woff 513");
        b.len -= 30;
        assert_string_equal(font(&b), "woff");
    }
    strbuf_clear(&b);
    woff2_font(&b);
    assert_string_equal(font(&b), "woff2 513");
    for (size_t n = b.len - 1; n > 4; n--) { /* cut anywhere */
        b.len = n;
        assert_true(str_starts(font(&b), "woff2"));
    }
    strbuf_clear(&b);
    strbuf_str(&b, "<svg/>");
    assert_string_equal(font(&b), "none");
    strbuf_free(&b);
}

static void add_face(const char *url, const char *display, void *ctx)
{
    strbuf_printf(ctx, "%s %s\n", url, display ? display : "-");
}

static void faces(void **state)
{
    (void)state;
    static const struct {
        const char *css, *says;
    } CASES[] = {
        {"@font-face{font-family:A;src:url(a.woff2)format(\"woff2\"),url('b c.woff?#iefix') format('woff');"
         "font-display:swap}",
         "a.woff2 swap\nb c.woff swap\n"},
        {"@font-face { font-display : OPTIONAL ; src: url( \"../x.ttf#a\" ) } @FONT-FACE/* "
         "*/{src:URL(y.otf)}",
         "../x.ttf optional\ny.otf -\n"},
        {"@font-face{src:url(data:font/woff2;base64,AAAA)}", ""},
        {"@font-face{/* url(no) font-display:swap */src:local('url(no)'),url(yes)}", "yes -\n"},
        {"@font-face{--font-display:block;a:b font-display;src:url(a\\)b)}", "a)b -\n"},
        {".a{background:url(@font-face{src:url(no)})}", ""},
        {"a::after{content:'@font-face{src:url(no)}'}/*@font-face{src:url(no)}*/", ""},
        {"@font-faces{src:url(no)}@font-face;@font-feature-values A{}", ""},
        {"@media print{@font-face{src:url(a)}b{c:url(no)}}@font-face{src:url(b", "a -\nb -\n"},
        {"@font-face{src:url('a\nfont-display:swap", "a -\n"},
        {"", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct strbuf b = {0};
        font_faces(CASES[i].css, strlen(CASES[i].css), add_face, &b);
        if (strcmp(strbuf_text(&b), CASES[i].says) != 0)
            fail_msg("case %zu: %s", i, strbuf_text(&b));
        strbuf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(images), cmocka_unit_test(fonts),
                                       cmocka_unit_test(faces)};
    return cmocka_run_group_tests_name("asset_info", tests, NULL, NULL);
}
