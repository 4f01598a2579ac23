/* load_reader.c - bytes as they come, cut into what the reader of their form takes. */
#include "format/loads/load_reader.h"

#include <stdlib.h>
#include <string.h>

#include "format/json_check.h"
#include "format/loads/load_form.h"
#include "format/metrics/unpack_stream.h"

enum {
    OPEN_QUOTE_MAX = 1 << 20, /* bytes of a record whose quote is open; beyond, the quote is broken */
    SURE_ENOUGH = 50
};

struct load_reader {
    const char *tool;
    struct load_draft draft;
    struct unpack_stream *unpack;
    struct strbuf held; /* what is not taken yet */
    size_t seen;        /* of it, looked through for an end */
    bool quoted;        /* a quote is open there */
    int64_t pieces, broken;
    int64_t first_broken; /* its number, from 1 */
    bool failed;
    struct sd_error err; /* then why */
};

/* ---- which form ---- */

static struct load_span beginning(const char *bytes, size_t n)
{
    struct load_span head = load_span((char *)(uintptr_t)bytes, MIN(n, LOAD_HEAD_BYTES));
    if (head.n >= 3 && !memcmp(head.at, "\xef\xbb\xbf", 3))
        head = load_span(head.at + 3, head.n - 3);
    return head;
}

static const struct load_form *form_of(const char *bytes, size_t n, const char *tool, int *sure)
{
    const struct load_form *best = NULL;
    struct load_span head = beginning(bytes, n);
    *sure = 0;
    for (size_t i = 0; head.n && LOAD_FORMS[i]; i++) {
        if (tool && !str_eq(tool, LOAD_FORMS[i]->tool))
            continue;
        int s = LOAD_FORMS[i]->sure(head, tool != NULL);
        if (s > *sure) {
            *sure = s;
            best = LOAD_FORMS[i];
        }
    }
    return best;
}

int load_result_sure(const void *head, size_t len)
{
    int sure;
    form_of(head, len, NULL, &sure);
    return sure;
}

static bool choose(struct load_reader *r, struct sd_error *err)
{
    int sure;
    const struct load_form *form = form_of(strbuf_text(&r->held), r->held.len, r->tool, &sure);
    if (!form && !r->held.len)
        return fail(err, "is empty");
    if (!form && r->tool)
        return fail(err, "is no result of %s", r->tool);
    if (!form || sure < (r->tool ? 1 : SURE_ENOUGH))
        return fail(err, "is no result of a load tool that is known");
    if (form->shape == LOAD_REFUSED)
        return fail(err, "%s", form->refusal);
    if (r->held.len >= 3 && !memcmp(r->held.text, "\xef\xbb\xbf", 3)) {
        memmove(r->held.text, r->held.text + 3, r->held.len - 2);
        r->held.len -= 3;
    }
    r->draft.form = form;
    r->draft.state = form->state ? mem_alloc(form->state) : NULL;
    r->draft.result->tool = form->tool;
    r->draft.result->values = form->values;
    r->draft.result->start = form->start;
    r->draft.result->resolution_ns = form->resolution_ns;
    if (form->note)
        load_result_note(r->draft.result, "%s", form->note);
    return true;
}

/* ---- pieces ---- */

static void take(struct load_reader *r, char *at, size_t n)
{
    struct load_draft *d = &r->draft;
    struct sd_error first = d->why;
    if (d->form->shape != LOAD_TAGS) {
        while (n && (at[n - 1] == '\r' || at[n - 1] == '\n'))
            n--;
        if (!n)
            return;
    }
    char behind = at[n];
    at[n] = 0;
    r->pieces++;
    bool good = d->form->take(d, load_span(at, n));
    at[n] = behind;
    if (good)
        return;
    if (r->broken++)
        d->why = first;
    else
        r->first_broken = r->pieces;
}

/* The end of the line that begins at `from`, behind its newline; 0: it is not there yet. */
static size_t line_end(struct load_reader *r, size_t from)
{
    size_t look = MAX(from, r->seen);
    char *end = memchr(r->held.text + look, '\n', r->held.len - look);
    r->seen = r->held.len;
    return end ? (size_t)(end - r->held.text) + 1 : 0;
}

/* The same of a record, in which a newline may stand within quotes. */
static size_t record_end(struct load_reader *r, size_t from)
{
    size_t i = MAX(from, r->seen);
    for (; i < r->held.len; i++) {
        char c = r->held.text[i];
        if (c == '"')
            r->quoted = !r->quoted;
        else if (c == '\n' && !r->quoted)
            return i + 1;
    }
    r->seen = i;
    if (r->quoted && r->held.len - from > OPEN_QUOTE_MAX) {
        r->quoted = false;
        r->seen = 0;
        return line_end(r, from);
    }
    return 0;
}

/* The end of the tag that begins at `*from`, which is moved to it. */
static size_t tag_end(struct load_reader *r, size_t *from)
{
    const char *text = r->held.text, *start = memchr(text + *from, '<', r->held.len - *from);
    *from = start ? (size_t)(start - text) : r->held.len;
    struct load_span tag = load_span(r->held.text + *from, r->held.len - *from);
    const char *close = span_starts(tag, "<!--") ? "-->" : span_starts(tag, "<![CDATA[") ? "]]>" : NULL;
    if (close) {
        struct load_span rest = span_after(tag, close);
        return rest.at ? (size_t)(rest.at - text) : 0;
    }
    char quote = 0;
    for (size_t i = 1; i < tag.n; i++) {
        char c = tag.at[i];
        if (quote ? c == quote : c == '"' || c == '\'')
            quote = quote ? 0 : c;
        else if (c == '>' && !quote)
            return *from + i + 1;
    }
    return 0;
}

