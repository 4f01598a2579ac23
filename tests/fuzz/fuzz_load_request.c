/* Lines: method, path, two headers, then the body: what is filled stays within its bound, and is a request
 * whose head holds nothing but what was meant. */
#include <stdlib.h>
#include <string.h>

#include "format/loads/request_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *next(char **at)
{
    char *line = *at, *nl = strchr(line, '\n');
    if (nl)
        *nl = 0;
    *at = nl ? nl + 1 : line + strlen(line);
    return line;
}

static void check(const struct load_request *r, uint64_t seq, int64_t user)
{
    char *out = mem_alloc(load_request_max(r) + 1);
    struct load_request_parts p;
    size_t n = load_request_fill(r, seq, user, out), lines = 0;
    if (n > load_request_max(r))
        abort();
    out[n] = 0;
    for (const char *l = out; (l = strstr(l, "\r\n")) && l[2] != '\r'; l += 2)
        lines++;
    if (lines < 3 || lines > 7) /* the request line; three headers of the frame, two of its own, the length */
        abort();
    load_request_parts(r, seq, user, true, out, &p);
    const struct load_request_field *last = &p.fields[p.n_fields - 1];
    if (last->value + last->value_n > out + load_request_max(r) ||
        p.body + p.n_body > out + load_request_max(r))
        abort();
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const columns[] = {"n", "token"};
    static const char *const cells[] = {"ann", "x y", "b\xc3\xb6", ""};
    static const struct load_users users = {columns, 2, 2, cells};
    const struct load_request_frame f = {.host = "h:1", .base = "/b", .agent = "a", .users = &users};
    char *text = mem_strndup((const char *)data, size), *at = text;
    const char *method = next(&at), *path = next(&at), *headers[2] = {next(&at), next(&at)};
    const struct load_request_text t = {.method = method,
                                        .path = path,
                                        .headers = headers,
                                        .n_headers = *headers[1] ? 2 : *headers[0] != 0,
                                        .body = *at ? at : NULL};
    struct sd_error err = {""};
    struct load_request *r = load_request_new(&t, &f, &err);
    if (!r && !*err.text)
        abort();
    if (r) {
        check(r, UINT64_MAX, 1);
        check(r, 0, -1);
    }
    load_request_free(r);
    free(text);
    return 0;
}
