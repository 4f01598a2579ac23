/* doctor_history.c - may the history that the policy names be recorded into? An engine is asked on a thread,
 * as sources are; a file's rights the system tells (doctor_here.c). */
#include "app/doctor.h"

#include <stdlib.h>

#include "source/shared/examine.h"
#include "store/store.h"

static bool stops(void *ctx)
{
    struct sd_source *s = ctx;
    return s->host->should_stop(s);
}

static void examine(struct sd_source *s, sd_check_tell *tell, void *ctx)
{
    const struct examine e = {tell, ctx};
    const struct store_options o = {.stop = stops, .stop_ctx = s};
    enum store_right right = STORE_READS;
    struct sd_error err = {""};
    enum sd_result r = store_right(s->target, &o, &right, &err);
    if (s->host->should_stop(s))
        return;
    if (!examine_answer(&e, "engine", r, "it answers", &err,
                        "start it, or correct host, user and password in the policy: the password is in "
                        "CLICKHOUSE_PASSWORD"))
        return;
    char *make = mem_printf("slowdive history %s --print-schema | clickhouse-client -mn", s->name);
    if (right == STORE_READS)
        examine_tell(&e, "history", SD_CHECK_MISSING,
                     "GRANT INSERT to the user, or, in version 18.16, a profile without readonly; see "
                     "slowdive-history(7)",
                     "the user may not record into it");
    else if (right == STORE_NOT_MADE)
        examine_tell(&e, "history", SD_CHECK_LESS, make,
                     "its tables are not made yet: the first who records makes them, if he may");
    else
        examine_tell(&e, "history", SD_CHECK_OK, NULL, "the user may record into it");
    free(make);
}

const struct sd_source_ops DOCTOR_HISTORY = {
    .abi = SD_ABI, .size = sizeof(struct sd_source_ops), .name = "policy", .examine = examine};
