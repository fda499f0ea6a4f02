/* The measuring firmware: answers the host for ever. */
#include "console.h"
#include "link.h"
#include "sdk/port.h"
#include "stack.h"

__attribute__((weak)) void sdk_console_start(void)
{
}

__attribute__((weak)) void sdk_console_receive(uint8_t byte)
{
    (void)byte;
}

int main(void)
{
    port_init();
    sdk_stack_paint();
    sdk_console_start();
    for (;;) {
        const int byte = port_getc();
        if (byte >= 0 && !sdk_link_receive((uint8_t)byte)) {
            sdk_console_receive((uint8_t)byte);
        }
    }
}
