// The compiler's side of the __asan_* names: one call per access, one per report, one per shadow byte it writes itself.
// Every line forwards to check.ts; the _noabort twins are the same calls, for halting is the host's decision.
import { ACCESS_RANGE, ACCESS_READ, ACCESS_WRITE } from './abi';
import { Addr } from './addr';
import * as check from './check';
import { writeShadow } from './poison';

export function __asan_load1(addr: Addr): void {
  check.check_load1(addr, 0, 0);
}

export function __asan_load1_noabort(addr: Addr): void {
  check.check_load1(addr, 0, 0);
}

export function __asan_load2(addr: Addr): void {
  check.check_load2(addr, 0, 0);
}

export function __asan_load2_noabort(addr: Addr): void {
  check.check_load2(addr, 0, 0);
}

export function __asan_load4(addr: Addr): void {
  check.check_load4(addr, 0, 0);
}

export function __asan_load4_noabort(addr: Addr): void {
  check.check_load4(addr, 0, 0);
}

export function __asan_load8(addr: Addr): void {
  check.check_load8(addr, 0, 0);
}

export function __asan_load8_noabort(addr: Addr): void {
  check.check_load8(addr, 0, 0);
}

export function __asan_load16(addr: Addr): void {
  check.check_load16(addr, 0, 0);
}

export function __asan_load16_noabort(addr: Addr): void {
  check.check_load16(addr, 0, 0);
}

export function __asan_loadN(addr: Addr, size: Addr): void {
  check.check_range_load(addr, size, 0);
}

export function __asan_loadN_noabort(addr: Addr, size: Addr): void {
  check.check_range_load(addr, size, 0);
}

export function __asan_store1(addr: Addr): void {
  check.check_store1(addr, 0, 0);
}

export function __asan_store1_noabort(addr: Addr): void {
  check.check_store1(addr, 0, 0);
}

export function __asan_store2(addr: Addr): void {
  check.check_store2(addr, 0, 0);
}

export function __asan_store2_noabort(addr: Addr): void {
  check.check_store2(addr, 0, 0);
}

export function __asan_store4(addr: Addr): void {
  check.check_store4(addr, 0, 0);
}

export function __asan_store4_noabort(addr: Addr): void {
  check.check_store4(addr, 0, 0);
}

export function __asan_store8(addr: Addr): void {
  check.check_store8(addr, 0, 0);
}

export function __asan_store8_noabort(addr: Addr): void {
  check.check_store8(addr, 0, 0);
}

export function __asan_store16(addr: Addr): void {
  check.check_store16(addr, 0, 0);
}

export function __asan_store16_noabort(addr: Addr): void {
  check.check_store16(addr, 0, 0);
}

export function __asan_storeN(addr: Addr, size: Addr): void {
  check.check_range_store(addr, size, 0);
}

export function __asan_storeN_noabort(addr: Addr, size: Addr): void {
  check.check_range_store(addr, size, 0);
}

export function __asan_report_load1(addr: Addr): void {
  check.reportAccess(addr, 1, ACCESS_READ, 0);
}

export function __asan_report_load1_noabort(addr: Addr): void {
  check.reportAccess(addr, 1, ACCESS_READ, 0);
}

export function __asan_report_load2(addr: Addr): void {
  check.reportAccess(addr, 2, ACCESS_READ, 0);
}

export function __asan_report_load2_noabort(addr: Addr): void {
  check.reportAccess(addr, 2, ACCESS_READ, 0);
}

export function __asan_report_load4(addr: Addr): void {
  check.reportAccess(addr, 4, ACCESS_READ, 0);
}

export function __asan_report_load4_noabort(addr: Addr): void {
  check.reportAccess(addr, 4, ACCESS_READ, 0);
}

export function __asan_report_load8(addr: Addr): void {
  check.reportAccess(addr, 8, ACCESS_READ, 0);
}

export function __asan_report_load8_noabort(addr: Addr): void {
  check.reportAccess(addr, 8, ACCESS_READ, 0);
}

export function __asan_report_load16(addr: Addr): void {
  check.reportAccess(addr, 16, ACCESS_READ, 0);
}

