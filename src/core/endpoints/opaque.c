#include "core/endpoints/opaque.h"

#include <string.h>

enum { TOKEN = 16, TOKEN_SHORT = 12, TOKEN_WHOLE = 20, PHONE = 7, HEX_SURE = 16 };

/* Bit b of row a: the letters "ab" stand side by side in at least 3 of 10,000 places of
 * English prose and of names in programs. Words of other languages written in a to z keep
 * below the limits of this file as well; of letters drawn at random 4 of 10 pairs are not
 * in here. */
static const unsigned PAIRS[26] = {
    0x1fefd7f, 0x11edb7f, 0x13efdbf, 0x13ef93f, 0x1fffdff, 0x11ec93f, 0x01ef9df, 0x01e7919, 0x2eefc7f,
    0x0104111, 0x05c6915, 0x13cdd3f, 0x01cd91f, 0x13efdff, 0x0fefdff, 0x11eedfd, 0x0100000, 0x13efd7f,
    0x17efdff, 0x35ef9ff, 0x08ef97f, 0x0044111, 0x0066191, 0x00c8115, 0x00cb915, 0x0082111,
};

enum letter { OTHER, DIGIT, LOWER, UPPER };

static enum letter letter_of(char c)
{
    return c >= '0' && c <= '9' ? DIGIT : c >= 'a' && c <= 'z' ? LOWER : c >= 'A' && c <= 'Z' ? UPPER : OTHER;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool usual(char a, char b)
{
    return PAIRS[(a | 0x20) - 'a'] >> ((b | 0x20) - 'a') & 1;
}

/* What letters and figures without a gap look like. */
struct run {
    size_t n, digits, letters, upper, hex;
    size_t odd; /* pairs that words and camelCase have few of */
};

static struct run read_run(const char *s, size_t n)
{
    struct run r = {0};
    for (enum letter k; r.n < n && (k = letter_of(s[r.n])) != OTHER; r.n++) {
        r.digits += k == DIGIT;
        r.letters += k != DIGIT;
        r.upper += k == UPPER;
        r.hex += is_hex(s[r.n]);
        if (r.n == 0)
            continue;
        enum letter before = letter_of(s[r.n - 1]);
        enum letter after = r.n + 1 < n ? letter_of(s[r.n + 1]) : OTHER;
        if (k == DIGIT || before == DIGIT)
            r.odd += k != before && (k == DIGIT || before == DIGIT);
        else
            r.odd += !usual(s[r.n - 1], s[r.n]) || (before == LOWER && k == UPPER && after != LOWER);
    }
    return r;
}

/* At least `percent` of its pairs are odd. */
static bool odd_enough(size_t odd, size_t pairs, size_t percent)
{
    return pairs && odd * 100 >= pairs * percent;
}

static bool run_is_token(const struct run *r)
{
    if (r->n >= HEX_SURE && r->hex == r->n)
        return true;
    if (r->n >= TOKEN && odd_enough(r->odd, r->n - 1, 25))
        return true;
    return r->n >= TOKEN_SHORT && r->digits >= 2 && r->letters >= 2 && odd_enough(r->odd, r->n - 1, 35);
}

/* Bytes of an escape or of one byte between the runs. */
static size_t gap(const char *s, size_t n)
{
    return *s == '%' && n >= 3 && is_hex(s[1]) && is_hex(s[2]) ? 3 : 1;
}

/* base64url, keys in groups: by its runs, or by all of them together. */
static bool is_token(const char *s, size_t n)
{
    size_t pairs = 0, odd = 0, digits = 0, upper = 0, all = n;
    while (n) {
        struct run r = read_run(s, n);
        if (run_is_token(&r))
            return true;
        if (r.n) {
            pairs += r.n - 1;
            odd += r.odd;
            digits += r.digits;
            upper += r.upper;
        }
        size_t step = r.n ? r.n : gap(s, n);
        s += step;
        n -= step;
    }
    return all >= TOKEN_WHOLE && pairs >= TOKEN_SHORT && odd_enough(odd, pairs, digits && upper ? 30 : 45);
}

static bool begins(const char *s, size_t n, const char *with)
{
    size_t k = strlen(with);
    return n >= k && memcmp(s, with, k) == 0;
}

/* The beginnings that issuers give their keys, so that one can tell what has leaked. */
static bool is_known_key(const char *s, size_t n)
{
    static const char *const BEGINNINGS[] = {
        "eyJ",         "sk_live_", "sk_test_", "pk_live_", "pk_test_", "rk_live_", "rk_test_", "whsec_",
        "ghp_",        "gho_",     "ghs_",     "ghu_",     "ghr_",     "glpat-",   "xoxb-",    "xoxp-",
        "github_pat_", "AIza",     "AKIA",     "ASIA",     "ya29.",    "npm_",     "pypi-",    "dop_v1_",
        "sk-proj-",    "sk-ant-",  "shpat_",   "SG.",      "hvs."};
    for (size_t i = 0; n >= TOKEN_SHORT && i < sizeof BEGINNINGS / sizeof *BEGINNINGS; i++)
        if (*s == *BEGINNINGS[i] && begins(s, n, BEGINNINGS[i]))
            return true;
    return false;
}

/* Where the '@' of a mail address stands, also encoded, also twice; its length. */
static const char *find_at(const char *s, size_t n, size_t *len)
{
    for (size_t i = 1; i < n; i++) {
        if (s[i] != '@' && s[i] != '%')
            continue;
        *len = s[i] == '@' ? 1 : begins(s + i, n - i, "%40") ? 3 : begins(s + i, n - i, "%2540") ? 5 : 0;
        if (*len)
            return s + i;
    }
    return NULL;
}

/* name@host.example, not package@1.2.3. */
static bool is_mail(const char *s, size_t n)
{
    size_t len, label = 0, labels = 1;
    const char *at = find_at(s, n, &len);
    if (!at || (n - (size_t)(at - s) > len + 2 && letter_of(at[len]) == DIGIT && at[len + 1] == 'x'))
        return false; /* logo@2x.png */
    if (memchr(s, ':', (size_t)(at - s)) || (s + n == at + len + 9 && begins(at + len, 9, "localhost")))
        return true; /* user:password@host; a mail address of this machine */
    for (const char *p = at + len; p < s + n; p++) {
        if (*p == '.') {
            if (!label)
                return false;
            labels++;
            label = 0;
        } else if (letter_of(*p) == OTHER && *p != '-' && (unsigned char)*p < 0x80 && *p != '%') {
            break; /* what follows the address: a bracket, a comma */
        } else {
            label++;
        }
    }
    const char *last = s + n;
    while (last > at + len && last[-1] != '.')
        last--;
    return labels > 1 && label >= 2 && letter_of(*last) != DIGIT;
}

/* +49 170 1234567, 555-123-4567, 10.20.30.40. */
static bool is_phone(const char *s, size_t n)
{
    size_t digits = 0;
    if (begins(s, n, "%2B"))
        s += 3, n -= 3;
    while (n) {
        size_t step = begins(s, n, "%20") || begins(s, n, "%28") || begins(s, n, "%29") ? 3 : 1;
        if (step == 1 && letter_of(*s) == DIGIT)
            digits++;
        else if (step == 1 && !strchr("+-.()_:", *s))
            return false;
        s += step;
        n -= step;
    }
    return digits >= PHONE;
}

/* NAME=value: with any name, the value may be personal; one character before a blank is not. */
static bool is_assignment(const char *s, size_t n)
{
    const char *eq = memchr(s, '=', n), *end = s + n;
    if (!eq || eq == s || letter_of(*s) == OTHER || end - eq < 2 || eq[1] == '=')
        return false;
    return !(end - eq > 3 && eq[2] == ' ') && !(end - eq > 5 && !memcmp(eq + 2, "%20", 3));
}

/* Base64 that ends in its padding, '=' or '=='. */
static bool is_padded(const char *s, size_t n)
{
    size_t pad = 0;
    while (pad < 2 && pad < n && s[n - 1 - pad] == '=')
        pad++;
    for (size_t i = 0; i + pad < n; i++)
        if (letter_of(s[i]) == OTHER && !strchr("+/-_", s[i]))
            return false;
    return pad && n >= 8 && n % 4 == 0;
}

/* 26 figures of base 32, without I, L, O and U; the first is at most 7. */
static bool is_ulid(const char *s, size_t n)
{
    size_t digits = 0;
    if (n != 26 || *s < '0' || *s > '7')
        return false;
    for (size_t i = 0; i < n; i++) {
        enum letter k = letter_of(s[i]);
        if (k == OTHER || (k != DIGIT && strchr("ilou", s[i] | 0x20)))
            return false;
        digits += k == DIGIT;
    }
    return digits >= 2;
}

/* Letters and figures that change places more often than in a name: 8f3k2, NffrFeUfNV2Hib; not v2, x86,
 * windows2019, mp6g3ll. */
static bool is_mixed(const char *s, size_t n, size_t least, size_t odd_least)
{
    size_t digits = 0, letters = 0, changes = 0, upper = 0, odd = 0;
    for (size_t i = 0; i < n; i++) {
        enum letter k = letter_of(s[i]), before = i ? letter_of(s[i - 1]) : k;
        if (k == OTHER)
            return false;
        digits += k == DIGIT;
        letters += k != DIGIT;
        upper += k == UPPER;
        changes += (k == DIGIT) != (before == DIGIT);
        odd +=
            i && k != DIGIT && before != DIGIT && (!usual(s[i - 1], s[i]) || (before == LOWER && k == UPPER));
    }
    if (n < least || !letters)
        return false;
    bool cases = upper && upper < letters;
    return (digits >= 2 && changes >= 3) || (digits && cases && changes + odd >= 3) ||
           (cases && n >= 8 && odd >= odd_least);
}

/* "cus_NffrFeUfNV2Hib", "ord-8f3k2", "INV-00123": what issuers put before an id tells its kind. A year is
 * none: report-2024. */
static bool is_prefixed(const char *s, size_t n)
{
    enum { PREFIX = 12 };
    size_t p = 0, most = n < PREFIX + 2 ? n : PREFIX + 2;
    while (p < most && s[p] != '_' && s[p] != '-')
        p++;
    if (p < 1 || p > PREFIX || p + 1 >= n)
        return false;
    for (size_t i = 0; i < p; i++)
        if (letter_of(s[i]) != LOWER && letter_of(s[i]) != UPPER)
            return false;
    const char *id = s + p + 1;
    size_t k = n - p - 1, digits = 0;
    while (digits < k && letter_of(id[digits]) == DIGIT)
        digits++;
    size_t group = 0, longest = 0, of_digits = 0; /* INV-2024-00017 */
    for (size_t i = 0; i < k && (letter_of(id[i]) == DIGIT || id[i] == '-'); i++, of_digits++) {
        group = id[i] == '-' ? 0 : group + 1;
        longest = group > longest ? group : longest;
    }
    if (of_digits == k && digits < k)
        return longest >= 5;
    if (digits == k)
        return k >= 5 || (k == 4 && !begins(id, k, "19") && !begins(id, k, "20"));
    return is_mixed(id, k, s[p] == '_' ? 5 : 8, 3) || is_ulid(id, k);
}

/* Hex with letters and figures, or a run that is mixed enough. */
static bool is_hash(const char *s, size_t n, bool first)
{
    struct run r = read_run(s, n);
    if (r.n != n || n < 6 || n > 64)
        return false;
    bool lower_hex = r.hex == n && r.digits && r.letters && !r.upper;
    return lower_hex || (n >= 8 && r.digits == n) || is_mixed(s, n, 8, n == 8 && !first ? 2 : 3);
}

/* "app.3f9a1b2c.js", "index-BX9a3kd2.css", "2.4e5f6a7b.chunk.js": the build puts a fingerprint of the content
 * into the name, another one with each release. */
static bool is_fingerprinted(const char *s, size_t n)
{
    /* What else is behind a point is not looked at. */
    static const char ENDS[] =
        " js mjs css map png jpg jpeg gif svg webp ico avif woff woff2 ttf eot otf wasm json html "
        "txt mp4 webm gz br xml webmanifest ";
    const char *dot = memrchr(s, '.', n), *end = s + n;
    char word[16];
    size_t k = dot ? (size_t)(end - dot) - 1 : 0;
    bool asset = k >= 2 && k + 3 < sizeof word;
    if (asset) {
        word[0] = word[k + 1] = ' ';
        memcpy(word + 1, dot + 1, k);
        word[k + 2] = 0;
        asset = !memchr(word + 1, ' ', k) && strstr(ENDS, word);
    }
    if (!asset)
        return false;
    for (const char *part = s, *stop; part < dot; part = stop + 1) {
        for (stop = part; stop < dot && !strchr(".-_~", *stop);)
            stop++;
        if (is_hash(part, (size_t)(stop - part), part == s))
            return true;
    }
    /* Eight figures of base64url, in which - and _ stand as well. */
    const char *dash = memchr(s, '-', (size_t)(dot - s));
    size_t upper = 0, digits = 0;
    if (!dash || dot - dash != 9)
        return false;
    for (const char *p = dash + 1; p < dot; p++) {
        upper += letter_of(*p) == UPPER;
        digits += letter_of(*p) == DIGIT;
    }
    return upper && digits;
}

bool opaque(const char *s, size_t n)
{
    if (n < 3)
        return false;
    size_t lower = 0;
    while (lower < n && s[lower] >= 'a' && s[lower] <= 'z')
        lower++;
    if (lower == n && n <= OPAQUE_WORD) /* most segments: a short word */
        return false;
    return is_known_key(s, n) || is_ulid(s, n) || is_prefixed(s, n) || is_fingerprinted(s, n) ||
           is_phone(s, n) || is_mail(s, n) || is_assignment(s, n) || is_padded(s, n) ||
           (n >= TOKEN_SHORT && is_token(s, n));
}
