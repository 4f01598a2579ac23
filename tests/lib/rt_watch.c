/* Links rt only where rt is used: a static library gives no more than is asked for. */
#include "tests/lib/rt_watch.h"

#include <dirent.h>
#include <poll.h>
#include <time.h>

#include "base/clock.h"

static void take(void *ctx, const struct sd_batch *b)
{
    struct rt_watch *w = ctx;
    w->batches++;
    for (size_t i = 0; i < batch_len(b); i++) {
        enum sd_kind kind;
        const void *r = batch_record(b, i, &kind);
        w->records[kind]++;
        if (kind == SD_STATUS) {
            w->status = *(const struct sd_status *)r;
            snprintf(w->text, sizeof w->text, "%s", w->status.text ? w->status.text : "");
            w->status.text = w->text;
            w->status.kind = w->status.target = NULL;
            w->seen |= 1u << w->status.state;
            w->statuses++;
        } else if (kind == SD_FAILURE) {
            snprintf(w->failed, sizeof w->failed, "%s", ((const struct sd_failure *)r)->text);
        } else if (kind == SD_PLAN) {
            const char *failed = ((const struct sd_plan *)r)->failed;
            snprintf(w->failed, sizeof w->failed, "%s", failed ? failed : "");
        } else if (kind == SD_INTAKE) {
            w->intake = *(const struct sd_intake *)r;
            w->intake.unit = w->intake.sample = w->intake.reason = NULL;
        }
    }
    if (w->on_batch)
        w->on_batch(w->ctx, b);
}

bool rt_watch_until(struct rt_watch *w, bool (*done)(const struct rt_watch *w), int64_t deadline_ns)
{
    int64_t until = clock_mono() + deadline_ns;
    for (;;) {
        rt_drain(w->rt, 20 * SD_MS, take, w);
        if (done ? done(w) : rt_finished(w->rt))
            return true;
        int64_t left = until - clock_mono();
        if (left <= 0)
            return false;
        struct pollfd p = {.fd = rt_fd(w->rt), .events = POLLIN};
        poll(&p, 1, (int)(left / SD_MS) + 1);
    }
}

static size_t entries(const char *folder)
{
    size_t n = 0;
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));)
        n += e->d_name[0] != '.';
    if (d)
        closedir(d);
    return n;
}

size_t process_threads(void)
{
    return entries("/proc/self/task");
}

size_t process_fds(void)
{
    return entries("/proc/self/fd") - 1; /* the folder itself */
}

bool process_back_to(size_t threads, size_t fds, int64_t deadline_ns)
{
    int64_t until = clock_mono() + deadline_ns;
    while (process_threads() > threads || process_fds() > fds) {
        if (clock_mono() > until)
            return false;
        nanosleep(&(struct timespec){.tv_nsec = SD_MS}, NULL);
    }
    return true;
}
