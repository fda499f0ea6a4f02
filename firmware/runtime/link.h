/* The device's side of the link to the host: docs/protocol.md. */
#ifndef SDK_LINK_H
#define SDK_LINK_H

#include <stdint.h>

/* Takes one byte from the host; runs the request that it completes and sends the reply. */
void sdk_link_receive(uint8_t byte);

#endif
