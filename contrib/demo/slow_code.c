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

/* Release 1: at the end, which it remembers. */
static OWN_FRAME void append_at_end(struct feed *f, const char *text)
{
    size_t n = strlen(text);
    if (f->len + n < f->size) {
        memcpy(f->text + f->len, text, n + 1);
        f->len += n;
    }
}

/* Release 2: looks for the end each time. */
static OWN_FRAME void append_text(struct feed *f, const char *text)
{
    f->len = text_length(f->text);
    append_at_end(f, text);
}

void feed_add(struct feed *f, const char *text)
{
    if (f->release == 1)
        append_at_end(f, text);
    else
        append_text(f, text);
}

static OWN_FRAME void append_item(struct feed *f, int id)
{
    char field[64];
    snprintf(field, sizeof field, "%s{\"id\":%d,", id > 1 ? ",\n" : "", id);
    feed_add(f, field);
    snprintf(field, sizeof field, "\"name\":\"Product %d\",", id);
    feed_add(f, field);
    snprintf(field, sizeof field, "\"price\":%d.%02d,", id % 97, id % 100);
    feed_add(f, field);
    feed_add(f, "\"currency\":\"EUR\"}");
}

OWN_FRAME size_t serialise_catalog(char *out, size_t size, int n, int release)
{
    struct feed f = {.text = out, .size = size, .release = release};
    out[0] = 0;
    for (int i = 1; i <= n; i++)
        append_item(&f, i);
    return f.len;
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
