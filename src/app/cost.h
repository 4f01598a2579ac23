/* cost.h - what slowdive itself costs: processor, memory, bytes to the terminal. */
#ifndef APP_COST_H
#define APP_COST_H

#include "ui/console.h"

struct cost {
    int64_t at, cpu, tty;
    struct console_cost shown;
};

/* Renewed every ten seconds, from the difference to the time before. Main thread. */
struct console_cost cost_now(struct cost *c, int64_t tty_bytes);

#endif
