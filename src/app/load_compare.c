#include "app/load_compare.h"

#include <stdlib.h>

#include "app/load_report.h"
#include "app/output.h"
#include "core/loads/amounts.h"
#include "core/loads/load_compare.h"

enum { RUNS_MAX = 1000 };

static const struct command_option OPTIONS[] = {
    {"base", "FILE", "one more run of the base; several: the runs are compared, not their requests"},
    {"new", "FILE", "one more run of the new side"},
    {"tolerance", "SHARE", "a change up to it is none, whatever its interval: 10%; usual: 0"},
    {"confidence", "SHARE", "in so many comparisons of alike runs nothing is called different; usual: 95%"},
    {NULL, NULL, NULL},
};

static bool read_rules(const struct app *a, struct load_compare_rules *out, struct sd_error *err)
{
    const char *tolerance = command_value(a->cli, "tolerance");
    const char *confidence = command_value(a->cli, "confidence");
    *out = (struct load_compare_rules){.confidence = 0.95, .tolerance = 0};
    if ((tolerance && !amount_share(tolerance, &out->tolerance, err)) ||
        (confidence && !amount_share(confidence, &out->confidence, err)))
        return false;
    if (out->confidence < 0.5 || out->confidence > 0.9999)
        return fail(err, "--confidence %.40s is not from 50%% to 99.99%%", confidence);
    return true;
}

/* ---- the files of a side ---- */

struct files {
    struct load_result *results;
    const struct load_sample_set **sets;
    size_t n;
};

static bool add_file(struct files *f, const char *path, struct sd_error *err)
{
    if (f->n == RUNS_MAX)
        return fail(err, "more than %d runs a side are too many", RUNS_MAX);
    struct load_result *r = &f->results[f->n++];
    if (!load_file_read(path, NULL, r, err))
        return false;
    if (r->values == LOAD_VALUES_PERCENTILES)
        return fail(
            err,
            "%s has only the percentiles of %s; a comparison needs every request, as in slowdive's own "
            "--samples, vegeta, k6 NDJSON, JTL, hey CSV and oha CSV",
            path, r->tool);
    return true;
}

static bool add_side(const struct app *a, struct files *f, const char *first, const char *option,
                     struct sd_error *err)
{
    const char *path;
    f->results = mem_array(RUNS_MAX, sizeof *f->results);
    f->sets = mem_array(RUNS_MAX, sizeof *f->sets);
    bool ok = add_file(f, first, err);
    for (size_t i = 0; ok && (path = command_values(a->cli, option, i)); i++)
        ok = add_file(f, path, err);
    for (size_t i = 0; i < f->n; i++)
        f->sets[i] = &f->results[i].samples;
    return ok;
}

static void files_free(struct files *f)
{
    for (size_t i = 0; i < f->n; i++)
        load_result_free(&f->results[i]);
    free(f->results);
    free(f->sets);
}

static int run(struct app *a)
{
    struct load_compare_rules rules;
    struct load_comparison c;
    struct files base = {.n = 0}, newer = {.n = 0};
    struct sd_error err;
    if (!command_args(a, 2, 2) || !output_ready(a))
        return EXIT_USAGE;
    bool ok = read_rules(a, &rules, &err) && add_side(a, &base, a->cli->args[0], "base", &err) &&
              add_side(a, &newer, a->cli->args[1], "new", &err) &&
              load_compare(base.sets, base.n, newer.sets, newer.n, &rules, &c, &err);
    int status = EXIT_USAGE;
    if (ok) {
        status = command_print(a, load_compare_document(&c), c.verdict != LOAD_COMPARE_SLOWER);
        load_comparison_free(&c);
    } else {
        complain("%s", err.text);
    }
    files_free(&base);
    files_free(&newer);
    return status;
}

const struct cli_command LOAD_COMPARE_COMMAND = {
    .name = "load compare",
    .args = "BASE NEW",
    .help = "is one load test slower than another? Percentiles with intervals, of files with every request",
    .options = OPTIONS,
    .run = run,
};
