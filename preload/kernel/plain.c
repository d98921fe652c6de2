/* SPDX-License-Identifier: MIT */
/*
 * The C library's functions for memory and text that the shim uses, and that
 * the compiler calls by itself.  The program may have its own of these names,
 * which must not be called from here: see libc.h.  Only the shim has them,
 * and not linked where its parts are tested.
 */
#include <stdint.h>
#include <string.h>

#define PART 64 /* what the processor's own loop is not worth for */

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	char *t = to;
	const char *f = from;

	if (size >= PART) {
		__asm__ volatile("rep movsb"
				 : "+D"(t), "+S"(f), "+c"(size)
				 :
				 : "memory");
		return to;
	}
	for (; size >= 8; size -= 8, t += 8, f += 8)
		__builtin_memcpy(t, f, 8);
	while (size--)
		*t++ = *f++;
	return to;
}

void *memmove(void *to, const void *from, size_t size)
{
	char *t = to;
	const char *f = from;

	if ((uintptr_t)t - (uintptr_t)f >= size)
		return memcpy(to, from, size);
	for (; size >= 8; size -= 8) {
		uint64_t word;

		__builtin_memcpy(&word, f + size - 8, 8);
		__builtin_memcpy(t + size - 8, &word, 8);
	}
	while (size--)
		t[size] = f[size];
	return to;
}

void *memset(void *to, int value, size_t size)
{
	char *t = to;

	if (size >= PART)
		__asm__ volatile("rep stosb"
				 : "+D"(t), "+c"(size)
				 : "a"(value)
				 : "memory");
	else
		while (size--)
			*t++ = (char)value;
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const unsigned char *p = a, *q = b;

	for (; size; size--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

size_t strlen(const char *text)
{
	const char *end = text;

	while (*end)
		end++;
	return (size_t)(end - text);
}

int strncmp(const char *a, const char *b, size_t size)
{
	for (; size; size--, a++, b++)
		if (*a != *b || !*a)
			return (unsigned char)*a - (unsigned char)*b;
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

char *strrchr(const char *text, int c)
{
	const char *found = NULL;

	for (;; text++) {
		if (*text == (char)c)
			found = text;
		if (!*text)
			return (char *)(uintptr_t)found;
	}
}

static size_t span(const char *text, const char *set, int in)
{
	size_t n = 0;

	for (; text[n]; n++) {
		const char *s = set;

		while (*s && *s != text[n])
			s++;
		if ((*s != '\0') != in)
			break;
	}
	return n;
}

size_t strspn(const char *text, const char *set)
{
	return span(text, set, 1);
}

size_t strcspn(const char *text, const char *set)
{
	return span(text, set, 0);
}
