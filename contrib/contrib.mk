# The demo, examples and installation.

demo: ## a private PostgreSQL and a shop under traffic, and the console on them
	@contrib/install-deps --demo
	@$(MAKE) --no-print-directory all
	@contrib/demo/run
