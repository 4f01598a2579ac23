#include "tests/lib/test.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "format/bundles/webpack_asset.h"

/* "1=function(){...} a=..." of all modules, one a line; "none". */
static const char *modules(const char *asset, size_t len)
{
    static struct strbuf said;
    struct webpack_asset w;
    strbuf_clear(&said);
    if (!webpack_asset_read(asset, len, &w))
        return "none";
    for (size_t i = 0; i < w.n; i++) {
        assert_true(w.functions[i].at + w.functions[i].len <= len);
        strbuf_printf(&said, "%s%s=%.*s", i ? "\n" : "", w.functions[i].id, (int)w.functions[i].len,
                      asset + w.functions[i].at);
    }
    webpack_asset_clear(&w);
    return strbuf_text(&said);
}

struct asset_case {
    const char *asset, *modules;
};

static void check(const struct asset_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *said = modules(cases[i].asset, strlen(cases[i].asset));
        if (strcmp(said, cases[i].modules) != 0)
            fail_msg("case %zu: %s", i, said);
    }
}

/* Where webpack, from version 1 to 5, and Rspack put the modules. */
static void forms(void **state)
{
    (void)state;
    static const struct asset_case CASES[] = {
        /* The argument of the loader; what is around it: a library, DedupePlugin. */
        {"!function(e){function t(n){return e[n]}var n={};t(0)}([function(e,t){e(1)},,function(e){}]);",
         "0=function(e,t){e(1)}\n2=function(e){}"},
        {"(function(e){var n={}})({12:function(a){},\"x/y\":function(b){}});",
         "12=function(a){}\nx/y=function(b){}"},
        {"(function(e,o){e.L=o()})(this,function(){return function(e){}([function(e,o,t){}])});",
         "0=function(e,o,t){}"},
        {"!function(t){}(function(t){return t}([function(t,r,e){e(1)},1,,[2,'a']]));",
         "0=function(t,r,e){e(1)}\n1=1\n3=[2,'a']"},
        /* Chunks. */
        {"webpackJsonp([0,2],[,function(t){'123'},,]);", "1=function(t){'123'}"},
        {"webpackJsonp([\"app\"],{125:function(n,e,t){}},[125]);", "125=function(n,e,t){}"},
        {"webpackJsonp([10],Array(10).concat([function(e){},,function(t){}]),[11]);",
         "10=function(e){}\n12=function(t){}"},
        {"(window.w=window.w||[]).push([[27],{\"57iH\":function(e){}},[[\"57iH\",19]]]);",
         "57iH=function(e){}"},
        {"\"use strict\";(self.w=self.w||[]).push([[27],{7:(e,t,n)=>{n(1)},1e3:e=>e(0),ab:async(e)=>{await "
         "e}},e=>{e.O()}]);",
         "7=(e,t,n)=>{n(1)}\n1000=e=>e(0)\nab=async(e)=>{await e}"},
        {"self.chunkCallback([27],{1:function(e){}});", "1=function(e){}"},
        {"exports.id=7;exports.ids=[7];exports.modules={7:function(e){}};", "7=function(e){}"},
        {"export const __webpack_id__=\"7\";export const __webpack_modules__={7(e,t){t.a=1}};",
         "7=(e,t){t.a=1}"},
        /* webpack 5. */
        {"!function(){var o={631:function(o){}},t={};t(1)}();", "631=function(o){}"},
        {"(()=>{\"use strict\";var e,t,n={4:(e,t)=>{},5(e){}},r={};n[4]()})();", "4=(e,t)=>{}\n5=(e){}"},
        {"!function(e,t){e.L=t()}(self,(()=>(()=>{var e={9:e=>{}};return e})()));", "9=e=>{}"},
        {"/******/ (() => { // webpackBootstrap\n/******/ \tvar __webpack_modules__ = ({\n\n/***/ "
         "\"./a.js\":\n"
         "/*!***!*/\n/***/ ((module) => {\n\nx()\n\n/***/ }),\n\n/***/ 'b':\n(function() { y() "
         "})\n\n/******/ \t});\n"
         "/******/ \tvar c = {};\n})()",
         "./a.js=(module) => {\n\nx()\n\n/***/ }\nb=function() { y() }"},
        {"(()=>{const e=[,e=>{},,function(){}];})()", "1=e=>{}\n3=function(){}"},
        {"var e={1:()=>{}};e[1]();", "1=()=>{}"},
        /* Escapes in names. */
        {"f([1],{'a\\'\\u00e9\\x41\\n':function(){}})", "a'éA\n=function(){}"},
    };
    check(CASES, ARRAY_LEN(CASES));
}

