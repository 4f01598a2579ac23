/* src/term on a real pseudo terminal, read back through libvterm.
 *
 * The program is `show`, built beside this test: it shows what term_read gives and
 * puts cells on the screen that no pane should ever write. */
#include "tests/lib/test.h"
#include "tests/lib/vt.h"

#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SOON = 10000 };

static char program[PATH_MAX];
static const char *const MODERN_ENV[] = {"TERM=xterm-256color", "LANG=C.UTF-8", NULL};

static struct vt *start_with(const char *const *env, int rows, int cols)
{
    const char *argv[] = {program, "Gr\xc3\xbc\xc3\x9f", NULL};
    return vt_start(&(struct vt_options){.rows = rows, .cols = cols, .argv = argv, .env = env});
}

static struct vt *start(void)
{
    struct vt *vt = start_with(MODERN_ENV, 24, 80);
    if (!vt_wait_text(vt, "started", SOON))
        fail_msg("no picture: %s", vt_text(vt));
    return vt;
}

static void see(struct vt *vt, const char *text)
{
    if (!vt_wait_text(vt, text, SOON))
        fail_msg("expected %s in\n%s", text, vt_text(vt));
}

static void check_output(struct vt *vt)
{
    struct sd_error err = {0};
    if (!vt_check_output(vt_raw(vt)->text, vt_raw(vt)->len, &err))
        fail_msg("%s", err.text);
}

static void end(struct vt *vt, int expected)
{
    int status = 0;
    assert_true(vt_wait_exit(vt, &status, SOON));
    int got = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
    if (got != expected)
        fail_msg("ended with %d, expected %d:\n%s", got, expected, vt_text(vt));
    assert_true(vt_modes_restored(vt));
    assert_false(vt_alternate(vt));
    assert_true(vt_cursor(vt));
    assert_false(vt_mouse(vt));
    check_output(vt);
    vt_free(vt);
}

/* ---- every terminal ---- */

/* Is there an SGR sequence with a colour other than the terminal's own? */
static bool has_color(const char *p)
{
    while ((p = strstr(p, "\033["))) {
        p += 2;
        const char *end = p + strspn(p, "0123456789;:");
        while (*end == 'm' && p < end) {
            long n = strtol(p, NULL, 10);
            if ((n >= 30 && n < 39) || (n >= 40 && n < 49) || n >= 90)
                return true;
            p += strcspn(p, ";m") + 1;
        }
    }
    return false;
}

