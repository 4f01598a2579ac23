#include "source/shared/watched_file.h"

#define LOOK_EVERY (2 * SD_S)

static bool has_changed(const char *path, const struct stat *seen)
{
    struct stat st;
    return stat(path, &st) == 0 &&
           (st.st_size != seen->st_size || st.st_ino != seen->st_ino ||
            st.st_mtim.tv_sec != seen->st_mtim.tv_sec || st.st_mtim.tv_nsec != seen->st_mtim.tv_nsec);
}

enum sd_result watched_file_run(struct sd_source *s, watched_take *take, const struct stat *seen,
                                struct sd_error *err)
{
    struct sd_error why = {.text = ""};
    enum sd_result r = take(s, err);
    while (r == SD_OK && s->follow && !s->host->should_stop(s)) {
        s->host->wait(s, -1, 0, s->host->now(s) + LOOK_EVERY);
        if (s->host->should_stop(s))
            break;
        if (has_changed(s->target, seen) && take(s, &why) == SD_OK)
            why.text[0] = 0;
        s->host->note(s, SD_STATE_LIVE, "%s", why.text);
    }
    return r == SD_OK ? SD_GONE : r;
}
