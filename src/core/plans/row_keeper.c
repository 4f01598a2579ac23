#include "core/plans/row_keeper.h"

#include <strings.h>

#define SLOT_WORDS    "replication slot "
#define STANDBY_WORDS "a query of standby "

static bool of_any_database(const struct sd_activity *a)
{
    return str_eq(a->backend_type, "replication slot") || str_eq(a->backend_type, "standby");
}

static bool is_prepared(const struct sd_activity *a)
{
    return str_eq(a->backend_type, "prepared transaction");
}

static bool keeps_none(const struct sd_activity *a)
{
    return a->phase || str_eq(a->backend_type, "autovacuum worker") ||
           str_eq(a->backend_type, "parallel worker") || str_eq(a->backend_type, "walsender") ||
           (a->query && strncasecmp(a->query, "vacuum", 6) == 0);
}

bool row_keeper_possible(const struct sd_activity *a, const char *database, sd_time now)
{
    if (!(a->xmin_age > 0) || keeps_none(a))
        return false;
    if (of_any_database(a))
        return true;
    bool here = !database || str_eq(a->database, database);
    return here && (is_prepared(a) || (a->pid > 0 && sd_known(a->xact_start) && a->xact_start > 0 &&
                                       now - a->xact_start >= SD_S));
}

void row_keeper_words(const struct sd_activity *a, struct strbuf *out)
{
    const char *name = a->application && a->application[0] ? a->application : NULL;
    if (str_eq(a->backend_type, "replication slot"))
        strbuf_printf(out, SLOT_WORDS "%s (%s)", name ? name : "?", a->state ? a->state : "not in use");
    else if (str_eq(a->backend_type, "standby"))
        strbuf_printf(out, STANDBY_WORDS "%s (hot_standby_feedback)", name ? name : "?");
    else if (is_prepared(a))
        strbuf_printf(out, "prepared transaction '%s' (role %s)", name ? name : "?", a->role ? a->role : "?");
    else
        strbuf_printf(out, "the transaction of pid %lld (role %s%s%s), %s", (long long)a->pid,
                      a->role ? a->role : "?", name ? ", application " : "", name ? name : "",
                      a->state ? a->state : "running");
}

const char *row_keeper_cure(const char *who)
{
    if (str_starts(who, SLOT_WORDS))
        return "start its consumer, or drop the slot";
    if (str_starts(who, STANDBY_WORDS))
        return "end the query there";
    return str_starts(who, "prepared") ? "COMMIT PREPARED or ROLLBACK PREPARED it first" : "end it first";
}
