/* SPDX-License-Identifier: MIT */
#include "subject.h"

#include <stdlib.h>
#include <string.h>

#include "block_view.h"
#include "hash.h"
#include "list.h"
#include "place.h"
#include "type_retained.h"
#include "units.h"
#include "xmalloc.h"

#define SIGNATURE_LEAST 6 /* digits that may stand for a whole one */

/* --- Findings ------------------------------------------------------------- */

static bool is_of_digits(const char *text, const char *digits)
{
	return *text && !text[strspn(text, digits)];
}

/* "3" and "#3". */
static bool find_number(struct subject *s, const char *word)
{
	const char *digits = word + (*word == '#');
	unsigned long long number;

	if (!is_of_digits(digits, "0123456789") || strlen(digits) > 9)
		return false;
	number = strtoull(digits, NULL, 10);
	if (!number || number > s->findings.count)
		return false;
	s->kind = SUBJECT_FINDING;
	s->finding = (size_t)number - 1;
	return true;
}

static bool find_signature(struct subject *s, const char *word)
{
	size_t size = strlen(word), found = 0;

	if (size < SIGNATURE_LEAST || !is_of_digits(word, "0123456789abcdef."))
		return false;
	for (size_t i = 0; i < s->findings.count; i++) {
		const char *signature = s->findings.list[i].signature;

		if (strncmp(signature, word, size))
			continue;
		s->finding = i;
		found++;
		if (!signature[size]) { /* it is no part of this one */
			found = 1;
			break;
		}
	}
	if (found == 1)
		s->kind = SUBJECT_FINDING;
	return found == 1;
}

/* --- Types and sites ------------------------------------------------------ */

/* All live blocks of one type, or of one site. */
struct kin {
	const char *text; /* the key: of a type its own; of a site the stack's
			     function */
	char *own;        /* the text, to free; NULL: it is not owned */
	char *source;     /* "lru.c:12" of a site, to free; NULL: not known */
	enum subject_kind kind;
	uint64_t objects, bytes;
	UT_hash_handle hh;
};

static struct kin *kin_of(struct kin **all, const char *text,
			  enum subject_kind kind)
{
	struct kin *k;

	HASH_FIND_STR(*all, text, k);
	if (k)
		return k;
	k = xcalloc(1, sizeof(*k));
	k->own = xstrdup(text);
	k->text = k->own;
	k->kind = kind;
	HASH_ADD_KEYPTR(hh, *all, k->text, strlen(k->text), k);
	return k;
}

static void count_types(struct kin **types, const struct reading *in)
{
	for (uint32_t b = 0; b < in->m->block_count; b++) {
		const char *type = names_block_type(in->names, b);
		struct kin *k;

		if (names_object_at(in->names, b))
			continue;
		k = kin_of(types, type, SUBJECT_TYPE);
		k->objects++;
		k->bytes += in->m->blocks[b].size;
	}
}

static void count_sites(struct kin **sites, const struct reading *in)
{
	const struct model *m = in->m;
	struct kin **of_stack = xcalloc(m->stack_count + 1, sizeof(*of_stack));

	for (uint32_t b = 0; b < m->block_count; b++) {
		uint32_t stack = m->blocks[b].stack;
		struct kin *k = of_stack[stack];

		if (!k) {
			const struct location *l =
			    block_types_place(in->types, stack);
			char *function = place_function(l);

			k = kin_of(sites, function, SUBJECT_SITE);
			if (!k->source && l)
				k->source = place_source(l);
			of_stack[stack] = k;
			free(function);
		}
		k->objects++;
		k->bytes += m->blocks[b].size;
	}
	free(of_stack);
}

/* Whether `k` is just what `word` says. */
static bool is_meant(const struct kin *k, const char *word)
{
	static const char *const kinds[] = { "", "struct ", "union ",
					     "class " };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		size_t size = strlen(kinds[i]);

		if (!strncmp(k->text, kinds[i], size) &&
		    !strcmp(k->text + size, word))
			return true;
	}
	return k->source && !strcmp(k->source, word);
}

static void add_other(struct subject *s, const struct kin *k)
{
	char count[UNITS_SIZE], size[UNITS_SIZE];

	*LIST_ADD(s->others, s->other_count) = (struct subject_other){
		.kind = k->kind,
		.word = xstrdup(k->text),
		.what =
		    xasprintf("%s %s, %s",
			      k->kind == SUBJECT_SITE ? "a site:" : "a type:",
			      units_count(count, k->objects, "object"),
			      units_bytes(size, k->bytes)),
	};
}

static int by_size(const struct kin *a, const struct kin *b)
{
	return ORDER(b->bytes, a->bytes) ?: strcmp(a->text, b->text);
}

static void add_others(struct subject *s, const struct kin *all,
		       const char *word, bool part)
{
	for (const struct kin *k = all; k; k = k->hh.next)
		if (part ? strcasestr(k->text, word) != NULL
			 : is_meant(k, word))
			add_other(s, k);
}

static void free_kin(struct kin *all)
{
	struct kin *k, *next;

	HASH_ITER (hh, all, k, next) {
		HASH_DEL(all, k);
		free(k->own);
		free(k->source);
		free(k);
	}
}

static bool find_type(struct subject *s, const char *name)
{
	if (!type_view_make(&s->type, s->in, name))
		return false;
	if (!s->type.why)
		type_retained(&s->type, s->in);
	s->kind = SUBJECT_TYPE;
	return true;
}

/* What has `word` for a name, or else in it. */
static void find_kin(struct subject *s, const char *word)
{
	struct kin *types = NULL, *sites = NULL;

	count_types(&types, s->in);
	count_sites(&sites, s->in);
	HASH_SORT(types, by_size);
	HASH_SORT(sites, by_size);
	for (int part = 0; part < 2 && !s->other_count && *word; part++) {
		add_others(s, types, word, part);
		add_others(s, sites, word, part);
	}
	free_kin(types);
	free_kin(sites);
	if (s->other_count > 1) {
		s->kind = SUBJECT_MANY;
	} else if (s->other_count && s->others->kind == SUBJECT_SITE) {
		s->kind = SUBJECT_SITE;
		s->site = xstrdup(s->others->word);
	} else if (s->other_count) {
		find_type(s, s->others->word);
	}
}

/* "7", "#7": no type or function is meant by that. */
static bool is_number(const char *word)
{
	word += *word == '#';
	return *word && !word[strspn(word, "0123456789")];
}

void subject_find(struct subject *s, const struct reading *in, const char *word)
{
	*s = (struct subject){ .block = RKN_NONE, .in = in };
	wishes_findings(&s->wishes, &s->findings, in);
	findings_sign(&s->findings, in);
	s->block = block_view_find(in, word, &s->object);
	if (s->block != RKN_NONE || s->object)
		s->kind = SUBJECT_BLOCK;
	else if (find_number(s, word) || find_signature(s, word) ||
		 is_number(word))
		return;
	else if (!find_type(s, word) && strncmp(word, "0x", 2) != 0)
		find_kin(s, word);
}

void subject_release(struct subject *s)
{
	if (s->kind == SUBJECT_TYPE)
		type_view_release(&s->type);
	for (size_t i = 0; i < s->other_count; i++) {
		free(s->others[i].word);
		free(s->others[i].what);
	}
	free(s->others);
	free(s->site);
	findings_release(&s->findings);
	wishes_release(&s->wishes);
}
