/* name=value lines into a table of every type; what was taken prints and copies. */
#include <stdlib.h>

#include "conf/option.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct opts {
    bool b;
    int64_t i, d, s;
    double r;
    const char *t;
    const char *const *l;
};

#define ROW(n, ty, m, lo, hi)                                                                                \
    {                                                                                                        \
        .name = n, .type = SD_OPTION_##ty, .offset = offsetof(struct opts, m), .min = lo, .max = hi          \
    }
static const struct sd_option TABLE[] = {
    ROW("b", BOOL, b, 0, 0),        ROW("i", INT, i, -5, 1e6),
    ROW("d", DURATION, d, 1, 1e18), ROW("s", BYTES, s, 0, 1e19),
    ROW("r", REAL, r, -1, 1),       ROW("t", TEXT, t, 0, 0),
    ROW("l", LIST, l, 0, 0),        {.name = NULL},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = mem_strndup((const char *)data, size), *save = text;
    void *opts = options_new(TABLE, sizeof(struct opts));
    for (char *line; (line = strsep(&save, ";"));) {
        char *value = strchr(line, '=');
        struct sd_error err;
        if (!value)
            continue;
        *value++ = 0;
        option_set(TABLE, opts, line, value, &err);
    }
    for (const struct sd_option *o = TABLE; o->name; o++) {
        struct strbuf out = {0};
        struct sd_error err;
        option_print(o, opts, &out);
        if (out.len && o->type != SD_OPTION_LIST && !option_set(TABLE, opts, o->name, out.text, &err))
            abort();
        strbuf_free(&out);
    }
    options_free(TABLE, opts);
    free(text);
    return 0;
}
