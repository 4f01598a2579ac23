/* Bytes as keys, sizes, mouse events, commands and whole scripts on a console over a
 * small hostile model: no crash, no control character in any cell. */
#include <locale.h>
#include <stdlib.h>

#include "tests/lib/shop.c" /* the fuzzers link no test library */
#include "ui/actions.h"
#include "ui/script.h"

static sd_time now = SHOP_END;

static sd_time fixed(void *app)
{
    (void)app;
    return now;
}

static bool write_nothing(void *app, const char *path, const char *text, size_t len, struct sd_error *err)
{
    (void)app, (void)path, (void)text, (void)len, (void)err;
    return true;
}

static void check(const struct grid *g)
{
    for (int i = 0; i < g->width * g->height; i++) {
        uint32_t c = g->cells[i].code;
        if (c == 0 ? i % g->width == 0 : c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x202A && c <= 0x202E))
            abort();
    }
}

/* A line of text from the input, at most `max` bytes. */
static size_t take_line(const uint8_t *data, size_t size, char *out, size_t max)
{
    size_t n = 0;
    while (n < size && n + 1 < max && data[n] && data[n] != '\n')
        n++;
    memcpy(out, data, n);
    out[n] = '\0';
    return MIN(n + 1, size);
}

/* `burst` events come with one read from the terminal, and are painted once, as in the program: drawing
 * is what takes the time. */
static void events(struct console *c, struct grid *g, int burst, const uint8_t *data, size_t size)
{
    enum { STEPS = 40 };
    struct sd_error err;
    char line[200];
    size_t i = 0;
    for (int step = 0; i < size && step < STEPS && !console_quitting(c); step++) {
        uint8_t b = data[i++];
        if (b >= 0x20 && b < 0x7F) {
            console_key(c, b == ' ' ? (key_code)K_SPACE : b);
        } else if (b < 0x18) {
            console_key(c, K_NAMED + 1 + b % (K_NAMED_END - K_NAMED - 1));
        } else if (b == 0x18 && i + 2 <= size) {
            grid_resize(g, 1 + data[i] % 200, 1 + data[i + 1] % 60);
            i += 2;
        } else if (b == 0x19 && i + 2 <= size) {
            console_mouse(c, (enum mouse_event)(data[i] % 4), data[i] % 100, data[i + 1] % 40);
            i += 2;
        } else if (b == 0x1A) {
            i += take_line(data + i, size - i, line, sizeof line);
            console_command(c, line, &err);
        } else if (b == 0x1B) {
            i += take_line(data + i, size - i, line, sizeof line);
            console_paste(c, line);
        } else {
            console_key(c, K_CTRL | (key_code)('a' + b % 26));
        }
        now += (b & 7) * 100 * SD_MS;
        if ((step + 1) % burst && i < size)
            continue;
        int64_t wait;
        console_tick(c, &wait);
        console_draw(c, g);
        check(g);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct model *model;
    if (!model) {
        setlocale(LC_CTYPE, "C.UTF-8");
        model = shop_model(true);
    }
    if (size < 1)
        return 0;
    now = SHOP_END;
    struct config *config = config_new(actions_all());
    struct console *c = console_new(&(struct console_env){
        .model = model, .config = config, .now = fixed, .replay = data[0] & 1, .write_file = write_nothing});
    struct grid *g = grid_new(80, 24, data[0] & 2);
    console_resize(c, 80, 24);
    if (data[0] & 4) {
        enum { SCRIPT_MAX = 400 };
        struct strbuf out = {0}, steps = {0};
        struct sd_error err;
        strbuf_add(&steps, data + 1, MIN(size - 1, SCRIPT_MAX));
        script_run(c, g, steps.text, &out, &err);
        strbuf_free(&out);
        strbuf_free(&steps);
    } else {
        events(c, g, 1 + (data[0] >> 4), data + 1, size - 1);
    }
    check(g);
    console_free(c);
    grid_free(g);
    config_free(config);
    return 0;
}
