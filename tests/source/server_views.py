"""The views server, replication, progress and parameters beside psql: every figure is equal.

What moves meanwhile cannot be read at the same moment: psql is asked before and after, and the figure lies between.
How many figures stood still, and were equal, is printed.

    server_views.py VIEW SLOWDIVE URL
"""
import json
import subprocess
import sys

view, slowdive, url = sys.argv[1:4]

MS = "(round(%s::numeric * 1000) * 1000)::int8"
LSN = "(%s - '0/0')::int8"
NS = "(extract(epoch from %s)::numeric * 1000000)::int8 * 1000"


def at(expression):
    """A time as the JSON has it."""
    return "to_char((%s) at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')" % expression


def psql(sql):
    done = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", url, "-c", sql], stdout=subprocess.PIPE, check=True,
                          stdin=subprocess.DEVNULL)
    return done.stdout.decode()


def rows(sql):
    return json.loads(psql("select coalesce(json_agg(x), '[]') from (%s) x" % sql))


def has(relation, column):
    return rows("select 1 from pg_attribute where attrelid = to_regclass('pg_catalog.%s') and attname = '%s'"
                % (relation, column)) != []


def setting(name):
    return "(select setting::int8 from pg_settings where name = '%s')" % name


def server():
    """One statement for all figures, as an engineer would ask for them."""
    sums = ["xact_commit", "xact_rollback", "blks_hit", "blks_read", "temp_files", "temp_bytes", "deadlocks", "conflicts",
            "checksum_failures"]
    sums = [("(select sum(%s) from pg_stat_database)::int8" % name, name) for name in sums]
    sums += [("(select sum(tup_%s) from pg_stat_database)::int8" % name, "rows_" + name)
             for name in ("returned", "fetched", "inserted", "updated", "deleted")]
    clients = "(select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()%s)"
    others = "position('/* slowdive */' in left(query, 25)) = 0"
    oldest = ("(select %s from pg_stat_activity where xact_start is not null and pid <> pg_backend_pid() and "
              "backend_type <> 'walsender' and " + others + " order by xact_start limit 1)")
    figures = sums + [
        ("split_part(current_setting('server_version'), ' ', 1)", "version"),
        (at("pg_postmaster_start_time()"), "started"),
        (at("pg_conf_load_time()"), "config_loaded"),
        ("pg_is_in_recovery()", "in_recovery"),
        (clients % (" and state = 'active' and " + others), "active"),
        (clients % " and state = 'idle' and application_name <> 'slowdive'", "idle"),
        (clients % " and state like 'idle in%' and application_name <> 'slowdive'", "idle_in_transaction"),
        (setting("max_connections"), "max_connections"),
        ("(select sum(setting::int8) from pg_settings where name in ('superuser_reserved_connections', "
         "'reserved_connections'))", "reserved_connections"),
        ("(select count(*) from pg_stat_activity where backend_type = 'autovacuum worker')", "autovacuum_workers"),
        (setting("autovacuum_max_workers"), "autovacuum_max_workers"),
        ("(select count(*) from pg_locks where not granted)", "locks_waiting"),
        ("(select count(*) from pg_prepared_xacts)", "prepared_transactions"),
        (at("(select max(stats_reset) from pg_stat_database)"), "since"),
        (at(oldest % "xact_start"), "oldest_xact"),
        (oldest % "pid", "oldest_xact_pid"),
        (oldest % "state", "oldest_xact_state"),
        ("txid_snapshot_xmax(txid_current_snapshot())", "next_xid"),
        ("(select max(age(datfrozenxid)) from pg_database)", "xid_age"),
        ("(select max(mxid_age(datminmxid)) from pg_database)", "mxid_age"),
        (setting("autovacuum_freeze_max_age"), "freeze_max_age"),
        (setting("autovacuum_multixact_freeze_max_age"), "mxid_freeze_max_age"),
        (LSN % "(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end)",
         "wal_position"),
        (at("(select checkpoint_time from pg_control_checkpoint())"), "last_checkpoint"),
        ("(select buffers_clean from pg_stat_bgwriter)", "cleaner_buffers"),
        ("(select maxwritten_clean from pg_stat_bgwriter)", "cleaner_stopped"),
        ("(select buffers_alloc from pg_stat_bgwriter)", "buffers_allocated"),
        ("current_setting('archive_mode')", "archive_mode"),
        ("case when pg_is_in_recovery() then pg_is_wal_replay_paused() end", "replay_paused"),
    ]
    for column, key in (("archived_count", "archived"), ("failed_count", "archive_failed"),
                        ("last_archived_wal", "last_archived_wal"), ("last_failed_wal", "last_failed_wal")):
        figures.append(("(select %s from pg_stat_archiver)" % column, key))
    for column, key in (("last_archived_time", "last_archived"), ("last_failed_time", "last_failed"),
                        ("stats_reset", "archiver_since")):
        figures.append((at("(select %s from pg_stat_archiver)" % column), key))
    newer = has("pg_stat_checkpointer", "num_timed")
    table = "pg_stat_checkpointer" if newer else "pg_stat_bgwriter"
    for old, new, key in (("checkpoints_timed", "num_timed", "checkpoints_timed"),
                          ("checkpoints_req", "num_requested", "checkpoints_requested"),
                          ("buffers_checkpoint", "buffers_written", "checkpoint_buffers"),
                          (MS % "checkpoint_write_time", MS % "write_time", "checkpoint_write_ns"),
                          (MS % "checkpoint_sync_time", MS % "sync_time", "checkpoint_sync_ns")):
        figures.append(("(select %s from %s)" % (new if newer else old, table), key))
    figures.append((at("(select stats_reset from %s)" % table), "checkpointer_since"))
    figures.append(("(select restartpoints_done from %s)" % table if newer else "null::int8", "restartpoints"))
    for column, key in (("buffers_backend", "backend_buffers"), ("buffers_backend_fsync", "backend_syncs")):
        there = has("pg_stat_bgwriter", column)
        figures.append(("(select %s from pg_stat_bgwriter)" % column if there else "null::int8", key))
    for column, key in (("wal_records", "wal_records"), ("wal_fpi", "wal_full_pages"), ("wal_bytes", "wal_bytes"),
                        ("wal_buffers_full", "wal_buffers_full")):
        there = has("pg_stat_wal", column)
        figures.append(("(select %s::int8 from pg_stat_wal)" % column if there else "null::int8", key))
    yield "rows", (), "select " + ", ".join('%s as "%s"' % figure for figure in figures)
    if has("pg_stat_io", "reads"):
        by = "op_bytes" if has("pg_stat_io", "op_bytes") else None
        size = (lambda what: "(%ss * op_bytes)::int8 as %s_bytes" % (what, what)) if by else (
            lambda what: "%s_bytes::int8" % what)
        yield "io", ("backend_type", "object", "context"), (
            "select backend_type, object, context, reads, writes, extends, hits, evictions, reuses, writebacks, fsyncs, "
            + ", ".join(size(what) for what in ("read", "write", "extend"))
            + ", %s as read_ns, %s as write_ns, %s as extend_ns, %s as fsync_ns from pg_stat_io"
            % tuple(MS % what for what in ("read_time", "write_time", "extend_time", "fsync_time")))


