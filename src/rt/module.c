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
    const char *text = dlerror();
    if (text && str_starts(text, link) && str_starts(text + strlen(link), ": "))
        text += strlen(link) + 2;
    fail(err, "cannot load the module %.200s: %.250s", path, text ? text : "no reason given");
}

const struct sd_source_ops *module_load(const char *path, char **resolved, struct sd_error *err)
{
    char link[64];
    struct sd_error why = {""};
    char *real = realpath(path, NULL);
    if (!real) {
        fail(err, "cannot open the module %.300s: %s", path, strerror(errno));
        return NULL;
    }
    /* The way to it as it was given, links and all, and then the file itself. */
    int given = trust_open("module", path, err), fd = given < 0 ? -1 : open_safe(real, err);
    if (given >= 0)
        close(given);
    if (fd < 0) {
        free(real);
        return NULL;
    }
    /* Through the descriptor, so that what was checked is what is loaded. It stays
     * open: dlopen knows libraries by name, and a later module with the same number
     * would be taken for this one. */
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    void *library = dlopen(link, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        explain_dlerror(link, real, err);
        close(fd);
        free(real);
        return NULL;
    }
    sd_source_entry *entry = NULL;
    /* POSIX's way around "function pointer from object pointer". */
    *(void **)&entry = dlsym(library, "slowdive_source");
    const struct sd_source_ops *ops = NULL;
    if (!entry)
        fail(err, "%.300s is no source: it does not export slowdive_source", real);
    else if (!(ops = adopt(entry(), &why)))
        fail(err, "the module %.200s is refused: %.250s", real, why.text);
    if (!ops) {
        /* Not closed: its constructors ran and may have left threads or handlers. */
        free(real);
        return NULL;
    }
    *resolved = real;
    return ops;
}
