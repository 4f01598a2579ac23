/* harmless.h - what the files of the check share; the check itself is in internal.h.
 *
 *   harmless.c       what a statement names and what that consists of: of whose making is it?
 *   harmless_sql.c   the queries for that
 *   harmless_body.c  the bodies of user-defined functions
 *   harmless_role.c  what the role may do, giving that away, whether the catalog changed */
#ifndef SOURCE_POSTGRES_HARMLESS_H
#define SOURCE_POSTGRES_HARMLESS_H

#include "core/sql/statement.h"
#include "source/postgres/internal.h"

struct harmless_function {
    int64_t oid;
    bool always; /* run whatever its volatility: by an operator, a domain, another function */
};

/* One check. Its queries run under search_path = pg_catalog. */
struct harmless {
    struct conn *c;
    /* For EXPLAIN: functions are collected instead of refused, since most of them do not run; the bodies of
     * the others are checked. */
    bool plan;
    bool unattended;  /* an automatic plan, not requested by a user */
    char strict[300]; /* with `plan`, nothing of the user's own may run at all: why, a part of a sentence; ""
                       */
    bool inner;       /* names are those of a function's body: what has them is called, VOLATILE or not */
    bool modifies;    /* the statement writes, so that defaults, rules and casts of it are planned */
    bool secured; /* a relation has row security, or the statement locks rows: only this role can plan it */
    bool nothing; /* there is nothing of the user's own that planning could run */
    bool strange; /* a base type of an unknown extension is used */
    const char *unread;                  /* the statement, where slowdive's parser does not read it; NULL */
    struct harmless_function *functions; /* each once */
    size_t n, cap;
    struct harmless_pass *pass; /* with `plan` */
};

void harmless_add(struct harmless *h, int64_t oid, bool always);
/* The functions, operators, types, attributes that are named, in the schemas of `path` (an
 * array literal); then what the relations and types consist of. `text` (NULL: none) is a function's
 * definition: every operator whose name it contains counts. */
enum sd_result harmless_names(struct harmless *h, const char *path, const struct sql_uses *u,
                              const char *text, struct sd_error *why);
enum sd_result harmless_parts(struct harmless *h, const char *path, const struct sql_uses *u,
                              struct sd_error *why);
/* Of the VOLATILE functions that change nothing? */
bool harmless_volatile(const char *name);

/* ---- harmless_sql.c; all of them under search_path = pg_catalog ---- */
extern const char HARMLESS_EXTENSIONS[]; /* their $1 */
extern const char HARMLESS_NAMES[], HARMLESS_CLOSURE[], HARMLESS_BODIES[], HARMLESS_BEGIN[];

/* ---- harmless_body.c ---- */
/* Pure: reads a function's definition for names, into *u (which the caller frees). NULL, or
 * the word that stands against it (caller frees). */
char *harmless_read(const char *definition, struct sql_uses *u);
/* The names behind a point in a body, and in its constants, which may be executed: each may be a
 * call of that function for a value of any type. False: they cannot all be told. `depth`: 0. */
bool harmless_points(const char *body, struct sql_uses *u, int depth);
/* Instead of harmless_names and _parts, for a statement that is read as text. */
enum sd_result harmless_unread(struct harmless *h, const char *path, const char *sql, struct sd_error *why);
/* May the planner run the functions collected, and what they call in turn? */
enum sd_result harmless_bodies(struct harmless *h, const char *path, struct sd_error *why);

/* ---- harmless_role.c ---- */
/* Before a check for EXPLAIN: sets h->strict, reads the state of the catalog. */
enum sd_result harmless_begin(struct harmless *h, struct sd_error *why);
/* After it: refuses when the catalog has changed; gives the rights away. */
enum sd_result harmless_end(struct harmless *h, struct sd_error *why);
/* An SQL expression: such a right of the role whose oid or name is `role`; NULL when there is none. */
#define HARMLESS_RIGHTS_OF(role)                                                                             \
    "(SELECT CASE WHEN x.rolsuper THEN 'SUPERUSER' WHEN x.rolname ~ '^pg_' THEN x.rolname::text "            \
    "WHEN x.rolcreaterole THEN 'CREATEROLE' ELSE 'REPLICATION' END FROM pg_roles x WHERE (x.rolsuper OR "    \
    "x.rolcreaterole OR x.rolreplication OR x.rolname IN ('pg_execute_server_program', "                     \
    "'pg_write_server_files', 'pg_read_server_files', 'pg_signal_backend', 'pg_checkpoint', 'pg_maintain', " \
    "'pg_create_subscription', 'pg_signal_autovacuum_worker')) AND pg_has_role(" role ", x.oid, 'MEMBER') "  \
    "ORDER BY x.rolsuper DESC, x.rolname LIMIT 1)"

/* Of every row that says what runs: its identity and its version, in numbers. Temporary tables
 * come and go, and nobody else's can be named. */
#define STATE_OF(table, condition)                                                                           \
    "(SELECT concat(count(*), '.', coalesce(sum(hashint8(xmin::text::int8 # (oid::int8 << 31))::int8), 0)) " \
    "FROM " table " WHERE oid >= 16384 AND " condition ")"
#define HARMLESS_STATE                                                                                                                                                                                                                                   \
    "hashtextextended(concat_ws(' ', " STATE_OF("pg_proc", "true") ", " STATE_OF(                                                                                                                                                                        \
        "pg_operator",                                                                                                                                                                                                                                   \
        "true") ", " STATE_OF("pg_cast",                                                                                                                                                                                                                 \
                              "true") ", " STATE_OF("pg_rewrite",                                                                                                                                                                                        \
                                                    "true") ", " STATE_OF("pg_policy",                                                                                                                                                                   \
                                                                          "true") ", " STATE_OF("pg_"                                                                                                                                                    \
                                                                                                "constrain"                                                                                                                                              \
                                                                                                "t",                                                                                                                                                     \
                                                                                                "contypid "                                                                                                                                              \
                                                                                                "<> 0") ","                                                                                                                                              \
                                                                                                        " " STATE_OF("pg_type", "typtype IN ('d', 'r')") ", " STATE_OF("pg_class", "relpersistence <> 't' AND relkind NOT IN ('t', 'S')") ", " STATE_OF( \
                                                                                                            "pg_statistic_ext",                                                                                                                          \
                                                                                                            "true") ", " STATE_OF("pg_attrdef",                                                                                                          \
                                                                                                                                  "true") "), 0)::text"

#endif
