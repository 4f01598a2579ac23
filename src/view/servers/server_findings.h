/* server_findings.h - what of a server needs a look: for its view and for the overview. */
#ifndef VIEW_SERVERS_SERVER_FINDINGS_H
#define VIEW_SERVERS_SERVER_FINDINGS_H

#include "view/servers/servers.h"

void server_worst(const struct view_ctx *c, struct worst_list *l);
/* The same as a section, when there are any; above all else. */
void findings_section(struct doc *d, const struct view_ctx *c);
enum severity findings_gravest(const struct view_ctx *c, const struct server_facts *f);

/* A list of findings as a section "findings", when there are any. */
void findings_table(struct doc *d, const struct worst_list *l);

#endif
