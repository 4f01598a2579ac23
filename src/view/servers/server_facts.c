/* server_facts.c - what several views read from the records of a server. */
#include "view/servers/servers.h"

#include "view/shared/common.h"

enum { SOURCES_MAX = 64 };
/* Transactions that may be open or not frozen: writes are refused 3 million before half of the ids. */
static const double REFUSED_AT = 2147483648.0 - 3e6;

size_t servers_find(const struct view_ctx *c, struct server_facts *out, size_t max)
{
    struct record_entry e[SERVERS_SHOWN];
    size_t n = model_server_records(c->model, SD_SERVER, c->span, c->now, e, MIN(max, SERVERS_SHOWN));
    for (size_t i = 0; i < n; i++)
        out[i] = (struct server_facts){.s = e[i].r,
                                       .before = e[i].before,
                                       .at = e[i].at,
                                       .seconds = common_seconds((struct span){e[i].before_at, e[i].at}),
                                       .origin = e[i].origin};
    return n;
}

double server_rate(const struct server_facts *f, int64_t now, int64_t before)
{
    return now < 0 || before < 0 || now < before ? (double)NAN : (double)(now - before) / f->seconds;
}

/* The server counts ours up to a second late: what is less than two seconds of them is not told from none. */
double server_transactions(const struct server_facts *f)
{
    double all = SERVER_RATE(f, xact_commit) + SERVER_RATE(f, xact_rollback);
    double own = SERVER_RATE(f, own_transactions);
    if (isnan(all) || isnan(own))
        return all;
    return all - own > own * MIN(1, 2 / MAX(f->seconds, 1)) ? all - own : 0;
}

static double ids_per_s(const struct server_facts *f)
{
    double rate = SERVER_RATE(f, next_xid);
    return rate > 0 ? rate : (double)NAN;
}

double server_wraparound_ns(const struct server_facts *f)
{
    double left = f->s->xid_age < 0 ? (double)NAN : MAX(REFUSED_AT - (double)f->s->xid_age, 0);
    return left / ids_per_s(f) * 1e9;
}

double server_freeze_ns(const struct server_facts *f)
{
    if (f->s->xid_age < 0 || f->s->freeze_max_age < 0)
        return (double)NAN;
    double left = (double)f->s->freeze_max_age - (double)f->s->xid_age;
    return left <= 0 ? 0 : left / ids_per_s(f) * 1e9;
}

bool server_is_gone(const struct view_ctx *c, const char *origin)
{
    struct source_info info[SOURCES_MAX];
    size_t n = model_sources(c->model, c->now, info, ARRAY_LEN(info));
    for (size_t i = 0; i < n; i++)
        if (str_eq(info[i].origin, origin))
            return info[i].status && info[i].status->state != SD_STATE_LIVE &&
                   info[i].status->state != SD_STATE_ENDED;
    return false;
}
