#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "format/bundles/source_map.h"
#include "format/bundles/source_map_comment.h"

/* What a split says, in one line: "a.js 3, b.js 4 ignored, unmapped 1, no source 2, line ends 1, comment 30";
 * or the sentence. The sum is always the size of the asset. */
static const char *split(const char *asset, const char *map)
{
    static struct strbuf said;
    struct source_map_split s;
    struct sd_error err = {.text = ""};
    strbuf_clear(&said);
    if (!source_map_split(asset, strlen(asset), map, strlen(map), &s, &err)) {
        strbuf_str(&said, err.text);
        return strbuf_text(&said);
    }
    int64_t sum = s.unmapped + s.no_source + s.line_ends + s.map_comment;
    for (size_t i = 0; i < s.n; i++) {
        strbuf_printf(&said, "%s %lld%s, ", s.parts[i].source, (long long)s.parts[i].bytes,
                      s.parts[i].ignored ? " ignored" : "");
        sum += s.parts[i].bytes;
    }
    strbuf_printf(&said, "%lld %lld %lld %lld", (long long)s.unmapped, (long long)s.no_source,
                  (long long)s.line_ends, (long long)s.map_comment);
    source_map_split_clear(&s);
    assert_int_equal(sum, strlen(asset));
    return strbuf_text(&said);
}

struct split_case {
    const char *asset, *map, *says; /* unmapped, no source, line ends, comment at the end */
};

static void check(const struct split_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *said = split(cases[i].asset, cases[i].map);
        if (strcmp(said, cases[i].says) != 0)
            fail_msg("case %zu: \"%s\", not \"%s\"", i, said, cases[i].says);
    }
}

#define MAP(sources, mappings)                                                                               \
    "{\"version\":3,\"sources\":" sources ",\"names\":[],\"mappings\":\"" mappings "\"}"

static void ownership(void **state)
{
    (void)state;
    static const struct split_case CASES[] = {
        /* Columns 0 of a.js, 3 of b.js. */
        {"abcdef", MAP("[\"a.js\",\"b.js\"]", "AAAA,GCAA"), "a.js 3, b.js 3, 0 0 0 0"},
        {"abcdef", MAP("[\"a.js\"]", "EAAA"), "a.js 4, 2 0 0 0"},
        {"abcdef", MAP("[\"a.js\"]", ""), "6 0 0 0"},
        {"", MAP("[\"a.js\"]", "AAAA"), "0 0 0 0"},
        /* One field; a null source; one that is not there; below 0. */
        {"abcdef", MAP("[\"a.js\"]", "AAAA,C"), "a.js 1, 0 5 0 0"},
        {"abcdef", MAP("[null,\"b.js\"]", "AAAA,CCAA"), "b.js 5, 0 1 0 0"},
        {"abcdef", MAP("[\"a.js\"]", "AAAA,CEAA"), "a.js 1, 0 5 0 0"},
        {"abcdef", MAP("[\"a.js\"]", "AAAA,CDAA"), "a.js 1, 0 5 0 0"},
        /* Five fields; empty segments. */
        {"abcdef", MAP("[\"a.js\",\"b.js\"]", ",AAAAA,,GCAAC,"), "a.js 3, b.js 3, 0 0 0 0"},
        /* Not in order: 4 of b.js, then 1 of a.js. Of equal columns the last one wins. */
        {"abcdef", MAP("[\"a.js\",\"b.js\"]", "ICAA,HDAA"), "a.js 3, b.js 2, 1 0 0 0"},
        {"abcdef", MAP("[\"a.js\",\"b.js\"]", "AAAA,ACAA"), "b.js 6, 0 0 0 0"},
        {"abcdef", MAP("[\"a.js\",\"b.js\"]", "ECAA,FDAA,EAAA"), "a.js 6, 0 0 0 0"},
        /* Beyond the line and the file. */
        {"ab\ncd", MAP("[\"a.js\"]", "gCAAA;CAAA;;AAAA"), "a.js 1, 3 0 1 0"},
        /* LF, CRLF, CR, and an empty line. */
        {"a\nb\r\nc\r\rd", MAP("[\"a.js\"]", "AAAA;AAAA;AAAA;;AAAA"), "a.js 4, 0 0 5 0"},
        {"a\r\n", MAP("[\"a.js\"]", "AAAA"), "a.js 1, 0 0 2 0"},
        /* Columns are UTF-16 units: 1 for é and 漢, 2 for a character of four bytes; within it, the next one.
         */
        {"é漢x", MAP("[\"a.js\",\"b.js\"]", "AAAA,CCAA,CDAA"), "a.js 3, b.js 3, 0 0 0 0"},
        {"\U0001f600x", MAP("[\"a.js\",\"b.js\"]", "AAAA,ECAA"), "a.js 4, b.js 1, 0 0 0 0"},
        {"\U0001f600x", MAP("[\"a.js\",\"b.js\"]", "AAAA,CCAA"), "a.js 4, b.js 1, 0 0 0 0"},
        /* A byte that is no UTF-8 is one unit. */
        {"\xff\xc3x", MAP("[\"a.js\",\"b.js\"]", "AAAA,CCAA"), "a.js 1, b.js 2, 0 0 0 0"},
        /* In JSON any character may be escaped. */
        {"abc", MAP("[\"a.js\"]", "C\\u0041AA"), "a.js 2, 1 0 0 0"},
    };
    check(CASES, ARRAY_LEN(CASES));
}

