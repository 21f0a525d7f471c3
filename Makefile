# desired: one binary and one systemd service. `make help` lists the targets.
#
# lib/ becomes build/libdesired.a, daemon/ the binary, and every test links the archives.

PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
UNITDIR    ?= $(PREFIX)/lib/systemd/system
CATALOGDIR ?= $(PREFIX)/lib/systemd/catalog
DESTDIR    ?=
BUILD      ?= build
VERSION    := $(shell cat VERSION)

# All processors, unless the caller says otherwise.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS := $(MAKEFLAGS) $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))
endif

CC       ?= gcc
OPT      ?= -O2 -g
SANITIZE ?=
WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes
PACKAGES := libcurl yaml-0.1 jansson libuv libsystemd libpcre2-8 libcrypto libcrypt libmicrohttpd expat libarchive zlib sqlite3
# What makes backups faster when it is there: 10 times less time for a byte with libisal.
FASTER   := $(foreach lib,libisal libdeflate,$(shell pkg-config --exists $(lib) 2>/dev/null && echo $(lib)))
CPPFLAGS += $(if $(filter libisal,$(FASTER)),-DHAVE_ISAL) $(if $(filter libdeflate,$(FASTER)),-DHAVE_LIBDEFLATE)
CPPFLAGS += -D_GNU_SOURCE -DDESIRED_VERSION='"$(VERSION)"' -Ilib -Idaemon -Itest
CFLAGS   += -std=gnu17 $(OPT) $(WARN) -pthread $(SANITIZE) $(shell pkg-config --cflags $(PACKAGES) $(FASTER) check 2>/dev/null)
LDLIBS   += $(shell pkg-config --libs $(PACKAGES) $(FASTER) 2>/dev/null) -lm
LDFLAGS  += -pthread $(SANITIZE)

