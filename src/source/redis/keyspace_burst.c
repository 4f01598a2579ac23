/* keyspace_burst.c - MONITOR in bursts, with notifications between its lines, and questions about keys. */
#include "source/redis/keyspace.h"

#include <stdlib.h>

#include "base/num.h"

enum { TICK_MS = 2, LATE_TIMES = 3, LINES_AT_ONCE = 4000, AT_ONCE = 256 };
/* What a line of MONITOR costs the server, to be written and sent: 1.5 to 2.2 us were measured. */
#define LINE_NS   3000
#define BYTE_NS   2
#define BEGIN_AT  (4 * SD_MS) /* credit */
#define PING_EACH (250 * SD_MS)
#define LATE_NS   (20 * SD_MS)
#define LAG_MAX   (SD_S)
#define ASK_NS    1000 /* a question in a pipeline: 0.8 us were measured */

static sd_time now_of(const struct keyspace *k)
{
    return k->x->s->host->now(k->x->s);
}

/* ---- our own commands in the stream ---- */

static uint64_t own_hash(const char *command, const char *key, size_t n)
{
    return key_hash(key, n) ^ (uint64_t)(command[0] | 0x20) << 56 ^ (uint64_t)(command[1] | 0x20) << 48;
}

void keyspace_own(struct keyspace *k, const char *command, const char *key, size_t n)
{
    if (k->mon)
        k->own_commands[k->n_own++ % KEYSPACE_OWN] = own_hash(command, key, n);
}

static bool is_own_command(struct keyspace *k, const struct monitor_item *it)
{
    size_t at = strcmp(it->arguments[0], "MEMORY") == 0 || strcmp(it->arguments[0], "OBJECT") == 0 ? 2 : 1;
    if (it->n <= at || strlen(it->arguments[0]) < 2)
        return false;
    uint64_t h = own_hash(it->arguments[0], it->arguments[at], it->lengths[at]);
    for (size_t i = 0; i < MIN(k->n_own, (size_t)KEYSPACE_OWN); i++)
        if (k->own_commands[i] == h) {
            k->own_commands[i] = 0;
            return true;
        }
    return false;
}

/* Clients of a Unix socket all have the same address. */
static bool is_own(struct keyspace *k, const struct monitor_item *it)
{
    if (!k->own_known && it->n == 2 && strcmp(it->arguments[0], "ECHO") == 0 &&
        str_starts(it->arguments[1], "slowdive-")) {
        snprintf(k->own, sizeof k->own, "%s", it->client);
        k->own_unix = str_starts(it->client, "unix:");
        k->own_known = true;
        return true;
    }
    if (!k->own_known || strcmp(k->own, it->client) != 0)
        return false;
    return !k->own_unix || is_own_command(k, it);
}

/* ---- questions ---- */

static struct keyspace_question *question(struct keyspace *k, size_t i)
{
    return &k->questions[i % KEYSPACE_QUESTIONS];
}

static void ask(void *ctx, int64_t db, const char *key, size_t n)
{
    struct keyspace *k = ctx;
    if (k->q_n - k->q_first >= KEYSPACE_QUESTIONS || !k->own_known) {
        key_watch_no_answer(k->watch, db, key, n);
        return;
    }
    struct keyspace_question *q = question(k, k->q_n++);
    *q = (struct keyspace_question){.db = db, .key = mem_alloc(n + 1), .n = n};
    memcpy(q->key, key, n);
}

static void drop_question(struct keyspace *k)
{
    struct keyspace_question *q = question(k, k->q_first++);
    free(q->key);
    q->key = NULL;
}

/* Sends those that are open, of one database, and reads the answers. They count when the question is seen in
 * the stream, and are paid for now, with their lines there: how long the answers take says little while the
 * server is busy with others. None are sent on credit. */
static bool send_questions(struct keyspace *k)
{
    size_t end = k->q_sent;
    if (k->q_sent == k->q_n || keyspace_credit(k) < 0)
        return true;
    if (!keyspace_select(k, question(k, k->q_sent)->db)) {
        if (k->conn)
            keyspace_give_up(k, "it does not let us look into database %lld",
                             (long long)question(k, k->q_sent)->db);
        return false;
    }
    for (; end < k->q_n && end - k->q_sent < AT_ONCE && question(k, end)->db == k->selected; end++) {
        struct keyspace_question *q = question(k, end);
        redis_send(k->conn, 2, (const char *[]){"PTTL", q->key}, (size_t[]){4, q->n});
        keyspace_own(k, "PTTL", q->key, q->n);
    }
    keyspace_pay(k, (int64_t)(end - k->q_sent) * (ASK_NS + LINE_NS));
    for (; k->q_sent < end; k->q_sent++) {
        struct keyspace_question *q = question(k, k->q_sent);
        struct redis_reply *reply;
        if (!keyspace_read(k, "PTTL", &reply))
            return false;
        int64_t left = reply->type == REPLY_INTEGER ? reply->integer : -2;
        q->there = left != -2;
        q->end = left >= 0 ? left : KEY_NO_END; /* from the question on */
        redis_own_lookup(k->node, q->there);
        redis_reply_free(reply);
    }
    return k->q_sent == k->q_n || send_questions(k);
}

