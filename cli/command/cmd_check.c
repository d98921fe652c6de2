/* SPDX-License-Identifier: MIT */
/* refknot check: the gate in a pipeline; it fails on a new finding. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "brief.h"
#include "command.h"
#include "die.h"
#include "escape.h"
#include "gate_brief.h"
#include "gate_judge.h"
#include "gate_options.h"
#include "gate_outputs.h"
#include "gate_run.h"
#include "gate_update.h"
#include "gate_writers.h"
#include "list.h"
#include "options.h"
#include "parts.h"
#include "recorded.h"
#include "recording_path.h"
#include "recordings.h"

static struct gate gate;
static struct suppressions suppressions;
static struct baseline baseline;
static const struct gate_writer *writer;

static struct gate_outputs outputs;

static char *baseline_path, *source_root, *keep;
static int update_baseline, allow_incomplete, show_suppressed, generate;
static int no_children, keep_stale, allow_failure;

/* --- Options --------------------------------------------------------------- */

/* One option that is noted while the command line is parsed, for its function to
 * read when the command begins: it takes only its row in the table below. */
struct taken {
	char *text; /* popt's copy of what was given last */
	void (*take)(const char *option, const char *text, void *to);
	void *to; /* for that function */
};

/* Of a row, after its short name. `val`: it is not an option of popt's own. */
#define TAKEN(function, to)                                                    \
	POPT_ARG_STRING, &(struct taken){ NULL, function, to }, 1

/* In the order in which they were given. */
static struct given {
	const struct poptOption *option;
	char *text;
} * given;
static size_t given_count;

static const struct gate_writer *find_writer(const char *option,
					     const char *name, size_t length)
{
	char *names = xstrdup("");

	for (size_t i = 0; i < gate_writer_count; i++) {
		const char *known = gate_writers[i].name;
		char *more;

		if (strlen(known) == length && !memcmp(known, name, length)) {
			free(names);
			return &gate_writers[i];
		}
		more = xasprintf("%s%s%s", names, i ? ", " : "", known);
		free(names);
		names = more;
	}
	die(STATUS_INPUT, "--%s: \"%s\" is not a format; the formats are: %s",
	    option, xasprintf("%.*s", (int)length, name), names);
}

static void take_fail_on(const char *option, const char *text, void *to)
{
	(void)option;
	gate_options_fail_on(to, text);
}

static void take_bytes(const char *option, const char *text, void *to)
{
	gate_options_most(to, gate_options_bytes(option, text), text);
}

static void take_count(const char *option, const char *text, void *to)
{
	gate_options_most(to, gate_options_count(option, text), text);
}

/* `to`: of a region; NULL: of the process. */
static void take_limit(const char *option, const char *text, void *to)
{
	gate_options_limit(&gate.options, option, text, to);
}

static void take_status(const char *option, const char *text, void *to)
{
	(void)option;
	*(int *)to = options_error_status(text);
}

static void take_baseline(const char *option, const char *text, void *to)
{
	(void)to;
	if (baseline_path)
		die(STATUS_INPUT,
		    "--%s is given twice, %s and %s; give one, and merge the other into it",
		    option, baseline_path, text);
	baseline_path = xstrdup(text);
}

static void take_suppressions(const char *option, const char *text, void *to)
{
	(void)option;
	suppress_add_file(to, text);
}

static void take_format(const char *option, const char *text, void *to)
{
	(void)to;
	writer = find_writer(option, text, strlen(text));
}

static void take_output(const char *option, const char *text, void *to)
{
	const char *equals = strchr(text, '=');

	if (!equals || !equals[1])
		die(STATUS_INPUT,
		    "--output is \"%s\"; give a format and a file, such as junit=report.xml",
		    text);
	gate_outputs_add(to, find_writer(option, text, (size_t)(equals - text)),
			 equals + 1);
}

static void take_patterns(const char *option, const char *text, void *to)
{
	gate_patterns_add(to, option, text);
}

static void forget_given(void)
{
	for (size_t i = 0; i < given_count; i++)
		free(given[i].text);
	free(given);
	given = NULL;
	given_count = 0;
}

static void note(poptContext context, enum poptCallbackReason reason,
		 const struct poptOption *o, const char *text, void *data)
{
	(void)context;
	(void)text;
	(void)data;
	if (reason == POPT_CALLBACK_REASON_PRE)
		forget_given();
	else if (o->val)
		*LIST_ADD(given, given_count) =
		    (struct given){ o, ((const struct taken *)o->arg)->text };
}