def replication():
    here = LSN % "(case when pg_is_in_recovery() then pg_last_wal_receive_lsn() else pg_current_wal_lsn() end)"
    standbys = (
        "select 'standby' as role, application_name as name, pid, usename as user, state, sync_state as sync, "
        "coalesce(host(client_addr), 'local') as client, " + at("backend_start") + " as since, "
        + here + " as position, " + ", ".join("%s as %s" % (LSN % (a + "_lsn"), b) for a, b in (
            ("sent", "sent"), ("write", "written"), ("flush", "flushed"), ("replay", "replayed")))
        + ", " + ", ".join("%s as %s_ns" % (NS % name, name) for name in ("write_lag", "flush_lag", "replay_lag"))
        + ", " + ", ".join("(%s - %s) as %s_lag_bytes" % (here, LSN % (a + "_lsn"), a) for a in (
            "write", "flush", "replay"))
        + ", age(backend_xmin) as xmin_age from pg_stat_replication")
    yield "rows", ("role", "name"), standbys
    status = ("wal_status", "safe_wal_size") if has("pg_replication_slots", "wal_status") else ("null", "null::int8")
    yield "slots", ("slot",), (
        "select slot_name as slot, slot_type as type, case when active then 'active' else 'inactive' end as state, "
        "plugin, database, temporary, active_pid as pid, %s as kept_from, %s - %s as kept_bytes, %s as confirmed, "
        "%s as wal_status, %s as may_grow_bytes, age(xmin) as xmin_age, age(catalog_xmin) as catalog_xmin_age "
        "from pg_replication_slots" % ((LSN % "restart_lsn", here, LSN % "restart_lsn", LSN % "confirmed_flush_lsn")
                                       + status))


