// Runs a Lua script: tables, strings, closures and a garbage collector.
#include "bench.h"
#include <stdlib.h>
#include "lauxlib.h"
#include "lua.h"
#include "lualib.h"

static const char script[] =
    "local n = ...\n"
    "local words, total = {}, 0\n"
    "for i = 1, n do\n"
    "  local key = 'k' .. (i * 7919 % 997)\n"
    "  words[key] = (words[key] or 0) + i\n"
    "  local t = {i, i + 1, name = key}\n"
    "  total = total + #t + #key\n"
    "  if i % 100 == 0 then total = total + #string.rep(key, 3):gsub('%d', '') end\n"
    "end\n"
    "local function fib(k) return k < 2 and k or fib(k - 1) + fib(k - 2) end\n"
    "local keys = {}\n"
    "for k in pairs(words) do keys[#keys + 1] = k end\n"
    "table.sort(keys)\n"
    "local ok = pcall(error, 'x')\n"
    "return total + fib(20) + #keys + (ok and 1 or 0)\n";

RUN double run(int n) {
  lua_State *L = luaL_newstate();
  luaL_requiref(L, LUA_GNAME, luaopen_base, 1);
  luaL_requiref(L, LUA_TABLIBNAME, luaopen_table, 1);
  luaL_requiref(L, LUA_STRLIBNAME, luaopen_string, 1);
  lua_settop(L, 0);
  double result = -1;
  if (luaL_loadstring(L, script) == LUA_OK) {
    lua_pushinteger(L, n);
    if (lua_pcall(L, 1, 1, 0) == LUA_OK) result = lua_tonumber(L, -1);
  }
  lua_close(L);
  return result;
}
