/* status.c - the status of an instance: its state, a sentence, its counters.
 * A snapshot beside the mailbox, so that a flood can neither drop nor delay it. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/redact.h"
#include "core/schema.h"
#include "rt/internal.h"

/* One line without secrets: messages of libraries come with newlines, and quote
 * what they were given. */
static void copy_sentence(char *to, size_t size, const char *text)
{
    size_t n = 0;
    char *shown = redact(text);
    const char *from = shown;
    for (; *from && n + 1 < size; from++) {
        bool blank = *from == ' ' || *from == '\n' || *from == '\t' || *from == '\r';
        if (blank && (n == 0 || to[n - 1] == ' '))
            continue;
        to[n++] = blank ? ' ' : *from;
    }
    while (n && to[n - 1] == ' ')
        n--;
    to[n] = 0;
    free(shown);
}

/* Under s->lock, on the worker. */
static void hand_out(struct rt_source *s)
{
    s->counts.cpu_ns = clock_thread_cpu();
    s->dirty = true;
    s->counts_changed = false;
    s->published_at = clock_mono();
}

void status_set(struct rt_source *s, enum sd_state state, const char *text, sd_time next_at)
{
    char line[sizeof s->text];
    copy_sentence(line, sizeof line, text ? text : "");
    pthread_mutex_lock(&s->lock);
    bool other = s->state != state || (text && strcmp(s->text, line) != 0);
    bool changed = other || s->counts.next_at != next_at;
    if (s->state != state)
        s->counts.since = s->rt->limits.now();
    s->state = state;
    if (text)
        memcpy(s->text, line, sizeof line);
    s->counts.next_at = next_at;
    if (changed)
        hand_out(s);
    pthread_mutex_unlock(&s->lock);
    if (other)
        log_line(s->name, "%s%s%s", schema_state_name(state), *line ? ": " : "", line);
    if (changed)
        rt_wake(s->rt);
}

void status_count(struct rt_source *s)
{
    pthread_mutex_lock(&s->lock);
    bool due = s->counts_changed && clock_mono() >= s->published_at + STATUS_REFRESH;
    if (due)
        hand_out(s);
    pthread_mutex_unlock(&s->lock);
    if (due)
        rt_wake(s->rt);
}

static int64_t stale_after(const struct rt_source *s)
{
    return MAX(s->rt->limits.stale_after_ns, 3 * MIN(MAX(s->interval, 0), 3600 * SD_S));
}

int64_t status_check_stale(struct rt_source *s, int64_t now)
{
    int64_t at = INT64_MAX;
    pthread_mutex_lock(&s->lock);
    if (s->state == SD_STATE_LIVE && !s->stop) {
        at = s->quiet_since + stale_after(s);
        if (at <= now) {
            s->state = SD_STATE_STALE;
            s->counts.since = s->rt->limits.now();
            s->dirty = true;
            at = INT64_MAX;
        }
    }
    pthread_mutex_unlock(&s->lock);
    return at;
}

struct sd_batch *status_batch(struct rt_source *s, bool drained)
{
    char text[sizeof s->text];
    pthread_mutex_lock(&s->lock);
    bool final = s->state == SD_STATE_ENDED || s->state == SD_STATE_FAILED || s->state == SD_STATE_OFF;
    bool give = s->dirty && (drained || !final);
    struct sd_status st = s->counts;
    st.state = s->state;
    memcpy(text, s->text, sizeof text);
    if (give)
        s->dirty = false;
    pthread_mutex_unlock(&s->lock);
    if (!give)
        return NULL;
    st.kind = s->ops->name;
    st.target = s->shown_target;
    st.text = *text ? text : NULL;
    st.host = *s->rt->host ? s->rt->host : NULL;
    struct sd_batch *b = batch_new(s->name, s->rt->limits.now());
    batch_add(b, SD_STATUS, &st);
    return b;
}
