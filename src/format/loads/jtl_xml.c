/* jtl_xml.c - JTL of JMeter as XML. A sample within an httpSample is a part of it (a redirect, an embedded
 * resource); one within a transaction's sample is a request. */
#include <string.h>

#include "base/num.h"
#include "format/loads/jtl.h"
#include "format/loads/readers.h"

enum { DEPTH_MAX = 32, CODE_BYTES = 100 };

struct entry {
    bool ignored, container, has_children, failed, is_transaction;
    int64_t start_ns, elapsed_ms, bytes;
    char label[LOAD_NAME_BYTES_MAX], code[CODE_BYTES], thread[CODE_BYTES];
    size_t label_len, code_len, thread_len;
};

struct jtl_xml {
    struct jtl common;
    size_t depth; /* may be above DEPTH_MAX: what is there is passed over */
    struct entry open[DEPTH_MAX];
};

static int xml_sure(struct load_span head, bool named)
{
    if (span_has(head, "<testResults") || span_has(head, "<httpSample "))
        return 95;
    return named && span_has(head, "<sample ") ? 50 : 0;
}

/* The value of an attribute, between its quotes; `at` NULL: there is none. */
static struct load_span attribute(struct load_span tag, const char *name)
{
    size_t n = strlen(name);
    struct load_span rest = tag;
    span_word(&rest);
    while (rest.n) {
        struct load_span key = span_trim(span_until(&rest, '='));
        rest = span_trim(rest);
        char quote = rest.n ? *rest.at : 0;
        if (quote != '"' && quote != '\'')
            break;
        rest = load_span(rest.at + 1, rest.n - 1);
        struct load_span value = span_until(&rest, quote);
        if (key.n == n && !memcmp(key.at, name, n))
            return value;
    }
    return load_span(NULL, 0);
}

/* Resolves entities; what is longer than `max` is cut off. How many bytes it has. */
static size_t unescape(struct load_span s, char *out, size_t max)
{
    static const struct {
        const char *name;
        char is;
    } ENTITIES[] = {{"&amp;", '&'},  {"&lt;", '<'},    {"&gt;", '>'},
                    {"&quot;", '"'}, {"&apos;", '\''}, {"&#xa;", ' '}};
    size_t n = 0;
    while (s.n && n < max) {
        size_t step = 1;
        char c = *s.at;
        for (size_t i = 0; c == '&' && i < ARRAY_LEN(ENTITIES); i++)
            if (span_starts(s, ENTITIES[i].name)) {
                step = strlen(ENTITIES[i].name);
                c = ENTITIES[i].is;
                break;
            }
        out[n++] = c;
        s = load_span(s.at + step, s.n - step);
    }
    return n;
}

static void close_entry(struct load_draft *d)
{
    struct jtl_xml *x = d->state;
    if (!x->depth || x->depth-- > DEPTH_MAX)
        return;
    struct entry *e = &x->open[x->depth];
    char elapsed[24];
    if (x->depth && x->depth <= DEPTH_MAX && !e->ignored)
        x->open[x->depth - 1].has_children = true;
    if (e->ignored || (e->container && e->has_children))
        return;
    int n = snprintf(elapsed, sizeof elapsed, "%lld", (long long)e->elapsed_ms);
    jtl_add(d, &x->common,
            &(struct jtl_sample){.label = load_span(e->label, e->label_len),
                                 .elapsed = load_span(elapsed, (size_t)n),
                                 .code = load_span(e->code, e->code_len),
                                 .start_ns = e->start_ns,
                                 .bytes = e->bytes,
                                 .failed = e->failed,
                                 .is_transaction = e->is_transaction});
}

static bool open_entry(struct load_draft *d, struct load_span tag, bool http)
{
    struct jtl_xml *x = d->state;
    const struct entry *parent = x->depth && x->depth <= DEPTH_MAX ? &x->open[x->depth - 1] : NULL;
    if (x->depth++ >= DEPTH_MAX)
        return true;
    struct entry *e = &x->open[x->depth - 1];
    struct load_span message = attribute(tag, "rm");
    *e = (struct entry){.elapsed_ms = span_int(attribute(tag, "t")),
                        .start_ns = span_time(attribute(tag, "ts")),
                        .bytes = span_int(attribute(tag, "by")),
                        .failed = span_is(attribute(tag, "s"), "false"),
                        .is_transaction = !http && span_starts(message, JTL_TRANSACTION)};
    e->container = e->is_transaction || (!http && !message.at);
    e->ignored = parent && (parent->ignored || !parent->container);
    e->label_len = unescape(attribute(tag, "lb"), e->label, sizeof e->label);
    e->code_len = unescape(attribute(tag, "rc"), e->code, sizeof e->code);
    e->thread_len = unescape(attribute(tag, "tn"), e->thread, sizeof e->thread);
    if (sd_known(e->elapsed_ms))
        return true;
    e->ignored = true;
    return load_broken(d, "is a sample without its time");
}

static bool xml_take(struct load_draft *d, struct load_span tag)
{
    bool http = span_starts(tag, "<httpSample ");
    if (span_starts(tag, "</httpSample>") || span_starts(tag, "</sample>")) {
        close_entry(d);
    } else if (http || span_starts(tag, "<sample ")) {
        bool closed = tag.n > 2 && tag.at[tag.n - 2] == '/', good = open_entry(d, tag, http);
        if (closed)
            close_entry(d);
        return good;
    }
    return true;
}

static bool xml_end(struct load_draft *d, struct sd_error *err)
{
    struct jtl_xml *x = d->state;
    (void)err;
    if (x->depth)
        load_result_note(d->result, "The file is cut off: its last entry is left out.");
    jtl_end(d, &x->common);
    return true;
}

static void xml_drop(void *state)
{
    jtl_drop(&((struct jtl_xml *)state)->common);
}

const struct load_form LOAD_JTL_XML = {
    .tool = "jmeter",
    .what = "a JTL of JMeter",
    .shape = LOAD_TAGS,
    .values = LOAD_VALUES_ROUNDED,
    .start = LOAD_FROM_SENT,
    .resolution_ns = SD_MS,
    .state = sizeof(struct jtl_xml),
    .sure = xml_sure,
    .take = xml_take,
    .end = xml_end,
    .drop = xml_drop,
};
