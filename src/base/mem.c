#include "base/base.h"

#include <stdint.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Called when memory is exhausted: nothing here may allocate. abort() runs the crash handler, which restores
 * the terminal. */
static _Noreturn void mem_failed(void)
{
    static const char text[] = "slowdive: out of memory\n";
    ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
    (void)ignored;
    abort();
}

enum { LARGE_PAGE = 2 << 20 };

void *mem_alloc(size_t size)
{
    void *p = calloc(1, size ? size : 1);
    if (!p)
        mem_failed();
    return p;
}

void *mem_realloc(void *p, size_t size)
{
    p = realloc(p, size ? size : 1);
    if (!p)
        mem_failed();
    return p;
}

void *mem_array(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);
    if (!p)
        mem_failed();
    return p;
}

char *mem_strdup(const char *s)
{
    return s ? mem_strndup(s, strlen(s)) : NULL;
}

char *mem_strndup(const char *s, size_t n)
{
    const char *end = memchr(s, 0, n);
    size_t len = end ? (size_t)(end - s) : n;
    char *p = mem_realloc(NULL, len + 1);
    memcpy(p, s, len);
    p[len] = 0;
    return p;
}

char *mem_printf(const char *fmt, ...)
{
    char *text = NULL;
    va_list ap;
    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        mem_failed();
    va_end(ap);
    return text;
}

void mem_forget(const char *bytes, size_t n)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t from = ((uintptr_t)bytes + page - 1) / page * page, to = ((uintptr_t)bytes + n) / page * page;
    if (from < to)
        madvise((void *)from, to - from, MADV_DONTNEED);
}

void mem_large(void *bytes, size_t n)
{
    uintptr_t from = ((uintptr_t)bytes + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE,
              to = ((uintptr_t)bytes + n) / LARGE_PAGE * LARGE_PAGE;
    if (from < to)
        madvise((void *)from, to - from, MADV_HUGEPAGE);
}

void mem_give_back(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

void *mem_grow(void *items, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return items;
    size_t want = *cap ? *cap * 2 : 8;
    if (want <= n)
        want = n + 1;
    if (want > SIZE_MAX / size)
        mem_failed();
    items = mem_realloc(items, want * size);
    *cap = want;
    return items;
}

/* ---- arena ---- */

enum { ARENA_ALIGN = 16, ARENA_BLOCK = 4096, ARENA_BLOCK_MAX = 1 << 18, ARENA_IS_LARGE = 2 << 20 };

struct arena_block {
    struct arena_block *next;
    size_t size, used;
    _Alignas(ARENA_ALIGN) unsigned char data[];
};

struct adopted {
    struct adopted *next;
    void *p;
};

struct arena {
    struct arena_block *head;
    struct adopted *adopted; /* in the arena itself */
    size_t bytes;
};

struct arena *arena_new(void)
{
    struct arena *a = mem_alloc(sizeof *a);
    a->bytes = sizeof *a;
    return a;
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    for (const struct adopted *it = a->adopted; it; it = it->next)
        free(it->p);
    for (struct arena_block *b = a->head, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(a);
}

/* A large arena grows by large pages: each is one fault instead of 512. */
static void *new_block(size_t room)
{
    if (room != LARGE_PAGE - sizeof(struct arena_block))
        return mem_realloc(NULL, sizeof(struct arena_block) + room);
    void *p = aligned_alloc(LARGE_PAGE, LARGE_PAGE);
    if (!p)
        mem_failed();
    mem_large(p, LARGE_PAGE);
    return p;
}

/* Not zeroed. */
static void *arena_room(struct arena *a, size_t size)
{
    if (size > SIZE_MAX / 2)
        mem_failed();
    size = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    struct arena_block *b = a->head;
    if (!b || b->size - b->used < size) {
        /* Blocks double, so that small arenas stay small and big ones take few calls. */
        size_t block = b ? MIN(b->size * 2, (size_t)ARENA_BLOCK_MAX) : ARENA_BLOCK - sizeof *b;
        if (a->bytes >= ARENA_IS_LARGE)
            block = LARGE_PAGE - sizeof *b;
        bool big = size > block / 2;
        size_t room = big ? size : block;
        struct arena_block *n = new_block(room);
        *n = (struct arena_block){.size = room};
        a->bytes += sizeof *n + room;
        if (big && b) { /* keep filling the present block */
            n->next = b->next;
            b->next = n;
        } else {
            n->next = b;
            a->head = n;
        }
        b = n;
    }
    void *p = b->data + b->used;
    b->used += size;
    return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
    return memset(arena_room(a, size), 0, size);
}

void *arena_copy(struct arena *a, const void *data, size_t size)
{
    void *p = arena_room(a, size);
    if (size)
        memcpy(p, data, size);
    return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return s ? arena_copy(a, s, strlen(s) + 1) : NULL;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    const char *end = memchr(s, 0, n);
    size_t len = end ? (size_t)(end - s) : n;
    char *p = arena_room(a, len + 1);
    memcpy(p, s, len);
    p[len] = 0;
    return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *p = arena_alloc(a, n < 0 ? 1 : (size_t)n + 1);
    if (n > 0)
        vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return p;
}

void arena_adopt(struct arena *a, void *p, size_t size)
{
    struct adopted *it = arena_alloc(a, sizeof *it);
    *it = (struct adopted){.next = a->adopted, .p = p};
    a->adopted = it;
    a->bytes += size;
}

size_t arena_bytes(const struct arena *a)
{
    return a->bytes;
}
