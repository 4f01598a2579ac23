/* gate.c - which statements may be given to EXPLAIN, and which to EXPLAIN ANALYZE.
 *
 * Plain EXPLAIN does not execute its statement, but the planner runs IMMUTABLE and
 * STABLE functions whose arguments are constant, so a call that reads files or
 * talks to another server escapes any rollback. Such built-in functions are
 * refused by name, wherever they stand. A user-defined function with a wrong volatility cannot be seen here,
 * but by the server: source/postgres/harmless.c.
 *
 * SELECT ... FOR UPDATE is allowed: planning it locks no row, and the read-only
 * transaction would refuse to execute it. */
#include "core/sql/statement.h"

#include <cjson/cJSON.h>
#include <pg_query.h>

#include "core/sql/lex.h"
#include "core/sql/uses.h"

/* Names refused; one that ends in * is a prefix. Lower case, as the parser folds. */
static const char *const DENIED[] = {
    /* other servers */
    "dblink*",
    "postgres_fdw_*",
    "http",
    "http_*",
    /* run a query given as text, or dump whole schemas */
    "query_to_xml*",
    "table_to_xml*",
    "cursor_to_xml*",
    "schema_to_xml*",
    "database_to_xml*",
    "crosstab*",
    "ts_stat",
    "ts_rewrite",
    "connectby",
    /* files of the server */
    "pg_read_file*",
    "pg_read_binary_file*",
    "pg_ls_*",
    "pg_stat_file*",
    "pg_file_*",
    "pg_logdir_ls",
    "pg_hba_file_rules",
    "pg_ident_file_mappings",
    "pg_current_logfile",
    "pg_show_all_file_settings",
    "lo_*",
    "lowrite",
    "loread",
    /* other sessions and the server itself */
    "pg_terminate_backend",
    "pg_cancel_backend",
    "pg_reload_conf",
    "pg_rotate_logfile*",
    "pg_promote",
    "pg_advisory_*",
    "pg_try_advisory_*",
    "pg_notify",
    "pg_switch_wal",
    "pg_create_restore_point",
    "pg_logical_*",
    "pg_replication_*",
    "pg_create_physical_replication_slot",
    "pg_create_logical_replication_slot",
    "pg_drop_replication_slot",
    "pg_backup_*",
    "pg_start_backup",
    "pg_stop_backup",
    "pg_stat_reset*",
    "pg_stat_statements_reset",
    "pg_import_system_collations",
    "pg_log_backend_memory_contexts",
    "pg_log_standby_snapshot",
    "pg_wal_replay_*",
    "pg_export_snapshot",
    "pg_extension_config_dump",
    "pg_prewarm",
    "autoprewarm_*",
    "pg_sleep*",
    "txid_current",
    "pg_current_xact_id",
    "pg_copy_*",
    "pg_nextoid",
    "pg_stop_making_pinned_objects",
    "binary_upgrade_*",
    "brin_desummarize_range",
    "brin_summarize_*",
    "gin_clean_pending_list",
    "pg_clear_*",
    "pg_restore_*",
    "pg_sync_replication_slots",
    "set_config",
    "setval",
    /* of extensions: files, other servers, SQL given as text, storage */
    "xpath_table",
    "xslt_process",
    "heap_force_*",
    "pg_truncate_visibility_map",
};

bool sql_function_denied(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(DENIED); i++) {
        size_t n = strlen(DENIED[i]);
        if (DENIED[i][n - 1] == '*' ? strncmp(name, DENIED[i], n - 1) == 0 : strcmp(name, DENIED[i]) == 0)
            return true;
    }
    return false;
}

/* The last name of a list of String nodes, such as a function's; NULL. */
static const char *last_name(const cJSON *list)
{
    int n = cJSON_GetArraySize(list);
    const cJSON *string =
        n > 0 ? cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(list, n - 1), "String") : NULL;
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(string, "sval"));
}