static void all_terminals(void **state)
{
    (void)state;
    static const struct {
        const char *term, *locale, *no_color, *note, *charset;
        bool color;
    } cases[] = {
        {"xterm-256color", "C.UTF-8", "", "no note", "unicode", true},
        {"xterm-256color", "C", "", "no note", "ascii", true},
        {"xterm-256color", "C.UTF-8", "NO_COLOR=1", "no note", "unicode", false},
        {"xterm-256color", "xx_YY.UTF-8", "", "no note", "unicode", true},
        {"xterm", "C.UTF-8", "", "no note", "unicode", true},
        {"xterm-direct", "C.UTF-8", "", "", "unicode", true},
        {"xterm-somebodys", "C.UTF-8", "", "is not known here", "unicode", true},
        {"screen", "C.UTF-8", "", "no note", "unicode", true},
        {"tmux-256color", "C.UTF-8", "", "no note", "unicode", true},
        {"linux", "C.UTF-8", "", "no note", "ascii", true},
        {"vt100", "C.UTF-8", "", "no note", "ascii", false},
        {"nonsense", "C.UTF-8", "", "\"nonsense\" is not known here; it is treated as vt100", "ascii", false},
        {"../../etc/passwd", "C.UTF-8", "", "plain ASCII", "ascii", false},
        {"\x1b]0;x\a", "C.UTF-8", "", "?]0;x?", "ascii", false},
        {"", "C", "", "TERM is not set", "ascii", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char term[64], locale[64];
        snprintf(term, sizeof term, "TERM=%s", cases[i].term);
        snprintf(locale, sizeof locale, "LC_ALL=%s", cases[i].locale);
        const char *env[] = {term, locale, *cases[i].no_color ? cases[i].no_color : NULL, NULL};
        struct vt *vt = start_with(env, 24, 120);
        see(vt, cases[i].charset);
        see(vt, cases[i].note);
        see(vt, "started");
        vt_send(vt, "k");
        see(vt, "key k");
        bool color = has_color(vt_raw(vt)->text);
        if (color != cases[i].color)
            fail_msg("%s %s: colour is %d", term, cases[i].no_color, color);
        vt_send(vt, "q");
        end(vt, 0);
    }
}

/* Where text cannot be positioned nothing is painted. */
static void a_terminal_that_cannot(void **state)
{
    (void)state;
    struct vt *vt = start_with((const char *const[]){"TERM=dumb", "LANG=C.UTF-8", NULL}, 24, 120);
    int status = 0;
    see(vt, "text cannot be positioned on the terminal \"dumb\"; print a view: slowdive overview SOURCE");
    assert_true(vt_wait_exit(vt, &status, SOON));
    assert_int_equal(WEXITSTATUS(status), 2);
    assert_null(strchr(vt_raw(vt)->text, '\033'));
    vt_free(vt);
}

/* An entry with direct colour, as Debian's ncurses-term has them; compiled here
 * because that package is seldom installed. */
static void direct_colour(void **state)
{
    (void)state;
    static const char SOURCE[] = "direct,\n RGB, colors#0x1000000, pairs#0x7FFF, use=xterm-256color,\n"
                                 " setab=\\E[%?%p1%{8}%<%t4%p1%d%e48\\:2\\:\\:%p1%{65536}%/%d\\:%p1%{256}%/"
                                 "%{255}%&%d\\:%p1%{255}%&%d%;m,\n"
                                 " setaf=\\E[%?%p1%{8}%<%t3%p1%d%e38\\:2\\:\\:%p1%{65536}%/%d\\:%p1%{256}%/"
                                 "%{255}%&%d\\:%p1%{255}%&%d%;m,\n";
    char folder[] = "/tmp/slowdive-terminfo-XXXXXX", env_folder[64], source[64], entry[64], letter[64];
    assert_non_null(mkdtemp(folder));
    snprintf(env_folder, sizeof env_folder, "TERMINFO=%s", folder);
    snprintf(source, sizeof source, "%s/source", folder);
    snprintf(letter, sizeof letter, "%s/d", folder);
    snprintf(entry, sizeof entry, "%s/d/direct", folder);
    FILE *f = fopen(source, "w");
    fputs(SOURCE, f);
    fclose(f);
    pid_t tic = fork();
    if (tic == 0) {
        execlp("tic", "tic", "-x", "-o", folder, source, (char *)NULL);
        _exit(127);
    }
    int status = 1;
    waitpid(tic, &status, 0);
    bool have = status == 0;
    if (have) {
        const char *env[] = {env_folder, "TERM=direct", "LANG=C.UTF-8", NULL};
        struct vt *vt = start_with(env, 24, 80);
        see(vt, "started");
        assert_non_null(strstr(vt_raw(vt)->text, "38:2::255:255:255")); /* the selected row */
        vt_send(vt, "q");
        assert_true(vt_wait_exit(vt, &status, SOON));
        vt_free(vt);
    }
    unlink(entry);
    rmdir(letter);
    unlink(source);
    rmdir(folder);
    if (!have)
        skip();
}

/* ---- input ---- */

static void keys(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *name;
    } cases[] = {
        {"a", "key a"},
        {"G", "key G"},
        {"\r", "key Enter"},
        {"\t", "key Tab"},
        {" ", "key Space"},
        {"\x7f", "key Backspace"},
        {"\x03", "key C-c"},
        {"\x1b", "key Esc"},
        {"\x1bOA", "key Up"},
        {"\x1b[B", "key Down"},
        {"\x1b[5~", "key PgUp"},
        {"\x1b[6~", "key PgDn"},
        {"\x1b[H", "key Home"},
        {"\x1bOF", "key End"},
        {"\x1b[Z", "key S-Tab"},
        {"\x1bOP", "key F1"},
        {"\x1b[21~", "key F10"},
        {"\x1bx", "key M-x"},
        {"\x1b[1;5A", "key Up"},
        {"\x1b[3~", "key Delete"},
        {"\xc3\xa9", "key \xc3\xa9"},
        {"\x1b[4~", "key End"},
        {"\x0c", "key C-l"},
        {"\x1b[2~", "key Insert"},
        {"\x1b[12;34;56zu", "key u"}, /* an unknown sequence is swallowed whole */
        {"\x1b[?1;2cv", "key v"},     /* a late answer of the terminal too */
        {"\xff\xfe\xe4w", "key w"},   /* what is not UTF-8 costs no other key */
        {"\x1b[200~two\rlines\x1b[31m\x1b[201~", "paste"},
        {"\x1b[<0;7;5M", "mouse 0 at 6,4"},
        {"\x1b[<0;7;5m\x1b[<0;7;5M\x1b[<0;7;5m", "mouse 1 at 6,4"},
        /* A double click whose halves a slow line delivers at once. */
        {"\x1b[<0;3;2M\x1b[<0;3;2m\x1b[<0;3;2M\x1b[<0;3;2m", "mouse 1 at 2,1"},
        {"\x1b[<64;1;1M", "mouse 2 at 0,0"},
        {"\x1b[<65;80;24M", "mouse 3 at 79,23"},
    };
    struct vt *vt = start();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        vt_send(vt, cases[i].bytes);
        see(vt, cases[i].name);
    }
    while (vt_pump(vt, 200)) /* the rest of what was drawn before */
        ;
    vt_send(vt, "\xe2"); /* a character in two reads */
    assert_false(vt_pump(vt, 100));
    vt_send(vt, "\x82\xac");
    see(vt, "key \xe2\x82\xac");
    vt_send(vt, "\x03q");
    end(vt, 0);
}

