#include "format/loads/request_text.h"
#include "core/loads/template.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DIGITS_MAX = 20, FRAME_HEADERS = 3, HEADERS_MAX = LOAD_REQUEST_FIELDS_MAX - 5 - FRAME_HEADERS };

/* ---- texts with holes ---- */

enum piece_kind { PIECE_TEXT, PIECE_SEQ, PIECE_USER, PIECE_LENGTH };

struct piece {
    enum piece_kind kind;
    bool path;     /* of a cell: percent-encoded where a request line needs it */
    size_t at, n;  /* of a text: in `text` */
    size_t column; /* of a cell */
};

struct holed {
    struct strbuf text;
    struct piece *pieces;
    size_t n, cap, max; /* max: bytes it comes to at most */
};

struct header {
    char *name; /* small letters */
    size_t name_n;
    struct holed value;
};

struct load_request {
    const struct load_users *users;
    char *method;
    struct holed wire; /* all of it, in HTTP/1.1 */
    struct holed authority, path, body;
    struct header *headers; /* a scenario may have thousands of requests: as many as there are */
    size_t n_headers, max;
};

static void holed_free(struct holed *h)
{
    strbuf_free(&h->text);
    free(h->pieces);
}

static void add_piece(struct holed *h, struct piece p, size_t most)
{
    h->pieces = mem_grow(h->pieces, h->n, &h->cap, sizeof *h->pieces);
    h->pieces[h->n++] = p;
    h->max += most;
}

static void add_text(struct holed *h, const char *s, size_t n)
{
    if (!n)
        return;
    struct piece *last = h->n ? &h->pieces[h->n - 1] : NULL;
    size_t at = h->text.len;
    strbuf_add(&h->text, s, n);
    if (last && last->kind == PIECE_TEXT) {
        last->n += n;
        h->max += n;
    } else {
        add_piece(h, (struct piece){.kind = PIECE_TEXT, .at = at, .n = n}, n);
    }
}

static void add_str(struct holed *h, const char *s)
{
    add_text(h, s, strlen(s));
}

static bool fits_path(unsigned char c)
{
    return c > ' ' && c < 0x7f;
}

static char *put_path(char *to, const char *s, size_t n)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if (fits_path(c)) {
            *to++ = (char)c;
        } else {
            *to++ = '%';
            *to++ = hex[c >> 4];
            *to++ = hex[c & 15];
        }
    }
    return to;
}

static void add_plain(struct holed *h, const char *s, size_t n, bool path)
{
    if (!path) {
        add_text(h, s, n);
        return;
    }
    char *enc = mem_alloc(3 * n + 1);
    add_text(h, enc, (size_t)(put_path(enc, s, n) - enc));
    free(enc);
}

static const char *cell(const struct load_users *u, int64_t row, size_t column)
{
    const char *s =
        u && row >= 0 && (uint64_t)row < u->n_rows ? u->cells[(size_t)row * u->n_columns + column] : NULL;
    return s ? s : "";
}

static bool has_control(const char *s)
{
    for (; *s; s++)
        if (((unsigned char)*s < ' ' && *s != '\t') || *s == 0x7f)
            return true;
    return false;
}

enum place { IN_PATH, IN_HEADER, IN_BODY };

static bool add_cell(struct holed *h, const struct load_users *u, const char *name, size_t n,
                     enum place place, struct sd_error *err)
{
    size_t c = 0, most = 0;
    if (!u)
        return fail(err, "{user.%.*s} needs credentials, and the scenario names none", (int)MIN(n, 60), name);
    while (c < u->n_columns && (strlen(u->columns[c]) != n || memcmp(u->columns[c], name, n)))
        c++;
    if (c == u->n_columns)
        return fail(err, "the credentials have no column \"%.*s\"", (int)MIN(n, 60), name);
    for (size_t r = 0; r < u->n_rows; r++) {
        const char *s = cell(u, (int64_t)r, c);
        most = MAX(most, strlen(s));
        if (place == IN_HEADER && has_control(s))
            return fail(
                err,
                "row %zu of the credentials has a control character in \"%.60s\", which stands in a header",
                r + 1, u->columns[c]);
    }
    bool path = place == IN_PATH;
    add_piece(h, (struct piece){.kind = PIECE_USER, .column = c, .path = path}, path ? 3 * most : most);
    return true;
}

/* Adds text of a scenario with its holes (core/loads/template.h). */
static bool add_holed(struct holed *h, const struct load_users *u, const char *s, enum place place,
                      struct sd_error *err)
{
    struct load_piece piece;
    while (load_piece_next(&s, &piece)) {
        if (piece.kind == LOAD_PIECE_TEXT)
            add_plain(h, piece.text, piece.len, place == IN_PATH);
        else if (piece.kind == LOAD_PIECE_SEQ)
            add_piece(h, (struct piece){.kind = PIECE_SEQ}, DIGITS_MAX);
        else if (!add_cell(h, u, piece.text, piece.len, place, err))
            return false;
    }
    return true;
}