static const struct {
    const char *node, *sentence;
} REFUSED[] = {
    {.node = "intoClause", .sentence = "SELECT INTO would create a table; explain the SELECT without INTO"},
    {.node = "InsertStmt",
     .sentence = "a data-modifying statement inside WITH is never explained; explain its parts alone"},
    {.node = "UpdateStmt",
     .sentence = "a data-modifying statement inside WITH is never explained; explain its parts alone"},
    {.node = "DeleteStmt",
     .sentence = "a data-modifying statement inside WITH is never explained; explain its parts alone"},
    {.node = "MergeStmt",
     .sentence = "a data-modifying statement inside WITH is never explained; explain its parts alone"},
    {.node = "CreateTableAsStmt", .sentence = "CREATE TABLE AS is not explained; explain its SELECT alone"},
};

/* cJSON refuses more than 1000 levels, so the recursion is bounded. */
static bool walk(const cJSON *node, struct sd_error *why)
{
    for (const cJSON *c = node->child; c; c = c->next) {
        if (c->string) {
            for (size_t i = 0; i < ARRAY_LEN(REFUSED); i++)
                if (strcmp(c->string, REFUSED[i].node) == 0)
                    return fail(why, "%s", REFUSED[i].sentence);
            /* row.function is a function call, too */
            bool names = strcmp(c->string, "funcname") == 0 || strcmp(c->string, "indirection") == 0 ||
                         (strcmp(c->string, "fields") == 0 && cJSON_GetArraySize(c) > 1);
            const char *name = names ? last_name(c) : NULL;
            if (name && sql_function_denied(name))
                return fail(why,
                            "the statement calls %.64s, which may change something even when the statement "
                            "is only planned",
                            name);
        }
        if (!walk(c, why))
            return false;
    }
    return true;
}

static const char *const ALLOWED[] = {"SelectStmt", "InsertStmt", "UpdateStmt",
                                      "DeleteStmt", "MergeStmt",  NULL};

/* Statement nodes in words a user knows. */
static const struct {
    const char *node, *words;
} UTILITY[] = {
    {.node = "ExplainStmt", .words = "the text is an EXPLAIN already; give the statement alone"},
    {.node = "CreateTableAsStmt", .words = "CREATE TABLE AS is not explained; explain its SELECT alone"},
    {.node = "ExecuteStmt",
     .words = "EXECUTE hides its statement; explain the prepared statement's own text"},
    {.node = "DeclareCursorStmt", .words = "DECLARE CURSOR is not explained; explain its SELECT alone"},
    {.node = "CopyStmt", .words = "COPY has no plan; explain its SELECT alone"},
    {.node = "TransactionStmt", .words = "BEGIN, COMMIT and the like have no plan"},
};

static bool gate(const cJSON *tree, struct sd_error *why)
{
    const cJSON *stmts = cJSON_GetObjectItemCaseSensitive(tree, "stmts");
    int n = cJSON_GetArraySize(stmts);
    if (n == 0)
        return fail(why, "the text contains no statement");
    if (n > 1)
        return fail(why, "the text holds %d statements; only one is explained at a time", n);
    const cJSON *stmt = cJSON_GetObjectItemCaseSensitive(stmts->child, "stmt");
    const cJSON *node = stmt ? stmt->child : NULL;
    if (!node || !node->string)
        return fail(why, "the kind of the statement is not known");
    for (size_t i = 0; i < ARRAY_LEN(UTILITY); i++)
        if (strcmp(node->string, UTILITY[i].node) == 0)
            return fail(why, "%s", UTILITY[i].words);
    if (str_find(ALLOWED, node->string) < 0)
        return fail(
            why,
            "only SELECT, VALUES, INSERT, UPDATE, DELETE and MERGE have a plan, not a utility statement");
    return walk(node, why);
}

/* What planning may meet and executing may not. */
static const struct {
    const char *node, *sentence;
} NOT_EXECUTED[] = {
    {.node = "lockingClause",
     .sentence = "FOR UPDATE and FOR SHARE lock rows; EXPLAIN ANALYZE only runs statements that lock none"},
    {.node = "ParamRef",
     .sentence = "the statement has parameters such as $1, and it cannot be executed without their values; "
                 "replace them with values"},
    {.node = "CurrentOfExpr", .sentence = "WHERE CURRENT OF needs a cursor"},
};

