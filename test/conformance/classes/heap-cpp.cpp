// C++: new and delete, containers and strings.
// TITLES heap-buffer-overflow heap-use-after-free double-free bad-free alloc-dealloc-mismatch new-delete-type-mismatch stack-buffer-overflow SEGV
#include "classes.h"
#include <memory>
#include <new>
#include <string>
#include <vector>

NOINLINE static void show(long long value) {
  __asm__ volatile("" : : "r"(value));
}

struct base {
  int key = 1;
  virtual int get() { return key; }
  virtual ~base() {}
};
struct derived : base {
  char name[24];
  int get() override { return key + name[number(0)]; }
  derived() { memset(name, 1, sizeof name); }
};

CASE(array_write, int *a = new int[10]; use(a); a[number(9 + bug)] = 1; use(a); delete[] a;)
CASE(array_read, char *a = new char[10](); use(a); show(a[number(9 + bug)]); delete[] a;)
CASE(array_under, long long *a = new long long[4](); use(a); show(a[number(-bug)]); delete[] a;)
CASE(object_array, struct item *a = new item[3](); use(a); a[number(2 + bug)].key = 1; use(a); delete[] a;)
CASE(deleted_object, base *a = new derived; use(a); if (bug) delete a; show(a->key); if (!bug) delete a;)
CASE(deleted_array, int *a = new int[10](); use(a); if (bug) delete[] a; show(a[number(2)]); if (!bug) delete[] a;)
CASE(deleted_twice, int *a = new int(4); use(a); delete a; if (number(bug)) delete a;)
CASE(array_deleted_twice, int *a = new int[4](); use(a); delete[] a; if (number(bug)) delete[] a;)
CASE(scalar_delete_of_array, int *a = new int[4](); use(a); if (number(bug)) delete a; else delete[] a;)
CASE(free_of_new, int *a = new int(4); use(a); if (number(bug)) free(a); else delete a;)
CASE(delete_of_malloc, int *a = (int *)malloc(4); use(a); if (number(bug)) delete a; else free(a);)
CASE(delete_of_stack, int local = number(3); int *a = &local; use(a); if (!bug) a = new int(4); __asm__ volatile("" : "+r"(a)); delete a;)
CASE(vector_end, std::vector<int> v(10); int *p = v.data(); show(p[number(9 + bug)]);)
CASE(vector_grew, std::vector<int> v(4); int *p = &v[0]; v.resize(100); if (!bug) p = &v[0]; show(p[number(1)]);)
CASE(vector_gone, int *p; std::vector<int> keep(4); { std::vector<int> v(4); p = bug ? v.data() : keep.data(); use(p); } show(p[number(1)]);)
CASE(string_gone, const char *p; std::string keep(40, 'k'); { std::string s(40, 's'); p = bug ? s.c_str() : keep.c_str(); use(p); } show(p[number(1)]);)
CASE(string_past, std::string s(40, 's'); const char *p = s.data(); show(p[number(bug ? 60 : 40)]);)
CASE(nothrow_array, char *a = new (std::nothrow) char[10](); use(a); show(a[number(9 + bug)]); delete[] a;)
CASE(aligned_object, struct alignas(64) wide { char c[64]; }; wide *a = new wide[2](); use(a); show(a[number(1 + bug)].c[0]); delete[] a;)
CASE(unique_gone, int *p; auto keep = std::make_unique<int>(3); { auto a = std::make_unique<int>(4); p = bug ? a.get() : keep.get(); use(p); } show(*p);)
CASE(null_object, base *a = new derived; use(a); base *p = a; if (bug) p = nullptr; __asm__ volatile("" : "+r"(p)); show(p->key); delete a;)
