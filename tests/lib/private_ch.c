#include "private_ch.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"

/* The script, seen from the working directory or from the program's place. */
static bool script(char out[PATH_MAX])
{
    snprintf(out, PATH_MAX, "contrib/private-clickhouse");
    if (access(out, X_OK) == 0)
        return true;
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    exe[n > 0 ? n : 0] = '\0';
    for (char *slash; (slash = strrchr(exe, '/')) != NULL;) {
        *slash = '\0';
        if (snprintf(out, PATH_MAX, "%s/contrib/private-clickhouse", exe) < PATH_MAX &&
            access(out, X_OK) == 0)
            return true;
    }
    return false;
}

/* What a command prints, at most 64 KiB. */
static char *output(const char *command, int *status)
{
    FILE *f = popen(command, "r");
    char *text = mem_alloc(65537);
    size_t n = f ? fread(text, 1, 65536, f) : 0;
    text[n] = '\0';
    *status = f ? pclose(f) : -1;
    return text;
}

static char *run(struct private_ch *ch, const char *arguments, int *status)
{
    char path[PATH_MAX];
    *status = -1;
    if (!script(path))
        return mem_strdup("contrib/private-clickhouse is not found from here");
    char *command = mem_printf("'%s' %s 2>&1", path, arguments), *text = output(command, status);
    free(command);
    (void)ch;
    return text;
}

static bool start(struct private_ch *ch)
{
    char arguments[400];
    int status;
    snprintf(arguments, sizeof arguments, "start '%s' --shards %d --with %ld", ch->dir, ch->shards,
             (long)getpid());
    char *text = run(ch, arguments, &status);
    for (int i = 0; i < ch->shards; i++) {
        char name[20];
        snprintf(name, sizeof name, "CH_PORT_%d=", i + 1);
        const char *at = strstr(text, name);
        ch->port[i] = at ? atoi(at + strlen(name)) : 0;
        snprintf(name, sizeof name, "CH_TLS_%d=", i + 1);
        at = strstr(text, name);
        ch->tls_port[i] = at ? atoi(at + strlen(name)) : 0;
    }
    if (status != 0)
        snprintf(ch->why, sizeof ch->why, "%.390s", text);
    free(text);
    return status == 0;
}

bool private_ch_start(struct private_ch *ch, int shards)
{
    *ch = (struct private_ch){.shards = shards};
    const char *set = getenv("PRIVATE_CH_TMP"); /* for what memory cannot hold */
    const char *tmp = set && *set ? set : access("/dev/shm", W_OK) == 0 ? "/dev/shm" : getenv("TMPDIR");
    snprintf(ch->dir, sizeof ch->dir, "%s/slowdive-ch-XXXXXX",
             tmp && *tmp && strlen(tmp) < 100 ? tmp : "/tmp");
    if (!mkdtemp(ch->dir)) {
        snprintf(ch->why, sizeof ch->why, "cannot make a temporary folder");
        return false;
    }
    if (start(ch))
        return true;
    private_ch_stop(ch);
    return false;
}

bool private_ch_resume(struct private_ch *ch)
{
    return start(ch);
}

void private_ch_kill(struct private_ch *ch, int shard)
{
    char arguments[300];
    int status;
    snprintf(arguments, sizeof arguments, "kill '%s' %d", ch->dir, shard);
    free(run(ch, arguments, &status));
}

void private_ch_stop(struct private_ch *ch)
{
    char arguments[300];
    int status;
    if (!ch->dir[0])
        return;
    snprintf(arguments, sizeof arguments, "stop '%s'", ch->dir);
    free(run(ch, arguments, &status));
    rmdir(ch->dir);
    ch->dir[0] = '\0';
}

char *private_ch_sql_as(const struct private_ch *ch, int shard, const char *user, const char *sql)
{
    int status;
    char *command =
        mem_printf("curl -sS 'http://127.0.0.1:%d/?user=%s%s' --data-binary @- 2>&1 <<'END_OF_SQL'\n"
                   "%s\nEND_OF_SQL\n",
                   ch->port[shard - 1], user ? user : "default", user ? "&password=secret" : "", sql);
    char *text = output(command, &status);
    free(command);
    return text;
}

char *private_ch_sql(const struct private_ch *ch, int shard, const char *sql)
{
    return private_ch_sql_as(ch, shard, NULL, sql);
}
