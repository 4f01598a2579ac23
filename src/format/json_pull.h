/* json_pull.h - JSON read where it stands: a cursor over the bytes, no tree of them in memory, because the
 * arrays of a profile have millions of numbers. A cursor is a value: a copy of one keeps a place to come back
 * to. Nothing recurs. Pure; one thread.
 *
 *     json_enter(&j, '{');
 *     while (json_key(&j))
 *         if (json_is(&j, "name")) json_text(&j, &name); else json_skip(&j);
 *
 * At broken text `broken` is set, and every loop ends. Commas too many are taken. */
#ifndef FORMAT_JSON_PULL_H
#define FORMAT_JSON_PULL_H

#include "base/base.h"

struct json_pull {
    const char *at, *end;
    const char *key; /* the raw bytes of the last one */
    size_t key_len;
    bool broken;
};

/* Of nothing the text may be NULL. */
static inline struct json_pull json_pull(const char *text, size_t len)
{
    return (struct json_pull){.at = text, .end = len ? text + len : text};
}

/* The first byte of the value that comes; 0 at the end of the text. */
char json_peek(struct json_pull *j);
/* Into an object '{' or an array '['. A value of another type is skipped: false. */
bool json_enter(struct json_pull *j, char open);
/* The next key of the object entered, then its value comes; false behind the object. */
bool json_key(struct json_pull *j);
bool json_is(const struct json_pull *j, const char *key);
/* Does another value of the array come? False behind the array. */
bool json_item(struct json_pull *j);
/* Past the value, however deep. */
void json_skip(struct json_pull *j);
/* A number, or the text of one; NAN: it is something else, and skipped. */
double json_number(struct json_pull *j);
/* The same as an integer from 0; UINT64_MAX: it is none. */
uint64_t json_index(struct json_pull *j);
/* A number without a part behind the point, or the text of one, exact up to 64 bits; what is beyond is the
 * limit of its type. SD_UNKNOWN: it is none. */
int64_t json_int(struct json_pull *j);
/* Puts a string into `out`, its escapes resolved; "" for any other value, which is skipped. */
void json_text(struct json_pull *j, struct strbuf *out);
/* The bytes of a string, its escapes resolved: where they stand if it has none, else in `scratch`, valid
 * until that changes. NULL for any other value, which is skipped. */
const char *json_bytes(struct json_pull *j, struct strbuf *scratch, size_t *len);
/* The value of a key of the object that comes, which is gone through: a cursor before it. A value of NULL
 * text: there is none. The last one counts, as for other readers. */
struct json_pull json_find(struct json_pull object, const char *key);

/* The bytes begin as an object or array of JSON, and name each of these keys; NULL-terminated. */
bool json_names(const char *head, size_t len, const char *const *keys);

#endif
