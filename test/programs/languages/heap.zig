// C's allocator from Zig: lists, a map and text that come and go; with an argument, one access that is wrong.
const std = @import("std");
const c = std.heap.c_allocator;

const Node = struct { next: ?*Node, value: u64 };

fn work() !u64 {
    var list: ?*Node = null;
    var i: u64 = 0;
    while (i < 500) : (i += 1) {
        const node = try c.create(Node);
        node.* = .{ .next = list, .value = i };
        list = node;
    }
    var map = std.AutoHashMap(u64, u64).init(c);
    defer map.deinit();
    while (i < 2000) : (i += 1) try map.put(i * 7919 % 5003, i);
    var text = std.ArrayList(u8).init(c);
    defer text.deinit();
    while (i < 2300) : (i += 1) try text.writer().print("{d},", .{i});
    var total: u64 = map.count() + text.items.len;
    while (list) |node| {
        list = node.next;
        total += node.value;
        c.destroy(node);
    }
    const aligned = try c.alignedAlloc(u8, 64, 100);
    defer c.free(aligned);
    return total + @intFromPtr(aligned.ptr) % 64;
}

pub fn main() !void {
    const total = try work();
    const args = try std.process.argsAlloc(c);
    defer std.process.argsFree(c, args);
    const mode = if (args.len > 1) args[1] else "";
    const block = try c.alloc(u8, 21);
    const p: [*]volatile u8 = block.ptr;
    p[20] = 1;
    if (std.mem.eql(u8, mode, "over")) p[21] = 1;
    c.free(block);
    if (std.mem.eql(u8, mode, "freed")) p[3] = 1;
    try std.io.getStdOut().writer().print("{d}\n", .{total});
}
