#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- strbuf ---- */

void strbuf_free(struct strbuf *b)
{
    free(b->text);
    *b = (struct strbuf){0};
}

void strbuf_clear(struct strbuf *b)
{
    b->len = 0;
    if (b->text)
        b->text[0] = 0;
}

static void strbuf_reserve(struct strbuf *b, size_t more)
{
    if (more < b->cap - b->len)
        return;
    size_t want = b->cap ? b->cap * 2 : 64;
    if (want - b->len <= more)
        want = b->len + more + 1;
    b->text = mem_realloc(b->text, want);
    b->cap = want;
}

char *strbuf_room(struct strbuf *b, size_t n)
{
    strbuf_reserve(b, n);
    return b->text + b->len;
}

void strbuf_add(struct strbuf *b, const void *bytes, size_t n)
{
    strbuf_reserve(b, n);
    if (n)
        memcpy(b->text + b->len, bytes, n);
    b->len += n;
    b->text[b->len] = 0;
}

void strbuf_str(struct strbuf *b, const char *s)
{
    if (s)
        strbuf_add(b, s, strlen(s));
}

void strbuf_char(struct strbuf *b, char c)
{
    strbuf_reserve(b, 1);
    b->text[b->len++] = c;
    b->text[b->len] = 0;
}

void strbuf_pad(struct strbuf *b, char c, size_t n)
{
    strbuf_reserve(b, n);
    memset(b->text + b->len, c, n);
    b->len += n;
    b->text[b->len] = 0;
}

void strbuf_vprintf(struct strbuf *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    strbuf_reserve(b, 0);
    int n = vsnprintf(b->text + b->len, b->cap - b->len, fmt, ap);
    if (n >= 0 && (size_t)n >= b->cap - b->len) { /* it did not fit */
        strbuf_reserve(b, (size_t)n);
        vsnprintf(b->text + b->len, (size_t)n + 1, fmt, again);
    }
    b->len += n > 0 ? (size_t)n : 0;
    b->text[b->len] = 0;
    va_end(again);
}

void strbuf_printf(struct strbuf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    strbuf_vprintf(b, fmt, ap);
    va_end(ap);
}

const char *strbuf_text(const struct strbuf *b)
{
    return b->text ? b->text : "";
}

char *strbuf_detach(struct strbuf *b)
{
    char *text = b->text ? b->text : mem_strdup("");
    *b = (struct strbuf){0};
    return text;
}

/* ---- text ---- */

bool str_eq(const char *a, const char *b)
{
    return a == b || (a && b && *a == *b && !strcmp(a, b)); /* most differ at once */
}

bool str_starts(const char *s, const char *prefix)
{
    return !strncmp(s, prefix, strlen(prefix));
}

bool str_ends(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);
    return n >= m && !memcmp(s + n - m, suffix, m);
}

const char *str_after_path(const char *s)
{
    const char *name = s;
    for (const char *p = s; *p && !strchr("(<[ ", *p); p++)
        if (*p == '/' && p[1])
            name = p + 1;
    return name;
}

int str_find(const char *const *names, const char *s)
{
    for (int i = 0; names[i]; i++)
        if (!strcmp(names[i], s))
            return i;
    return -1;
}

uint64_t str_hash(const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * 0x100000001b3u;
    return h;
}

bool fail(struct sd_error *err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(err->text, sizeof err->text, fmt, ap);
    va_end(ap);
    return false;
}

/* ---- files ---- */

bool file_read(const char *path, size_t limit, char **data, size_t *len, struct sd_error *err)
{
    bool standard = !strcmp(path, "-");
    const char *name = standard ? "standard input" : path;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail(err, "cannot open %s: %s", name, strerror(errno));
    bool ok = file_read_fd(fd, name, limit, data, len, err);
    if (!standard)
        close(fd);
    return ok;
}

bool file_read_fd(int fd, const char *name, size_t limit, char **data, size_t *len, struct sd_error *err)
{
    struct strbuf b = {0};
    struct stat st;
    bool ok = true;
    char chunk[65536];
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 && (uint64_t)st.st_size <= limit)
        mem_large(strbuf_room(&b, (size_t)st.st_size), (size_t)st.st_size);
    for (;;) {
        bool room = b.cap - b.len > 1; /* as long as the file is what it was */
        ssize_t n = read(fd, room ? b.text + b.len : chunk, room ? b.cap - b.len - 1 : sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            ok = fail(err, "cannot read %s: %s", name, strerror(errno));
            break;
        }
        if (n == 0)
            break;
        if (b.len + (size_t)n > limit) {
            ok = fail(err, "%s is larger than %zu MB", name, limit / 1000000);
            break;
        }
        if (room)
            b.len += (size_t)n;
        else
            strbuf_add(&b, chunk, (size_t)n);
    }
    strbuf_add(&b, "", 0);
    if (ok) {
        *len = b.len;
        *data = strbuf_detach(&b);
    }
    strbuf_free(&b);
    return ok;
}
