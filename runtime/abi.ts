// The contract between the runtime (AssemblyScript, inside wasm) and everything outside it (TypeScript).
// Numbers only, no imports: asc compiles this file, tsc checks it and Node loads it, so a constant has one home.
// All "addresses" below are offsets in memory 1, the runtime's own memory, unless a comment says "program address".
//
//   memory 1, flat mapping
//   0        64              512            1024          4096            CALL_STACK_BASE       SHADOW_BASE                ARENA_BASE
//   | unused | HEADER fields | REPORT record | QUARANTINE   | static data  | shadow call stack     | shadow, 1/8 of memory 0 | arena ... grows
//
// The arena holds what needs room at run time: chunk records, the chunk index, the stack depot, the deferred-poison log.

// ---------------------------------------------------------------------------------------------- shadow encoding
export const GRANULE_SHIFT = 3;
export const GRANULE = 8;

// Shadow bytes. 00 = all 8 bytes valid, 01..07 = a valid prefix of that many bytes, >= 0x80 = poison, the value says why.
// Default scheme ("asan"): userspace ASan's codes, except that the right heap redzone has a code of its own (FC), which moves
// container overflow (FC in compiler-rt) to FB, a code compiler-rt retired.
export const ASAN_HEAP_LEFT_REDZONE = 0xfa;
export const ASAN_HEAP_RIGHT_REDZONE = 0xfc;
export const ASAN_HEAP_FREED = 0xfd;
export const ASAN_STACK_LEFT = 0xf1;
export const ASAN_STACK_MID = 0xf2;
export const ASAN_STACK_RIGHT = 0xf3;
export const ASAN_STACK_AFTER_RETURN = 0xf5;
export const ASAN_STACK_AFTER_SCOPE = 0xf8;
export const ASAN_GLOBAL_REDZONE = 0xf9;
export const ASAN_INIT_ORDER = 0xf6;
export const ASAN_USER_POISON = 0xf7;
export const ASAN_CONTAINER = 0xfb;
export const ASAN_ARRAY_COOKIE = 0xac;
export const ASAN_INTRA_OBJECT = 0xbb;
export const ASAN_INTERNAL = 0xfe;
export const ASAN_ALLOCA_LEFT = 0xca;
export const ASAN_ALLOCA_RIGHT = 0xcb;
// Ours, in both schemes: what only a linear memory has.
export const NULL_PAGE = 0xe0; // [0, first byte anybody owns)
export const WILD = 0xff; // past the end of memory 0 (asan scheme; kasan: KASAN_PAGE_FREE)
export const VMA_UNFAULTED = 0xe1; // mapped, not yet touched: the slow path is the page-fault handler
export const VMA_UNMAPPED = 0xe2; // was mapped, is not any more
export const VMA_NO_ACCESS = 0xe3; // PROT_NONE
export const VMA_READ_ONLY = 0xe4; // loads are fine, stores are not
export const VMA_TAIL = 0xe6; // behind the last byte of a byte-sized mapping (kasan: KASAN_VMALLOC_INVALID)
export const READ_ONLY_DATA = 0xe5; // .rodata: loads are fine, stores are not

// scheme=kasan: mm/kasan/kasan.h
export const KASAN_PAGE_FREE = 0xff;
export const KASAN_PAGE_REDZONE = 0xfe;
export const KASAN_SLAB_REDZONE = 0xfc;
export const KASAN_SLAB_FREE = 0xfb;
export const KASAN_SLAB_FREE_META = 0xfa;
export const KASAN_GLOBAL_REDZONE = 0xf9;
export const KASAN_VMALLOC_INVALID = 0xf8;
export const KASAN_STACK_AFTER_SCOPE = 0xfd; // ASan-only states, moved to codes KASAN leaves unused
export const KASAN_CONTAINER = 0xbc; // container overflow: ASan's own code is taken by KASAN_SLAB_FREE
export const KASAN_MAX_CACHE_SIZE = 8192; // larger allocations are "page" allocations: fe tail, ff when freed

