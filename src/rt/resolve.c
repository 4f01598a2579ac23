/* resolve.c - which kind of source reads what a user has written. */
#include "rt/registry.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/redact.h"
#include "rt/registry_parts.h"

/* ---- options at the end of a target ---- */

static size_t pair_name(const char *p)
{
    size_t n = 0;
    while (isalnum((unsigned char)p[n]) || p[n] == '_' || p[n] == '-')
        n++;
    return n && p[n] == '=' ? n : 0;
}

static bool has_option(const struct sd_source_ops *ops, const char *name, size_t len)
{
    for (const struct sd_option *o = ops->options; o && o->name; o++)
        if (strlen(o->name) == len && strncmp(o->name, name, len) == 0)
            return true;
    return false;
}

/* Up to the next "&name=": an '&' in a value needs no escape otherwise. */
static size_t pair_length(const char *p)
{
    size_t n = 0;
    while (p[n] && !(p[n] == '&' && pair_name(p + n + 1)))
        n++;
    return n;
}

static char *percent_decode(const char *p, size_t len)
{
    char *out = mem_alloc(len + 1), *to = out;
    for (size_t i = 0; i < len; i++) {
        if (p[i] == '%' && i + 2 < len && isxdigit((unsigned char)p[i + 1]) &&
            isxdigit((unsigned char)p[i + 2])) {
            char hex[3] = {p[i + 1], p[i + 2], 0};
            int c = (int)strtol(hex, NULL, 16);
            if (c) { /* a NUL would cut the value unseen */
                *to++ = (char)c;
                i += 2;
                continue;
            }
        }
        *to++ = p[i];
    }
    return out;
}

/* Moves the pairs after '?' into out->options; of a URL only those the kind knows. */
static void cut_options(struct registry_resolved *out, bool url)
{
    size_t n = 0, cap = 0;
    char *mark = NULL;
    out->options = mem_grow(NULL, 0, &cap, sizeof *out->options);
    /* The first '?' that a pair follows: a path or a command may hold others. */
    for (char *p = out->target; out->ops->options && (p = strchr(p, '?')); p++) {
        size_t name = pair_name(p + 1);
        if (name && (!str_eq(out->ops->name, "exec") || has_option(out->ops, p + 1, name))) {
            mark = p;
            break;
        }
    }
    if (mark) {
        struct strbuf rest = {0};
        for (const char *p = mark + 1; *p;) {
            size_t len = pair_length(p), name = pair_name(p);
            if (!url || (name && has_option(out->ops, p, name))) {
                out->options = mem_grow(out->options, n + 1, &cap, sizeof *out->options);
                out->options[n++] = percent_decode(p, len);
            } else {
                strbuf_char(&rest, rest.len ? '&' : '?');
                strbuf_add(&rest, p, len);
            }
            p += len + (p[len] == '&');
        }
        *mark = 0;
        char *target = mem_printf("%s%s", out->target, strbuf_text(&rest));
        strbuf_free(&rest);
        free(out->target);
        out->target = target;
    }
    out->options[n] = NULL;
}

/* ---- recognising ---- */

/* A source that reads folders looks into it by itself. */
static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* First bytes of a regular file, which alone can be opened without waiting. */
static bool read_head(const char *path, char *head, size_t size, size_t *len, struct sd_error *err)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return fail(err, "cannot open %.300s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return fail(
            err, "%.300s is not a regular file; write the kind in front to read it anyway, as in log:%.100s",
            path, path);
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return fail(err, "cannot open %.300s: %s", path, strerror(errno));
    ssize_t n = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? read(fd, head, size) : 0;
    int why = errno;
    close(fd);
    if (n < 0)
        return fail(err, "cannot read %.300s: %s", path, strerror(why));
    *len = (size_t)n;
    return true;
}

/* What stands in the pipe, without taking it out: copied into one of our own. */
static size_t peek_pipe(char *head, size_t size)
{
    int pipes[2];
    if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK) < 0)
        return 0;
    ssize_t n = tee(STDIN_FILENO, pipes[1], size, SPLICE_F_NONBLOCK);
    n = n > 0 ? read(pipes[0], head, (size_t)n) : 0;
    close(pipes[0]);
    close(pipes[1]);
    return n > 0 ? (size_t)n : 0;
}

/* The first bytes of standard input, which whoever reads it still gets. 0: none came within PEEK_MS, or it is
 * neither a pipe nor a file. */
