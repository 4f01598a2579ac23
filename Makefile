# slowdive. `make help` lists the targets.
#
# Layers are proved by the link: one archive per room, and the unit tests link only
# those that know neither curses nor any database or HTTP client.

PREFIX  ?= /usr/local
DESTDIR ?=
# shared: sources are modules, shared objects beside the program, which then needs none of their libraries.
MODULES ?=
SHARED  := $(filter shared,$(MODULES))
BUILD   ?= build$(if $(SHARED),/shared)
O       ?= -O2
V       ?=
# make has a CC of its own, which ?= would keep.
ifeq ($(origin CC),default)
CC      := gcc
endif

# Of the tag; of a tree without one, of the newest heading of the changelog. Only those files that say it know it.
comma := ,
VERSION ?= $(shell contrib/version)

PKGS_CORE := libcjson yaml-0.1 libzstd zlib libpcre2-8 libbrotlienc libbrotlidec
PKGS_RT   := libpq libcurl hiredis openssl libnghttp2 libdw libelf liblzma sqlite3
PKGS_TERM := ncursesw

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
# Sanitizers change what gcc believes of lengths; the plain builds are the judges.
ifdef CI
ifndef SAN
WARN += -Werror
endif
endif
HARDEN := -fstack-protector-strong $(if $(SHARED),-fPIC -fno-semantic-interposition,-fPIE)
ifneq ($(O),-O0)
HARDEN += $(if $(SAN),,-D_FORTIFY_SOURCE=2)
endif
# SAN=address,undefined or SAN=thread; give it a BUILD of its own. A real that no integer
# can hold is undefined as well, but gcc leaves it out of "undefined".
SANFLAGS := $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
ifneq ($(findstring undefined,$(SAN)),)
SANFLAGS += -fsanitize=float-cast-overflow -fno-sanitize-recover=float-cast-overflow
endif
# SUMS=yes, with clang and SAN=...,undefined: integers that lose bits end the program too, in
# the rooms that count. Unsigned sums that wrap are left alone: hashes and loops that count
# down to 0 do so on purpose.
SUMS_FILES := src/core/model/%.c src/view/%.c src/core/hist.c
SUMS_FLAGS := -fsanitize=implicit-integer-truncation -fno-sanitize-recover=implicit-integer-truncation
# Built for a fuzzer, these rooms do not report what they compare: they sum and draw, their
# comparisons say nothing of the input, and reporting each took half of the console target's time.
# Branches are followed everywhere.
DRAW_FILES := src/core/model/%.c src/core/hist.c src/view/%.c src/ui/%.c src/term/%.c src/base/utf8.c
DRAW_FLAGS := $(if $(findstring -fsanitize=fuzzer,$(CFLAGS)),-fno-sanitize-coverage=trace-cmp)
file_flags = $(if $(SUMS),$(if $(filter $(SUMS_FILES),$(1)),$(SUMS_FLAGS))) $(if $(filter $(DRAW_FILES),$(1)),$(DRAW_FLAGS))

# libpq's header is in a folder of its own; the layers are proved by the link. hiredis would add a folder with
# an alloc.h and a read.h.
INCLUDE_RT := $(shell pkg-config --cflags $(filter-out hiredis,$(PKGS_RT)) 2>/dev/null)

# What is installed beside modules is small: functions that nobody calls are left out.
SMALL_CFLAGS  := $(if $(SHARED),-ffunction-sections -fdata-sections)
SMALL_LDFLAGS := $(if $(SHARED),-Wl$(comma)--gc-sections)
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -g $(O) $(SMALL_CFLAGS) $(WARN) $(HARDEN) $(SANFLAGS) \
	$(if $(SHARED),-DSLOWDIVE_MODULES) -DSLOWDIVE_PREFIX='"$(PREFIX)"' \
	-I. -Iinclude -Isrc -I$(BUILD)/gen $(INCLUDE_RT) -pthread $(CFLAGS)
ALL_LDFLAGS = -pie $(SMALL_LDFLAGS) -Wl,-z,relro,-z,now,-z,pack-relative-relocs -pthread $(SANFLAGS) $(LDFLAGS)

pkg = $(shell pkg-config --libs $(1) 2>/dev/null)
LIBS_CORE := $(call pkg,$(PKGS_CORE)) -lpg_query -lm
LIBS_RT   := $(call pkg,$(PKGS_RT)) -liberty -ldl
LIBS_TERM := $(call pkg,$(PKGS_TERM))