export const SCHEME_ASAN = 0;
export const SCHEME_KASAN = 1;
export const MAPPING_FLAT = 0;
export const MAPPING_PAGED = 1;

// ---------------------------------------------------------------------------------------------- header, u32 each
export const HEADER = 64;
export const HEADER_MAGIC = 64; // 'WSAN'
export const MAGIC = 0x4e415357;
export const HEADER_ABI = 68;
export const ABI_VERSION = 1;
export const HEADER_PHASE = 72; // PHASE_*
export const PHASE_EARLY = 0; // E: every shadow byte reads 0, poison requests are logged, reports are off
export const PHASE_INIT = 1; // I: the log is being replayed aside
export const PHASE_ON = 2; // P: reports on
export const HEADER_DEPTH = 76; // reports are off while > 0 (allocator running, runtime running)
export const HEADER_SCHEME = 80;
export const HEADER_MAPPING = 84;
export const HEADER_SHADOW_BASE = 88; // flat: first shadow byte; paged: the directory
export const HEADER_SHADOW_LIMIT = 92; // flat: bytes of shadow; paged: entries in the directory
export const HEADER_ARENA_BASE = 96; // first byte after the shadow
export const HEADER_ARENA_TOP = 100; // next free byte of the arena
export const HEADER_HALT = 104; // halt_on_error
export const HEADER_QUARANTINE_LIMIT = 108; // bytes
export const HEADER_QUARANTINE_BYTES = 112; // bytes in quarantine now
export const HEADER_QUARANTINE_COME = 116; // chunks that ever came into the quarantine, modulo 2^32
export const HEADER_QUARANTINE_GONE = 120; // and that ever left it
export const HEADER_CONTEXT_SIZE = 124; // malloc_context_size
export const HEADER_REDZONE = 128; // smallest redzone, power of two >= 16
export const HEADER_MAX_REDZONE = 132; // largest redzone, power of two
export const HEADER_NULL_LIMIT = 136; // [0, this) of memory 0 is the null page; 0 = none
export const HEADER_CHUNKS = 140; // first chunk record (array of CHUNK_SIZE slots)
export const HEADER_CHUNK_COUNT = 144; // slots ever used
export const HEADER_CHUNK_FREE = 148; // free list of slots
export const HEADER_INDEX = 152; // user address -> chunk record: a table of tables (chunks.ts)
export const HEADER_INDEX_USED = 160;
export const HEADER_DEPOT = 164; // hash buckets of the stack depot
export const HEADER_DEPOT_MASK = 168;
export const HEADER_LOG = 172; // deferred poison requests of phase E
export const HEADER_LOG_COUNT = 176;
export const HEADER_SITES_SEEN = 180; // bitmap: one bit per site already reported; 0 until the first report
export const HEADER_SITE_COUNT = 184;
export const HEADER_REPORTS = 188; // reports so far
export const HEADER_FLAGS = 192; // FLAG_*
export const HEADER_SCRIBBLES = 196; // poison requests that arrived in phase E
export const HEADER_MAX_ALLOCATION = 200; // bytes; larger requests fail (0 = no limit)
export const HEADER_WILD_FROM = 204; // program address >> 3: shadow from here up is WILD until memory grows
export const HEADER_STAT_MALLOCS = 208; // counters for print_stats, u32 each unless said
export const HEADER_STAT_FREES = 212;
export const HEADER_STAT_REALLOCS = 216;
export const HEADER_STAT_LIVE_BYTES = 220;
export const HEADER_STAT_PEAK_BYTES = 224;
export const HEADER_STAT_EVICTED = 228;
export const HEADER_STAT_REDZONE_BYTES = 232;
export const HEADER_STAT_SLOW_CHECKS = 236;
export const HEADER_PROGRAM_POINTER = 240; // bytes in a program pointer: 4 (memory32) or 8 (memory64)
export const HEADER_ARENA_LIMIT = 244; // bytes of memory 1 in use, kept in step with memory.size
export const HEADER_SHADOW_PRIVATE = 248; // paged: shadow chunks of their own, in use now
export const HEADER_SHADOW_FREE = 252; // paged: free list of such chunks
export const HEADER_STACK_LOW = 304; // program address: the stack's lower end
export const HEADER_STACK_HIGH = 308; // program address: its upper end, 0 if not known
export const HEADER_STACK_MAP = 312; // frame numbers: one u32 per 16 bytes of stack, at the frame's left redzone
export const HEADER_STACK_SURE = 316; // from here up to its upper end all is certainly stack
export const HEADER_SPARE_FROM = 296; // frames that would reach below move to the spare stack; 0 = none do. Preset
export const HEADER_SPARE_LOW = 444; // program address: the spare stack's lower end
export const HEADER_SPARE_HIGH = 448; // its upper end; 0 until there is one
export const HEADER_SPARE_MAP = 452; // as HEADER_STACK_MAP
export const HEADER_SPARE_LEFT_AT = 456; // where the stack pointer was when the last frame moved there
export const HEADER_VMA = 320; // DIRECTORY_* of vma-layout.ts, complete when a mapping is reported; 0 = none
export const HEADER_GLOBALS = 256; // objects with static storage, as runtime/globals.ts draws them
export const HEADER_GLOBAL_COUNT = 260;
export const HEADER_GAPS = 264; // ranges between them that nobody owns
export const HEADER_GAP_COUNT = 268;
export const HEADER_RODATA = 272; // program address of read-only data
export const HEADER_RODATA_SIZE = 276; // bytes
export const HEADER_GLOBALS_LOW = 428; // where the first of the objects begins
export const HEADER_GLOBALS_SPAN = 508; // bytes from there to the last one's end; 0 = there are none
export const HEADER_COVERAGE = 400; // edge counters, one byte each, in front of the arena; 0 = none
export const HEADER_COVERAGE_COUNT = 404;
export const HEADER_COVERAGE_DEPTH = 300; // how far up __wasan_cs came where functions call themselves again; 0 = nowhere
export const COVERAGE_DEPTHS = 160; // numbers behind those of the counters that stand for depths: calls on the stack, in steps
export const COVERAGE_STEP = 32; // counters looked at together: what lies behind them begins at a multiple
export const HEADER_COMPARES = 408; // log of comparisons, as runtime/coverage.ts draws it
export const HEADER_COMPARES_LIMIT = 412; // its end
export const HEADER_COMPARES_TOP = 416; // next free byte of it
export const HEADER_COMPARE_USES = 420; // one byte per comparison: how often it is in the log
export const HEADER_PATIENCE = 424; // full loop counters until the host is asked whether the program hangs; 0 = never
export const HEADER_SNAPSHOT = 484; // tables of runtime/snapshot.ts; 0 = no snapshots in this build
export const HEADER_SNAPSHOT_COUNT = 488; // pages written since the last reset
export const HEADER_SNAPSHOT_FULL = 492; // 1 if that is not all of them
export const HEADER_PROGRAM_PAGES = 496; // what memory.size answers: pages of 64 KiB
export const HEADER_DEPOT_TOP = 500; // the depot has room of its own: next free byte; 0 = it uses the arena
export const HEADER_DEPOT_LIMIT = 504; // and its end
export const HEADER_CALLED_INDEX = 280; // table index of the last indirect call
export const HEADER_LOCK = 432; // shared memory: thread + 1 of whoever holds the lock, 0 if nobody
export const HEADER_ATTACHED = 436; // shared memory: ATTACHED_*
export const HEADER_THREADS = 440; // shared memory: instances so far
export const ATTACHED_NOT = 0;
export const ATTACHED_FILLING = 1; // the first instance is writing the initial data
export const ATTACHED_READY = 2;
export const HEADER_MMAP_THRESHOLD = 284; // bytes from which a chunk gets pages of its own (vma-heap.ts); 0 = never
export const HEADER_MAPPED_FREED = 288; // chunk record: the last of those that was freed
export const HEADER_READY = 460; // freed chunks to be handed out again (ready.ts): its lists; 0 until the first
export const HEADER_READY_BYTES = 468;
export const READY_CLASSES = 128; // its lists of one family, by granules of the whole block; there are two families
export const HEADER_EVENTS = 464; // the heap's history (heap-log.ts): its ring; 0 until the first record
export const HEADER_EVENTS_LIMIT = 292; // records it holds; 0 = no history. Preset, so below what threads write at their start
export const HEADER_EVENTS_COUNT = 472; // records ever written
export const HEADER_EVENTS_LIVE = 476; // bytes live before the oldest record that is left
export const HEADER_EVENTS_HELD = 480; // bytes in quarantine then
export const HEADER_END = 512;

