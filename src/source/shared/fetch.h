/* fetch.h - one request over HTTP, by libcurl: with deadlines, bounds and an end when the source is to stop.
 * What is fetched may be anybody's: it goes no other ways than http and https, a redirect stays on its
 * scheme, and no password is in a sentence. On a source's worker thread. */
#ifndef SOURCE_SHARED_FETCH_H
#define SOURCE_SHARED_FETCH_H

#include "base/base.h"

struct fetch_ask {
    const char *url;
    const char *post;   /* a body of JSON; NULL: GET */
    bool form;          /* the body is a form instead */
    const char *tenant; /* X-Scope-OrgID of Pyroscope, Mimir and Tempo; NULL or "": none */
    size_t max;         /* bytes of the answer, unpacked */
    int64_t wait_ns;    /* for all of it */

    /* NULL or "": none. Who is asked gets them, not whom it redirects to. */
    const char *accept; /* header */
    const char *user, *password, *bearer;
    const char *ca, *cert, *key; /* files in PEM */
    bool insecure;               /* any certificate of the server will do */

    /* Gets the bytes of an answer with status 200 as they come, instead of fetch_answer.bytes. */
    void (*sink)(void *ctx, const char *bytes, size_t n);
    void *ctx;
};

struct fetch_answer {
    long status; /* 200 */
    char *type;  /* "text/html"; "" unknown */
    char *bytes;
    size_t len;
};

/* SD_OK: there is an answer, of whatever status, for fetch_free. SD_NODATA: the source is to stop, or its
 * request was withdrawn. Otherwise a sentence. */
enum sd_result fetch(struct sd_source *s, const struct fetch_ask *ask, struct fetch_answer *out,
                     struct sd_error *err);
void fetch_free(struct fetch_answer *a);

/* Host and port of a URL: "prom:9090". NULL: it is none. Caller frees. */
char *fetch_address(const char *url);

#endif
