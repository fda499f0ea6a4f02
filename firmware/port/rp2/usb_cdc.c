/*
 * A USB CDC-ACM serial port on the chip's device controller (RP2040 datasheet 4.1; USB 2.0 chapter 9; CDC 1.2, PSTN 1.2).
 *
 * Endpoint 0 is control, 1 IN the notification endpoint that CDC demands and nobody uses, 2 IN and 2 OUT carry data.
 * All of it runs in the USB interrupt, or in the main program with that interrupt masked.
 */
#include "ring.h"
#include "rp2.h"

/* Controller registers, as offsets from USB_REGS */
#define ADDR_ENDP (USB_REGS + 0x00u)
#define MAIN_CTRL (USB_REGS + 0x40u)
#define SIE_CTRL (USB_REGS + 0x4cu)
#define SIE_STATUS (USB_REGS + 0x50u)
#define BUFF_STATUS (USB_REGS + 0x58u)
#define EP_STALL_ARM (USB_REGS + 0x68u)
#define USB_MUXING (USB_REGS + 0x74u)
#define USB_PWR (USB_REGS + 0x78u)
#define INTE (USB_REGS + 0x90u)
#define INTS (USB_REGS + 0x98u)

#define MAIN_CTRL_ENABLE 1u /* and no isolation, in which the RP2350's PHY is after a reset */
#define SIE_CTRL_EP0_INT_1BUF (1u << 29)
#define SIE_CTRL_PULLUP_EN (1u << 16)
#define SIE_STATUS_BUS_RESET (1u << 19)
#define SIE_STATUS_SETUP_REC (1u << 17)
#define MUXING_TO_PHY_SOFTCON 0x9u
#define PWR_VBUS_DETECT_OVERRIDDEN 0xcu
#define INT_SETUP_REQ (1u << 16)
#define INT_BUS_RESET (1u << 12)
#define INT_BUFF_STATUS (1u << 4)

/* Dual-port RAM: setup packet, endpoint control, buffer control, buffers */
#define SETUP_PACKET (USB_DPRAM + 0x00u)
#define EP1_IN_CTRL (USB_DPRAM + 0x08u)
#define EP2_IN_CTRL (USB_DPRAM + 0x10u)
#define EP2_OUT_CTRL (USB_DPRAM + 0x14u)
#define EP0_IN_BUF (USB_DPRAM + 0x80u)
#define EP0_OUT_BUF (USB_DPRAM + 0x84u)
#define EP2_IN_BUF (USB_DPRAM + 0x90u)
#define EP2_OUT_BUF (USB_DPRAM + 0x94u)
#define DPRAM_BYTES 0x1000u
#define EP0_DATA 0x100u
#define EP2_IN_DATA 0x180u
#define EP2_OUT_DATA 0x1c0u
#define EP1_IN_DATA 0x200u

#define EP_CTRL_ENABLE_INTERRUPT (1u << 31 | 1u << 29)
#define EP_CTRL_BULK (2u << 26)
#define EP_CTRL_INTERRUPT (3u << 26)
#define BUF_FULL (1u << 15)
#define BUF_DATA1 (1u << 13)
#define BUF_STALL (1u << 11)
#define BUF_AVAILABLE (1u << 10)
#define BUF_LENGTH 0x3ffu
#define EP0_IN_DONE (1u << 0)
#define EP0_OUT_DONE (1u << 1)
#define EP2_IN_DONE (1u << 4)
#define EP2_OUT_DONE (1u << 5)

#define PACKET 64u

/* bmRequestType's type field with bRequest */
#define REQUEST(type, request) ((type) << 8 | (request))
#define TYPE_MASK 0x60u
#define STANDARD 0x00u
#define CLASS 0x20u
enum {
    GET_STATUS = REQUEST(STANDARD, 0),
    CLEAR_FEATURE = REQUEST(STANDARD, 1),
    SET_ADDRESS = REQUEST(STANDARD, 5),
    GET_DESCRIPTOR = REQUEST(STANDARD, 6),
    GET_CONFIGURATION = REQUEST(STANDARD, 8),
    SET_CONFIGURATION = REQUEST(STANDARD, 9),
    GET_INTERFACE = REQUEST(STANDARD, 10),
    SET_INTERFACE = REQUEST(STANDARD, 11),
    SET_LINE_CODING = REQUEST(CLASS, 0x20),
    GET_LINE_CODING = REQUEST(CLASS, 0x21),
    SET_CONTROL_LINE_STATE = REQUEST(CLASS, 0x22),
    SEND_BREAK = REQUEST(CLASS, 0x23)
};

