# Targets: all (build/opsan, build/libopsan.so), demo, test, lint, bench, clean.
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

-include tools/tools.mk
TOOLS_OBJ := $(TOOLS_SRC:%.c=$(BUILD)/%.o)

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

clean:
	rm -rf $(BUILD)

.PHONY: all clean demo test lint bench
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
