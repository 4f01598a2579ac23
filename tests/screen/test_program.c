/* The program itself on a pseudo terminal: hostile text, poor terminals, signals,
 * sizes, silence. SLOWDIVE names the program; without it, the one built beside this
 * test. Skipped while there is none. */
#include "tests/lib/test.h"
#include "tests/lib/vt.h"

#include <fcntl.h>
#include <dirent.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SOON = 20000 };

static char program[PATH_MAX], folder[] = "/tmp/slowdive-pty-XXXXXX", web_log[PATH_MAX];

#define NEED_PROGRAM()                                                                                       \
    do {                                                                                                     \
        if (access(program, X_OK) != 0)                                                                      \
            skip();                                                                                          \
    } while (0)

/* ---- what an attacker writes into whatever slowdive reads ---- */

static const struct {
    const char *bytes;
    size_t len;
} PAYLOADS[] = {
#define PAYLOAD(text)                                                                                        \
    {                                                                                                        \
        text, sizeof text - 1                                                                                \
    }
    PAYLOAD("\x1b]0;PWNED\x07"),
    PAYLOAD("\x1b]52;c;UFdORUQ=\x07"),
    PAYLOAD("\x1b[2J\x1b[31mPWNED"),
    PAYLOAD("\x1bP+q544e\x1b\\PWNED"),
    PAYLOAD("\x1b^PWNED\x1b\\\x1b_PWNED\x1b\\\x1bXPWNED\x1b\\"),
    PAYLOAD("\x1b"
            "c\x1b#8\x1b[6n\x1b[c"),
    PAYLOAD("\x9b"
            "31m\x9d"
            "0;PWNED\x9c\x90q\x9c\x84\x85\x8d"),
    PAYLOAD("\xc2\x9b"
            "31m\xc2\x9d"
            "0;PWNED\xc2\x9c"),
    PAYLOAD("\xe2\x80\xae"
            "DENWP\xe2\x81\xa6x\xe2\x81\xa9\xe2\x80\x8f"),
    PAYLOAD("\xc0\x9b\xed\xa0\x80\xf4\x90\x80\x80\xff\xfe\xc3"),
    PAYLOAD("\xe6\xbc\xa2\xe5\xad\x97\xef\xbc\xa1\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x9a\x80"),
    PAYLOAD("e\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85\xcc\x86\xcc\x87\xcc\x88\xcc\x89\xcc\x8a"),
    PAYLOAD("a\0b\0\x1b\0[2J"),
    PAYLOAD("\x01\x02\x07\x08\x0b\x0c\x0e\x0f\x11\x13\x18\x1a\x7f"),
    PAYLOAD("%n%s%x${jndi:ldap://x}'\"`;rm"),
    PAYLOAD("\xe2\x80\x8b\xef\xbb\xbf\xe2\x80\xa8\xe2\x80\xa9\xf3\xa0\x80\x81"),
#undef PAYLOAD
};

static void write_line(FILE *f, const char *payload, size_t len, int milliseconds)
{
    char date[64];
    struct tm tm;
    /* Of two seconds, so that it is two batches. */
    time_t now = time(NULL) - (milliseconds == 5);
    gmtime_r(&now, &tm);
    strftime(date, sizeof date, "%d/%b/%Y:%H:%M:%S +0000", &tm);
    fprintf(f, "192.0.2.1 - u");
    fwrite(payload, 1, len, f);
    fprintf(f, " [%s] \"GET /p", date);
    fwrite(payload, 1, len, f);
    fprintf(f, "/e HTTP/1.1\" 200 512 \"-\" \"ua");
    fwrite(payload, 1, len, f);
    fprintf(f, "\" 0.%03d\n", milliseconds);
}

