/* A server in memory: what it says comes from the input, through libpq, to the whole PostgreSQL source. It
 * ends in time whatever is said.
 *
 * The input: a byte of flags, then messages: the type, two bytes of length, the body. A type of 0x80 or more
 * is no type: the body is sent as it is. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "fuzz_host.h"
#include "source/postgres/internal.h"
#include "source/postgres/postgres.h"

static int listener = -1;
static char folder[] = "/tmp/slowdive-wire-XXXXXX", target[128];
static const uint8_t *script;
static size_t script_size;
static bool greets; /* else the script is all there is */

static void clean_up(void)
{
    char path[160];
    snprintf(path, sizeof path, "%s/.s.PGSQL.5432", folder);
    unlink(path);
    rmdir(folder);
}

static void set_up(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    if (!mkdtemp(folder))
        abort();
    atexit(clean_up);
    snprintf(a.sun_path, sizeof a.sun_path, "%s/.s.PGSQL.5432", folder);
    snprintf(target, sizeof target, "host=%s dbname=d user=u password=p passfile=/dev/null", folder);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&a, sizeof a) != 0 || listen(listener, 8) != 0)
        abort();
}

static void say(struct strbuf *out, char type, const void *body, size_t len)
{
    uint32_t n = (uint32_t)len + 4;
    strbuf_char(out, type);
    for (int shift = 24; shift >= 0; shift -= 8)
        strbuf_char(out, (char)(n >> shift));
    strbuf_add(out, body, len);
}

static void say_script(struct strbuf *out)
{
    for (size_t i = 0; i + 3 <= script_size;) {
        size_t len = script[i + 1] | (size_t)script[i + 2] << 8, rest = script_size - i - 3;
        len = MIN(len, rest);
        if (script[i] < 0x80)
            say(out, (char)script[i], script + i + 3, len);
        else
            strbuf_add(out, (const char *)script + i + 3, len);
        i += 3 + len;
    }
}

/* Who has connected gets all of it at once, and then an end. */
static void serve(void)
{
    static const char version[] = "server_version\0"
                                  "15.2",
                      encoding[] = "server_encoding\0UTF8";
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    struct strbuf out = {0};
    if (greets) {
        say(&out, 'R', "\0\0\0\0", 4);
        say(&out, 'S', version, sizeof version);
        say(&out, 'S', encoding, sizeof encoding);
        say(&out, 'Z', "I", 1);
    }
    say_script(&out);
    ssize_t ignored = send(fd, out.text, out.len, MSG_NOSIGNAL);
    (void)ignored;
    shutdown(fd, SHUT_WR);
    /* What is still to be read must not be lost: it goes with the next connection. */
    static int before = -1;
    if (before >= 0)
        close(before);
    before = fd;
    strbuf_free(&out);
}

static int host_wait(struct sd_source *s, int fd, int events, sd_time deadline)
{
    struct pollfd fds[] = {{.fd = fd, .events = (short)events}, {.fd = listener, .events = POLLIN}};
    (void)s;
    if (fd < 0)
        return 0;
    while (clock_mono() < deadline) {
        poll(fds, 2, 10);
        if (fds[1].revents)
            serve();
        if (fds[0].revents)
            return 1;
    }
    return 0;
}

static sd_time host_now(struct sd_source *s)
{
    (void)s;
    return clock_mono();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct sd_host host = {.should_stop = host_no,
                                        .wait = host_wait,
                                        .now = host_now,
                                        .batch = host_batch,
                                        .add = batch_add,
                                        .publish = host_publish,
                                        .discard = host_discard,
                                        .note = host_note,
                                        .log = host_log,
                                        .withdrawn = host_no};
    if (listener < 0)
        set_up();
    if (size < 1)
        return 0;
    greets = data[0] & 1;
    script = data + 1;
    script_size = size - 1;
    struct postgres p = {0};
    struct postgres_options o = {.interval = SD_S,
                                 .sample_hz = 10,
                                 .top = 10,
                                 .timeout = SD_S,
                                 .catalog_interval = SD_S,
                                 .answer_max = 1 << 20};
    struct sd_source s = {.host = &host, .name = "fuzz", .target = target, .opts = &o, .priv = &p};
    struct sd_error err;
    serve(); /* a connection of the input before that nobody took up */
    if (postgres_source_ops.open(&s, &err) == SD_OK) {
        if (data[0] & 2)
            postgres_sample(&p, host_now(&s), &err);
        if (data[0] & 4) {
            const char *sql = data[0] & 16 ? "select f(a) from t where b = $1" : "select * from t";
            const struct sd_job_explain plan = {.query_id = SD_UNKNOWN, .query = sql};
            const struct sd_job_may_analyze check = {.query_id = SD_UNKNOWN, .query = sql, .limit_ns = SD_S};
            const struct sd_request req = data[0] & 8
                                              ? (struct sd_request){.job = SD_JOB_MAY_ANALYZE, .args = &check}
                                              : (struct sd_request){.job = SD_JOB_EXPLAIN, .args = &plan};
            struct sd_batch *reply = host_batch(&s, 0);
            postgres_source_ops.request(&s, &req, reply, &err);
            batch_unref(reply);
        }
    }
    postgres_source_ops.close(&s);
    return 0;
}
