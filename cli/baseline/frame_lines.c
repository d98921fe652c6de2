/* SPDX-License-Identifier: MIT */
#include "frame_lines.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "escape.h"
#include "fnv.h"
#include "list.h"
#include "place.h"
#include "signature_frames.h"

/* One stack of a cycle. */
struct part {
	uint64_t hash; /* as the signature has it */
	struct frame_lines lines;
};

void frame_lines_release(struct frame_lines *l)
{
	for (size_t i = 0; i < l->count; i++) {
		free(l->list[i].call);
		free(l->list[i].function);
		free(l->list[i].path);
	}
	free(l->list);
	*l = (struct frame_lines){ 0 };
}

static void append(struct frame_lines *l, struct frame_line line)
{
	*LIST_ADD(l->list, l->count) = line;
}

/* --- Of a finding ---------------------------------------------------------- */

static uint64_t hash_place(uint64_t hash, const struct location *l)
{
	for (int i = 0; i < 8; i++)
		hash = fnv_byte(hash, (unsigned char)(l->offset >> 8 * i));
	return hash;
}

/* Whether the module is one that its distribution updates. */
static bool is_of_system(const char *module)
{
	static const char *const roots[] = { "/lib", "/usr/lib", "/nix/store/",
					     "/gnu/store/" };

	for (size_t i = 0; i < sizeof(roots) / sizeof(*roots); i++)
		if (!strncmp(module, roots[i], strlen(roots[i])))
			return true;
	return false;
}

/* Of 64 bits the half that is not 0, which means "not known". */
static uint32_t half(uint64_t hash)
{
	uint32_t low = (uint32_t)(hash ^ hash >> 32);

	return low ? low : 1;
}

/* `named`: a function that does not allocate for others was there already. */
static struct frame_line make_line(const struct location *l,
				   const struct sources *sources, bool named)
{
	struct frame_line line = { .line = l->line, .declared = l->declared };

	if (!l->function && l->module &&
	    strcmp(l->module, SYMBOLS_KERNEL) != 0 &&
	    !(named && is_of_system(l->module)))
		return (struct frame_line){
			.coded = true,
			.code = l->build ? half(hash_place(l->build, l)) : 0,
			.line = half(
			    hash_place(fnv_text(FNV_OFFSET, l->module), l)),
			.function = place_function(l),
		};
	line.function = l->shown ? xstrdup(l->shown) : NULL;
	line.path = place_path(l);
	/* Where nothing is called, compilers made one of several calls on other
	 * lines, and gave it the first line of the function. */
	if (l->line && line.path &&
	    sources_is_quiet(sources, line.path, l->line))
		return line;
	line.placed = l->line && l->declared;
	line.offset = (int)(l->line - l->declared);
	line.read =
	    l->line && line.path &&
	    sources_hash(sources, line.path, l->declared, l->line, &line.text);
	return line;
}

static void add_stack(struct frame_lines *lines, const struct reading *in,
		      const struct sources *sources, uint32_t stack)
{
	struct route r = signature_frames_route(in->m, in->symbols, stack);
	bool named = false;

	for (size_t i = 0; i < r.count && i < FRAME_LINES_MOST; i++) {
		const struct location *l = r.list[i];
		struct frame_line line = make_line(l, sources, named);

		line.call = signature_frames_name(l);
		line.passing = l->inlined;
		line.jumped = l->tail_call;
		line.outermost = i + 1 == r.count;
		line.cut = !line.outermost && i + 1 == FRAME_LINES_MOST;
		append(lines, line);
		named |= l->function && !place_is_wrapper(l->function);
	}
	route_release(&r);
}

static int compare_parts(const void *a, const void *b)
{
	const struct part *x = a, *y = b;
	size_t n =
	    x->lines.count < y->lines.count ? x->lines.count : y->lines.count;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	for (size_t i = 0; i < n; i++) {
		const struct frame_line *p = &x->lines.list[i];
		const struct frame_line *q = &y->lines.list[i];

		if (p->offset != q->offset)
			return p->offset < q->offset ? -1 : 1;
		if (p->text != q->text)
			return p->text < q->text ? -1 : 1;
		if (p->code != q->code)
			return p->code < q->code ? -1 : 1;
	}
	return (x->lines.count > y->lines.count) -
	       (x->lines.count < y->lines.count);
}

