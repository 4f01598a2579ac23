/* events.c - a file of deploys and other events as a source. It is read again when it has changed. I/O only;
 * it is decoded in format/metrics/event_list.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/schema.h"
#include "format/metrics/event_list.h"
#include "source/shared/examine.h"
#include "source/shared/watched_file.h"

struct events_source {
    struct stat seen; /* as it was read */
    sd_time newest;   /* of the events that are published */
    size_t published; /* how many of them */
};

/* Regular files alone: a pipe has no second reading. */
static enum sd_result read_whole(const struct sd_source *s, struct stat *st, struct strbuf *out,
                                 struct sd_error *err)
{
    int fd = open(s->target, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    enum sd_result r = SD_NODATA;
    if (fd < 0 || fstat(fd, st) < 0)
        r = sd_fail(err, SD_CONFIG, "cannot open %.300s: %s", s->target, strerror(errno));
    else if (!S_ISREG(st->st_mode))
        r = sd_fail(err, SD_CONFIG, "%.300s is no file; events are read from one", s->target);
    while (r == SD_NODATA) {
        ssize_t n = read(fd, strbuf_room(out, 65536), 65536);
        if (n < 0 && errno != EINTR)
            r = sd_fail(err, SD_CONFIG, "cannot read %.300s: %s", s->target, strerror(errno));
        else if (n == 0)
            r = SD_OK;
        out->len += n > 0 ? (size_t)n : 0;
        if (out->len > EVENT_LIST_MAX)
            r = sd_fail(err, SD_CONFIG, "%.300s has more than 16 MiB", s->target);
    }
    if (fd >= 0)
        close(fd);
    return r;
}

static void publish_one(struct sd_source *s, const struct event_item *e)
{
    struct sd_batch *b = s->host->batch(s, e->at);
    s->host->add(b, SD_EVENT,
                 &(struct sd_event){.severity = e->severity, .title = e->title, .text = e->text});
    s->host->publish(s, b);
}

/* Events that are already known are not told twice: of a file that grows these are the first ones. */
static void publish_new(struct sd_source *s, const struct event_list *list)
{
    struct events_source *x = s->priv;
    for (size_t i = 0; i < list->n; i++)
        if (i >= x->published || list->items[i].at > x->newest)
            publish_one(s, &list->items[i]);
    x->published = MAX(x->published, list->n);
    x->newest = MAX(x->newest, list->items[list->n - 1].at);
    struct sd_batch *b = s->host->batch(s, s->host->now(s));
    struct sd_intake in;
    schema_clear(schema_of(SD_INTAKE), &in);
    in.unit = "events";
    in.total = (int64_t)(list->n + list->left_out);
    in.unparsed = (int64_t)list->left_out;
    in.reason = list->left_out ? "an event needs a time (at) and a kind (type)" : NULL;
    s->host->add(b, SD_INTAKE, &in);
    s->host->publish(s, b);
}

static enum sd_result take(struct sd_source *s, struct sd_error *err)
{
    struct events_source *x = s->priv;
    struct strbuf text = {0};
    struct arena *a = arena_new();
    struct event_list list;
    struct sd_error why;
    enum sd_result r = read_whole(s, &x->seen, &text, err);
    if (r == SD_OK && !event_list_read(strbuf_text(&text), text.len, a, &list, &why))
        r = sd_fail(err, SD_CONFIG, "%.200s %.300s", s->target, why.text);
    if (r == SD_OK)
        publish_new(s, &list);
    arena_free(a);
    strbuf_free(&text);
    return r;
}

static enum sd_result events_open(struct sd_source *s, struct sd_error *err)
{
    struct events_source *x = s->priv;
    struct stat st;
    x->newest = SD_UNKNOWN;
    if (!*s->target)
        return sd_fail(err, SD_CONFIG, "it needs a file, as in events:deploys.json");
    if (stat(s->target, &st) != 0)
        return sd_fail(err, SD_CONFIG, "cannot open %.300s: %s", s->target, strerror(errno));
    return SD_OK;
}

static enum sd_result events_run(struct sd_source *s, struct sd_error *err)
{
    const struct events_source *x = s->priv;
    return watched_file_run(s, take, &x->seen, err);
}

static int events_recognise(const char *target, const void *head, size_t len)
{
    (void)target;
    return head ? event_list_sure(head, len) : 0;
}

static void events_close(struct sd_source *s)
{
    (void)s; /* the file is closed after each reading */
}

extern const struct sd_source_ops events_source_ops;
const struct sd_source_ops events_source_ops = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_source_ops),
    .name = "events",
    .summary = "deploys, restarts and other events of a JSON file: marks in the graphs, in the view changes",
    .targets = "events:FILE, FILE",
    .provides = SD_KIND_BIT(SD_EVENT) | SD_KIND_BIT(SD_INTAKE),
    .priv_size = sizeof(struct events_source),
    .recognise = events_recognise,
    .open = events_open,
    .run = events_run,
    .close = events_close,
    .examine = examine_file,
};
