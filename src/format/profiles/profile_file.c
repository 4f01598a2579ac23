#include "format/profiles/profile_file.h"

#include <stdlib.h>

#include "format/profiles/perf_data.h"
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

struct profile *profile_read_end(struct profile *p, const char *problem, struct sd_error *err)
{
    if (!problem && !p->full)
        return p;
    sd_fail(err, SD_CONFIG, "%s%s", p->full ? "it has " : "", p->full ? p->full : problem);
    profile_free(p);
    return NULL;
}

static struct profile *read_plain(const void *bytes, size_t len, enum profile_format format,
                                  const struct profile_wish *wish, struct sd_error *err)
{
    const char *label = wish->label && *wish->label ? wish->label : NULL;
    if (format == PROFILE_ANY)
        format = recognise_plain(bytes, MIN(len, (size_t)65536));
    if (format == PROFILE_PPROF)
        return pprof_read_by(bytes, len, label, err);
    if (format != PROFILE_ANY && label) {
        sd_fail(err, SD_CONFIG, "only profiles of pprof have labels");
        return NULL;
    }
    if (format == PROFILE_PERF_DATA)
        return perf_data_read_named(bytes, len, wish->names, err);
    if (format == PROFILE_FLAMEBEARER)
        return flamebearer_read_by(bytes, len, wish->flamebearer, err);
    if (format != PROFILE_ANY)
        return FORMATS[format].read(bytes, len, err);
    const char *convert = profile_convertible(bytes, MIN(len, (size_t)65536));
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

static struct profile *read_any(const void *bytes, size_t len, enum profile_format format,
                                const struct profile_wish *wish, struct sd_error *err)
{
    unsigned char *plain = NULL;
    if (is_packed(bytes, len) && !(plain = unpack_all(bytes, len, &len, err)))
        return NULL;
    struct profile *p = read_plain(plain ? plain : bytes, len, format, wish, err);
    free(plain);
    if (p && wish->type && *wish->type && !choose(p, wish->type, err)) {
        profile_free(p);
        return NULL;
    }
    if (p)
        profile_finish(p);
    return p;
}

struct profile *profile_read_as(const void *bytes, size_t len, enum profile_format format,
                                const struct profile_wish *wish, const char *name, struct sd_error *err)
{
    struct sd_error why;
    struct profile *p = read_any(bytes, len, format, wish, &why);
    if (!p)
        sd_fail(err, SD_CONFIG, "cannot read the profile %.200s: %.250s", name, why.text);
    return p;
}

struct profile *profile_read(const void *bytes, size_t len, enum profile_format format, const char *type,
                             const char *name, struct sd_error *err)
{
    return profile_read_as(bytes, len, format, &(struct profile_wish){.type = type}, name, err);
}
