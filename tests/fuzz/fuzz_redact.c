/* What a user types as a source: shown without secrets, split into kind, target, options. */
#include <stdlib.h>

#include "rt/registry.h"
#include "source/built_in.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const prefixes[] = {"exec:", "postgres://", "log:"};
    registry_begin(SOURCES_BUILT_IN);
    char *text = mem_strndup((const char *)data, size);
    char *shown = registry_redact(text);
    char *again = registry_redact(shown);
    if (strcmp(shown, again) != 0)
        abort(); /* hiding twice hides nothing more */
    free(again);
    free(shown);
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
        struct registry_resolved r;
        struct sd_error err;
        char *given = mem_printf("%s%s", prefixes[i], text);
        if (registry_resolve(given, &r, &err))
            registry_resolved_free(&r);
        free(given);
    }
    free(text);
    return 0;
}
