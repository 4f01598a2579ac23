#include "tests/lib/load_text.h"

#include "format/loads/load_reader.h"
#include "tests/lib/test.h"

bool load_read_bytes(const char *bytes, size_t n, size_t step, const char *tool, struct load_result *out,
                     struct sd_error *err)
{
    load_result_init(out);
    struct load_reader *r = load_reader_new(tool, out);
    bool good = true;
    for (size_t at = 0; at < n && good; at += step)
        good = load_reader_feed(r, bytes + at, MIN(step, n - at), err);
    good = good && load_reader_end(r, err);
    load_reader_free(r);
    return good;
}

bool load_read_text(const char *text, struct load_result *out, struct sd_error *err)
{
    return load_read_bytes(text, strlen(text), 1000, NULL, out, err);
}

struct load_report load_report_of(const char *text, const char *tool, size_t step)
{
    struct load_result r;
    struct load_report report;
    struct sd_error err = {""};
    const struct load_result *list = &r;
    if (!load_read_bytes(text, strlen(text), step, tool, &r, &err))
        fail_msg("%s", err.text);
    load_report_make(&report, &list, 1);
    load_result_free(&r);
    return report;
}

char *load_file_text(const char *name, size_t *n)
{
    char *text = NULL, path[100];
    struct sd_error err;
    snprintf(path, sizeof path, "data/loads/%s", name);
    if (!file_read(test_file(path), 1 << 20, &text, n, &err))
        fail_msg("%s", err.text);
    return text;
}

#define U SD_UNKNOWN

bool load_has_note(const struct load_result *r, const char *words)
{
    for (size_t i = 0; i < r->n_notes; i++)
        if (strstr(r->notes[i], words))
            return true;
    return false;
}
