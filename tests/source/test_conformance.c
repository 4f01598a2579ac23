/* Every source against everything the outside can do to it.
 *
 * One row is one source in one situation. For each: it reaches one of the expected
 * states, with a sentence where it failed; then it ends within the deadline, and no
 * thread and no descriptor is left. A new source adds its rows here. */
#include "tests/lib/test.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "conf/option.h"
#include "rt/registry.h"
#include "source/built_in.h"
#include "tests/lib/peer.h"
#include "tests/lib/rt_watch.h"

#define SOON (20 * SD_S)
/* How long ending may take; sanitizers on two busy processors are slow. */
#define END_WITHIN (8 * SD_S)

static const struct rt_limits LIMITS = {
    .mailbox_bytes = 1 << 20,
    .backoff_min_ns = 20 * SD_MS,
    .backoff_max_ns = 100 * SD_MS,
    .stale_after_ns = 200 * SD_MS,
    .now = clock_wall,
};

#define S(STATE) (1u << SD_STATE_##STATE)
#define SITTING  (S(LIVE) | S(STALE))     /* open; nothing to complain of */
#define REFUSED  (S(BACKOFF) | S(FAILED)) /* with a sentence */

struct row {
    const char *name;
    const char *target; /* as a user types it; %d is the peer's port, %s the temporary folder */
    unsigned expected;  /* states, one of which must be reached */
    const char *says;   /* in the sentence then, or NULL */
    bool to_the_end;    /* follow is false */
    int peer;           /* enum peer_script, or a FIFO's other end, or 0 */
    int cycles;         /* open/close cycles, 0: a few */
};

enum { FIFO_SILENT = -1, FIFO_DRIPS = -2, FIFO_GARBAGE = -3 };