static void names(void **state)
{
    (void)state;
    static const struct split_case CASES[] = {
        {"a", "{\"version\":3,\"sourceRoot\":\"src\",\"sources\":[\"x.js\"],\"mappings\":\"AAAA\"}",
         "src/x.js 1, 0 0 0 0"},
        {"a", "{\"version\":3,\"sourceRoot\":\"src/\",\"sources\":[\"../x.js\"],\"mappings\":\"AAAA\"}",
         "src/../x.js 1, 0 0 0 0"},
        {"a", "{\"version\":3,\"sourceRoot\":\"src\",\"sources\":[\"/x.js\"],\"mappings\":\"AAAA\"}",
         "/x.js 1, 0 0 0 0"},
        {"a",
         "{\"version\":3,\"sourceRoot\":\"src\",\"sources\":[\"webpack://p/x.js\"],\"mappings\":\"AAAA\"}",
         "webpack://p/x.js 1, 0 0 0 0"},
        {"a", "{\"version\":3,\"sourceRoot\":null,\"sources\":[\"\\u00e9\\n\"],\"mappings\":\"AAAA\"}",
         "é\n 1, 0 0 0 0"},
        {"a", MAP("[\"\\u0000vite/x.js\"]", "AAAA"), "vite/x.js 1, 0 0 0 0"},
        {"ab", "{\"version\":3,\"sources\":[\"a\",\"b\"],\"mappings\":\"AAAA,CCAA\",\"ignoreList\":[1,7]}",
         "a 1, b 1 ignored, 0 0 0 0"},
        {"ab",
         "{\"version\":3,\"x_google_ignoreList\":[0],\"sources\":[\"a\",\"b\"],\"mappings\":\"AAAA,CCAA\"}",
         "a 1 ignored, b 1, 0 0 0 0"},
        /* Of a key twice the last counts. */
        {"ab",
         "{\"version\":2,\"version\":3,\"sources\":[\"a\"],\"mappings\":\"x\",\"sources\":[\"b\"],"
         "\"mappings\":\"AAAA\"}",
         "b 2, 0 0 0 0"},
        {"a", "\xef\xbb\xbf" MAP("[\"a\"]", "AAAA"), "a 1, 0 0 0 0"},
        {"a", ")]}'\n" MAP("[\"a\"]", "AAAA"), "a 1, 0 0 0 0"},
        {"a", "\xef\xbb\xbf)]}', x\n" MAP("[\"a\"]", "AAAA"), "a 1, 0 0 0 0"},
    };
    check(CASES, ARRAY_LEN(CASES));
}

#define SECTION(line, column, map) "{\"offset\":{\"line\":" #line ",\"column\":" #column "},\"map\":" map "}"
#define INDEX(sections)            "{\"version\":3,\"sections\":[" sections "]}"

