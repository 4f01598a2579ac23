#!/bin/bash
# Logs of databases as they are looked at: statements, events, and what is said where there are none.
. "$(dirname "$0")/tap.bash"

p='2026-11-20 15:51:%02d.000 UTC [%d] app@shop %s\n'
{
    for i in 1 2 3; do printf "$p" $((40 + i)) 7 "LOG:  duration: ${i}00.000 ms  statement: SELECT * FROM orders WHERE id = $i"; done
    printf "$p" 44 8 "LOG:  process 8 still waiting for ShareLock on transaction 747 after 1000.498 ms"
    printf "$p" 44 8 "DETAIL:  Process holding the lock: 7. Wait queue: 8."
    printf "$p" 44 8 "STATEMENT:  UPDATE orders SET note = 'secret' WHERE id = 1"
    printf "$p" 45 9 "ERROR:  canceling statement due to user request"
    printf "$p" 45 9 "STATEMENT:  SELECT 'secret', pg_sleep(9)"
} >server.log

run queries server.log
ok "a PostgreSQL log is recognised, and has statements" exited 0
ok "their constants are hidden, their calls summed" says out 'SELECT * FROM orders WHERE id = $1  shop          3  600 ms  200 ms'
ok "they are said to be those of the log" says out "3 calls, those that the log has, from 2026-11-20 15:51:40"
run overview server.log
ok "what is no routine is in the overview" says out 'lock wait at 2026-11-20 15:51:44: process 8 waits for ShareLock'
ok "a cancelled statement, too" says out 'statement cancelled at 2026-11-20 15:51:45: canceling statement due to user request'
run sources --format json server.log
ok "all events are in the view of the sources" says out '"title":	"lock wait"'
ok "without constants" [ "$(grep -c secret out)" = 0 ]
run queries pglog:- <server.log
ok "from standard input as well" says out "3 calls"
echo '2026-11-20 15:51:40.000 UTC [70] app@shop LOG:  duration: 20.000 ms' >bare.log
run queries pglog:bare.log
ok "durations without statements are explained" is_refusal "bare.log has durations without their statements: log_min_duration_statement writes both"
echo '2026-11-20 15:51:40.000 UTC [7] app@shop LOG:  Dauer: 20.000 ms  Anweisung: SELECT 1' >german.log
run queries pglog:german.log
ok "other languages are refused by name" is_refusal "the durations in german.log are not in English; set lc_messages = 'C'"
cat server.log bare.log german.log >mixed.log
run queries --format json mixed.log
ok "beside others they are counted as not understood" says out '"lines_unparsed":	2'
echo '2026-11-20 15:51:40.000 UTC [77] app@shop LOG:  redo done' >dull.log
run queries pglog:dull.log
ok "a log without any of these is told" is_refusal "dull.log has no statements with durations (log_min_duration_statement), no plans (auto_explain)"

for i in 1 2; do
    printf '# Time: 2026-11-20T15:51:4%d.000000Z\n# User@Host: app[app] @ web1 []  Id: 8\n' $i
    printf '# Query_time: %d.5  Lock_time: 0.0 Rows_sent: 1  Rows_examined: 900\nSET timestamp=179518990%d;\n' $i $i
    printf 'SELECT * FROM `orders` WHERE note = "secret%d";\n' $i
done >slow.log
run queries slow.log
ok "MySQL's slow log is recognised" exited 0
ok "its statements are told apart without their constants" says out 'SELECT * FROM `orders` WHERE note = ?  -             2  4.00 s  2.00 s'
run queries --format json slow.log
ok "with the rows examined" says out '"rows_examined":	1800'
ok "and no constant" [ "$(grep -c secret out)" = 0 ]
run queries slowlog:server.log
ok "another log is refused" is_refusal "server.log has no entry of a slow query log"
finish
