/* The writers: what they print must be readable by whoever reads it, whatever is in it. */
#include "tests/lib/test.h"

#include "base/utf8.h"
#include "sink/print.h"

#include <cjson/cJSON.h>
#include <locale.h>
#include <stdlib.h>

static const char HOSTILE[] = "a|b,\"c\"\n\x1b]0;pwned\x07\x1b[31m<b>`*_[x](y) \xc2\x9b"
                              "31m \xff\xfe \xe2\x80\xae"
                              "evil \\ \r\t\x7f";

static const struct column COLUMNS[] = {
    {.key = "name", .title = "Name", .flags = COLUMN_GROW | COLUMN_TREE, .width = 10},
    {.key = "n", .title = "N", .unit = UNIT_COUNT},
    {.key = "took_ns", .title = "Took", .unit = UNIT_NS, .priority = 1},
    {.key = "at", .title = "At", .unit = UNIT_TIME, .priority = 2},
    {.key = "share", .title = "Share", .unit = UNIT_SHARE, .flags = COLUMN_HIDDEN},
    {.key = "ok", .title = "OK", .priority = 3},
    {.key = "mark", .title = "Mark", .flags = COLUMN_NO_JSON, .priority = 4},
    {.key = "routes", .title = "Routes", .priority = 5},
};
static const struct column LIST[] = {
    {.key = "route", .title = "Route"},
    {.key = "share", .title = "Share", .unit = UNIT_SHARE},
};

static struct row *add(struct doc *d, struct table *t, const char *name, int64_t n, int depth)
{
    struct row *r = doc_row(d, t);
    struct table *list = doc_list(d, LIST, ARRAY_LEN(LIST));
    struct row *item = doc_row(d, list);
    item->cells[0] = cell_text("GET /x");
    item->cells[1] = cell_real(0.8);
    r->cells[0] = cell_text(doc_text(d, name));
    r->cells[1] = cell_int(n);
    r->cells[2] = cell_int(1234567);
    r->cells[3] = cell_int(1795189898266 * SD_MS);
    r->cells[4] = cell_real(0.25);
    r->cells[5] = cell_bool(true);
    r->cells[6] = cell_text("*");
    r->cells[7] = cell_list(list);
    r->depth = depth;
    return r;
}

/* Every kind of section, with text that attacks. */
static struct doc *sample(void)
{
    struct doc *d = doc_new("sample", HOSTILE);
    doc_field(d, "from", UNIT_TIME, cell_int(0));
    doc_field(d, "nothing", UNIT_NONE, cell_unknown());
    doc_field(d, "big", UNIT_COUNT, cell_int(INT64_MAX));
    struct table *t = &doc_table(d, "rows", "Rows", COLUMNS, ARRAY_LEN(COLUMNS))->table;
    add(d, t, "plain", 1, 0)->severity = SEVERITY_BAD;
    add(d, t, HOSTILE, SD_UNKNOWN, 0);
    add(d, t, "-4417923871243017745", -5, 0);
    add(d, t, "=cmd()", 3, 0);
    struct section *s = doc_section(d, SECTION_TREE, "nodes", "Nodes");
    s->note = doc_text(d, HOSTILE);
    s->table.columns = COLUMNS;
    s->table.n_columns = ARRAY_LEN(COLUMNS);
    add(d, &s->table, "root", 1, 0);
    add(d, &s->table, "first", 2, 1);
    add(d, &s->table, "below", 3, 2);
    add(d, &s->table, "second", 4, 1);
    s = doc_section(d, SECTION_GRAPH, "graph", "Graph");
    s->graph = (struct graph){.from = 0, .to = 4 * SD_S, .n_points = 4, .unit = UNIT_NS};
    double *v = doc_line(d, &s->graph, "p99_ns")->values;
    v[0] = 1e6;
    v[1] = 0;
    v[3] = 5e6; /* 2 stays unknown */
    s = doc_section(d, SECTION_HEATMAP, "heat", "Heat");
    static int64_t lower[] = {0, 1000, 2000};
    static uint32_t counts[] = {1, 0, 3, 0, 9, 0};
    s->heatmap = (struct heatmap){0, 3 * SD_S, 3, 2, UNIT_NS, lower, counts, 9};
    s = doc_section(d, SECTION_FIELDS, "summary", "Summary");
    section_field(d, s, "text", "Text", UNIT_NONE, cell_text(HOSTILE));
    section_field(d, s, "json_only", NULL, UNIT_NONE, cell_int(7));
    section_field(d, s, NULL, "For people", UNIT_SHARE, cell_real(0.5));
    s = doc_section(d, SECTION_TEXT, "sql", "SQL");
    s->text = doc_printf(d, "SELECT 1\n%s\n  FROM x", HOSTILE);
    s = doc_table(d, "none", "None", COLUMNS, ARRAY_LEN(COLUMNS));
    s->empty = doc_text(d, "There is nothing, and this is why.");
    return d;
}

