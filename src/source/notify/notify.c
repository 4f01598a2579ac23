/* notify.c - a lane for each receiver, which has one request under way and the next behind it; one loop moves
 * them all until every lane is at its end or the time is over. */
#include "source/notify/notify.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "source/notify/notify_command.h"
#include "source/notify/notify_request.h"
#include "version.inc"

/* Of an answer SAID bytes are told. More is kept: a secret is hidden only where it is whole. */
enum {
    ANSWER_MAX = 64 * 1024,
    SAID = 200,
    KEPT = SAID + NOTIFY_SECRET_MAX,
    POLL_MS = 200,
    COMMAND_POLL_MS = 20
};
#define RETRY_AFTER_MAX (24 * 3600) /* seconds: what a receiver may ask for */

struct lane {
    const struct goal_receiver *to;
    size_t *todo, n, cap; /* numbers of its deliveries, in order */
    size_t at;            /* the one under way, else the next */

    struct notify_request r;
    CURL *curl; /* NULL: none is under way */
    struct curl_slist *headers;
    pid_t pid; /* of a command; 0: none is under way */
    int64_t began;
    size_t read; /* bytes of head and body */
    char kept[KEPT];
    size_t n_kept;
    char why[CURL_ERROR_SIZE];
};

struct sending {
    const struct payload_about *about;
    const struct delivery *d;
    struct delivery_answer *answers;
    struct lane *lanes;
    size_t n, cap;
    CURLM *multi;
    int64_t request_ns, end; /* end by clock_mono() */
};

static void begin_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* ---- an answer ---- */

static struct delivery_answer *answer_of(struct sending *s, const struct lane *l)
{
    return &s->answers[l->todo[l->at]];
}

/* At most `max` bytes of a text, in whole characters. */
static size_t whole_characters(const char *text, size_t len, size_t max)
{
    if (len <= max)
        return len;
    while (max && ((unsigned char)text[max] & 0xc0) == 0x80)
        max--;
    return max;
}

/* The sentence of a failure: what a program, a library or a receiver says may repeat secrets. */
static void explain(struct delivery_answer *a, const struct lane *l, const char *text)
{
    struct strbuf plain = {0};
    char *hidden = secrets_hide(l->r.secrets, text);
    hidden[whole_characters(hidden, strlen(hidden), strlen("500 ") + SAID)] = 0;
    payload_text(&plain, hidden, KEPT);
    snprintf(a->error, sizeof a->error, "%.150s: ", l->r.host ? l->r.host : l->to->name);
    size_t used = strlen(a->error), room = sizeof a->error - used - 1;
    size_t len = whole_characters(strbuf_text(&plain), plain.len, room);
    memcpy(a->error + used, strbuf_text(&plain), len);
    a->error[used + len] = 0;
    strbuf_free(&plain);
    free(hidden);
}

static void lane_next(struct lane *l)
{
    notify_request_free(&l->r);
    l->at++;
}

/* ---- over HTTP ---- */

static size_t count(struct lane *l, size_t n)
{
    l->read += n;
    return l->read > ANSWER_MAX ? 0 : n; /* 0: no more of it is read */
}

static size_t take_body(char *bytes, size_t size, size_t n, void *ctx)
{
    struct lane *l = ctx;
    size_t room = MIN(size * n, KEPT - l->n_kept);
    memcpy(l->kept + l->n_kept, bytes, room);
    l->n_kept += room;
    return count(l, size * n);
}

static size_t take_header(char *bytes, size_t size, size_t n, void *ctx)
{
    (void)bytes;
    return count(ctx, size * n);
}

/* Plain http stays on this machine, whatever a name stands for. */
static curl_socket_t open_loopback(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
    (void)ctx;
    (void)purpose;
    const struct sockaddr *to = &a->addr;
    bool here = false;
    if (to->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, to, sizeof in);
        here = ntohl(in.sin_addr.s_addr) >> 24 == 127;
    } else if (to->sa_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, to, MIN(sizeof in, (size_t)a->addrlen));
        here = IN6_IS_ADDR_LOOPBACK(&in.sin6_addr);
    }
    return here ? socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol) : CURL_SOCKET_BAD;
}

