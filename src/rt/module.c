/* module.c - loads shared objects. They run with all rights of the user, so their files are checked first. */
#include "rt/module.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/trust.h"
#include "conf/option.h"
#include "version.inc"

/* ---- who may write ---- */

/* The file, opened and found safe; -1 otherwise. `path` has no symbolic links. Where others
 * may add files nothing is loaded, be it sticky or not. */
static int open_safe(const char *path, struct sd_error *err)
{
    char *folder = mem_strndup(path, (size_t)(strrchr(path, '/') - path));
    bool safe = trust_folder(*folder ? folder : "/", err);
    free(folder);
    return safe ? trust_open("module", path, err) : -1;
}

/* ---- the table ---- */

static bool is_word(const char *s, size_t max)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_-");
    return n > 0 && n <= max && !s[n] && *s >= 'a' && *s <= 'z';
}

static bool options_are_sane(const struct sd_source_ops *ops, struct sd_error *err)
{
    static const size_t sizes[] = {
        [SD_OPTION_BOOL] = sizeof(bool),     [SD_OPTION_INT] = sizeof(int64_t),
        [SD_OPTION_REAL] = sizeof(double),   [SD_OPTION_DURATION] = sizeof(int64_t),
        [SD_OPTION_BYTES] = sizeof(int64_t), [SD_OPTION_TEXT] = sizeof(char *),
        [SD_OPTION_LIST] = sizeof(char **),
    };
    size_t n = 0;
    for (const struct sd_option *o = ops->options; o && o->name; o++) {
        struct sd_error why;
        if (++n > 256)
            return fail(err, "its options do not end with a row without a name");
        if (!is_word(o->name, 40))
            return fail(err, "its option %zu has a name that is not a word", n);
        if ((size_t)o->type >= ARRAY_LEN(sizes))
            return fail(err, "its option %s has an unknown type", o->name);
        if (ops->opts_size < sizes[o->type] || o->offset > ops->opts_size - sizes[o->type])
            return fail(err, "its option %s lies outside the options struct", o->name);
        if (option_find(ops->options, o->name) != o)
            return fail(err, "its option %s is there twice", o->name);
        if (o->fallback) {
            void *scratch = mem_alloc(ops->opts_size);
            struct sd_option one[2] = {*o, {.name = NULL}};
            bool ok = option_set(one, scratch, o->name, o->fallback, &why);
            options_free(one, scratch);
            if (!ok)
                return fail(err, "the default of its option %.300s", why.text);
        }
    }
    return true;
}

bool module_table_is_sane(const struct sd_source_ops *ops, struct sd_error *err)
{
    sd_kinds kinds = 0;
    for (int k = 1; k < SD_KIND_END; k++)
        kinds |= k == SD_STATUS ? 0 : SD_KIND_BIT(k);
    if (!ops->name || !is_word(ops->name, 32))
        return fail(err, "its name must consist of lower-case letters, digits, '-' and '_'");
    if (!ops->summary || !ops->targets)
        return fail(err, "it has no summary or no description of its targets");
    if (!ops->provides || (ops->provides & ~kinds))
        return fail(err, "it does not say which records it provides, or names unknown ones");
    if (!ops->open || !ops->close)
        return fail(err, "it lacks open or close");
    if (!ops->collect == !ops->run)
        return fail(err, "it must have one of collect and run");
    if (ops->interval_ns < 0 || (ops->collect && ops->interval_ns < SD_MS))
        return fail(err, "its interval must be at least 1 ms");
    if (ops->priv_size > (size_t)64 << 20 || ops->opts_size > (size_t)1 << 20)
        return fail(err, "it asks for too much memory");
    return options_are_sane(ops, err);
}