static char *printed(struct doc *d, enum print_format f, int width, bool ascii)
{
    struct strbuf out = {0};
    print_doc(d, f, &(struct print_options){.width = width, .ascii = ascii}, &out);
    strbuf_str(&out, "");
    return strbuf_detach(&out);
}

static void assert_clean(const char *text, bool ascii)
{
    assert_true(utf8_valid(text, strlen(text)));
    for (const char *p = text; *p; p++) {
        assert_false((unsigned char)*p < 0x20 && *p != '\n' && *p != '\r');
        assert_int_not_equal(*p, 0x7f);
        assert_false((unsigned char)p[0] == 0xc2 && (unsigned char)p[1] < 0xa0); /* C1 */
        assert_false(ascii && (unsigned char)*p >= 0x80);
    }
    assert_null(strstr(text, "\xe2\x80\xae")); /* right-to-left override */
}

static void text_is_clean_and_keeps_its_width(void **state)
{
    (void)state;
    struct doc *d = sample();
    static const int widths[] = {0, 30, 40, 60, 80, 200};
    for (size_t i = 0; i < ARRAY_LEN(widths); i++)
        for (int ascii = 0; ascii < 2; ascii++) {
            char *text = printed(d, PRINT_TEXT, widths[i], ascii);
            assert_clean(text, ascii);
            for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
                *end = 0;
                assert_false(end > line && end[-1] == ' ');
                if (widths[i] >= 60)
                    assert_true(utf8_width(line) <= widths[i]);
            }
            free(text);
        }
    doc_free(d);
}

static void text_reads_well(void **state)
{
    (void)state;
    struct doc *d = sample();
    char *text = printed(d, PRINT_TEXT, 0, false);
    assert_non_null(strstr(text, "!! plain "));
    assert_non_null(strstr(text, "1.23 ms"));
    assert_non_null(strstr(text, "GET /x 80.0 %"));
    assert_non_null(strstr(text, "\u251c first"));
    assert_non_null(strstr(text, "\u2502 \u2514 below"));
    assert_non_null(strstr(text, "\u2514 second"));
    assert_non_null(strstr(text, "p99 \u2582\u2581 \u2588  last 5.00 ms, 0 to 5.00 ms"));
    assert_non_null(strstr(text, "There is nothing, and this is why."));
    assert_null(strstr(text, "json_only"));
    free(text);
    text = printed(d, PRINT_TEXT, 0, true);
    assert_non_null(strstr(text, "| ` below"));
    free(text);
    doc_free(d);
}

static void a_narrow_table_loses_what_matters_least(void **state)
{
    (void)state;
    struct doc *d = doc_new("v", "V");
    struct table *t = &doc_table(d, "rows", NULL, COLUMNS, ARRAY_LEN(COLUMNS))->table;
    add(d, t, "a name that is rather long for a column", 1, 0);
    char *text = printed(d, PRINT_TEXT, 36, false);
    assert_non_null(strstr(text, "Took"));
    assert_null(strstr(text, "Routes"));
    assert_null(strstr(text, "Mark"));
    assert_non_null(strstr(text, "~  "));
    free(text);
    doc_free(d);
}

