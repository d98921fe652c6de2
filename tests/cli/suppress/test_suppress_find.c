/* SPDX-License-Identifier: MIT */
/*
 * What suppressions cover, on hand-made findings; and that generated ones cover
 * what they were generated for. Rows that name LeakSanitizer or Valgrind were
 * tried with that of gcc 12 and with version 3.19.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scene.h"
#include "suppress_match.h"

static struct scene scene;
static struct suppressions s;
static struct reading in;
static struct finding f;
static uint32_t members[3];

/* Block 0 from make < parse < main, 1 from twin < main. */
static int setup(void **state)
{
	const char *parse[] = { "make", "parse", "main", NULL };

	(void)state;
	scene_init(&scene);
	memset(&s, 0, sizeof(s));
	strcpy(s.today, "2027-02-01");
	scene_block(&scene, scene_stack(&scene, parse), 8);
	scene_block(&scene, scene_in(&scene, "twin"), 8);
	in = scene_read(&scene);
	members[0] = 0;
	members[1] = 1;
	f = (struct finding){ .kind = FINDING_LEAK,
			      .stack = scene.blocks[0].stack,
			      .members = members,
			      .member_count = 1,
			      .error = RKN_NONE,
			      .evidence = FINDING_BY_SCAN };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	suppress_release(&s);
	names_close(in.names);
	block_types_close(in.types);
	return 0;
}

static void be(enum finding_kind kind, unsigned evidence, size_t count)
{
	f.kind = kind;
	f.evidence = evidence;
	f.member_count = count;
}

/* What covers `f` of the entries in `text`. */
static const struct suppression *find(const char *text)
{
	char error[SUPPRESS_ERROR_SIZE];

	suppress_release(&s);
	strcpy(s.today, "2027-02-01");
	if (suppress_parse(&s, text, strlen(text), "f", error))
		fail_msg("%s, of:\n%s", error, text);
	return suppress_find(&s, &f, &in);
}

static void covered(const char *text)
{
	if (!find(text))
		fail_msg("not covered by:\n%s", text);
}

static void open_to(const char *text)
{
	if (find(text))
		fail_msg("covered by:\n%s", text);
}

