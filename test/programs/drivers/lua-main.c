// Runs the Lua script named by the first argument, with the libraries that need no operating system.
#include <stdio.h>
#include "lauxlib.h"
#include "lua.h"
#include "lualib.h"

int main(int argc, char **argv) {
  static const luaL_Reg libraries[] = {
      {LUA_GNAME, luaopen_base},       {LUA_TABLIBNAME, luaopen_table}, {LUA_STRLIBNAME, luaopen_string},
      {LUA_MATHLIBNAME, luaopen_math}, {LUA_COLIBNAME, luaopen_coroutine}, {LUA_UTF8LIBNAME, luaopen_utf8},
      {LUA_DBLIBNAME, luaopen_debug},
  };
  if (argc < 2) return 2;
  lua_State *L = luaL_newstate();
  for (unsigned i = 0; i < sizeof libraries / sizeof *libraries; i++) {
    luaL_requiref(L, libraries[i].name, libraries[i].func, 1);
    lua_pop(L, 1);
  }
  int failed = luaL_dofile(L, argv[1]);
  if (failed) printf("error: %s\n", lua_tostring(L, -1));
  lua_close(L);
  return failed;
}