static size_t peek_input(char *head, size_t size)
{
    enum { PEEK_MS = 5000 };
    struct stat st;
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    if (fstat(STDIN_FILENO, &st) < 0)
        return 0;
    if (S_ISREG(st.st_mode)) {
        ssize_t n = pread(STDIN_FILENO, head, size, lseek(STDIN_FILENO, 0, SEEK_CUR));
        return n > 0 ? (size_t)n : 0;
    }
    return S_ISFIFO(st.st_mode) && poll(&p, 1, PEEK_MS) == 1 ? peek_pipe(head, size) : 0;
}

static const struct sd_source_ops *recognise(const char *target, const void *head, size_t len)
{
    const struct sd_source_ops *best = NULL;
    int best_score = 0;
    for (size_t i = 0; i < registry_count(); i++) {
        const struct sd_source_ops *ops = registry_at(i);
        int score = ops->recognise ? ops->recognise(target, head, len) : 0;
        if (score > best_score) {
            best = ops;
            best_score = score;
        }
    }
    return best;
}

static char *kind_names(void)
{
    struct strbuf names = {0};
    for (size_t i = 0; i < registry_count(); i++)
        strbuf_printf(&names, "%s%s", i ? ", " : "", registry_at(i)->name);
    return strbuf_detach(&names);
}

/* Modules of the program's own kinds that are not here, for a sentence: "; not installed: perf, profile". */
static char *absent_modules(void)
{
    struct strbuf names = {0};
    const char *last = NULL;
    for (size_t i = 0; registry_known(i); i++) {
        const char *module = registry_kind_of(registry_known(i))->module;
        char *absent = str_eq(module, last) ? NULL : registry_absent(registry_known(i));
        if (absent)
            strbuf_printf(&names, "%s%s", names.len ? ", " : "; not installed: ", module);
        last = module;
        free(absent);
    }
    return strbuf_detach(&names);
}

/* One of the program's own kinds whose module is not here: false and the sentence. */
static bool is_here(const char *kind, struct sd_error *err)
{
    char *absent = registry_absent(kind);
    if (absent)
        fail(err, "there is no source %s here: %.400s", kind, absent);
    free(absent);
    return !absent;
}

