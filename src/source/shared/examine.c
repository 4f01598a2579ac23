#include "source/shared/examine.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void examine_tell(const struct examine *e, const char *name, enum sd_check_state state, const char *mend,
                  const char *fmt, ...)
{
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    e->tell(e->ctx, &(struct sd_check){name, state, text, mend});
}

char *examine_quoted(const char *text)
{
    static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,@%:";
    struct strbuf b = {0};
    if (*text && !text[strspn(text, PLAIN)])
        return mem_strdup(text);
    strbuf_char(&b, '\'');
    for (const char *p = text; *p; p++)
        *p == '\'' ? strbuf_str(&b, "'\\''") : strbuf_char(&b, *p);
    strbuf_char(&b, '\'');
    return strbuf_detach(&b);
}

/* ---- files ---- */

/* Logs mostly belong to a group, such as adm, whose members may read them. Caller frees. */
static char *grant_of(const char *path, const char *file)
{
    struct stat st;
    struct group entry, *group = NULL;
    char names[4096];
    bool by_group = stat(path, &st) == 0 && st.st_mode & S_IRGRP && st.st_gid &&
                    getgrgid_r(st.st_gid, &entry, names, sizeof names, &group) == 0 && group;
    return by_group ? mem_printf("sudo usermod -aG %.60s \"$(id -un)\" and log in again, or sudo setfacl -m "
                                 "u:$(id -un):r %s",
                                 group->gr_name, file)
                    : mem_printf("sudo setfacl -m u:$(id -un):r %s (and x for folders above it)", file);
}

static enum examine_path not_readable(const struct examine *e, const char *path, int why)
{
    char *file = examine_quoted(path);
    char *mend =
        why == EACCES    ? grant_of(path, file)
        : why == ENOENT  ? mem_printf("name a file that is there: ls \"$(dirname %s)\" shows what is", file)
        : why == ENOTDIR ? mem_printf("name a file that is there: part of %s is no folder", file)
                         : mem_printf("name a file that can be read; ls -l %s shows what this is", file);
    examine_tell(e, "readable", SD_CHECK_MISSING, mend, "%.300s cannot be read: %s", path, strerror(why));
    free(file);
    free(mend);
    return EXAMINE_NOT;
}

enum examine_path examine_path(const struct examine *e, const char *path, bool folders)
{
    struct stat st;
    if (!*path) {
        examine_tell(e, "readable", SD_CHECK_MISSING, "name one behind the kind, as in log:FILE",
                     "it needs a file, and none is named");
        return EXAMINE_NOT;
    }
    if (str_eq(path, "-")) {
        examine_tell(e, "readable", SD_CHECK_OK, NULL,
                     "it is standard input: nothing is taken from it to look at it");
        return EXAMINE_PIPE;
    }
    if (stat(path, &st) < 0)
        return not_readable(e, path, errno);
    bool folder = S_ISDIR(st.st_mode);
    if (access(path, folder ? R_OK | X_OK : R_OK) < 0)
        return not_readable(e, path, errno);
    if (folder && !folders)
        return not_readable(e, path, EISDIR);
    if (!folder && !S_ISREG(st.st_mode)) {
        examine_tell(e, "readable", SD_CHECK_OK, NULL,
                     "it is no file: what it holds is not taken out to look at it");
        return EXAMINE_PIPE;
    }
    examine_tell(e, "readable", SD_CHECK_OK, NULL, "the %s can be read", folder ? "folder" : "file");
    return folder ? EXAMINE_FOLDER : st.st_size ? EXAMINE_FILE : EXAMINE_EMPTY;
}

static void look_at_target(struct sd_source *s, sd_check_tell *tell, void *ctx, bool folders)
{
    const struct examine e = {tell, ctx};
    if (s->target && examine_path(&e, s->target, folders) == EXAMINE_EMPTY)
        examine_tell(&e, "content", SD_CHECK_MISSING, "name a file that holds something",
                     "the file is empty");
}

void examine_file(struct sd_source *s, sd_check_tell *tell, void *ctx)
{
    look_at_target(s, tell, ctx, false);
}

void examine_file_or_folder(struct sd_source *s, sd_check_tell *tell, void *ctx)
{
    look_at_target(s, tell, ctx, true);
}

/* ---- programs ---- */

char *examine_program(const char *name)
{
    const char *path = getenv("PATH"), *p = path && *path ? path : "/usr/local/bin:/usr/bin:/bin";
    for (size_t n;; p += n + 1) {
        struct stat st;
        n = strcspn(p, ":");
        char *file =
            strchr(name, '/') ? mem_strdup(name) : mem_printf("%.*s/%s", n ? (int)n : 1, n ? p : ".", name);
        if (access(file, X_OK) == 0 && stat(file, &st) == 0 && S_ISREG(st.st_mode))
            return file;
        free(file);
        if (!p[n])
            return NULL;
    }
}

/* ---- servers ---- */

bool examine_answer(const struct examine *e, const char *name, enum sd_result result, const char *fine,
                    const struct sd_error *err, const char *mend)
{
    if (result == SD_OK)
        examine_tell(e, name, SD_CHECK_OK, NULL, "%s", fine);
    else if (result != SD_NODATA)
        examine_tell(e, name, SD_CHECK_MISSING, mend, "%s", err->text);
    return result == SD_OK;
}