srcs = $(sort $(wildcard $(foreach d,$(1),src/$(d)/*.c src/$(d)/*/*.c)))
objs = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

# One archive per room, in the order of the link: a room uses only what stands after it.
ROOMS := app term ui view source sink store rt conf format core base
lib   = $(BUILD)/lib$(1).a
LIBS_UNIT := $(foreach r,ui view sink conf format core base,$(call lib,$(r)))
LIBS_ALL  := $(foreach r,$(ROOMS),$(call lib,$(r)))
PROGRAM := $(BUILD)/slowdive

THEMES := $(wildcard themes/*.yaml)
GEN    := $(patsubst themes/%.yaml,$(BUILD)/gen/theme-%.inc,$(THEMES)) $(BUILD)/gen/heavy_packages.inc \
	$(BUILD)/gen/default-policy.inc $(BUILD)/gen/version.inc

.PHONY: all deps demo demo-recording check bench fuzz install uninstall check-layers source-modules format clean help
.DEFAULT_GOAL := all
.SUFFIXES:
.DELETE_ON_ERROR:

all: $(PROGRAM) ## build build/slowdive (and its man pages)

# ---- objects and libraries ----
$(BUILD)/obj/%.o: %.c $(BUILD)/flags | $(GEN)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC $<";) $(CC) $(ALL_CFLAGS) $(call file_flags,$<) \
		-MMD -MP -c $< -o $@

# Rebuild everything when the compiler or its flags change.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@pkg-config --exists $(PKGS_CORE) $(PKGS_RT) $(PKGS_TERM) 2>/dev/null && command -v $(firstword $(CC)) >/dev/null || \
		{ echo "The compiler or a library is missing; make deps installs them."; exit 1; }
	@echo '$(subst ','\'',$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(SUMS))' | cmp -s - $@ || \
		echo '$(subst ','\'',$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(SUMS))' > $@
.PHONY: FORCE
FORCE:

.SECONDARY:
# YAML as C string literals.
yaml_text = @mkdir -p $(@D); sed 's/\\/\\\\/g; s/"/\\"/g; s/.*/"&\\n"/' $< > $@
$(BUILD)/gen/theme-%.inc: themes/%.yaml
	$(yaml_text)
$(BUILD)/gen/default-policy.inc: src/conf/default-policy.yaml
	$(yaml_text)

# Written anew only when it is another one.
$(BUILD)/gen/version.inc: FORCE
	@mkdir -p $(@D)
	@echo '#define SLOWDIVE_VERSION "$(VERSION)"' | cmp -s - $@ || echo '#define SLOWDIVE_VERSION "$(VERSION)"' > $@

# A flat YAML list of mappings as C initialisers: "- key: value" begins one. Texts get quotes where they have none.
$(BUILD)/gen/heavy_packages.inc: src/core/bundles/heavy_packages.yaml
	@mkdir -p $(@D)
	@awk '/^(#|$$)/ { next } sub(/^- /, "") { printf n++ ? "},\n{" : "{" } \
		{ sub(/^ +/, ""); at = index($$0, ": "); v = substr($$0, at + 2); \
		  printf ".%s = %s, ", substr($$0, 1, at - 1), v ~ /^("|[0-9]+$$)/ ? v : "\"" v "\"" } \
		END { print "}" }' $< > $@

define library
$(1): $(call objs,$(2))
	@rm -f $$@
	@$$(AR) rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call library,$(call lib,$(r)),$(filter-out src/app/main.c,$(call srcs,$(r))))))

# -rdynamic is not needed: modules get every host function through struct sd_host.
link_program = $(if $(V),,@echo "  LD $@";) $(CC) $(ALL_LDFLAGS) $(1) -o $@ $^ $(LIBS_TERM) $(if $(SHARED),-ldl,$(LIBS_RT)) $(LIBS_CORE)
ifeq ($(SHARED),)
$(PROGRAM): $(call objs,src/app/main.c) $(LIBS_ALL)
	$(call link_program)
else
# The program and each module need base and core: with modules both are one shared object, which only they use.
# It is found beside the program here, and where it is installed there.
CORE_SO := $(BUILD)/lib/libslowdive-core.so
PROGRAM_PARTS = $(call objs,src/app/main.c) $(filter-out $(call lib,core) $(call lib,base),$(LIBS_ALL)) $(CORE_SO)
$(PROGRAM): $(PROGRAM_PARTS)
	$(call link_program,-Wl$(comma)-rpath$(comma)'$$ORIGIN/lib')