static void sections(void **state)
{
    (void)state;
    static const struct split_case CASES[] = {
        {"abcd\nefgh", INDEX(SECTION(0, 0, MAP("[\"a\"]", "AAAA")) "," SECTION(1, 2, MAP("[\"b\"]", "AAAA"))),
         "a 4, b 2, 2 0 1 0"},
        /* Within a line: up to the next offset, and nothing of the section before behind it. */
        {"abcdefgh",
         INDEX(SECTION(0, 2, MAP("[\"a\"]", "AAAA,IAAA")) "," SECTION(0, 5, MAP("[\"b\"]", "CAAA"))),
         "a 3, b 2, 3 0 0 0"},
        /* The column of an offset is for the first line only. */
        {"abcd\nefgh", INDEX(SECTION(0, 1, MAP("[\"a\"]", "AAAA;CAAA"))), "a 6, 2 0 1 0"},
        /* Nested: offsets add up, and the outer one ends the inner ones. */
        {"abcdefgh",
         INDEX(SECTION(0, 1,
                       INDEX(SECTION(0, 1, MAP("[\"a\"]", "AAAA")) "," SECTION(
                           0, 4, MAP("[\"b\"]", "AAAA")))) "," SECTION(0, 6, MAP("[\"c\"]", "AAAA"))),
         "a 3, b 1, c 2, 2 0 0 0"},
        {"abc", INDEX(""), "3 0 0 0"},
        {"abc", INDEX(SECTION(0, 2, MAP("[\"a\"]", "")) "," SECTION(0, 1, MAP("[\"b\"]", ""))),
         "The sections of the source map are out of order."},
        {"abc", INDEX("{\"offset\":{\"line\":0,\"column\":0},\"url\":\"x.map\"}"),
         "The source map has a section that is elsewhere, by URL."},
        {"abc", INDEX("{\"map\":{}}"), "A section of the source map has no offset that can be used."},
        {"abc", INDEX(SECTION(-1, 0, "{}")), "A section of the source map has no offset that can be used."},
        {"abc", INDEX(SECTION(0, 4294967296, "{}")),
         "A section of the source map has no offset that can be used."},
        {"abc", INDEX("{\"offset\":{\"line\":0,\"column\":0}}"), "A section of the source map has no map."},
        {"abc", INDEX("7"), "A section of the source map has no offset that can be used."},
        {"abc", "{\"version\":3,\"sections\":{}}", "The sections of the source map are no list."},
    };
    check(CASES, ARRAY_LEN(CASES));
}

/* Sections within sections, `n` of them. */
static const char *nested(size_t n)
{
    struct strbuf b = {0};
    for (size_t i = 0; i < n; i++)
        strbuf_str(&b, "{\"version\":3,\"sections\":[{\"offset\":{\"line\":0,\"column\":0},\"map\":");
    strbuf_str(&b, MAP("[\"a\"]", "AAAA"));
    for (size_t i = 0; i < n; i++)
        strbuf_str(&b, "}]}");
    const char *said = split("abc", strbuf_text(&b));
    strbuf_free(&b);
    return said;
}