// dlmalloc's blocks: a word in front of each holds its size, a multiple of 8, and two marks
export const DLMALLOC_IN_USE_BEFORE = 1; // PINUSE: the block in front of this one is taken
export const DLMALLOC_IN_USE = 2; // CINUSE: this one is
export const SIZE_WORD = 4; // bytes of that word

// HEADER_FLAGS
export const FLAG_ALLOCATOR_MAY_RETURN_NULL = 1;
export const FLAG_ALLOC_DEALLOC_MISMATCH = 2;
export const FLAG_POISON_HEAP = 4;
export const FLAG_REPLACE_INTRIN = 8; // check mem* and str* of the program as ranges
export const FLAG_NEW_DELETE_TYPE_MISMATCH = 16;
export const FLAG_REALLOC_ZERO_FREES = 32; // allocator_frees_and_returns_null_on_realloc_zero
export const FLAG_STACK_AFTER_RETURN = 64; // detect_stack_use_after_return
export const FLAG_STACK_EXACT = 128; // HEADER_STACK_LOW is the stack's end, not merely below it
export const FLAG_TAIL_REDZONES = 256; // malloc's blocks keep their addresses: redzones behind them alone (runtime/tail.ts)
export const FLAG_STACK_MAY_GROW = 512; // nobody else grows memory: the spare stack may take new pages
export const FLAG_USER_POISONING = 1024; // allow_user_poisoning
export const FLAG_CONTAINERS = 2048; // detect_container_overflow
export const FLAG_EVERY_TIME = 4096; // suppress_equal_pcs=0: a site may report again
export const FLAG_NO_SIZE_WORD = 8192; // of malloc's blocks: what lies in front of one is the block before's
export const FLAG_DLMALLOC_HEADS = 16384; // with FLAG_TAIL_REDZONES: a block's size word also says that it is in use
export const FLAG_SHARED_HEAP = 32768; // with redzones on both sides: others allocate from the original, too
export const FLAG_HOOKS = 131072; // the program wants to know of allocations
export const FLAG_RELEASES_SEEN = 65536; // with FLAG_TAIL_REDZONES: what releases or resizes a block is known, or reads its size word