static void write_log(const char *path)
{
    FILE *f = fopen(path, "w");
    struct strbuf huge = {0};
    assert_non_null(f);
    for (int i = 0; i < 200; i++)
        write_line(f, "harmless", 8, 5);
    for (size_t i = 0; i < ARRAY_LEN(PAYLOADS); i++) {
        for (int k = 0; k < 3; k++)
            write_line(f, PAYLOADS[i].bytes, PAYLOADS[i].len, 900);
        /* Unparseable: shown as a sample. */
        fwrite(PAYLOADS[i].bytes, 1, PAYLOADS[i].len, f);
        fputc('\n', f);
    }
    strbuf_pad(&huge, 'A', 300000);
    write_line(f, strbuf_text(&huge), huge.len, 1);
    strbuf_free(&huge);
    fclose(f);
}

/* ---- steps ---- */

static struct vt *start_with(const char *const *env, const char *const *args, int rows, int cols)
{
    const char *argv[12] = {program}, *all[24];
    size_t n = 0;
    static char config[PATH_MAX], state[PATH_MAX];
    for (size_t i = 0; args[i] && i < 10; i++)
        argv[i + 1] = args[i];
    snprintf(config, sizeof config, "XDG_CONFIG_HOME=%s/config", folder);
    snprintf(state, sizeof state, "XDG_STATE_HOME=%s/state", folder);
    all[n++] = config;
    all[n++] = state;
    all[n++] = "ASAN_OPTIONS=handle_segv=0:handle_abort=0";
    all[n++] = "ESCDELAY=25"; /* the next key comes soon after an Esc */
    for (size_t i = 0; env[i] && i < 10; i++)
        all[n++] = env[i];
    all[n] = NULL;
    return vt_start(&(struct vt_options){.rows = rows, .cols = cols, .argv = argv, .env = all});
}

static const char *const MODERN_ENV[] = {"TERM=xterm-256color", "LANG=C.UTF-8", NULL};

static void see(struct vt *vt, const char *text)
{
    if (!vt_wait_text(vt, text, SOON))
        fail_msg("expected %s in\n%s", text, vt_text(vt));
}

/* The overview shows what needs a look; every endpoint stands in the second view. */
static void see_endpoints(struct vt *vt)
{
    see(vt, "1 Home");
    vt_send(vt, "2");
    see(vt, "harmless");
}

static struct vt *start(void)
{
    struct vt *vt = start_with(MODERN_ENV, (const char *const[]){web_log, NULL}, 30, 100);
    see_endpoints(vt);
    return vt;
}

