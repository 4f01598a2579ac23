# Manual pages: the text here, the tables from the program itself.

MAN_PAGES := $(patsubst man/%.in,$(BUILD)/man/%,$(wildcard man/*.in))

$(BUILD)/man/%: man/%.in man/generate $(PROGRAM)
	@mkdir -p $(@D)
	@man/generate $(PROGRAM) $< > $@

# A sanitized build needs no pages.
all: $(if $(SAN),,$(MAN_PAGES))
