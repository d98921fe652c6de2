/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "die.h"
#include "document.h"
#include "escape.h"
#include "json_text.h"
#include "report_print.h"

static char *name_of(struct names *n, const struct rkn_party *w)
{
	if (!w->type)
		return xasprintf("0x%" PRIx64, w->address);
	return xasprintf("%s#%" PRIu32, names_type_called(n, w->type),
			 w->serial);
}

/* " in next"; nothing if no field is named. */
static void print_field(const struct printer *p, const struct rkn_party *w)
{
	char *field = escape(model_name(p->in->m, w->field));

	if (*field)
		fprintf(p->out, " in %s", field);
	free(field);
}

static void print_other(const struct printer *p, const struct rkn_error *e)
{
	char *name = name_of(p->in->names, &e->other);

	fprintf(p->out, "    %s has %s", name,
		e->kind == RKN_ERROR_UNLINK_NOTHING ? "one" : "a reference");
	print_field(p, &e->other);
	fputs(e->to.address && e->to.address == e->other.address ? " already\n"
								 : "\n",
	      p->out);
	if (e->other.stack)
		print_place(p, "        ",
			    e->flags & RKN_ERROR_FIRST_MOVE ? "moved to it at"
							    : "taken at",
			    e->other.stack);
	free(name);
}

void wrong_holder_print(const struct printer *p, const struct rkn_error *e)
{
	char *who = e->who.address ? name_of(p->in->names, &e->who) : NULL;
	char *to = e->to.address ? name_of(p->in->names, &e->to) : NULL;

	if (e->kind == RKN_ERROR_MOVE_FROM_OTHER) {
		fprintf(p->out, "    a reference was moved from %s to %s, but ",
			who ? who : "an unnamed holder",
			to ? to : "an unnamed holder");
		fprintf(p->out,
			who ? "%s has none\n"
			    : "all that there are have holders\n",
			who);
	} else {
		fprintf(p->out,
			e->kind == RKN_ERROR_UNLINK_NOTHING
			    ? "    %s took back a link"
			    : "    %s gave back a reference",
			who);
		print_field(p, &e->who);
		fputs(" that it does not have\n", p->out);
	}
	free(who);
	free(to);
	if (e->who.stack)
		print_place(p, "        ",
			    e->flags & RKN_ERROR_GAVE_AWAY
				? "it moved its own to another at"
				: "it gave its own back at",
			    e->who.stack);
	if (e->other.address)
		print_other(p, e);
	if (e->flags & RKN_ERROR_COPIED)
		fputs(
		    "    a reference of memory without an object may be meant, if that was copied\n",
		    p->out);
	if (e->flags & RKN_ERROR_DOUBTED)
		fputs(
		    "    the maker's reference may be meant, if its holder was not named when it took it\n",
		    p->out);
}

/* `how` the party's stack came about. */
static json_t *party(const struct reading *in, const struct rkn_party *party,
		     const char *how)
{
	json_t *o;

	if (!party->address)
		return json_null();
	o = json_object();
	document_take(o, "object",
		      party->type ? name_of(in->names, party) : NULL);
	document_set(o, "address", json_address(party->address));
	document_field(o, in->m, party->field);
	document_text(o, "how", party->stack ? how : NULL);
	document_set(o, "stack",
		     party->stack ? document_stack(in, party->stack)
				  : json_null());
	return o;
}

void wrong_holder_json(json_t *o, const struct reading *in,
		       const struct rkn_error *e)
{
	static const char *const calls[] = {
		[RKN_ERROR_RELEASE_BY_OTHER] = "release",
		[RKN_ERROR_MOVE_FROM_OTHER] = "move",
		[RKN_ERROR_UNLINK_NOTHING] = "unlink",
	};

	document_text(o, "call", calls[e->kind]);
	document_set(o, "holder",
		     party(in, &e->who,
			   e->flags & RKN_ERROR_GAVE_AWAY ? "moved-away"
							  : "given-back"));
	document_set(o, "new_holder", party(in, &e->to, ""));
	document_set(
	    o, "other_holder",
	    party(in, &e->other,
		  e->flags & RKN_ERROR_FIRST_MOVE ? "moved-to" : "taken"));
}
