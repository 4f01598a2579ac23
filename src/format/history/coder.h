/* coder.h - numbers as few bits: a range coder whose probabilities follow what it has seen.
 *
 * It codes numbers of a column one after the other. A number is its class (unknown, or how many bits its
 * magnitude has), its sign and its bits below the highest. Class, sign and the next two bits are coded by
 * their frequency so far, the others as they are. Columns that hardly change take nearly nothing.
 *
 * The other form, `fast`, is plain bytes: what is read by the million (sums of long spans) is unpacked by
 * zstd several times faster than by a range coder.
 *
 * The range coder is that of G. N. N. Martin (1979) with the carry of LZMA; probabilities have 16 bits and
 * begin as in the estimator of Krichevsky and Trofimov. Pure; a decoder reads nothing beyond its bytes. */
#ifndef FORMAT_HISTORY_CODER_H
#define FORMAT_HISTORY_CODER_H

#include "base/base.h"

/* A decision that is made again and again. */
struct bit_model {
    uint16_t p; /* that it is 0, of 65536 */
    uint16_t seen;
};
enum { NUMBER_CLASSES = 128, NUMBER_UNKNOWN = 65 };
/* A column of numbers. */
struct number_model {
    struct bit_model class_tree[NUMBER_CLASSES], sign, top[NUMBER_UNKNOWN][4];
};
void bit_models_begin(struct bit_model *m, size_t n);
void number_model_begin(struct number_model *m);

struct coder_out {
    struct strbuf *out;
    bool fast;
    uint64_t low;
    uint32_t range;
    uint8_t cache;
    uint64_t pending;
};
void coder_begin(struct coder_out *c, bool fast, struct strbuf *out);
void coder_bit(struct coder_out *c, struct bit_model *m, unsigned bit);
void coder_raw(struct coder_out *c, uint64_t bits, unsigned n); /* n <= 64 */
void coder_number(struct coder_out *c, struct number_model *m, int64_t v);
void coder_count(struct coder_out *c, struct number_model *m, uint64_t v); /* not negative: no sign */
void coder_end(struct coder_out *c);

struct coder_in {
    const unsigned char *p, *end;
    bool fast, bad; /* bad: what was read is not all there; from then on zeros come */
    uint32_t range, code;
    unsigned beyond;
};
void decoder_begin(struct coder_in *c, bool fast, const void *bytes, size_t len);
unsigned decoder_bit(struct coder_in *c, struct bit_model *m);
uint64_t decoder_raw(struct coder_in *c, unsigned n);
int64_t decoder_number(struct coder_in *c, struct number_model *m);
uint64_t decoder_count(struct coder_in *c, struct number_model *m);

/* Plain bytes, for headers: 7 bits each, the lowest first. */
void varint_put(struct strbuf *out, uint64_t v);
uint64_t varint_get(const unsigned char **p, const unsigned char *end, bool *bad);

static inline uint64_t zigzag_of(int64_t v)
{
    return (uint64_t)v << 1 ^ (0 - ((uint64_t)v >> 63));
}
static inline int64_t zigzag_back(uint64_t z)
{
    return (int64_t)(z >> 1 ^ (0 - (z & 1)));
}

#endif