LIB_DIRS   ?= *
LIB_SRC    := $(sort $(wildcard $(LIB_DIRS:%=lib/%/*.c)))
DAEMON_SRC := $(filter-out daemon/main.c,$(sort $(wildcard daemon/*.c)))
UNIT_SRC   := $(sort $(wildcard test/unit/*/*_test.c))
HARNESS_SRC:= $(sort $(wildcard test/harness/*.c))
CLUSTER_SRC:= $(sort $(wildcard test/cluster/*_test.c))
S3_SRC     := $(sort $(wildcard test/s3/*_test.c))
FUZZ_SRC   := $(sort $(wildcard test/fuzz/*_fuzz.c))
LIB_OBJ    := $(LIB_SRC:%.c=$(BUILD)/%.o)
DAEMON_OBJ := $(DAEMON_SRC:%.c=$(BUILD)/%.o)
HARNESS_OBJ:= $(HARNESS_SRC:%.c=$(BUILD)/%.o)
UNIT_BIN   := $(UNIT_SRC:%.c=$(BUILD)/%)
CLUSTER_BIN:= $(CLUSTER_SRC:%.c=$(BUILD)/%)
S3_BIN     := $(S3_SRC:%.c=$(BUILD)/%)
FUZZ_BIN   := $(FUZZ_SRC:%.c=$(BUILD)/%)
ARCHIVES   := $(BUILD)/libdaemon.a $(BUILD)/libdesired.a

all: $(BUILD)/desired $(BUILD)/traefik-crds.yaml ## build the binary (and fetch Traefik's CRDs, which the shipped manifests need)

$(BUILD)/desired: $(BUILD)/daemon/main.o $(ARCHIVES)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/libdesired.a: $(LIB_OBJ)
$(BUILD)/libdaemon.a: $(DAEMON_OBJ)
$(ARCHIVES):
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/%.o: %.c | $(BUILD)/.packages
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/test/unit/%_test: $(BUILD)/test/unit/%_test.o $(HARNESS_OBJ) $(ARCHIVES)
	$(CC) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs check libssl) $(LDLIBS)

$(BUILD)/test/cluster/%_test: $(BUILD)/test/cluster/%_test.o $(HARNESS_OBJ) $(ARCHIVES)
	$(CC) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs check libssl) $(LDLIBS)

$(BUILD)/test/bench/render: $(BUILD)/test/bench/render.o $(BUILD)/libdesired.a
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/test/bench/wire: $(BUILD)/test/bench/wire.o
	$(CC) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs libcurl)

$(BUILD)/test/differential/engine: $(BUILD)/test/differential/engine.o $(BUILD)/libdesired.a
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/test/s3/carry: $(BUILD)/test/s3/carry.o $(BUILD)/libdesired.a
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/test/s3/%_test: $(BUILD)/test/s3/%_test.o $(BUILD)/test/s3/rig.o $(HARNESS_OBJ) $(ARCHIVES)
	$(CC) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs check libssl) $(LDLIBS)

# With libFuzzer's main (see fuzz-only) a target is a fuzzer, with ours an ordinary test of its seeds.
FUZZ_MAIN ?= $(BUILD)/test/fuzz/main.o
$(BUILD)/test/fuzz/%_fuzz: $(BUILD)/test/fuzz/%_fuzz.o $(BUILD)/test/fuzz/fuzz.o $(BUILD)/test/fuzz/main.o $(BUILD)/libdesired.a
	$(CC) $(LDFLAGS) -o $@ $< $(BUILD)/test/fuzz/fuzz.o $(FUZZ_MAIN) $(BUILD)/libdesired.a $(LDLIBS)

$(BUILD)/test/unit/%.o: CPPFLAGS += -DGOLDEN='"$(CURDIR)/test/golden"'

# Traefik's own definitions, from its pinned and checksummed Go module; never copied into the tree.
$(BUILD)/traefik-crds.yaml: manifests/fetch-traefik-crds
	@mkdir -p $(@D)
	manifests/fetch-traefik-crds $@

## --- prerequisites ---

$(BUILD)/.packages: config/packages
	@mkdir -p $(@D)
	@test/prerequisites build
	@touch $@

deps: ## install the Debian packages that building and testing need (as root), and the oracles of the tests
	apt-get install -y --no-install-recommends $$(sed 's/#.*//' config/packages) || \
		{ apt-get update && apt-get install -y --no-install-recommends $$(sed 's/#.*//' config/packages); }
	@$${SUDO_USER:+sudo -H -u $$SUDO_USER} test/differential/oracles >/dev/null

prerequisites:
	@test/prerequisites all

## --- tests ---

check: ## all tests; ends with "N passed, N failed"
	@rm -rf $(BUILD)/results
	@$(MAKE) --no-print-directory prerequisites
	@$(MAKE) --no-print-directory all
	@nice -n 19 test/cluster/parts/build >$(BUILD)/parts.log 2>&1 & # on what the unit tests leave idle; check-cluster waits for it
	@$(MAKE) --no-print-directory check-unit-only
	@$(MAKE) --no-print-directory asan-only
	@$(MAKE) --no-print-directory fuzz-only
	@test/run $(BUILD)/results test/layers test/format
	@$(MAKE) --no-print-directory check-differential-only
	@$(MAKE) --no-print-directory check-s3-only
	@$(MAKE) --no-print-directory check-cluster-only
	@$(MAKE) --no-print-directory check-system-only
	@test/run --total $(BUILD)/results

check-unit: ## the quick part: unit and golden tests
	@rm -rf $(BUILD)/results
	@$(MAKE) --no-print-directory check-unit-only
	@test/run --total $(BUILD)/results

check-cluster: prerequisites all ## the tests on a real control plane
	@rm -rf $(BUILD)/results
	@$(MAKE) --no-print-directory check-cluster-only
	@test/run --total $(BUILD)/results

check-system: prerequisites all ## the tests in a real systemd
	@rm -rf $(BUILD)/results
	@$(MAKE) --no-print-directory check-system-only
	@test/run --total $(BUILD)/results

check-differential: prerequisites ## lib/template beside real Jinja2 and Ansible; CASES="--seed 7 --count 100000"
	@rm -rf $(BUILD)/results
	@$(MAKE) --no-print-directory check-differential-only
	@test/run --total $(BUILD)/results

check-differential-only: $(BUILD)/test/differential/engine
	@BUILD=$(abspath $(BUILD)) CASES="$(CASES)" test/run $(BUILD)/results test/differential/check

check-s3: prerequisites all ## the tests on a real S3 server
	@rm -rf $(BUILD)/results
	@$(MAKE) --no-print-directory check-s3-only
	@test/run --total $(BUILD)/results

check-unit-only: $(UNIT_BIN) $(FUZZ_BIN)
	@BUILD=$(abspath $(BUILD)) test/run $(BUILD)/results $(UNIT_BIN) test/fuzz/replay

check-cluster-only: $(BUILD)/desired $(BUILD)/traefik-crds.yaml $(CLUSTER_BIN)
	@BUILD=$(abspath $(BUILD)) test/run $(BUILD)/results test/cluster/check

check-s3-only: $(S3_BIN) $(BUILD)/test/s3/carry
	@BUILD=$(abspath $(BUILD)) test/run $(BUILD)/results test/s3/check

check-system-only: $(BUILD)/desired
	@BUILD=$(abspath $(BUILD)) test/run $(BUILD)/results test/system/service_test

asan: ## unit and golden tests, and the seeds of the fuzz targets, under AddressSanitizer and UBSan
	@rm -rf $(BUILD)/asan/results
	@$(MAKE) --no-print-directory asan-only
	@test/run --total $(BUILD)/asan/results

asan-only:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan OPT="-O1 -g" SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=undefined" asan-tests

asan-tests: $(UNIT_BIN) $(FUZZ_BIN)
	@BUILD=$(abspath $(BUILD)) ASAN_OPTIONS=detect_leaks=1 CK_TIMEOUT_MULTIPLIER=4 \
		test/run $(patsubst %/asan,%,$(BUILD))/results $(UNIT_BIN) test/fuzz/replay

# The library once more, as clang instruments it for libFuzzer.
CLANG        ?= clang-14
FUZZ_SECONDS ?= 60
FUZZ_RESULTS ?= $(BUILD)/results

fuzz: ## invent inputs for the readers, FUZZ_SECONDS (60) in all
	@rm -rf $(BUILD)/fuzz/results
	@$(MAKE) --no-print-directory fuzz-only FUZZ_RESULTS=$(BUILD)/fuzz/results
	@test/run --total $(BUILD)/fuzz/results

fuzz-only:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz CC="$(CLANG)" OPT="-O1 -g" FUZZ_MAIN=-fsanitize=fuzzer \
		SANITIZE="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined" fuzz-targets
	@BUILD=$(abspath $(BUILD))/fuzz FUZZ_SECONDS=$(FUZZ_SECONDS) test/run $(FUZZ_RESULTS) test/fuzz/attack

fuzz-targets: $(FUZZ_BIN)

coverage: ## line coverage of lib/ by the unit tests
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/coverage OPT="-O0 -g" SANITIZE="--coverage" check-unit
	@test/coverage $(BUILD)/coverage

## --- care ---

format: ## fail when a C file is not formatted
	@test/format

# cppcheck does not see jansson's headers; these say what its loops are.
JANSSON_LOOPS := "-Djson_object_foreach(o,k,v)=for(k=json_string_value(o),v=o;k;)" \
	"-Djson_object_foreach_safe(o,n,k,v)=for(k=json_string_value(o),v=o;k;)" \
	"-Djson_array_foreach(a,i,v)=for(i=0,v=a;i<json_array_size(a);i++)"

lint: ## static analysis of C and shell
	cppcheck --quiet --enable=warning,portability --inline-suppr --error-exitcode=1 \
		--suppress=nullPointerOutOfMemory -Ilib -Idaemon -D_GNU_SOURCE $(JANSSON_LOOPS) lib daemon
	shellcheck $$(git ls-files | xargs grep -slE '^#!/usr/bin/env bash')

layers: ## fail when an include points up, or a library is used outside its folder
	@test/layers

## --- use ---

demo: prerequisites all ## the main job, narrated, on an embedded real control plane (or KUBECONFIG)
	@BUILD=$(abspath $(BUILD)) test/cluster/demo

bench: prerequisites all bench-templates bench-backup $(BUILD)/test/bench/wire ## time, requests and memory beside the peers, in one run; BENCH="--quick"
	@BUILD=$(abspath $(BUILD)) test/bench/bench $(BENCH)

bench-templates: $(BUILD)/test/bench/render ## rendering beside Jinja2 and Ansible, in one run
	@BUILD=$(abspath $(BUILD)) $$(test/differential/oracles)/venv/bin/python test/bench/templates

bench-backup: $(BUILD)/desired ## backup and restore beside tar | pigz | aws and restic, in one run; BENCH="--quick"
	@BUILD=$(abspath $(BUILD)) test/bench/backup $(filter --quick,$(BENCH))

TORTURE_FUZZ_SECONDS ?= 3600

torture: prerequisites all $(S3_BIN) $(BUILD)/test/s3/carry ## the long attacks: an hour of fuzzing, the tests on cluster and S3 at length
	@rm -rf $(BUILD)/torture-results
	@FUZZ_GROWN=$(abspath $(BUILD))/fuzz/grown $(MAKE) --no-print-directory fuzz-only \
		FUZZ_SECONDS=$(TORTURE_FUZZ_SECONDS) FUZZ_RESULTS=$(BUILD)/torture-results
	@BUILD=$(abspath $(BUILD)) TORTURE=1 test/run $(BUILD)/torture-results test/cluster/check test/s3/check
	@test/run --total $(BUILD)/torture-results

install: $(BUILD)/desired $(BUILD)/traefik-crds.yaml ## install below DESTDIR and PREFIX
	install -D -m 0755 $(BUILD)/desired $(DESTDIR)$(PREFIX)/bin/desired
	install -d -m 0755 $(DESTDIR)$(UNITDIR) $(DESTDIR)$(CATALOGDIR) $(DESTDIR)$(SYSCONFDIR)/desired
	for unit in desired desired-backup desired-rehearsal; do \
		sed 's,@PREFIX@,$(PREFIX),g' systemd/$$unit.service.in > $(DESTDIR)$(UNITDIR)/$$unit.service && \
		chmod 0644 $(DESTDIR)$(UNITDIR)/$$unit.service || exit 1; \
	done
	install -m 0644 systemd/desired-backup.timer systemd/desired-rehearsal.timer $(DESTDIR)$(UNITDIR)/
	install -m 0644 systemd/desired.catalog $(DESTDIR)$(CATALOGDIR)/desired.catalog
	[ -e $(DESTDIR)$(SYSCONFDIR)/desired/desired.yaml ] || \
		install -m 0644 config/desired.yaml $(DESTDIR)$(SYSCONFDIR)/desired/desired.yaml
	install -D -m 0644 daemon/desired.8 $(DESTDIR)$(PREFIX)/share/man/man8/desired.8
	install -d -m 0755 $(DESTDIR)$(PREFIX)/share/desired
	cp -R --no-preserve=ownership manifests $(DESTDIR)$(PREFIX)/share/desired/
	rm -f $(DESTDIR)$(PREFIX)/share/desired/manifests/fetch-traefik-crds
	install -m 0644 $(BUILD)/traefik-crds.yaml $(DESTDIR)$(PREFIX)/share/desired/manifests/traefik/crd.yaml
	install -D -m 0644 config/app.yaml $(DESTDIR)$(PREFIX)/share/desired/app.yaml.example
	[ -n "$(DESTDIR)" ] || { journalctl --update-catalog && systemctl daemon-reload; } 2>/dev/null || true

clean: ## remove what was built
	rm -rf $(BUILD)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

-include $(LIB_OBJ:.o=.d) $(DAEMON_OBJ:.o=.d) $(BUILD)/daemon/main.d $(UNIT_BIN:=.d) $(HARNESS_OBJ:.o=.d) $(CLUSTER_BIN:=.d) \
	$(S3_BIN:=.d) $(BUILD)/test/s3/rig.d $(BUILD)/test/s3/carry.d $(BUILD)/test/differential/engine.d $(BUILD)/test/bench/render.d $(BUILD)/test/bench/wire.d $(FUZZ_BIN:=.d)
.PHONY: all deps prerequisites check check-unit check-s3 check-cluster check-system check-differential check-unit-only check-s3-only \
	check-cluster-only check-system-only asan asan-only asan-tests fuzz fuzz-only fuzz-targets coverage format lint layers demo bench bench-templates bench-backup torture install clean help
.SECONDARY:
