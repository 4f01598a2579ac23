/* page_file.c - loads of pages from an HTTP archive (har), and answers of the Chrome UX Report (crux): files,
 * read once. I/O only; they are read in format/pages. */
#include <stdlib.h>

#include "core/schema.h"
#include "format/pages/crux.h"
#include "format/pages/har.h"
#include "source/rum/rum_file.h"
#include "source/shared/examine.h"

static enum sd_result har_open(struct sd_source *s, struct sd_error *err)
{
    return rum_file_open(s, s->priv, "har:load.har", err);
}

static enum sd_result crux_open(struct sd_source *s, struct sd_error *err)
{
    return rum_file_open(s, s->priv, "crux:record.json", err);
}

static void page_file_close(struct sd_source *s)
{
    rum_file_close(s->priv);
}

/* What was left out of the file. */
static void add_note(struct sd_source *s, struct sd_batch *b, const char *note, size_t bytes)
{
    struct sd_intake in;
    schema_clear(schema_of(SD_INTAKE), &in);
    in.unit = "files";
    in.total = 1;
    in.unparsed = 0;
    in.bytes = (int64_t)bytes;
    in.note = note;
    s->host->add(b, SD_INTAKE, &in);
}

static enum sd_result har_run(struct sd_source *s, struct sd_error *err)
{
    struct strbuf text = {0};
    struct sd_error why;
    char *note = NULL;
    enum sd_result r = rum_file_whole(s, s->priv, HAR_FILE_MAX, &text, err);
    if (r == SD_OK) {
        struct sd_batch *b = s->host->batch(s, s->host->now(s));
        r = SD_GONE;
        if (!har_read(strbuf_text(&text), text.len, s->target, s->host, b, &note, &why)) {
            s->host->discard(b);
            r = sd_fail(err, SD_CONFIG, "%.200s %.300s", s->target, why.text);
        } else {
            add_note(s, b, note, text.len);
            s->host->publish(s, b);
        }
    }
    free(note);
    strbuf_free(&text);
    return r == SD_NODATA ? SD_OK : r;
}

static enum sd_result crux_run(struct sd_source *s, struct sd_error *err)
{
    struct strbuf text = {0};
    struct sd_error why;
    enum sd_result r = rum_file_whole(s, s->priv, CRUX_FILE_MAX, &text, err);
    if (r == SD_OK) {
        struct sd_batch *b = s->host->batch(s, s->host->now(s));
        r = SD_GONE;
        if (crux_read(strbuf_text(&text), text.len, s->host, b, &why)) {
            s->host->publish(s, b);
        } else {
            s->host->discard(b);
            r = sd_fail(err, SD_CONFIG, "%.200s %.300s", s->target, why.text);
        }
    }
    strbuf_free(&text);
    return r == SD_NODATA ? SD_OK : r;
}

static int har_recognise_target(const char *target, const void *head, size_t len)
{
    (void)target;
    return head && har_recognise(head, len) ? 95 : 0;
}

static int crux_recognise_target(const char *target, const void *head, size_t len)
{
    (void)target;
    return head && crux_recognise(head, len) ? 95 : 0;
}

extern const struct sd_source_ops har_source_ops;
const struct sd_source_ops har_source_ops = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_source_ops),
    .name = "har",
    .summary = "loads of pages, request by request, from an HTTP archive: pages",
    .targets = "har:FILE, FILE, har:- (standard input)",
    .provides = SD_KIND_BIT(SD_PAGE_LOAD) | SD_KIND_BIT(SD_INTAKE),
    .priv_size = sizeof(struct rum_file),
    .recognise = har_recognise_target,
    .open = har_open,
    .run = har_run,
    .close = page_file_close,
    .examine = examine_file,
};

extern const struct sd_source_ops crux_source_ops;
const struct sd_source_ops crux_source_ops = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_source_ops),
    .name = "crux",
    .summary = "vitals of Chrome's users, from an answer of the Chrome UX Report: pages",
    .targets = "crux:FILE, FILE, crux:- (standard input)",
    .provides = SD_KIND_BIT(SD_PAGE_FIELD) | SD_KIND_BIT(SD_PAGE_TREND),
    .priv_size = sizeof(struct rum_file),
    .recognise = crux_recognise_target,
    .open = crux_open,
    .run = crux_run,
    .close = page_file_close,
    .examine = examine_file,
};