static int compare_stacks(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The stacks of members that the signature knows by their functions, behind each
 * other; what is there twice once. */
static void add_cycle(struct frame_lines *l, const struct finding *f,
		      const struct reading *in, const struct sources *sources)
{
	uint32_t *stacks = xcalloc(f->member_count, sizeof(*stacks));
	struct part *parts = xcalloc(f->member_count, sizeof(*parts));
	size_t n = 0, count = 0, added = 0;

	for (size_t i = 0; i < f->member_count; i++)
		if (!names_object_at(in->names, f->members[i]))
			stacks[n++] = in->m->blocks[f->members[i]].stack;
	qsort(stacks, n, sizeof(*stacks), compare_stacks);
	for (size_t i = 0; i < n; i++) {
		if (i && stacks[i] == stacks[i - 1])
			continue;
		parts[count].hash =
		    signature_frames_hash(in->m, in->symbols, stacks[i]);
		add_stack(&parts[count++].lines, in, sources, stacks[i]);
	}
	qsort(parts, count, sizeof(*parts), compare_parts);
	for (size_t i = 0; i < count; i++) {
		struct frame_lines *one = &parts[i].lines;

		if (added == FRAME_LINES_STACKS ||
		    (i && !compare_parts(&parts[i - 1], &parts[i])))
			continue;
		for (size_t k = 0; k < one->count; k++) {
			append(l, one->list[k]);
			one->list[k] = (struct frame_line){ 0 };
		}
		added++;
	}
	for (size_t i = 0; i < count; i++)
		frame_lines_release(&parts[i].lines);
	free(parts);
	free(stacks);
}

void frame_lines_make(struct frame_lines *l, const struct finding *f,
		      const struct reading *in, const struct sources *sources)
{
	*l = (struct frame_lines){ 0 };
	if (f->kind == FINDING_CYCLE)
		add_cycle(l, f, in, sources);
	else
		add_stack(l, in, sources, f->stack);
}

/* --- Text ------------------------------------------------------------------ */

/* "+3:1a2b", "-2", ":1a2b", "@5be1c03d" or "?"; where it ends; NULL: it is
 * something else. */
static const char *read_line(struct frame_line *l, const char *text)
{
	const char *begin = text;
	char *end;

	if (*text == '?')
		return text + 1;
	if (*text == '@') {
		if (strspn(text + 1, "0123456789abcdef") != 8)
			return NULL;
		l->coded = true;
		l->code = (uint32_t)strtoul(text + 1, NULL, 16);
		return text + 9;
	}
	if (*text == '+' || *text == '-') {
		size_t digits = strspn(text + 1, "0123456789");

		if (!digits || digits > 9)
			return NULL;
		l->offset = (int)strtol(text, &end, 10);
		l->placed = true;
		text = end;
	}
	if (*text == ':') {
		if (strspn(text + 1, "0123456789abcdef") != 4)
			return NULL;
		l->text = (uint16_t)strtoul(text + 1, NULL, 16);
		l->read = true;
		text += 5;
	}
	return text == begin ? NULL : text;
}

bool frame_lines_parse(struct frame_lines *l, const char *text)
{
	*l = (struct frame_lines){ 0 };
	for (;; text++) {
		struct frame_line line = { 0 };

		text = read_line(&line, text);
		if (!text || (*text && *text != ',') ||
		    l->count == FRAME_LINES_MOST * FRAME_LINES_STACKS) {
			frame_lines_release(l);
			return false;
		}
		append(l, line);
		if (!*text)
			return true;
	}
}

void frame_lines_print(FILE *out, const struct frame_lines *l)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct frame_line *one = &l->list[i];

		if (i)
			fputc(',', out);
		if (one->placed)
			fprintf(out, "%+d", one->offset);
		if (one->read)
			fprintf(out, ":%04x", one->text);
		if (one->coded)
			fprintf(out, "@%08x", one->code);
		else if (!one->placed && !one->read)
			fputc('?', out);
	}
}

/* --- Comparison ------------------------------------------------------------ */

