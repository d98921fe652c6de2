/* SPDX-License-Identifier: MIT */
/* An XML document, written an element at a time, each on its own line and indented
 * by a space a level. */
#ifndef XML_H
#define XML_H

#include <stdint.h>
#include <stdio.h>

struct xml;

/* A document in UTF-8 on its way to `out`, which stays the caller's. Dies where
 * there is no memory. */
struct xml *xml_open(FILE *out);
/* Frees it. Whether all could be written `out` says: only its owner has a name for
 * it. */
void xml_close(struct xml *w);

/* Begins an element, of at most XML_DEPTH in each other; the name lives until
 * xml_end(), which ends the last that began. An element holds either text or
 * elements. */
#define XML_DEPTH 16
void xml_start(struct xml *w, const char *element);
void xml_end(struct xml *w);
/* Of the element that has just begun. What XML cannot hold in `text` is spelled
 * as escape() does, here and in xml_text(). If `text` is NULL, nothing is
 * written. */
void xml_attribute(struct xml *w, const char *name, const char *text);
void xml_count(struct xml *w, const char *name, uint64_t count);
void xml_text(struct xml *w, const char *text);
void xml_newline(struct xml *w);
/* An element with only text. */
void xml_element(struct xml *w, const char *name, const char *text);
void xml_number(struct xml *w, const char *name, uint64_t number);

#endif
