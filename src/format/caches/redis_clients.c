#include "format/caches/redis_clients.h"

#include <stdlib.h>

#include "base/num.h"

enum { IDLE_S = 60, CLIENT_LINE_BYTES = 2048 };

/* The value of NAME=VALUE among others, up to a blank. */
static bool value(const char *line, const char *name, char *to, size_t size)
{
    size_t n = strlen(name);
    for (const char *p = line; *p; p += strcspn(p, " ") + (p[strcspn(p, " ")] == ' '))
        if (!strncmp(p, name, n) && p[n] == '=') {
            snprintf(to, size, "%.*s", (int)MIN(strcspn(p + n + 1, " "), size - 1), p + n + 1);
            return true;
        }
    return false;
}

static int64_t number(const char *line, const char *name)
{
    char text[32];
    size_t n = value(line, name, text, sizeof text) ? strspn(text, "0123456789") : 0;
    if (!n || text[n])
        return 0;
    return n > 18 ? NUM_MAX : strtoll(text, NULL, 10);
}

/* Names beyond the last place count as having none. */
static void count_name(struct redis_clients *c, const char *name)
{
    for (size_t i = 0; i < c->n_names; i++)
        if (!strcmp(c->names[i].name, name)) {
            c->names[i].count++;
            return;
        }
    if (c->n_names == REDIS_CLIENT_NAMES) {
        if (*name)
            count_name(c, "");
        return;
    }
    snprintf(c->names[c->n_names].name, sizeof c->names->name, "%s", name);
    c->names[c->n_names++].count = 1;
}

static void one_client(struct redis_clients *c, const char *line)
{
    char address[80] = "", name[64] = "", flags[32] = "";
    if (!value(line, "addr", address, sizeof address))
        return;
    value(line, "name", name, sizeof name);
    value(line, "flags", flags, sizeof flags);
    if (!strcmp(name, "slowdive"))
        return; /* ourselves */
    int64_t waiting = number(line, "omem");
    c->count++;
    c->idle += number(line, "idle") >= IDLE_S && !strpbrk(flags, "SMPO");
    c->waiting_bytes = add_sat(c->waiting_bytes, waiting);
    if (waiting > c->most_bytes) {
        c->most_bytes = waiting;
        snprintf(c->most, sizeof c->most, *name ? "%.60s (%.60s)" : "%.60s", address, name);
    }
    count_name(c, name);
}

void redis_clients_read(const char *text, size_t len, struct redis_clients *out)
{
    char line[CLIENT_LINE_BYTES];
    *out = (struct redis_clients){.n_names = 1}; /* without a name: the first */
    for (const char *p = text, *end = text + len; p < end;) {
        const char *eol = memchr(p, '\n', (size_t)(end - p));
        size_t n = (size_t)((eol ? eol : end) - p);
        if (n < sizeof line && !memchr(p, 0, n)) {
            memcpy(line, p, n);
            line[n] = 0;
            one_client(out, line);
        }
        p = eol ? eol + 1 : end;
    }
}
