# Everything is one command: "make help" lists them. Go and Debian's apt are all that a machine needs.

SHELL    := /bin/bash
TAGS     := integration
PACKAGES ?= ./...
FUZZTIME ?= 20s
RUN      ?= .
# The package that takes longest begins first, so that the others run beside it.
LONGEST  := $(if $(filter ./...,$(PACKAGES)),./integration_test)

.DEFAULT_GOAL := help

.PHONY: help
help: ## list these commands
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## run the example panel with 500 users to replicate; needs only Go
	go run ./examples/panel

.PHONY: test
test: install build/servers ## all tests with -race, with Samba AD, MariaDB, PostgreSQL, OpenLDAP and Chromium
	go vet -tags $(TAGS) $(PACKAGES)
	build/servers -- go test -race -shuffle=on -timeout 30m -parallel 3 -tags $(TAGS) -run '$(RUN)' $(FLAGS) $(LONGEST) $(PACKAGES)

.PHONY: unit
unit: ## the tests that need nothing but Go
	go test -race -shuffle=on $(PACKAGES)

.PHONY: histories
histories: ## 20,000 random histories of a directory, an admin and cut-off runs against the engine
	go test -count=1 ./accountresource/run -run RandomHistories -histories=20000

.PHONY: bench
bench: install build/servers ## users per second, beside bare reading and bare inserting of the same entries
	build/servers -durable -- go test -tags $(TAGS) -run '^$$' -bench . -benchtime 1x ./integration_test

.PHONY: performance
performance: install build/servers ## make bench, and the figures with the machine into docs/performance.md
	build/servers -durable -- go test -tags $(TAGS) -run '^$$' -bench 'Incremental|Replication' -benchtime 1x -timeout 60m ./integration_test | tee build/bench.txt
	{ sed '/<!-- figures -->/q' docs/performance.md; echo; \
	  echo "Measured on $$(date +%F), $$(nproc) processors shared by directory, panel and mail store, $$(awk '/MemTotal/ {print int($$2/1048576)}' /proc/meminfo) GB of memory:"; \
	  echo; awk '/^(MariaDB|PostgreSQL|OpenLDAP) / {print "    " $$0}' build/bench.txt; echo; \
	  awk '/^BenchmarkReplication/ {sub("BenchmarkReplication/", ""); sub("-[0-9]+ *\t *1\t", "\t"); gsub("\t +", "\t"); gsub("\t", "  "); print "    " $$0}' build/bench.txt; \
	} > build/performance.md && mv build/performance.md docs/performance.md

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (20s)
	@set -euo pipefail; for package in $$(go list $(PACKAGES)); do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1s $$package; \
		done; \
	done

.PHONY: kill
kill: install build/servers ## a hundred kills on each store, every statement lost once, two panels for a minute
	KILLS=100 FAULT_STEP=1 PROXY_STEP=1 PANELS_SECONDS=60 build/servers -- go test -count=1 -v -timeout 60m -tags $(TAGS) \
		-run 'Killed|StatementIsLost|TwoPanels|WhateverTheDirectory' ./integration_test

.PHONY: screenshots
screenshots: install build/servers ## walk through the pages with Chromium; pictures in build/screenshots
	SCREENSHOTS=$(CURDIR)/build/screenshots build/servers -- go test -count=1 -tags $(TAGS) -run Browser ./integration_test

.PHONY: fmt
fmt: ## format all Go files
	gofmt -w .

.PHONY: lint
lint: ## gofmt, go vet and staticcheck
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi
	go vet -tags $(TAGS) ./...
	go tool -modfile=go.tool.mod staticcheck -tags $(TAGS) ./...

.PHONY: check
check: ## what CI does: lint, then all tests, then their number
	.ci/run

.PHONY: install
install:
	@integration_test/servers/install.sh

# Built, not "go run": a signal then reaches the program that must stop the servers.
.PHONY: build/servers
build/servers:
	@go build -o $@ ./integration_test/servers/run

.PHONY: clean
clean: ## remove everything that was built
	rm -rf build
