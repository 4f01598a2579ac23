/* loadavg.c - a complete example source: load and pressure of this host.
 *
 * Reads /proc/loadavg and, where the kernel has it, /proc/pressure/{cpu,io,memory}.
 * Built outside of the source tree, with only the two installed headers:
 *
 *     make && slowdive --module ./loadavg.so loadavg:
 *
 * The table of options below is used for `loadavg:?interval=5s`, the configuration
 * file and `slowdive sources loadavg`.
 */
#include <errno.h>
#include <stdlib.h>

#include "slowdive/source.h"

struct load_options {
    int64_t interval; /* read by the host: an option of this name sets the collect interval */
    bool pressure;
    const char *proc;
};

static const struct sd_option load_options[] = {
    {.name = "interval",
     .type = SD_OPTION_DURATION,
     .offset = offsetof(struct load_options, interval),
     .fallback = "1s",
     .min = 100e6,
     .max = 3600e9,
     .help = "time between two reads"},
    {.name = "pressure",
     .type = SD_OPTION_BOOL,
     .offset = offsetof(struct load_options, pressure),
     .fallback = "yes",
     .help = "read the kernel's pressure stall information, too"},
    {.name = "proc",
     .type = SD_OPTION_TEXT,
     .offset = offsetof(struct load_options, proc),
     .fallback = "/proc",
     .help = "where the proc file system is mounted"},
    {.name = NULL},
};

/* Reads the start of a file; false when it cannot. */
static bool read_start(const char *folder, const char *name, char *buf, size_t size)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    size_t n = fread(buf, 1, size - 1, f);
    int failed = ferror(f);
    fclose(f);
    buf[n] = 0;
    return n && !failed;
}

static void add(struct sd_source *s, struct sd_batch *b, const char *name, const char *labels,
                const char *unit, double value, bool counter)
{
    struct sd_metric m = {.name = name, .labels = labels, .unit = unit, .value = value, .counter = counter};
    s->host->add(b, SD_METRIC, &m);
}

static enum sd_result load_open(struct sd_source *s, struct sd_error *err)
{
    const struct load_options *o = s->opts;
    char buf[256];
    if (*s->target)
        return sd_fail(err, SD_CONFIG, "loadavg: reads this host and takes no target, so remove \"%.100s\"",
                       s->target);
    if (!read_start(o->proc, "loadavg", buf, sizeof buf))
        return sd_fail(err, SD_UNSUPPORTED, "cannot read %.200s/loadavg: %s", o->proc, strerror(errno));
    if (o->pressure && !read_start(o->proc, "pressure/cpu", buf, sizeof buf))
        s->host->note(s, SD_STATE_LIVE,
                      "this kernel has no pressure stall information; only the load is shown");
    return SD_OK;
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=12345": microseconds lost since boot. */
static void pressure(struct sd_source *s, struct sd_batch *b, const char *resource)
{
    const struct load_options *o = s->opts;
    char buf[512], path[64], labels[64];
    snprintf(path, sizeof path, "pressure/%s", resource);
    snprintf(labels, sizeof labels, "resource=%s", resource);
    if (!read_start(o->proc, path, buf, sizeof buf))
        return; /* unknown is not zero: no record */
    const char *total = strstr(buf, "total=");
    if (total) /* a counter; the host computes the rate */
        add(s, b, "host.pressure.some", labels, "ns", strtod(total + strlen("total="), NULL) * 1000, true);
}

static enum sd_result load_collect(struct sd_source *s, struct sd_batch *b, struct sd_error *err)
{
    static const char *const minutes[] = {"minutes=1", "minutes=5", "minutes=15"};
    const struct load_options *o = s->opts;
    char buf[256], *p = buf;
    if (!read_start(o->proc, "loadavg", buf, sizeof buf))
        return sd_fail(err, SD_RETRY, "cannot read %.200s/loadavg: %s", o->proc, strerror(errno));
    for (int i = 0; i < 3; i++) {
        char *end;
        double value = strtod(p, &end);
        if (end == p)
            return sd_fail(err, SD_RETRY, "%.200s/loadavg does not hold three numbers", o->proc);
        add(s, b, "host.load", minutes[i], NULL, value, false);
        p = end;
    }
    if (o->pressure) {
        pressure(s, b, "cpu");
        pressure(s, b, "io");
        pressure(s, b, "memory");
    }
    return SD_OK;
}

static void load_close(struct sd_source *s)
{
    (void)s; /* nothing is kept open between two reads */
}

static const struct sd_source_ops load_ops = {
    .abi = SD_ABI,
    .size = sizeof load_ops,
    .name = "loadavg",
    .summary = "load average and pressure of this host",
    .targets = "loadavg:",
    .provides = SD_KIND_BIT(SD_METRIC),
    .opts_size = sizeof(struct load_options),
    .options = load_options,
    .interval_ns = SD_S,
    .open = load_open,
    .collect = load_collect,
    .close = load_close,
};

__attribute__((visibility("default"))) const struct sd_source_ops *slowdive_source(void);
const struct sd_source_ops *slowdive_source(void)
{
    return &load_ops;
}