static const struct poptOption options[] = {
	{ NULL, 0, POPT_ARG_CALLBACK | POPT_CBFLAG_PRE, (void *)note, 0, NULL,
	  NULL },
	{ "fail-on", 0, TAKEN(take_fail_on, &gate.options),
	  "kinds of findings that fail, and of these the new (the default), grown or any",
	  "LIST" },
	{ "max-leaked-bytes", 0, TAKEN(take_bytes, &gate.options.leaked_bytes),
	  "fail when more is leaked, all in all", "N" },
	{ "max-leaked-objects", 0,
	  TAKEN(take_count, &gate.options.leaked_objects),
	  "likewise, in objects", "N" },
	{ "max-peak", 0, TAKEN(take_bytes, &gate.options.peak),
	  "fail when a process ever had more alive", "BYTES" },
	{ "max-lost-mapped", 0, TAKEN(take_bytes, &gate.options.lost_mapped),
	  "fail when a process lost more of what it mapped itself", "BYTES" },
	{ "max-live", 0, TAKEN(take_limit, NULL),
	  "fail when more of a type is alive at the end: 'Session=0'; may be repeated",
	  "TYPE=N" },
	{ "max-left", 0, TAKEN(take_limit, &gate),
	  "fail when the passes of a region left more: 'request=0', 'request/Session=0'",
	  "REGION[/TYPE]=N" },
	{ "baseline", 0, TAKEN(take_baseline, NULL),
	  "the findings that are accepted", "FILE" },
	{ "update-baseline", 0, POPT_ARG_NONE, &update_baseline, 0,
	  "accept what is found now", NULL },
	{ "keep-stale", 0, POPT_ARG_NONE, &keep_stale, 0,
	  "with that, leave entries in it that were not found", NULL },
	{ "suppressions", 0, TAKEN(take_suppressions, &suppressions),
	  "findings not to report, in LeakSanitizer's or Valgrind's grammar; may be repeated",
	  "FILE" },
	{ "show-suppressed", 0, POPT_ARG_NONE, &show_suppressed, 0,
	  "list what suppressions covered", NULL },
	{ "gen-suppressions", 0, POPT_ARG_NONE, &generate, 0,
	  "print suppressions for what fails, in both grammars, before the result; the format suppressions is a file of them",
	  NULL },
	{ "allow-incomplete", 0, POPT_ARG_NONE, &allow_incomplete, 0,
	  "do not fail because something was not recorded or not checked",
	  NULL },
	{ "allow-failure", 0, POPT_ARG_NONE, &allow_failure, 0,
	  "judge, and update the baseline, as if the program had not failed",
	  NULL },
	{ "error-exitcode", 0, TAKEN(take_status, &gate.options.error_status),
	  "exit status when the gate fails, 23 without this option", "N" },
	{ "format", 'f', TAKEN(take_format, NULL), GATE_WRITERS_HELP,
	  "FORMAT" },
	{ "output", 0, TAKEN(take_output, &outputs),
	  "write that format to a file, too; may be repeated", "FORMAT=FILE" },
	{ "source-root", 0, POPT_ARG_STRING, &source_root, 0,
	  "where the source tree is, the working directory without this option",
	  "DIR" },
	{ "keep", 'o', POPT_ARG_STRING, &keep, 0,
	  "keep the recordings, as refknot run -o does", "FILE" },
	{ "programs", 0, TAKEN(take_patterns, &gate.options.programs.only),
	  "judge only these programs: 'test_*', './*'; may be repeated",
	  "PATTERNS" },
	{ "skip-programs", 0, TAKEN(take_patterns, &gate.options.programs.skip),
	  "do not judge these: 'cc1,/usr/bin/*'; may be repeated", "PATTERNS" },
	{ "killed-ok", 0, TAKEN(take_patterns, &gate.options.killed_ok),
	  "do not fail because SIGKILL ended one of these: 'server'; may be repeated",
	  "PATTERNS" },
	{ "no-children", 0, POPT_ARG_NONE, &no_children, 0,
	  "record only the program, not what it starts", NULL },
	OPTIONS_STACKS,
	OPTIONS_BRIEF,
	OPTIONS_SYMBOLS,
	POPT_TABLEEND
};

static void choose_writer(void)
{
	if (brief_wanted && writer)
		die(STATUS_INPUT,
		    "--brief is a format of its own; give it or --format");
	if (brief_wanted)
		writer = &gate_brief_writer;
	else if (!writer)
		writer = find_writer("format", "text", 4);
}

