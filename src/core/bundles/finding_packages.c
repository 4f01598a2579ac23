/* Packages that are large, there twice, not needed, or on the first path without need. */
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "core/bundles/finding_rules.h"

static const struct heavy {
    const char *package;
    int64_t bytes;
    const char *instead;
    int64_t instead_bytes;
    const char *advice;
} HEAVY[] = {
#include "heavy_packages.inc"
};

static const struct heavy *heavy_named(const char *package)
{
    for (size_t i = 0; i < ARRAY_LEN(HEAVY); i++)
        if (!strcmp(HEAVY[i].package, package))
            return &HEAVY[i];
    return NULL;
}

static const char *bytes_text(int64_t bytes, char buf[UNIT_TEXT_MAX])
{
    return unit_format_int(UNIT_BYTES, bytes, buf);
}

void find_heavy_package(struct finding_run *f)
{
    char takes[UNIT_TEXT_MAX], other[UNIT_TEXT_MAX];
    for (size_t i = 0; i < f->n_packages; i++) {
        const struct bundle_package_use *p = &f->packages[i];
        const struct heavy *h = heavy_named(p->name);
        if (!h || p->bytes.minified < BUNDLE_LIMIT[BUNDLE_HEAVY])
            continue;
        bytes_text(p->bytes.minified, takes);
        bytes_text(h->instead_bytes, other);
        const char *message =
            h->instead_bytes
                ? arena_printf(f->a, "%s takes %s minified; %s, about %s, does the same.", p->name, takes,
                               h->instead, other)
                : arena_printf(f->a, "%s takes %s minified, and can be done without.", p->name, takes);
        finding_add(
            f, (struct bundle_finding){
                   .package = p->name, .bytes = p->bytes.minified, .message = message, .advice = h->advice});
    }
}

static bool has_package(const struct finding_run *f, const char *name)
{
    for (size_t i = 0; i < f->n_packages; i++)
        if (!strcmp(f->packages[i].name, name))
            return true;
    return false;
}

void find_locales(struct finding_run *f)
{
    static const char folder[] = "moment/locale/";
    int64_t bytes = 0, n = 0;
    bool there = has_package(f, "moment");
    for (size_t i = 0; there && i < f->build->n_paths; i++) {
        const char *path = f->build->paths[i], *at = f->is_module[i] ? strstr(path, folder) : NULL;
        if (!at || (at != path && at[-1] != '/') || strchr(at + sizeof folder - 1, '/') ||
            !str_ends(at, ".js"))
            continue;
        n++;
        bytes = bundle_sum(bytes, f->minified[i]);
    }
    if (n > BUNDLE_LIMIT[BUNDLE_LOCALES])
        finding_add(
            f, (struct bundle_finding){
                   .package = "moment",
                   .bytes = bytes,
                   .message = arena_printf(f->a, "%lld locales of moment are in the build.", (long long)n),
                   .advice = "Leave them out: new webpack.IgnorePlugin({resourceRegExp: "
                             "/^\\.\\/locale$/, contextRegExp: /moment$/}), and import those that are "
                             "spoken."});
}

void find_duplicate_package(struct finding_run *f)
{
    char wasted[UNIT_TEXT_MAX];
    for (size_t i = 0; i < f->n_duplicates; i++) {
        const struct bundle_duplicate *d = &f->duplicates[i];
        if (!d->package)
            continue;
        const char *by = d->n_importers ? d->importers[0] : NULL;
        finding_add(
            f, (struct bundle_finding){
                   .package = d->package,
                   .bytes = d->wasted_bytes,
                   .message = arena_printf(f->a, "%s is there %lld times: %s could be spared%s%s%s.",
                                           d->package, (long long)d->copies,
                                           bytes_text(d->wasted_bytes, wasted), by ? "; imported by " : "",
                                           by ? by : "", d->n_importers > 1 ? " and others" : ""),
                   .advice = "Bring all to one version (npm dedupe, or overrides in package.json), and put "
                             "what several chunks share into one of them (splitChunks, manualChunks)."});
    }
}

/* ---- polyfills ---- */

