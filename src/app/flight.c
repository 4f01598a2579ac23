/* flight.c - the flight recorder: what the console sees goes to a ring on disk as well. */
#include "app/app.h"
#include "app/demo.h"

#include "base/clock.h"
#include "base/trust.h"
#include "format/record/recording.h"
#include "sink/ring.h"
#include "ui/console.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The disk gets so long to take what is queued when the past is saved. */
#define FLUSH_NS (2 * SD_S)

struct flight {
    struct recorder *recorder;
    char *folder, *name;
    bool told; /* that it failed */
};

static struct flight *start(const struct settings *s, struct sd_error *err)
{
    const struct ring_limits limits = {.bytes = s->flight_bytes, .age_ns = s->flight_age_ns};
    struct ring *ring = ring_open(s->flight_folder, &limits, err);
    if (!ring)
        return NULL;
    struct flight *f = mem_alloc(sizeof *f);
    f->folder = mem_strdup(s->flight_folder);
    f->name = mem_strdup(ring_flight(ring));
    f->recorder = recorder_open_ring(ring, err);
    if (!f->recorder) {
        free(f->folder);
        free(f->name);
        free(f);
        return NULL;
    }
    return f;
}

void flight_stop(struct app *a)
{
    struct flight *f = a->flight;
    a->flight = NULL;
    if (!f)
        return;
    recorder_close(f->recorder);
    free(f->folder);
    free(f->name);
    free(f);
}

bool flight_obey(struct app *a, struct sd_error *err)
{
    const struct settings *s = a->config->settings;
    bool wanted = s->flight && s->flight_folder && *s->flight_folder && !a->replay;
    if (wanted == a->flight_wanted)
        return true;
    a->flight_wanted = wanted;
    if (!wanted) {
        flight_stop(a);
        return true;
    }
    struct sd_error why;
    a->flight = start(s, &why);
    return a->flight || fail(err, "The flight recorder is off: %.400s", why.text);
}

void flight_batch(struct app *a, const struct sd_batch *b)
{
    if (a->flight)
        recorder_batch(a->flight->recorder, b);
}

bool flight_trouble(struct app *a, struct sd_error *why)
{
    struct recorder_stats stats;
    if (!a->flight)
        return false;
    stats = recorder_stats(a->flight->recorder);
    bool first = stats.error[0] && !a->flight->told;
    a->flight->told = stats.error[0] != 0;
    if (first)
        fail(why, "The flight recorder pauses: %s. It tries again every minute", stats.error);
    return first;
}

/* ---- writing the past ---- */

static bool write_header(int fd, const char *path, struct sd_error *err)
{
    struct strbuf header = {0};
    recording_header(&header);
    bool ok = write(fd, header.text, header.len) == (ssize_t)header.len ||
              fail(err, "cannot write %.300s: %s", path, strerror(errno));
    strbuf_free(&header);
    return ok;
}

bool flight_save(struct app *a, const char *path, struct saved *out, struct sd_error *err)
{
    struct stat st;
    *out = (struct saved){.from = SD_UNKNOWN};
    if (a->replay)
        return fail(err, "this is a recording already");
    if (!a->flight)
        return fail(err, "nothing was kept: the flight recorder is off (setting flight)");
    int fd = output_open(path, OUTPUT_NEW, false, err);
    if (fd < 0)
        return false;
    out->late = !recorder_flush(a->flight->recorder, FLUSH_NS);
    bool ok = write_header(fd, path, err) && ring_copy(a->flight->folder, a->flight->name, fd, path, err);
    if (ok && fstat(fd, &st) == 0)
        out->bytes = st.st_size;
    char entry[RECORDING_ENTRY_BYTES];
    if (pread(fd, entry, sizeof entry, RECORDING_HEADER_BYTES) == (ssize_t)sizeof entry)
        out->from = recording_entry_time(entry);
    if (ok && !sd_known(out->from))
        ok = fail(err, out->late ? "nothing was kept yet: the disk is slow"
                                 : "nothing was kept yet: no source has brought data");
    if (close(fd) != 0 && ok)
        ok = fail(err, "cannot write %.300s: %s", path, strerror(errno));
    if (!ok)
        unlink(path); /* it was made just now, by us */
    return ok;
}

/* ---- reading the last one ---- */

static void report_flight(struct app *a, const struct ring_entry *e, size_t n)
{
    char from[CLOCK_TEXT_MAX];
    bool open = false;
    for (size_t i = 0; i < n; i++)
        open = open || e[i].open;
    struct model_usage u = model_usage(a->model);
    clock_hms(u.first, clock_wall(), from);
    if (sd_known(u.first))
        strbuf_printf(&a->problems, "The flight that began %s, %s\n", from,
                      open ? "as written until now; its console still runs" : "the last one that ended");
}

bool flight_load_last(struct app *a, struct sd_error *err)
{
    const char *folder = a->config->settings->flight_folder;
    struct ring_list l;
    const struct ring_entry *e;
    if (!folder || !*folder)
        return fail(err, "the flight recorder has no folder (setting flight_folder)");
    if (!ring_list(folder, &l, err))
        return false;
    size_t n = ring_last(&l, &e);
    bool ok = n || fail(err, "there is no flight in %.300s yet; a console writes one", folder);
    for (size_t i = 0; i < n && ok; i++) {
        char *path = mem_printf("%s/%s", folder, e[i].name);
        ok = e[i].bytes <= RECORDING_HEADER_BYTES || app_load_recording(a, path, err);
        free(path);
    }
    if (ok)
        report_flight(a, e, n);
    ring_list_free(&l);
    return ok;
}

static bool load_demo(struct app *a, struct sd_error *err)
{
    char *path = demo_file("incident.slowdive");
    bool ok =
        path ? app_load_recording(a, path, err)
             : fail(err, "the recording of the demo is not installed: it is contrib/demo/incident.slowdive");
    free(path);
    return ok;
}

bool replay_load(struct app *a, struct sd_error *err)
{
    bool last = cli_has(a->cli, CLI_LAST), demo = cli_has(a->cli, CLI_DEMO);
    if (last && demo)
        return fail(err, "replay takes one of --last and --demo");
    if (a->cli->n_args != (last || demo ? 0 : 1))
        return fail(err, last   ? "replay --last takes no file"
                         : demo ? "replay --demo takes no file"
                                : "replay needs one recording: slowdive replay FILE");
    return last   ? flight_load_last(a, err)
           : demo ? load_demo(a, err)
                  : app_load_recording(a, a->cli->args[0], err);
}
