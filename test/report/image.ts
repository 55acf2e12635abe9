// Writes the runtime's memory by hand, following the layouts drawn in runtime/abi.ts, so that reports are tested without a runtime.
import * as abi from '../../runtime/abi.ts';

const DIRECTORY = 8192;
const SHADOW = 16384;
const SHADOW_BYTES = 65536; // of 512 KiB of program memory
const ARENA = SHADOW + SHADOW_BYTES;
const BYTES = ARENA + 65536;
const CHUNK_SLOTS = 16;

export interface ChunkSpec {
  begin: number;
  size: number;
  left?: number;
  state?: number;
  allocKind?: number;
  freeKind?: number;
  allocStack?: number[];
  freeStack?: number[];
  allocThread?: number;
  freeThread?: number;
}

export interface ReportSpec {
  kind: number;
  access?: number;
  address: number;
  size?: number | bigint;
  firstBad?: number;
  site?: number;
  stack?: number[];
  chunk?: number;
  extra0?: number | bigint;
  extra1?: number | bigint;
  shadowByte?: number;
  thread?: number;
}

export class RuntimeImage {
  readonly bytes = new Uint8Array(BYTES);
  private readonly view = new DataView(this.bytes.buffer);
  private arena = ARENA + CHUNK_SLOTS * abi.CHUNK_RECORD;
  private readonly paged: boolean;

  constructor(scheme: number = abi.SCHEME_ASAN, options: { pointer?: 4 | 8; paged?: boolean; halt?: boolean } = {}) {
    this.paged = options.paged ?? false;
    this.u32(abi.HEADER_MAGIC, abi.MAGIC);
    this.u32(abi.HEADER_ABI, abi.ABI_VERSION);
    this.u32(abi.HEADER_PHASE, abi.PHASE_ON);
    this.u32(abi.HEADER_SCHEME, scheme);
    this.u32(abi.HEADER_HALT, (options.halt ?? true) ? 1 : 0);
    this.u32(abi.HEADER_PROGRAM_POINTER, options.pointer ?? 4);
    this.u32(abi.HEADER_CHUNKS, ARENA);
    this.u32(abi.HEADER_MAX_REDZONE, 2048);
    this.u32(abi.HEADER_MAPPING, this.paged ? abi.MAPPING_PAGED : abi.MAPPING_FLAT);
    this.u32(abi.HEADER_SHADOW_BASE, this.paged ? DIRECTORY : SHADOW);
    this.u32(abi.HEADER_SHADOW_LIMIT, this.paged ? SHADOW_BYTES / 8192 : SHADOW_BYTES);
    if (this.paged) this.layPages();
  }

  /** Pages in reverse order, so that reading them as if they were flat gives the wrong bytes. */
  private layPages(): void {
    const pages = SHADOW_BYTES / 8192;
    for (let page = 0; page < pages; page++) this.u32(DIRECTORY + page * 4, SHADOW + (pages - 1 - page) * 8192);
  }

  u32(at: number, value: number): this {
    this.view.setUint32(at, value, true);
    return this;
  }

  u64(at: number, value: number | bigint): this {
    this.view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), true);
    return this;
  }

  /** Sets shadow bytes from the granule of a program address on. */
  shadow(address: number, ...codes: number[]): this {
    codes.forEach((code, index) => {
      const granule = address / abi.GRANULE + index;
      const page = Math.floor(granule / 8192);
      const base = this.paged ? this.view.getUint32(DIRECTORY + page * 4, true) + (granule % 8192) : SHADOW + granule;
      this.bytes[base] = code;
    });
    return this;
  }

  depot(sites: number[] | undefined): number {
    if (!sites) return 0;
    const id = this.arena;
    this.u32(id + abi.DEPOT_COUNT, sites.length);
    sites.forEach((site, index) => this.u32(id + abi.DEPOT_SITES + index * 4, site));
    this.arena += abi.DEPOT_SITES + sites.length * 4;
    return id;
  }

  /** Adds a chunk record and returns its address. */
  chunk(spec: ChunkSpec): number {
    const count = this.view.getUint32(abi.HEADER_CHUNK_COUNT, true);
    const record = ARENA + count * abi.CHUNK_RECORD;
    this.u32(abi.HEADER_CHUNK_COUNT, count + 1);
    this.u32(record + abi.CHUNK_BEGIN, spec.begin / abi.GRANULE);
    this.u32(record + abi.CHUNK_SIZE, spec.size);
    this.u32(record + abi.CHUNK_LEFT, spec.left ?? 16);
    this.u32(record + abi.CHUNK_ALLOC_STACK, this.depot(spec.allocStack));
    this.u32(record + abi.CHUNK_FREE_STACK, this.depot(spec.freeStack));
    this.bytes[record + abi.CHUNK_STATE] = spec.state ?? abi.CHUNK_LIVE;
    this.bytes[record + abi.CHUNK_ALLOC_KIND] = spec.allocKind ?? abi.ALLOC_MALLOC;
    this.bytes[record + abi.CHUNK_FREE_KIND] = spec.freeKind ?? 0;
    this.bytes[record + abi.CHUNK_ALLOC_THREAD] = spec.allocThread ?? 0;
    this.bytes[record + abi.CHUNK_FREE_THREAD] = spec.freeThread ?? 0;
    return record;
  }

  report(spec: ReportSpec): this {
    this.u32(abi.REPORT_KIND, spec.kind);
    this.u32(abi.REPORT_ACCESS, spec.access ?? abi.ACCESS_READ);
    this.u64(abi.REPORT_ADDR, spec.address);
    this.u64(abi.REPORT_SIZE, spec.size ?? 0);
    this.u64(abi.REPORT_FIRST_BAD, spec.firstBad ?? spec.address);
    this.u32(abi.REPORT_SITE, spec.site ?? 0);
    this.u32(abi.REPORT_STACK, this.depot(spec.stack));
    this.u32(abi.REPORT_CHUNK, spec.chunk ?? 0);
    this.u64(abi.REPORT_EXTRA0, spec.extra0 ?? 0);
    this.u64(abi.REPORT_EXTRA1, spec.extra1 ?? 0);
    this.u32(abi.REPORT_COUNT, 1);
    this.u32(abi.REPORT_SHADOW_BYTE, spec.shadowByte ?? 0);
    this.u32(abi.REPORT_THREAD, spec.thread ?? 0);
    return this;
  }
}
