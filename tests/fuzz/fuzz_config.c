/* Any bytes as a configuration file: read, complained about, never obeyed. */
#include "conf/config.h"

#include <locale.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void problem(void *ctx, const char *sentence)
{
    (void)ctx;
    for (; *sentence; sentence++) {
        if ((unsigned char)*sentence < 0x20 || *sentence == 0x7f)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    struct config *c = config_new(NULL);
    config_read_text(c, "fuzz.yaml", (const char *)data, size, problem, NULL);
    config_free(c);
    return 0;
}