/* clang-format off */
static const struct row ROWS[] = {
    /* ---- exec; where a program must have come to its point, stale tells that it did ---- */
    {.name = "exec: no such program", .target = "exec:/nonexistent/program",
     .expected = REFUSED, .says = "exit status 127"},
    {.name = "exec: no such program, to the end", .target = "exec:/nonexistent/program",
     .expected = S(FAILED), .says = "exit status 127", .to_the_end = true},
    {.name = "exec: empty command", .target = "exec:",
     .expected = S(FAILED), .says = "needs a command"},
    {.name = "exec: hangs", .target = "exec:sleep 1000",
     .expected = SITTING, .cycles = 200},
    {.name = "exec: ignores SIGTERM", .target = "exec:trap '' TERM; while :; do sleep 0.05; done",
     .expected = S(STALE)},
    {.name = "exec: starts others", .target = "exec:sleep 1000 & sleep 1001 & (sleep 1002 | cat); wait",
     .expected = S(STALE)},
    {.name = "exec: closes its output and stays", .target = "exec:exec >&-; sleep 1000",
     .expected = REFUSED, .says = "closed its output"},
    {.name = "exec: drips",
     .target = "exec:while :; do for c in '{\"kind\":\"event\"' ',\"title\"' ':\"x\"}\n'; "
               "do printf \"$c\"; sleep 0.01; done; done",
     .expected = SITTING},
    {.name = "exec: garbage", .target = "exec:cat /dev/urandom",
     .expected = SITTING},
    {.name = "exec: one endless line", .target = "exec:cat /dev/zero",
     .expected = SITTING},
    {.name = "exec: floods", .target = "exec:yes '{\"kind\":\"metric\",\"name\":\"a\",\"value\":1}'",
     .expected = SITTING},
    {.name = "exec: floods standard error", .target = "exec:yes oh no 1>&2",
     .expected = SITTING},
    {.name = "exec: dies amid a record",
     .target = "exec:printf '{\"kind\":\"met'; echo out of luck >&2; exit 3",
     .expected = REFUSED, .says = "ended with exit status 3: out of luck"},
    {.name = "exec: killed", .target = "exec:kill -KILL $$",
     .expected = REFUSED, .says = "killed by signal 9"},
    {.name = "exec: ends well, to the end",
     .target = "exec:echo '{\"kind\":\"metric\",\"name\":\"a\",\"value\":1}'",
     .expected = S(ENDED), .to_the_end = true},

    /* ---- postgres ---- */
    {.name = "postgres: refuses", .target = "postgres://u@127.0.0.1:%d/x",
     .expected = REFUSED, .says = "refused", .peer = PEER_REFUSES, .cycles = 200},
    {.name = "postgres: does not answer", .target = "postgres://u@127.0.0.1:%d/x?timeout=1s",
     .expected = REFUSED, .says = "", .peer = PEER_NO_ANSWER, .cycles = 20},
    {.name = "postgres: is mute", .target = "postgres://u@127.0.0.1:%d/x?timeout=1s",
     .expected = REFUSED, .says = "", .peer = PEER_MUTE, .cycles = 20},
    {.name = "postgres: drips", .target = "postgres://u@127.0.0.1:%d/x?timeout=1s&sslmode=disable",
     .expected = REFUSED, .says = "", .peer = PEER_DRIPS},
    {.name = "postgres: hangs in a query",
     .target = "postgres://u@127.0.0.1:%d/x?timeout=1s&sslmode=disable",
     .expected = REFUSED, .says = "", .peer = PEER_GREETS, .cycles = 20},
    {.name = "postgres: garbage", .target = "postgres://u@127.0.0.1:%d/x",
     .expected = REFUSED, .says = "", .peer = PEER_GARBAGE, .cycles = 20},
    {.name = "postgres: disconnects", .target = "postgres://u@127.0.0.1:%d/x",
     .expected = REFUSED, .says = "", .peer = PEER_DISCONNECTS},
    {.name = "postgres: cuts its reply", .target = "postgres://u@127.0.0.1:%d/x?sslmode=disable",
     .expected = REFUSED, .says = "", .peer = PEER_CUTS},
    {.name = "postgres: no such socket", .target = "postgres:host=/nonexistent user=u",
     .expected = REFUSED, .says = ""},
    {.name = "postgres: nonsense", .target = "postgres:no=such=thing'",
     .expected = REFUSED, .says = ""},

    /* ---- history ---- */
    {.name = "history: no such file", .target = "history:%s/missing.db",
     .expected = S(FAILED) | REFUSED, .says = "", .cycles = 200},
    {.name = "history: no such file, to the end", .target = "history:%s/missing.db",
     .expected = S(FAILED), .says = "", .to_the_end = true},
    {.name = "history: a folder", .target = "history:%s",
     .expected = REFUSED, .says = ""},
    {.name = "history: a FIFO", .target = "history:%s/fifo",
     .expected = REFUSED, .says = ""},
    {.name = "history: ClickHouse refuses", .target = "history:clickhouse://u@127.0.0.1:%d/x",
     .expected = REFUSED, .says = "", .peer = PEER_REFUSES, .cycles = 20},
    {.name = "history: ClickHouse is mute", .target = "history:clickhouse://u@127.0.0.1:%d/x",
     .expected = REFUSED | SITTING | S(CONNECTING), .peer = PEER_MUTE},
    {.name = "history: ClickHouse drips", .target = "history:clickhouse://u@127.0.0.1:%d/x",
     .expected = REFUSED | SITTING | S(CONNECTING), .peer = PEER_DRIPS},
    {.name = "history: ClickHouse gives garbage", .target = "history:clickhouse://u@127.0.0.1:%d/x",
     .expected = REFUSED, .says = "", .peer = PEER_GARBAGE, .cycles = 20},
    {.name = "history: ClickHouse disconnects", .target = "history:clickhouse://u@127.0.0.1:%d/x",
     .expected = REFUSED, .says = "", .peer = PEER_DISCONNECTS},

    /* ---- log ---- */
    {.name = "log: no such file", .target = "log:%s/missing.log",
     .expected = REFUSED | SITTING | S(CONNECTING), .cycles = 200},
    {.name = "log: a folder", .target = "log:%s",
     .expected = REFUSED, .says = ""},
    {.name = "log: nobody writes", .target = "log:%s/fifo",
     .expected = SITTING | S(CONNECTING) | REFUSED, .cycles = 20},
    {.name = "log: a silent writer", .target = "log:%s/fifo",
     .expected = SITTING | S(CONNECTING) | REFUSED, .peer = FIFO_SILENT},
    {.name = "log: a dripping writer", .target = "log:%s/fifo",
     .expected = SITTING | S(CONNECTING) | REFUSED, .peer = FIFO_DRIPS},
    {.name = "log: a writer of garbage", .target = "log:%s/fifo",
     .expected = SITTING | S(CONNECTING) | REFUSED, .peer = FIFO_GARBAGE},
    {.name = "log: binary junk", .target = "log:%s/junk",
     .expected = SITTING | REFUSED, .cycles = 20},
    {.name = "log: binary junk, to the end", .target = "log:%s/junk",
     .expected = S(ENDED) | REFUSED, .to_the_end = true},
    {.name = "log: a cut gzip, to the end", .target = "log:%s/cut.gz",
     .expected = S(ENDED) | REFUSED, .to_the_end = true},
    {.name = "log: an endless device", .target = "log:/dev/zero",
     .expected = SITTING | REFUSED},

    /* ---- pglog ---- */
    {.name = "pglog: no such file", .target = "pglog:%s/missing.log",
     .expected = REFUSED | SITTING | S(CONNECTING), .cycles = 200},
    {.name = "pglog: a folder", .target = "pglog:%s",
     .expected = REFUSED, .says = ""},
    {.name = "pglog: a silent writer", .target = "pglog:%s/fifo",
     .expected = SITTING | S(CONNECTING) | REFUSED, .peer = FIFO_SILENT},
    {.name = "pglog: a dripping writer", .target = "pglog:%s/fifo",
     .expected = SITTING | S(CONNECTING) | REFUSED | S(ENDED), .peer = FIFO_DRIPS},
    {.name = "pglog: a writer of garbage", .target = "pglog:%s/fifo",
     .expected = SITTING | S(CONNECTING) | REFUSED | S(ENDED), .peer = FIFO_GARBAGE},
    {.name = "pglog: binary junk", .target = "pglog:%s/junk",
     .expected = SITTING | REFUSED, .cycles = 20},
    {.name = "pglog: binary junk, to the end", .target = "pglog:%s/junk",
     .expected = REFUSED, .to_the_end = true, .says = "has no entry of a PostgreSQL server"},
    {.name = "pglog: an endless device", .target = "pglog:/dev/zero",
     .expected = SITTING | REFUSED},

    /* ---- slowlog ---- */
    {.name = "slowlog: no such file", .target = "slowlog:%s/missing.log",
     .expected = REFUSED | SITTING | S(CONNECTING), .cycles = 200},
    {.name = "slowlog: a folder", .target = "slowlog:%s",
     .expected = REFUSED, .says = ""},
    {.name = "slowlog: a silent writer", .target = "slowlog:%s/fifo",
     .expected = SITTING | S(CONNECTING) | REFUSED, .peer = FIFO_SILENT},
    {.name = "slowlog: a dripping writer", .target = "slowlog:%s/fifo",
     .expected = SITTING | S(CONNECTING) | REFUSED | S(ENDED), .peer = FIFO_DRIPS},
    {.name = "slowlog: a writer of garbage", .target = "slowlog:%s/fifo",
     .expected = SITTING | S(CONNECTING) | REFUSED | S(ENDED), .peer = FIFO_GARBAGE},
    {.name = "slowlog: binary junk", .target = "slowlog:%s/junk",
     .expected = SITTING | REFUSED, .cycles = 20},
    {.name = "slowlog: binary junk, to the end", .target = "slowlog:%s/junk",
     .expected = REFUSED, .to_the_end = true, .says = "no entry of a slow query log"},
    {.name = "slowlog: an endless device", .target = "slowlog:/dev/zero",
     .expected = SITTING | REFUSED},

    /* ---- bundle ---- */
    {.name = "bundle: no such folder", .target = "bundle:%s/missing/dist",
     .expected = S(FAILED), .says = "cannot open", .cycles = 200},
    {.name = "bundle: a folder without a build", .target = "bundle:%s",
     .expected = S(FAILED), .says = "holds no build"},
    {.name = "bundle: a silent writer", .target = "bundle:%s/fifo",
     .expected = S(FAILED), .says = "no regular file", .peer = FIFO_SILENT},
    {.name = "bundle: binary junk", .target = "bundle:%s/junk",
     .expected = S(FAILED), .says = "describes no build", .cycles = 20},
    {.name = "bundle: an endless device", .target = "bundle:/dev/zero",
     .expected = S(FAILED), .says = "no regular file"},

    /* ---- profile ---- */
    {.name = "profile: no such file", .target = "profile:%s/missing.pb.gz",
     .expected = S(FAILED), .says = "cannot open", .cycles = 200},
    {.name = "profile: a folder", .target = "profile:%s",
     .expected = S(FAILED), .says = "is a folder"},
    {.name = "profile: a silent writer", .target = "profile:%s/fifo",
     .expected = SITTING | S(CONNECTING) | REFUSED, .peer = FIFO_SILENT},
    {.name = "profile: a dripping writer", .target = "folded:%s/fifo",
     .expected = SITTING | S(CONNECTING) | REFUSED | S(ENDED), .peer = FIFO_DRIPS},
    {.name = "profile: a writer of garbage", .target = "profile:%s/fifo",
     .expected = SITTING | S(CONNECTING) | REFUSED | S(ENDED), .peer = FIFO_GARBAGE},
    {.name = "profile: binary junk", .target = "pprof:%s/junk",
     .expected = S(FAILED), .says = "cannot read the profile", .cycles = 20},
    {.name = "profile: a cut gzip", .target = "profile:%s/cut.gz",
     .expected = S(FAILED), .says = "cannot read the profile", .to_the_end = true},
    {.name = "profile: an endless device", .target = "folded:/dev/zero",
     .expected = SITTING | REFUSED},

    /* ---- redis ---- */
    {.name = "redis: refuses", .target = "redis://127.0.0.1:%d/",
     .expected = REFUSED, .says = "refused", .peer = PEER_REFUSES, .cycles = 200},
    {.name = "redis: does not answer", .target = "redis://127.0.0.1:%d/?timeout=1s",
     .expected = REFUSED, .says = "", .peer = PEER_NO_ANSWER, .cycles = 20},
    {.name = "redis: is mute", .target = "redis://127.0.0.1:%d/?timeout=1s",
     .expected = REFUSED, .says = "does not answer", .peer = PEER_MUTE, .cycles = 20},
    {.name = "redis: drips", .target = "redis://127.0.0.1:%d/?timeout=1s",
     .expected = REFUSED, .says = "", .peer = PEER_DRIPS},
    {.name = "redis: garbage", .target = "redis://127.0.0.1:%d/",
     .expected = REFUSED, .says = "", .peer = PEER_GARBAGE, .cycles = 20},
    {.name = "redis: garbage through TLS", .target = "redis:rediss://127.0.0.1:%d/?timeout=1s",
     .expected = REFUSED, .says = "", .peer = PEER_GARBAGE, .cycles = 20},
    {.name = "redis: is mute in the TLS hand-shake", .target = "redis:rediss://127.0.0.1:%d/?timeout=1s",
     .expected = REFUSED, .says = "hand-shake was not finished", .peer = PEER_MUTE, .cycles = 20},
    {.name = "redis: disconnects", .target = "redis://127.0.0.1:%d/",
     .expected = REFUSED, .says = "", .peer = PEER_DISCONNECTS},
    {.name = "redis: cuts its reply", .target = "redis://127.0.0.1:%d/",
     .expected = REFUSED, .says = "", .peer = PEER_CUTS},
    {.name = "redis: no such socket", .target = "redis:unix:/nonexistent/redis.sock",
     .expected = REFUSED, .says = "No such file"},
    {.name = "redis: nonsense", .target = "redis:a:b:c",
     .expected = S(FAILED), .says = "port"},

    /* ---- perf; the kernel may refuse ---- */
    {.name = "perf: no such process", .target = "perf:999999999",
     .expected = S(FAILED), .says = "there is no process", .cycles = 200},
    {.name = "perf: no such cgroup", .target = "perf:cgroup/no/such",
     .expected = S(FAILED), .says = "there is no cgroup"},
    {.name = "perf: the host", .target = "perf:",
     .expected = SITTING | REFUSED, .cycles = 20},
    {.name = "perf: no such name", .target = "perf:nosuchprogram",
     .expected = SITTING | REFUSED, .cycles = 20},

    /* ---- profiles by URL ---- */
    {.name = "profile_url: refuses", .target = "profile_url:http://127.0.0.1:%d/debug/pprof/profile",
     .expected = REFUSED, .says = "cannot ask", .peer = PEER_REFUSES, .cycles = 50},
    {.name = "profile_url: does not answer", .target = "profile_url:pprof+http://127.0.0.1:%d/heap?timeout=1s&seconds=1",
     .expected = REFUSED, .says = "cannot ask", .peer = PEER_NO_ANSWER},
    {.name = "profile_url: is mute", .target = "profile_url:pyroscope+http://127.0.0.1:%d?timeout=1s",
     .expected = REFUSED, .says = "cannot ask", .peer = PEER_MUTE},
    {.name = "profile_url: drips", .target = "profile_url:http://127.0.0.1:%d/heap?timeout=1s",
     .expected = REFUSED, .says = "", .peer = PEER_DRIPS},
    {.name = "profile_url: garbage", .target = "profile_url:http://127.0.0.1:%d/heap?timeout=1s",
     .expected = REFUSED, .says = "", .peer = PEER_GARBAGE, .cycles = 20},
    {.name = "profile_url: disconnects", .target = "profile_url:http://127.0.0.1:%d/heap",
     .expected = REFUSED, .says = "", .peer = PEER_DISCONNECTS, .cycles = 20},
    {.name = "profile_url: no host", .target = "profile_url:http://",
     .expected = S(FAILED), .says = "this is no URL"},

    /* ---- audit ---- */
    {.name = "audit: refuses", .target = "audit:http://127.0.0.1:%d/",
     .expected = REFUSED, .says = "could not be fetched", .peer = PEER_REFUSES},
    {.name = "audit: does not answer", .target = "audit:http://127.0.0.1:%d/?answer_within=1s",
     .expected = REFUSED, .says = "", .peer = PEER_NO_ANSWER},
    {.name = "audit: is mute", .target = "audit:http://127.0.0.1:%d/?answer_within=1s",
     .expected = REFUSED, .says = "no answer within", .peer = PEER_MUTE},
    {.name = "audit: drips", .target = "audit:http://127.0.0.1:%d/?answer_within=1s",
     .expected = REFUSED, .says = "", .peer = PEER_DRIPS},
    {.name = "audit: garbage", .target = "audit:http://127.0.0.1:%d/?answer_within=1s",
     .expected = REFUSED, .says = "", .peer = PEER_GARBAGE},
    {.name = "audit: disconnects", .target = "audit:http://127.0.0.1:%d/",
     .expected = REFUSED, .says = "", .peer = PEER_DISCONNECTS},
    {.name = "audit: no URL", .target = "audit:%s/missing",
     .expected = S(FAILED), .says = "neither a URL of http or https nor a file"},
    {.name = "audit: nothing", .target = "audit:",
     .expected = S(FAILED), .says = "it needs URLs"},
    /* ---- memcached ---- */
    {.name = "memcached: refuses", .target = "memcached://127.0.0.1:%d",
     .expected = REFUSED, .says = "cannot connect to memcached", .peer = PEER_REFUSES, .cycles = 100},
    {.name = "memcached: does not answer", .target = "memcached:127.0.0.1:%d?timeout=500ms",
     .expected = REFUSED, .says = "cannot connect to memcached", .peer = PEER_NO_ANSWER, .cycles = 20},
    {.name = "memcached: is mute", .target = "memcached:127.0.0.1:%d?timeout=500ms",
     .expected = REFUSED, .says = "does not answer", .peer = PEER_MUTE, .cycles = 20},
    {.name = "memcached: drips", .target = "memcached:127.0.0.1:%d?timeout=500ms",
     .expected = REFUSED, .says = "", .peer = PEER_DRIPS},
    {.name = "memcached: garbage", .target = "memcached:127.0.0.1:%d",
     .expected = REFUSED, .says = "answers otherwise", .peer = PEER_GARBAGE, .cycles = 20},
    {.name = "memcached: disconnects", .target = "memcached:127.0.0.1:%d",
     .expected = REFUSED, .says = "closed the connection", .peer = PEER_DISCONNECTS},
    {.name = "memcached: another server", .target = "memcached:127.0.0.1:%d",
     .expected = REFUSED, .says = "answers otherwise", .peer = PEER_GREETS},
    {.name = "memcached: no such socket", .target = "memcached:/nonexistent/mc.sock",
     .expected = REFUSED, .says = "cannot connect to memcached"},
    {.name = "memcached: no such host", .target = "memcached:no-such-host.invalid:11211?timeout=1s",
     .expected = REFUSED, .says = "cannot connect to memcached"},
    {.name = "memcached: a login", .target = "memcached:user@127.0.0.1:11211",
     .expected = S(FAILED), .says = "not supported"},
    {.name = "memcached: an unknown sample", .target = "memcached:127.0.0.1:11211?sample=all",
     .expected = S(FAILED), .says = "sampled by detail"},

    /* ---- varnish ---- */
    {.name = "varnish: no such instance", .target = "varnish:%s/no-instance",
     .expected = REFUSED, .says = "varnishstat"},
    {.name = "varnish: binary junk", .target = "varnish:%s/junk",
     .expected = S(FAILED), .says = "not what varnishstat -j prints", .cycles = 20},
    {.name = "varnish: a silent writer", .target = "varnish:%s/fifo",
     .expected = SITTING | S(CONNECTING) | REFUSED, .peer = FIFO_SILENT},
    {.name = "varnish: a writer of garbage", .target = "varnish:%s/fifo",
     .expected = SITTING | S(CONNECTING) | REFUSED, .peer = FIFO_GARBAGE},
    {.name = "varnish: an endless device", .target = "varnish:/dev/zero",
     .expected = S(FAILED), .says = "more than 16 MiB"},
    /* ---- host ---- */
    {.name = "host: this machine", .target = "host:?every=250ms",
     .expected = SITTING, .cycles = 200},
    {.name = "host: this machine, to the end", .target = "host:?every=250ms",
     .expected = S(ENDED), .to_the_end = true},
    {.name = "host: another machine", .target = "host:db1",
     .expected = S(FAILED), .says = "takes no name"},
    {.name = "host: no machine there", .target = "host:?root=%s",
     .expected = S(FAILED), .says = "no stat and no meminfo", .cycles = 50},
    /* ---- prometheus ---- */
    {.name = "prometheus: refuses", .target = "prometheus:prometheus+http://127.0.0.1:%d/metrics",
     .expected = REFUSED, .says = "cannot ask", .peer = PEER_REFUSES, .cycles = 50},
    {.name = "prometheus: does not answer", .target = "prometheus:http://127.0.0.1:%d/metrics?timeout=1s",
     .expected = REFUSED, .says = "cannot ask", .peer = PEER_NO_ANSWER},
    {.name = "prometheus: is mute", .target = "prometheus:prometheus+http://127.0.0.1:%d?timeout=1s",
     .expected = REFUSED, .says = "cannot ask", .peer = PEER_MUTE},
    {.name = "prometheus: drips", .target = "prometheus:prometheus+http://127.0.0.1:%d/metrics?timeout=1s",
     .expected = REFUSED, .says = "", .peer = PEER_DRIPS},
    {.name = "prometheus: garbage", .target = "prometheus:prometheus+http://127.0.0.1:%d/metrics?timeout=1s",
     .expected = REFUSED, .says = "", .peer = PEER_GARBAGE, .cycles = 20},
    {.name = "prometheus: disconnects", .target = "prometheus:prometheus+http://127.0.0.1:%d/metrics",
     .expected = REFUSED, .says = "", .peer = PEER_DISCONNECTS, .cycles = 20},
    {.name = "prometheus: no host", .target = "prometheus:http://",
     .expected = S(FAILED), .says = "this is no URL"},
    {.name = "prometheus: no such file", .target = "prometheus:%s/missing.prom",
     .expected = S(FAILED), .says = "cannot open", .cycles = 50},
    {.name = "prometheus: a folder", .target = "prometheus:%s",
     .expected = S(FAILED), .says = "is a folder"},
    {.name = "prometheus: a silent writer", .target = "prometheus:%s/fifo",
     .expected = SITTING | S(CONNECTING) | REFUSED, .peer = FIFO_SILENT},
    {.name = "prometheus: a writer of garbage", .target = "prometheus:%s/fifo",
     .expected = SITTING | S(CONNECTING) | REFUSED, .peer = FIFO_GARBAGE},
    {.name = "prometheus: binary junk", .target = "prometheus:%s/junk",
     .expected = S(FAILED), .says = "no metric of Prometheus", .cycles = 20},
    {.name = "prometheus: a cut gzip", .target = "prometheus:%s/cut.gz",
     .expected = S(ENDED) | S(FAILED), .to_the_end = true},
    {.name = "prometheus: an endless device", .target = "prometheus:/dev/zero",
     .expected = SITTING | REFUSED},
    /* ---- traces ---- */
    {.name = "trace: no such file", .target = "trace:%s/missing.json",
     .expected = S(FAILED), .says = "cannot be opened", .cycles = 50},
    {.name = "trace: a folder without spans", .target = "trace:%s",
     .expected = S(FAILED), .says = "has spans that can be read"},
    {.name = "trace: binary junk", .target = "trace:%s/junk",
     .expected = S(FAILED), .says = "it has no spans", .cycles = 20},
    {.name = "trace: a cut gzip", .target = "trace:%s/cut.gz",
     .expected = S(FAILED), .says = "", .to_the_end = true},
    {.name = "trace: a silent writer", .target = "trace:%s/fifo",
     .expected = SITTING | S(CONNECTING) | REFUSED, .peer = FIFO_SILENT},
    {.name = "trace: a writer of garbage", .target = "trace:%s/fifo",
     .expected = SITTING | S(CONNECTING) | REFUSED, .peer = FIFO_GARBAGE},
    {.name = "trace: an endless device", .target = "trace:/dev/zero",
     .expected = S(FAILED), .says = "it has no spans"},
    {.name = "jaeger: refuses", .target = "jaeger:jaeger+http://127.0.0.1:%d",
     .expected = REFUSED, .says = "cannot ask", .peer = PEER_REFUSES, .cycles = 50},
    {.name = "jaeger: does not answer", .target = "jaeger:http://127.0.0.1:%d?timeout=1s",
     .expected = REFUSED, .says = "cannot ask", .peer = PEER_NO_ANSWER},
    {.name = "jaeger: is mute", .target = "jaeger:jaeger+http://127.0.0.1:%d?timeout=1s",
     .expected = REFUSED, .says = "cannot ask", .peer = PEER_MUTE},
    {.name = "jaeger: drips", .target = "jaeger:jaeger+http://127.0.0.1:%d?timeout=1s",
     .expected = REFUSED, .says = "", .peer = PEER_DRIPS},
    {.name = "jaeger: garbage", .target = "jaeger:jaeger+http://127.0.0.1:%d?timeout=1s",
     .expected = REFUSED, .says = "", .peer = PEER_GARBAGE, .cycles = 20},
    {.name = "jaeger: disconnects", .target = "jaeger:jaeger+http://127.0.0.1:%d",
     .expected = REFUSED, .says = "", .peer = PEER_DISCONNECTS, .cycles = 20},
    {.name = "jaeger: no host", .target = "jaeger:http://",
     .expected = S(FAILED), .says = "it needs the URL"},
    {.name = "tempo: refuses", .target = "tempo:tempo+http://127.0.0.1:%d",
     .expected = REFUSED, .says = "cannot ask", .peer = PEER_REFUSES, .cycles = 50},
    {.name = "tempo: is mute", .target = "tempo:http://127.0.0.1:%d?timeout=1s",
     .expected = REFUSED, .says = "cannot ask", .peer = PEER_MUTE},
    {.name = "tempo: drips", .target = "tempo:tempo+http://127.0.0.1:%d?timeout=1s",
     .expected = REFUSED, .says = "", .peer = PEER_DRIPS},
    {.name = "tempo: garbage", .target = "tempo:tempo+http://127.0.0.1:%d?timeout=1s",
     .expected = REFUSED, .says = "", .peer = PEER_GARBAGE, .cycles = 20},
    {.name = "tempo: disconnects", .target = "tempo:tempo+http://127.0.0.1:%d",
     .expected = REFUSED, .says = "", .peer = PEER_DISCONNECTS, .cycles = 20},
    /* ---- promql ---- */
    {.name = "promql: refuses", .target = "promql:prom+http://127.0.0.1:%d",
     .expected = REFUSED, .says = "cannot ask", .peer = PEER_REFUSES, .cycles = 50},
    {.name = "promql: does not answer", .target = "promql:prom+http://127.0.0.1:%d?timeout=1s",
     .expected = REFUSED, .says = "cannot ask", .peer = PEER_NO_ANSWER},
    {.name = "promql: is mute", .target = "promql:prom+http://127.0.0.1:%d/prometheus?timeout=1s",
     .expected = REFUSED, .says = "cannot ask", .peer = PEER_MUTE},
    {.name = "promql: drips", .target = "promql:prom+http://127.0.0.1:%d?timeout=1s",
     .expected = REFUSED, .says = "", .peer = PEER_DRIPS},
    {.name = "promql: garbage", .target = "promql:prom+http://127.0.0.1:%d?timeout=1s",
     .expected = REFUSED, .says = "", .peer = PEER_GARBAGE, .cycles = 20},
    {.name = "promql: disconnects", .target = "promql:prom+http://127.0.0.1:%d",
     .expected = REFUSED, .says = "", .peer = PEER_DISCONNECTS, .cycles = 20},
    {.name = "promql: no host", .target = "promql:prom+http://",
     .expected = S(FAILED), .says = "it needs a URL"},
    {.name = "promql: no such file of names", .target = "promql:prom+http://127.0.0.1:%d?names=/nonexistent/x.yaml",
     .expected = S(FAILED), .says = "/nonexistent/x.yaml", .peer = PEER_REFUSES},
    /* ---- pages ---- */
    {.name = "lighthouse: no such file", .target = "lighthouse:%s/missing.json",
     .expected = S(FAILED), .says = "cannot be opened", .cycles = 50},
    {.name = "lighthouse: a folder without a report", .target = "lighthouse:%s",
     .expected = S(FAILED), .says = "holds no report of Lighthouse"},
    {.name = "lighthouse: binary junk", .target = "lighthouse:%s/junk",
     .expected = S(FAILED), .says = "cannot be read", .cycles = 20},
    {.name = "lighthouse: a silent writer", .target = "lighthouse:%s/fifo",
     .expected = SITTING | S(CONNECTING) | REFUSED, .peer = FIFO_SILENT},
    {.name = "lighthouse: an endless device", .target = "lighthouse:/dev/zero",
     .expected = S(FAILED), .says = "more than 64 MiB"},
    {.name = "lighthouse: no URL", .target = "lighthouse:https://",
     .expected = S(FAILED), .says = "has a host"},
    {.name = "events: no such file", .target = "events:%s/missing.json",
     .expected = S(FAILED), .says = "cannot open", .cycles = 50},
    {.name = "events: binary junk", .target = "events:%s/junk",
     .expected = S(FAILED), .says = "is no list of events", .cycles = 20},
    {.name = "events: a silent writer", .target = "events:%s/fifo",
     .expected = S(FAILED), .says = "is no file", .peer = FIFO_SILENT},
    {.name = "events: an endless device", .target = "events:/dev/zero",
     .expected = S(FAILED), .says = "is no file"},
    {.name = "estimate: no such file", .target = "estimate:%s/missing.yaml",
     .expected = S(FAILED), .says = "cannot open", .cycles = 50},
    {.name = "estimate: binary junk", .target = "estimate:%s/junk",
     .expected = S(FAILED), .says = "junk", .cycles = 20},
    {.name = "estimate: a silent writer", .target = "estimate:%s/fifo",
     .expected = S(FAILED), .says = "is no file", .peer = FIFO_SILENT},
    {.name = "estimate: an endless device", .target = "estimate:/dev/zero",
     .expected = S(FAILED), .says = "is no file"},
    {.name = "estimate: no such policy", .target = "estimate:%s/junk?policy=/missing.yaml",
     .expected = S(FAILED), .says = "missing.yaml"},
    {.name = "load-result: no such file", .target = "load-result:%s/missing.csv",
     .expected = S(FAILED), .says = "cannot be opened", .cycles = 50},
    {.name = "load-result: a folder", .target = "load-result:%s",
     .expected = S(FAILED), .says = "it is a folder"},
    {.name = "load-result: binary junk", .target = "load-result:%s/junk",
     .expected = S(FAILED), .says = "is no result of a load tool", .cycles = 20},
    {.name = "load-result: a cut gzip", .target = "load-result:%s/cut.gz",
     .expected = S(FAILED), .says = "is"},
    {.name = "load-result: a silent writer", .target = "load-result:%s/fifo",
     .expected = SITTING | S(CONNECTING) | REFUSED, .peer = FIFO_SILENT},
    {.name = "load-result: a writer of garbage", .target = "load-result:%s/fifo",
     .expected = SITTING | S(CONNECTING) | REFUSED, .peer = FIFO_GARBAGE},
    {.name = "load-result: an endless device", .target = "load-result:/dev/zero",
     .expected = S(FAILED), .says = "is no result of a load tool"},
    {.name = "load-result: no such tool", .target = "load-result:%s/junk?from=jmetre",
     .expected = S(FAILED), .says = "from is a load tool"},
    {.name = "load: no such file", .target = "load:%s/missing.yaml",
     .expected = S(FAILED), .says = "missing.yaml", .cycles = 50},
    {.name = "load: binary junk", .target = "load:%s/junk",
     .expected = S(FAILED), .says = "junk", .cycles = 20},
    {.name = "load: waits to be asked", .target = "load:%s/load.yaml",
     .expected = SITTING, .peer = PEER_REFUSES, .cycles = 50},
    {.name = "load: another kind", .target = "load:%s/load.yaml?kind=soak",
     .expected = S(FAILED), .says = "of the kind steady"},
    {.name = "load: another host", .target = "load:%s/load.yaml?target=http://192.0.2.1/",
     .expected = S(FAILED), .says = "--allow"},
    {.name = "otlp: waits", .target = "otlp://127.0.0.1:%d", .peer = PEER_REFUSES,
     .expected = SITTING | S(FAILED), .cycles = 200},
    {.name = "otlp: a port in use", .target = "otlp://127.0.0.1:%d",
     .expected = S(FAILED), .says = "another program uses the port", .peer = PEER_MUTE},
    {.name = "otlp: no such address", .target = "otlp://192.0.2.1:4318",
     .expected = S(FAILED), .says = "cannot receive"},
    {.name = "otlp: no address", .target = "otlp://nowhere.example:4318",
     .expected = S(FAILED), .says = "is no address of this machine"},
    {.name = "rum: another address", .target = "rum://192.0.2.1:8125",
     .expected = S(FAILED), .says = "loopback", .cycles = 20},
    {.name = "rum: a port in use", .target = "rum://127.0.0.1:%d",
     .expected = S(FAILED), .says = "another program uses the port", .peer = PEER_MUTE},
    {.name = "rum: binary junk", .target = "rum:%s/junk",
     .expected = S(FAILED), .says = "holds no beacon", .cycles = 20},
    {.name = "rum: a folder", .target = "rum:%s",
     .expected = S(FAILED), .says = "is a folder"},
    {.name = "rum: a silent writer", .target = "rum:%s/fifo",
     .expected = SITTING | REFUSED, .peer = FIFO_SILENT},
    {.name = "rum: a writer of garbage", .target = "rum:%s/fifo",
     .expected = SITTING | REFUSED, .peer = FIFO_GARBAGE},
    {.name = "rum: an endless device", .target = "rum:/dev/zero",
     .expected = SITTING | REFUSED},
    {.name = "har: binary junk", .target = "har:%s/junk",
     .expected = S(FAILED), .says = " is no ", .cycles = 20},
    {.name = "har: a silent writer", .target = "har:%s/fifo",
     .expected = SITTING | REFUSED, .peer = FIFO_SILENT},
    {.name = "crux: no such file", .target = "crux:%s/missing",
     .expected = S(FAILED), .says = "cannot open", .cycles = 20},
    {.name = "crux: an endless device", .target = "crux:/dev/zero",
     .expected = S(FAILED), .says = "more than 16 MiB"},
};
/* clang-format on */