/* cJSON refuses more than 1000 levels, so the recursion is bounded. */
static bool walk_executed(const cJSON *node, struct sd_error *why)
{
    for (const cJSON *c = node->child; c; c = c->next) {
        for (size_t i = 0; c->string && i < ARRAY_LEN(NOT_EXECUTED); i++)
            if (strcmp(c->string, NOT_EXECUTED[i].node) == 0)
                return fail(why, "%s", NOT_EXECUTED[i].sentence);
        if (!walk_executed(c, why))
            return false;
    }
    return true;
}

static bool gate_executed(const cJSON *tree, struct sd_error *why)
{
    if (!gate(tree, why))
        return false;
    const cJSON *stmts = cJSON_GetObjectItemCaseSensitive(tree, "stmts");
    const cJSON *node = cJSON_GetObjectItemCaseSensitive(stmts->child, "stmt")->child;
    if (strcmp(node->string, "SelectStmt") != 0)
        return fail(why,
                    "EXPLAIN ANALYZE executes its statement, and %.6s changes data; only SELECT and VALUES "
                    "are executed",
                    strcmp(node->string, "InsertStmt") == 0   ? "INSERT"
                    : strcmp(node->string, "UpdateStmt") == 0 ? "UPDATE"
                    : strcmp(node->string, "DeleteStmt") == 0 ? "DELETE"
                                                              : "MERGE");
    return walk_executed(node, why);
}

static bool check(const char *sql, bool executed, struct sql_uses *uses, struct sd_error *why)
{
    if (!sql || !*sql)
        return fail(why, "the text contains no statement");
    if (strnlen(sql, SQL_MAX_BYTES + 1) > SQL_MAX_BYTES)
        return fail(why, "the statement is longer than 1 MiB");
    if (!sql_bounded(sql))
        return fail(why, "the statement has more than %d tokens, or %d that nest: too many to check it",
                    SQL_MAX_TOKENS, SQL_MAX_NESTED);
    PgQueryParseResult r = pg_query_parse(sql);
    bool ok = false;
    if (r.error) {
        fail(why, "the statement has a syntax error: %.300s",
             r.error->message ? r.error->message : "unknown error");
    } else {
        cJSON *tree = cJSON_Parse(r.parse_tree);
        if (!tree)
            fail(why, "the statement is nested too deeply to check it");
        else
            ok = executed ? gate_executed(tree, why) : gate(tree, why);
        if (ok && uses)
            sql_uses_collect(tree, uses);
        cJSON_Delete(tree);
    }
    pg_query_free_parse_result(r);
    return ok;
}

bool sql_may_be_body(const char *sql, struct sd_error *why)
{
    if (!sql_bounded(sql))
        return fail(why, "it is too long to be read");
    PgQueryParseResult r = pg_query_parse(sql);
    cJSON *tree = r.error ? NULL : cJSON_Parse(r.parse_tree);
    pg_query_free_parse_result(r);
    if (!tree)
        return fail(why, "it cannot be read by the parser of PostgreSQL 15");
    bool ok = true;
    const cJSON *each;
    cJSON_ArrayForEach(each, cJSON_GetObjectItemCaseSensitive(tree, "stmts"))
    {
        const cJSON *stmt = cJSON_GetObjectItemCaseSensitive(each, "stmt");
        const cJSON *node = stmt ? stmt->child : NULL;
        if (ok && (!node || !node->string || str_find(ALLOWED, node->string) < 0))
            ok = fail(why, "it contains a command other than a query%s%.40s",
                      node && node->string ? ": " : "", node && node->string ? node->string : "");
        struct sd_error inner;
        if (ok && !walk(node, &inner))
            ok = fail(why, "%.300s", inner.text);
    }
    cJSON_Delete(tree);
    return ok;
}

bool sql_may_explain(const char *sql, struct sd_error *why)
{
    return check(sql, false, NULL, why);
}

bool sql_may_plan(const char *sql, struct sql_uses *uses, struct sd_error *why)
{
    *uses = (struct sql_uses){0};
    return check(sql, false, uses, why);
}

bool sql_may_execute(const char *sql, struct sql_uses *uses, struct sd_error *why)
{
    if (uses)
        *uses = (struct sql_uses){0};
    return check(sql, true, uses, why);
}