bool frame_lines_known(const struct frame_lines *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->list[i].placed || l->list[i].read || l->list[i].coded)
			return true;
	return false;
}

bool frame_lines_all_known(const struct frame_lines *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (!l->list[i].placed && !l->list[i].read)
			return false;
	return l->count > 0 && l->count < FRAME_LINES_MOST;
}

bool frame_lines_equal(const struct frame_lines *a, const struct frame_lines *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct frame_line *x = &a->list[i], *y = &b->list[i];

		if (x->placed != y->placed || x->read != y->read ||
		    x->coded != y->coded)
			return false;
		/* Programs that share code may have it at other lines. */
		if (!x->placed && !x->read && x->line != y->line)
			return false;
		if ((x->placed && x->offset != y->offset) ||
		    (x->read && x->text != y->text))
			return false;
	}
	return true;
}

/* Text says more than the offset: others may move to where it was. */
uint32_t frame_line_distance(const struct frame_line *a,
			     const struct frame_line *b)
{
	bool offsets = a->placed && b->placed, texts = a->read && b->read;

	if (a->coded || b->coded)
		return a->coded && b->coded && a->code && a->code == b->code
			   ? 0
			   : FRAME_LINES_OTHER;
	if (!offsets && !texts)
		return a->placed || b->placed || a->read || b->read ? 3 : 0;
	if (texts && a->text == b->text)
		return offsets && a->offset == b->offset ? 0 : 1;
	if (offsets && a->offset == b->offset)
		return texts ? 2 : 1;
	return FRAME_LINES_OTHER;
}

static bool has_code(const struct frame_lines *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->list[i].coded)
			return true;
	return false;
}

uint32_t frame_lines_distance(const struct frame_lines *a,
			      const struct frame_lines *b)
{
	size_t most = a->count > b->count ? a->count : b->count;
	uint32_t sum = 0;

	if (has_code(a) != has_code(b))
		return FRAME_LINES_OTHER;
	if (!frame_lines_known(a) || !frame_lines_known(b))
		return frame_lines_known(a) || frame_lines_known(b)
			   ? 3 * (uint32_t)most
			   : 0;
	if (a->count != b->count)
		return FRAME_LINES_OTHER;
	for (size_t i = 0; i < a->count; i++) {
		uint32_t d = frame_line_distance(&a->list[i], &b->list[i]);

		if (d == FRAME_LINES_OTHER)
			return d;
		sum += d;
	}
	return sum;
}

size_t frame_lines_differing(const struct frame_lines *a,
			     const struct frame_lines *b)
{
	size_t least = a->count < b->count ? a->count : b->count;
	size_t n = a->count + b->count - 2 * least;

	for (size_t i = 0; i < least; i++)
		n += frame_line_distance(&a->list[i], &b->list[i]) ==
		     FRAME_LINES_OTHER;
	return n;
}

char *frame_lines_difference(const struct frame_lines *here,
			     const struct frame_lines *there)
{
	for (size_t i = 0; i < here->count && i < there->count; i++) {
		const struct frame_line *h = &here->list[i];
		const struct frame_line *t = &there->list[i];
		char *function, *text;

		if (frame_line_distance(h, t) != FRAME_LINES_OTHER ||
		    !h->function || !h->placed || !t->placed)
			continue;
		function = escape(h->function);
		text = xasprintf("%s() %+d there, %+d here", function,
				 t->offset, h->offset);
		free(function);
		return text;
	}
	return NULL;
}

char *frame_lines_unnamed(const struct frame_lines *here,
			  const struct frame_lines *there)
{
	for (size_t i = 0; i < here->count; i++) {
		const struct frame_line *h = &here->list[i];

		if (!h->coded || (i < there->count &&
				  frame_line_distance(h, &there->list[i]) == 0))
			continue;
		return xasprintf(
		    "%s has no name, and %s; %s",
		    h->function ? h->function : "code",
		    h->code ? "it is not what was accepted, or of another build"
			    : "which build it is of is not known",
		    h->code
			? "build it with symbols, or accept it with --update-baseline"
			: "link it with -Wl,--build-id, or keep its file until the report is made");
	}
	return NULL;
}
