/* mount_list.h - /proc/self/mountinfo: which filesystems are on disks of this machine, and where cgroups are.
 * Pure. */
#ifndef FORMAT_HOSTS_MOUNT_LIST_H
#define FORMAT_HOSTS_MOUNT_LIST_H

#include "base/base.h"

enum { MOUNTS_MAX = 2048 };

struct mount_entry {
    const char *device;                /* "254:0" */
    const char *root, *point;          /* what of the filesystem is mounted, and where */
    const char *options;               /* of the mount: "ro,nosuid" */
    const char *type, *source, *super; /* "ext4", "/dev/vda", "rw,discard" */
    bool hidden;                       /* another is mounted at the same point after it */
};
/* The mounts in their order; at most `max`. Texts are in the arena; lines that are no mounts are left out. */
size_t mount_list_read(struct arena *a, const char *text, size_t n, struct mount_entry *out, size_t max);

/* The filesystems that keep files on disks of this machine, X(type). Of others none is asked how full it is:
 * a server that is gone (nfs, cifs, ceph, 9p) and a program that hangs (fuse) would stop the question for
 * good; those of memory (tmpfs) and images (squashfs, iso9660) do not fill up as a disk does. */
/* clang-format off */
#define LOCAL_FILESYSTEMS(X)                                                                                 \
    X(ext2) X(ext3) X(ext4) X(xfs) X(btrfs) X(zfs) X(f2fs) X(bcachefs) X(jfs) X(reiserfs) X(nilfs2) X(vfat)  \
    X(exfat) X(ntfs3) X(hfsplus) X(ufs)
/* clang-format on */
/* Is entry i such a filesystem that can be written, each once (a bind mount shows the same again), and not
 * reached through a mount of another machine? The root of a container (overlay) counts, too. */
bool mount_is_local(const struct mount_entry *m, size_t n, size_t i);

/* Where the figures of this process's cgroup are: folders, each with the one that is its limit upwards. NULL:
 * there is none. */
struct cgroup_place {
    const char *folder, *top;
};
struct cgroup_places {
    struct cgroup_place unified;              /* version 2: all files */
    struct cgroup_place cpu, cpuacct, memory; /* version 1: a folder for each controller */
};
/* `text`: /proc/self/cgroup. The folders are in the arena. */
void cgroup_places_read(struct arena *a, const struct mount_entry *m, size_t n_mounts, const char *text,
                        size_t n, struct cgroup_places *out);

#endif
