#include "source/shared/open_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int open_file(const char *path)
{
    return str_eq(path, "-") ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                             : open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

enum sd_result open_target(const struct sd_source *s, const char *example, int *fd, struct stat *st,
                           struct sd_error *err)
{
    if (!*s->target)
        return sd_fail(err, SD_CONFIG, "it needs a file, as in %s", example);
    *fd = open_file(s->target);
    if (*fd >= 0 && fstat(*fd, st) == 0 && !S_ISDIR(st->st_mode))
        return SD_OK;
    int why = errno;
    bool folder = *fd >= 0 && S_ISDIR(st->st_mode);
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    return folder ? sd_fail(err, SD_CONFIG, "%.300s is a folder; name a file in it", s->target)
                  : sd_fail(err, SD_CONFIG, "cannot open %.300s: %s", s->target, strerror(why));
}
