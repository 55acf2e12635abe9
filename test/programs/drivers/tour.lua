-- A tour of the language and its libraries; every figure printed depends on the one before it being right.
local rounds = 400

local function show(name, ...) print(name, ...) end

-- Errors through every kind of frame: Lua, C, metamethod, coroutine, sort.
local caught = 0
for i = 1, rounds do
  if not pcall(error, { code = i }) then caught = caught + 1 end
  if not pcall(string.rep) then caught = caught + 1 end
  if not pcall(table.sort, { 3, 1, "x" }) then caught = caught + 1 end
  local object = setmetatable({}, { __index = function() error("no field") end })
  if not pcall(function() return object.field end) then caught = caught + 1 end
  local thread = coroutine.wrap(function() coroutine.yield(1) error("inside") end)
  thread()
  if not pcall(thread) then caught = caught + 1 end
  local ok, message = xpcall(function() local t = nil; return t.x end, debug.traceback)
  if not ok and #message > 10 then caught = caught + 1 end
end
show("caught", caught)

-- Deep recursion that ends in an error of Lua's own.
local function dive(n) return 1 + dive(n + 1) end
show("overflow", pcall(dive, 1) == false)
show("c overflow", select(2, pcall(string.gsub, string.rep("a", 300), string.rep("a?", 300) .. string.rep("a", 300), "")) ~= nil)

-- Strings: formats, patterns, packing, growth.
local text = {}
for i = 1, rounds * 5 do
  text[#text + 1] = string.format("%5d|%-8s|%08.3f|%x|%q", i, "k" .. i % 37, i / 7, i * 2654435761 % 2 ^ 32 // 1 | 0, "a\0\n" .. i)
end
local all = table.concat(text, "\n")
show("text", #all, select(2, all:gsub("%d+", "")), all:find("k36", 1, true), #all:rep(3, ","))
local packed = string.pack("<i4 z s2 d >I8", -7, "zero", "counted", 0.1, 2 ^ 40 | 0)
show("packed", #packed, string.unpack("<i4 z s2 d >I8", packed))
local words = {}
for word in ("the quick brown fox jumps over the lazy dog "):rep(rounds):gmatch("%a+") do words[word] = (words[word] or 0) + 1 end
local keys = {}
for k in pairs(words) do keys[#keys + 1] = k end
table.sort(keys, function(a, b) return a > b end)
show("words", table.concat(keys, " "), words.the)
show("utf8", utf8.len("häß€𝄞"), utf8.char(228, 8364, 119070), #utf8.charpattern)
local dumped = string.dump(function(a, b) local t = { a, b }; return #t, a + b end)
show("dumped", load(dumped, "dumped", "b")(20, 22))

-- Tables: growth, holes, moves, weak references, finalisers.
local grid = {}
for y = 1, 60 do
  grid[y] = {}
  for x = 1, 60 do grid[y][x] = (x * y) % 7 end
end
local sum = 0
for y = 60, 1, -1 do sum = sum + #table.move(grid[y], 1, 30, 10) + select("#", table.unpack(grid[y])) end
show("grid", sum)
local weak, finalised = setmetatable({}, { __mode = "kv" }), 0
for i = 1, rounds * 3 do
  weak[i] = {}
  setmetatable({}, { __gc = function() finalised = finalised + 1 end })
  if i % 100 == 0 then collectgarbage("step", 10) end
end
collectgarbage()
show("finalised", finalised, next(weak))
collectgarbage("generational")
local list
for i = 1, rounds * 20 do list = { next = list, value = i }; if i % 1000 == 0 then list = nil end end
collectgarbage("incremental")

-- Closures, varargs, goto, integers, to-be-closed variables.
local function counter() local n = 0; return function(...) n = n + select("#", ...); return n end end
local count = counter()
for i = 1, rounds do count(table.unpack({}, 1, i % 50)) end
show("count", count())
local closed = {}
do
  local a <close> = setmetatable({}, { __close = function() closed[#closed + 1] = "a" end })
  local b <close> = setmetatable({}, { __close = function() closed[#closed + 1] = "b" end })
end
show("closed", table.concat(closed))
local i = 1
::again::
if i < 1000 then i = i * 3; goto again end
show("integers", i, math.maxinteger // -1, 7 // -2, 7 % -3, 1 << 62, math.ult(1, -1), 3 | 12 ~ 5)

-- Coroutines: generators nested in generators, wrapped in pcall, abandoned.
local function walk(tree) if tree then walk(tree[1]); coroutine.yield(tree[2]); walk(tree[3]) end end
local function insert(tree, v)
  if not tree then return { nil, v, nil } end
  local side = v < tree[2] and 1 or 3
  tree[side] = insert(tree[side], v)
  return tree
end
local tree
for n = 1, rounds do tree = insert(tree, n * 7919 % 1009) end
local last, ordered = -1, true
for v in coroutine.wrap(function() walk(tree) end) do ordered = ordered and v >= last; last = v end
show("ordered", ordered, last)
for n = 1, rounds do local abandoned = coroutine.wrap(walk); abandoned(tree) end
local thread = coroutine.create(function() local x <close> = setmetatable({}, { __close = function() closed[3] = "c" end }); coroutine.yield() end)
coroutine.resume(thread)
show("close", coroutine.close(thread), closed[3], coroutine.status(thread))

-- Hooks see every line.
local lines = 0
debug.sethook(function() lines = lines + 1 end, "l")
for n = 1, 100 do local x = n end
debug.sethook()
show("lines", lines)
local function fib(n) return n < 2 and n or fib(n - 1) + fib(n - 2) end
show("fib", fib(22))
local source = {}
for n = 1, 200 do source[n] = ("local v%d = function(a) return a + %d end"):format(n % 150, n) end
show("load", load("do " .. table.concat(source, " end do ") .. " end return 5")())
show("bad", load("local x = = 3"))
