/* find.h - a byte or a short text in a few bytes, without a call: for the values of a line, which are shorter
 * than what memchr and memmem are made for. Sixteen bytes at a time where the processor compares so many
 * (SSE2). */
#ifndef BASE_FIND_H
#define BASE_FIND_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Where `c` stands first in [p, end); NULL: nowhere. */
static inline const char *find_byte(const char *p, const char *end, char c)
{
#ifdef __SSE2__
    const __m128i want = _mm_set1_epi8(c);
    for (; end - p >= 16; p += 16) {
        int same = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)p), want));
        if (same)
            return p + __builtin_ctz((unsigned)same);
    }
    for (; p < end; p++)
        if (*p == c)
            return p;
    return NULL;
#else
    return p < end ? memchr(p, c, (size_t)(end - p)) : NULL;
#endif
}

/* Where the text of `n` >= 2 bytes stands first in [p, end); NULL: nowhere. Its first and its last byte are
 * looked for, so a search takes n times the bytes at worst: for words of a few bytes. */
static inline const char *find_text(const char *p, const char *end, const char *text, size_t n)
{
#ifdef __SSE2__
    const __m128i first = _mm_set1_epi8(text[0]), last = _mm_set1_epi8(text[n - 1]);
    for (; end - p >= (ptrdiff_t)(n + 15); p += 16) {
        __m128i a = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)p), first);
        __m128i b = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(p + n - 1)), last);
        for (unsigned both = (unsigned)_mm_movemask_epi8(_mm_and_si128(a, b)); both; both &= both - 1) {
            const char *at = p + __builtin_ctz(both);
            if (!memcmp(at, text, n))
                return at;
        }
    }
#endif
    for (; end - p >= (ptrdiff_t)n; p++)
        if (*p == *text && !memcmp(p, text, n))
            return p;
    return NULL;
}

enum { FIND_BITS = 64 };

/* Which of the 64 bytes at s are from `lo` to `hi`: a bit for each, the first is the lowest. */
static inline uint64_t find_range(const char *s, unsigned char lo, unsigned char hi)
{
    uint64_t bits = 0;
#ifdef __SSE2__
    const __m128i from = _mm_set1_epi8((char)lo), width = _mm_set1_epi8((char)(hi - lo));
    for (int i = 0; i < FIND_BITS; i += 16) {
        __m128i above = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(s + i)), from);
        unsigned in = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(above, width), above));
        bits |= (uint64_t)in << i;
    }
#else
    for (int i = 0; i < FIND_BITS; i++)
        bits |= (uint64_t)((unsigned char)s[i] >= lo && (unsigned char)s[i] <= hi) << i;
#endif
    return bits;
}

#endif
