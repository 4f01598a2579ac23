#include "source/log/log_files.h"

#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/log/log_unpack.h"

void log_files_add(struct log_files *f, char *path, int64_t offset)
{
    f->files = mem_grow(f->files, f->n, &f->cap, sizeof *f->files);
    f->files[f->n++] = (struct log_file){.path = path, .offset = offset};
}

const char *log_files_keep(struct log_files *f, const char *path)
{
    f->kept = mem_grow(f->kept, f->n_kept, &f->kept_cap, sizeof *f->kept);
    return f->kept[f->n_kept++] = mem_strdup(path);
}

void log_files_free(struct log_files *f)
{
    for (size_t i = 0; i < f->n; i++)
        free(f->files[i].path), free(f->files[i].of);
    for (size_t i = 0; i < f->n_kept; i++)
        free(f->kept[i]);
    free(f->files);
    free(f->kept);
    *f = (struct log_files){0};
}

static int by_age(const void *a, const void *b)
{
    const struct log_file *x = a, *y = b; /* `offset` is the time here */
    return x->offset != y->offset ? (x->offset < y->offset ? -1 : 1) : strcmp(y->path, x->path);
}

bool log_files_match(struct log_files *f, const char *pattern)
{
    glob_t g;
    struct stat st;
    if (glob(pattern, GLOB_NOSORT, NULL, &g) != 0)
        return false;
    for (size_t i = 0; i < g.gl_pathc && f->n < 4096; i++)
        if (stat(g.gl_pathv[i], &st) == 0 && S_ISREG(st.st_mode))
            log_files_add(f, mem_strdup(g.gl_pathv[i]), st.st_mtim.tv_sec * SD_S + st.st_mtim.tv_nsec);
    globfree(&g);
    if (f->n)
        qsort(f->files, f->n, sizeof *f->files, by_age);
    for (size_t i = 0; i < f->n; i++)
        f->files[i].offset = 0;
    return f->n > 0;
}

char *log_files_absolute(const char *path)
{
    char folder[4096];
    if (*path == '/' || !getcwd(folder, sizeof folder))
        return mem_strdup(path);
    return mem_printf("%s/%s", folder, path);
}

ssize_t log_files_head(const char *path, char *out, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return -1;
    ssize_t n = pread(fd, out, size, 0);
    close(fd);
    if (n <= 0 || !log_is_packed_head(out, (size_t)n))
        return n;
    char *packed = mem_alloc((size_t)n);
    memcpy(packed, out, (size_t)n);
    n = (ssize_t)log_unpack_head(packed, (size_t)n, out, size);
    free(packed);
    return n;
}
