/* What EXPLAIN writes is read as it stands; what has another form is left to the tree of cJSON. Where both
 * read it, they make the same plan. */
#include "tests/lib/test.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "format/plans/explain_input.h"
#include "tests/lib/plan_alike.h"

#define N(rest) "{\"Node Type\": \"Seq Scan\"" rest "}"

static void one(const char *text, size_t len, bool taken)
{
    struct sd_error why;
    bool is = plan_read_twice(text, len, &why);
    if (is != taken)
        fail_msg("%s: %.300s", is ? "it is taken" : "it is left to the tree", text);
    if (is && why.text[0])
        fail_msg("%s: %.300s", why.text, text);
}

static void forms_are_taken_or_left(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool taken;
    } cases[] = {
        {"[{\"Plan\": " N("") "}]", true},
        {"{\"Plan\": " N("") "}", true},
        {"[{\"Plan\":" N("") ",\"Planning Time\": 1.5e0}, {\"Query Text\": \"a\", \"Plan\":" N("") "}] rest",
         true},
        {"[]", false},
        {"[{}]", false},
        {"{\"Plan\": {}}", false},
        {"{\"Plan\": []}", false},
        {"{\"Plans\": " N("") "}", false},
        {N(""), false},
        {"[{\"Plan\": " N("") "}", false},
        {"[{\"Plan\": " N("") "},]", false},
        {"[{\"Plan\": " N("") "} {\"Plan\": " N("") "}]", false},
        {"{\"Plan\": " N("") ", \"Plan\": " N("") "}", false},
        {"{\"Plan\": {\"Alias\": \"a\", \"Node Type\": \"b\"}}", true},
        {"{\"Plan\": {\"Alias\": \"a\"}}", false},
        {"{\"Plan\": {\"Node Type\": 5}}", false},
        {"{\"Plan\": {\"Node Type\": 5, \"Node Type\": \"b\"}}", false},
        {"{\"Plan\": {\"Node Type\": \"a\", \"Node Type\": 5, \"Node Type\": \"b\"}}", true},
        {"{\"Pl\\u0061n\": " N("") "}", false},
        /* below a node */
        {"{\"Plan\": " N(", \"Plans\": []") "}", true},
        {"{\"Plan\": " N(", \"Plans\": [" N("") ", " N("") "]") "}", true},
        {"{\"Plan\": " N(", \"Plans\": [" N("") "], \"Alias\": \"x\", \"Plans\": [" N("") "]") "}", true},
        {"{\"Plan\": " N(", \"Plans\": [{}]") "}", false},
        {"{\"Plan\": " N(", \"Plans\": [{\"Plans\": [" N("") "], \"Node Type\": \"a\"}]") "}", true},
        {"{\"Plan\": " N(", \"Plans\": [{\"Plans\": [" N("") "], \"Alias\": \"a\"}]") "}", false},
        {"{\"Plan\": " N(", \"Plans\": 5") "}", false},
        {"{\"Plan\": " N(", \"Plans\": {}") "}", false},
        {"{\"Plan\": " N(", \"Plans\": [" N("") ",]") "}", false},
        {"{\"Plan\": " N(", \"Job\": {\"Tasks\": [{\"Plan\": " N("") "}]}") "}", false}, /* Citus */
        {"{\"Plan\": " N(", \"Job\": {\"Tasks\": [1, {\"a\": null}]}, \"More\": 1") "}", true},
        /* numbers */
        {"{\"Plan\": " N(", \"Plan Rows\": 12, \"Total Cost\": 0.07") "}", true},
        {"{\"Plan\": " N(", \"Plan Rows\": -0, \"Total Cost\": -1.5, \"Plan Width\": 007") "}", true},
        {"{\"Plan\": " N(
             ", \"Plan Rows\": 9007199254740993, \"Total Cost\": 1e19, \"Plan Width\": 1e-400") "}",
         true},
        {"{\"Plan\": " N(", \"Plan Rows\": 123456789012345678901234567890, \"Total Cost\": 1E+2") "}", true},
        {"{\"Plan\": " N(", \"Total Cost\": 0.00000000000000000000000000000012345") "}", true},
        {"{\"Plan\": " N(", \"Total Cost\": 8.41999999999999992894572642398998141288757") "}", true},
        {"{\"Plan\": " N(", \"Total Cost\": 1.") "}", false},
        {"{\"Plan\": " N(", \"Total Cost\": .5") "}", false},
        {"{\"Plan\": " N(", \"Total Cost\": +5") "}", false},
        {"{\"Plan\": " N(", \"Total Cost\": 1e") "}", false},
        {"{\"Plan\": " N(", \"Total Cost\": NaN") "}", false},
        {"{\"Plan\": " N(", \"Total Cost\": 0x1p3") "}", false},
        {"{\"Plan\": " N(", \"Total Cost\": "
                         "1234567890123456789012345678901234567890123456789012345678901234567890") "}",
         false},
        /* values of another type */
        {"{\"Plan\": " N(", \"Total Cost\": \"12.5\", \"Plan Rows\": true, \"Plan Width\": null") "}", true},
        {"{\"Plan\": " N(", \"Alias\": \"a\", \"Alias\": 5, \"Filter\": null, \"Schema\": false") "}", true},
        {"{\"Plan\": " N(", \"Parallel Aware\": \"true\", \"Disabled\": 1, \"Inner Unique\": true") "}",
         true},
        {"{\"Plan\": " N(", \"Output\": \"one\", \"Sort Key\": [], \"Group Key\": 5") "}", true},
        {"{\"Plan\": " N(", \"Sort Key\": [\"a\", \"b, c\", \"\"], \"Output\": [\"x\"]") "}", true},
        {"{\"Plan\": " N(", \"Sort Key\": [\"a\", 5]") "}", false},
        {"{\"Plan\": " N(", \"Sort Key\": {}") "}", false},
        {"{\"Plan\": " N(", \"Total Cost\": [1]") "}", false},
        {"{\"Plan\": " N(", \"Filter\": {}") "}", false},
        {"{\"Plan\": " N(", \"Total Cost\": nul") "}", false},
        {"{\"Plan\": " N(", \"Total Cost\": truely") "}", false},
        /* texts */
        {"{\"Plan\": " N(", \"Filter\": \"a \\\"b\\\" \\\\ \\/ \\n\\t\\r\\b\\f \xc3\xa4 \xff\"") "}", true},
        {"{\"Plan\": " N(", \"Filter\": \"\", \"Alias\": \"\\\\\"") "}", true},
        {"{\"Plan\": " N(", \"Filter\": \"\\u00e4\"") "}", false},
        {"{\"Plan\": " N(", \"Filter\": \"\\x\"") "}", false},
        {"{\"Plan\": " N(", \"Filter\": \"a\nb\"") "}", false},
        {"{\"Plan\": " N(", \"Ali\\u0061s\": \"a\"") "}", false},
        {"{\"Plan\": " N(", \"Vectorized Filter\": \"a\", \"Vectorized Filter\": \"b\"") "}", true},
        {"{\"Plan\": " N(", \"Vectorized Filter\": 1, \"Vectorized Filter\": \"b\"") "}", true},
        {"{\"Plan\": " N(", \"Vectorized Filter\": \"a\", \"Filter\": \"b\"") "}", true},
        {"{\"Plan\": " N(", \"Vectorized Filter\": []") "}", false},
        /* nested, and told before the values they need */
        {"{\"Plan\": " N(
             ", \"Full-sort Groups\": {\"Group Count\": 2, \"Sort Methods Used\": [\"quicksort\"], "
             "\"Sort Space Disk\": {\"Average Sort Space Used\": 5, \"Peak Sort Space Used\": 9}}, "
             "\"Sort Method\": \"external\", \"Sort Space Used\": 3") "}",
         true},
        {"{\"Plan\": " N(
             ", \"Grouping Sets\": [{\"Group Keys\": [[\"a\"], [\"b\"]]}], \"Group Key\": [\"c\"]") "}",
         true},
        {"{\"Plan\": " N(", \"Grouping Sets\": \"a\", \"Target Tables\": [{\"Relation Name\": \"t\"}]") "}",
         true},
        {"{\"Plan\": " N(", \"Workers\": [{\"Worker Number\": 0, \"Actual Rows\": 5}], \"Workers\": "
                         "[{\"Worker Number\": 0, \"Shared Hit Blocks\": 7}, {\"Worker Number\": 1}, 5]") "}",
         true},
        {"{\"Plan\": " N(", \"Workers\": [{\"Worker Number\": 0}") "}", false},
        {"{\"Plan\": " N(", \"Workers\": [[\"a\n\"]]") "}", false},
        /* beside the plan */
        {"{\"Query Text\": \"select \\u00e4\", \"Plan\": " N(
             "") ", \"Settings\": {\"a\": \"b\"}, \"JIT\": "
                 "{\"Functions\": 3, \"Timing\": {\"Total\": 1.25}}, \"Triggers\": [{\"Trigger Name\": "
                 "\"t\", "
                 "\"Time\": 1, \"Calls\": 2}], \"Query Identifier\": -8123456789012345678}",
         true},
        {"{\"Query Text\": \"select\n1\", \"Plan\": " N("") "}", false},
        {"{\"Plan\": " N("") ", \"JIT\": }", false},
        {"{\"Plan\": " N("") ", \"JIT\"}", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        one(cases[i].text, strlen(cases[i].text), cases[i].taken);
    one("{\"Plan\": " N(", \"Filter\": \"a\0b\"") "}",
        sizeof "{\"Plan\": " N(", \"Filter\": \"a\0b\"") "}" - 1, false);
}

static char *nested(int depth)
{
    struct strbuf b = {0};
    strbuf_str(&b, "{\"Plan\": ");
    for (int i = 0; i < depth; i++)
        strbuf_str(&b, "{\"Node Type\": \"Limit\", \"Plans\": [");
    strbuf_str(&b, N(""));
    for (int i = 0; i < depth; i++)
        strbuf_str(&b, "]}");
    strbuf_str(&b, "}");
    return strbuf_detach(&b);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    const int depths[] = {1, 199, 200, 450, 100000};
    for (size_t i = 0; i < ARRAY_LEN(depths); i++) {
        char *text = nested(depths[i]);
        one(text, strlen(text), depths[i] < 200);
        free(text);
    }
}

/* What a server printed, cut at each byte: nothing of it is taken but the whole. */
static void a_cut_plan_is_left(void **state)
{
    (void)state;
    char *text;
    size_t len;
    struct sd_error err;
    assert_true(file_read(test_file("data/printed/incremental.json"), EXPLAIN_MAX_BYTES, &text, &len, &err));
    while (len && text[len - 1] != ']')
        len--;
    one(text, len, true);
    for (size_t cut = 0; cut < len; cut++) {
        char *part = mem_alloc(cut + 1); /* ASan sees a byte too far */
        memcpy(part, text, cut);
        one(part, cut, false);
        free(part);
    }
    free(text);
}

struct taken {
    size_t files, direct;
};

/* Every file of JSON below a folder. */
static void each_file(const char *folder, struct taken *t)
{
    DIR *d = opendir(folder);
    struct dirent *e;
    while (d && (e = readdir(d))) {
        char *path = mem_printf("%s/%s", folder, e->d_name), *text;
        struct stat st;
        size_t len;
        struct sd_error err;
        if (e->d_name[0] != '.' && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
            each_file(path, t);
        else if (str_ends(path, ".json") && file_read(path, EXPLAIN_MAX_BYTES, &text, &len, &err)) {
            size_t start = strspn(text, " \t\r\n");
            bool is = plan_read_twice(text + start, len - start, &err);
            t->files++;
            t->direct += is;
            if (is && err.text[0])
                fail_msg("%s: %s", path, err.text);
            free(text);
        }
        free(path);
    }
    if (d)
        closedir(d);
}

static void what_servers_print_is_taken(void **state)
{
    (void)state;
    static const char *const folders[] = {"data/plans", "data/printed", "data/versions"};
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        struct taken t = {0};
        each_file(test_file(folders[i]), &t);
        if (t.direct != t.files || !t.files)
            fail_msg("%s: %zu of %zu files are read as they stand", folders[i], t.direct, t.files);
    }
    const char *corpora = getenv("SLOWDIVE_CORPORA");
    char *folder = mem_printf("%s/pg_explain", corpora ? corpora : "");
    struct taken t = {0};
    each_file(folder, &t);
    if (corpora)
        print_message("%zu of %zu files are read as they stand\n", t.direct, t.files);
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_are_taken_or_left),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(a_cut_plan_is_left),
        cmocka_unit_test(what_servers_print_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