/* False: it is not the one that is expected. */
static bool question_seen(struct keyspace *k, const struct monitor_item *it)
{
    if (k->q_first == k->q_sent || it->n != 2 || strcmp(it->arguments[0], "PTTL") != 0)
        return false;
    struct keyspace_question *q = question(k, k->q_first);
    if (q->db != it->db || q->n != it->lengths[1] || memcmp(q->key, it->arguments[1], q->n) != 0)
        return false;
    sd_time end = q->end == KEY_NO_END ? KEY_NO_END : it->at + q->end * SD_MS;
    key_watch_answer(k->watch, q->db, q->key, q->n, q->there, end, it->at);
    drop_question(k);
    return true;
}

/* ---- the stream ---- */

static void curve_lookup(void *ctx, enum key_effect effect, const char *key, size_t n, sd_time end)
{
    struct keyspace *k = ctx;
    (void)end;
    if (effect == KEY_READ)
        miss_curve_lookup(k->curve, key_hash(key, n), 0);
}

/* False: its line was paid for before. */
static bool take(struct keyspace *k, const struct monitor_item *it)
{
    if (it->what == MONITOR_EVENT) {
        key_watch_event(k->watch, it->db, it->event, it->arguments[0], it->lengths[0]);
    } else if (it->what == MONITOR_COMMAND && is_own(k, it)) {
        return !question_seen(k, it);
    } else if (it->what == MONITOR_COMMAND) {
        key_watch_command(k->watch, it->db, it->n, it->arguments, it->lengths, it->at, ask, k);
        key_command(it->n, it->arguments, it->lengths, it->at, curve_lookup, k);
    }
    return true;
}

static void evicts(struct keyspace *k)
{
    const struct sd_cache *c = &k->node->info.cache;
    bool may = c->bytes_max > 0 && c->policy && strcmp(c->policy, "noeviction") != 0;
    key_watch_evicts(k->watch, may && (c->evictions > 0 || c->bytes_used > c->bytes_max / 10 * 8), k->told);
}

static void end_because(struct keyspace *k, const char *why)
{
    k->x->s->host->log(k->x->s, "a burst of MONITOR on %s ended: %s", k->node->place, why);
    keyspace_burst_end(k);
}

/* How far the stream is behind, beside the clocks. False: too far. */
static bool keeps_up(struct keyspace *k, const struct monitor_item *it)
{
    int64_t lag = now_of(k) - it->at;
    k->least_lag = MIN(k->least_lag, lag);
    return lag - k->least_lag < LAG_MAX;
}

static bool read_lines(struct keyspace *k)
{
    struct redis_line line;
    struct sd_error err = {""};
    for (int i = 0; i < LINES_AT_ONCE; i++) {
        struct monitor_item it;
        int r = redis_next_line(k->mon, now_of(k), &line, &err);
        if (r == 0)
            return true;
        if (r < 0) {
            end_because(k, err.text[0] ? err.text : "it was stopped");
            return false;
        }
        monitor_feed_line(k->feed, line.text, line.len, line.whole, &it);
        k->lines++;
        if (take(k, &it))
            keyspace_pay(k, LINE_NS + (int64_t)MIN(line.whole, (size_t)1 << 30) * BYTE_NS);
        if (it.what == MONITOR_COMMAND)
            k->line_at = it.at;
        if (it.what == MONITOR_COMMAND && !keeps_up(k, &it)) {
            end_because(k, "its output comes faster than it is read");
            return false;
        }
    }
    return true;
}

/* ---- a burst ---- */

/* What the server wrote and we did not read: as many lines in a time as before. Its clock may differ from
 * ours. */
static void pay_unread(struct keyspace *k)
{
    int64_t lasted = now_of(k) - k->burst_began;
    int64_t behind = now_of(k) - k->line_at - k->least_lag;
    if (!sd_known(k->line_at) || behind <= 0 || lasted <= behind)
        return;
    double lines = (double)(k->lines - k->lines_before);
    double unread = lines * (double)behind / (double)(lasted - behind);
    keyspace_pay(k, (int64_t)(MIN(unread, 1e6) * LINE_NS));
}