static bool cut_up(struct load_reader *r, struct sd_error *err)
{
    enum load_shape shape = r->draft.form->shape;
    size_t from = 0, end = r->held.len;
    if (shape == LOAD_DOCUMENT)
        return r->held.len <= LOAD_DOCUMENT_MAX ||
               fail(err, "has more than 256 MiB, which %s has not", r->draft.form->what);
    while (end) {
        end = shape == LOAD_LINES  ? line_end(r, from)
              : shape == LOAD_TAGS ? tag_end(r, &from)
                                   : record_end(r, from);
        if (end) {
            r->seen = end;
            take(r, r->held.text + from, end - from);
            from = end;
        }
    }
    if (from) {
        memmove(r->held.text, r->held.text + from, r->held.len - from);
        r->held.len -= from;
        r->held.text[r->held.len] = 0;
        r->seen -= MIN(r->seen, from);
    }
    return r->held.len <= LOAD_LINE_MAX || fail(err, "has a line of more than 64 MiB");
}

/* ---- the end ---- */

/* What stands behind the last newline: the writer may have been stopped within it. */
static void take_rest(struct load_reader *r)
{
    struct load_draft *d = &r->draft;
    while (r->held.len) {
        size_t end = r->held.len;
        if (r->quoted) { /* one line is broken, those behind it may be whole */
            char *newline = memchr(r->held.text, '\n', r->held.len);
            end = newline ? (size_t)(newline - r->held.text) + 1 : end;
        }
        bool last = end == r->held.len;
        int64_t broken = r->broken;
        struct sd_error why = d->why;
        take(r, r->held.text, end);
        if (last && r->broken > broken) {
            r->broken--;
            d->why = why;
            load_result_note(d->result, "The last line is cut off, and left out.");
        }
        memmove(r->held.text, r->held.text + end, r->held.len - end);
        r->held.len -= end;
        r->quoted = false;
        r->seen = 0;
        struct sd_error ignored;
        if (!last && !cut_up(r, &ignored))
            return;
    }
}

static bool take_document(struct load_reader *r, struct sd_error *err)
{
    struct load_span text = load_span(r->held.text, r->held.len);
    char *open = text.n ? memchr(text.at, '{', text.n) : NULL;
    struct sd_error why;
    if (!open) /* a text document */
        return fail(err, "is %s, but holds no result", r->draft.form->what);
    text = load_span(open, text.n - (size_t)(open - text.at));
    if (!json_check(text.at, text.n, &why))
        return fail(err, "is %s, but broken: %s", r->draft.form->what, why.text);
    r->pieces = 1;
    return r->draft.form->take(&r->draft, text) ||
           fail(err, "is %s, but %s", r->draft.form->what, r->draft.why.text);
}

static bool finish(struct load_reader *r, struct sd_error *err)
{
    struct load_draft *d = &r->draft;
    if (!d->form && !choose(r, err))
        return false;
    if (d->form->shape == LOAD_DOCUMENT) {
        if (!take_document(r, err))
            return false;
    } else {
        if (!cut_up(r, err))
            return false;
        if (d->form->shape != LOAD_TAGS)
            take_rest(r);
        else if (r->held.len)
            load_result_note(d->result, "The file is cut off: its last entry is left out.");
    }
    if (d->form->end && !d->form->end(d, err))
        return false;
    if (d->form->values != LOAD_VALUES_PERCENTILES && !d->result->samples.n)
        return r->broken ? fail(err, "is %s, but holds no request: line %lld %s", d->form->what,
                                (long long)r->first_broken, d->why.text)
                         : fail(err, "is %s, but holds no request", d->form->what);
    if (r->broken)
        load_result_note(
            d->result,
            "Lines that are not understood, and left out: %lld of %lld; the first is line %lld, which %s.",
            (long long)r->broken, (long long)r->pieces, (long long)r->first_broken, d->why.text);
    return true;
}

/* ---- the reader ---- */

static void unpacked(void *ctx, const char *bytes, size_t n)
{
    struct load_reader *r = ctx;
    if (r->failed)
        return;
    strbuf_add(&r->held, bytes, n);
    if (!r->draft.form && r->held.len < LOAD_HEAD_BYTES)
        return;
    r->failed = (!r->draft.form && !choose(r, &r->err)) || !cut_up(r, &r->err);
}

struct load_reader *load_reader_new(const char *tool, struct load_result *result)
{
    struct load_reader *r = mem_alloc(sizeof *r);
    r->tool = tool;
    r->draft.result = result;
    r->unpack = unpack_stream_new(LOAD_UNPACKED_MAX, unpacked, r);
    return r;
}

void load_reader_free(struct load_reader *r)
{
    if (!r)
        return;
    unpack_stream_free(r->unpack);
    strbuf_free(&r->held);
    strbuf_free(&r->draft.text);
    if (r->draft.state && r->draft.form->drop)
        r->draft.form->drop(r->draft.state);
    free(r->draft.state);
    free(r);
}

bool load_reader_feed(struct load_reader *r, const void *bytes, size_t n, struct sd_error *err)
{
    if (!r->failed && !unpack_stream_feed(r->unpack, bytes, n, err))
        return false;
    return !r->failed || fail(err, "%s", r->err.text);
}

bool load_reader_end(struct load_reader *r, struct sd_error *err)
{
    struct sd_error why;
    bool whole = unpack_stream_end(r->unpack, &why);
    if (r->failed)
        return fail(err, "%s", r->err.text);
    if (!finish(r, err))
        return false;
    if (!whole)
        load_result_note(r->draft.result, "What is packed is cut off: its end is missing.");
    return true;
}
