/* container_name.h - the name of a container, by the control group of a process in it. Pure; any thread. */
#ifndef FORMAT_PROFILES_CONTAINER_NAME_H
#define FORMAT_PROFILES_CONTAINER_NAME_H

#include "base/base.h"

enum { CONTAINER_NAME_MAX = 128 };

/* Of the text of /proc/PID/cgroup: "docker 0123456789ab" where the group is named after a container,
 * otherwise the group's path, such as "/system.slice/ssh.service". False: it has none. */
bool container_name(const char *cgroup, char name[CONTAINER_NAME_MAX]);

#endif