/* What looks like the end of a function, and is not. */
static void tokens(void **state)
{
    (void)state;
#define WITH(code)                                                                                           \
    {                                                                                                        \
        "f([1],{1:function(){" code "},2:()=>0})", "1=function(){" code "}\n2=()=>0"                         \
    }
    static const struct asset_case CASES[] = {
        WITH("'}'+\"}\\\"}\"+`}`"),
        WITH("`a${`}${b}`+{}}`"),
        WITH("/}/.test(x)"),
        WITH("/[/}]/g"),
        WITH("return/}/"),
        WITH("a/b;c=1/2/3;x[0]/2;f(1)/2//}\n"),
        WITH("if(a)/}/.test(b)"),
        WITH("for(;;)/'/.test(b)"),
        WITH("while(a){}/'}/.test(b)"),
        WITH("x={a:1}/2/{b:1}"),
        WITH("x=function(){}/2;y=3/1"),
        WITH("a++/2;b--/'/'"),
        WITH("/*}*/ //}\n"),
        WITH("class A{static m(){return/}/}}"),
        WITH("x.return/2;y.if(a)/3"),
        WITH("a=>/}/"),
        WITH("()=>{}\n/}/.test(1)"),
        WITH("x?.y/2;a?.5:/}/"),
        WITH("typeof/}/;a\xc2\xa0/2/1"),
        WITH("'\\\n}';'\\\r\n}'"),
        WITH("[.../}/.source]"),
    };
    check(CASES, ARRAY_LEN(CASES));
    static const struct asset_case ENDS[] = {
        {"f([1],{1:()=>a?b:c,2:e=>(0,e)(1),3:async e=>{},4:function*n(){},5:async function(){}})",
         "1=()=>a?b:c\n2=e=>(0,e)(1)\n3=async e=>{}\n4=function*n(){}\n5=async function(){}"},
    };
    check(ENDS, ARRAY_LEN(ENDS));
}

static void none(void **state)
{
    (void)state;
    static const char *const CASES[] = {
        "",
        "module.exports = 'invalid bundle';",
        "x=1,{a:function(){}}",
        "f([1],{a:b})",
        "f([1],{...a})",
        "f([1],{get a(){}})",
        "f([1],{a:function(){}.b})",
        "f([1],[1,2])",
        "f([x],{a:function(){}})",
        "f(1,{a:function(){}})",
        "Object(n)({a:function(){}})",
        "f([1],{a:function(){}", /* cut */
        "f([1],{a:function(){]}})",
        "(()=>{var a=1;var b={a:function(){}}})()",
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++)
        if (strcmp(modules(CASES[i], strlen(CASES[i])), "none") != 0)
            fail_msg("case %zu", i);
}

/* Of lists that could both be it, the outer one. */
static void outermost(void **state)
{
    (void)state;
    static const struct asset_case CASES[] = {
        {"(()=>{var e={1:()=>{f([2],{a:function(){}})},2:function(){var x={b:()=>0}}}})()",
         "1=()=>{f([2],{a:function(){}})}\n2=function(){var x={b:()=>0}}"},
        {"function p(){var x={b:()=>{'long'+'long'+'long'}}}f([2],{a:()=>0})", "a=()=>0"},
    };
    check(CASES, ARRAY_LEN(CASES));
}

static void hostile(void **state)
{
    (void)state;
    static const char *const PARTS[] = {"(", "[",          "{",  "`${", "/[",  "=/(/[", "\\",
                                        "'", "f([1],{a:(", "/*", "#",   "...", "{a:["};
    for (size_t i = 0; i < ARRAY_LEN(PARTS); i++) {
        struct strbuf b = {0};
        for (size_t k = 0; k < 200000; k++)
            strbuf_str(&b, PARTS[i]);
        assert_string_equal(modules(b.text, b.len), "none");
        strbuf_free(&b);
    }
}

/* What webpack-bundle-analyzer says of its own test bundles. */
static void published(void **state)
{
    (void)state;
    static const char *const NAMES[] = {
        "BundleWithArrowFunction",
        "BundleWithEsNextFeatures",
        "CommonBundleWithDedupePlugin",
        "CommonBundleWithModulesAsArray",
        "CommonBundleWithModulesAsObject",
        "ExtraBundleWithModulesAsArray",
        "ExtraBundleWithNamedChunk",
        "JsonpWithArrayConcatAndEntryPoint",
        "UmdLibraryBundleWithModulesAsArray",
        "Webpack4AsyncChunk",
        "Webpack4AsyncChunkAndEntryPoint",
        "Webpack5LegacyBundle",
    };
    if (!test_corpus("bundle_stats/webpack_bundles/invalidBundle.js.txt"))
        skip();
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        char *asset, *json, path[128];
        size_t len, json_len;
        struct sd_error err;
        struct webpack_asset w;
        snprintf(path, sizeof path, "bundle_stats/webpack_bundles/valid%s.js.txt", NAMES[i]);
        assert_true(file_read(test_corpus(path), 1 << 20, &asset, &len, &err));
        snprintf(path, sizeof path, "bundle_stats/webpack_bundles/valid%s.modules.json", NAMES[i]);
        assert_true(file_read(test_corpus(path), 1 << 20, &json, &json_len, &err));
        cJSON *tree = cJSON_Parse(json), *want = cJSON_GetObjectItemCaseSensitive(tree, "modules");
        assert_true(webpack_asset_read(asset, len, &w));
        assert_int_equal(w.n, cJSON_GetArraySize(want));
        for (size_t k = 0; k < w.n; k++) {
            const char *code =
                cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(want, w.functions[k].id));
            if (!code || strlen(code) != w.functions[k].len ||
                memcmp(code, asset + w.functions[k].at, w.functions[k].len) != 0)
                fail_msg("%s: module %s", NAMES[i], w.functions[k].id);
        }
        webpack_asset_clear(&w);
        cJSON_Delete(tree);
        free(asset);
        free(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),     cmocka_unit_test(tokens),  cmocka_unit_test(none),
        cmocka_unit_test(outermost), cmocka_unit_test(hostile), cmocka_unit_test(published),
    };
    return cmocka_run_group_tests_name("webpack_asset", tests, NULL, NULL);
}
