/* target_text.h - the texts that say where load may go: the URL of a target, and the target's own word. Pure.
 */
#ifndef FORMAT_LOADS_TARGET_TEXT_H
#define FORMAT_LOADS_TARGET_TEXT_H

#include "base/base.h"

enum { LOAD_HOST_MAX = 256, LOAD_BASE_MAX = 1024 };

/* "http://127.0.0.1:8080/shop". */
struct load_url {
    bool tls;
    bool ipv6;                /* host is an address of IPv6 */
    char host[LOAD_HOST_MAX]; /* small letters, without brackets */
    uint16_t port;            /* 80 and 443 when the URL has none */
    char authority[LOAD_HOST_MAX +
                   16];       /* as in the header Host: "[::1]:8080", without a port that is the usual one */
    char base[LOAD_BASE_MAX]; /* "/shop", without a slash at its end; "" */
};
/* False and a sentence, which shows no user and password: these, a query and a fragment are refused. */
bool load_url_parse(const char *text, struct load_url *u, struct sd_error *err);

/* What a target permits, as it says itself: a body of two lines,
 *     max_rate_per_s: 200
 *     max_duration_s: 600
 * in either order, each once, with plain numbers; empty lines may stand between. Anything else is no
 * permission. */
struct load_word {
    double max_rate_per_s;
    double max_duration_s;
};
bool load_word_parse(const char *text, size_t n, struct load_word *w, struct sd_error *err);

#endif
