# SPDX-License-Identifier: MIT
# A plain Makefile; TESTS of the environment says which.
TESTS ?= clean

all: $(TESTS:%=test_%)
check: $(TESTS:%=run-%)
run-%: test_%
	./$<
# Without this, make would remove the tests before they are looked at.
.SECONDARY:
test_%: test_%.c names.c
	$(CC) -g -o $@ $^
