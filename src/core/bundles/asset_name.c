#include "core/bundles/asset_name.h"

#include <string.h>

enum { HEX_LEAST = 8, HEX_MOST = 64, HASH_LENGTH = 8 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}
static bool is_hash_char(char c)
{
    return is_digit(c) || is_capital(c) || (c >= 'a' && c <= 'z') || c == '_' || c == '-';
}

/* Bytes of hex digits with a digit among them that `s` begins with and a point ends; 0: none. */
static size_t hex_part(const char *s)
{
    size_t n = strspn(s, "0123456789abcdefABCDEF");
    bool digit = strcspn(s, "0123456789") < n;
    return n >= HEX_LEAST && n <= HEX_MOST && digit && s[n] == '.' ? n : 0;
}

static void drop_hex_parts(char *name)
{
    char *to = name;
    for (const char *p = name; *p;) {
        size_t n = strchr(".-_~", *p) ? hex_part(p + 1) : 0;
        if (n)
            p += 1 + n;
        else
            *to++ = *p++;
    }
    *to = 0;
}

static bool is_hash(const char *s)
{
    bool telling = false;
    for (size_t i = 0; i < HASH_LENGTH; i++) {
        if (!is_hash_char(s[i]))
            return false;
        telling = telling || is_digit(s[i]) || (i && is_capital(s[i]));
    }
    return telling;
}

/* The file's name behind the folders. */
static char *base_of(char *name)
{
    char *slash = strrchr(name, '/');
    return slash ? slash + 1 : name;
}

static void drop_short_hash(char *name)
{
    char *base = base_of(name), *extension = strrchr(base, '.');
    if (!extension || extension - base < HASH_LENGTH + 1)
        return;
    char *hash = extension - HASH_LENGTH;
    if ((hash[-1] == '.' || hash[-1] == '-') && is_hash(hash))
        memmove(hash - 1, extension, strlen(extension) + 1);
}

static void drop_number(char *name)
{
    char *base = base_of(name);
    size_t digits = strspn(base, "0123456789");
    if (!digits || (base[digits] && (base[digits] != '.' || strchr(base + digits + 1, '.'))))
        return;
    memmove(base + 1, base + digits, strlen(base + digits) + 1);
    *base = '#';
}

char *asset_name_plain(const char *name)
{
    char *plain = mem_strdup(name);
    drop_hex_parts(plain);
    drop_short_hash(plain);
    drop_number(plain);
    return plain;
}