static void check_output(struct vt *vt, bool ascii)
{
    struct sd_error err = {0};
    const struct strbuf *raw = vt_raw(vt);
    if (raw->len && !vt_check_output(raw->text, raw->len, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; ascii && i < raw->len; i++)
        assert_true((unsigned char)raw->text[i] < 0x80);
    /* As letters the payload may be read on the screen; as a command it never arrives. */
    static const char stolen[] = "\x1b]52;c;UFdORUQ";
    assert_null(raw->len ? memmem(raw->text, raw->len, stolen, sizeof stolen - 1) : NULL);
}

static void end(struct vt *vt, int expected)
{
    int status = 0;
    if (!vt_wait_exit(vt, &status, SOON))
        fail_msg("it does not end:\n%s", vt_text(vt));
    int got = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
    if (got != expected)
        fail_msg("ended with %d, expected %d:\n%s", got, expected, vt_text(vt));
    assert_true(vt_modes_restored(vt));
    assert_false(vt_alternate(vt));
    assert_true(vt_cursor(vt));
    assert_false(vt_mouse(vt));
    check_output(vt, false);
    vt_free(vt);
}

/* One key at a time, each followed by whatever it paints. */
static void press(struct vt *vt, const char *const *keys)
{
    for (; *keys; keys++) {
        vt_send(vt, *keys);
        vt_wait_quiet(vt, 60, 3000);
    }
}

static const char *const TOUR[] = {"\t", "j", "j", "\r", "j",    "\t", "j", "\r",   "\x1b", "\x1b", "G",
                                   "s",  "s", "r", "c",  "\x1b", "?",  "j", "\x1b", "/",    "p",    "\r",
                                   "n",  "z", "z", "w",  "y",    "l",  "l", "h",    NULL};

static void quit(struct vt *vt, int expected)
{
    vt_send(vt, "\x1b");
    vt_wait_quiet(vt, 60, 3000);
    vt_send(vt, "Q");
    end(vt, expected);
}

/* ---- tests ---- */

static void every_terminal(void **state)
{
    (void)state;
    NEED_PROGRAM();
    static const char *const terms[] = {"xterm-256color", "xterm-direct", "screen",
                                        "linux",          "vt100",        "nonsense"};
    static const char *const others[] = {"LANG=C.UTF-8", "LANG=C", "NO_COLOR=1"};
    for (size_t i = 0; i < ARRAY_LEN(terms); i++) {
        for (size_t k = 0; k < ARRAY_LEN(others); k++) {
            char term[64];
            snprintf(term, sizeof term, "TERM=%s", terms[i]);
            const char *env[] = {term, others[k], NULL};
            struct vt *vt = start_with(env, (const char *const[]){web_log, NULL}, 24, 80);
            see_endpoints(vt);
            press(vt, (const char *const[]){"j", "?", NULL});
            check_output(vt, strcmp(others[k], "LANG=C") == 0);
            press(vt, (const char *const[]){"\x1b", NULL});
            vt_send(vt, "qq"); /* up to Home, and out */
            end(vt, 0);
        }
    }
}

static void hostile_log(void **state)
{
    (void)state;
    NEED_PROGRAM();
    static const char *const names[] = {"plain.log", "evil\x1b]0;PWNED\a\x1b[2J\xc2\x9b.log",
                                        "\xff\xe2\x80\xae.log"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char *path = mem_printf("%s/%s", folder, names[i]);
        write_log(path);
        struct vt *vt = start_with(MODERN_ENV, (const char *const[]){path, NULL}, 40, 140);
        see_endpoints(vt);
        press(vt, TOUR);
        vt_send(vt, "\x1b");
        vt_wait_quiet(vt, 60, 3000);
        press(vt, (const char *const[]){":", "sources\r", "j", "\r", "\x1b", ":", "endpoints\r", "j", "\r",
                                        NULL});
        quit(vt, 0);
        unlink(path);
        free(path);
    }
}

static void hostile_arguments_and_paste(void **state)
{
    (void)state;
    NEED_PROGRAM();
    struct vt *vt = start();
    press(vt, (const char *const[]){":",
                                    "\x1b[200~\x1b]0;PWNED\a\xc2\x9b"
                                    "2J\xe2\x80\xae\x1b[201~",
                                    "\r", "\x1b", "/", "\x1b[200~[\x1b[2J(\x1b[201~", "\r", "\x1b", NULL});
    quit(vt, 0);
    int status;
    vt = start_with(MODERN_ENV,
                    (const char *const[]){"/none/\x1b]0;PWNED\a\xc2\x9b"
                                          "2J.log",
                                          NULL},
                    24, 80);
    vt_wait_exit(vt, &status, 2000); /* refused with a sentence, or shown as a failed source */
    check_output(vt, false);
    vt_free(vt);
}

static void hostile_config(void **state)
{
    (void)state;
    NEED_PROGRAM();
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/config.yaml", folder);
    FILE *f = fopen(path, "w");
    fputs("\"\\e]0;PWNED\\a\\x9b2J\\u202e\": 1\ntheme: \"\\e[2J\"\nkeys: {quit: \"\\e[2J\"}\nsources: "
          "[\"\\e]0;PWNED\\a\"]\n",
          f);
    fclose(f);
    struct vt *vt = start_with(MODERN_ENV, (const char *const[]){"--config", path, web_log, NULL}, 30, 100);
    see_endpoints(vt);
    quit(vt, 0);
    f = fopen(path, "w");
    fputs("thme: dark\n", f);
    fclose(f);
    vt = start_with(MODERN_ENV, (const char *const[]){"--config", path, web_log, NULL}, 30, 140);
    see(vt, "config.yaml:1:1: unknown setting");
    quit(vt, 0);
    unlink(path);
}

static void ended_by_signals(void **state)
{
    (void)state;
    NEED_PROGRAM();
    static const struct {
        int number, status;
    } cases[] = {{SIGTERM, 128 + SIGTERM},     {SIGHUP, 128 + SIGHUP},
                 {SIGQUIT, 128 + SIGQUIT},     {SIGINT, 0},
                 {SIGUSR1, 128 + SIGUSR1},     {SIGUSR2, 128 + SIGUSR2},
                 {SIGVTALRM, 128 + SIGVTALRM}, {SIGIO, 128 + SIGIO}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct vt *vt = start();
        vt_signal(vt, cases[i].number);
        end(vt, cases[i].status);
    }
}

static void ctrl_c_quits(void **state)
{
    (void)state;
    NEED_PROGRAM();
    struct vt *vt = start();
    vt_send(vt, "\x03");
    end(vt, 0);
}

static void command(struct vt *vt, const char *text)
{
    vt_send(vt, ":");
    vt_send(vt, text);
    vt_send(vt, "\r");
}

/* The line is of the machine; where nothing can be opened it is told at once and in the view sources. */
static void who_has_no_source_is_told_of_the_doctor(void **state)
{
    static const int SIZES[][2] = {{24, 80}, {40, 160}};
    (void)state;
    NEED_PROGRAM();
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/config.yaml", folder);
    FILE *f = fopen(path, "w");
    fputs("sources: [\"nonesuch:there\"]\n", f);
    fclose(f);
    for (size_t i = 0; i < ARRAY_LEN(SIZES); i++) {
        struct vt *vt =
            start_with(MODERN_ENV, (const char *const[]){"--config", path, NULL}, SIZES[i][0], SIZES[i][1]);
        see(vt, "No source is open, and none was found here.");
        see(vt, "What sources need here: ");
        see(vt, "doctor says what, and what mends it.");
        command(vt, "sources");
        see(vt, "No source is open. Add one");
        see(vt, "What sources need here: ");
        see(vt, "doctor says what, and what mends it.");
        quit(vt, 0);
    }
    unlink(path);
}

static void a_wrong_name_leaves_the_recording_alone(void **state)
{
    (void)state;
    NEED_PROGRAM();
    struct vt *vt = start();
    char record[PATH_MAX + 32];
    snprintf(record, sizeof record, "record %s/a.slowdive", folder);
    command(vt, record);
    see(vt, "Recording to");
    see(vt, " REC");
    command(vt, "record /nowhere/b.slowdive");
    see(vt, "cannot open the file /nowhere");
    command(vt, record);
    see(vt, "is being written by another recording already");
    command(vt, "record");
    see(vt, "Recording stopped");
    assert_true(vt_wait_gone(vt, " REC", SOON));
    command(vt, record);
    see(vt, "is a recording already; --append continues it");
    snprintf(record, sizeof record, "record --append %s/a.slowdive", folder);
    command(vt, record);
    see(vt, "Recording to");
    quit(vt, 0);
}

/* A full disk, by the limit of a file's size: its last frame is written when it stops. */
static void a_recording_that_does_not_fit_is_told(void **state)
{
    (void)state;
    NEED_PROGRAM();
    struct rlimit before, small;
    char path[PATH_MAX + 32], log[PATH_MAX + 32], record[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/full.slowdive", folder);
    snprintf(log, sizeof log, "%s/more.log", folder);
    write_log(log);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){.rlim_cur = 100, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    const char *const args[] = {"--set", "flight=no", "--set", "log_file=", log, NULL};
    struct vt *vt = start_with(MODERN_ENV, args, 40, 160);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    see_endpoints(vt);
    snprintf(record, sizeof record, "record %s", path);
    command(vt, record);
    see(vt, "Recording to");
    FILE *f = fopen(log, "a"); /* so that there is something to write */
    assert_non_null(f);
    write_line(f, "one-more", 8, 990);
    fclose(f);
    see(vt, "one-more");
    if (!strstr(vt_text(vt), "ended: File too large")) /* else by itself, after a second */
        command(vt, "record");
    see(vt, "ended: File too large");
    quit(vt, 0);
    unlink(path);
    unlink(log);
}

/* What a file next to the log holds; "" when it is not there. */
static char *beside(const char *name)
{
    static char text[100000];
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "r");
    text[f ? fread(text, 1, sizeof text - 1, f) : 0] = '\0';
    if (f)
        fclose(f);
    return text;
}

static void killed_the_past_is_found_again(void **state)
{
    (void)state;
    NEED_PROGRAM();
    struct vt *vt = start();
    char save[PATH_MAX + 32], saved[PATH_MAX + 32];
    snprintf(save, sizeof save, "save %s/s.slowdive", folder);
    snprintf(saved, sizeof saved, "%s/s.slowdive", folder);
    /* On a slow disk nothing may be there at first. */
    for (int tries = 0; tries < 10 && !strstr(vt_text(vt), "Saved the last"); tries++) {
        command(vt, save);
        vt_wait_text(vt, "Saved the last", SOON / 10);
    }
    see(vt, "Saved the last");
    assert_non_null(strstr(beside("s.slowdive.md"), "## What stood out when"));
    command(vt, save);
    see(vt, "exists already; choose another name");
    int status;
    vt_signal(vt, SIGKILL);
    assert_true(vt_wait_exit(vt, &status, SOON)); /* until then its flight is said to go on */
    vt_free(vt);
    /* What was on the disk at the last frame is there; nothing was asked for before. */
    vt = start_with(MODERN_ENV, (const char *const[]){"replay", "--last", NULL}, 30, 100);
    see(vt, "the last one that ended");
    see_endpoints(vt);
    command(vt, save);
    see(vt, "this is a recording already");
    quit(vt, 0);
    vt = start_with(MODERN_ENV, (const char *const[]){"replay", saved, NULL}, 30, 100);
    see_endpoints(vt);
    quit(vt, 0);
}

static void flight_recorder_off_and_on(void **state)
{
    (void)state;
    NEED_PROGRAM();
    struct vt *vt =
        start_with(MODERN_ENV, (const char *const[]){"--set", "flight=no", web_log, NULL}, 30, 100);
    char save[PATH_MAX + 32];
    see_endpoints(vt);
    snprintf(save, sizeof save, "save %s/off.slowdive", folder);
    command(vt, save);
    see(vt, "the flight recorder is off");
    command(vt, "set flight_folder=/dev/null/flight");
    command(vt, "set flight=yes");
    see(vt, "The flight recorder is off: cannot open the folder /dev/null");
    see_endpoints(vt); /* and the console goes on */
    quit(vt, 0);
}

static void crash_says_where_the_log_is(void **state)
{
    (void)state;
    NEED_PROGRAM();
    static const int signals[] = {SIGSEGV, SIGABRT, SIGBUS};
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        struct vt *vt = start();
        vt_signal(vt, signals[i]);
        see(vt, "slowdive.log");
        end(vt, -signals[i]);
    }
}