// ---------------------------------------------------------------------------------------------- report record
// Written by the runtime just before it calls the host (or traps); read by host/report/facts.ts and `wasan explain`.
export const REPORT = 512;
export const REPORT_KIND = 512; // u32 KIND_*
export const REPORT_ACCESS = 516; // u32 ACCESS_* flags
export const REPORT_ADDR = 520; // u64 program address of the whole access
export const REPORT_SIZE = 528; // u64 bytes
export const REPORT_FIRST_BAD = 536; // u64 program address of the first bad byte
export const REPORT_SITE = 544; // u32 site id; 0 = not known
export const REPORT_STACK = 548; // u32 depot id of the shadow call stack at the access
export const REPORT_CHUNK = 552; // u32 chunk record the free/realloc errors are about; 0 = none
export const REPORT_EXTRA0 = 560; // u64, by kind: see the KIND list
export const REPORT_EXTRA1 = 568; // u64
export const REPORT_COUNT = 576; // u32 serial number, from 1
export const REPORT_SHADOW_BYTE = 580; // u32 the shadow byte that decided the kind
export const REPORT_THREAD = 584; // u32
export const REPORT_PRESENT = 588; // u32 1 while a finding is being told: callbacks of the program may ask about it

// What a program asks of the host beside findings (runtime/ask.ts), through the same import.
export const ASK = 592; // u32 ASK_*; 0 = nothing: a finding is in the record
export const ASK_FIRST = 600; // u64 operands
export const ASK_ANSWER = 616; // u64, 0 unless the host answers
export const ASK_ANSWER1 = 624; // u64
export const ASK_ANSWER2 = 632; // u64
export const ASK_TEXT = 640; // u32 where text lies, either way, in memory 1; 0 until the first
export const ASK_TEXT_BYTES = 65536;
export const ASK_LEAKS = 1; // FIRST: 1 = go on whatever is found. ANSWER: LEAKS_* flags
export const ASK_DESCRIBE = 2; // FIRST: an address; the host prints
export const ASK_PRINT_STACK = 3;
export const ASK_PRINT_STATS = 4;
export const ASK_PLACE = 5; // FIRST: an address. ANSWER: WORD_*, ANSWER1: begin, ANSWER2: size, text: the variable
export const ASK_OFFSET = 6; // FIRST: a site. ANSWER: its offset in the original file
export const ASK_FRAMES = 7; // FIRST: such an offset; text: a format. ANSWER: bytes of text, frames ending in 0
export const ASK_GLOBAL = 8; // FIRST: an address; text: a format. ANSWER: bytes of text
export const ASK_WORD = 9; // FIRST: KIND_* or WORD_*. ANSWER: bytes of text
export const ASK_MODULE = 10; // ANSWER: bytes of text
export const ASK_REPORT = 11; // ANSWER: bytes of text, the finding just told
export const ASK_PRINT = 12; // text, to be printed
export const LEAKS_FOUND = 1;
export const LEAKS_STOP = 2;
export const WORD_NOTHING = 0; // as KIND_*: behind their numbers come the kinds of place that __asan_locate_address tells
export const WORD_HEAP = 60;
export const WORD_STACK = 61;
export const WORD_GLOBAL = 62;
export const WORD_ELSEWHERE = 63;
export const WORDS = 64;

