/* agent_unit.h - the systemd unit of the agent: `agent --print-unit` prints it,
 * contrib/slowdive-agent.service is what it prints without arguments for /usr/bin. */
#ifndef APP_AGENT_UNIT_H
#define APP_AGENT_UNIT_H

#include "app/app.h"

/* program: an absolute path. The sources, the policy and the address are those of the command line. */
void agent_unit(const struct cli *cli, const char *program, struct strbuf *out);

#endif
