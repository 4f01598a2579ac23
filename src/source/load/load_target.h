/* load_target.h - where load goes, and whether it may: decided before the first request is sent.
 *
 * To this machine load may always go: every address that the host resolves to is of 127.0.0.0/8 or ::1 (also
 * written as IPv4 in IPv6). 0.0.0.0 and :: are none: they name no host. To another host it goes when the user
 * names that very host
 * (--allow) and the host itself says yes: GET /.well-known/slowdive-load, at the root whatever the target's
 * path, answers 200 with the lines that load_word_parse reads, and the scenario stays within both. Each
 * address is asked by itself; load goes only to those that said yes, and when one of them says no, to none.
 * Nothing else is sent before that, a redirect is no answer, proxies are not used. */
#ifndef SOURCE_LOAD_LOAD_TARGET_H
#define SOURCE_LOAD_LOAD_TARGET_H

#include "base/base.h"
#include "format/loads/target_text.h"

#include <sys/socket.h>

enum { LOAD_ADDRESSES_MAX = 16 };

struct load_target_ask {
    const char *url;
    const char *allow;   /* the host that may be loaded beside this machine; NULL: none */
    const char *ca_file; /* NULL: the system's */
    bool insecure;
    double
        rate_per_s;      /* the most that the scenario sends; NAN: not known before (closed model), so that
                            another host   is asked for its duration alone and `max_rate_per_s` bounds the run */
    int64_t duration_ns; /* of all of it */
};

struct load_target {
    struct load_url url;
    bool loopback;
    double max_rate_per_s; /* NAN: no word was needed */
    /* All that the host resolves to, or those that gave their word; of several, those where somebody listens.
     */
    struct sockaddr_storage addresses[LOAD_ADDRESSES_MAX];
    size_t n_addresses;
};

/* False and a sentence, within 2 s. Blocks so long; on any thread. */
bool load_target_open(const struct load_target_ask *ask, struct load_target *t, struct sd_error *err);

/* Is it an address of this machine's own? */
bool load_address_is_loopback(const struct sockaddr_storage *a);

#endif
