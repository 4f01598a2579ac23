# Manual pages: the text here, the tables from the program itself.

MAN_PAGES := $(patsubst man/%.in,$(BUILD)/man/%,$(wildcard man/*.in))

$(BUILD)/man/%: man/%.in man/generate $(PROGRAM) $(if $(SHARED),$(SOURCE_MODULES))
	@mkdir -p $(@D)
	@man/generate $(PROGRAM) $< $(if $(SHARED),$(abspath $(BUILD))/modules) > $@

# A sanitized build needs no pages.
all: $(if $(SAN),,$(MAN_PAGES))

# The README's picture: the end of the dive, drawn by the program from a recording.
.PHONY: picture
picture: $(PROGRAM) ## draw man/console.svg anew
	@printf 'key Enter\nkey Enter\n' | $(PROGRAM) replay tests/data/shop.slowdive --script - --size 100x30 --svg > man/console.svg