// What a program has set up through the interface functions.
export const CALLBACK_DEATH = 648; // u32 table index of a function, 0 = none
export const CALLBACK_REPORT = 652;
export const CRASH_STATE = 656; // u32 1 once it has been acquired
export const WORD_ADDRESSES = 660; // u32: WORDS program addresses of texts made so far, 0 until the first
export const LEAKS_OFF = 664; // u32 __lsan_disable without its opposite
export const ROOT_REGIONS = 668; // u32: address u64 | bytes u64 ...
export const ROOT_REGION_COUNT = 672;
export const ROOT_REGION = 16; // bytes of each
export const HOOK_COUNT = 676; // pairs of malloc and free hooks
export const HOOKS = 680; // u32 table indices, two a pair
export const MOST_HOOKS = 5;
export const REPORT_END = 1024;

export const ACCESS_READ = 0;
export const ACCESS_WRITE = 1;
export const ACCESS_FREE = 2;
export const ACCESS_RANGE = 4; // a range operation (memory.copy, memset, host call), not one instruction's own access
export const ACCESS_ATOMIC = 8;
export const ACCESS_HOST = 16; // the host reads or writes on the program's behalf (WASI, glue)

// ---------------------------------------------------------------------------------------------- kinds of finding
// Titles per scheme are in host/report/kinds.ts; a test holds the two lists together.
export const KIND_HEAP_OOB = 1;
export const KIND_HEAP_UAF = 2;
export const KIND_DOUBLE_FREE = 3; // REPORT_CHUNK: the chunk
export const KIND_BAD_FREE = 4; // REPORT_CHUNK: the chunk the pointer lies in, if any
export const KIND_ALLOC_DEALLOC_MISMATCH = 5; // EXTRA0: ALLOC_* used to free
export const KIND_NULL = 6;
export const KIND_WILD = 7; // past the end of memory; EXTRA0: 1 if only the engine knows the address
export const KIND_NEGATIVE_SIZE = 8; // a range that wraps
export const KIND_PARAM_OVERLAP = 9; // EXTRA0: the other pointer
export const KIND_STACK_UNDERFLOW = 10;
export const KIND_STACK_OOB = 11;
export const KIND_STACK_AFTER_RETURN = 12;
export const KIND_STACK_AFTER_SCOPE = 13;
export const KIND_ALLOCA_OOB = 14;
export const KIND_GLOBAL_OOB = 15; // EXTRA0, EXTRA1: begin and size of the object that was meant, 0 if not known
export const KIND_USER_POISON = 16;
export const KIND_CONTAINER = 17;
export const KIND_INTRA_OBJECT = 18;
export const KIND_INIT_ORDER = 19;
export const KIND_CALLOC_OVERFLOW = 20; // EXTRA0: count, EXTRA1: size
export const KIND_ALLOCATION_TOO_BIG = 21; // SIZE: requested
export const KIND_BAD_ALIGNMENT = 22; // EXTRA0: alignment
export const KIND_BAD_USABLE_SIZE = 23;
export const KIND_NEW_DELETE_SIZE_MISMATCH = 24; // EXTRA0: size passed to delete
export const KIND_OUT_OF_MEMORY = 25;
export const KIND_STACK_OVERFLOW = 26;
export const KIND_RODATA_WRITE = 27;
export const KIND_BAD_INDIRECT_CALL = 28; // EXTRA0: table index
export const KIND_PAGE_UAF = 29; // kasan "use-after-free" of a large chunk
export const KIND_VMALLOC_OOB = 30;
export const KIND_USE_AFTER_MUNMAP = 31;
export const KIND_PROT_NONE = 32;
export const KIND_WRITE_TO_READ_ONLY = 33; // a VMA without PROT_WRITE
export const KIND_UNKNOWN = 34;
export const KIND_BAD_CONTIGUOUS_CONTAINER = 35;
export const KIND_REALLOCARRAY_OVERFLOW = 36;
export const KIND_LEAK = 37; // made by the host, never by a check
export const KIND_BAD_ALLOCATED_SIZE = 38;
export const KIND_BAD_DOUBLE_ENDED_CONTAINER = 39; // EXTRA0, EXTRA1: where the container would begin and end
export const TICK = 1000; // in REPORT_KIND: not a finding; the program has looped for a while, and the host may stop it

