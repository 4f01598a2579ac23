/* replication.c - standbys, replication slots, and on a standby the receiver. */
#include "source/postgres/server_state.h"

#include <stdlib.h>

enum {
    ROLE,
    NAME,
    PID,
    USER,
    CLIENT,
    STATE,
    SYNC,
    SLOT,
    PLUGIN,
    DATABASE,
    TEMPORARY,
    POSITION,
    SENT,
    WRITTEN,
    FLUSHED,
    REPLAYED,
    WRITE_LAG,
    FLUSH_LAG,
    REPLAY_LAG,
    KEPT_FROM,
    MAY_GROW,
    WAL_STATUS,
    INVALID,
    XMIN_AGE,
    CATALOG_XMIN_AGE,
    SINCE,
    REPLIED
};

#define BYTES(lsn)   "(" lsn " - '0/0'::pg_catalog.pg_lsn)::int8"
#define NS(interval) "(round(extract(epoch FROM " interval ")::numeric * 1000000) * 1000)::int8"
/* A standby passes on what it has received. */
#define POSITION_NOW                                                                                         \
    BYTES("CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_receive_lsn() "              \
          "ELSE pg_catalog.pg_current_wal_lsn() END")
#define HERE "(SELECT " POSITION_NOW ")"

/* conninfo, which may hold a password, is not read. */
char *replication_sql(const char *columns)
{
    bool has_status = columns_have(columns, "pg_replication_slots.wal_status");
    const char *invalid = columns_have(columns, "pg_replication_slots.invalidation_reason")
                              ? "s.invalidation_reason"
                          : columns_have(columns, "pg_replication_slots.conflicting")
                              ? "CASE WHEN s.conflicting THEN 'conflict with recovery' END"
                              : "NULL::text";
    return mem_printf(
        OWN_TAG
        "SELECT * FROM (SELECT 'standby'::text AS role, r.application_name AS name, r.pid, "
        "r.usename::text, "
        "CASE WHEN r.client_addr IS NOT NULL THEN pg_catalog.host(r.client_addr) "
        "WHEN r.state IS NOT NULL THEN 'local' END, r.state, r.sync_state, "
        "(SELECT z.slot_name::text FROM pg_catalog.pg_replication_slots z WHERE z.active_pid = r.pid "
        "LIMIT 1), "
        "NULL::text, NULL::text, NULL::int4, " HERE
        ", " BYTES("r.sent_lsn") ", " BYTES("r.write_lsn") ", " BYTES("r.flush_lsn") ", " BYTES(
            "r."
            "repl"
            "ay_"
            "lsn") ", " NS("r.write_lag") ", " NS("r.flush_lag") ", " NS("r.replay_lag") ", NULL::int8, "
                                                                                         "NULL::int8, "
                                                                                         "NULL::text, "
                                                                                         "NULL::text, "
                                                                                         "pg_catalog.age(r."
                                                                                         "backend_xmin), "
                                                                                         "NULL::int4, "
                                                                                         "r.backend_start, "
                                                                                         "r.reply_time "
                                                                                         "FROM "
                                                                                         "pg_catalog.pg_stat_"
                                                                                         "replication r "
                                                                                         "UNION ALL "
                                                                                         "SELECT 'slot', "
                                                                                         "s.slot_name::text, "
                                                                                         "s.active_pid, "
                                                                                         "NULL, NULL, "
                                                                                         "CASE WHEN s.active "
                                                                                         "THEN 'active' ELSE "
                                                                                         "'inactive' END, "
                                                                                         "NULL, "
                                                                                         "s.slot_type, "
                                                                                         "s.plugin::text, "
                                                                                         "s.database::text, "
                                                                                         "s.temporary::int4,"
                                                                                         " " HERE ", NULL, "
                                                                                         "NULL, " BYTES(
                                                                                             "s.confirmed_"
                                                                                             "flush_lsn") ", "
                                                                                                          "NU"
                                                                                                          "LL"
                                                                                                          ", "
                                                                                                          "NU"
                                                                                                          "LL"
                                                                                                          ", "
                                                                                                          "NU"
                                                                                                          "LL"
                                                                                                          ", "
                                                                                                          "NU"
                                                                                                          "LL"
                                                                                                          ","
                                                                                                          " " BYTES(
                                                                                                              "s.restart_lsn") ", %s, %s, %s, "
                                                                                                                               "pg_catalog.age(s.xmin)"
                                                                                                                               ", "
                                                                                                                               "pg_catalog.age(s."
                                                                                                                               "catalog_xmin), %s, "
                                                                                                                               "NULL FROM "
                                                                                                                               "pg_catalog.pg_"
                                                                                                                               "replication_slots s "
                                                                                                                               "UNION ALL "
                                                                                                                               "SELECT 'receiver', "
                                                                                                                               "%s, w.pid, NULL, "
                                                                                                                               "NULL, w.status, NULL, "
                                                                                                                               "w.slot_name, NULL, "
                                                                                                                               "NULL, NULL, " HERE
                                                                                                                               ", NULL, "
                                                                                                                               "NULL, " BYTES("w.%s") ", " BYTES(
                                                                                                                                   "pg_catalog.pg_"
                                                                                                                                   "last_wal_replay_"
                                                                                                                                   "lsn()") ", NULL, "
                                                                                                                                            "NULL, "
                                                                                                                                            "CASE "
                                                                                                                                            "WHEN "
                                                                                                                                            "pg_"
                                                                                                                                            "catalog."
                                                                                                                                            "pg_last_"
                                                                                                                                            "wal_"
                                                                                                                                            "receive_"
                                                                                                                                            "lsn() = "
                                                                                                                                            "pg_"
                                                                                                                                            "catalog."
                                                                                                                                            "pg_last_"
                                                                                                                                            "wal_"
                                                                                                                                            "replay_"
                                                                                                                                            "lsn() "
                                                                                                                                            "THEN "
                                                                                                                                            "0::int8 "
                                                                                                                                            "ELSE " NS(
                                                                                                                                                "pg_"
                                                                                                                                                "catal"
                                                                                                                                                "og."
                                                                                                                                                "clock"
                                                                                                                                                "_time"
                                                                                                                                                "stamp"
                                                                                                                                                "() - "
                                                                                                                                                "pg_"
                                                                                                                                                "catal"
                                                                                                                                                "og."
                                                                                                                                                "pg_"
                                                                                                                                                "last_"
                                                                                                                                                "xact_"
                                                                                                                                                "repla"
                                                                                                                                                "y_"
                                                                                                                                                "times"
                                                                                                                                                "tamp("
                                                                                                                                                ")") " END, NULL, NULL, NULL, "
                                                                                                                                                     "NULL, NULL, NULL, NULL, w.last_msg_receipt_time "
                                                                                                                                                     "FROM pg_catalog.pg_stat_wal_receiver w WHERE w.status IS NOT NULL) x ORDER BY role, name, pid LIMIT 1000",
        has_status ? "s.safe_wal_size" : "NULL", has_status ? "s.wal_status" : "NULL", invalid,
        columns_have(columns, "pg_replication_slots.inactive_since") ? "s.inactive_since" : "NULL",
        columns_have(columns, "pg_stat_wal_receiver.sender_host")
            ? "w.sender_host || coalesce(':' || w.sender_port, '')"
            : "NULL",
        columns_have(columns, "pg_stat_wal_receiver.flushed_lsn") ? "flushed_lsn" : "received_lsn");
}

