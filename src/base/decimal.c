#include "base/decimal.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

__extension__ typedef unsigned __int128 wide;

enum { FIVES_MAX = 27, TENS_MAX = 22, ROOM = 400 /* of "%.6f", whatever the number */ };

static const uint64_t FIVES[FIVES_MAX + 1] = {1,
                                              5,
                                              25,
                                              125,
                                              625,
                                              3125,
                                              15625,
                                              78125,
                                              390625,
                                              1953125,
                                              9765625,
                                              48828125,
                                              244140625,
                                              1220703125,
                                              6103515625,
                                              30517578125,
                                              152587890625,
                                              762939453125,
                                              3814697265625,
                                              19073486328125,
                                              95367431640625,
                                              476837158203125,
                                              2384185791015625,
                                              11920928955078125,
                                              59604644775390625,
                                              298023223876953125,
                                              1490116119384765625,
                                              7450580596923828125};

/* A double holds these exactly. */
static const double TENS[TENS_MAX + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                          1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                          1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* ---- figures ---- */

/* The figures of `v`, written to end at `end`: where they begin. At least `least` of them. */
static char *figures(char *end, uint64_t v, int least)
{
    static const char PAIRS[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    char *p = end;
    for (; v >= 10; v /= 100) {
        p -= 2;
        memcpy(p, PAIRS + v % 100 * 2, 2);
    }
    if (v)
        *--p = (char)('0' + v);
    while (p > end - least)
        *--p = '0';
    return p;
}

/* |v| * 10^decimals, rounded to a whole number; decimals from 0 to FIVES_MAX. False: it is 2^63 or more. */
static bool times_ten(double v, int decimals, uint64_t *out)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    int power = (int)(bits >> 52 & 0x7ff);
    uint64_t m = (bits & ((UINT64_C(1) << 52) - 1)) | (power ? UINT64_C(1) << 52 : 0);
    int shift = 1075 - (power ? power : 1) - decimals; /* the number is m * 5^decimals / 2^shift */
    wide n = (wide)m * FIVES[decimals];
    if (shift >= 127) { /* below a half: n has at most 116 bits */
        *out = 0;
        return true;
    }
    if (shift > 0) {
        wide whole = n >> shift, rest = n - (whole << shift), half = (wide)1 << (shift - 1);
        n = whole + (rest > half || (rest == half && (whole & 1)));
    } else if (shift < -10) {
        return false;
    } else {
        n <<= -shift;
    }
    *out = (uint64_t)n;
    return n >> 63 == 0;
}

void strbuf_whole(struct strbuf *b, int64_t v)
{
    char text[24], *end = text + sizeof text, *p = figures(end, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, 1);
    if (v < 0)
        *--p = '-';
    strbuf_add(b, p, (size_t)(end - p));
}

void strbuf_fixed(struct strbuf *b, double v, int decimals)
{
    char text[32], *end = text + sizeof text, *p = end;
    uint64_t n;
    if (!isfinite(v) || !times_ten(v, decimals, &n)) {
        b->len += (size_t)snprintf(strbuf_room(b, ROOM), ROOM, "%.*f", decimals, v);
        return;
    }
    if (decimals) {
        uint64_t one = (uint64_t)TENS[decimals];
        p = figures(end, n % one, decimals);
        *--p = '.';
        n /= one;
    }
    p = figures(p, n, 1);
    if (signbit(v))
        *--p = '-';
    strbuf_add(b, p, (size_t)(end - p));
}

/* ---- as many figures as are needed ---- */

/* The power of ten of the first figure of v, from 1e-8 to 1e15: 0 for 1 to 9.99. Of the power of two it is
 * right or one too many; next to a power of ten it may stay one too many, which `rounded` sees. */
static int first_power(double v)
{
    int two;
    frexp(v, &two);
    int ten = (int)floor(two * 0.30102999566398120); /* the logarithm of 2 */
    return ten - (ten >= 0 ? v < TENS[ten] : v * TENS[-ten] < 1);
}

/* `n` of `count` figures, the first of which has the power of ten `power`, as "%g" writes them. */
static void general(struct strbuf *b, bool minus, uint64_t n, int count, int power)
{
    char digits[24], *end = digits + sizeof digits, *d = figures(end, n, 1);
    char *out = strbuf_room(b, 40), *p = out;
    while (end > d + 1 && end[-1] == '0')
        end--;
    size_t left = (size_t)(end - d);
    if (minus)
        *p++ = '-';
    if (power < -4 || power >= count) {
        *p++ = *d;
        if (left > 1) {
            *p++ = '.';
            memcpy(p, d + 1, left - 1);
            p += left - 1;
        }
        *p++ = 'e';
        *p++ = power < 0 ? '-' : '+';
        *p++ = (char)('0' + abs(power) / 10); /* of one or two figures */
        *p++ = (char)('0' + abs(power) % 10);
    } else if (power < 0) {
        memcpy(p, "0.000", 5);
        p += 1 - power; /* "0." and a nought for each power below -1 */
        memcpy(p, d, left);
        p += left;
    } else {
        size_t whole = MIN((size_t)power + 1, left);
        memcpy(p, d, whole);
        p += whole;
        for (size_t i = whole; i < (size_t)power + 1; i++)
            *p++ = '0';
        if (left > whole) {
            *p++ = '.';
            memcpy(p, d + whole, left - whole);
            p += left - whole;
        }
    }
    *p = 0;
    b->len += (size_t)(p - out);
}

/* v > 0 rounded to `count` figures. False: out of reach. */
static bool rounded(double v, int count, int *power, uint64_t *n)
{
    int decimals = count - 1 - *power;
    if (decimals < 0 || decimals > FIVES_MAX || !times_ten(v, decimals, n))
        return false;
    if (*n >= (uint64_t)TENS[count]) { /* 9.99... became 10 */
        *n /= 10;
        ++*power;
    }
    return *n >= (uint64_t)TENS[count - 1];
}

static bool real(struct strbuf *b, double v)
{
    enum { SHORT = 15, LONG = 17 };
    double a = fabs(v);
    uint64_t n;
    if (!(a >= 1e-8) || !(a < 1e15))
        return false;
    int first = first_power(a), power = first, count = SHORT;
    if (!rounded(a, SHORT, &power, &n) || power >= SHORT)
        return false;
    /* Both are exact, so the quotient is what strtod makes of the figures. */
    double again = (double)n / TENS[SHORT - 1 - power];
    if (fabs(again - a) > MAX(again, a) * DBL_EPSILON) {
        power = first;
        count = LONG;
        if (!rounded(a, LONG, &power, &n))
            return false;
    }
    general(b, v < 0, n, count, power);
    return true;
}

void strbuf_real(struct strbuf *b, double v)
{
    char text[32];
    if (v > INT_MIN && v < INT_MAX && v == (double)(int)v && !(v == 0 && signbit(v))) {
        strbuf_whole(b, (int)v);
        return;
    }
    if (real(b, v))
        return;
    snprintf(text, sizeof text, "%1.15g", v);
    double again = strtod(text, NULL);
    if (fabs(again - v) > MAX(fabs(again), fabs(v)) * DBL_EPSILON)
        snprintf(text, sizeof text, "%1.17g", v);
    strbuf_str(b, text);
}