/* The same again, behind what is there. */
static void add_all(struct holed *h, const struct holed *other)
{
    for (size_t i = 0; i < other->n; i++) {
        struct piece p = other->pieces[i];
        if (p.kind == PIECE_TEXT)
            add_text(h, strbuf_text(&other->text) + p.at, p.n);
        else
            add_piece(h, p, 0);
    }
    /* Of what is no text the most is not known piece by piece. */
    h->max += other->max - other->text.len;
}

/* ---- filling ---- */

static size_t digits(uint64_t v, char out[DIGITS_MAX])
{
    char back[DIGITS_MAX];
    size_t n = 0;
    do
        back[n++] = (char)('0' + v % 10);
    while (v /= 10);
    for (size_t i = 0; i < n; i++)
        out[i] = back[n - 1 - i];
    return n;
}

static size_t holed_length(const struct holed *h, const struct load_users *u, uint64_t seq, int64_t user)
{
    char number[DIGITS_MAX];
    size_t n = h->text.len;
    for (size_t i = 0; i < h->n; i++) {
        if (h->pieces[i].kind == PIECE_SEQ)
            n += digits(seq, number);
        else if (h->pieces[i].kind == PIECE_USER)
            n += strlen(cell(u, user, h->pieces[i].column));
    }
    return n;
}

static char *fill(const struct holed *h, const struct load_request *r, uint64_t seq, int64_t user, char *to)
{
    for (size_t i = 0; i < h->n; i++) {
        const struct piece *p = &h->pieces[i];
        if (p->kind == PIECE_TEXT) {
            memcpy(to, h->text.text + p->at, p->n);
            to += p->n;
        } else if (p->kind == PIECE_SEQ) {
            to += digits(seq, to);
        } else if (p->kind == PIECE_LENGTH) {
            to += digits(holed_length(&r->body, r->users, seq, user), to);
        } else {
            const char *s = cell(r->users, user, p->column);
            size_t n = strlen(s);
            if (p->path)
                to = put_path(to, s, n);
            else
                memcpy(to, s, n), to += n;
        }
    }
    return to;
}

size_t load_request_fill(const struct load_request *r, uint64_t seq, int64_t user, char *out)
{
    return (size_t)(fill(&r->wire, r, seq, user, out) - out);
}

size_t load_request_max(const struct load_request *r)
{
    return r->max;
}

bool load_request_is_head(const struct load_request *r)
{
    return str_eq(r->method, "HEAD");
}

static char *add_field(struct load_request_parts *p, const char *name, size_t name_n, char *from, char *to)
{
    p->fields[p->n_fields++] = (struct load_request_field){name, name_n, from, (size_t)(to - from)};
    return to;
}

/* What belongs to one connection of HTTP/1.1 alone: RFC 9113, section 8.2.2. */
static bool of_connection(const char *name)
{
    static const char *const names[] = {"host",    "connection",        "keep-alive", "proxy-connection",
                                        "upgrade", "transfer-encoding", "te",         NULL};
    return str_find(names, name) >= 0;
}

void load_request_parts(const struct load_request *r, uint64_t seq, int64_t user, bool tls, char *out,
                        struct load_request_parts *p)
{
    char *at = out;
    p->n_fields = 0;
    size_t method = strlen(r->method), scheme = tls ? 5 : 4;
    memcpy(at, r->method, method);
    at = add_field(p, ":method", 7, at, at + method);
    memcpy(at, "https", scheme);
    at = add_field(p, ":scheme", 7, at, at + scheme);
    at = add_field(p, ":authority", 10, at, fill(&r->authority, r, seq, user, at));
    at = add_field(p, ":path", 5, at, fill(&r->path, r, seq, user, at));
    for (size_t i = 0; i < r->n_headers; i++)
        if (!of_connection(r->headers[i].name))
            at = add_field(p, r->headers[i].name, r->headers[i].name_n, at,
                           fill(&r->headers[i].value, r, seq, user, at));
    p->body = at;
    p->n_body = (size_t)(fill(&r->body, r, seq, user, at) - at);
    if (p->n_body || r->body.n) {
        at += p->n_body;
        add_field(p, "content-length", 14, at, at + digits(p->n_body, at));
    }
}

/* ---- compiling ---- */

/* RFC 9110, section 5.6.2. */
static bool is_token(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)s[i]) && (!s[i] || !strchr("!#$%&'*+-.^_`|~", s[i])))
            return false;
    return n > 0;
}

static struct header *new_header(struct load_request *r, const char *name, size_t n)
{
    struct header *h = &r->headers[r->n_headers++];
    h->name = mem_strndup(name, n);
    h->name_n = n;
    for (size_t i = 0; i < n; i++)
        h->name[i] = (char)tolower((unsigned char)h->name[i]);
    return h;
}