#define DESCRIPTOR_DEVICE 1u
#define DESCRIPTOR_CONFIGURATION 2u
#define DESCRIPTOR_STRING 3u

#define VENDOR_ID 0x2e8au /* Raspberry Pi's */
#define LOW(word) ((word)&0xffu)
#define HIGH(word) ((word) >> 8)

static const uint8_t device_descriptor[] = {
    18, DESCRIPTOR_DEVICE, 0x00, 0x02, /* USB 2.0 */
    2, 0, 0, PACKET,                   /* CDC */
    LOW(VENDOR_ID), HIGH(VENDOR_ID), LOW(USB_PRODUCT_ID), HIGH(USB_PRODUCT_ID), 0x00, 0x01, /* release 1.00 */
    1, 2, 3, 1,                                                                     /* strings; one configuration */
};

static const uint8_t configuration_descriptor[] = {
    9, DESCRIPTOR_CONFIGURATION, 67, 0, 2, 1, 0, 0x80, 125, /* two interfaces, bus powered, 250 mA */
    9, 4, 0, 0, 1, 2, 2, 0, 0,                              /* interface 0: CDC, abstract control model */
    5, 0x24, 0, 0x10, 0x01,                                 /* header, CDC 1.10 */
    5, 0x24, 1, 0, 1,                                       /* call management: none, data interface 1 */
    4, 0x24, 2, 2,                                          /* line coding and state are supported */
    5, 0x24, 6, 0, 1,                                       /* union of interfaces 0 and 1 */
    7, 5, 0x81, 3, 8, 0, 16,                                /* endpoint 1 IN: interrupt */
    9, 4, 1, 0, 2, 10, 0, 0, 0,                             /* interface 1: CDC data */
    7, 5, 0x82, 2, PACKET, 0, 0,                            /* endpoint 2 IN: bulk */
    7, 5, 0x02, 2, PACKET, 0, 0,                            /* endpoint 2 OUT: bulk */
};
_Static_assert(sizeof configuration_descriptor == 67, "wTotalLength");

static const char *strings[] = {NULL, "sdk", "sdk measuring firmware", NULL};
#define STRING_COUNT (sizeof strings / sizeof strings[0])
#define STRING_SERIAL 3

#define BOOT_LOADER_BAUD 1200u
#define LINE_CODING_BYTES 7u
static uint8_t line_coding[LINE_CODING_BYTES] = {LOW(SDK_CONSOLE_BAUD), HIGH(SDK_CONSOLE_BAUD) & 0xffu,
                                                 SDK_CONSOLE_BAUD >> 16 & 0xffu, SDK_CONSOLE_BAUD >> 24, 0, 0, 8};

/* Received bytes wait in a ring of four packets; with less than one packet's room the host is held off by NAKs. */
#define RX_BYTES 256u
#define TX_BYTES 512u
static uint8_t rx_data[RX_BYTES];
static uint8_t tx_data[TX_BYTES];
static ring rx = {.mask = RX_BYTES - 1u, .data = rx_data};
static ring tx = {.mask = TX_BYTES - 1u, .data = tx_data};

static struct {
    const uint8_t *data; /* what is left of the answer */
    uint32_t bytes;
    int needs_short; /* the answer is shorter than asked for: its end must show by a packet of less than 64 bytes */
    uint32_t data1;  /* BUF_DATA1 or 0 for the next packet */
    int wants_line_coding;
    uint8_t new_address;
    uint8_t answer[PACKET];
} control;

