/* server_columns.c - the columns, filled. */
#include "view/servers/server_columns.h"

#include "view/shared/common.h"

#define SERVER_COLUMN_ROW(key_, title_, unit_, flags_, priority_, help_, cell)                               \
    [SERVER_##key_] = {.key = #key_,                                                                         \
                       .title = title_,                                                                      \
                       .unit = unit_,                                                                        \
                       .flags = flags_,                                                                      \
                       .priority = priority_,                                                                \
                       .help = help_,                                                                        \
                       .width = SERVER_##key_ == 0 ? 12 : 0},
const struct column server_columns[SERVER_N_COLUMNS] = {SERVER_COLUMNS(SERVER_COLUMN_ROW)};

/* Of an idle server the blocks read are mostly our own. */
static double server_hits(const struct server_facts *f)
{
    double hit = SERVER_RATE(f, blks_hit), read = SERVER_RATE(f, blks_read);
    return server_transactions(f) >= 1 && hit + read > 0 ? hit / (hit + read) : (double)NAN;
}

void server_fill(struct doc *d, const struct server_facts *f, struct row *r)
{
    const struct sd_server *s = f->s;
#define SERVER_COLUMN_CELL(key, title, unit, flags, priority, help, cell) r->cells[SERVER_##key] = (cell);
    SERVER_COLUMNS(SERVER_COLUMN_CELL)
#undef SERVER_COLUMN_CELL
}
