# make          build/opsan and build/libopsan.so
# make demo     sets everything up and shows what opsan is for
# make test     sets everything up and runs every test
# make lint     format, warnings, static analysis
# make bench    what opsan costs, measured
# PHP_CONFIG=… uses an existing ZTS PHP for the demo, CACHE=… another cache folder.
CC ?= cc
BUILD := build
OPSAN_VERSION := 0.1.0

WARN := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wmissing-prototypes -Wcast-qual
CPPFLAGS += -D_GNU_SOURCE -DOPSAN_VERSION='"$(OPSAN_VERSION)"' -Ishim
CFLAGS ?= -O2 -g
# Frame pointers, so that a stack that goes through opsan's own functions can be walked either way.
SHIM_CFLAGS := -std=gnu17 $(WARN) -fPIC -fvisibility=hidden -ftls-model=initial-exec -fno-omit-frame-pointer
SHIM_LDFLAGS := -shared -Wl,-z,relro,-z,now,-z,nodelete,--no-undefined
SHIM_LIBS := -lunwind -lz -ldl -lpthread
SHIM_SRC := $(sort $(wildcard shim/*.c))
SHIM_OBJ := $(SHIM_SRC:shim/%.c=$(BUILD)/shim/%.o)
FAULT_OBJ := $(SHIM_SRC:shim/%.c=$(BUILD)/test/shim/%.o)

all: $(BUILD)/opsan $(BUILD)/libopsan.so

include tools/tools.mk
TOOLS_OBJ := $(TOOLS_SRC:%.c=$(BUILD)/%.o)
include tests/tests.mk

$(BUILD)/libopsan.so: $(SHIM_OBJ)
	$(CC) $(CFLAGS) $(LDFLAGS) $(SHIM_LDFLAGS) -o $@ $^ $(SHIM_LIBS)

# The same library with the places that tests break on purpose or delay.
$(BUILD)/test/libopsan-faults.so: $(FAULT_OBJ)
	$(CC) $(CFLAGS) $(LDFLAGS) $(SHIM_LDFLAGS) -o $@ $^ $(SHIM_LIBS)

$(BUILD)/opsan: $(TOOLS_OBJ)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(TOOLS_LIBS)

$(BUILD)/shim/%.o: shim/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(SHIM_CFLAGS) -MMD -c -o $@ $<
$(BUILD)/test/shim/%.o: shim/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -DOPSAN_FAULTS $(CFLAGS) $(SHIM_CFLAGS) -MMD -c -o $@ $<
$(BUILD)/tools/%.o: tools/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -std=gnu17 $(WARN) -MMD -c -o $@ $<

export CACHE
FAULTS := $(BUILD)/test/libopsan-faults.so

# Compiled after the packages are there: pkg-config and headers may be among them.
demo:
	@tests/setup/packages.sh demo
	@$(MAKE) --no-print-directory all
	@tests/demo.sh

test:
	@tests/setup/packages.sh test
	@$(MAKE) --no-print-directory -j$$(nproc) all $(FAULTS)
	tests/setup/test.sh

lint:
	@tests/setup/packages.sh lint
	tests/setup/lint.sh

bench:
	@tests/setup/packages.sh test
	@$(MAKE) --no-print-directory all
	/usr/bin/python3 tests/bench/bench.py

clean:
	rm -rf $(BUILD)

.PHONY: all clean demo test lint bench
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
