#include "format/hosts/host_figures.h"

#include <math.h>
#include <string.h>

#include "core/labels.h"

struct adding {
    const struct sd_host *h;
    struct sd_batch *b;
    const char *host;
    struct strbuf labels;
};

/* An unknown figure is not added. The keys of labels below stand before or behind "host" by the alphabet. */
static void add(struct adding *a, const char *name, const char *key, const char *value, double figure,
                const char *unit, bool counter)
{
    if (!isfinite(figure))
        return;
    strbuf_clear(&a->labels);
    if (key && strcmp(key, "host") < 0)
        label_add(&a->labels, key, value);
    label_add(&a->labels, "host", a->host);
    if (key && strcmp(key, "host") > 0)
        label_add(&a->labels, key, value);
    a->h->add(a->b, SD_METRIC,
              &(struct sd_metric){.name = name,
                                  .labels = strbuf_text(&a->labels),
                                  .unit = unit,
                                  .value = figure,
                                  .counter = counter});
}

/* Growth as a share of `whole`, 0..1; NAN when one is unknown, it fell, or nothing passed. */
static double share(int64_t before, int64_t now, double whole)
{
    int64_t growth;
    if (!sd_known(before) || !sd_known(now) || __builtin_sub_overflow(now, before, &growth) || growth < 0 ||
        !(whole > 0))
        return (double)NAN;
    return fmin((double)growth / whole, 1);
}

static double grown(int64_t before, int64_t now)
{
    int64_t growth;
    if (!sd_known(before) || !sd_known(now) || __builtin_sub_overflow(now, before, &growth))
        return (double)NAN;
    return (double)growth;
}

static const struct host_disk *same_disk(const struct host_reading *r, const char *name)
{
    for (size_t i = 0; i < r->n_disks; i++)
        if (str_eq(r->disks[i].name, name))
            return &r->disks[i];
    return NULL;
}

static void add_disks(struct adding *a, const struct host_reading *before, const struct host_reading *now,
                      double elapsed_ns)
{
    for (size_t i = 0; i < now->n_disks; i++) {
        const struct host_disk *d = &now->disks[i], *was = before ? same_disk(before, d->name) : NULL;
        if (was)
            add(a, "host.disk.busy", "device", d->name, share(was->busy_ms, d->busy_ms, elapsed_ns / 1e6),
                "share", false);
        add(a, "host.disk.read_bytes", "device", d->name, (double)d->read_bytes, "bytes", true);
        add(a, "host.disk.write_bytes", "device", d->name, (double)d->write_bytes, "bytes", true);
    }
}

static void add_pressure(struct adding *a, const struct host_reading *before, const struct host_reading *now,
                         double elapsed_ns)
{
    static const char *const NAMES[HOST_PRESSURES] = {[HOST_PRESSURE_CPU] = "host.pressure.cpu",
                                                      [HOST_PRESSURE_MEMORY] = "host.pressure.memory",
                                                      [HOST_PRESSURE_IO] = "host.pressure.io"};
    static const char *const KINDS[2] = {"some", "full"};
    for (int p = 0; p < HOST_PRESSURES; p++)
        for (int kind = 0; kind < 2; kind++)
            add(a, NAMES[p], "kind", KINDS[kind],
                share(before->pressure_us[p][kind], now->pressure_us[p][kind], elapsed_ns / 1e3), "share",
                false);
}

static void add_cgroup(struct adding *a, const struct host_cgroup *before, const struct host_cgroup *now,
                       double elapsed_ns)
{
    if (before && now->cpus > 0) {
        double periods = grown(before->periods, now->periods);
        add(a, "cgroup.cpu", NULL, NULL, share(before->usage_ns, now->usage_ns, elapsed_ns * now->cpus),
            "share", false);
        /* No period of the quota passes while nothing runs. */
        add(a, "cgroup.throttled", NULL, NULL,
            periods == 0 ? 0 : share(before->limited, now->limited, periods), "share", false);
    }
    if (sd_known(now->memory_max_bytes) && now->memory_max_bytes > 0 && sd_known(now->memory_bytes))
        add(a, "cgroup.memory", NULL, NULL, share(0, now->memory_bytes, (double)now->memory_max_bytes),
            "share", false);
}

void host_figures_add(const struct host_reading *before, const struct host_reading *now, const char *host,
                      const struct sd_host *h, struct sd_batch *b)
{
    struct adding a = {.h = h, .b = b, .host = host};
    double elapsed_ns = before ? grown(before->at, now->at) : (double)NAN;
    if (before)
        add(&a, "host.cpu", NULL, NULL,
            share(before->cpu_busy, now->cpu_busy, grown(before->cpu_total, now->cpu_total)), "share", false);
    add(&a, "host.memory", NULL, NULL, now->memory, "share", false);
    add(&a, "host.swap", NULL, NULL, now->swap, "share", false);
    add(&a, "host.load", "minutes", "1", now->load, NULL, false);
    add_disks(&a, before, now, elapsed_ns);
    for (size_t i = 0; i < now->n_filesystems; i++)
        add(&a, "host.filesystem", "mount", now->filesystems[i].mount, now->filesystems[i].share, "share",
            false);
    for (size_t i = 0; i < now->n_nets; i++) {
        const struct host_net *n = &now->nets[i];
        add(&a, "host.net.receive_bytes", "interface", n->name, (double)n->receive_bytes, "bytes", true);
        add(&a, "host.net.transmit_bytes", "interface", n->name, (double)n->transmit_bytes, "bytes", true);
    }
    if (before)
        add_pressure(&a, before, now, elapsed_ns);
    add_cgroup(&a, before ? &before->cgroup : NULL, &now->cgroup, elapsed_ns);
    strbuf_free(&a.labels);
}

void host_figures_missing(const struct host_reading *r, struct strbuf *out)
{
    bool pressure = false;
    for (int p = 0; p < HOST_PRESSURES; p++)
        pressure |= sd_known(r->pressure_us[p][0]);
    const struct {
        bool missing;
        const char *what;
    } PARTS[] = {
        {!sd_known(r->cpu_total), "no figures of processors"},
        {!isfinite(r->memory), "no figures of memory in use"},
        {!isfinite(r->swap), "no swap"},
        {!isfinite(r->load), "no load average"},
        {!r->n_disks, "no disk in use"},
        {!r->n_filesystems, "no filesystem on a disk"},
        {!r->n_nets, "no network but lo"},
        {!pressure, "no pressure figures"},
    };
    size_t begin = out->len;
    for (size_t i = 0; i < ARRAY_LEN(PARTS); i++)
        if (PARTS[i].missing)
            strbuf_printf(out, "%s%s", out->len > begin ? ", " : "", PARTS[i].what);
}