// ---------------------------------------------------------------------------------------------- chunks
// One record per heap chunk, in memory 1: the program cannot overwrite it.
//
//   program memory:   raw                begin                 begin+size
//                     | left redzone     | user region         | pad to 8 | right redzone |
export const CHUNK_SIZE_SHIFT = 5;
export const CHUNK_RECORD = 32; // bytes per record
export const CHUNK_BEGIN = 0; // u32 program address of the user region >> 3
export const CHUNK_SIZE = 4; // u32 low word of the requested bytes
export const CHUNK_LEFT = 8; // u32 begin - raw
export const CHUNK_ALLOC_STACK = 12; // u32 depot id
export const CHUNK_FREE_STACK = 16; // u32 depot id
export const CHUNK_NEXT = 20; // u32 next record in the quarantine or the free list
export const CHUNK_STATE = 24; // u8 CHUNK_*
export const CHUNK_ALLOC_KIND = 25; // u8 ALLOC_*
export const CHUNK_FREE_KIND = 26; // u8 ALLOC_*
export const CHUNK_ALIGN_LOG2 = 27; // u8
export const CHUNK_SIZE_HIGH = 28; // u8 bits 32..39 of the requested bytes
export const CHUNK_IGNORED = 29; // u8 1 = no leak, nor what it leads to (__lsan_ignore_object)
export const CHUNK_ALLOC_THREAD = 30; // u8
export const CHUNK_FREE_THREAD = 31; // u8

export const CHUNK_UNUSED = 0;
export const CHUNK_LIVE = 1;
export const CHUNK_QUARANTINED = 2;
export const CHUNK_OPEN = 3; // in use; the program has read the allocator's size word, and may use what that says

