/* SPDX-License-Identifier: MIT */
/* XML by libxml2's writer; what cannot be written dies. */
#ifndef XML_H
#define XML_H

#include <stdint.h>
#include <stdio.h>

#include <libxml/xmlwriter.h>

/* A document in UTF-8 on its way to `out`. */
xmlTextWriterPtr xml_open(FILE *out);
void xml_close(xmlTextWriterPtr w);

void xml_start(xmlTextWriterPtr w, const char *element);
void xml_end(xmlTextWriterPtr w);
/* What XML cannot hold in `text` is spelled as escape() does. If `text` is
 * NULL, nothing is written. */
void xml_attribute(xmlTextWriterPtr w, const char *name, const char *text);
void xml_count(xmlTextWriterPtr w, const char *name, uint64_t count);
void xml_text(xmlTextWriterPtr w, const char *text);
void xml_newline(xmlTextWriterPtr w);
/* An element with only text. */
void xml_element(xmlTextWriterPtr w, const char *name, const char *text);
void xml_number(xmlTextWriterPtr w, const char *name, uint64_t number);

#endif
