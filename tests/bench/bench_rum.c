/* bench_rum PORT BEACONS: sends so many beacons to a receiver on loopback, each in a request of its own, over
 * 32 connections that stay open, as the library web-vitals writes them. Exits 0 when each was answered 204.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS = 32, TRIES = 200 };

static int dial(int port)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons((in_port_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timespec pause = {.tv_nsec = 50000000};
    for (int i = 0; i < TRIES; i++) { /* the receiver may only have begun */
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
            return fd;
        close(fd);
        nanosleep(&pause, NULL);
    }
    return -1;
}

static int write_beacon(char out[2048], long i)
{
    static const char *const names[] = {"LCP", "INP", "CLS", "FCP", "TTFB"};
    char body[1024];
    double value = i % 5 == 2 ? (double)(i % 40) / 100 : (double)(i * 7919 % 5000);
    int n = snprintf(
        body, sizeof body,
        "{\"name\":\"%s\",\"value\":%g,\"delta\":%g,\"rating\":\"good\",\"id\":\"v5-1795190060415-%ld\","
        "\"navigationType\":\"navigate\",\"page\":\"/products/%ld\",\"device\":\"%s\","
        "\"connection\":\"4g\",\"country\":\"DE\",\"attribution\":{\"timeToFirstByte\":12.8,"
        "\"resourceLoadDelay\":0,\"elementRenderDelay\":259.1,\"target\":\"html>body>main>img\"}}",
        names[i % 5], value, value, i, i % 300, i % 3 ? "mobile" : "desktop");
    return snprintf(out, 2048,
                    "POST /rum HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n"
                    "Content-Type: text/plain;charset=UTF-8\r\nOrigin: https://shop.example\r\n"
                    "Content-Length: %d\r\n\r\n%s",
                    n, body);
}

/* One request on its way on each connection. */
static long run(struct pollfd *fds, long beacons)
{
    char request[2048], head[1024];
    long sent = 0, answered = 0;
    for (int c = 0; c < CONNECTIONS && sent < beacons; c++)
        if (write(fds[c].fd, request, (size_t)write_beacon(request, sent)) > 0)
            sent++;
    while (answered < sent && poll(fds, CONNECTIONS, 30000) > 0)
        for (int c = 0; c < CONNECTIONS; c++) {
            if (!fds[c].revents)
                continue;
            ssize_t n = read(fds[c].fd, head, sizeof head - 1);
            if (n < 12 || memcmp(head + 9, "204", 3) != 0)
                return answered;
            answered++;
            if (sent < beacons && write(fds[c].fd, request, (size_t)write_beacon(request, sent)) > 0)
                sent++;
        }
    return answered;
}

int main(int argc, char **argv)
{
    struct pollfd fds[CONNECTIONS];
    long beacons = argc == 3 ? atol(argv[2]) : 0;
    if (beacons <= 0)
        return 2;
    for (int c = 0; c < CONNECTIONS; c++) {
        fds[c] = (struct pollfd){.fd = dial(atoi(argv[1])), .events = POLLIN};
        if (fds[c].fd < 0) {
            fprintf(stderr, "bench_rum: nobody listens at port %s\n", argv[1]);
            return 1;
        }
    }
    long answered = run(fds, beacons);
    printf("answered %ld\n", answered);
    return answered == beacons ? 0 : 1;
}