static void stops_and_goes_on(void **state)
{
    (void)state;
    NEED_PROGRAM();
    for (int by_key = 0; by_key < 2; by_key++) {
        struct vt *vt = start();
        if (by_key)
            vt_send(vt, "\x1a");
        else
            vt_signal(vt, SIGTSTP);
        assert_true(vt_wait_stop(vt, SOON));
        assert_true(vt_modes_restored(vt));
        assert_false(vt_alternate(vt));
        assert_true(vt_cursor(vt));
        vt_continue(vt);
        see_endpoints(vt);
        assert_true(vt_alternate(vt));
        quit(vt, 0);
    }
}

static void random_sizes(void **state)
{
    (void)state;
    NEED_PROGRAM();
    static const char *const keys[] = {"j", "\r", "\x1b", "\t",      "?", "G", "s",
                                       "z", "/",  "x",    "\x1b[6~", ":", "k"};
    uint32_t random = 11;
    struct vt *vt = start();
    vt_resize(vt, 200, 500);
    for (int i = 0; i < 150; i++) {
        random = random * 1103515245 + 12345;
        int rows = i % 10 == 0 ? 1 : 1 + (int)(random >> 8) % 80,
            cols = i % 7 == 0 ? 1 : 1 + (int)(random >> 17) % 200;
        vt_tell_size(vt, rows, cols);
        vt_send(vt, keys[(random >> 12) % ARRAY_LEN(keys)]);
        vt_pump(vt, 5);
    }
    vt_tell_size(vt, 200, 500);
    vt_wait_quiet(vt, 100, 3000);
    vt_resize(vt, 30, 100);
    press(vt, (const char *const[]){"\x1b", "\x1b", "\x1b", NULL});
    quit(vt, 0);
}

