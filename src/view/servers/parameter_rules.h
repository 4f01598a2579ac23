/* parameter_rules.h - parameters judged by what this server does: no rule without figures of it. */
#ifndef VIEW_SERVERS_PARAMETER_RULES_H
#define VIEW_SERVERS_PARAMETER_RULES_H

#include "view/servers/servers.h"

enum { PARAMETERS_MAX = 2000 };

/* The parameters of all servers, and the figures of the one that is judged; f NULL: not known. */
struct parameters {
    const struct record_entry *items;
    size_t n;
    const char *origin;
    const struct server_facts *f;
    const struct view_ctx *c;
};

/* What to do about the parameter, in one sentence with the figures; NULL: nothing. */
const char *parameter_advice(struct doc *d, const struct parameters *p, const struct sd_parameter *x,
                             enum severity *severity);
/* "128 MB" of 16384 and 8kB; the value itself when it has no unit. NULL gives NULL. */
const char *parameter_shown(struct doc *d, const char *value, const char *unit);
/* In bytes or ns by its unit; NAN. */
double parameter_number(const char *value, const char *unit);

#endif
