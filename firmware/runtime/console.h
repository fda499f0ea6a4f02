/* What else may use the console; main.c has weak definitions that do nothing. */
#ifndef SDK_CONSOLE_H
#define SDK_CONSOLE_H

#include <stdint.h>

/* Called once before the first byte is received. */
void sdk_console_start(void);

/* Takes a byte from the host that is not a part of a frame. */
void sdk_console_receive(uint8_t byte);

#endif