static void tiny_terminal_quits(void **state)
{
    (void)state;
    NEED_PROGRAM();
    struct vt *vt = start_with(MODERN_ENV, (const char *const[]){web_log, NULL}, 1, 1);
    assert_true(vt_wait_quiet(vt, 300, SOON));
    vt_send(vt, "q");
    end(vt, 0);
}

/* Nothing changes: nothing is sent, for longer than the refresh interval. */
static void idle_is_silent(void **state)
{
    (void)state;
    NEED_PROGRAM();
    struct vt *vt = start();
    if (!vt_wait_quiet(vt, 2500, 60000))
        fail_msg("never 2.5 s of silence; last: %s", vt_text(vt));
    quit(vt, 0);
}

static void hangup_ends_it(void **state)
{
    (void)state;
    NEED_PROGRAM();
    struct vt *vt = start();
    int status;
    vt_hang_up(vt);
    assert_true(vt_wait_exit(vt, &status, SOON));
    vt_free(vt);
}

/* A request each second for two hours, in a history. */
static bool make_history(time_t begin, const char *url)
{
    char path[PATH_MAX + 32], line[200], command[4 * PATH_MAX];
    snprintf(path, sizeof path, "%s/two-hours.log", folder);
    FILE *f = fopen(path, "w");
    for (time_t at = begin; f && at < begin + 7200; at++) {
        strftime(line, sizeof line, "203.0.113.9 - - [%d/%b/%Y:%H:%M:%S +0000]", gmtime(&at));
        fprintf(f, "%s \"GET /steady HTTP/1.1\" 200 1 \"-\" \"ua\" rt=0.005\n", line);
    }
    if (f)
        fclose(f);
    snprintf(command, sizeof command, "%s history %s --import %s >%s/imported 2>&1", program, url, path,
             folder);
    return f && system(command) == 0;
}