void keyspace_burst_end(struct keyspace *k)
{
    if (!k->mon)
        return;
    pay_unread(k);
    redis_close(k->mon);
    k->mon = NULL;
    k->watched += now_of(k) - k->burst_began;
    while (k->q_first < k->q_n) {
        struct keyspace_question *q = question(k, k->q_first);
        key_watch_no_answer(k->watch, q->db, q->key, q->n);
        drop_question(k);
    }
    k->q_sent = k->q_first;
    key_watch_gap(k->watch);
}

/* Does the server send notifications of what ends and is evicted? It is only asked. */
static bool ask_told(struct keyspace *k)
{
    struct redis_reply *reply;
    if (k->asked_told)
        return true;
    REDIS_SEND(k->conn, "CONFIG", "GET", "notify-keyspace-events");
    if (!keyspace_read(k, "CONFIG GET", &reply))
        return false;
    const char *flags =
        reply->type == REPLY_ARRAY && reply->n == 2 && reply->items[1]->text ? reply->items[1]->text : "";
    bool all = strchr(flags, 'A');
    bool which = all || (strchr(flags, 'e') && strchr(flags, 'x'));
    k->told = which && (strchr(flags, 'E') || strchr(flags, 'K'));
    k->by_space = !strchr(flags, 'E');
    redis_reply_free(reply);
    k->asked_told = true;
    return true;
}

static bool begin(struct keyspace *k)
{
    struct redis_login login = redis_login_of(k->x);
    struct sd_error err = {""};
    struct redis_line line;
    if (!ask_told(k))
        return false;
    if (redis_open(k->x->s, &k->node->address, &login, &k->mon, &err) != SD_OK) {
        k->mon = NULL;
        keyspace_give_up(k, "%s", err.text);
        return false;
    }
    memset(k->feed, 0, sizeof *k->feed);
    REDIS_SEND(k->mon, "MONITOR");
    if (redis_next_line(k->mon, now_of(k) + login.timeout, &line, &err) != 1 || !line.len ||
        line.text[0] == '-') {
        redis_close(k->mon);
        k->mon = NULL;
        keyspace_give_up(k, "%.150s does not let us use MONITOR: %s", k->node->place,
                         line.len ? "it refuses it" : err.text);
        k->monitor = false; /* keys can still be looked at */
        return false;
    }
    if (k->told && k->by_space)
        REDIS_SEND(k->mon, "PSUBSCRIBE", "__keyspace@*__:*");
    else if (k->told)
        REDIS_SEND(k->mon, "PSUBSCRIBE", "__keyevent@*__:expired", "__keyevent@*__:evicted");
    k->burst_began = k->last_ping = now_of(k);
    k->line_at = SD_UNKNOWN;
    k->lines_before = k->lines;
    k->least_lag = INT64_MAX;
    k->late = 0;
    k->own_known = false;
    k->n_own = 0;
    return true;
}

/* An answer of the server to nothing: is it slower than before? It is also what shows us our own address. */
static bool ping(struct keyspace *k, sd_time now)
{
    struct redis_reply *reply;
    if (k->own_known && now - k->last_ping < PING_EACH)
        return true;
    k->last_ping = now;
    if (k->own_known)
        REDIS_SEND(k->conn, "PING");
    else
        REDIS_SEND(k->conn, "ECHO", "slowdive-looks-into-keys");
    if (!keyspace_read(k, "PING", &reply))
        return false;
    redis_reply_free(reply);
    int64_t took = now_of(k) - now;
    k->late = took > k->ping * 10 + LATE_NS ? k->late + 1 : 0;
    if (k->late < LATE_TIMES)
        return true;
    end_because(k, "the server answers late");
    k->next = now + 10 * SD_S;
    return false;
}

sd_time keyspace_burst(struct keyspace *k)
{
    sd_time now = now_of(k);
    int64_t credit = keyspace_credit(k);
    if (!k->mon && credit < BEGIN_AT)
        return now + MAX((sd_time)((double)(BEGIN_AT - credit) / k->budget), SD_MS);
    if (!k->mon && !begin(k))
        return now + SD_S;
    evicts(k);
    if (!read_lines(k) || !ping(k, now) || !send_questions(k))
        return now + SD_S;
    if (keyspace_credit(k) < 0) {
        keyspace_burst_end(k);
        return now + SD_MS;
    }
    return now + TICK_MS * SD_MS;
}
