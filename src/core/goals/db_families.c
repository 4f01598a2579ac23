#include "core/goals/db_families.h"

static const struct {
    const char *name;
    double to_ns;
} FAMILIES[] = {
    {"db_client_operation_duration_seconds", 1e9}, /* OpenTelemetry */
    {"db_client_operation_duration", 1e9},
    {"db_client_operation_duration_milliseconds", 1e6},
    {"db_query_duration_seconds", 1e9}, /* by hand, and django's */
    {"db_query_duration_milliseconds", 1e6},
    {"db_query_duration_ms", 1e6},
    {"database_query_duration_seconds", 1e9},
    {"sql_query_duration_seconds", 1e9},
    {"query_duration_by_statement_seconds", 1e9},
    {"mongodb_driver_commands_seconds", 1e9},               /* Micrometer */
    {"mysql_info_schema_query_response_time_seconds", 1e9}, /* mysqld_exporter */
    {"prisma_client_queries_duration_histogram_ms", 1e6},   /* Prisma */
    {"ecto_repo_query_total_time_milliseconds", 1e6},       /* PromEx */
    {"tidb_server_handle_query_duration_seconds", 1e9},     /* TiDB */
    {"sql_service_latency", 1},                             /* CockroachDB, ns */
};

static bool same(const char *family, const char *name)
{
    for (; *family; family++, name++)
        if (*family != (*name == '.' ? '_' : *name))
            return false;
    return true;
}

double db_family_unit(const char *name, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(FAMILIES); i++) {
        size_t n = strlen(FAMILIES[i].name);
        if (len >= n && same(FAMILIES[i].name, name + len - n) &&
            (len == n || name[len - n - 1] == '_' || name[len - n - 1] == '.'))
            return FAMILIES[i].to_ns;
    }
    return 0;
}
