# Tests of the library and of the command that need no PHP: unit, unit-asan, fault.
# PYTEST=… uses another pytest.
PYTEST ?= /usr/bin/python3 -m pytest

# These are linked with the library's objects; every other tests/unit/test_*.c with the command's.
UNIT_SHIM := test_cgroup test_diagnose test_generation test_layout test_opcache test_options test_parking test_record test_thread
UNIT_SHIM_HELPERS := fake_opcache frames
UNIT_ALL := $(patsubst tests/unit/%.c,%,$(sort $(wildcard tests/unit/*.c)))
UNIT_TOOLS := $(filter-out $(UNIT_SHIM),$(filter test_%,$(UNIT_ALL)))
UNIT_TOOLS_HELPERS := $(filter-out test_% $(UNIT_SHIM_HELPERS),$(UNIT_ALL))
UNIT_PROGRAMS := $(filter $(UNIT_SHIM),$(UNIT_ALL)) $(UNIT_TOOLS)

UNIT_CFLAGS := -std=gnu17 $(WARN) -Itests/unit
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
ASAN := $(BUILD)/asan

# Without preload.o: its functions would stand in front of the C library's in the test itself.
UNIT_SHIM_OBJ := $(filter-out %/preload.o,$(FAULT_OBJ)) $(UNIT_SHIM_HELPERS:%=$(BUILD)/test/unit/%.o)
UNIT_TOOLS_OBJ := $(filter-out %/opsan.o,$(TOOLS_OBJ)) $(UNIT_TOOLS_HELPERS:%=$(BUILD)/test/unit/%.o)

$(BUILD)/test/unit/%.o: tests/unit/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -I. $(CFLAGS) $(UNIT_CFLAGS) -MMD -c -o $@ $<
$(UNIT_SHIM:%=$(BUILD)/test/unit/%): $(BUILD)/test/unit/%: $(BUILD)/test/unit/%.o $(UNIT_SHIM_OBJ)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(SHIM_LIBS)
$(UNIT_TOOLS:%=$(BUILD)/test/unit/%): $(BUILD)/test/unit/%: $(BUILD)/test/unit/%.o $(UNIT_TOOLS_OBJ)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(TOOLS_LIBS)

# The same with the sanitizers.
$(ASAN)/shim/%.o: shim/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -DOPSAN_FAULTS $(CFLAGS) $(SHIM_CFLAGS) $(SANITIZE) -MMD -c -o $@ $<
$(ASAN)/tools/%.o: tools/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -std=gnu17 $(WARN) $(SANITIZE) -MMD -c -o $@ $<
$(ASAN)/unit/%.o: tests/unit/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -I. $(CFLAGS) $(UNIT_CFLAGS) $(SANITIZE) -MMD -c -o $@ $<
to_asan = $(patsubst $(BUILD)/test/unit/%,$(ASAN)/unit/%,$(patsubst $(BUILD)/test/shim/%,$(ASAN)/shim/%,$(patsubst $(BUILD)/tools/%,$(ASAN)/tools/%,$(1))))
$(UNIT_SHIM:%=$(ASAN)/unit/%): $(ASAN)/unit/%: $(ASAN)/unit/%.o $(call to_asan,$(UNIT_SHIM_OBJ))
	$(CC) $(CFLAGS) $(LDFLAGS) $(SANITIZE) -o $@ $^ -lcmocka $(SHIM_LIBS)
$(UNIT_TOOLS:%=$(ASAN)/unit/%): $(ASAN)/unit/%: $(ASAN)/unit/%.o $(call to_asan,$(UNIT_TOOLS_OBJ))
	$(CC) $(CFLAGS) $(LDFLAGS) $(SANITIZE) -o $@ $^ -lcmocka $(TOOLS_LIBS)

# All of them run, whatever fails; the names of those that failed come last.
run_units = failed=; for t in $(UNIT_PROGRAMS); do $(1)/$$t || failed="$$failed $$t"; done; \
	[ -z "$$failed" ] || { echo "failed:$$failed" >&2; exit 1; }

unit: $(UNIT_PROGRAMS:%=$(BUILD)/test/unit/%)
	@$(call run_units,$(BUILD)/test/unit)
unit-asan: $(UNIT_PROGRAMS:%=$(ASAN)/unit/%)
	@$(call run_units,$(ASAN)/unit)

fault: $(BUILD)/libopsan.so
	CC="$(CC)" $(PYTEST) -q tests/fault

.PHONY: unit unit-asan fault
