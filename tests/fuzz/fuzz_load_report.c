/* Anything as a result file of a load tool, by its content or, by the first byte, of one tool: what is
 * refused has a sentence, and figures of what is read hold. Read in pieces it is the same. */
#include <stdlib.h>
#include <string.h>

#include "core/loads/report.h"
#include "core/result.h"
#include "format/loads/load_reader.h"

static bool read_in(size_t step, const char *tool, const uint8_t *data, size_t size, struct load_result *out)
{
    struct sd_error err = {""};
    load_result_init(out);
    struct load_reader *r = load_reader_new(tool, out);
    bool good = true;
    for (size_t at = 0; at < size && good; at += step)
        good = load_reader_feed(r, data + at, size - at < step ? size - at : step, &err);
    good = good && load_reader_end(r, &err);
    load_reader_free(r);
    if (!good && !*err.text)
        abort();
    return good;
}

static void check_block(const struct load_block *b)
{
    const int64_t all[] = {b->count, b->min_ns, b->mean_ns, b->p50_ns, b->p90_ns, b->p99_ns, b->max_ns};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (sd_known(all[i]) && all[i] < 0)
            abort();
}

static void check_report(const struct load_result *r)
{
    const struct load_result *list[] = {r, r};
    struct load_report one, two;
    load_report_make(&one, list, 1);
    load_report_make(&two, list, 2);
    check_block(&one.r.latency);
    check_block(&one.r.ok);
    if (r->values != LOAD_VALUES_PERCENTILES) {
        const struct load_block *b = &one.r.latency;
        if (one.r.requests != (int64_t)r->samples.n || b->min_ns > b->p50_ns || b->p50_ns > b->p99_ns ||
            b->p99_ns > b->max_ns || two.r.latency.p50_ns != b->p50_ns)
            abort();
    }
    if (sd_known(one.r.requests) && sd_known(one.r.failed) && one.r.failed > one.r.requests)
        abort();
    cJSON *o = load_report_document(&one);
    char *text = result_print(o);
    free(text);
    cJSON_Delete(o);
    load_report_free(&one);
    load_report_free(&two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct load_result whole, pieces;
    size_t n_tools = 0;
    if (!size)
        return 0;
    while (LOAD_TOOLS[n_tools])
        n_tools++;
    /* Seeds begin with a letter of their own: '@' is by content, 'A' the first tool. */
    size_t tool = (size_t)(data[0] - '@') % (n_tools + 1);
    const char *name = tool ? LOAD_TOOLS[tool - 1] : NULL;
    bool good = read_in(size, name, data + 1, size - 1, &whole);
    if (good != read_in(5, name, data + 1, size - 1, &pieces))
        abort();
    if (good) {
        if (whole.samples.n != pieces.samples.n || whole.requests != pieces.requests)
            abort();
        check_report(&whole);
    }
    load_result_free(&whole);
    load_result_free(&pieces);
    return 0;
}