/* Length of "word" when given is "word:...", otherwise 0. */
static size_t prefix_length(const char *given)
{
    size_t n = strspn(given, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+");
    return n && given[n] == ':' && isalpha((unsigned char)*given) ? n : 0;
}

/* Does it say how to reach a server, rather than name a file? Then no part of it is
 * repeated: any may be the password. */
static bool connects(const char *given)
{
    static const char *const words[] = {"host",   "hostaddr", "user",   "password",
                                        "dbname", "service",  "passwd", "pwd"};
    const char *colon = strchr(given, ':'), *eq;
    if (strstr(given, "://") || (colon && strchr(colon, '@')) || str_starts(given, "//"))
        return true;
    for (const char *p = given; (eq = strchr(p, '=')); p = eq + 1) {
        const char *name = eq;
        while (name > given && name[-1] == ' ')
            name--;
        for (size_t i = 0; i < ARRAY_LEN(words); i++) {
            size_t n = strlen(words[i]);
            if ((size_t)(name - given) >= n && strncasecmp(name - n, words[i], n) == 0)
                return true;
        }
    }
    return false;
}

static bool resolve_url(const char *given, struct registry_resolved *out, struct sd_error *err)
{
    size_t n = prefix_length(given);
    char *kind = mem_strndup(given, n);
    /* An address that begins with the name of a known kind is that one's: the others need not be loaded. */
    const struct sd_source_ops *own = registry_kind_of(kind) ? registry_named(kind) : NULL;
    out->ops = own && own->recognise && own->recognise(given, NULL, 0) ? own : recognise(given, NULL, 0);
    if (!out->ops)
        out->ops = registry_named(kind);
    if (!out->ops && !is_here(kind, err)) {
        ;
    } else if (!out->ops) {
        char *names = kind_names();
        fail(err, "no source reads %.40s:// addresses; the kinds are: %.300s", kind, names);
        free(names);
    } else {
        out->target = mem_strdup(given);
        cut_options(out, true);
    }
    free(kind);
    return out->ops;
}

static bool resolve_path(const char *given, struct registry_resolved *out, struct sd_error *err)
{
    char head[16384];
    size_t len = 0;
    if (connects(given) && access(given, F_OK) < 0)
        return fail(err, "this is not a file; a server is written as postgres://USER@HOST/DATABASE or "
                         "\"postgres:host=HOST dbname=NAME\"");
    if (str_eq(given, "-")) {
        len = peek_input(head, sizeof head);
        out->ops = recognise(given, len ? head : NULL, len);
        out->target = mem_strdup(given);
    } else {
        /* A file may have a '?' in its name; if there is none of the whole name,
         * options may follow it. */
        size_t cut = strlen(given);
        for (const char *p = given; access(given, F_OK) < 0 && (p = strchr(p, '?')); p++) {
            if (pair_name(p + 1)) {
                cut = (size_t)(p - given);
                break;
            }
        }
        char *path = mem_strndup(given, cut);
        bool folder = is_folder(path), read = folder || read_head(path, head, sizeof head, &len, err);
        if (read)
            out->ops = recognise(path, folder ? NULL : head, len);
        if (folder && !out->ops)
            fail(err, "%.300s is a folder; name a file in it", path);
        else if (read && !out->ops) {
            char *absent = absent_modules();
            fail(err, "%s %.200s; write its kind in front, as in log:%.100s%.120s",
                 len ? "no source recognises" : "nothing is in", path, path, absent ? absent : "");
            free(absent);
        }
        if (out->ops)
            out->target = mem_strdup(cut == strlen(given) ? path : given);
        free(path);
        if (!out->ops)
            return false;
        if (cut < strlen(given))
            cut_options(out, false);
    }
    if (!out->ops)
        return fail(err, "no source reads standard input here; write its kind in front, as in log:-");
    if (!out->options)
        out->options = mem_array(1, sizeof *out->options);
    return true;
}

static bool resolve(const char *given, struct registry_resolved *out, struct sd_error *err)
{
    size_t n = prefix_length(given);
    if (!*given)
        return fail(err, "the source is empty; expected a URL, a path or KIND:TARGET");
    if (n && str_starts(given + n, "://"))
        return resolve_url(given, out, err);
    if (n) {
        char *kind = mem_strndup(given, n);
        out->ops = registry_named(kind);
        bool own_word =
            !out->ops && access(given, F_OK) < 0; /* unix:PATH: a source's, without being its name */
        if (own_word)
            out->ops = recognise(given, NULL, 0);
        if (out->ops) {
            out->target = mem_strdup(own_word ? given : given + n + 1);
            cut_options(out, strstr(out->target, "://") != NULL);
        } else if (access(given, F_OK) < 0 && !is_here(kind, err)) {
            free(kind);
            return false;
        } else if (access(given, F_OK) < 0) {
            char *names = kind_names();
            if (connects(given))
                fail(err, "there is no source kind %.60s; the kinds are: %.250s", kind, names);
            else
                fail(err, "there is no source kind %.60s and no file %.100s; the kinds are: %.250s", kind,
                     given, names);
            free(names);
            free(kind);
            return false;
        }
        free(kind);
        if (out->ops)
            return true;
    }
    return resolve_path(given, out, err);
}

bool registry_resolve(const char *given, struct registry_resolved *out, struct sd_error *err)
{
    *out = (struct registry_resolved){0};
    if (resolve(given, out, err))
        return true;
    registry_resolved_free(out);
    return false;
}

void registry_resolved_free(struct registry_resolved *r)
{
    for (char **p = r->options; p && *p; p++)
        free(*p);
    free(r->options);
    free(r->target);
    *r = (struct registry_resolved){0};
}

char *registry_shown(const struct registry_resolved *r)
{
    return r->ops->flags & SD_SOURCE_COMMAND ? redact_command(r->target) : redact(r->target);
}

char *registry_redact(const char *given)
{
    size_t n = prefix_length(given);
    char *kind = mem_strndup(given, n);
    const struct sd_source_ops *ops = n ? registry_loaded(kind) : NULL;
    const struct registry_kind *k = n ? registry_kind_of(kind) : NULL;
    free(kind);
    if (!((ops ? ops->flags : k ? k->flags : 0) & SD_SOURCE_COMMAND))
        return redact(given);
    char *command = redact_command(given + n + 1);
    char *shown = mem_printf("%.*s:%s", (int)n, given, command);
    free(command);
    return shown;
}
