/* Whatever was read as a plan is written as text, hidden or not, and read again. */
#include <stdlib.h>

#include "format/plans/explain_input.h"
#include "format/plans/explain_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct explain e, again;
    struct sd_error err = {""};
    char *text = mem_alloc(size + 1);
    memcpy(text, data, size);
    explain_read(text, size, &e, &err);
    free(text);
    for (size_t k = 0; k < e.n_plans; k++) {
        for (int hide = 0; hide < 2; hide++) {
            struct strbuf out = {0};
            explain_write(e.plans[k], hide, &out);
            if (!out.len || out.text[out.len - 1] != '\n')
                abort();
            explain_read(out.text, out.len, &again, &err);
            explain_free(&again);
            strbuf_free(&out);
        }
    }
    explain_free(&e);
    return 0;
}
