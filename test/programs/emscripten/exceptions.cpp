// Exceptions through frames with buffers, containers and destructors; rethrown, nested, out of the library, from lambdas.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

struct Counted {
  static int alive;
  std::string name;
  explicit Counted(std::string n) : name(std::move(n)) { alive++; }
  Counted(const Counted &other) : name(other.name) { alive++; }
  ~Counted() { alive--; }
};
int Counted::alive = 0;

struct Deep : std::runtime_error {
  int level;
  explicit Deep(int l) : std::runtime_error("deep " + std::to_string(l)), level(l) {}
};

__attribute__((noinline)) static int dive(int n, int bottom) {
  char buffer[64];
  Counted here("level");
  snprintf(buffer, sizeof buffer, "%d", n);
  std::vector<Counted> many(3, here);
  if (n == bottom) throw Deep(n);
  return dive(n + 1, bottom) + buffer[0];
}

__attribute__((noinline)) static int rethrow(int bottom) {
  try {
    return dive(0, bottom);
  } catch (const Deep &deep) {
    std::string text = deep.what();
    if (deep.level % 2) throw;
    throw std::logic_error(text + " again");
  }
}

static long once(int i) {
  long sum = 0;
  try {
    sum += rethrow(i % 23);
  } catch (const Deep &deep) {
    sum += deep.level;
  } catch (const std::logic_error &error) {
    sum += std::string(error.what()).size();
  }
  try {
    std::vector<int> v(3);
    sum += v.at(i % 5);
  } catch (const std::out_of_range &) {
    sum += 7;
  }
  try {
    sum += std::stoi(i % 3 ? "12" : "x");
  } catch (const std::invalid_argument &) {
    sum += 11;
  }
  try {
    std::map<int, std::unique_ptr<Counted>> owners;
    for (int k = 0; k < 5; k++) owners[k] = std::make_unique<Counted>("m" + std::to_string(k));
    if (i % 2) throw i;
    sum += owners.size();
  } catch (int x) {
    sum += x & 3;
  }
  std::function<int(int)> f = [&](int n) -> int {
    char local[32];
    snprintf(local, sizeof local, "%d", n);
    if (n > 10) throw std::string(local);
    return f(n + 1);
  };
  try {
    f(0);
  } catch (const std::string &text) {
    sum += text.size();
  }
  try {
    try {
      throw std::bad_alloc();
    } catch (...) {
      std::throw_with_nested(std::runtime_error("outer"));
    }
  } catch (const std::exception &outer) {
    try {
      std::rethrow_if_nested(outer);
    } catch (const std::bad_alloc &) {
      sum++;
    }
  }
  return sum;
}

int main() {
  long sum = 0;
  for (int i = 0; i < 2000; i++) sum += once(i);
  std::ostringstream out;
  std::vector<std::string> words;
  for (int i = 0; i < 300; i++) words.push_back("w" + std::to_string(i * 7919 % 1009));
  std::sort(words.begin(), words.end());
  for (auto &word : words) out << word << ' ';
  printf("%ld %d %zu %s\n", sum, Counted::alive, out.str().size(), words[150].c_str());
}
