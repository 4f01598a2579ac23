/* harmless_role.c - with whose rights a statement is planned, and whether the catalog is
 * still the one that was checked. */
#include <stdlib.h>

#include "source/postgres/harmless.h"

#define PLAN_ROLE "pg_read_all_data" /* from 14 on */

static enum sd_result set_path(struct conn *c, const char *path, char **old, struct sd_error *why)
{
    PGresult *r = NULL;
    const char *args[] = {path};
    enum sd_result result = conn_query(c,
                                       OWN_TAG "SELECT pg_catalog.current_setting('search_path'), "
                                               "pg_catalog.set_config('search_path', $1, true)",
                                       1, args, false, &r, why);
    if (result == SD_OK && old)
        *old = mem_strdup(conn_text(r, 0, 0));
    PQclear(r);
    return result;
}

/* Under search_path = pg_catalog. */
static enum sd_result read_state(struct conn *c, char state[static 80], struct sd_error *why)
{
    PGresult *r = NULL;
    enum sd_result result = conn_query(c, OWN_TAG "SELECT " HARMLESS_STATE, 0, NULL, false, &r, why);
    if (result == SD_OK)
        snprintf(state, 80, "%s", conn_text(r, 0, 0));
    PQclear(r);
    return result;
}

enum sd_result harmless_state(struct conn *c, char state[static 80], struct sd_error *why)
{
    char *path = NULL;
    enum sd_result result = set_path(c, "pg_catalog", &path, why);
    if (result == SD_OK)
        result = read_state(c, state, why);
    if (result == SD_OK)
        result = set_path(c, path, NULL, why);
    free(path);
    return result;
}

enum sd_result harmless_role(struct conn *c, const char *role, struct sd_error *why)
{
    PGresult *r = NULL;
    const char *args[] = {role[0] ? role : "none"};
    enum sd_result result =
        conn_query(c, OWN_TAG "SELECT pg_catalog.set_config('role', $1, true)", 1, args, false, &r, why);
    PQclear(r);
    return result;
}

enum sd_result harmless_begin(struct harmless *h, struct sd_error *why)
{
    PGresult *r = NULL;
    const char *wanted = h->c->p->o->plan_role, *args[] = {HARMLESS_EXTENSIONS, wanted ? wanted : PLAN_ROLE};
    enum sd_result result = conn_query(h->c, HARMLESS_BEGIN, ARRAY_LEN(args), args, false, &r, why);
    if (result == SD_OK) {
        const char *rights = conn_maybe(r, 0, 2), *role = conn_maybe(r, 0, 3);
        snprintf(h->pass->state, sizeof h->pass->state, "%s", conn_text(r, 0, 0));
        if (rights) {
            snprintf(h->strict, sizeof h->strict,
                     "the role %.64s has the right %.40s, so only statements that use built-in functions and "
                     "known extensions are planned: use a monitoring role without such rights",
                     conn_text(r, 0, 1), rights);
            snprintf(h->pass->role, sizeof h->pass->role, "%s", role ? role : "");
        } else if (h->unattended) {
            snprintf(
                h->strict, sizeof h->strict,
                "automatic plans use only built-in functions and known extensions: request the plan (key x)");
        }
    }
    PQclear(r);
    return result;
}

enum sd_result harmless_end(struct harmless *h, struct sd_error *why)
{
    char now[sizeof h->pass->state];
    enum sd_result result = read_state(h->c, now, why);
    if (result == SD_OK && strcmp(now, h->pass->state) != 0)
        result = sd_fail(
            why, SD_UNSUPPORTED,
            "functions, views or tables of the database changed while the statement was checked; try again");
    /* Another role has other policies and may neither write nor lock. */
    if (h->secured || h->modifies)
        h->pass->role[0] = '\0';
    if (result == SD_OK && h->pass->role[0])
        result = harmless_role(h->c, h->pass->role, why);
    return result;
}