static void a_huge_text_does_not_widen_every_line(void **state)
{
    (void)state;
    struct doc *d = doc_new("v", "V");
    struct table *t = &doc_table(d, "rows", NULL, COLUMNS, ARRAY_LEN(COLUMNS))->table;
    char *huge = mem_alloc(1000001);
    memset(huge, 'x', 1000000);
    add(d, t, huge, 1, 0);
    for (int i = 0; i < 100; i++)
        add(d, t, "short", i, 0);
    char *text = printed(d, PRINT_TEXT, 0, false);
    assert_true(strlen(text) < 100000);
    free(text);
    text = printed(d, PRINT_JSON, 0, false);
    assert_true(strlen(text) > 1000000);
    free(text);
    free(huge);
    doc_free(d);
}

static void json_is_a_contract(void **state)
{
    (void)state;
    struct doc *d = sample();
    char *text = printed(d, PRINT_JSON, 0, false);
    assert_non_null(strstr(text, "9223372036854775807")); /* not rounded to a double */
    cJSON *j = cJSON_Parse(text);
    assert_non_null(j);
    assert_string_equal(cJSON_GetObjectItem(j, "view")->valuestring, "sample");
    assert_string_equal(cJSON_GetObjectItem(j, "from")->valuestring, "1970-01-01T00:00:00.000Z");
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(j, "nothing")));
    cJSON *rows = cJSON_GetObjectItem(j, "rows"), *row = cJSON_GetArrayItem(rows, 0);
    assert_int_equal(cJSON_GetArraySize(rows), 4);
    assert_int_equal(cJSON_GetObjectItem(row, "took_ns")->valueint, 1234567);
    assert_string_equal(cJSON_GetObjectItem(row, "at")->valuestring, "2026-11-20T15:51:38.266Z");
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(row, "ok")));
    assert_true(cJSON_GetObjectItem(row, "share")->valuedouble == 0.25); /* hidden columns are in */
    assert_null(cJSON_GetObjectItem(row, "mark"));
    cJSON *routes = cJSON_GetObjectItem(row, "routes");
    assert_string_equal(cJSON_GetObjectItem(cJSON_GetArrayItem(routes, 0), "route")->valuestring, "GET /x");
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(cJSON_GetArrayItem(rows, 1), "n")));
    cJSON *point = cJSON_GetArrayItem(cJSON_GetObjectItem(j, "graph"), 2);
    assert_string_equal(cJSON_GetObjectItem(point, "at")->valuestring, "1970-01-01T00:00:02.500Z");
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(point, "p99_ns")));
    cJSON *heat = cJSON_GetObjectItem(j, "heat");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(heat, "lower_ns")), 3);
    assert_int_equal(cJSON_GetObjectItem(heat, "columns")->valueint, 3);
    assert_int_equal(cJSON_GetObjectItem(heat, "rows")->valueint, 2);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetArrayItem(cJSON_GetObjectItem(heat, "counts"), 1)), 3);
    assert_int_equal(cJSON_GetObjectItem(cJSON_GetObjectItem(j, "summary"), "json_only")->valueint, 7);
    assert_int_equal(strncmp(cJSON_GetObjectItem(j, "sql")->valuestring, "SELECT 1\n", 9), 0);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(j, "none")), 0);
    cJSON_Delete(j);
    for (const char *p = text; *p; p++)
        assert_false((unsigned char)*p < 0x20 && *p != '\n' && *p != '\t');
    free(text);
    doc_free(d);
}

/* Cells of a Markdown line: bars that no backslash escapes. */
static size_t bars(const char *line)
{
    size_t n = 0;
    for (; *line; line++) {
        if (*line == '\\' && line[1])
            line++;
        else
            n += *line == '|';
    }
    return n;
}

