#include "format/profiles/container_name.h"

#include <ctype.h>
#include <stdio.h>

enum { ID_LEAST = 32, ID_SHOWN = 12 };

/* The line of the group that places processes: "0::/PATH" of version 2, otherwise one of version 1. Those of
 * processor time and memory are set by what runs containers. */
static const char *path_in(const char *text, size_t *len)
{
    const char *best = NULL;
    int rank = 0;
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        size_t n = strcspn(line, "\n");
        const char *first = memchr(line, ':', n);
        const char *second = first ? memchr(first + 1, ':', n - (size_t)(first + 1 - line)) : NULL;
        if (!second || second + 1 >= line + n)
            continue;
        size_t length = (size_t)(line + n - second - 1);
        bool is_root = length == 1;
        int its = is_root                                                ? 1
                  : second == first + 1                                  ? 4
                  : memmem(first, (size_t)(second - first), "memory", 6) ? 3
                                                                         : 2;
        if (its <= rank)
            continue;
        rank = its;
        best = second + 1;
        *len = length;
    }
    return best;
}

/* "docker-ID.scope", "cri-containerd-ID.scope", "libpod-ID", "ID": where the id of a container begins. */
static const char *id_in(const char *part, size_t len, size_t *id_len)
{
    for (size_t i = 0, n = 0; i < len; i++) {
        n = isxdigit((unsigned char)part[i]) ? n + 1 : 0;
        bool ends = i + 1 == len || !isxdigit((unsigned char)part[i + 1]);
        if (ends && n >= ID_LEAST) {
            *id_len = n;
            return part + i + 1 - n;
        }
    }
    return NULL;
}

/* What stands before the id, or the folder it is in: "docker". */
static void name_of(const char *path, const char *part, const char *id, char name[CONTAINER_NAME_MAX])
{
    const char *runtime = part;
    size_t n = (size_t)(id - part);
    if (!n && part > path + 1) { /* /docker/ID */
        const char *end = part - 1;
        runtime = end;
        while (runtime > path && runtime[-1] != '/')
            runtime--;
        n = (size_t)(end - runtime);
    }
    while (n && runtime[n - 1] == '-')
        n--;
    bool pod = n >= 3 && !strncmp(runtime, "pod", 3); /* of Kubernetes, named after the pod's own id */
    if (!n || pod)
        snprintf(name, CONTAINER_NAME_MAX, "container %.*s", ID_SHOWN, id);
    else
        snprintf(name, CONTAINER_NAME_MAX, "%.*s %.*s", (int)MIN(n, (size_t)40), runtime, ID_SHOWN, id);
}

bool container_name(const char *cgroup, char name[CONTAINER_NAME_MAX])
{
    size_t len = 0;
    const char *path = path_in(cgroup, &len);
    if (!path)
        return false;
    for (const char *end = path + len; end > path;) { /* the innermost part with an id */
        const char *part = end;
        while (part > path && part[-1] != '/')
            part--;
        size_t id_len = 0;
        const char *id = id_in(part, (size_t)(end - part), &id_len);
        if (id) {
            name_of(path, part, id, name);
            return true;
        }
        end = part > path ? part - 1 : path;
    }
    if (len >= CONTAINER_NAME_MAX) { /* the end says more */
        path += len - (CONTAINER_NAME_MAX - 4);
        snprintf(name, CONTAINER_NAME_MAX, "...%.*s", CONTAINER_NAME_MAX - 4, path);
    } else {
        snprintf(name, CONTAINER_NAME_MAX, "%.*s", (int)len, path);
    }
    return true;
}
