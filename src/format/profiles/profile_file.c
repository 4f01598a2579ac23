#include "format/profiles/profile_file.h"

#include <stdlib.h>
#include <zlib.h>

static bool is_gzip(const unsigned char *b, size_t len)
{
    return len > 17 && b[0] == 0x1f && b[1] == 0x8b;
}

static enum profile_format recognise_plain(const void *head, size_t len)
{
    return pprof_like(head, len)         ? PROFILE_PPROF
           : perf_script_like(head, len) ? PROFILE_PERF_SCRIPT
           : folded_like(head, len)      ? PROFILE_FOLDED
                                         : PROFILE_ANY;
}

enum profile_format profile_recognise(const void *head, size_t len)
{
    enum { PLAIN = 1 << 16 };
    if (!is_gzip(head, len))
        return recognise_plain(head, len);
    z_stream z = {.next_in = (Bytef *)(size_t)head, .avail_in = (uInt)len};
    if (inflateInit2(&z, 15 + 16) != Z_OK)
        return PROFILE_ANY;
    unsigned char *plain = mem_alloc(PLAIN);
    z.next_out = plain;
    z.avail_out = PLAIN;
    inflate(&z, Z_SYNC_FLUSH);
    enum profile_format f = recognise_plain(plain, PLAIN - z.avail_out);
    inflateEnd(&z);
    free(plain);
    return f;
}

/* All of a gzip file, of several members, too. NULL and a sentence. */
static unsigned char *unpack(const void *bytes, size_t len, size_t *n, struct sd_error *err)
{
    z_stream z = {.next_in = (Bytef *)(size_t)bytes, .avail_in = (uInt)len};
    size_t cap = MIN(len * 4 + 65536, (size_t)PROFILE_FILE_MAX + 1);
    unsigned char *out = mem_realloc(NULL, cap);
    int state = inflateInit2(&z, 15 + 16);
    *n = 0;
    while (state == Z_OK && *n <= PROFILE_FILE_MAX) {
        if (*n == cap) {
            cap = MIN(cap * 2, (size_t)PROFILE_FILE_MAX + 1);
            out = mem_realloc(out, cap);
        }
        z.next_out = out + *n;
        z.avail_out = (uInt)(cap - *n);
        state = inflate(&z, Z_NO_FLUSH);
        *n = cap - z.avail_out;
        if (state == Z_STREAM_END && is_gzip(z.next_in, z.avail_in))
            state = inflateReset(&z);
    }
    inflateEnd(&z);
    if (*n > PROFILE_FILE_MAX)
        sd_fail(err, SD_CONFIG, "it unpacks to more than 256 MiB");
    else if (state != Z_STREAM_END)
        sd_fail(err, SD_CONFIG, "its gzip data is cut or broken");
    if (*n <= PROFILE_FILE_MAX && state == Z_STREAM_END)
        return out;
    free(out);
    return NULL;
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

static struct profile *read_plain(const void *bytes, size_t len, enum profile_format format,
                                  struct sd_error *err)
{
    if (format == PROFILE_ANY)
        format = recognise_plain(bytes, MIN(len, (size_t)65536));
    switch (format) {
    case PROFILE_PPROF:
        return pprof_read(bytes, len, err);
    case PROFILE_PERF_SCRIPT:
        return perf_script_read(bytes, len, err);
    case PROFILE_FOLDED:
        return folded_read(bytes, len, err);
    case PROFILE_ANY:
        break;
    }
    const char *convert = profile_convertible(bytes, len);
    if (convert)
        sd_fail(err, SD_CONFIG, "%s", convert);
    else
        sd_fail(err, SD_CONFIG,
                "it is none of the profiles that are read: pprof, perf script, folded stacks");
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
    if (is_gzip(bytes, len) && !(plain = unpack(bytes, len, &len, err)))
        return NULL;
    struct profile *p = read_plain(plain ? plain : bytes, len, format, err);
    free(plain);
    if (p && type && *type && !choose(p, type, err)) {
        profile_free(p);
        return NULL;
    }
    if (p)
        profile_finish(p);
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
