/* estimate.c - plans, points of a curve, hops and traces of files as a source: each becomes the document that
 * its command prints, computed anew when the file has changed. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/capacity/forecast.h"
#include "source/estimate/estimate_files.h"
#include "source/shared/examine.h"
#include "source/shared/watched_file.h"

struct estimate_source {
    struct stat seen; /* as it was read */
};
struct estimate_options {
    const char *policy;
    int64_t horizon;
    double ceiling;
};

static const struct sd_option OPTIONS[] = {
    {.name = "policy",
     .type = SD_OPTION_TEXT,
     .offset = offsetof(struct estimate_options, policy),
     .fallback = "",
     .help = "the policy file (YAML) that is replayed against the demand of the file"},
    {.name = "horizon",
     .type = SD_OPTION_INT,
     .offset = offsetof(struct estimate_options, horizon),
     .fallback = "24",
     .min = 1,
     .max = FORECAST_HORIZON,
     .unit = "steps",
     .help = "of a forecast, how far ahead"},
    {.name = "ceiling",
     .type = SD_OPTION_REAL,
     .offset = offsetof(struct estimate_options, ceiling),
     .fallback = "0",
     .min = -1e300,
     .max = 1e300,
     .help = "of a forecast, the limit that is looked for; 0: none"},
    {.name = NULL},
};

static enum sd_result take(struct sd_source *s, struct sd_error *err)
{
    struct estimate_source *x = s->priv;
    const struct estimate_options *options = s->opts;
    struct sd_error why = {.text = ""};
    if (stat(s->target, &x->seen) != 0)
        return sd_fail(err, SD_CONFIG, "cannot open %.300s: %s", s->target, strerror(errno));
    struct estimate_wish wish = {options->policy, options->horizon, options->ceiling};
    if (options->ceiling == 0)
        wish.ceiling = (double)NAN;
    cJSON *o = estimate_any(s->target, &wish, &why);
    if (!o)
        return sd_fail(err, SD_CONFIG, "%.500s", why.text);
    char *json = result_print(o);
    struct sd_batch *b = s->host->batch(s, s->host->now(s));
    s->host->add(b, SD_DOCUMENT,
                 &(struct sd_document){.what = result_get_text(o, "view"), .name = s->target, .json = json});
    s->host->publish(s, b);
    free(json);
    cJSON_Delete(o);
    return SD_OK;
}

static enum sd_result estimate_open(struct sd_source *s, struct sd_error *err)
{
    struct stat st;
    if (!*s->target)
        return sd_fail(err, SD_CONFIG, "it needs a file, as in estimate:plan.yaml");
    if (stat(s->target, &st) != 0)
        return sd_fail(err, SD_CONFIG, "cannot open %.300s: %s", s->target, strerror(errno));
    return S_ISREG(st.st_mode)
               ? SD_OK
               : sd_fail(err, SD_CONFIG, "%.300s is no file; estimates are made of one", s->target);
}

static enum sd_result estimate_run(struct sd_source *s, struct sd_error *err)
{
    const struct estimate_source *x = s->priv;
    return watched_file_run(s, take, &x->seen, err);
}

static int estimate_recognise(const char *target, const void *head, size_t len)
{
    (void)target;
    return head ? estimate_sure(head, len) : 0;
}

static void estimate_close(struct sd_source *s)
{
    (void)s; /* the file is closed after each reading */
}

extern const struct sd_source_ops estimate_source_ops;
const struct sd_source_ops estimate_source_ops = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_source_ops),
    .name = "estimate",
    .summary = "capacity plans, scalability curves, hops, forecasts and scaling policies of files",
    .targets = "estimate:FILE, FILE",
    .options = OPTIONS,
    .provides = SD_KIND_BIT(SD_DOCUMENT),
    .priv_size = sizeof(struct estimate_source),
    .opts_size = sizeof(struct estimate_options),
    .recognise = estimate_recognise,
    .open = estimate_open,
    .run = estimate_run,
    .close = estimate_close,
    .examine = examine_file,
};
