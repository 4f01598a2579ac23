/* otlp_server.h - OTLP over HTTP: what is taken of it and what is answered. */
#ifndef SOURCE_OTLP_SERVER_H
#define SOURCE_OTLP_SERVER_H

#include "source/otlp/otlp_intake.h"
#include "source/shared/http_server.h"

enum { OTLP_BODY_MAX = 20 << 20, OTLP_PORT = 4318 };

struct otlp_server {
    struct otlp_intake *intake;
    const char *token; /* "": none is asked for */
    struct strbuf unpacked, body;
};

/* `x` stays where it is as long as the server. */
struct http_rules otlp_server_rules(struct otlp_server *x);

#endif
