/* pty.c - a program on a pseudo terminal, timed from outside.
 *
 *   pty COLSxROWS STEP... -- PROGRAM ARGUMENT...
 *
 *   wait:S           takes what comes for S seconds
 *   minute:S         takes what comes until the S-th second of a minute: the clock in the
 *                    header is drawn once a minute
 *   send:KEYS        types KEYS (\r and \e are Enter and Escape)
 *   count:S:NAME     for S seconds: NAME_bytes bytes/s, NAME_cpu share of a core
 *   memory:NAME      NAME_rss and NAME_peak in MiB
 *   first:NAME       NAME_first, NAME_frame: ms from before the fork to the first byte
 *                    and to the last byte of the first burst (20 ms of silence end it)
 *   keys:N:NAME      types j and k in turn, N times: NAME_p50, NAME_p99, NAME_max, ms
 *                    from the key to the last byte of the answer (again 20 ms);
 *                    NAME_silent: keys without an answer within a second
 *
 * {DEAD} in an argument becomes a loopback port that accepts and never answers. The
 * terminal is mute as well: it answers no query. Prints "name value unit" lines; ends
 * the program with Q. Exits 1 when the program ended by itself. */
#include "base/base.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { QUIET_MS = 20, TAIL = 4000 };

static int tty;
static pid_t pid;
static double started;     /* seconds */
static long long received; /* bytes so far */
static double last_byte;
static char tail[TAIL];

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void ended(void)
{
    int status = 0;
    waitpid(pid, &status, 0);
    fprintf(stderr, "pty: the program ended by itself (wait status %d); its last output:\n", status);
    fwrite(tail, 1, (size_t)MIN(received, (long long)TAIL), stderr);
    fputc('\n', stderr);
    exit(1);
}

/* Takes what there is within so many seconds, but returns at the first bytes. */
static bool take(double seconds)
{
    struct pollfd p = {.fd = tty, .events = POLLIN};
    char bytes[65536];
    struct timespec ts = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    if (seconds < 0 || ppoll(&p, 1, &ts, NULL) <= 0)
        return false;
    ssize_t n = read(tty, bytes, sizeof bytes);
    if (n <= 0)
        ended();
    last_byte = now();
    received += n;
    size_t keep = MIN((size_t)n, (size_t)TAIL);
    memmove(tail, tail + keep, TAIL - keep);
    memcpy(tail + TAIL - keep, bytes + n - (ssize_t)keep, keep);
    return true;
}

static void take_for(double seconds)
{
    for (double until = now() + seconds; now() < until;)
        take(until - now());
}

static void take_burst(void)
{
    while (take(QUIET_MS / 1e3))
        ;
}

static void type(const char *keys, size_t n)
{
    if (write(tty, keys, n) != (ssize_t)n)
        ended();
}

static double cpu_seconds(void)
{
    char path[64], text[1024] = {0};
    unsigned long long user = 0, kernel = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    if (f) {
        size_t n = fread(text, 1, sizeof text - 1, f);
        text[n] = 0;
        fclose(f);
    }
    const char *after = strrchr(text, ')'); /* the name may hold anything */
    if (!after ||
        sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &kernel) != 2)
        ended();
    return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

/* ---- steps ---- */

static void step_wait(double n, const char *name)
{
    (void)name;
    take_for(n);
}

static void step_minute(double second, const char *name)
{
    time_t now = time(NULL);
    (void)name;
    step_wait((double)((60 + (int)second - now % 60) % 60), "");
}

static void step_count(double n, const char *name)
{
    double at = now(), cpu = cpu_seconds();
    long long before = received;
    take_for(n);
    printf("%s_bytes %.1f bytes/s\n", name, (double)(received - before) / (now() - at));
    printf("%s_cpu %.5f share\n", name, (cpu_seconds() - cpu) / (now() - at));
}

static void step_memory(double n, const char *name)
{
    (void)n;
    char path[64], line[256];
    double rss = 0, peak = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f)) {
        if (!strncmp(line, "VmRSS:", 6))
            rss = atof(line + 6) / 1024;
        if (!strncmp(line, "VmHWM:", 6))
            peak = atof(line + 6) / 1024;
    }
    if (f)
        fclose(f);
    printf("%s_rss %.1f MiB\n%s_peak %.1f MiB\n", name, rss, name, peak);
}

