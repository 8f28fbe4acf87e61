# What build/opsan is made of.
TOOLS_SRC := $(sort $(wildcard tools/*.c))
TOOLS_LIBS := -ldw -lelf -lz
