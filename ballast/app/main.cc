#include <exception>
#include <iostream>

#include "ballast/app/commands.h"

int main(int argc, char** argv) {
  try {
    return ballast::app::run({argv + 1, argv + argc}, {std::cout, std::cerr});
  } catch (const std::exception& fault) {  // last resort: nothing we know of throws
    std::cerr << "ballast: internal fault: " << fault.what() << "\n";
    return ballast::app::Exit::internal_fault;
  }
}
