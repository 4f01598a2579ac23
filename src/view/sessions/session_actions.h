/* session_actions.h - what can be done about a session: cancel, terminate. */
#ifndef VIEW_SESSIONS_SESSION_ACTIONS_H
#define VIEW_SESSIONS_SESSION_ACTIONS_H

#include "view/action.h"

extern const struct view_action *const session_actions[];

/* The session of the selected row as it was last seen; false: there is none, or it was not
 * seen lately. */
bool session_selected(const struct action_ctx *c, struct session_sample *out);
/* A session that runs the query right now, with its values; false: none is seen to. */
bool session_running(const struct model *m, const struct query *q, struct session_sample *out);

#endif
