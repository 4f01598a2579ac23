#include "source/notify/notify_command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* The input as a file in memory: nobody has to wait until the command has read it. */
static int input_file(const char *input)
{
    int fd = memfd_create("slowdive-alert", MFD_CLOEXEC);
    for (size_t len = strlen(input), at = 0; fd >= 0 && at < len;) {
        ssize_t n = write(fd, input + at, len - at);
        if (n <= 0) {
            close(fd);
            return -1;
        }
        at += (size_t)n;
    }
    if (fd >= 0)
        lseek(fd, 0, SEEK_SET);
    return fd;
}

static int spawn(const char *const *words, int in, pid_t *pid)
{
    size_t n = 0;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t none, all;
    while (words[n])
        n++;
    char **argv = mem_array(n + 1, sizeof *argv);
    for (size_t i = 0; i < n; i++)
        argv[i] = mem_strdup(words[i]);
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    posix_spawnattr_setpgroup(&attr, 0);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    int failed = posix_spawnp(pid, argv[0], &actions, &attr, argv, environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    for (size_t i = 0; i < n; i++)
        free(argv[i]);
    free(argv);
    return failed;
}

pid_t notify_command_start(const char *const *words, const char *input, struct sd_error *err)
{
    pid_t pid = -1;
    int in = input_file(input);
    if (in < 0) {
        fail(err, "no memory for its input: %s", strerror(errno));
        return -1;
    }
    int failed = spawn(words, in, &pid);
    close(in);
    if (!failed)
        return pid;
    fail(err, "it cannot be started: %s", strerror(failed));
    return -1;
}

bool notify_command_ended(pid_t pid, int *status)
{
    int how = 0;
    pid_t got = waitpid(pid, &how, WNOHANG);
    if (got == 0 || (got < 0 && errno == EINTR))
        return false;
    /* Somebody else took its status: that it ended is all that is known. */
    *status = got < 0 ? 255 : WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
    return true;
}

void notify_command_kill(pid_t pid)
{
    kill(-pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}
