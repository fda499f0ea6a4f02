/* The measuring firmware: answers the host for ever. */
#include "link.h"
#include "sdk/port.h"
#include "stack.h"

int main(void)
{
    port_init();
    sdk_stack_paint();
    for (;;) {
        const int byte = port_getc();
        if (byte >= 0) {
            sdk_link_receive((uint8_t)byte);
        }
    }
}
