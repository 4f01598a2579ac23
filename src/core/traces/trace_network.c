/* trace_network.c - phases by names: of events, of spans, of attributes. */
#include "core/traces/trace_network.h"

#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "base/units.h"
#include "core/traces/trace_calls.h"

/* ---- events: moments, of which pairs are phases ---- */

static sd_time moment(const struct trace_tree *t, const struct trace_span *s, const char *name)
{
    for (uint32_t i = 0; i < s->n_events; i++) {
        const struct trace_event *e = &t->trace->events[s->first_event + i];
        if (e->text && strcasecmp(e->text, name) == 0)
            return e->at;
    }
    return SD_UNKNOWN;
}

static void phase_between(struct network_call *c, enum network_phase p, sd_time from, sd_time to)
{
    int64_t ns;
    if (sd_known(from) && sd_known(to) && to >= from && !__builtin_sub_overflow(to, from, &ns))
        c->ns[p] = ns;
}

static void by_events(const struct trace_tree *t, const struct trace_span *s, struct network_call *c)
{
    sd_time connect = moment(t, s, "connectStart"), connected = moment(t, s, "connectEnd");
    sd_time secure = moment(t, s, "secureConnectionStart"), request = moment(t, s, "requestStart");
    sd_time answer = moment(t, s, "responseStart");
    bool tls = sd_known(secure) && sd_known(connect) && secure >= connect && secure <= connected;
    phase_between(c, PHASE_DNS, moment(t, s, "domainLookupStart"), moment(t, s, "domainLookupEnd"));
    phase_between(c, PHASE_TCP, connect, tls ? secure : connected);
    if (tls)
        phase_between(c, PHASE_TLS, secure, connected);
    phase_between(c, PHASE_WAIT, request, answer);
    phase_between(c, PHASE_RECEIVE, answer, moment(t, s, "responseEnd"));
    /* A browser gives both the same moment when there was nothing to do. */
    if (sd_known(connect) && sd_known(connected))
        c->reuse = connect == connected ? REUSE_KEPT : REUSE_NEW;
}

/* ---- spans below it ---- */

static const struct {
    const char *name;
    enum network_phase phase;
} SPANS[] = {
    {"dns.lookup", PHASE_DNS},       {"dns", PHASE_DNS},          {"http.dns", PHASE_DNS},
    {"tcp.connect", PHASE_TCP},      {"http.connect", PHASE_TCP}, {"connect", PHASE_TCP},
    {"tls.connect", PHASE_TLS},      {"http.tls", PHASE_TLS},     {"tls.handshake", PHASE_TLS},
    {"http.receive", PHASE_RECEIVE},
};

static void by_span(struct network_call *c, const struct trace_span *s)
{
    for (size_t i = 0; i < ARRAY_LEN(SPANS); i++)
        if (strcasecmp(s->name, SPANS[i].name) == 0 && sd_known(s->duration)) {
            c->ns[SPANS[i].phase] = add_known(c->ns[SPANS[i].phase], s->duration);
            if (SPANS[i].phase == PHASE_TCP || SPANS[i].phase == PHASE_TLS)
                c->reuse = REUSE_NEW;
        }
}

/* ---- attributes ---- */

static const char *protocol_of(const struct trace_tree *t, const struct trace_span *s)
{
    static const char *const NAMES[] = {"network.protocol.version", "http.flavor", "net.protocol.version",
                                        NULL};
    return span_attribute(t->trace, s, NAMES);
}

static void by_attributes(const struct trace_tree *t, const struct trace_span *s, struct network_call *c)
{
    static const char *const REUSED[] = {"http.conn.reused", "http.connection.reused",
                                         "network.connection.reused", NULL};
    const char *reused = span_attribute(t->trace, s, REUSED);
    if (reused)
        c->reuse = strcasecmp(reused, "true") == 0 || strcmp(reused, "1") == 0 ? REUSE_KEPT : REUSE_NEW;
}

/* How many calls of the same host by the same HTTP/1 run when it begins, among its brothers. */
static uint32_t calls_beside(const struct trace_tree *t, uint32_t node)
{
    const struct trace_span *own = node_span(t, node);
    const char *host = node_callee(t, node);
    uint32_t n = 1, up = t->nodes[node].parent;
    if (up == TREE_NONE || !host)
        return n;
    for (uint32_t i = node_first_child(t, up); i != TREE_NONE; i = node_next(t, i)) {
        const struct trace_span *s = node_span(t, i);
        const char *other = i != node && node_calls_service(t, i) ? node_callee(t, i) : NULL;
        if (other && strcmp(other, host) == 0 && s->start <= own->start &&
            add_sat(s->start, MAX(s->duration, 0)) > own->start)
            n++;
    }
    return n;
}

bool trace_network(const struct trace_tree *t, uint32_t node, struct network_call *out)
{
    const struct trace_span *s = node_span(t, node);
    *out = (struct network_call){.protocol = protocol_of(t, s)};
    for (size_t i = 0; i < NETWORK_PHASES_N; i++)
        out->ns[i] = SD_UNKNOWN;
    if (s->kind != SPAN_CLIENT)
        return false;
    by_events(t, s, out);
    for (uint32_t i = node_first_child(t, node); i != TREE_NONE; i = node_next(t, i)) {
        by_span(out, node_span(t, i));
        for (uint32_t k = node_first_child(t, i); k != TREE_NONE; k = node_next(t, k))
            by_span(out, node_span(t, k)); /* http.getconn has them below it */
    }
    by_attributes(t, s, out);
    bool told = out->protocol || out->reuse != REUSE_UNSAID;
    for (size_t i = 0; i < NETWORK_PHASES_N; i++)
        told |= sd_known(out->ns[i]);
    if (out->protocol && out->protocol[0] == '1')
        out->beside = calls_beside(t, node);
    return told;
}

char *trace_network_text(const struct network_call *call)
{
    static const char *const TITLES[NETWORK_PHASES_N] = {
#define NETWORK_PHASE_TITLE(NAME, name, title) [PHASE_##NAME] = title,
        NETWORK_PHASES(NETWORK_PHASE_TITLE)};
    static const char *const REUSE[] = {[REUSE_NEW] = "a new connection", [REUSE_KEPT] = "a kept connection"};
    struct strbuf out = {0};
    if (call->reuse)
        strbuf_str(&out, REUSE[call->reuse]);
    for (size_t i = 0; i < NETWORK_PHASES_N; i++) {
        char ns[UNIT_TEXT_MAX];
        if (sd_known(call->ns[i]))
            strbuf_printf(&out, "%s%s %s", out.len ? ", " : "", TITLES[i],
                          unit_format_int(UNIT_NS, call->ns[i], ns));
    }
    if (call->protocol)
        strbuf_printf(&out, "%sHTTP/%.8s", out.len ? ", " : "", call->protocol);
    if (call->beside > HTTP1_CONNECTIONS)
        strbuf_printf(&out,
                      ": %u calls of this host at the same time, and a browser has %d connections to one",
                      (unsigned)call->beside, HTTP1_CONNECTIONS);
    strbuf_add(&out, "", 0); /* a text, even of nothing */
    return strbuf_detach(&out);
}
