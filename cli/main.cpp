#include <cstdio>

int main() {
  std::puts("octet 0.1.0");
  return 0;
}
