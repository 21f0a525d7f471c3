# desired: one binary and one systemd service. `make help` lists the targets.
#
# lib/ becomes build/libdesired.a, daemon/ the binary, and every test links the archive.

PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
UNITDIR    ?= $(PREFIX)/lib/systemd/system
DESTDIR    ?=
BUILD      ?= build
VERSION    := $(shell cat VERSION)

CC       ?= gcc
OPT      ?= -O2 -g
WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes
PACKAGES := libcurl yaml-0.1 jansson libuv libsystemd libpcre2-8 libcrypto libmicrohttpd
CPPFLAGS += -D_GNU_SOURCE -DDESIRED_VERSION='"$(VERSION)"' -DPREFIX='"$(PREFIX)"' -Ilib -Idaemon
CFLAGS   += -std=gnu17 $(OPT) $(WARN) -pthread $(SANITIZE) $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
LDLIBS   += $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lm
LDFLAGS  += -pthread $(SANITIZE)

LIB_DIRS   ?= *
LIB_SRC    := $(sort $(wildcard $(LIB_DIRS:%=lib/%/*.c)))
DAEMON_SRC := $(sort $(wildcard daemon/*.c))
UNIT_SRC   := $(sort $(wildcard test/unit/*/*_test.c))
HARNESS_SRC:= $(sort $(wildcard test/harness/*.c))
BENCH_SRC  := $(sort $(wildcard test/bench/*.c))
LIB_OBJ    := $(LIB_SRC:%.c=$(BUILD)/%.o)
DAEMON_OBJ := $(DAEMON_SRC:%.c=$(BUILD)/%.o)
UNIT_BIN   := $(UNIT_SRC:%.c=$(BUILD)/%)
HARNESS_OBJ:= $(HARNESS_SRC:%.c=$(BUILD)/%.o)
BENCH_BIN  := $(BENCH_SRC:%.c=$(BUILD)/%)
C_FILES    := $(wildcard lib/*/*.[ch] daemon/*.[ch] test/unit/*/*.c test/harness/*.[ch] test/fuzz/*.c test/bench/*.c)

all: $(BUILD)/desired ## build build/desired

$(BUILD)/desired: $(DAEMON_OBJ) $(BUILD)/libdesired.a
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/libdesired.a: $(LIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/test/unit/%.o $(BUILD)/test/harness/%.o: CPPFLAGS += -Itest -DGOLDEN='"$(CURDIR)/test/golden"' $(shell pkg-config --cflags check libssl 2>/dev/null)

$(BUILD)/test/unit/%_test: $(BUILD)/test/unit/%_test.o $(HARNESS_OBJ) $(BUILD)/libdesired.a
	$(CC) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs check libssl) $(LDLIBS)

$(BUILD)/test/bench/%: $(BUILD)/test/bench/%.o $(BUILD)/libdesired.a
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

check-unit: $(UNIT_BIN) ## the quick part of check: unit and golden tests
	test/run $(UNIT_BIN)

-include $(LIB_OBJ:.o=.d) $(DAEMON_OBJ:.o=.d) $(UNIT_BIN:=.d) $(HARNESS_OBJ:.o=.d) $(BENCH_BIN:=.d)
.PHONY: all
.SECONDARY:
