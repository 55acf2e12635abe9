// The numbers the VMA model shares with its TypeScript side: record layouts, flags, operation codes, errnos.
// Numbers only, no imports: asc compiles this file, tsc checks it and Node loads it. All values but the record
// offsets are Linux's own on x86-64 and arm64; the flags are numbered for u32 (MERGEABLE moves down from bit 31).

// ------------------------------------------------------------------------------------------------ records
//   area   | start | end | flags | pgoff | anon | file | prev | next | gap | tail | stack | serial |     u32 each
//   start, end and pgoff are page numbers: 4 KiB pages, so that u32 reaches 16 TiB in memory64 as well.
export const AREA_START = 0;
export const AREA_END = 4; // exclusive
export const AREA_FLAGS = 8;
export const AREA_PGOFF = 12; // page number at which the memory was first faulted; shared: page of its object
export const AREA_ANON = 16; // anon_vma record; 0 = never written
export const AREA_FILE = 20; // object record of shared memory; 0 = private
export const AREA_PREV = 24;
export const AREA_NEXT = 28;
export const AREA_GAP = 32; // free pages between the previous area (or the window's start) and this one
export const AREA_TAIL = 36; // byte-sized mapping: valid bytes in the last page; 0 = all of it
export const AREA_STACK = 40; // stack id of the mmap
export const AREA_SERIAL = 44; // identity for drawings: never reused
export const AREA_BYTES = 64; // a cache line of its own: a million of them are visited in no order

//   anon   | areas using it | state | serial | free list |         object (shared)  | areas | pages | serial | free list |
export const ANON_REFS = 0;
export const ANON_STATE = 4;
export const ANON_SERIAL = 8;
export const FILE_REFS = 0;
export const FILE_PAGES = 4;
export const FILE_SERIAL = 8;
export const SMALL_NEXT = 12;
export const SMALL_BYTES = 16;
export const ANON_FORKED = 1; // of a fork child: its chain has more than one entry, it is not a root
export const ANON_PARENT = 2; // a living child shares it

//   unmap history, a ring   | start | end | stack of the mmap | stack of the unmap | kind | serial |
export const PAST_START = 0;
export const PAST_END = 4;
export const PAST_MAP_STACK = 8;
export const PAST_UNMAP_STACK = 12;
export const PAST_KIND = 16; // OP_* of the call that unmapped it
export const PAST_SERIAL = 20;
export const PAST_BYTES = 24;
export const PAST_COUNT = 4096;

//   directory (HEADER_VMA)   | first area | areas | ring | areas ever unmapped | window start | window end | counters |
export const DIRECTORY_FIRST = 0;
export const DIRECTORY_AREAS = 4;
export const DIRECTORY_PAST = 8;
export const DIRECTORY_PAST_COUNT = 12;
export const DIRECTORY_START = 16;
export const DIRECTORY_END = 20;
export const DIRECTORY_COUNTERS = 24; // COUNT_*
export const DIRECTORY_BYTES = 28;

//   batch entry   | op u32 | flags u32 | a u64 | b u64 | c u64 | d u64 | result i64 |
export const BATCH_OP = 0;
export const BATCH_FLAGS = 4;
export const BATCH_A = 8;
export const BATCH_B = 16;
export const BATCH_C = 24;
export const BATCH_D = 32;
export const BATCH_RESULT = 40;
export const BATCH_BYTES = 48;

// Page bytes: what one page of the window is.
export const PAGE_PRESENT = 1; // has bytes of its own
export const PAGE_ZERO = 2; // read fault: the zero page is mapped
export const PAGE_GUARD = 4; // MADV_GUARD_INSTALL

// ------------------------------------------------------------------------------------------------ flags of an area
export const VM_READ = 1;
export const VM_WRITE = 2;
export const VM_EXEC = 4;
export const VM_SHARED = 8;
export const VM_SEALED = 0x40;
export const VM_HEAP = 0x1000; // no bit of a tail; byte-sized mapping under a large heap chunk
export const VM_GROWSDOWN = 0x100;
export const VM_LOCKED = 0x2000;
export const VM_SEQ_READ = 0x8000;
export const VM_RAND_READ = 0x10000;
export const VM_DONTCOPY = 0x20000;
export const VM_LOCKONFAULT = 0x80000;
export const VM_ACCOUNT = 0x100000;
export const VM_NORESERVE = 0x200000;
export const VM_DROPPABLE = 0x400000;
export const VM_EXACT = 0x800000; // byte-sized mapping: never merges, like the kernel's special mappings
export const VM_WIPEONFORK = 0x2000000;
export const VM_DONTDUMP = 0x4000000;
export const VM_MERGEABLE = 0x8000000;
export const VM_HUGEPAGE = 0x20000000;
export const VM_NOHUGEPAGE = 0x40000000;

export const POLICY_LINUX = 0;
export const POLICY_RELOCATE = 1;
export const POLICY_MERGE_FRIENDLY = 2;

