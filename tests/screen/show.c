/* show - the smallest user of src/term: shows what term_read gives. For test_pty. */
#include "base/utf8.h"
#include "term/term.h"

#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct grid grid;
static volatile sig_atomic_t told_to_end;

static void on_end(int number)
{
    told_to_end = number;
}

static void on_crash(int number)
{
    term_emergency_restore();
    signal(number, SIG_DFL);
    raise(number);
}

static void resize(struct term *t)
{
    term_size(t, &grid.width, &grid.height);
    free(grid.cells);
    grid.cells = mem_array((size_t)grid.width * (size_t)grid.height, sizeof *grid.cells);
    for (int i = 0; i < grid.width * grid.height; i++)
        grid.cells[i].code = ' ';
}

static void line(int y, enum style style, const char *text)
{
    for (int x = 0; y < grid.height && x < grid.width; x++) {
        struct utf8_char c = {.code = ' '};
        text += utf8_next(text, strlen(text), &c);
        grid.cells[y * grid.width + x] = (struct grid_cell){.code = c.code, .style = (uint8_t)style};
    }
}

/* Cells that no pane should ever write. */
static void hostile(int y)
{
    static const uint32_t codes[] = {0x1b,   '[',    '2',   'J',    0x9b,     0x07,       0x7f, 0x85,
                                     0x202e, 0x200b, 0x301, 0xd800, 0x110000, 0xffffffff, 0x0a, 1,
                                     0x90,   0x6f22, 'x',   0x6f22, 0,        'e',        0,    0xe9};
    for (size_t x = 0; x < ARRAY_LEN(codes) && (int)x < grid.width && y < grid.height; x++)
        grid.cells[y * grid.width + (int)x] =
            (struct grid_cell){.code = codes[x], .style = (uint8_t)(x * 37)};
}

/* Some random cells, wide ones as well, kept well-formed: 0 only behind a wide one. */
static void scramble(int from_row)
{
    static uint32_t random = 1;
    static const uint32_t codes[] = {' ',    'a',    'Z',    0x6f22, 0xe9,   0x2502,
                                     0x28ff, 0x2588, 0x5b57, '#',    0x6f22, ' '};
    for (int i = 0; i < 300; i++) {
        random = random * 1103515245 + 12345;
        int y = from_row + (int)((random >> 8) % (uint32_t)(grid.height - from_row));
        int x = (int)((random >> 18) % (uint32_t)grid.width);
        uint32_t code = codes[(random >> 4) % ARRAY_LEN(codes)];
        bool wide = code == 0x6f22 || code == 0x5b57;
        struct grid_cell *row = &grid.cells[y * grid.width];
        if (wide && x + 1 == grid.width)
            continue;
        if (row[x].code == 0)
            row[x - 1].code = ' ';
        for (int k = x; k <= x + wide; k++) {
            if (k + 1 < grid.width && row[k + 1].code == 0)
                row[k + 1].code = ' ';
            row[k] =
                (struct grid_cell){.code = k == x ? code : 0, .style = (uint8_t)(random >> 20) % STYLE_COUNT};
        }
    }
}

/* What should stand on the screen, for the test to compare. */
static void dump(const char *path)
{
    FILE *f = fopen(path, "w");
    for (int y = 0; f && y < grid.height; y++) {
        int last = grid.width;
        while (last > 0 && grid.cells[y * grid.width + last - 1].code == ' ')
            last--;
        for (int x = 0; x < last; x++) {
            char utf8[4];
            uint32_t code = grid.cells[y * grid.width + x].code;
            if (code)
                fwrite(utf8, 1, utf8_encode(code, utf8), f);
        }
        fputc('\n', f);
    }
    if (f)
        fclose(f);
}

static bool serve(struct term *t, const struct input *in, char *last, size_t size)
{
    char name[24];
    snprintf(last, size, "none");
    switch (in->kind) {
    case INPUT_KEY:
        snprintf(last, size, "key %s", key_format(in->key, name));
        if (in->key == 'y')
            snprintf(last, size, "copied %d", term_copy(t, "hello"));
        if (in->key == 'b')
            snprintf(last, size, "bytes %lld.", (long long)term_bytes(t));
        if (in->key == 'S')
            raise(SIGSEGV);
        if (in->key == 'm')
            term_set_mouse(t, false);
        if (in->key == (K_CTRL | 'z'))
            term_suspend(t);
        return in->key != 'q';
    case INPUT_MOUSE:
        snprintf(last, size, "mouse %d at %d,%d", in->mouse, in->x, in->y);
        return true;
    case INPUT_PASTE:
        snprintf(last, size, "paste %zu %.30s", strlen(in->text), in->text);
        return true;
    case INPUT_RESIZE:
        snprintf(last, size, "resize");
        return true;
    default:
        return in->kind != INPUT_HANGUP;
    }
}

int main(int argc, char **argv)
{
    struct sd_error err = {0};
    const char *note, *names[STYLE_COUNT + 1] = {
#define NAME(UPPER, lower, help) #lower,
                          STYLES(NAME)
#undef NAME
                      };
    struct theme theme;
    char last[100] = "started", text[200];
    struct term_options o = {
        .unicode = "auto", .color = "auto", .mouse = true, .escape_ns = 25 * SD_MS, .theme = &theme};
    setlocale(LC_ALL, "");
    setlocale(LC_CTYPE, "C.UTF-8");
    /* Blocked but in ppoll: one that comes just before it would be missed. */
    sigset_t blocked, unblocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &unblocked);
    signal(SIGHUP, SIG_IGN);
    signal(SIGTERM, on_end);
    signal(SIGSEGV, on_crash);
    if (!theme_load(&theme, "dark", names, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 2;
    }
    struct term *t = term_open(&o, &note, &err);
    if (!t) {
        fprintf(stderr, "%s\n", err.text);
        return 2;
    }
    grid.cursor_x = grid.cursor_y = -1;
    bool go = true;
    int rounds = 0;
    while (go && !told_to_end) {
        int width, height;
        term_size(t, &width, &height);
        if (width != grid.width || height != grid.height)
            resize(t);
        snprintf(text, sizeof text, "size %dx%d %s %s", grid.width, grid.height,
                 term_ascii(t) ? "ascii" : "unicode",
                 term_bytes(t) == SD_UNKNOWN ? "unmeasured" : "measured");
        line(0, STYLE_TITLE, text);
        line(1, STYLE_WARN, note ? note : "no note");
        line(2, STYLE_SELECTED, last);
        if (argc <= 2)
            hostile(3);
        else
            scramble(5);
        line(4, STYLE_DIM, argc > 1 ? argv[1] : "");
        if (argc > 2) {
            snprintf(text, sizeof text, "round %d", ++rounds);
            line(3, STYLE_TEXT, text);
            dump(argv[2]);
        }
        term_paint(t, &grid);
        struct pollfd p = {.fd = term_fd(t), .events = POLLIN};
        ppoll(&p, 1, NULL, &unblocked);
        for (struct input in = term_read(t); go && in.kind != INPUT_NONE; in = go ? term_read(t) : in)
            go = serve(t, &in, last, sizeof last);
    }
    int64_t bytes = term_bytes(t);
    term_close(t);
    printf("ended %s %s\n", bytes > 0 ? "counted" : "uncounted", last);
    free(grid.cells);
    return told_to_end ? 128 + told_to_end : 0;
}
