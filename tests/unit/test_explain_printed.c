/* Whatever format a plan came in, it is written as the server prints it in text (tests/data/printed). */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "format/plans/explain_input.h"
#include "format/plans/explain_write.h"

static char *data(const char *name, const char *format, size_t *len)
{
    char path[96], *text;
    struct sd_error err = {""};
    snprintf(path, sizeof path, "data/printed/%s.%s", name, format);
    if (!file_read(test_file(path), EXPLAIN_MAX_BYTES, &text, len, &err))
        fail_msg("%s", err.text);
    return text;
}

/* A line end in a constant is written as a blank; and text does not tell that rows have fractions. */
static char *squeezed(const char *s, bool whole_rows)
{
    struct strbuf b = {0};
    for (bool gap = false, constant = false; *s; s++) {
        constant ^= *s == '\'';
        if (*s == '\n' && !constant) {
            strbuf_char(&b, '\n');
            gap = false;
            for (; s[1] == ' '; s++) /* the structure */
                strbuf_char(&b, ' ');
        } else if (*s == ' ' || *s == '\n') {
            gap = true;
        } else if (whole_rows && str_starts(s, ".00 loops=")) {
            s += 2;
        } else {
            if (gap)
                strbuf_char(&b, ' ');
            gap = false;
            strbuf_char(&b, *s);
        }
    }
    return strbuf_detach(&b);
}

static void check(const char *name, const char *format)
{
    size_t len, printed_len;
    struct explain e;
    struct sd_error err = {""};
    struct strbuf out = {0};
    char *text = data(name, format, &len), *printed = data(name, "txt", &printed_len);
    if (!explain_read(text, len, &e, &err))
        fail_msg("%s.%s: %s", name, format, err.text);
    if (e.n_plans != 1 || e.plans[0]->notes.n)
        fail_msg("%s.%s: %zu plans, note: %s", name, format, e.n_plans,
                 e.plans[0]->notes.n ? e.plans[0]->notes.items[0] : "none");
    explain_write(e.plans[0], false, &out);
    char *is = squeezed(out.text, str_eq(format, "txt")), *wanted = squeezed(printed, str_eq(format, "txt"));
    if (!str_eq(is, wanted))
        fail_msg("%s.%s is written as\n%s\nthe server prints\n%s", name, format, is, wanted);
    /* Its JSON holds as much. */
    char *json = explain_to_json(e.plans[0]);
    struct explain again;
    struct strbuf second = {0};
    assert_true(explain_read(json, strlen(json), &again, &err));
    explain_write(again.plans[0], false, &second);
    if (!str_eq(out.text, second.text))
        fail_msg("%s.%s as JSON is written as\n%s\ninstead of\n%s", name, format, second.text, out.text);
    explain_free(&again);
    explain_free(&e);
    strbuf_free(&out);
    strbuf_free(&second);
    free(json);
    free(is);
    free(wanted);
    free(text);
    free(printed);
}

static void plans_are_written_as_the_server_prints_them(void **state)
{
    (void)state;
    static const char *const names[] = {"sets_mixed", "sets_sorted", "sets_expressions", "merge",
                                        "conflict",   "targets",     "sample",           "xmltable",
                                        "constant",   "incremental", "window",           "untimed"};
    static const char *const formats[] = {"json", "txt", "xml", "yaml"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        for (size_t k = 0; k < ARRAY_LEN(formats); k++)
            check(names[i], formats[k]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_are_written_as_the_server_prints_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
