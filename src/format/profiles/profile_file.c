#include "format/profiles/profile_file.h"

#include <stdlib.h>

#include "format/profiles/unpack.h"

struct format {
    const char *name;
    bool (*like)(const void *head, size_t len);
    struct profile *(*read)(const void *bytes, size_t len, struct sd_error *err);
    int sure;
};

#define FORMAT(NAME, name_, sure_, what)                                                                     \
    [PROFILE_##NAME] = {.name = #name_, .like = name_##_like, .read = name_##_read, .sure = sure_},
static const struct format FORMATS[PROFILE_FORMATS_END] = {PROFILE_FORMATS(FORMAT)};

static enum profile_format recognise_plain(const void *head, size_t len)
{
    for (enum profile_format f = PROFILE_ANY + 1; f < PROFILE_FORMATS_END; f++)
        if (FORMATS[f].like(head, len))
            return f;
    return PROFILE_ANY;
}

enum profile_format profile_recognise(const void *head, size_t len)
{
    enum { PLAIN = 1 << 16 };
    if (!is_packed(head, len))
        return recognise_plain(head, len);
    unsigned char *plain = mem_alloc(PLAIN);
    enum profile_format f = recognise_plain(plain, unpack_head(head, len, plain, PLAIN));
    free(plain);
    return f;
}

int profile_sure(enum profile_format format)
{
    return FORMATS[format].sure;
}

const char *profile_convertible(const void *head, size_t len)
{
    static const unsigned char old32[] = {0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0};
    static const unsigned char old64[] = {0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0,
                                          0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    if (len > 8 && (!memcmp(head, "PERFILE2", 8) || !memcmp(head, "2ELIFREP", 8)))
        return "perf.data is not read; convert it with: perf script -i FILE > FILE.txt";
    if ((len > sizeof old32 && !memcmp(head, old32, sizeof old32)) ||
        (len > sizeof old64 && !memcmp(head, old64, sizeof old64)))
        return "the old format of pprof is not read; convert it with: pprof -proto PROGRAM FILE > FILE.pb.gz";
    return NULL;
}

struct profile *profile_finish(struct profile *p, const char *problem, struct sd_error *err)
{
    if (!problem && !p->full)
        return p;
    sd_fail(err, SD_CONFIG, "%s%s", p->full ? "it has " : "", p->full ? p->full : problem);
    profile_free(p);
    return NULL;
}

static struct profile *read_plain(const void *bytes, size_t len, enum profile_format format,
                                  struct sd_error *err)
{
    if (format == PROFILE_ANY)
        format = recognise_plain(bytes, MIN(len, (size_t)65536));
    if (format != PROFILE_ANY)
        return FORMATS[format].read(bytes, len, err);
    const char *convert = profile_convertible(bytes, len);
    struct strbuf names = {0};
    for (enum profile_format f = PROFILE_ANY + 1; f < PROFILE_FORMATS_END; f++)
        strbuf_printf(&names, "%s%s", names.len ? ", " : "", FORMATS[f].name);
    if (convert)
        sd_fail(err, SD_CONFIG, "%s", convert);
    else
        sd_fail(err, SD_CONFIG, "it is none of the profiles that are read: %s", strbuf_text(&names));
    strbuf_free(&names);
    return NULL;
}

static bool choose(struct profile *p, const char *type, struct sd_error *err)
{
    struct strbuf names = {0};
    for (size_t t = 0; t < p->n_types; t++) {
        strbuf_printf(&names, "%s%s", t ? ", " : "", p->types[t]);
        if (str_eq(p->types[t], type)) {
            p->chosen = t;
            strbuf_free(&names);
            return true;
        }
    }
    sd_fail(err, SD_CONFIG, "it has no sample type %.60s, but %.200s", type, strbuf_text(&names));
    strbuf_free(&names);
    return false;
}

static struct profile *read_any(const void *bytes, size_t len, enum profile_format format, const char *type,
                                struct sd_error *err)
{
    unsigned char *plain = NULL;
    if (is_packed(bytes, len) && !(plain = unpack_all(bytes, len, &len, err)))
        return NULL;
    struct profile *p = read_plain(plain ? plain : bytes, len, format, err);
    free(plain);
    if (p && type && *type && !choose(p, type, err)) {
        profile_free(p);
        return NULL;
    }
    return p;
}

struct profile *profile_read(const void *bytes, size_t len, enum profile_format format, const char *type,
                             const char *name, struct sd_error *err)
{
    struct sd_error why;
    struct profile *p = read_any(bytes, len, format, type, &why);
    if (!p)
        sd_fail(err, SD_CONFIG, "cannot read the profile %.200s: %.250s", name, why.text);
    return p;
}

/* ---- records ---- */

static bool add_function(const struct profile *p, uint32_t i, const struct sd_host *host, struct sd_batch *b)
{
    const struct profile_function *f = &p->functions[i];
    const double *own = p->values + 2 * p->max_types * i;
    struct sd_reals self = {(uint32_t)p->n_types, own}, total = {(uint32_t)p->n_types, own + p->max_types};
    return host->add(b, SD_PROFILE_FUNCTION,
                     &(struct sd_profile_function){
                         .name = f->name,
                         .module = f->module,
                         .kind = f->kind,
                         .self_samples = p->counted ? f->self_samples : SD_UNKNOWN,
                         .total_samples = p->counted ? f->total_samples : SD_UNKNOWN,
                         .self = &self,
                         .total = &total,
                     });
}

static size_t function_bytes(const struct profile *p, uint32_t i)
{
    const struct profile_function *f = &p->functions[i];
    return sizeof(struct sd_profile_function) + 2 * (sizeof(struct sd_reals) + p->n_types * sizeof(double)) +
           strlen(f->name) + (f->module ? strlen(f->module) : 0) + 32;
}

static bool add_profile(struct profile *p, const char *name, size_t kept, const struct sd_host *host,
                        struct sd_batch *b)
{
    size_t n = p->n_types;
    if (kept < p->n) {
        char *note =
            mem_printf("%zu of %zu functions, those with the least self, are left out.", p->n - kept, p->n);
        profile_say(p, note);
        free(note);
    }
    struct strbuf notes = {0};
    for (size_t i = 0; i < p->n_notes; i++)
        strbuf_printf(&notes, "%s%s", i ? " " : "", p->notes[i]);
    int64_t lines = (int64_t)p->stacks + p->skipped;
    bool done = host->add(b, SD_INTAKE,
                          &(struct sd_intake){.unit = "stacks",
                                              .total = lines,
                                              .unparsed = p->skipped,
                                              .bytes = SD_UNKNOWN,
                                              .reason = p->skipped ? "a line has no count at its end" : NULL,
                                              .note = notes.len ? strbuf_text(&notes) : NULL});
    strbuf_free(&notes);
    bool any = p->counted || !str_eq(p->format, "folded stacks");
    return done && host->add(b, SD_PROFILE,
                             &(struct sd_profile){
                                 .name = name,
                                 .format = p->format,
                                 .types = &(struct sd_texts){(uint32_t)n, p->types},
                                 .units = &(struct sd_texts){(uint32_t)n, p->units},
                                 .values = &(struct sd_reals){(uint32_t)n, p->sums},
                                 .type = n ? p->types[p->chosen] : NULL,
                                 .samples = any ? p->samples : SD_UNKNOWN,
                                 .lost = SD_UNKNOWN,
                                 .truncated_share = NAN,
                                 .began = p->at,
                                 .duration_ns = p->duration_ns,
                                 .functions = (int64_t)p->n,
                                 .left_out = (int64_t)(p->n - kept),
                             });
}

bool profile_records(struct profile *p, const char *name, size_t max_bytes, const struct sd_host *host,
                     struct sd_batch *b)
{
    uint32_t *order = profile_order(p);
    size_t bytes = 0, kept = 0;
    while (kept < p->n && (bytes += function_bytes(p, order[kept])) <= max_bytes)
        kept++;
    bool done = add_profile(p, name, kept, host, b);
    for (size_t i = 0; i < kept && done; i++)
        done = add_function(p, order[i], host, b);
    free(order);
    return done;
}
