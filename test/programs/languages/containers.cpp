// The standard library of C++ at work: containers, algorithms, virtual bases, variants, structured bindings, streams.
#include <algorithm>
#include <any>
#include <array>
#include <bitset>
#include <charconv>
#include <complex>
#include <deque>
#include <forward_list>
#include <functional>
#include <iomanip>
#include <iostream>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <queue>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <unordered_map>
#include <valarray>
#include <variant>
#include <vector>

struct alignas(16) Quad {
  float f[4];
  Quad operator+(const Quad &other) const {
    Quad sum;
    for (int i = 0; i < 4; i++) sum.f[i] = f[i] + other.f[i];
    return sum;
  }
};
struct Base {
  virtual ~Base() = default;
  virtual int f(int) const = 0;
  std::string tag = "base";
};
struct Left : virtual Base {
  int f(int x) const override { return x + 1; }
  int pad[5] = {1, 2, 3, 4, 5};
};
struct Right : virtual Base {
  std::array<long long, 3> z{{7, 8, 9}};
};
struct Both : Left, Right {
  int f(int x) const override { return Left::f(x) * 2 + (int)z[1] + pad[4]; }
  Quad v{{1, 2, 3, 4}};
};
using Either = std::variant<int, std::string, Quad>;
struct Big {
  Quad v;
  std::string s;
  std::optional<std::string> o;
  Either w;
};

static Big make(int i) {
  return {{{1.f * i, 2, 3, 4}},
          std::string(i, 'x'),
          i % 2 ? std::optional<std::string>("odd, and long enough for the heap") : std::nullopt,
          i % 3 ? Either(std::string("str")) : Quad{{5, 6, 7, 8}}};
}

static long weigh(const Either &either) {
  return std::visit(
      [](const auto &x) -> long {
        using T = std::decay_t<decltype(x)>;
        if constexpr (std::is_same_v<T, int>) return x;
        else if constexpr (std::is_same_v<T, std::string>) return x.size();
        else return (x + x).f[3];
      },
      either);
}

static long containers() {
  std::mt19937 random(5);
  std::uniform_int_distribution<int> uniform(0, 1000);
  std::map<std::string, std::vector<int>> map;
  std::unordered_map<int, std::string> hash;
  std::deque<Big> deque;
  std::list<std::unique_ptr<Base>> list;
  std::priority_queue<std::pair<int, std::string>> queue;
  std::set<std::tuple<int, char, double>> set;
  std::multimap<int, std::shared_ptr<Base>> shared;
  for (int i = 0; i < 200; i++) {
    const int r = uniform(random);
    map[std::to_string(r % 37)].push_back(r);
    hash.try_emplace(r, std::string(r % 40, 'u'));
    deque.push_back(make(r % 30));
    if (i % 3 == 0) deque.pop_front();
    list.push_back(std::make_unique<Both>());
    if (i % 5 == 0) list.erase(list.begin());
    queue.emplace(r, "p");
    set.emplace(r % 10, 'a' + r % 3, r % 2);
    shared.emplace(r % 4, std::make_shared<Both>());
  }
  long sum = set.size();
  for (auto &[key, values] : map) {
    std::sort(values.begin(), values.end(), [](auto a, auto b) { return a > b; });
    sum += std::accumulate(values.begin(), values.end(), 0) + key.size();
  }
  for (auto [key, value] : hash) sum += key + value.size();
  for (auto &[v, s, o, w] : deque) sum += v.f[0] + s.size() + (o ? o->size() : 0) + weigh(w);
  for (auto &p : list) sum += p->f(3);
  for (auto &[key, p] : shared) sum += key * p->f(1);
  for (; !queue.empty(); queue.pop()) {
    auto [number, text] = queue.top();
    sum = (sum * 3 + number + text.size()) % 1000003;
  }
  return sum;
}

static std::string algorithms() {
  std::vector<std::string> words{"pear", "apple", "fig", "a very long word that does not fit inline"};
  std::stable_sort(words.begin(), words.end());
  std::rotate(words.begin(), words.begin() + 1, words.end());
  std::stable_partition(words.begin(), words.end(), [](const std::string &s) { return s.size() > 4; });
  std::inplace_merge(words.begin(), words.begin() + 2, words.end());
  std::next_permutation(words.begin(), words.end());
  std::forward_list<int> forward{3, 1, 2};
  forward.sort();
  std::vector<bool> bits(100);
  bits[77].flip();
  std::function<int(int)> fibonacci = [&](int n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); };
  std::array<Quad, 5> quads;
  quads.fill(Quad{{1, 1, 1, 1}});
  const Quad total = std::accumulate(quads.begin(), quads.end(), Quad{});
  std::valarray<int> numbers{1, 2, 3};
  numbers *= 2;
  const std::any any = make(3);
  std::ostringstream out;
  out << words[0] << ' ' << forward.front() << std::count(bits.begin(), bits.end(), true) << ' ' << fibonacci(12) << ' '
      << total.f[2] << numbers.sum() << std::bitset<77>("1011").count() << std::any_cast<const Big &>(any).s;
  return out.str();
}

static std::string streams() {
  std::ostringstream out;
  out << std::setw(8) << std::setfill('.') << std::hex << 255 << std::fixed << std::setprecision(3) << 2.5
      << std::quoted("a\"b") << std::exp(std::complex<double>(0, 1));
  std::istringstream in("12 abc 3.5");
  int number;
  std::string word;
  double real;
  in >> number >> word >> real;
  char digits[32];
  auto [end, error] = std::to_chars(digits, digits + sizeof digits, 123456789);
  return out.str() + std::to_string(number) + word + std::to_string(real) + std::string(digits, end);
}

int main() { std::cout << containers() << ' ' << algorithms() << ' ' << streams() << '\n'; }