static void open_gate(void)
{
	const char *refusal;

	gate_open(&gate, &suppressions);
	for (size_t i = 0; i < given_count; i++) {
		const struct taken *taken = given[i].option->arg;

		taken->take(given[i].option->longName, given[i].text,
			    taken->to);
	}
	forget_given();
	gate.options.allow_incomplete = allow_incomplete;
	gate.options.allow_failure = allow_failure;
	gate.ran = options_program != NULL;
	gate_text_shows_suppressed = show_suppressed;
	suppress_add_built_in(&suppressions);
	gate.sources = sources_open(source_root);
	if (!gate.sources && source_root)
		die(STATUS_INPUT, "--source-root %s: %s", source_root,
		    strerror(errno));
	if (!gate.sources)
		die(STATUS_INPUT,
		    "the working directory has no name (%s); go to another, or name the one of the sources by --source-root",
		    strerror(errno));
	gate_outputs_differ(&outputs, "the baseline", baseline_path);
	if (update_baseline && !baseline_path)
		die(STATUS_INPUT,
		    "--update-baseline needs --baseline FILE, the file to write");
	if (keep_stale && !update_baseline)
		die(STATUS_INPUT, "--keep-stale goes with --update-baseline");
	if (allow_failure && !options_program)
		die(STATUS_INPUT,
		    "--allow-failure is for a program that is run, behind --");
	/* What could only fail when the program has run. */
	refusal = keep && options_program ? recording_path_refusal(keep) : NULL;
	if (refusal)
		die(STATUS_INPUT, "--keep %s %s", keep, refusal);
	if (update_baseline) {
		char *whole = realpath(baseline_path, NULL);
		char *directory =
		    recording_path_directory(whole ? whole : baseline_path);
		int error = recording_path_check(directory);

		/* The file is replaced by another beside it. */
		free(directory);
		free(whole);
		if (error)
			die(STATUS_INPUT,
			    "--update-baseline: %s cannot be written: %s",
			    baseline_path, strerror(-error));
	}
	if (baseline_path) {
		baseline_read(&baseline, baseline_path, update_baseline);
		gate.baseline = &baseline;
	}
	choose_writer();
	gate_outputs_check(&outputs);
}

/* --- Recordings ------------------------------------------------------------ */

/* Those that are judged, and which of them could be read. */
struct named {
	const char **paths;
	bool *read;
};

static void visit(const struct reading *in, void *data)
{
	struct named *n = data;

	for (size_t i = 0; n->paths[i]; i++)
		n->read[i] |= !strcmp(n->paths[i], in->m->path);
	gate_add(&gate, in);
}

/* recordings_each() has printed why. A truncated recording was judged as far as it
 * reads. */
static void add_unread(const char *path)
{
	char *what = xasprintf("recording %s", path), *file = parts_file(path);

	gate_add_incomplete(&gate, what, NULL, 0, 0,
			    access(file, F_OK) && errno == ENOENT
				? "there is no such recording"
				: "it could not be read");
	free(file);
	free(what);
}

/* --- Results --------------------------------------------------------------- */

/* The gate keeps them until it is closed. */
struct names {
	char **texts;
	const char *
	    *list; /* the same, and ends with NULL once it is complete */
	size_t count, owned;
};

/* One is judged once, however often it is named. */
static void add_name(struct names *n, char *name)
{
	for (size_t i = 0; i < n->count; i++)
		if (!strcmp(n->list[i], name)) {
			free(name);
			return;
		}
	*LIST_ADD(n->texts, n->owned) = name;
	*LIST_ADD(n->list, n->count) = name;
}

static void names_release(struct names *n)
{
	for (size_t i = 0; i < n->owned; i++)
		free(n->texts[i]);
	free(n->texts);
	free(n->list);
}

static void add_open(const char *path, const struct rkn_meta *first)
{
	char *what;

	if (!(first->flags & RKN_META_RUN_OPEN))
		return;
	what = xasprintf("recording %s", path);
	gate_add_incomplete(
	    &gate, what, NULL, 0, 0,
	    "refknot is still writing it, or was ended before all recordings of the run were in it");
	free(what);
}

static void add_file(struct names *n, const char *path)
{
	struct parts parts;

	if (parts_read(&parts, path)) {
		add_name(n, xstrdup(path));
		return;
	}
	add_open(path, &parts.list[0].meta);
	for (size_t i = 0; i < parts.count; i++)
		add_name(n, parts_name(&parts, i, path));
	parts_release(&parts);
}

/* All processes of the newest run here. */
static void add_newest(struct names *n)
{
	struct recorded_run r;
	char *file, *shown;

	recorded_newest_run(&r);
	if (!r.count)
		recordings_none();
	if (isatty(STDERR_FILENO)) {
		file = parts_file(r.list[0].path);
		shown = escape(file);
		warn("the newest run here is in %s", shown);
		free(shown);
		free(file);
	}
	for (size_t i = 0; i < r.count; i++) {
		add_open(r.list[i].path, &r.list[i].meta);
		add_name(n, xstrdup(r.list[i].path));
	}
	recorded_release(&r);
}

