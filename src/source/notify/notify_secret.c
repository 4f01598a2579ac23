/* notify_secret.c - URLs and keys of receivers: from the policy, a file or the environment. */
#include "source/notify/notify_request.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/trust.h"

/* A file of root that a service reads through a group of its own is how secrets are kept in /etc. */
static bool only_for_us(int fd, const char *path, struct sd_error *err)
{
    struct stat st;
    mode_t others = S_IRWXO | S_IRWXG;
    if (fstat(fd, &st) != 0)
        return fail(err, "%.200s cannot be examined", path);
    if (st.st_uid == 0 && geteuid() != 0)
        others = S_IRWXO | S_IWGRP;
    return !(st.st_mode & others) ||
           fail(err, "%.200s holds a secret and can be read by others; chmod 600 makes it private", path);
}

static char *of_file(const char *given, struct sd_error *err)
{
    const char *home = getenv("HOME");
    char *path = home && str_starts(given, "~/") ? mem_printf("%s%s", home, given + 1) : mem_strdup(given);
    char *text = NULL;
    size_t len = 0;
    int fd = trust_open("secret", path, err);
    bool there = fd >= 0 && only_for_us(fd, path, err) &&
                 file_read_fd(fd, path, NOTIFY_SECRET_MAX, &text, &len, err) &&
                 (strlen(text) == len || fail(err, "%.200s holds a byte 0", path));
    if (fd >= 0)
        close(fd);
    free(path);
    if (there)
        return text;
    free(text);
    return NULL;
}

static bool is_one_line(const char *text)
{
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at <= ' ' || *at == 0x7f)
            return false;
    return *text && strlen(text) <= NOTIFY_SECRET_MAX;
}

char *notify_secret(const struct goal_secret *s, const char *what, struct sd_error *err)
{
    char *text = NULL;
    if (s->value)
        text = mem_strdup(s->value);
    else if (s->file)
        text = of_file(s->file, err);
    else if (s->env && getenv(s->env))
        text = mem_strdup(getenv(s->env));
    else if (s->env)
        fail(err, "the environment has no variable %.100s, where its %s should be", s->env, what);
    else
        fail(err, "it has no %s", what);
    if (!text)
        return NULL;
    size_t front = strspn(text, " \t\r\n"), len = strlen(text);
    while (len > front && strchr(" \t\r\n", text[len - 1]))
        len--;
    char *bare = mem_strndup(text + front, len - front);
    free(text);
    if (is_one_line(bare))
        return bare;
    free(bare);
    fail(err, "its %s is not one word", what);
    return NULL;
}
