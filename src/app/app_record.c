/* app_record.c - what is recorded: into a file, or into a history. */
#include "app/app.h"

#include "app/history.h"

#include <stdlib.h>

/* So long the beginning and the end of a history may take, and so long the console waits for them. */
#define HISTORY_NS (15 * SD_S)
#define CONSOLE_NS (2 * SD_S)

bool app_is_recorded(const struct app *a)
{
    return a->recorder || a->history;
}

bool app_record_failed(struct app *a, struct sd_error *why)
{
    struct recorder_stats file = {0};
    struct history_recorder_stats history = {0};
    if (a->recorder)
        file = recorder_stats(a->recorder);
    if (a->history)
        history = history_recorder_stats(a->history);
    const char *text = file.error[0] ? file.error : history.error;
    if (*text)
        fail(why, "%s", text);
    return *text != 0;
}

bool app_record_troubled(struct app *a, struct sd_error *why)
{
    if (!a->history)
        return false;
    struct history_recorder_stats s = history_recorder_stats(a->history);
    const char *said = a->history_said ? a->history_said : "";
    if (!strcmp(said, s.trouble) || s.error[0])
        return false;
    free(a->history_said);
    a->history_said = mem_strdup(s.trouble);
    fail(why, "%s", *s.trouble ? s.trouble : "the history is written again");
    return true;
}

/* What could not be written to its end. */
static bool end_recording(struct app *a, int64_t limit_ns, struct sd_error *err)
{
    struct recorder_stats file = recorder_close(a->recorder); /* its last frame may not have fitted */
    struct history_recorder_stats history = history_recorder_close(a->history, limit_ns);
    a->recorder = NULL;
    a->history = NULL;
    const char *text = file.error[0] ? file.error : history.error;
    if (!*text && file.dropped)
        return fail(err, "%llu batches are not in the recording: the disk was too slow for them",
                    (unsigned long long)file.dropped);
    if (!*text && history.too_old)
        complain("%llu records are older than the history keeps anything, and were not recorded",
                 (unsigned long long)history.too_old);
    return !*text || fail(err, "%s", text);
}

bool app_record(struct app *a, const char *path, bool append, struct sd_error *err)
{
    /* First the new one: a wrong name shall not end the recording that runs. */
    enum recorder_mode mode = append ? RECORDER_APPEND : RECORDER_NEW;
    struct history_recorder *history = NULL;
    struct recorder *file = NULL;
    struct sd_error last;
    bool verb = *a->cli->verb && strcmp(a->cli->verb, "replay") != 0;
    int64_t limit_ns = verb ? HISTORY_NS : CONSOLE_NS;
    if (path && store_is_url(path)) {
        signals_graceful(HISTORY_NS + CONSOLE_NS, SIGNALS_PUTTING);
        history =
            !history_places(a, path, NULL, err) ? NULL : history_record(a, path, NULL, verb, limit_ns, err);
    } else if (path)
        file = recorder_open(path, mode, a->config->settings->show_literals, err);
    if (path && !file && !history)
        return false;
    bool ok = end_recording(a, limit_ns, &last);
    a->recorder = file;
    a->history = history;
    return ok || fail(err, "%s%s%s", last.text, path ? "; now recording to " : "", path ? path : "");
}

void app_close_recorders(struct app *a)
{
    if (a->recorder)
        recorder_close(a->recorder);
    history_recorder_close(a->history, HISTORY_NS);
}
