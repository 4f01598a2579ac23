#include "format/traces/trace_reader.h"

#include <stdlib.h>
#include <string.h>

#include "format/json_check.h"
#include "format/json_pull.h"

enum { ENOUGH = 256 }; /* bytes to tell whether it is protobuf */

/* How the bytes are to be cut into entries. */
enum cutting { CUT_UNKNOWN, CUT_LINES, CUT_WHOLE };

struct trace_reader {
    struct span_draft *d;
    struct span_sink sink;
    const struct span_sink *given;
    struct strbuf bytes; /* not read yet */
    size_t searched;     /* of these, without a line feed */
    enum cutting cutting;
    bool ended; /* by the sink */
    struct trace_counts counts;
};

static bool give(void *ctx, struct span_draft *d)
{
    struct trace_reader *r = ctx;
    r->ended |= !r->given->full(r->given->ctx, d);
    return !r->ended;
}

struct trace_reader *trace_reader_new(struct span_draft *d, const struct span_sink *sink)
{
    struct trace_reader *r = mem_alloc(sizeof *r);
    r->d = d;
    r->given = sink;
    r->sink = (struct span_sink){.full = give, .ctx = r};
    return r;
}

void trace_reader_free(struct trace_reader *r)
{
    if (!r)
        return;
    strbuf_free(&r->bytes);
    free(r);
}

const struct trace_counts *trace_reader_counts(const struct trace_reader *r)
{
    return &r->counts;
}

/* ---- one entry ---- */

static void note_broken(struct trace_reader *r, const char *at, size_t n, const char *why)
{
    struct trace_counts *c = &r->counts;
    if (c->broken++)
        return;
    snprintf(c->reason, sizeof c->reason, "%s %lld: %.250s", c->lines ? "line" : "part",
             (long long)c->entries, why);
    snprintf(c->sample, sizeof c->sample, "%.*s", (int)MIN(n, sizeof c->sample - 1), at);
}

/* False: the sink ended it, or `err` has why the entry is broken. */
static bool read_entry(struct trace_reader *r, const char *at, size_t n, bool checked, struct sd_error *err)
{
    *err->text = 0;
    r->counts.entries++;
    enum trace_form form = trace_form_read(at, n, checked, r->d, r->given ? &r->sink : NULL, err);
    if (form == TRACE_OTHER)
        r->counts.other++;
    else if (form != TRACE_NONE)
        r->counts.form = form;
    else
        note_broken(r, at, n, err->text);
    return form != TRACE_NONE && !r->ended;
}

/* ---- lines ---- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_blank(const char *at, size_t n)
{
    while (n && is_space(*at))
        at++, n--;
    return !n;
}

/* All whole lines. */
static void read_lines(struct trace_reader *r, bool last)
{
    struct sd_error why;
    size_t done = 0;
    while (!r->ended && done < r->bytes.len) {
        size_t from = MAX(done, r->searched);
        const char *start = r->bytes.text + done;
        const char *feed = memchr(r->bytes.text + from, '\n', r->bytes.len - from);
        if (!feed && !last)
            break;
        size_t n = feed ? (size_t)(feed - start) : r->bytes.len - done;
        if (!is_blank(start, n))
            read_entry(r, start, n, false, &why);
        done += n + (feed != NULL);
    }
    memmove(r->bytes.text, r->bytes.text + done, r->bytes.len - done);
    r->bytes.len -= done;
    r->searched = r->bytes.len;
}

/* Is the first line a value of its own, or meant to be one? Documents begin with a bracket, or go on below.
 */
static enum cutting how_to_cut(const char *line, size_t n)
{
    struct sd_error why;
    while (n && is_space(line[n - 1]))
        n--;
    if (json_check(line, n, &why) || (n > 2 && *line == '{' && line[n - 1] == '}'))
        return CUT_LINES;
    return CUT_WHOLE;
}

static bool is_proto(const struct trace_reader *r)
{
    return r->bytes.len && trace_form_proto((const uint8_t *)r->bytes.text, r->bytes.len) != TRACE_NONE;
}

/* False: it is nothing that has spans. */
static bool decide(struct trace_reader *r)
{
    size_t blank = 0;
    while (blank < r->bytes.len && is_space(r->bytes.text[blank]))
        blank++;
    bool json = blank < r->bytes.len && (r->bytes.text[blank] == '{' || r->bytes.text[blank] == '[');
    bool enough = r->bytes.len >= ENOUGH; /* protobuf may begin with a line feed, and needs some to be told */
    if (enough && is_proto(r)) {
        r->cutting = CUT_WHOLE;
        return true;
    }
    if (!json || (blank && !enough))
        return !enough || blank == r->bytes.len;
    size_t from = MAX(blank, r->searched);
    const char *feed = memchr(r->bytes.text + from, '\n', r->bytes.len - from);
    if (feed)
        r->cutting = how_to_cut(r->bytes.text + blank, (size_t)(feed - r->bytes.text) - blank);
    r->searched = feed && r->cutting == CUT_LINES ? 0 : r->bytes.len;
    r->counts.lines = r->cutting == CUT_LINES;
    return true;
}

/* ---- feeding ---- */

bool trace_reader_feed(struct trace_reader *r, const char *bytes, size_t n, struct sd_error *err)
{
    *err->text = 0;
    if (r->ended)
        return false;
    r->counts.bytes += (int64_t)n;
    strbuf_add(&r->bytes, bytes, n);
    if (r->cutting == CUT_UNKNOWN && !decide(r))
        return fail(err, "it has no spans of OTLP, Tempo, Jaeger or Zipkin");
    if (r->cutting == CUT_LINES)
        read_lines(r, false);
    size_t max = r->cutting == CUT_LINES ? TRACE_LINE_MAX : TRACE_DOCUMENT_MAX;
    if (r->bytes.len > max)
        return fail(err, "it has a %s of more than %zu MiB", r->counts.lines ? "line" : "document",
                    max >> 20);
    return !r->ended;
}

/* Several values behind each other; what follows a broken one has no beginning that is known. */
static void read_values(struct trace_reader *r)
{
    struct sd_error why;
    struct json_pull j = json_pull(r->bytes.text, r->bytes.len);
    while (!r->ended && json_peek(&j)) {
        const char *start = j.at;
        json_skip(&j);
        if (!read_entry(r, start, (size_t)(j.at - start), false, &why) || j.broken)
            break;
    }
}

/* A document. That something stands behind it is found out only when it is not whole: large ones are gone
 * through once less. */
static void read_document(struct trace_reader *r)
{
    struct sd_error why;
    struct json_pull j = json_pull(r->bytes.text, r->bytes.len);
    char c = json_peek(&j);
    bool whole = json_check(r->bytes.text, r->bytes.len, &why);
    if (!whole && (c == '{' || c == '['))
        read_values(r);
    else if (c)
        read_entry(r, r->bytes.text, r->bytes.len, whole, &why);
}

bool trace_reader_end(struct trace_reader *r, struct sd_error *err)
{
    *err->text = 0;
    if (r->ended)
        return false;
    struct sd_error why;
    const struct trace_counts *c = &r->counts;
    if (r->cutting == CUT_LINES)
        read_lines(r, true);
    else if (is_proto(r))
        read_entry(r, r->bytes.text, r->bytes.len, false, &why);
    else
        read_document(r);
    if (!c->entries)
        return fail(err, "it is empty");
    if (c->form == TRACE_NONE && !c->other)
        return fail(err, "%.400s", c->entries == 1 ? strstr(c->reason, ": ") + 2 : c->reason);
    return !r->ended;
}
