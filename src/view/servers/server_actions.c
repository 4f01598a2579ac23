/* server_actions.c - the way to the server's views. */
#include "view/action.h"
#include "view/servers/servers.h"

static void run_open(const struct action_ctx *c, struct outcome *out)
{
    (void)c;
    out->view = "server";
}

static const struct view_action OPEN_SERVER = {
    .name = "open-server",
    .keys = "S",
    .group = "Opening and going back",
    .help = "show the database server as a whole; beside it replication, progress, parameters",
    .run = run_open,
};

const struct view_action *const server_actions[] = {&OPEN_SERVER, NULL};
