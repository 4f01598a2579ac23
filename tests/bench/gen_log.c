/* gen_log.c - a believable access log with a fixed seed: gen_log LINES [ROUTES] > FILE. With ROUTES so many
 * paths of two words come instead of the 40 endpoints, each once and then a few often.
 *
 * 40 endpoints of unequal popularity, identifiers, query strings, lognormal latencies,
 * some hundred requests a second; combined with rt= and urt=. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t state = 0x5107d14e;

static uint64_t next(void) /* xorshift64* */
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 2685821657736338717u;
}

static double uniform(void)
{
    return (double)(next() >> 11) / 9007199254740992.0;
}

static double normal(void)
{
    return sqrt(-2 * log(1 - uniform())) * cos(6.283185307179586 * uniform());
}

/* A word of six letters that reads like one, so that it is not taken for an id. */
static void word(unsigned i, char out[7])
{
    static const char CONSONANTS[] = "bcdfghklmnprstvw", VOWELS[] = "aeiou";
    for (int k = 0; k < 6; k += 2, i /= 80) {
        out[k] = CONSONANTS[i % 16];
        out[k + 1] = VOWELS[i / 16 % 5];
    }
    out[6] = 0;
}

static void many_routes(long line, unsigned routes, char *path, size_t size)
{
    double u = uniform();
    unsigned r = line < (long)routes ? (unsigned)line : (unsigned)(u * u * u * routes);
    char a[7], b[7];
    word(r % 317 * 73, a);
    word(r / 317 * 97 + 5, b);
    snprintf(path, size, "/api/%s/%s", a, b);
}

int main(int argc, char **argv)
{
    static const char *const THINGS[] = {"products", "orders", "users",    "carts",   "reviews",
                                         "images",   "search", "payments", "coupons", "reports",
                                         "articles", "tags",   "vendors"};
    static const char *const AGENTS[] = {
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 "
        "Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
        "Safari/537.36",
        "curl/8.5.0"};
    long lines = argc > 1 ? atol(argv[1]) : 1000000;
    unsigned routes = argc > 2 ? (unsigned)atol(argv[2]) : 0;
    double at = 1795189898;
    time_t shown = 0;
    char stamp[40] = "";
    for (long i = 0; i < lines; i++) {
        at += -log(1 - uniform()) / 400; /* 400 requests a second */
        time_t second = (time_t)at;
        if (second != shown) {
            struct tm tm;
            strftime(stamp, sizeof stamp, "%d/%b/%Y:%H:%M:%S +0000", gmtime_r(&second, &tm));
            shown = second;
        }
        double u = uniform();
        unsigned kind = (unsigned)(u * u * 39.999); /* a few are popular */
        const char *thing = THINGS[kind % 13];
        char path[200];
        unsigned id = 1 + (unsigned)(uniform() * uniform() * 40000);
        switch (kind / 13) {
        case 0:
            snprintf(path, sizeof path, "/api/%s/%u", thing, id);
            break;
        case 1:
            snprintf(path, sizeof path, "/api/%s?offset=%u&sort=price", thing, id % 50 * 20);
            break;
        case 2:
            snprintf(path, sizeof path, "/api/users/%u/%s", id, thing);
            break;
        default:
            snprintf(path, sizeof path, "/static/app.%s.js", thing);
        }
        if (routes)
            many_routes(i, routes, path, sizeof path);
        double seconds = exp(normal() * 0.7 - 5.2 + kind % 7 * 0.4);
        unsigned r = (unsigned)(next() % 1000);
        int status = r < 3 ? 502 : r < 15 ? 404 : r < 40 ? 304 : 200;
        printf("198.51.%u.%u - - [%s] \"%s %s HTTP/1.1\" %d %u \"%s\" \"%s\" rt=%.3f uct=\"0.000\" "
               "uht=\"%.3f\" urt=\"%.3f\"\n",
               (unsigned)(next() % 4), (unsigned)(next() % 256), stamp, kind % 13 == 3 ? "POST" : "GET", path,
               status, status == 304 ? 0 : 200 + (unsigned)(next() % 20000),
               r % 3 ? "-" : "https://shop.example/", AGENTS[next() % 4], seconds, seconds * 0.9,
               seconds * 0.95);
    }
    return fflush(stdout) || ferror(stdout);
}
