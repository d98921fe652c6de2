/* SPDX-License-Identifier: MIT */
#include "scene.h"
#include "symbols_calls.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "symbols_cache.h"

#define BASE    0x1000u
#define SPACING 0x1000u

struct reading scene_read(struct scene *s)
{
	struct block_types *types = block_types_open(&s->m, &s->symbols);

	return (struct reading){ &s->m, &s->symbols, types,
				 names_open(&s->m, &s->symbols, types) };
}

void scene_init(struct scene *s)
{
	static char path[] = "scene.rkn";
	static const char strings[] = "\0/bin/scene";

	memset(s, 0, sizeof(*s));
	s->m.path = path;
	memcpy(s->texts, strings, sizeof(strings));
	s->m.strings = s->texts;
	s->m.strings_size = sizeof(strings);
	s->module.path = 1;
	s->m.meta.flags = RKN_META_SNAPSHOT;
	s->m.modules = &s->module;
	s->m.module_count = 1;
	s->m.threads = s->threads;
	s->m.thread_count = 2;
	s->m.blocks = s->blocks;
	s->m.edges = s->edges;
	s->m.roots = s->roots;
	s->m.frames = s->frames;
	s->m.frame_count = 1;
	s->m.stacks = s->stacks;
	s->m.stack_count = 1;
	s->m.names = s->names;
	s->m.name_count = 1;
	s->m.objects = s->objects;
	s->m.references = s->references;
	s->m.events = s->events;
}

uint32_t scene_stack(struct scene *s, const char *const *names)
{
	size_t n = 0;
	uint32_t frame = 0;

	while (names[n])
		n++;
	while (n-- > 0) {
		uint32_t next = (uint32_t)s->m.frame_count++;

		assert(next < SCENE_MOST);
		s->frames[next].parent = frame;
		s->frames[next].address = BASE + next;
		s->symbols.functions[next] = *names[n] ? names[n] : NULL;
		frame = next;
	}
	assert(s->m.stack_count < SCENE_MOST);
	s->stacks[s->m.stack_count].frame = frame;
	return (uint32_t)s->m.stack_count++;
}

uint32_t scene_in(struct scene *s, const char *function)
{
	const char *names[] = { function, "main", NULL };

	return scene_stack(s, names);
}

uint32_t scene_block(struct scene *s, uint32_t stack, uint64_t size)
{
	uint32_t b = (uint32_t)s->m.block_count++;

	assert(b < SCENE_MOST);
	s->blocks[b] = (struct rkn_block){ .address = (b + 1) * SPACING,
					   .size = size,
					   .birth = b + 1,
					   .stack = stack };
	s->stacks[stack].allocations++;
	s->stacks[stack].allocated_bytes += size;
	return b;
}

static int before(const struct rkn_edge *a, const struct rkn_edge *b)
{
	if (a->from != b->from)
		return a->from < b->from;
	return a->from_word < b->from_word;
}

void scene_edge(struct scene *s, uint32_t from, uint64_t offset, uint32_t to,
		uint32_t to_offset)
{
	struct rkn_edge edge = { .from = from,
				 .to = to,
				 .from_word = (uint32_t)(offset / 8),
				 .to_offset = to_offset };
	size_t i = s->m.edge_count++;

	assert(i < sizeof(s->edges) / sizeof(*s->edges));
	for (; i && before(&edge, &s->edges[i - 1]); i--)
		s->edges[i] = s->edges[i - 1];
	s->edges[i] = edge;
}

void scene_root(struct scene *s, uint32_t block, uint32_t to_offset)
{
	assert(s->m.root_count < SCENE_MOST);
	s->roots[s->m.root_count++] = (struct rkn_root){
		.where = BASE, .block = block, .to_offset = to_offset
	};
}

void scene_declared_root(struct scene *s, uint32_t block)
{
	scene_root(s, block, 0);
	s->roots[s->m.root_count - 1].where = 0;
	s->roots[s->m.root_count - 1].kind = RKN_ROOT_DECLARED;
}

static uint32_t name_of(struct scene *s, const char *text)
{
	uint32_t number = 1;

	if (!text)
		return 0;
	while (number < s->m.name_count &&
	       strcmp(s->texts + s->names[number].text, text) != 0)
		number++;
	if (number < s->m.name_count)
		return number;
	assert(number < SCENE_MOST &&
	       s->m.strings_size + strlen(text) < sizeof(s->texts));
	s->m.name_count++;
	s->names[number].text = (uint32_t)s->m.strings_size;
	strcpy(s->texts + s->m.strings_size, text);
	s->m.strings_size += strlen(text) + 1;
	return number;
}

static uint32_t add_object(struct scene *s, const char *type)
{
	uint32_t number = s->m.object_count ? (uint32_t)s->m.object_count : 1;
	struct rkn_object *o = &s->objects[number];

	assert(number < SCENE_MOST);
	s->m.object_count = number + 1;
	o->type = name_of(s, type);
	o->serial = (uint32_t)++s->names[o->type].made;
	o->block = RKN_NONE;
	return number;
}