static void step_first(double n, const char *name)
{
    (void)n;
    if (!take(10)) {
        fprintf(stderr, "pty: nothing within 10 s\n");
        exit(1);
    }
    double first = last_byte;
    take_burst();
    printf("%s_first %.1f ms\n", name, (first - started) * 1e3);
    printf("%s_frame %.1f ms\n", name, (last_byte - started) * 1e3);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void step_keys(double n, const char *name)
{
    size_t count = (size_t)n;
    double *ms = mem_array(count + 1, sizeof *ms);
    int silent = 0;
    for (size_t i = 0; i < count; i++) {
        take_burst();
        double at = now();
        type(i % 2 ? "k" : "j", 1);
        silent += !take(1);
        take_burst();
        ms[i] = (MAX(last_byte, at) - at) * 1e3;
        take((double)(i % 7) * 0.013); /* not in step with the refresh */
    }
    qsort(ms, count, sizeof *ms, ascending);
    printf("%s_p50 %.1f ms\n%s_p99 %.1f ms\n%s_max %.1f ms\n%s_silent %d keys\n", name, ms[count / 2], name,
           ms[count * 99 / 100], name, ms[count - 1], name, silent);
    free(ms);
}

static void step_send(const char *text)
{
    struct strbuf keys = {0};
    for (; *text; text++) {
        bool escaped = text[0] == '\\' && text[1];
        strbuf_char(&keys, !escaped ? *text : *++text == 'r' ? '\r' : *text == 'e' ? '\x1b' : *text);
    }
    type(keys.text, keys.len);
    strbuf_free(&keys);
}

static void step(const char *s)
{
    static const struct {
        const char *name;
        void (*run)(double n, const char *name);
        bool number;
    } steps[] = {{"wait:", step_wait, true}, {"minute:", step_minute, true},  {"count:", step_count, true},
                 {"keys:", step_keys, true}, {"memory:", step_memory, false}, {"first:", step_first, false}};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        size_t len = strlen(steps[i].name);
        if (strncmp(s, steps[i].name, len) != 0)
            continue;
        const char *name = steps[i].number ? strchr(s + len, ':') : s + len - 1;
        steps[i].run(atof(s + len), name ? name + 1 : "");
        fflush(stdout);
        return;
    }
    if (strncmp(s, "send:", 5) != 0) {
        fprintf(stderr, "pty: unknown step %s\n", s);
        exit(1);
    }
    step_send(s + 5);
}

static int dead_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) || listen(fd, 64) ||
        getsockname(fd, (struct sockaddr *)&a, &len)) {
        perror("pty: no port");
        exit(1);
    }
    return ntohs(a.sin_port);
}

static char *fill(const char *argument, int port)
{
    const char *at = strstr(argument, "{DEAD}");
    if (!at)
        return mem_strdup(argument);
    return mem_printf("%.*s%d%s", (int)(at - argument), argument, port, at + 6);
}

int main(int argc, char **argv)
{
    struct winsize size = {0};
    int split = 2;
    while (split < argc && strcmp(argv[split], "--") != 0)
        split++;
    if (split + 1 >= argc || sscanf(argv[1], "%hux%hu", &size.ws_col, &size.ws_row) != 2) {
        fprintf(stderr, "usage: pty COLSxROWS STEP... -- PROGRAM ARGUMENT...\n");
        return 1;
    }
    char **args = mem_array((size_t)(argc - split), sizeof *args);
    int port = dead_port();
    for (int i = split + 1; i < argc; i++)
        args[i - split - 1] = fill(argv[i], port);
    setenv("TERM", "xterm-256color", 1);
    started = now();
    pid = forkpty(&tty, NULL, NULL, &size);
    if (pid == 0) {
        execv(args[0], args);
        _exit(127);
    }
    if (pid < 0) {
        perror("pty: forkpty");
        return 1;
    }
    for (int i = 2; i < split; i++)
        step(argv[i]);
    type("\x1b", 1);
    take_for(0.1);
    type("Q", 1);
    int status = 0;
    for (double until = now() + 5; waitpid(pid, &status, WNOHANG) == 0; status = -1) {
        if (now() > until)
            kill(pid, SIGKILL);
        char bytes[4096];
        struct pollfd p = {.fd = tty, .events = POLLIN};
        if (poll(&p, 1, 20) > 0 && read(tty, bytes, sizeof bytes) < 0 && errno == EIO)
            kill(pid, 0);
    }
    for (int i = 0; args[i]; i++)
        free(args[i]);
    free(args);
    return 0;
}
