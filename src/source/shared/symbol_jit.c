/* symbol_jit.c - code that a program makes at run time: its map in /tmp, its jitdump. The map is a file that
 * anyone may put there: it must be regular, the process owner's or root's, and is read to a limit. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/shared/symbols.h"

enum {
    MAP_MAX = 256 << 20, /* bytes that are read of a map or a dump */
    STEP = 1 << 20,
};

static int open_map(const struct symbol_module *m)
{
    int root = symbol_open_root(m->pid);
    int fd = root < 0 ? -1 : symbol_open_regular(root, m->map_path);
    if (root >= 0)
        close(root);
    return fd >= 0 ? fd : symbol_open_regular(-1, m->path);
}

/* What came since it was read last. */
static void read_on(struct symbols *x, struct symbol_module *m, int fd, int64_t *done, bool dump)
{
    char *buf = mem_realloc(NULL, STEP);
    for (ssize_t n; *done < MAP_MAX && !m->code.full && (n = pread(fd, buf, STEP, *done)) > 0; *done += n) {
        if (dump)
            jit_code_dump(&m->code, buf, (size_t)n);
        else
            jit_code_map(&m->code, buf, (size_t)n);
        if (!symbols_go_on(x))
            break;
    }
    if (*done >= MAP_MAX || m->code.full)
        symbols_trouble(x,
                        "A map of code made at run time (/tmp/perf-PID.map) is too large: only its begin was "
                        "read.");
    free(buf);
}

static void read_map(struct symbols *x, struct symbol_module *m)
{
    struct stat st;
    int fd = open_map(m);
    if (fd < 0 || fstat(fd, &st) < 0) {
        if (fd >= 0)
            close(fd);
        return;
    }
    if (st.st_uid != m->owner && st.st_uid != 0) {
        symbols_trouble(
            x, "A map of code made at run time (/tmp/perf-PID.map) is of another user than the process: "
               "it was not read.");
    } else {
        if (st.st_ino != m->map_inode || st.st_size < m->map_read) { /* another file, or begun anew */
            m->map_read = 0;
            m->map_inode = st.st_ino;
        }
        read_on(x, m, fd, &m->map_read, false);
    }
    close(fd);
}

/* Once a window, and only when an address asks for it. */
static void look(struct symbols *x, struct symbol_module *m)
{
    if (m->looked == x->window)
        return;
    m->looked = m->hit = x->window;
    if (m->dump_fd >= 0)
        read_on(x, m, m->dump_fd, &m->dump_read, true);
    read_map(x, m);
}

const char *symbol_jit_at(struct symbols *x, struct symbol_module *m, uint64_t address)
{
    look(x, m);
    return jit_code_at(&m->code, address);
}
