/* The device's side of the link to the host: docs/protocol.md. */
#ifndef SDK_LINK_H
#define SDK_LINK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Takes one byte from the host; runs the request that it completes and sends the reply. Returns false if the byte is
 * text outside frames: after a valid frame's end, or after the start, and before a delimiter.
 */
bool sdk_link_receive(uint8_t byte);

/* Ends the session: the arena is used by something else. */
void sdk_link_end_session(void);

#endif