/* What is named, a file as all the recordings in it. */
static void add_parts(struct names *n, const char **paths)
{
	if (!paths || !*paths)
		add_newest(n);
	for (; paths && *paths; paths++) {
		char *path = recordings_path(*paths);

		/* The number of a process means that one, not its file. */
		if (path && strcmp(path, *paths) != 0)
			add_name(n, xstrdup(path));
		else
			add_file(n, *paths);
		free(path);
	}
	*LIST_ADD(n->list, n->count) = NULL;
}

static int judge_recordings(const char **paths)
{
	struct named n = { .paths = paths };
	int status;

	n.read = xcalloc(recordings_count(paths), sizeof(*n.read));
	status = recordings_each(paths, visit, &n);
	for (size_t i = 0; paths[i]; i++)
		if (!n.read[i])
			add_unread(paths[i]);
	free(n.read);
	return status;
}

/* "refknot WHAT WORD..."; NULL: a word cannot be typed. `words` ends with NULL. */
static char *command_of(const char *what, const char *const *words)
{
	char *text = xasprintf("refknot %s", what), *word, *longer;

	for (; *words && text; words++) {
		word = brief_word(*words);
		longer = word ? xasprintf("%s %s", text, word) : NULL;
		free(word);
		free(text);
		text = longer;
	}
	return text;
}

/* The limit that is exceeded, if nothing else fails; NULL: more does. */
static const struct gate_worst *only_excess(void)
{
	const struct gate_worst *worst = NULL;

	for (size_t i = 0; i < gate.verdict.rule_count; i++) {
		const struct gate_rule *r = &gate.verdict.rules[i];

		if (!r->failed)
			continue;
		if (worst || !r->worst || !r->worst->shown_by)
			return NULL;
		worst = r->worst;
	}
	return worst;
}

/* "refknot leaks app.1.rkn"; NULL: it cannot be typed. */
static char *excess_command(const struct gate_worst *worst)
{
	const char *const path[] = { options_program ? keep : worst->path,
				     NULL };
	char *made, *both;

	if (*path || !options_program)
		return command_of(worst->shown_by, path);
	made = command_of("run -q", options_program);
	both = made ? xasprintf("%s; refknot %s", made, worst->shown_by) : NULL;
	free(made);
	return both;
}

/* What shows the findings in full: their recording, or if none is kept the program
 * again. */
static char *next_command(const char **recordings)
{
	const char *const kept[] = { keep, NULL };
	const char *const newest[] = { NULL };
	const struct gate_worst *worst = only_excess();

	if (worst)
		return excess_command(worst);
	if (options_program)
		return keep ? command_of("report --all", kept)
			    : command_of("run", options_program);
	return recordings ? command_of("report", recordings)
			  : command_of("report --all", newest);
}

static int run(const char **arguments)
{
	FILE *out = options_program ? stderr : stdout;
	struct names judged = { 0 };
	int status = 0;
	bool written;

	open_gate();
	if (options_program && no_children)
		setenv("REFKNOT_CHILDREN", "0", 1);
	if (options_program && arguments && *arguments)
		die(STATUS_INPUT,
		    "check: name recordings, or after -- a program, not both");
	if (options_program)
		status = gate_run(&gate, options_program, keep);
	else {
		add_parts(&judged, arguments);
		status = judge_recordings(judged.list);
	}
	if (update_baseline)
		gate_update(&gate, status, keep_stale);
	gate_judge(&gate, status);
	gate_programs_warn(&gate.options.programs);
	if (generate) {
		fputs("# as LeakSanitizer has it\n", out);
		gate_write_lsan_suppressions(out, &gate);
		fputs("# as Valgrind has it\n", out);
		gate_write_suppressions(out, &gate);
	}
	/* The report comes after those to files, so that its last line is true
	 * of them. */
	written = gate_outputs_write(&outputs, &gate, false);
	if (!written)
		gate_set_unwritten(&gate, status);
	if (brief_wanted)
		gate_brief_next = next_command(arguments);
	writer->write(out, &gate);
	if (!gate_outputs_write(&outputs, &gate, true) && written)
		gate_set_unwritten(&gate, status);
	if (!writer->people)
		fprintf(stderr, "%s\n", gate.verdict.summary);
	status = gate.verdict.status;
	gate_outputs_release(&outputs);
	gate_close(&gate);
	suppress_release(&suppressions);
	baseline_release(&baseline);
	sources_close(gate.sources);
	names_release(&judged);
	return status;
}

const struct command cmd_check = {
	.name = "check",
	.group = COMMAND_GATE,
	.arguments = "[REC...] | -- PROG [ARGS]",
	.help =
	    "fail on new leaks, cycles and references: a gate for pipelines",
	.options = options,
	.run = run,
	.after_dashes = true,
};