static void set_up(struct sending *s, struct lane *l, CURL *c)
{
    int64_t wait = MIN(s->request_ns, s->end - clock_mono());
    curl_easy_setopt(c, CURLOPT_URL, l->r.url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, l->r.plain_http ? "http" : "https");
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L); /* a name that is still looked up is not waited for */
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)MAX(wait / SD_MS, 1));
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)(s->request_ns / SD_MS));
    curl_easy_setopt(c, CURLOPT_USERAGENT, "slowdive/" SLOWDIVE_VERSION);
    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(l->r.body));
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, l->r.body);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, l->headers);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, l);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, l);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, l->why);
    curl_easy_setopt(c, CURLOPT_PRIVATE, l);
    if (l->r.plain_http) {
        curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_loopback);
        curl_easy_setopt(c, CURLOPT_PROXY, "");
    }
}

static void begin_http(struct sending *s, struct lane *l)
{
    char *key = mem_printf("Idempotency-Key: %s", l->r.idempotency);
    l->headers = curl_slist_append(NULL, "Content-Type: application/json");
    l->headers = curl_slist_append(l->headers, key);
    l->headers = curl_slist_append(l->headers, "Expect:"); /* a body is sent at once */
    free(key);
    l->curl = curl_easy_init();
    if (!l->curl)
        return;
    l->why[0] = 0;
    l->read = l->n_kept = 0;
    set_up(s, l, l->curl);
    curl_multi_add_handle(s->multi, l->curl);
}

static void end_http(struct sending *s, struct lane *l, CURLcode code)
{
    struct delivery_answer *a = answer_of(s, l);
    long status = 0;
    curl_off_t after = 0;
    curl_easy_getinfo(l->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(l->curl, CURLINFO_RETRY_AFTER, &after);
    /* Of an answer that is too long or does not end, its beginning is the answer; one with 1xx has none yet.
     */
    a->status = status >= 200 ? (int)status : 0;
    if (after > 0)
        a->retry_after_ns = MIN((int64_t)after, RETRY_AFTER_MAX) * SD_S;
    bool cut = code == CURLE_OPERATION_TIMEDOUT && clock_mono() - l->began < s->request_ns * 9 / 10;
    if (!a->status && cut) {
        a->status = DELIVERY_NOT_TRIED; /* it had less than its time: this was not its fault */
        explain(a, l, "there was no time left for it");
    } else if (!a->status) {
        explain(a, l,
                code == CURLE_OPERATION_TIMEDOUT ? "no answer in 10 s"
                : *l->why                        ? l->why
                                                 : curl_easy_strerror(code));
    } else if (a->status >= 300) {
        struct strbuf said = {0};
        strbuf_printf(&said, "%d%s", a->status, l->n_kept ? " " : "");
        strbuf_add(&said, l->kept, l->n_kept);
        explain(a, l, strbuf_text(&said));
        strbuf_free(&said);
    }
    curl_multi_remove_handle(s->multi, l->curl);
    curl_easy_cleanup(l->curl);
    curl_slist_free_all(l->headers);
    l->curl = NULL;
    l->headers = NULL;
    lane_next(l);
}

/* ---- commands ---- */

static void end_command(struct sending *s, struct lane *l, const char *trouble)
{
    struct delivery_answer *a = answer_of(s, l);
    a->status = trouble ? 500 : 200;
    if (trouble)
        explain(a, l, trouble);
    l->pid = 0;
    lane_next(l);
}

static void begin_command(struct sending *s, struct lane *l)
{
    struct sd_error err = {0};
    pid_t pid = notify_command_start(l->r.command, l->r.body, &err);
    if (pid < 0)
        end_command(s, l, err.text);
    else
        l->pid = pid;
}

static void watch_command(struct sending *s, struct lane *l)
{
    int status = 0;
    char text[60];
    if (notify_command_ended(l->pid, &status)) {
        snprintf(text, sizeof text, status > 128 ? "it was ended by signal %d" : "it ended with status %d",
                 status > 128 ? status - 128 : status);
        end_command(s, l, status ? text : NULL);
    } else if (clock_mono() - l->began >= s->request_ns || clock_mono() >= s->end) {
        notify_command_kill(l->pid);
        end_command(s, l, "it took more than 10 s and was ended");
    }
}

/* ---- all of them ---- */

static struct lane *lane_for(struct sending *s, const struct goal_receiver *to)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->lanes[i].to == to)
            return &s->lanes[i];
    s->lanes = mem_grow(s->lanes, s->n, &s->cap, sizeof *s->lanes);
    s->lanes[s->n] = (struct lane){.to = to};
    return &s->lanes[s->n++];
}

