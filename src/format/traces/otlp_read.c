#include "format/traces/otlp_read.h"

#include "format/traces/otlp.h"

struct taking {
    struct span_draft *d;
    const struct span_sink *sink;
};

/* That the sink wants to end is known to it: the rest of what is in memory is read for nothing. */
static void take(void *ctx)
{
    struct taking *x = ctx;
    span_draft_room(x->d, x->sink);
}

typedef bool otlp_reader(const void *bytes, size_t n, struct otlp_traces *t, struct sd_error *err);

static bool read_json(const void *bytes, size_t n, struct otlp_traces *t, struct sd_error *err)
{
    return otlp_json_traces(bytes, n, t, err);
}

static bool read_with(otlp_reader *read, const char *bytes, size_t len, struct span_draft *d,
                      const struct span_sink *sink, struct sd_error *err)
{
    struct taking x = {.d = d, .sink = sink};
    struct otlp_traces t = {.draft = d, .full = take, .ctx = &x};
    bool good = read(bytes, len, &t, err);
    otlp_traces_free(&t);
    return good;
}

bool otlp_json_spans(const char *bytes, size_t len, struct span_draft *d, const struct span_sink *sink,
                     struct sd_error *err)
{
    return read_with(read_json, bytes, len, d, sink, err);
}

bool otlp_proto_spans(const char *bytes, size_t len, struct span_draft *d, const struct span_sink *sink,
                      struct sd_error *err)
{
    return read_with(otlp_wire_traces, bytes, len, d, sink, err);
}
