// Holds on to an element of a vector that then grows.
#include <cstdio>
#include <string>
#include <vector>

struct player {
  std::string name;
  int score = 0;
};

int main() {
  std::vector<player> players;
  players.push_back({"ada", 1});
  player &leader = players.front();
  players.push_back({"grace", 2});
  leader.score += 10;
  std::printf("%s: %d\n", players[0].name.c_str(), players[0].score);
}
