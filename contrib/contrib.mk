# The demo, examples and installation.

DEMO_BIN := $(BUILD)/demo/shop $(BUILD)/demo/traffic $(BUILD)/demo/visitors

# With frame pointers, so that its own stacks are whole when it is sampled.
$(BUILD)/demo/shop: contrib/demo/slow_code.c contrib/demo/slow_code.h contrib/demo/spans.c contrib/demo/spans.h
$(BUILD)/demo/%: contrib/demo/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  CC $<"
	@$(CC) $(ALL_CFLAGS) -fno-omit-frame-pointer -fno-optimize-sibling-calls $(shell pkg-config --cflags libpq) \
		$(ALL_LDFLAGS) -o $@ $(filter %.c,$^) $(call pkg,libpq libmicrohttpd hiredis) -lm

.PHONY: demo-programs
demo-programs: $(DEMO_BIN)
	@:

demo: ## private PostgreSQL, Redis and nginx, and a shop under traffic, and the console on them
	@contrib/install-deps --demo
	@$(MAKE) --no-print-directory all demo-programs
	@contrib/demo/run

# Less than 3 MB, and nothing in it of the machine it was made on: see tests/cli/demo.sh.
demo-recording: ## the incident of make demo as contrib/demo/incident.slowdive, in about four minutes
	@contrib/install-deps --demo
	@$(MAKE) --no-print-directory all demo-programs
	@rm -f $(BUILD)/demo/incident.slowdive
	@DEMO_SECONDS=150 DEMO_DEPLOY_AFTER=50 DEMO_RECORDING=$(abspath $(BUILD))/demo/incident.slowdive contrib/demo/run
	@install -m 644 $(BUILD)/demo/incident.slowdive contrib/demo/incident.slowdive

BINDIR  := $(PREFIX)/bin
DATADIR := $(PREFIX)/share/slowdive
MANDIR  := $(PREFIX)/share/man
DOCDIR  := $(PREFIX)/share/doc/slowdive
MODDIR  := $(PREFIX)/lib/slowdive
COMPDIR := $(PREFIX)/share/bash-completion/completions
ZSHDIR  ?= $(PREFIX)/share/zsh/site-functions
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d
# The agent's policy is only in packages: elsewhere nothing outside of PREFIX is touched.
ETCDIR  ?=

# Pages by their sections: man/slowdive.1.in goes to man1/.
PAGES = $(notdir $(MAN_PAGES))
page_paths = $(foreach p,$(PAGES),$(MANDIR)/man$(lastword $(subst ., ,$(p)))/$(p))

# Folders of slowdive's own are removed whole; of shared ones only the files.
install: all ## into PREFIX (/usr/local), under DESTDIR
	install -d $(foreach d,$(BINDIR) $(DATADIR)/themes $(DATADIR)/demo $(PREFIX)/include/slowdive $(sort $(dir $(page_paths))) \
		$(MODDIR) $(DOCDIR) $(COMPDIR) $(ZSHDIR) $(FISHDIR) $(ETCDIR),"$(DESTDIR)$(d)")
	install -m 755 $(if $(SHARED),$(BUILD)/installed/slowdive,$(PROGRAM)) "$(DESTDIR)$(BINDIR)/slowdive"
	$(if $(SHARED),install -m 644 $(SOURCE_MODULES) "$(DESTDIR)$(MODDIR)/")
	$(if $(SHARED),install -d "$(DESTDIR)$(MODDIR)/lib" && install -m 644 $(CORE_SO) "$(DESTDIR)$(MODDIR)/lib/")
	install -m 644 themes/*.yaml "$(DESTDIR)$(DATADIR)/themes/"
	install -m 644 contrib/demo/incident.slowdive contrib/demo/policy.yaml "$(DESTDIR)$(DATADIR)/demo/"
	install -m 644 include/slowdive/*.h "$(DESTDIR)$(PREFIX)/include/slowdive/"
	install -m 644 README.md LICENSE contrib/CHANGELOG.md contrib/GUIDE.md contrib/demo/TOUR.md "$(DESTDIR)$(DOCDIR)/"
	install -m 644 contrib/completions/slowdive.bash "$(DESTDIR)$(COMPDIR)/slowdive"
	install -m 644 contrib/completions/_slowdive "$(DESTDIR)$(ZSHDIR)/"
	install -m 644 contrib/completions/slowdive.fish "$(DESTDIR)$(FISHDIR)/"
	$(foreach p,$(page_paths),install -m 644 $(BUILD)/man/$(notdir $(p)) "$(DESTDIR)$(p)" &&) true
	$(if $(ETCDIR),install -m 644 contrib/etc/policy.yaml "$(DESTDIR)$(ETCDIR)/")

uninstall: ## what install has put there
	rm -f $(foreach f,$(BINDIR)/slowdive $(page_paths) $(COMPDIR)/slowdive $(ZSHDIR)/_slowdive $(FISHDIR)/slowdive.fish \
		$(patsubst %,$(MODDIR)/%.so,$(SOURCE_FOLDERS)),"$(DESTDIR)$(f)")
	rm -rf $(foreach d,$(DATADIR) $(MODDIR)/lib $(PREFIX)/include/slowdive $(DOCDIR),"$(DESTDIR)$(d)")
	rmdir "$(DESTDIR)$(MODDIR)" 2>/dev/null || true

.PHONY: deb check-deb
deb: ## Debian's packages, into build/deb/
	@contrib/debian/build

check-deb: deb ## install, upgrade, remove and purge them in a Debian 12 of its own; needs root and a network
	@tests/deb