// States told to the seam whenever the accessibility of a page changes.
export const STATE_UNMAPPED = 0;
export const STATE_UNFAULTED = 1;
export const STATE_OK = 2;
export const STATE_READ_ONLY = 3; // loads are fine, a store asks the fault handler
export const STATE_NO_ACCESS = 4;

// Answers of vma_fault.
export const FAULT_DONE = 0;
export const FAULT_OUTSIDE = 1; // not in the window
export const FAULT_UNMAPPED = 2;
export const FAULT_NO_ACCESS = 3;
export const FAULT_READ_ONLY = 4;
export const FAULT_GUARD = 5;
export const FAULT_BEYOND = 6; // shared memory past the end of its object (SIGBUS)
export const FAULT_NO_MEMORY = 7;
export const FAULT_TAIL = 8; // behind the last byte of a byte-sized mapping

// ------------------------------------------------------------------------------------------------ calls
export const OP_MMAP = 1; // a address, b length, c prot, flags MAP_*
export const OP_MUNMAP = 2; // a, b
export const OP_MPROTECT = 3; // a, b, c prot
export const OP_MADVISE = 4; // a, b, c advice
export const OP_MREMAP = 5; // a address, b old length, c new length, d new address, flags MREMAP_*
export const OP_MLOCK = 6; // a, b; flags MLOCK_ONFAULT
export const OP_MUNLOCK = 7; // a, b
export const OP_BRK = 8; // a
export const OP_FORK = 9; // c: 0 go on as the child, 1 as the parent
export const OP_WRITE = 10; // a address, b value: an 8-byte store
export const OP_READ = 11; // a address: an 8-byte load
export const OP_MSEAL = 12; // a, b
export const OP_RESET = 13;

export const PROT_READ = 1;
export const PROT_WRITE = 2;
export const PROT_EXEC = 4;
export const PROT_SEM = 8;
export const PROT_GROWSDOWN = 0x1000000;
export const PROT_GROWSUP = 0x2000000;

export const MAP_SHARED = 1;
export const MAP_PRIVATE = 2;
export const MAP_DROPPABLE = 8;
export const MAP_TYPE = 15;
export const MAP_FIXED = 0x10;
export const MAP_ANONYMOUS = 0x20;
export const MAP_GROWSDOWN = 0x100;
export const MAP_LOCKED = 0x2000;
export const MAP_NORESERVE = 0x4000;
export const MAP_POPULATE = 0x8000;
export const MAP_NONBLOCK = 0x10000;
export const MAP_STACK = 0x20000;
export const MAP_HUGETLB = 0x40000;
export const MAP_FIXED_NOREPLACE = 0x100000;

export const MREMAP_MAYMOVE = 1;
export const MREMAP_FIXED = 2;
export const MREMAP_DONTUNMAP = 4;
export const MREMAP_RELOCATE_ANON = 8;
export const MREMAP_MUST_RELOCATE_ANON = 16;
export const MLOCK_ONFAULT = 1;

export const MADV_NORMAL = 0;
export const MADV_RANDOM = 1;
export const MADV_SEQUENTIAL = 2;
export const MADV_WILLNEED = 3;
export const MADV_DONTNEED = 4;
export const MADV_FREE = 8;
export const MADV_REMOVE = 9;
export const MADV_DONTFORK = 10;
export const MADV_DOFORK = 11;
export const MADV_MERGEABLE = 12;
export const MADV_UNMERGEABLE = 13;
export const MADV_HUGEPAGE = 14;
export const MADV_NOHUGEPAGE = 15;
export const MADV_DONTDUMP = 16;
export const MADV_DODUMP = 17;
export const MADV_WIPEONFORK = 18;
export const MADV_KEEPONFORK = 19;
export const MADV_COLD = 20;
export const MADV_PAGEOUT = 21;
export const MADV_POPULATE_READ = 22;
export const MADV_POPULATE_WRITE = 23;
export const MADV_DONTNEED_LOCKED = 24;
export const MADV_COLLAPSE = 25;
export const MADV_GUARD_INSTALL = 102;
export const MADV_GUARD_REMOVE = 103;

export const EPERM = 1;
export const EBADF = 9;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EFAULT = 14;
export const EEXIST = 17;
export const EINVAL = 22;

export const DEFAULT_MAX_MAP_COUNT = 65530;

// Counters, u32 each, at vma_counters(): how often the merge rules were asked and what they said.
export const COUNT_MERGES = 0; // areas that vanished or never came to be because a merge succeeded
export const COUNT_REFUSED_PGOFF = 4; // neighbour alike but for its page offset
export const COUNT_REFUSED_ANON = 8; // neighbour alike but for its anon_vma
export const COUNT_FAULTS = 12;
export const COUNT_COPIED = 16; // pages whose bytes moved
export const COUNT_PEAK_AREAS = 20;
export const COUNT_ANONS = 24; // anon_vmas alive
export const COUNT_BYTES = 32;
