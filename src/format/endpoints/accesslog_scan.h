/* accesslog_scan.h - the values of a JSON object of one line, where they stand: no tree, no copies. What a
 * key means is remembered by its place, because the objects of a log have the same keys in the same order. */
#ifndef FORMAT_ENDPOINTS_ACCESSLOG_SCAN_H
#define FORMAT_ENDPOINTS_ACCESSLOG_SCAN_H

#include "base/base.h"

enum { JSON_VALUES = 128, JSON_LEVELS = 5, JSON_PATH = 128, JSON_KEY = 48, JSON_MAPPED = 24 };
enum { JSON_KEY_ENDS = 2 }; /* bytes of ": behind a key */

enum json_role {
    J_NONE,
    J_TIME,
    J_OUTER_TIME, /* of the object around the one with the status */
    J_METHOD,
    J_URI,
    J_PATH,
    J_REQUEST,
    J_STATUS,
    J_BYTES,
    J_DURATION, /* named by the user; others are found by accesslog_spot.h */
    J_UPSTREAM_TIME,
    J_UPSTREAM,
    J_HOST,
    J_END, /* when it was over, beside a time when it began */
    J_TRACE,
    J_REQUEST_ID,
    J_CACHE,
    J_CLIENT,
    J_USER,
    J_AGENT,
    J_ROLES
};

/* What a key means; of several with one role the lowest rank is read. */
struct json_is {
    uint8_t role, rank;
};

enum json_type { JSON_OTHER, JSON_STRING, JSON_NUMBER, JSON_OBJECT };

struct json_value {
    const char *key,
        *text; /* neither is NUL-terminated; of a string without its quotes, escapes as they are */
    size_t key_len, n;
    enum json_type type;
    int parent; /* index of the object it is in; -1: the outermost */
    bool seen;  /* its key is the one that was seen at its place */
};

/* The key that stood at a place, and what it means. */
struct json_seen {
    /* With the quote that ends it and the colon; the first of it as words, and the bits of them that count.
     */
    char key[JSON_KEY + JSON_KEY_ENDS];
    uint16_t len; /* without them; 0: nothing is remembered */
    uint64_t word[2], mask[2];
    int parent;
    struct json_is is;
};

struct json_scan {
    struct json_value values[JSON_VALUES];
    size_t n;
    const struct json_value *best[J_ROLES]; /* NULL: none */

    int base; /* the object that has the status: all of it may stand one level down. -1: the outermost */
    char base_key[JSON_KEY];
    struct json_seen seen[JSON_VALUES];
    struct {
        char path[JSON_KEY * 2];
        size_t len;
        uint8_t role;
    } mapped[JSON_MAPPED];
    size_t n_mapped;
};

struct json_scan *accesslog_json_new(void); /* for free() */
/* Of an object; false: it is not JSON. Objects in lists, and those deeper than JSON_LEVELS, are passed over.
 */
bool accesslog_json_scan(struct json_scan *j, const char *s, const char *end);
/* The key with those of the objects around it, "req.url", from the object with the status. */
size_t accesslog_json_path(const struct json_scan *j, size_t i, char out[JSON_PATH]);
const struct json_value *accesslog_json_find(const struct json_scan *j, const char *path, size_t n);
bool accesslog_json_real(const struct json_value *v, double *out);
/* A key that the user names has this role. */
bool accesslog_json_map(struct json_scan *j, const char *path, enum json_role role);
/* What a path means when nobody says otherwise (accesslog_json.c). */
bool accesslog_json_role(const char *path, size_t n, struct json_is *is);

#endif
