/* SPDX-License-Identifier: MIT */
/* SARIF's rules, one a kind of findings: what it means, and what to do, for
 * people who see a result without a manual at hand. */
#include "document.h"
#include "gate_sarif.h"
#include "json_text.h"

/* `meaning`, and what to do: for people who see it there. */
static json_t *rule(const char *id, bool possible, const char *name,
		    const char *meaning, const char *help)
{
	json_t *o = json_object(), *level = json_object();
	json_t *properties = json_object(), *tags = json_array();
	const char *severity = possible ? "warning" : "error";

	document_append(tags, json_text("memory"));
	document_append(tags, json_text("leak"));
	document_set(properties, "tags", tags);
	document_set(properties, "precision",
		     json_text(possible ? "low" : "very-high"));
	document_set(properties, "problem.severity", json_text(severity));
	document_set(level, "level", json_text(severity));
	document_set(o, "id", json_text(id));
	document_set(o, "name", json_text(name));
	document_set(o, "shortDescription", sarif_message(meaning));
	document_set(o, "fullDescription", sarif_message(meaning));
	document_set(o, "help", sarif_message(help));
	document_set(o, "defaultConfiguration", level);
	document_set(o, "properties", properties);
	return o;
}

static json_t *rule_of(enum finding_kind kind)
{
	const char *id = finding_kinds[kind].name;

	switch (kind) {
	case FINDING_CYCLE:
		return rule(
		    id, false, "OrphanedCycle",
		    "Objects that only keep each other can never be freed.",
		    "Make one of the references weak, or break the cycle when the owner goes.");
	case FINDING_REFERENCE:
		return rule(
		    id, false, "LeakedReference",
		    "A reference was taken and never given back.",
		    "Release it on every way out of the function that took it.");
	case FINDING_LEAK:
		return rule(id, false, "MemoryLeak",
			    "Nothing points at the memory any more.",
			    "Free it before its last pointer goes.");
	case FINDING_OVER:
		return rule(
		    id, false, "OverRetained",
		    "The object counts more references than there are pointers to it.",
		    "Find the release that is missing with refknot refs.");
	case FINDING_UNDER:
		return rule(
		    id, false, "UnderRetained",
		    "More holders are known than the object counts: it may be freed in use.",
		    "Retain it for each holder.");
	case FINDING_RELEASED_AT_ZERO:
		return rule(
		    id, false, "ReleaseAtZero",
		    "A reference was given back, but none was outstanding.",
		    "Remove the release, or add the retain that it belongs to.");
	case FINDING_ON_FREED:
		return rule(
		    id, false, "ReferenceOnFreed",
		    "A freed object was retained or released.",
		    "Keep a reference for as long as the pointer is used.");
	case FINDING_FREED_HELD:
		return rule(id, false, "FreedWhileHeld",
			    "An object was freed while others held references.",
			    "Release it instead of freeing it.");
	case FINDING_WRONG_HOLDER:
		return rule(
		    id, false, "WrongHolder",
		    "A holder gave away a reference that it did not have.",
		    "Let the one that has it give it away, or take one first.");
	case FINDING_ZERO:
		return rule(
		    id, false, "ZeroButNotFreed",
		    "The last reference was given back, but the object was not freed.",
		    "Free it where its count comes to zero.");
	case FINDING_POSSIBLE:
		return rule(
		    id, true, "PossibleLeak",
		    "Only pointers into the middle of the memory are left.",
		    "Keep a pointer to its start, or free it.");
	}
	return NULL;
}

json_t *sarif_tool(void)
{
	json_t *o = json_object(), *driver = json_object();
	json_t *list = json_array();

	for (int kind = 0; kind < FINDING_KINDS; kind++)
		document_append(list, rule_of(kind));
	document_append(
	    list, rule(SARIF_LIMIT, false, "LimitExceeded",
		       "More is alive, or was, than a limit allows.",
		       "Free what is no longer needed, or raise the limit."));
	document_set(driver, "name", json_text("refknot"));
	document_set(driver, "semanticVersion", json_text(REFKNOT_VERSION));
	document_set(driver, "rules", list);
	document_set(o, "driver", driver);
	return o;
}