/* What a polyfill is for, and since when browsers have it. Longer beginnings stand first. */
static const struct native {
    const char *begins;
    double chrome, firefox, safari;
} NATIVE[] = {
    {.begins = "es.array.to-", .chrome = 110, .firefox = 115, .safari = 16},
    {.begins = "es.array.with", .chrome = 110, .firefox = 115, .safari = 16},
    {.begins = "es.array.from-async", .chrome = 121, .firefox = 115, .safari = 16.4},
    {.begins = "es.array.find-last", .chrome = 97, .firefox = 104, .safari = 15.4},
    {.begins = "es.array.at", .chrome = 93, .firefox = 92, .safari = 15.4},
    {.begins = "es.array.flat", .chrome = 69, .firefox = 62, .safari = 12},
    {.begins = "es.string.at-alternative", .chrome = 93, .firefox = 92, .safari = 15.4},
    {.begins = "es.typed-array.at", .chrome = 93, .firefox = 92, .safari = 15.4},
    {.begins = "es.typed-array.find-last", .chrome = 97, .firefox = 104, .safari = 15.4},
    {.begins = "es.typed-array.to-", .chrome = 110, .firefox = 115, .safari = 16},
    {.begins = "es.typed-array.with", .chrome = 110, .firefox = 115, .safari = 16},
    {.begins = "es.object.has-own", .chrome = 93, .firefox = 92, .safari = 15.4},
    {.begins = "es.object.group-by", .chrome = 117, .firefox = 119, .safari = 17.4},
    {.begins = "es.map.group-by", .chrome = 117, .firefox = 119, .safari = 17.4},
    {.begins = "es.promise.with-resolvers", .chrome = 119, .firefox = 121, .safari = 17.4},
    {.begins = "es.promise.try", .chrome = 128, .firefox = 134, .safari = 18.2},
    {.begins = "es.error.cause", .chrome = 94, .firefox = 91, .safari = 15},
    {.begins = "es.string.replace-all", .chrome = 85, .firefox = 77, .safari = 13.1},
    {.begins = "es.array-buffer.", .chrome = 134, .firefox = 137, .safari = 18.4},
    {.begins = "es.array.", .chrome = 85, .firefox = 79, .safari = 14},
    {.begins = "es.object.", .chrome = 85, .firefox = 79, .safari = 14},
    {.begins = "es.promise", .chrome = 85, .firefox = 79, .safari = 14},
    {.begins = "es.function.", .chrome = 85, .firefox = 79, .safari = 14},
    {.begins = "es.number.", .chrome = 85, .firefox = 79, .safari = 14},
    {.begins = "es.math.", .chrome = 85, .firefox = 79, .safari = 14},
    {.begins = "es.reflect.", .chrome = 85, .firefox = 79, .safari = 14},
    {.begins = "es.symbol", .chrome = 85, .firefox = 79, .safari = 14},
    {.begins = "es.date.", .chrome = 85, .firefox = 79, .safari = 14},
    {.begins = "es.map", .chrome = 85, .firefox = 79, .safari = 14},
    {.begins = "es.weak-", .chrome = 85, .firefox = 79, .safari = 14},
    {.begins = "es6.", .chrome = 85, .firefox = 79, .safari = 14},
    {.begins = "es7.array.includes", .chrome = 85, .firefox = 79, .safari = 14},
    {.begins = "es7.object.", .chrome = 85, .firefox = 79, .safari = 14},
    {.begins = "es7.promise.", .chrome = 85, .firefox = 79, .safari = 14},
    {.begins = "es7.string.pad", .chrome = 85, .firefox = 79, .safari = 14},
    {.begins = "web.dom-collections.", .chrome = 85, .firefox = 79, .safari = 14},
    {.begins = "web.dom.iterable", .chrome = 85, .firefox = 79, .safari = 14},
    {.begins = "web.structured-clone", .chrome = 98, .firefox = 94, .safari = 15.4},
};
/* The ones that are packages. */
static const struct {
    const char *package;
    struct native native;
} NATIVE_PACKAGES[] = {
    {.package = "whatwg-fetch", .native = {.chrome = 66, .firefox = 57, .safari = 12.1}},
    {.package = "isomorphic-fetch", .native = {.chrome = 66, .firefox = 57, .safari = 12.1}},
    {.package = "promise-polyfill", .native = {.chrome = 63, .firefox = 58, .safari = 11.1}},
    {.package = "es6-promise", .native = {.chrome = 63, .firefox = 58, .safari = 11.1}},
    {.package = "object-assign", .native = {.chrome = 45, .firefox = 34, .safari = 9}},
    {.package = "url-search-params-polyfill", .native = {.chrome = 67, .firefox = 57, .safari = 14}},
    {.package = "intersection-observer", .native = {.chrome = 58, .firefox = 55, .safari = 12.1}},
    {.package = "resize-observer-polyfill", .native = {.chrome = 64, .firefox = 69, .safari = 13.1}},
    {.package = "regenerator-runtime", .native = {.chrome = 55, .firefox = 52, .safari = 11}},
};

