/* coder.c - see coder.h. */
#include "format/history/coder.h"

enum { RATE_LAST = 30 }; /* from then on a decision counts for 1/32 */
#define RANGE_LOW ((uint32_t)1 << 24)

void bit_models_begin(struct bit_model *m, size_t n)
{
    for (size_t i = 0; i < n; i++)
        m[i] = (struct bit_model){.p = 32768};
}

void number_model_begin(struct number_model *m)
{
    bit_models_begin(m->class_tree, NUMBER_CLASSES);
    bit_models_begin(&m->sign, 1);
    bit_models_begin(m->top[0], sizeof m->top / sizeof m->top[0][0]);
}

/* 65536 / (n + 2): how much the n-th decision moves the probability. */
static inline uint32_t rate_of(unsigned seen)
{
    static const uint16_t RATES[RATE_LAST + 1] = {
        32768, 21845, 16384, 13107, 10923, 9362, 8192, 7282, 6554, 5958, 5461, 5041, 4681, 4369, 4096, 3855,
        3641,  3449,  3277,  3121,  2979,  2849, 2731, 2621, 2521, 2427, 2341, 2260, 2185, 2114, 2048};
    return RATES[seen];
}

static inline void model_learn(struct bit_model *m, unsigned bit)
{
    uint32_t rate = rate_of(m->seen), p = m->p;
    p = bit ? p - (uint32_t)(((uint64_t)p * rate) >> 16)
            : p + (uint32_t)(((uint64_t)(65536 - p) * rate) >> 16);
    m->p = (uint16_t)MIN(MAX(p, 32), 65536 - 32);
    m->seen = (uint16_t)(m->seen + (m->seen < RATE_LAST));
}

/* ---- out ---- */

void varint_put(struct strbuf *out, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        strbuf_char(out, (char)(v | 0x80));
    strbuf_char(out, (char)v);
}

void coder_begin(struct coder_out *c, bool fast, struct strbuf *out)
{
    *c = (struct coder_out){.out = out, .fast = fast, .range = UINT32_MAX, .pending = 1};
}

/* The highest byte of `low` leaves; bytes of 0xff wait, because a carry may still go through them. */
static void shift_low(struct coder_out *c)
{
    if (c->low < 0xff000000u || c->low > UINT32_MAX) {
        uint8_t carry = (uint8_t)(c->low >> 32);
        for (uint8_t byte = c->cache; c->pending; c->pending--, byte = 0xff)
            strbuf_char(c->out, (char)(byte + carry));
        c->cache = (uint8_t)(c->low >> 24);
    }
    c->pending++;
    c->low = (c->low & 0x00ffffff) << 8;
}

void coder_bit(struct coder_out *c, struct bit_model *m, unsigned bit)
{
    uint32_t bound = (c->range >> 16) * m->p;
    if (bit) {
        c->low += bound;
        c->range -= bound;
    } else {
        c->range = bound;
    }
    model_learn(m, bit);
    while (c->range < RANGE_LOW) {
        c->range <<= 8;
        shift_low(c);
    }
}

void coder_raw(struct coder_out *c, uint64_t bits, unsigned n)
{
    while (n--) {
        c->range >>= 1;
        if (bits >> n & 1)
            c->low += c->range;
        if (c->range < RANGE_LOW) {
            c->range <<= 8;
            shift_low(c);
        }
    }
}

static void put_magnitude(struct coder_out *c, struct number_model *m, unsigned class, uint64_t v)
{
    for (unsigned node = 1, i = 7; i--;) {
        unsigned bit = class >> i & 1;
        coder_bit(c, &m->class_tree[node], bit);
        node = node << 1 | bit;
    }
    if (class < 2 || class >= NUMBER_UNKNOWN)
        return;
    unsigned left = class - 1, first = v >> (left - 1) & 1;
    coder_bit(c, &m->top[class][1], first);
    if (--left)
        coder_bit(c, &m->top[class][2 + first], v >> (left - 1) & 1);
    if (left > 1)
        coder_raw(c, v, left - 1);
}

static inline unsigned class_of(uint64_t v)
{
    return v ? 64 - (unsigned)__builtin_clzll(v) : 0;
}

