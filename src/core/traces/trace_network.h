/* trace_network.h - the phases of a call over the network, where spans tell them: by events of its span, as
 * browsers' instrumentations have them, by spans below it (dns.lookup, tcp.connect, tls.connect, http.dns
 * ...), and by attributes. */
#ifndef CORE_TRACES_TRACE_NETWORK_H
#define CORE_TRACES_TRACE_NETWORK_H

#include "core/traces/trace_tree.h"

#define HTTP1_CONNECTIONS 6 /* to one host at a time, as browsers have it */

/* X(NAME, name, title) */
#define NETWORK_PHASES(X)                                                                                    \
    X(DNS, dns, "DNS")                                                                                       \
    X(TCP, tcp, "TCP")                                                                                       \
    X(TLS, tls, "TLS")                                                                                       \
    X(WAIT, wait, "waiting for the answer")                                                                  \
    X(RECEIVE, receive, "receiving it")
enum network_phase {
#define NETWORK_PHASE_ENUM(NAME, name, title) PHASE_##NAME,
    NETWORK_PHASES(NETWORK_PHASE_ENUM)
#undef NETWORK_PHASE_ENUM
        NETWORK_PHASES_N
};
enum network_reuse { REUSE_UNSAID, REUSE_NEW, REUSE_KEPT };

struct network_call {
    int64_t ns[NETWORK_PHASES_N]; /* SD_UNKNOWN: not told */
    enum network_reuse reuse;     /* of the connection */
    const char *protocol;         /* "1.1", "2"; NULL */
    uint32_t beside;              /* calls by HTTP/1 of the same host at the same time, itself among them */
};
/* False: nothing is told of it. */
bool trace_network(const struct trace_tree *t, uint32_t node, struct network_call *out);
/* "new connection: DNS 2 ms, TCP 3 ms, TLS 8 ms; waiting for the answer 20 ms; HTTP/1.1: ..."; malloc'd. */
char *trace_network_text(const struct network_call *call);

#endif
