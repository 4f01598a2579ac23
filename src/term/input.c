/* input.c - bytes of the terminal to keys, clicks and pastes, by way of curses. */
#include "term/private.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/clock.h"
#include "base/utf8.h"

/* Codes of our own for define_key, above those that curses gives to extended keys. */
enum { CODE_PASTE_START = 5000, CODE_PASTE_END, CODE_FOCUS };

enum { PASTE_MAX = 64 * 1024, READ_MAX = 4096 };
#define DOUBLE_CLICK_NS INT64_C(400000000)
#define PASTE_STALL_NS  INT64_C(1000000000)
#define META_NS         INT64_C(30000000) /* a terminal sends M-x at once: what comes later is a key of its own */

static const struct {
    int code;
    key_code key;
} CURSES_KEYS[] = {
    {.code = KEY_UP, .key = K_UP},        {.code = KEY_DOWN, .key = K_DOWN},
    {.code = KEY_LEFT, .key = K_LEFT},    {.code = KEY_RIGHT, .key = K_RIGHT},
    {.code = KEY_SR, .key = K_UP},        {.code = KEY_SF, .key = K_DOWN},
    {.code = KEY_SLEFT, .key = K_LEFT},   {.code = KEY_SRIGHT, .key = K_RIGHT},
    {.code = KEY_HOME, .key = K_HOME},    {.code = KEY_END, .key = K_END},
    {.code = KEY_SHOME, .key = K_HOME},   {.code = KEY_SEND, .key = K_END},
    {.code = KEY_FIND, .key = K_HOME},    {.code = KEY_SELECT, .key = K_END},
    {.code = KEY_A1, .key = K_HOME},      {.code = KEY_C1, .key = K_END},
    {.code = KEY_PPAGE, .key = K_PGUP},   {.code = KEY_NPAGE, .key = K_PGDN},
    {.code = KEY_A3, .key = K_PGUP},      {.code = KEY_C3, .key = K_PGDN},
    {.code = KEY_DC, .key = K_DELETE},    {.code = KEY_SDC, .key = K_DELETE},
    {.code = KEY_IC, .key = K_INSERT},    {.code = KEY_ENTER, .key = K_ENTER},
    {.code = KEY_BTAB, .key = K_BACKTAB}, {.code = KEY_BACKSPACE, .key = K_BACKSPACE},
    {.code = KEY_HELP, .key = K_F1},
};

/* Names of extended keys, without their modifier digit: "kUP5" is Control-Up. */
static const struct {
    const char *name;
    key_code key;
} EXTENDED_KEYS[] = {{.name = "kUP", .key = K_UP},     {.name = "kDN", .key = K_DOWN},
                     {.name = "kLFT", .key = K_LEFT},  {.name = "kRIT", .key = K_RIGHT},
                     {.name = "kHOM", .key = K_HOME},  {.name = "kEND", .key = K_END},
                     {.name = "kPRV", .key = K_PGUP},  {.name = "kNXT", .key = K_PGDN},
                     {.name = "kDC", .key = K_DELETE}, {.name = "kIC", .key = K_INSERT}};

/* Sequences that the terminfo entry does not know but many terminals send. */
static const struct {
    char final;
    key_code key;
} FINAL_KEYS[] = {
    {.final = 'A', .key = K_UP},      {.final = 'B', .key = K_DOWN}, {.final = 'C', .key = K_RIGHT},
    {.final = 'D', .key = K_LEFT},    {.final = 'H', .key = K_HOME}, {.final = 'F', .key = K_END},
    {.final = 'Z', .key = K_BACKTAB}, {.final = 'P', .key = K_F1},   {.final = 'Q', .key = K_F2},
    {.final = 'R', .key = K_F3},      {.final = 'S', .key = K_F4},   {.final = 'M', .key = K_ENTER}};
static const key_code TILDE_KEYS[] = {
    [1] = K_HOME, [2] = K_INSERT, [3] = K_DELETE, [4] = K_END,  [5] = K_PGUP, [6] = K_PGDN, [7] = K_HOME,
    [8] = K_END,  [11] = K_F1,    [12] = K_F2,    [13] = K_F3,  [14] = K_F4,  [15] = K_F5,  [17] = K_F6,
    [18] = K_F7,  [19] = K_F8,    [20] = K_F9,    [21] = K_F10, [23] = K_F11, [24] = K_F12};

void input_start(struct term *t)
{
    t->pad = newpad(1, 1);
    keypad(t->pad, TRUE);
    nodelay(t->pad, TRUE);
    if (t->modern) {
        define_key("\033[200~", CODE_PASTE_START);
        define_key("\033[201~", CODE_PASTE_END);
        define_key("\033[I", CODE_FOCUS);
        define_key("\033[O", CODE_FOCUS);
    }
}