/* Takes the rest of what was drawn for the key before. */
static void settle(struct vt *vt)
{
    while (vt_pump(vt, 200))
        ;
}

/* A slow link brings a key in parts. What comes late and is no part of one is a key of its own. */
static void keys_in_parts(void **state)
{
    (void)state;
    static const struct {
        const char *first, *second, *name;
    } cases[] = {
        {"\x1b", "[B", "key Down"},           {"\x1b[", "5~", "key PgUp"}, {"\x1bO", "P", "key F1"},
        {"\x1b[12;34", ";56zu", "key u"},     {"\x1b[1;", "9A", "key Up"}, {"\x1b", "x", "key x"},
        {"\x1b", "\xc3\xa9", "key \xc3\xa9"},
    };
    struct vt *vt =
        start_with((const char *const[]){MODERN_ENV[0], MODERN_ENV[1], "ESCDELAY=9000", NULL}, 24, 80);
    see(vt, "started");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        settle(vt);
        vt_send(vt, cases[i].first);
        assert_false(vt_pump(vt, 300));
        vt_send(vt, cases[i].second);
        see(vt, cases[i].name);
        vt_send(vt, "-");
        see(vt, "key -");
    }
    vt_send(vt, "q");
    end(vt, 0);
}

static void long_paste_is_one(void **state)
{
    (void)state;
    struct strbuf b = {0};
    struct vt *vt = start();
    strbuf_str(&b, "\x1b[200~q");
    strbuf_pad(&b, 'q', 2999);
    strbuf_str(&b, "\x1b[201~");
    vt_send(vt, strbuf_text(&b));
    see(vt, "paste 3000 qqq");
    strbuf_free(&b);
    vt_send(vt, "q");
    end(vt, 0);
}

/* ---- output ---- */

static void hostile_cells_never_arrive(void **state)
{
    (void)state;
    struct vt *vt = start();
    see(vt, "?[2J");
    vt_send(vt, "q");
    end(vt, 0); /* with check_output */
}

static void idle_screen_is_silent(void **state)
{
    (void)state;
    struct vt *vt = start();
    vt_send(vt, "k");
    see(vt, "key k");
    assert_true(vt_wait_quiet(vt, 200, SOON));
    vt_raw_clear(vt);
    vt_send(vt, "k"); /* the same picture again */
    assert_false(vt_pump(vt, 300));
    assert_int_equal(vt_raw(vt)->len, 0);
    vt_send(vt, "j"); /* one cell */
    see(vt, "key j");
    assert_true(vt_raw(vt)->len < 60);
    vt_send(vt, "q");
    end(vt, 0);
}