void coder_number(struct coder_out *c, struct number_model *m, int64_t v)
{
    if (c->fast) {
        varint_put(c->out, sd_known(v) ? zigzag_of(v) + 1 : 0); /* the largest code is that of SD_UNKNOWN */
        return;
    }
    uint64_t size = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    put_magnitude(c, m, sd_known(v) ? class_of(size) : NUMBER_UNKNOWN, size);
    if (sd_known(v) && v)
        coder_bit(c, &m->sign, v < 0);
}

void coder_count(struct coder_out *c, struct number_model *m, uint64_t v)
{
    if (c->fast)
        varint_put(c->out, v);
    else
        put_magnitude(c, m, class_of(v), v);
}

void coder_end(struct coder_out *c)
{
    for (int i = 0; i < 5 && !c->fast; i++)
        shift_low(c);
}

/* ---- in ---- */

uint64_t varint_get(const unsigned char **p, const unsigned char *end, bool *bad)
{
    uint64_t v = 0;
    for (unsigned shift = 0; *p < end && shift < 64; shift += 7) {
        unsigned char c = *(*p)++;
        v |= (uint64_t)(c & 0x7f) << shift;
        if (c < 0x80)
            return v;
    }
    *bad = true;
    return 0;
}

static inline uint32_t next_byte(struct coder_in *c)
{
    if (c->p < c->end)
        return *c->p++;
    c->bad |= ++c->beyond > 4;
    return 0;
}

void decoder_begin(struct coder_in *c, bool fast, const void *bytes, size_t len)
{
    *c = (struct coder_in){
        .p = bytes, .end = (const unsigned char *)bytes + len, .fast = fast, .range = UINT32_MAX};
    for (int i = 0; i < 5 && !fast; i++)
        c->code = c->code << 8 | next_byte(c);
}

unsigned decoder_bit(struct coder_in *c, struct bit_model *m)
{
    uint32_t bound = (c->range >> 16) * m->p;
    unsigned bit = c->code >= bound;
    if (bit) {
        c->code -= bound;
        c->range -= bound;
    } else {
        c->range = bound;
    }
    model_learn(m, bit);
    while (c->range < RANGE_LOW) {
        c->range <<= 8;
        c->code = c->code << 8 | next_byte(c);
    }
    return bit;
}

uint64_t decoder_raw(struct coder_in *c, unsigned n)
{
    uint64_t bits = 0;
    while (n--) {
        c->range >>= 1;
        unsigned bit = c->code >= c->range;
        c->code -= bit ? c->range : 0;
        bits = bits << 1 | bit;
        if (c->range < RANGE_LOW) {
            c->range <<= 8;
            c->code = c->code << 8 | next_byte(c);
        }
    }
    return bits;
}

static unsigned get_magnitude(struct coder_in *c, struct number_model *m, uint64_t *v)
{
    unsigned class = 1;
    for (int i = 0; i < 7; i++)
        class = class << 1 | decoder_bit(c, &m->class_tree[class]);
    class -= NUMBER_CLASSES;
    *v = class ? 1 : 0;
    if (class > NUMBER_UNKNOWN)
        c->bad = true;
    if (class < 2 || class >= NUMBER_UNKNOWN)
        return class;
    unsigned left = class - 1, first = decoder_bit(c, &m->top[class][1]);
    *v = *v << 1 | first;
    if (--left)
        *v = *v << 1 | decoder_bit(c, &m->top[class][2 + first]);
    if (left > 1)
        *v = *v << (left - 1) | decoder_raw(c, left - 1);
    return class;
}

int64_t decoder_number(struct coder_in *c, struct number_model *m)
{
    uint64_t v = 0;
    if (c->fast) {
        v = varint_get(&c->p, c->end, &c->bad);
        return v ? zigzag_back(v - 1) : SD_UNKNOWN;
    }
    unsigned class = get_magnitude(c, m, &v);
    if (class >= NUMBER_UNKNOWN)
        return SD_UNKNOWN;
    return v && decoder_bit(c, &m->sign) ? (int64_t)(0 - v) : (int64_t)v;
}

uint64_t decoder_count(struct coder_in *c, struct number_model *m)
{
    uint64_t v = 0;
    if (c->fast)
        return varint_get(&c->p, c->end, &c->bad);
    c->bad |= get_magnitude(c, m, &v) >= NUMBER_UNKNOWN;
    return v;
}