static key_code key_of_code(int code)
{
    for (size_t i = 0; i < ARRAY_LEN(CURSES_KEYS); i++) {
        if (CURSES_KEYS[i].code == code)
            return CURSES_KEYS[i].key;
    }
    if (code > KEY_F0 && code <= KEY_F(12))
        return (key_code)(K_F1 + (code - KEY_F0 - 1));
    const char *name = code > KEY_MAX ? keyname(code) : NULL;
    size_t len = name ? strlen(name) : 0;
    if (len < 3)
        return K_NONE;
    char modifier = name[len - 1];
    for (size_t i = 0; i < ARRAY_LEN(EXTENDED_KEYS); i++) {
        size_t n = strlen(EXTENDED_KEYS[i].name);
        if (n <= len && strncmp(name, EXTENDED_KEYS[i].name, n) == 0)
            return EXTENDED_KEYS[i].key | (modifier == '3' ? (key_code)K_META : 0);
    }
    return K_NONE;
}

static key_code key_of_char(wint_t c)
{
    switch (c) {
    case '\r':
    case '\n':
        return K_ENTER;
    case '\t':
        return K_TAB;
    case '\b':
    case 0x7f:
        return K_BACKSPACE;
    case ' ':
        return K_SPACE;
    case 0x1b:
        return K_ESC;
    default:
        break;
    }
    if (c >= 1 && c <= 26)
        return K_CTRL | (key_code)('a' + c - 1);
    if (c < 0x20 || (c >= 0x80 && c < 0xa0) || c > 0x10ffff)
        return K_NONE;
    return (key_code)c;
}

/* Puts bytes together to characters. wget_wch would throw away a character that
 * comes in two reads, and the keys behind bytes that are not UTF-8. */
static bool complete(struct term *t, int byte, wint_t *c)
{
    if (byte < 0x80) {
        t->n_partial = 0;
        *c = (wint_t)byte;
        return true;
    }
    if (byte >= 0xc0)
        t->n_partial = 0;
    else if (t->n_partial == 0)
        return false;
    t->partial[t->n_partial++] = (char)byte;
    unsigned char lead = (unsigned char)t->partial[0];
    size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (t->n_partial < length)
        return false;
    t->n_partial = 0;
    if (!utf8_valid(t->partial, length))
        return false;
    *c = lead & (0xff >> (length + 1));
    for (size_t i = 1; i < length; i++)
        *c = *c << 6 | ((unsigned char)t->partial[i] & 0x3f);
    return true;
}

/* After ESC [ or ESC O that curses did not know: takes all of the sequence, so that
 * its tail is not read as keys. */
static key_code sequence_rest(struct term *t, bool *any)
{
    int number = 0, digits = 0, c;
    *any = false;
    wtimeout(t->pad, t->escape_ms); /* it may come in parts */
    for (int i = 0; i < 64 && (c = wgetch(t->pad)) != ERR && c < KEY_MIN; i++) {
        *any = true;
        if (c >= '0' && c <= '9' && digits < 3) {
            number = number * 10 + (c - '0');
            digits++;
        } else if (c == ';') {
            digits = 3; /* modifiers follow: not part of the number */
        } else if (c >= 0x40 && c <= 0x7e) {
            if (c == '~')
                return (size_t)number < ARRAY_LEN(TILDE_KEYS) ? TILDE_KEYS[number] : K_NONE;
            for (size_t k = 0; k < ARRAY_LEN(FINAL_KEYS); k++) {
                if (FINAL_KEYS[k].final == c)
                    return FINAL_KEYS[k].key;
            }
            return K_NONE;
        }
    }
    return K_NONE;
}

static key_code read_sequence(struct term *t, bool *any)
{
    key_code key = sequence_rest(t, any);
    nodelay(t->pad, TRUE);
    return key;
}

static key_code escape_alone(int next)
{
    ungetch(next);
    return K_ESC;
}

static key_code read_escape(struct term *t)
{
    bool late = t->read_ns > META_NS;
    int c = wgetch(t->pad);
    wint_t whole;
    if (c == ERR)
        return K_ESC;
    if (late && c != '[' && c != 'O')
        return escape_alone(c);
    if (c >= KEY_MIN) {
        key_code key = key_of_code(c);
        return key ? K_META | key : K_NONE;
    }
    if (c == '[' || c == 'O') {
        bool any;
        key_code key = read_sequence(t, &any);
        return any ? key : late ? escape_alone(c) : K_META | (key_code)c;
    }
    while (!complete(t, c, &whole)) {
        c = wgetch(t->pad);
        if (c == ERR || c >= KEY_MIN)
            return K_NONE;
    }
    key_code key = key_of_char(whole);
    return key == K_ESC || key == K_NONE ? key : K_META | key;
}

