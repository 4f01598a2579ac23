#include "slow_code.h"

#include <stdio.h>
#include <string.h>

/* Calls stand in stacks as they are written. */
#define OWN_FRAME __attribute__((noinline))

static OWN_FRAME size_t text_length(const char *text)
{
    size_t n = 0;
    for (const volatile char *p = text; *p; p++)
        n++;
    return n;
}

static OWN_FRAME void append_text(char *out, size_t size, const char *text)
{
    size_t at = text_length(out), n = strlen(text);
    if (at + n < size)
        memcpy(out + at, text, n + 1);
}

static OWN_FRAME void append_item(char *out, size_t size, int id)
{
    char field[64];
    snprintf(field, sizeof field, "%s{\"id\":%d,", id > 1 ? ",\n" : "", id);
    append_text(out, size, field);
    snprintf(field, sizeof field, "\"name\":\"Product %d\",", id);
    append_text(out, size, field);
    snprintf(field, sizeof field, "\"price\":%d.%02d,", id % 97, id % 100);
    append_text(out, size, field);
    append_text(out, size, "\"currency\":\"EUR\"}");
}

OWN_FRAME size_t serialise_catalog(char *out, size_t size, int n)
{
    out[0] = 0;
    for (int i = 1; i <= n; i++)
        append_item(out, size, i);
    return text_length(out);
}

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

/* One group of letters, then further groups or the digit. */
static OWN_FRAME bool match_group(const char *code)
{
    for (size_t n = 1; is_letter(code[n - 1]); n++)
        if ((code[n] >= '0' && code[n] <= '9' && !code[n + 1]) || match_group(code + n))
            return true;
    return false;
}

OWN_FRAME bool coupon_is_valid(const char *code)
{
    return match_group(code);
}