export function __asan_report_load16_noabort(addr: Addr): void {
  check.reportAccess(addr, 16, ACCESS_READ, 0);
}

export function __asan_report_load_n(addr: Addr, size: Addr): void {
  check.reportAccess(addr, size, ACCESS_READ | ACCESS_RANGE, 0);
}

export function __asan_report_load_n_noabort(addr: Addr, size: Addr): void {
  check.reportAccess(addr, size, ACCESS_READ | ACCESS_RANGE, 0);
}

export function __asan_report_store1(addr: Addr): void {
  check.reportAccess(addr, 1, ACCESS_WRITE, 0);
}

export function __asan_report_store1_noabort(addr: Addr): void {
  check.reportAccess(addr, 1, ACCESS_WRITE, 0);
}

export function __asan_report_store2(addr: Addr): void {
  check.reportAccess(addr, 2, ACCESS_WRITE, 0);
}

export function __asan_report_store2_noabort(addr: Addr): void {
  check.reportAccess(addr, 2, ACCESS_WRITE, 0);
}

export function __asan_report_store4(addr: Addr): void {
  check.reportAccess(addr, 4, ACCESS_WRITE, 0);
}

export function __asan_report_store4_noabort(addr: Addr): void {
  check.reportAccess(addr, 4, ACCESS_WRITE, 0);
}

export function __asan_report_store8(addr: Addr): void {
  check.reportAccess(addr, 8, ACCESS_WRITE, 0);
}

export function __asan_report_store8_noabort(addr: Addr): void {
  check.reportAccess(addr, 8, ACCESS_WRITE, 0);
}

export function __asan_report_store16(addr: Addr): void {
  check.reportAccess(addr, 16, ACCESS_WRITE, 0);
}

export function __asan_report_store16_noabort(addr: Addr): void {
  check.reportAccess(addr, 16, ACCESS_WRITE, 0);
}

export function __asan_report_store_n(addr: Addr, size: Addr): void {
  check.reportAccess(addr, size, ACCESS_WRITE | ACCESS_RANGE, 0);
}

export function __asan_report_store_n_noabort(addr: Addr, size: Addr): void {
  check.reportAccess(addr, size, ACCESS_WRITE | ACCESS_RANGE, 0);
}

// The compiler computes shadow addresses itself; on wasm its shadow begins at 0, so they are granule numbers.

export function __asan_set_shadow_00(granule: Addr, count: Addr): void {
  writeShadow(granule, count, 0x00);
}

export function __asan_set_shadow_01(granule: Addr, count: Addr): void {
  writeShadow(granule, count, 0x01);
}

export function __asan_set_shadow_02(granule: Addr, count: Addr): void {
  writeShadow(granule, count, 0x02);
}

export function __asan_set_shadow_03(granule: Addr, count: Addr): void {
  writeShadow(granule, count, 0x03);
}

export function __asan_set_shadow_04(granule: Addr, count: Addr): void {
  writeShadow(granule, count, 0x04);
}

export function __asan_set_shadow_05(granule: Addr, count: Addr): void {
  writeShadow(granule, count, 0x05);
}

export function __asan_set_shadow_06(granule: Addr, count: Addr): void {
  writeShadow(granule, count, 0x06);
}

export function __asan_set_shadow_07(granule: Addr, count: Addr): void {
  writeShadow(granule, count, 0x07);
}

export function __asan_set_shadow_f1(granule: Addr, count: Addr): void {
  writeShadow(granule, count, 0xf1);
}

export function __asan_set_shadow_f2(granule: Addr, count: Addr): void {
  writeShadow(granule, count, 0xf2);
}

export function __asan_set_shadow_f3(granule: Addr, count: Addr): void {
  writeShadow(granule, count, 0xf3);
}

export function __asan_set_shadow_f5(granule: Addr, count: Addr): void {
  writeShadow(granule, count, 0xf5);
}

export function __asan_set_shadow_f8(granule: Addr, count: Addr): void {
  writeShadow(granule, count, 0xf8);
}