uint32_t scene_object(struct scene *s, uint32_t block, uint32_t offset,
		      const char *type, int64_t count)
{
	uint32_t number = add_object(s, type);
	struct rkn_object *o = &s->objects[number];

	o->block = block;
	o->address = s->blocks[block].address + offset;
	o->stack = s->blocks[block].stack;
	o->count = o->told = count;
	return number;
}

uint32_t scene_ended(struct scene *s, const char *type)
{
	uint32_t number = add_object(s, type);

	s->objects[number].flags = RKN_OBJECT_ENDED;
	return number;
}

struct rkn_reference *scene_reference(struct scene *s, uint32_t to,
				      uint32_t from, const char *field)
{
	size_t i = s->m.reference_count++;

	assert(i < SCENE_MOST && (!i || s->references[i - 1].to <= to));
	s->references[i] = (struct rkn_reference){
		.order = i + 1,
		.to = to,
		.from = from,
		.holder = from ? s->objects[from].address : 0,
		.field = name_of(s, field),
	};
	return &s->references[i];
}

void scene_release(struct scene *s, uint32_t object, uint64_t order)
{
	size_t i = s->m.event_count++;
	struct rkn_object *o = &s->objects[object];

	assert(i < SCENE_MOST &&
	       (!o->events || o->first_event + o->events == i));
	if (!o->events++)
		o->first_event = (uint32_t)i;
	o->event_count = o->events;
	s->events[i] = (struct rkn_event){ .order = order,
					   .kind = RKN_EVENT_RELEASE,
					   .count = 1 };
}

size_t symbols_frame(struct symbols *s, uint32_t frame,
		     const struct location **locations)
{
	static struct location list[SCENE_MOST][2];
	struct location *l = list[frame];

	l[1] = (struct location){
		.function = s->functions[frame],
		.file = s->files[frame] ? s->files[frame] : "scene.c",
		.line = s->lines[frame] ? s->lines[frame] : frame,
		.module = s->modules[frame] ? s->modules[frame] : "/bin/scene",
		.offset = BASE + frame,
		.column = s->columns[frame],
		.build = s->functions[frame] ? 0 : s->builds[frame],
	};
	l[1].shown = l[1].full = l[1].function;
	l[0] = l[1];
	l[0].function = l[0].shown = l[0].full = s->inlined[frame];
	l[0].inlined = true;
	s->asked++;
	*locations = s->inlined[frame] ? l : l + 1;
	return s->inlined[frame] ? 2 : 1;
}

size_t symbols_innermost(struct symbols *s, uint32_t stack,
			 const struct location **locations)
{
	(void)s;
	(void)stack;
	*locations = NULL;
	return 0;
}

const char *symbols_calls_name(struct symbols *s, uint32_t frame)
{
	return s->calls[frame];
}

const char *symbols_calls_allocator(struct symbols *s, uint32_t frame)
{
	return s->calls[frame];
}

bool symbols_data(struct symbols *s, uint32_t module, uint64_t address,
		  char *name, size_t size)
{
	(void)module;
	(void)address;
	if (s->data)
		snprintf(name, size, "%s", s->data);
	return s->data;
}

/* No frame of a thread is in a scene. */
size_t symbols_code_at(struct symbols *s, uint32_t module, uint64_t address,
		       const struct location **locations)
{
	static const struct location nowhere;

	(void)s;
	(void)module;
	(void)address;
	*locations = &nowhere;
	return 1;
}

bool symbols_thread_data(struct symbols *s, uint32_t module, uint64_t offset,
			 char *name, size_t size)
{
	return symbols_data(s, module, offset, name, size);
}

size_t symbols_missing(const struct symbols *s, const char **first_path)
{
	(void)s;
	if (first_path)
		*first_path = NULL;
	return 0;
}

void symbols_check(struct symbols *s, uint32_t module)
{
	(void)s;
	(void)module;
}

const char *symbols_why_missing(const struct symbols *s, uint32_t module)
{
	(void)s;
	(void)module;
	return NULL;
}

/* Of symbols_own.h, whose `struct symbols` is another one. No file is there that
 * could tell a C type. */
struct symbols_module;
struct symbols_module *symbols_own_elf(struct symbols *s, uint32_t module);
struct symbols_cache *symbols_own_cache(struct symbols *s, uint32_t module);

struct symbols_module *symbols_own_elf(struct symbols *s, uint32_t module)
{
	(void)s;
	(void)module;
	return NULL;
}

struct symbols_cache *symbols_own_cache(struct symbols *s, uint32_t module)
{
	static struct symbols_cache nothing;

	(void)s;
	(void)module;
	return &nothing;
}

char *symbols_warning(const struct symbols *s, size_t *at)
{
	(void)s;
	(void)at;
	return NULL;
}
