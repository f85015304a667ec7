// Gives a fuzz target every file of a folder, in builds without libFuzzer. What the fuzzers
// once found stays found.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", arguments[0]);
    return 2;
  }
  unsigned files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(arguments[1])) {
    std::ifstream file(entry.path(), std::ios::binary);
    // Exactly as large as the input, so that a sanitizer sees a read past its end.
    std::vector<std::uint8_t> input{std::istreambuf_iterator<char>(file), {}};
    input.shrink_to_fit();
    LLVMFuzzerTestOneInput(input.data(), input.size());
    ++files;
  }
  std::printf("%u inputs\n", files);
  return files > 0 ? 0 : 1;
}
