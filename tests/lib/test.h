/* test.h - what every test program includes first: cmocka in the order it wants. */
#ifndef TESTS_LIB_TEST_H
#define TESTS_LIB_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h" /* before cmocka, whose fail() is a macro */

#include <cmocka.h>

/* Path of a file of the corpora (environment SLOWDIVE_CORPORA), or NULL: skip().
 * The buffer is static. */
const char *test_corpus(const char *path);
/* Path of a file shipped with the tests (SLOWDIVE_TESTS, default "tests"): "data/x". */
const char *test_file(const char *path);

#endif
