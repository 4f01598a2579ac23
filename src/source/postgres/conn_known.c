/* conn_known.c - which statements the server keeps prepared. */
#include "source/postgres/conn_private.h"

#include <stdlib.h>

#define KNOWN_MAX 48 /* the sampling connection has some thirty statements, half of them sent once */

struct known_statements {
    bool off; /* the server, or what stands before it, keeps none */
    int n;
    struct known all[KNOWN_MAX];
};

struct known *known_statement(struct conn *c, const char *sql)
{
    if (!c->backend || c->pooled)
        return NULL;
    if (!c->known)
        c->known = mem_alloc(sizeof *c->known);
    struct known_statements *s = c->known;
    for (int i = 0; i < s->n && !s->off; i++)
        if (strcmp(s->all[i].text, sql) == 0)
            return s->all[i].plain ? NULL : &s->all[i];
    if (s->off || s->n == KNOWN_MAX)
        return NULL;
    struct known *k = &s->all[s->n++];
    k->text = mem_strdup(sql);
    snprintf(k->name, sizeof k->name, "slowdive_%d", s->n);
    return NULL; /* the first time; many come only once */
}

bool known_forgotten(struct conn *c, struct known *k)
{
    static const char *const unkept[] = {"26000", "42P05", NULL}; /* there is none of this name, or another */
    struct known_statements *s = c->known;
    if (!s || s->off)
        return false;
    if (str_find(unkept, c->sqlstate) >= 0) {
        s->off = true;
        return true;
    }
    /* "cached plan must not change result type": an extension was updated */
    if (!k || strcmp(c->sqlstate, "0A000") != 0)
        return false;
    k->plain = true;
    return true;
}

void known_free(struct conn *c)
{
    for (int i = 0; c->known && i < c->known->n; i++)
        free(c->known->all[i].text);
    free(c->known);
    c->known = NULL;
}