/* Spans can be nested as often as there are some. */
static void markdown_of_a_deep_tree_is_short(void **state)
{
    (void)state;
    struct doc *d = doc_new("v", "V");
    static const struct column TREE[] = {{.key = "name", .title = "Name", .flags = COLUMN_TREE}};
    struct table *t = &doc_table(d, "rows", NULL, TREE, ARRAY_LEN(TREE))->table;
    for (int depth = 0; depth < 1000; depth++) {
        struct row *r = doc_row(d, t);
        r->cells[0] = cell_text("span");
        r->depth = depth;
    }
    char *text = printed(d, PRINT_MARKDOWN, 0, false);
    assert_true(strlen(text) < (size_t)1300 * 1000);
    assert_non_null(strstr(text, "| &nbsp;&nbsp;span |"));
    free(text);
    doc_free(d);
}

static void markdown_tables_stay_tables(void **state)
{
    (void)state;
    struct doc *d = doc_new("v", "V");
    struct table *t = &doc_table(d, "rows", NULL, COLUMNS, ARRAY_LEN(COLUMNS))->table;
    add(d, t, HOSTILE, 1, 0)->severity = SEVERITY_BAD;
    add(d, t, "back\\|slash\\", 1, 1);
    char *text = printed(d, PRINT_MARKDOWN, 0, false);
    assert_clean(text, false);
    size_t lines = 0;
    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = 0;
        if (*line != '|')
            continue;
        lines++;
        assert_int_equal(bars(line), 9); /* seven columns are shown, and the marks */
        for (char *p = line; (p = strchr(p, '<')); p++)
            assert_int_equal(p[-1], '\\');
    }
    assert_int_equal(lines, 4);
    free(text);
    text = printed(d, PRINT_MARKDOWN, 0, false);
    assert_non_null(strstr(text, "\n| !! | a"));
    free(text);
    doc_free(d);
}

/* RFC 4180, strictly: counts the fields of each record; -1 when it is broken. */
static int csv_fields(const char **p)
{
    int fields = 1;
    for (;;) {
        if (**p == '"') {
            for (++*p; **p && !(**p == '"' && (*p)[1] != '"'); ++*p)
                *p += **p == '"';
            if (!**p)
                return -1;
            ++*p;
        } else {
            *p += strcspn(*p, ",\"\r\n");
        }
        if (**p == ',') {
            fields++;
            ++*p;
        } else if ((*p)[0] == '\r' && (*p)[1] == '\n') {
            *p += 2;
            return fields;
        } else {
            return -1;
        }
    }
}

static void csv_follows_its_rfc(void **state)
{
    (void)state;
    struct doc *d = sample();
    for (size_t i = 0; i < d->n_sections; i++) {
        struct strbuf out = {0};
        int fields = -1;
        print_section(d, &d->sections[i], PRINT_CSV, &(struct print_options){0}, &out);
        assert_clean(strbuf_text(&out), false);
        for (const char *p = out.text; *p;) {
            int n = csv_fields(&p);
            assert_true(n > 0);
            assert_true(fields < 0 || n == fields);
            fields = n;
        }
        strbuf_free(&out);
    }
    char *text = printed(d, PRINT_CSV, 0, false);
    assert_non_null(strstr(text, "\n-4417923871243017745,-5,")); /* an identifier stays one */
    assert_non_null(strstr(text, "\n'=cmd(),"));                 /* a formula does not */
    assert_non_null(strstr(text, ",2026-11-20T15:51:38.266Z,0.25,true,"));
    free(text);
    doc_free(d);
}

/* ---- boxes and flows have rows and a description like everything else ---- */

static void shelf_box(void *ctx, size_t i, struct box *b)
{
    (void)ctx;
    static const struct box boxes[] = {
        {.label = "src", .weight = 90, .self = 10, .children = 1, .inside = 1, .parent = BOXES_ROOT},
        {.label = HOSTILE, .weight = 80, .self = 80, .depth = 1, .parent = 0},
        {.label = "tiny", .weight = 0.01, .self = 0.01, .parent = BOXES_ROOT},
    };
    *b = i == BOXES_ROOT ? (struct box){.weight = 90.01, .children = 2, .inside = 3, .parent = BOXES_ROOT}
                         : boxes[i];
}

