#include "source/rum/rum_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 256 << 10 };

enum sd_result rum_file_open(struct sd_source *s, struct rum_file *f, const char *example,
                             struct sd_error *err)
{
    struct stat st;
    *f = (struct rum_file){.fd = -1};
    if (!*s->target)
        return sd_fail(err, SD_CONFIG, "it needs a file, as in %s", example);
    f->fd = str_eq(s->target, "-") ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                   : open(s->target, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (f->fd < 0 || fstat(f->fd, &st) < 0)
        return sd_fail(err, SD_CONFIG, "cannot open %.300s: %s", s->target, strerror(errno));
    f->opened = true;
    f->pollable = !S_ISREG(st.st_mode);
    if (S_ISDIR(st.st_mode))
        return sd_fail(err, SD_CONFIG, "%.300s is a folder; name a file in it", s->target);
    return SD_OK;
}

void rum_file_close(struct rum_file *f)
{
    if (f->opened)
        close(f->fd);
    *f = (struct rum_file){.fd = -1};
}

enum sd_result rum_file_read(struct sd_source *s, struct rum_file *f, char *bytes, size_t size, size_t *n,
                             struct sd_error *err)
{
    while (!s->host->should_stop(s)) {
        /* A pipe that nobody writes to yet has no end, either. */
        if (f->pollable && s->host->wait(s, f->fd, POLLIN, s->host->now(s) + SD_S) <= 0)
            continue;
        ssize_t got = read(f->fd, bytes, size);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (got < 0)
            return sd_fail(err, SD_CONFIG, "cannot read %.300s: %s", s->target, strerror(errno));
        *n = (size_t)got;
        return got ? SD_OK : SD_GONE;
    }
    return SD_NODATA;
}

enum sd_result rum_file_whole(struct sd_source *s, struct rum_file *f, size_t limit, struct strbuf *text,
                              struct sd_error *err)
{
    enum sd_result r;
    size_t n = 0;
    while ((r = rum_file_read(s, f, strbuf_room(text, PIECE), PIECE, &n, err)) == SD_OK) {
        text->len += n;
        if (text->len > limit)
            return sd_fail(err, SD_CONFIG, "cannot read %.300s: it has more than %zu MiB", s->target,
                           limit >> 20);
    }
    text->text[text->len] = 0;
    return r == SD_GONE ? SD_OK : r;
}
