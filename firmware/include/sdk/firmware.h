/*
 * What the generated part of a measuring firmware gives its runtime, and what the runtime promises to ports.
 * The protocol itself is in docs/protocol.md.
 */
#ifndef SDK_FIRMWARE_H
#define SDK_FIRMWARE_H

#include <stdbool.h>
#include <stdint.h>

#include "sdk/model.h"

/* ---- Generated ---- */

/* The models, and their number, 1 to 255. A model has at most 32 inputs. */
extern const sdk_model *const sdk_models[];
extern const uint32_t sdk_model_count;

/* Identity of this build and of the board it is for (at most 31 bytes are told to the host). */
extern const uint8_t sdk_build_id[20];
extern const char sdk_board_id[];

/* One arena for all models: aligned and sized for the most demanding. Taking another model resets its variables. */
extern uint8_t sdk_arena[];
extern const uint32_t sdk_arena_bytes;

/* Room for step_count + 1 time stamps of the longest model. */
extern uint64_t sdk_step_stamps[];
extern const uint32_t sdk_step_stamp_count;

/* ---- Build options ---- */

/* Largest body of a frame in bytes, 128 to 4096. The runtime takes about twice as much RAM. */
#ifndef SDK_LINK_BODY
#define SDK_LINK_BODY 512
#endif

/*
 * Requests that the host may have under way, 1 to 8. While port_write runs, the port must be able to take in 64 bytes
 * for each; one that has no such buffer is built with 1.
 */
#ifndef SDK_LINK_WINDOW
#define SDK_LINK_WINDOW 4
#endif

/* ---- Time stamps ---- */

/*
 * The runtime calls port_cycles() for time stamps only, so an emulator may count from outside by watching the calls:
 *
 *   invoke without per-step timing   two calls: right before the first step and right after the last one done
 *   invoke with per-step timing      steps done + 1 calls: before the first step and after each
 *
 * No other code calls it. A request that is repeated because its reply was lost runs nothing and calls nothing.
 * port_micros() is called before and after these and once for each handshake.
 */

/* ---- Flash contents ---- */

/*
 * Whether all bytes from an address on are in one memory that the image is loaded into; *data becomes where they can be
 * read. The runtime has a weak definition that knows the memories of the linker script.
 */
bool port_flash(uint32_t address, uint32_t bytes, const uint8_t **data);

/* ---- Fault report ---- */

/* Registers of an exception that ended the run before this one; those that the core does not have are 0. */
typedef struct {
    uint32_t pc;
    uint32_t lr;
    uint32_t psr;
    uint32_t sp;
    uint32_t cfsr;
    uint32_t hfsr;
    uint32_t address; /* BFAR or MMFAR where cfsr says that it is valid */
} sdk_fault;

/*
 * The fault that the port kept over the reset, or NULL. The runtime has a weak definition that returns NULL; a port
 * whose fault handlers save the frame overrides it.
 */
const sdk_fault *port_fault(void);

#endif
