/* log_places.c - how far a log was read: where a run goes on, and what is told or kept of it. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/log/log_parts.h"
#include "source/log/log_siblings.h"
#include "source/log/log_state.h"

/* The file that a log was renamed to has a place of its own while its writer may not be through with it. */
#define RENAMED " (renamed)"

/* What was written into the file that the log was renamed to, after it was. */
static void resume_renamed(struct sd_source *s, struct log *l, const char *path, const char *whole, int now)
{
    const struct log_options *o = s->opts;
    struct log_place place;
    struct log_siblings files;
    char *key = mem_printf("%s" RENAMED, whole);
    l->renamed |= log_place_find(o->places, key, &place);
    if (log_place_find(o->places, key, &place) && log_state_rotated(path, &place, now, &files)) {
        struct log_sibling one = log_siblings_take(&files.items[0]);
        log_files_add_open(&l->files, &one, place.offset);
        /* Its own place moves on: a run that ends before the log is followed has counted this rest. */
        l->files.files[l->files.n - 1].of = mem_printf("%s" RENAMED, path);
        log_siblings_free(&files);
    }
    free(key);
}

static enum sd_result gone(struct sd_source *s, const char *path, const struct log_place *place,
                           struct sd_error *err)
{
    const struct log_options *o = s->opts;
    if (*o->state && place->offset)
        return sd_fail(
            err, SD_CONFIG,
            "%.150s says that %.150s was read to byte %lld, but the file it was then is gone; remove the "
            "state file to read the log from its beginning",
            o->state, path, (long long)place->offset);
    if (place->offset) /* nobody is there to change something: what is left is read */
        s->host->log(
            s, "%s was read to byte %lld, but the file it was then is gone; it is read from its beginning",
            path, (long long)place->offset);
    return SD_OK;
}

/* `fd` is open already: a rotation from now on does not change which file is gone on with. */
enum sd_result log_resume(struct sd_source *s, struct log *l, const char *path, int fd, int64_t *offset,
                          struct sd_error *err)
{
    const struct log_options *o = s->opts;
    struct log_place place;
    struct log_siblings files;
    bool found = false;
    *offset = -1;
    char *whole = log_files_absolute(path);
    bool ok = !*o->state || log_state_read(o->state, whole, &place, &found, err);
    if (!*o->state) {
        found = log_place_find(o->places, whole, &place);
        resume_renamed(s, l, path, whole, fd);
    }
    free(whole);
    if (!ok)
        return SD_CONFIG;
    if (!found)
        return SD_OK;
    l->saved = -1;
    if (log_place_is_in(fd, &place)) {
        *offset = place.offset;
        ssize_t n = log_files_head_fd(fd, l->buffer, (size_t)MIN(*offset, (int64_t)READ_SIZE));
        accesslog_agg_prime(l->agg, l->buffer, n > 0 ? (size_t)n : 0, false);
        return SD_OK;
    }
    *offset = 0;
    if (!log_state_rotated(path, &place, fd, &files))
        return gone(s, path, &place, err);
    for (size_t i = 0; i < files.n; i++) {
        struct log_sibling one = log_siblings_take(&files.items[i]);
        log_files_add_open(&l->files, &one, i ? 0 : place.offset);
        l->files.files[l->files.n - 1].of = mem_strdup(path);
    }
    log_siblings_free(&files);
    return SD_OK;
}

static void save_one(struct sd_source *s, struct log *l, const char *path, int fd, int64_t offset,
                     const struct accesslog_carry *carry)
{
    const struct log_options *o = s->opts;
    struct log_place place;
    struct sd_error err;
    if (offset < 0 || !log_place_of(fd, offset - (int64_t)carry->text.len, &place))
        return;
    char *whole = log_files_absolute(path);
    if (!log_state_write(o->state, whole, &place, &err) && !l->state_failed) {
        l->state_failed = true;
        s->host->log(s, "%s", err.text);
        s->host->note(s, SD_STATE_LIVE, "%s", err.text);
    }
    free(whole);
}

void log_save_state(struct sd_source *s, struct log *l)
{
    const struct log_options *o = s->opts;
    struct stat st;
    int64_t all = 0;
    if (!*o->state)
        return;
    for (size_t i = 0; i < l->n_tails; i++)
        all +=
            l->tails[i].now.offset - (int64_t)l->tails[i].now.carry.text.len + (int64_t)l->tails[i].now.ino;
    if (l->n_tails && all == l->saved)
        return;
    l->saved = all;
    for (size_t i = 0; i < l->n_tails; i++)
        save_one(s, l, l->tails[i].path, l->tails[i].now.fd, l->tails[i].now.offset, &l->tails[i].now.carry);
    if (!l->n_tails && l->fd >= 0 && fstat(l->fd, &st) == 0 && S_ISREG(st.st_mode))
        save_one(s, l, s->target, l->fd, lseek(l->fd, 0, SEEK_CUR), &l->carry);
}

/* What is handed out so far is all there was up to here: who keeps places keeps the data with them. False: in
 * the middle of a line whose beginning was left out, which is no place to go on from. */
static bool add_places(struct sd_source *s, const struct tail *t, struct sd_batch *b, bool *renamed)
{
    char *whole = log_files_absolute(t->path), *key = mem_printf("%s" RENAMED, whole), text[LOG_PLACE_TEXT];
    struct log_place place;
    const struct tail_file *now = &t->now, *old = &t->old;
    bool good = !now->carry.skipping && !strchr(whole, '\n');
    if (good && log_place_of(now->fd, now->offset - (int64_t)now->carry.text.len, &place)) {
        log_place_print(&place, text);
        s->host->place(b, whole, text);
    }
    bool lingers = good && old->fd >= 0 && !old->carry.skipping;
    if (lingers && log_place_of(old->fd, old->offset - (int64_t)old->carry.text.len, &place)) {
        log_place_print(&place, text);
        s->host->place(b, key, text);
        *renamed = true;
    } else if (good && old->fd < 0 && *renamed) {
        s->host->place(b, key, "");
    }
    free(key);
    free(whole);
    return good;
}

void log_tell_places(struct sd_source *s, struct log *l)
{
    const struct sd_host *h = s->host;
    sd_time now = h->now(s);
    l->told_at = now;
    if (!l->n_tails || !h->place)
        return;
    struct sd_batch *b = h->batch(s, now);
    bool good = true, lingers = false;
    for (size_t i = 0; i < l->n_tails; i++) {
        good &= add_places(s, &l->tails[i], b, &l->renamed);
        lingers |= l->tails[i].old.fd >= 0;
    }
    if (!good) {
        h->discard(b);
        return;
    }
    l->renamed = lingers;
    l->untold = false;
    log_wait_for_room(s, l, b);
    h->publish(s, b);
}

void log_tell_place_before(struct sd_source *s, struct log *l, const char *of, const struct log_trail *trail)
{
    struct log_place place;
    char text[LOG_PLACE_TEXT];
    if (!s->host->place || !log_trail_place(trail, l->carry.text.len, &place))
        return;
    accesslog_agg_flush(l->agg);
    struct sd_batch *b = s->host->batch(s, s->host->now(s));
    char *whole = log_files_absolute(of);
    log_place_print(&place, text);
    s->host->place(b, whole, text);
    free(whole);
    log_wait_for_room(s, l, b);
    s->host->publish(s, b);
}
