/* mailbox.c - bounded by bytes, because batches differ in size by five orders. */
#include <stdlib.h>

#include "rt/internal.h"

struct mailbox_node {
    struct mailbox_node *next;
    const struct sd_batch *batch;
    size_t bytes;
};

void mailbox_init(struct mailbox *m, size_t limit)
{
    *m = (struct mailbox){.limit = limit};
    pthread_mutex_init(&m->lock, NULL);
    pthread_cond_init(&m->room, NULL);
}

/* Under lock. */
static const struct sd_batch *shift(struct mailbox *m)
{
    struct mailbox_node *node = m->first;
    if (!node)
        return NULL;
    const struct sd_batch *b = node->batch;
    m->first = node->next;
    if (!m->first)
        m->last = NULL;
    m->bytes -= node->bytes;
    free(node);
    return b;
}

void mailbox_destroy(struct mailbox *m)
{
    for (const struct sd_batch *b; (b = shift(m));)
        batch_unref(b);
    pthread_cond_destroy(&m->room);
    pthread_mutex_destroy(&m->lock);
}

size_t mailbox_put(struct mailbox *m, const struct sd_batch *b, bool wait_room)
{
    struct mailbox_node *node = mem_alloc(sizeof *node);
    size_t dropped = 0;
    node->batch = b;
    node->bytes = batch_bytes(b);
    pthread_mutex_lock(&m->lock);
    /* One batch always fits: otherwise a large one would never arrive. */
    while (!m->closed && m->first && m->bytes + node->bytes > m->limit) {
        if (wait_room) {
            pthread_cond_wait(&m->room, &m->lock);
        } else {
            batch_unref(shift(m));
            dropped++;
        }
    }
    if (m->closed) {
        batch_unref(b);
        free(node);
    } else {
        if (m->last)
            m->last->next = node;
        else
            m->first = node;
        m->last = node;
        m->bytes += node->bytes;
    }
    pthread_mutex_unlock(&m->lock);
    return dropped;
}

const struct sd_batch *mailbox_take(struct mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    const struct sd_batch *b = shift(m);
    if (b)
        pthread_cond_signal(&m->room);
    pthread_mutex_unlock(&m->lock);
    return b;
}

bool mailbox_fits(struct mailbox *m, const struct sd_batch *b)
{
    pthread_mutex_lock(&m->lock);
    bool fits = m->closed || !m->first || m->bytes + batch_bytes(b) <= m->limit;
    pthread_mutex_unlock(&m->lock);
    return fits;
}

bool mailbox_is_empty(struct mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    bool empty = !m->first;
    pthread_mutex_unlock(&m->lock);
    return empty;
}

void mailbox_close(struct mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    m->closed = true;
    pthread_cond_broadcast(&m->room);
    pthread_mutex_unlock(&m->lock);
}
