#ifndef SLIPWAY_AWS_XML_H
#define SLIPWAY_AWS_XML_H

/*
 * The XML of the query protocol as JSON. An element with children is an object; elements of one
 * name that repeat become an array; an element whose children are all <member> or all <item> is an
 * array of them; anything else is a string. Attributes and namespaces are dropped.
 *
 * Limits: AWS_XML_DEPTH_MAX levels, AWS_XML_NODES_MAX elements; document type declarations are
 * refused, so entities cannot be defined.
 */

#include <slipway/json.h>

enum { AWS_XML_DEPTH_MAX = 64, AWS_XML_NODES_MAX = 200000 };

/*
 * Reads a document: *ret is {"RootName": value}; the caller's. SW_E_INPUT with line and column on
 * text that is not well-formed, SW_E_TOO_LARGE beyond a limit.
 */
SW_NODISCARD enum sw_status aws_xml_parse(struct sw_str text, json_t **ret, struct sw_err *err);

#endif
