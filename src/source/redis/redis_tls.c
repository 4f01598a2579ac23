#include "source/redis/redis_tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdlib.h>

struct redis_tls {
    SSL_CTX *context;
    SSL *ssl;
};

static const char *reason(void)
{
    unsigned long e = ERR_peek_last_error();
    const char *text = e ? ERR_reason_error_string(e) : NULL;
    return text ? text : "no reason was given";
}

static bool given(const char *text)
{
    return text && *text;
}

static bool load_files(struct redis_tls *t, const struct redis_login *login, struct sd_error *err)
{
    const char *key = given(login->tls_key) ? login->tls_key : login->tls_cert;
    if (given(login->tls_ca) && SSL_CTX_load_verify_locations(t->context, login->tls_ca, NULL) != 1)
        return fail(err, "cannot read certificates from tls_ca=%.200s: %.100s", login->tls_ca, reason());
    if (!given(login->tls_ca))
        SSL_CTX_set_default_verify_paths(t->context);
    if (!given(login->tls_cert))
        return true;
    if (SSL_CTX_use_certificate_chain_file(t->context, login->tls_cert) != 1)
        return fail(err, "cannot read a certificate from tls_cert=%.200s: %.100s", login->tls_cert, reason());
    if (SSL_CTX_use_PrivateKey_file(t->context, key, SSL_FILETYPE_PEM) != 1)
        return fail(err, "cannot read the key of the certificate from tls_key=%.200s: %.100s", key, reason());
    return true;
}

/* Whose the certificate must be. */
static bool expect(struct redis_tls *t, const char *name, bool verify)
{
    unsigned char address[sizeof(struct in6_addr)];
    bool ip = inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
    if (!ip && SSL_set_tlsext_host_name(t->ssl, name) != 1)
        return false;
    if (!verify)
        return true;
    return ip ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(t->ssl), name) == 1
              : SSL_set1_host(t->ssl, name) == 1;
}

/* A key with a passphrase would be asked for on the terminal, which is the console's. */
static int no_passphrase(char *to, int size, int writing, void *ctx)
{
    (void)to, (void)size, (void)writing, (void)ctx;
    return 0;
}

struct redis_tls *redis_tls_new(int fd, const struct redis_address *to, const struct redis_login *login,
                                struct sd_error *err)
{
    struct redis_tls *t = mem_alloc(sizeof *t);
    const char *name = given(login->tls_name) ? login->tls_name : to->host;
    ERR_clear_error();
    t->context = SSL_CTX_new(TLS_client_method());
    bool made = t->context;
    if (made) {
        SSL_CTX_set_min_proto_version(t->context, TLS1_2_VERSION);
        SSL_CTX_set_default_passwd_cb(t->context, no_passphrase);
        SSL_CTX_set_mode(t->context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        SSL_CTX_set_verify(t->context, login->tls_verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
        if (!load_files(t, login, err)) {
            redis_tls_free(t);
            return NULL;
        }
        t->ssl = SSL_new(t->context);
        made = t->ssl && SSL_set_fd(t->ssl, fd) == 1 && expect(t, name, login->tls_verify);
    }
    if (made)
        return t;
    fail(err, "TLS cannot be begun with %.200s: %.100s", name, reason());
    redis_tls_free(t);
    return NULL;
}

void redis_tls_free(struct redis_tls *t)
{
    if (!t)
        return;
    SSL_free(t->ssl);
    SSL_CTX_free(t->context);
    free(t);
}

/* What a call that did nothing wants. */
static int outcome(struct redis_tls *t, int result, int *events, const char *doing, struct sd_error *err)
{
    int why = SSL_get_error(t->ssl, result);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
        *events = why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
        return -1;
    }
    if (why == SSL_ERROR_ZERO_RETURN || (why == SSL_ERROR_SYSCALL && !ERR_peek_last_error()))
        return 0;
    if (ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
        return 0;
    long verified = SSL_get_verify_result(t->ssl);
    if (verified != X509_V_OK && ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_CERTIFICATE_VERIFY_FAILED)
        fail(err,
             "the certificate is not trusted: %.100s; tls_ca=FILE names its authority, tls_verify=no "
             "trusts anybody",
             X509_verify_cert_error_string(verified));
    else if (ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_WRONG_VERSION_NUMBER)
        fail(err, "the server does not speak TLS: write redis:// for rediss://");
    else
        fail(err, "%s failed: %.100s", doing, reason());
    return -2;
}

int redis_tls_shake(struct redis_tls *t, int *events, struct sd_error *err)
{
    ERR_clear_error();
    int r = SSL_connect(t->ssl);
    return r == 1 ? 1 : outcome(t, r, events, "the TLS hand-shake", err);
}

int redis_tls_recv(struct redis_tls *t, char *to, size_t size, int *events, struct sd_error *err)
{
    ERR_clear_error();
    int r = SSL_read(t->ssl, to, (int)MIN(size, (size_t)1 << 20));
    return r > 0 ? r : outcome(t, r, events, "reading through TLS", err);
}

int redis_tls_send(struct redis_tls *t, const char *from, size_t len, int *events, struct sd_error *err)
{
    ERR_clear_error();
    int r = SSL_write(t->ssl, from, (int)MIN(len, (size_t)1 << 20));
    return r > 0 ? r : outcome(t, r, events, "sending through TLS", err);
}