/* Since which version the engine of a target has it; 0: the target is not known. */
static double since(const struct native *n, const char *target, size_t len)
{
    static const struct {
        const char *name;
        char engine;
    } names[] = {
        {.name = "chrome", .engine = 'c'},  {.name = "and_chr", .engine = 'c'},
        {.name = "edge", .engine = 'c'},    {.name = "firefox", .engine = 'f'},
        {.name = "and_ff", .engine = 'f'},  {.name = "safari", .engine = 's'},
        {.name = "ios_saf", .engine = 's'}, {.name = "ios", .engine = 's'},
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strlen(names[i].name) == len && !strncmp(names[i].name, target, len))
            return names[i].engine == 'c' ? n->chrome : names[i].engine == 'f' ? n->firefox : n->safari;
    return 0;
}

/* Does every target have it? "chrome 109", "ios_saf 15.0-15.1". */
static bool all_have(const struct finding_run *f, const struct native *n)
{
    const struct sd_texts *targets = f->build->head->targets;
    for (uint32_t i = 0; targets && i < targets->n; i++) {
        const char *t = targets->items[i] ? targets->items[i] : "";
        size_t len = strcspn(t, " ");
        double from = since(n, t, len), version = t[len] ? strtod(t + len, NULL) : 0;
        if (!(from > 0) || !(version >= from))
            return false;
    }
    return targets && targets->n;
}

static const struct native *native_of(const char *path)
{
    static const char folder[] = "core-js/modules/", pure[] = "core-js-pure/modules/";
    const char *at = strstr(path, folder), *other = strstr(path, pure);
    const char *name = at ? at + sizeof folder - 1 : other ? other + sizeof pure - 1 : NULL;
    for (size_t i = 0; name && i < ARRAY_LEN(NATIVE); i++)
        if (str_starts(name, NATIVE[i].begins))
            return &NATIVE[i];
    return NULL;
}

static void polyfill_add(struct finding_run *f, const char *package, int64_t bytes, const char *message)
{
    finding_add(f,
                (struct bundle_finding){.package = package,
                                        .bytes = bytes,
                                        .message = message,
                                        .advice = "Leave them out: @babel/preset-env with useBuiltIns: "
                                                  "\"usage\" and the same targets adds what is needed only; "
                                                  "find out which import brings the rest."});
}

void find_polyfill(struct finding_run *f)
{
    int64_t bytes = 0, n = 0;
    const char *first = NULL;
    bool there = has_package(f, "core-js") || has_package(f, "core-js-pure");
    for (size_t i = 0; there && i < f->build->n_paths; i++) {
        const struct native *native = f->is_module[i] ? native_of(f->build->paths[i]) : NULL;
        if (!native || !all_have(f, native))
            continue;
        first = first ? first : f->build->paths[i];
        n++;
        bytes = bundle_sum(bytes, f->minified[i]);
    }
    if (n)
        polyfill_add(f, "core-js", bytes,
                     arena_printf(f->a,
                                  "%lld polyfills of core-js are for what all targets have, such as %s.",
                                  (long long)n, str_after_path(first)));
    for (size_t i = 0; i < f->n_packages; i++)
        for (size_t k = 0; k < ARRAY_LEN(NATIVE_PACKAGES); k++)
            if (!strcmp(f->packages[i].name, NATIVE_PACKAGES[k].package) &&
                all_have(f, &NATIVE_PACKAGES[k].native))
                polyfill_add(
                    f, f->packages[i].name, f->packages[i].bytes.minified,
                    arena_printf(f->a, "%s is a polyfill of what all targets have.", f->packages[i].name));
}
