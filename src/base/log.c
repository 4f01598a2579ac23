#include "base/base.h"
#include "base/clock.h"
#include "base/redact.h"
#include "base/trust.h"
#include "base/utf8.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int fd = -1; /* under lock; read without it by the crash handler only */
static char *opened;

bool log_open(const char *path, struct sd_error *err)
{
    struct sd_error why;
    int f = output_open(path, OUTPUT_CONTINUE, false, &why);
    if (f < 0)
        return fail(err, "no log file is written: %.500s", why.text);
    pthread_mutex_lock(&lock);
    if (fd >= 0)
        close(fd);
    fd = f;
    free(opened);
    opened = mem_strdup(path);
    pthread_mutex_unlock(&lock);
    return true;
}

const char *log_path(void)
{
    return opened;
}

int log_fd(void)
{
    return fd;
}

void log_line(const char *who, const char *fmt, ...)
{
    if (fd < 0)
        return;
    char when[CLOCK_TEXT_MAX];
    struct strbuf raw = {0}, line = {0};
    va_list ap;
    va_start(ap, fmt);
    strbuf_vprintf(&raw, fmt, ap);
    va_end(ap);
    char *shown = redact(strbuf_text(&raw));
    strbuf_printf(&line, "%s %s: ", clock_rfc3339(clock_wall(), when), who ? who : "slowdive");
    utf8_append(&line, shown, 4096);
    free(shown);
    strbuf_char(&line, '\n');
    pthread_mutex_lock(&lock);
    ssize_t ignored = write(fd, line.text, line.len);
    (void)ignored;
    pthread_mutex_unlock(&lock);
    strbuf_free(&raw);
    strbuf_free(&line);
}
