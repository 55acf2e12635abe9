// Zig's containers and formatting, error unions and optionals; with an argument, a read past an array on the stack.
const std = @import("std");

noinline fn element(i: usize) u8 {
    var array = [_]u8{1} ** 24;
    const p: [*]volatile u8 = &array;
    p[0] = @truncate(i); // or it would be a constant, and not on the stack
    return p[i];
}

fn parse(text: []const u8) !u32 {
    if (text.len == 0) return error.Empty;
    return std.fmt.parseInt(u32, text, 10);
}

pub fn main() !void {
    const pages = std.heap.page_allocator;
    var list = std.ArrayList(u32).init(pages);
    defer list.deinit();
    var i: u32 = 0;
    while (i < 1000) : (i += 1) try list.append(i * 3);
    var sum: u64 = 0;
    for (list.items) |x| sum += x;

    var map = std.StringHashMap(u32).init(std.heap.wasm_allocator);
    defer map.deinit();
    var words = std.mem.split(u8, "12 a 7  99 12 b", " ");
    while (words.next()) |word| try map.put(word, parse(word) catch 1);
    var general = std.heap.GeneralPurposeAllocator(.{}){};
    const text = try std.fmt.allocPrint(general.allocator(), "{} {d:.2} {s}", .{ sum, 2.5, "text" });
    defer general.allocator().free(text);

    const args = try std.process.argsAlloc(pages);
    const out = std.io.getStdOut().writer();
    try out.print("{s} {} {}\n", .{ text, map.count(), map.get("99").? });
    if (args.len > 1) try out.print("{}\n", .{element(24 + args.len * 4)});
}