static volatile int configured;
static volatile int host_listens; /* DTR */
static volatile int boot_requested;
static volatile int in_busy;
static uint32_t in_data1;
static uint32_t out_data1;
static int out_held;

#define HOST_SILENCE_US 500000u
#define FLUSH_US 100000u

/*
 * Gives a buffer to the controller. AVAILABLE is set 12 cycles after the rest, because the controller sees the bits
 * in its own clock of 48 MHz, one by one (datasheet 4.1.2.5.1).
 */
static void buffer_arm(uint32_t buffer_control, uint32_t value) {
    REG(buffer_control) = value;
    __asm volatile("nop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop");
    REG(buffer_control) = value | BUF_AVAILABLE;
}

static volatile uint8_t *dpram(uint32_t offset) {
    return (volatile uint8_t *)(uintptr_t)(USB_DPRAM + offset);
}

static void control_send_packet(void) {
    uint32_t bytes = control.bytes < PACKET ? control.bytes : PACKET;
    for (uint32_t i = 0; i < bytes; ++i) {
        dpram(EP0_DATA)[i] = control.data[i];
    }
    control.data += bytes;
    control.bytes -= bytes;
    if (bytes < PACKET) {
        control.needs_short = 0;
    }
    buffer_arm(EP0_IN_BUF, bytes | BUF_FULL | control.data1);
    control.data1 ^= BUF_DATA1;
}

/* Answers a request with data: IN packets, then the host's empty OUT packet. */
static void control_reply(const uint8_t *data, uint32_t bytes, uint32_t wanted) {
    control.data = data;
    control.bytes = bytes < wanted ? bytes : wanted;
    control.needs_short = bytes < wanted;
    buffer_arm(EP0_OUT_BUF, PACKET | BUF_DATA1);
    control_send_packet();
}

/* Answers a request without data by an empty IN packet. */
static void control_acknowledge(void) {
    control.bytes = 0;
    control.needs_short = 0;
    control_send_packet();
}

static void control_stall(void) {
    REG(EP_STALL_ARM) = 3;
    REG(EP0_IN_BUF) = BUF_STALL;
    REG(EP0_OUT_BUF) = BUF_STALL;
}

static void out_arm(void) {
    out_held = ring_free(&rx) < PACKET;
    if (!out_held) {
        buffer_arm(EP2_OUT_BUF, PACKET | out_data1);
        out_data1 ^= BUF_DATA1;
    }
}

/* At most 63 bytes a packet: always a short one, so the host passes it on at once. */
static void in_send(void) {
    if (!configured || in_busy || !ring_used(&tx)) {
        return;
    }
    uint32_t bytes = 0;
    while (bytes < PACKET - 1u && ring_used(&tx)) {
        dpram(EP2_IN_DATA)[bytes++] = ring_take(&tx);
    }
    in_busy = 1;
    buffer_arm(EP2_IN_BUF, bytes | BUF_FULL | in_data1);
    in_data1 ^= BUF_DATA1;
}

static void configure(uint8_t configuration) {
    in_data1 = 0;
    out_data1 = 0;
    in_busy = 0;
    REG(EP1_IN_CTRL) = EP_CTRL_ENABLE_INTERRUPT | EP_CTRL_INTERRUPT | EP1_IN_DATA;
    REG(EP2_IN_CTRL) = EP_CTRL_ENABLE_INTERRUPT | EP_CTRL_BULK | EP2_IN_DATA;
    REG(EP2_OUT_CTRL) = EP_CTRL_ENABLE_INTERRUPT | EP_CTRL_BULK | EP2_OUT_DATA;
    configured = configuration;
}

static void send_string(uint32_t index, uint32_t wanted) {
    uint32_t bytes = 2;
    if (index == 0) {
        control.answer[bytes++] = 0x09; /* the one language: English, United States */
        control.answer[bytes++] = 0x04;
    } else {
        for (const char *c = strings[index]; *c && bytes < PACKET; ++c) {
            control.answer[bytes++] = (uint8_t)*c;
            control.answer[bytes++] = 0;
        }
    }
    control.answer[0] = (uint8_t)bytes;
    control.answer[1] = DESCRIPTOR_STRING;
    control_reply(control.answer, bytes, wanted);
}

