#include "core/plans/tree.h"

#include <stdlib.h>

/* Node types of PostgreSQL's explain.c, as FORMAT JSON names them, sorted. */
static const char *const OWN[] = {"Aggregate",
                                  "Append",
                                  "Bitmap Heap Scan",
                                  "Bitmap Index Scan",
                                  "BitmapAnd",
                                  "BitmapOr",
                                  "CTE Scan",
                                  "Custom Scan",
                                  "Foreign Delete",
                                  "Foreign Insert",
                                  "Foreign Scan",
                                  "Foreign Update",
                                  "Function Scan",
                                  "Gather",
                                  "Gather Merge",
                                  "Group",
                                  "Hash",
                                  "Hash Join",
                                  "Incremental Sort",
                                  "Index Only Scan",
                                  "Index Scan",
                                  "Limit",
                                  "LockRows",
                                  "Materialize",
                                  "Memoize",
                                  "Merge Append",
                                  "Merge Join",
                                  "ModifyTable",
                                  "Named Tuplestore Scan",
                                  "Nested Loop",
                                  "ProjectSet",
                                  "Recursive Union",
                                  "Result",
                                  "Sample Scan",
                                  "Seq Scan",
                                  "SetOp",
                                  "Sort",
                                  "Subquery Scan",
                                  "Table Function Scan",
                                  "Tid Range Scan",
                                  "Tid Scan",
                                  "Unique",
                                  "Utility Statement",
                                  "Values Scan",
                                  "WindowAgg",
                                  "WorkTable Scan"};

/* How names begin that extensions and relatives of PostgreSQL add. */
static const char *const OTHERS[] = {
    "Append-only ",           /* Greenplum */
    "Assert",                 /* Greenplum */
    "Broadcast Motion",       /* Greenplum */
    "CStore ",                /* openGauss */
    "Custom Scan (",          /* any provider of a custom scan: TimescaleDB, Citus, ... */
    "Data Node Scan",         /* openGauss, Postgres-XC */
    "Distributed Subplan",    /* Citus */
    "Dynamic ",               /* Greenplum */
    "Explicit Redistribute ", /* Greenplum */
    "Gather Motion",          /* Greenplum */
    "MapMergeJob",            /* Citus */
    "MergeTask",              /* Citus */
    "Partition Iterator",     /* openGauss */
    "Partition Selector",     /* Greenplum */
    "Partitioned ",           /* openGauss */
    "Redistribute Motion",    /* Greenplum */
    "Remote ",                /* Postgres-XL */
    "Row Adapter",            /* openGauss */
    "Sequence",               /* Greenplum */
    "Shared Scan",            /* Greenplum */
    "Streaming",              /* openGauss */
    "Table Scan",             /* Greenplum */
    "Task",                   /* Citus */
    "Vector ",                /* openGauss */
    "XN ",                    /* Redshift */
    "YB "                     /* YugabyteDB */
};

static int name_order(const void *type, const void *own)
{
    return strcmp(type, *(const char *const *)own);
}

bool plan_type_known(const char *type)
{
    if (type && bsearch(type, OWN, ARRAY_LEN(OWN), sizeof *OWN, name_order))
        return true;
    for (size_t i = 0; type && i < ARRAY_LEN(OTHERS); i++)
        if (str_starts(type, OTHERS[i]))
            return true;
    return false;
}
