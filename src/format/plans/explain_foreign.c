/* explain_foreign.c - EXPLAIN of other databases: refused by name, for their figures mean
 * something else (MySQL's tree looks much like PostgreSQL's text). */
#include "format/plans/explain_dress.h"

#define MARKS_MAX 4

/* A text is of a database when all marks of a row are in it. */
static const struct {
    const char *name;
    const char *marks[MARKS_MAX];
} FOREIGN[] = {
    {.name = "MySQL or MariaDB", .marks = {"select_type", "possible_keys"}},
    {.name = "MySQL or MariaDB", .marks = {"\"query_block\""}},
    {.name = "MySQL or MariaDB", .marks = {"query_block:", "select_id"}},
    {.name = "MySQL", .marks = {"\"access_type\"", "\"operation\"", "\"inputs\""}},
    {.name = "MySQL", .marks = {"\"operation\"", "\"query_type\""}},
    {.name = "MySQL", .marks = {"-> Nested loop "}},
    {.name = "MySQL", .marks = {"-> Table scan on "}},
    {.name = "MySQL", .marks = {"-> Index lookup on "}},
    {.name = "MySQL", .marks = {"-> Index scan on "}},
    {.name = "MySQL", .marks = {"-> Index range scan on "}},
    {.name = "MySQL", .marks = {"-> Single-row "}},
    {.name = "MySQL", .marks = {"-> Covering index "}},
    {.name = "MySQL", .marks = {"-> Rows fetched before execution"}},
    {.name = "MySQL", .marks = {"-> Inner hash join "}},
    {.name = "MySQL", .marks = {"-> Left hash join "}},
    {.name = "MySQL", .marks = {"-> Limit: "}},
    {.name = "MySQL", .marks = {"-> Sort: "}},
    {.name = "MySQL", .marks = {"-> Filter: "}},
    {.name = "MySQL", .marks = {"-> Aggregate: "}},
    {.name = "MySQL", .marks = {"-> Group aggregate: "}},
    {.name = "MySQL", .marks = {"-> Zero rows"}},
    {.name = "MySQL", .marks = {"-> Count rows in "}},
    {.name = "MySQL", .marks = {"-> Constant row from "}},
    {.name = "SQLite", .marks = {"|--SCAN "}},
    {.name = "SQLite", .marks = {"`--SCAN "}},
    {.name = "SQLite", .marks = {"|--SEARCH "}},
    {.name = "SQLite", .marks = {"`--SEARCH "}},
    {.name = "SQLite", .marks = {"|--MULTI-INDEX OR"}},
    {.name = "SQLite", .marks = {"`--CO-ROUTINE "}},
    {.name = "SQLite", .marks = {"|--CO-ROUTINE "}},
    {.name = "SQLite", .marks = {"`--COMPOUND QUERY"}},
    {.name = "SQLite", .marks = {"SEARCH TABLE ", "USING "}},
    {.name = "SQLite", .marks = {"|SCAN TABLE "}},
    {.name = "SQLite", .marks = {"|SCAN "}},
    {.name = "SQLite", .marks = {"|SEARCH "}},
    {.name = "SQLite", .marks = {"SEARCH ", "USING INDEX "}},
    {.name = "SQLite", .marks = {"SEARCH ", "USING COVERING INDEX "}},
    {.name = "SQLite", .marks = {"SEARCH ", "USING INTEGER PRIMARY KEY"}},
    {.name = "SQLite", .marks = {"\tSCAN "}},
    {.name = "SQLite", .marks = {"addr", "opcode", "p1", "p2"}},
    {.name = "SQLite", .marks = {"OpenRead", "Rewind", "ResultRow"}},
    {.name = "Oracle", .marks = {"Plan hash value"}},
    {.name = "Oracle", .marks = {"TABLE ACCESS FULL"}},
    {.name = "Oracle", .marks = {"TABLE ACCESS", "Operation"}},
    {.name = "Oracle", .marks = {"| Id  | Operation"}},
    {.name = "Oracle", .marks = {"INDEX RANGE SCAN"}},
    {.name = "Oracle", .marks = {"INDEX UNIQUE SCAN"}},
    {.name = "Oracle", .marks = {"SELECT STATEMENT", "Cost"}},
    {.name = "SQL Server", .marks = {"ShowPlanXML"}},
    {.name = "SQL Server", .marks = {"Clustered Index ", "OBJECT:("}},
    {.name = "SQL Server", .marks = {"|--", "OBJECT:("}},
    {.name = "SQL Server", .marks = {"|--Nested Loops("}},
    {.name = "SQL Server", .marks = {"|--Hash Match("}},
    {.name = "SQL Server", .marks = {"|--Compute Scalar("}},
    {.name = "SQL Server", .marks = {"StmtText"}},
    {.name = "MongoDB", .marks = {"winningPlan"}},
    {.name = "CockroachDB", .marks = {"\xe2\x80\xa2 ", "distribution:"}},
    {.name = "CockroachDB", .marks = {"\xe2\x80\xa2 scan"}},
    {.name = "DuckDB", .marks = {"PHYSICAL_PLAN"}},
    {.name = "DuckDB", .marks = {"Physical Plan", "\xe2\x94\x8c\xe2\x94\x80"}},
    {.name = "DuckDB", .marks = {"SEQ_SCAN", "\xe2\x94\x82"}},
    {.name = "Spark", .marks = {"== Physical Plan =="}},
    {.name = "ClickHouse", .marks = {"ReadFromMergeTree"}},
    {.name = "Trino or Presto", .marks = {"Fragment 0 [", "Output["}},
    {.name = "Trino or Presto", .marks = {"Fragment 1 ["}},
    {.name = "Db2", .marks = {"Access Plan:", "Total Cost:"}},
    {.name = "TiDB", .marks = {"estRows", "access object"}},
    {.name = "Snowflake", .marks = {"GlobalStats", "partitionsTotal"}},
    {.name = "Snowflake", .marks = {"\"GlobalStats\""}},
};

static bool text_has(const char *text, size_t len, const char *what)
{
    return memmem(text, len, what, strlen(what)) != NULL;
}

/* PostgreSQL's own forms, which may mention anything in a condition or a statement. */
static bool is_postgresql(const char *text, size_t len)
{
    static const char *const marks[] = {"\"Node Type\"", "Node Type: ", "<Node-Type>"};
    for (size_t i = 0; i < ARRAY_LEN(marks); i++)
        if (text_has(text, len, marks[i]))
            return true;
    return text_has(text, len, "(cost=") && text_has(text, len, " width=");
}

const char *explain_foreign(const char *text, size_t len)
{
    if (is_postgresql(text, len))
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(FOREIGN); i++) {
        bool all = true;
        for (size_t m = 0; m < MARKS_MAX && FOREIGN[i].marks[m] && all; m++)
            all = text_has(text, len, FOREIGN[i].marks[m]);
        if (all)
            return FOREIGN[i].name;
    }
    return NULL;
}
