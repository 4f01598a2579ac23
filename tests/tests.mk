# Tests. Every program prints TAP; tests/run adds them up.
#
#   tests/unit/test_X.c    links the rooms without I/O only (no curses, no libpq: the
#                          link is the proof of the layers)
#   tests/source/test_X.c  links the runtime and the sources as well
#   tests/fuzz/fuzz_X.c    libFuzzer entry points; seeds in tests/fuzz/corpus/X/
#   tests/screen/*.test    scripts for the console with the screens they give
#   tests/*/X.sh           shell tests against the program
#   tests/install          installs, uses what is there, uninstalls
#   tests/deb              Debian's packages in a Debian of their own (make check-deb)
# tests/lib/*.c is linked into all of them.

TESTLIB_SRC := $(filter-out tests/lib/memory_store.c,$(sort $(wildcard tests/lib/*.c)))
UNIT_SRC    := $(sort $(wildcard tests/unit/test_*.c))
SOURCE_SRC  := $(sort $(wildcard tests/source/test_*.c))
FUZZ_SRC    := $(sort $(wildcard tests/fuzz/fuzz_*.c))
PTY_SRC     := $(sort $(wildcard tests/screen/test_*.c))

UNIT_BIN   := $(patsubst tests/%.c,$(BUILD)/tests/%,$(UNIT_SRC))
SOURCE_BIN := $(patsubst tests/%.c,$(BUILD)/tests/%,$(SOURCE_SRC))
PTY_BIN    := $(patsubst tests/%.c,$(BUILD)/tests/%,$(PTY_SRC))

BENCH_BIN  := $(patsubst tests/%.c,$(BUILD)/tests/%,$(sort $(wildcard tests/bench/*.c)))

LIBS_TEST := $(shell pkg-config --libs cmocka 2>/dev/null)

$(BUILD)/libtest.a: $(call objs,$(TESTLIB_SRC))
	@rm -f $@
	@$(AR) rcs $@ $^

$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/libtest.a $(LIBS_UNIT)
	@mkdir -p $(@D)
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_CORE) $(LIBS_TEST)

$(BUILD)/tests/source/%: $(BUILD)/obj/tests/source/%.o $(BUILD)/libtest.a $(call lib,source) $(call lib,store) $(call lib,rt) $(LIBS_UNIT)
	@mkdir -p $(@D)
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_RT) $(LIBS_CORE) $(LIBS_TEST)

# Its engine is in the place of the real one, which the others have.
$(BUILD)/tests/source/test_history_recorder: $(BUILD)/obj/tests/source/test_history_recorder.o \
		$(BUILD)/obj/tests/lib/memory_store.o $(BUILD)/libtest.a $(call lib,store) $(LIBS_UNIT)
	@mkdir -p $(@D)
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_RT) $(LIBS_CORE) $(LIBS_TEST)

# One file of the program itself: it needs nothing of the others.
$(BUILD)/tests/source/test_discover: $(BUILD)/obj/src/app/discover.o

# The pty tests run the program under libvterm.
$(BUILD)/tests/screen/%: $(BUILD)/obj/tests/screen/%.o $(BUILD)/libtest.a $(LIBS_UNIT)
	@mkdir -p $(@D)
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_CORE) $(LIBS_TEST) -lvterm -lutil

# The smallest user of the terminal, for the pty tests.
$(BUILD)/tests/screen/show: $(BUILD)/obj/tests/screen/show.o $(call lib,term) $(LIBS_UNIT)
	@mkdir -p $(@D)
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_TERM) $(LIBS_CORE)
$(PTY_BIN): | $(BUILD)/tests/screen/show

# Benches and their helpers.
$(BUILD)/tests/bench/%: $(BUILD)/obj/tests/bench/%.o $(LIBS_UNIT)
	@mkdir -p $(@D)
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_CORE) -lutil

# The generator of load is I/O.
$(BUILD)/tests/bench/bench_load: $(BUILD)/obj/tests/bench/bench_load.o $(call lib,source) $(call lib,store) $(call lib,rt) $(LIBS_UNIT)
	@mkdir -p $(@D)
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_RT) $(LIBS_CORE)

# Histories, too.
$(BUILD)/tests/bench/bench_history $(BUILD)/tests/bench/make_history $(BUILD)/tests/bench/bench_fleet: \
		$(BUILD)/tests/bench/%: $(BUILD)/obj/tests/bench/%.o $(BUILD)/libtest.a $(call lib,store) $(LIBS_UNIT)
	@mkdir -p $(@D)
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_RT) $(LIBS_CORE)

# make $(BUILD)/fuzz/X, with CC=clang; tests/run does it in a BUILD of its own.
$(BUILD)/fuzz/%: tests/fuzz/fuzz_%.c $(call lib,source) $(call lib,store) $(call lib,rt) $(LIBS_UNIT)
	@mkdir -p $(@D)
	@$(CC) $(ALL_CFLAGS) -Itests/fuzz -fsanitize=fuzzer $(ALL_LDFLAGS) -o $@ $^ $(LIBS_RT) $(LIBS_CORE)

# A program whose sources are modules, as with MODULES=shared, out of the same objects: only two files differ.
LATE_OBJS := $(patsubst %.c,$(BUILD)/tests/modules/%.o,src/app/late.c src/source/built_in.c)
$(BUILD)/tests/modules/%.o: %.c $(BUILD)/flags | $(GEN)
	@mkdir -p $(@D)
	@$(CC) $(ALL_CFLAGS) -DSLOWDIVE_MODULES -MMD -MP -c $< -o $@
$(BUILD)/tests/modules/slowdive: $(call objs,src/app/main.c) $(LATE_OBJS) $(LIBS_ALL)
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_TERM) $(LIBS_CORE) -ldl
-include $(LATE_OBJS:.o=.d)

.PHONY: test-programs modules-program unit check-versions
test-programs: $(UNIT_BIN) $(SOURCE_BIN) $(PTY_BIN) $(BUILD)/tests/bench/make_history
modules-program: $(BUILD)/tests/modules/slowdive

unit: $(UNIT_BIN) ## the unit tests alone
	@tests/run --only unit

check-versions: ## every test with a PostgreSQL server on 13, 14, 16, 17 and 18, which npm fetches
	@tests/run --only versions

check: ## install what is missing, build, run all tests
	@contrib/install-deps --test 2>&1
	@tests/run 2>&1

fuzz: ## every fuzz target for FUZZ_SECONDS (default 60) each
	@tests/run --only fuzz --fuzz-seconds $(or $(FUZZ_SECONDS),60)

bench: ## measure; ratios against a rival or a baseline in the same run
	@contrib/install-deps --test
	@$(MAKE) -s all demo-programs $(BENCH_BIN)
	@tests/bench/run

# What lasts: neither is part of the check.
.PHONY: soak soak-fuzz
$(BUILD)/tests/soak/%: $(BUILD)/obj/tests/soak/%.o $(LIBS_UNIT)
	@mkdir -p $(@D)
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_CORE)

soak: ## a day of traffic in an hour while everything comes and goes: see tests/soak/README.md
	@contrib/install-deps --test
	@$(MAKE) -s all $(BUILD)/tests/bench/make_hour $(BUILD)/tests/soak/tally
	@BUILD="$(BUILD)" SAN="$(SAN)" tests/soak/soak

soak-fuzz: ## every fuzz target for ten minutes (FUZZ_SECONDS) each
	@tests/run --only fuzz --fuzz-seconds $(or $(FUZZ_SECONDS),600)
