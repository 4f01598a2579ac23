#include "core/pages/vital.h"

#include <ctype.h>

const struct vital_info VITALS[VITAL_N] = {
    [VITAL_LCP] = {.name = "lcp",
                   .title = "LCP",
                   .crux = "largest_contentful_paint",
                   .help = "when the largest element was painted",
                   .good = 2500,
                   .poor = 4000},
    [VITAL_INP] = {.name = "inp",
                   .title = "INP",
                   .crux = "interaction_to_next_paint",
                   .help = "from an input to the next paint, the slowest of a visit",
                   .good = 200,
                   .poor = 500},
    [VITAL_CLS] = {.name = "cls",
                   .title = "CLS",
                   .crux = "cumulative_layout_shift",
                   .help = "how much moved that was painted already",
                   .good = 0.1,
                   .poor = 0.25,
                   .plain = true},
    [VITAL_FCP] = {.name = "fcp",
                   .title = "FCP",
                   .crux = "first_contentful_paint",
                   .help = "when the first content was painted",
                   .good = 1800,
                   .poor = 3000},
    [VITAL_TTFB] = {.name = "ttfb",
                    .title = "TTFB",
                    .crux = "time_to_first_byte",
                    .help = "when the first byte of the page came",
                    .good = 800,
                    .poor = 1800},
};

enum vital vital_of_name(const char *name)
{
    unsigned v = 0;
    while (v < VITAL_N && !str_eq(VITALS[v].name, name))
        v++;
    return (enum vital)v;
}

enum vital vital_of_beacon(const char *name)
{
    unsigned v = 0;
    while (v < VITAL_N && !str_eq(VITALS[v].title, name))
        v++;
    return (enum vital)v;
}

enum vital vital_of_crux(const char *name)
{
    static const char early[] = "experimental_";
    unsigned v = 0;
    if (name && str_starts(name, early))
        name += sizeof early - 1;
    while (v < VITAL_N && !str_eq(VITALS[v].crux, name))
        v++;
    return (enum vital)v;
}

enum vital_rating vital_rate(enum vital v, double value)
{
    if (value <= VITALS[v].good)
        return VITAL_GOOD;
    return value > VITALS[v].poor ? VITAL_POOR : VITAL_NEEDS_IMPROVEMENT;
}

/* ---- templates ---- */

static bool is_digits(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n && isdigit((unsigned char)s[i]))
        i++;
    return n && i == n;
}

static bool is_uuid(const char *s, size_t n)
{
    if (n != 36)
        return false;
    for (size_t i = 0; i < n; i++) {
        bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        if (hyphen ? s[i] != '-' : !isxdigit((unsigned char)s[i]))
            return false;
    }
    return true;
}

/* "https://host/a" and "//host/a": where the path begins. */
static size_t host_length(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n && (isalnum((unsigned char)s[i]) || strchr("+-.", s[i])) && s[i])
        i++;
    bool scheme = i && i + 2 < n && s[i] == ':' && s[i + 1] == '/' && s[i + 2] == '/';
    if (!scheme && !(n >= 2 && s[0] == '/' && s[1] == '/'))
        return 0;
    i = scheme ? i + 3 : 2;
    while (i < n && s[i] != '/')
        i++;
    return i;
}

static size_t append(char *out, size_t at, const char *s, size_t n)
{
    size_t room = PAGE_TEMPLATE_MAX - 1 - at;
    if (n > room) {
        n = room;
        while (n && ((unsigned char)s[n] & 0xc0) == 0x80)
            n--;
    }
    memcpy(out + at, s, n);
    return at + n;
}

void page_template(const char *url, size_t len, char out[PAGE_TEMPLATE_MAX])
{
    size_t end = 0, at = 0;
    while (end < len && url[end] && url[end] != '?' && url[end] != '#')
        end++;
    size_t i = host_length(url, end);
    if (i == end)
        at = append(out, at, "/", 1);
    while (i < end && at < PAGE_TEMPLATE_MAX - 1) {
        size_t n = 0;
        while (i + n < end && url[i + n] != '/')
            n++;
        bool id = is_digits(url + i, n) || is_uuid(url + i, n);
        at = id ? append(out, at, ":id", 3) : append(out, at, url + i, n);
        i += n;
        if (i < end) {
            at = append(out, at, "/", 1);
            i++;
        }
    }
    out[at] = 0;
}
