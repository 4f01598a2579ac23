/* Answers of a server under load: it is the same whole and in pieces, and no more is taken than there is. The
 * first byte says how long the pieces are. */
#include <stdlib.h>
#include <string.h>

#include "format/loads/http_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t feed(struct http_answer *a, const char *bytes, size_t n, size_t piece, bool head)
{
    size_t at = 0;
    http_answer_begin(a, head);
    while (at < n && a->state == HTTP_ANSWER_MORE) {
        size_t len = MIN(piece, n - at), taken = http_answer_feed(a, bytes + at, len, 1796000000);
        if (taken > len || (a->state == HTTP_ANSWER_MORE && taken != len))
            abort();
        at += taken;
    }
    return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_answer a, b;
    if (!size)
        return 0;
    const char *bytes = (const char *)data + 1;
    bool head = data[0] & 128;
    size_t n = size - 1, whole = feed(&a, bytes, n, n, head),
           pieces = feed(&b, bytes, n, (data[0] & 127U) + 1, head);
    /* A line that comes in pieces is known by its beginning alone: what it says may differ, not where the
     * answer is wrong before it. */
    if (a.state == HTTP_ANSWER_WRONG ? !a.wrong : a.bytes != whole)
        abort();
    if (b.state == HTTP_ANSWER_WRONG ? !b.wrong : b.bytes != pieces)
        abort();
    if (a.state == HTTP_ANSWER_DONE && (a.status < 100 || a.status > 999))
        abort();
    if (a.n_begin > HTTP_ANSWER_BEGIN || (sd_known(a.retry_after_s) && a.retry_after_s < 0))
        abort();
    if (http_answer_closed(&a) && !a.close)
        abort();
    return 0;
}