$(BUILD)/installed/slowdive: $(PROGRAM_PARTS)
	@mkdir -p $(@D)
	$(call link_program,-Wl$(comma)-rpath$(comma)$(PREFIX)/lib/slowdive/lib)
all: $(BUILD)/installed/slowdive
endif

DEPFILES := $(shell find $(BUILD)/obj $(BUILD)/modules -name '*.d' 2>/dev/null)
-include $(DEPFILES)

include tests/tests.mk
include contrib/contrib.mk
include man/man.mk

deps: ## install what is missing from Debian's packages
	@contrib/install-deps

# Each folder of src/source/ as a shared object of its own: what it needs is in it, and all it knows of the
# runtime is struct sd_host. The link fails otherwise. With MODULES=shared the program has none of them, and
# three have functions of the program itself as well (src/app/late.c); notify is no source.
SOURCE_FOLDERS := $(filter-out shared,$(notdir $(patsubst %/,%,$(sort $(wildcard src/source/*/)))))
SOURCE_MODULES := $(patsubst %,$(BUILD)/modules/%.so,$(SOURCE_FOLDERS))
MODULE_PARTS   := history load notify
MODULE_LIBS    := $(BUILD)/modules/libshared.a $(call lib,store) $(call lib,format) $(call lib,conf) \
	$(if $(SHARED),$(CORE_SO),$(BUILD)/modules/libcore.a $(call lib,base))
# core without the model: that is the main thread's. What refers to data of libpg_query is built
# anew for a shared object.
MODULE_PIC := $(filter src/core/rewrite/%.c src/core/sql/ast.c,$(call srcs,core))
module_objs = $(if $(SHARED),$(call objs,$(1)),$(patsubst %.c,$(BUILD)/modules/obj/%.o,$(1)))
$(BUILD)/modules/libcore.a: $(call objs,$(filter-out src/core/model/%.c $(MODULE_PIC),$(call srcs,core))) \
		$(call module_objs,$(MODULE_PIC))
	@mkdir -p $(@D)
	@rm -f $@
	@$(AR) rcs $@ $^
# What several sources use: each has its own copy.
$(BUILD)/modules/libshared.a: $(call module_objs,$(call srcs,source/shared))
	@mkdir -p $(@D)
	@rm -f $@
	@$(AR) rcs $@ $^
$(BUILD)/modules/obj/%.o: %.c $(BUILD)/flags | $(GEN)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC $< (module)";) $(CC) $(ALL_CFLAGS) -fPIC -MMD -MP -c $< -o $@
# Names are bound within it, as in one program.
$(CORE_SO): $(call module_objs,$(call srcs,core base))
	@mkdir -p $(@D)
	$(if $(V),,@echo "  LD $@";) $(CC) -shared -Wl,-soname,$(notdir $@) -Wl,-z,defs -Wl,-z,relro,-z,now,-z,pack-relative-relocs -Wl,-Bsymbolic \
		-Wl,--as-needed -pthread $(SANFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_CORE)
# -u: what a module exports (source/shared/entry.c, part.c). The program calls all of store/ in history.so.
define source_module
$(BUILD)/modules/$(1).so: $(call module_objs,$(call srcs,source/$(1))) $(if $(filter history,$(1)),$(call objs,$(call srcs,store))) $(MODULE_LIBS)
	$(if $(V),,@echo "  LD $$@";) $$(CC) -shared -Wl,-z,defs $(SMALL_LDFLAGS) -Wl,-z,relro,-z,now -Wl,-Bsymbolic -Wl,--as-needed -Wl,-u,slowdive_sources $(if $(filter $(1),$(MODULE_PARTS)),-Wl$(comma)-u$(comma)slowdive_part) \
		-pthread $(SANFLAGS) $(LDFLAGS) -o $$@ $$^ $$(LIBS_RT) $$(LIBS_CORE)
endef
$(foreach s,$(SOURCE_FOLDERS),$(eval $(call source_module,$(s))))
source-modules: $(SOURCE_MODULES) ## link each source alone, as a module
all: $(if $(SHARED),source-modules)

check-layers: source-modules ## prove that rooms use only the rooms below them
	@tests/check-layers

format: ## clang-format over all C files
	@find contrib include src tests -name '*.[ch]' | xargs clang-format -i

clean: ## remove build/
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-16s %s\n", $$1, $$2}'
