/* Files of /proc and /sys: whatever they hold, shares are within 0..1, figures are not negative, and a mount
 * that is asked for its fill is a local one. The input is two readings, divided by a byte of 0xff. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/batch.h"
#include "format/hosts/host_figures.h"
#include "format/hosts/mount_list.h"

static bool added(struct sd_batch *b, enum sd_kind kind, const void *record)
{
    const struct sd_metric *m = record;
    if (kind != SD_METRIC || !m->name || !m->labels || !isfinite(m->value) || m->value < 0 ||
        (m->unit && !strcmp(m->unit, "share") && m->value > 1))
        abort();
    return batch_add(b, kind, record);
}

static void read_cgroup(struct host_reading *r, const char *text, size_t n)
{
    struct proc_text all = {text, text + n};
    if (host_read_cgroup_cpu(r, all, all) != (r->cgroup.cpus > 0))
        abort();
    host_read_cgroup1_cpu(r, all, all, all, all);
    host_read_cgroup_memory(r, all, all, all);
}

static void read_mounts(struct host_reading *r, const char *text, size_t n)
{
    enum { MOST = 64 };
    static struct mount_entry m[MOST];
    struct cgroup_places p;
    size_t count = mount_list_read(r->arena, text, n, m, MOST);
    for (size_t i = 0; i < count; i++)
        if (mount_is_local(m, count, i)) {
            if (m[i].point[0] != '/' || strstr(m[i].type, "nfs") || strstr(m[i].type, "fuse"))
                abort();
            host_add_filesystem(r, m[i].point, n, n / 2, n / 3);
        }
    cgroup_places_read(r->arena, m, count, text, n, &p);
    if (p.memory.folder && strncmp(p.memory.folder, p.memory.top, strlen(p.memory.top)) != 0)
        abort();
}

static struct host_reading *reading(int64_t at, const char *text, size_t n)
{
    struct host_reading *r = host_reading_new(at);
    host_read_stat(r, text, n);
    host_read_meminfo(r, text, n);
    host_read_loadavg(r, text, n);
    host_read_net(r, text, n);
    host_read_diskstats(r, text, n, NULL, NULL);
    for (int p = 0; p < HOST_PRESSURES; p++)
        host_read_pressure(r, (enum host_pressure)p, text, n);
    read_mounts(r, text, n);
    read_cgroup(r, text, n);
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct sd_host host = {.add = added};
    const char *text = (const char *)data, *divide = size ? memchr(text, 0xff, size) : NULL;
    size_t first = divide ? (size_t)(divide - text) : size;
    struct host_reading *before = reading(0, text, first),
                        *now = reading((int64_t)size * SD_MS, divide ? divide : text,
                                       size - (divide ? first : 0));
    struct sd_batch *b = batch_new("fuzz", SD_S);
    struct strbuf missing = {0};
    host_figures_add(NULL, before, "a,b=c", &host, b);
    host_figures_add(before, now, "a,b=c", &host, b);
    host_figures_missing(now, &missing);
    strbuf_free(&missing);
    host_reading_free(before);
    host_reading_free(now);
    batch_unref(b);
    return 0;
}
