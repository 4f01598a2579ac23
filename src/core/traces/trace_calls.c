#include "core/traces/trace_calls.h"

#include <string.h>

#include "base/num.h"

uint32_t node_first_child(const struct trace_tree *t, uint32_t node)
{
    return t->nodes[node].n_below ? node + 1 : TREE_NONE;
}

uint32_t node_next(const struct trace_tree *t, uint32_t node)
{
    uint32_t up = t->nodes[node].parent, next = node + t->nodes[node].n_below + 1;
    uint32_t end = up == TREE_NONE ? t->n : up + t->nodes[up].n_below + 1;
    return next < end ? next : TREE_NONE;
}

/* How many spans are looked through for an answer: it is near, or a branch of thousands hides it. */
enum { ANSWER_LOOK = 64 };

uint32_t node_answer(const struct trace_tree *t, uint32_t node)
{
    uint32_t end = node + t->nodes[node].n_below, looked = 0;
    for (uint32_t i = node + 1; i <= end && looked < ANSWER_LOOK; looked++) {
        uint8_t kind = node_span(t, i)->kind;
        if (kind == SPAN_SERVER || kind == SPAN_CONSUMER)
            return i;
        i += kind == SPAN_CLIENT ? t->nodes[i].n_below + 1 : 1; /* another call's answer */
    }
    return TREE_NONE;
}

const char *node_callee(const struct trace_tree *t, uint32_t node)
{
    static const char *const NAMES[] = {
        "peer.service", "server.address",       "net.peer.name", "rpc.service",      "http.host",
        "net.peer.ip",  "network.peer.address", "peer.hostname", "messaging.system", NULL};
    uint32_t answer = node_answer(t, node);
    if (answer != TREE_NONE)
        return node_span(t, answer)->service;
    return span_attribute(t->trace, node_span(t, node), NAMES);
}

bool node_calls_service(const struct trace_tree *t, uint32_t node)
{
    const struct trace_span *s = node_span(t, node);
    return s->kind == SPAN_CLIENT && !span_db_system(t->trace, s);
}

bool node_waits(const struct trace_tree *t, uint32_t node)
{
    static const char *const WORDS[] = {"pool.connect",  "pool.acquire",  "pool.get",
                                        "pool.checkout", "getconnection", "acquire connection",
                                        "queue.wait",    "queued",        NULL};
    const struct trace_span *s = node_span(t, node);
    for (size_t i = 0; !s->statement && WORDS[i]; i++)
        if (strcasestr(s->name, WORDS[i]))
            return true;
    return false;
}

struct beside_path beside_path(const struct trace_tree *t, uint32_t parent)
{
    return (struct beside_path){.parent = parent, .next = node_first_child(t, parent), .last = TREE_NONE};
}

static sd_time end_of(const struct trace_span *s)
{
    return trace_whole_us(add_sat(s->start, s->duration > 0 ? s->duration : 0));
}

/* Its parent does not wait for what only follows it, nor a sender for who takes the message. */
static bool is_waited_for(const struct trace_span *parent, const struct trace_span *child)
{
    return !child->follows && !(parent->kind == SPAN_PRODUCER && child->kind == SPAN_CONSUMER);
}

uint32_t child_beside_path(const struct trace_tree *t, struct beside_path *b, sd_time from, sd_time to,
                           sd_time *until)
{
    *until = to;
    for (; b->next != TREE_NONE; b->next = node_next(t, b->next)) {
        const struct trace_span *s = node_span(t, b->next);
        if (!is_waited_for(node_span(t, b->parent), s))
            continue;
        sd_time start = trace_whole_us(s->start);
        if (start > from) {
            *until = MIN(start, to);
            break;
        }
        if (b->last == TREE_NONE || end_of(s) > end_of(node_span(t, b->last)))
            b->last = b->next;
    }
    if (b->last == TREE_NONE || end_of(node_span(t, b->last)) <= from)
        return TREE_NONE;
    *until = MIN(end_of(node_span(t, b->last)), to);
    return b->last;
}