static bool add_header(struct load_request *r, const char *line, struct sd_error *err)
{
    static const char *const ours[] = {"content-length", "transfer-encoding", "upgrade", "expect", NULL};
    const char *colon = strchr(line, ':');
    size_t n = colon ? (size_t)(colon - line) : 0;
    if (!is_token(line, n))
        return fail(err, "\"%.60s\" is no header: it is written \"Name: value\"", line);
    if (has_control(line))
        return fail(err, "the header \"%.*s\" has a control character in its value", (int)MIN(n, 60), line);
    struct header *h = new_header(r, line, n);
    if (str_find(ours, h->name) >= 0)
        return fail(err, "the header %.60s cannot be set: slowdive writes or refuses it itself", h->name);
    const char *value = colon + 1 + strspn(colon + 1, " \t");
    return add_holed(&h->value, r->users, value, IN_HEADER, err);
}

static void add_default(struct load_request *r, const char *name, const char *value)
{
    for (size_t i = 0; i < r->n_headers; i++)
        if (str_eq(r->headers[i].name, name))
            return;
    if (value)
        add_str(&new_header(r, name, strlen(name))->value, value);
}

/* A header is written as people write it: "User-Agent". */
static void add_name(struct holed *to, const struct header *h)
{
    char first = 0;
    for (size_t i = 0; i < h->name_n; i++) {
        char c = first == 0 || first == '-' ? (char)toupper((unsigned char)h->name[i]) : h->name[i];
        add_text(to, &c, 1);
        first = h->name[i];
    }
    add_str(to, ": ");
}

/* Methods whose body has a meaning say its length even when there is none: RFC 9110, section 8.6. */
static bool says_length(const struct load_request *r)
{
    static const char *const with[] = {"POST", "PUT", "PATCH", NULL};
    return r->body.n || str_find(with, r->method) >= 0;
}

static void build_wire(struct load_request *r)
{
    struct holed *w = &r->wire;
    add_str(w, r->method);
    add_str(w, " ");
    add_all(w, &r->path);
    add_str(w, " HTTP/1.1\r\n");
    for (size_t i = 0; i < r->n_headers; i++) {
        add_name(w, &r->headers[i]);
        add_all(w, &r->headers[i].value);
        add_str(w, "\r\n");
        if (str_eq(r->headers[i].name, "host"))
            add_all(&r->authority, &r->headers[i].value);
    }
    if (says_length(r)) {
        add_str(w, "Content-Length: ");
        add_piece(w, (struct piece){.kind = PIECE_LENGTH}, DIGITS_MAX);
        add_str(w, "\r\n");
    }
    add_str(w, "\r\n");
    add_all(w, &r->body);
    /* In parts, the authority stands beside the header it comes from, and the scheme is more. */
    r->max = w->max + r->authority.max + DIGITS_MAX + 16;
}

static bool compile(struct load_request *r, const struct load_request_text *t,
                    const struct load_request_frame *f, struct sd_error *err)
{
    r->method = mem_strdup(t->method ? t->method : "GET");
    if (!is_token(r->method, strlen(r->method)) || str_eq(r->method, "CONNECT"))
        return fail(err, "\"%.40s\" is no method that a load test can send", r->method);
    if (!t->path || t->path[0] != '/')
        return fail(err, "the path \"%.80s\" does not begin with a slash", t->path ? t->path : "");
    if (f->base)
        add_plain(&r->path, f->base, strlen(f->base), true);
    if (!add_holed(&r->path, f->users, t->path, IN_PATH, err))
        return false;
    if (t->n_headers > HEADERS_MAX)
        return fail(err, "a request has more than %d headers", HEADERS_MAX);
    r->headers = mem_array(t->n_headers + FRAME_HEADERS, sizeof *r->headers);
    for (size_t i = 0; i < t->n_headers; i++)
        if (!add_header(r, t->headers[i], err))
            return false;
    add_default(r, "host", f->host);
    add_default(r, "user-agent", f->agent);
    add_default(r, "accept", "*/*");
    if (t->body && !add_holed(&r->body, f->users, t->body, IN_BODY, err))
        return false;
    build_wire(r);
    return true;
}

struct load_request *load_request_new(const struct load_request_text *t, const struct load_request_frame *f,
                                      struct sd_error *err)
{
    struct load_request *r = mem_alloc(sizeof *r);
    r->users = f->users;
    if (compile(r, t, f, err))
        return r;
    load_request_free(r);
    return NULL;
}

void load_request_free(struct load_request *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n_headers; i++) {
        free(r->headers[i].name);
        holed_free(&r->headers[i].value);
    }
    holed_free(&r->wire);
    holed_free(&r->authority);
    holed_free(&r->path);
    holed_free(&r->body);
    free(r->headers);
    free(r->method);
    free(r);
}