static bool read_mouse(struct term *t, struct input *in)
{
    MEVENT e;
    if (getmouse(&e) != OK)
        return false;
    *in = (struct input){.kind = INPUT_MOUSE, .x = e.x, .y = e.y};
    if (e.bstate & BUTTON4_PRESSED) {
        in->mouse = MOUSE_WHEEL_UP;
    } else if (e.bstate & BUTTON5_PRESSED) {
        in->mouse = MOUSE_WHEEL_DOWN;
    } else if (e.bstate & (BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON1_DOUBLE_CLICKED)) {
        int64_t now = clock_mono();
        bool again =
            t->click_time && now - t->click_time < DOUBLE_CLICK_NS && e.x == t->click_x && e.y == t->click_y;
        /* Both clicks in one packet: curses has joined them already. */
        again |= (e.bstate & BUTTON1_DOUBLE_CLICKED) != 0;
        in->mouse = again ? MOUSE_DOUBLE_CLICK : MOUSE_CLICK;
        t->click_time = again ? 0 : now;
        t->click_x = e.x;
        t->click_y = e.y;
    } else {
        return false;
    }
    return true;
}

static struct input finish_paste(struct term *t)
{
    t->pasting = false;
    return (struct input){.kind = INPUT_PASTE, .text = strbuf_text(&t->paste)};
}

static void paste_char(struct term *t, wint_t c)
{
    char utf8[4];
    t->paste_time = clock_mono();
    if (c == '\r')
        c = '\n';
    if (t->paste.len + sizeof utf8 > PASTE_MAX || (c < 0x20 && c != '\n' && c != '\t') ||
        (c >= 0x7f && c < 0xa0))
        return;
    strbuf_add(&t->paste, utf8, utf8_encode((uint32_t)c, utf8));
}

/* True when `in` is to be given to the caller. */
static bool read_code(struct term *t, int code, struct input *in)
{
    if (code == CODE_PASTE_START) {
        t->pasting = true;
        t->paste_time = clock_mono();
        strbuf_clear(&t->paste);
        return false;
    }
    if (code == CODE_PASTE_END) {
        if (!t->pasting)
            return false;
        *in = finish_paste(t);
        return true;
    }
    if (code == KEY_MOUSE)
        return read_mouse(t, in) && !t->pasting;
    *in = (struct input){.kind = INPUT_KEY, .key = key_of_code(code)};
    return in->key != K_NONE && !t->pasting;
}

static bool read_char(struct term *t, wint_t c, struct input *in)
{
    if (t->pasting) {
        paste_char(t, c);
        return false;
    }
    *in = (struct input){.kind = INPUT_KEY, .key = c == 0x1b ? read_escape(t) : key_of_char(c)};
    return in->key != K_NONE;
}

/* Curses says ERR for "nothing there" and for "gone". */
static bool gone(const struct term *t, bool *more)
{
    struct pollfd p = {.fd = t->in_fd, .events = POLLIN};
    int waiting = 0;
    *more = false;
    if (poll(&p, 1, 0) <= 0)
        return false;
    if (p.revents & (POLLHUP | POLLERR | POLLNVAL))
        return true;
    if (!(p.revents & POLLIN))
        return false;
    *more = ioctl(t->in_fd, FIONREAD, &waiting) == 0 && waiting > 0;
    return !*more; /* readable without a byte: end of file */
}

static bool serve_signals(struct term *t)
{
    unsigned s = restore_signals();
    if (s & RESTORE_STOP) {
        if (t->modern)
            term_write(t, PASTE_OFF, strlen(PASTE_OFF));
        endwin();
        restore_stop(t, false);
    }
    if (s & (RESTORE_STOP | RESTORE_CONTINUE)) {
        if (!(s & RESTORE_STOP))
            endwin(); /* stopped by force: the shell had the terminal in between */
        term_fit(t);
        term_redraw(t);
        paint_update();
        if (t->modern)
            term_write(t, PASTE_ON, strlen(PASTE_ON));
        return true;
    }
    return s & RESTORE_WINCH && term_fit(t);
}

struct input term_read(struct term *t)
{
    struct input in = {.kind = INPUT_NONE};
    bool more = true;
    if (serve_signals(t))
        return (struct input){.kind = INPUT_RESIZE};
    /* Without its end mark, a paste must not take all further keys. */
    if (t->pasting && clock_mono() - t->paste_time > PASTE_STALL_NS)
        return finish_paste(t);
    for (int i = 0; i < READ_MAX && more; i++) {
        wint_t whole;
        int64_t began = clock_mono();
        int c = wgetch(t->pad);
        t->read_ns = clock_mono() - began;
        if (c == ERR) {
            if (gone(t, &more))
                return (struct input){.kind = INPUT_HANGUP};
        } else if (c >= KEY_MIN ? read_code(t, c, &in) : complete(t, c, &whole) && read_char(t, whole, &in)) {
            return in;
        }
    }
    return (struct input){.kind = INPUT_NONE};
}
