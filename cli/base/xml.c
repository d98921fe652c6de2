/* SPDX-License-Identifier: MIT */
#include "xml.h"

#include <inttypes.h>
#include <stdlib.h>

#include "die.h"
#include "escape.h"
#include "status.h"

static const xmlChar *bytes(const char *text)
{
	return (const xmlChar *)text;
}

static void need(int result)
{
	if (result < 0)
		die(STATUS_INPUT, "the XML report cannot be written");
}

static int write_out(void *out, const char *text, int size)
{
	return fwrite(text, 1, (size_t)size, out) == (size_t)size ? size : -1;
}

/* The file is its caller's. */
static int leave_open(void *out)
{
	(void)out;
	return 0;
}

xmlTextWriterPtr xml_open(FILE *out)
{
	xmlOutputBufferPtr buffer =
	    xmlOutputBufferCreateIO(write_out, leave_open, out, NULL);
	xmlTextWriterPtr w = buffer ? xmlNewTextWriter(buffer) : NULL;

	if (!w)
		die(STATUS_INPUT, "out of memory");
	need(xmlTextWriterSetIndent(w, 1));
	need(xmlTextWriterStartDocument(w, NULL, "UTF-8", NULL));
	return w;
}

void xml_close(xmlTextWriterPtr w)
{
	need(xmlTextWriterEndDocument(w));
	need(xmlTextWriterFlush(w));
	xmlFreeTextWriter(w);
}

void xml_start(xmlTextWriterPtr w, const char *element)
{
	need(xmlTextWriterStartElement(w, bytes(element)));
}

void xml_end(xmlTextWriterPtr w)
{
	need(xmlTextWriterEndElement(w));
}

void xml_attribute(xmlTextWriterPtr w, const char *name, const char *text)
{
	char *plain;

	if (!text)
		return;
	plain = escape(text);
	need(xmlTextWriterWriteAttribute(w, bytes(name), bytes(plain)));
	free(plain);
}

void xml_count(xmlTextWriterPtr w, const char *name, uint64_t count)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, count);
	xml_attribute(w, name, text);
}

void xml_text(xmlTextWriterPtr w, const char *text)
{
	char *plain = escape(text);

	need(xmlTextWriterWriteString(w, bytes(plain)));
	free(plain);
}

void xml_element(xmlTextWriterPtr w, const char *name, const char *text)
{
	if (!text)
		return;
	xml_start(w, name);
	xml_text(w, text);
	xml_end(w);
}

void xml_number(xmlTextWriterPtr w, const char *name, uint64_t number)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	xml_element(w, name, text);
}

void xml_newline(xmlTextWriterPtr w)
{
	need(xmlTextWriterWriteRaw(w, bytes("\n")));
}