static void copies(void **state)
{
    (void)state;
    static const struct {
        const char *term, *extra, *sequence;
    } cases[] = {
        {"TERM=xterm-256color", "A=b", "\x1b]52;c;aGVsbG8=\a"},
        {"TERM=tmux-256color", "TMUX=/tmp/x,1,0", "\x1bPtmux;\x1b\x1b]52;c;aGVsbG8=\a\x1b\\"},
        {"TERM=screen", "STY=1.x", "\x1bP\x1b]52;c;aGVsbG8=\a\x1b\\"},
        {"TERM=vt100", "A=b", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int status;
        const char *env[] = {cases[i].term, "LANG=C.UTF-8", cases[i].extra, NULL};
        struct vt *vt = start_with(env, 24, 80);
        see(vt, "started");
        vt_send(vt, "y");
        see(vt, cases[i].sequence ? "copied 1" : "copied 0");
        const char *found = cases[i].sequence ? cases[i].sequence : "\x1b]52";
        assert_int_equal(memmem(vt_raw(vt)->text, vt_raw(vt)->len, found, strlen(found)) != NULL,
                         cases[i].sequence != NULL);
        vt_send(vt, "q");
        assert_true(vt_wait_exit(vt, &status, SOON));
        vt_free(vt);
    }
}

/* tmux says that it has it: then it is copied, and its buffer holds the text. */
static void copies_through_tmux(void **state)
{
    (void)state;
    char folder[] = "/tmp/slowdive-tmux.XXXXXX", file[64], path[PATH_MAX], said[64] = "";
    int status;
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/tmux", folder);
    char *before = getenv("PATH") ? strdup(getenv("PATH")) : NULL;
    snprintf(path, sizeof path, "%s:%s", folder, before ? before : "/usr/bin:/bin");
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    fprintf(f, "#!/bin/sh\n{ echo \"$*\"; cat; } >%s/said\n", folder);
    fclose(f);
    assert_int_equal(chmod(file, 0700), 0);
    const char *env[] = {"TERM=tmux-256color", "LANG=C.UTF-8", "TMUX=/tmp/x,1,0", NULL};
    setenv("PATH", path, 1);
    struct vt *vt = start_with(env, 24, 80);
    if (before)
        setenv("PATH", before, 1);
    free(before);
    see(vt, "started");
    vt_send(vt, "y");
    see(vt, "copied 2");
    vt_send(vt, "q");
    assert_true(vt_wait_exit(vt, &status, SOON));
    vt_free(vt);
    unlink(file);
    snprintf(file, sizeof file, "%s/said", folder);
    f = fopen(file, "r");
    assert_non_null(f);
    assert_true(fread(said, 1, sizeof said - 1, f) > 0);
    fclose(f);
    assert_string_equal(said, "load-buffer -w -\nhello");
    unlink(file);
    assert_int_equal(rmdir(folder), 0);
}

/* term_bytes is what a terminal received, to the byte. */
static void bytes_are_counted(void **state)
{
    (void)state;
    char text[40];
    struct vt *vt = start();
    vt_send(vt, "k");
    see(vt, "key k");
    assert_true(vt_wait_quiet(vt, 200, SOON));
    snprintf(text, sizeof text, "bytes %zu.", vt_raw(vt)->len);
    vt_send(vt, "b");
    see(vt, "bytes ");
    if (!strstr(vt_text(vt), "unmeasured"))
        see(vt, text);
    vt_send(vt, "q");
    end(vt, 0);
}

/* Whatever changes from paint to paint, the terminal ends up with the grid. */
static void picture_is_the_grid(void **state)
{
    (void)state;
    char path[] = "/tmp/slowdive-grid-XXXXXX", round[32];
    int file = mkstemp(path);
    const char *argv[] = {program, "x", path, NULL};
    assert_true(file >= 0);
    struct vt *vt = vt_start(&(struct vt_options){.rows = 20, .cols = 70, .argv = argv, .env = MODERN_ENV});
    for (int i = 1; i <= 40; i++) {
        char *expected;
        size_t len;
        struct sd_error err = {0};
        snprintf(round, sizeof round, "round %d\n", i);
        see(vt, round);
        vt_wait_quiet(vt, 20, SOON);
        assert_true(file_read(path, 1 << 20, &expected, &len, &err));
        if (strcmp(expected, vt_text(vt)) != 0)
            fail_msg("round %d: expected\n%s\ngot\n%s", i, expected, vt_text(vt));
        free(expected);
        vt_send(vt, "j");
    }
    vt_send(vt, "q");
    end(vt, 0);
    close(file);
    unlink(path);
}

/* ---- sizes ---- */

static void sizes(void **state)
{
    (void)state;
    uint32_t random = 7;
    char text[40];
    struct vt *vt = start();
    for (int i = 0; i < 60; i++) {
        random = random * 1103515245 + 12345;
        int rows = 1 + (int)(random >> 8) % 100, cols = 1 + (int)(random >> 16) % 220;
        vt_resize(vt, rows, cols);
        vt_send(vt, "jk\x1b[A");
        while (vt_pump(vt, 0)) {
        }
    }
    vt_resize(vt, 1, 1);
    vt_send(vt, "j");
    vt_resize(vt, 200, 500);
    see(vt, "size 500x200");
    vt_resize(vt, 24, 80);
    snprintf(text, sizeof text, "size 80x24");
    see(vt, text);
    vt_send(vt, "q");
    end(vt, 0);
}

/* ---- signals ---- */

static void ended_by_a_signal(void **state)
{
    (void)state;
    struct vt *vt = start();
    vt_signal(vt, SIGTERM);
    end(vt, 128 + SIGTERM);
}

static void crash_gives_the_terminal_back(void **state)
{
    (void)state;
    struct vt *vt = start();
    vt_send(vt, "S");
    end(vt, -SIGSEGV);
    vt = start();
    vt_signal(vt, SIGSEGV);
    end(vt, -SIGSEGV);
}

static void stop_and_go_on(struct vt *vt)
{
    if (!vt_wait_stop(vt, SOON))
        fail_msg("not stopped:\n%s", vt_text(vt));
    assert_true(vt_modes_restored(vt));
    assert_false(vt_alternate(vt));
    assert_false(vt_mouse(vt));
    assert_true(vt_cursor(vt));
    vt_resize(vt, 30, 90);
    vt_continue(vt);
    see(vt, "size 90x30");
    assert_true(vt_alternate(vt));
    assert_true(vt_mouse(vt));
    vt_send(vt, "k");
    see(vt, "key k");
    vt_send(vt, "q");
    end(vt, 0);
}

static void stopped_by_key(void **state)
{
    (void)state;
    struct vt *vt = start();
    vt_send(vt, "\x1a");
    stop_and_go_on(vt);
}

static void stopped_from_outside(void **state)
{
    (void)state;
    struct vt *vt = start();
    vt_signal(vt, SIGTSTP);
    stop_and_go_on(vt);
}

static void hangup_ends_it(void **state)
{
    (void)state;
    struct vt *vt = start();
    int status;
    vt_hang_up(vt);
    /* Only the report is left to wait for. */
    assert_true(vt_wait_exit(vt, &status, SOON));
    assert_true(WIFEXITED(status));
    vt_free(vt);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]); /* one test alone: test_pty keys */
    const char *slash = strrchr(argv[0], '/');
    snprintf(program, sizeof program, "%.*s/show", slash ? (int)(slash - argv[0]) : 1, slash ? argv[0] : ".");
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_terminals),
        cmocka_unit_test(a_terminal_that_cannot),
        cmocka_unit_test(direct_colour),
        cmocka_unit_test(keys),
        cmocka_unit_test(keys_in_parts),
        cmocka_unit_test(long_paste_is_one),
        cmocka_unit_test(hostile_cells_never_arrive),
        cmocka_unit_test(idle_screen_is_silent),
        cmocka_unit_test(copies),
        cmocka_unit_test(copies_through_tmux),
        cmocka_unit_test(bytes_are_counted),
        cmocka_unit_test(picture_is_the_grid),
        cmocka_unit_test(sizes),
        cmocka_unit_test(ended_by_a_signal),
        cmocka_unit_test(crash_gives_the_terminal_back),
        cmocka_unit_test(stopped_by_key),
        cmocka_unit_test(stopped_from_outside),
        cmocka_unit_test(hangup_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