static void unusable(void **state)
{
    (void)state;
    static const struct split_case CASES[] = {
        {"a", "", "The JSON is cut off at byte 0."},
        {"a", ")]}'", "The JSON is cut off at byte 0."},
        {"a", "{\"version\":3,\"sources\":[],\"mappings\":\"AA", "The JSON is cut off at byte 40."},
        {"a", "<html>", "The JSON is broken at byte 0."},
        {"a", "[]", "The source map is no object."},
        {"a", "{\"mappings\":\"\"}", "The source map does not say its version."},
        {"a", "{\"version\":2,\"mappings\":\"\"}", "The source map is of version 2, not 3."},
        {"a", "{\"version\":3}", "The source map has no mappings."},
        {"a", "{\"version\":3,\"mappings\":null}", "The source map has no mappings."},
        {"a", MAP("[]", "AA"), "The mappings of the source map are broken at character 2."},
        {"a", MAP("[]", "AAA;A"), "The mappings of the source map are broken at character 3."},
        {"a", MAP("[]", "AAAAAA"), "The mappings of the source map are broken at character 5."},
        {"a", MAP("[]", "AAg"), "The mappings of the source map are broken at character 3."},
        {"a", MAP("[]", "A,!"), "The mappings of the source map are broken at character 2."},
        {"a", MAP("[]", "A A"), "The mappings of the source map are broken at character 1."},
        {"a", MAP("[]", "D"), "The mappings of the source map are broken at character 1."},
        {"a", MAP("[]", "gggggggggggggggggE"),
         "A value in the mappings of the source map has more than 32 bits, at character 17."},
        {"a", MAP("[]", "ggggggE"),
         "A value in the mappings of the source map has more than 32 bits, at character 6."},
        {"a", MAP("[]", "+/////D,+/////D,+/////D"),
         "A value in the mappings of the source map has more than 32 bits, at character 23."},
        /* 31 bits, and 0 in many digits, are fine. */
        {"a", MAP("[]", "+/////D,ggggggggggA"), "1 0 0 0"},
    };
    check(CASES, ARRAY_LEN(CASES));
    assert_string_equal(nested(SOURCE_MAP_LEVELS_MAX), "a 3, 0 0 0 0");
    assert_string_equal(nested(SOURCE_MAP_LEVELS_MAX + 1),
                        "Sections of the source map are nested deeper than 64.");
    assert_string_equal(nested(200000), "The JSON is nested deeper than 512.");
}

/* A name of a megabyte before each of ten thousand sources. */
static void long_root(void **state)
{
    (void)state;
    struct strbuf b = {0};
    strbuf_str(&b, "{\"version\":3,\"mappings\":\"\",\"sourceRoot\":\"");
    strbuf_pad(&b, 'r', 1 << 20);
    strbuf_str(&b, "\",\"sources\":[\"a\"");
    for (int i = 0; i < 10000; i++)
        strbuf_str(&b, ",\"a\"");
    strbuf_str(&b, "]}");
    assert_string_equal(split("abc", strbuf_text(&b)),
                        "The names of the sources in the source map are too long.");
    strbuf_free(&b);
}