/* How PostgreSQL greets: AuthenticationOk, parameters, ReadyForQuery. */
static const char PG_REPLY[] =
    "R\0\0\0\10\0\0\0\0S\0\0\0\26application_name\0\0S\0\0\0\31client_encoding\0UTF8\0"
    "S\0\0\0\30server_version\0"
    "15.4\0K\0\0\0\14\0\0\0\1\0\0\0\1Z\0\0\0\5I";

static char dir[64];

/* ---- a FIFO's other end ---- */

static struct {
    pthread_t thread;
    int kind, stop[2];
} writer;

static void *writer_main(void *arg)
{
    (void)arg;
    static const char line[] =
        "127.0.0.1 - - [20/Nov/2026:15:51:38 +0000] \"GET /a HTTP/1.1\" 200 5 \"-\" \"x\"\n";
    char path[128], junk[4096];
    size_t sent = 0;
    snprintf(path, sizeof path, "%s/fifo", dir);
    int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC); /* read-write, so that it never waits */
    for (;;) {
        struct pollfd p[2] = {{.fd = writer.stop[0], .events = POLLIN},
                              {.fd = writer.kind == FIFO_GARBAGE ? fd : -1, .events = POLLOUT}};
        poll(p, 2, writer.kind == FIFO_DRIPS ? 2 : -1);
        if (p[0].revents)
            break;
        for (size_t i = 0; i < sizeof junk; i++)
            junk[i] = (char)random();
        ssize_t n = writer.kind == FIFO_DRIPS ? write(fd, line + sent++ % (sizeof line - 1), 1)
                                              : write(fd, junk, sizeof junk);
        (void)n;
    }
    close(fd);
    return NULL;
}

