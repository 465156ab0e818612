#ifndef SLIPWAY_IMAGE_DOCKERFILES_H
#define SLIPWAY_IMAGE_DOCKERFILES_H

#include <slipway/str.h>

/*
 * Files below the working directory that look like Dockerfiles ("Dockerfile", "Dockerfile.web",
 * "web.Dockerfile", "Containerfile"), at most three folders deep, sorted, a handful. Hidden folders
 * and node_modules are left out.
 */
enum { SW_DOCKERFILES_MAX = 8 };
void sw_dockerfiles_find(struct sw_strs *ret);

#endif
