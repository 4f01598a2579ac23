/* proto_pull.h - protobuf's wire format read where it stands: a cursor over the fields of a message, no tree
 * of them in memory. A generated reader allocates an object for each message, and a request of traces has a
 * dozen for each span; here a field is a pointer into the bytes. Nothing recurs. Pure; one thread.
 *
 *     while (proto_field(&p, &f))
 *         if (proto_is_bytes(&f, 5)) name = f.bytes; else if (f.number == 6) kind = f.value;
 *
 * At broken bytes `broken` is set, and the loop ends. Fields nobody asks for are passed over.
 * https://protobuf.dev/programming-guides/encoding/ */
#ifndef FORMAT_PROTO_PULL_H
#define FORMAT_PROTO_PULL_H

#include "base/base.h"

struct proto {
    const uint8_t *at, *end;
    bool broken;
};

enum proto_type { PROTO_VARINT = 0, PROTO_64 = 1, PROTO_BYTES = 2, PROTO_32 = 5 };

struct proto_field {
    uint32_t number;
    enum proto_type type;
    uint64_t value;     /* of PROTO_VARINT, PROTO_64 and PROTO_32 */
    struct proto bytes; /* of PROTO_BYTES: text, bytes, a message or a packed list */
};

static inline struct proto proto(const void *bytes, size_t n)
{
    const uint8_t *at = bytes; /* of nothing it may be NULL */
    return (struct proto){.at = at, .end = n ? at + n : at};
}

static inline size_t proto_len(const struct proto *p)
{
    return (size_t)(p->end - p->at);
}

static inline bool proto_broken(struct proto *p)
{
    p->broken = true;
    p->at = p->end;
    return false;
}

static inline bool proto_varint(struct proto *p, uint64_t *v)
{
    const uint8_t *at = p->at;
    if (at < p->end && *at < 128) { /* most are short */
        *v = *at;
        p->at = at + 1;
        return true;
    }
    uint64_t got = 0;
    for (unsigned shift = 0; at < p->end && shift < 70; shift += 7) {
        uint8_t c = *at++;
        if (shift == 63 && c > 1)
            break;
        got |= (uint64_t)(c & 127) << shift;
        if (!(c & 128)) {
            *v = got;
            p->at = at;
            return true;
        }
    }
    return proto_broken(p);
}

/* A number of fixed length; bytes are in order of rising weight on every machine. */
static inline bool proto_fixed(struct proto *p, size_t n, uint64_t *v)
{
    if (proto_len(p) < n)
        return proto_broken(p);
    *v = 0;
    for (size_t i = n; i--;)
        *v = *v << 8 | p->at[i];
    p->at += n;
    return true;
}

/* The next field; false at the end, and when it is broken. */
static inline bool proto_field(struct proto *p, struct proto_field *f)
{
    uint64_t tag, len;
    if (p->at == p->end || !proto_varint(p, &tag))
        return false;
    if (!(tag >> 3) || tag >> 3 > 536870911)
        return proto_broken(p);
    f->number = (uint32_t)(tag >> 3);
    f->type = (enum proto_type)(tag & 7);
    f->value = 0;
    f->bytes = (struct proto){0}; /* who takes a field of another type for bytes gets none */
    switch (f->type) {
    case PROTO_VARINT:
        return proto_varint(p, &f->value);
    case PROTO_64:
        return proto_fixed(p, 8, &f->value);
    case PROTO_32:
        return proto_fixed(p, 4, &f->value);
    case PROTO_BYTES:
        if (!proto_varint(p, &len))
            return false;
        if (len > proto_len(p))
            return proto_broken(p);
        f->bytes = (struct proto){.at = p->at, .end = p->at + len};
        p->at += len;
        return true;
    default:
        return proto_broken(p); /* groups, which nobody writes any more */
    }
}

static inline bool proto_is_bytes(const struct proto_field *f, uint32_t number)
{
    return f->number == number && f->type == PROTO_BYTES;
}

static inline double proto_double(uint64_t bits)
{
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* The values of a repeated number of type `of`, packed or one by one: the next one; false at the end. `f` is
 * used up. */
static inline bool proto_packed(struct proto_field *f, enum proto_type of, uint64_t *v)
{
    if (f->type == of) {
        f->type = PROTO_BYTES;
        f->bytes = (struct proto){0};
        *v = f->value;
        return true;
    }
    if (f->type != PROTO_BYTES || f->bytes.at == f->bytes.end)
        return false;
    return of == PROTO_VARINT ? proto_varint(&f->bytes, v)
                              : proto_fixed(&f->bytes, of == PROTO_64 ? 8 : 4, v);
}

/* ZigZag: sint32 and sint64. */
static inline int64_t proto_zigzag(uint64_t v)
{
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

/* ---- is it whole? ---- */

/* Which fields of a message are messages, by their numbers. Those beyond are none. */
struct proto_shape {
    const struct proto_shape *of[16];
};

enum { PROTO_DEPTH_MAX = 100 }; /* as other readers of protobuf have it */

/* False and a sentence: a field does not end where its length says, or messages are nested deeper than
 * PROTO_DEPTH_MAX. */
bool proto_check(const void *bytes, size_t n, const struct proto_shape *shape, struct sd_error *err);

#endif
