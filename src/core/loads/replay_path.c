#include "core/loads/replay_path.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"

/* ---- names of secrets ---- */

#define WORD(text)                                                                                           \
    {                                                                                                        \
        text, sizeof(text) - 1                                                                               \
    }
struct word {
    const char *text;
    size_t n;
};

/* A word of a name, lower case: "apiKey" and "api_key" have two. */
static bool is_secret_word(const char *word, size_t n)
{
    static const struct word WORDS[] = {WORD("key"), WORD("code"), WORD("auth"), WORD("pass"), WORD("pwd"),
                                        WORD("pw"),  WORD("sig"),  WORD("jwt"),  WORD("sid"),  WORD("otp")};
    static const struct word PARTS[] = {
        WORD("token"),      WORD("passw"),     WORD("passphrase"), WORD("passcode"),   WORD("secret"),
        WORD("session"),    WORD("sessid"),    WORD("apikey"),     WORD("accesskey"),  WORD("authkey"),
        WORD("privatekey"), WORD("publickey"), WORD("userkey"),    WORD("credential"), WORD("signature"),
        WORD("oauth"),      WORD("authori"),   WORD("authenti"),   WORD("authcode"),   WORD("bearer")};
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++)
        if (WORDS[i].n == n && !memcmp(word, WORDS[i].text, n))
            return true;
    for (size_t i = 0; i < ARRAY_LEN(PARTS); i++)
        if (PARTS[i].n <= n && memmem(word, n, PARTS[i].text, PARTS[i].n))
            return true;
    return false;
}

static int hex(char c)
{
    return c >= '0' && c <= '9'         ? c - '0'
           : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
                                        : -1;
}

bool replay_secret_name(const char *name, size_t n)
{
    char word[64], all[64];
    size_t w = 0, k = 0;
    bool was_lower = false;
    for (size_t i = 0; i < n; i++) {
        char c = name[i];
        if (c == '%' && i + 2 < n && hex(name[i + 1]) >= 0 && hex(name[i + 2]) >= 0) {
            c = (char)(hex(name[i + 1]) * 16 + hex(name[i + 2]));
            i += 2;
        }
        bool letter = isalpha((unsigned char)c), upper = isupper((unsigned char)c);
        if (!letter || (upper && was_lower)) { /* a word ends here */
            if (is_secret_word(word, w))
                return true;
            w = 0;
        }
        was_lower = letter && !upper;
        if (letter && w < sizeof word)
            word[w++] = (char)tolower((unsigned char)c);
        if (letter && k < sizeof all)
            all[k++] = (char)tolower((unsigned char)c);
    }
    return is_secret_word(word, w) || is_secret_word(all, k);
}

/* ---- the path ---- */

static bool parts_parameters(char c)
{
    return c == '?' || c == '&' || c == ';' || c == '#';
}

static bool needs_care(unsigned char c)
{
    return c <= ' ' || parts_parameters((char)c) || c >= 0x7f;
}

/* Characters that a YAML file cannot hold in quotes as they are, or that end a line there. */
static bool is_unwritable(uint32_t c)
{
    return c < 0xa0 || c == 0x2028 || c == 0x2029 || c == 0xfeff || (c >= 0xfffe && c <= 0xffff);
}

static void add_encoded(struct strbuf *b, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        strbuf_printf(b, "%%%02X", (unsigned char)s[i]);
}

/* s[0..n) as it can be sent. */
static void add_text(struct strbuf *b, const char *s, size_t n)
{
    for (size_t i = 0, used; i < n; i += used) {
        unsigned char c = (unsigned char)s[i];
        uint32_t code;
        used = 1;
        if (c > ' ' && c < 0x7f) {
            strbuf_char(b, s[i]);
            continue;
        }
        size_t known = c >= 0x80 ? utf8_decode(s + i, n - i, &code) : 0;
        used = known ? known : 1;
        if (known && !is_unwritable(code))
            strbuf_add(b, s + i, used);
        else
            add_encoded(b, s + i, used);
    }
}

/* Parameters behind the first "?", "#" or ";", each with what parts it from the one before. */
static void add_parameters(struct strbuf *b, const char *s, const char *end)
{
    while (s < end) {
        const char *name = s + 1, *stop = name, *equal = NULL;
        for (; stop < end && !parts_parameters(*stop); stop++)
            equal = !equal && *stop == '=' ? stop : equal;
        if (equal && equal + 1 < stop && replay_secret_name(name, (size_t)(equal - name))) {
            add_text(b, s, (size_t)(equal + 1 - s));
            strbuf_char(b, 'x');
        } else {
            add_text(b, s, (size_t)(stop - s));
        }
        s = stop;
    }
}

size_t replay_path(const char *target, size_t len, const char *query, size_t query_len, struct strbuf *room,
                   const char **out)
{
    const char *end = target + len, *s = target;
    if (len && *s != '/') {
        const char *host = len > 8 && !strncasecmp(s, "https://", 8)  ? s + 8
                           : len > 7 && !strncasecmp(s, "http://", 7) ? s + 7
                                                                      : NULL;
        s = host ? memchr(host, '/', (size_t)(end - host)) : NULL;
    }
    if (!s || s == end || end - s > REPLAY_PATH_MAX)
        return 0;
    const char *care = s;
    while (care < end && !needs_care((unsigned char)*care))
        care++;
    if (care == end && !query_len) {
        *out = s;
        return (size_t)(end - s);
    }
    const char *parameters = s;
    bool queried = memchr(s, '?', (size_t)(end - s));
    while (parameters < end && (!parts_parameters(*parameters) || *parameters == '&'))
        parameters++;
    strbuf_clear(room);
    add_text(room, s, (size_t)(parameters - s));
    add_parameters(room, parameters, end);
    if (query_len && query_len <= REPLAY_PATH_MAX) {
        struct strbuf apart = {0};
        strbuf_char(&apart, queried ? '&' : '?');
        strbuf_add(&apart, query, query_len);
        add_parameters(room, apart.text, apart.text + apart.len);
        strbuf_free(&apart);
    }
    *out = strbuf_text(room);
    return room->len <= REPLAY_PATH_MAX ? room->len : 0;
}
