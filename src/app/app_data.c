/* app_data.c - what sources and recordings say gets to all who keep data: model, figures, recorders. */
#include "app/app.h"

#include "app/history.h"
#include "app/past_shown.h"
#include "app/places.h"
#include "base/clock.h"
#include "base/units.h"
#include "core/batch_part.h"
#include "format/record/recording.h"
#include "store/store.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RECORDING_MAX_BYTES = 1 << 30 };

/* What counts of it, to all who keep data. How its source is counts in any case: the verb waits for it. */
static void take_in(struct app *a, const struct sd_batch *b)
{
    const struct sd_batch *part = batch_part_of(a->part, b, a->until);
    if (!part)
        return;
    model_apply(a->model, part);
    if (a->signals && (batch_kinds(part) & SD_KIND_BIT(SD_STATUS)))
        signals_set_live(a->signals, app_is_live(a));
    if (a->signals)
        signals_take(a->signals, part);
    if (a->taken)
        a->taken(a->taken_ctx, part);
    batch_unref(part);
}

/* ---- recordings ---- */

bool app_is_recording(const char *path)
{
    struct strbuf header = {0};
    char head[16] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    bool is =
        fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && read(fd, head, sizeof head) == sizeof head;
    recording_header(&header);
    is = is && !memcmp(head, header.text, 8);
    strbuf_free(&header);
    if (fd >= 0)
        close(fd);
    return is;
}

static bool stopped_by_signal(void *ctx)
{
    (void)ctx;
    return signals_stop() != 0;
}

static void apply_owned(void *ctx, struct sd_batch *b)
{
    struct app *a = ctx;
    take_in(a, b);
    if (a->history && *a->cli->verb) /* a recording is recorded with its own times */
        history_recorder_batch(a->history, b);
    batch_unref(b);
}

static bool load_recording(struct app *a, const char *path, struct sd_error *err)
{
    char *data;
    size_t len;
    struct recording_stats stats;
    if (!file_read(path, RECORDING_MAX_BYTES, &data, &len, err))
        return false;
    bool ok = !store_is_file(data, len) ||
              fail(err, "this is a history, not a recording: the console shows it without replay");
    ok = ok && recording_decode(data, len, apply_owned, stopped_by_signal, a, &stats, err);
    free(data);
    if (ok && stats.stopped)
        return fail(err, "reading %s was stopped by a signal", path);
    if (!ok) {
        struct sd_error why = *err;
        return fail(err, "%s: %.400s", path, why.text);
    }
    if (stats.lost) {
        model_count_lost(a->model, stats.lost);
        strbuf_printf(&a->problems, "%s: %llu %s could not be read%s\n", path, (unsigned long long)stats.lost,
                      stats.lost == 1 ? "frame" : "frames",
                      stats.cut ? "; the file ends in the middle of one" : "");
    } else if (stats.cut) {
        strbuf_printf(&a->problems, "%s ends in the middle of a frame; everything before it was read\n",
                      path);
    }
    if (stats.too_large)
        strbuf_printf(
            &a->problems,
            "%s is larger after decompression than a recording of its size can be; the rest was not read\n",
            path);
    a->replay = true;
    model_mark_replayed(a->model);
    return true;
}

bool app_load_recording(struct app *a, const char *path, struct sd_error *err)
{
    if (!load_recording(a, path, err))
        return false;
    a->recordings = mem_realloc(a->recordings, (a->n_recordings + 1) * sizeof *a->recordings);
    a->recordings[a->n_recordings++] = mem_strdup(path);
    return true;
}

/* The recordings are read once more: what came later must not be in totals, counters, newest states. */
bool app_end_at(struct app *a, sd_time until, struct sd_error *err)
{
    size_t told = a->problems.len;
    a->until = until;
    if (a->n_recordings)
        model_clear(a->model);
    if (a->n_recordings && a->signals)
        signals_clear(a->signals);
    for (size_t i = 0; i < a->n_recordings; i++)
        if (!load_recording(a, a->recordings[i], err))
            return false;
    if (a->problems.text)
        a->problems.text[a->problems.len = told] = '\0';
    return true;
}

/* ---- the model ---- */

static void begin_again(struct app *a)
{
    model_free(a->model);
    a->model = model_new(&a->limits);
}

void app_more_memory(struct app *a, size_t bytes)
{
    if (a->limits.max_bytes >= bytes)
        return;
    a->limits.max_bytes = bytes;
    begin_again(a);
}

void app_totals_only(struct app *a)
{
    a->limits.totals_only = true;
    begin_again(a);
    rt_totals(a->rt, SD_KIND_BIT(SD_HTTP));
}

/* ---- goals ---- */

void app_watch_goals(struct app *a, const struct signals_limits *limits)
{
    char host[256] = "";
    if (a->signals)
        return;
    a->signals = signals_new(&a->config->policy, limits);
    if (gethostname(host, sizeof host - 1) == 0 && *host)
        signals_set_host(a->signals, host);
    const struct goal_policy *p = &a->config->policy;
    int64_t window = 0;
    struct sd_error err;
    if (cli_has(a->cli, CLI_WINDOW) && *a->cli->verb &&
        unit_parse_duration(a->cli->values[CLI_WINDOW], &window, &err))
        for (size_t i = 0; i < p->n_kpis; i++)
            signals_want(a->signals, &p->kpis[i].figure, window);
}

bool app_is_live(const struct app *a)
{
    struct source_info info[64];
    size_t n = model_sources(a->model, INT64_MAX, info, ARRAY_LEN(info));
    for (size_t i = 0; i < n && !a->replay; i++)
        if (info[i].status &&
            (info[i].status->state == SD_STATE_LIVE || info[i].status->state == SD_STATE_STALE))
            return true;
    return false;
}

sd_time app_goals_time(const struct app *a)
{
    sd_time last = model_usage(a->model).last;
    if (sd_known(a->goals_at))
        return a->goals_at;
    return app_is_live(a) || !sd_known(last) ? clock_wall() : last;
}

/* ---- what sources publish ---- */

static void apply_batch(void *ctx, const struct sd_batch *b)
{
    struct app *a = ctx;
    if (past_shown_take(a->past_shown, b))
        return;
    if (a->history) {
        places_take(a->places, b);
        history_recorder_batch(a->history, b);
    }
    if (!batch_len(b)) /* it only says how far a log was read */
        return;
    take_in(a, b);
    if (a->recorder)
        recorder_batch(a->recorder, b);
    flight_batch(a, b);
}

size_t app_drain(struct app *a, int64_t budget_ns)
{
    return rt_drain(a->rt, budget_ns, apply_batch, a);
}

void app_end_sources(struct app *a, int64_t limit_ns)
{
    enum { LOOK_MS = 10 };
    int64_t until = clock_mono() + limit_ns;
    rt_end(a->rt);
    do {
        app_drain(a, 100 * SD_MS);
        if (rt_finished(a->rt))
            return;
        poll(&(struct pollfd){.fd = rt_fd(a->rt), .events = POLLIN}, 1, LOOK_MS);
    } while (clock_mono() < until);
}

bool app_wait(struct app *a, int64_t timeout_ns)
{
    struct pollfd fds[] = {{.fd = rt_fd(a->rt), .events = POLLIN}, {.fd = signals_fd(), .events = POLLIN}};
    int ms = timeout_ns <= 0 ? 0 : timeout_ns > 60 * SD_S ? 60000 : (int)((timeout_ns + SD_MS - 1) / SD_MS);
    poll(fds, ARRAY_LEN(fds), ms);
    if (fds[1].revents)
        signals_drain();
    return !signals_stop();
}
