/* SPDX-License-Identifier: MIT */
/* SARIF's rules, one a kind of findings: what it means, and what to do, for
 * people who see a result without a manual at hand. */
#include "document.h"
#include "gate_sarif.h"
#include "json_text.h"

/* What a kind means, and what to do: help for people who see it there. */
static const struct {
	const char *name; /* of the rule */
	const char *meaning;
	const char *help;
} rules[FINDING_KINDS + 1] = {
	[FINDING_CYCLE] = { "OrphanedCycle",
			    "Objects that only keep each other can never be freed.",
			    "Make one of the references weak, or break the cycle when the owner goes." },
	[FINDING_REFERENCE] = { "LeakedReference",
				"A reference was taken and never given back.",
				"Release it on every way out of the function that took it." },
	[FINDING_LEAK] = { "MemoryLeak",
			   "Nothing points at the memory any more.",
			   "Free it before its last pointer goes." },
	[FINDING_OVER] = { "OverRetained",
			   "The object counts more references than there are pointers to it.",
			   "Find the release that is missing with refknot refs." },
	[FINDING_UNDER] = { "UnderRetained",
			    "More holders are known than the object counts: it may be freed in use.",
			    "Retain it for each holder." },
	[FINDING_RELEASED_AT_ZERO] = { "ReleaseAtZero",
				       "A reference was given back that nobody had.",
				       "Remove the release, or add the retain that it belongs to." },
	[FINDING_ON_FREED] = { "ReferenceOnFreed",
			       "A freed object was retained or released.",
			       "Keep a reference for as long as the pointer is used." },
	[FINDING_FREED_HELD] = { "FreedWhileHeld",
				 "An object was freed while others held references.",
				 "Release it instead of freeing it." },
	[FINDING_WRONG_HOLDER] = { "WrongHolder",
				   "A holder gave away a reference that it did not have.",
				   "Let the one that has it give it away, or take one first." },
	[FINDING_ZERO] = { "ZeroButNotFreed",
			   "The last reference was given back, but the object was not freed.",
			   "Free it where its count comes to zero." },
	[FINDING_POSSIBLE] = { "PossibleLeak",
			       "Only pointers into the middle of the memory are left.",
			       "Keep a pointer to its start, or free it." },
	[FINDING_KINDS] = { "LimitExceeded",
			    "More is alive, or was, than a limit allows.",
			    "Free what is no longer needed, or raise the limit." },
};

static json_t *rule(const char *id, enum finding_kind kind)
{
	json_t *o = json_object(), *level = json_object();
	json_t *properties = json_object(), *tags = json_array();
	bool possible = kind == FINDING_POSSIBLE;
	const char *severity = possible ? "warning" : "error";

	document_append(tags, json_text("memory"));
	document_append(tags, json_text("leak"));
	document_set(properties, "tags", tags);
	document_set(properties, "precision",
		     json_text(possible ? "low" : "very-high"));
	document_set(properties, "problem.severity", json_text(severity));
	document_set(level, "level", json_text(severity));
	document_set(o, "id", json_text(id));
	document_set(o, "name", json_text(rules[kind].name));
	document_set(o, "shortDescription", sarif_message(rules[kind].meaning));
	document_set(o, "fullDescription", sarif_message(rules[kind].meaning));
	document_set(o, "help", sarif_message(rules[kind].help));
	document_set(o, "defaultConfiguration", level);
	document_set(o, "properties", properties);
	return o;
}

json_t *sarif_tool(void)
{
	json_t *o = json_object(), *driver = json_object();
	json_t *list = json_array();

	for (int kind = 0; kind < FINDING_KINDS; kind++)
		document_append(list, rule(finding_kind_name(kind), kind));
	document_append(list, rule(SARIF_LIMIT, FINDING_KINDS));
	document_set(driver, "name", json_text("refknot"));
	document_set(driver, "semanticVersion", json_text(REFKNOT_VERSION));
	document_set(driver, "rules", list);
	document_set(o, "driver", driver);
	return o;
}
