#include "source/log/log_decode.h"

#include <stdlib.h>

#include "format/endpoints/accesslog_agg.h"
#include "source/log/log_cache.h"
#include "source/log/log_intake.h"
#include "source/log/log_unpack.h"

/* UTF-16 as Windows tools write it: with its mark, or every second byte NUL. */
bool log_is_utf16(const char *s, size_t n)
{
    size_t zeros[2] = {0, 0};
    if (n >= 2 && (!memcmp(s, "\xff\xfe", 2) || !memcmp(s, "\xfe\xff", 2)))
        return true;
    for (size_t i = 0; i < MIN(n, (size_t)200); i++)
        zeros[i % 2] += !s[i];
    return n >= 16 && ((zeros[0] * 4 > MIN(n, (size_t)200) && !zeros[1]) ||
                       (zeros[1] * 4 > MIN(n, (size_t)200) && !zeros[0]));
}

int log_recognise(const char *target, const void *head, size_t len)
{
    bool piped = !strcmp(target, "-"); /* what comes is a log, unless it is known to be something else */
    if (piped && (!head || !len))
        return 40;
    const char *base = strrchr(target, '/');
    base = base ? base + 1 : target;
    int by_name = strstr(base, "access") && strstr(base, "log") ? 40 : 0;
    if (!head || !len)
        return strstr(target, "://") ? 0 : head && str_ends(base, ".log") ? 40 : by_name;
    char *plain = NULL;
    const unsigned char *bytes = head;
    if (len > 12 && log_is_packed_head(bytes, len)) {
        const size_t size = 65536;
        plain = mem_alloc(size);
        len = log_unpack_head(bytes, len, plain, size);
        head = plain;
        if (!len && strstr(base, "log")) /* the first block is larger than what there is of it */
            by_name = 120;
    }
    if (log_is_utf16(head, len) && (by_name || str_ends(base, ".log"))) { /* log_run says what it is */
        free(plain);
        return 40;
    }
    const char *text = head;
    while (len && !*text) /* a hole at its beginning */
        text++, len--;
    if (text > (const char *)head && !len && str_ends(base, ".log"))
        by_name = 80;
    head = text;
    size_t fits, lines;
    /* A head that holds no whole line is all there is to judge by. */
    struct accesslog_format *f =
        accesslog_detect(head, len, !len || !memchr(head, '\n', len), 0, &fits, &lines);
    accesslog_format_free(f);
    free(plain);
    return fits && fits * 2 >= lines ? 85 : fits ? 50 : piped ? 40 : by_name / 2;
}

struct decoding {
    const struct sd_host *host;
    struct sd_batch *b;
    bool full;
    const struct accesslog_agg *agg;
};

static void add_decoded(void *ctx, sd_time at, const struct sd_http *records, size_t n)
{
    struct decoding *d = ctx;
    (void)at;
    for (size_t i = 0; i < n && !d->full; i++)
        d->full = !d->host->add(d->b, SD_HTTP, &records[i]);
}

static void add_decoded_cache(void *ctx, sd_time at, struct sd_cache *record)
{
    struct decoding *d = ctx;
    struct log_cache room;
    (void)at;
    log_cache_name(&room, d->agg, "-", record);
    d->full |= !d->host->add(d->b, SD_CACHE, record);
}

/* All seconds in one batch: first_at and last_at of the records tell them apart. */
enum sd_result log_decode(const struct sd_host *host, const void *bytes, size_t len, struct sd_batch *b,
                          struct sd_error *err)
{
    struct decoding d = {.host = host, .b = b};
    struct accesslog_agg *agg = accesslog_agg_new(&(struct accesslog_agg_options){
        .max_routes = 1000, .emit = add_decoded, .emit_cache = add_decoded_cache, .ctx = &d});
    d.agg = agg;
    struct accesslog_carry carry = {0};
    accesslog_agg_feed(agg, &carry, bytes, len, 0);
    accesslog_agg_end(agg, &carry, 0);
    accesslog_agg_flush(agg);
    const struct accesslog_intake *in = accesslog_agg_intake(agg);
    struct intake_lists lists;
    struct sd_intake record = log_intake_record(in, 0, &lists);
    host->add(b, SD_INTAKE, &record);
    log_cache_routes(host, b, agg, "-");
    bool none = in->lines && in->lines == in->unparsed;
    accesslog_agg_free(agg);
    if (none)
        return sd_fail(err, SD_CONFIG, "No line matches a known access log format.");
    return d.full ? sd_fail(err, SD_CONFIG, "The log holds more than one batch can.") : SD_OK;
}
