// Looks up a month that no calendar has.
#include <stdio.h>
#include <stdlib.h>

static int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
static int overtime[12];

static int days_of(int month) {
  return days[month];
}

int main(int argc, char **argv) {
  int month = argc > 1 ? atoi(argv[1]) : 12;
  overtime[0] = 1;
  printf("month %d has %d days\n", month, days_of(month));
  return 0;
}
