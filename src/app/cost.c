#include "app/cost.h"

#include "base/clock.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Over this long the figures are averaged; shorter spans would make an idle screen
 * change for nothing. */
#define COST_SPAN_NS (10 * SD_S)

static int64_t resident_bytes(void)
{
    char text[128] = {0};
    long pages;
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return SD_UNKNOWN;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0 || sscanf(text, "%*d %ld", &pages) != 1)
        return SD_UNKNOWN;
    return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

struct console_cost cost_now(struct cost *c, int64_t tty_bytes)
{
    int64_t now = clock_mono();
    if (c->at && now - c->at < COST_SPAN_NS)
        return c->shown;
    int64_t cpu = clock_process_cpu();
    c->shown = (struct console_cost){.cpu_share = NAN, .rss_bytes = resident_bytes(), .tty_bytes_per_s = NAN};
    if (c->at) {
        double seconds = (double)(now - c->at);
        c->shown.cpu_share = (double)(cpu - c->cpu) / seconds;
        if (sd_known(tty_bytes) && sd_known(c->tty))
            c->shown.tty_bytes_per_s = (double)(tty_bytes - c->tty) * 1e9 / seconds;
    }
    c->at = now;
    c->cpu = cpu;
    c->tty = tty_bytes;
    return c->shown;
}