def receiver():
    flushed = "flushed_lsn" if has("pg_stat_wal_receiver", "flushed_lsn") else "received_lsn"
    yield "rows", ("role",), (
        "select 'receiver' as role, pid, status as state, slot_name as slot, %s as flushed, %s as replayed, %s as position, "
        "%s - %s as replay_lag_bytes from pg_stat_wal_receiver" % (
            LSN % flushed, LSN % "pg_last_wal_replay_lsn()", LSN % "pg_last_wal_receive_lsn()",
            LSN % "pg_last_wal_receive_lsn()", LSN % "pg_last_wal_replay_lsn()"))


def progress():
    views = rows("select relname from pg_class where relkind = 'v' and relname like 'pg_stat_progress_%'")
    for name in (v["relname"] for v in views):
        columns = rows("select attname, atttypid::int8 as type from pg_attribute where attnum > 0 and attrelid = '%s'::"
                       "regclass order by attnum" % name)
        counters = ", ".join("'%s', %s" % (c["attname"] + ("_ns" if c["type"] == 701 else ""), "v." + c["attname"]
                                           if c["type"] == 20 else "(v.%s * 1000)::int8 * 1000" % c["attname"])
                             for c in columns if c["type"] in (20, 701))
        known = [c["attname"] for c in columns]
        relation = ("coalesce((select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = "
                    "c.relnamespace where c.oid = v.relid and v.relid <> 0), nullif(v.relid, 0)::text)"
                    if "relid" in known else "null::text")
        yield "rows", ("command", "pid"), (
            "select '%s' as command, v.pid, %s as database, %s as relation, %s as phase, %s as started, a.usename as role, "
            "json_build_object(%s) as counters from %s v left join pg_stat_activity a using (pid)" % (
                name[len("pg_stat_progress_"):].replace("_", " "), "v.datname" if "datname" in known else "null::text",
                relation, "phase" if "phase" in known else "null::text", at("a.query_start"), counters, name))


def parameters():
    ours = "name not in ('client_encoding', 'application_name')"
    secret = "(vartype = 'string' and (name like '%.%' or name ~ '(command|conninfo|passphrase|password|secret|token)'))"
    yield "rows", ("parameter",), (
        "select name as parameter, case when not %s then reset_val end as value, case when not %s then boot_val end as "
        "\"default\", unit, vartype as type, context, category, short_desc as about, pending_restart, true as differs "
        "from pg_settings where reset_val is distinct from boot_val and context <> 'internal' and "
        "source not in ('default', 'override') and %s" % (secret, secret, ours))


def between(figure, before, after):
    if isinstance(figure, dict):
        return all(between(figure.get(key), before[key], after.get(key)) for key in before)
    numbers = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in (figure, before, after))
    if numbers:
        return min(before, after) <= figure <= max(before, after)
    return figure in (before, after)


def plain(row):
    row = dict(row)
    if isinstance(row.get("counters"), list):
        row["counters"] = {c["name"]: c["value"] for c in row["counters"]}
    return row


def compared(asked, name):
    """One reading between two of psql: what is wrong with it, and how many figures of each kind there were."""
    before = [rows(sql) for _, _, sql in asked]
    done = subprocess.run([slowdive, name, url, "--for", "3s", "--format", "json"], stdout=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, check=False)
    doc = json.loads(done.stdout)
    after = [rows(sql) for _, _, sql in asked]
    same = moved = found = 0
    wrong = []
    for (section, keys, _), was, now in zip(asked, before, after):
        shown = [plain(row) for row in doc.get(section) or []]
        for row in was:
            def match(other):
                return all(other.get(key) == row[key] for key in keys)
            later = next((other for other in now if match(other)), None)
            seen = next((other for other in shown if match(other)), None)
            if later is None:
                continue  # it ended meanwhile
            found += 1
            if seen is None:
                if section == "io" and not any(row[key] for key in ("reads", "writes", "extends", "hits", "fsyncs")):
                    continue  # nothing was done: not listed
                wrong.append("not shown: %s" % row)
                continue
            for key, value in row.items():
                if not between(seen.get(key), value, later[key]):
                    wrong.append("%s of %s: %r, psql says %r, then %r" % (key, [row[k] for k in keys], seen.get(key),
                                                                         value, later[key]))
                elif value == later[key]:
                    same += 1
                else:
                    moved += 1
    return wrong, found, "%d figures equal, %d between, %d wrong, in %d rows" % (same, moved, len(wrong), found)


def main():
    asked = list({"server": server, "replication": replication, "receiver": receiver, "progress": progress,
                  "parameters": parameters}[view]())
    # A lag or a buffer count goes up and down between two readings; a figure that is wrong is wrong each time.
    for _ in range(5):
        wrong, found, summary = compared(asked, "replication" if view == "receiver" else view)
        if found and not wrong:
            break
    for line in wrong:
        print(line)
    print(summary)
    sys.exit(1 if wrong or not found else 0)


main()