static void send_descriptor(uint32_t type, uint32_t index, uint32_t wanted) {
    if (type == DESCRIPTOR_DEVICE) {
        control_reply(device_descriptor, sizeof device_descriptor, wanted);
    } else if (type == DESCRIPTOR_CONFIGURATION) {
        control_reply(configuration_descriptor, sizeof configuration_descriptor, wanted);
    } else if (type == DESCRIPTOR_STRING && index < STRING_COUNT) {
        send_string(index, wanted);
    } else {
        control_stall(); /* among them the device qualifier: full speed only */
    }
}

/* Clearing a halt restarts the endpoint's data toggle, also of a packet that is still waiting (USB 2.0, 9.4.5). */
static void restart_toggle(uint32_t endpoint) {
    if (endpoint == 0x82u) {
        in_data1 = 0;
        if (in_busy) {
            buffer_arm(EP2_IN_BUF, REG(EP2_IN_BUF) & (BUF_LENGTH | BUF_FULL));
            in_data1 = BUF_DATA1;
        }
    } else if (endpoint == 0x02u) {
        out_data1 = 0;
        out_arm();
    }
}

static void set_line_state(uint32_t state) {
    uint32_t baud = (uint32_t)line_coding[0] | (uint32_t)line_coding[1] << 8 | (uint32_t)line_coding[2] << 16 |
                    (uint32_t)line_coding[3] << 24;
    host_listens = state & 1u;
    tx.tail = tx.head; /* what the last listener did not fetch is not for the next one */
    if (!host_listens && baud == BOOT_LOADER_BAUD) {
        boot_requested = 1;
    }
}

static void handle_setup(void) {
    uint32_t low = REG(SETUP_PACKET);
    uint32_t high = REG(SETUP_PACKET + 4u);
    uint32_t value = low >> 16;
    uint32_t index = high & 0xffffu;
    uint32_t wanted = high >> 16;
    REG(EP0_IN_BUF) = 0; /* a setup packet ends whatever the last one had begun */
    REG(EP0_OUT_BUF) = 0;
    control.wants_line_coding = 0;
    control.new_address = 0;
    control.data1 = BUF_DATA1;
    switch (REQUEST(low & TYPE_MASK, low >> 8 & 0xffu)) {
    case SET_ADDRESS:
        control.new_address = value & 0x7fu; /* takes effect after the status stage */
        control_acknowledge();
        break;
    case GET_DESCRIPTOR:
        send_descriptor(value >> 8, value & 0xffu, wanted);
        break;
    case SET_CONFIGURATION:
        configure((uint8_t)value);
        control_acknowledge();
        if (configured) {
            out_arm();
        }
        break;
    case GET_CONFIGURATION:
        control.answer[0] = (uint8_t)configured;
        control_reply(control.answer, 1, wanted);
        break;
    case GET_STATUS:
        control.answer[0] = 0;
        control.answer[1] = 0;
        control_reply(control.answer, 2, wanted);
        break;
    case GET_INTERFACE:
        control.answer[0] = 0;
        control_reply(control.answer, 1, wanted);
        break;
    case CLEAR_FEATURE:
        restart_toggle(index);
        control_acknowledge();
        break;
    case SET_INTERFACE:
    case SEND_BREAK:
        control_acknowledge();
        break;
    case SET_LINE_CODING:
        control.wants_line_coding = 1;
        buffer_arm(EP0_OUT_BUF, PACKET | BUF_DATA1);
        break;
    case GET_LINE_CODING:
        control_reply(line_coding, LINE_CODING_BYTES, wanted);
        break;
    case SET_CONTROL_LINE_STATE:
        set_line_state(value);
        control_acknowledge();
        in_send();
        break;
    default:
        control_stall();
    }
}

static void control_in_done(void) {
    if (control.new_address) {
        REG(ADDR_ENDP) = control.new_address;
        control.new_address = 0;
    } else if (control.bytes || control.needs_short) {
        control_send_packet();
    }
}

