# The demo, examples and installation.

DEMO_BIN := $(BUILD)/demo/shop $(BUILD)/demo/traffic

$(BUILD)/demo/%: contrib/demo/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  CC $<"
	@$(CC) $(ALL_CFLAGS) $(shell pkg-config --cflags libpq) $(ALL_LDFLAGS) -o $@ $< $(call pkg,libpq libmicrohttpd) -lm

.PHONY: demo-programs
demo-programs: $(DEMO_BIN)

demo: ## a private PostgreSQL and a shop under traffic, and the console on them
	@contrib/install-deps --demo
	@$(MAKE) --no-print-directory all demo-programs
	@contrib/demo/run

BINDIR  := $(PREFIX)/bin
DATADIR := $(PREFIX)/share/slowdive
MANDIR  := $(PREFIX)/share/man
DOCDIR  := $(PREFIX)/share/doc/slowdive
MODDIR  := $(PREFIX)/lib/slowdive

install: all ## into PREFIX (/usr/local), under DESTDIR
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(DATADIR)/themes $(DESTDIR)$(PREFIX)/include/slowdive \
		$(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man3 $(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MODDIR) $(DESTDIR)$(DOCDIR)
	install -m 755 $(PROGRAM) $(DESTDIR)$(BINDIR)/slowdive
	install -m 644 themes/*.yaml $(DESTDIR)$(DATADIR)/themes/
	install -m 644 include/slowdive/*.h $(DESTDIR)$(PREFIX)/include/slowdive/
	install -m 644 README.md LICENSE $(DESTDIR)$(DOCDIR)/
	for s in 1 3 5; do for f in $(BUILD)/man/*.$$s; do \
		[ -f "$$f" ] && install -m 644 "$$f" $(DESTDIR)$(MANDIR)/man$$s/ || true; done; done

uninstall: ## what install has put there
	rm -f $(DESTDIR)$(BINDIR)/slowdive $(DESTDIR)$(MANDIR)/man1/slowdive.1 \
		$(DESTDIR)$(MANDIR)/man5/slowdive.yaml.5 $(DESTDIR)$(MANDIR)/man3/slowdive-source.3
	rm -rf $(DESTDIR)$(DATADIR) $(DESTDIR)$(PREFIX)/include/slowdive $(DESTDIR)$(DOCDIR)
	rmdir $(DESTDIR)$(MODDIR) 2>/dev/null || true