/* However the cursor moves and the window changes, what is shown is exact. */
static void a_history_is_exact_wherever_one_looks(void **state)
{
    (void)state;
    NEED_PROGRAM();
    time_t begin = time(NULL) / 3600 * 3600 - 7200, at = begin + 3600 + 21 * 60 + 30;
    char url[PATH_MAX + 32], text[100];
    snprintf(url, sizeof url, "history:%s/h.db", folder);
    assert_true(make_history(begin, url));
    struct vt *vt = start_with(MODERN_ENV, (const char *const[]){url, NULL}, 30, 120);
    see(vt, "1 Home");
    command(vt, "endpoints");
    command(vt, "window 1h");
    strftime(text, sizeof text, "at %Y-%m-%d %H:%M:%S", gmtime(&at));
    command(vt, text);
    strftime(text, sizeof text, "3600 requests, 60 min to %H:%M:%S", gmtime(&at));
    see(vt, text);
    command(vt, "window 1m");
    at += 8 * 60;
    strftime(text, sizeof text, "at %Y-%m-%d %H:%M:%S", gmtime(&at));
    command(vt, text);
    strftime(text, sizeof text, "60 requests, 60 s to %H:%M:%S", gmtime(&at));
    see(vt, text);
    see(vt, "1 of 1 source live");
    vt_send(vt, "[");
    at -= 10;
    strftime(text, sizeof text, "60 requests, 60 s to %H:%M:%S", gmtime(&at));
    see(vt, text);
    vt_send(vt, "]");
    at += 10;
    strftime(text, sizeof text, "60 requests, 60 s to %H:%M:%S", gmtime(&at));
    see(vt, text);
    command(vt, "hosts");
    see(vt, "Machines");
    see(vt, " ok "); /* known later than the figures */
    quit(vt, 0);
}

