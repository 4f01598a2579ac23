/* history.h - what the verbs that write a history share: how it is opened, where puts and places wait. */
#ifndef APP_HISTORY_H
#define APP_HISTORY_H

#include "app/commands.h"
#include "store/recorder.h"

/* As the policy says under `history:`. Texts are the policy's. */
struct store_options history_options(const struct app *a);
bool history_is_remote(const char *url);       /* does what is recorded leave this machine? */
bool history_is_engine(const char *url);       /* no file */
char *this_host(void);                         /* this machine's name. Caller frees */
char *history_shown(const char *url);          /* without a password. Caller frees */
const char *history_host(const struct app *a); /* of --host; NULL: this machine's name */

/* The folder of states: DIR, else $XDG_STATE_HOME/slowdive, else ~/.local/state/slowdive; made with what is
 * above it. NULL and a sentence. Caller frees. */
char *state_folder(const char *dir, struct sd_error *err);

/* Records into the history from now on. `state`: a folder as above, NULL: the usual. `waits`: as in
 * history_recorder_options. NULL and a sentence. */
struct history_recorder *history_record(struct app *a, const char *url, const char *state, bool waits,
                                        int64_t wait_ns, struct sd_error *err);
/* Logs are read on from where the history has what was read of them: a->places is set, before sources are
 * added. */
bool history_places(struct app *a, const char *url, const char *state, struct sd_error *err);

extern const struct cli_command HISTORY_COMMAND, AGENT_COMMAND;

#endif