/* abi and size come first in every version; nothing else is looked at before. */
static const struct sd_source_ops *adopt(const struct sd_source_ops *theirs, struct sd_error *err)
{
    size_t least = offsetof(struct sd_source_ops, decode) + sizeof theirs->decode;
    if (!theirs) {
        fail(err, "its slowdive_source() returns NULL");
        return NULL;
    }
    unsigned major = theirs->abi >> 16, minor = theirs->abi & 0xffff;
    if (major != SD_ABI_MAJOR) {
        fail(err, "it was built for version %u of the source interface, this is version %d; build it again",
             major, SD_ABI_MAJOR);
        return NULL;
    }
    if (minor > SD_ABI_MINOR) {
        fail(err, "it was built for version %u.%u of the source interface, this is the older %d.%d", major,
             minor, SD_ABI_MAJOR, SD_ABI_MINOR);
        return NULL;
    }
    if (theirs->size < least || theirs->size > 4096) {
        fail(err, "its table has an impossible size (%u bytes)", theirs->size);
        return NULL;
    }
    /* A table of an older minor is shorter: what it lacks is NULL. */
    struct sd_source_ops *ours = mem_alloc(sizeof *ours);
    memcpy(ours, theirs, MIN(theirs->size, sizeof *ours));
    if (module_table_is_sane(ours, err))
        return ours;
    free(ours);
    return NULL;
}

/* ---- loading ---- */

/* dlerror speaks of the descriptor's path. */
static void explain_dlerror(const char *link, const char *path, struct sd_error *err)
{
    const char *text = dlerror(), *gone = text ? strstr(text, ": cannot open shared object file") : NULL;
    if (gone && !str_starts(text, link)) {
        fail(err, "the module %.200s needs the library %.*s, which is not installed", path,
             (int)MIN(gone - text, 100), text);
        return;
    }
    if (text && str_starts(text, link) && str_starts(text + strlen(link), ": "))
        text += strlen(link) + 2;
    fail(err, "cannot load the module %.200s: %.250s", path, text ? text : "no reason given");
}

/* The tables that it gives, into `m`. */
static bool take_tables(struct module *m, struct sd_error *err)
{
    /* POSIX's way around "function pointer from object pointer". */
    sd_source_entry *one = NULL;
    sd_sources_entry *several = NULL;
    *(void **)&one = dlsym(m->library, "slowdive_source");
    *(void **)&several = dlsym(m->library, "slowdive_sources");
    const char *part = dlsym(m->library, "slowdive_part");
    const struct sd_source_ops *single[] = {NULL, NULL}, *const *all = single;
    struct sd_error why = {""};
    if (part && strcmp(part, SLOWDIVE_VERSION) != 0)
        return fail(err, "the module %.200s belongs to slowdive %.60s, this is %s", m->path, part,
                    SLOWDIVE_VERSION);
    if (several)
        all = several();
    else if (one)
        single[0] = one();
    if (!several && !one && !part)
        return fail(err, "%.300s is no source: it does not export slowdive_source", m->path);
    size_t n = 0;
    while (several && all && all[n] && n <= MODULE_KINDS_MAX)
        n++;
    if (n > MODULE_KINDS_MAX)
        return fail(err, "the module %.200s is refused: its list of sources has no end", m->path);
    n = several ? n : one ? 1 : 0;
    if (!n && !part)
        return fail(err, "the module %.200s is refused: its list of sources is empty", m->path);
    m->ops = mem_array(n + 1, sizeof *m->ops);
    for (; m->n < n; m->n++)
        if (!(m->ops[m->n] = adopt(all[m->n], &why)))
            return fail(err, "the module %.200s is refused: %.250s", m->path, why.text);
    return true;
}

void module_free(struct module *m)
{
    for (size_t i = 0; i < m->n; i++)
        free((void *)m->ops[i]);
    free(m->ops);
    free(m->path);
    *m = (struct module){0};
}

bool module_load(const char *path, struct module *m, struct sd_error *err)
{
    char link[64];
    *m = (struct module){.path = realpath(path, NULL)};
    if (!m->path)
        return fail(err, "cannot open the module %.300s: %s", path, strerror(errno));
    /* The way to it as it was given, links and all, and then the file itself. */
    int given = trust_open("module", path, err), fd = given < 0 ? -1 : open_safe(m->path, err);
    if (given >= 0)
        close(given);
    if (fd < 0) {
        module_free(m);
        return false;
    }
    /* Through the descriptor, so that what was checked is what is loaded. It stays
     * open: dlopen knows libraries by name, and a later module with the same number
     * would be taken for this one. */
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    m->library = dlopen(link, RTLD_NOW | RTLD_LOCAL);
    if (!m->library) {
        explain_dlerror(link, m->path, err);
        close(fd);
    }
    /* A library that is refused is not closed: its constructors ran and may have left threads or handlers. */
    if (m->library && take_tables(m, err))
        return true;
    module_free(m);
    return false;
}
