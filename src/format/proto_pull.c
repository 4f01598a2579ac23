#include "format/proto_pull.h"

static const struct proto_shape *shape_of(const struct proto_shape *shape, uint32_t number)
{
    return number < ARRAY_LEN(shape->of) ? shape->of[number] : NULL;
}

bool proto_check(const void *bytes, size_t n, const struct proto_shape *shape, struct sd_error *err)
{
    struct {
        struct proto p;
        const struct proto_shape *shape;
    } stack[PROTO_DEPTH_MAX];
    size_t depth = 0;
    struct proto p = proto(bytes, n);
    struct proto_field f;
    for (;;) {
        if (!proto_field(&p, &f)) {
            if (p.broken)
                return fail(err, "The protobuf is cut or broken near its byte %zu.",
                            (size_t)(p.at - (const uint8_t *)bytes));
            if (!depth)
                return true;
            p = stack[--depth].p;
            shape = stack[depth].shape;
            continue;
        }
        const struct proto_shape *of = f.type == PROTO_BYTES ? shape_of(shape, f.number) : NULL;
        if (!of)
            continue;
        if (depth == PROTO_DEPTH_MAX)
            return fail(err, "The protobuf is nested deeper than %d.", PROTO_DEPTH_MAX);
        stack[depth].p = p;
        stack[depth++].shape = shape;
        p = f.bytes;
        shape = of;
    }
}
