/* agent_house.h - keeps the agent's history in shape: compacts it every hour, on a thread and with a handle
 * of its own, so that puts go on. Main thread. */
#ifndef APP_AGENT_HOUSE_H
#define APP_AGENT_HOUSE_H

#include "app/app.h"

struct agent_house;
struct agent_house *agent_house_new(struct app *a, const char *url); /* the URL lives as long */
/* Begins what is due, and says what came of what has ended. */
void agent_house_turn(struct agent_house *h);
void agent_house_free(struct agent_house *h); /* ends what runs; NULL is fine */

#endif