static void writer_start(int kind)
{
    writer.kind = kind;
    assert_int_equal(pipe2(writer.stop, O_CLOEXEC), 0);
    assert_int_equal(pthread_create(&writer.thread, NULL, writer_main, NULL), 0);
}

static void writer_stop(void)
{
    close(writer.stop[1]);
    pthread_join(writer.thread, NULL);
    close(writer.stop[0]);
}

/* ---- one row ---- */

static const struct row *row;

static bool reached(const struct rt_watch *w)
{
    if (!w->statuses || !(row->expected & 1u << w->status.state))
        return false;
    return !row->says || !(REFUSED & 1u << w->status.state) || strstr(w->text, row->says);
}

static void start(struct rt *rt, const struct registry_resolved *r)
{
    struct sd_error err = {""};
    void *opts = options_new(r->ops->options, r->ops->opts_size);
    for (char **o = r->options; o && *o; o++) {
        char *name = mem_strndup(*o, strcspn(*o, "="));
        if (!option_set(r->ops->options, opts, name, strchr(*o, '=') + 1, &err))
            fail_msg("%s: %s", row->name, err.text);
        free(name);
    }
    if (!rt_start(rt, r->ops, "one", r->target, opts, !row->to_the_end, &err))
        fail_msg("%s: %s", row->name, err.text);
}