// How a chunk was obtained, and so how it must be released.
export const ALLOC_MALLOC = 1; // malloc, calloc, realloc, aligned_alloc, posix_memalign -> free
export const ALLOC_NEW = 2; // operator new -> operator delete
export const ALLOC_NEW_ARRAY = 3; // operator new[] -> operator delete[]
export const ALLOC_RUST = 4; // __rust_alloc(size, align) -> __rust_dealloc(ptr, size, align)
export const ALLOC_ASSEMBLYSCRIPT = 5; // AssemblyScript's TLSF; header in front of the payload, so no left redzone
export const ALLOC_WBINDGEN = 6; // __wbindgen_malloc(size, align) -> __wbindgen_free
export const ALLOC_TINYGO = 7; // runtime.alloc: garbage collected
export const ALLOC_VMA = 8; // mmap

// ---------------------------------------------------------------------------------------------- heap history
export const EVENT_RECORD = 12; // bytes: begin >> 3 u32 | size u32 | EVENT_* u32
export const EVENT_ALLOCATE = 1;
export const EVENT_FREE = 2; // into the quarantine
export const EVENT_RELEASE = 3; // out of it, back to the allocator

// ---------------------------------------------------------------------------------------------- stack depot
//   id = address of the record:  hash u32 | next u32 | count u32 | site ids, innermost first
export const DEPOT_HASH = 0;
export const DEPOT_NEXT = 4;
export const DEPOT_COUNT = 8;
export const DEPOT_SITES = 12;

// ---------------------------------------------------------------------------------------------- stack frames
//   | left redzone | frame, with redzones between its objects | right redzone |
//   ^ stack pointer ^ what the function takes for it
export const STACK_INLINE_BYTES = 1024; // frames up to this, redzones included, write their own shadow
export const STACK_LEFT_REDZONE = 32;
/** LLVM's leaf functions may use this much below the stack pointer without moving it (WebAssemblyFrameLowering::RedZoneSize). */
export const STACK_RED_ZONE = 128;
export const STACK_ALLOCA_REDZONE = 32; // taken by each dynamic allocation, above it
export const FRAME_NUMBER = 0xfffff; // in HEADER_STACK_MAP: which frame
export const FRAME_OWN_SHIFT = 20; // in HEADER_STACK_MAP: bytes of it without redzones, (m << 4) << 2e, rounded down
export const FRAME_OWN_M = 0x7f;
export const FRAME_OWN_E_SHIFT = 27;
export const FRAME_ALLOCA = 1 << 30; // in HEADER_STACK_MAP: an allocation of that frame, at its own left redzone

// ---------------------------------------------------------------------------------------------- fixed places
export const QUARANTINE_LANES = 16; // a power of two
export const QUARANTINE_HEADS = 1024; // chunk record u32 per lane, its oldest; 0 = nothing waits there
export const QUARANTINE_TAILS = 1088; // its newest
export const STATIC_BASE = 4096; // asc --memoryBase
export const GLOBALS_BASE = 65536; // what HEADER_GLOBALS and HEADER_GAPS refer to
export const GLOBALS_END = 131072;
export const FRAME_SHADOWS = 131072; // drawings of frames: runs u32 | run u32 ..., a run is granules << 8 | code
export const FRAME_SHADOWS_END = 262144;
export const CALL_STACK_BASE = 262144; // shadow call stack: u32 site ids, grows up
export const CALL_STACK_BYTES = 4194304;
export const CALL_STACK_SHARE = 65536; // shared memory: bytes of it per thread, a power of two
export const SHADOW_BASE = 4456448; // CALL_STACK_BASE + CALL_STACK_BYTES, a multiple of 64 KiB

// ---------------------------------------------------------------------------------------------- snapshots
// Offsets from HEADER_SNAPSHOT; drawn in runtime/snapshot.ts. Each map and each list of copies is there twice.
export const SNAPSHOT_PAGE_SHIFT = 10;
export const SNAPSHOT_MAP = 0;
export const SNAPSHOT_SAVED = 8388608;
export const SNAPSHOT_LIST = 41943040;
export const SNAPSHOT_LIST_ENTRIES = 1048576;
export const SNAPSHOT_GLOBALS = 46137344;
export const SNAPSHOT_GLOBAL_BYTES = 1048576;
export const SNAPSHOT_DEPOT = 47185920;
export const SNAPSHOT_END = 114294784; // 64 MiB of depot, of which what is used takes memory