void replication_add(struct postgres *p, struct sd_batch *b, const PGresult *r)
{
    for (int row = 0; row < PQntuples(r); row++) {
        struct sd_replication x = {
            .role = conn_maybe(r, row, ROLE),
            .name = conn_maybe(r, row, NAME),
            .pid = conn_int(r, row, PID),
            .user = conn_maybe(r, row, USER),
            .client = conn_maybe(r, row, CLIENT),
            .state = conn_maybe(r, row, STATE),
            .sync = conn_maybe(r, row, SYNC),
            .slot = conn_maybe(r, row, SLOT),
            .plugin = conn_maybe(r, row, PLUGIN),
            .database = conn_maybe(r, row, DATABASE),
            .temporary = conn_int(r, row, TEMPORARY),
            .position = conn_int(r, row, POSITION),
            .sent = conn_int(r, row, SENT),
            .written = conn_int(r, row, WRITTEN),
            .flushed = conn_int(r, row, FLUSHED),
            .replayed = conn_int(r, row, REPLAYED),
            .write_lag_ns = conn_int(r, row, WRITE_LAG),
            .flush_lag_ns = conn_int(r, row, FLUSH_LAG),
            .replay_lag_ns = conn_int(r, row, REPLAY_LAG),
            .kept_from = conn_int(r, row, KEPT_FROM),
            .may_grow_bytes = conn_int(r, row, MAY_GROW),
            .wal_status = conn_maybe(r, row, WAL_STATUS),
            .invalid = conn_maybe(r, row, INVALID),
            .xmin_age = conn_int(r, row, XMIN_AGE),
            .catalog_xmin_age = conn_int(r, row, CATALOG_XMIN_AGE),
            .since = conn_time(r, row, SINCE),
            .replied = conn_time(r, row, REPLIED),
        };
        p->s->host->add(b, SD_REPLICATION, &x);
    }
}