static void patterns_match_as_leaksanitizer_matches(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool fits;
	} rows[] = {
		{ "foo$", "foofoo", false },
		{ "^foo*", "foofoo", true },
		{ "^foofoo$", "foofoo", true },
		{ "foo*foo$", "foofoo", true },
		{ "^a*a.c$", "/x/a.c", false },
		{ " foofoo", "foofoo", false },
		{ "foo**", "foofoo", true },
		{ "Foofoo", "foofoo", false },
		{ "*$", "foofoo", true },
		{ "/al$", "/tmp/al", true },
		{ "foofo^o", "foofoo", false },
		{ "$foo", "foofoo", false },
		{ "^$", "foofoo", false },
		{ "foo*foofoo", "foofoo", false },
		{ "^*foo", "foofoo", true },
		{ "^oo", "foofoo", false },
		{ "foofoo$zzz", "foofoo", true },
		{ "fo*$q", "foofoo", true },
		{ "a", "", false },
		{ "*", "", false },
		{ "a*b*c", "xaybzcx", true },
		{ "a*b*c", "xcbax", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (suppress_template(rows[i].pattern, rows[i].text) !=
		    rows[i].fits)
			fail_msg("%s on %s", rows[i].pattern, rows[i].text);
	assert_false(suppress_template("*", NULL));
}

static bool glob(const char *pattern, const char *text)
{
	return suppress_glob(pattern, strlen(pattern), text);
}

static void globs_are_whole_and_know_two_wildcards(void **state)
{
	(void)state;
	assert_true(glob("a*c?", "abbcd"));
	assert_true(glob("*", ""));
	assert_true(glob("**a", "ba"));
	assert_true(glob("a*b*c", "abcbc"));
	assert_true(glob("[a]\\*", "[a]\\x"));
	assert_false(glob("[a]", "a"));
	assert_false(glob("a", "ab"));
	assert_false(glob("b", "ab"));
	assert_false(glob("?", ""));
	assert_false(glob("a*b", "ac"));
}

/* Backtracking over each of the stars would not end today. */
static void hostile_patterns_take_no_time(void **state)
{
	char pattern[60001], text[4001], block[8000], *end;
	const char *deep[41] = { NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(pattern) - 1; i++)
		pattern[i] = i % 2 ? '*' : 'a';
	pattern[sizeof(pattern) - 1] = '\0';
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(glob(pattern, text));
	assert_false(suppress_template(pattern, text));
	end = stpcpy(block, "{\nn\nMemcheck:Leak\n");
	for (int i = 0; i < 200; i++)
		end = stpcpy(end, "...\nfun:a\n");
	strcpy(end, "fun:b\n}\n");
	for (size_t i = 0; i < 40; i++)
		deep[i] = "a";
	f.stack = scene_stack(&scene, deep);
	open_to(block);
}

static void leak_rules_look_at_every_frame_and_inlined_ones(void **state)
{
	(void)state;
	scene.symbols.inlined[2] = "tiny";
	scene.symbols.files[2] = "src/parse.c";
	scene.symbols.modules[1] = "/lib/libmain.so";
	covered("leak:make\n");
	covered("leak:^parse$\n");
	covered("leak:main\n");
	covered("leak:^tiny$\n");
	covered("leak:src/*.c\n");
	covered("leak:libmain.so\n");
	open_to("leak:twin\n");
	open_to("leak:Make\n");
}

/* Its frame is LeakSanitizer's innermost; which it was is read from the code,
 * and is malloc where there is none to read. */
static void leak_rules_look_at_the_allocation_function(void **state)
{
	const char *new[] = { "_Znam", "grow", NULL };

	(void)state;
	covered("leak:malloc\n");
	covered("leak:^malloc$\n");
	covered("leak:^__interceptor_malloc$\n");
	covered("leak:*\n");
	open_to("leak:calloc\n");
	open_to("leak:^realloc\n");
	covered("leak:x\nleak:alloc\n");
	f.stack = scene_stack(&scene, new);
	f.member_count = 0;
	covered("leak:operator new\n");
	covered("leak:^operator new[]\n");
	open_to("leak:malloc\n");
	f.stack = 0;
	open_to("leak:malloc\n");
}

static void the_first_entry_of_the_list_counts(void **state)
{
	(void)state;
	assert_string_equal(find("leak:x\nleak:main\nleak:make\n")->text,
			    "main");
	assert_string_equal(find("leak:make\nleak:main\n")->text, "make");
	assert_string_equal(
	    find("{\nb\nMemcheck:Leak\nfun:make\n}\nleak:make\n")->text, "b");
	assert_string_equal(
	    find("type:make # x\n{\nb\nMemcheck:Leak\nfun:make\n}\n")->text,
	    "make");
}

#define BLOCK(tool, lines) "{\nn\n" tool "\n" lines "\n}\n"
#define KINDS(kinds)                                                           \
	BLOCK("Memcheck:Leak", "match-leak-kinds: " kinds "\nfun:make")

static void what_has_expired_covers_nothing(void **state)
{
	(void)state;
	open_to("# until:2027-01-31\nleak:make\n");
	covered("# until:2027-02-01\nleak:make\n");
	open_to("type:make until:2027-01-31 # x\ntype:other # x\n");
	open_to("# until:2027-01-31\n" BLOCK("Memcheck:Leak", "fun:make")
		    BLOCK("Memcheck:Leak", "fun:other"));
	assert_string_equal(
	    find("# until:2027-01-31\nleak:make\nleak:parse\n")->text, "parse");
}

static void leaks_are_definite(void **state)
{
	(void)state;
	covered(KINDS("definite"));
	covered(KINDS("all"));
	open_to(KINDS("indirect,possible,reachable"));
	open_to(KINDS("none"));
	open_to("cycle:make # x\nref:make # x\n");
	open_to(BLOCK("refknot:Cycle", "fun:make"));
	open_to(BLOCK("refknot:Reference", "fun:make"));
}

static void possible_leaks_are_possible(void **state)
{
	(void)state;
	be(FINDING_POSSIBLE, FINDING_BY_SCAN, 1);
	covered("leak:make\n");
	covered(KINDS("possible"));
	open_to(KINDS("definite,indirect,reachable"));
	open_to("cycle:make # x\nref:make # x\n");
}

static void a_cycle_is_covered_by_any_member_shown(void **state)
{
	(void)state;
	be(FINDING_CYCLE, FINDING_BY_SCAN, 2);
	covered("leak:twin\n");
	covered("cycle:^twin$ # x\n");
	covered("cycle:^make$ # x\n");
	covered(BLOCK("refknot:Cycle", "fun:twin"));
	covered(BLOCK("Memcheck:Leak", "fun:twin\nfun:main"));
	covered(KINDS("definite"));
	covered(KINDS("indirect"));
	open_to(KINDS("possible,reachable"));
	open_to("ref:make # x\n");
	open_to("cycle:other # x\n");
}

static void leaked_objects_with_references_are_leaks_too(void **state)
{
	(void)state;
	be(FINDING_REFERENCE, FINDING_BY_SCAN | FINDING_BY_COUNTS, 1);
	covered("leak:make\n");
	covered("ref:make # x\n");
	covered(KINDS("definite"));
	covered(BLOCK("refknot:Reference", "fun:make"));
	open_to("cycle:make # x\n");
	be(FINDING_ZERO, FINDING_BY_SCAN | FINDING_BY_COUNTS, 1);
	covered("leak:make\n");
}

static void references_on_what_is_in_use_are_no_leaks(void **state)
{
	static const struct {
		enum finding_kind kind;
		unsigned evidence;
	} rows[] = {
		{ FINDING_REFERENCE, FINDING_BY_LEDGER },
		{ FINDING_OVER, FINDING_BY_SCAN | FINDING_BY_COUNTS },
		{ FINDING_UNDER, FINDING_BY_COUNTS },
		{ FINDING_ZERO, FINDING_BY_COUNTS },
		{ FINDING_RELEASED_AT_ZERO, FINDING_BY_LEDGER },
		{ FINDING_ON_FREED, FINDING_BY_LEDGER },
		{ FINDING_FREED_HELD, FINDING_BY_LEDGER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		be(rows[i].kind, rows[i].evidence, 1);
		open_to("leak:make\n");
		open_to(BLOCK("Memcheck:Leak", "fun:make"));
		covered("ref:make # x\n");
		covered(BLOCK("refknot:Reference", "fun:make"));
	}
}

static void types_are_those_of_the_members_and_of_errors(void **state)
{
	static char strings[] = "\0/bin/scene\0Session";
	struct rkn_name list[2] = { { .text = 0 }, { .text = 12 } };
	struct rkn_error wrong = { .type = 1 };

	(void)state;
	covered("type:^malloc in make$ # x\n");
	open_to("type:twin # x\n");
	be(FINDING_CYCLE, FINDING_BY_SCAN, 2);
	covered("type:twin # x\n");
	names_close(in.names);
	block_types_close(in.types);
	scene.m.strings = strings;
	scene.m.strings_size = sizeof(strings);
	scene.m.names = list;
	scene.m.name_count = 2;
	scene.m.errors = &wrong;
	scene.m.error_count = 1;
	in = scene_read(&scene);
	be(FINDING_ON_FREED, FINDING_BY_LEDGER, 0);
	f.error = 0;
	covered("type:^Session$ # x\n");
	open_to("type:make # x\n");
}

static void blocks_match_from_the_innermost_frame(void **state)
{
	(void)state;
	covered(BLOCK("Memcheck:Leak", "fun:make\nfun:parse"));
	covered(BLOCK("Memcheck:Leak", "fun:malloc\nfun:make\nfun:parse"));
	covered(BLOCK("Memcheck:Leak", "fun:*alloc\nfun:m*"));
	covered(BLOCK("Memcheck:Leak", "fun:posix_memalign\nfun:make"));
	covered(BLOCK("Memcheck:Leak", "obj:*/vgpreload_memcheck-*\nfun:make"));
	covered(BLOCK("Memcheck:Leak", "fun:malloc\n...\nfun:main"));
	covered(BLOCK("Memcheck:Leak", "...\nfun:main\n...\n..."));
	covered(BLOCK("Memcheck:Leak", "fun:malloc\n...\nfun:parse\nfun:main"));
	covered(
	    BLOCK("Memcheck:Leak", "fun:make\nobj:/bin/scene\nsrc:scene.c"));
	covered(BLOCK("Memcheck:Leak", "fun:make\nsrc:scene.c:2"));
	covered(BLOCK("Memcheck:Leak", "src:scene.c"));
	open_to(BLOCK("Memcheck:Leak", "fun:make\nsrc:scene.c:7"));
	open_to(BLOCK("Memcheck:Leak", "fun:parse"));
	open_to(BLOCK("Memcheck:Leak", "fun:malloc\nfun:parse"));
	open_to(BLOCK("Memcheck:Leak", "fun:malloc\n...\nfun:nope"));
	open_to(BLOCK("Memcheck:Leak", "...\nfun:main\nfun:main"));
	open_to(BLOCK("Memcheck:Leak", "fun:make\nfun:parse\nfun:main\nfun:*"));
	open_to(BLOCK("Memcheck:Leak", "fun:_Znwm\nfun:make"));
	open_to(BLOCK("Memcheck:Leak", "fun:free\nfun:make"));
	open_to(BLOCK("Memcheck:Leak", "fun:[m]ake"));
}

static void names_are_those_that_valgrind_gives(void **state)
{
	const char *dup[] = { "__GI___strdup", "copy", "__libc_start_main",
			      NULL };
	const char *new[] = { "_Znwm", "_Znam", "grow", NULL };
	const char *nobody[] = { "", NULL };

	(void)state;
	f.stack = scene_stack(&scene, dup);
	scene.symbols.modules[scene.stacks[f.stack].frame] = "/lib/libc.so.6";
	f.member_count = 0;
	covered(BLOCK("Memcheck:Leak", "fun:malloc\nfun:strdup\nfun:copy"));
	covered(BLOCK("Memcheck:Leak", "...\nfun:copy\nfun:(below main)"));
	covered(BLOCK("Memcheck:Leak", "fun:*dup\nfun:copy.isra.0"));
	open_to(BLOCK("Memcheck:Leak", "fun:*dup\nfun:cop.isra.0"));
	scene.symbols.modules[scene.stacks[f.stack].frame] = NULL;
	open_to(BLOCK("Memcheck:Leak", "fun:malloc\nfun:strdup\nfun:copy"));
	f.stack = scene_stack(&scene, new);
	covered(BLOCK("Memcheck:Leak", "fun:_Znam\nfun:grow"));
	covered(BLOCK("Memcheck:Leak", "obj:*vgpreload*\nfun:grow"));
	open_to(BLOCK("Memcheck:Leak", "fun:malloc\nfun:grow"));
	f.stack = scene_stack(&scene, nobody);
	covered(BLOCK("Memcheck:Leak", "fun:malloc\nobj:*scene"));
	covered(BLOCK("Memcheck:Leak", "fun:malloc\nfun:\?\?\?"));
}

static void a_stack_that_is_not_known_is_covered_by_its_type_alone(void **state)
{
	(void)state;
	f.stack = 0;
	scene.blocks[0].stack = 0;
	open_to("leak:*\n");
	open_to(BLOCK("Memcheck:Leak", "fun:malloc\nfun:*"));
	covered("type:unknown code # x\n");
}

static void no_frame_is_asked_for_again(void **state)
{
	unsigned asked;

	(void)state;
	be(FINDING_CYCLE, FINDING_BY_SCAN, 2);
	assert_null(find("leak:x\ncycle:y # z\n"));
	/* Each once, and the innermost of both for what they called. */
	asked = scene.symbols.asked;
	assert_int_equal(asked, scene.m.frame_count - 1 + 2);
	for (int i = 0; i < 10; i++)
		suppress_find(&s, &f, &in);
	assert_int_equal(scene.symbols.asked, asked);
	scene.m.meta.pid = 7; /* another recording */
	suppress_find(&s, &f, &in);
	assert_int_equal(scene.symbols.asked, 2 * asked);
	assert_null(find(BLOCK("Memcheck:Leak", "fun:x")));
	suppress_find(&s, &f, &in);
	assert_int_equal(scene.symbols.asked, 3 * asked - 2);
}

static void entries_that_come_later_are_seen(void **state)
{
	(void)state;
	assert_null(find("leak:x\n"));
	suppress_add_text(&s, "leak:make\n", "later");
	assert_non_null(suppress_find(&s, &f, &in));
}

static void the_built_in_list_is_narrow(void **state)
{
	const char *env[] = { "__GI___tsearch", "__add_to_environ", "main",
			      NULL };
	const char *own[] = { "__GI___tsearch", "main", NULL };

	(void)state;
	find("leak:x\n");
	suppress_add_built_in(&s);
	f.member_count = 0;
	f.stack = scene_stack(&scene, env);
	assert_null(suppress_find(&s, &f, &in));
	f.kind = FINDING_POSSIBLE;
	assert_non_null(suppress_find(&s, &f, &in));
	f.stack = scene_stack(&scene, own);
	scene.m.meta.pid++;
	assert_null(suppress_find(&s, &f, &in));
}

/* --- Generated ones ------------------------------------------------------------------ */

static char *generate(enum suppress_grammar grammar, size_t place)
{
	struct suppress_frame frames[SCENE_MOST];
	struct suppress_subject subject = { f.kind, "Session", frames, 0,
					    place };
	uint32_t frame = scene.stacks[f.stack].frame;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (; frame; frame = scene.frames[frame].parent) {
		const struct location *l;

		for (size_t n = symbols_frame(&scene.symbols, frame, &l); n--;
		     l++)
			frames[subject.count++] =
			    (struct suppress_frame){ l->function, l->module };
	}
	suppress_generate(out, grammar, &subject);
	fclose(out);
	return text;
}

static void covers_itself(enum suppress_grammar grammar, size_t place)
{
	char *text = generate(grammar, place);

	covered(text);
	assert_int_equal(s.count, 1);
	free(text);
}

static void generated_entries_read_as_shown(void **state)
{
	char *text;

	(void)state;
	text = generate(SUPPRESS_LSAN, 1);
	assert_string_equal(text, "leak:^parse$\n");
	free(text);
	text = generate(SUPPRESS_VALGRIND, 1);
	assert_string_equal(text, "{\n"
				  "   leak of Session\n"
				  "   Memcheck:Leak\n"
				  "   match-leak-kinds: definite\n"
				  "   obj:*/vgpreload_memcheck-*\n"
				  "   fun:make\n"
				  "   fun:parse\n"
				  "   fun:main\n"
				  "}\n");
	free(text);
	f.kind = FINDING_CYCLE;
	text = generate(SUPPRESS_LSAN, 0);
	assert_string_equal(text,
			    "cycle:^make$  # say here why this may stay\n");
	free(text);
	text = generate(SUPPRESS_VALGRIND, 0);
	assert_non_null(strstr(text, "\n   refknot:Cycle\n   fun:make\n"));
	free(text);
}

/* Only the C library's debug information calls it so. */
static void generated_entries_have_public_names(void **state)
{
	const char *names_of[] = { "__GI___strdup", "parse", "main", NULL };
	char *text;

	(void)state;
	f.stack = scene_stack(&scene, names_of);
	text = generate(SUPPRESS_VALGRIND, 1);
	assert_non_null(strstr(text, "\n   fun:*strdup\n   fun:parse\n"));
	free(text);
	covers_itself(SUPPRESS_VALGRIND, 1);
}

static void generated_entries_cover_every_kind_they_are_for(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < FINDING_KINDS; kind++)
		for (size_t place = 0; place < 3; place++) {
			be((enum finding_kind)kind, FINDING_BY_COUNTS, 1);
			covers_itself(SUPPRESS_LSAN, place);
			covers_itself(SUPPRESS_VALGRIND, place);
		}
}

static void generated_entries_cover_any_name(void **state)
{
	static const char *const odd[] = { "a\nb",
					   "a\tb ",
					   " a",
					   "a#b",
					   "a # until:x",
					   "a*b?c",
					   "a$b",
					   "^a",
					   "a\\[b",
					   "\xff\x80",
					   "...",
					   "}",
					   "\xc2\x9b",
					   "$",
					   "_Znwm",
					   "operator new(unsigned long)",
					   "a until:2020-01-01",
					   "\r",
					   "a\nb_b",
					   "scene+0x12",
					   "scene" };
	char huge[5000];

	(void)state;
	memset(huge, 'h', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	for (size_t i = 0; i <= sizeof(odd) / sizeof(*odd); i++) {
		const char *name =
		    i < sizeof(odd) / sizeof(*odd) ? odd[i] : huge;

		scene.symbols.functions[3] = name; /* for "make" */
		for (unsigned kind = 0; kind < FINDING_KINDS; kind++) {
			be((enum finding_kind)kind, FINDING_BY_COUNTS, 1);
			covers_itself(SUPPRESS_LSAN, 0);
			covers_itself(SUPPRESS_VALGRIND, 0);
		}
	}
}

static void generated_entries_do_without_names(void **state)
{
	struct suppress_subject nothing = { .type = "malloc in $x" };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	for (size_t i = 1; i < 4; i++)
		scene.symbols.functions[i] = NULL;
	covers_itself(SUPPRESS_LSAN, 0);
	covers_itself(SUPPRESS_VALGRIND, 0);
	suppress_generate(out, SUPPRESS_VALGRIND, &nothing);
	fclose(out);
	assert_string_equal(
	    text, "type:^malloc*in**x$  # say here why this may stay\n");
	free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(patterns_match_as_leaksanitizer_matches),
		TEST(globs_are_whole_and_know_two_wildcards),
		TEST(hostile_patterns_take_no_time),
		TEST(leak_rules_look_at_every_frame_and_inlined_ones),
		TEST(leak_rules_look_at_the_allocation_function),
		TEST(the_first_entry_of_the_list_counts),
		TEST(what_has_expired_covers_nothing),
		TEST(leaks_are_definite),
		TEST(possible_leaks_are_possible),
		TEST(a_cycle_is_covered_by_any_member_shown),
		TEST(leaked_objects_with_references_are_leaks_too),
		TEST(references_on_what_is_in_use_are_no_leaks),
		TEST(types_are_those_of_the_members_and_of_errors),
		TEST(blocks_match_from_the_innermost_frame),
		TEST(names_are_those_that_valgrind_gives),
		TEST(a_stack_that_is_not_known_is_covered_by_its_type_alone),
		TEST(no_frame_is_asked_for_again),
		TEST(entries_that_come_later_are_seen),
		TEST(the_built_in_list_is_narrow),
		TEST(generated_entries_read_as_shown),
		TEST(generated_entries_have_public_names),
		TEST(generated_entries_cover_every_kind_they_are_for),
		TEST(generated_entries_cover_any_name),
		TEST(generated_entries_do_without_names),
	};

	return cmocka_run_group_tests_name("suppress_find", tests, NULL, NULL);
}
