/* registry.c - the kinds of source: built in, and in modules. */
#include "rt/registry.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/trust.h"
#include "rt/module.h"
#include "rt/registry_parts.h"

/* All of it: main thread only, but for what is below `opening`; for ever. */
static const struct sd_source_ops *const *built_in;
static size_t n_built_in;
static const struct registry_kind *known;
static const struct registry_package *packages;

/* Modules, as they were found. Those of known kinds are loaded when one of them is asked for. */
struct found {
    char *path;
    const char *known; /* its name in `known`; NULL: another's */
    bool listed;       /* its kinds are in `loaded`, or cannot be */
    /* Under `opening`, until `tried`. */
    bool tried;
    char *trouble; /* why it cannot be loaded */
    struct module m;
};
static struct found *found;
static size_t n_found, cap_found;
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

/* Kinds of modules: known ones first, in their order. */
struct loaded {
    const struct sd_source_ops *ops;
    size_t module; /* in `found` */
    size_t rank;
};
static struct loaded *loaded;
static size_t n_loaded, cap_loaded;

static bool load_found(size_t i, struct sd_error *err);

void registry_begin(const struct sd_source_ops *const *ops)
{
    built_in = ops;
    for (n_built_in = 0; ops[n_built_in];)
        n_built_in++;
}

void registry_know(const struct registry_kind *kinds, const struct registry_package *of)
{
    known = kinds;
    packages = of;
}

const struct registry_kind *registry_kind_of(const char *name)
{
    for (const struct registry_kind *k = known; k && k->name; k++)
        if (str_eq(k->name, name))
            return k;
    return NULL;
}

static const char *known_module(const char *name)
{
    for (const struct registry_kind *k = known; k && k->name; k++)
        if (str_eq(k->module, name))
            return k->module;
    for (const struct registry_package *p = packages; p && p->module; p++)
        if (str_eq(p->module, name))
            return p->module;
    return NULL;
}

static struct found *found_module(const char *name)
{
    for (size_t i = 0; i < n_found; i++)
        if (found[i].known && str_eq(found[i].known, name))
            return &found[i];
    return NULL;
}

static void load_all(void)
{
    struct sd_error err;
    for (size_t i = 0; i < n_found; i++)
        load_found(i, &err);
}

size_t registry_count(void)
{
    load_all();
    return n_built_in + n_loaded;
}

const struct sd_source_ops *registry_at(size_t i)
{
    load_all();
    if (i < n_built_in)
        return built_in[i];
    i -= n_built_in;
    return i < n_loaded ? loaded[i].ops : NULL;
}

/* Of those that are loaded. */
const struct sd_source_ops *registry_loaded(const char *kind)
{
    for (size_t i = 0; i < n_built_in; i++)
        if (str_eq(built_in[i]->name, kind))
            return built_in[i];
    for (size_t i = 0; i < n_loaded; i++)
        if (str_eq(loaded[i].ops->name, kind))
            return loaded[i].ops;
    return NULL;
}

const struct sd_source_ops *registry_named(const char *kind)
{
    const struct sd_source_ops *ops = registry_loaded(kind);
    const struct registry_kind *k = ops ? NULL : registry_kind_of(kind);
    struct found *f = k ? found_module(k->module) : NULL;
    struct sd_error err;
    if (f && load_found((size_t)(f - found), &err))
        ops = registry_loaded(kind);
    return ops;
}

const char *registry_module_path(const struct sd_source_ops *ops)
{
    for (size_t i = 0; i < n_loaded; i++)
        if (loaded[i].ops == ops)
            return found[loaded[i].module].m.path;
    return NULL;
}

/* ---- modules ---- */

static size_t rank_of(const char *kind)
{
    const struct registry_kind *k = registry_kind_of(kind);
    return k ? (size_t)(k - known) : SIZE_MAX;
}

static void add_kind(const struct sd_source_ops *ops, size_t module)
{
    size_t at = n_loaded, rank = rank_of(ops->name);
    loaded = mem_grow(loaded, n_loaded, &cap_loaded, sizeof *loaded);
    while (at && loaded[at - 1].rank > rank)
        at--;
    memmove(loaded + at + 1, loaded + at, (n_loaded - at) * sizeof *loaded);
    loaded[at] = (struct loaded){ops, module, rank};
    n_loaded++;
}

/* Any thread. Once; later calls say what came of it. */
static bool open_found(struct found *f, struct sd_error *err)
{
    struct sd_error why;
    pthread_mutex_lock(&opening);
    if (!f->tried && !module_load(f->path, &f->m, &why))
        f->trouble = mem_strdup(why.text);
    f->tried = true;
    pthread_mutex_unlock(&opening);
    return !f->trouble || fail(err, "%s", f->trouble);
}