static void end(struct rt *rt, int64_t *slowest)
{
    int64_t before = clock_mono();
    size_t left = rt_free(rt, END_WITHIN);
    *slowest = MAX(*slowest, clock_mono() - before);
    if (left)
        fail_msg("%s: did not end within %d s", row->name, (int)(END_WITHIN / SD_S));
}

static void conforms(void **state)
{
    row = *state;
    struct sd_error err;
    struct registry_resolved r;
    struct peer *peer = NULL;
    int64_t slowest = 0;

    size_t kind_len = strcspn(row->target, ":");
    char *kind = mem_strndup(row->target, kind_len);
    bool there = registry_named(kind) != NULL;
    free(kind);
    if (!there)
        skip();

    size_t threads = process_threads(), fds = process_fds();
    if (row->peer > 0) {
        peer = peer_start((enum peer_script)row->peer, PG_REPLY, sizeof PG_REPLY - 1);
        assert_non_null(peer);
    } else if (row->peer < 0) {
        writer_start(row->peer);
    }
    char *given;
    const char *hole = strstr(row->target, "%");
    if (hole && hole[1] == 'd')
        given = mem_printf("%.*s%d%s", (int)(hole - row->target), row->target, peer_port(peer), hole + 2);
    else if (hole && hole[1] == 's')
        given = mem_printf("%.*s%s%s", (int)(hole - row->target), row->target, dir, hole + 2);
    else
        given = mem_strdup(row->target);
    if (!registry_resolve(given, &r, &err))
        fail_msg("%s: %s", row->name, err.text);

    struct rt_watch w = {.rt = rt_new(&LIMITS)};
    start(w.rt, &r);
    bool ok = rt_watch_until(&w, reached, SOON);
    if (!ok)
        fail_msg("%s: state %u \"%s\" after %u states seen", row->name, (unsigned)w.status.state, w.text,
                 w.seen);
    if (REFUSED & 1u << w.status.state) {
        assert_true(*w.text);
        printf("    %s\n", w.text);
    }
    /* Interrupted twice, by hand and by the end. */
    rt_stop_source(w.rt, "one");
    rt_stop_source(w.rt, "one");
    end(w.rt, &slowest);

    /* Ended at any moment: before open, in it, after it. */
    int cycles = row->cycles ? row->cycles : 5;
    for (int i = 0; i < cycles; i++) {
        struct rt *rt = rt_new(&LIMITS);
        start(rt, &r);
        if (i % 4)
            poll(&(struct pollfd){.fd = rt_fd(rt), .events = POLLIN}, 1, i % 4);
        end(rt, &slowest);
    }
    registry_resolved_free(&r);
    free(given);
    if (row->peer > 0)
        peer_stop(peer);
    else if (row->peer < 0)
        writer_stop();
    if (!process_back_to(threads, fds, SOON))
        fail_msg("%s: %zu threads and %zu descriptors before, %zu and %zu after", row->name, threads, fds,
                 process_threads(), process_fds());
    printf("    slowest end: %d ms\n", (int)(slowest / SD_MS));
}

