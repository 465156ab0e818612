#ifndef SLIPWAY_DOC_YAML_SCALAR_H
#define SLIPWAY_DOC_YAML_SCALAR_H

/* What a plain scalar means under YAML 1.1. */

#include <slipway/yaml.h>

/* Sets type and value of a scalar from its text, as if it had been written plain. */
void sw_yaml_scalar_resolve(struct sw_yaml *scalar);
/* Whether plain `text` would be read as a string, also by readers that know timestamps. */
bool sw_yaml_scalar_is_plain_str(struct sw_str text);

#endif
