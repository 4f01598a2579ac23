#include "format/hosts/mount_list.h"

#include <string.h>

#include "format/hosts/proc_text.h"

/* A word without its escapes: \040 is a blank. */
static const char *unescaped(struct arena *a, const struct proc_text *word)
{
    char *out = arena_alloc(a, (size_t)(word->end - word->at) + 1), *to = out;
    for (const char *c = word->at; c < word->end; c++) {
        bool octal = *c == '\\' && word->end - c > 3;
        for (int i = 1; octal && i <= 3; i++)
            octal = c[i] >= '0' && c[i] <= '7';
        if (octal) {
            *to++ = (char)((c[1] - '0') * 64 + (c[2] - '0') * 8 + (c[3] - '0'));
            c += 3;
        } else {
            *to++ = *c;
        }
    }
    return out;
}

/* id parent major:minor root point options [tag...] - type source super */
static bool read_mount(struct arena *a, struct proc_text *line, struct mount_entry *m)
{
    struct proc_text w[9], tag;
    for (int i = 0; i < 6; i++)
        if (!proc_word(line, &w[i]))
            return false;
    do
        if (!proc_word(line, &tag))
            return false;
    while (!proc_word_is(&tag, "-"));
    for (int i = 6; i < 9; i++)
        if (!proc_word(line, &w[i]))
            return false;
    *m = (struct mount_entry){.device = unescaped(a, &w[2]),
                              .root = unescaped(a, &w[3]),
                              .point = unescaped(a, &w[4]),
                              .options = unescaped(a, &w[5]),
                              .type = unescaped(a, &w[6]),
                              .source = unescaped(a, &w[7]),
                              .super = unescaped(a, &w[8])};
    return m->point[0] == '/';
}

size_t mount_list_read(struct arena *a, const char *text, size_t n, struct mount_entry *out, size_t max)
{
    struct proc_text all = {text, text + n}, line;
    size_t count = 0;
    while (count < max && proc_line(&all, &line))
        if (read_mount(a, &line, &out[count])) {
            for (size_t i = 0; i < count; i++)
                out[i].hidden |= str_eq(out[i].point, out[count].point);
            count++;
        }
    return count;
}

/* ---- filesystems ---- */

static bool on_disk(const char *type)
{
#define TYPE_NAME(type) #type,
    static const char *const TYPES[] = {LOCAL_FILESYSTEMS(TYPE_NAME) NULL};
    return str_find(TYPES, type) >= 0;
}

/* Reading names in it may wait for another machine or another program. */
static bool is_remote(const char *type)
{
    static const char *const TYPES[] = {"autofs", "nfs",  "nfs4",   "cifs",   "smb3",  "smbfs", "ceph",
                                        "9p",     "afs",  "lustre", "gfs2",   "ocfs2", "fuse",  "fuseblk",
                                        "ncpfs",  "coda", "gpfs",   "beegfs", NULL};
    return str_find(TYPES, type) >= 0 || str_starts(type, "fuse.");
}

static bool has_option(const char *options, const char *name)
{
    size_t len = strlen(name);
    for (const char *p = options; *p; p += strcspn(p, ","), p += *p == ',')
        if (strcspn(p, ",") == len && !memcmp(p, name, len))
            return true;
    return false;
}

/* Is `point` below the folder? */
static bool is_below(const char *point, const char *folder)
{
    size_t len = strlen(folder);
    return len > 1 && str_starts(point, folder) && point[len] == '/';
}

static bool same_filesystem(const struct mount_entry *a, const struct mount_entry *b)
{
    return str_eq(a->device, b->device) || (a->source[0] == '/' && str_eq(a->source, b->source));
}

bool mount_is_local(const struct mount_entry *m, size_t n, size_t i)
{
    const struct mount_entry *e = &m[i];
    bool container = str_eq(e->type, "overlay") && str_eq(e->point, "/");
    if (e->hidden || (!on_disk(e->type) && !container) || has_option(e->options, "ro") ||
        has_option(e->super, "ro"))
        return false;
    for (size_t k = 0; k < n; k++) {
        if (is_remote(m[k].type) && is_below(e->point, m[k].point))
            return false;
        /* Of several mounts of one filesystem the shortest name stands for it, of these the first. */
        size_t mine = strlen(e->point), other = strlen(m[k].point);
        bool before = other < mine || (other == mine && k < i);
        if (k != i && before && !m[k].hidden && str_eq(m[k].type, e->type) && same_filesystem(&m[k], e) &&
            !has_option(m[k].options, "ro"))
            return false;
    }
    return true;
}

/* ---- cgroups ---- */

/* The folder of a cgroup's path below a mount of its hierarchy; in a container the mount may begin at the
 * container's own cgroup. A path that leads out of what is mounted is at its top. */
static struct cgroup_place place_of(struct arena *a, const struct mount_entry *m, const char *path)
{
    size_t root = str_eq(m->root, "/") ? 0 : strlen(m->root);
    bool inside = !strstr(path, "..") && !strncmp(path, m->root, root) && (!path[root] || path[root] == '/');
    const char *rest = inside ? path + root : "";
    return (struct cgroup_place){
        .folder = str_eq(rest, "/") ? m->point : arena_printf(a, "%s%s", m->point, rest), .top = m->point};
}

static const struct mount_entry *hierarchy(const struct mount_entry *m, size_t n, const char *controller)
{
    for (size_t i = 0; i < n; i++)
        if (!m[i].hidden && (controller ? str_eq(m[i].type, "cgroup") && has_option(m[i].super, controller)
                                        : str_eq(m[i].type, "cgroup2")))
            return &m[i];
    return NULL;
}

/* "4:memory:/a/b": number, controllers, path. */
void cgroup_places_read(struct arena *a, const struct mount_entry *m, size_t n_mounts, const char *text,
                        size_t n, struct cgroup_places *out)
{
    struct proc_text all = {text, text + n}, line;
    *out = (struct cgroup_places){.unified = {NULL, NULL}};
    while (proc_line(&all, &line)) {
        char *copy = arena_strndup(a, line.at, (size_t)(line.end - line.at));
        char *names = strchr(copy, ':'), *path = names ? strchr(names + 1, ':') : NULL;
        if (!path || path[1] != '/')
            continue;
        *names++ = *path++ = 0;
        const struct {
            const char *controller;
            struct cgroup_place *place;
        } PLACES[] = {{"cpu", &out->cpu}, {"cpuacct", &out->cpuacct}, {"memory", &out->memory}};
        for (size_t i = 0; i < ARRAY_LEN(PLACES); i++) {
            const struct mount_entry *h =
                has_option(names, PLACES[i].controller) ? hierarchy(m, n_mounts, PLACES[i].controller) : NULL;
            if (h)
                *PLACES[i].place = place_of(a, h, path);
        }
        const struct mount_entry *h = *names ? NULL : hierarchy(m, n_mounts, NULL);
        if (h)
            out->unified = place_of(a, h, path);
    }
}
