/* notify_secret.c - URLs and keys of receivers: from the policy, a file or the environment. */
#include "source/notify/notify_request.h"

#include <stdlib.h>

#include "base/trust.h"

static char *of_file(const char *given, struct sd_error *err)
{
    const char *home = getenv("HOME");
    char *path = home && str_starts(given, "~/") ? mem_printf("%s%s", home, given + 1) : mem_strdup(given);
    char *text = trust_secret(path, NOTIFY_SECRET_MAX, err);
    free(path);
    return text;
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