static void control_out_done(void) {
    if (control.wants_line_coding) {
        for (uint32_t i = 0; i < LINE_CODING_BYTES; ++i) {
            line_coding[i] = dpram(EP0_DATA)[i];
        }
        control.wants_line_coding = 0;
        control_acknowledge();
    }
}

static void data_received(void) {
    uint32_t bytes = REG(EP2_OUT_BUF) & BUF_LENGTH;
    host_listens = 1; /* also a program that leaves DTR alone */
    for (uint32_t i = 0; i < bytes; ++i) {
        ring_put(&rx, dpram(EP2_OUT_DATA)[i]);
    }
    out_arm();
}

void usb_handler(void) {
    uint32_t status = REG(INTS);
    if (status & INT_BUS_RESET) {
        REG(SIE_STATUS) = SIE_STATUS_BUS_RESET;
        REG(ADDR_ENDP) = 0;
        control.new_address = 0;
        configured = 0;
        host_listens = 0;
        in_busy = 0;
    }
    if (status & INT_BUFF_STATUS) {
        uint32_t done = REG(BUFF_STATUS);
        REG(BUFF_STATUS) = done;
        if (done & EP0_IN_DONE) {
            control_in_done();
        }
        if (done & EP0_OUT_DONE) {
            control_out_done();
        }
        if (done & EP2_IN_DONE) {
            in_busy = 0;
            in_send();
        }
        if (done & EP2_OUT_DONE) {
            data_received();
        }
    }
    if (status & INT_SETUP_REQ) {
        REG(SIE_STATUS) = SIE_STATUS_SETUP_REC;
        handle_setup();
    }
}

void usb_init(const char *serial_number) {
    strings[STRING_SERIAL] = serial_number;
    subsystem_reset(RESET_USBCTRL);
    for (uint32_t offset = 0; offset < DPRAM_BYTES; offset += 4u) {
        REG(USB_DPRAM + offset) = 0;
    }
    REG(USB_MUXING) = MUXING_TO_PHY_SOFTCON;
    REG(USB_PWR) = PWR_VBUS_DETECT_OVERRIDDEN;
    REG(MAIN_CTRL) = MAIN_CTRL_ENABLE;
    REG(SIE_CTRL) = SIE_CTRL_EP0_INT_1BUF;
    REG(INTE) = INT_BUFF_STATUS | INT_BUS_RESET | INT_SETUP_REQ;
    REG(NVIC_ISER(IRQ_USBCTRL)) = NVIC_BIT(IRQ_USBCTRL);
    REG_SET(SIE_CTRL) = SIE_CTRL_PULLUP_EN;
}

int usb_getc(void) {
    if (!ring_used(&rx)) {
        return -1;
    }
    int byte = ring_take(&rx);
    if (out_held) {
        uint32_t primask = irq_save();
        if (out_held) {
            out_arm();
        }
        irq_restore(primask);
    }
    return byte;
}

/* Starts the sender and waits until at most `most` bytes are left; gives up when the host does not take any. */
static void wait_sent(uint32_t most, uint64_t patience) {
    uint32_t used = ring_used(&tx);
    uint64_t since = port_micros();
    for (;;) {
        uint32_t primask = irq_save();
        in_send();
        irq_restore(primask);
        uint32_t now = ring_used(&tx);
        if (now <= most || !configured || !host_listens) {
            return;
        }
        if (now != used) {
            used = now;
            since = port_micros();
        } else if (port_micros() - since > patience) {
            host_listens = 0; /* until it opens the port again or sends a byte */
            return;
        }
    }
}

void usb_write(const uint8_t *data, size_t bytes) {
    while (bytes && configured && host_listens) {
        if (ring_free(&tx) == 0) {
            wait_sent(TX_BYTES - PACKET, HOST_SILENCE_US);
        }
        while (bytes && ring_free(&tx)) {
            ring_put(&tx, *data++);
            --bytes;
        }
    }
    wait_sent(TX_BYTES, HOST_SILENCE_US);
}

void usb_flush(void) {
    wait_sent(0, FLUSH_US);
}

int usb_boot_requested(void) {
    return boot_requested;
}
