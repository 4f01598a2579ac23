/* key.c - keys by name and back. */
#include "conf/key.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"

static const char *const NAMES[] = {
#define KEY_NAME(UPPER, name) [K_##UPPER - K_NAMED] = name,
    KEYS(KEY_NAME)
#undef KEY_NAME
};

/* A terminal sends the same byte for these. */
static const struct {
    char letter;
    key_code key;
} SAME_BYTE[] = {{.letter = 'h', .key = K_BACKSPACE},
                 {.letter = 'i', .key = K_TAB},
                 {.letter = 'j', .key = K_ENTER},
                 {.letter = 'm', .key = K_ENTER}};

static bool parse_named(const char *name, key_code *key)
{
    for (size_t i = 1; i < ARRAY_LEN(NAMES); i++) {
        if (strcasecmp(name, NAMES[i]) == 0) {
            *key = (key_code)(K_NAMED + i);
            return true;
        }
    }
    return false;
}

/* Exactly one character that can be shown. */
static bool parse_character(const char *name, key_code *key)
{
    size_t len = strlen(name);
    struct utf8_char c;
    if (len == 0 || utf8_next(name, len, &c) != len || c.replaced)
        return false;
    /* A tab or newline comes out of utf8_next as a space. */
    if (c.code == ' ' && name[0] != ' ')
        return false;
    *key = c.code == ' ' ? K_SPACE : c.code;
    return true;
}

static bool parse_control(const char *name, key_code *key)
{
    char letter = (char)(name[0] >= 'A' && name[0] <= 'Z' ? name[0] - 'A' + 'a' : name[0]);
    if (letter < 'a' || letter > 'z' || name[1])
        return false;
    *key = K_CTRL | (key_code)letter;
    for (size_t i = 0; i < ARRAY_LEN(SAME_BYTE); i++) {
        if (SAME_BYTE[i].letter == letter)
            *key = SAME_BYTE[i].key;
    }
    return true;
}

bool key_parse(const char *name, key_code *key)
{
    if (!name || !*name)
        return false;
    if (strncasecmp(name, "M-", 2) == 0 && name[2]) {
        key_code plain;
        if (!key_parse(name + 2, &plain) || plain & K_META)
            return false;
        *key = K_META | plain;
        return true;
    }
    if (strncasecmp(name, "C-", 2) == 0 && name[2])
        return parse_control(name + 2, key);
    return parse_named(name, key) || parse_character(name, key);
}

const char *key_format(key_code key, char buf[24])
{
    char text[16] = "?";
    const char *meta = key & K_META ? "M-" : "";
    key_code plain = key & ~(key_code)K_META;
    if (plain & K_CTRL) {
        snprintf(text, sizeof text, "C-%c", (int)(plain & 0x7f));
    } else if (plain > K_NAMED && plain < K_NAMED_END) {
        snprintf(text, sizeof text, "%s", NAMES[plain - K_NAMED]);
    } else if (plain > ' ' && plain <= 0x10FFFF) {
        char utf8[5] = {0};
        size_t n = utf8_encode(plain, utf8);
        utf8[n < 4 ? n : 4] = '\0';
        snprintf(text, sizeof text, "%s", utf8);
    }
    snprintf(buf, 24, "%s%s", meta, text);
    return buf;
}
