/* key.h - keys by name: "q", "Enter", "C-c", "F1", "PgUp", "S-Tab", "M-x". */
#ifndef CONF_KEY_H
#define CONF_KEY_H

#include "base/base.h"

/* X(UPPER, "Name") */
#define KEYS(X)                                                                                              \
    X(ENTER, "Enter")                                                                                        \
    X(ESC, "Esc")                                                                                            \
    X(TAB, "Tab")                                                                                            \
    X(BACKTAB, "S-Tab")                                                                                      \
    X(BACKSPACE, "Backspace")                                                                                \
    X(DELETE, "Delete")                                                                                      \
    X(INSERT, "Insert")                                                                                      \
    X(UP, "Up")                                                                                              \
    X(DOWN, "Down")                                                                                          \
    X(LEFT, "Left")                                                                                          \
    X(RIGHT, "Right")                                                                                        \
    X(HOME, "Home")                                                                                          \
    X(END, "End")                                                                                            \
    X(PGUP, "PgUp")                                                                                          \
    X(PGDN, "PgDn")                                                                                          \
    X(SPACE, "Space")                                                                                        \
    X(F1, "F1")                                                                                              \
    X(F2, "F2")                                                                                              \
    X(F3, "F3")                                                                                              \
    X(F4, "F4")                                                                                              \
    X(F5, "F5")                                                                                              \
    X(F6, "F6")                                                                                              \
    X(F7, "F7")                                                                                              \
    X(F8, "F8")                                                                                              \
    X(F9, "F9")                                                                                              \
    X(F10, "F10")                                                                                            \
    X(F11, "F11")                                                                                            \
    X(F12, "F12")

enum {
    K_NONE = 0,
    /* 1..0x10FFFF: a character as typed (control characters as K_CTRL | letter) */
    K_NAMED = 0x200000,
#define K_ENUM(UPPER, name) K_##UPPER,
    KEYS(K_ENUM)
#undef K_ENUM
        K_NAMED_END,
    K_CTRL = 0x1000000, /* | a lower-case letter */
    K_META = 0x2000000  /* | anything */
};
typedef uint32_t key_code; /* Space is K_SPACE, never ' ' */

bool key_parse(const char *name, key_code *key);    /* false: no such key */
const char *key_format(key_code key, char buf[24]); /* the inverse; returns buf */

#endif