static bool load_found(size_t i, struct sd_error *err)
{
    struct found *f = &found[i];
    if (!open_found(f, err) || f->listed)
        return !f->trouble;
    f->listed = true;
    for (size_t k = 0; k < f->m.n; k++)
        if (registry_loaded(f->m.ops[k]->name)) {
            f->trouble = mem_printf("the module %.300s is refused: there is a source kind %s already",
                                    f->m.path, f->m.ops[k]->name);
            return fail(err, "%s", f->trouble);
        }
    for (size_t k = 0; k < f->m.n; k++)
        add_kind(f->m.ops[k], i);
    return true;
}

static size_t add_found(const char *path, const char *name)
{
    found = mem_grow(found, n_found, &cap_found, sizeof *found);
    found[n_found] = (struct found){.path = mem_strdup(path), .known = name};
    return n_found++;
}

const struct sd_source_ops *registry_load(const char *path, struct sd_error *err)
{
    char *real = realpath(path, NULL);
    size_t at = n_found;
    for (size_t i = 0; real && i < n_found; i++)
        if (found[i].m.path && strcmp(found[i].m.path, real) == 0)
            at = i;
    free(real);
    if (at == n_found)
        at = add_found(path, NULL);
    if (!load_found(at, err)) {
        /* It may be another file the next time. */
        if (at == n_found - 1 && !found[at].known) {
            free(found[at].path);
            free(found[at].trouble);
            module_free(&found[at].m);
            n_found--;
        }
        return NULL;
    }
    if (!found[at].m.n)
        fail(err, "the module %.300s has no source", found[at].path);
    return found[at].m.n ? found[at].m.ops[0] : NULL;
}

/* ---- what is not here ---- */

char *registry_absent(const char *kind)
{
    const struct registry_kind *k = registry_loaded(kind) ? NULL : registry_kind_of(kind);
    return k ? registry_missing(k->module) : NULL;
}

char *registry_missing(const char *module)
{
    struct found *f = found_module(module);
    const char *package = "slowdive";
    struct sd_error err;
    if (f)
        return open_found(f, &err) ? NULL : mem_strdup(err.text);
    for (const struct registry_package *p = packages; p && p->module; p++)
        if (str_eq(p->module, module))
            package = p->package;
    return mem_printf("the module %s.so is not installed; on Debian it is in the package %s", module,
                      package);
}

const char *registry_known(size_t i)
{
    size_t n = 0;
    while (known && known[n].name && n < i)
        n++;
    return known ? known[n].name : NULL;
}

void *registry_symbol(const char *module, const char *name, struct sd_error *err)
{
    char *missing = registry_missing(module);
    const struct found *f = missing ? NULL : found_module(module);
    void *at = f ? dlsym(f->m.library, name) : NULL;
    if (!at)
        fail(err, "%.400s", missing ? missing : "a module has not what it should have");
    free(missing);
    return at;
}

static int is_module(const struct dirent *e)
{
    return e->d_name[0] != '.' && str_ends(e->d_name, ".so");
}

static void load_folder(const char *folder, void (*problem)(void *ctx, const char *sentence), void *ctx)
{
    struct dirent **names;
    struct sd_error err;
    int n = scandir(folder, &names, is_module, alphasort);
    if (n < 0) {
        if (errno != ENOENT && errno != ENOTDIR) {
            fail(&err, "cannot read the folder %.300s: %s", folder, strerror(errno));
            problem(ctx, err.text);
        }
        return;
    }
    /* One sentence for the folder, not one for each file in it. */
    bool safe = n && trust_folder(folder, &err);
    if (n && !safe)
        problem(ctx, err.text);
    for (int i = 0; i < n; i++) {
        char *path = mem_printf("%s/%s", folder, names[i]->d_name);
        char *name = mem_strndup(names[i]->d_name, strlen(names[i]->d_name) - 3);
        const char *module = known_module(name);
        if (safe && module && !found_module(module))
            add_found(path, module);
        else if (safe && !module && !registry_load(path, &err))
            problem(ctx, err.text);
        free(name);
        free(path);
        free(names[i]);
    }
    free(names);
}

void registry_load_path(const char *folders, void (*problem)(void *ctx, const char *sentence), void *ctx)
{
    while (folders && *folders) {
        size_t len = strcspn(folders, ":");
        if (len) {
            char *folder = mem_strndup(folders, len);
            load_folder(folder, problem, ctx);
            free(folder);
        }
        folders += len + (folders[len] == ':');
    }
}