static void put(const char *name, const void *bytes, size_t n)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

static void do_nothing(void *ctx, const struct sd_batch *b)
{
    (void)ctx;
    (void)b;
}

static int prepare(void **state)
{
    (void)state;
    static const char gz[] = "\x1f\x8b\x08\0\0\0\0\0\0\3\313\110\315\311";
    static const char load[] = "target: http://127.0.0.1:9\nkind: steady\nstages: [{for: 1s, rate: 1}]\n"
                               "requests: [{name: a, path: /}]\n";
    char path[128], junk[100000];
    snprintf(dir, sizeof dir, "/tmp/slowdive-test-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof path, "%s/fifo", dir);
    if (mkfifo(path, 0600) < 0)
        return -1;
    for (size_t i = 0; i < sizeof junk; i++)
        junk[i] = (char)random();
    put("junk", junk, sizeof junk);
    put("cut.gz", gz, sizeof gz - 1);
    put("load.yaml", load, sizeof load - 1);

    /* Libraries and sanitizers keep what they make for their first use. */
    static const char *const first[] = {"exec:true", "postgres:host=/nonexistent", "log:/nonexistent"};
    for (size_t i = 0; i < ARRAY_LEN(first); i++) {
        struct registry_resolved r;
        struct sd_error err;
        if (!registry_resolve(first[i], &r, &err))
            continue;
        struct rt_watch w = {.rt = rt_new(&LIMITS), .on_batch = do_nothing};
        row = &(struct row){.name = "warming up", .to_the_end = true};
        start(w.rt, &r);
        rt_watch_until(&w, NULL, SOON);
        rt_free(w.rt, SOON);
        registry_resolved_free(&r);
    }
    return 0;
}

static int clean(void **state)
{
    (void)state;
    static const char *const names[] = {"fifo", "junk", "cut.gz", "load.yaml"};
    char path[128];
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        unlink(path);
    }
    return rmdir(dir);
}

int main(int argc, char **argv)
{
    registry_begin(SOURCES_BUILT_IN);
    static struct CMUnitTest tests[ARRAY_LEN(ROWS)];
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
        if (argc < 2 || str_starts(ROWS[i].name, argv[1])) /* "test_conformance postgres" */
            tests[n++] = (struct CMUnitTest){
                .name = ROWS[i].name, .test_func = conforms, .initial_state = (void *)&ROWS[i]};
    return _cmocka_run_group_tests("conformance", tests, n, prepare, clean);
}