static void comments(void **state)
{
    (void)state;
    static const struct {
        const char *asset, *comment, *url; /* NULL: none */
    } CASES[] = {
        {"x\n//# sourceMappingURL=a.js.map", "//# sourceMappingURL=a.js.map", "a.js.map"},
        {"x//# sourceMappingURL=a.js.map \t\r\n\r\n", "//# sourceMappingURL=a.js.map \t", "a.js.map"},
        {"x\n//@ sourceMappingURL=a\n", "//@ sourceMappingURL=a", "a"},
        {"a{}/*# sourceMappingURL=a.css.map */", "/*# sourceMappingURL=a.css.map */", "a.css.map"},
        {"a{}\n/*# sourceMappingURL=a.css.map*/ \n", "/*# sourceMappingURL=a.css.map*/ ", "a.css.map"},
        {"//# sourceMappingURL=a\n//# sourceMappingURL=b\n", "//# sourceMappingURL=b", "b"},
        {"x\n//# sourceMappingURL=a\n//# debugId=7\n/* end */\n\n", "//# sourceMappingURL=a", "a"},
        {"//# sourceMappingURL=a\nx", NULL, NULL},
        {"/*# sourceMappingURL=a */x", NULL, NULL},
        {"x=\"//# sourceMappingURL=a\";", NULL, NULL},
        {"//# sourceMappingURL=", NULL, NULL},
        {"//#sourceMappingURL=a", NULL, NULL},
        {"//", NULL, NULL},
        {"", NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct source_map_comment c;
        bool found = source_map_comment_find(CASES[i].asset, strlen(CASES[i].asset), &c);
        if (found != !!CASES[i].comment ||
            (found && (c.len != strlen(CASES[i].comment) || c.url_len != strlen(CASES[i].url) ||
                       memcmp(CASES[i].asset + c.at, CASES[i].comment, c.len) != 0 ||
                       memcmp(c.url, CASES[i].url, c.url_len) != 0)))
            fail_msg("case %zu", i);
    }
    /* The comment is nobody's, even where a segment reaches over it; its line end counts as one. */
    static const struct split_case OWNED[] = {
        {"ab/*# sourceMappingURL=m */\n", MAP("[\"a\"]", "AAAA"), "a 2, 0 0 1 25"},
        {"ab\n//# sourceMappingURL=m", MAP("[\"a\"]", "AAAA;AAAA"), "a 2, 0 0 1 22"},
        {"ab\n  //# sourceMappingURL=m\n", MAP("[\"a\"]", "AAAA"), "a 2, 2 0 2 22"},
    };
    check(OWNED, ARRAY_LEN(OWNED));
}

static void inlined(void **state)
{
    (void)state;
    static const struct {
        const char *url, *map; /* NULL map: a sentence */
    } CASES[] = {
        {"data:application/json;base64,eyJ2IjozfQ==", "{\"v\":3}"},
        {"data:application/json;charset=utf-8;base64,eyJ2IjozfQ", "{\"v\":3}"},
        {"DATA:;base64,", ""},
        {"data:application/json;charset=utf-8,%7B%22v%22:'x'%7d", "{\"v\":'x'}"},
        {"data:application/json;base64", NULL},
        {"data:;base64,e!J2", NULL},
        {"data:;base64,eyJ2a", NULL},
        {"data:,%7", NULL},
        {"data:,%zz", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct source_map_comment c = {.url = CASES[i].url, .url_len = strlen(CASES[i].url)};
        struct sd_error err = {.text = ""};
        char *map;
        size_t len;
        assert_true(source_map_comment_inline(&c));
        if (source_map_comment_decode(&c, &map, &len, &err) != !!CASES[i].map)
            fail_msg("case %zu: %s", i, err.text);
        if (!CASES[i].map)
            continue;
        assert_string_equal(map, CASES[i].map);
        assert_int_equal(len, strlen(map));
        free(map);
    }
}

/* What source-map-explorer says of its own test files. */
static void published(void **state)
{
    (void)state;
    static const struct {
        const char *asset, *map, *says;
    } FILES[] = {
        {"foo.min.js.txt", "foo.min.js.map",
         "../../node_modules/browser-pack/_prelude.js 480, src/bar.js 104, src/foo.js 97, 1 0 1 35"},
        {"inline-map.js.txt", NULL,
         "../../node_modules/browser-pack/_prelude.js 480, src/bar.js 104, src/foo.js 97, 1 0 1 2316"},
        {"map-reference-eol.js.txt", NULL, "../generate-data/src/map-reference-eol.ts 128, 4 0 6 882"},
        {"no-map-comment.js.txt", "no-map-comment.js.map",
         "../../node_modules/browser-pack/_prelude.js 480, src/bar.js 104, src/foo.js 97, 1 0 0 0"},
    };
    if (!test_corpus("bundle_stats/source_maps/foo.min.js.txt"))
        skip();
    for (size_t i = 0; i < ARRAY_LEN(FILES); i++) {
        char *asset, *map, path[128];
        size_t len, map_len;
        struct sd_error err;
        struct source_map_comment c;
        snprintf(path, sizeof path, "bundle_stats/source_maps/%s", FILES[i].asset);
        assert_true(file_read(test_corpus(path), 1 << 20, &asset, &len, &err));
        if (FILES[i].map) {
            snprintf(path, sizeof path, "bundle_stats/source_maps/%s", FILES[i].map);
            assert_true(file_read(test_corpus(path), 1 << 20, &map, &map_len, &err));
        } else {
            assert_true(source_map_comment_find(asset, len, &c) && source_map_comment_inline(&c));
            assert_true(source_map_comment_decode(&c, &map, &map_len, &err));
        }
        assert_string_equal(split(asset, map), FILES[i].says);
        free(asset);
        free(map);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ownership), cmocka_unit_test(names),     cmocka_unit_test(sections),
        cmocka_unit_test(unusable),  cmocka_unit_test(long_root), cmocka_unit_test(comments),
        cmocka_unit_test(inlined),   cmocka_unit_test(published),
    };
    return cmocka_run_group_tests_name("source_map", tests, NULL, NULL);
}