static size_t shelf_child(void *ctx, size_t parent, size_t k)
{
    (void)ctx;
    return parent == BOXES_ROOT ? k * 2 : 1;
}

static uint64_t shelf_identity(void *ctx, size_t i)
{
    (void)ctx;
    return i + 1;
}

static void pipe_node(void *ctx, size_t i, struct flow_node *n)
{
    (void)ctx;
    static const char *const labels[] = {"web", "api", "alone"};
    *n = (struct flow_node){.label = labels[i], .weight = 5};
}

static void pipe_edge(void *ctx, size_t i, struct flow_edge *e)
{
    (void)ctx;
    *e = (struct flow_edge){.from = i, .to = i + 1, .weight = 5};
}

static void boxes_and_flows_are_printed(void **state)
{
    (void)state;
    static const struct boxes_source shelf = {
        .box = shelf_box, .child = shelf_child, .identity = shelf_identity};
    static const struct flow_source pipe = {.node = pipe_node, .edge = pipe_edge, .identity = shelf_identity};
    struct doc *d = doc_new("v", "V");
    struct section *s = doc_section(d, SECTION_BOXES, "parts", "Parts");
    s->boxes = (struct boxes){.shape = BOXES_TREEMAP, .unit = UNIT_BYTES, .n = 3, .source = &shelf};
    s = doc_section(d, SECTION_FLOW, "calls", "Calls");
    s->flow = (struct flow){.unit = UNIT_PER_S, .n_nodes = 3, .n_edges = 1, .source = &pipe};
    for (int f = PRINT_TEXT; f <= PRINT_MARKDOWN; f += PRINT_MARKDOWN) {
        char *text = printed(d, (enum print_format)f, 0, false);
        assert_clean(text, false);
        free(text);
    }
    char *text = printed(d, PRINT_TEXT, 0, false);
    assert_non_null(strstr(text, "src "));
    assert_non_null(strstr(text, "1 more")); /* too small for a row of its own */
    assert_non_null(strstr(text, "alone"));
    free(text);
    text = printed(d, PRINT_JSON, 0, false);
    cJSON *j = cJSON_Parse(text), *parts = cJSON_GetObjectItem(j, "parts");
    assert_int_equal(cJSON_GetArraySize(parts), 3);
    assert_true(cJSON_GetObjectItem(cJSON_GetArrayItem(parts, 1), "weight_bytes")->valuedouble == 80);
    assert_int_equal(cJSON_GetObjectItem(cJSON_GetArrayItem(parts, 1), "parent")->valueint, 0);
    cJSON *calls = cJSON_GetObjectItem(j, "calls");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(calls, "nodes")), 3);
    assert_int_equal(
        cJSON_GetObjectItem(cJSON_GetArrayItem(cJSON_GetObjectItem(calls, "edges"), 0), "to")->valueint, 1);
    cJSON_Delete(j);
    free(text);
    struct strbuf out = {0};
    print_section(d, &d->sections[0], PRINT_CSV, &(struct print_options){0}, &out);
    assert_int_equal(strncmp(out.text, "label,weight_bytes,share,self_bytes,", 36), 0);
    assert_non_null(strstr(out.text, "tiny,0.01,"));
    strbuf_free(&out);
    doc_free(d);
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boxes_and_flows_are_printed),
        cmocka_unit_test(text_is_clean_and_keeps_its_width),
        cmocka_unit_test(text_reads_well),
        cmocka_unit_test(a_narrow_table_loses_what_matters_least),
        cmocka_unit_test(a_huge_text_does_not_widen_every_line),
        cmocka_unit_test(json_is_a_contract),
        cmocka_unit_test(markdown_of_a_deep_tree_is_short),
        cmocka_unit_test(markdown_tables_stay_tables),
        cmocka_unit_test(csv_follows_its_rfc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