static void remove_flights(void)
{
    char path[PATH_MAX * 2];
    snprintf(path, sizeof path, "%s/state/slowdive/flight", folder);
    DIR *d = opendir(path);
    for (const struct dirent *e; d && (e = readdir(d));) {
        snprintf(path, sizeof path, "%s/state/slowdive/flight/%s", folder, e->d_name);
        if (e->d_name[0] != '.')
            remove(path);
    }
    if (d)
        closedir(d);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]); /* one test alone: test_pty keys */
    const char *slash = strrchr(argv[0], '/'), *named = getenv("SLOWDIVE");
    if (named)
        snprintf(program, sizeof program, "%s", named);
    else
        snprintf(program, sizeof program, "%.*s/../../slowdive", slash ? (int)(slash - argv[0]) : 1,
                 slash ? argv[0] : ".");
    setlocale(LC_CTYPE, "C.UTF-8");
    if (!mkdtemp(folder))
        return 2;
    setenv("HOME", folder, 1);
    snprintf(web_log, sizeof web_log, "%s/web.log", folder);
    write_log(web_log);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_terminal),
        cmocka_unit_test(hostile_log),
        cmocka_unit_test(hostile_arguments_and_paste),
        cmocka_unit_test(hostile_config),
        cmocka_unit_test(ended_by_signals),
        cmocka_unit_test(ctrl_c_quits),
        cmocka_unit_test(who_has_no_source_is_told_of_the_doctor),
        cmocka_unit_test(a_wrong_name_leaves_the_recording_alone),
        cmocka_unit_test(a_recording_that_does_not_fit_is_told),
        cmocka_unit_test(killed_the_past_is_found_again),
        cmocka_unit_test(flight_recorder_off_and_on),
        cmocka_unit_test(crash_says_where_the_log_is),
        cmocka_unit_test(stops_and_goes_on),
        cmocka_unit_test(random_sizes),
        cmocka_unit_test(tiny_terminal_quits),
        cmocka_unit_test(idle_is_silent),
        cmocka_unit_test(hangup_ends_it),
        cmocka_unit_test(a_history_is_exact_wherever_one_looks),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_flights();
    const char *const left[] = {"web.log",
                                "a.slowdive",
                                "s.slowdive",
                                "s.slowdive.md",
                                "two-hours.log",
                                "imported",
                                "h.db",
                                "h.db-wal",
                                "h.db-shm",
                                "state/slowdive/flight",
                                "state/slowdive/slowdive.log",
                                "state/slowdive",
                                "state",
                                "config",
                                ""};
    for (size_t i = 0; i < ARRAY_LEN(left); i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", folder, left[i]);
        remove(path);
    }
    return failed;
}