/* Begins the next one of the lane; one that cannot be begun is answered at once. */
static void begin_next(struct sending *s, struct lane *l)
{
    struct sd_error err = {0};
    struct delivery_answer *a = answer_of(s, l);
    l->began = clock_mono();
    if (l->began >= s->end) {
        a->status = DELIVERY_NOT_TRIED;
        snprintf(a->error, sizeof a->error, "there was no time left for it");
        l->at++;
        return;
    }
    if (!notify_request(&l->r, &s->d[l->todo[l->at]], s->about, &err)) {
        snprintf(a->error, sizeof a->error, "%s", err.text);
        l->at++;
        return;
    }
    if (l->r.command)
        begin_command(s, l);
    else
        begin_http(s, l);
}

/* Is there anything left? *commands: a command is under way, which no descriptor tells of. */
static bool move(struct sending *s, bool *commands)
{
    bool left = false;
    *commands = false;
    for (size_t i = 0; i < s->n; i++) {
        struct lane *l = &s->lanes[i];
        if (l->pid)
            watch_command(s, l);
        while (!l->curl && !l->pid && l->at < l->n)
            begin_next(s, l);
        *commands = *commands || l->pid;
        left = left || l->at < l->n;
    }
    return left;
}

static void end_finished(struct sending *s)
{
    CURLMsg *m;
    int left;
    while ((m = curl_multi_info_read(s->multi, &left)))
        if (m->msg == CURLMSG_DONE) {
            char *lane = NULL;
            CURLcode code = m->data.result;
            curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &lane);
            end_http(s, (struct lane *)(void *)lane, code);
        }
}

static void end_late(struct sending *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->lanes[i].curl && clock_mono() >= s->end)
            end_http(s, &s->lanes[i], CURLE_OPERATION_TIMEDOUT);
}

void notify_send_within(const struct payload_about *about, const struct delivery *d, size_t n,
                        struct delivery_answer *answers, int64_t request_ns, int64_t all_ns)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct sending s = {
        .about = about, .d = d, .answers = answers, .request_ns = request_ns, .end = clock_mono() + all_ns};
    bool commands;
    pthread_once(&once, begin_curl);
    s.multi = curl_multi_init();
    for (size_t i = 0; i < n; i++) {
        struct lane *l = lane_for(&s, d[i].receiver);
        answers[i] = (struct delivery_answer){.retry_after_ns = SD_UNKNOWN};
        l->todo = mem_grow(l->todo, l->n, &l->cap, sizeof *l->todo);
        l->todo[l->n++] = i;
    }
    while (move(&s, &commands)) {
        int running;
        curl_multi_perform(s.multi, &running);
        end_finished(&s);
        end_late(&s);
        if (running || commands)
            curl_multi_poll(s.multi, NULL, 0, commands ? COMMAND_POLL_MS : POLL_MS, NULL);
    }
    curl_multi_cleanup(s.multi);
    for (size_t i = 0; i < s.n; i++)
        free(s.lanes[i].todo);
    free(s.lanes);
}

void notify_send(void *ctx, const struct delivery *d, size_t n, struct delivery_answer *answers)
{
    notify_send_within(ctx, d, n, answers, NOTIFY_REQUEST, NOTIFY_ALL);
}
