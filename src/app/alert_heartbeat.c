#include "app/alert_heartbeat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "base/clock.h"
#include "base/trust.h"
#include "core/goals/heartbeat.h"

/* What cannot be read was never sent: one too many is better than none. */
static sd_time last_sent(const char *path)
{
    struct sd_error err;
    char *text = NULL, *end = NULL;
    size_t len = 0;
    sd_time at = SD_UNKNOWN;
    if (access(path, F_OK) == 0 &&
        trust_read("time of the last heartbeat", path, CLOCK_TEXT_MAX, &text, &len, &err)) {
        errno = 0;
        long long v = strtoll(text, &end, 10);
        if (!errno && end != text && *end == '\n')
            at = v;
    }
    free(text);
    return at;
}

static bool note(const char *path, sd_time at)
{
    char text[CLOCK_TEXT_MAX];
    int n = snprintf(text, sizeof text, "%lld\n", (long long)at);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    bool ok = fd >= 0 && write(fd, text, (size_t)n) == n;
    if (fd >= 0)
        close(fd);
    return ok;
}

bool heartbeat_begin(struct heartbeat *h, const struct goal_policy *p, const char *folder, sd_time at)
{
    *h = (struct heartbeat){.arena = arena_new(), .path = mem_printf("%s/heartbeat", folder)};
    if (p->heartbeat.to && heartbeat_due(p, last_sent(h->path), at) &&
        heartbeat_delivery(p, at, h->arena, &h->delivery))
        return true;
    arena_free(h->arena);
    free(h->path);
    return false;
}

bool heartbeat_end(struct heartbeat *h, const struct delivery_answer *answer, struct alert_log *log)
{
    bool sent = answer->status >= 200 && answer->status < 300;
    char *error = mem_strdup(answer->error);
    struct alert_sent as = {
        .state = DELIVERY_IS_RETRYING, .attempts = 1, .at = h->delivery.at, .error = error};
    if (!sent)
        alert_log_notice(log, &h->delivery, &as, NULL);
    else if (!note(h->path, h->delivery.at))
        complain("cannot write %.200s: %s; the next evaluation sends a heartbeat again", h->path,
                 strerror(errno));
    free(error);
    arena_free(h->arena);
    free(h->path);
    return sent;
}
