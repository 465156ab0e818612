#ifndef SLIPWAY_BASE_BANNED_H
#define SLIPWAY_BASE_BANNED_H

/*
 * Functions that are easy to misuse and have a safe counterpart here. Included last by every source
 * file of the library (the build adds it), so that using one is a compile error.
 */

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok gmtime localtime atoi \
    atol sscanf gets

#endif
